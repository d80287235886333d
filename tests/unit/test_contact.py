"""Contact details sealed at the counter: who can open them, what binds them, what stays behind where."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.contact import MAX_CASE_BYTES, MAX_DETAILS_BYTES, MAX_SEALED_BYTES, PART, ContactError, open_sealed, seal
from kiosk.core.bundle import seal_bundle, sign_roles
from kiosk.core.fact import ContactSealed
from kiosk.errors import JournalError
from kiosk.kept_contacts import ContactDesk, KeptContacts
from kiosk.ports import CachedBundle
from tests.counter_world import ENROLMENT
from tests.twins import NOON_MS, SetClock, key_of_seed

PRIVATE, THIEF = bytes(range(32)), bytes(range(1, 33))
ORIGIN, CASE = "bayside/front", b"case-17"
DETAILS = "Zoë Q., zoe@example.com".encode()
ROOT, PUBLISHER = key_of_seed(60), key_of_seed(61)


def public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def code(error: pytest.ExceptionInfo[ContactError]) -> str:
    return error.value.code


# --- sealing ---------------------------------------------------------------------------------------


def test_head_office_opens_what_was_sealed_and_each_sealing_is_another() -> None:
    first, second = (seal(public(PRIVATE), ORIGIN, CASE, DETAILS) for _ in range(2))
    assert open_sealed(PRIVATE, ORIGIN, CASE, first) == DETAILS
    assert first != second
    assert DETAILS not in first


@pytest.mark.parametrize(
    ("private", "origin", "case"),
    [(THIEF, ORIGIN, CASE), (PRIVATE, "bayside/bar", CASE), (PRIVATE, ORIGIN, b"case-18")],
    ids=["another's key", "another counter", "another case"],
)
def test_a_ciphertext_moved_elsewhere_opens_nowhere(private: bytes, origin: str, case: bytes) -> None:
    sealed = seal(public(PRIVATE), ORIGIN, CASE, DETAILS)
    with pytest.raises(ContactError) as refused:
        open_sealed(private, origin, case, sealed)
    assert code(refused) == "contact-unreadable"


def test_an_altered_or_cut_ciphertext_opens_nowhere() -> None:
    sealed = seal(public(PRIVATE), ORIGIN, CASE, DETAILS)
    for at in (0, 1, 9, len(sealed) - 1):
        altered = bytearray(sealed)
        altered[at] ^= 1
        with pytest.raises(ContactError):
            open_sealed(PRIVATE, ORIGIN, CASE, bytes(altered))
    for length in (0, 8, 9, 40, len(sealed) - 1):
        with pytest.raises(ContactError):
            open_sealed(PRIVATE, ORIGIN, CASE, sealed[:length])


def test_its_length_tells_nothing_of_a_name() -> None:
    lengths = {len(seal(public(PRIVATE), ORIGIN, CASE, b"x" * length)) for length in (1, 20, 254)}
    assert len(lengths) == 1
    assert len(seal(public(PRIVATE), ORIGIN, CASE, b"x" * 255)) not in lengths


def test_details_and_case_have_a_length_and_the_longest_fit_the_wire() -> None:
    longest = seal(public(PRIVATE), ORIGIN, b"c" * MAX_CASE_BYTES, b"x" * MAX_DETAILS_BYTES)
    assert len(longest) <= MAX_SEALED_BYTES
    for case, details in ((CASE, b"x" * (MAX_DETAILS_BYTES + 1)), (b"c" * (MAX_CASE_BYTES + 1), b"x"), (CASE, b""),
                          (b"", b"x")):  # fmt: skip
        with pytest.raises(ContactError) as refused:
            seal(public(PRIVATE), ORIGIN, case, details)
        assert code(refused) == "contact-too-long"


@pytest.mark.parametrize("key", [bytes(31), bytes(32)], ids=["too short", "agrees on nothing"])
def test_what_is_no_key_seals_nothing(key: bytes) -> None:
    with pytest.raises(ContactError) as refused:
        seal(key, ORIGIN, CASE, DETAILS)
    assert code(refused) == "contact-key-wrong"


# --- kept at the counter -----------------------------------------------------------------------------


def bundle(**parts: bytes) -> CachedBundle:
    roles = sign_roles(version=1, publishing_keys=[PUBLISHER.public_key().public_bytes_raw()], root_key=ROOT)
    envelope, by_digest = seal_bundle(
        version=1, published_at_ms=NOON_MS, fresh_until_ms=NOON_MS + 1, hard_until_ms=NOON_MS + 2, parts=parts,
        roles=roles, publishing_keys=[PUBLISHER],
    )  # fmt: skip
    return CachedBundle(envelope, by_digest)


class Journal:
    """The writing end, which may be broken."""

    def __init__(self) -> None:
        self.facts: list[ContactSealed] = []
        self.broken = False

    def append(self, fact: ContactSealed) -> None:
        if self.broken:
            raise JournalError("journal-disk-full", "The disk is full")
        self.facts.append(fact)


@pytest.fixture
def kept(tmp_path: Path) -> KeptContacts:
    return KeptContacts(tmp_path / "contacts")


def desk(kept: KeptContacts, journal: Journal, cached: CachedBundle | None = None) -> ContactDesk:
    enrolment = replace(ENROLMENT, origin=ORIGIN, root_key=ROOT.public_key().public_bytes_raw())
    in_force = bundle(**{PART: public(PRIVATE)}) if cached is None else cached
    return ContactDesk(kept, enrolment, SetClock(), bundle=lambda: in_force, append=journal.append)


def test_the_journal_names_the_ciphertext_and_the_file_holds_it_until_head_office_does(kept: KeptContacts) -> None:
    journal = Journal()
    sha256 = desk(kept, journal).keep_contact(DETAILS, CASE)
    assert journal.facts == [ContactSealed(at_ms=NOON_MS, sha256=sha256, case=CASE)]
    ((case, sealed),) = kept.waiting(10)
    assert (case, hashlib.sha256(sealed).digest()) == (CASE, sha256)
    assert open_sealed(PRIVATE, ORIGIN, CASE, sealed) == DETAILS
    kept.drop(sha256)
    kept.drop(sha256)
    assert kept.waiting(10) == []


def test_only_so_many_wait_in_one_message(kept: KeptContacts) -> None:
    at = desk(kept, Journal())
    for number in range(3):
        at.keep_contact(DETAILS, b"%d" % number)
    assert len(kept.waiting(2)) == 2


def test_no_entry_promises_what_is_not_there_and_no_typed_word_is_in_the_error(kept: KeptContacts) -> None:
    journal = Journal()
    journal.broken = True
    with pytest.raises(JournalError) as refused:
        desk(kept, journal).keep_contact(DETAILS, CASE)
    assert "zoe" not in repr(refused.value)
    assert len(kept.waiting(10)) == 1  # the sealed file was durable first


def test_a_file_that_the_disk_has_damaged_is_not_sent(kept: KeptContacts, tmp_path: Path) -> None:
    sha256 = desk(kept, Journal()).keep_contact(DETAILS, CASE)
    path = tmp_path / "contacts" / sha256.hex()
    path.write_bytes(path.read_bytes()[:-1])
    assert kept.waiting(10) == []
    assert not path.exists()


def test_key_of_an_attackers_choice_in_the_cached_bundle_seals_nothing(kept: KeptContacts) -> None:
    signed = bundle(**{PART: public(PRIVATE)})
    swapped = CachedBundle(signed.envelope, dict.fromkeys(signed.parts, public(THIEF)))
    foreign = CachedBundle(bundle().envelope, {hashlib.sha256(public(THIEF)).digest(): public(THIEF)})
    for cached in (swapped, foreign, CachedBundle(b"\x80", {})):
        journal = Journal()
        with pytest.raises(ContactError) as refused:
            desk(kept, journal, cached).keep_contact(DETAILS, CASE)
        assert code(refused) == "contact-key-missing"
        assert (journal.facts, kept.waiting(10)) == ([], [])
