"""What is done to a journal, one operation after another, and whether it holds afterwards what was said of it.

Each :class:`Operation` writes bodies that no other writes, so that what became of it can be read off the journal:
acknowledged ones are there, with the number and hash that were told; refused ones are not; one whose outcome was
unknown is there once or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kiosk.core.bundle import open_bundle, seal_bundle, sign_roles
from kiosk.core.entry import (
    NO_ENTRIES,
    Checkpoint,
    Entry,
    FeedId,
    chain,
)
from kiosk.core.fact import BundleInstalled, Fact, Opened, Receipt, Redemption, decode_fact, encode_fact
from kiosk.core.pruning import PRUNED_AFTER_MS
from kiosk.errors import AppendUnknownError, CounterfoilError, JournalError
from kiosk.journal import Journal, verify
from kiosk.journal.connection import Connect, connect_file
from kiosk.ledger import Ledger
from kiosk.ports import CachedBundle
from kiosk.snapshots import Snapshots
from tests.storage.journals import KEY, OWN, PUBLIC_KEY, opened, redemption, segment, use_seen
from tests.twins import key_of_seed

NAME = "journal.sqlite3"
NEXT_LIFE = FeedId(OWN.origin, 2)
NOW_MS = 1_793_000_000_000 + 100 * 24 * 60 * 60 * 1000
OLD_MS = NOW_MS - PRUNED_AFTER_MS
ROOT, PUBLISHER = key_of_seed(1), key_of_seed(2)
ROOT_PUBLIC = ROOT.public_key().public_bytes_raw()
_ROLES = sign_roles(version=1, publishing_keys=[PUBLISHER.public_key().public_bytes_raw()], root_key=ROOT)
GOES_ON = 1_000_000


@dataclass(frozen=True)
class Told:
    """How many of a desk's entries and checkpoints were acknowledged."""

    entries: int
    checkpoints: int


@dataclass
class Desk:
    """A journal at work, and what was said of each operation."""

    path: Path
    connect: Connect = connect_file
    mark: Callable[[], None] = lambda: None
    acknowledged: list[Entry] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    tried: list[bytes] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    """For each mark, what was acknowledged by then."""
    _journal: Journal | None = None

    def __post_init__(self) -> None:
        self.begun = self.now

    @property
    def journal(self) -> Journal:
        if self._journal is None:
            self._journal = Journal.open(self.path, connect=self.connect)
        return self._journal

    @property
    def now(self) -> Told:
        return Told(len(self.acknowledged), len(self.checkpoints))

    def at(self, marks: int) -> Told:
        """What was acknowledged when so many marks were set."""
        return self.told[marks - 1] if marks else self.begun

    def leave(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def run(self, operations: Sequence[Operation]) -> Desk:
        """Do them all, going on after a refusal as a counter does; anything that is no refusal is raised."""
        try:
            for one in operations:
                self._do(one)
        finally:
            self.leave()
        return self

    def _do(self, one: Operation) -> None:
        self.tried += one.bodies
        try:
            entries = one.do(self)
        except AppendUnknownError:
            with contextlib.suppress(JournalError):
                self.journal.reopen()
        except CounterfoilError:
            self.refused += one.bodies
            if self._journal is not None and self._journal.stopped:
                with contextlib.suppress(JournalError):
                    self._journal.reopen()
        else:
            assert [entry.body for entry in entries] == one.bodies
            self.acknowledged += entries
            self.told.append(self.now)
            self.mark()


@dataclass(frozen=True)
class Operation:
    """``do`` gives the entries that it made durable: those of ``bodies``, in order."""

    name: str
    do: Callable[[Desk], Sequence[Entry]]
    bodies: list[bytes] = field(default_factory=list)


# --- the operations ------------------------------------------------------------------------------


def begin(feed: FeedId = OWN) -> Operation:
    fact = Opened(
        at_ms=feed.incarnation, store="bayside", counter="1", public_key=PUBLIC_KEY, key_epoch=feed.incarnation
    )
    return Operation("begin", lambda desk: [desk.journal.start_feed(feed, fact)], [encode_fact(fact)])


def append(*numbers: int) -> Operation:
    facts = [redemption(number) for number in numbers]
    return Operation("append", lambda desk: desk.journal.append(facts), [encode_fact(fact) for fact in facts])


def checkpoint(at_ms: int) -> Operation:
    def do(desk: Desk) -> Sequence[Entry]:
        made = desk.journal.checkpoint_now(KEY, 1, at_ms)
        desk.checkpoints.append(made)
        return []

    return Operation("checkpoint", do)


OFFICE: list[Fact] = [
    *(use_seen(n) for n in range(1, 31)),
    Receipt(at_ms=OLD_MS - PRUNED_AFTER_MS, feed=str(OWN), n=20, head=bytes(32)),
    replace(use_seen(31), at_ms=OLD_MS),
    Receipt(at_ms=OLD_MS, feed=str(OWN), n=30, head=bytes(32)),
    *(replace(use_seen(n), at_ms=NOW_MS) for n in range(32, 35)),
]
"""What head office writes: uses, and receipts that are old enough for what they name to be pruned."""


def take(first: int, last: int) -> Operation:
    """Entries ``first`` to ``last`` of head office, which is at ``first - 1``."""
    every, mark = segment(OFFICE[:last])
    entries = every[first - 1 :]

    def do(desk: Desk) -> Sequence[Entry]:
        desk.journal.store_segment(entries, mark)
        return entries

    return Operation("take", do, [entry.body for entry in entries])


def restart() -> Operation:
    def do(desk: Desk) -> Sequence[Entry]:
        desk.leave()
        assert desk.journal.heads() is not None
        return []

    return Operation("restart", do)


def bundle(version: int) -> CachedBundle:
    """The bundle of that version: some parts are in all of them, some change, one is of several pages."""
    parts = {
        "promotions": b"\x80",
        "organisation": bytes([version]) * 9000,
        "staff": b"\x80" * 30,
        f"extra/{version % 3}": bytes([version % 3]) * 300,
    }
    envelope, by_digest = seal_bundle(
        version=version, published_at_ms=1, fresh_until_ms=1, hard_until_ms=1, parts=parts, roles=_ROLES,
        publishing_keys=[PUBLISHER],
    )  # fmt: skip
    return CachedBundle(envelope, by_digest)


def install(version: int) -> Operation:
    made = bundle(version)
    fact = BundleInstalled(at_ms=version, version=version, manifest_hash=_manifest_hash(made))
    return Operation("install", lambda desk: [desk.journal.install_bundle(made, fact)], [encode_fact(fact)])


def _manifest_hash(made: CachedBundle) -> bytes:
    return open_bundle(made.envelope, made.parts, ROOT_PUBLIC, 0).manifest_hash


def _snapshots(desk: Desk) -> Snapshots:
    feed = desk.journal.feed
    path = desk.path.with_name("journal.snapshot")
    return Snapshots(path, desk.journal, feed, KEY, feed.incarnation, lambda: NOW_MS)


def snapshot() -> Operation:
    """Write down what the journal comes to."""
    return _in_the_background("snapshot", lambda snapshots: snapshots.renew())


def prune() -> Operation:
    """Let go of what is receipted and old."""
    return _in_the_background("prune", lambda snapshots: snapshots.prune())


def _in_the_background(name: str, act: Callable[[Snapshots], object]) -> Operation:
    def do(desk: Desk) -> Sequence[Entry]:
        made = _snapshots(desk)
        made.restored()
        with contextlib.suppress(OSError):  # the thread that does it logs it, and leaves it to the next start
            act(made)
        return []

    return Operation(name, do)


A_DAY = [
    begin(), append(1), checkpoint(1), append(2, 3, 4), install(1), append(5), take(1, 3), checkpoint(2), install(2),
    append(*range(6, 26)), restart(), append(26), take(4, 30), install(3), checkpoint(3), append(27), restart(),
    install(4), append(28), begin(NEXT_LIFE), append(29), install(5), append(30),
]  # fmt: skip
"""Every operation at least twice, once behind a restart; the log is copied back several times between."""

A_MONTH = [
    begin(), append(*range(1, 18)), install(1), append(*range(18, 26)), checkpoint(1), take(1, 30), snapshot(),
    append(26), take(31, 32), prune(), append(27), snapshot(), restart(), append(*range(28, 34)), checkpoint(2),
    prune(), take(33, 34), restart(), prune(), append(34), install(2), begin(NEXT_LIFE), append(35), snapshot(),
    restart(), prune(), append(36),
]  # fmt: skip
"""Snapshots, and pruning behind them: twice in one life, and once more in the next."""


# --- what must hold ------------------------------------------------------------------------------


def holds(path: Path, desk: Desk, told: Told, *, connect: Connect = connect_file) -> None:
    """Assert that the journal at ``path`` opens in the normal way, is whole, and is what was ``told`` of it."""
    journal = Journal.open(path, connect=connect)
    try:
        _holds_entries(journal, desk, desk.acknowledged[: told.entries])
        for mark in desk.checkpoints[: told.checkpoints]:
            newest = journal.checkpoint(mark.feed)
            covered_n = max(journal.beginning(mark.feed).after.n, 0 if newest is None else newest.n)
            assert covered_n >= mark.n, f"the checkpoint at {mark.n} was acknowledged and is lost"
        _holds_bundle(journal)
        if any(feed.origin == OWN.origin for feed in journal.heads()):
            _is_known(desk, journal, desk.acknowledged[: told.entries])
        _goes_on(journal)
    finally:
        journal.close()
    report = verify(path)
    assert report.ok, report


def _holds_entries(journal: Journal, desk: Desk, told: Sequence[Entry]) -> None:
    begins = {feed: journal.beginning(feed).after for feed in journal.heads()}
    found = {feed: journal.entries(feed, begins[feed].n, 100_000) for feed in begins}
    for entry in told:
        at = entry.n - begins.get(entry.feed, NO_ENTRIES).n
        held = found.get(entry.feed, ())
        assert len(held) >= at, f"entry {entry.n} of {entry.feed} was acknowledged and is lost"
        if at > 0:
            assert held[at - 1] == entry, "the same hash at the same n"
    order = {body: at for at, body in enumerate(desk.tried)}
    for feed, entries in found.items():
        assert list(entries) == chain(feed, begins[feed], [entry.body for entry in entries])
        places = [order[entry.body] for entry in entries]
        assert places == sorted(set(places)), f"{feed}: in the order tried, none twice"
        assert not {entry.body for entry in entries} & set(desk.refused), "what was refused is not there"


def _holds_bundle(journal: Journal) -> None:
    """The one in force is whole, and it is the one that the newest entry about bundles speaks of."""
    begins = {feed: journal.beginning(feed).after for feed in journal.heads()}
    mine = (fact for feed, _, fact in journal.replay(begins) if feed.origin == OWN.origin)
    versions = [fact.version for fact in mine if isinstance(fact, BundleInstalled)]
    pruned = any(after.n for after in begins.values())
    cached = journal.bundle()
    if cached is None:
        assert not versions, "the journal speaks of a bundle that is not there"
        return
    whole = open_bundle(cached.envelope, cached.parts, ROOT_PUBLIC, max(versions, default=0))
    assert [whole.version] == versions[-1:] or (pruned and not versions)
    assert whole.version == max([whole.version, *versions])
    assert cached == bundle(whole.version), "and nothing of another beside it"
    assert all(hashlib.sha256(part).digest() == name for name, part in cached.parts.items())


def _is_known(desk: Desk, journal: Journal, told: Sequence[Entry]) -> None:
    """A counter that starts on it knows each redemption, also those whose entries were pruned."""
    at_work = Desk(desk.path.with_name(journal.path.name), _journal=journal)
    at_work.path = journal.path
    ledger = Ledger(journal, journal.feed, _snapshots(at_work))
    assert ledger.trouble is None
    for entry in told:
        fact = decode_fact(entry.body)
        if isinstance(fact, Redemption):
            assert ledger.standing.redemption_of(fact.intent) == (entry.feed, entry.n)


def _goes_on(journal: Journal) -> None:
    if not any(feed.origin == OWN.origin for feed in journal.heads()):
        journal.start_feed(OWN, opened())
    before = journal.heads()[journal.feed].n
    (entry,) = journal.append([redemption(GOES_ON)])
    assert entry.n == before + 1
