"""What the parts of a counter share: journal, clock, promotions in force, display and till; and how the counter stands.

Rules of this module:

- Not locked here: the counter's lock is held by whoever calls.
- What is appended is durable and folded when :meth:`Workplace.append` returns.
- If the outcome of an append is unknown, the journal says what was written, and the display follows it: see
  :class:`kiosk.redemptions.Redemptions`, which sets ``on_reopened``.
- The counter is online where its last exchange with head office went well, and not long ago: then it can be asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from kiosk.answering import Known
from kiosk.cached_bundle import InForce
from kiosk.clock import Clock, GuardedClock, to_ms
from kiosk.config import Enrolment
from kiosk.core.bundle_age import freshness
from kiosk.core.catalogue import Catalogue
from kiosk.core.decide import Place
from kiosk.core.entry import Entry
from kiosk.core.escrow import situation_of
from kiosk.core.fact import Fact, Ticked
from kiosk.core.promotion import Promotion
from kiosk.core.situation import Freshness, Situation
from kiosk.core.standing import Standing
from kiosk.display import Board
from kiosk.errors import AppendUnknownError, JournalError
from kiosk.journal import Journal
from kiosk.ledger import Ledger
from kiosk.ports import Carrier, LinkState, Neighbours
from kiosk.sale import Till
from kiosk.screens import Album
from kiosk.snapshots import Snapshots

ONLINE_FOR_S = 10.0
"""An exchange that went well says for this long that head office can be reached: they come every 3 seconds."""


class Workplace:
    """One counter's things. ``mint`` gives 16 random bytes; ``boot_ms`` as in :class:`kiosk.clock.GuardedClock`."""

    def __init__(
        self,
        *,
        journal: Journal,
        enrolment: Enrolment,
        clock: Clock,
        mint: Callable[[], bytes],
        boot_ms: Callable[[], int] | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.journal = journal
        self.enrolment = enrolment
        self.mint = mint
        self.place = Place(enrolment.store, enrolment.counter)
        self.catalogue = Catalogue.empty(enrolment.fleet_key)
        self.ledger = Ledger(journal, enrolment.feed, snapshots, enrolment.root_key)
        self.clock = GuardedClock(clock, boot_ms)
        self.clock.begin(self.ledger.time.floor_ms)
        self.board = Board()
        self.till = Till(mint, enrolment.fleet_key)
        self.album = Album()
        self.link = LinkState()
        self.carrier: Carrier | None = None
        self.neighbours: Neighbours | None = None
        self.newest_list = 0
        self.on_reopened: Callable[[], None] = lambda: None
        self._in_force: InForce | None = None
        self._linked_s: float | None = None
        self._reset_ms = self.ledger.time.reset_ms

    # --- what is known ------------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        """All that is known of uses and rights, folded."""
        return self.ledger.standing

    def known(self, *, alone: bool = False) -> Known:
        """What an answer rests on, now. ``alone``: head office was asked, and has not answered."""
        self.standing.situation = self.situation(alone=alone)
        return Known(self.catalogue, self.standing, self.place, self.clock.now(), self.till.asked())

    def situation(self, *, alone: bool = False) -> Situation:
        """How the counter stands now."""
        return situation_of(
            self.standing.accounts,
            self.catalogue,
            self.place.store,
            online=self.is_online and not alone,
            fenced=self.is_fenced,
            freshness=self.freshness,
            clock=self.clock.between(),
        )

    @property
    def is_online(self) -> bool:
        """Whether head office can be asked now."""
        linked_s = self._linked_s
        return linked_s is not None and self.clock.monotonic_s() - linked_s <= ONLINE_FOR_S

    def linked(self, link: LinkState) -> None:
        """The link was told of. A bundle that takes its time says nothing anew of the line."""
        self.link = link
        if not link.online:
            self._linked_s = None
        elif link.doing is None:
            self._linked_s = self.clock.monotonic_s()

    @property
    def is_fenced(self) -> bool:
        """Whether head office has ended this counter's feed, or holds another history of it: nothing more counts."""
        return self.link.fenced or str(self.enrolment.feed) in self.standing.revoked

    @property
    def freshness(self) -> Freshness:
        """The worst that the age of the promotions in force can be."""
        if self._in_force is None:
            return Freshness.FRESH
        # a clock that is set back to when the list was young
        latest_ms = max(self.clock.latest_ms(), self.catalogue.published_at_ms)
        return freshness(self._in_force.fresh_until_ms, self._in_force.hard_until_ms, latest_ms)

    def put_in_force(self, published: InForce) -> None:
        """These promotions are in force from now on."""
        self._in_force, self.catalogue = published, published.catalogue

    @property
    def knows_what_is_over(self) -> bool:
        """Whether a bundle is in force, and head office has none that is newer: it may say otherwise what is over."""
        return self._in_force is not None and self.newest_list <= self.catalogue.version

    def promotion(self, promotion_id: str | None) -> Promotion | None:
        """The promotion in force that has this id."""
        return None if promotion_id is None else self.catalogue.promotions.get(promotion_id)

    # --- journal ------------------------------------------------------------------------------

    def append(self, *facts: Fact) -> None:
        """Write in one transaction, and fold; raises ``JournalError``."""
        try:
            self.ledger.append(*facts)
        except AppendUnknownError:
            self._reopened()
            raise

    def learn(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are durable in the journal, and heed what time they say it is."""
        self.ledger.learn(entries)
        self._heed_time()

    def reopen_if_stopped(self) -> None:
        """Another thread may have met an unknown outcome."""
        if self.journal.stopped and self.ledger.reopen():
            self._reopened()

    def _reopened(self) -> None:
        self._heed_time()
        self.on_reopened()

    def wake(self) -> None:
        """There is something to send to head office, and to the other counters of this store."""
        for told in (self.carrier, self.neighbours):
            if told is not None:
                told.wake()

    # --- time ---------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """The guarded time, for what is written down."""
        return to_ms(self.clock.now())

    def _heed_time(self) -> None:
        time = self.ledger.time
        if time.reset_ms != self._reset_ms:
            self._reset_ms = time.reset_ms
            self.clock.reset(time.floor_ms)
        elif time.floor_ms is not None:
            self.clock.saw(time.floor_ms, answered=False)

    def tick(self, *, closing: bool = False) -> None:
        """Write the floor under the clock down, if it is due; where that cannot be, the status line tells of it."""
        floor_ms = self.clock.due(closing=closing)
        if floor_ms is None:
            return
        with contextlib.suppress(JournalError):
            self.append(Ticked(at_ms=self.clock.reading_ms(), floor_ms=floor_ms, reset_ms=self._reset_ms))
            self.clock.ticked(floor_ms)
