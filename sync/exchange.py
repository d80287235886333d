"""The one primitive: ``exchange(vector) -> segments``, the same function on both sides.

Rules of this module:

- A segment is applied in this order: size caps (``wire``), whose feed and which key epoch, the chain,
  the signature, then one transaction. What fails before the transaction raises and stores nothing.
- What authenticates is a value, never an error: *stored*, *known* (all of it was here), *gap* (it starts
  beyond our head: asked for again through the vector) or *fork* (the same n with another hash: kept as
  evidence, nothing applied).
- So messages may come twice, late, in any order or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from kiosk.core.entry import NO_ENTRIES, Checkpoint, Entry, FeedId, Head, MalformedEntryError, chain
from kiosk.errors import ExchangeError
from kiosk.ports import FeedStore
from sync.offering import (
    PAGE_ENTRIES,
    Limits,
    MarkOf,
    Offer,
    Signer,
    head_at,
    no_mark,
    no_signer,
    nothing_shared,
    offer,
)
from sync.wire import (
    Exchange,
    KeyOf,
    Kind,
    Party,
    Segment,
    decode_exchange,
    encode_exchange,
    seal,
    unseal,
)


class Trust(Protocol):
    """Whose feeds one side accepts from the other, and by which keys."""

    def accepts(self, feed: FeedId) -> bool:
        """Whether this feed may come from that party."""
        ...

    def public_key(self, feed: FeedId, key_epoch: int) -> bytes | None:
        """The 32-byte Ed25519 key that signs ``feed`` in ``key_epoch``; None: none, or no longer."""
        ...


class Result(StrEnum):
    """What became of an authentic segment."""

    STORED = "stored"
    KNOWN = "known"
    GAP = "gap"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class Applied:
    """The answer to one segment: ``entries`` are those newly stored, ``head`` where the feed ends here now."""

    feed: FeedId
    result: Result
    entries: tuple[Entry, ...]
    head: Head


@dataclass(frozen=True, slots=True)
class Fork:
    """Evidence that a feed's writer signed two histories: ``other`` and ``stored`` share n and differ in hash."""

    feed: FeedId
    stored: Entry
    other: tuple[Entry, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Divergence:
    """A feed the other side claims to hold otherwise than we do: longer (its writer was restored), or another hash."""

    feed: FeedId
    ours: Head
    theirs: Head


@dataclass(frozen=True, slots=True)
class Pruned:
    """A feed of which the other side lacks entries that are pruned here: ``theirs`` is where it ends there.

    Nothing behind them can be sent, since it would not chain; and the two histories can no longer be compared.
    """

    feed: FeedId
    begins: Head
    theirs: Head


KeepFork = Callable[[Fork], None]


def _no_certificate(_feed: FeedId) -> None:
    return None


def _no_reader(_version: int) -> None:
    return None


def _never(_feed: FeedId) -> bool:
    return False


def _nothing_wanted() -> Iterable[FeedId]:
    return ()


def _nothing_ignored(_segment: Segment) -> bool:
    return False


def _not_met(_certificate: bytes) -> None:
    return None


def _no_bundle(_their_version: int) -> None:
    return None


def _no_listener(_entries: tuple[Entry, ...]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Side:
    """All that one side needs to exchange with one other party.

    ``may_send`` is the audience rule. ``bundle_version`` is what is in force here (0: none);
    ``newer_bundle(their_version)`` the signed envelope of a newer one, or None. ``learned`` is told the
    entries of each segment as soon as they are stored. ``shared`` is how far both are known to hold the same of a feed
    that one writes oneself. Nothing in here knows who asked first.

    A ``quiet`` feed passes only where the other side's vector names it; ``wanted`` ones are named in ours though
    nothing of them is held. ``vouch`` gives the certificate of who writes a feed, to go beside its segments; ``meet``
    is told of those that came, before anything is applied. ``mark_of`` finds where another's feed may be cut. What a
    side ``ignores`` of an innocent carrier's message is left unread, and the rest is taken.
    Of a ``closed`` feed nothing more is taken from the other side, as if it were known. ``saw_list`` is told which
    bundle is in force there, before anything else of a message is taken.
    """

    store: FeedStore
    trust: Trust
    may_send: Callable[[FeedId], bool]
    keep_fork: KeepFork
    sign: Signer = no_signer
    bundle_version: Callable[[], int] = lambda: 0
    newer_bundle: Callable[[int], bytes | None] = _no_bundle
    limits: Limits = field(default_factory=Limits)
    learned: Callable[[tuple[Entry, ...]], None] = _no_listener
    shared: Callable[[FeedId], Head] = nothing_shared
    quiet: Callable[[FeedId], bool] = _never
    wanted: Callable[[], Iterable[FeedId]] = _nothing_wanted
    vouch: Callable[[FeedId], bytes | None] = _no_certificate
    meet: Callable[[bytes], object] = _not_met
    mark_of: MarkOf = no_mark
    ignores: Callable[[Segment], bool] = _nothing_ignored
    closed: Callable[[FeedId], bool] = _never
    saw_list: Callable[[int], None] = _no_reader


# --- applying ----------------------------------------------------------------------------------


def apply(store: FeedStore, segment: Segment, trust: Trust, keep_fork: KeepFork) -> Applied:
    """Check one segment and store what of it is new.

    Raises :class:`ExchangeError` (``segment-empty``, ``feed-foreign``, ``key-epoch-unknown``,
    ``segment-chain``, ``segment-signature``) where it does not authenticate; then nothing is stored.
    """
    entries = _authentic(segment, trust)
    for attempt in (1, 2):
        try:
            return _fit(store, segment, entries, keep_fork)
        except ExchangeError:
            # another thread stored the same feed since we looked; look again, once
            if attempt == 2 or _head_of(store, segment.feed).n <= segment.after.n:
                raise
    raise AssertionError("unreachable")  # pragma: no cover


def _authentic(segment: Segment, trust: Trust) -> tuple[Entry, ...]:
    mark, feed = segment.checkpoint, segment.feed
    if not segment.bodies or mark.feed != feed:
        raise ExchangeError("segment-empty", f"A segment of {feed} that holds nothing", where=str(feed))
    if not trust.accepts(feed):
        # a party that writes in another's name
        raise ExchangeError("feed-foreign", f"{feed} may not come from this party", where=str(feed))
    public_key = trust.public_key(feed, mark.key_epoch)
    if public_key is None:
        # a key that was replaced or revoked
        raise ExchangeError(
            "key-epoch-unknown",
            f"{feed} is signed with key {mark.key_epoch}, which is not its key",
            where=str(feed),
            cure="Enrol that counter anew with a one-time code from head office.",
        )
    try:
        entries = tuple(chain(feed, segment.after, segment.bodies))
    except MalformedEntryError as error:
        raise ExchangeError("segment-chain", str(error), where=str(feed)) from None
    if (entries[-1].n, entries[-1].hash) != (mark.n, mark.head):
        # entries left out, added, swapped or altered between the writer and us
        raise ExchangeError(
            "segment-chain", f"A segment of {feed} that does not end in its checkpoint", where=str(feed)
        )
    if not mark.is_signed_by(public_key):
        # a history that its writer never signed
        raise ExchangeError("segment-signature", f"A segment of {feed} not signed by its writer", where=str(feed))
    return entries


def _head_of(store: FeedStore, feed: FeedId) -> Head:
    return store.heads().get(feed, NO_ENTRIES)


def _fit(store: FeedStore, segment: Segment, entries: tuple[Entry, ...], keep_fork: KeepFork) -> Applied:
    feed, head = segment.feed, _head_of(store, segment.feed)
    if segment.after.n > head.n:
        return Applied(feed, Result.GAP, (), head)
    fork = _find_fork(store, segment, entries)
    if fork is not None:
        keep_fork(fork)
        return Applied(feed, Result.FORK, (), head)
    fresh = tuple(entry for entry in entries if entry.n > head.n)
    if not fresh:
        return Applied(feed, Result.KNOWN, (), head)
    store.store_segment(fresh, segment.checkpoint)
    return Applied(feed, Result.STORED, fresh, Head(fresh[-1].n, fresh[-1].hash))


def _find_fork(store: FeedStore, segment: Segment, entries: tuple[Entry, ...]) -> Fork | None:
    """The first entry held here under the same number with another hash."""
    feed, after = segment.feed, segment.after
    if after.n > 0:
        held = store.entries(feed, after.n - 1, 1)
        if held and held[0].n == after.n and held[0].hash != after.hash:
            return Fork(feed, held[0], entries, segment.checkpoint)
    theirs = {entry.n: entry.hash for entry in entries}
    n, last_n = after.n, entries[-1].n
    while n < last_n and (page := store.entries(feed, n, min(PAGE_ENTRIES, last_n - n))):
        for entry in page:
            if theirs.get(entry.n, entry.hash) != entry.hash:
                return Fork(feed, entry, entries, segment.checkpoint)
        n = page[-1].n
    return None


# --- both ways in one message -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """What an exchange from the other side came to."""

    exchange: Exchange
    applied: tuple[Applied, ...]
    divergences: tuple[Divergence, ...]
    pruned: tuple[Pruned, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries newly stored, feed by feed in order."""
        return tuple(entry for one in self.applied for entry in one.entries)


def compose(side: Side, theirs: Mapping[FeedId, Head] | None, *, their_bundle_version: int | None = None) -> Exchange:
    """What to tell a party whose vector is ``theirs``; None: not known yet, so nothing but our vector is sent."""
    named = theirs or {}
    vector = dict.fromkeys(side.wanted(), NO_ENTRIES) | {
        feed: head
        for feed, head in side.store.heads().items()
        if (feed in named or not side.quiet(feed)) and (side.may_send(feed) or side.trust.accepts(feed))
    }
    made = Offer((), more=False)
    if theirs is not None:
        made = offer(
            side.store,
            theirs,
            may_send=lambda feed: side.may_send(feed) and (feed in theirs or not side.quiet(feed)),
            sign=side.sign,
            limits=side.limits,
            mark_of=side.mark_of,
            shared=side.shared,
        )
    vouched = (side.vouch(segment.feed) for segment in made.segments)
    version = side.bundle_version()
    bundle = None if their_bundle_version is None else side.newer_bundle(their_bundle_version)
    certificates = tuple(der for der in vouched if der is not None)
    return Exchange(vector, made.segments, version, bundle, made.more, certificates)


def take(side: Side, exchange: Exchange) -> Taken:
    """Apply all that an authenticated party sent. Raises at the first segment that does not authenticate."""
    side.saw_list(exchange.bundle_version)
    for certificate in exchange.certificates:
        side.meet(certificate)
    applied = []
    for segment in exchange.segments:
        if side.ignores(segment):
            continue
        if side.closed(segment.feed):
            _authentic(segment, side.trust)
            applied.append(Applied(segment.feed, Result.KNOWN, (), _head_of(side.store, segment.feed)))
            continue
        applied.append(apply(side.store, segment, side.trust, side.keep_fork))
        if applied[-1].entries:
            side.learned(applied[-1].entries)
    return Taken(exchange, tuple(applied), _divergences(side, exchange.vector), _pruned(side, exchange.vector))


def _divergences(side: Side, theirs: Mapping[FeedId, Head]) -> tuple[Divergence, ...]:
    found = []
    for feed, ours in side.store.heads().items():
        claimed = theirs.get(feed, ours)
        if claimed == ours or not (side.may_send(feed) or side.trust.accepts(feed)):
            continue
        if claimed.n < side.store.beginning(feed).after.n:
            continue  # another matter: see _pruned
        longer = claimed.n > ours.n and side.may_send(feed) and not side.trust.accepts(feed)
        if longer or (claimed.n <= ours.n and head_at(side.store, feed, claimed.n) != claimed):
            found.append(Divergence(feed, ours, claimed))
    return tuple(found)


def _pruned(side: Side, theirs: Mapping[FeedId, Head]) -> tuple[Pruned, ...]:
    """Feeds that we may send and of which they lack what is no longer here."""
    found = []
    for feed, ours in side.store.heads().items():
        held = theirs.get(feed, NO_ENTRIES)
        if held != ours and side.may_send(feed) and held.n < (begins := side.store.beginning(feed).after).n:
            found.append(Pruned(feed, begins, held))
    return tuple(found)


def ask(
    side: Side, theirs: Mapping[FeedId, Head] | None, *, us: Party, recipient: str, nonce: bytes, at_ms: int
) -> bytes:
    """The request that opens an exchange; ``theirs`` is the vector of the last answer, None before the first."""
    return seal_request(compose(side, theirs), us=us, recipient=recipient, nonce=nonce, at_ms=at_ms)


def seal_request(exchange: Exchange, *, us: Party, recipient: str, nonce: bytes, at_ms: int) -> bytes:
    """The request that carries a composed exchange."""
    return seal(Kind.EXCHANGE, encode_exchange(exchange), party=us, recipient=recipient, nonce=nonce, at_ms=at_ms)


def read_answer(
    message: bytes, *, us: Party, key_of: KeyOf, nonce: bytes, saw_time: Callable[[int], None] = lambda _at_ms: None
) -> Exchange:
    """The exchange in the answer to the request with ``nonce``; nothing is applied yet (see :func:`take`).

    ``saw_time`` is told the time of the answer: whoever signed it made it after it was asked.
    """
    opened = unseal(message, kind=Kind.EXCHANGE_ANSWER, recipient=us.origin, key_of=key_of, nonce=nonce)
    saw_time(opened.at_ms)
    return decode_exchange(opened.body)


def answer(
    message: bytes,
    *,
    us: Party,
    key_of: KeyOf,
    side_of: Callable[[str], Side],
    at_ms: int,
    settle: Callable[[str, Taken], None] = lambda _sender, _taken: None,
) -> bytes:
    """Answer a request: apply what it brings, then say what its sender lacks.

    ``side_of`` gives our side towards a sender's origin. ``settle`` runs between the two, after all is
    stored: head office writes its receipts there, so that they travel in this very answer.
    """
    opened = unseal(message, kind=Kind.EXCHANGE, recipient=us.origin, key_of=key_of)
    side = side_of(opened.sender)
    taken = take(side, decode_exchange(opened.body))
    settle(opened.sender, taken)
    told = compose(side, taken.exchange.vector, their_bundle_version=taken.exchange.bundle_version)
    return seal(
        Kind.EXCHANGE_ANSWER, encode_exchange(told), party=us, recipient=opened.sender, nonce=opened.nonce, at_ms=at_ms
    )
