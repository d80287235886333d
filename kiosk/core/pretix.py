"""Tickets that pretix signed (scheme ``pretix_sig1``), honoured as somebody else's credential.

The text is base64, written backwards: a version byte (1), the lengths of payload and signature (16 bits each, big
endian), the payload (protobuf) and an Ed25519 signature over it. Source: pretix, ``base/secrets.py`` and
``pretix_sig1.proto``.

Rules of this module:

- The lengths account for each byte; nothing may follow.
- Nothing of a payload is read before a key has verified it.
- Protobuf as the wire has it: of a field that comes twice the last counts, fields that are not known are stepped over.
- A time of 0, or none, is no limit.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

KEY_BYTES = 32
SIGNATURE_BYTES = 64
LATEST_S = 32_503_680_000  # the year 3000: later is the same to every rule, and no calendar ends there

_HEAD_BYTES = 5
_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Signed:
    """A text of this scheme, not yet verified."""

    payload: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a verified ticket says; times are Unix seconds, inclusive, None: no limit."""

    seed: str
    item: int
    variation: int = 0
    subevent: int = 0
    valid_from_s: int | None = None
    valid_until_s: int | None = None


def read_key(text: str) -> bytes | None:
    """The 32 bytes of an Ed25519 public key, written in base64 as they are, as DER or as PEM; None: it is none."""
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
        if len(raw) == KEY_BYTES:
            key = Ed25519PublicKey.from_public_bytes(raw)
        else:
            loaded = load_pem_public_key(raw) if raw.startswith(b"-----BEGIN") else load_der_public_key(raw)
            if not isinstance(loaded, Ed25519PublicKey):
                return None
            key = loaded
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key.public_bytes_raw()


def split(text: str) -> Signed | None:
    """The parts of a text in this scheme; None: it is not one."""
    if not text.endswith("QA"):  # version 1, and a payload under 4 kB: what base64 makes of that, backwards
        return None
    try:
        raw = base64.b64decode(text[::-1], validate=True)
    except (binascii.Error, ValueError):
        return None
    payload, signature = (int.from_bytes(raw[at : at + 2], "big") for at in (1, 3))
    if signature != SIGNATURE_BYTES or len(raw) != _HEAD_BYTES + payload + signature:
        return None
    return Signed(raw[_HEAD_BYTES : _HEAD_BYTES + payload], raw[_HEAD_BYTES + payload :])


def signer(signed: Signed, keys: Iterable[bytes]) -> bytes | None:
    """Which of ``keys`` (32 bytes each) signed; None: none of them."""
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signed.signature, signed.payload)
        except (InvalidSignature, ValueError):
            continue
        return key
    return None


def read_ticket(payload: bytes) -> Ticket | None:
    """The ticket in a verified payload; None where it is no ticket."""
    numbers: dict[int, int] = {}
    seed = ""
    try:
        for field, value in _fields(payload):
            if field == 1 and isinstance(value, bytes):
                seed = value.decode()
            elif 2 <= field <= 6 and isinstance(value, int):
                numbers[field] = value - (value >> 63 << 64)  # int64
            elif 1 <= field <= 6:  # a known field of another type
                return None
    except ValueError:
        return None
    item, variation, subevent, begins, ends = (numbers.get(field, 0) for field in range(2, 7))
    return Ticket(seed, item, variation, subevent, _limit(begins), _limit(ends)) if seed else None


def _limit(seconds: int) -> int | None:
    return min(seconds, LATEST_S) if seconds > 0 else None


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of a protobuf message; raises :class:`ValueError` where it is none."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        field, wire_type = tag >> 3, tag & 7
        if not 1 <= field < 1 << 29:
            raise ValueError(field)
        value: int | bytes
        if wire_type == _VARINT:
            value, at = _varint(message, at)
        elif wire_type in (_FIXED64, _FIXED32, _DELIMITED):
            length = {_FIXED64: 8, _FIXED32: 4}.get(wire_type)
            if length is None:
                length, at = _varint(message, at)
            if length > len(message) - at:
                raise ValueError(length)
            value, at = message[at : at + length], at + length
        else:
            raise ValueError(wire_type)
        yield field, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number of at most 64 bits, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        if at == len(message):
            break
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >= 1 << 64:
                break
            return number, at
    raise ValueError(at)
