"""What head office holds and is old goes, behind a signed snapshot: nothing that was known is forgotten."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from kiosk import snapshots as module
from kiosk.core.entry import NO_ENTRIES, Entry, FeedId, Head
from kiosk.core.fact import BundleInstalled, Fact, Receipt, Void
from kiosk.core.pruning import PRUNED_AFTER_MS
from kiosk.errors import BundleError, JournalError
from kiosk.journal import Journal, verify
from kiosk.journal.pruning import SWEPT_ENTRIES
from kiosk.journal.schema import APPEND_ONLY, SCHEMA
from kiosk.ledger import Ledger
from kiosk.ports import CachedBundle
from kiosk.snapshots import Snapshots
from tests.storage.faulty_vfs import FaultyDisk
from tests.storage.journals import (
    HEAD_OFFICE,
    HEAD_OFFICE_PUBLIC_KEY,
    KEY,
    OWN,
    answered,
    enrolled,
    opened,
    redemption,
    segment,
    use_seen,
)
from tests.storage.test_snapshots import told

DAY_MS = 24 * 60 * 60 * 1000
NOW_MS = 1_793_000_000_000 + 100 * DAY_MS
OLD_MS = NOW_MS - PRUNED_AFTER_MS
OLD = 60
"""Redemptions that head office receipted long ago; 20 came since."""


@pytest.fixture(autouse=True)
def few_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRUNED_AT_LEAST", 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = filled(path)
    yield journal
    journal.close()


def filled(path: Path, **how: object) -> Journal:
    journal = enrolled(path, OLD - 3, **how)  # type: ignore[arg-type]
    journal.append([answered(2), Void(at_ms=5, feed=str(OWN), n=3, clerk="ana", reason="returned")])
    journal.install_bundle(CachedBundle(b"envelope", {}), installed(7))
    journal.checkpoint_now(KEY, 1, 9)
    receipt = Receipt(at_ms=OLD_MS, feed=str(OWN), n=OLD, head=journal.entries(OWN, OLD - 1, 1)[0].hash)
    told_before: list[Fact] = [use_seen(n) for n in range(1, 8)]
    store(journal, [*told_before, receipt])
    store(journal, [replace(use_seen(8), at_ms=NOW_MS)])
    journal.append([redemption(number) for number in range(OLD, OLD + 20)])
    journal.checkpoint_now(KEY, 1, 9)
    return journal


def installed(version: int) -> BundleInstalled:
    return BundleInstalled(at_ms=4, version=version, manifest_hash=bytes(32))


def store(journal: Journal, facts: list[Fact], feed: FeedId = HEAD_OFFICE) -> None:
    journal.store_segment(*segment(facts, feed, journal.heads().get(feed, NO_ENTRIES)))


def made_of(journal: Journal, now_ms: int = NOW_MS, feed: FeedId = OWN) -> Snapshots:
    return Snapshots(journal.path.with_name("journal.snapshot"), journal, feed, KEY, 1, lambda: now_ms)


def entries_left(path: Path) -> dict[str, tuple[int, int]]:
    db = apsw.Connection(str(path))
    rows = db.execute("SELECT name, min(n), max(n) FROM entry JOIN feed ON feed.id = feed GROUP BY feed").fetchall()
    db.close()
    return {str(name): (int(first), int(last)) for name, first, last in rows}  # type: ignore[arg-type]


def test_what_is_receipted_and_old_goes_and_nothing_is_forgotten(journal: Journal, path: Path) -> None:
    before = told(Ledger(journal, OWN).standing)
    heads = journal.heads()
    assert made_of(journal).prune() == OLD + 7
    assert entries_left(path) == {str(OWN): (OLD + 1, OLD + 20 + 1), str(HEAD_OFFICE): (8, 9)}
    assert journal.heads() == heads
    for snapshot_file in (True, False):
        made = made_of(journal)
        if not snapshot_file:
            made.path.unlink()
        ledger = Ledger(journal, OWN, made)
        assert told(ledger.standing) == before
        assert (made.check(), ledger.trouble) == ([], None)


def test_the_rest_is_verified_from_what_was_pruned(journal: Journal, path: Path) -> None:
    made_of(journal).prune()
    journal.close()
    report = verify(path, keys={"head-office": HEAD_OFFICE_PUBLIC_KEY})
    assert (report.ok, report.entries) == (True, 20 + 1 + 2)
    assert [(feed.feed, feed.n, feed.pruned) for feed in report.feeds] == [
        (str(OWN), OLD + 21, OLD),
        (str(HEAD_OFFICE), 9, 7),
    ]
    again = Journal.open(path)
    assert again.entries(OWN, 0, 1)[0].n == OLD + 1
    assert again.head_at(OWN, OLD) == again.beginning(OWN).after
    assert again.head_at(OWN, OLD - 1) is None
    again.append([redemption(99)])
    again.close()
    assert verify(path).ok


def test_it_goes_on_being_pruned(journal: Journal, path: Path) -> None:
    made_of(journal).prune()
    assert made_of(journal).prune() == 0
    later_ms = NOW_MS + PRUNED_AFTER_MS
    receipt = Receipt(at_ms=NOW_MS, feed=str(OWN), n=OLD + 10, head=bytes(32))
    store(journal, [receipt, replace(use_seen(9), at_ms=later_ms)])
    before = told(Ledger(journal, OWN, made_of(journal)).standing)
    assert made_of(journal, later_ms).prune() == 10 + 2  # its receipts before, and the use behind them
    made = made_of(journal)
    made.path.unlink()
    ledger = Ledger(journal, OWN, made)
    assert told(ledger.standing) == before
    made.renew()
    again = made_of(journal)
    assert told(Ledger(journal, OWN, again).standing) == before
    assert again.check() == []
    with apsw.Connection(str(path)) as db:
        assert db.execute("SELECT count(DISTINCT made) FROM foundation").get == 1


# --- what stays ------------------------------------------------------------------------------------


def test_what_is_receipted_but_younger_stays(journal: Journal) -> None:
    assert made_of(journal, NOW_MS - 1).prune() == 7  # head office's uses are older than its receipt
    assert journal.beginning(OWN).after == NO_ENTRIES


def test_what_no_receipt_covers_stays_however_old(path: Path) -> None:
    journal = enrolled(path, OLD)
    store(journal, [replace(use_seen(1), at_ms=NOW_MS)])
    assert made_of(journal).prune() == 0
    journal.close()


def test_what_an_earlier_incarnation_of_head_office_receipted_stays(journal: Journal) -> None:
    store(journal, [replace(use_seen(9), at_ms=NOW_MS)], FeedId("head-office", 2))
    assert made_of(journal).prune() == 8
    assert journal.beginning(OWN).after == NO_ENTRIES


def test_the_last_entry_of_a_feed_stays(journal: Journal, path: Path) -> None:
    receipt = Receipt(at_ms=NOW_MS, feed=str(OWN), n=OLD + 21, head=bytes(32))
    store(journal, [receipt])
    assert made_of(journal, NOW_MS + 2 * PRUNED_AFTER_MS).prune() == OLD + 7  # head office's clock does not go on
    store(journal, [replace(use_seen(9), at_ms=NOW_MS + PRUNED_AFTER_MS)])
    made_of(journal, NOW_MS + 2 * PRUNED_AFTER_MS).prune()
    assert entries_left(path) == {str(OWN): (OLD + 21, OLD + 21), str(HEAD_OFFICE): (10, 11)}


def test_a_clock_that_runs_ahead_by_itself_prunes_nothing_that_head_office_has_just_receipted(journal: Journal) -> None:
    store(journal, [replace(use_seen(9), at_ms=OLD_MS + 1)])
    assert made_of(journal, NOW_MS + 3650 * DAY_MS).prune() == 7
    assert journal.beginning(OWN).after == NO_ENTRIES


# --- the database refuses --------------------------------------------------------------------------


def test_the_database_refuses_to_delete_what_no_snapshot_stands_for(journal: Journal, path: Path) -> None:
    made_of(journal).prune()
    with apsw.Connection(str(path)) as db:
        for statement in (
            f"DELETE FROM entry WHERE n > {OLD}",
            "DELETE FROM checkpoint WHERE n > 60",
            "DELETE FROM pruned",
            "UPDATE pruned SET n = n - 1",
            "UPDATE pruned SET opened = x'00'",
            "UPDATE foundation SET content = x'00'",
            "DELETE FROM foundation",
            "INSERT INTO pruned (feed, n, hash) VALUES (2, 9, zeroblob(32)) ON CONFLICT (feed) DO UPDATE SET n = 9",
        ):
            with pytest.raises(apsw.ConstraintError):
                db.execute(statement)


def test_a_snapshot_of_other_entries_prunes_nothing(journal: Journal) -> None:
    other = Head(5, bytes(32))
    with pytest.raises(JournalError) as refused:
        journal.prune({OWN: other}, [b"snapshot"])
    assert refused.value.code == "journal-edited"
    assert journal.beginning(OWN).after == NO_ENTRIES
    assert journal.foundation() is None


def test_an_older_bundle_is_refused_though_the_newer_ones_entry_is_pruned(journal: Journal) -> None:
    made_of(journal).prune()
    with pytest.raises(BundleError) as refused:
        journal.install_bundle(CachedBundle(b"envelope", {}), installed(6))
    assert refused.value.code == "bundle-older"
    journal.install_bundle(CachedBundle(b"envelope", {}), installed(7))


# --- what stands for it ----------------------------------------------------------------------------


def altered(path: Path, *statements: str) -> None:
    """What somebody does who has the right tools and no key."""
    with apsw.Connection(str(path)) as db:
        for table in ("foundation", "pruned", "entry", "checkpoint"):
            for trigger in (f"{table}_update", f"{table}_delete", f"{table}_stays", f"{table}_rises"):
                db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            db.execute(statement)


PIECE = "UPDATE foundation SET content = CAST({} AS BLOB) WHERE piece = {}"
NEXT_HASH = "(SELECT hash FROM entry WHERE feed = pruned.feed AND n = pruned.n + 1)"
DAMAGES = {
    "a byte of it is altered": PIECE.format("substr(content, 1, length(content) - 1) || x'ff'", 4),
    "it is gone": "DELETE FROM foundation",
    "more was taken out than it stands for": f"UPDATE pruned SET n = n + 1, hash = {NEXT_HASH}",
    "a feed is said to begin on another hash": "UPDATE pruned SET hash = zeroblob(32)",
    "it is said to be of another format": PIECE.format("x'6b6a31736e617032' || substr(content, 9)", 0),
}


def begun_again(path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as again:
        Ledger(again, OWN, made_of(again))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_foundation_that_cannot_be_believed_is_said_and_not_begun_on(
    journal: Journal, path: Path, damage: str
) -> None:
    made = made_of(journal)
    made.prune()
    made.path.unlink()
    journal.close()
    altered(path, damage)
    assert not verify(path).ok
    with pytest.raises(JournalError) as refused:
        begun_again(path)
    assert refused.value.code in {"journal-foundation", "journal-edited"}
    assert refused.value.cure


def test_a_fold_that_begins_before_what_was_pruned_is_refused(journal: Journal) -> None:
    made_of(journal).prune()
    with pytest.raises(JournalError) as refused:
        Ledger(journal, OWN)
    assert refused.value.code == "journal-pruned"


def test_an_older_snapshot_that_ends_before_what_was_pruned_is_ignored(journal: Journal, tmp_path: Path) -> None:
    made = made_of(journal)
    made.renew()
    early = made.path.read_bytes()
    before = told(Ledger(journal, OWN, made_of(journal)).standing)
    later_ms = NOW_MS + PRUNED_AFTER_MS
    journal.append([redemption(number) for number in range(200, 210)])
    head = journal.heads()[OWN].n
    store(journal, [Receipt(at_ms=NOW_MS, feed=str(OWN), n=head, head=bytes(32)), replace(use_seen(9), at_ms=later_ms)])
    full = told(Ledger(journal, OWN, made_of(journal)).standing)
    assert full != before
    made_of(journal, later_ms).prune()
    made.path.write_bytes(early)
    again = made_of(journal)
    assert told(Ledger(journal, OWN, again).standing) == full
    assert again.ignored == "it covers entries that are not in the journal"


def test_the_next_life_of_a_counter_begins_on_what_the_one_before_left(journal: Journal) -> None:
    made = made_of(journal)
    made.prune()
    made.path.unlink()
    before = told(Ledger(journal, OWN, made_of(journal)).standing)
    second = replace(OWN, incarnation=2)
    journal.start_feed(second, opened())
    ledger = Ledger(journal, second, made_of(journal, feed=second))
    assert told(ledger.standing)[:5] == before[:5]
    assert ledger.standing.bundle_floor == 0


# --- power -----------------------------------------------------------------------------------------


def test_power_cut_at_any_write_of_pruning_forgets_nothing(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole.db")
    before, heads = told(Ledger(whole, OWN).standing), whole.heads()
    whole.close()
    k, pruned = 0, set()
    while True:
        k += 3
        disk = FaultyDisk()
        folder = tmp_path / str(k)
        folder.mkdir()
        (folder / "journal.db").write_bytes((tmp_path / "whole.db").read_bytes())
        journal = Journal.open(folder / "journal.db", connect=disk.connect)
        disk.fail(("xWrite", "xSync"), k, "cut")
        with contextlib.suppress(JournalError):
            made_of(journal).prune()
        found = tmp_path / f"{k}-found"
        found.mkdir()
        for name, content in disk.survivors(k).items():
            (found / Path(name).name).write_bytes(content)
        fired = disk.fired
        journal.close()
        again = Journal.open(found / "journal.db")
        assert again.heads() == heads
        ledger = Ledger(again, OWN, made_of(again))
        assert told(ledger.standing) == before
        pruned.add(again.beginning(OWN).after.n)
        again.close()
        assert verify(found / "journal.db").ok
        if not fired:
            break
    assert pruned == {0, OLD}


# --- many rows -------------------------------------------------------------------------------------


def test_many_rows_are_swept_some_at_a_time_and_are_none_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = enrolled(path, 2 * SWEPT_ENTRIES)
    receipt = Receipt(at_ms=OLD_MS, feed=str(OWN), n=2 * SWEPT_ENTRIES, head=bytes(32))
    store(journal, [receipt, replace(use_seen(1), at_ms=NOW_MS)])
    with monkeypatch.context() as powerless:
        powerless.setattr(journal, "sweep", lambda: False)
        made_of(journal).prune()
    assert journal.entries(OWN, 0, 1)[0].n == 2 * SWEPT_ENTRIES + 1
    assert entries_left(path)[str(OWN)] == (1, 2 * SWEPT_ENTRIES + 1)
    assert verify(path).ok
    rests: list[None] = []
    assert made_of(journal).prune(lambda: rests.append(None)) == 0
    assert len(rests) == 2
    assert entries_left(path)[str(OWN)] == (2 * SWEPT_ENTRIES + 1, 2 * SWEPT_ENTRIES + 1)
    journal.close()


# --- the release before ----------------------------------------------------------------------------


def of_version_1(path: Path, entries: list[Entry]) -> None:
    """A journal as the first release made it."""
    with apsw.Connection(str(path)) as db:
        db.execute(SCHEMA)
        for table in APPEND_ONLY:
            for verb in ("update", "delete"):
                db.execute(
                    f"CREATE TRIGGER {table}_{verb} BEFORE {verb.upper()} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'the table {table} is append-only'); END;"
                )
        db.pragma("application_id", 0x6B6A3031)
        db.pragma("user_version", 1)
        db.execute("INSERT INTO feed (name) VALUES (?)", (str(OWN),))
        db.execute("INSERT INTO own_feed (feed) VALUES (1)")
        rows = [(entry.n, entry.hash, entry.body) for entry in entries]
        db.executemany("INSERT INTO entry (feed, n, hash, body) VALUES (1, ?, ?, ?)", rows)


def test_a_journal_of_the_release_before_is_verified_as_it_is_and_brought_up_to_date(
    journal: Journal, tmp_path: Path
) -> None:
    path = tmp_path / "older.db"
    entries = list(journal.entries(OWN, 0, 50))
    of_version_1(path, entries)
    before = path.read_bytes()
    assert (verify(path).ok, verify(path).entries) == (True, 50)
    assert path.read_bytes() == before
    older = Journal.open(path)
    assert list(older.entries(OWN, 0, 99)) == entries
    store(older, [Receipt(at_ms=OLD_MS, feed=str(OWN), n=30, head=bytes(32)), replace(use_seen(1), at_ms=NOW_MS)])
    assert made_of(older).prune() == 30
    older.close()
    assert verify(path).ok
    with apsw.Connection(str(path)) as db:
        assert db.pragma("user_version") == 2
        upgraded = set(db.execute("SELECT type, name, sql FROM sqlite_schema"))
    with apsw.Connection(str(journal.path)) as db:
        assert set(db.execute("SELECT type, name, sql FROM sqlite_schema")) == upgraded


def test_power_cut_while_it_is_brought_up_to_date_leaves_one_or_the_other(journal: Journal, tmp_path: Path) -> None:
    entries = list(journal.entries(OWN, 0, 50))
    k, versions = 0, set()
    while True:
        k += 1
        disk = FaultyDisk()
        folder = tmp_path / str(k)
        folder.mkdir()
        of_version_1(folder / "journal.db", entries)
        disk.fail(("xWrite", "xSync"), k, "cut")
        with contextlib.suppress(JournalError):
            Journal.open(folder / "journal.db", connect=disk.connect).close()
        found = tmp_path / f"{k}-found"
        found.mkdir()
        for name, content in disk.survivors(k).items():
            (found / Path(name).name).write_bytes(content)
        report = verify(found / "journal.db")
        assert (report.ok, report.entries) == (True, 50)
        with apsw.Connection(str(found / "journal.db")) as db:
            versions.add(db.pragma("user_version"))
        if not disk.fired:
            break
    assert versions == {1, 2}
