"""A real counter (journal, code lists, use cases) and head office in memory, between which an attacker may stand.

``with world.unharmed():`` is what each attack's test ends in: all that either side holds is as it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import to_ms
from kiosk.code_lists import CodeCache
from kiosk.config import Enrolment
from kiosk.core.bundle import SignedRoles, seal_bundle, sign_roles
from kiosk.core.entry import Entry, FeedId
from kiosk.core.fact import Opened
from kiosk.counter import Counter
from kiosk.display import State
from kiosk.journal import Journal
from kiosk.ports import LinkState
from sync.bundle import BundleFetcher
from sync.counter_side import CounterSide
from sync.exchange import Fork
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from sync.post import Post
from sync.replicator import Chance, Replicator
from tests.head_office_world import NOON, Dice, SmallCounter, an_office, enrolled, line_to, twin
from tests.twins import SetClock

HOUR_MS = 3_600_000
Sealed = tuple[bytes, dict[bytes, bytes]]
"""An envelope, and its parts by SHA-256."""


def public(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of its public key."""
    return key.public_key().public_bytes_raw()


class RealCounter:
    """A counter as its station puts it together, its line a function call that a test may stand in."""

    def __init__(self, folder: Path, small: SmallCounter, post: Post) -> None:
        self.folder = folder
        self.enrolment: Enrolment = small.enrolment
        self.key = small.key
        self.clock = SetClock(NOON)
        self.post = post
        self.forks: list[Fork] = []
        self.link = LinkState()
        self.start()

    def start(self) -> None:
        """Start the program on what lies in its folder."""
        self.folder.mkdir(exist_ok=True)
        enrolment, key = self.enrolment, self.key
        self.journal = Journal.open(self.folder / "journal.db")
        if enrolment.feed not in self.journal.heads():
            public_key = key.public_key().public_bytes_raw()
            opened = Opened(at_ms=to_ms(NOON), store=enrolment.store, counter=enrolment.counter, public_key=public_key,
                            key_epoch=enrolment.key_epoch)  # fmt: skip
            self.journal.start_feed(enrolment.feed, opened)
        self.lists = CodeCache(self.folder / "lists")
        dice = Dice()
        self.counter = Counter(
            journal=self.journal, enrolment=enrolment, clock=self.clock, mint=lambda: dice.octets(16), lists=self.lists
        )
        self.fetcher = BundleFetcher(
            enrolment.root_key, self.journal.bundle, lambda: self.counter.standing.bundle_floor,
            self.counter.install_bundle, self.lists,
        )  # fmt: skip
        self.side = CounterSide(
            enrolment, key, self.journal, self.clock,
            take_checkpoint=lambda: self.journal.checkpoint_now(key, enrolment.key_epoch, to_ms(self.clock.now())),
            on_entries=self.counter.learn, bundle_version=lambda: self.fetcher.version, keep_fork=self.forks.append,
        )  # fmt: skip
        self.replicator = Replicator(
            self.side, self.fetcher, self._posted, self._tell, clock=self.clock,
            chance=Chance(dice.octets, dice.fraction), saw_time=self.counter.told_time,
        )  # fmt: skip

    def restart(self) -> None:
        """End the program and start it again."""
        self.journal.close()
        self.start()

    def exchange(self) -> LinkState:
        """One turn of the line; what the status line says of it."""
        self.replicator.turn()
        return self.link

    def redeem(self, text: str, clerk: str = "zoe") -> bool:
        """Whether the display says "hand it over"."""
        display = self.counter.look(text)
        if display.showing is None:
            return False
        if self.counter.status().online:
            self.exchange()  # head office answers what it was asked
        done = self.counter.redeem(display.showing.id, clerk)
        redeemed = done.state is State.REDEEMED
        self.counter.seen(display.showing.id)
        self.counter.next(display.showing.id)
        return redeemed

    def entries(self, feed: FeedId) -> list[Entry]:
        return list(self.journal.entries(feed, 0, 10_000))

    def image(self) -> object:
        """All that it holds."""
        heads = self.journal.heads()
        held = {feed: self.entries(feed) for feed in heads}
        known = self.counter.catalogue
        return heads, held, self.journal.bundle(), self.counter.standing.bundle_floor, known.version, list(self.forks)

    def _posted(self, path: str, message: bytes) -> bytes:
        return self.post(path, message)

    def _tell(self, link: LinkState) -> None:
        self.link = link
        self.counter.set_link(link)


@dataclass
class World:
    """Head office, the counter ``front`` of Bayside that has exchanged with it once, and one of Pier 9."""

    office: HeadOffice
    front: RealCounter
    pier: SmallCounter

    @classmethod
    def open(cls, folder: Path) -> World:
        office = an_office(folder / "office")
        front = RealCounter(folder / "front", enrolled(office), line_to(office))
        world = cls(office, front, enrolled(office, "pier-9", key=2))
        assert front.exchange().trouble is None
        assert front.redeem("LIMEPIE")
        world.settle()
        return world

    def settle(self) -> None:
        """Both counters have exchanged until nothing is left to say."""
        for _ in range(2):
            self.front.exchange()
            self.pier.exchange()

    def image(self) -> object:
        """All that either side holds."""
        tables, store = twin(self.office).tables, self.office.store
        held = {feed: store.entries(feed, 0, 10_000) for feed in store.heads()}
        lives = [(life.feed, life.public_key, life.fenced) for life in store.enrolments()]
        bundle = store.latest_bundle()
        return self.front.image(), held, list(tables.log), lives, bundle, store.evidence()

    @contextlib.contextmanager
    def unharmed(self) -> Iterator[None]:
        """What is done in here leaves all as it was; and the honest go on as if nothing had been."""
        before = self.image()
        yield
        assert self.image() == before, "the old state is intact"
        publish(self.office, promotions=None, organisation=None, by="test")
        self.front.post = line_to(self.office)
        self.front.clock.advance(120)  # a bundle that was refused is left alone for a minute
        assert self.front.exchange().trouble is None
        assert self.front.counter.catalogue.version == self.front.fetcher.version == self.version
        assert self.front.redeem("LIMEPIE")
        self.front.exchange()
        assert (
            self.office.store.head(self.front.enrolment.feed) == self.front.journal.heads()[self.front.enrolment.feed]
        )

    @property
    def arrived(self) -> bool:
        """Whether head office has all of the front counter's journal."""
        feed = self.front.enrolment.feed
        return self.office.store.head(feed) == self.front.journal.heads()[feed]

    @property
    def version(self) -> int:
        """Of the bundle at head office."""
        bundle = self.office.store.latest_bundle()
        return bundle.version if bundle else 0

    # --- what an attacker does to bundles ------------------------------------------------------------

    @property
    def roles(self) -> SignedRoles:
        """Who may publish now, as head office signed it."""
        keys = self.office.keys
        return sign_roles(
            version=1, publishing_keys=[keys.publishing.public_key().public_bytes_raw()], root_key=keys.root
        )

    def parts(self) -> dict[str, bytes]:
        """The parts of head office's bundle by name."""
        bundle = self.office.store.latest_bundle()
        assert bundle is not None
        contents = self.office.store.parts([digest for _, digest in bundle.parts])
        return {name: contents[digest] for name, digest in bundle.parts}

    def sealed(
        self, version: int, parts: Mapping[str, bytes] | None = None, **how: object
    ) -> tuple[bytes, dict[bytes, bytes]]:
        """A bundle of the parts in force, truly signed but for what ``how`` says: ``roles``, ``publishing_keys``."""
        at_ms = to_ms(NOON)
        given: dict[str, Any] = {"roles": self.roles, "publishing_keys": [self.office.keys.publishing]}
        return seal_bundle(
            version=version, published_at_ms=at_ms, fresh_until_ms=at_ms + 24 * HOUR_MS,
            hard_until_ms=at_ms + 720 * HOUR_MS, parts=self.parts() if parts is None else parts, **(given | how),
        )  # fmt: skip
