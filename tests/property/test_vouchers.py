"""Vouchers of any content, and texts of any kind: one spelling, no flipped bit, no error."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.base45 import ALPHABET, decode, encode
from kiosk.core.issuers import Doubt, Issuer, Issuers
from kiosk.core.verdict import Reason
from kiosk.core.voucher import MAX_CHARACTERS, PREFIX, Voucher, issue, key_id, parse

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ISSUERS = Issuers([Issuer(PUBLIC, 0)])
NOW_MS = 1_793_500_000_000

WHOLES = st.integers(0, 2**32 - 1)


@st.composite
def vouchers(draw: st.DrawFn) -> Voucher:
    window = sorted(draw(st.lists(WHOLES, min_size=2, max_size=2, unique=True)))
    starts, ends = (draw(st.sampled_from([None, one * 1000])) for one in window)
    store = draw(st.none() | st.binary(min_size=5, max_size=5))
    counter = None if store is None else draw(st.none() | st.binary(min_size=4, max_size=4))
    face = draw(st.none() | st.integers(1, 2**32 - 1))
    promotion = draw(st.binary(min_size=5, max_size=5))
    return Voucher(key_id(PUBLIC), promotion, draw(WHOLES), starts, ends, face, store, counter)


@given(vouchers())
def test_what_is_issued_holds_is_short_and_says_the_same(voucher: Voucher) -> None:
    text = issue(voucher, KEY)
    assert len(text) <= MAX_CHARACTERS
    assert set(text) <= set(ALPHABET)
    assert text.strip() == text
    assert ISSUERS.check(text, NOW_MS) == ISSUERS.check(text.lower(), NOW_MS) == voucher


@settings(max_examples=300)
@given(vouchers(), st.integers(0, 8 * 99))
def test_no_voucher_holds_with_one_bit_flipped(voucher: Voucher, bit: int) -> None:
    raw = bytearray(decode(issue(voucher, KEY)[len(PREFIX) :]))
    at, within = divmod(bit % (8 * len(raw)), 8)
    raw[at] ^= 1 << within
    assert isinstance(ISSUERS.check(PREFIX + encode(bytes(raw)), NOW_MS), Doubt)


@given(vouchers(), st.data())
def test_no_voucher_holds_with_one_character_changed(voucher: Voucher, data: st.DataObject) -> None:
    text = issue(voucher, KEY)
    at = data.draw(st.integers(len(PREFIX), len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from(ALPHABET.replace(text[at], ""))) + text[at + 1 :]
    assert isinstance(ISSUERS.check(changed, NOW_MS), Doubt)


@given(st.text(st.characters(), max_size=200), st.booleans())
def test_no_text_before_the_prefix_or_behind_it_raises(text: str, prefixed: bool) -> None:
    checked = ISSUERS.check(PREFIX + text if prefixed else text, NOW_MS)
    assert isinstance(checked, Doubt)
    assert checked.reason in (Reason.MALFORMED, Reason.UNKNOWN_ISSUER)


@given(st.binary(max_size=110))
def test_bytes_of_a_vouchers_shape_are_read_as_they_would_be_written_or_not_at_all(raw: bytes) -> None:
    text = PREFIX + encode(raw)
    checked = ISSUERS.check(text, NOW_MS)
    assert isinstance(checked, Doubt)
    if checked.reason is not Reason.MALFORMED:
        read = parse(text)
        assert PREFIX + encode(read.signed[len(PREFIX) :] + read.signature) == text
