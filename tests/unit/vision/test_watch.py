from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from kiosk.vision.codes import Decoder
from kiosk.vision.frames import Camera
from kiosk.vision.picture import Image, decode_picture
from kiosk.vision.sighting import Sighting
from kiosk.vision.watch import Watch
from tests.unit.vision.made import FakeCamera, HandClock, blank, code, one_after_another, unplugged

# --- the loop, run to its end in this thread ------------------------------------------------------


class Bench:
    """A watch over made cameras; ``pauses`` counts the seconds it waited, ``views`` what it told."""

    def __init__(self, *cameras: FakeCamera | Exception, clock: HandClock, decoder: Decoder | None = None) -> None:
        self.clock = clock
        self.views: list[tuple[str, ...]] = []
        self.states: list[str] = []
        self.pauses: list[float] = []
        self.pause_limit = 20
        self.watch = Watch(
            one_after_another(*cameras),  # type: ignore[arg-type]
            decoder or Decoder(),
            self.tell,
            clock,
            pause=self.pause,
        )

    def tell(self, sightings: Sequence[Sighting]) -> None:
        self.views.append(tuple(sighting.text for sighting in sightings))

    def pause(self, seconds: float) -> bool:
        """Time passes at once. The watch is stopped when its camera has ended."""
        self.states.append(self.watch.state.code)
        self.pauses.append(seconds)
        self.clock.at_s += seconds
        return self.watch.state.code == "ended" or len(self.pauses) >= self.pause_limit


def test_what_is_in_view_is_told_on_every_frame() -> None:
    clock = HandClock()
    bench = Bench(FakeCamera([code("TACO"), blank(), code("COFFEE")], clock), clock=clock)
    bench.watch.run()
    assert bench.views[:3] == [("TACO",), ("TACO",), ("COFFEE",)]


def test_a_1d_code_is_told_and_outlined_from_the_second_frame_that_reads_it() -> None:
    clock = HandClock()
    bench = Bench(FakeCamera([code("STRIPES", "Code128")] * 2, clock), clock=clock)
    outlines: list[tuple[str, ...]] = []

    def tell(sightings: Sequence[Sighting]) -> None:
        bench.tell(sightings)
        outlines.append(tuple(text for text, _ in bench.watch.overlay().outlines))

    bench.watch._on_view = tell
    bench.watch.run()
    assert bench.views[:2] == [(), ("STRIPES",)]
    assert outlines[:2] == [(), ("STRIPES",)]


def test_a_code_goes_out_of_view_though_no_frame_comes() -> None:
    clock = HandClock()
    bench = Bench(FakeCamera([code("TACO"), *[None] * 8], clock), clock=clock)
    bench.watch.run()
    assert bench.views == [("TACO",), ()]


def test_a_camera_unplugged_while_it_runs_is_taken_up_again() -> None:
    clock = HandClock()
    first = FakeCamera([code("TACO"), unplugged()], clock)
    second = FakeCamera([code("COFFEE")], clock)
    bench = Bench(first, unplugged(), unplugged(), second, clock=clock)
    bench.watch.run()
    assert bench.states == ["camera-unplugged"] * 3 + ["ended"]
    assert bench.views == [("TACO",), (), ("COFFEE",)]
    assert first.closed
    assert second.closed
    assert bench.watch.stats.openings == 2


def test_a_camera_that_stays_away_is_tried_at_growing_intervals() -> None:
    clock = HandClock()
    bench = Bench(*[unplugged() for _ in range(7)], clock=clock)
    bench.pause_limit = 7
    bench.watch.run()
    assert bench.pauses == [0.25, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0]
    assert bench.watch.state.code == "camera-unplugged"
    assert "Plug it in." in bench.watch.state.words


def test_a_camera_that_filmed_in_between_is_tried_soon_again() -> None:
    clock = HandClock()
    bench = Bench(
        unplugged(),
        unplugged(),
        FakeCamera([blank(), unplugged()], clock),
        FakeCamera([blank(), unplugged()], clock),
        clock=clock,
    )
    bench.pause_limit = 4
    bench.watch.run()
    assert bench.pauses == [0.25, 0.5, 0.25, 0.25]


def test_a_state_says_since_when() -> None:
    clock = HandClock()
    bench = Bench(unplugged(), unplugged(), clock=clock)
    bench.pause_limit = 2
    began = clock.now()
    bench.watch.run()
    assert bench.watch.state.since == began


def test_a_fault_in_who_is_told_is_counted_and_the_next_frame_is_read() -> None:
    clock = HandClock()
    bench = Bench(FakeCamera([code("TACO"), code("TACO")], clock), clock=clock)
    states: list[str] = []

    def fail_once(sightings: Sequence[Sighting]) -> None:
        states.append(bench.watch.state.code)
        if len(states) == 1:
            raise RuntimeError("the counter tripped")

    bench.watch._on_view = fail_once
    bench.watch.run()
    assert states == ["starting", "reading-failed"]
    assert bench.watch.stats.faults == 1
    assert bench.watch.state.code == "ended"


class Tripping(Decoder):
    """Fails on the first look."""

    def __init__(self) -> None:
        super().__init__()
        self.failed = False

    def look(self, picture: Image, stage: object) -> list[Sighting]:
        if not self.failed:
            self.failed = True
            raise ValueError("a picture made to break it")
        return super().look(picture, stage)  # type: ignore[arg-type]


def test_a_fault_in_decoding_is_counted_and_the_next_frame_is_read() -> None:
    clock = HandClock()
    bench = Bench(FakeCamera([code("TACO"), code("TACO")], clock), clock=clock, decoder=Tripping())
    bench.watch.run()
    assert bench.views == [("TACO",)]
    assert bench.watch.stats.faults == 1


def test_a_camera_that_fails_in_an_unforeseen_way_is_taken_up_again() -> None:
    clock = HandClock()
    bench = Bench(FakeCamera([RuntimeError("a driver's own")], clock), FakeCamera([code("TACO")], clock), clock=clock)
    bench.watch.run()
    assert bench.states == ["camera-unreadable", "ended"]
    assert bench.views == [("TACO",)]


def test_the_note_of_a_camera_reaches_its_state() -> None:
    clock = HandClock()
    camera = FakeCamera([blank()], clock)
    camera.note = "Skipped 2.jpg: it is broken."
    bench = Bench(camera, clock=clock)
    bench.watch.run()
    assert bench.watch.state.note == "Skipped 2.jpg: it is broken."


def test_the_outline_of_a_code_is_told_in_parts_of_the_picture() -> None:
    clock = HandClock()
    seen: list[tuple[str, float, float, float, float]] = []
    image = blank(800, 400, 255)
    drawn = code("TACO")
    side = drawn.shape[0]
    image[100 : 100 + side, 400 : 400 + side] = drawn
    bench = Bench(FakeCamera([image], clock), clock=clock)

    def tell(sightings: Sequence[Sighting]) -> None:
        ((text, corners),) = bench.watch.overlay().outlines
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        seen.append((text, min(xs), min(ys), max(xs), max(ys)))

    bench.watch._on_view = tell
    bench.watch.run()
    ((text, *box),) = seen
    assert text == "TACO"
    assert box == pytest.approx([0.575, 0.4, (340 + side) / 800, (40 + side) / 400], abs=0.01)


# --- the picture for the page ---------------------------------------------------------------------


def test_the_newest_frame_comes_as_jpeg_and_only_once() -> None:
    clock = HandClock()
    bench = Bench(FakeCamera([blank(64, 48)], clock), clock=clock)
    assert bench.watch.latest_jpeg(0) is None
    bench.watch.run()
    newest = bench.watch.latest_jpeg(0)
    assert newest is not None
    number, content = newest
    assert decode_picture(content).shape == (48, 64, 3)
    assert bench.watch.latest_jpeg(number) is None


def test_jpegs_are_made_fifteen_times_a_second_at_most() -> None:
    clock = HandClock()
    bench = Bench(FakeCamera([blank(64, 48)] * 9, clock, step_s=0.02), clock=clock)
    numbers: list[int] = []

    def ask(sightings: Sequence[Sighting]) -> None:
        newest = bench.watch.latest_jpeg(numbers[-1] if numbers else 0)
        if newest is not None:
            numbers.append(newest[0])

    bench.watch._on_view = ask
    bench.watch.run()
    assert numbers == [1, 5, 9]  # every 80 ms: 60 would be more than 15 a second


# --- as a thread ----------------------------------------------------------------------------------


def test_a_watch_starts_films_and_stops() -> None:
    clock = HandClock()
    told = threading.Event()
    camera = FakeCamera([code("TACO")] * 2000, clock, step_s=0.0)
    factory: Callable[[], Camera] = lambda: camera  # noqa: E731
    watch = Watch(factory, Decoder(), lambda _: told.set(), clock)
    assert watch.state.code == "starting"
    watch.start()
    assert told.wait(10)
    watch.stop()
    assert watch.state.code == "stopped"
    assert camera.closed


def test_a_watch_whose_camera_never_opens_stops_at_once() -> None:
    failed = threading.Event()

    def fail() -> Camera:
        failed.set()
        raise unplugged()

    watch = Watch(fail, Decoder(), lambda _: None)
    watch.start()
    assert failed.wait(10)
    watch.stop()
    assert watch._thread is not None
    assert not watch._thread.is_alive()
