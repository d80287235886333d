"""What would help the customer: each hint for its cause, none for an empty scene, and none that flickers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from kiosk.core.screen import ScreenResult
from kiosk.vision.condition import Condition
from kiosk.vision.held import Held
from kiosk.vision.hints import COMES_AFTER_S, STAYS_S, Hint, Prompter, Steady, hint_for
from kiosk.vision.sighting import Corners
from tests.unit.vision.clips import EMPTY_S, FPS, WAYS, Way, clip

WELL = Held(kind="phone", side_px=380, level=240, around=90, contrast=200, crispness=0.7, glare=0.0, fills=False)


def hints(way: Way, *, read_at_s: float | None = None) -> list[tuple[float, Hint | None]]:
    """(second, hint) at each change over a clip; something is read at ``read_at_s``."""
    condition, prompter = Condition(), Prompter()
    told: list[tuple[float, Hint | None]] = []
    for frame in clip(way):
        if read_at_s is not None and frame.at_s >= read_at_s:
            prompter.told_read(frame.at_s)
        if condition.update(frame, FPS) and condition.small is not None:
            hint = prompter.update(frame, condition.small)
            if not told or told[-1][1] is not hint:
                told.append((frame.at_s, hint))
    return told


@pytest.mark.parametrize(
    ("way", "hint"),
    [
        ("far", Hint.CLOSER),
        ("near", Hint.BACK),
        ("moving", Hint.STILL),
        ("glare", Hint.TILT),
        ("dim", Hint.BRIGHTER),
        ("dark", Hint.LIGHT),
    ],
)
def test_each_cause_has_its_hint_and_no_other(way: str, hint: Hint) -> None:
    (_, nothing), (at_s, told), *more = hints(WAYS[way])
    assert (nothing, told, more) == (None, hint, [])
    assert EMPTY_S + 0.6 <= at_s <= EMPTY_S + 2 * COMES_AFTER_S


@pytest.mark.parametrize("way", ["nobody", "passer-by", "well"])
def test_nothing_is_said_where_nothing_is_held_up_or_nothing_is_wrong_with_it(way: str) -> None:
    assert hints(WAYS[way]) == [(0.0, None)]


def test_a_hint_goes_at_once_when_it_was_read() -> None:
    assert [hint for _, hint in hints(WAYS["far"], read_at_s=3.0)] == [None, Hint.CLOSER, None]
    assert hints(WAYS["far"], read_at_s=3.0)[-1][0] == pytest.approx(3.0)


# --- one measure ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "hint"),
    [
        (WELL, None),
        (replace(WELL, level=109), Hint.BRIGHTER),
        (replace(WELL, level=110), None),
        (replace(WELL, level=109, around=47), Hint.LIGHT),
        (replace(WELL, around=47), None),
        (replace(WELL, glare=0.0015), Hint.TILT),
        (replace(WELL, glare=0.0014), None),
        (replace(WELL, fills=True), Hint.BACK),
        (replace(WELL, crispness=0.37), Hint.STILL),
        (replace(WELL, crispness=0.38), None),
        (replace(WELL, side_px=299), Hint.CLOSER),
        (replace(WELL, side_px=300), None),
        (replace(WELL, kind="code", side_px=110, crispness=0.3), None),
        (replace(WELL, kind="code", side_px=109), Hint.CLOSER),
        (replace(WELL, kind="code", crispness=0.29), Hint.STILL),
    ],
)
def test_a_measure_is_judged_on_both_sides_of_its_boundary(found: Held, hint: Hint | None) -> None:
    assert hint_for(found) is hint


def test_light_goes_before_all_and_distance_comes_last() -> None:
    worst = replace(WELL, level=50, around=10, glare=0.1, crispness=0.1, side_px=100)
    assert hint_for(worst) is Hint.LIGHT
    assert hint_for(replace(worst, level=240)) is Hint.TILT
    assert hint_for(replace(worst, level=240, glare=0.0)) is Hint.STILL


# --- steadiness -----------------------------------------------------------------------------------


def steadily(answers: str, step_s: float = 0.2) -> str:
    """What is shown after each answer: c closer, s still, a point nothing."""
    letters = {"c": Hint.CLOSER, "s": Hint.STILL, ".": None}
    steady, shown = Steady(), ""
    for i, letter in enumerate(answers):
        hint = steady.update(letters[letter], i * step_s)
        shown += next(key for key, value in letters.items() if value is hint)
    return shown


def test_a_hint_comes_after_a_second_and_stays_for_two() -> None:
    assert (COMES_AFTER_S, STAYS_S) == (1.0, 2.0)
    assert steadily("ccccccc............") == ".....cccccccccc...."


def test_a_single_other_answer_neither_keeps_a_hint_away_nor_sends_it_off() -> None:
    assert steadily("ccsccc") == ".....c"
    assert steadily("cccccc" + "cccccccccccccc.cccc") == ".....c" + "c" * 19


def test_answers_that_change_all_the_time_show_nothing() -> None:
    assert steadily("cs.cs.cs.cs.cs.cs.") == "." * 18


def test_another_hint_waits_until_the_first_was_shown_for_two_seconds() -> None:
    assert steadily("cccccc" + "s" * 12) == ".....c" + "c" * 9 + "sss"


def test_a_slow_camera_needs_three_answers_all_the_same() -> None:
    assert steadily("ccc", step_s=1.0) == "..c"


# --- what the reader of screens says --------------------------------------------------------------


@dataclass(frozen=True)
class Glimpse:
    corners: Corners | None
    result: ScreenResult


HELD = Glimpse(((500.0, 60.0), (760.0, 60.0), (760.0, 600.0), (500.0, 600.0)), ScreenResult.NONE)


def hint_with(glimpse: Glimpse) -> Hint | None:
    condition, prompter = Condition(), Prompter()
    for frame in clip(WAYS["passer-by"]):
        prompter.told_glimpse(glimpse, frame.at_s)
        if condition.update(frame, FPS) and condition.small is not None:
            prompter.update(frame, condition.small)
    return prompter.hint


def test_a_phone_that_the_reader_of_screens_cannot_read_gets_a_hint() -> None:
    assert hint_with(HELD) is not None
    assert hint_with(replace(HELD, result=ScreenResult.AMBER)) is not None


@pytest.mark.parametrize("result", [ScreenResult.GREEN, ScreenResult.OTHER])
def test_a_screen_that_was_read_gets_none(result: ScreenResult) -> None:
    assert hint_with(replace(HELD, result=result)) is None


def test_no_phone_no_hint() -> None:
    assert hint_with(replace(HELD, corners=None)) is None
