"""Power is cut and calls fail, everywhere: nothing acknowledged is lost or altered, and the counter goes on.

A selection of what ``bench power`` plays in whole: every cut of every operation, and every call that can fail.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from kiosk.journal import connection
from tests.storage import power, power_beside
from tests.storage.operations import A_DAY, A_MONTH, NAME, Desk, append, begin, holds
from tests.storage.platter import Act, Platter, cuts
from tests.storage.system_calls import SYSTEM_CALLS


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk in memory, where there is one: thousands of files are written and thrown away."""
    place = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=place if place.is_dir() else tmp_path) as folder:
        yield Path(folder)


def test_power_cut_at_any_operation_of_the_journal_loses_nothing_acknowledged(memory: Path) -> None:
    judged = power.cut_journal(memory, A_DAY, seeds=2, every=3, again=60)
    assert judged.cuts > len(A_DAY)


def test_power_cut_while_snapshots_are_written_and_entries_pruned_loses_and_forgets_nothing(memory: Path) -> None:
    assert power.cut_journal(memory, A_MONTH, seeds=2, every=7, again=80).cuts > len(A_MONTH)


def test_power_cut_while_a_journal_is_brought_up_to_date_leaves_one_that_goes_on(memory: Path) -> None:
    assert power.cut_upgrade(memory, seeds=2).cuts > 30


def test_whichever_call_fails_a_snapshot_or_a_pruning_loses_and_forgets_nothing(memory: Path) -> None:
    assert power.fail_journal(memory, A_MONTH, every=149) > 20


def test_power_cut_while_a_journal_is_made_leaves_one_that_opens(memory: Path) -> None:
    assert power.cut_journal(memory, [begin()], seeds=4, every=1).states > 50


def test_power_cut_while_bundles_are_installed_leaves_the_old_one_or_the_new_one_with_its_lists(
    memory: Path,
) -> None:
    assert power.cut_counter(memory, seeds=2, every=13).states > power.VERSIONS


def test_power_cut_while_a_key_is_written_leaves_the_old_one_or_the_new_one(memory: Path) -> None:
    assert power_beside.cut_private(memory, seeds=12).cuts > 9


def test_whichever_call_fails_an_operation_of_the_journal_is_refused_or_durable(memory: Path) -> None:
    assert power.fail_journal(memory, A_DAY, every=79) > 50


def test_whichever_system_call_fails_an_operation_of_the_journal_is_refused_or_durable(memory: Path) -> None:
    without_locks = [call for call in SYSTEM_CALLS if call != "fcntl"]
    assert power.fail_system_calls(memory, A_DAY, every=31, calls=without_locks) > 50


def test_whichever_call_fails_a_bundle_with_its_lists_is_refused_or_in_force(memory: Path) -> None:
    assert power.fail_counter(memory, every=101) > 20


def test_whichever_call_fails_what_is_handed_over_is_in_the_journal_and_the_counter_goes_on(memory: Path) -> None:
    assert power.fail_redeeming(memory, every=7) > 20


def test_whichever_call_fails_a_key_is_refused_in_words_or_written_and_leaves_no_scraps(memory: Path) -> None:
    assert power_beside.fail_private(memory) > 30


def test_power_cut_while_a_counter_is_enrolled_anew_leaves_the_one_or_the_other_with_its_key(memory: Path) -> None:
    assert power_beside.cut_enrolling(memory, seeds=12).cuts > 15


def test_power_cut_and_failing_calls_leave_head_office_s_positions_no_lower_than_what_has_left(memory: Path) -> None:
    assert power_beside.cut_positions(memory, seeds=12).cuts > 20
    assert power_beside.fail_positions(memory) > 30


# --- what judges them would notice ------------------------------------------------------------------


def test_a_journal_that_does_not_sync_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure = connection._configure

    def careless(db: apsw.Connection) -> None:
        configure(db)
        db.pragma("synchronous", "normal")

    monkeypatch.setattr(connection, "_configure", careless)
    with pytest.raises(AssertionError, match="acknowledged and is lost") as caught:
        power.cut_journal(tmp_path, A_DAY, seeds=2, every=1)
    assert caught.value.__notes__[0].startswith("power cut at call ")


def test_a_loss_and_a_refusal_that_was_written_are_caught(tmp_path: Path) -> None:
    desk = Desk(tmp_path / NAME).run([begin(), append(1), append(2)])
    holds(desk.path, desk, desk.now)
    other = Desk(tmp_path / f"other-{NAME}").run([begin(), append(1)])
    with pytest.raises(AssertionError, match="is lost"):
        holds(other.path, desk, desk.now)
    other.refused.append(other.tried[-1])
    with pytest.raises(AssertionError, match="is not there"):
        holds(other.path, other, other.now)


def left(*acts: Act) -> set[tuple[tuple[str, bytes], ...]]:
    """All that cuts behind these acts may leave."""
    platter = Platter()
    for act in acts:
        platter.told(act)
    return {tuple(platter.survivors(seed).items()) for seed in range(40)}


MADE, WRITTEN, SYNCED, FOLDER = Act("make", "a"), Act("write", "a", 0, b"x" * 1024), Act("sync", "a"), Act("folder", "")


def test_what_was_synced_under_a_synced_name_is_left_and_nothing_else_is_certain() -> None:
    assert left(MADE, WRITTEN, SYNCED, FOLDER) == {(("a", b"x" * 1024),)}
    assert left(MADE, WRITTEN, SYNCED) == {(), (("a", b"x" * 1024),)}
    torn = left(MADE, FOLDER, WRITTEN)
    assert {(("a", b""),), (("a", b"x" * 1024),), (("a", b"x" * 512),), (("a", bytes(512) + b"x" * 512),)} <= torn


def test_a_name_that_was_changed_is_the_old_or_the_new_until_its_folder_is_synced() -> None:
    old = (Act("found", "b", data=b"old"), MADE, Act("write", "a", 0, b"new"), SYNCED, Act("rename", "a", to="b"))
    assert {dict(files)["b"] for files in left(*old)} == {b"old", b"new"}
    assert left(*old, FOLDER) == {(("b", b"new"),)}


def test_a_folder_that_was_not_synced_takes_along_what_lies_in_it() -> None:
    acts = Act("make-folder", "f"), Act("make", "f/a"), Act("sync", "f/a"), Act("folder", "f")
    assert left(*acts) == {(), (("f/a", b""),)}
    assert left(*acts, FOLDER) == {(("f/a", b""),)}


def test_power_is_cut_before_each_sync_and_behind_each_other_change() -> None:
    trace = [MADE, WRITTEN, SYNCED, Act("mark"), FOLDER]
    assert [(cut.k, cut.marks) for cut in cuts(trace)] == [(0, 0), (1, 0), (2, 0), (4, 1), (5, 1)]
