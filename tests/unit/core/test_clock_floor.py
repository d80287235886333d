"""The floor under a counter's clock: what raises it, what carries it, what resets it, and what is suspect over it."""

from __future__ import annotations

from dataclasses import replace

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.clock_floor import (
    AHEAD_MS,
    ANSWER_COUNTS_MS,
    DAY_MS,
    JUMP_MS,
    LATEST_MS,
    TICK_MS,
    TOLERANCE_MS,
    ClockFloor,
    ClockHistory,
    Told,
    sign_reset,
    signed_bytes,
)
from kiosk.core.entry import FeedId
from kiosk.core.fact import ClockReset, Fact, Receipt, Ticked, Unknown
from tests.core_world import HEAD_OFFICE, NEIGHBOUR, OWN, at, milliseconds

ROOT = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x07")
ROOT_KEY = ROOT.public_key().public_bytes_raw()
NOON_MS = milliseconds(at("2026-11-06T12:00"))
TEN_YEARS_MS = 3652 * DAY_MS
FOR_US = FeedId(f"head-office/{OWN.origin}", 1)
LATER_LIFE = FeedId(OWN.origin, 2)

Entries = list[tuple[FeedId, int, Fact]]


def history_of(*entries: tuple[FeedId, int, Fact], own: FeedId | None = OWN) -> ClockHistory:
    history = ClockHistory(own)
    for feed, n, fact in entries:
        history.apply(feed, n, fact)
    return history


def folded(*entries: tuple[FeedId, int, Fact], own: FeedId | None = OWN) -> Told:
    return history_of(*entries, own=own).read(ROOT_KEY)


def said(at_ms: int) -> Receipt:
    """An entry of head office that was written at ``at_ms``."""
    return Receipt(at_ms=at_ms, feed=str(OWN), n=1, head=bytes(32))


def ticked(floor_ms: int, reset_ms: int | None = None) -> Ticked:
    return Ticked(at_ms=0, floor_ms=floor_ms, reset_ms=reset_ms)


# --- what the journal gives -------------------------------------------------------------------------


def test_a_journal_in_which_nobody_told_the_time_gives_no_floor() -> None:
    assert folded().floor_ms is None
    assert folded((OWN, 1, said(NOON_MS))).floor_ms is None
    assert folded((NEIGHBOUR, 1, said(NOON_MS)), (NEIGHBOUR, 2, ticked(NOON_MS))).floor_ms is None


def test_the_latest_entry_of_any_head_office_feed_is_the_floor() -> None:
    entries: Entries = [
        (HEAD_OFFICE, 1, said(NOON_MS)),
        (FOR_US, 1, said(NOON_MS + 2)),
        (HEAD_OFFICE, 2, said(NOON_MS + 1)),
    ]
    assert folded(*entries).floor_ms == NOON_MS + 2
    assert folded(*entries[:1]).floor_ms == NOON_MS


def test_what_a_newer_release_wrote_tells_no_time() -> None:
    assert folded((HEAD_OFFICE, 1, Unknown(kind=99, fields={1: NOON_MS}))).floor_ms is None


def test_the_clock_floor_is_not_lost_at_a_reboot() -> None:
    assert folded((HEAD_OFFICE, 1, said(NOON_MS)), (OWN, 5, ticked(NOON_MS + DAY_MS))).floor_ms == NOON_MS + DAY_MS


def test_the_floor_never_goes_down_by_a_lower_tick_or_an_older_entry() -> None:
    entries: Entries = [(OWN, 1, ticked(NOON_MS)), (OWN, 2, ticked(NOON_MS - 1)), (HEAD_OFFICE, 1, said(NOON_MS - 2))]
    assert folded(*entries).floor_ms == NOON_MS
    assert folded(*reversed(entries)).floor_ms == NOON_MS


def test_what_an_earlier_life_of_the_counter_ticked_counts() -> None:
    assert folded((OWN, 9, ticked(NOON_MS)), own=LATER_LIFE).floor_ms == NOON_MS


@pytest.mark.parametrize(("at_ms", "floor_ms"), [(LATEST_MS, LATEST_MS), (LATEST_MS + 1, None), (0, None), (1, 1)])
def test_a_time_that_no_calendar_has_is_no_floor(at_ms: int, floor_ms: int | None) -> None:
    assert folded((HEAD_OFFICE, 1, said(at_ms))).floor_ms == floor_ms
    assert folded((OWN, 1, ticked(at_ms))).floor_ms == floor_ms


# --- resets -----------------------------------------------------------------------------------------


def wrong_year() -> Entries:
    """Head office was ten years ahead once, and both of its feeds and the odometer say so."""
    wrong_ms = NOON_MS + TEN_YEARS_MS
    return [(HEAD_OFFICE, 1, said(wrong_ms)), (FOR_US, 1, said(wrong_ms)), (OWN, 2, ticked(wrong_ms))]


def test_a_floor_that_was_set_too_high_is_reset_by_the_root_key() -> None:
    reset = sign_reset(ROOT, None, NOON_MS, NOON_MS)
    assert folded(*wrong_year()).floor_ms == NOON_MS + TEN_YEARS_MS
    assert folded(*wrong_year(), (HEAD_OFFICE, 2, reset)).floor_ms == NOON_MS


def test_a_reset_and_what_it_undoes_may_come_in_any_order_of_feeds() -> None:
    reset = (HEAD_OFFICE, 2, sign_reset(ROOT, None, NOON_MS, NOON_MS))
    shared, ours, own = wrong_year()
    for entries in ([shared, reset, ours, own], [own, ours, shared, reset], [ours, shared, reset, own]):
        assert folded(*entries).floor_ms == NOON_MS


def test_the_floor_rises_again_after_a_reset() -> None:
    entries: Entries = [*wrong_year(), (HEAD_OFFICE, 2, sign_reset(ROOT, None, NOON_MS, NOON_MS))]
    entries += [(HEAD_OFFICE, 3, said(NOON_MS + 5))]
    assert folded(*entries).floor_ms == NOON_MS + 5
    entries += [(OWN, 3, ticked(NOON_MS + 7, reset_ms=NOON_MS))]
    assert folded(*entries).floor_ms == NOON_MS + 7
    assert folded(*entries, (FOR_US, 2, said(NOON_MS + 9))).floor_ms == NOON_MS + 7  # not told of the reset there yet
    entries += [(FOR_US, 2, sign_reset(ROOT, None, NOON_MS, NOON_MS)), (FOR_US, 3, said(NOON_MS + 9))]
    assert folded(*entries).floor_ms == NOON_MS + 9


def test_a_head_office_that_begins_anew_after_the_reset_tells_the_time() -> None:
    entries: Entries = [*wrong_year(), (HEAD_OFFICE, 2, sign_reset(ROOT, None, NOON_MS, NOON_MS))]
    assert folded(*entries, (replace(HEAD_OFFICE, incarnation=2), 1, said(NOON_MS + 5))).floor_ms == NOON_MS + 5


def test_a_reset_for_one_counter_is_for_no_other() -> None:
    ours, theirs = (sign_reset(ROOT, str(feed), NOON_MS, NOON_MS) for feed in (OWN, NEIGHBOUR))
    assert folded(*wrong_year(), (HEAD_OFFICE, 2, ours)).floor_ms == NOON_MS
    assert folded(*wrong_year(), (HEAD_OFFICE, 2, theirs)).floor_ms == NOON_MS + TEN_YEARS_MS
    assert folded(*wrong_year(), (HEAD_OFFICE, 2, replace(theirs, feed=None))).floor_ms == NOON_MS + TEN_YEARS_MS


def test_set_back_clock_by_a_reset_that_the_root_key_did_not_sign_changes_nothing() -> None:
    thief = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x08")
    forged = sign_reset(thief, None, NOON_MS, NOON_MS)
    altered = replace(sign_reset(ROOT, None, NOON_MS, NOON_MS), floor_ms=NOON_MS - 1)
    short = replace(forged, signature=b"")
    for reset in (forged, altered, short):
        assert folded(*wrong_year(), (HEAD_OFFICE, 2, reset)).floor_ms == NOON_MS + TEN_YEARS_MS
    keyless = history_of((HEAD_OFFICE, 1, sign_reset(ROOT, None, NOON_MS, NOON_MS)))
    assert keyless.read(b"") == Told()


def test_set_back_clock_by_an_old_reset_played_back_changes_nothing() -> None:
    old, new = sign_reset(ROOT, None, NOON_MS, NOON_MS), sign_reset(ROOT, None, NOON_MS + DAY_MS, NOON_MS + DAY_MS)
    entries: Entries = [(HEAD_OFFICE, 1, old), (HEAD_OFFICE, 2, new), (HEAD_OFFICE, 3, said(NOON_MS + 2 * DAY_MS))]
    assert folded(*entries).floor_ms == NOON_MS + 2 * DAY_MS
    for again in (old, new):
        history = folded(*entries, (HEAD_OFFICE, 4, again))
        assert (history.floor_ms, history.reset_ms) == (NOON_MS + 2 * DAY_MS, NOON_MS + DAY_MS)
    assert folded(*entries, (FOR_US, 1, said(NOON_MS)), (FOR_US, 2, old)).floor_ms == NOON_MS + 2 * DAY_MS


def test_a_reset_to_a_time_that_no_calendar_has_is_none() -> None:
    for floor_ms, at_ms in ((LATEST_MS + 1, NOON_MS), (NOON_MS, 0)):
        assert folded((HEAD_OFFICE, 1, sign_reset(ROOT, None, floor_ms, at_ms))).reset_ms is None


def test_the_time_of_a_reset_is_its_number_and_no_time() -> None:
    assert folded((HEAD_OFFICE, 1, sign_reset(ROOT, None, NOON_MS, NOON_MS + TEN_YEARS_MS))).floor_ms == NOON_MS


def test_only_head_office_passes_a_reset_on() -> None:
    assert folded((NEIGHBOUR, 1, sign_reset(ROOT, None, NOON_MS, NOON_MS))).reset_ms is None


def test_nobody_s_history_knows_no_odometer() -> None:
    assert folded((OWN, 1, ticked(NOON_MS)), own=None).floor_ms is None
    assert folded((HEAD_OFFICE, 1, said(NOON_MS)), own=None).floor_ms == NOON_MS


def test_what_comes_again_changes_nothing() -> None:
    entries: Entries = [*wrong_year(), (HEAD_OFFICE, 2, sign_reset(ROOT, None, NOON_MS, NOON_MS))]
    once, twice = folded(*entries), folded(*entries, *entries)
    assert (once.floor_ms, once.reset_ms) == (twice.floor_ms, twice.reset_ms) == (NOON_MS, NOON_MS)


def test_the_root_key_signs_for_whom_the_floor_and_the_time() -> None:
    assert cbor2.loads(signed_bytes(None, 5, 9)) == ["counterfoil-clock", "all", 5, 9]
    assert cbor2.loads(signed_bytes("bayside/counter-1@1", 5, 9)) == ["counterfoil-clock", "bayside/counter-1@1", 5, 9]


def test_a_history_is_frozen_and_thawed_whole() -> None:
    entries: Entries = [
        *wrong_year(),
        (HEAD_OFFICE, 2, sign_reset(ROOT, None, NOON_MS, NOON_MS)),
        (OWN, 3, ticked(9, NOON_MS)),
    ]
    for history in (history_of(), history_of(*wrong_year()), history_of(*entries)):
        assert ClockHistory.thawed(OWN, cbor2.loads(cbor2.dumps(history.frozen()))) == history


# --- while the machine runs -------------------------------------------------------------------------


def test_the_floor_rises_with_the_boot_time_clock() -> None:
    floor = ClockFloor(NOON_MS, 1000)
    assert floor.at(1000) == NOON_MS
    assert floor.at(61_000) == NOON_MS + 60_000
    assert floor.at(0) == NOON_MS  # never down, whatever that clock does
    assert ClockFloor(None, 0).at(5) is None


def test_a_later_head_office_time_raises_the_floor_and_an_earlier_one_does_not_lower_it() -> None:
    floor = ClockFloor(NOON_MS, 0)
    floor.saw(NOON_MS + 10, 0, answered=True)
    assert floor.at(0) == NOON_MS + 10
    floor.saw(NOON_MS, 0, answered=True)
    assert floor.at(5) == NOON_MS + 15


def test_the_first_time_that_is_heard_of_becomes_the_floor() -> None:
    floor = ClockFloor(None, 0)
    assert floor.between(0, 0) is None
    floor.saw(LATEST_MS + 1, 0, answered=True)
    assert floor.at(0) is None
    floor.saw(NOON_MS, 0, answered=False)
    assert floor.at(0) == NOON_MS


@pytest.mark.parametrize(
    ("off_ms", "sane"),
    [(-TOLERANCE_MS, True), (-TOLERANCE_MS - 1, False), (0, True), (AHEAD_MS, True), (AHEAD_MS + 1, False),
     (TEN_YEARS_MS, False), (-TEN_YEARS_MS, False), (-NOON_MS, False)],
)  # fmt: skip
def test_a_clock_is_sane_from_five_minutes_before_the_floor_to_seven_days_after_it(off_ms: int, sane: bool) -> None:
    floor = ClockFloor(NOON_MS, 0)
    found = floor.between(NOON_MS + off_ms, 0)
    assert found == (None if sane else (NOON_MS - TOLERANCE_MS, NOON_MS + AHEAD_MS))
    assert floor.guarded_ms(NOON_MS + off_ms, 0) == (NOON_MS + off_ms if sane else NOON_MS)


def test_a_clock_is_its_own_judge_where_nothing_is_known() -> None:
    assert ClockFloor(None, 0).guarded_ms(5, 0) == 5


def test_after_an_answer_the_time_is_known_to_minutes_whatever_the_clock_says() -> None:
    floor = ClockFloor(NOON_MS, 0)
    floor.saw(NOON_MS + 60, 0, answered=True)
    assert floor.between(0, 40) == (NOON_MS + 100 - TOLERANCE_MS, NOON_MS + 100 + TOLERANCE_MS)


@pytest.mark.parametrize(("after_ms", "ahead_ms"), [(ANSWER_COUNTS_MS, TOLERANCE_MS), (ANSWER_COUNTS_MS + 1, AHEAD_MS)])
def test_an_answer_says_what_time_it_is_for_a_day(after_ms: int, ahead_ms: int) -> None:
    floor = ClockFloor(NOON_MS, 0)
    floor.saw(NOON_MS, 0, answered=True)
    assert floor.between(0, after_ms) == (NOON_MS + after_ms - TOLERANCE_MS, NOON_MS + after_ms + ahead_ms)


@pytest.mark.parametrize(("below_ms", "ahead_ms"), [(TOLERANCE_MS, TOLERANCE_MS), (TOLERANCE_MS + 1, AHEAD_MS)])
def test_an_answer_far_below_the_floor_does_not_say_what_time_it_is(below_ms: int, ahead_ms: int) -> None:
    floor = ClockFloor(NOON_MS, 0)
    floor.saw(NOON_MS, 0, answered=True)
    floor.saw(NOON_MS - below_ms, 0, answered=True)
    assert floor.between(0, 0) == (NOON_MS - TOLERANCE_MS, NOON_MS + ahead_ms)


@pytest.mark.parametrize(("above_ms", "ahead_ms"), [(TOLERANCE_MS, TOLERANCE_MS), (TOLERANCE_MS + 1, AHEAD_MS)])
def test_an_entry_far_above_the_last_answer_says_no_more_than_a_floor(above_ms: int, ahead_ms: int) -> None:
    floor = ClockFloor(NOON_MS, 0)
    floor.saw(NOON_MS, 0, answered=True)
    floor.saw(NOON_MS + above_ms, 0, answered=False)
    assert floor.between(0, 0) == (NOON_MS + above_ms - TOLERANCE_MS, NOON_MS + above_ms + ahead_ms)


def test_an_answer_counts_from_when_it_came_and_not_from_a_later_entry() -> None:
    floor = ClockFloor(NOON_MS, 0)
    floor.saw(NOON_MS, 0, answered=True)
    floor.saw(NOON_MS + ANSWER_COUNTS_MS, ANSWER_COUNTS_MS, answered=False)
    assert floor.between(0, ANSWER_COUNTS_MS + 1) == (
        NOON_MS + ANSWER_COUNTS_MS + 1 - TOLERANCE_MS,
        NOON_MS + ANSWER_COUNTS_MS + 1 + AHEAD_MS,
    )


def test_a_reset_is_the_one_way_down() -> None:
    floor = ClockFloor(NOON_MS + TEN_YEARS_MS, 0)
    floor.saw(NOON_MS + TEN_YEARS_MS, 0, answered=True)
    floor.reset(NOON_MS, 0)
    assert floor.at(3) == NOON_MS + 3
    assert floor.between(NOON_MS, 0) is None
    assert floor.between(0, 0) == (NOON_MS - TOLERANCE_MS, NOON_MS + AHEAD_MS)
    assert floor.due(0) == NOON_MS
    floor.reset(None, 0)
    assert floor.at(3) is None
    assert floor.due(3) is None


# --- the odometer -----------------------------------------------------------------------------------


def test_the_floor_is_written_down_at_most_every_ten_minutes() -> None:
    floor = ClockFloor(NOON_MS, 0)
    assert floor.due(0) is None
    assert floor.due(TICK_MS - 1) is None
    assert floor.due(TICK_MS) == NOON_MS + TICK_MS
    floor.ticked(NOON_MS + TICK_MS)
    assert floor.due(TICK_MS) is None
    assert floor.due(2 * TICK_MS) == NOON_MS + 2 * TICK_MS


@pytest.mark.parametrize(("rise_ms", "due"), [(JUMP_MS - 1, False), (JUMP_MS, True)])
def test_a_floor_that_jumps_is_written_down_at_once(rise_ms: int, due: bool) -> None:
    floor = ClockFloor(NOON_MS, 0)
    floor.saw(NOON_MS + rise_ms, 0, answered=True)
    floor.saw(NOON_MS + rise_ms, 0, answered=True)
    assert floor.due(0) == (NOON_MS + rise_ms if due else None)
    floor.ticked(NOON_MS + rise_ms)
    assert floor.due(0) is None


def test_the_first_floor_is_written_down_at_once() -> None:
    floor = ClockFloor(None, 0)
    assert floor.due(0, closing=True) is None
    floor.saw(NOON_MS, 0, answered=True)
    assert floor.due(0) == NOON_MS


def test_the_floor_is_written_down_when_the_counter_stops_if_it_rose_by_a_minute() -> None:
    floor = ClockFloor(NOON_MS, 0)
    assert floor.due(JUMP_MS - 1, closing=True) is None
    assert floor.due(JUMP_MS, closing=True) == NOON_MS + JUMP_MS


def test_a_reset_signed_is_what_the_fact_carries() -> None:
    reset = sign_reset(ROOT, str(OWN), 5, 9)
    assert (reset.feed, reset.floor_ms, reset.at_ms) == (str(OWN), 5, 9)
    ROOT.public_key().verify(reset.signature, signed_bytes(str(OWN), 5, 9))
    assert ClockReset.KIND == 22
