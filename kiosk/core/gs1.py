"""GS1 element strings, as scanned or as printed, and the one coupon in them.

Sources: GS1 General Specifications, 3 (application identifiers), 7.8 (element strings in symbols).

Rules of this module:

- Printed: each identifier in brackets, ``(8110)...``; spaces between do not count.
- Scanned: identifiers and values one after the other; a value without a predefined length ends at FNC1 (GS, 0x1D) or
  at the end. A symbology identifier (``]C1``, ``]e0``, ``]d2``, ``]Q3`` ...) or FNC1 may come first.
- Elements before and after the coupon are stepped over; the coupon must be there once.
- A text that does not say that it is GS1 is taken for it where it holds a coupon without a fault, or begins with a
  coupon's identifier, has digits alone and is as long as no other code of ours that has digits alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum

from kiosk.core.gs1_coupon import Coupon, CouponFault, read_8110, read_8112

FNC1 = "\x1d"
MOST_VALUE_CHARACTERS = 70
LEAST_BARE_CHARACTERS = 16
COUPON_IDENTIFIERS = ("8110", "8112")

_SYMBOLOGY = re.compile(r"\](?:C1|e[0-3]|d2|Q3|J1)")
_PRINTED = re.compile(r"\(([0-9]{2,4})\)([^()]*)")
_BARE_COUPON = re.compile(rf"811[02][0-9{FNC1}]*")
# the identifiers whose values have a predefined length, by their first two digits: how many characters follow those
_PREDEFINED = {
    "00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "20": 2, "41": 14,
    **dict.fromkeys(("11", "12", "13", "14", "15", "16", "17", "18", "19"), 6),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 8),
}  # fmt: skip
_SHORT = ("10", "21", "22", "30", "37", "90", "91", "92", "93", "94", "95", "96", "97", "98", "99")
_IDENTIFIER_DIGITS = {
    **dict.fromkeys((*_SHORT, *_PREDEFINED), 2),
    **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"), 4),
}


class ElementFault(StrEnum):
    """What is wrong with the elements around a coupon, or with the coupon as one."""

    NOT_ELEMENTS = "not-elements"
    VALUE_TOO_LONG = "value-too-long"
    VALUE_TOO_SHORT = "value-too-short"
    SEVERAL_COUPONS = "several-coupons"


class _WrongElementError(Exception):
    """Ends the reading of elements; never leaves this module."""

    def __init__(self, fault: ElementFault) -> None:
        super().__init__(fault)
        self.fault = fault


_Elements = Iterator[tuple[str, str]]
_Found = Coupon | CouponFault | ElementFault | None


def read_coupon(text: str, today: date) -> _Found:
    """The coupon that ``text`` holds, or what is wrong with it; None: it is not about a coupon of these kinds.

    ``today`` gives the century of its dates.
    """
    coded = text.lstrip(FNC1)
    marked = _SYMBOLOGY.match(coded)
    bare = coded[marked.end() :].lstrip(FNC1) if marked else coded
    if not any(identifier in bare for identifier in COUPON_IDENTIFIERS):
        return None
    if bare.startswith("("):
        return _coupon_among(_printed, bare.replace(" ", ""), today)
    found = _coupon_among(_scanned, bare, today)
    says_so = marked is not None or len(coded) < len(text) or FNC1 in bare
    return found if isinstance(found, Coupon) or says_so or _is_cut_coupon(bare) else None


def _is_cut_coupon(bare: str) -> bool:
    return len(bare) >= LEAST_BARE_CHARACTERS and _BARE_COUPON.fullmatch(bare) is not None


def _coupon_among(split: Callable[[str], _Elements], text: str, today: date) -> _Found:
    """The coupon in ``text``; its own fault goes before one of what follows it."""
    coupons: set[tuple[str, str]] = set()
    fault: ElementFault | None = None
    try:
        coupons.update(one for one in split(text) if one[0] in COUPON_IDENTIFIERS)
    except _WrongElementError as wrong:
        fault = wrong.fault
    if len(coupons) > 1:
        return ElementFault.SEVERAL_COUPONS
    for identifier, value in coupons:
        if len(value) > MOST_VALUE_CHARACTERS:
            return ElementFault.VALUE_TOO_LONG
        read = read_8110(value, today) if identifier == "8110" else read_8112(value)
        return fault if fault is not None and isinstance(read, Coupon) else read
    return None


def _printed(text: str) -> _Elements:
    at = 0
    for found in _PRINTED.finditer(text):
        if found.start() != at:
            break
        at = found.end()
        yield found[1], found[2]
    if at != len(text):
        raise _WrongElementError(ElementFault.NOT_ELEMENTS)


def _scanned(text: str) -> _Elements:
    at = 0
    while at < len(text):
        digits = _IDENTIFIER_DIGITS.get(text[at : at + 2], 0)
        identifier = text[at : at + digits]
        if not re.fullmatch("[0-9]+", identifier) or len(identifier) != digits:
            raise _WrongElementError(ElementFault.NOT_ELEMENTS)
        begin, end = at + len(identifier), text.find(FNC1, at)
        predefined = _PREDEFINED.get(identifier[:2])
        if predefined is not None:
            end = at + 2 + predefined
        elif end == -1:
            end = len(text)
        value = text[begin:end]
        if predefined is not None and (end > len(text) or FNC1 in value):
            raise _WrongElementError(ElementFault.VALUE_TOO_SHORT)
        yield identifier, value
        at = end + (text[end : end + 1] == FNC1)
