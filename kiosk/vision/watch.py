"""The live loop: frames in, what is in view out.

Rules of this module:

- Which codes are in view, ``kiosk.vision.presence`` says.
- The loop never ends by itself. A camera that fails is opened again, at growing intervals; a fault in reading
  or in whoever is told is counted, said in ``state``, and the next frame is read as if nothing had been.
- Nothing is drawn into the picture; where the codes are is told apart from it (``overlay``).
- A picture that comes may still show nothing, or little (``condition``): that is said in ``state`` as well.
- A JPEG is made only when one is asked for, in the thread that asks, at most ``JPEG_PER_S`` a second for all.
"""

from __future__ import annotations

import logging
import statistics
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from kiosk.clock import Clock, SystemClock
from kiosk.errors import CameraError
from kiosk.vision.codes import Decoder, Spread
from kiosk.vision.condition import Concern, Condition, Measure
from kiosk.vision.frames import Camera, Frame
from kiosk.vision.hints import Glimpsed, Hint, Prompter
from kiosk.vision.picture import Image, jpeg
from kiosk.vision.presence import Presence
from kiosk.vision.sighting import Corners, Sighting

JPEG_PER_S = 15
OUTLINE_FOR_S = 0.2
HINT_FOR_S = 1.5
_BACKOFF_S = (0.25, 0.5, 1.0, 2.0, 5.0)
_RECENT_FRAMES = 60

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CameraState:
    """How the camera stands.

    ``code`` is starting, live, stopped, ended, reading-failed, a CameraError's code or that of a blinding trouble;
    ``words`` is a sentence for the clerk; ``note`` names what was skipped; ``since`` is when ``code`` began.
    ``concerns`` are what is wrong with a picture that is filmed all the same; ``hint`` would help the customer now.
    """

    code: str
    words: str
    since: datetime | None = None
    fps: float = 0.0
    note: str = ""
    concerns: tuple[Concern, ...] = ()
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class WatchStats:
    """What the loop has done: frames a second lately, frames, median decoding time, faults survived, openings.

    ``decode_p95_ms`` is the decoding time that 19 of 20 frames stay under; ``measure`` how the newest picture is.
    """

    fps: float
    frames: int
    decode_ms: float
    faults: int
    openings: int
    decode_p95_ms: float = 0.0
    measure: Measure | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """Where the codes now in view are: (text, corners) with corners as parts of the picture, 0 to 1 from top left."""

    number: int
    outlines: tuple[tuple[str, Corners], ...] = ()


class AlsoFilms(Protocol):
    """Who is offered each frame after its codes were read: the reader of screens. Must return at once.

    ``code_in_view``: a code that is enough by itself.
    """

    def offer(self, image: Image, *, code_in_view: bool) -> None: ...


class Watch:
    """A thread that films and reads. ``on_view`` is called in it with the codes in view, on each frame.

    ``pause(seconds)`` waits, and returns true when the watch is to stop; by default it waits for ``stop``.
    ``glimpse`` gives what the reader of screens made of the newest frame, for the hints; ``enough`` says of codes that
    were read easily whether others need not be looked for.
    """

    def __init__(
        self,
        camera_factory: Callable[[], Camera],
        decoder: Decoder,
        on_view: Callable[[Sequence[Sighting]], None],
        clock: Clock | None = None,
        *,
        pause: Callable[[float], bool] | None = None,
        also: AlsoFilms | None = None,
        glimpse: Callable[[], Glimpsed | None] = lambda: None,
        enough: Callable[[Sequence[Sighting]], bool] = lambda _: True,
    ) -> None:
        self._open = camera_factory
        self._spread = Spread(decoder, enough=enough)
        self._enough = enough
        self._on_view = on_view
        self._also = also
        self._glimpse = glimpse
        self._clock = clock or SystemClock()
        self._stopping = threading.Event()
        self._pause = pause or self._stopping.wait
        self._thread: threading.Thread | None = None
        self._presence = Presence()
        self._in_view: tuple[Sighting, ...] = ()
        self._newest: Frame | None = None
        self._number = 0
        self._overlay = Overlay(0)
        self._outlined_s = 0.0
        self._frame_times_s: deque[float] = deque(maxlen=_RECENT_FRAMES)
        self._decode_times_ms: deque[float] = deque(maxlen=_RECENT_FRAMES)
        self._faults = self._openings = 0
        self._condition = Condition()
        self._prompter = Prompter()
        self._state = CameraState("starting", "The camera is starting.", self._clock.now())
        self._picture = _Picture(self._clock)

    @property
    def state(self) -> CameraState:
        """How the camera stands now; safe from any thread."""
        state = self._state
        if state.code != "live":
            return state
        newest_s = self._frame_times_s[-1] if self._frame_times_s else 0.0
        hint = self._prompter.hint if self._clock.monotonic_s() - newest_s < HINT_FOR_S else None
        return replace(state, fps=self._fps(), concerns=self._condition.concerns, hint=hint)

    @property
    def stats(self) -> WatchStats:
        """What the loop has done so far; safe from any thread."""
        times_ms = sorted(self._decode_times_ms)
        median_ms = statistics.median(times_ms) if times_ms else 0.0
        p95_ms = times_ms[round(0.95 * (len(times_ms) - 1))] if times_ms else 0.0
        measure = self._condition.measure
        return WatchStats(self._fps(), self._number, median_ms, self._faults, self._openings, p95_ms, measure)

    def overlay(self) -> Overlay:
        """Where the codes in view are, for the newest frame."""
        return self._overlay

    def latest_jpeg(self, after: int = 0) -> tuple[int, bytes] | None:
        """(number, JPEG file) of the newest frame, or None where there is none newer than number ``after``."""
        return self._picture.jpeg(self._newest, after)

    def told_upside_down(self, upside_down: bool) -> None:
        """A reader of text found what it read upside down, or upright. Several in a row are said."""
        self._condition.told_upside_down(upside_down)

    def start(self) -> None:
        """Begin to film."""
        assert self._thread is None, "a watch starts once"
        self._thread = threading.Thread(target=self.run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop filming and let go of the camera."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._say("stopped", "The camera is off.")

    def run(self) -> None:
        """The loop itself: film until stopped, opening the camera again whenever it fails."""
        failures = 0
        while not self._stopping.is_set():
            before = self._number
            try:
                self._film()
            except CameraError as fault:
                self._say(fault.code, _sentence(fault))
            except Exception as fault:  # noqa: BLE001  # a camera's driver may raise anything; the loop goes on
                self._faulty("camera-unreadable", "The camera failed", fault)
            else:
                return
            failures = 1 if self._number > before else failures + 1
            if self._pause(_BACKOFF_S[min(failures, len(_BACKOFF_S)) - 1]):
                return
            self._age()

    def _film(self) -> None:
        """Read one opened camera to its end."""
        camera = self._open()
        self._openings += 1
        try:
            while not self._stopping.is_set():
                frame = camera.read()
                if frame is not None:
                    if self._take(frame):
                        self._say_how_it_films(camera)
                        self._condition.reopen(frame.at_s)
                elif camera.ended:
                    self._say("ended", f"All was shown: {camera.words}.", camera.note)
                    self._age()
                    if self._pause(0.1):
                        return
                else:
                    self._age()
        finally:
            camera.close()

    def _take(self, frame: Frame) -> bool:
        """Read one frame and tell what is in view; False when that failed."""
        self._number += 1
        self._frame_times_s.append(frame.at_s)
        began_s = self._clock.monotonic_s()
        self._newest = replace(frame, number=self._number)
        try:
            sightings = self._spread.read(frame.image)
            now_s = self._clock.monotonic_s()
            self._decode_times_ms.append((now_s - began_s) * 1000)
            self._in_view = self._presence.update(sightings, now_s)
            if sightings:
                self._outlined_s = now_s
            read = [sighting for sighting in self._in_view if sighting in sightings]
            self._overlay = _overlay(self._number, frame, read or self._lately_seen(now_s))
            self._on_view(self._in_view)
            if self._also is not None:
                self._also.offer(frame.image, code_in_view=bool(self._in_view) and self._enough(self._in_view))
            self._look_after(frame, bool(sightings))  # last: no code waits for it
        except Exception as fault:  # noqa: BLE001  # whatever one picture does, the next one is read
            self._faulty("reading-failed", "Reading a picture failed", fault)
            return False
        return True

    def _look_after(self, frame: Frame, read: bool) -> None:
        """See how the picture is, and what would help whoever holds something up that was not ``read``."""
        if read:
            self._prompter.told_read(frame.at_s)
        self._prompter.told_glimpse(self._glimpse(), frame.at_s)
        if self._condition.update(frame, self._fps()) and self._condition.small is not None:
            self._prompter.update(frame, self._condition.small)

    def _say_how_it_films(self, camera: Camera) -> None:
        blinding = self._condition.blinding
        if blinding is None:
            self._say("live", f"Filming: {camera.words}.", camera.note)
        else:
            self._say(blinding.code, f"{blinding.what}. {blinding.cure}", camera.note)

    def _age(self) -> None:
        """No frame came: let codes go out of view by time alone, and tell if that changed anything."""
        in_view = self._presence.update((), self._clock.monotonic_s())
        if in_view == self._in_view:
            return
        self._in_view = in_view
        self._overlay = Overlay(self._number)
        try:
            self._on_view(in_view)
        except Exception as fault:  # noqa: BLE001  # as above
            self._faulty("reading-failed", "Telling what is in view failed", fault)

    def _lately_seen(self, now_s: float) -> Sequence[Sighting]:
        """What is in view though this frame did not read it; an outline without its code soon looks lost."""
        return self._in_view if now_s - self._outlined_s <= OUTLINE_FOR_S else ()

    def _faulty(self, code: str, what: str, fault: Exception) -> None:
        self._faults += 1
        _log.warning("%s (%s)", what, type(fault).__name__, exc_info=fault)
        self._say(code, f"{what} ({type(fault).__name__}); the next one is tried.")

    def _say(self, code: str, words: str, note: str = "") -> None:
        old = self._state
        if (old.code, old.words, old.note) != (code, words, note):
            since = old.since if old.code == code else self._clock.now()
            self._state = CameraState(code, words, since, note=note)

    def _fps(self) -> float:
        """Frames a second over the last frames, falling to 0 when none come any more."""
        times_s = list(self._frame_times_s)
        if len(times_s) < 2:
            return 0.0
        span_s = max(times_s[-1], self._clock.monotonic_s() - 1.0) - times_s[0]
        return (len(times_s) - 1) / span_s if span_s > 0 else 0.0


class _Picture:
    """The newest frame as JPEG, made once for all who ask."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._made: tuple[int, bytes] | None = None
        self._made_s = 0.0

    def jpeg(self, frame: Frame | None, after: int) -> tuple[int, bytes] | None:
        with self._lock:
            now_s = self._clock.monotonic_s()
            due = self._made is None or now_s - self._made_s >= 1 / JPEG_PER_S
            if due and frame is not None and frame.number > max(after, self._made[0] if self._made else 0):
                self._made, self._made_s = (frame.number, jpeg(frame.image)), now_s
            return self._made if self._made is not None and self._made[0] > after else None


def _overlay(number: int, frame: Frame, in_view: Sequence[Sighting]) -> Overlay:
    height, width = frame.image.shape[:2]
    return Overlay(number, tuple((sighting.text, _parts(sighting.corners, width, height)) for sighting in in_view))


def _parts(corners: Corners, width: int, height: int) -> Corners:
    a, b, c, d = ((min(max(x / width, 0.0), 1.0), min(max(y / height, 0.0), 1.0)) for x, y in corners)
    return a, b, c, d


def _sentence(fault: CameraError) -> str:
    place = f" ({fault.where})" if fault.where else ""
    return f"{fault.what}{place}. {fault.cure}".strip()
