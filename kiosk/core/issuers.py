"""Who may issue vouchers, and which of those are revoked: the bundle's part ``issuers``.

Rules of this module:

- A key is trusted from an instant on and, where it was rotated out, before another one. While it is, all that it
  ever signed holds; a voucher needs no list.
- Revoked are ranges of serials, both ends included, of one key: of all promotions, or of one.
- The part is CBOR ``[[[public key, trusted_from_ms, trusted_until_ms or null]...], [[key id, first serial, last
  serial, promotion reference or null]...]]``. A bundle without it knows no issuer.
- One answer each, in this order: malformed, unknown-issuer, bad-signature, revoked. What is revoked is revoked
  whether its promotion is known here or not: fetching promotions would not cure it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.core import strict_cbor
from kiosk.core.strict_cbor import StrictCborError
from kiosk.core.verdict import Reason
from kiosk.core.voucher import (
    KEY_ID_BYTES,
    MAX_WHOLE,
    REFERENCE_BYTES,
    MalformedVoucherError,
    Voucher,
    is_signed,
    key_id,
    parse,
)
from kiosk.errors import BundleError

PART = "issuers"
MAX_ISSUERS = 256
MAX_REVOKED = 50_000
_LATEST_MS = 2**48


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer key: raw public, 32 bytes; trusted from (Unix milliseconds) and before; None: without end."""

    public_key: bytes
    trusted_from_ms: int
    trusted_until_ms: int | None = None

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which vouchers name it."""
        return key_id(self.public_key)


@dataclass(frozen=True, slots=True)
class RevokedRange:
    """Serials ``first`` to ``last`` of one key are revoked: of one promotion (by reference), or None: of all."""

    key_id: bytes
    first: int
    last: int
    promotion: bytes | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a voucher is not taken; ``key_id`` where one was read."""

    reason: Reason
    key_id: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Trusted:
    key: Ed25519PublicKey
    from_ms: int
    until_ms: int


class Issuers:
    """All issuers that are published, and what they revoked; made once for each bundle, asked at each voucher."""

    def __init__(self, issuers: Iterable[Issuer] = (), revoked: Iterable[RevokedRange] = ()) -> None:
        """Raises ``ValueError`` for two keys of one id, or for bytes that are no public key."""
        self._trusted: dict[bytes, _Trusted] = {}
        for one in issuers:
            until_ms = _LATEST_MS if one.trusted_until_ms is None else one.trusted_until_ms
            key = Ed25519PublicKey.from_public_bytes(one.public_key)
            if self._trusted.setdefault(one.key_id, _Trusted(key, one.trusted_from_ms, until_ms)).key != key:
                raise ValueError(f"two issuers have the key id {one.key_id.hex()}")
        self._revoked = _merged(revoked)

    def check(self, text: str, now_ms: int) -> Voucher | Doubt:
        """The voucher in ``text`` if it holds at ``now_ms``, else why it does not."""
        try:
            read = parse(text)
        except MalformedVoucherError:
            return Doubt(Reason.MALFORMED)
        voucher = read.voucher
        trusted = self._trusted.get(voucher.key_id)
        if trusted is None or not trusted.from_ms <= now_ms < trusted.until_ms:
            return Doubt(Reason.UNKNOWN_ISSUER, voucher.key_id)
        if not is_signed(read.signed, read.signature, trusted.key):
            return Doubt(Reason.BAD_SIGNATURE, voucher.key_id)
        if self._revoked and self.is_revoked(voucher):
            return Doubt(Reason.REVOKED, voucher.key_id)
        return voucher

    def is_revoked(self, voucher: Voucher) -> bool:
        """Whether the serial of ``voucher`` lies in a revoked range of its key, for its promotion."""
        return any(
            _lies_in(self._revoked.get((voucher.key_id, promotion)), voucher.serial)
            for promotion in (None, voucher.promotion)
        )


_Ranges = tuple[list[int], list[int]]  # first and last serials, in order and apart


def _merged(revoked: Iterable[RevokedRange]) -> Mapping[tuple[bytes, bytes | None], _Ranges]:
    merged: dict[tuple[bytes, bytes | None], _Ranges] = {}
    for one in sorted(revoked, key=lambda one: one.first):
        firsts, lasts = merged.setdefault((one.key_id, one.promotion), ([], []))
        if lasts and one.first <= lasts[-1]:
            lasts[-1] = max(lasts[-1], one.last)
        else:
            firsts.append(one.first)
            lasts.append(one.last)
    return merged


def _lies_in(ranges: _Ranges | None, serial: int) -> bool:
    if ranges is None:
        return False
    firsts, lasts = ranges
    at = bisect_right(firsts, serial)
    return at > 0 and serial <= lasts[at - 1]


NO_ISSUERS = Issuers()
"""Every voucher is of an unknown issuer."""


# --- in a bundle -----------------------------------------------------------------------------------


def issuers_part(issuers: Iterable[Issuer], revoked: Iterable[RevokedRange]) -> bytes:
    """The bundle's part; raises ``BundleError`` for what no counter would read."""
    part = strict_cbor.encode(
        [
            [[one.public_key, one.trusted_from_ms, one.trusted_until_ms] for one in issuers],
            [[one.key_id, one.first, one.last, one.promotion] for one in revoked],
        ]
    )
    read_issuers(part)
    return part


def read_issuers(part: bytes | None) -> Issuers:
    """The issuers in a bundle's part; None: a bundle without one. Raises ``bundle-malformed``."""
    if part is None:
        return NO_ISSUERS
    try:
        read = strict_cbor.decode(part)
        issuers, revoked = _list(read, 2)
        return Issuers(
            (_issuer(*_list(one, 3)) for one in _list(issuers, None, MAX_ISSUERS)),
            (_range(*_list(one, 4)) for one in _list(revoked, None, MAX_REVOKED)),
        )
    except (StrictCborError, UnsupportedAlgorithm, ValueError) as error:
        cure = "The bundle installed before stays in force. Tell head office."
        raise BundleError("bundle-malformed", f"The bundle's list of issuers: {error}", where=PART, cure=cure) from None


def _issuer(public_key: Any, from_ms: Any, until_ms: Any) -> Issuer:
    until = None if until_ms is None else _whole(until_ms, _LATEST_MS)
    return Issuer(_bytes(public_key, 32), _whole(from_ms, _LATEST_MS), until)


def _range(key: Any, first: Any, last: Any, promotion: Any) -> RevokedRange:
    whole = _whole(first, MAX_WHOLE), _whole(last, MAX_WHOLE)
    if whole[0] > whole[1]:
        raise ValueError("a revoked range ends before it begins")
    return RevokedRange(
        _bytes(key, KEY_ID_BYTES), *whole, None if promotion is None else _bytes(promotion, REFERENCE_BYTES)
    )


def _list(read: Any, length: int | None, most: int = MAX_REVOKED) -> list[Any]:
    if not isinstance(read, list) or len(read) > most or (length is not None and len(read) != length):
        raise ValueError("a list has the wrong length")
    return read


def _bytes(read: Any, length: int) -> bytes:
    if not isinstance(read, bytes) or len(read) != length:
        raise ValueError("a byte string has the wrong length")
    return read


def _whole(read: Any, most: int) -> int:
    if isinstance(read, bool) or not isinstance(read, int) or not 0 <= read <= most:
        raise ValueError("a number is out of range")
    return read
