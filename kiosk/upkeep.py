"""What a counter does by the time, whoever is there: the odometer of its clock, rights given back, how it stands.

Rules of this module:

- Called every some seconds, and when something was learned; all of it may be called again at any time.
- Rights of promotions that are over go back to head office, in entries; never by a clock that is suspect or ahead of
  what head office said, and never while no list of promotions is in force, or not the newest: head office, which would
  grant them again, has to see them over as well.
- Not locked here: the counter's lock is held by whoever calls.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from kiosk.core.escrow import returns_due
from kiosk.errors import JournalError
from kiosk.looking import Looks
from kiosk.single_rights import SingleRights
from kiosk.workplace import Workplace

EVERY_S = 5.0

log = logging.getLogger(__name__)


class Upkeep:
    """The upkeep of one counter."""

    def __init__(self, work: Workplace, looks: Looks, rights: SingleRights) -> None:
        self._work = work
        self._looks = looks
        self._rights = rights
        self._stood = self._stands()

    def learned(self) -> None:
        """More is known: the display follows it."""
        self._work.tick()
        self._looks.decide_anew()
        self._rights.tidy()
        self.show_how_it_stands()

    def tick(self) -> None:
        """Some seconds have passed."""
        self._work.reopen_if_stopped()
        self._work.tick()
        self._give_back_what_is_over()
        self._rights.tidy()
        self.show_how_it_stands()

    def show_how_it_stands(self) -> None:
        """Online, fenced, the age of the list or the clock may be another than before: so may answers be."""
        stands = self._stands()
        if stands != self._stood:
            self._stood = stands
            self._looks.decide_anew()
            self._work.board.poke()

    def _stands(self) -> tuple[object, ...]:
        work = self._work
        return work.is_online, work.is_fenced, work.freshness, work.clock.between() is None

    def _give_back_what_is_over(self) -> None:
        work = self._work
        if not work.knows_what_is_over or work.clock.between() is not None:
            return
        today = work.clock.earliest().astimezone(work.catalogue.zone(work.place.store)).date()
        due = returns_due(work.standing.accounts, work.catalogue, today, work.now_ms())
        if due:
            with contextlib.suppress(JournalError):  # told on the status line; it is tried again
                work.append(*due)
                work.wake()


class SlowTick:
    """A thread that calls ``tick`` every some seconds. Nothing leaves it as an exception."""

    def __init__(self, tick: Callable[[], None], every_s: float = EVERY_S) -> None:
        self._tick = tick
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End; a tick under way is waited for."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                self._tick()
            except Exception:
                log.exception("the upkeep of the counter failed")
