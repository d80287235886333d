"""The twin of :class:`kiosk.journal.Journal` on a modelled disk: the same rules, the same chain, no SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import (
    NO_ENTRIES,
    Checkpoint,
    Entry,
    FeedId,
    Head,
    MalformedEntryError,
    chain,
    follow,
    sign_checkpoint,
)
from kiosk.core.fact import BundleInstalled, Fact, Opened, Unknown, decode_fact, encode_fact
from kiosk.core.settled import Settled
from kiosk.errors import ExchangeError, JournalError
from kiosk.ports import Beginning, CachedBundle
from tests.simulation.disk import Disk, DiskFullError


class Foundation(NamedTuple):
    """What stands for pruned entries: the fold of those up to ``points``, as the writer of ``feed`` saw them."""

    feed: FeedId
    settled: Settled
    points: Mapping[FeedId, Head]


class Record(NamedTuple):
    """One transaction."""

    entries: tuple[Entry, ...] = ()
    checkpoint: Checkpoint | None = None
    bundle: CachedBundle | None = None
    begins: FeedId | None = None
    foundation: Foundation | None = None


Durable = Callable[[Sequence[Entry]], None]
"""Told of entries the moment they are on disk for good; for the auditor."""


class SimJournal:
    """A feed store and the writing end of the own feed.

    Pruned entries are kept for the auditor alone (:meth:`held`): nothing else gives them out.
    """

    def __init__(self, disk: Disk, durable: Durable) -> None:
        self._disk = disk
        self._durable = durable
        self._feeds: dict[FeedId, list[Entry]] = {}
        self._heads: dict[FeedId, Head] = {}
        self._marks: dict[FeedId, Checkpoint] = {}
        self._kept_marks: dict[FeedId, list[Checkpoint]] = {}
        self._bundle: CachedBundle | None = None
        self.own: FeedId | None = None
        self.foundation: Foundation | None = None
        for record in disk.power_on():
            self._keep(record)
        for feed, held in self._feeds.items():
            follow(feed, NO_ENTRIES, ((entry.n, entry.hash, entry.body) for entry in held))

    # --- transactions

    def _commit(self, record: Record) -> None:
        try:
            self._disk.write(record)
        except DiskFullError:
            raise JournalError("journal-disk-full", "The disk is full", cure="Free some space.") from None
        self._disk.sync()
        self._keep(record)

    def _keep(self, record: Record) -> None:
        if record.begins is not None:
            self.own = record.begins
        if record.entries:
            feed = record.entries[0].feed
            self._feeds.setdefault(feed, []).extend(record.entries)
            self._heads[feed] = Head(record.entries[-1].n, record.entries[-1].hash)
            self._durable(record.entries)
        if record.checkpoint is not None:
            self._marks[record.checkpoint.feed] = record.checkpoint
            self._kept_marks.setdefault(record.checkpoint.feed, []).append(record.checkpoint)
        if record.foundation is not None:
            self.foundation = record.foundation
        if record.bundle is not None:
            self._bundle = record.bundle

    # --- the own feed

    @property
    def feed(self) -> FeedId:
        assert self.own is not None
        return self.own

    def start_feed(self, feed: FeedId, fact: Opened) -> None:
        """Begin ``feed`` as this journal's own."""
        self._commit(Record(tuple(chain(feed, NO_ENTRIES, [encode_fact(fact)])), begins=feed))

    def append(self, facts: Sequence[Fact]) -> Sequence[Entry]:
        """Write ``facts`` in one transaction; durable when this returns. Raises ``journal-disk-full``."""
        return self.append_bodies([encode_fact(fact) for fact in facts])

    def append_bodies(self, bodies: Sequence[bytes]) -> Sequence[Entry]:
        """The same with bodies, such as those of another release."""
        entries = tuple(chain(self.feed, self._heads[self.feed], bodies))
        if entries:
            self._commit(Record(entries))
        return entries

    def checkpoint_now(self, key: Ed25519PrivateKey, key_epoch: int, at_ms: int) -> Checkpoint:
        """The own head's checkpoint."""
        newest, head = self._marks.get(self.feed), self._heads[self.feed]
        if newest is not None and (newest.n, newest.key_epoch) == (head.n, key_epoch):
            return newest
        signed = sign_checkpoint(self.feed, head, key_epoch, at_ms, key)
        self._commit(Record(checkpoint=signed))
        return signed

    # --- all feeds

    def beginning(self, feed: FeedId) -> Beginning:
        held = self._feeds.get(feed)
        return Beginning(self._begins(feed), held[0].body if held else None)

    def _begins(self, feed: FeedId) -> Head:
        return NO_ENTRIES if self.foundation is None else self.foundation.points.get(feed, NO_ENTRIES)

    def prune(self, foundation: Foundation) -> None:
        """Put ``foundation`` in the place of the entries that it covers, in one transaction."""
        self._commit(Record(foundation=foundation))

    def head_at(self, feed: FeedId, n: int) -> Head:
        """Entry ``n`` of ``feed`` as a head."""
        return Head(n, self._feeds[feed][n - 1].hash) if n else NO_ENTRIES

    def heads(self) -> Mapping[FeedId, Head]:
        return dict(self._heads)

    def entries(self, feed: FeedId, after_n: int, limit: int) -> Sequence[Entry]:
        after_n = max(after_n, self._begins(feed).n)
        return self._feeds.get(feed, [])[after_n : after_n + limit]

    def checkpoint(self, feed: FeedId) -> Checkpoint | None:
        return self._marks.get(feed)

    def checkpoint_between(self, feed: FeedId, after_n: int, until_n: int) -> Checkpoint | None:
        """The newest checkpoint of ``feed`` above ``after_n`` and not above ``until_n``, else the next one above."""
        kept = self._kept_marks.get(feed, ())
        within = [one for one in kept if after_n < one.n <= until_n]
        return within[-1] if within else next((one for one in kept if one.n > until_n), None)

    def store_segment(self, entries: Sequence[Entry], checkpoint: Checkpoint) -> None:
        feed = checkpoint.feed
        head = self._heads.get(feed, NO_ENTRIES)
        if feed == self.own:
            raise ExchangeError("segment-own-feed", f"{feed} is written here")
        if entries[0].n != head.n + 1 or chain(feed, head, [one.body for one in entries]) != list(entries):
            raise ExchangeError("segment-gap", f"A segment of {feed} that does not follow its head")
        self._commit(Record(tuple(entries), checkpoint))

    def replay(self) -> Iterator[tuple[FeedId, int, Fact]]:
        """Every fact of every feed that is not pruned."""
        for feed, held in self._feeds.items():
            for entry in held[self._begins(feed).n :]:
                yield feed, entry.n, readable(entry.body)

    # --- the bundle

    def install_bundle(self, bundle: CachedBundle, fact: BundleInstalled) -> Sequence[Entry]:
        """Put ``bundle`` in the place of the one before and append ``fact``, in one transaction."""
        entries = tuple(chain(self.feed, self._heads[self.feed], [encode_fact(fact)]))
        self._commit(Record(entries, bundle=bundle))
        return entries

    def bundle(self) -> CachedBundle | None:
        """The bundle in the cache."""
        return self._bundle

    def damage_bundle(self) -> None:
        """A bad disk: what lies in the cache is not what was written. Whoever opens it notices."""
        if self._bundle is not None:
            harmed = replace(self._bundle, parts={name: part[1:] for name, part in self._bundle.parts.items()})
            self._commit(Record(bundle=harmed))

    def held(self) -> Mapping[FeedId, Sequence[Entry]]:
        """Everything, what was pruned too, for the auditor."""
        return self._feeds


def readable(body: bytes) -> Fact:
    """The fact in a body, as the journal replays it."""
    try:
        return decode_fact(body)
    except MalformedEntryError:
        return Unknown(kind=0, fields={})
