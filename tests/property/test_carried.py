"""Coupons, tickets and rotating codes: hostile texts never raise, and what is written is read back."""

from __future__ import annotations

import base64
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.carried import Coupons, RotatingCodes, Tickets
from kiosk.core.gs1 import read_coupon
from kiosk.core.gs1_coupon import Coupon, CouponFault, Purchase, read_8110, read_8112
from kiosk.core.pretix import Ticket, read_key, read_ticket, signer, split
from kiosk.core.rotating import RotatingKey, RotatingKeyError, Shown, Turning
from kiosk.core.sealed_keys import open_keys, seal_keys
from kiosk.core.totp import ALGORITHMS, hotp
from kiosk.core.wallet import read_wallet
from kiosk.errors import BundleError
from tests.core_world import FLEET_KEY, promotion
from tests.foreign_tickets import CODES, KEYS, payload, sign

TODAY = date(2026, 11, 27)
DIGITS = st.text("0123456789", max_size=80)
OURS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
INSTANTS_MS = st.integers(-(2**40), 2**44)
ELEMENTS = st.lists(
    st.one_of(
        st.sampled_from(["]C1", "]e0", "\x1d", "(", ")", "8110", "8112", "(8110)", "(8112)", "01", "10", "17", "٣"]),
        DIGITS,
        st.text(max_size=5),
    ),
    max_size=12,
).map("".join)
PROMOTIONS = (
    promotion(id="coupon", gs1={"offer_codes": ["123456"]}),
    promotion(id="ticket", foreign={"kind": "pretix_sig1", "key": KEYS[0]}),
    promotion(id="turning", rotating={"key": "turning"}),
)
KEY = RotatingKey("turning", "{totp_timestamp_millis}/{totp_value_0}", 30_000, (Turning(bytes(20), 6),))
COUPONS, TICKETS = Coupons(PROMOTIONS, FLEET_KEY), Tickets(PROMOTIONS, FLEET_KEY)
ROTATING = RotatingCodes(PROMOTIONS, {"turning": KEY}, FLEET_KEY)


@given(st.one_of(st.text(st.characters()), ELEMENTS), INSTANTS_MS)
def test_whatever_is_held_up_is_answered(text: str, now_ms: int) -> None:
    for found in (COUPONS.identify(text, now_ms), TICKETS.identify(text), ROTATING.identify(text, now_ms)):
        assert found is None or found.promotion in {None, "coupon", "ticket", "turning"}


@given(DIGITS)
def test_any_digits_are_a_coupon_or_have_a_fault(digits: str) -> None:
    for read in (read_8110(digits, TODAY), read_8112(digits)):
        assert isinstance(read, Coupon | CouponFault)


@given(st.sampled_from(sorted(CODES)), st.integers(0, 200), st.integers(0, 127))
def test_a_real_ticket_with_one_character_changed_is_none_or_the_same_ticket(name: str, at: int, other: int) -> None:
    text = CODES[name]
    changed = text[: at % len(text)] + chr(other) + text[at % len(text) + 1 :]
    signed, before = split(changed), split(text)
    assert before is not None
    keys = [key for one in KEYS if (key := read_key(one)) is not None]
    assert signed is None or signer(signed, keys) is None or signed == before


@given(st.binary(max_size=60))
def test_any_payload_is_a_ticket_or_none(message: bytes) -> None:
    ticket = read_ticket(message)
    assert ticket is None or ticket.seed


@given(st.binary(max_size=300))
def test_any_bytes_in_a_ticket_s_clothes_are_told_apart(raw: bytes) -> None:
    signed = split(base64.b64encode(b"\x01" + raw).decode()[::-1])
    assert signed is None or 5 + len(signed.payload) + len(signed.signature) == 1 + len(raw)


@given(st.text(max_size=60), st.binary(max_size=200))
def test_any_text_is_a_key_or_none(text: str, raw: bytes) -> None:
    for one in (text, base64.b64encode(raw).decode()):
        key = read_key(one)
        assert key is None or len(key) == 32


@given(st.binary(max_size=120))
def test_what_head_office_did_not_seal_is_refused(part: bytes) -> None:
    with pytest.raises(BundleError) as caught:
        open_keys(part, FLEET_KEY)
    assert caught.value.code == "bundle-sealed"


@given(
    st.one_of(st.text(max_size=80), st.from_regex(r'\{"totpDetails":\{"algorithm":"TOTP_SHA1".{0,40}', fullmatch=True))
)
def test_any_wallet_file_is_a_key_or_refused_in_words(content: str) -> None:
    assert answer_to(content).endswith(".")


def answer_to(content: str) -> str:
    try:
        return f"{read_wallet('turning', content).name}."
    except RotatingKeyError as error:
        return str(error)


# --- there and back --------------------------------------------------------------------------------

GCPS = st.text("0123456789", min_size=6, max_size=12)
SERIALS = st.text("0123456789", min_size=6, max_size=15)
OFFERS = st.text("0123456789", min_size=6, max_size=6)


def sized(text: str, more: int = 0) -> str:
    return f"{len(text) - more}{text}"


@given(st.integers(0, 1), GCPS, OFFERS, SERIALS)
def test_an_8112_is_read_as_it_was_written(form: int, funder: str, offer: str, serial: str) -> None:
    written = f"{form}{sized(funder, 6)}{offer}{sized(serial, 6)}"
    coupon = Coupon(funder, offer, serial, format=form)
    assert read_8112(written) == coupon
    for text in (f"(8112){written}", f"8112{written}", f"]d28112{written}", f"10LOT\x1d8112{written}\x1d21A"):
        assert read_coupon(text, TODAY) == coupon


PURCHASES = st.builds(
    Purchase, st.integers(0, 99_999), st.sampled_from([0, 1, 2, 3, 4, 9]),
    st.text("0123456789", min_size=3, max_size=3), st.one_of(st.none(), GCPS),
)  # fmt: skip
DAYS = st.dates(TODAY - timedelta(days=17_000), TODAY + timedelta(days=17_000))


def written_purchase(one: Purchase) -> str:
    return f"{sized(str(one.requirement))}{one.code}{one.family_code}"


def further(one: Purchase) -> str:
    return written_purchase(one) + ("9" if one.gcp is None else sized(one.gcp, 6))


@st.composite
def coupons(draw: st.DrawFn) -> tuple[str, Coupon]:
    """A coupon of (8110) as it is written, and as it is read."""
    maybe = st.booleans()
    funder, offer, value, first = draw(GCPS), draw(OFFERS), draw(st.integers(0, 99_999)), draw(PURCHASES)
    purchases = [Purchase(first.requirement, first.code, first.family_code)]
    written = f"{sized(funder, 6)}{offer}{sized(str(value))}{written_purchase(first)}"
    rules = draw(st.integers(0, 3)) if draw(maybe) else None
    for field in ([f"1{rules}"] if rules is not None else []) + (["2"] if draw(maybe) else []):
        purchases.append(draw(PURCHASES))
        written += field + further(purchases[-1])
    starts, last = sorted((draw(DAYS), draw(DAYS)))
    expires_on = last if draw(maybe) else None
    starts_on = starts if draw(maybe) else None
    written += f"3{last:%y%m%d}" if expires_on else ""
    written += f"4{starts:%y%m%d}" if starts_on else ""
    serial = draw(SERIALS) if draw(maybe) else None
    written += f"5{sized(serial, 6)}" if serial else ""
    retailer = draw(st.text("0123456789", min_size=7, max_size=13)) if draw(maybe) else None
    written += f"6{sized(retailer, 6)}" if retailer else ""
    last_fields: tuple[int | None, int | None, int | None, bool | None] = (None,) * 4
    if draw(maybe):
        alone = draw(maybe)
        last_fields = draw(st.sampled_from([0, 1, 2, 5, 6])), draw(st.integers(0, 2)), draw(st.integers(0, 9)), alone
        written += "9" + "".join(str(int(one or 0)) for one in last_fields)
    return written, Coupon(
        funder, offer, serial, None, value, tuple(purchases), rules, starts_on, expires_on, retailer, *last_fields
    )


@given(coupons())
def test_an_8110_is_read_as_it_was_written(both: tuple[str, Coupon]) -> None:
    written, coupon = both
    assert read_8110(written, TODAY) == coupon


@given(
    st.text(min_size=1, max_size=40).filter(lambda seed: seed.isprintable()), st.integers(-(2**63), 2**63 - 1),
    st.one_of(st.none(), st.integers(1, 2**34)), st.one_of(st.none(), st.integers(1, 2**34)),
)  # fmt: skip
def test_a_ticket_is_read_as_it_was_signed(seed: str, item: int, begins_s: int | None, last_s: int | None) -> None:
    signed = split(sign(OURS, payload(seed=seed, item=item, valid_from=begins_s, valid_until=last_s)))
    assert signed is not None
    assert signer(signed, [OURS.public_key().public_bytes_raw()]) is not None
    assert read_ticket(signed.payload) == Ticket(seed, item, valid_from_s=begins_s, valid_until_s=last_s)


FIXED = st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), max_size=10).filter(
    lambda one: "{" not in one
)


@given(
    FIXED, FIXED, st.sampled_from(ALGORITHMS), st.integers(6, 10), st.integers(1_000, 86_400_000),
    st.binary(min_size=16, max_size=64), st.integers(0, 2**42), st.sampled_from([-1, 0, 1]),
)  # fmt: skip
def test_a_key_knows_each_of_its_codes_after_the_way_through_the_bundle(
    before: str, after: str, algorithm: str, digits: int, period_ms: int, secret: bytes, now_ms: int, away: int
) -> None:
    pattern = f"{before}{{totp_value_0}}{after}"
    made = RotatingKey("k", pattern, period_ms, (Turning(secret, digits),), algorithm)  # type: ignore[arg-type]
    key = open_keys(seal_keys([made], FLEET_KEY), FLEET_KEY)["k"]
    step = max(0, now_ms // period_ms + away)
    text = f"{before}{hotp(secret, step, digits, made.algorithm)}{after}"
    shown = key.recognise(text, now_ms)
    assert shown is not None
    assert shown.fresh
    if digits == 10:  # with fewer, another step near by may have the same value
        assert shown == Shown(step, step * period_ms, fresh=True)
