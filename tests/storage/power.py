"""Power cuts and failing calls, over all that is done to a journal: played, counted, and judged by what is found.

``every`` picks each so-manieth cut or call, ``seeds`` is how many things a cut may leave. One and twelve is the whole
(``bench power``); the tests take a selection.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk import snapshots
from kiosk.core.entry import Entry
from kiosk.core.fact import Redemption
from kiosk.display import State
from kiosk.errors import CounterfoilError
from kiosk.journal import Journal, connection, pruning
from kiosk.ledger import Ledger
from tests.counter_world import Floor, open_floor
from tests.storage.faulty_vfs import CALLS, FaultyDisk, Manner
from tests.storage.journals import enrolled
from tests.storage.listed_bundles import ListedCounter
from tests.storage.operations import NAME, Desk, Operation, append, holds, install, restart
from tests.storage.platter import Cut, cuts
from tests.storage.system_calls import SYSTEM_CALLS, SystemCalls
from tests.storage.tapped_files import FILE_CALLS, tapped
from tests.storage.test_pruning import of_version_1

MANNERS: tuple[Manner, ...] = ("error", "error-after", "full", "torn")
SMALL_LOG_PAGES = 6
AGAIN = 2_000_000
VERSIONS = 14
RESTARTS_AFTER = 4


@contextlib.contextmanager
def small_log() -> Iterator[None]:
    """The log is copied back every few appends, so that short work meets it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connection, "CHECKPOINT_PAGES", SMALL_LOG_PAGES)
        patched.setattr(snapshots, "PRUNED_AT_LEAST", 1)
        patched.setattr(pruning, "SWEPT_ENTRIES", 7)
        patched.setattr(connection, "BUSY_MS", 5)  # a lock that cannot be had is told at once
        yield


def lay(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files, and no others."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def unsynced(path: Path) -> Journal:
    """Open it in the normal way, on a disk that takes no time to sync."""
    return Journal.open(path, connect=FaultyDisk().connect)


def found(disk: FaultyDisk, judged: Judged, seeds: int, every: int) -> Iterator[tuple[Cut, str, Mapping[str, bytes]]]:
    """What cuts of all that was done to ``disk`` leave, with words for a failure; counted in ``judged``."""
    for cut in itertools.islice(cuts(disk.trace), 0, None, every):
        for seed in range(seeds):
            words = f"power cut at call {cut.k}, {cut.act.kind} of {cut.act.name or 'the folder'}, seed {seed}"
            judged.met(seed)
            yield cut, words, cut.platter.survivors(seed)


@contextlib.contextmanager
def failing(words: str) -> Iterator[None]:
    """A failure in here says after which fault."""
    try:
        yield
    except BaseException as error:
        error.add_note(words)
        raise


@dataclass
class Judged:
    """How many cuts there were, and how many states they left, each of them judged."""

    cuts: int = 0
    states: int = 0

    def met(self, seed: int) -> None:
        self.states += 1
        self.cuts += seed == 0


@dataclass(frozen=True)
class Fault:
    """The ``k``-th of a call fails; ``lasting``: and all of them behind it."""

    call: str
    manner: Manner
    lasting: bool
    k: int

    def __str__(self) -> str:
        return f"{self.call} number {self.k} failed ({self.manner}{', and all behind it' if self.lasting else ''})"

    def arm(self, disk: FaultyDisk) -> None:
        disk.fail((self.call,), self.k, self.manner, lasting=self.lasting)


def faults(disk: FaultyDisk, calls: Sequence[str], every: int) -> Iterator[Fault]:
    """A fault for each of the calls that were made to ``disk`` without one, in every manner."""
    each = (
        Fault(call, manner, lasting, k)
        for call in calls
        for k in range(1, disk.count((call,)) + 1)
        for manner in MANNERS
        for lasting in (False, True)
    )
    return itertools.islice(each, 0, None, every)


# --- the journal -----------------------------------------------------------------------------------


def cut_journal(
    folder: Path,
    operations: Sequence[Operation],
    *,
    seeds: int,
    every: int,
    again: int = 0,
    start: Mapping[str, bytes] | None = None,
    held: Sequence[Entry] = (),
) -> Judged:
    """Cut the power throughout ``operations``; ``again``: and in each so-manieth case during the next start as well.

    ``start`` are the files that there are, ``held`` the entries in them.
    """
    bodies = [entry.body for entry in held]
    with small_log():
        disk = FaultyDisk(folder / "run")
        path = lay(folder / "run", start or {}) / NAME
        for name in start or ():
            disk.named(folder / "run" / name)
        desk = Desk(path, disk.connect, disk.mark, acknowledged=list(held), tried=bodies)
        with tapped(disk):
            desk.run(operations)
        judged = Judged()
        for cut, words, files in found(disk, judged, seeds, every):
            with failing(words):
                holds(lay(folder / "cut", files) / NAME, desk, desk.at(cut.marks), connect=FaultyDisk().connect)
                if again and judged.states % again == 0:
                    _cut_again(folder, desk, judged, cut, files)
    return judged


def cut_upgrade(folder: Path, *, seeds: int) -> Judged:
    """Cut the power while a journal of the first release is brought up to date, and while it goes on from there."""
    place = lay(folder / "older", {}) / NAME
    journal = enrolled(place.with_name("newer.sqlite3"), 40)
    entries = list(journal.entries(journal.feed, 0, 100))
    journal.close()
    of_version_1(place, entries)
    start = {NAME: place.read_bytes()}
    return cut_journal(
        folder, [append(50), install(1), restart(), append(51)], seeds=seeds, every=1, start=start, held=entries
    )


def _cut_again(folder: Path, desk: Desk, judged: Judged, cut: Cut, files: Mapping[str, bytes]) -> None:
    """The counter starts on what a cut has left, goes on, and the power fails again."""
    disk, told = FaultyDisk(folder / "again"), desk.at(cut.marks)
    later = Desk(
        lay(folder / "again", files) / NAME,
        disk.connect,
        disk.mark,
        acknowledged=desk.acknowledged[: told.entries],
        checkpoints=desk.checkpoints[: told.checkpoints],
        tried=list(desk.tried),
    )
    before = later.now
    later.run([restart(), append(AGAIN), restart(), append(AGAIN + 1)])
    for second, words, left in found(disk, judged, 2, 3):
        with failing(f"and again: {words}"):
            told = later.at(second.marks) if second.marks else before
            holds(lay(folder / "cut", left) / NAME, later, told, connect=FaultyDisk().connect)


def fail_journal(folder: Path, operations: Sequence[Operation], *, every: int) -> int:
    """Let each call fail once, and all from it on, in every manner. How many faults were met."""

    def begun() -> tuple[FaultyDisk, Desk]:
        disk = FaultyDisk(lay(folder / "run", {}))
        return disk, Desk(folder / "run" / NAME, disk.connect)

    with small_log():
        disk, desk = begun()
        with tapped(disk):
            desk.run(operations)
        met = 0
        for fault in faults(disk, (*CALLS, *FILE_CALLS), every):
            disk, desk = begun()
            with failing(str(fault)):
                fault.arm(disk)
                with tapped(disk):
                    desk.run(operations)
                disk.heal()
                met += disk.fired
                holds(desk.path, desk, desk.now, connect=FaultyDisk().connect)
    return met


def fail_system_calls(
    folder: Path, operations: Sequence[Operation], *, every: int, calls: Sequence[str] = SYSTEM_CALLS
) -> int:
    """Let each of these calls of SQLite's to the system fail, once and from then on: also those for its shared index.

    A lock (``fcntl``) that cannot be given back costs SQLite 10 s of tries, so those are for the bench.
    """
    met = 0
    with small_log():
        with SystemCalls() as counted:
            Desk(lay(folder / "run", {}) / NAME).run(operations)
        each = (
            (call, k, number, lasting)
            for call in calls
            for k in range(1, counted.counts[call] + 1)
            for number in (errno.EIO, errno.ENOSPC)
            for lasting in (False, *[True] * (call != "fcntl"))
        )
        for call, k, number, lasting in itertools.islice(each, 0, None, every):
            desk = Desk(lay(folder / "run", {}) / NAME)
            with failing(
                f"{call} number {k} failed ({errno.errorcode[number]}{', and all behind it' if lasting else ''})"
            ):
                with SystemCalls(call, k, number, lasting=lasting) as faulty:
                    desk.run(operations)
                met += faulty.fired
                holds(desk.path, desk, desk.now, connect=FaultyDisk().connect)
    return met


# --- a counter that installs bundles with code lists -------------------------------------------------


class AtWork:
    """A counter on a faulty disk that takes bundle after bundle, and starts again now and then."""

    def __init__(self, folder: Path) -> None:
        self.disk = FaultyDisk(lay(folder, {}))
        self.folder = folder
        self.told: list[int] = []
        self.counter: ListedCounter | None = None

    def run(self, versions: int) -> None:
        with tapped(self.disk):
            for version in range(1, versions + 1):
                with contextlib.suppress(CounterfoilError):  # a start that fails says so, and is tried again
                    if self.counter is None:
                        self.counter = ListedCounter(self.folder, self._open)
                    self.counter.counter.status()  # as its pages ask all the time: it opens again what has stopped
                    self._take(self.counter, version)
                if version % RESTARTS_AFTER == 0:
                    self._leave()
            self._leave()

    def _open(self, path: Path) -> Journal:
        return Journal.open(path, connect=self.disk.connect)

    def _take(self, counter: ListedCounter, version: int) -> None:
        assert counter.take(version)
        self.told.append(version)
        self.disk.mark()

    def _leave(self) -> None:
        if self.counter is not None:
            self.counter.journal.close()
            self.counter = None


def judge_counter(folder: Path, told: Sequence[int]) -> None:
    """Assert that the bundle in force is one of those tried, whole with its lists, and that the next one goes in."""
    counter = ListedCounter(folder, unsynced)
    try:
        version = counter.counter.catalogue.version
        assert version >= max(told, default=0), "what was said to be installed is in force"
        assert version == counter.counter.standing.bundle_floor, "and the journal speaks of the same"
        assert counter.trouble == ()
        assert counter.is_whole()
        assert counter.take(version + 1)
        assert counter.is_whole()
    finally:
        counter.journal.close()


def cut_counter(folder: Path, *, seeds: int, every: int) -> Judged:
    """Cut the power throughout fourteen installations and three starts."""
    with small_log():
        work = AtWork(folder / "run")
        work.run(VERSIONS)
        assert len(work.told) == VERSIONS
        judged = Judged()
        for cut, words, files in found(work.disk, judged, seeds, every):
            with failing(words):
                judge_counter(lay(folder / "cut", files), work.told[: cut.marks])
    return judged


def fail_counter(folder: Path, *, every: int, versions: int = 6) -> int:
    """Let each call fail, of SQLite's and of Python's own files, as :func:`fail_journal` does."""
    with small_log():
        work = AtWork(folder / "run")
        work.run(versions)
        met = 0
        for fault in faults(work.disk, (*FILE_CALLS, *CALLS), every):
            work = AtWork(folder / "run")
            with failing(str(fault)):
                fault.arm(work.disk)
                work.run(versions)
                work.disk.heal()
                met += work.disk.fired
                judge_counter(folder / "run", work.told)
    return met


# --- a counter that redeems ----------------------------------------------------------------------------


def fail_redeeming(folder: Path, *, every: int) -> int:
    """Let each call fail while a clerk redeems: "hand it over" is in the journal, and the counter goes on or says why.

    What is in the journal and was never shown as redeemed is asked about at the next start.
    """

    def begun() -> tuple[FaultyDisk, Floor]:
        disk = FaultyDisk(lay(folder / "run", {}))
        return disk, open_floor(folder / "run", lambda path: Journal.open(path, connect=disk.connect))

    with small_log():
        disk, floor = begun()
        disk.fail((), 1, "error")
        _redeem(floor, 4)
        floor.journal.close()
        met = 0
        for fault in faults(disk, CALLS, every):
            disk, floor = begun()
            with failing(str(fault)):
                fault.arm(disk)
                told = _redeem(floor, 4)
                disk.heal()
                met += disk.fired
                told += _redeem(floor, 2)
                assert len(told) >= 2, "once the disk is well it goes on"
                _holds_redemptions(floor, told)
    return met


def _redeem(floor: Floor, many: int) -> list[str]:
    """Try so often; the ids of what the display said to hand over."""
    told = []
    for _ in range(many):
        floor.counter.status()  # as its pages ask all the time
        showing = floor.counter.look("LIMEPIE").showing
        assert showing is not None
        done = floor.counter.redeem(showing.id, "ana")
        if done.state is State.REDEEMED:
            assert done.showing is not None
            told.append(done.showing.id)
        else:
            assert done.note, "it says why not"
        floor.counter.seen(showing.id)
        floor.counter.next(showing.id)
    return told


def _holds_redemptions(floor: Floor, told: Sequence[str]) -> None:
    floor.journal.close()
    journal = unsynced(floor.path)
    try:
        made = {fact.intent.hex(): n for feed, n, fact in journal.replay() if isinstance(fact, Redemption)}
        assert set(told) <= made.keys(), "handed over, and not in the journal"
        ledger = Ledger(journal, journal.feed)
        asked = set(ledger.standing.unanswered(journal.feed))
        assert {n for intent, n in made.items() if intent not in told} <= asked, "written, and nobody knows"
    finally:
        journal.close()
