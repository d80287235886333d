"""One counter of a simulated world: the real core, the real exchange, a modelled disk, and no display.

It does what :class:`kiosk.counter.Counter` does for every act of the protocol, with the same functions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.cached_bundle import open_cached
from kiosk.clock import GuardedClock, to_ms
from kiosk.config import Enrolment
from kiosk.core.bundle import open_bundle
from kiosk.core.catalogue import Catalogue, Credential
from kiosk.core.credential import present
from kiosk.core.decide import Place, Sale, decide
from kiosk.core.entry import Entry, FeedId, MalformedEntryError
from kiosk.core.escrow import returns_due, returns_of, situation_of, spends, transfer
from kiosk.core.fact import (
    Answered,
    Asked,
    BundleInstalled,
    Fact,
    Opened,
    Redemption,
    Ticked,
    Transferred,
    Void,
    decode_fact,
    encode_fact,
)
from kiosk.core.question import Question, question_of
from kiosk.core.reservation import YES
from kiosk.core.rights import Right, RightKind
from kiosk.core.rules import is_used_once
from kiosk.core.situation import Situation
from kiosk.core.verdict import Outcome, Reason
from kiosk.errors import BundleError, CounterfoilError, JournalError
from kiosk.ports import CachedBundle, LinkState
from sync.bundle import BundleFetcher
from sync.counter_side import CounterSide
from sync.exchange import Fork
from sync.neighbourhood import Neighbourhood
from sync.neighbours import Parts
from sync.post import Post
from sync.replicator import Chance, Replicator
from tests.simulation.auditor import Auditor
from tests.simulation.chance import Dice
from tests.simulation.disk import Disk
from tests.simulation.journal import SimJournal
from tests.simulation.near import SimNeighbours, carrying
from tests.simulation.pruning import folded
from tests.simulation.truth import INSTALLED, read
from tests.twins import SetClock

_CATALOGUES: dict[tuple[bytes, ...], Catalogue] = {}


class Reach(Protocol):
    """What a counter can do beyond itself: the line to head office, calls to its neighbours."""

    def line(self, counter: SimCounter) -> Post: ...
    def dial(self, counter: SimCounter, number: int) -> SimCounter: ...
    def call(self, counter: SimCounter, other: SimCounter, path: str, message: bytes) -> bytes: ...


@dataclass(slots=True)
class Told:
    """What a try came to: ``reason`` of the verdict, or of what hindered it; ``n`` of the redemption."""

    reason: str
    n: int | None = None


@dataclass
class Hardware:
    """What outlives a start: disk, keys, certificates, clock."""

    number: int
    enrolment: Enrolment
    key: Ed25519PrivateKey
    disk: Disk
    clock: SetClock
    dice: Dice
    near: Neighbourhood
    earlier_keys: tuple[Ed25519PrivateKey, ...] = ()


class SimCounter:
    """A device at work; made anew each time it starts, over the disk that is left."""

    def __init__(
        self,
        device: Hardware,
        auditor: Auditor,
        reach: Reach,
    ) -> None:
        number, enrolment, key, disk = device.number, device.enrolment, device.key, device.disk
        clock, dice, near = GuardedClock(device.clock), device.dice, device.near
        self.device = device
        self.number, self.enrolment, self.key, self.disk, self.clock = number, enrolment, key, disk, clock
        self.dice, self.auditor, self.near = dice, auditor, near
        self.place = Place(enrolment.store, enrolment.counter)
        self.feed = enrolment.feed
        self.link = LinkState()
        self.fenced = False
        self.forks: list[Fork] = []
        auditor.power_on(number, enrolment.origin)
        self.journal = SimJournal(disk, self._durable)
        if self.feed not in self.journal.heads():
            self.journal.start_feed(self.feed, self._opened())
        auditor.powered(number)
        self.standing = folded(self.journal, self.feed)
        time = self.standing.time.read(enrolment.root_key)
        clock.begin(time.floor_ms)
        self._reset_ms = time.reset_ms
        auditor.clock_begins(number, clock.floor_ms() or 0)
        self.catalogue = Catalogue.empty(enrolment.fleet_key)
        self.reload_bundle()
        versions = [n for feed, held in self.journal.held().items() for n in _installed(held)
                    if feed.origin == enrolment.origin]  # fmt: skip
        auditor.in_force(str(self.feed), self._cached_version(), max(versions, default=0))
        self.fetcher = BundleFetcher(
            enrolment.root_key, self.journal.bundle, lambda: self.standing.bundle_floor, self.install
        )
        self.side = CounterSide(
            enrolment, key, self.journal, clock,
            take_checkpoint=lambda: self.journal.checkpoint_now(key, enrolment.key_epoch, self.now_ms()),
            on_entries=self.learn,
            bundle_version=lambda: self.fetcher.version,
            keep_fork=self.forks.append,
            earlier_keys=device.earlier_keys,
        )  # fmt: skip
        chance = Chance(dice.octets, dice.fraction)
        self.side.carrying = carrying(self, near)
        self.replicator = Replicator(
            self.side, self.fetcher, reach.line(self), self._on_link, clock=clock, chance=chance,
            saw_time=lambda at_ms: clock.saw(at_ms, answered=True),
        )  # fmt: skip
        near.revoked_n = lambda feed: self.standing.revoked.get(str(feed))
        parts = Parts(self.side, near, self, self.forks.append, self.journal.checkpoint_between, clock, chance)
        self.neighbours = SimNeighbours(parts, self, reach.dial, reach.call)

    def _opened(self) -> Opened:
        return Opened(
            at_ms=self.now_ms(), store=self.place.store, counter=self.place.counter,
            public_key=self.key.public_key().public_bytes_raw(), key_epoch=self.enrolment.key_epoch,
        )  # fmt: skip

    def _durable(self, entries: Sequence[Entry]) -> None:
        self.auditor.durable(self.number, str(entries[0].feed), entries)

    def _on_link(self, link: LinkState) -> None:
        self.link = link

    def now_ms(self) -> int:
        """The guarded time of its own clock, for what is written down."""
        return to_ms(self.clock.now())

    # --- what is known

    def learn(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are durable in the journal."""
        for entry in entries:
            try:
                fact = decode_fact(entry.body)
            except MalformedEntryError:
                continue
            self.standing.apply(entry.feed, entry.n, fact)
        self._heed_time()

    def _heed_time(self) -> None:
        """As :class:`kiosk.workplace.Workplace` does."""
        time = self.standing.time.read(self.enrolment.root_key)
        if time.reset_ms != self._reset_ms:
            self._reset_ms = time.reset_ms
            self.clock.reset(time.floor_ms)
        elif time.floor_ms is not None:
            self.clock.saw(time.floor_ms, answered=False)

    def tick(self, *, closing: bool = False) -> None:
        """Write the floor under the clock down, if it is due, and the disk takes it."""
        floor_ms = self.clock.due(closing=closing)
        if floor_ms is None:
            return
        with contextlib.suppress(JournalError):
            self.write(Ticked(at_ms=self.clock.reading_ms(), floor_ms=floor_ms, reset_ms=self._reset_ms))
            self.clock.ticked(floor_ms)

    def write(self, *facts: Fact) -> Sequence[Entry]:
        """Durable, then folded. Raises ``JournalError``."""
        entries = self.journal.append(facts)
        self.learn(entries)
        return entries

    def reload_bundle(self) -> None:
        """Read the cached bundle; one that does not verify leaves the last good one."""
        cached = self.journal.bundle()
        if cached is None:
            return
        key = (cached.envelope, *cached.parts.values())
        if key not in _CATALOGUES:
            try:
                _CATALOGUES[key] = open_cached(cached, self.enrolment, 0, None).catalogue
            except CounterfoilError:
                return
        if _CATALOGUES[key].version >= self.standing.bundle_floor:
            self.catalogue = _CATALOGUES[key]

    def _cached_version(self) -> int:
        cached = self.journal.bundle()
        try:
            return (
                0 if cached is None else open_bundle(cached.envelope, cached.parts, self.enrolment.root_key, 0).version
            )
        except BundleError:
            return 0

    def install(self, bundle: CachedBundle, fact: BundleInstalled) -> None:
        """As :meth:`kiosk.counter.Counter.install_bundle`."""
        self.learn(self.journal.install_bundle(bundle, fact))
        self.reload_bundle()

    def head_office_n(self) -> int:
        heads = self.journal.heads().items()
        return max((head.n for feed, head in heads if feed.origin == "head-office"), default=0)

    def situation(self, *, online: bool) -> Situation:
        """How it stands."""
        ended = self.fenced or str(self.feed) in self.standing.revoked
        return situation_of(
            self.standing.accounts, self.catalogue, self.place.store, online=online, fenced=ended,
            clock=self.clock.between(),
        )  # fmt: skip

    # --- redeeming

    def redeem(self, text: str) -> Told:
        """Look at what is held up and tap Redeem where the answer is yes. Goods go out behind the durable entry."""
        held_up = present(text)
        credential = self.catalogue.credential(held_up, self.now_ms())
        if credential is None:
            return Told("unknown-code")
        refusal = self._refusal(credential, online=self.link.online)
        if refusal is not None:
            return Told(refusal)
        online = self.link.online
        if online and self._needs_asking(credential):
            answered = self.ask(credential)
            if answered is not None:
                return Told(answered)
            if not self.standing.accounts.holds(credential.promotion, credential.digest):
                online = False
        refusal = self._refusal(credential, online=online)
        if refusal is not None:
            return Told(refusal)
        if self._needs_reserving(credential, online=online):
            intent = self.dice.octets(16)
            if self.neighbours.reserve(credential.promotion, credential.digest, intent) != YES:
                return Told("reserved")
            refusal = self._refusal(credential, online=online)
            if refusal is not None:
                return Told(refusal)
        return self._write_redemption(credential, online=online)

    def _refusal(self, credential: Credential, *, online: bool) -> str | None:
        self.standing.situation = self.situation(online=online)
        verdict = decide(credential, self.catalogue, self.standing, self.place, self.clock.now(), Sale("ana"))
        return None if verdict.outcome in (Outcome.ACCEPT, Outcome.CHECK) else verdict.reason.value

    def _question(self, credential: Credential, *, online: bool) -> Question:
        self.standing.situation = self.situation(online=online)
        terms = self.catalogue.terms(credential.promotion)
        assert terms is not None
        local = self.clock.now().astimezone(self.catalogue.zone(self.place.store))
        return question_of(credential, terms, self.catalogue, self.standing, self.place, local, Sale("ana"))

    def _needs_asking(self, credential: Credential) -> bool:
        if credential.shared or self.standing.accounts.holds(credential.promotion, credential.digest):
            return False
        return is_used_once(self._question(credential, online=True))

    def _needs_reserving(self, credential: Credential, *, online: bool) -> bool:
        question = self._question(credential, online=online)
        held = self.standing.accounts.holds(credential.promotion, credential.digest)
        return is_used_once(question) and not held and question.terms.offline.policy == "home-store"

    def _write_redemption(self, credential: Credential, *, online: bool) -> Told:
        question = self._question(credential, online=online)
        spent = spends(question, self.standing.accounts)
        if spent is None:
            return Told(Reason.NO_ALLOWANCE.value)
        fact = Redemption(
            at_ms=self.now_ms(), intent=self.dice.octets(16), promotion=credential.promotion,
            credential=credential.digest, credential_kind=credential.kind, store=self.place.store, clerk="ana",
            bundle_version=self.catalogue.version, head_office_n=self.head_office_n(),
            amount_minor=question.cost_minor, currency=None if question.cost_minor is None else "USD",
            shared=credential.shared, spent=spent or None,
        )  # fmt: skip
        body = encode_fact(fact)
        self.auditor.accepting(self.number, str(self.feed), read(body, body))
        try:
            (entry,) = self.write(fact)
        except JournalError as error:
            return Told(error.code)
        self.auditor.given(self.number, str(self.feed), entry)
        return Told("given", entry.n)

    def answer(self, n: int) -> None:
        """The clerk saw the answer."""
        self.write(Answered(at_ms=self.now_ms(), n=n, clerk="ana"))

    def undo(self, n: int) -> bool:
        """The goods come back, then the entry says so."""
        (entry,) = self.journal.entries(self.feed, n - 1, 1)
        self.take_back(entry)
        self.write(self.void_of(entry))
        return True

    def take_back(self, entry: Entry) -> None:
        """The goods of ``entry`` are on this side of the counter again."""
        self.auditor.goods_back(str(entry.feed), entry.n, entry.hash)

    def void_of(self, entry: Entry) -> Void:
        return Void(at_ms=self.now_ms(), feed=str(entry.feed), n=entry.n, clerk="ana", reason="sim")

    def own_live(self) -> list[int]:
        """The own redemptions that are not undone."""
        held = self.journal.entries(self.feed, 0, 1_000_000)
        numbers = [entry.n for entry in held if self.standing.redemption(self.feed, entry.n) is not None]
        return [n for n in numbers if not self.standing.is_void(self.feed, n)]

    # --- rights

    def ask(self, credential: Credential) -> str | None:
        """Ask head office for the one right of a credential, and wait for one exchange; the reason of a no."""
        asked = Asked(
            at_ms=self.now_ms(), intent=self.dice.octets(16), promotion=credential.promotion,
            credential=credential.digest,
        )  # fmt: skip
        try:
            (entry,) = self.write(asked)
        except JournalError as error:
            return error.code
        self.exchange()
        return self.standing.denied(entry.n)

    def give_back(self) -> int:
        """Return what is left of promotions that are over, and rights of credentials that were not redeemed."""
        accounts = self.standing.accounts
        due: list[Fact] = [*returns_due(accounts, self.catalogue, self.clock.now().date(), self.now_ms())]
        if due:
            self.write(*due)
        return len(due)

    def give_back_all(self) -> int:
        """Return every right that is here, as where a person closes a counter."""
        accounts = self.standing.accounts
        rights = sorted({lot.right for lot in accounts.all_lots()})
        due: list[Fact] = [one for right in rights for one in returns_of(accounts, right, self.now_ms())]
        if due:
            self.write(*due)
        return len(due)

    def give_back_once(self) -> int:
        """Return every right of a single credential that is held and not used."""
        accounts = self.standing.accounts
        rights = sorted({lot.right for lot in accounts.all_lots() if lot.right.kind is RightKind.ONCE})
        due: list[Fact] = [one for right in rights for one in returns_of(accounts, right, self.now_ms())]
        if due:
            self.write(*due)
        return len(due)

    def pass_on(self, right: Right, wanted: int, to: FeedId) -> int:
        """Give a neighbour some of a right."""
        entries: list[Transferred] = transfer(self.standing.accounts, right, wanted, str(to), self.now_ms())
        if entries:
            self.write(*entries)
        return sum(one.amount for one in entries)

    def is_used(self, promotion: str, digest: bytes) -> bool | None:
        """As :func:`kiosk.sharing.is_used`."""
        return bool(self.standing.live_uses(promotion, digest))

    def give_rights(self, right: Right, amount: int, to: FeedId) -> int:
        """As :func:`kiosk.sharing.give_rights`."""
        try:
            return self.pass_on(right, amount, to)
        except JournalError:
            return 0

    # --- exchanging

    def exchange(self) -> str | None:
        """One exchange with head office, as the replicator's thread has it; what hindered it, if anything."""
        self.replicator.turn()
        if self.link.trouble is not None and "restored or copied" in self.link.trouble:
            self.fenced = True
        return None if self.link.online else self.link.trouble

    def meet_all(self) -> None:
        """One exchange with each neighbour, as their links' threads have it."""
        for link in self.neighbours.links:
            link.turn()

    def own_feeds(self) -> Mapping[FeedId, Sequence[Entry]]:
        """What it wrote in this life and in those whose keys it has."""
        own = [feed for feed in self.journal.heads() if self.side.side.sign(feed, self.journal.heads()[feed])]
        return {feed: self.journal.held()[feed] for feed in own}

    def lots(self) -> Mapping[tuple[int, str, bytes, int], int]:
        """What it believes to have, for the auditor."""
        return {
            (int(lot.right.kind), lot.right.promotion, lot.right.subject, lot.granted_by): amount
            for lot, amount in self.standing.accounts.all_lots().items()
        }


def _installed(held: Sequence[Entry]) -> list[int]:
    """The versions that were installed, by the entries of a feed."""
    return [fact[2] for fact in (read(one.hash, one.body) for one in held) if fact.get(0) == INSTALLED]
