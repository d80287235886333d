"""How amounts and names are printed. What was read off a code or a screen: ``kiosk.core.inert``."""

from __future__ import annotations

from kiosk.core.money import AmountError, from_minor, to_minor
from kiosk.core.promotion import Value
from kiosk.web.language import gettext as _

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def amount(text: str, currency: str | None) -> str:
    """As "$12.00", "12.00 CHF"."""
    if currency is None:
        return text
    try:
        exact = from_minor(to_minor(text, currency), currency)
    except AmountError:
        exact = text
    symbol = _SYMBOLS.get(currency)
    return f"{exact} {currency}" if symbol is None else f"{symbol}{exact}"


def worth(value: Value | None) -> str:
    """As "Worth $12.00.", "20 % off, $15.00 at most."."""
    if value is None:
        return ""
    if value.amount is not None:
        return _("Worth %(amount)s.", amount=amount(value.amount, value.currency))
    if value.at_most is None:
        return _("%(percent)s %% off.", percent=value.percent)
    most = amount(value.at_most, value.currency)
    return _("%(percent)s %% off, %(most)s at most.", percent=value.percent, most=most)


def initials(name: str) -> str:
    """Two letters for a badge: "Ana Marta" is AM, "Ben" is BE."""
    words = name.split()
    letters = words[0][0] + words[-1][0] if len(words) > 1 else name.strip()[:2]
    return letters.upper()
