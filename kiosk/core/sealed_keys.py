"""Rotating keys on their way to the counters: one part of the bundle, that only the fleet can read.

Rules of this module (decision record 0016):

- Sealed under a key derived from the fleet key, which enrolled counters and head office hold and nobody else; a
  bundle, a disk without its enrolment or a copy of head office's database gives no secret away.
- AES-SIV (RFC 5297), which needs no nonce: the same keys give the same part, so that it is fetched once.
- Which version a part belongs to, the signed manifest says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kiosk.core.rotating import RotatingKey, RotatingKeyError, Turning
from kiosk.core.strict_cbor import StrictCborError, decode, encode
from kiosk.core.totp import Algorithm
from kiosk.errors import BundleError

PART = "rotating-keys"
_PURPOSE = b"counterfoil-rotating-keys-1"
_SIV_KEY_BYTES = 64


def seal_keys(keys: Iterable[RotatingKey], fleet_key: bytes) -> bytes:
    """The part that carries ``keys``."""
    told = [
        [one.name, one.pattern, one.period_ms, one.algorithm, [[each.secret, each.digits] for each in one.values]]
        for one in sorted(keys, key=lambda key: key.name)
    ]
    return _cipher(fleet_key).encrypt(encode(told), [_PURPOSE])


def open_keys(part: bytes, fleet_key: bytes) -> Mapping[str, RotatingKey]:
    """The keys in a part, by name; raises :class:`BundleError` ``bundle-sealed`` or ``bundle-malformed``."""
    try:
        told = decode(_cipher(fleet_key).decrypt(part, [_PURPOSE]))
        if not isinstance(told, list):
            raise _malformed("it is no list of keys")
        keys = [_key(one) for one in told]
    except InvalidTag:  # sealed for another fleet, or by somebody who does not hold the fleet key
        raise BundleError(
            "bundle-sealed",
            "The bundle's rotating keys are not sealed for this counter",
            where=PART,
            cure=f"{_KEPT} Enrol this counter anew if head office has a new fleet key.",
        ) from None
    except (StrictCborError, RotatingKeyError, ValueError, TypeError) as error:
        raise _malformed(str(error)) from None
    return {key.name: key for key in keys}


def _key(read: Any) -> RotatingKey:
    name, pattern, period_ms, algorithm, values = read
    if not (isinstance(name, str) and isinstance(pattern, str) and type(period_ms) is int):
        raise _malformed("a key has a field of the wrong type")
    turnings = []
    for secret, digits in values:
        if not (isinstance(secret, bytes) and type(digits) is int):
            raise _malformed("a secret has a field of the wrong type")
        turnings.append(Turning(secret, digits))
    return RotatingKey(name, pattern, period_ms, tuple(turnings), cast("Algorithm", algorithm))


def _cipher(fleet_key: bytes) -> AESSIV:
    return AESSIV(HKDF(SHA256(), _SIV_KEY_BYTES, salt=None, info=_PURPOSE).derive(fleet_key))


_KEPT = "The bundle installed before stays in force."


def _malformed(why: str) -> BundleError:
    return BundleError("bundle-malformed", f"The bundle's rotating keys cannot be read: {why}", where=PART, cure=_KEPT)
