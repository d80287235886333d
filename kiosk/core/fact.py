"""Facts: what the body of an entry says, and how it is written.

Rules of this module:

- A body is deterministic CBOR (RFC 8949 section 4.2.1): a map from small integers. Key 0 is the kind of fact.
- An unknown kind or key comes from a newer release: it is kept, hashed, exchanged, and ignored by folds.
- Kinds below 16 are written by counters, in their own feeds; from 16 on by head office, in its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

import cbor2

from kiosk.core.entry import MAX_BODY_BYTES, MalformedEntryError


def _key(number: int, *, default: Any = MISSING) -> Any:
    return field(metadata={"key": number}) if default is MISSING else field(default=default, metadata={"key": number})


class Spent(NamedTuple):
    """A right that a redemption took: which kind of right, which incarnation of head office granted it, how much."""

    right: int
    granted_by: int
    amount: int


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
    ``spent`` are the rights that it took; what they are of follows from the redemption itself
    (:func:`kiosk.core.rights.right_spent`).
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
    spent: tuple[Spent, ...] | None = _key(23, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The clerk saw the answer to redemption ``n`` of this feed (or said afterwards that it was given).

    ``feed``: of an earlier life of this counter instead.
    """

    KIND: ClassVar[int] = 4
    at_ms: int = _key(1)
    n: int = _key(2)
    clerk: str = _key(3)
    feed: str | None = _key(4, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """Redemption ``n`` of ``feed`` is undone; the goods are back (or were never given).

    One of another feed is undone only when head office says so (:class:`UseSeen` with ``void``).
    """

    KIND: ClassVar[int] = 5
    at_ms: int = _key(1)
    feed: str = _key(2)
    n: int = _key(3)
    clerk: str = _key(4)
    reason: str = _key(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """This counter gives ``amount`` of a right to the counter that writes the feed ``to``, which has it from now on.

    ``right`` is a :class:`kiosk.core.rights.RightKind`, ``subject`` what it is of beside the promotion (a store's id, a
    credential's 16 bytes), ``granted_by`` the incarnation of head office that granted it.
    """

    KIND: ClassVar[int] = 6
    at_ms: int = _key(1)
    to: str = _key(2)
    right: int = _key(3)
    promotion: str = _key(4)
    granted_by: int = _key(5)
    amount: int = _key(6)
    subject: bytes | None = _key(7, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """This counter gives ``amount`` of a right back to head office; fields as of :class:`Transferred`."""

    KIND: ClassVar[int] = 7
    at_ms: int = _key(1)
    right: int = _key(2)
    promotion: str = _key(3)
    granted_by: int = _key(4)
    amount: int = _key(5)
    subject: bytes | None = _key(6, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """This counter asks head office for the one right of a credential; no answer is not a no: ``intent`` asks again."""

    KIND: ClassVar[int] = 8
    at_ms: int = _key(1)
    intent: bytes = _key(2)
    promotion: str = _key(3)
    credential: bytes = _key(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """The floor under this counter's clock (Unix milliseconds) when its own clock said ``at_ms``.

    ``reset_ms`` is the ``at_ms`` of the :class:`ClockReset` in force then.
    """

    KIND: ClassVar[int] = 9
    at_ms: int = _key(1)
    floor_ms: int = _key(2)
    reset_ms: int | None = _key(3, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSealed:
    """Somebody's contact details were sealed to head office: the SHA-256 of the ciphertext, and whose ``case`` it is.

    The ciphertext lies outside the chain, so that it can be erased.
    """

    KIND: ClassVar[int] = 10
    at_ms: int = _key(1)
    sha256: bytes = _key(2)
    case: bytes = _key(3)


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
    """Head office tells every counter of a redemption it holds (or, with ``void``, of one undone: the credit).

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
class Granted:
    """Head office gives ``amount`` of a right to the counter that writes ``feed``; fields as of :class:`Transferred`.

    ``asked_n`` is the entry of ``feed`` that asked for it.
    """

    KIND: ClassVar[int] = 18
    at_ms: int = _key(1)
    feed: str = _key(2)
    right: int = _key(3)
    promotion: str = _key(4)
    amount: int = _key(5)
    subject: bytes | None = _key(6, default=None)
    asked_n: int | None = _key(7, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Head office does not give what entry ``n`` of ``feed`` asked for; ``why`` is the code of a reason."""

    KIND: ClassVar[int] = 19
    at_ms: int = _key(1)
    feed: str = _key(2)
    n: int = _key(3)
    why: str = _key(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A life of a counter is over: of ``feed`` only entries 1..n count, and its key signs nothing more."""

    KIND: ClassVar[int] = 20
    at_ms: int = _key(1)
    feed: str = _key(2)
    n: int = _key(3)
    why: str = _key(4)
    by: str | None = _key(5, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """A person's decision: ``amount`` of a right that is stranded with ``feed`` goes back into head office's pool.

    The cap may be overrun by as much, if that counter has spent it unseen. ``feed`` "head-office@2": what the
    incarnations before granted, and which was forgotten. Other fields as of :class:`Transferred`.
    """

    KIND: ClassVar[int] = 21
    at_ms: int = _key(1)
    feed: str = _key(2)
    right: int = _key(3)
    promotion: str = _key(4)
    granted_by: int = _key(5)
    amount: int = _key(6)
    by: str = _key(7)
    why: str = _key(8)
    subject: bytes | None = _key(9, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReset:
    """The floor under a counter's clock is ``floor_ms`` again, whatever was seen before.

    ``signature`` is the root key's. ``feed``: of that counter only; None: of all.
    """

    KIND: ClassVar[int] = 22
    at_ms: int = _key(1)
    floor_ms: int = _key(2)
    signature: bytes = _key(3)
    feed: str | None = _key(4, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A kind of fact that this release does not know. Kept and passed on, ignored by folds."""

    KIND: ClassVar[int] = 0
    kind: int
    fields: Mapping[int, Any]


Fact = (
    Opened
    | BundleInstalled
    | Redemption
    | Answered
    | Void
    | Transferred
    | Returned
    | Asked
    | Ticked
    | ContactSealed
    | Receipt
    | UseSeen
    | Granted
    | Denied
    | Revoked
    | Freed
    | ClockReset
    | Unknown
)

_KINDS: dict[int, type[Fact]] = {
    kind.KIND: kind
    for kind in (
        Opened,
        BundleInstalled,
        Redemption,
        Answered,
        Void,
        Transferred,
        Returned,
        Asked,
        Ticked,
        ContactSealed,
        Receipt,
        UseSeen,
        Granted,
        Denied,
        Revoked,
        Freed,
        ClockReset,
    )
}
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,), "str": (str,), "bytes": (bytes,), "bool": (bool,),
    "int | None": (int,), "str | None": (str,), "bytes | None": (bytes,), "Mapping[str, int] | None": (dict,),
    "tuple[Spent, ...] | None": (list,),
}  # fmt: skip
_FIELDS: dict[type[Fact], list[tuple[str, int, bool, tuple[type, ...]]]] = {
    kind: [(spec.name, spec.metadata["key"], spec.default is MISSING, _TYPES[str(spec.type)]) for spec in fields(kind)]
    for kind in _KINDS.values()
}  # worked out once: a counter decodes its whole journal each time it starts


_IN_ORDER = frozenset((int, str, bytes, bool, tuple))


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
        # keys are small, and rise as _FIELDS does: only where a map is inside is anything left to be put in order
        return cbor2.dumps(body, canonical=any(type(value) not in _IN_ORDER for value in body.values()))
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
            yield name, _spent(value) if type(value) is list else value


def _spent(read: list[Any]) -> tuple[Spent, ...]:
    for one in read:
        if type(one) is not list or [type(number) for number in one] != [int, int, int]:
            raise MalformedEntryError("Redemption.spent has something that is not three numbers")
    return tuple(Spent(*one) for one in read)
