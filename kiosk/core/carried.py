"""Credentials that carry in themselves whose they are: GS1 coupons, other systems' tickets, rotating codes.

Rules of this module:

- Each answers for its own texts only; None: the text is none of them, and something else may know it.
- A coupon with a serial number is one coupon. Without one many are alike, and it is shared as a code word is.
- A coupon's dates are days on the store's calendar. A ticket's times are instants; the last one still counts.
- A text that has a ticket's form and that no key of ours signed is a forgery or somebody else's: bad-signature. One
  that is signed, for an item that no promotion takes, is unknown-promotion.
- A step of a rotating key is one credential, whoever shows it; a code of another step than this one and those beside
  it is an old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from kiosk.core import pretix
from kiosk.core.credential import digest
from kiosk.core.gs1 import read_coupon
from kiosk.core.gs1_coupon import Coupon
from kiosk.core.promotion import Foreign, Promotion
from kiosk.core.recognised import UNKNOWN_CODE, Credential, Right, Unrecognised
from kiosk.core.rotating import RotatingKey
from kiosk.core.verdict import Reason

Found = Credential | Unrecognised | None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Coupons:
    """GS1 coupons, by their offer codes."""

    def __init__(self, promotions: Iterable[Promotion], fleet_key: bytes) -> None:
        self._fleet_key = fleet_key
        self._offers = {code: one.id for one in promotions if one.gs1 for code in one.gs1.offer_codes}

    def identify(self, text: str, now_ms: int) -> Found:
        """What ``text`` is at ``now_ms``; that gives the century of a coupon's dates, and nothing else."""
        coupon = read_coupon(text, _day(now_ms))
        if coupon is None:
            return None
        if not isinstance(coupon, Coupon):
            return Unrecognised(Reason.MALFORMED, facts={"why": coupon.value})
        promotion = self._offers.get(coupon.offer_code)
        if promotion is None:
            return UNKNOWN_CODE
        named = ":".join((coupon.funder, coupon.offer_code, coupon.serial or ""))
        right = Right(starts_on=coupon.starts_on, last_on=coupon.expires_on)
        marked = digest(self._fleet_key, "gs1", named)
        return Credential("gs1", promotion, marked, text, right, shared=coupon.serial is None)


class Tickets:
    """Other systems' signed tickets, by the keys that promotions name."""

    def __init__(self, promotions: Iterable[Promotion], fleet_key: bytes) -> None:
        self._fleet_key = fleet_key
        self._by_key: dict[bytes, list[tuple[Foreign, str]]] = {}
        for one in promotions:
            key = None if one.foreign is None else one.foreign.public_key
            if one.foreign is not None and key is not None:
                self._by_key.setdefault(key, []).append((one.foreign, one.id))

    def identify(self, text: str) -> Found:
        """What ``text`` is."""
        signed = pretix.split(text) if self._by_key else None
        if signed is None:
            return None
        key = pretix.signer(signed, self._by_key)
        if key is None:
            return Unrecognised(Reason.BAD_SIGNATURE)
        ticket = pretix.read_ticket(signed.payload)
        if ticket is None:
            return Unrecognised(Reason.MALFORMED, facts={"why": "not-a-ticket"})
        promotion = next((name for foreign, name in self._by_key[key] if foreign.takes(ticket.item)), None)
        if promotion is None:
            return Unrecognised(Reason.UNKNOWN_PROMOTION)
        return Credential("foreign", promotion, digest(self._fleet_key, "foreign", ticket.seed), text, _window(ticket))


class RotatingCodes:
    """Rotating codes, by the keys that promotions name and that are here."""

    def __init__(self, promotions: Iterable[Promotion], keys: Mapping[str, RotatingKey], fleet_key: bytes) -> None:
        self._fleet_key = fleet_key
        self._keys = [
            (keys[one.rotating.key], one.id) for one in promotions if one.rotating and one.rotating.key in keys
        ]

    def identify(self, text: str, now_ms: int) -> Found:
        """What ``text`` is at ``now_ms``."""
        old: Unrecognised | None = None
        for key, promotion in self._keys:
            shown = key.recognise(text, now_ms)
            if shown is not None and shown.fresh:
                named = "\x00".join((key.name, str(shown.step), key.fixed_text))
                return Credential("rotating", promotion, digest(self._fleet_key, "rotating", named), text)
            if shown is not None and old is None:
                old = Unrecognised(Reason.OLD_CODE, promotion, shown_at_ms=shown.shown_at_ms)
        return old


def _window(ticket: pretix.Ticket) -> Right:
    begins_s, last_s = ticket.valid_from_s, ticket.valid_until_s
    return Right(
        starts_at_ms=None if begins_s is None else begins_s * 1000,
        ends_at_ms=None if last_s is None else last_s * 1000 + 1,
    )


def _day(now_ms: int) -> date:
    return (_EPOCH + timedelta(milliseconds=now_ms)).date()
