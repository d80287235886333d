"""The fields of a North American coupon, as GS1 element (8110) or (8112) carries them.

Sources: North American Coupon Application Guideline (8110); GS1 AI (8112) Coupon Data Specification; the classes of
fault are those of GS1's own linters (couponcode, couponposoffer).

Rules of this module:

- Digits alone, in the order of the standard; a *VLI* is the digit that says how long the next field is.
- The first fault from the left is the one that is told; nothing is left over at the end.
- Of two-digit years the century is chosen so that the date lies within 50 years (GS1 General Specifications, 7.12).
- Dates are days as the store's calendar counts them, inclusive: the paper names no time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class CouponFault(StrEnum):
    """What is wrong with a coupon's fields; the values are GS1's names in lower case, without its prefix."""

    NON_DIGIT_CHARACTER = "non-digit-character"
    EXCESS = "excess-data"
    MISSING_GCP_VLI = "missing-gcp-vli"
    INVALID_GCP_LENGTH = "invalid-gcp-length"
    TRUNCATED_GCP = "truncated-gcp"
    MISSING_FORMAT_CODE = "missing-format-code"
    INVALID_FORMAT_CODE = "invalid-format-code"
    MISSING_FUNDER_VLI = "missing-funder-vli"
    INVALID_FUNDER_LENGTH = "invalid-funder-length"
    TRUNCATED_FUNDER = "truncated-funder"
    TRUNCATED_OFFER_CODE = "truncated-offer-code"
    MISSING_SAVE_VALUE_VLI = "missing-save-value-vli"
    INVALID_SAVE_VALUE_LENGTH = "invalid-save-value-length"
    TRUNCATED_SAVE_VALUE = "truncated-save-value"
    MISSING_1ST_PURCHASE_REQUIREMENT_VLI = "missing-1st-purchase-requirement-vli"
    INVALID_1ST_PURCHASE_REQUIREMENT_LENGTH = "invalid-1st-purchase-requirement-length"
    TRUNCATED_1ST_PURCHASE_REQUIREMENT = "truncated-1st-purchase-requirement"
    MISSING_1ST_PURCHASE_REQUIREMENT_CODE = "missing-1st-purchase-requirement-code"
    INVALID_1ST_PURCHASE_REQUIREMENT_CODE = "invalid-1st-purchase-requirement-code"
    TRUNCATED_1ST_PURCHASE_FAMILY_CODE = "truncated-1st-purchase-family-code"
    MISSING_ADDITIONAL_PURCHASE_RULES_CODE = "missing-additional-purchase-rules-code"
    INVALID_ADDITIONAL_PURCHASE_RULES_CODE = "invalid-additional-purchase-rules-code"
    MISSING_2ND_PURCHASE_REQUIREMENT_VLI = "missing-2nd-purchase-requirement-vli"
    INVALID_2ND_PURCHASE_REQUIREMENT_LENGTH = "invalid-2nd-purchase-requirement-length"
    TRUNCATED_2ND_PURCHASE_REQUIREMENT = "truncated-2nd-purchase-requirement"
    MISSING_2ND_PURCHASE_REQUIREMENT_CODE = "missing-2nd-purchase-requirement-code"
    INVALID_2ND_PURCHASE_REQUIREMENT_CODE = "invalid-2nd-purchase-requirement-code"
    TRUNCATED_2ND_PURCHASE_FAMILY_CODE = "truncated-2nd-purchase-family-code"
    MISSING_2ND_PURCHASE_GCP_VLI = "missing-2nd-purchase-gcp-vli"
    INVALID_2ND_PURCHASE_GCP_LENGTH = "invalid-2nd-purchase-gcp-length"
    TRUNCATED_2ND_PURCHASE_GCP = "truncated-2nd-purchase-gcp"
    MISSING_3RD_PURCHASE_REQUIREMENT_VLI = "missing-3rd-purchase-requirement-vli"
    INVALID_3RD_PURCHASE_REQUIREMENT_LENGTH = "invalid-3rd-purchase-requirement-length"
    TRUNCATED_3RD_PURCHASE_REQUIREMENT = "truncated-3rd-purchase-requirement"
    MISSING_3RD_PURCHASE_REQUIREMENT_CODE = "missing-3rd-purchase-requirement-code"
    INVALID_3RD_PURCHASE_REQUIREMENT_CODE = "invalid-3rd-purchase-requirement-code"
    TRUNCATED_3RD_PURCHASE_FAMILY_CODE = "truncated-3rd-purchase-family-code"
    MISSING_3RD_PURCHASE_GCP_VLI = "missing-3rd-purchase-gcp-vli"
    INVALID_3RD_PURCHASE_GCP_LENGTH = "invalid-3rd-purchase-gcp-length"
    TRUNCATED_3RD_PURCHASE_GCP = "truncated-3rd-purchase-gcp"
    TOO_SHORT_FOR_EXPIRATION_DATE = "too-short-for-expiration-date"
    INVALID_EXPIRATION_DATE = "invalid-expiration-date"
    TOO_SHORT_FOR_START_DATE = "too-short-for-start-date"
    INVALID_START_DATE = "invalid-start-date"
    EXPIRATION_BEFORE_START = "expiration-before-start"
    MISSING_SERIAL_NUMBER_VLI = "missing-serial-number-vli"
    TRUNCATED_SERIAL_NUMBER = "truncated-serial-number"
    MISSING_RETAILER_GCP_OR_GLN_VLI = "missing-retailer-gcp-or-gln-vli"
    INVALID_RETAILER_GCP_OR_GLN_LENGTH = "invalid-retailer-gcp-or-gln-length"
    TRUNCATED_RETAILER_GCP_OR_GLN = "truncated-retailer-gcp-or-gln"
    MISSING_SAVE_VALUE_CODE = "missing-save-value-code"
    INVALID_SAVE_VALUE_CODE = "invalid-save-value-code"
    MISSING_SAVE_VALUE_APPLIES_TO_ITEM = "missing-save-value-applies-to-item"
    INVALID_SAVE_VALUE_APPLIES_TO_ITEM = "invalid-save-value-applies-to-item"
    MISSING_STORE_COUPON_FLAG = "missing-store-coupon-flag"
    MISSING_DONT_MULTIPLY_FLAG = "missing-dont-multiply-flag"
    INVALID_DONT_MULTIPLY_FLAG = "invalid-dont-multiply-flag"


@dataclass(frozen=True, slots=True)
class Purchase:
    """What must be bought: how much (``requirement``), of what unit (``code``, 0 to 4 or 9), of which family.

    ``gcp`` is the company prefix of a second or third purchase where it is not the coupon's own.
    """

    requirement: int
    code: int
    family_code: str
    gcp: str | None = None


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon. ``funder`` is a GS1 company prefix, ``offer_code`` six digits; ``serial`` None: many are alike.

    The rest is None or empty on an (8112), whose offer is kept elsewhere, but for ``format`` (0 digital, 1 paper).
    ``starts_on`` and ``expires_on`` are inclusive days at the store.
    """

    funder: str
    offer_code: str
    serial: str | None
    format: int | None = None
    save_value: int | None = None
    purchases: tuple[Purchase, ...] = ()
    additional_rules: int | None = None
    starts_on: date | None = None
    expires_on: date | None = None
    retailer: str | None = None
    save_value_code: int | None = None
    applies_to_item: int | None = None
    store_coupon: int | None = None
    do_not_multiply: bool | None = None


class _WrongFieldError(Exception):
    """Ends the reading of a coupon; never leaves this module."""

    def __init__(self, fault: CouponFault) -> None:
        super().__init__(fault)
        self.fault = fault


class _Reader:
    """Digits from left to right."""

    def __init__(self, digits: str) -> None:
        self._digits = digits
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._digits)

    def option(self, digit: str) -> bool:
        """Whether the optional field that ``digit`` announces comes next; if so it is stepped into."""
        found = self._digits[self._at : self._at + 1] == digit
        self._at += found
        return found

    def digit(self, name: str, allowed: str = "0123456789", *, wrong: str = "") -> int:
        """One digit; faults missing-``name`` and invalid-``wrong`` (default: ``name``)."""
        if self.at_end:
            raise _WrongFieldError(CouponFault(f"missing-{name}"))
        read = self._digits[self._at]
        if read not in allowed:
            raise _WrongFieldError(CouponFault(f"invalid-{wrong or name}"))
        self._at += 1
        return int(read)

    def take(self, length: int, fault: CouponFault) -> str:
        """``length`` digits; ``fault`` where fewer are left."""
        end = self._at + length
        if end > len(self._digits):
            raise _WrongFieldError(fault)
        read, self._at = self._digits[self._at : end], end
        return read

    def sized(self, name: str, allowed: str, more: int = 0) -> str:
        """A VLI among ``allowed``, then as many digits and ``more``."""
        length = self.digit(f"{name}-vli", allowed, wrong=f"{name}-length")
        return self.take(length + more, CouponFault(f"truncated-{name}"))


def read_8110(digits: str, today: date) -> Coupon | CouponFault:
    """The coupon in the value of an (8110); ``today`` gives the century of its dates."""
    try:
        return _coupon_code(_reader(digits), today)
    except _WrongFieldError as wrong:
        return wrong.fault


def read_8112(digits: str) -> Coupon | CouponFault:
    """The coupon in the value of an (8112)."""
    try:
        return _positive_offer(_reader(digits))
    except _WrongFieldError as wrong:
        return wrong.fault


def _reader(digits: str) -> _Reader:
    if digits and not (digits.isascii() and digits.isdigit()):
        raise _WrongFieldError(CouponFault.NON_DIGIT_CHARACTER)
    return _Reader(digits)


def _positive_offer(reader: _Reader) -> Coupon:
    form = reader.digit("format-code", "01")
    funder = reader.sized("funder", "0123456", 6)
    offer_code = reader.take(6, CouponFault.TRUNCATED_OFFER_CODE)
    serial = reader.sized("serial-number", "0123456789", 6)
    _nothing_left(reader)
    return Coupon(funder, offer_code, serial, format=form)


def _coupon_code(reader: _Reader, today: date) -> Coupon:
    funder = reader.sized("gcp", "0123456", 6)
    offer_code = reader.take(6, CouponFault.TRUNCATED_OFFER_CODE)
    save_value = int(reader.sized("save-value", "12345"))
    purchases = [_purchase(reader, "1st")]
    rules = None
    if reader.option("1"):
        rules = reader.digit("additional-purchase-rules-code", "0123")
        purchases.append(_further_purchase(reader, "2nd"))
    if reader.option("2"):
        purchases.append(_further_purchase(reader, "3rd"))
    starts_on, expires_on = _dates(reader, today)
    serial = reader.sized("serial-number", "0123456789", 6) if reader.option("5") else None
    retailer = reader.sized("retailer-gcp-or-gln", "1234567", 6) if reader.option("6") else None
    value_code, item, store, alone = _miscellaneous(reader) if reader.option("9") else (None,) * 4
    _nothing_left(reader)
    return Coupon(
        funder, offer_code, serial, None, save_value, tuple(purchases), rules, starts_on, expires_on,
        retailer, value_code, item, store, None if alone is None else bool(alone),
    )  # fmt: skip


def _purchase(reader: _Reader, nth: str) -> Purchase:
    requirement = int(reader.sized(f"{nth}-purchase-requirement", "12345"))
    code = reader.digit(f"{nth}-purchase-requirement-code", "012349")
    return Purchase(requirement, code, reader.take(3, CouponFault(f"truncated-{nth}-purchase-family-code")))


def _further_purchase(reader: _Reader, nth: str) -> Purchase:
    bought = _purchase(reader, nth)
    name = f"{nth}-purchase-gcp"
    length = reader.digit(f"{name}-vli", "01234569", wrong=f"{name}-length")
    if length == 9:  # the coupon's own company prefix
        return bought
    gcp = reader.take(length + 6, CouponFault(f"truncated-{name}"))
    return Purchase(bought.requirement, bought.code, bought.family_code, gcp)


def _dates(reader: _Reader, today: date) -> tuple[date | None, date | None]:
    """First and last day."""
    starts_on = expires_on = None
    if reader.option("3"):
        read = reader.take(6, CouponFault.TOO_SHORT_FOR_EXPIRATION_DATE)
        expires_on = _day(read, today, CouponFault.INVALID_EXPIRATION_DATE)
    if reader.option("4"):
        read = reader.take(6, CouponFault.TOO_SHORT_FOR_START_DATE)
        starts_on = _day(read, today, CouponFault.INVALID_START_DATE)
        if expires_on is not None and expires_on < starts_on:
            raise _WrongFieldError(CouponFault.EXPIRATION_BEFORE_START)
    return starts_on, expires_on


def _day(yymmdd: str, today: date, fault: CouponFault) -> date:
    try:
        return date(_year(int(yymmdd[:2]), today.year), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        raise _WrongFieldError(fault) from None


def _year(two_digits: int, this_year: int) -> int:
    century = this_year - this_year % 100
    away = two_digits - this_year % 100
    if away > 50:
        return century - 100 + two_digits
    return century + two_digits + (100 if away < -49 else 0)


def _miscellaneous(reader: _Reader) -> tuple[int, int, int, int]:
    value_code = reader.digit("save-value-code", "01256")
    item = reader.digit("save-value-applies-to-item", "012")
    return value_code, item, reader.digit("store-coupon-flag"), reader.digit("dont-multiply-flag", "01")


def _nothing_left(reader: _Reader) -> None:
    if not reader.at_end:
        raise _WrongFieldError(CouponFault.EXCESS)
