"""What a counter has written and been told: its journal, what is folded from it, and the stubs of all its lives.

Rules of this module:

- What is appended is durable before it is folded, and folded before :meth:`Ledger.append` returns.
- If the outcome of an append is unknown the journal is reopened and refolded, and the standing says whether it was
  written; nothing is retried in place.
- The last trouble with the journal is kept until a later append or reopening goes well.
- A counter that was enrolled anew writes another feed (its next life) and keeps the stubs of the one before. It cannot
  write in the old feed: what it takes back of an earlier life is undone once head office says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kiosk.core.asks import Asks
from kiosk.core.clock_floor import ClockHistory
from kiosk.core.entry import Entry, FeedId, MalformedEntryError
from kiosk.core.fact import Fact, Redemption, Void, decode_fact
from kiosk.core.standing import Standing
from kiosk.errors import AppendUnknownError, JournalError
from kiosk.journal import Journal


class StubName(NamedTuple):
    """A redemption of this counter: in which of its lives (the incarnation of its feed), and which entry there."""

    life: int
    n: int


class Folds:
    """All that is folded from the journal of the counter that writes ``feed``.

    ``taken_back`` are the stubs of earlier lives whose void is written here; whether it counts, ``standing`` says.
    """

    def __init__(self, feed: FeedId, root_key: bytes) -> None:
        self._feed = feed
        self.standing = Standing(feed)
        self.time = ClockHistory(feed, root_key)
        self.asks = Asks(feed)
        self.stubs: dict[StubName, Redemption] = {}
        self.taken_back: set[StubName] = set()

    def apply(self, feed: FeedId, n: int, fact: Fact) -> None:
        """Fold entry ``n`` of ``feed``."""
        self.standing.apply(feed, n, fact)
        self.time.apply(feed, n, fact)
        self.asks.apply(feed, n, fact)
        if feed.origin != self._feed.origin:
            return
        if isinstance(fact, Redemption):
            self.stubs[StubName(feed.incarnation, n)] = fact
        elif isinstance(fact, Void) and fact.feed != str(feed):
            self._note_taken_back(fact)

    def _note_taken_back(self, fact: Void) -> None:
        try:
            of = FeedId.parse(fact.feed)
        except MalformedEntryError:
            return
        if of.origin == self._feed.origin:
            self.taken_back.add(StubName(of.incarnation, fact.n))


class Ledger:
    """A journal and the folds over it. Not locked here: the counter's lock is held by whoever calls."""

    def __init__(self, journal: Journal, feed: FeedId, root_key: bytes) -> None:
        self._journal = journal
        self._root_key = root_key
        self.feed = feed
        self.trouble: JournalError | None = None
        self._folds = Folds(feed, root_key)
        self.refold()

    def refold(self) -> None:
        """Fold the whole journal anew; where it cannot be read, what was folded before stays."""
        folds = Folds(self.feed, self._root_key)
        for feed, n, fact in self._journal.replay():
            folds.apply(feed, n, fact)
        self._folds = folds

    @property
    def standing(self) -> Standing:
        """What is known of uses and rights."""
        return self._folds.standing

    @property
    def time(self) -> ClockHistory:
        """What is known of the time."""
        return self._folds.time

    @property
    def asks(self) -> Asks:
        """What head office was asked for."""
        return self._folds.asks

    @property
    def stubs(self) -> Mapping[StubName, Redemption]:
        """The redemptions of this counter, of all its lives."""
        return self._folds.stubs

    def learn(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are durable in the journal: this counter's own, or head office's."""
        for entry in entries:
            try:
                fact = decode_fact(entry.body)
            except MalformedEntryError:
                continue  # written by a newer release: kept in the journal, and ignored as replay ignores it
            self._folds.apply(entry.feed, entry.n, fact)

    def append(self, *facts: Fact) -> None:
        """Write in one transaction, and fold. After an unknown outcome the standing says what the journal holds."""
        try:
            self.learn(self._journal.append(facts))
            self.trouble = None
        except JournalError as error:
            self.trouble = error
            if isinstance(error, AppendUnknownError):
                self.reopen()
            raise

    def reopen(self) -> bool:
        """Reopen a journal that stopped after an unknown outcome and fold it anew; False where it cannot be."""
        try:
            self._journal.reopen()
            self.refold()
            self.trouble = None
        except JournalError as error:
            self.trouble = error
            return False
        return True

    def life(self, incarnation: int) -> FeedId:
        """The feed of one of this counter's lives."""
        return FeedId(self.feed.origin, incarnation)

    def lives(self) -> list[FeedId]:
        """The feeds of this counter that are in the journal, oldest first."""
        return sorted(feed for feed in self._journal.heads() if feed.origin == self.feed.origin)

    def unanswered(self) -> list[StubName]:
        """The live redemptions, of all lives, whose answer nobody saw, oldest first."""
        found = [StubName(feed.incarnation, n) for feed in self.lives() for n in self.standing.unanswered(feed)]
        return [name for name in found if not self.is_taken_back(name)]

    def is_void(self, name: StubName) -> bool:
        """Whether a redemption of this counter is undone."""
        return self.standing.is_void(self.life(name.life), name.n)

    def is_taken_back(self, name: StubName) -> bool:
        """Whether its void is written: it is undone, or (of an earlier life) will be when head office says so."""
        return self.is_void(name) or name in self._folds.taken_back

    def head_office_n(self) -> int:
        """How many entries of head office are here: what this counter knew when it said yes."""
        heads = self._journal.heads().items()
        return max((head.n for feed, head in heads if feed.origin == "head-office"), default=0)

    def waiting(self) -> int:
        """How many redemptions and voids head office has not receipted, of this life and of those before."""
        return sum(self.standing.waiting(feed) for feed in self.lives())
