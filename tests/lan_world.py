"""Counters of one store on loopback: real journals, TLS in between, and a head office whose line can be cut."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId
from kiosk.core.fact import Opened
from kiosk.counter import Counter
from kiosk.display import Display, State
from kiosk.errors import ExchangeError
from kiosk.journal import Journal
from kiosk.serving import bind
from sync.bundle import BundleFetcher
from sync.carrying import AFTER_S, Carrying
from sync.counter_side import CounterSide, report_fork
from sync.exchange import Fork
from sync.head_office import certify, intake
from sync.head_office.office import HeadOffice
from sync.lan import Address, Door
from sync.lan_line import fetch_papers
from sync.lan_tls import client_context, server_context
from sync.neighbour_link import NeighbourLink
from sync.neighbourhood import Neighbourhood, OwnPapers
from sync.neighbours import Neighbours, Parts
from sync.post import UNREACHABLE
from sync.replicator import Chance, Replicator
from sync.wire import CERTIFICATE_PATH, EXCHANGE_PATH, PARTS_PATH
from tests.head_office_world import NOON, Dice, enrolled
from tests.twins import SetClock


class CutLine:
    """A line to head office that is up or down."""

    def __init__(self, office: HeadOffice) -> None:
        self.up = True
        self.paths: list[str] = []
        self._answers: dict[str, Callable[[HeadOffice, bytes], bytes]] = {
            EXCHANGE_PATH: intake.receive,
            PARTS_PATH: intake.give_parts,
            CERTIFICATE_PATH: certify.give_certificate,
        }
        self._office = office

    def post(self, path: str, message: bytes) -> bytes:
        if not self.up:
            raise ExchangeError(UNREACHABLE, "The line is cut")
        self.paths.append(path)
        return self._answers[path](self._office, message)


class NearCounter:
    """One real counter with its door open on loopback; its links are turned by the test, by ``meet``."""

    def __init__(self, office: HeadOffice, folder: Path, counter: str, *, store: str = "bayside", key: int) -> None:
        small = enrolled(office, store, counter, key=key)
        self.enrolment, self.key = small.enrolment, small.key
        self.clock = SetClock(NOON)
        self.line = CutLine(office)
        self.forks: list[Fork] = []
        self.folder = folder / str(self.enrolment.feed).replace("/", "-")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.door: Door | None = None
        self._open()

    def _open(self) -> None:
        self.journal = Journal.open(self.folder / "journal.db")
        if self.feed not in self.journal.heads():
            self.journal.start_feed(self.feed, self._opened())
        minted = itertools.count(int.from_bytes(self.key.public_key().public_bytes_raw()[:8], "big"))
        self.counter = Counter(
            journal=self.journal,
            enrolment=self.enrolment,
            clock=self.clock,
            mint=lambda: next(minted).to_bytes(16, "big"),
        )
        fetcher = BundleFetcher(
            self.enrolment.root_key,
            self.journal.bundle,
            lambda: self.counter.standing.bundle_floor,
            self.counter.install_bundle,
            None,
        )
        self.side = CounterSide(
            self.enrolment,
            self.key,
            self.journal,
            self.clock,
            take_checkpoint=lambda: self.journal.checkpoint_now(
                self.key, self.enrolment.key_epoch, to_ms(self.clock.now())
            ),
            on_entries=self.counter.learn,
            bundle_version=lambda: fetcher.version,
        )
        dice = Dice()
        chance = Chance(dice.octets, dice.fraction)
        self.near = Neighbourhood(
            self.enrolment,
            self.folder / "certificates.cbor",
            lambda feed: self.counter.standing.revoked.get(str(feed)),
        )
        self.side.carrying = Carrying(
            self.journal.heads,
            lambda feed: self.near.is_store_feed(feed) and not self.near.is_own(feed),
            lambda feed: self.counter.standing.receipted_n(feed),  # noqa: PLW0108 - it may be folded anew
            self.journal.checkpoint_between,
        )
        self.replicator = Replicator(
            self.side,
            fetcher,
            self.line.post,
            self.counter.set_link,
            clock=self.clock,
            chance=chance,
            saw_time=self.counter.told_time,
        )
        self.chance = chance
        parts = Parts(
            self.side, self.near, self.counter, self._keep_fork, self.journal.checkpoint_between, self.clock, chance
        )
        self.neighbours = Neighbours(parts)
        self.counter.neighbours = self.neighbours
        self.counter.answer_within_s = 0.0  # nobody turns the replicator while a tap waits

    def _keep_fork(self, fork: Fork) -> None:
        report_fork(fork)
        self.forks.append(fork)

    def _opened(self) -> Opened:
        return Opened(
            at_ms=to_ms(NOON), store=self.enrolment.store, counter=self.enrolment.counter,
            public_key=self.key.public_key().public_bytes_raw(), key_epoch=self.enrolment.key_epoch,
        )  # fmt: skip

    @property
    def feed(self) -> FeedId:
        return self.enrolment.feed

    @property
    def address(self) -> Address:
        assert self.door is not None
        return Address("127.0.0.1", self.door.port)

    def arrive(self) -> None:
        """Fetch the bundle and the certificate over the line, and open the door."""
        for _ in range(2):  # the bundle, and then what head office grants of it
            self.replicator.turn()
        self.near.take_papers(fetch_papers(self.side, self.line.post, self.chance))
        self.open_door()

    def open_door(self, papers: OwnPapers | None = None) -> None:
        papers = papers or self.near.papers
        assert papers is not None
        listening = bind("127.0.0.1", 0)
        self.door = Door(listening, server_context(papers, self.key), self.near.admit, self.neighbours.answer)
        self.door.open()
        self.neighbours.dress(client_context(papers, self.key))

    def meet(self, other: NearCounter) -> tuple[int, int]:
        """One exchange, started here; how many entries went there, and came."""
        return self.link_to(other).exchange_once()

    def link_to(self, other: NearCounter) -> NeighbourLink:
        known = [link.address for link in self.neighbours.links]
        self.neighbours.follow({*known, other.address})
        return next(link for link in self.neighbours.links if link.address == other.address)

    def look(self, code: str) -> Display:
        return self.counter.look(code)

    def redeem(self, code: str) -> Display:
        """What the clerk does: look, and tap where it may be."""
        shown = self.counter.look(code)
        assert shown.showing is not None
        done = self.counter.redeem(shown.showing.id, "zoe")
        if done.state is State.REDEEMED:
            self.counter.seen(shown.showing.id)
            self.counter.next(shown.showing.id)
        return done

    def wait_to_carry(self) -> None:
        """Let the time pass after which a neighbour's entries are carried."""
        self.replicator.exchange_once()
        self.clock.advance(AFTER_S)

    def restart(self) -> None:
        self.leave()
        self._open()
        self.open_door()

    def leave(self) -> None:
        self.neighbours.stop()
        if self.door is not None:
            self.door.close()
        self.journal.close()
