"""What a counter has written and been told: its journal, the standing folded from it, and the stubs of all its lives.

Rules of this module:

- What is appended is durable before it is folded, and folded before :meth:`Ledger.append` returns.
- If the outcome of an append is unknown the journal is reopened and refolded, and the standing says whether it was
  written; nothing is retried in place.
- The last trouble with the journal is kept until a later append or reopening goes well.
- Where there is a snapshot the standing begins on it, and only what came since is folded. If it turns out to differ
  from what it covers, the standing is folded anew and a person is told, until the next start.
- A counter that was enrolled anew writes another feed (its next life) and keeps the stubs of the one before. It cannot
  write in the old feed: what it takes back of an earlier life is undone once head office says so.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from kiosk.core.clock_floor import Told
from kiosk.core.entry import Entry, FeedId, MalformedEntryError
from kiosk.core.fact import Fact, Redemption, decode_fact
from kiosk.core.settled import NOTHING
from kiosk.core.snapshot import Snapshot
from kiosk.core.standing import Standing
from kiosk.errors import AppendUnknownError, JournalError
from kiosk.journal import Journal
from kiosk.snapshots import Snapshots, folded


class StubName(NamedTuple):
    """A redemption of this counter: in which of its lives (the incarnation of its feed), and which entry there."""

    life: int
    n: int


class Ledger:
    """A journal and the fold over it.

    Not locked here but for the one moment in which the standing is exchanged: the counter's lock is held by whoever
    calls.
    """

    def __init__(
        self, journal: Journal, feed: FeedId, snapshots: Snapshots | None = None, root_key: bytes = b""
    ) -> None:
        """``root_key``: what a reset of the floor under the clock has to be signed by."""
        self._journal = journal
        self._root_key = root_key
        self._snapshots = snapshots
        self._folding = threading.RLock()
        self._journal_trouble: JournalError | None = None
        self._snapshot_trouble: JournalError | None = None
        self.feed = feed
        self.standing = Standing(feed)
        if snapshots is not None:
            snapshots.on_difference = self._differs
        self.refold()

    @property
    def stubs(self) -> OwnStubs:
        """The redemptions of this counter, of all its lives."""
        return OwnStubs(self.standing, self.lives())

    @property
    def time(self) -> Told:
        """What the journal tells of the time."""
        return self.standing.time.read(self._root_key)

    @property
    def trouble(self) -> JournalError | None:
        """What a person must know of the journal now."""
        return self._journal_trouble or self._snapshot_trouble

    def refold(self) -> None:
        """Fold the journal anew: what a snapshot covers is taken from it."""
        restored = None if self._snapshots is None else self._snapshots.restored()
        with self._folding:
            self._begin(restored)

    def _begin(self, snapshot: Snapshot | None) -> None:
        settled, covered = (NOTHING, {}) if snapshot is None else (snapshot.settled, snapshot.covered)
        standing = folded(self._journal, self.feed, settled, covered, self._journal.heads())
        standing.situation = self.standing.situation
        self.standing = standing

    def _differs(self, true: Snapshot) -> None:
        """Told from another thread: a snapshot was wrong; what its entries really come to is in force from now on."""
        with self._folding:
            self._begin(true)
        self._snapshot_trouble = JournalError(
            "snapshot-differs",
            "The counter began on a snapshot of its journal that was wrong; it was folded anew",
            where=str(self._journal.path),
            cure="Run verify on the journal and call head office: its disk may be failing.",
        )

    def learn(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are durable in the journal: this counter's own, or head office's."""
        with self._folding:
            for entry in entries:
                try:
                    fact = decode_fact(entry.body)
                except MalformedEntryError:
                    continue  # written by a newer release: kept in the journal, and ignored as replay ignores it
                self.standing.apply(entry.feed, entry.n, fact)
        self._came(len(entries))

    def _came(self, count: int) -> None:
        if self._snapshots is not None:
            self._snapshots.came(count)

    def append(self, *facts: Fact) -> None:
        """Write and fold, all or none. After an unknown outcome the standing says what the journal really holds."""
        try:
            for entry, fact in zip(self._journal.append(facts), facts, strict=True):
                with self._folding:
                    self.standing.apply(entry.feed, entry.n, fact)
            self._journal_trouble = None
        except JournalError as error:
            self._journal_trouble = error
            if isinstance(error, AppendUnknownError):
                self.reopen()
            raise
        self._came(len(facts))

    def reopen(self) -> bool:
        """Reopen a journal that stopped after an unknown outcome and fold it anew; False where it cannot be."""
        try:
            self._journal.reopen()
            self.refold()
            self._journal_trouble = None
        except JournalError as error:
            self._journal_trouble = error
            return False
        return True

    def head_office_n(self) -> int:
        """How many entries of head office are here: what this counter knew when it said yes."""
        heads = self._journal.heads().items()
        return max((head.n for feed, head in heads if feed.origin == "head-office"), default=0)

    def neighbours_n(self) -> dict[str, int]:
        """How many entries of each feed of the store's other counters are here."""
        store = self.feed.origin.partition("/")[0]
        heads = self._journal.heads().items()
        near = (one for one in heads if one[0].origin.startswith(f"{store}/") and one[0].origin != self.feed.origin)
        return {str(feed): head.n for feed, head in near}

    def waiting(self) -> int:
        """How many redemptions and voids head office has not receipted, of this life and of those before."""
        return sum(self.standing.waiting(feed) for feed in self.lives())

    # --- lives --------------------------------------------------------------------------------

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
        return self.is_void(name) or (str(self.life(name.life)), name.n) in self.standing.taken_back


class OwnStubs:
    """The redemptions of one counter's feeds by their names."""

    def __init__(self, standing: Standing, lives: Sequence[FeedId]) -> None:
        self._standing = standing
        self._lives = {feed.incarnation: feed for feed in lives}

    def get(self, name: StubName) -> Redemption | None:
        """The redemption of that name."""
        feed = self._lives.get(name.life)
        return None if feed is None else self._standing.redemption(feed, name.n)

    def since(self, since_ms: int) -> list[tuple[StubName, Redemption]]:
        """Those from ``since_ms`` on, voided ones too, the newest life first and the newest first."""
        return [
            (StubName(incarnation, n), fact)
            for incarnation, feed in sorted(self._lives.items(), reverse=True)
            for n, fact in self._standing.redemptions_since(feed, since_ms)
        ]
