"""A rotating key out of the file that Google Wallet is given: a pass with ``rotatingBarcode``, or that object alone.

Source: Google Wallet API, RotatingBarcode. What else is in the file is not looked at.
"""

from __future__ import annotations

import json
from typing import Any

from kiosk.core.rotating import RotatingKey, RotatingKeyError, Turning

MAX_FILE_CHARACTERS = 1_000_000
DEFAULT_PATTERN = "{totp_value_0}"


def read_wallet(name: str, content: str) -> RotatingKey:
    """The key in a wallet file; raises :class:`RotatingKeyError` with what is wrong, never with a secret."""
    if len(content) > MAX_FILE_CHARACTERS:
        raise RotatingKeyError(f"The file has {len(content):,} characters; {MAX_FILE_CHARACTERS:,} are allowed.")
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        raise RotatingKeyError("The file is no JSON.") from None
    barcode = _field(read, "rotatingBarcode", dict, read)
    details = _field(barcode, "totpDetails", dict)
    if _field(details, "algorithm", str) != "TOTP_SHA1":
        raise RotatingKeyError("The algorithm is not TOTP_SHA1, the one that Google Wallet knows.")
    parameters = _field(details, "parameters", list)
    values = tuple(
        Turning(read_secret(_field(one, "key", str)), _whole(_field(one, "valueLength", (int, str)), "valueLength"))
        for one in parameters
    )
    period_ms = _whole(_field(details, "periodMillis", (int, str)), "periodMillis")
    return RotatingKey(name, _field(barcode, "valuePattern", str), period_ms, values)


def read_secret(written: str) -> bytes:
    """A secret written in base 16."""
    try:
        return bytes.fromhex(written)
    except ValueError:
        raise RotatingKeyError("The secret is not written in base 16 (0-9, a-f).") from None


def _field(read: Any, name: str, kind: Any, otherwise: Any = None) -> Any:
    found = read.get(name, otherwise) if isinstance(read, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise RotatingKeyError(f"The file has no {name}, or it is of another type.")
    return found


def _whole(written: int | str, name: str) -> int:
    """A number that JSON has as such, or as Google writes long ones: in quotes."""
    text = str(written)
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise RotatingKeyError(f"{name} is no whole number.")
    return int(text)
