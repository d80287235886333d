"""A counter begins on a snapshot of its journal, and on nothing that is not one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import FeedId
from kiosk.core.fact import Fact, Void
from kiosk.core.snapshot import FORMAT, MAGIC, Snapshot, write
from kiosk.core.standing import Standing
from kiosk.errors import AppendUnknownError
from kiosk.journal import Journal
from kiosk.ledger import Ledger, StubName
from kiosk.snapshots import EVERY_ENTRIES, LEAST_ENTRIES, PACE_ENTRIES, Pace, Snapshots, StoppedError
from tests.storage.faulty_vfs import FaultyDisk
from tests.storage.journals import KEY, OWN, answered, enrolled, redemption, segment, use_seen

OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Forty redemptions, some answered, some voided, and what head office tells."""
    journal = enrolled(tmp_path / "journal.db", 40)
    journal.append([answered(2), answered(3), Void(at_ms=5, feed=str(OWN), n=4, clerk="ana", reason="returned")])
    journal.store_segment(*segment([use_seen(n) for n in range(1, 8)]))
    yield journal
    journal.close()


def snapshots(journal: Journal, key: Ed25519PrivateKey = KEY) -> Snapshots:
    return Snapshots(journal.path.with_name("journal.snapshot"), journal, OWN, key, 1, lambda: 99)


def left_behind(journal: Journal) -> Path:
    """A snapshot of all that ``journal`` holds."""
    made = snapshots(journal)
    made.renew()
    return made.path


def told(standing: Standing) -> list[object]:
    return [
        standing.uses("shrimp-tacos", bytes(16)),
        standing.live_uses("shrimp-tacos", bytes(16)),
        standing.tally("shrimp-tacos").live,
        standing.unanswered(OWN),
        standing.waiting(OWN),
        standing.redemptions_since(OWN, 0),
    ]


def begins_as_without(journal: Journal, made: Snapshots) -> None:
    assert told(Ledger(journal, OWN, made).standing) == told(Ledger(journal, OWN).standing)


# --- begun on --------------------------------------------------------------------------------------


def test_a_counter_begins_on_its_snapshot_and_folds_only_what_came_since(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(journal)
    journal.append([redemption(41)])
    made = snapshots(journal)
    assert made.restored() is not None
    folded: list[int] = []
    apply = Standing.apply

    def noted(self: Standing, feed: FeedId, n: int, fact: Fact) -> None:
        folded.append(n)
        apply(self, feed, n, fact)

    monkeypatch.setattr(Standing, "apply", noted)
    ledger = Ledger(journal, OWN, made)
    assert folded == [45]
    monkeypatch.undo()
    assert told(ledger.standing) == told(Ledger(journal, OWN).standing)
    assert (made.check(), ledger.trouble) == ([], None)


def test_what_is_learned_afterwards_is_folded_on_it(journal: Journal) -> None:
    left_behind(journal)
    ledger = Ledger(journal, OWN, snapshots(journal))
    ledger.append(redemption(41))
    ledger.append(Void(at_ms=5, feed=str(OWN), n=7, clerk="ana", reason="returned"))
    ledger.append(answered(9))
    assert told(ledger.standing) == told(Ledger(journal, OWN).standing)
    assert ledger.stubs.get(StubName(1, 45)) == redemption(41)
    assert ledger.stubs.get(StubName(1, 7)) == redemption(6)
    assert [name.n for name, _ in ledger.stubs.since(redemption(39).at_ms)] == [45, 41, 40]


def test_without_a_snapshot_everything_is_folded(journal: Journal) -> None:
    made = snapshots(journal)
    assert (made.restored(), made.ignored) == (None, None)
    begins_as_without(journal, made)
    assert made.check() == []


def test_one_is_made_on_the_one_before(journal: Journal) -> None:
    left_behind(journal)
    made = snapshots(journal)
    ledger = Ledger(journal, OWN, made)
    for number in range(41, 51):
        ledger.append(redemption(number))
    made.renew()
    again = snapshots(journal)
    restored = again.restored()
    assert restored is not None
    assert restored.covered == journal.heads()
    begins_as_without(journal, again)
    assert again.check() == []


# --- ignored ---------------------------------------------------------------------------------------


def test_a_damaged_snapshot_is_ignored(journal: Journal) -> None:
    path = left_behind(journal)
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:100], b"", whole[:-9] + b"x" + whole[-8:]):
        path.write_bytes(damaged)
        made = snapshots(journal)
        begins_as_without(journal, made)
        assert made.ignored


def test_a_snapshot_of_another_key_is_ignored(journal: Journal) -> None:
    left_behind(journal)
    made = snapshots(journal, OTHER_KEY)
    begins_as_without(journal, made)
    assert made.ignored == "this counter did not sign it"


def test_a_snapshot_of_a_newer_format_is_ignored(journal: Journal) -> None:
    path = left_behind(journal)
    path.write_bytes(path.read_bytes().replace(MAGIC + FORMAT, MAGIC + b"2", 1))
    made = snapshots(journal)
    begins_as_without(journal, made)
    assert made.ignored == "it is of another release's format"


def test_a_snapshot_of_entries_that_are_not_in_the_journal_is_ignored(journal: Journal, tmp_path: Path) -> None:
    path = left_behind(journal)
    for redemptions in (39, 43):  # an older copy of the journal was put back; another history of the same length
        folder = tmp_path / str(redemptions)
        folder.mkdir()
        older = enrolled(folder / "journal.db", redemptions)
        (folder / "journal.snapshot").write_bytes(path.read_bytes())
        made = snapshots(older)
        begins_as_without(older, made)
        assert made.ignored == "it covers entries that are not in the journal"
        older.close()


def test_a_snapshot_that_cannot_be_read_is_ignored(journal: Journal) -> None:
    left_behind(journal).unlink()
    made = snapshots(journal)
    made.path.mkdir()
    begins_as_without(journal, made)
    assert made.ignored


# --- compared --------------------------------------------------------------------------------------


def signed_without(journal: Journal, missing_n: int) -> None:
    """A snapshot that says it covers all and lacks one redemption: a fault of ours, or a thief with the key."""
    standing = Standing(OWN)
    for feed, n, fact in journal.replay():
        if n != missing_n:
            standing.apply(feed, n, fact)
    frozen = standing.frozen()
    pieces = write(frozen, journal.heads(), OWN, 1, 9, KEY)
    journal.path.with_name("journal.snapshot").write_bytes(b"".join(pieces))


def test_a_snapshot_that_differs_from_its_journal_is_told_and_the_fold_wins(journal: Journal) -> None:
    signed_without(journal, 9)
    made = snapshots(journal)
    ledger = Ledger(journal, OWN, made)
    assert ledger.stubs.get(StubName(1, 9)) is None
    ledger.append(redemption(41))
    assert "written" in made.check()
    assert ledger.trouble is not None
    assert ledger.trouble.code == "snapshot-differs"
    assert told(ledger.standing) == told(Ledger(journal, OWN).standing)
    ledger.append(redemption(42))
    assert ledger.trouble is not None  # an append that goes well does not make it untold
    made.renew()
    assert snapshots(journal).restored() is not None
    begins_as_without(journal, snapshots(journal))


# --- in the background -----------------------------------------------------------------------------


def test_the_thread_compares_and_ends_when_it_is_told(journal: Journal) -> None:
    signed_without(journal, 9)
    made = snapshots(journal)
    ledger = Ledger(journal, OWN, made)
    wins, differs = made.on_difference, threading.Event()

    def noted(true: Snapshot) -> None:
        wins(true)
        differs.set()

    made.on_difference = noted
    made.start()
    assert differs.wait(20)
    made.finish()
    assert ledger.stubs.get(StubName(1, 9)) == redemption(8)


def test_few_entries_leave_no_snapshot_and_many_do(journal: Journal) -> None:
    made = snapshots(journal)
    made.path.unlink(missing_ok=True)
    Ledger(journal, OWN, made)
    made.renew()
    began = made.path.stat().st_mtime_ns
    made.came(LEAST_ENTRIES - 1)
    made.finish()
    assert made.path.stat().st_mtime_ns == began
    made.came(1)
    made.finish()
    assert made.path.stat().st_mtime_ns > began


def test_it_is_renewed_by_itself_when_enough_has_come(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    left_behind(journal)
    made = snapshots(journal)
    ledger = Ledger(journal, OWN, made)
    renewed = threading.Event()
    renew = made.renew

    def noted(pace: Pace) -> None:
        renew(pace)
        renewed.set()

    monkeypatch.setattr(made, "renew", noted)
    made.start()
    ledger.append(redemption(41))
    made.came(EVERY_ENTRIES - 2)
    assert not renewed.wait(0.2)
    made.came(1)
    assert renewed.wait(20)
    made.finish()
    restored = snapshots(journal).restored()
    assert restored is not None
    assert restored.covered == journal.heads()


def test_what_is_under_way_is_given_up_when_the_counter_ends(journal: Journal) -> None:
    journal.append([redemption(number) for number in range(41, 41 + PACE_ENTRIES)])
    left_behind(journal)
    made = snapshots(journal)
    assert made.restored() is not None

    def ends() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        made.check(ends)


def test_a_full_disk_is_no_trouble_for_a_counter_that_ends(journal: Journal, tmp_path: Path) -> None:
    made = snapshots(journal)
    made.path.with_name("journal.snapshot.new").mkdir()  # nothing can be written there
    Ledger(journal, OWN, made)
    made.came(LEAST_ENTRIES)
    made.finish()
    assert not made.path.exists()


def test_a_stopped_journal_is_no_trouble_for_the_thread(journal: Journal) -> None:
    left_behind(journal)
    made = snapshots(journal)
    assert made.restored() is not None
    journal.close()
    made.start()
    made.finish()


# --- after an unknown outcome ----------------------------------------------------------------------


def test_after_an_unknown_outcome_it_begins_on_the_snapshot_again(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = enrolled(tmp_path / "journal.db", 30, connect=disk.connect)
    made = snapshots(journal)
    made.renew()
    ledger = Ledger(journal, OWN, made)
    disk.fail(("xSync",), 1, "error")
    with pytest.raises(AppendUnknownError):
        ledger.append(redemption(31))
    assert told(ledger.standing) == told(Ledger(journal, OWN).standing)
    journal.close()
