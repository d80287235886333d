"""A real counter over a real journal in a temporary folder, with a clock that tests move."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kiosk.clock import to_ms
from kiosk.config import Enrolment
from kiosk.core.catalogue import Catalogue
from kiosk.core.fact import BundleInstalled, Opened
from kiosk.counter import Counter
from kiosk.journal import Journal
from tests.core_world import FLEET_KEY, OWN, at, catalogue, promotion

NOON = at("2026-11-06T12:00")


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic_s = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic_s += seconds


ENROLMENT = Enrolment(
    origin=OWN.origin,
    incarnation=OWN.incarnation,
    key_epoch=1,
    store="bayside",
    counter="counter-1",
    head_office_url="http://127.0.0.1:1",
    head_office_keys=((1, bytes(32)),),
    root_key=bytes(32),
    fleet_key=FLEET_KEY,
)

TACO = promotion(codes=["TACO-7F3K-9HXM", "TACO-2M8R-5JWD"], words=None, credentials=["listed"])
PIE = promotion(id="pie", title="Pie", gives="Pie, free", codes=None, words=["LIMEPIE"], credentials=["word"])


@dataclass
class Floor:
    """One counter at work."""

    path: Path
    clock: MovedClock
    journal: Journal
    counter: Counter
    catalogue: Catalogue
    open_journal: Callable[[Path], Journal]

    def restart(self) -> None:
        """End the program and start it again on the same journal."""
        self.journal.close()
        self.journal = self.open_journal(self.path)
        self.counter = make_counter(self.journal, self.clock, self.catalogue)


def make_counter(journal: Journal, clock: MovedClock, known: Catalogue) -> Counter:
    """A counter over ``journal`` that knows ``known``, as if its bundle were cached."""
    minted = itertools.count(to_ms(clock.now()))
    counter = Counter(journal=journal, enrolment=ENROLMENT, clock=clock, mint=lambda: next(minted).to_bytes(16, "big"))
    counter.catalogue = known
    return counter


def open_floor(folder: Path, open_journal: Callable[[Path], Journal] = Journal.open) -> Floor:
    """A counter on an empty journal, with two promotions known and nothing redeemed."""
    clock = MovedClock()
    path = folder / "journal.db"
    journal = open_journal(path)
    at_ms = to_ms(clock.now())
    opened = Opened(at_ms=at_ms, store="bayside", counter="counter-1", public_key=bytes(32), key_epoch=1)
    journal.start_feed(OWN, opened)
    journal.append([BundleInstalled(at_ms=at_ms, version=7, manifest_hash=bytes(32))])
    known = catalogue(TACO, PIE)
    return Floor(path, clock, journal, make_counter(journal, clock, known), known, open_journal)
