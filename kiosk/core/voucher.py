"""The signed voucher: one right for one holder, in a text that a small QR code carries.

Rules of this module (decision record 0014; the layout is in ``sync/PROTOCOL.md``):

- The text is ``CF1:`` and base45 (RFC 9285) of body and signature, at most 154 characters: a QR code of version 6-M.
  Lower case is what a person or a keyboard scanner makes of it, and is taken. Everything else has one spelling.
- The body begins with the issuer key's id, the promotion's reference and the serial; then flags say which of
  window, face and owner follow, in that order. Numbers are big-endian.
- The signature is Ed25519 (RFC 8032) by the issuer key over the prefix and the body: under another prefix, and so
  in another format, it holds for nothing.
- Ids travel as the first bytes of SHA-256; what is published never has two whose references are the same.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.core.base45 import Base45Error, decode, encode

PREFIX = "CF1:"
MAX_CHARACTERS = 154
KEY_ID_BYTES = 4
REFERENCE_BYTES = 5
COUNTER_REFERENCE_BYTES = 4
SIGNATURE_BYTES = 64
MAX_WHOLE = 2**32 - 1
"""The largest serial, the largest face in minor units, and the last second (in 2106) of a window."""

_CONTEXT = PREFIX.encode()
_HEAD = struct.Struct(f">{KEY_ID_BYTES}s{REFERENCE_BYTES}sIB")
_WHOLE = struct.Struct(">I")
_STARTS, _ENDS, _FACE, _STORE, _COUNTER = 1, 2, 4, 8, 16
_SIZES = {_STARTS: 4, _ENDS: 4, _FACE: 4, _STORE: REFERENCE_BYTES, _COUNTER: COUNTER_REFERENCE_BYTES}
# by flags: the whole length in bytes; a counter is nothing without its store
_LENGTHS = {
    flags: _HEAD.size + SIGNATURE_BYTES + sum(size for flag, size in _SIZES.items() if flags & flag)
    for flags in range(32)
    if flags & _STORE or not flags & _COUNTER
}


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a voucher says. ``key_id``, ``promotion``, ``store`` and ``counter`` are references, not ids.

    The window is from ``starts_at_ms`` on and before ``ends_at_ms``: Unix milliseconds in whole seconds. ``face_minor``
    is in minor units of the promotion's currency, at least 1. None: not limited, no face of its own, anyone's.
    """

    key_id: bytes
    promotion: bytes
    serial: int
    starts_at_ms: int | None = None
    ends_at_ms: int | None = None
    face_minor: int | None = None
    store: bytes | None = None
    counter: bytes | None = None


@dataclass(frozen=True, slots=True)
class SignedVoucher:
    """A voucher as it was read, nothing verified yet: what was signed, and the 64-byte signature."""

    voucher: Voucher
    signed: bytes
    signature: bytes


class MalformedVoucherError(ValueError):
    """A text that is no voucher, or a voucher that no text can carry."""


# --- references ----------------------------------------------------------------------------------


def key_id(public_key: bytes) -> bytes:
    """The 4 bytes by which a voucher names its issuer's raw public key."""
    return hashlib.sha256(public_key).digest()[:KEY_ID_BYTES]


def reference(name: str) -> bytes:
    """The 5 bytes by which a voucher names a promotion or a store."""
    return hashlib.sha256(name.encode()).digest()[:REFERENCE_BYTES]


def counter_reference(name: str) -> bytes:
    """The 4 bytes by which a voucher names a counter, once the store is known."""
    return hashlib.sha256(name.encode()).digest()[:COUNTER_REFERENCE_BYTES]


def same_references(names: Iterable[str], size: int = REFERENCE_BYTES) -> Iterator[tuple[int, str]]:
    """Which of ``names`` (their places) a voucher could not tell from an earlier, different one, and that one."""
    seen: dict[bytes, str] = {}
    for at, name in enumerate(names):
        first = seen.setdefault(hashlib.sha256(name.encode()).digest()[:size], name)
        if first != name:
            yield at, first


# --- writing ---------------------------------------------------------------------------------------


def issue(voucher: Voucher, key: Ed25519PrivateKey) -> str:
    """The text of ``voucher``, signed; raises :class:`MalformedVoucherError` for what no voucher can say."""
    flags, tail = 0, b""
    for flag, part in (
        (_STARTS, _second(voucher.starts_at_ms)),
        (_ENDS, _second(voucher.ends_at_ms)),
        (_FACE, voucher.face_minor),
        (_STORE, voucher.store),
        (_COUNTER, voucher.counter),
    ):
        if part is not None:
            flags |= flag
            tail += part if isinstance(part, bytes) else _whole(part)
    _whole(voucher.serial)
    body = _HEAD.pack(voucher.key_id, voucher.promotion, voucher.serial, flags) + tail
    if voucher.key_id != key_id(key.public_key().public_bytes_raw()):
        raise MalformedVoucherError("another key would sign it than the one that it names")
    text = PREFIX + encode(body + key.sign(_CONTEXT + body))
    if parse(text).voucher != voucher:
        raise MalformedVoucherError("a reference in it has the wrong length")
    return text


def _second(at_ms: int | None) -> int | None:
    if at_ms is None:
        return None
    seconds, rest = divmod(at_ms, 1000)
    if rest:
        raise MalformedVoucherError("its window is not in whole seconds")
    return seconds


def _whole(number: int) -> bytes:
    if not 0 <= number <= MAX_WHOLE:
        raise MalformedVoucherError(f"the number {number} does not fit; 0 to {MAX_WHOLE} do")
    return _WHOLE.pack(number)


# --- reading ---------------------------------------------------------------------------------------


def is_voucher(text: str) -> bool:
    """Whether ``text`` means to be a voucher: by its prefix alone."""
    return text[: len(PREFIX)].upper() == PREFIX


def parse(text: str) -> SignedVoucher:
    """The voucher in ``text``, its signature not checked; raises :class:`MalformedVoucherError`."""
    if len(text) > MAX_CHARACTERS or not text.isascii():
        raise MalformedVoucherError("it is too long, or not in ASCII")
    upper = text.upper()
    if not upper.startswith(PREFIX):
        raise MalformedVoucherError(f"it does not begin with {PREFIX}")
    try:
        raw = decode(upper[len(PREFIX) :])
    except Base45Error as error:
        raise MalformedVoucherError(str(error)) from None
    if len(raw) < _HEAD.size or len(raw) != _LENGTHS.get(raw[_HEAD.size - 1]):
        raise MalformedVoucherError("its length is not the one that its flags ask for")
    return SignedVoucher(_voucher(raw), _CONTEXT + raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:])


def _voucher(raw: bytes) -> Voucher:
    issuer, promotion, serial, flags = _HEAD.unpack_from(raw)
    at = _HEAD.size
    wholes: list[int | None] = []
    for flag in (_STARTS, _ENDS, _FACE):
        wholes.append(_WHOLE.unpack_from(raw, at)[0] if flags & flag else None)
        at += 4 if flags & flag else 0
    starts_s, ends_s, face_minor = wholes
    if face_minor == 0:
        raise MalformedVoucherError("its face is nothing")
    if starts_s is not None and ends_s is not None and starts_s >= ends_s:
        raise MalformedVoucherError("its window ends before it begins")
    store = raw[at : at + REFERENCE_BYTES] if flags & _STORE else None
    at += REFERENCE_BYTES
    counter = raw[at : at + COUNTER_REFERENCE_BYTES] if flags & _COUNTER else None
    starts_at_ms, ends_at_ms = (None if second is None else second * 1000 for second in (starts_s, ends_s))
    return Voucher(issuer, promotion, serial, starts_at_ms, ends_at_ms, face_minor, store, counter)


def is_signed(signed: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    """Whether ``key`` made ``signature`` over ``signed`` (RFC 8032 section 5.1.7)."""
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True
