"""Feeds, entries, facts and checkpoints: the format of the journal.

Rules of this module:

- A *feed* is (origin, incarnation): one writer, entries 1..n without gaps.
- ``hash_n = SHA-256("kj1" | len(feed) u16 | feed | n u64 | hash_{n-1} | len(body) u32 | body)``,
  all integers big-endian; ``hash_0`` is 32 zero bytes; ``feed`` is ``"origin@incarnation"`` in UTF-8.
- A *body* is deterministic CBOR (RFC 8949 section 4.2.1): a map from small integers. Key 0 is the
  kind of fact. It is stored and hashed as written, and never re-encoded.
- An unknown kind or key comes from a newer release: it is kept, hashed, exchanged, and ignored by folds.
- A *checkpoint* is an Ed25519 signature (RFC 8032) over feed, n, head, key epoch and time.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT = b"kj1"
HASH_BYTES = 32
EMPTY_HEAD = bytes(HASH_BYTES)
MAX_BODY_BYTES = 64 * 1024
MAX_ORIGIN_CHARACTERS = 96

_ORIGIN = re.compile(r"[a-z0-9][a-z0-9/._-]*")


class MalformedEntryError(ValueError):
    """Bytes that are no entry, feed name or checkpoint of this format."""


@dataclass(frozen=True, slots=True, order=True)
class FeedId:
    """One journal's stream: who writes it, and the how-manieth life of that writer."""

    origin: str
    incarnation: int
    _name: str = field(init=False, repr=False, compare=False)  # asked for with each entry that is folded

    def __post_init__(self) -> None:
        if len(self.origin) > MAX_ORIGIN_CHARACTERS or not _ORIGIN.fullmatch(self.origin):
            raise MalformedEntryError(f"a feed's origin has a-z, 0-9, / . _ - only, not {self.origin!r}")
        if not 0 < self.incarnation < 2**32:
            raise MalformedEntryError(f"a feed's incarnation is 1 to 4294967295, not {self.incarnation}")
        object.__setattr__(self, "_name", f"{self.origin}@{self.incarnation}")

    def __str__(self) -> str:
        return self._name

    def __hash__(self) -> int:
        return hash(self._name)  # a text remembers its hash

    @classmethod
    def parse(cls, text: str) -> FeedId:
        """The feed that ``str()`` wrote; raises :class:`MalformedEntryError`."""
        origin, at, incarnation = text.rpartition("@")
        if not at or not incarnation.isascii() or not incarnation.isdigit() or len(incarnation) > 10:
            raise MalformedEntryError(f"not a feed name: {text!r}")
        feed = cls(origin, int(incarnation))
        if str(feed) != text:
            raise MalformedEntryError(f"not a feed name: {text!r}")
        return feed


@dataclass(frozen=True, slots=True)
class Head:
    """How far a feed goes: the number and hash of its last entry."""

    n: int
    hash: bytes


NO_ENTRIES = Head(0, EMPTY_HEAD)


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact as it lies on disk. ``hash`` covers it and all before it in its feed."""

    feed: FeedId
    n: int
    hash: bytes
    body: bytes


def entry_hash(feed: FeedId, n: int, previous: bytes, body: bytes) -> bytes:
    """The 32-byte hash of entry ``n`` of ``feed`` whose predecessor's hash is ``previous``."""
    name = str(feed).encode()
    return hashlib.sha256(
        b"".join(
            (
                FORMAT,
                struct.pack(">H", len(name)),
                name,
                struct.pack(">Q", n),
                previous,
                struct.pack(">I", len(body)),
                body,
            )
        )
    ).digest()


def chain(feed: FeedId, after: Head, bodies: Iterable[bytes]) -> list[Entry]:
    """The entries that ``bodies`` become when they are written behind ``after``."""
    entries = []
    n, previous = after.n, after.hash
    for body in bodies:
        if len(body) > MAX_BODY_BYTES:
            raise MalformedEntryError(f"entry {n + 1} of {feed} has {len(body)} bytes; {MAX_BODY_BYTES} are allowed")
        n += 1
        previous = entry_hash(feed, n, previous, body)
        entries.append(Entry(feed, n, previous, body))
    return entries


class BrokenChainError(ValueError):
    """Entry ``n`` is not what its feed's writer wrote. ``torn``: bytes cannot be read, rather than read differently."""

    def __init__(self, n: int, why: str, *, torn: bool = False) -> None:
        super().__init__(f"entry {n}: {why}")
        self.n = n
        self.why = why
        self.torn = torn


def follow(feed: FeedId, after: Head, rows: Iterable[tuple[int, bytes, bytes]]) -> Head:
    """The head behind ``rows`` of (n, hash, body) that continue ``feed`` at ``after``, each hash computed anew.

    Raises :class:`BrokenChainError` at the first row that is missing or whose hash is not its own.
    """
    name = str(feed).encode()
    prefix = b"".join((FORMAT, struct.pack(">H", len(name)), name))
    number, length, sha256 = struct.Struct(">Q").pack, struct.Struct(">I").pack, hashlib.sha256
    n, previous = after.n, after.hash
    for found_n, found_hash, body in rows:
        n += 1
        if found_n != n:
            raise BrokenChainError(n, f"it is missing; the next one found is {found_n}")
        if type(body) is not bytes:  # a damaged file can give any type
            raise BrokenChainError(n, "its body is not bytes", torn=True)
        previous = sha256(prefix + number(n) + previous + length(len(body)) + body).digest()
        if previous != found_hash:
            raise BrokenChainError(n, "its bytes do not give its hash")
    return Head(n, previous)


# --- checkpoints -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed head. ``at_ms`` is the writer's clock; ``key_epoch`` names which of its keys signed."""

    feed: FeedId
    n: int
    head: bytes
    key_epoch: int
    at_ms: int
    signature: bytes = b""

    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return cbor2.dumps(
            ["kj1-checkpoint", str(self.feed), self.n, self.head, self.key_epoch, self.at_ms], canonical=True
        )

    def is_signed_by(self, public_key: bytes) -> bool:
        """Whether the 32-byte Ed25519 ``public_key`` signed this."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, self.signed_bytes())
        except (InvalidSignature, ValueError):
            return False
        return True


def sign_checkpoint(feed: FeedId, head: Head, key_epoch: int, at_ms: int, key: Ed25519PrivateKey) -> Checkpoint:
    """A checkpoint over ``head``, signed with ``key``."""
    unsigned = Checkpoint(feed, head.n, head.hash, key_epoch, at_ms)
    return Checkpoint(feed, head.n, head.hash, key_epoch, at_ms, key.sign(unsigned.signed_bytes()))
