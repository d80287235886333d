"""A counter's clock over head office's floor, how old its promotions are by it, and what stops when in doubt."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.cached_bundle import InForce
from kiosk.clock import GuardedClock, SystemClock, boot_ms, from_ms, to_ms
from kiosk.core.clock_floor import AHEAD_MS, DAY_MS, TICK_MS, TOLERANCE_MS, sign_reset
from kiosk.core.fact import Receipt, Redemption, Ticked, decode_fact
from kiosk.core.situation import Freshness
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Showing, State
from kiosk.upkeep import SlowTick
from tests.core_world import OWN
from tests.counter_world import NOON, Floor, open_floor

WORD = "LIMEPIE"
NOON_MS = to_ms(NOON)
YEARS = timedelta(days=3652)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    opened = open_floor(tmp_path)
    yield opened
    opened.journal.close()


def ticks(floor: Floor) -> list[Ticked]:
    facts = (decode_fact(entry.body) for entry in floor.journal.entries(OWN, 0, 1000))
    return [fact for fact in facts if isinstance(fact, Ticked)]


def look(floor: Floor) -> Showing:
    showing = floor.counter.look(WORD).showing
    assert showing is not None
    return showing


# --- what raises the floor, and what keeps it --------------------------------------------------------


def test_an_answer_and_an_entry_of_head_office_raise_the_floor(floor: Floor) -> None:
    assert floor.counter.clock.floor_ms() is None
    floor.counter.told_time(NOON_MS)
    assert floor.counter.clock.floor_ms() == NOON_MS
    floor.office.write(Receipt(at_ms=NOON_MS + 5000, feed=str(OWN), n=1, head=bytes(32)))
    assert floor.counter.clock.floor_ms() == NOON_MS + 5000


def test_the_first_time_heard_is_written_down_at_once_and_then_every_ten_minutes(floor: Floor) -> None:
    floor.counter.told_time(NOON_MS)
    assert [one.floor_ms for one in ticks(floor)] == [NOON_MS]
    floor.clock.move(TICK_MS / 1000 - 1)
    floor.counter.tick()
    assert len(ticks(floor)) == 1
    floor.clock.move(1)
    floor.counter.tick()
    assert [one.floor_ms for one in ticks(floor)] == [NOON_MS, NOON_MS + TICK_MS]


def test_the_clock_floor_is_carried_over_a_reboot_with_the_time_that_the_machine_ran(floor: Floor) -> None:
    floor.counter.told_time(NOON_MS)
    floor.clock.move(120)
    floor.counter.close()
    floor.clock.set(from_ms(1))  # its battery is empty
    floor.restart()
    assert floor.counter.clock.floor_ms() == NOON_MS + 120_000
    assert floor.counter.clock.now() == from_ms(NOON_MS + 120_000)


@pytest.mark.parametrize("year", [1970, 2000, 2016, 2036])
def test_a_machine_that_starts_in_another_year_without_a_network_is_suspect(floor: Floor, year: int) -> None:
    floor.counter.told_time(NOON_MS)
    floor.clock.set(datetime(year, 1, 1, tzinfo=UTC))
    floor.restart()
    suspect = floor.counter.status().clock
    assert suspect is not None
    assert to_ms(suspect.earliest_at) == NOON_MS - TOLERANCE_MS
    assert to_ms(suspect.latest_at) == NOON_MS + AHEAD_MS  # how long the machine was off, nobody knows


def test_a_floor_that_could_not_be_written_is_written_later(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.errors import JournalError

    def full(_facts: Any) -> Any:
        raise JournalError("journal-disk-full", "The disk is full")

    append = floor.journal.append
    monkeypatch.setattr(floor.journal, "append", full)
    floor.counter.told_time(NOON_MS)
    assert ticks(floor) == []
    monkeypatch.setattr(floor.journal, "append", append)
    floor.counter.tick()
    assert [one.floor_ms for one in ticks(floor)] == [NOON_MS]


# --- suspect ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [YEARS, -YEARS])
def test_a_jump_by_ten_years_stops_nothing_where_the_answer_is_the_same(floor: Floor, jump: timedelta) -> None:
    floor.counter.told_time(NOON_MS)
    floor.clock.set(NOON + jump)
    floor.counter.tick()
    assert floor.counter.status().clock is not None
    showing = look(floor)
    assert showing.verdict.outcome is Outcome.ACCEPT
    assert floor.counter.redeem(showing.id, "ana").state is State.REDEEMED
    found = floor.counter.standing.redemption_of(bytes.fromhex(showing.id))
    assert found is not None
    fact = floor.counter.standing.redemption(*found)
    assert isinstance(fact, Redemption)
    assert fact.at_ms == NOON_MS  # what is known to have come, not what the clock says


def test_where_it_makes_a_difference_a_manager_is_asked(floor: Floor) -> None:
    last_minute = datetime(2026, 12, 1, 4, 58, tzinfo=UTC)  # it ends at midnight in New York
    floor.counter.told_time(to_ms(last_minute))
    floor.clock.set(last_minute)
    assert look(floor).verdict.outcome is Outcome.ACCEPT
    floor.clock.set(last_minute - YEARS)
    verdict = look(floor).verdict
    assert (verdict.outcome, verdict.reason) == (Outcome.ASK, Reason.CLOCK_SUSPECT)


def test_a_verdict_on_display_is_decided_anew_when_the_clock_becomes_suspect_and_sane_again(floor: Floor) -> None:
    last_minute = datetime(2026, 12, 1, 4, 58, tzinfo=UTC)
    floor.counter.told_time(to_ms(last_minute))
    floor.clock.set(last_minute - YEARS)
    floor.counter.tick()
    look(floor)
    floor.clock.set(last_minute)
    floor.counter.tick()
    showing = floor.counter.display.showing
    assert showing is not None
    assert showing.verdict.outcome is Outcome.ACCEPT


def test_a_wrong_head_office_time_is_undone_by_the_root_key_and_stays_so_over_a_restart(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Ed25519PrivateKey.generate()
    public = root.public_key().public_bytes_raw()
    monkeypatch.setattr("tests.counter_world.ENROLMENT", _with_root(public))
    floor.restart()
    floor.counter.told_time(NOON_MS + to_ms(from_ms(0) + YEARS))
    assert floor.counter.status().clock is not None
    floor.office.write(sign_reset(Ed25519PrivateKey.generate(), None, NOON_MS, NOON_MS))
    assert floor.counter.status().clock is not None
    floor.office.write(sign_reset(root, None, NOON_MS, NOON_MS))
    assert floor.counter.status().clock is None
    assert ticks(floor)[-1] == Ticked(at_ms=NOON_MS, floor_ms=NOON_MS, reset_ms=NOON_MS)
    floor.restart()
    assert floor.counter.clock.floor_ms() == NOON_MS


def _with_root(public: bytes) -> Any:
    from dataclasses import replace

    from tests.counter_world import ENROLMENT

    return replace(ENROLMENT, root_key=public)


# --- the age of the promotions ----------------------------------------------------------------------


def published(floor: Floor, fresh_for_ms: int = DAY_MS, hard_for_ms: int = 30 * DAY_MS) -> None:
    floor.counter._work.put_in_force(InForce(floor.catalogue, NOON_MS + fresh_for_ms, NOON_MS + hard_for_ms))


@pytest.mark.parametrize(
    ("after_ms", "age"),
    [
        (DAY_MS - 1, Freshness.FRESH),
        (DAY_MS, Freshness.STALE),
        (30 * DAY_MS - 1, Freshness.STALE),
        (30 * DAY_MS, Freshness.EXPIRED),
    ],
)
def test_promotions_become_stale_and_then_too_old(floor: Floor, after_ms: int, age: Freshness) -> None:
    floor.counter.told_time(NOON_MS)
    published(floor)
    floor.clock.move(after_ms / 1000)
    assert floor.counter.status().freshness is age


def test_set_back_clock_does_not_make_old_promotions_young(floor: Floor) -> None:
    floor.counter.told_time(NOON_MS)
    published(floor)
    floor.clock.move(30 * DAY_MS / 1000)
    for back in (timedelta(minutes=4), timedelta(days=29), YEARS):
        floor.clock.set(NOON + timedelta(days=30) - back)
        assert floor.counter.status().freshness is Freshness.EXPIRED
    floor.counter.close()
    floor.restart()
    published(floor)
    assert floor.counter.status().freshness is Freshness.EXPIRED


def test_a_suspect_clock_takes_the_worse_end(floor: Floor) -> None:
    floor.counter.told_time(NOON_MS)
    floor.counter.close()
    floor.clock.set(NOON - YEARS)
    floor.restart()
    published(floor, fresh_for_ms=AHEAD_MS)
    assert floor.counter.status().freshness is Freshness.STALE
    published(floor, fresh_for_ms=AHEAD_MS + 1)
    assert floor.counter.status().freshness is Freshness.FRESH


def test_too_old_promotions_ask_a_manager_about_words(floor: Floor) -> None:
    published(floor, 1, 2)
    floor.clock.move(1)
    verdict = look(floor).verdict
    assert (verdict.outcome, verdict.reason) == (Outcome.ASK, Reason.PROMOTIONS_STALE)


# --- the machine's clocks ---------------------------------------------------------------------------


def test_the_boot_time_clock_counts_milliseconds_and_is_not_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    first = boot_ms()
    assert first <= boot_ms() <= first + 60_000
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    monkeypatch.setattr(time, "monotonic", lambda: 12.5)
    assert boot_ms() == 12_500


def test_a_guarded_clock_counts_durations_by_the_clock_below() -> None:
    clock = GuardedClock(SystemClock(), boot_ms)
    assert abs(clock.monotonic_s() - time.monotonic()) < 60
    assert clock.latest_ms() >= to_ms(datetime.now(UTC)) - 60_000


def test_the_slow_tick_goes_on_after_a_fault_and_ends_when_it_is_told() -> None:
    calls: list[int] = []
    again = threading.Event()

    def tick() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")
        again.set()

    slow = SlowTick(tick, every_s=0.001)
    slow.start()
    assert again.wait(20)
    slow.stop()
    assert slow._thread is not None
    assert not slow._thread.is_alive()
