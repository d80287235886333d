"""In-memory twins of the ports, for tests that need no disk. They hold to the same rules as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import NO_ENTRIES, Checkpoint, Entry, FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Fact, Redemption, encode_fact
from kiosk.errors import ExchangeError
from kiosk.ports import Beginning
from sync.exchange import Fork, Side
from sync.wire import Segment

NOON_MS = 1_793_966_400_000  # 2026-11-06T12:00:00Z


class SetClock:
    """A clock that stands until a test moves it."""

    def __init__(self, at: datetime = datetime(2026, 11, 6, 12, 0, tzinfo=UTC)) -> None:
        self.at = at
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds


class MemoryFeedStore:
    """:class:`kiosk.ports.FeedStore` in a dictionary; ``write`` is the writing end of any feed."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._feeds: dict[FeedId, list[Entry]] = {}
        self._marks: dict[FeedId, Checkpoint] = {}
        self._pruned: dict[FeedId, int] = {}
        self.transactions = 0

    def heads(self) -> Mapping[FeedId, Head]:
        with self._lock:
            return {feed: Head(kept[-1].n, kept[-1].hash) for feed, kept in self._feeds.items() if kept}

    def entries(self, feed: FeedId, after_n: int, limit: int) -> Sequence[Entry]:
        with self._lock:
            after_n = max(after_n, self._pruned.get(feed, 0))
            return tuple(self._feeds.get(feed, [])[after_n : after_n + limit])

    def beginning(self, feed: FeedId) -> Beginning:
        kept, n = self._feeds.get(feed, []), self._pruned.get(feed, 0)
        return Beginning(Head(n, kept[n - 1].hash) if n else NO_ENTRIES, kept[0].body if kept else None)

    def prune(self, feed: FeedId, n: int) -> None:
        """Let go of the entries of ``feed`` up to ``n``."""
        self._pruned[feed] = n

    def checkpoint(self, feed: FeedId) -> Checkpoint | None:
        return self._marks.get(feed)

    def store_segment(self, entries: Sequence[Entry], checkpoint: Checkpoint) -> None:
        with self._lock:
            feed = checkpoint.feed
            head = self.heads().get(feed, NO_ENTRIES)
            if entries[0].n != head.n + 1 or chain(feed, head, [e.body for e in entries]) != list(entries):
                raise ExchangeError("segment-not-next", f"A segment of {feed} that does not follow its head")
            self._feeds.setdefault(feed, []).extend(entries)
            self._marks[feed] = checkpoint
            self.transactions += 1

    def write(self, feed: FeedId, *facts: Fact) -> list[Entry]:
        """Append ``facts`` to ``feed`` without a checkpoint."""
        with self._lock:
            new = chain(feed, self.heads().get(feed, NO_ENTRIES), [encode_fact(fact) for fact in facts])
            self._feeds.setdefault(feed, []).extend(new)
            return new

    def sign(self, feed: FeedId, key: Ed25519PrivateKey, key_epoch: int = 1) -> None:
        """Take a checkpoint of ``feed`` at its head, if it has entries."""
        head = self.heads().get(feed)
        if head is not None:
            self._marks[feed] = sign_checkpoint(feed, head, key_epoch, NOON_MS, key)

    def image(self) -> dict[FeedId, tuple[bytes, ...]]:
        """All that is held, for comparing before and after."""
        with self._lock:
            return {feed: tuple(entry.body for entry in kept) for feed, kept in self._feeds.items() if kept}

    def segment(self, feed: FeedId, after_n: int = 0) -> Segment:
        """All of ``feed`` behind ``after_n`` up to its checkpoint."""
        mark = self._marks[feed]
        kept = self._feeds[feed]
        after = Head(after_n, kept[after_n - 1].hash) if after_n else NO_ENTRIES
        return Segment(feed, after, tuple(entry.body for entry in kept[after_n : mark.n]), mark)


@dataclass
class Keyring:
    """A :class:`sync.exchange.Trust` that a test fills: keys by (feed, epoch)."""

    keys: dict[tuple[FeedId, int], bytes] = field(default_factory=dict)

    def trust(self, feed: FeedId, key: Ed25519PrivateKey, key_epoch: int = 1) -> None:
        self.keys[feed, key_epoch] = key.public_key().public_bytes_raw()

    def accepts(self, feed: FeedId) -> bool:
        return any(known == feed for known, _ in self.keys)

    def public_key(self, feed: FeedId, key_epoch: int) -> bytes | None:
        return self.keys.get((feed, key_epoch))


def key_of_seed(seed: int) -> Ed25519PrivateKey:
    """A device key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def use(n: int, *, promotion: str = "shrimp-tacos-checkin", clerk: str = "mia") -> Redemption:
    """The n-th redemption of a busy day, each different from all others."""
    return Redemption(
        at_ms=NOON_MS + 1000 * n,
        intent=n.to_bytes(16, "big"),
        promotion=promotion,
        credential=(n * 2**64 + n).to_bytes(16, "big"),
        credential_kind="listed",
        store="bayside",
        clerk=clerk,
        bundle_version=7,
        head_office_n=n,
    )


@dataclass
class Writer:
    """A store that writes one feed and keeps those of others, with the side it turns to one other party."""

    feed: FeedId
    key: Ed25519PrivateKey
    store: MemoryFeedStore = field(default_factory=MemoryFeedStore)
    trust: Keyring = field(default_factory=Keyring)
    forks: list[Fork] = field(default_factory=list)

    def write(self, *facts: Fact) -> None:
        self.store.write(self.feed, *facts)
        self.store.sign(self.feed, self.key)

    def side(self) -> Side:
        return Side(self.store, self.trust, lambda feed: feed == self.feed, self.forks.append)
