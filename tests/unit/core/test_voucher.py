"""The text of a voucher: what it can say, how long it gets, and that nothing else is one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from qrcode.util import MODE_ALPHA_NUM

from kiosk.core.base45 import decode, encode
from kiosk.core.voucher import (
    MAX_CHARACTERS,
    PREFIX,
    SIGNATURE_BYTES,
    MalformedVoucherError,
    Voucher,
    counter_reference,
    is_signed,
    is_voucher,
    issue,
    key_id,
    parse,
    reference,
    same_references,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
KEY_ID = key_id(PUBLIC.public_bytes_raw())
LAST_SECOND_MS = (2**32 - 1) * 1000
PLAIN = Voucher(KEY_ID, reference("tacos"), 7)
FULL = Voucher(
    KEY_ID, reference("tacos"), 2**32 - 1, 1_793_500_000_000, LAST_SECOND_MS, 2**32 - 1,
    reference("bayside"), counter_reference("front"),
)  # fmt: skip
VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("ed25519_wycheproof.json").read_text(encoding="utf-8"))


def spelled(body: bytes) -> str:
    """A text with this body, truly signed."""
    return PREFIX + encode(body + KEY.sign(PREFIX.encode() + body))


def body_of(voucher: Voucher) -> bytes:
    return decode(issue(voucher, KEY)[len(PREFIX) :])[:-SIGNATURE_BYTES]


@pytest.mark.parametrize(
    "voucher",
    [
        PLAIN,
        FULL,
        replace(PLAIN, serial=0),
        replace(PLAIN, starts_at_ms=0),
        replace(PLAIN, starts_at_ms=LAST_SECOND_MS),
        replace(PLAIN, ends_at_ms=0),
        replace(PLAIN, ends_at_ms=LAST_SECOND_MS),
        replace(PLAIN, starts_at_ms=5000, ends_at_ms=6000),
        replace(PLAIN, face_minor=1),
        replace(PLAIN, store=reference("bayside")),
        replace(PLAIN, store=reference("bayside"), counter=counter_reference("front")),
        replace(PLAIN, ends_at_ms=9000, face_minor=1200),
    ],
)
def test_what_was_issued_is_read_and_signed(voucher: Voucher) -> None:
    read = parse(issue(voucher, KEY))
    assert read.voucher == voucher
    assert is_signed(read.signed, read.signature, PUBLIC)


@pytest.mark.parametrize(
    ("voucher", "why"),
    [
        (replace(PLAIN, serial=2**32), "a serial above the last"),
        (replace(PLAIN, serial=-1), "a serial below the first"),
        (replace(PLAIN, starts_at_ms=-1000), "a window from before 1970"),
        (replace(PLAIN, ends_at_ms=LAST_SECOND_MS + 1000), "a window past 2106"),
        (replace(PLAIN, starts_at_ms=1500), "half a second"),
        (replace(PLAIN, starts_at_ms=5000, ends_at_ms=5000), "a window of no length"),
        (replace(PLAIN, face_minor=0), "a face of nothing"),
        (replace(PLAIN, face_minor=2**32), "a face too large"),
        (replace(PLAIN, counter=counter_reference("front")), "a counter of no store"),
        (replace(PLAIN, store=b"1234"), "a reference too short"),
        (replace(PLAIN, promotion=b"123456"), "a reference too long"),
        (replace(PLAIN, key_id=bytes(4)), "another key's id"),
    ],
)
def test_what_no_voucher_can_say_is_not_issued(voucher: Voucher, why: str) -> None:
    with pytest.raises(MalformedVoucherError):
        issue(voucher, KEY)


@pytest.mark.parametrize(
    ("voucher", "told"),
    [
        (replace(PLAIN, serial=2**32), "the number 4294967296 does not fit; 0 to 4294967295 do"),
        (replace(PLAIN, starts_at_ms=1500), "its window is not in whole seconds"),
        (replace(PLAIN, starts_at_ms=5000, ends_at_ms=5000), "its window ends before it begins"),
        (replace(PLAIN, face_minor=0), "its face is nothing"),
        (replace(PLAIN, promotion=b"123456"), "a reference in it has the wrong length"),
        (replace(PLAIN, store=b"1234"), "its length is not the one that its flags ask for"),
        (replace(PLAIN, key_id=bytes(4)), "another key would sign it than the one that it names"),
    ],
)
def test_why_a_voucher_is_not_issued_is_told(voucher: Voucher, told: str) -> None:
    with pytest.raises(MalformedVoucherError) as caught:
        issue(voucher, KEY)
    assert str(caught.value) == told


def test_the_longest_voucher_fits_a_qr_code_of_version_6_at_level_m() -> None:
    text = issue(FULL, KEY)
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    assert [one.mode for one in code.data_list] == [MODE_ALPHA_NUM]
    assert code.version <= 6
    assert len(text) <= MAX_CHARACTERS


def test_the_plainest_voucher_is_a_qr_code_of_version_5() -> None:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(issue(PLAIN, KEY), optimize=0)
    code.make(fit=True)
    assert code.version == 5


def test_the_wire_stays_as_it_was_published() -> None:
    assert body_of(
        replace(PLAIN, starts_at_ms=1000, ends_at_ms=2000, face_minor=3, store=b"STORE", counter=b"DESK")
    ) == (
        KEY_ID
        + reference("tacos")
        + bytes((0, 0, 0, 7))
        + b"\x1f"
        + bytes((0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3))
        + b"STOREDESK"
    )


def test_a_keyboard_scanner_that_writes_lower_case_is_understood() -> None:
    text = issue(FULL, KEY)
    assert is_voucher(text.lower())
    assert is_voucher("Cf1:")
    assert parse(text.lower()) == parse(text)


@pytest.mark.parametrize("text", ["", "CF", "CF1", "CF2:ABC", " CF1:", "https://CF1:", "\u017ff1:"])
def test_only_the_prefix_makes_a_text_mean_to_be_a_voucher(text: str) -> None:
    assert not is_voucher(text)
    with pytest.raises(MalformedVoucherError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("CF1:", "nothing in it"),
        (issue(PLAIN, KEY)[:-3], "cut off"),
        (issue(PLAIN, KEY) + "000", "two bytes more"),
        (issue(PLAIN, KEY) + "0", "a character over"),
        (issue(PLAIN, KEY)[:-1] + "\xe9", "outside ASCII"),
        (issue(FULL, KEY).replace("I", "\u0131", 1), "a letter outside ASCII that is I in upper case"),
        ("CF1:" + "GGW" * 40, "no base45"),
        ("CF1:" + "0" * 151, "longer than the longest"),
        (spelled(body_of(PLAIN)[:-1] + b"\x20"), "a flag that nobody set yet"),
        (spelled(body_of(PLAIN)[:-1] + b"\x10" + b"DESK"), "a counter of no store"),
        (spelled(body_of(PLAIN)[:-1] + b"\x04" + bytes(4)), "a face of nothing"),
        (spelled(body_of(PLAIN)[:-1] + b"\x03" + bytes((0, 0, 0, 5)) * 2), "a window of no length"),
        (spelled(body_of(PLAIN)[:-1] + b"\x04" + bytes(3)), "a face cut off"),
        (spelled(b""), "a signature and nothing signed"),
    ],
)
def test_a_text_that_is_no_voucher_is_malformed(text: str, why: str) -> None:
    with pytest.raises(MalformedVoucherError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CF1:" + "0" * 151, "it is too long, or not in ASCII"),
        ("CF2:ABC", "it does not begin with CF1:"),
        ("CF1:bb_", "it has a character outside the alphabet"),
        ("CF1:", "its length is not the one that its flags ask for"),
    ],
)
def test_why_a_text_is_no_voucher_is_told(text: str, told: str) -> None:
    with pytest.raises(MalformedVoucherError) as caught:
        parse(text)
    assert str(caught.value) == told


def test_references_are_the_first_bytes_of_sha_256() -> None:
    assert reference("front") == bytes.fromhex("2d8d693177")
    assert counter_reference("front") == bytes.fromhex("2d8d6931")
    assert key_id(bytes(32)) == bytes.fromhex("66687aad")  # FIPS 180-4, of 32 zero bytes


def test_a_signature_made_for_another_format_holds_for_no_voucher() -> None:
    body = body_of(PLAIN)
    read = parse(PREFIX + encode(body + KEY.sign(b"CF2:" + body)))
    assert not is_signed(read.signed, read.signature, PUBLIC)


def test_ids_that_share_a_reference_are_found_and_the_same_id_twice_is_not_meant() -> None:
    ids = ["tacos", "promotion-987723", "tacos", "promotion-1666206"]  # SHA-256 of both begins with the same 5 bytes
    assert list(same_references(ids)) == [(3, "promotion-987723")]
    assert list(same_references(["counter-15312", "counter-54448"], 4)) == [(1, "counter-15312")]
    assert not list(same_references(["counter-15312", "counter-54448"]))


@pytest.mark.parametrize(
    ("public_key", "message", "signature", "valid"),
    [
        pytest.param(*map(bytes.fromhex, (public_key, message, signature)), valid, id=f"wycheproof-{number}")
        for public_key, tests in VECTORS["groups"]
        for number, message, signature, valid in tests
    ],
)
def test_signatures_hold_as_wycheproof_has_it(public_key: bytes, message: bytes, signature: bytes, valid: bool) -> None:
    assert is_signed(message, signature, Ed25519PublicKey.from_public_bytes(public_key)) is valid


def test_all_of_wycheproof_is_there() -> None:
    assert sum(len(tests) for _, tests in VECTORS["groups"]) == VECTORS["numberOfTests"] == 151
