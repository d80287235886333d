"""What :class:`kiosk.snapshots.Snapshots` does of pruning, with the same rule and the same fold, however few go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kiosk.core import pruning
from kiosk.core.entry import FeedId, Head
from kiosk.core.fact import Fact, Unknown
from kiosk.core.rights import is_head_office
from kiosk.core.settled import NOTHING
from kiosk.core.standing import Standing
from tests.simulation.journal import Foundation, SimJournal, readable

if TYPE_CHECKING:
    from tests.simulation.counter import SimCounter


def folded(journal: SimJournal, own: FeedId) -> Standing:
    """What stands for the pruned entries, and those that are here behind it."""
    standing = _ground(journal, own)
    for feed, n, fact in journal.replay():
        standing.apply(feed, n, fact)
    return standing


def prune(counter: SimCounter) -> int:
    """Let go of what is receipted and old: how many entries. Raises ``JournalError``."""
    journal = counter.journal
    heads = journal.heads()

    def read(feed: FeedId, head: Head) -> Iterable[tuple[int, Fact]]:
        return ((one.n, readable(one.body)) for one in journal.entries(feed, 0, head.n))

    may_go = pruning.prunable(heads, counter.feed.origin, read, _newest_ms(counter))
    begins = {feed: journal.beginning(feed).after for feed in heads}
    count = sum(max(n - begins[feed].n, 0) for feed, n in may_go.items())
    if count == 0:
        return 0
    until = {feed: journal.head_at(feed, max(may_go.get(feed, 0), begins[feed].n)) for feed in heads}
    points = {feed: head for feed, head in until.items() if head.n}
    standing = _ground(journal, counter.feed)
    for feed, n, fact in journal.replay():
        if feed in points and n <= points[feed].n:
            standing.apply(feed, n, fact)
    journal.prune(Foundation(counter.feed, standing.frozen().settled(), points))
    return count


def _ground(journal: SimJournal, own: FeedId) -> Standing:
    found = journal.foundation
    if found is None:
        return Standing.on(NOTHING, own)
    return Standing.on(found.settled if found.feed == own else found.settled.of_another_life(), own)


def _newest_ms(counter: SimCounter) -> int:
    """The earlier of now and the newest time that head office told."""
    heads = counter.journal.heads()
    last = (counter.journal.entries(feed, head.n - 1, 1)[0] for feed, head in heads.items() if is_head_office(feed))
    told = (readable(one.body) for one in last)
    return min(counter.now_ms(), max((0 if isinstance(one, Unknown) else one.at_ms for one in told), default=0))
