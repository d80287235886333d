"""A disk that fails or loses power: what each refusal of the journal means, and what it does next.

That nothing acknowledged is lost, whichever call fails and whenever power is cut, is in ``test_power_cuts``.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from kiosk.core.fact import encode_fact
from kiosk.errors import AppendUnknownError, JournalError
from kiosk.journal import Journal, connection, verify
from kiosk.journal.connection import Connect
from tests.storage.faulty_vfs import FaultyDisk
from tests.storage.journals import KEY, OWN, enrolled, opened, own_bodies, redemption, segment, use_seen

NAME = "journal.sqlite3"
OLD = 3  # redemptions in the journal before the disk begins to fail
NEW = 5  # redemptions that the workload tries to append, one at a time


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal at rest, to be copied."""
    path = tmp_path_factory.mktemp("at-rest") / NAME
    enrolled(path, OLD).close()
    return path


@pytest.fixture(autouse=True)
def small_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is copied back every few appends, so that a short workload meets it."""
    monkeypatch.setattr(connection, "CHECKPOINT_PAGES", 6)


@contextlib.contextmanager
def on(disk: FaultyDisk, path: Path) -> Iterator[Journal]:
    journal = Journal.open(path, connect=disk.connect)
    try:
        yield journal
    finally:
        journal.close()


def work(path: Path, connect: Connect, before_closing: Callable[[], object] = lambda: None) -> list[bytes]:
    """Open the journal, append until something is refused, go on as the counter would; the bodies acknowledged."""
    acknowledged: list[bytes] = []
    with contextlib.suppress(JournalError):
        journal = Journal.open(path, connect=connect)
        try:
            for number in range(OLD + 1, OLD + NEW + 1):
                attempt(journal, number, acknowledged)
            before_closing()
        finally:
            journal.close()
    return acknowledged


def attempt(journal: Journal, number: int, acknowledged: list[bytes]) -> None:
    try:
        acknowledged.extend(entry.body for entry in journal.append([redemption(number)]))
        journal.checkpoint_now(KEY, 1, number)
    except AppendUnknownError:
        journal.reopen()
    except JournalError:
        pass


def holds(path: Path, acknowledged: list[bytes]) -> None:
    """Assert that the journal at ``path`` is whole, and has all that was acknowledged, once each."""
    journal = Journal.open(path)
    bodies = own_bodies(journal)
    journal.close()
    old = [encode_fact(opened()), *(encode_fact(redemption(number)) for number in range(1, OLD + 1))]
    tried = [encode_fact(redemption(number)) for number in range(OLD + 1, OLD + NEW + 1)]
    assert bodies[: len(old)] == old
    rest = bodies[len(old) :]
    assert rest == [body for body in tried if body in rest], "in the order tried, none twice"
    assert set(acknowledged) <= set(rest)
    report = verify(path)
    assert report.ok, report


def power_back(disk: FaultyDisk, seed: int, folder: Path) -> Path:
    """The journal as it is found in ``folder`` after a power cut."""
    folder.mkdir()
    for name, content in disk.survivors(seed).items():
        (folder / name).write_bytes(content)
    return folder / NAME


def fresh(at_rest: Path, tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return Path(shutil.copy(at_rest, folder / NAME))


def test_power_cut_after_a_failed_sync_loses_nothing_acknowledged(at_rest: Path, tmp_path: Path) -> None:
    k = 0
    while True:
        k += 1
        disk = FaultyDisk()
        path = fresh(at_rest, tmp_path, f"{k}")
        disk.fail(("xSync",), k, "error")
        found = tmp_path / f"{k}-found"
        acknowledged = work(path, disk.connect, before_closing=lambda: power_back(disk, k, found))  # noqa: B023
        if found.exists():
            holds(found / NAME, acknowledged)
        if not disk.fired:
            break
    assert k > NEW


def test_what_a_reopened_journal_shows_survives_a_power_cut(at_rest: Path, tmp_path: Path) -> None:
    """The writer is killed between writing and syncing: its last commit lies in the page cache alone."""
    shown_last = 0
    for k in range(1, 3 * NEW):
        disk = FaultyDisk()
        path = fresh(at_rest, tmp_path, f"{k}")
        disk.fail(("xSync",), k, "cut")
        acknowledged = work(path, disk.connect)
        disk.heal()
        with on(disk, path) as journal:
            shown = own_bodies(journal)
            shown_last += encode_fact(redemption(OLD + 1 + len(acknowledged))) in shown
            for seed in range(3):
                holds(power_back(disk, seed, tmp_path / f"{k}-{seed}"), shown[OLD + 1 :])
    assert shown_last, "a commit that was never acknowledged was seen at least once"


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


@pytest.fixture
def journal(disk: FaultyDisk, at_rest: Path, tmp_path: Path) -> Iterator[Journal]:
    with on(disk, fresh(at_rest, tmp_path, "journal")) as journal:
        yield journal


def test_full_disk_refuses_and_the_journal_goes_on(disk: FaultyDisk, journal: Journal) -> None:
    disk.fail(("xWrite",), 1, "full")
    with pytest.raises(JournalError) as refused:
        journal.append([redemption(10)])
    assert refused.value.code == "journal-disk-full"
    assert not isinstance(refused.value, AppendUnknownError)
    assert refused.value.cure
    assert len(own_bodies(journal)) == OLD + 1
    assert journal.append([redemption(11)])[0].n == OLD + 2
    assert verify(journal.path).ok


def test_full_disk_refuses_again_and_again_until_there_is_space(disk: FaultyDisk, journal: Journal) -> None:
    for number in range(3):
        disk.fail(("xWrite",), 2, "full")
        with pytest.raises(JournalError, match="journal-disk-full"):
            journal.append([redemption(number)])
    disk.heal()
    assert journal.append([redemption(11)])[0].n == OLD + 2


def test_failed_sync_stops_the_journal_until_it_is_opened_again(disk: FaultyDisk, journal: Journal) -> None:
    disk.fail(("xSync",), 2, "error")  # the first one begins the log
    with pytest.raises(AppendUnknownError) as unknown:
        journal.append([redemption(10)])
    assert unknown.value.code == "append-unknown"
    for use in (
        lambda: journal.append([redemption(10)]),
        lambda: journal.entries(OWN, 0, 10),
        lambda: list(journal.replay()),
        lambda: journal.checkpoint_now(KEY, 1, 1),
    ):
        with pytest.raises(AppendUnknownError) as stopped:
            use()
        assert stopped.value.code == "journal-stopped"
    stopped_before = journal.stopped
    journal.reopen()
    assert (stopped_before, journal.stopped) == (True, False)
    assert len(own_bodies(journal)) in {OLD + 1, OLD + 2}
    assert journal.append([redemption(11)])[0].n == len(own_bodies(journal))


def test_fault_before_the_commit_refuses_and_the_next_use_opens_again_by_itself(
    disk: FaultyDisk, journal: Journal
) -> None:
    """Nothing was being committed, so the outcome is known and nobody has to fold anew."""
    disk.fail(("xFileSize",), 1, "error")
    with pytest.raises(JournalError) as refused:
        journal.append([redemption(10)])
    assert disk.fired
    assert refused.value.code == "journal-unreadable"
    assert not isinstance(refused.value, AppendUnknownError)
    assert journal.append([redemption(11)])[0].n == OLD + 2


class _LateFull(apsw.Connection):
    """Says that the disk is full after a commit that went through."""

    late = False

    def execute(self, *given: Any, **named: Any) -> apsw.Cursor:
        done = super().execute(*given, **named)
        if _LateFull.late and given[0] == "COMMIT":
            raise apsw.FullError("the disk is full")
        return done


def test_full_disk_reported_by_a_commit_that_went_through_is_an_unknown_outcome(
    at_rest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fresh(at_rest, tmp_path, "late")
    journal = Journal.open(path, connect=lambda name, flags: _LateFull(name, flags=flags))
    monkeypatch.setattr(_LateFull, "late", True)
    with pytest.raises(AppendUnknownError):
        journal.append([redemption(10)])
    monkeypatch.setattr(_LateFull, "late", False)
    journal.reopen()
    assert len(own_bodies(journal)) == OLD + 2
    journal.close()


def test_segment_on_a_full_disk_leaves_no_part_of_it(disk: FaultyDisk, journal: Journal) -> None:
    facts = [use_seen(n) for n in range(1, 50)]
    disk.fail(("xWrite",), 3, "full")
    with pytest.raises(JournalError, match="journal-disk-full"):
        journal.store_segment(*segment(facts))
    assert list(journal.heads()) == [OWN]
    journal.store_segment(*segment(facts))
    assert [head.n for head in journal.heads().values()] == [OLD + 1, 49]
