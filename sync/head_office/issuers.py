"""Head office's issuer keys, the serials they have given, and what is revoked.

Rules of this module:

- The newest key signs; those before it are trusted until their time is over, and cannot sign any more: a private
  half is a file beside the other keys, and goes when its key is rotated out.
- What is public, and the next serial of each key, lie in one setting of the database. It is read and written inside
  ``store.together()``, so no serial is given twice, whatever the number of programs.
- A serial is of its key, whatever the promotion. Those of a transaction that fails are given again; those of a
  program that dies later are lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import to_ms
from kiosk.config import load_or_make_key, write_private
from kiosk.core.issuers import Issuer, RevokedRange, issuers_part
from kiosk.core.voucher import MAX_WHOLE, key_id, reference
from kiosk.errors import CounterfoilError
from sync.head_office.office import HeadOffice
from sync.head_office.store import HeadOfficeStore

CLOCK_LAG_MS = 24 * 3_600_000
"""A new key is trusted from so long ago: the clock of a counter may lag, and nothing was signed before it was made."""

_SETTING = "voucher-issuers"


class VoucherError(CounterfoilError):
    """A voucher cannot be issued or revoked; ``code`` names why."""


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One issuer key, its public half; ``next_serial`` was never given. Instants are Unix milliseconds."""

    public_key: bytes
    trusted_from_ms: int
    trusted_until_ms: int | None = None
    next_serial: int = 1

    @property
    def id(self) -> str:
        """Its id as a person reads it: 8 hexadecimal digits."""
        return key_id(self.public_key).hex()


@dataclass(frozen=True, slots=True)
class Revocation:
    """Serials ``first`` to ``last`` of the key ``key``, of one promotion (its id) or None: of all."""

    key: str
    first: int
    last: int
    promotion: str | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All issuer keys, oldest first, and all revocations in the order in which they were made."""

    keys: tuple[IssuerKey, ...] = ()
    revoked: tuple[Revocation, ...] = ()

    def key(self, key: str) -> IssuerKey | None:
        """The key of that id, in either case."""
        return next((one for one in self.keys if one.id == key.lower()), None)


# --- the ledger ------------------------------------------------------------------------------------


def ledger(store: HeadOfficeStore) -> Ledger:
    """What the database holds; empty before the first key."""
    read = json.loads(store.setting(_SETTING) or '{"keys": [], "revoked": []}')
    return Ledger(
        tuple(IssuerKey(**one | {"public_key": bytes.fromhex(one["public_key"])}) for one in read["keys"]),
        tuple(Revocation(**one) for one in read["revoked"]),
    )


def put_ledger(store: HeadOfficeStore, kept: Ledger) -> None:
    """Keep it, in place of the one before."""
    keys = [_fields(one) | {"public_key": one.public_key.hex()} for one in kept.keys]
    store.put_setting(_SETTING, json.dumps({"keys": keys, "revoked": [_fields(one) for one in kept.revoked]}))


def _fields(one: IssuerKey | Revocation) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def take_serials(store: HeadOfficeStore, count: int, first: int | None = None) -> int:
    """Give ``count`` serials of the newest key to nobody else, and say the first of them.

    ``first``: where to begin, at or behind the next; those left out are never given. Raises ``voucher-serial``.
    """
    kept = ledger(store)
    newest = kept.keys[-1]
    begin = newest.next_serial if first is None else first
    if begin < newest.next_serial:
        raise VoucherError(
            "voucher-serial",
            f"Serials up to {newest.next_serial - 1} of the key {newest.id} were given already",
            cure=f"Begin at {newest.next_serial}, or leave --serial out.",
        )
    if begin + count - 1 > MAX_WHOLE:
        raise VoucherError("voucher-serial", f"A serial is {MAX_WHOLE} at most", cure="Begin lower, or rotate the key.")
    put_ledger(store, replace(kept, keys=(*kept.keys[:-1], replace(newest, next_serial=begin + count))))
    return begin


# --- keys ------------------------------------------------------------------------------------------


def key_file(place: Path, key: str) -> Path:
    """Where the private half of an issuer key lies: a raw seed of 32 bytes, mode 0600."""
    return place / f"issuer-{key}.key"


def ensure_issuer(office: HeadOffice, store: HeadOfficeStore) -> Ledger:
    """The ledger with at least one key: the first is made here."""
    kept = ledger(store)
    return kept if kept.keys else add_key(office, store)


def add_key(office: HeadOffice, store: HeadOfficeStore, *, old_until_ms: int | None = None) -> Ledger:
    """Make the key that signs from now on; the one before is trusted until ``old_until_ms``, None: without end."""
    kept = ledger(store)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    made = IssuerKey(public, to_ms(office.clock.now()) - CLOCK_LAG_MS)
    if kept.key(made.id) is not None:  # one in four thousand million: vouchers could not tell the two apart
        return add_key(office, store, old_until_ms=old_until_ms)
    write_private(key_file(office.place, made.id), key.private_bytes_raw())
    before = (*kept.keys[:-1], replace(kept.keys[-1], trusted_until_ms=old_until_ms)) if kept.keys else ()
    grown = replace(kept, keys=(*before, made))
    put_ledger(store, grown)
    return grown


def signing_key(office: HeadOffice, newest: IssuerKey) -> Ed25519PrivateKey:
    """The private half of the newest key; raises ``voucher-key-missing``."""
    path = key_file(office.place, newest.id)
    if not path.is_file():
        raise VoucherError(
            "voucher-key-missing",
            f"The private half of the issuer key {newest.id} is missing",
            where=str(path),
            cure="Make a new one with: head-office voucher rotate-key. Vouchers issued before stay valid.",
        )
    return load_or_make_key(path)


def forget_private(office: HeadOffice, keys: Iterable[IssuerKey]) -> None:
    """Take away the private halves of keys that sign no more: nobody can steal them any more."""
    for one in keys:
        key_file(office.place, one.id).unlink(missing_ok=True)


# --- for the bundle --------------------------------------------------------------------------------


def bundle_part(office: HeadOffice, store: HeadOfficeStore) -> bytes:
    """Issuers and revocations as counters get them. The first key is made here, so that counters know it early."""
    kept = ensure_issuer(office, store)
    return issuers_part(
        (Issuer(one.public_key, one.trusted_from_ms, one.trusted_until_ms) for one in kept.keys),
        (
            RevokedRange(
                bytes.fromhex(one.key), one.first, one.last, None if one.promotion is None else reference(one.promotion)
            )
            for one in kept.revoked
        ),
    )
