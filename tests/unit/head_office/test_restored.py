"""Head office restored from a backup never grants again what it may have granted before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.entry import FeedId
from kiosk.core.escrow import returns_of
from kiosk.core.fact import Granted, Receipt, Revoked, decode_fact
from kiosk.errors import ExchangeError
from sync.counter_side import overtaken
from sync.exchange import compose, take
from sync.head_office import restored
from sync.head_office.decisions import revoke
from sync.head_office.intake import side_towards
from sync.head_office.kept_lives import LivesInMemory
from sync.head_office.office import HeadOffice
from sync.head_office.positions import KeptPositions, PositionFile
from sync.head_office.records import RightPool
from sync.wire import Exchange
from tests.head_office_world import ORGANISATION, SmallCounter
from tests.rights_world import TOTAL, Backups, accounts, balance, facts, feeds_of_head_office, held_here, spend, tacos


@pytest.fixture
def world(tmp_path: Path) -> Backups:
    return Backups(tmp_path)


def all_held(counters: list[SmallCounter]) -> int:
    return sum(map(balance, counters))


def pools(world: Backups) -> dict[int, RightPool]:
    return {pool.granted_by: pool for pool in world.store.right_pools("tacos")}


def test_a_start_without_a_restore_changes_nothing(world: Backups) -> None:
    counter = world.enrolled()
    counter.exchange()
    before = world.backup()
    world.restore(before)
    assert world.incarnation() == 1


def test_a_crash_between_commit_and_position_file_is_no_restore(world: Backups) -> None:
    kept = KeptPositions(world.file.held())
    counter = world.enrolled()
    counter.exchange()
    world.restore(world.backup(), file_too=kept)  # the file is behind the database
    assert world.incarnation() == 1


def test_a_database_behind_the_file_begins_a_new_incarnation(world: Backups) -> None:
    counter = world.enrolled()
    before = world.backup()
    counter.exchange()
    world.restore(before)
    assert world.incarnation() == 2
    world.restore(world.backup())  # started again, it is the same one
    assert world.incarnation() == 2


def test_a_file_that_is_missing_begins_a_new_incarnation_once_something_was_granted(world: Backups) -> None:
    world.restore(world.backup(), file_lost=True)
    assert world.incarnation() == 1
    world.enrolled().exchange()
    world.restore(world.backup(), file_lost=True)
    assert world.incarnation() == 2


def test_nothing_forgotten_is_granted_twice(world: Backups) -> None:
    counters = world.three()
    before = world.backup()
    for counter in counters:
        counter.exchange()
    held = all_held(counters)
    world.restore(before)
    # one counter comes back: the others may have spent what this database knows nothing of
    spent = 0
    for _ in range(20):
        counters[0].exchange()
        some = balance(counters[0])
        spent += some
        spend(counters[0], some)
    assert spent + all_held(counters[1:]) == held
    assert world.store.setting("forgotten")


def test_the_rest_of_the_cap_comes_back_when_every_counter_has_reported(world: Backups) -> None:
    counters = world.three()
    before = world.backup()
    for counter in counters:
        counter.exchange()
    held = all_held(counters)
    world.restore(before)
    for _ in range(2):  # the first exchange tells of the new incarnation, the second reports
        for counter in counters:
            counter.exchange()
    assert not world.store.setting("forgotten")
    spent = 0
    for _ in range(60):
        for counter in counters:
            counter.exchange()
            some = min(balance(counter), 5)
            spend(counter, some)
            spent += some
    assert held < spent == 100


def test_our_own_lost_entries_come_back_from_counters_and_count_once(world: Backups) -> None:
    counter = world.enrolled()
    before = world.backup()
    counter.exchange()
    granted = balance(counter)
    world.restore(before)
    assert held_here(world.office, counter) == 0
    counter.exchange()
    counter.exchange()
    counter.exchange()
    assert held_here(world.office, counter) == balance(counter)
    assert pools(world)[1].granted == granted
    assert world.store.head(FeedId("head-office/bayside/front", 1)).n == len(
        facts(counter, FeedId("head-office/bayside/front", 1))
    )


def test_the_position_reached_again_makes_it_whole_without_a_second_report(world: Backups) -> None:
    counter = world.enrolled()
    before = world.backup()
    counter.exchange()
    world.restore(before)
    counter.exchange()  # its first message has no segments; the answer tells it what is lacking
    counter.exchange()
    assert not world.store.setting("forgotten")


def test_what_never_reached_a_counter_is_known_once_every_life_has_reported(world: Backups) -> None:
    counter = world.enrolled()
    before = world.backup()
    lost: list[bytes] = []
    deaf = SmallCounter(counter.enrolment, counter.key, counter.post, counter.journal)
    post = deaf.post

    def losing(path: str, message: bytes) -> bytes:
        lost.append(post(path, message))
        raise ExchangeError("unreachable", "No answer")

    deaf = SmallCounter(counter.enrolment, counter.key, losing, counter.journal)
    with pytest.raises(ExchangeError):
        deaf.exchange()  # a grant was committed and sent, and nobody has it
    world.restore(before)
    assert world.incarnation() == 2
    for _ in range(3):
        counter.exchange()
    assert not world.store.setting("forgotten")
    assert balance(counter) == 25


def test_a_return_of_an_old_incarnations_right_is_not_pooled_while_something_is_forgotten(world: Backups) -> None:
    front, bar, other = world.three()
    before = world.backup()
    for counter in (front, bar, other):
        counter.exchange()
    world.restore(before)
    front.exchange()
    front.write(*returns_of(accounts(front), TOTAL, 1))
    for _ in range(3):
        front.exchange()
    assert balance(front) == 0  # what came back is not granted again
    assert pools(world)[1].returned > 0


def test_receipts_of_the_old_incarnation_are_void_and_the_counter_sends_all_again(world: Backups) -> None:
    counter = world.enrolled()
    counter.exchange()
    before = world.backup()
    spend(counter, 3)
    counter.exchange()
    world.restore(before)
    assert world.store.last_cursor() == 0
    for _ in range(3):
        counter.exchange()
    assert world.store.last_cursor() == 3
    old, new = (
        [fact for fact in facts(counter, FeedId("head-office/bayside/front", i)) if isinstance(fact, Receipt)]
        for i in (1, 2)
    )
    assert old
    assert new[-1].n == counter.journal.heads()[counter.feed].n


def test_a_counter_with_nothing_new_has_a_receipt_of_the_new_incarnation(world: Backups) -> None:
    counter = world.enrolled()
    counter.exchange()
    counter.exchange()
    world.restore(world.backup(), file_lost=True)
    counter.exchange()
    (receipt,) = [fact for fact in facts(counter, FeedId("head-office/bayside/front", 2)) if isinstance(fact, Receipt)]
    assert receipt.n == world.store.head(counter.feed).n


def test_a_life_that_the_backup_does_not_know_leaves_it_forgotten(world: Backups) -> None:
    front = world.enrolled()
    before = world.backup()
    front.exchange()
    lost = world.enrolled("pier-9", key=2)
    lost.exchange()
    world.restore(before)
    for _ in range(3):
        front.exchange()
    assert world.store.setting("forgotten")
    anew = world.enrolled("pier-9", key=3)
    assert anew.feed.incarnation > lost.feed.incarnation  # its number is not used twice
    for _ in range(3):
        anew.exchange()
    assert balance(anew) == 0


def test_database_and_file_set_back_together_are_found_out_by_our_own_signature(world: Backups) -> None:
    counters = world.three()
    before, file_before = world.backup(), KeptPositions(world.file.held())
    for counter in counters:
        counter.exchange()
    held = all_held(counters)
    world.restore(before, file_too=file_before)
    assert world.incarnation() == 1
    for _ in range(2):
        counters[0].exchange()
    assert world.incarnation() > 1
    spend(counters[0], balance(counters[0]))
    counters[0].exchange()
    assert balance(counters[0]) == 0
    assert held <= 100


def test_restored_twice_from_the_same_backup_begins_a_third(world: Backups) -> None:
    counter = world.enrolled()
    before = world.backup()
    counter.exchange()
    world.restore(before)
    counter.exchange()
    counter.exchange()
    world.restore(before)
    assert world.incarnation() == 3
    for _ in range(3):
        counter.exchange()
    assert {feed.incarnation for feed in feeds_of_head_office(counter)} == {1, 2, 3}
    assert world.store.evidence() == []


def test_what_nobody_knew_once_is_not_known_by_a_later_file(world: Backups) -> None:
    counters = world.three()
    before = world.backup()
    for counter in counters:
        counter.exchange()
    world.restore(before, file_lost=True)  # a new file is begun, which knows nothing of what went before
    counters[0].exchange()
    world.restore(before)
    for _ in range(3):
        counters[0].exchange()
    assert world.store.setting("forgotten")
    spend(counters[0], balance(counters[0]))
    counters[0].exchange()
    assert balance(counters[0]) == 0


def test_a_life_that_only_other_counters_have_heard_of_leaves_it_forgotten(world: Backups) -> None:
    front = world.enrolled()
    front.exchange()
    before = world.backup()
    world.enrolled("pier-9", key=2).exchange()
    front.exchange()
    world.lives = LivesInMemory()  # lost with the position file
    world.restore(before, file_lost=True)
    for _ in range(3):
        front.exchange()
    assert "pier-9/front@1" in (world.store.setting("forgotten") or "")


def test_a_counter_is_enrolled_after_a_restore_without_its_file(world: Backups) -> None:
    world.enrolled().exchange()
    world.restore(world.backup(), file_lost=True)
    later = world.enrolled(key=5)
    later.exchange()
    assert 1 < later.feed.incarnation < 2**32


def deaf(world: Backups) -> tuple[SmallCounter, Exchange]:
    """A counter that was granted something and never heard of it, and the message with that grant, still on its way."""
    counter = world.enrolled()

    def losing(path: str, message: bytes) -> bytes:
        counter.post(path, message)
        raise ExchangeError("unreachable", "No answer")

    with pytest.raises(ExchangeError):
        SmallCounter(counter.enrolment, counter.key, losing, counter.journal).exchange()
    return counter, compose(side_towards(world.office, counter.feed.origin), {})


def test_a_grant_of_an_overtaken_incarnation_is_not_taken_from_neighbours_and_sticks(world: Backups) -> None:
    before = world.backup()
    counter, carried = deaf(world)
    world.restore(before)
    counter.exchange()
    side = replace(counter.side.side, closed=overtaken(counter.journal))
    assert take(side, carried).entries == ()
    assert FeedId("head-office/bayside/front", 1) not in counter.journal.heads()


def test_while_no_newer_incarnation_is_known_a_grant_is_taken_from_whoever_brings_it(world: Backups) -> None:
    counter, carried = deaf(world)
    side = replace(counter.side.side, closed=overtaken(counter.journal))
    assert take(side, carried).entries
    assert balance(counter) == 25


def test_what_is_not_taken_is_checked_all_the_same(world: Backups) -> None:
    counter, carried = deaf(world)
    segment = carried.segments[0]
    forged = replace(segment, checkpoint=replace(segment.checkpoint, signature=bytes(64)))
    with pytest.raises(ExchangeError):
        take(replace(counter.side.side, closed=lambda _feed: True), replace(carried, segments=(forged,)))


# --- the position file ---------------------------------------------------------------------------

FEED = FeedId("head-office/bayside/front", 1)


def test_positions_survive_the_program(tmp_path: Path) -> None:
    assert PositionFile(tmp_path).held() is None
    PositionFile(tmp_path).keep({FEED: 7})
    assert PositionFile(tmp_path).held() == {FEED: 7}


def test_a_position_never_goes_back(tmp_path: Path) -> None:
    kept = PositionFile(tmp_path)
    kept.keep({FEED: 7})
    kept.keep({FEED: 3})
    PositionFile(tmp_path).keep({FEED: 5})
    assert PositionFile(tmp_path).held() == {FEED: 7}


def test_nothing_is_written_where_nothing_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = PositionFile(tmp_path)
    kept.keep({FEED: 7})

    def broken(*_: Any) -> None:
        raise AssertionError("written")

    monkeypatch.setattr("os.fsync", broken)
    assert not kept.lacks({FEED: 7})
    kept.keep({FEED: 7})


def test_a_file_that_nobody_can_read_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "positions.json").write_text('{"head-office@1": ')
    assert PositionFile(tmp_path).held() is None


def test_an_answer_does_not_leave_where_the_file_cannot_be_written(
    world: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = world.enrolled()

    def full(_positions: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(world.file, "keep", full)
    with pytest.raises(OSError, match="full"):
        counter.exchange()
    assert counter.told(Granted) == []
    monkeypatch.undo()
    counter.exchange()
    assert balance(counter) == 25
    assert held_here(world.office, counter) == 25


def test_a_database_file_put_back_is_found_out_at_the_next_start(tmp_path: Path) -> None:
    from sync.head_office.publish import publish
    from tests.head_office_world import enrolled

    place = tmp_path / "office"
    place.mkdir()

    def opened() -> HeadOffice:
        return HeadOffice.open(place)

    office = opened()
    publish(office, promotions=tacos("limits: {total: 100}"), organisation=ORGANISATION, by="test")
    counter = enrolled(office)
    office.close()
    backup = (place / "head-office.db").read_bytes()
    office = opened()
    SmallCounter(counter.enrolment, counter.key, _line(office), counter.journal).exchange()
    office.close()
    for left in place.glob("head-office.db*"):
        left.unlink()
    (place / "head-office.db").write_bytes(backup)
    office = opened()
    assert office.store.setting("incarnation") == "2"
    office.close()


def _line(office: HeadOffice) -> Any:
    from tests.head_office_world import line_to

    return line_to(office)


def test_the_same_backup_put_back_twice_without_its_file_is_two_incarnations(world: Backups) -> None:
    world.enrolled().exchange()
    before = world.backup()
    numbers = []
    for at_s in (1_800_000_000, 1_800_000_060):
        world.store.tables = before.copy()  # type: ignore[attr-defined]
        restored.start(world.store, KeptPositions(), at_s)
        numbers.append(world.incarnation())
    assert numbers == [1_800_000_000, 1_800_000_060]


def test_an_old_backup_put_back_once_more_behind_a_lost_file_takes_no_number_that_was_written(world: Backups) -> None:
    world.enrolled().exchange()
    before, kept = world.backup(), KeptPositions({})
    restored.start(world.store, kept, 0)
    numbers = []
    for at_s, positions in ((0, kept), (1_800_000_000, KeptPositions()), (1_800_000_060, None)):
        world.store.tables = before.copy()  # type: ignore[attr-defined]
        kept = positions or kept  # the last one is begun anew behind the loss, before anything left
        if at_s == 0:
            kept.keep({FeedId("head-office", 1): 1_000})
        restored.start(world.store, kept, at_s)
        numbers.append(world.incarnation())
    assert numbers == [2, 1_800_000_000, 1_800_000_060]


def test_a_counter_enrolled_after_the_backup_is_let_in_again(world: Backups) -> None:
    before = world.backup()
    counter = world.enrolled()
    counter.exchange()
    spend(counter, 3)
    world.restore(before)
    counter.exchange()
    assert world.store.head(counter.feed) == counter.journal.heads()[counter.feed]


def test_a_restored_head_office_gives_no_life_twice(world: Backups) -> None:
    before = world.backup()
    first = world.enrolled()
    world.restore(before)
    assert world.enrolled(key=9).feed == FeedId(first.feed.origin, 2)


@pytest.mark.parametrize("known_n", [2, 4])
def test_stolen_counter_is_not_let_in_again_by_a_backup_from_before_the_theft(world: Backups, known_n: int) -> None:
    counter = world.enrolled()
    counter.exchange()
    spend(counter, known_n - counter.journal.heads()[counter.feed].n + 1)
    counter.exchange()
    before = world.backup()
    spend(counter, 2)
    counter.exchange()
    revoke(world.office, counter.feed, 4, why="stolen", by="admin")
    world.restore(before)
    life = world.store.enrolments()[0]
    assert (life.revoked, life.counts_to) == (True, 4)
    spend(counter, 1)
    with pytest.raises(ExchangeError, match="revoked this counter"):
        counter.exchange()
    told = [fact for fact in facts_told(world) if isinstance(fact, Revoked)]
    assert [(fact.feed, fact.n) for fact in told] == [(str(counter.feed), 4)]


def facts_told(world: Backups) -> list[object]:
    """What the incarnation in force has told all counters."""
    feed = FeedId("head-office", world.incarnation())
    return [decode_fact(entry.body) for entry in world.store.entries(feed, 0, 1_000)]
