"""A real counter over a real journal in a temporary folder, with a clock that tests move."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import to_ms
from kiosk.config import Enrolment
from kiosk.core.catalogue import Catalogue
from kiosk.core.entry import NO_ENTRIES, FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Asked, BundleInstalled, Denied, Fact, Granted, Opened, decode_fact, encode_fact
from kiosk.core.rights import RightKind
from kiosk.counter import Counter
from kiosk.journal import Journal
from kiosk.ports import LinkState
from tests.core_world import FLEET_KEY, OWN, at, catalogue, promotion

NOON = at("2026-11-06T12:00")


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic_s = 1000.0
        self.moved: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic_s += seconds
        self.moved()

    def set(self, now: datetime) -> None:
        """Somebody sets the clock: no time has passed."""
        self._now = now


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


OFFICE = FeedId(f"head-office/{OWN.origin}", 1)
OFFICE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x05")


class Office:
    """Head office at the other end of the line: what it was asked it answers when the counter wakes the line again.

    ``why`` None: it grants; else what it says no with. ``silent``: it does not answer. ``woken`` counts the calls.
    """

    def __init__(self) -> None:
        self.journal: Journal | None = None
        self.counter: Counter | None = None
        self.why: str | None = None
        self.silent = False
        self.woken = 0
        self._heard_n = self._sent_n = 0

    def wake(self) -> None:
        self.woken += 1
        if not self.silent:
            self.answer(self._sent_n)
        assert self.journal is not None
        self._sent_n = self.journal.heads()[OWN].n

    def answer(self, until_n: int = 2**31) -> None:
        """Answer all that was asked since, up to own entry ``until_n``."""
        assert self.journal is not None
        for entry in self.journal.entries(OWN, self._heard_n, max(0, min(1000, until_n - self._heard_n))):
            self._heard_n = entry.n
            fact = decode_fact(entry.body)
            if not isinstance(fact, Asked):
                continue
            if self.why is None:
                self.grant(RightKind.ONCE, fact.promotion, 1, fact.credential, entry.n)
            else:
                self.write(Denied(at_ms=fact.at_ms, feed=str(OWN), n=entry.n, why=self.why))

    def grant(
        self, kind: RightKind, promotion: str, amount: int, subject: bytes | None = None, asked_n: int | None = None
    ) -> None:
        """Give the counter a right."""
        self.write(
            Granted(
                at_ms=to_ms(NOON),
                feed=str(OWN),
                right=int(kind),
                promotion=promotion,
                amount=amount,
                subject=subject,
                asked_n=asked_n,
            )
        )

    def write(self, *facts: Fact) -> None:
        """Write entries in head office's feed for this counter, and have them brought there."""
        assert self.journal is not None
        assert self.counter is not None
        head = self.journal.heads().get(OFFICE, NO_ENTRIES)
        entries = chain(OFFICE, head, [encode_fact(fact) for fact in facts])
        last = Head(entries[-1].n, entries[-1].hash)
        self.journal.store_segment(entries, sign_checkpoint(OFFICE, last, 1, 0, OFFICE_KEY))
        self.counter.learn(entries)


@dataclass
class Floor:
    """One counter at work. ``online``: its line is up, as the replicator tells every few seconds."""

    path: Path
    clock: MovedClock
    journal: Journal
    counter: Counter
    catalogue: Catalogue
    open_journal: Callable[[Path], Journal]
    office: Office = field(default_factory=Office)
    online: bool = True

    def __post_init__(self) -> None:
        self.clock.moved = self.tell_link
        self._connect()

    def _connect(self) -> None:
        self.office.journal, self.office.counter = self.journal, self.counter
        self.counter.carrier = self.office
        self.counter.answer_within_s = 0.01
        self.tell_link()

    def tell_link(self) -> None:
        """The replicator says how the line stands."""
        self.counter.set_link(LinkState(online=self.online))

    def cut(self) -> None:
        """The line goes down."""
        self.online = False
        self.tell_link()

    def restart(self) -> None:
        """End the program and start it again on the same journal."""
        self.journal.close()
        self.journal = self.open_journal(self.path)
        self.counter = make_counter(self.journal, self.clock, self.catalogue)
        self._connect()


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
