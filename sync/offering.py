"""What to send to a party whose vector is known: the other half of the exchange is :mod:`sync.exchange`.

Rules of this module:

- A segment begins behind something that the other side holds and ends in a checkpoint.
- A feed that one writes oneself may be cut anywhere, since one signs it; another's only where a checkpoint is.
- A branch that only we hold is sent: nothing that was given out on it may be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kiosk.core.entry import NO_ENTRIES, Checkpoint, Entry, FeedId, Head
from kiosk.ports import FeedStore
from sync.wire import MAX_SEGMENTS, Segment

PAGE_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Limits:
    """The most one message carries: entries and the bytes of their bodies."""

    entries: int = 8_192
    body_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Offer:
    """Segments for the other side; ``more``: there is more than these limits let through."""

    segments: tuple[Segment, ...]
    more: bool


Signer = Callable[[FeedId, Head], Checkpoint | None]
"""A checkpoint over any head of a feed that one writes oneself; None for another's feed."""


MarkOf = Callable[[FeedId, int, int], Checkpoint | None]
"""A kept checkpoint of its writer's: the newest above the first number and not above the second, else the next one."""


def no_signer(_feed: FeedId, _head: Head) -> None:
    """One writes no feed oneself."""


def no_mark(_feed: FeedId, _after_n: int, _until_n: int) -> None:
    """No checkpoint but the newest is kept."""


def nothing_shared(_feed: FeedId) -> Head:
    """Nothing of a feed is known to be on both sides."""
    return NO_ENTRIES


def offer(
    store: FeedStore,
    theirs: Mapping[FeedId, Head],
    *,
    may_send: Callable[[FeedId], bool],
    sign: Signer = no_signer,
    limits: Limits | None = None,
    shared: Callable[[FeedId], Head] = nothing_shared,
    mark_of: MarkOf = no_mark,
) -> Offer:
    """What a party with the vector ``theirs`` lacks, each segment complete up to a checkpoint.

    A feed that one writes oneself is cut and signed wherever the limits ask for it; another's goes up
    to its newest checkpoint, or to one before that ``mark_of`` finds. Where their head is on another branch
    than ours, our branch is sent: it is what lets them see the fork. Of another's feed from that number on; of one's
    own from what both ``shared``, for what was given out on it must not be lost. Of a feed whose next entry is pruned
    here nothing is sent: what comes behind a hole would be refused as broken. See :class:`Pruned`.
    """
    limits = limits or Limits()
    segments: list[Segment] = []
    entries_left, bytes_left, more = limits.entries, limits.body_bytes, False
    for feed, head in sorted(store.heads().items()):
        if not may_send(feed):
            continue
        after = _send_after(store, feed, head, theirs.get(feed, NO_ENTRIES))
        if after is None or after.n < theirs.get(feed, NO_ENTRIES).n:
            after = _own_branch(store, feed, head, theirs.get(feed, NO_ENTRIES), sign, shared) or after
        if after is None:
            continue
        if len(segments) >= MAX_SEGMENTS or entries_left <= 0 or bytes_left <= 0:
            return Offer(tuple(segments), more=True)
        segment, cut = _cut(store, feed, head, after, sign, Limits(entries_left, bytes_left), mark_of)
        more = more or cut
        if segment is not None:
            segments.append(segment)
            entries_left -= len(segment.bodies)
            bytes_left -= sum(map(len, segment.bodies))
    return Offer(tuple(segments), more)


def _send_after(store: FeedStore, feed: FeedId, ours: Head, theirs: Head) -> Head | None:
    """Where to start sending; None: they lack nothing that we have."""
    if theirs.n > ours.n or theirs == ours or theirs.n < store.beginning(feed).after.n:
        return None
    if head_at(store, feed, theirs.n) == theirs:
        return theirs
    return head_at(store, feed, theirs.n - 1)


def _own_branch(
    store: FeedStore, feed: FeedId, ours: Head, theirs: Head, sign: Signer, shared: Callable[[FeedId], Head]
) -> Head | None:
    """Where our branch of a feed that we write leaves theirs; None: it is another's, or they hold the same."""
    if theirs == ours or sign(feed, ours) is None:
        return None
    # a disk that was restored or copied wrote on: theirs may be longer, and ours holds uses that nobody else has
    last = shared(feed)
    if last.n < ours.n and head_at(store, feed, last.n) == last:
        return last
    # the receipt of what both shared may be pruned, and that entry with it: then all that is left here is sent
    begins = store.beginning(feed).after
    return begins if begins.n <= theirs.n else None


def head_at(store: FeedStore, feed: FeedId, n: int) -> Head | None:
    """The feed's head when it had ``n`` entries; None where it has fewer, or no longer knows that one."""
    begins = store.beginning(feed).after
    if n <= begins.n:
        return begins if begins.n in (n, 0) else None
    found = store.entries(feed, n - 1, 1)
    return Head(n, found[0].hash) if found and found[0].n == n else None


def _cut(
    store: FeedStore, feed: FeedId, head: Head, after: Head, sign: Signer, limits: Limits, mark_of: MarkOf
) -> tuple[Segment | None, bool]:
    """A segment within the limits, and whether the feed goes on behind it."""
    stored = store.checkpoint(feed)
    own = sign(feed, head) if stored is None or stored.n < head.n else stored
    newest = own or stored
    if newest is None or newest.n <= after.n:
        return None, False
    entries = _read(store, feed, after.n, newest.n, limits)
    if not entries:
        return None, True
    last = Head(entries[-1].n, entries[-1].hash)
    mark = newest if last.n == newest.n else sign(feed, last) or mark_of(feed, after.n, last.n)
    if mark is not None and mark.n > last.n:  # its writer signed no earlier: so far it has to go in one piece
        entries = _read(store, feed, after.n, mark.n, Limits())
    if (
        mark is None or not after.n < mark.n <= entries[-1].n
    ):  # another's feed: it goes up to a checkpoint or not at all
        return None, True
    return Segment(feed, after, tuple(entry.body for entry in entries[: mark.n - after.n]), mark), mark.n < newest.n


def _read(store: FeedStore, feed: FeedId, after_n: int, until_n: int, limits: Limits) -> list[Entry]:
    read: list[Entry] = []
    size = 0
    while after_n < until_n and len(read) < limits.entries:
        page = store.entries(feed, after_n, min(PAGE_ENTRIES, until_n - after_n, limits.entries - len(read)))
        for entry in page:
            size += len(entry.body)
            if size > limits.body_bytes and read:
                return read
            read.append(entry)
        if not page:
            break
        after_n = page[-1].n
    return read
