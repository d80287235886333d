from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from kiosk.core.marks import Marks
from kiosk.core.screen import ScreenResult
from kiosk.errors import SetupError
from kiosk.vision.picture import Image
from kiosk.vision.screen_sighting import ScreenSighting
from kiosk.vision.screen_watch import ENOUGH, GONE_S, LOOKS_PER_S, Glimpse, ScreenAttention, ScreenWatch
from kiosk.vision.screens import ScreenReader
from tests.unit.vision.made_screens import SHOWN, FakeOcr, empty, held_up, screen
from tests.unit.vision.test_screens import MARKS, TACOS, reader

PHONE = held_up(screen(), angle=3)[0]
GREEN, AMBER = ScreenResult.GREEN, ScreenResult.AMBER


class Told(list[ScreenSighting | None]):
    def results(self) -> list[ScreenResult | None]:
        return [None if one is None else one.reading.result for one in self]


def shaken(image: Image, by: int) -> Image:
    return np.roll(image, by * 3, axis=1)


@pytest.fixture
def told() -> Told:
    return Told()


def attention(told: Told, ocr: FakeOcr | None = None) -> ScreenAttention:
    return ScreenAttention(reader(ocr or FakeOcr()), told.append)


def test_a_phone_that_comes_into_view_is_told_and_settles(told: Told) -> None:
    watched = attention(told)
    for i in range(4):
        watched.look(shaken(PHONE, i), i / 10)
    assert told.results() == [AMBER, GREEN]
    assert watched.looks == 2  # all marks agree: nothing is read after that


def test_a_view_in_which_nothing_moves_is_looked_at_once(told: Told) -> None:
    watched = attention(told)
    for i in range(20):
        watched.look(empty(), i / 10)
    assert watched.looks == 1
    assert told == []


def test_noise_of_a_few_grey_levels_is_no_movement(told: Told) -> None:
    watched = attention(told)
    chance = np.random.default_rng(1)
    for i in range(10):
        noise = chance.integers(-6, 7, empty().shape)
        watched.look(np.clip(empty() + noise, 0, 255).astype(np.uint8), i / 10)
    assert watched.looks == 1


def test_a_phone_that_leaves_is_told_once_after_a_while(told: Told) -> None:
    watched = attention(told)
    watched.look(PHONE, 0.0)
    watched.look(shaken(PHONE, 1), 0.1)
    watched.look(empty(), 0.5)
    watched.look(empty(), GONE_S)
    assert None not in told
    watched.look(empty(), 0.1 + GONE_S)
    watched.look(empty(), 0.2 + GONE_S)
    assert told.results()[:3] == [AMBER, GREEN, None]


def test_a_phone_shown_again_is_told_again(told: Told) -> None:
    watched = attention(told)
    for at_s, image in [(0.0, PHONE), (0.1, shaken(PHONE, 1)), (1.0, empty()), (3.0, empty()), (4.0, PHONE)]:
        watched.look(image, at_s)
    assert told.results() == [AMBER, GREEN, None, AMBER]


def test_another_screen_in_the_same_place_is_another_showing(told: Told) -> None:
    watched = attention(told)
    watched.look(PHONE, 0.0)
    watched.look(shaken(PHONE, 1), 0.1)
    shown = screen(("", "", "", "", "Mostly", "cloudy", ""))
    shown[300:700] = (90, 30, 30)
    other = held_up(shown, angle=3)[0]
    watched.look(other, 1.2)
    watched.look(shaken(other, 1), 2.4)
    assert told.results()[:3] == [AMBER, GREEN, None]


def test_a_screen_that_tells_nothing_new_is_told_once(told: Told) -> None:
    watched = attention(told, FakeOcr(SHOWN[:-1]))
    for i in range(6):
        watched.look(shaken(PHONE, i), i / 10)
    assert told.results() == [AMBER, AMBER]  # one frame, then two or more


def test_after_enough_frames_it_is_read_slowly(told: Told) -> None:
    watched = attention(told, FakeOcr(SHOWN[:-1]))
    for i in range(3 * ENOUGH):
        watched.look(shaken(PHONE, i % 3), i / 100)
    assert watched.looks == ENOUGH
    watched.look(shaken(PHONE, 3), 9.0)
    assert watched.looks == ENOUGH + 1


def test_the_camera_going_blind_is_as_good_as_the_phone_leaving(told: Told) -> None:
    watched = attention(told)
    watched.look(PHONE, 0.0)
    watched.nothing_filmed(0.5)
    watched.nothing_filmed(GONE_S)
    assert told.results() == [AMBER, None]


def test_a_screen_of_no_promotion_is_never_told_and_seen_by_the_hints(told: Told) -> None:
    watched = attention(told, FakeOcr(("Bergen", "Mostly cloudy, 15 degrees", "Sat Sun Mon Tue")))
    watched.look(PHONE, 0.0)
    assert told == []
    assert watched.glimpse.corners is not None
    assert watched.glimpse.result is ScreenResult.NONE


WEATHER = ("Bergen", "Mostly cloudy, 15 degrees", "Sat Sun Mon Tue")


def test_what_shows_nothing_of_ours_is_not_read_a_third_time_though_people_walk_by(told: Told) -> None:
    ocr = FakeOcr(WEATHER)
    watched = attention(told, ocr)
    for i in range(8):
        passing = PHONE.copy()
        passing[:, 20 * i : 20 * i + 60] = 20
        watched.look(passing, i / 10)
    assert watched.glimpse == Glimpse()
    assert ocr.careful == 2


def test_a_dull_place_that_shows_something_else_is_read_again(told: Told) -> None:
    ocr = FakeOcr(WEATHER)
    watched = attention(told, ocr)
    for i in range(4):
        watched.look(shaken(PHONE, i % 2), i / 10)
    ocr.lines = SHOWN
    other = screen()
    other[150:600] = 255 - other[150:600]
    for i in range(2):
        watched.look(shaken(held_up(other, angle=3)[0], i), 1 + i / 10)
    assert told.results() == [AMBER, GREEN]


def test_a_phone_swapped_for_another_guests_in_the_same_place_is_told_anew(told: Told) -> None:
    ocr = FakeOcr()
    watched = attention(told, ocr)
    for i in range(3):
        watched.look(shaken(PHONE, i), i / 10)
    ocr.lines = tuple("@eve" if line == "@zed.z" else line for line in SHOWN)
    for i in range(6):
        watched.look(shaken(PHONE, i), 2 + 1.1 * i)
    assert told.results()[:4] == [AMBER, GREEN, None, AMBER]
    last = told[-1]
    assert last is not None
    assert last.reading.handle == "@eve"


def test_a_screen_that_was_scrolled_after_it_was_read_is_let_go(told: Told) -> None:
    ocr = FakeOcr()
    watched = attention(told, ocr)
    for i in range(3):
        watched.look(shaken(PHONE, i), i / 10)
    ocr.lines = WEATHER
    for i in range(4):
        watched.look(shaken(PHONE, i), 2 + 1.1 * i)
    assert told.results()[:3] == [AMBER, GREEN, None]


def test_promotions_that_changed_are_looked_for_anew() -> None:
    told = Told()
    cached = [MARKS]
    watched = ScreenAttention(ScreenReader(FakeOcr(), lambda: cached[-1]), told.append)
    for i in range(3):
        watched.look(shaken(PHONE, i), i / 10)
    cached.append(Marks([TACOS.model_copy(update={"venue": "Maple Diner"})]))
    for i in range(3):
        watched.look(shaken(PHONE, i), 1 + i / 10)
    assert told.results() == [AMBER, GREEN, ScreenResult.OTHER, ScreenResult.OTHER]


def test_what_was_dull_is_read_again_when_promotions_come() -> None:
    told = Told()
    cached = [Marks([])]
    watched = ScreenAttention(ScreenReader(FakeOcr(), lambda: cached[-1]), told.append)
    for i in range(4):
        watched.look(shaken(PHONE, i % 2), i / 10)
    cached.append(MARKS)
    for i in range(2):
        watched.look(shaken(PHONE, i), 1 + i / 10)
    assert told.results() == [AMBER, GREEN]


def test_a_reader_that_does_not_start_is_told_and_ends_nothing() -> None:
    def broken() -> Any:
        raise AttributeError("OcrEngine")

    watch = ScreenWatch(broken, lambda: MARKS, Awaited())
    watch.start()
    watch.stop()
    assert "does not start" in watch.note
    assert watch.read(PHONE) is None


def test_looking_at_nobody_is_rationed_by_what_it_costs(told: Told) -> None:
    watched = attention(told)
    watched.look(empty(), 0.0)
    assert watched.rest_s(0.01) == 1 / LOOKS_PER_S
    assert watched.rest_s(0.5) == 2.0
    watched.look(empty(), 1.0)
    assert watched.rest_s(0.5) == 1 / LOOKS_PER_S  # it did not read


# --- the thread ----------------------------------------------------------------------------------


class Awaited:
    """Collects what is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.told: list[ScreenSighting | None] = []
        self.news = threading.Condition()

    def __call__(self, sighting: ScreenSighting | None) -> None:
        with self.news:
            self.told.append(sighting)
            self.news.notify_all()

    def wait(self, count: int) -> bool:
        with self.news:
            return self.news.wait_for(lambda: len(self.told) >= count, 20)


def test_the_thread_reads_what_it_is_offered_and_stops() -> None:
    awaited = Awaited()
    watch = ScreenWatch(FakeOcr, lambda: MARKS, awaited)
    watch.start()
    watch.offer(PHONE, code_in_view=False)
    assert awaited.wait(1)
    watch.stop()
    assert watch.looks == 1
    assert watch.faults == 0


def test_while_a_code_is_in_view_no_screen_is_read() -> None:
    awaited = Awaited()
    ocr = FakeOcr()
    watch = ScreenWatch(lambda: ocr, lambda: MARKS, awaited)
    watch.offer(PHONE, code_in_view=True)
    watch.start()
    watch.offer(shaken(PHONE, 1), code_in_view=True)
    watch.offer(shaken(PHONE, 2), code_in_view=False)
    assert awaited.wait(1)
    watch.stop()
    assert ocr.quick == 1


def test_a_fault_in_one_picture_or_in_who_is_told_does_not_end_it() -> None:
    awaited = Awaited()
    ocr = FakeOcr()
    plain = ocr.read
    faults: list[Any] = [RuntimeError("no memory")]

    def read(picture: Image, *, careful: bool) -> Any:
        if faults:
            raise faults.pop()
        return plain(picture, careful=careful)

    ocr.read = read  # type: ignore[method-assign]

    def tell(sighting: ScreenSighting | None) -> None:
        awaited(sighting)
        raise ValueError("a bug")

    watch = ScreenWatch(lambda: ocr, lambda: MARKS, tell)
    watch.start()
    watch.offer(PHONE, code_in_view=False)
    moved = 1
    while not awaited.told and moved < 200:
        watch.offer(shaken(PHONE, moved), code_in_view=False)
        with awaited.news:
            awaited.news.wait_for(lambda: bool(awaited.told), 0.1)
        moved += 1
    watch.stop()
    assert awaited.told
    assert watch.faults >= 2  # one of each; who is told may be told more than once before it stops


def test_a_machine_without_the_engine_goes_on_without_screens() -> None:
    def missing() -> Any:
        raise SetupError("screens-missing", "The reader is not there", cure="Install it.")

    watch = ScreenWatch(missing, lambda: MARKS, Awaited())
    watch.start()
    watch.stop()
    assert watch.note == "The reader is not there. Install it."
    watch.offer(PHONE, code_in_view=False)
