"""A snapshot: what is settled, which entries of which feeds it covers, and the signature of the counter that made it.

Rules of this module:

- ``"kj1snap1" | len(head) u32 | head | tables``: *head* is CBOR [statement, signature], and the last byte of the first
  eight is the format. The tables lie one behind the other in the order in which the statement names them.
- The statement is a CBOR map: 1 the counter's feed, 2 its key epoch, 3 when it was made (its clock), 4 what is
  covered, [[feed, n, hash], ...], 5 [[table, bytes], ...], 6 the SHA-256 of all tables, 7 the names, 8 what is small,
  by name. The signature is Ed25519 by the device key over CBOR ["kj1-snapshot", statement].
- A snapshot says nothing that its feeds do not: who does not like it leaves it, and folds. So whatever is wrong with
  one is one error, :class:`SnapshotError`, raised before anything in it is believed.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.core.entry import FeedId, Head
from kiosk.core.freezing import Frozen
from kiosk.core.packed import Octets, Rows
from kiosk.core.settled import BODIES, TABLES, Settled, Small
from kiosk.core.strict_cbor import StrictCborError, decode

MAGIC, FORMAT = b"kj1snap", b"1"
_LENGTH = struct.Struct(">I")
_HEAD_AT = len(MAGIC) + len(FORMAT) + _LENGTH.size
_HASHED_BYTES = 1 << 20


class SnapshotError(ValueError):
    """Bytes that are no snapshot of this counter's, of this format; says why in a few words."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is settled, and up to where: ``covered`` are the heads of the feeds when it was made."""

    feed: FeedId
    key_epoch: int
    at_ms: int
    covered: Mapping[FeedId, Head]
    settled: Settled


def write(
    frozen: Frozen, covered: Mapping[FeedId, Head], feed: FeedId, key_epoch: int, at_ms: int, key: Ed25519PrivateKey
) -> Iterator[bytes]:
    """The bytes of a snapshot, piece by piece."""
    sha256 = hashlib.sha256()
    for section in frozen.sections.values():
        sha256.update(section)
    statement = cbor2.dumps(
        {
            1: str(feed),
            2: key_epoch,
            3: at_ms,
            4: [[str(one), head.n, head.hash] for one, head in sorted(covered.items())],
            5: [[name, len(section)] for name, section in frozen.sections.items()],
            6: sha256.digest(),
            7: list(frozen.names),
            8: _small(frozen.small),
        }
    )
    head = cbor2.dumps([statement, key.sign(_signed(statement))])
    yield MAGIC + FORMAT + _LENGTH.pack(len(head)) + head
    yield from frozen.sections.values()


def read(octets: Octets, keys: Mapping[FeedId, bytes], *, older: bool = False) -> Snapshot:
    """The snapshot that ``octets`` are; raises :class:`SnapshotError`.

    ``keys``: which feeds' snapshots may be believed, each with the 32-byte public key that signed it.
    ``older``: also one of an older release, which did not know all that this one folds; the entries that it covers are
    gone, and nothing is to be had but that.
    """
    begins = octets[: len(MAGIC)]
    if begins != MAGIC:
        raise SnapshotError("it is no snapshot")
    if octets[len(MAGIC) : len(MAGIC) + 1] != FORMAT:
        raise SnapshotError("it is of another release's format")
    try:
        (length,) = _LENGTH.unpack(octets[_HEAD_AT - _LENGTH.size : _HEAD_AT])
        statement, signature = decode(octets[_HEAD_AT : _HEAD_AT + length])
        signers = {key for key in keys.values() if _is_signed(statement, signature, key)}
    except (struct.error, StrictCborError, ValueError, TypeError) as error:
        raise SnapshotError(f"its beginning is damaged: {type(error).__name__}") from None
    if not signers:
        # whoever can write the file takes used marks out of it; nothing of the statement is looked at before
        raise SnapshotError("this counter did not sign it")
    stated = cbor2.loads(statement)
    feed = FeedId.parse(stated[1])
    if keys.get(feed) not in signers:
        # another counter's; or one life of a counter passes off what an earlier one knew as its own
        raise SnapshotError(f"it is of {feed}")
    if not isinstance(stated[8], dict):
        raise SnapshotError("it is of another release's format")
    missing = [*(TABLES.keys() - dict(stated[5]).keys()), *({one.name for one in fields(Small)} - stated[8].keys())]
    if missing and not older:
        raise SnapshotError(f"it is of another release's format: it has no {', '.join(sorted(missing))}")
    return _believed(octets, _HEAD_AT + length, stated, feed)


def _is_signed(statement: bytes, signature: bytes, key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _signed(statement))
    except (InvalidSignature, ValueError):
        return False
    return True


def _believed(octets: Octets, start: int, stated: Mapping[int, Any], feed: FeedId) -> Snapshot:
    """What a statement says that was signed with our key: written by us, of this format."""
    if _sha256(octets, start) != stated[6]:
        # a disk that lost or turned bits, or a hand that did
        raise SnapshotError("its tables are damaged")
    found: dict[str, Rows] = {}
    for name, length in stated[5]:
        found[name] = Rows(octets, start, length, TABLES.get(name, 1))
        start += length
    tables = {name: found.get(name) or Rows(b"", 0, 0, width) for name, width in TABLES.items()}
    settled = Settled(stated[7], _small_again(stated[8]), tables, found[BODIES])
    covered = {FeedId.parse(name): Head(n, digest) for name, n, digest in stated[4]}
    return Snapshot(feed, stated[2], stated[3], covered, settled)


def _sha256(octets: Octets, start: int) -> bytes:
    sha256 = hashlib.sha256()
    for at in range(start, len(octets), _HASHED_BYTES):
        sha256.update(octets[at : at + _HASHED_BYTES])
    return sha256.digest()


def _signed(statement: bytes) -> bytes:
    return cbor2.dumps(["kj1-snapshot", statement])


def _small(small: Small) -> dict[str, Any]:
    return {one.name: getattr(small, one.name) for one in fields(Small)}


def _small_again(read: Mapping[str, Any]) -> Small:
    known = {one.name: read[one.name] for one in fields(Small) if one.name in read}
    pairs = {name: _pairs(known[name]) for name in ("receipts", "figures")}
    return Small(**(known | pairs))


def _pairs(read: Mapping[str, list[int]]) -> dict[str, tuple[int, int]]:
    return {name: (first, second) for name, (first, second) in read.items()}
