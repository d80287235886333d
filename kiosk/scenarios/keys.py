"""The keys that a scenario gives: those of rotating codes by name, and those that sign vouchers.

Rules of this module:

- A rotating key is what Google Wallet is given (``rotatingBarcode`` or the whole pass), or its few fields alone.
- An issuer's key is 32 bytes, raw, in base64 or base 16. It is trusted always, unless it says from when and until when.
- The same text gives the same keys: they are made once.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from kiosk.core.issuers import NO_ISSUERS, Issuer, Issuers, RevokedRange
from kiosk.core.rotating import RotatingKey, RotatingKeyError, Turning
from kiosk.core.totp import Algorithm
from kiosk.core.voucher import MAX_WHOLE, key_id, reference
from kiosk.core.wallet import DEFAULT_PATTERN, read_secret, read_wallet
from kiosk.scenarios.fields import Fields, ScenarioFault, to_ms

GIVEN = ("rotating_keys", "issuer_keys", "revoked")
_KEY_BYTES = 32
_PERIOD_S, _DIGITS = 30, 6


@dataclass(frozen=True, slots=True)
class Keys:
    """What tells rotating codes and vouchers."""

    rotating: Mapping[str, RotatingKey] = field(default_factory=dict)
    issuers: Issuers = NO_ISSUERS


NO_KEYS = Keys()


def written_keys(fields: Fields) -> str:
    """The fields of the keys as one text, by which they are known; empty where none is given."""
    given = {name: value for name in GIVEN if (value := fields.raw(name)) is not None}
    return json.dumps(given, sort_keys=True) if given else ""


def read_keys(written: str) -> Keys:
    """The keys in what :func:`written_keys` gave; raises :class:`ScenarioFault`."""
    if not written:
        return NO_KEYS
    fields = Fields(json.loads(written))
    by_name = fields.object("rotating_keys")
    rotating = {} if by_name is None else {name: _rotating(by_name, name) for name in by_name.names()}
    issuers = [_issuer(path, one) for path, one in fields.items("issuer_keys")]
    revoked = [_revoked(Fields(one, path)) for path, one in fields.items("revoked")]
    try:
        return Keys(rotating, Issuers(issuers, revoked) if issuers else NO_ISSUERS)
    except ValueError as error:
        fields.fail("issuer_keys", f"{error}.", "Give each key once.")


def _rotating(by_name: Fields, name: str) -> RotatingKey:
    written = by_name.raw(name)
    inner = Fields(written, by_name.path(name))
    try:
        if {"rotatingBarcode", "totpDetails"} & set(inner.names()):
            return read_wallet(name, json.dumps(written))
        secret = read_secret(inner.needed("secret", Fields.text, '"3132333435363738393031323334353637383930"'))
        turning = Turning(secret, inner.whole("digits") or _DIGITS)
        period_ms = (inner.whole("period_s") or _PERIOD_S) * 1000
        algorithm = cast("Algorithm", inner.text("algorithm") or "sha1")
        return RotatingKey(name, inner.text("pattern") or DEFAULT_PATTERN, period_ms, (turning,), algorithm)
    except RotatingKeyError as error:
        raise ScenarioFault(by_name.path(name), str(error), "Correct the key.") from None


def _issuer(path: str, one: Any) -> Issuer:
    if isinstance(one, str):
        return Issuer(_key_bytes(path, one), 0)
    fields = Fields(one, path)
    key = _key_bytes(fields.path("key"), fields.needed("key", Fields.text, '"base64 of 32 bytes"'))
    trusted_from, trusted_until = fields.instant("from"), fields.instant("until")
    return Issuer(
        key,
        0 if trusted_from is None else to_ms(trusted_from),
        None if trusted_until is None else to_ms(trusted_until),
    )


def _revoked(fields: Fields) -> RevokedRange:
    key = _key_bytes(fields.path("key"), fields.needed("key", Fields.text, '"base64 of 32 bytes"'))
    first = fields.needed("first", Fields.whole, "1")
    last, promotion = fields.whole("last"), fields.text("promotion")
    last = first if last is None else last
    if not first <= last <= MAX_WHOLE:
        fields.fail("last", "The range ends before it begins, or has numbers that no voucher has.", "Correct it.")
    return RevokedRange(key_id(key), first, last, None if promotion is None else reference(promotion))


def _key_bytes(path: str, written: str) -> bytes:
    for read in (bytes.fromhex, _base64):
        try:
            key = read(written.strip())
        except (ValueError, binascii.Error):
            continue
        if len(key) == _KEY_BYTES:
            return key
    raise ScenarioFault(path, "This is no Ed25519 public key.", "Write its 32 bytes in base64 or base 16.")


def _base64(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
