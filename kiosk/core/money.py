"""Amounts of money: exact decimal text outside, whole minor units (cents) inside. Never a float."""

from __future__ import annotations

import re

_DEFAULT_EXPONENT = 2
_NO_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
    "XAF", "XOF", "XPF",
})  # fmt: skip
_EXPONENTS = {
    **dict.fromkeys(_NO_DECIMALS, 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # ISO 4217, list one; every currency that is not named here has two decimals

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency; amounts in it have two decimals here."""

AMOUNT_PATTERN = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$"
_AMOUNT = re.compile(AMOUNT_PATTERN.removesuffix("$"))
_CURRENCY = re.compile(r"[A-Z]{3}")


class AmountError(ValueError):
    """Text that is no exact amount of its currency."""


def exponent(currency: str) -> int:
    """How many decimals ``currency`` (three letters, ISO 4217) has: 0 for JPY, 2 for USD, 3 for KWD."""
    if not _CURRENCY.fullmatch(currency):
        raise AmountError(f'a currency is three capital letters such as "USD", not {currency!r}')
    return _EXPONENTS.get(currency, _DEFAULT_EXPONENT)


def to_minor(text: str, currency: str) -> int:
    """The minor units that ``text`` names: ``"12.00"`` USD is 1200, ``"1200"`` JPY is 1200.

    Raises :class:`AmountError` for anything but plain digits with at most the currency's decimals.
    """
    if not _AMOUNT.fullmatch(text):
        raise AmountError(f'an amount is plain digits such as "12.00", not {text!r}')
    decimals = exponent(currency)
    whole, _, fraction = text.partition(".")
    if len(fraction) > decimals:
        allowed = f"{decimals} decimals" if decimals else "no decimals"
        raise AmountError(f"{currency} has {allowed}, {text!r} has {len(fraction)}")
    return int(whole + fraction.ljust(decimals, "0"))


def from_minor(amount_minor: int, currency: str) -> str:
    """The exact decimal text of ``amount_minor``, with all decimals of ``currency``; the reverse of to_minor."""
    decimals = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"
