"""Which neighbours' entries this counter carries to head office, because they have no line of their own.

Rules of this module:

- A neighbour's feed is carried when what is held of it has not been receipted for ``AFTER_S``: whoever has a line sends
  by itself, much sooner, and its receipt comes here over the local network.
- While it is carried, the neighbour's receipts are fetched with it; the neighbour takes them from here.
- What head office does not take in ``AT_MOST_S`` (a feed with two histories, say) rests for ``REST_S``, and so does all
  when a message was refused: carrying must not hold up this counter's own entries.

Not locked: only the replicator's turn looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from kiosk.core.entry import FeedId, Head
from sync.offering import MarkOf, no_mark

AFTER_S = 10.0
AT_MOST_S = 60.0
REST_S = 600.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    receipted_n: int
    due_s: float


class Carrying:
    """A counter's load for others. ``look`` says what is carried from now on."""

    def __init__(
        self,
        heads: Callable[[], Mapping[FeedId, Head]],
        is_neighbours: Callable[[FeedId], bool],
        receipted_n: Callable[[FeedId], int],
        mark_of: MarkOf = no_mark,
    ) -> None:
        """``is_neighbours``: another counter of this store writes it; ``receipted_n``: how far it is at head office."""
        self.mark_of = mark_of
        self._heads = heads
        self._is_neighbours = is_neighbours
        self._receipted_n = receipted_n
        self._waiting: dict[FeedId, _Waiting] = {}
        self.feeds: frozenset[FeedId] = frozenset()

    def look(self, now_s: float) -> frozenset[FeedId]:
        """The feeds to be carried now; ``now_s`` by a monotonic clock."""
        waiting = {}
        for feed, head in self._heads().items():
            receipted_n = self._receipted_n(feed)
            if not self._is_neighbours(feed) or receipted_n >= head.n:
                continue
            one = self._waiting.get(feed)
            if one is None or one.receipted_n != receipted_n:
                one = _Waiting(receipted_n, now_s + AFTER_S)
            if now_s >= one.due_s + AT_MOST_S:
                one = replace(one, due_s=now_s + REST_S)
            waiting[feed] = one
        self._waiting = waiting
        self.feeds = frozenset(feed for feed, one in waiting.items() if one.due_s <= now_s)
        return self.feeds

    def refused(self, now_s: float) -> None:
        """Head office refused a message: all that was carried rests."""
        for feed in self.feeds:
            self._waiting[feed] = replace(self._waiting[feed], due_s=now_s + REST_S)
        self.feeds = frozenset()
