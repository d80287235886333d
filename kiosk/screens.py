"""The check-in screen in view, as the counter follows it, and the pictures of screens that were redeemed.

Rules of this module:

- A phone that stays in view is one showing and is answered once for each promotion that it shows. Taken away and
  shown again it is new; away for a moment only, with the same promotion and no other name on it, it is the same.
- A phone whose code a promotion knows is answered by the code, and never by its screen as well.
- That a screen is another promotion's, or another day's, is said only when two frames agree: more may yet be read.
- Pictures show customers' names. They are kept in memory, the last few of this run, and never written to a disk.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Protocol

from kiosk.core.screen import ScreenReading, ScreenResult
from kiosk.display import FilmedScreen
from kiosk.vision.picture import jpeg

BACK_WITHIN_S = 1.0
"""A phone is the same one when it is back this soon. Its reader waits about as long again before it says it left."""

CODE_SPEAKS_FOR_S = 2.0
FRAMES_FOR_OTHER = 2
MOST_PICTURES = 20

_RANK = {ScreenResult.NONE: 0, ScreenResult.OTHER: 1, ScreenResult.AMBER: 2, ScreenResult.GREEN: 3}


class SeenScreen(Protocol):
    """A screen in view, as the vision part reports it. ``picture`` is it turned upright, as an image array."""

    @property
    def reading(self) -> ScreenReading: ...

    @property
    def picture(self) -> Any: ...


def filmed(sighting: SeenScreen, source: str = "camera") -> FilmedScreen:
    """The sighting as it is shown and kept; ``source``: camera or photo."""
    height, width = sighting.picture.shape[:2]
    return FilmedScreen(sighting.reading, jpeg(sighting.picture), (width, height), source=source)


class PhoneInView:
    """The phone that the reader of screens follows. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.showing_id: str | None = None
        self._here: FilmedScreen | None = None
        self._last: ScreenReading | None = None
        self._name = ""
        self._left_s = self._code_s = float("-inf")
        self._code_speaks = False
        self._answered: set[tuple[str | None, bool]] = set()

    def told(self, screen: FilmedScreen | None, now_s: float) -> None:
        """The reader tells of the phone in view; None: it has left."""
        if screen is None:
            self._left_s = now_s if self._here is not None else self._left_s
        elif self._is_new(screen.reading, now_s):
            self.showing_id, self._name = None, ""
            self._answered, self._code_speaks = set(), False
        self._here = screen
        if screen is not None:
            self._last = screen.reading
            self._name = screen.reading.handle or self._name
        self._let_code_speak(now_s)

    def _is_new(self, reading: ScreenReading, now_s: float) -> bool:
        return self._is_another_guests(reading) or (self._here is None and not self._is_back(reading, now_s))

    def _is_back(self, reading: ScreenReading, now_s: float) -> bool:
        last = self._last
        return last is not None and now_s - self._left_s <= BACK_WITHIN_S and last.promotion == reading.promotion

    def _is_another_guests(self, reading: ScreenReading) -> bool:
        """Whether another name is on it than on the phone that was in view: two guests, however quickly they change."""
        return bool(self._name and reading.handle and self._name != reading.handle)

    def code_seen(self, now_s: float) -> None:
        """A code that a promotion knows is in view."""
        self._code_s = now_s
        self._let_code_speak(now_s)

    def _let_code_speak(self, now_s: float) -> None:
        if self._here is not None and now_s - self._code_s <= CODE_SPEAKS_FOR_S:
            self._code_speaks = True

    def shows(self, showing_id: str) -> bool:
        """Whether the phone of that showing is in view."""
        return self._here is not None and self.showing_id == showing_id

    def unanswered(self) -> FilmedScreen | None:
        """The screen in view if it wants an answer."""
        if self._here is None or self._code_speaks or not is_worth_an_answer(self._here.reading):
            return None
        promotion, other = _answered_as(self._here.reading)
        if (promotion, False) in self._answered or (other and (promotion, True) in self._answered):
            return None
        return self._here

    def answered(self, reading: ScreenReading, showing_id: str) -> None:
        """The screen in view has its verdict, under ``showing_id``."""
        self.showing_id = showing_id
        self._answered.add(_answered_as(reading))

    def forget(self) -> None:
        """What was read counts no more: the reader tells anew, and that is answered."""
        self.showing_id = self._here = self._last = None
        self._answered = set()


def _answered_as(reading: ScreenReading) -> tuple[str | None, bool]:
    return reading.promotion, reading.result is ScreenResult.OTHER


def is_worth_an_answer(reading: ScreenReading) -> bool:
    """Whether a verdict can be given on it by now."""
    if reading.result is ScreenResult.OTHER:
        return reading.frames >= FRAMES_FOR_OTHER
    return reading.is_for_one


def says_more(now: ScreenReading, before: ScreenReading) -> bool:
    """Whether ``now`` is to be shown in place of ``before``, an earlier reading of the same phone."""
    if not is_worth_an_answer(now):
        return False
    if now.promotion != before.promotion or ScreenResult.OTHER in (now.result, before.result):
        return (now.promotion, now.result) != (before.promotion, before.result)
    return _worth(now) > _worth(before) or (now.clock, now.handle) != (before.clock, before.handle)


def _worth(reading: ScreenReading) -> tuple[int, int, int]:
    read = sum(mark.state == "read" for mark in reading.marks)
    return _RANK[reading.result], read, min(reading.frames, FRAMES_FOR_OTHER)


class Album:
    """The pictures of the screens that were redeemed last, by the digest of the credential."""

    def __init__(self, most: int = MOST_PICTURES) -> None:
        self._most = most
        self._pictures: OrderedDict[bytes, bytes] = OrderedDict()

    def keep(self, digest: bytes, picture: bytes) -> None:
        """Keep ``picture`` (JPEG), and let the oldest go where there are too many."""
        self._pictures.pop(digest, None)
        self._pictures[digest] = picture
        while len(self._pictures) > self._most:
            self._pictures.popitem(last=False)

    def find(self, digest: bytes) -> bytes | None:
        """The picture of the screen that was redeemed under ``digest``."""
        return self._pictures.get(digest)
