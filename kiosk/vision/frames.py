"""What every camera is: something that gives frames, each at its time.

Rules of every camera:

- ``read`` gives the next frame, or None where there is none yet (it waits half a second at most).
- A camera that cannot go on raises :class:`kiosk.errors.CameraError`: codes ``camera-missing``,
  ``camera-busy``, ``camera-denied``, ``camera-unreadable``, ``camera-silent``, ``camera-unplugged``, ``folder-empty``.
- Frames fit inside 1280x720 (720x1280 where the camera is mounted on its side), and belong to whoever reads them;
  nobody writes into one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kiosk.clock import Clock
from kiosk.vision.picture import Image

DEFAULT_FPS = 15.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a camera: ``image`` in BGR, counted from 1 by ``number``, taken at ``at_s`` monotonic seconds.

    ``source`` names the file or the item of the scene it shows, where there is one; ``live``: a device filmed it,
    so that a picture that stands still is a fault.
    """

    image: Image
    number: int
    at_s: float
    source: str = ""
    live: bool = False


class Camera(Protocol):
    """Something that films. Read by one thread at a time."""

    @property
    def words(self) -> str:
        """What is filming, in a few words."""
        ...

    @property
    def note(self) -> str:
        """What went wrong without ending it (a picture that was skipped), or nothing."""
        ...

    @property
    def ended(self) -> bool:
        """No frame will come any more; only for what does not loop."""
        ...

    def read(self) -> Frame | None:
        """The next frame, or None where there is none yet; raises :class:`CameraError`."""
        ...

    def close(self) -> None:
        """Let go of the device; may be called twice."""
        ...


class Pace:
    """Keeps what is read from a file at ``fps`` frames a second; None: as fast as it is read."""

    def __init__(self, fps: float | None, clock: Clock, sleep: Callable[[float], None] = time.sleep) -> None:
        self._period_s = 1 / fps if fps else 0.0
        self._clock = clock
        self._sleep = sleep
        self._due_s = clock.monotonic_s()

    def wait(self) -> float:
        """Wait until the next frame is due; the monotonic second it is then. A late reader is not hurried."""
        now_s = self._clock.monotonic_s()
        if self._period_s and now_s < self._due_s:
            self._sleep(self._due_s - now_s)
            now_s = self._clock.monotonic_s()
        self._due_s = max(self._due_s, now_s - self._period_s) + self._period_s
        return now_s


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """How a file is played: ``fps`` (None: as fast as it is read), ``loop``, ``hold_while``.

    While ``hold_while()`` is true, the picture or item now shown stays.
    """

    fps: float | None = DEFAULT_FPS
    loop: bool = True
    hold_while: Callable[[], bool] | None = None
