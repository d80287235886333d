"""Which entries a counter may let go of.

Rules of this module:

- Of its own feeds: what head office's newest incarnation has receipted, in a receipt that is 35 days old. So a backup
  of head office that is younger than that holds the entries themselves.
- Of head office's feeds: what is 35 days old, from the beginning up to the first entry that is not.
- How old is told by head office's clock and by the counter's own, whichever is earlier: neither alone, set wrong, makes
  anything go.
- The last entry of a feed stays; so does the last receipt, by which others than the fold know what head office holds.
  So does everything from the first entry of a kind that this release does not know: a later one may have to fold it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from kiosk.core.entry import FeedId, Head
from kiosk.core.fact import Fact, Receipt, Unknown
from kiosk.core.rights import is_head_office

PRUNED_AFTER_MS = 35 * 24 * 60 * 60 * 1000


class Read(Protocol):
    """The entries of a feed that are here and end at a head, in order."""

    def __call__(self, feed: FeedId, head: Head, /) -> Iterable[tuple[int, Fact]]: ...


def prunable(heads: Mapping[FeedId, Head], own: str, read: Read, newest_ms: int) -> dict[FeedId, int]:
    """Up to which entry each feed may go, where that is anything; ``own`` is the origin of the counter.

    ``newest_ms`` is the earlier of now and the newest time that head office told.
    """
    limit_ms = newest_ms - PRUNED_AFTER_MS
    tellers = [feed for feed in heads if is_head_office(feed)]
    incarnation = max((feed.incarnation for feed in tellers), default=0)
    may_go, receipted = dict[FeedId, int](), dict[str, int]()
    for feed in tellers:
        last_receipt_n = heads[feed].n
        for n, fact in _old(read(feed, heads[feed]), limit_ms):
            may_go[feed] = n
            # one who was restored from a backup no longer has what the incarnation before said it had
            if isinstance(fact, Receipt) and feed.incarnation == incarnation:
                receipted[fact.feed] = max(fact.n, receipted.get(fact.feed, 0))
                last_receipt_n = n
        may_go[feed] = min(may_go.get(feed, 0), last_receipt_n - 1)
    for feed, head in heads.items():
        until_n = receipted.get(str(feed), 0) if feed.origin == own else 0
        for n, _ in _known(read(feed, head)) if until_n else ():
            if n > until_n:
                break
            may_go[feed] = n
    return {feed: min(n, heads[feed].n - 1) for feed, n in may_go.items() if min(n, heads[feed].n - 1) > 0}


def _old(entries: Iterable[tuple[int, Fact]], limit_ms: int) -> Iterator[tuple[int, Fact]]:
    for n, fact in _known(entries):
        if not isinstance(fact, Unknown) and fact.at_ms > limit_ms:
            return
        yield n, fact


def _known(entries: Iterable[tuple[int, Fact]]) -> Iterator[tuple[int, Fact]]:
    """Up to the first of a kind that is not known here. One whose body holds no fact at all says nothing to anyone."""
    for n, fact in entries:
        if isinstance(fact, Unknown) and fact.kind != 0:
            return
        yield n, fact
