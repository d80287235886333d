"""A folder of pictures played as a camera: each held as a customer would hold it up."""

from __future__ import annotations

import re
from pathlib import Path

from kiosk.clock import Clock
from kiosk.errors import CameraError
from kiosk.vision.frames import CameraOptions, Frame, Pace
from kiosk.vision.picture import SUFFIXES, Image, PictureError, read_picture

HOLD_FRAMES = 5


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts names as people do: 2 before 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]


class Folder:
    """The pictures of a folder, or one picture, in natural order.

    Each is delivered ``HOLD_FRAMES`` times or more, and goes on while ``options.hold_while`` says so. A file that
    is no picture is passed over and named in ``note``. The folder is read again at each turn of the loop, so
    pictures can be added while it plays. Raises :class:`CameraError` ``folder-empty`` when a whole turn showed none.
    """

    def __init__(self, path: Path, options: CameraOptions, clock: Clock) -> None:
        self._path = path
        self._options = options
        self._pace = Pace(options.fps, clock)
        self._waiting = self._list()
        self._shown: tuple[Image, str] | None = None
        self._shown_frames = 0
        self._number = 0
        self._shown_this_turn = 0
        self.words = f"pictures from {path.name or path}"
        self.note = ""
        self.ended = False
        if not self._waiting:
            raise self._empty()

    def read(self) -> Frame | None:
        if self.ended:
            return None
        at_s = self._pace.wait()
        if not self._held() and not self._advance():
            return None
        assert self._shown is not None
        image, name = self._shown
        self._number += 1
        self._shown_frames += 1
        return Frame(image, self._number, at_s, name)

    def close(self) -> None:
        self.ended = True
        self._shown = None

    def _held(self) -> bool:
        if self._shown is None:
            return False
        hold = self._options.hold_while
        return self._shown_frames < HOLD_FRAMES or (hold is not None and hold())

    def _advance(self) -> bool:
        """Load the next picture that can be shown; False at the end of a folder that does not loop."""
        while True:
            if not self._waiting:
                if not self._shown_this_turn:
                    raise self._empty()
                if not self._options.loop:
                    self.ended = True
                    return False
                self._waiting, self._shown_this_turn = self._list(), 0
                continue
            path = self._waiting.pop(0)
            try:
                self._shown = (read_picture(path), path.name)
            except PictureError as fault:
                self.note = f"Skipped {path.name}: it {fault}."
                continue
            self._shown_frames = 0
            self._shown_this_turn += 1
            return True

    def _list(self) -> list[Path]:
        if not self._path.is_dir():
            return [self._path]
        try:
            paths = [path for path in self._path.iterdir() if path.suffix.lower() in SUFFIXES]
        except OSError as fault:
            raise CameraError(
                "camera-unreadable",
                f"The folder cannot be read: {fault.strerror}",
                where=str(self._path),
                cure="Check that it is there and who may read it.",
            ) from fault
        return sorted(paths, key=lambda path: natural(path.name))

    def _empty(self) -> CameraError:
        return CameraError(
            "folder-empty",
            "The folder holds no picture that can be shown"
            + (f"; {self.note[0].lower()}{self.note[1:-1]}" if getattr(self, "note", "") else ""),
            where=str(self._path),
            cure="Put png, jpg, webp or bmp pictures in it.",
        )
