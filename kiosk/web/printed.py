"""How amounts and names are printed. What was read off a code or a screen: ``kiosk.core.inert``."""

from __future__ import annotations

from kiosk.core.money import AmountError, from_minor, to_minor
from kiosk.core.promotion import Value

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
        return f"Worth {amount(value.amount, value.currency)}."
    at_most = "" if value.at_most is None else f", {amount(value.at_most, value.currency)} at most"
    return f"{value.percent} % off{at_most}."


def initials(name: str) -> str:
    """Two letters for a badge: "Ana Marta" is AM, "Ben" is BE."""
    words = name.split()
    letters = words[0][0] + words[-1][0] if len(words) > 1 else name.strip()[:2]
    return letters.upper()
