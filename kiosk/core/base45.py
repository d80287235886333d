"""Base45 (RFC 9285): bytes as the characters that a QR code packs best in its alphanumeric mode.

Rules of this module:

- Two bytes are three characters, least significant first; a last single byte is two.
- Decoding is strict: only the alphabet, no length that leaves one character over, no group above what its bytes
  can hold (RFC 9285 section 6). So one byte string has one spelling.
"""

from __future__ import annotations

import struct

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

_NO_DIGIT = 255
_DIGITS = bytes(ALPHABET.find(chr(octet)) if chr(octet) in ALPHABET else _NO_DIGIT for octet in range(256))
_PAIRS = [low + high for high in ALPHABET for low in ALPHABET]


class Base45Error(ValueError):
    """A text that is not base45."""


def encode(raw: bytes) -> str:
    """``raw`` as base45 text, 1.5 characters a byte."""
    pairs, odd = divmod(len(raw), 2)
    groups = (divmod(two, 2025) for two in struct.unpack_from(f">{pairs}H", raw))
    text = "".join([_PAIRS[low] + ALPHABET[high] for high, low in groups])
    return text + _PAIRS[raw[-1]] if odd else text


def decode(text: str) -> bytes:
    """The bytes that ``text`` spells; raises :class:`Base45Error`."""
    try:
        digits = text.encode("ascii").translate(_DIGITS)
    except UnicodeEncodeError:
        raise Base45Error("it has a character outside ASCII") from None
    triples, left = divmod(len(digits), 3)
    if _NO_DIGIT in digits:
        raise Base45Error("it has a character outside the alphabet")
    if left == 1:
        raise Base45Error("one character is left over")
    end = 3 * triples
    try:
        raw = struct.pack(
            f">{triples}H",
            *[
                low + 45 * middle + 2025 * high
                for low, middle, high in zip(digits[0:end:3], digits[1:end:3], digits[2:end:3], strict=True)
            ],
        )
        return raw + bytes((digits[end] + 45 * digits[end + 1],)) if left else raw
    except (struct.error, ValueError):
        raise Base45Error("a group is larger than its bytes can hold") from None
