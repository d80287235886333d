"""What the parts of a counter share: journal, clock, promotions in force, display and till.

Rules of this module:

- Not locked here: the counter's lock is held by whoever calls.
- What is appended is durable and folded when :meth:`Workplace.append` returns.
- If the outcome of an append is unknown, the journal says what was written, and the display follows it: see
  :class:`kiosk.redemptions.Redemptions`, which sets ``on_reopened``.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.answering import Known
from kiosk.clock import Clock
from kiosk.config import Enrolment
from kiosk.core.catalogue import Catalogue
from kiosk.core.decide import Place
from kiosk.core.fact import Answered, Redemption, Void
from kiosk.core.promotion import Promotion
from kiosk.core.standing import Standing
from kiosk.display import Board
from kiosk.errors import AppendUnknownError
from kiosk.journal import Journal
from kiosk.ledger import Ledger
from kiosk.ports import Carrier, LinkState, Neighbours
from kiosk.sale import Till
from kiosk.screens import Album
from kiosk.snapshots import Snapshots


class Workplace:
    """One counter's things. ``mint`` gives 16 random bytes."""

    def __init__(
        self, *, journal: Journal, enrolment: Enrolment, clock: Clock, mint: Callable[[], bytes],
        snapshots: Snapshots | None = None,
    ) -> None:  # fmt: skip
        self.journal = journal
        self.enrolment = enrolment
        self.clock = clock
        self.mint = mint
        self.place = Place(enrolment.store, enrolment.counter)
        self.catalogue = Catalogue.empty(enrolment.fleet_key)
        self.ledger = Ledger(journal, enrolment.feed, snapshots)
        self.board = Board()
        self.till = Till(mint, enrolment.fleet_key)
        self.album = Album()
        self.link = LinkState()
        self.carrier: Carrier | None = None
        self.neighbours: Neighbours | None = None
        self.on_reopened: Callable[[], None] = lambda: None

    @property
    def standing(self) -> Standing:
        """All that is known of uses, folded."""
        return self.ledger.standing

    def known(self) -> Known:
        """What an answer rests on, now."""
        return Known(self.catalogue, self.standing, self.place, self.clock.now(), self.till.asked())

    def promotion(self, promotion_id: str | None) -> Promotion | None:
        """The promotion in force that has this id."""
        return None if promotion_id is None else self.catalogue.promotions.get(promotion_id)

    def append(self, fact: Redemption | Answered | Void) -> None:
        """Write and fold; raises ``JournalError``."""
        try:
            self.ledger.append(fact)
        except AppendUnknownError:
            self.on_reopened()
            raise

    def reopen_if_stopped(self) -> None:
        """Another thread may have met an unknown outcome."""
        if self.journal.stopped and self.ledger.reopen():
            self.on_reopened()

    def wake(self) -> None:
        """There is something to send to head office, and to the other counters of this store."""
        for told in (self.carrier, self.neighbours):
            if told is not None:
                told.wake()
