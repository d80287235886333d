"""Contact details at head office: taken once, read by a person, erased by one or by age; the chain is not touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.contact import ContactError, seal
from kiosk.errors import CounterfoilError, ExchangeError
from kiosk.kept_contacts import KeptContacts
from sync.contacts import MAX_CONTACTS, decode_contacts, encode_contacts, send_contacts
from sync.head_office import contacts, decisions
from sync.head_office.contacts import ContactGoneError, erase_contact, erase_old, of_case, read_contact, set_days
from sync.head_office.office import HeadOffice
from sync.wire import CONTACTS_PATH
from tests.head_office_world import SmallCounter, an_office, clock, enrolled, twin

CASE, DETAILS = b"case-17", b"Zoe, 555-0199"
DAY_S = 86_400.0


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path / "office")


@pytest.fixture
def kept(tmp_path: Path) -> KeptContacts:
    return KeptContacts(tmp_path / "contacts")


def give(office: HeadOffice, counter: SmallCounter, kept: KeptContacts, case: bytes = CASE) -> bytes:
    """Somebody gives details at ``counter``."""
    return kept.put(case, seal(office.keys.contacts_public, counter.feed.origin, case, DETAILS))


def send(office: HeadOffice, counter: SmallCounter, kept: KeptContacts) -> int:
    def post(path: str, message: bytes) -> bytes:
        assert path == CONTACTS_PATH
        return contacts.take_contacts(office, message)

    return send_contacts(counter.side, kept, post, b"n" * 16)


def test_what_waits_arrives_and_is_deleted_at_the_counter(office: HeadOffice, kept: KeptContacts) -> None:
    counter = enrolled(office)
    sha256 = give(office, counter, kept)
    assert send(office, counter, kept) == 1
    assert kept.waiting(9) == []
    (found,) = of_case(office, CASE)
    assert (found.sha256, found.origin) == (sha256, "bayside/front")
    assert of_case(office, b"case-18") == []
    assert send(office, counter, kept) == 0


def test_it_is_told_in_the_bundle_to_which_key(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    assert counter.opened().parts["contacts"] == office.keys.contacts_public


def test_a_lost_answer_costs_nothing(office: HeadOffice, kept: KeptContacts) -> None:
    counter = enrolled(office)
    give(office, counter, kept)

    def lost(_path: str, message: bytes) -> bytes:
        contacts.take_contacts(office, message)
        raise ExchangeError("unreachable", "No answer")

    with pytest.raises(ExchangeError):
        send_contacts(counter.side, kept, lost, b"n" * 16)
    assert len(kept.waiting(9)) == 1
    assert send(office, counter, kept) == 1
    assert len(office.store.contacts()) == 1


def test_only_a_signed_in_person_s_reading_opens_it_and_is_noted(office: HeadOffice, kept: KeptContacts) -> None:
    counter = enrolled(office)
    sha256 = give(office, counter, kept)
    send(office, counter, kept)
    assert all(DETAILS not in (one.sealed or b"") for one in office.store.contacts())
    assert read_contact(office, sha256, "marta") == DETAILS
    (found,) = office.store.contacts()
    assert (found.read_by, found.read_at_ms is not None) == ("marta", True)


def test_erased_it_is_gone_for_good_and_stays_so_when_it_comes_again(office: HeadOffice, kept: KeptContacts) -> None:
    counter = enrolled(office)
    sha256 = give(office, counter, kept)
    ((case, sealed),) = kept.waiting(9)
    send(office, counter, kept)
    heads = office.store.heads()
    assert erase_contact(office, sha256, "marta")
    assert not erase_contact(office, sha256, "marta")
    assert office.store.heads() == heads  # no chain was touched
    kept.put(case, sealed)
    assert send(office, counter, kept) == 1
    assert [one.sealed for one in office.store.contacts()] == [None]
    with pytest.raises(ContactGoneError, match="contact-erased"):
        read_contact(office, sha256, "marta")
    with pytest.raises(ContactGoneError, match="contact-unknown"):
        read_contact(office, bytes(32), "marta")


def test_by_age_it_is_erased_at_the_end_of_its_days_and_not_before(office: HeadOffice, kept: KeptContacts) -> None:
    counter = enrolled(office)
    sha256 = give(office, counter, kept)
    send(office, counter, kept)
    set_days(office, 30)
    clock(office).advance(30 * DAY_S - 1)
    assert erase_old(office) == 0
    clock(office).advance(1)
    assert erase_old(office) == 0  # it looks once an hour
    clock(office).advance(3600)
    assert erase_old(office) == 1
    found = office.store.contact(sha256)
    assert found is not None
    assert (found.sealed, found.erased_by) == (None, contacts.BY_AGE)


@pytest.mark.parametrize("days", [0, 3651])
def test_so_many_days_are_none(office: HeadOffice, days: int) -> None:
    with pytest.raises(CounterfoilError, match="days-wrong"):
        set_days(office, days)
    set_days(office, 1)
    set_days(office, 3650)


def test_stolen_counter_brings_no_more_contacts(office: HeadOffice, kept: KeptContacts) -> None:
    counter = enrolled(office)
    counter.exchange()
    decisions.revoke(office, counter.feed, 1, why="stolen", by="marta")
    give(office, counter, kept)
    with pytest.raises(ExchangeError, match="counter-revoked"):
        send(office, counter, kept)
    assert office.store.contacts() == []
    assert len(kept.waiting(9)) == 1


def test_a_counter_deletes_nothing_that_it_did_not_send(office: HeadOffice, kept: KeptContacts) -> None:
    counter = enrolled(office)
    give(office, counter, kept)
    sent = kept.waiting(9)

    class Later(KeptContacts):
        def waiting(self, _limit: int) -> list[tuple[bytes, bytes]]:
            return list(sent)

        def drop(self, sha256: bytes) -> None:
            dropped.append(sha256)

    dropped: list[bytes] = []
    send_contacts(
        counter.side, Later(Path()), lambda _path, message: contacts.take_contacts(office, message), b"n" * 16
    )
    assert dropped == [one.sha256 for one in office.store.contacts()]


def test_a_message_carries_so_many_and_no_more() -> None:
    full = [(CASE, b"x")] * MAX_CONTACTS
    assert decode_contacts(encode_contacts(full)) == full
    for body in (encode_contacts([*full, full[0]]), encode_contacts([(b"c" * 65, b"x")]), b"\xa0", b"\x01",
                 encode_contacts([(CASE, b"x" * 8193)])):  # fmt: skip
        with pytest.raises(ExchangeError):
            decode_contacts(body)


def test_another_key_file_at_head_office_opens_nothing(office: HeadOffice, kept: KeptContacts, tmp_path: Path) -> None:
    counter = enrolled(office)
    sha256 = give(office, counter, kept)
    send(office, counter, kept)
    other = an_office(tmp_path / "other", store=twin(office), published=False)
    with pytest.raises(ContactError, match="contact-unreadable"):
        read_contact(other, sha256, "marta")
