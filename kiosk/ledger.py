"""What a counter has written and been told: its journal, the standing folded from it, and the stubs of its own feed.

Rules of this module:

- What is appended is durable before it is folded, and folded before :meth:`Ledger.append` returns.
- If the outcome of an append is unknown the journal is reopened and refolded, and the standing says whether it was
  written; nothing is retried in place.
- The last trouble with the journal is kept until a later append or reopening goes well.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.core.entry import Entry, FeedId, MalformedEntryError
from kiosk.core.fact import Answered, Redemption, Transferred, Void, decode_fact
from kiosk.core.standing import Standing
from kiosk.errors import AppendUnknownError, JournalError
from kiosk.journal import Journal


class Ledger:
    """A journal and the fold over it. Not locked here: the counter's lock is held by whoever calls."""

    def __init__(self, journal: Journal, feed: FeedId) -> None:
        self._journal = journal
        self.feed = feed
        self.trouble: JournalError | None = None
        self.standing = Standing(feed)
        self.stubs: dict[int, Redemption] = {}
        self.refold()

    def refold(self) -> None:
        """Fold the whole journal anew."""
        standing, stubs = Standing(self.feed), dict[int, Redemption]()
        for feed, n, fact in self._journal.replay():
            standing.apply(feed, n, fact)
            if feed == self.feed and isinstance(fact, Redemption):
                stubs[n] = fact
        self.standing, self.stubs = standing, stubs

    def learn(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are durable in the journal: this counter's own, or head office's."""
        for entry in entries:
            try:
                fact = decode_fact(entry.body)
            except MalformedEntryError:
                continue  # written by a newer release: kept in the journal, and ignored as replay ignores it
            self.standing.apply(entry.feed, entry.n, fact)
            if entry.feed == self.feed and isinstance(fact, Redemption):
                self.stubs[entry.n] = fact

    def append(self, *facts: Redemption | Answered | Void | Transferred) -> None:
        """Write and fold, all or none. After an unknown outcome the standing says what the journal really holds."""
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
        mine = [feed for feed in self._journal.heads() if feed.origin == self.feed.origin]
        return sum(self.standing.waiting(feed) for feed in mine)
