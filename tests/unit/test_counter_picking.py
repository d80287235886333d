"""Several codes before a real counter, and the clerk's pick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.attention import FORGOTTEN_AFTER_S, TOGETHER_S
from kiosk.core.fact import Redemption
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import State
from kiosk.vision.codes import Decoder
from kiosk.vision.picture import Image
from kiosk.vision.sighting import Sighting
from kiosk.vision.watch import Watch
from tests.counter_world import Floor, open_floor
from tests.unit.vision.made import FakeCamera, HandClock, code

CODE, OTHER_CODE, MENU = "TACO-7F3K-9HXM", "TACO-2M8R-5JWD", "https://example.org/menu"


@dataclass(frozen=True)
class InView:
    text: str


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = open_floor(tmp_path)
    yield made
    made.journal.close()


def film(floor: Floor, *codes: str, for_s: float = TOGETHER_S + 0.1) -> None:
    for _ in range(max(1, round(for_s / 0.05))):
        floor.counter.in_view([InView(code) for code in codes])
        floor.clock.move(0.05)


def pick(floor: Floor, text: str) -> None:
    (choice,) = (one for one in floor.counter.choices if one.text == text)
    floor.counter.pick(choice.id)


def shown(floor: Floor) -> tuple[str, Reason]:
    showing = floor.counter.display.showing
    assert showing is not None
    return showing.text, showing.verdict.reason


def test_two_codes_that_promotions_know_are_answered_by_the_tap(floor: Floor) -> None:
    film(floor, CODE, OTHER_CODE)
    assert floor.counter.display.state is State.IDLE
    assert [one.text for one in floor.counter.choices] == [CODE, OTHER_CODE]
    pick(floor, OTHER_CODE)
    assert shown(floor) == (OTHER_CODE, Reason.OK)


def test_the_question_reaches_every_tab(floor: Floor) -> None:
    before = floor.counter.display.version
    film(floor, CODE, OTHER_CODE)
    assert floor.counter.display.version == before + 1
    film(floor, CODE, OTHER_CODE)
    assert floor.counter.display.version == before + 1


def test_a_verdict_on_display_is_not_drawn_again_when_another_code_turns_up(floor: Floor) -> None:
    film(floor, CODE, for_s=0.1)
    before = floor.counter.display
    film(floor, CODE, OTHER_CODE)
    assert floor.counter.display == before
    assert [one.text for one in floor.counter.choices] == [OTHER_CODE]


def test_the_picked_code_staying_in_view_gets_one_verdict_and_the_other_none(floor: Floor) -> None:
    film(floor, CODE, OTHER_CODE)
    pick(floor, CODE)
    film(floor, CODE, OTHER_CODE, for_s=10)
    showing = floor.counter.display.showing
    assert showing is not None
    floor.counter.redeem(showing.id, "ana")
    floor.counter.seen(showing.id)
    film(floor, CODE, OTHER_CODE, for_s=10)
    assert floor.counter.display.state is State.REDEEMED
    assert sum(isinstance(fact, Redemption) for _, _, fact in floor.journal.replay()) == 1


def test_both_taken_away_and_shown_again_are_asked_about_again(floor: Floor) -> None:
    film(floor, CODE, OTHER_CODE)
    pick(floor, CODE)
    showing = floor.counter.display.showing
    assert showing is not None
    floor.counter.next(showing.id)
    film(floor, for_s=FORGOTTEN_AFTER_S + 0.2)
    film(floor, CODE, OTHER_CODE)
    assert floor.counter.display.state is State.IDLE
    assert [one.text for one in floor.counter.choices] == [CODE, OTHER_CODE]


def test_an_id_of_an_earlier_showing_picks_nothing(floor: Floor) -> None:
    film(floor, CODE, OTHER_CODE)
    old = floor.counter.choices[0].id
    film(floor, for_s=FORGOTTEN_AFTER_S + 0.2)
    film(floor, CODE, OTHER_CODE)
    before = floor.counter.display
    assert floor.counter.pick(old) == before
    assert floor.counter.pick("f" * 32) == before


def test_a_pick_replaces_an_accept_since_it_was_done_on_purpose(floor: Floor) -> None:
    film(floor, CODE, for_s=0.1)
    film(floor, CODE, OTHER_CODE)
    pick(floor, OTHER_CODE)
    assert shown(floor) == (OTHER_CODE, Reason.OK)


def test_a_pick_does_not_take_a_stub_away_that_no_page_has_shown(floor: Floor) -> None:
    film(floor, CODE, OTHER_CODE)
    pick(floor, CODE)
    film(floor, CODE, OTHER_CODE)
    showing = floor.counter.display.showing
    assert showing is not None
    floor.counter.redeem(showing.id, "ana")
    pick(floor, OTHER_CODE)
    assert floor.counter.display.state is State.REDEEMED
    assert shown(floor)[0] == CODE


def test_of_two_codes_that_nobody_knows_the_picked_one_is_refused_in_words(floor: Floor) -> None:
    film(floor, MENU, "WIFI:S:guests;;")
    assert floor.counter.display.state is State.IDLE
    pick(floor, MENU)
    showing = floor.counter.display.showing
    assert showing is not None
    assert showing.verdict.outcome is Outcome.REFUSE


def test_while_given_is_open_nothing_can_be_picked(floor: Floor) -> None:
    film(floor, CODE, for_s=0.1)
    showing = floor.counter.display.showing
    assert showing is not None
    floor.counter.redeem(showing.id, "ana")
    floor.restart()
    film(floor, CODE, OTHER_CODE)
    assert floor.counter.display.state is State.GIVEN
    assert floor.counter.choices == ()


def played(floor: Floor, *frames: Image) -> None:
    """Real frames through the live loop, ten a second, into the counter."""
    clock = HandClock()

    def tell(sightings: Sequence[Sighting]) -> None:
        floor.clock.move(0.1)
        floor.counter.in_view(sightings)

    camera = FakeCamera(list(frames), clock)
    Watch(lambda: camera, Decoder(), tell, clock, pause=lambda _: True).run()


def side_by_side(*pictures: Image) -> Image:
    height = max(picture.shape[0] for picture in pictures)
    return np.hstack([
        cv2.copyMakeBorder(one, 0, height - one.shape[0], 0, 60, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        for one in pictures
    ])  # fmt: skip


def test_two_codes_of_real_frames_are_offered_and_nothing_is_answered(floor: Floor) -> None:
    played(floor, *[side_by_side(code(CODE), code(OTHER_CODE, "DataMatrix"))] * 6)
    assert floor.counter.display.state is State.IDLE
    assert {one.text for one in floor.counter.choices} == {CODE, OTHER_CODE}


def test_a_1d_coupon_beside_a_2d_link_is_answered_from_its_second_frame(floor: Floor) -> None:
    picture = side_by_side(code(MENU), code(CODE, "Code128", 3))
    played(floor, picture)
    assert shown(floor) == (MENU, Reason.UNKNOWN_CODE)
    played(floor, picture, picture)
    assert shown(floor) == (CODE, Reason.OK)


def test_two_1d_readings_that_disagree_answer_nothing(floor: Floor) -> None:
    played(floor, code(CODE, "Code128"), code(OTHER_CODE, "Code128"))
    assert floor.counter.display.state is State.IDLE
