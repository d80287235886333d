"""Which vouchers hold: trusted keys, rotated keys, revoked serials."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.issuers import (
    MAX_ISSUERS,
    MAX_REVOKED,
    NO_ISSUERS,
    Doubt,
    Issuer,
    Issuers,
    RevokedRange,
    issuers_part,
    read_issuers,
)
from kiosk.core.strict_cbor import encode
from kiosk.core.verdict import Reason
from kiosk.core.voucher import Voucher, issue, key_id, reference
from kiosk.errors import BundleError

OLD, NEW, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes((n,)) * 32) for n in (1, 2, 3))
FROM_MS, ROTATED_MS, UNTIL_MS = 1_000, 5_000, 9_000


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def voucher(key: Ed25519PrivateKey = OLD, serial: int = 7, promotion: str = "tacos") -> Voucher:
    return Voucher(key_id(public(key)), reference(promotion), serial)


ROTATED = (Issuer(public(OLD), FROM_MS, UNTIL_MS), Issuer(public(NEW), ROTATED_MS))


def reason(issuers: Issuers, text: str, now_ms: int = ROTATED_MS) -> Reason | None:
    """Why ``text`` is not taken; None: it holds."""
    checked = issuers.check(text, now_ms)
    return checked.reason if isinstance(checked, Doubt) else None


def revoking(*ranges: RevokedRange) -> Issuers:
    return Issuers(ROTATED, ranges)


def test_a_voucher_holds_with_no_list_at_all() -> None:
    assert Issuers(ROTATED).check(issue(voucher(), OLD), ROTATED_MS) == voucher()


@pytest.mark.parametrize(
    ("now_ms", "holds"), [(FROM_MS - 1, False), (FROM_MS, True), (UNTIL_MS - 1, True), (UNTIL_MS, False)]
)
def test_an_old_voucher_holds_while_its_key_is_trusted(now_ms: int, holds: bool) -> None:
    assert reason(Issuers(ROTATED), issue(voucher(), OLD), now_ms) is (None if holds else Reason.UNKNOWN_ISSUER)


@pytest.mark.parametrize(("now_ms", "holds"), [(ROTATED_MS - 1, False), (ROTATED_MS, True), (2**47, True)])
def test_the_new_key_holds_from_when_it_is_trusted_on(now_ms: int, holds: bool) -> None:
    assert reason(Issuers(ROTATED), issue(voucher(NEW), NEW), now_ms) is (None if holds else Reason.UNKNOWN_ISSUER)


def test_a_strangers_voucher_names_a_key_that_nobody_knows() -> None:
    text = issue(voucher(STRANGER), STRANGER)
    assert Issuers(ROTATED).check(text, ROTATED_MS) == Doubt(Reason.UNKNOWN_ISSUER, key_id(public(STRANGER)))
    assert reason(NO_ISSUERS, issue(voucher(), OLD)) is Reason.UNKNOWN_ISSUER


def test_a_strangers_signature_under_a_known_keys_name_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.core.voucher.key_id", lambda _: key_id(public(OLD)))
    forged = issue(voucher(OLD), STRANGER)
    assert Issuers(ROTATED).check(forged, ROTATED_MS) == Doubt(Reason.BAD_SIGNATURE, key_id(public(OLD)))


def test_what_is_no_voucher_is_malformed_before_anything_else() -> None:
    assert Issuers(ROTATED).check("CF1:GGW", ROTATED_MS) == Doubt(Reason.MALFORMED)


@pytest.mark.parametrize(("serial", "holds"), [(9, True), (10, False), (15, False), (20, False), (21, True)])
def test_both_ends_of_a_revoked_range_are_revoked_and_one_beyond_is_not(serial: int, holds: bool) -> None:
    issuers = revoking(RevokedRange(key_id(public(OLD)), 10, 20))
    assert reason(issuers, issue(voucher(serial=serial), OLD)) is (None if holds else Reason.REVOKED)


def test_a_range_revokes_the_serials_of_its_key_only() -> None:
    issuers = revoking(RevokedRange(key_id(public(OLD)), 7, 7))
    assert reason(issuers, issue(voucher(OLD), OLD)) is Reason.REVOKED
    assert reason(issuers, issue(voucher(NEW), NEW)) is None


def test_a_range_of_one_promotion_leaves_the_others_alone() -> None:
    issuers = revoking(RevokedRange(key_id(public(OLD)), 7, 7, reference("tacos")))
    assert reason(issuers, issue(voucher(), OLD)) is Reason.REVOKED
    assert reason(issuers, issue(voucher(promotion="pie"), OLD)) is None


@pytest.mark.parametrize(
    ("serial", "holds"),
    [(0, True), (1, False), (9, False), (10, False), (12, False), (13, True), (14, True), (15, False), (16, True)],
)
def test_ranges_that_overlap_or_lie_in_one_another_revoke_what_any_of_them_does(serial: int, holds: bool) -> None:
    mine = key_id(public(OLD))
    ranges = [(15, 15), (1, 10), (3, 4), (10, 12), (1, 2)]
    issuers = revoking(*(RevokedRange(mine, first, last) for first, last in ranges))
    assert reason(issuers, issue(voucher(serial=serial), OLD)) is (None if holds else Reason.REVOKED)


def test_a_forged_voucher_of_a_revoked_serial_is_called_forged() -> None:
    text = issue(voucher(), OLD)
    altered = text[:-3] + ("000" if text[-3:] != "000" else "100")
    assert reason(revoking(RevokedRange(key_id(public(OLD)), 7, 7)), altered) is Reason.BAD_SIGNATURE


def test_of_a_revoked_voucher_the_key_is_told() -> None:
    mine = key_id(public(OLD))
    checked = revoking(RevokedRange(mine, 7, 7)).check(issue(voucher(), OLD), ROTATED_MS)
    assert checked == Doubt(Reason.REVOKED, mine)


def test_two_keys_of_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.core.issuers.key_id", lambda _: b"same")
    with pytest.raises(ValueError, match=r"^two issuers have the key id 73616d65$"):
        Issuers(ROTATED)


# --- in a bundle -----------------------------------------------------------------------------------


def test_issuers_and_what_they_revoked_come_out_of_a_bundle_as_they_went_in() -> None:
    mine = key_id(public(OLD))
    read = read_issuers(issuers_part(ROTATED, [RevokedRange(mine, 8, 8), RevokedRange(mine, 9, 9, reference("pie"))]))
    assert reason(read, issue(voucher(), OLD)) is None
    assert reason(read, issue(voucher(serial=8), OLD)) is Reason.REVOKED
    assert reason(read, issue(voucher(serial=9), OLD)) is None
    assert reason(read, issue(voucher(serial=9, promotion="pie"), OLD)) is Reason.REVOKED
    assert reason(read, issue(voucher(), OLD), UNTIL_MS) is Reason.UNKNOWN_ISSUER
    assert reason(read, issue(voucher(NEW), NEW), UNTIL_MS) is None


def test_a_range_of_all_serials_and_the_last_instant_go_into_a_bundle() -> None:
    read = read_issuers(
        issuers_part([Issuer(public(OLD), 0, 2**48)], [RevokedRange(key_id(public(NEW)), 0, 2**32 - 1)])
    )
    assert reason(read, issue(voucher(), OLD), 2**48 - 1) is None
    assert read.is_revoked(voucher(NEW, serial=0))
    assert read.is_revoked(voucher(NEW, serial=2**32 - 1))


def test_a_bundle_from_before_there_were_vouchers_knows_no_issuer() -> None:
    assert reason(read_issuers(None), issue(voucher(), OLD)) is Reason.UNKNOWN_ISSUER


KEY_32, ID_4 = bytes(32), bytes(4)


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (b"\xff", "no CBOR"),
        (encode({}), "no list"),
        (encode([[]]), "one list only"),
        (encode([[[bytes(31), 0, None]], []]), "a key cut off"),
        (encode([[["x" * 32, 0, None]], []]), "a key in text"),
        (encode([[[KEY_32, 0]], []]), "no until"),
        (encode([[[KEY_32, -1, None]], []]), "from before time began"),
        (encode([[[KEY_32, 0, True]], []]), "true for a number"),
        (encode([[[KEY_32, 0, 2**48 + 1]], []]), "until after time ends"),
        (encode([[[KEY_32, n, None] for n in range(MAX_ISSUERS + 1)], []]), "too many keys"),
        (encode([[], [[ID_4, 2, 1, None]]]), "a range that ends before it begins"),
        (encode([[], [[ID_4, 0, 2**32, None]]]), "a serial above the last"),
        (encode([[], [[bytes(3), 0, 1, None]]]), "a key id cut off"),
        (encode([[], [[ID_4, 0, 1, bytes(4)]]]), "a reference cut off"),
        (encode([[], [[ID_4, 0, 1, None]] * (MAX_REVOKED + 1)]), "too many ranges"),
    ],
)
def test_a_part_that_cannot_be_read_is_refused(part: bytes, why: str) -> None:
    with pytest.raises(BundleError) as caught:
        read_issuers(part)
    assert (caught.value.code, caught.value.where) == ("bundle-malformed", "issuers")


WRONG_LIST, WRONG_BYTES = "a list has the wrong length", "a byte string has the wrong length"
WRONG_NUMBER = "a number is out of range"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({}, WRONG_LIST), ([[]], WRONG_LIST), ([[], [], []], WRONG_LIST), ([[], 7], WRONG_LIST), ([7, []], WRONG_LIST),
        ([[[KEY_32, 0]], []], WRONG_LIST), ([[], [[ID_4, 0, 1]]], WRONG_LIST),
        ([[[bytes(31), 0, None]], []], WRONG_BYTES), ([[["x" * 32, 0, None]], []], WRONG_BYTES),
        ([[], [[bytes(5), 0, 1, None]]], WRONG_BYTES), ([[], [[ID_4, 0, 1, bytes(6)]]], WRONG_BYTES),
        ([[[KEY_32, -1, None]], []], WRONG_NUMBER), ([[[KEY_32, 2**48 + 1, None]], []], WRONG_NUMBER),
        ([[[KEY_32, 0, -1]], []], WRONG_NUMBER), ([[[KEY_32, "0", None]], []], WRONG_NUMBER),
        ([[[KEY_32, True, None]], []], WRONG_NUMBER), ([[], [[ID_4, 0, 2**32, None]]], WRONG_NUMBER),
        ([[], [[ID_4, 2**32, 2**32, None]]], WRONG_NUMBER), ([[], [[ID_4, -1, 1, None]]], WRONG_NUMBER),
        ([[], [[ID_4, 2, 1, None]]], "a revoked range ends before it begins"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_part_is_told(part: object, told: str) -> None:
    with pytest.raises(BundleError) as caught:
        read_issuers(encode(part))
    assert caught.value.what == f"The bundle's list of issuers: {told}"
    assert caught.value.cure == "The bundle installed before stays in force. Tell head office."


def test_the_latest_instants_and_a_key_that_was_trusted_from_the_first_one_are_read() -> None:
    read = read_issuers(encode([[[public(OLD), 2**48, 2**48], [public(NEW), 0, None]], []]))
    assert reason(read, issue(voucher(), OLD), 2**48) is Reason.UNKNOWN_ISSUER
    assert reason(read, issue(voucher(NEW), NEW), 0) is None
    assert reason(read, issue(voucher(NEW), NEW), 2**48 - 1) is None
    assert reason(read, issue(voucher(NEW), NEW), 2**48) is Reason.UNKNOWN_ISSUER


def test_the_largest_part_is_read() -> None:
    part = encode([[[bytes((n,)) * 32, 0, None] for n in range(MAX_ISSUERS)], [[ID_4, 5, 5, None]] * MAX_REVOKED])
    assert read_issuers(part).is_revoked(replace(voucher(), key_id=ID_4, serial=5))


def test_head_office_makes_no_part_that_no_counter_reads() -> None:
    with pytest.raises(BundleError):
        issuers_part([Issuer(b"short", 0)], [])
