"""Enrolment by a typed code: who knows the code gets in, and nobody in between can change or read a thing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.core.strict_cbor import decode, encode
from kiosk.errors import ExchangeError
from sync import enrol
from sync.enrol import Code, Grant, OfferedCode, Pending, parse_code
from sync.wire import ENROL_PATH
from tests.twins import NOON_MS, key_of_seed

SOON_MS = NOON_MS + 3_600_000
GRANT = Grant(
    "bayside/front", 1, 1, "bayside", "front", ((1, b"h" * 32),), b"r" * 32, b"f" * 32
)  # fmt: skip
DEVICE = key_of_seed(1)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


@dataclass
class Office:
    """Head office as far as enrolment goes: one code, the devices it let in, and what it answered to whom."""

    offered: OfferedCode
    now_ms: int = NOON_MS
    wrong_tries: int = 0
    enrolled: list[bytes] = field(default_factory=list)
    answered: dict[bytes, bytes] = field(default_factory=dict)

    def post(self, path: str, message: bytes) -> bytes:
        assert path == ENROL_PATH
        contact = enrol.read_contact(message)
        if contact.code_id != self.offered.code_id:
            raise enrol.code_wrong()
        if contact.is_hello:
            return enrol.answer_hello(self.offered)
        request = hashlib.sha256(message).digest()
        if self.answered and request not in self.answered:
            raise enrol.code_used()
        if not self.answered:
            try:
                self.enrolled.append(enrol.open_request(self.offered, message, self.now_ms))
            except ExchangeError as error:
                self.wrong_tries += error.code == "enrol-code-wrong"
                raise
            self.answered[request] = enrol.answer(self.offered, message, GRANT, os.urandom)
        return self.answered[request]


@pytest.fixture(scope="module")
def issued() -> tuple[Code, OfferedCode]:
    return enrol.offer_code("bayside/front", SOON_MS, os.urandom)


@pytest.fixture
def code(issued: tuple[Code, OfferedCode]) -> Code:
    return issued[0]


@pytest.fixture
def office(issued: tuple[Code, OfferedCode]) -> Office:
    return Office(issued[1])


def wrong(code: Code) -> Code:
    return replace(code, secret=code.secret[:-1] + ("3" if code.secret[-1] != "3" else "4"))


def asked(code: Code, office: Office) -> Pending:
    return enrol.request(code, office.post(ENROL_PATH, enrol.hello(code)), DEVICE, os.urandom)


def refusal_of(act: Callable[[], object]) -> str:
    with pytest.raises(ExchangeError) as caught:
        act()
    return caught.value.code


# --- the road --------------------------------------------------------------------------------------


def test_the_code_pins_both_sides_keys(code: Code, office: Office) -> None:
    enrolment = enrol.enrol(str(code), DEVICE, post=office.post, chance=os.urandom).enrolment("http://office")
    assert office.enrolled == [public(DEVICE)]
    assert enrolment == GRANT.enrolment("http://office")
    assert enrolment.head_office_keys == ((1, b"h" * 32),)


def test_a_lost_answer_is_given_again_to_the_very_same_request(code: Code, office: Office) -> None:
    lost: list[bytes] = []

    def post(path: str, message: bytes) -> bytes:
        answered = office.post(path, message)
        if not enrol.read_contact(message).is_hello and not lost:
            lost.append(answered)
            raise ExchangeError("unreachable", "the line broke")
        return answered

    enrolment = enrol.enrol(str(code), DEVICE, post=post, chance=os.urandom).enrolment("http://office")
    assert enrolment.origin == "bayside/front"
    assert office.enrolled == [public(DEVICE)]


@pytest.mark.parametrize("typed", ["{}", " {} ", "{l}", "{bare}", "{spaced}"])
def test_a_code_is_read_however_it_is_typed(code: Code, typed: str) -> None:
    shown = str(code)
    forms = {"l": shown.lower(), "bare": shown.replace("-", ""), "spaced": shown.replace("-", " ")}
    assert parse_code(typed.format(shown, **forms)) == code


@pytest.mark.parametrize(("typed", "meant"), [("O", "0"), ("q", "0"), ("I", "1"), ("l", "1"), ("S", "5"), ("b", "8")])
def test_look_alikes_are_one(typed: str, meant: str) -> None:
    assert parse_code(typed * 16) == parse_code(meant * 16)


@pytest.mark.parametrize("typed", ["", "7K3M-9XTA-4PWD-H2R", "7K3M-9XTA-4PWD-H2RCD", "7K3M-9XTA-4PWD-H2Ré", "!" * 16])
def test_what_is_no_code_is_refused_before_anything_is_sent(typed: str) -> None:
    assert refusal_of(lambda: parse_code(typed)) == "enrol-code-malformed"


def test_no_shown_code_holds_a_look_alike() -> None:
    for _ in range(50):
        shown = str(enrol.make_code(os.urandom))
        assert not set(shown) & set("OQILSBZU")
        assert str(parse_code(shown)) == shown


def test_a_code_shows_its_public_part_only() -> None:
    shown = repr(parse_code("7K3M-9XTA-4PWD-H2RC"))
    assert "7K3M" in shown
    assert "9XTA" not in shown


def test_a_code_is_even_over_its_letters() -> None:
    drawn = bytes(range(256)) * 3
    at = iter(range(len(drawn)))
    counts: dict[str, int] = {}
    for _ in range(42):
        code = enrol.make_code(lambda _n: drawn[(i := next(at)) : i + 1])
        for character in code.id + code.secret:
            counts[character] = counts.get(character, 0) + 1
    assert len(counts) == len(enrol.ALPHABET)
    assert set(counts.values()) == {24}


# --- attacks -----------------------------------------------------------------------------------------


def test_wrong_code_is_refused_and_counted_and_enrols_nobody(code: Code, office: Office) -> None:
    typed = str(wrong(code))
    refused = refusal_of(lambda: enrol.enrol(typed, DEVICE, post=office.post, chance=os.urandom))
    assert refused == "enrol-code-wrong"
    assert (office.wrong_tries, office.enrolled) == (1, [])


def test_used_code_is_refused_to_another_device(code: Code, office: Office) -> None:
    enrol.enrol(str(code), DEVICE, post=office.post, chance=os.urandom)
    thief = key_of_seed(66)
    refused = refusal_of(lambda: enrol.enrol(str(code), thief, post=office.post, chance=os.urandom))
    assert refused == "enrol-code-used"
    assert office.enrolled == [public(DEVICE)]


def test_code_is_good_until_its_last_millisecond(code: Code, office: Office) -> None:
    office.now_ms = SOON_MS - 1
    enrol.enrol(str(code), DEVICE, post=office.post, chance=os.urandom)
    assert office.enrolled == [public(DEVICE)]


def test_expired_code_is_refused(code: Code, office: Office) -> None:
    office.now_ms = SOON_MS
    refused = refusal_of(lambda: enrol.enrol(str(code), DEVICE, post=office.post, chance=os.urandom))
    assert refused == "enrol-code-expired"
    assert office.enrolled == []


def test_man_in_the_middle_cannot_swap_the_device_key(code: Code, office: Office) -> None:
    """He answers the hello with a key of his own, opens the counter's request with it, and asks in his own name."""
    his = replace(office.offered, private_key=b"m" * 32)
    pending = enrol.request(code, enrol.answer_hello(replace(his, stretched=b"?" * 32)), DEVICE, os.urandom)
    assert refusal_of(lambda: enrol.open_request(replace(his, stretched=b"?" * 32), pending.message, NOON_MS)) == (
        "enrol-code-wrong"
    )
    assert refusal_of(lambda: office.post(ENROL_PATH, pending.message)) == "enrol-code-wrong"
    assert office.enrolled == []


def test_man_in_the_middle_cannot_answer_for_head_office(code: Code, office: Office) -> None:
    pending = asked(code, office)
    forged = enrol.offer_code("bayside/front", SOON_MS, os.urandom)[1]
    his = asked(Code(forged.code_id, "0" * 8), Office(forged))
    locked = enrol.answer(office.offered, pending.message, GRANT, os.urandom)
    swapped = encode([1, enrol.ANSWER, enrol._lock(his.answer_key, b"n" * 12, b"his keys")])
    assert refusal_of(lambda: enrol.finish(pending, swapped)) == "enrol-answer-wrong"
    assert enrol.finish(pending, locked) == GRANT


def test_grant_for_another_request_is_refused(code: Code, office: Office) -> None:
    one, other = asked(code, office), asked(code, office)
    answered = enrol.answer(office.offered, one.message, GRANT, os.urandom)
    assert refusal_of(lambda: enrol.finish(other, answered)) == "enrol-answer-wrong"


@pytest.mark.parametrize("at", [-1, 20, 40, 60])
def test_altered_request_is_refused(code: Code, office: Office, at: int) -> None:
    message = bytearray(asked(code, office).message)
    message[at] ^= 1
    with pytest.raises(ExchangeError):
        office.post(ENROL_PATH, bytes(message))
    assert office.enrolled == []


def test_secrets_do_not_travel_in_the_open(code: Code, office: Office) -> None:
    pending = asked(code, office)
    answered = office.post(ENROL_PATH, pending.message)
    seen = enrol.hello(code) + enrol.answer_hello(office.offered) + pending.message + answered
    for secret in (code.secret.encode(), GRANT.fleet_key, office.offered.stretched, public(DEVICE)):
        assert secret not in seen


def test_a_key_that_its_sender_does_not_hold_is_refused(code: Code, office: Office) -> None:
    class Borrowed:
        def public_key(self) -> Ed25519PublicKey:
            return key_of_seed(9).public_key()

        def sign(self, signed: bytes) -> bytes:
            return DEVICE.sign(signed)

    pending = enrol.request(code, enrol.answer_hello(office.offered), Borrowed(), os.urandom)  # type: ignore[arg-type]
    assert refusal_of(lambda: office.post(ENROL_PATH, pending.message)) == "message-malformed"
    assert office.enrolled == []


def test_a_public_key_of_small_order_is_refused(code: Code, office: Office) -> None:
    fields = decode(enrol.answer_hello(office.offered))
    harmed = encode([*fields[:3], bytes(32)])
    assert refusal_of(lambda: enrol.request(code, harmed, DEVICE, os.urandom)) == "message-malformed"


@pytest.mark.parametrize("raw", [b"", b"\x80", b"\x83\x01\x01", encode([1, 3, "AAAA"]), encode([2, 1, "AAAA"]),
                                 encode([1, 1, "AAAAA"]), encode([1, 1, 7]), bytes(9000)])  # fmt: skip
def test_what_is_no_enrolment_message_is_refused(raw: bytes) -> None:
    assert refusal_of(lambda: enrol.read_contact(raw)) in {"message-malformed", "message-too-large"}
