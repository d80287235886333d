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
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

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

    def __post_init__(self) -> None:
        if len(self.origin) > MAX_ORIGIN_CHARACTERS or not _ORIGIN.fullmatch(self.origin):
            raise MalformedEntryError(f"a feed's origin has a-z, 0-9, / . _ - only, not {self.origin!r}")
        if not 0 < self.incarnation < 2**32:
            raise MalformedEntryError(f"a feed's incarnation is 1 to 4294967295, not {self.incarnation}")

    def __str__(self) -> str:
        return f"{self.origin}@{self.incarnation}"

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


# --- facts -------------------------------------------------------------------------------------


def _key(number: int, *, default: Any = MISSING) -> Any:
    return field(metadata={"key": number}) if default is MISSING else field(default=default, metadata={"key": number})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The first entry of a counter's feed: whose journal this is."""

    KIND: ClassVar[int] = 1
    at_ms: int = _key(1)
    store: str = _key(2)
    counter: str = _key(3)
    public_key: bytes = _key(4)
    key_epoch: int = _key(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleInstalled:
    """A bundle was installed, in the same transaction as this entry; ``version`` is the floor from then on."""

    KIND: ClassVar[int] = 2
    at_ms: int = _key(1)
    version: int = _key(2)
    manifest_hash: bytes = _key(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """One use. ``intent`` (16 random bytes, minted when the verdict was shown) makes a repeat harmless.

    ``credential`` is a 16-byte keyed hash, never the code itself. ``bundle_version``,
    ``head_office_n`` and ``peers`` (feed name to n) are what this counter knew when it said yes.
    ``held_ms`` is the time from the code in view to the tap. Of a screen: ``screen`` is what the reader
    said ("green" or "amber"), ``not_read`` names the kinds of the marks that it could not read, with commas,
    and ``anyway`` is why the clerk honoured one that was seen before. ``approved_by`` is the shift manager who said yes
    where the answer was ask, ``approved_why`` the reason chosen. Redemptions with one ``sale`` (16 random bytes) belong
    to one sale. ``shared``: many customers hold the same credential (a code word), so its uses are not counted.
    """

    KIND: ClassVar[int] = 3
    at_ms: int = _key(1)
    intent: bytes = _key(2)
    promotion: str = _key(3)
    credential: bytes = _key(4)
    credential_kind: str = _key(5)
    store: str = _key(6)
    clerk: str = _key(7)
    bundle_version: int = _key(8)
    head_office_n: int = _key(9)
    peers: Mapping[str, int] | None = _key(10, default=None)
    amount_minor: int | None = _key(11, default=None)
    currency: str | None = _key(12, default=None)
    holder: bytes | None = _key(13, default=None)
    basket_minor: int | None = _key(14, default=None)
    held_ms: int | None = _key(15, default=None)
    screen: str | None = _key(16, default=None)
    not_read: str | None = _key(17, default=None)
    anyway: str | None = _key(18, default=None)
    approved_by: str | None = _key(19, default=None)
    approved_why: str | None = _key(20, default=None)
    sale: bytes | None = _key(21, default=None)
    shared: bool = _key(22, default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The clerk saw the answer to redemption ``n`` of this feed (or said afterwards that it was given)."""

    KIND: ClassVar[int] = 4
    at_ms: int = _key(1)
    n: int = _key(2)
    clerk: str = _key(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """Redemption ``n`` of ``feed`` is undone; the goods are back (or were never given)."""

    KIND: ClassVar[int] = 5
    at_ms: int = _key(1)
    feed: str = _key(2)
    n: int = _key(3)
    clerk: str = _key(4)
    reason: str = _key(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Head office: entries 1..n of ``feed`` are on its disk, and ``head`` is their hash."""

    KIND: ClassVar[int] = 16
    at_ms: int = _key(1)
    feed: str = _key(2)
    n: int = _key(3)
    head: bytes = _key(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class UseSeen:
    """Head office tells every counter of a redemption it holds (or, with ``void``, of one undone).

    ``feed`` and ``n`` name the redemption, so that a counter that knows it already counts it once; ``clerk``,
    ``amount_minor`` and ``holder`` are the redemption's own.
    """

    KIND: ClassVar[int] = 17
    at_ms: int = _key(1)
    feed: str = _key(2)
    n: int = _key(3)
    promotion: str = _key(4)
    credential: bytes = _key(5)
    store: str = _key(6)
    used_at_ms: int = _key(7)
    void: bool = _key(8, default=False)
    clerk: str | None = _key(9, default=None)
    amount_minor: int | None = _key(10, default=None)
    holder: bytes | None = _key(11, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A kind of fact that this release does not know. Kept and passed on, ignored by folds."""

    KIND: ClassVar[int] = 0
    kind: int
    fields: Mapping[int, Any]


Fact = Opened | BundleInstalled | Redemption | Answered | Void | Receipt | UseSeen | Unknown

_KINDS: dict[int, type[Fact]] = {
    kind.KIND: kind for kind in (Opened, BundleInstalled, Redemption, Answered, Void, Receipt, UseSeen)
}
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,), "str": (str,), "bytes": (bytes,), "bool": (bool,),
    "int | None": (int,), "str | None": (str,), "bytes | None": (bytes,), "Mapping[str, int] | None": (dict,),
}  # fmt: skip
_FIELDS: dict[type[Fact], list[tuple[str, int, bool, tuple[type, ...]]]] = {
    kind: [(spec.name, spec.metadata["key"], spec.default is MISSING, _TYPES[str(spec.type)]) for spec in fields(kind)]
    for kind in _KINDS.values()
}  # worked out once: a counter decodes its whole journal each time it starts


def encode_fact(fact: Fact) -> bytes:
    """The body of an entry: deterministic CBOR, absent optional fields left out; :class:`MalformedEntryError`."""
    if isinstance(fact, Unknown):
        raise MalformedEntryError(f"a fact of the unknown kind {fact.kind} can be kept but not written")
    body: dict[int, Any] = {0: fact.KIND}
    for name, key, _, _ in _FIELDS[type(fact)]:
        value = getattr(fact, name)
        if value is not None and value is not False:
            body[key] = value
    try:
        return cbor2.dumps(body, canonical=True)
    except ValueError as error:  # half a surrogate pair, which no UTF-8 can hold
        raise MalformedEntryError(f"a fact that cannot be written: {error}") from error


def decode_fact(body: bytes) -> Fact:
    """The fact that a body holds; raises :class:`MalformedEntryError` where it holds none."""
    if len(body) > MAX_BODY_BYTES:
        raise MalformedEntryError(f"a body of {len(body)} bytes; {MAX_BODY_BYTES} are allowed")
    try:
        read = cbor2.loads(body)
    except Exception as error:  # noqa: BLE001 - cbor2 raises a family of errors of its own and of the types it builds
        raise MalformedEntryError(f"a body that is not CBOR: {error}") from None
    if not isinstance(read, dict) or not isinstance(read.get(0), int) or isinstance(read[0], bool):
        raise MalformedEntryError("a body without a kind")
    kind = _KINDS.get(read[0])
    if kind is None:
        return Unknown(kind=read[0], fields=read)
    return kind(**dict(_values(kind, read)))


def _values(kind: type[Fact], read: dict[Any, Any]) -> Iterable[tuple[str, Any]]:
    for name, key, required, allowed in _FIELDS[kind]:
        value = read.get(key)
        if value is None:
            if required:
                raise MalformedEntryError(f"{kind.__name__} without {name}")
        elif type(value) not in allowed:  # by exact type: to Python a bool is an int
            raise MalformedEntryError(f"{kind.__name__}.{name} is {type(value).__name__}")
        else:
            yield name, value
