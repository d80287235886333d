"""A head office in memory with a small organisation, and counters that exchange with it, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import to_ms
from kiosk.config import Enrolment
from kiosk.core.bundle import OpenedBundle, open_bundle
from kiosk.core.entry import Entry, FeedId
from kiosk.core.fact import BundleInstalled, Fact, Opened, Redemption, UseSeen, Void, decode_fact
from kiosk.ports import CachedBundle, ChunkCache, LinkState
from sync.bundle import BundleFetcher
from sync.counter_side import CounterSide
from sync.head_office import desk, intake
from sync.head_office.attempts import Attempts
from sync.head_office.keys import Keys
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from sync.head_office.records import EnrolmentCode
from sync.head_office.store import HeadOfficeStore
from sync.post import Post
from sync.replicator import Chance, Replicator
from sync.wire import ENROL_PATH, EXCHANGE_PATH, PARTS_PATH
from tests.twins import MemoryFeedStore, SetClock
from tests.twins_head_office import HeadOfficeTwin

NOON = datetime(2026, 11, 6, 12, 0, tzinfo=UTC)
ORGANISATION = """
name: Harbor Group
stores:
  - id: bayside
    name: Harbor Grill Bayside
    time_zone: America/New_York
    groups: [harbor]
    counters: [{id: front, name: Front}, {id: bar, name: Bar}]
  - id: pier-9
    name: Harbor Grill Pier 9
    time_zone: America/New_York
    groups: [harbor]
    counters: [{id: front, name: Front}]
people:
  - {id: zoe, name: Zoé, role: shift-manager, stores: [harbor]}
"""
PROMOTIONS = """
promotions:
  - id: tacos
    title: Free shrimp tacos
    stores: [harbor]
    gives: One shrimp tacos appetizer, free
    value: {amount: "12.00", currency: USD}
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [listed]
    codes: [TACO-1, TACO-2, TACO-3]
  - id: pie
    title: Free pie
    gives: One pie, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [word]
    words: [LIMEPIE]
"""


def an_office(place: Path, *, store: HeadOfficeStore | None = None, published: bool = True) -> HeadOffice:
    """A head office whose clock stands, with the sample organisation unless nothing is to be published yet."""
    clock = SetClock(NOON)
    office = HeadOffice(place, store or HeadOfficeTwin(), Keys.open(place), clock, Attempts(clock))
    if published:
        publish(office, promotions=PROMOTIONS, organisation=ORGANISATION, by="test")
    return office


def twin(office: HeadOffice) -> HeadOfficeTwin:
    """The tables of an office in memory."""
    assert isinstance(office.store, HeadOfficeTwin)
    return office.store


def clock(office: HeadOffice) -> SetClock:
    """The clock of an office, to be moved."""
    assert isinstance(office.clock, SetClock)
    return office.clock


def opened(office: HeadOffice) -> OpenedBundle:
    """The bundle in force, as a counter would open it."""
    bundle = office.store.latest_bundle()
    assert bundle is not None
    parts = office.store.parts([digest for _, digest in bundle.parts])
    return open_bundle(bundle.envelope, parts, office.keys.root_public, 0)


def line_to(office: HeadOffice) -> Post:
    """A line straight into head office's functions."""
    answers = {ENROL_PATH: desk.enrol, EXCHANGE_PATH: intake.receive, PARTS_PATH: intake.give_parts}
    return lambda path, message: answers[path](office, message)


class Dice:
    """Chance that counts up, so that each run is the same."""

    def __init__(self) -> None:
        self._n = 0

    def octets(self, count: int) -> bytes:
        self._n += 1
        return self._n.to_bytes(count, "big")

    def fraction(self) -> float:
        return 0.5


@dataclass
class SmallCounter:
    """A counter without a camera: writes facts, exchanges, keeps the bundle that it was sent."""

    enrolment: Enrolment
    key: Ed25519PrivateKey
    post: Post
    journal: MemoryFeedStore = field(default_factory=MemoryFeedStore)
    cached: CachedBundle | None = None
    links: list[LinkState] = field(default_factory=list)
    chunks: ChunkCache | None = None

    def __post_init__(self) -> None:
        self.clock = SetClock(NOON)
        self.fetcher = BundleFetcher(
            self.enrolment.root_key, lambda: self.cached, lambda: 0, self._install, self.chunks
        )
        dice = Dice()
        side = CounterSide(
            self.enrolment,
            self.key,
            self.journal,
            self.clock,
            take_checkpoint=lambda: self.journal.sign(self.feed, self.key, self.enrolment.key_epoch),
            on_entries=self._ignore,
            bundle_version=lambda: self.fetcher.version,
        )
        self.side = side
        self.replicator = Replicator(
            side,
            self.fetcher,
            self.post,
            self.links.append,
            clock=self.clock,
            chance=Chance(dice.octets, dice.fraction),
        )
        if not self.journal.heads():
            self.write(
                Opened(
                    at_ms=to_ms(NOON), store=self.enrolment.store, counter=self.enrolment.counter,
                    public_key=self.key.public_key().public_bytes_raw(), key_epoch=self.enrolment.key_epoch,
                )
            )  # fmt: skip

    @property
    def feed(self) -> FeedId:
        return self.enrolment.feed

    def write(self, *facts: Fact) -> list[Entry]:
        return self.journal.write(self.feed, *facts)

    def redeem(self, **changes: Any) -> int:
        """Write a redemption, with ``changes`` of its fields; its number."""
        head = self.journal.heads()[self.feed]
        fields: dict[str, Any] = {
            "at_ms": to_ms(NOON), "intent": (head.n + 1).to_bytes(16, "big"), "promotion": "tacos",
            "credential": b"c" * 16, "credential_kind": "listed", "store": self.enrolment.store, "clerk": "zoe",
            "bundle_version": 1, "head_office_n": 0, "amount_minor": 1200, "currency": "USD",
        }  # fmt: skip
        (entry,) = self.write(Redemption(**(fields | changes)))
        return entry.n

    def undo(self, n: int, *, feed: FeedId | None = None) -> int:
        """Void redemption ``n``; the void's number."""
        (entry,) = self.write(
            Void(at_ms=to_ms(NOON), feed=str(feed or self.feed), n=n, clerk="zoe", reason="wrong guest")
        )
        return entry.n

    def exchange(self) -> None:
        self.replicator.exchange_once()

    def told(self, kind: type[Fact] = UseSeen) -> list[Fact]:
        """What head office has told this counter, of one kind."""
        facts = [
            decode_fact(entry.body)
            for feed in sorted(self.journal.heads())
            if feed != self.feed
            for entry in self.journal.entries(feed, 0, 100_000)
        ]
        return [fact for fact in facts if isinstance(fact, kind)]

    def opened(self) -> OpenedBundle:
        """The bundle in force, verified."""
        assert self.cached is not None
        return open_bundle(self.cached.envelope, self.cached.parts, self.enrolment.root_key, 0)

    def _install(self, bundle: CachedBundle, fact: BundleInstalled) -> None:
        self.cached = bundle
        self.write(fact)

    def _ignore(self, _entries: Sequence[Entry]) -> None:
        pass


def key_number(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))


def enrolled(office: HeadOffice, store: str = "bayside", counter: str = "front", *, key: int = 1) -> SmallCounter:
    """A counter that came in; without the code, whose stretching takes longer than most tests."""
    device_key = key_number(key)
    code = EnrolmentCode(
        code_id="0000", store=store, counter=counter, created_at_ms=0, expires_at_ms=0, salt=b"", stretched=b"",
        private_key=b"",
    )  # fmt: skip
    public_key = device_key.public_key().public_bytes_raw()
    with office.store.together() as kept:
        life = desk._new_life(kept, code, public_key, to_ms(NOON))
        kept.put_enrolment(life)
    enrolment = desk._grant(office, life).enrolment("http://head-office.test")
    return SmallCounter(enrolment, device_key, line_to(office))
