"""One simulated world: counters, head office, the lines between them, and an auditor who watches."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId
from kiosk.errors import CounterfoilError, ExchangeError
from sync.lan import Address
from sync.neighbourhood import Neighbourhood, OwnPapers
from sync.post import Post
from tests.simulation import acts
from tests.simulation.auditor import Auditor
from tests.simulation.chance import Dice
from tests.simulation.counter import Hardware, SimCounter
from tests.simulation.disk import Cut, Disk, PowerCut
from tests.simulation.figures import doubles, figures, live_uses, written
from tests.simulation.network import Network
from tests.simulation.office import SimOffice
from tests.simulation.published import SHAPES, START, Publication, keys_by
from tests.simulation.steps import Step
from tests.twins import SetClock

OFFICE = "head-office"


@dataclass
class Seat:
    """A counter of a store, and the images that were taken of its devices."""

    store: str
    counter: str
    images: list[tuple[SimCounter, list[object]]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"{self.store}/{self.counter}"


class World:
    """Made from a seed; :meth:`run` plays steps in it."""

    def __init__(self, seed: int) -> None:
        chance = Random(f"world:{seed}")
        self.seed = seed
        self.auditor = Auditor()
        self.network = Network(doubled=self.doubled)
        self.clock = SetClock(START)
        publication = Publication(SHAPES[chance.randrange(len(SHAPES))], total=chance.choice((5, 9, 14)),
                                  risk=chance.choice((12, 24)))  # fmt: skip
        self.office = SimOffice(publication, SetClock(START), self.auditor)
        self.seats = [Seat(store, counter) for store, counter in publication.counters]
        self.counters: list[SimCounter] = []
        self.tries = 0
        self._keys = 0
        self.trace = hashlib.sha256()
        self.told: Counter[str] = Counter()
        self.history: list[str] = []
        for seat in self.seats:
            self.enrol(seat, Disk())
        for counter in self.counters * 2:
            counter.exchange()

    # --- devices

    def enrol(self, seat: Seat, disk: Disk, *, instead_of: SimCounter | None = None) -> SimCounter:
        """A device with a new key comes in at ``seat`` over ``disk``; ``instead_of``: the same one, its keys kept."""
        number = len(self.counters) if instead_of is None else instead_of.number
        self._keys += 1
        key = keys_by(f"{self.seed % 8}/{self._keys}")
        enrolment, certificate = self.office.enrol(seat.store, seat.counter, key.public_key().public_bytes_raw())
        near = Neighbourhood(enrolment, None, lambda _feed: False)
        near.take_papers(OwnPapers(certificate, ()))
        earlier = () if instead_of is None else (instead_of.key, *instead_of.device.earlier_keys)
        return self._place(
            Hardware(number, enrolment, key, disk, SetClock(self.clock.now()), Dice(self.seed, number), near, earlier)
        )

    def copy(self, of: SimCounter, image: Sequence[object]) -> SimCounter:
        """The same device once more, over an ``image`` of its disk, key included."""
        number = len(self.counters)
        clock, dice = SetClock(of.device.clock.now()), Dice(self.seed, number)
        return self._place(replace(of.device, number=number, disk=Disk(list(image)), clock=clock, dice=dice))

    def restart(self, counter: SimCounter) -> SimCounter:
        """The device starts again over what its disk holds."""
        fenced = counter.fenced
        made = self._place(counter.device)
        made.fenced = fenced
        return made

    def _place(self, device: Hardware) -> SimCounter:
        made = SimCounter(device, self.auditor, self)
        if device.number < len(self.counters):
            self.counters[device.number] = made
        else:
            self.counters.append(made)
        for one in self.counters:
            near = [other for other in self.counters if other.place.store == one.place.store and other is not one]
            one.neighbours.follow(Address(str(other.number), 1) for other in near)
        return made

    def seat_of(self, counter: SimCounter) -> Seat:
        return next(seat for seat in self.seats if seat.origin == counter.enrolment.origin)

    def line(self, counter: SimCounter) -> Post:
        """The line from a counter to head office."""
        return lambda path, message: self.network.carry(
            counter.enrolment.origin, OFFICE, self.office.answer, path, message
        )

    def dial(self, counter: SimCounter, number: int) -> SimCounter:
        """The device of that number, if a call gets through."""
        other = self.counters[number]
        if (counter.enrolment.origin, other.enrolment.origin) in self.network.cut:
            raise ExchangeError("unreachable", "No answer")
        return other

    def call(self, counter: SimCounter, other: SimCounter, path: str, message: bytes) -> bytes:
        """What a neighbour answers."""
        here, there = counter.enrolment.origin, other.enrolment.origin

        def answer(path: str, message: bytes) -> bytes:  # by whoever is there when it arrives
            return self.counters[other.number].neighbours.take_call(counter, path, message)

        return self.network.carry(here, there, answer, path, message)

    def doubled(self, again: Callable[[], bytes]) -> None:
        """The same message once more must change nothing (I8)."""
        before = self.office_image()
        try:
            again()
        except CounterfoilError:
            return
        if self.office_image() != before:
            self.auditor.broken("I8", "a message that came twice changed head office")

    def office_image(self) -> object:
        """What must not change when a message comes again: entries, the log, evidence."""
        tables = self.office.store.tables
        return (
            {feed: len(held) for feed, held in tables.feeds.items()},
            len(tables.log),
            len(tables.evidence),
        )

    # --- time and steps

    def run(self, steps: Sequence[Step], *, heal: bool = True) -> Auditor:
        """Play ``steps``, then heal; stops at the first violation."""
        for number, step in enumerate(steps):
            self.auditor.step = number
            self.play(step)
            if self.auditor.violations:
                return self.auditor
        if heal:
            self.auditor.step = len(steps)
            self.heal()
        return self.auditor

    def play(self, step: Step) -> None:
        """One step, and what must hold behind it."""
        draw = Random(step.salt)
        self.pass_time(draw.choice((1, 20, 60, 600, 3600)))
        self.network.plan(step.fault, draw)
        if draw.random() < 0.3:
            self.network.deliver_late()
        counter = self.counters[step.who % len(self.counters)]
        self._plan_cut(step, counter, draw)
        try:
            told = acts.ACTS[step.kind](self, counter, step, draw)
            self.counters[counter.number].tick()
        except PowerCut:
            told = "power cut"
            counter = self.restart(self.counters[counter.number])
        except CounterfoilError as error:
            told = error.code
        counter = self.counters[counter.number]
        counter.disk.cut, self.office.store.cut_at = None, None
        self.told[f"{step.kind}: {told}"] += 1
        self._note(step, counter, told)
        self.auditor.check()
        if step.salt % 16 == 0:
            self.check_figures()
        self.auditor.same_lots(counter.number, str(counter.feed), dict(counter.lots()))

    def pass_time(self, seconds: float) -> None:
        """Time passes for all."""
        for clock in (self.clock, self.office.clock, *(one.device.clock for one in self.counters)):
            clock.advance(seconds)

    def _plan_cut(self, step: Step, counter: SimCounter, draw: Random) -> None:
        if step.fault == "power cut":
            counter.disk.cut = Cut(draw.randrange(8), draw.choice(("kept", "lost", "torn")))
        elif step.fault == "office power cut":
            self.office.store.cut_at = draw.randrange(12)

    def _note(self, step: Step, counter: SimCounter, told: str) -> None:
        heads = counter.journal.heads()
        own = heads.get(counter.feed)
        line = f"{step.kind} {counter.feed} {step.fault} -> {told} [{own.n if own else 0}]"
        self.history.append(line)
        self.trace.update(line.encode())
        if own is not None:
            self.trace.update(own.hash)

    # --- healing

    def heal(self) -> None:
        """Connect all, start what is down, exchange until it is quiet: twice, as I16 says; then ask the auditor."""
        self.network.cut.clear()
        self.network.plan("", Random(0))
        self.network.deliver_late()
        if not self.office.up:
            self.office.start()
        for counter in list(self.counters):
            counter.disk.full = False
            acts.catch_up(self, counter)
        for _ in range(2):
            for counter in list(self.counters):
                counter.exchange()
                counter.meet_all()
        self.auditor.check()
        self.check_healed()

    def check_healed(self) -> None:
        """I6, I7, I10 and I16 of a world that is whole again."""
        office = {str(feed): held for feed, held in self.office.store.tables.feeds.items()}
        surviving = {str(feed): held for one in self.counters for feed, held in one.own_feeds().items()}
        self.auditor.healed(surviving, office)
        evidence = self.office.evidence_bodies()
        for one in self.counters:
            if (
                str(one.feed) in self.auditor.forked - self.auditor.revoked
                and one.feed in self.office.store.tables.feeds
            ):
                mine, held = one.journal.held()[one.feed], self.office.store.tables.feeds[one.feed]
                self.auditor.second_branch(str(one.feed), mine, held, evidence)
        acts.check_quiet(self)
        self.check_figures()

    def check_figures(self) -> None:
        """What head office counts is what a second fold over the same bytes counts."""
        held = {str(feed): entries for feed, entries in self.office.store.tables.feeds.items()}
        mine, unsure = figures(held, self.office.ended())
        known = {name: found for name, found in mine.items() if name not in unsure}
        theirs = {name: found for name, found in self.office.figures().items() if name not in unsure}
        live, unsure_uses = live_uses(held, self.office.ended())
        told = {(one.promotion, one.credential) for one in self.office.store.twice(10_000)}
        sure = {name: use for name, use in live.items() if name not in unsure_uses}
        if missing := doubles(sure) - told:
            self.auditor.broken("I10", f"{len(missing)} credentials were used twice, and nobody is told")
        if written(known) != written(theirs):
            self.auditor.broken("I13", f"head office counts {theirs}; its entries say {known}")

    def other(self, counter: SimCounter, number: int) -> SimCounter | None:
        """Another counter of the same store, if there is one."""
        here = counter.enrolment
        near = [
            one for one in self.counters if one.enrolment.store == here.store and one.enrolment.origin != here.origin
        ]
        return near[number % len(near)] if near else None

    def feed_of(self, origin: str) -> FeedId:
        """The newest feed of a counter."""
        return max(one.feed for one in self.counters if one.enrolment.origin == origin)

    def counted_faults(self) -> Counter[str]:
        """How often each fault came."""
        faults = Counter(self.network.faults)
        for counter in self.counters:
            faults.update(counter.disk.faults)
        faults.update(self.office.faults)
        for kind in acts.FAULTY:
            faults[kind] += sum(many for name, many in self.told.items() if name.startswith(f"{kind}: "))
        return +faults

    def now_ms(self) -> int:
        return to_ms(self.clock.now())
