"""Attacks on time, by name, against a real counter: a clock set or kept back does not make old promotions young.

What the floor under the clock is made of, and what a signed reset may do: ``tests/unit/core/test_clock_floor.py``.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.situation import Freshness
from kiosk.core.verdict import Outcome
from tests.attack_world import RealCounter, World
from tests.head_office_world import NOON, clock, line_to
from tests.twins import SetClock

DAYS = timedelta(days=1)
HARD_DAYS = 30


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.open(tmp_path)


def outcome(counter: RealCounter, text: str = "LIMEPIE") -> Outcome:
    showing = counter.counter.look(text).showing
    assert showing is not None
    counter.counter.next(showing.id)
    return showing.verdict.outcome


def freshness(counter: RealCounter) -> Freshness:
    return counter.counter._work.freshness


def set_clock(counter: RealCounter, days: float) -> None:
    """The machine is switched off and on again, its clock showing so many days after noon."""
    counter.clock = SetClock(NOON + days * DAYS)
    counter.restart()


# --- set-back clock ---------------------------------------------------------------------------------------


def test_set_back_clock_does_not_make_an_old_list_young(world: World) -> None:
    front, before = world.front, world.front.counter.catalogue.version
    clock(world.office).at += 2 * DAYS
    front.clock.at += 2 * DAYS
    assert front.exchange().trouble is None  # it has seen head office's time of the day after tomorrow
    world.front.post = lambda _path, _message: b""  # and is cut off from now on
    version = front.counter.catalogue.version
    assert version > before
    front.clock.advance(HARD_DAYS * 86_400)
    front.exchange()
    assert freshness(front) is Freshness.EXPIRED
    held = front.journal.bundle(), front.counter.standing.bundle_floor
    for days in (-400.0, 0.0, 1.9):
        set_clock(front, days)
        assert freshness(front) is not Freshness.FRESH, "how long it was off, nobody knows"
        assert front.counter.clock.now() >= NOON + 2 * DAYS, "but it is not before what head office has said"
        assert front.counter.clock.between() is not None, "and it is suspect"
    assert (front.journal.bundle(), front.counter.standing.bundle_floor) == held


def test_set_back_clock_while_the_counter_runs_is_not_heard(world: World) -> None:
    front = world.front
    front.post = lambda _path, _message: b""
    front.clock.advance(3600)
    for back in (timedelta(hours=2), 400 * DAYS, 4000 * DAYS):
        right = front.clock.at
        front.clock.at -= back
        assert front.counter.clock.now() >= right - timedelta(minutes=5)
        assert front.counter.clock.between() is not None
        front.clock.at = right
    assert front.counter.clock.between() is None


def test_set_back_clock_does_not_bring_an_ended_promotion_back(world: World) -> None:
    """The pie ends with November. In December the clock says November again."""
    front = world.front
    assert outcome(front) is Outcome.ACCEPT
    clock(world.office).at += 40 * DAYS
    front.clock.at += 40 * DAYS
    front.exchange()
    assert outcome(front) is Outcome.REFUSE
    front.post = lambda _path, _message: b""
    set_clock(front, 0)
    assert outcome(front) is Outcome.REFUSE


def test_set_back_clock_of_head_office_does_not_lower_the_floor(world: World) -> None:
    front = world.front
    clock(world.office).at += 2 * DAYS
    front.clock.at += 2 * DAYS
    front.exchange()
    floor_ms = front.counter.clock.floor_ms()
    clock(world.office).at -= 5 * DAYS
    front.exchange()
    assert (front.counter.clock.floor_ms() or 0) >= (floor_ms or 1)


# --- freeze ------------------------------------------------------------------------------------------------


def test_freeze_by_keeping_new_promotions_away_makes_the_list_stale_and_at_last_no_answer(world: World) -> None:
    """Whoever stands in the line cannot keep a counter on old promotions for ever: the list itself grows old."""
    front = world.front
    front.post = lambda _path, _message: b""
    seen = []
    for _ in range(HARD_DAYS + 2):
        seen.append(freshness(front))
        front.exchange()
        front.clock.advance(86_400)
    assert seen[0] is Freshness.FRESH
    assert seen[2] is Freshness.STALE
    assert seen[-1] is Freshness.EXPIRED
    assert seen == sorted(seen, key=list(Freshness).index), "and it never grows young again"
    version = front.counter.catalogue.version
    clock(world.office).at += (HARD_DAYS + 2) * DAYS
    front.post = line_to(world.office)
    front.clock.advance(120)
    assert front.exchange().trouble is None
    assert front.counter.catalogue.version > version
    assert freshness(front) is Freshness.FRESH
