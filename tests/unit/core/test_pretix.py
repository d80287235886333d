"""pretix's signed tickets: six real ones, and what somebody might hand in instead.

The codes, the two keys and what is expected of them are those of pretix/libpretixsync (AsyncCheckProviderTest.kt and
event1.json at 8ebc571449d5), Apache-2.0.
"""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.core.pretix import LATEST_S, Ticket, read_key, read_ticket, signer, split
from tests.foreign_tickets import CODES, KEYS, payload, sign

RAW_KEYS = [key for text in KEYS if (key := read_key(text)) is not None]


@pytest.mark.parametrize(
    ("name", "key_index", "ticket"),
    [
        ("signed_valid", 0, Ticket("CTJqJOl1H", item=1, subevent=14)),
        ("signed_valid_server_item_id", 1, Ticket("aaaaaaaaa", item=42)),
        ("signed_not_before", 1, Ticket("FCTDtTWQz", item=1, valid_from_s=1_675_465_200)),
        ("signed_not_after", 1, Ticket("EGISf0gTu", item=1, valid_until_s=1_675_422_000)),
        ("signed_unknown_product", 0, Ticket("fRU2It7dV", item=100, subevent=14)),
    ],
)
def test_real_tickets_are_verified_and_read(name: str, key_index: int, ticket: Ticket) -> None:
    signed = split(CODES[name])
    assert signed is not None
    assert signer(signed, RAW_KEYS) == RAW_KEYS[key_index]
    assert signer(signed, RAW_KEYS[1 - key_index : 2 - key_index]) is None
    assert read_ticket(signed.payload) == ticket


def test_a_real_ticket_whose_signature_was_altered_is_signed_by_nobody() -> None:
    signed = split(CODES["signed_bad_signature"])
    assert signed is not None
    assert signer(signed, RAW_KEYS) is None


KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_a_key_is_read_as_it_is_as_der_and_as_pem() -> None:
    public = KEY.public_key()
    raw = public.public_bytes_raw()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert [read_key(base64.b64encode(form).decode()) for form in (raw, der, pem)] == [raw] * 3
    broken_over_lines = "\n".join(base64.b64encode(pem).decode()[at : at + 40] for at in range(0, 160, 40))
    assert read_key(broken_over_lines) == raw


@pytest.mark.parametrize(
    "key",
    [
        b"",
        bytes(31),
        bytes(33),
        b"-----BEGIN PUBLIC KEY-----\nnothing\n-----END PUBLIC KEY-----\n",
        generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ],
)
def test_what_is_no_key_of_this_kind_is_none(key: bytes) -> None:
    assert read_key(base64.b64encode(key).decode()) is None


@pytest.mark.parametrize("text", ["", "not base64!", "é", "AAAA\x00", "A"])
def test_what_is_no_base64_is_no_key(text: str) -> None:
    assert read_key(text) is None


def reversed_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()[::-1]


def framed(version: int = 1, payload_more: int = 0, signature_bytes: int = 64, tail: bytes = b"") -> str:
    body = payload(seed="s", item=1)
    head = bytes([version]) + (len(body) + payload_more).to_bytes(2, "big") + signature_bytes.to_bytes(2, "big")
    return reversed_base64(head + body + bytes(64) + tail)


def test_the_frame_must_account_for_each_byte() -> None:
    assert split(framed()) is not None
    for other in (
        framed(version=2),
        framed(payload_more=1),
        framed(payload_more=-1),
        framed(signature_bytes=63),
        framed(tail=b"\x00"),
        framed()[::-1],
        framed()[4:],
        "QA",
        "=QA",
        reversed_base64(b"\x01\x00\x00\x00"),
        "\x1dQA",
        "",
    ):
        assert split(other) is None


def test_lengths_are_big_endian() -> None:
    long = payload(seed="s" * 300, item=1)
    signed = split(sign(KEY, long))
    assert signed is not None
    assert signed.payload == long


@pytest.mark.parametrize(
    "message",
    [
        b"",  # no seed
        b"\x10\x01",
        b"\x0a\x00\x10\x01",  # an empty one
        b"\x0a\x02\xff\xfe\x10\x01",  # one that is no UTF-8
        b"\x0a\x05abc",  # cut
        b"\x08\x01",  # the seed as a number
        b"\x0a\x01s\x08\x01",  # the seed as a number, beside one
        b"\x0a\x01s\x32\x01a",  # the last time as bytes
        b"\x0a\x01s\x10" + b"\x80" * 9 + b"\x02",  # the first number of 65 bits
        b"\x0a\x01s\x80\x80\x80\x80\x10\x01",  # field 2**29
        b"\x0a\x01s\x12\x01a",  # the item as bytes
        b"\x0a\x01s\x10",  # a number that ends before it begins
        b"\x0a\x01s\x10" + b"\x80" * 9,
        b"\x0a\x01s\x10" + b"\x80" * 10 + b"\x01",  # 71 bits
        b"\x0a\x01s\x10" + b"\xff" * 9 + b"\x02",  # 65 bits
        b"\x0a\x01s\x10" + b"\x81" + b"\x80" * 9 + b"\x00",  # 1, in a byte more than a number of 64 bits takes
        b"\x0a\x01s\x00\x01",  # field 0
        b"\x0a\x01s\x13\x14",  # a group
        b"\x0a\x01s\x3d\x00\x00\x00",  # four bytes, one short
    ],
)
def test_a_payload_that_is_no_ticket_is_none(message: bytes) -> None:
    assert read_ticket(message) is None


def test_fields_of_a_newer_pretix_are_stepped_over() -> None:
    newer = b"\x38\x07" + b"\x45abcd" + b"\x49abcdefgh" + b"\x52\x02xx"  # 7: number, 8 and 9: fixed, 10: bytes
    assert read_ticket(payload(seed="s", item=3) + newer) == Ticket("s", item=3)


def test_the_last_field_that_there_can_be_is_stepped_over() -> None:
    assert read_ticket(payload(seed="s", item=3) + b"\xf8\xff\xff\xff\x0f\x01") == Ticket("s", item=3)


@pytest.mark.parametrize("item", [127, 128, 16_383, 16_384, 2**63 - 1])
def test_numbers_of_any_length_are_read(item: int) -> None:
    assert read_ticket(payload(seed="s", item=item)) == Ticket("s", item=item)


def test_the_first_second_is_a_time() -> None:
    assert read_ticket(payload(seed="s", item=1, valid_from=1)) == Ticket("s", item=1, valid_from_s=1)


def test_nothing_is_left_out_of_a_text_to_make_it_right() -> None:
    text = sign(KEY, payload(seed="s", item=1))
    assert split(text) is not None
    assert split(f"{text[:8]}!{text[8:]}") is None
    key = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    assert read_key(f"{key[:8]}!{key[8:]}") is None


def test_of_a_field_that_comes_twice_the_last_counts() -> None:
    assert read_ticket(payload(seed="s", item=3) + b"\x10\x04") == Ticket("s", item=4)


def test_a_ticket_without_an_item_is_for_item_0() -> None:
    assert read_ticket(b"\x0a\x01s") == Ticket("s", item=0)


def test_numbers_below_zero_are_read_as_such_and_are_no_time() -> None:
    assert read_ticket(payload(seed="s", item=-5, valid_from=-1, valid_until=-1)) == Ticket("s", item=-5)


def test_a_time_beyond_every_calendar_is_the_last_one() -> None:
    ticket = read_ticket(payload(seed="s", item=1, valid_from=2**63 - 1, valid_until=LATEST_S - 1))
    assert ticket == Ticket("s", item=1, valid_from_s=LATEST_S, valid_until_s=LATEST_S - 1)
