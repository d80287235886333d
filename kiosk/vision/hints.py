"""What would help the customer now, told from the picture.

Rules of this module:

- A hint is given only while something is held up that is not read; an empty scene and a code that was read have none.
- ``hint_for`` looks at one measure and has no memory. ``Steady`` makes of its answers what a person can follow: a
  hint comes once it was right for a second, and stays for two. Nothing flickers.
- One hint at a time, that one first whose cure the others need: light, then glare, then stillness, then distance.
"""

from __future__ import annotations

from collections import Counter, deque
from enum import StrEnum
from typing import Protocol

from kiosk.core.screen import ScreenResult
from kiosk.vision.frames import Frame
from kiosk.vision.held import Foreground, Held, Unread, code_like, held
from kiosk.vision.picture import Grey
from kiosk.vision.sighting import Corners

DARK_LEVEL = 110
DARK_AROUND = 48
GLARE_SHARE = 0.0015
CRISP = {"code": 0.30, "phone": 0.38}
NEAR_PX = {"code": 110, "phone": 300}
COMES_AFTER_S = 1.0
STAYS_S = 2.0
AGREE = 0.7
LEAST_ANSWERS = 3
TOLD_FOR_S = 1.5
REMEMBERED_S = 3.0
_SURE = frozenset({ScreenResult.GREEN, ScreenResult.OTHER})


class Glimpsed(Protocol):
    """What the reader of screens made of the newest frame: where a phone is, if one is, and how well it is known."""

    @property
    def corners(self) -> Corners | None: ...

    @property
    def result(self) -> ScreenResult: ...


class Hint(StrEnum):
    """What a customer can do."""

    LIGHT = "light"
    BRIGHTER = "brighter"
    TILT = "tilt"
    STILL = "still"
    CLOSER = "closer"
    BACK = "back"


def hint_for(found: Held) -> Hint | None:
    """What would help most to read ``found``; None where nothing is to be said against it."""
    if found.level < DARK_LEVEL:
        return Hint.LIGHT if found.around < DARK_AROUND else Hint.BRIGHTER
    if found.glare >= GLARE_SHARE:
        return Hint.TILT
    if found.fills:
        return Hint.BACK
    if found.crispness < CRISP[found.kind]:
        return Hint.STILL
    if found.side_px < NEAR_PX[found.kind]:
        return Hint.CLOSER
    return None


class Steady:
    """Of many answers a second, the hint that a person is shown."""

    def __init__(self) -> None:
        self.hint: Hint | None = None
        self._shown_s = 0.0
        self._answers: deque[tuple[float, Hint | None]] = deque()

    def update(self, answer: Hint | None, at_s: float) -> Hint | None:
        """The hint at ``at_s``, where ``answer`` is the newest."""
        self._answers.append((at_s, answer))
        while len(self._answers) > LEAST_ANSWERS and self._answers[1][0] <= at_s - COMES_AFTER_S + 1e-6:
            self._answers.popleft()  # the oldest that is kept lies a whole second back
        if self.hint is not None and at_s - self._shown_s < STAYS_S:
            return self.hint
        for agreed in self._agreed(at_s):
            if agreed != self.hint:
                self.hint, self._shown_s = agreed, at_s
        return self.hint

    def clear(self) -> None:
        """It was read: no hint, at once."""
        self.hint = None
        self._answers.clear()

    def _agreed(self, at_s: float) -> tuple[Hint | None, ...]:
        """The answer of nearly all in the last second; nothing where they differ, or are too few."""
        if len(self._answers) < LEAST_ANSWERS or at_s - self._answers[0][0] < COMES_AFTER_S - 1e-6:
            return ()
        answer, times = Counter(one for _, one in self._answers).most_common(1)[0]
        return (answer,) if times >= AGREE * len(self._answers) else ()


class Prompter:
    """Follows what is held up and not read; ``hint`` is what to say to the customer now."""

    def __init__(self) -> None:
        self._foreground = Foreground()
        self._steady = Steady()
        self._told: Unread | None = None
        self._told_s = self._found_s = self._read_s = float("-inf")

    @property
    def hint(self) -> Hint | None:
        return self._steady.hint

    def told_glimpse(self, glimpse: Glimpsed | None, at_s: float) -> None:
        """What the reader of screens sees: a phone that it is sure of needs no hint, any other is unread."""
        if glimpse is None or glimpse.corners is None:
            return
        if glimpse.result in _SURE:
            self.told_read(at_s)
        else:
            self._told, self._told_s = Unread("phone", glimpse.corners), at_s

    def told_read(self, at_s: float) -> None:
        """Something was read: there is nothing to say, and not for a while after."""
        self._told, self._read_s = None, at_s
        self._found_s = float("-inf")
        self._steady.clear()

    def update(self, frame: Frame, small: Grey) -> Hint | None:
        """The next measured frame, with its picture shrunk to 64 x 36."""
        self._foreground.update(small)
        if frame.at_s - self._read_s < COMES_AFTER_S:
            return None
        return self._steady.update(self._answer(frame), frame.at_s)

    def _answer(self, frame: Frame) -> Hint | None:
        told = self._told if frame.at_s - self._told_s <= TOLD_FOR_S else None
        before = self._foreground.box
        if self._foreground.too_near:
            return Hint.BACK
        unread = told or (None if before is None else code_like(frame.image, before))
        if unread is not None:
            self._found_s = frame.at_s
            found = held(frame.image, unread)
            return None if found is None else hint_for(found)
        lately = frame.at_s - self._found_s <= REMEMBERED_S
        return Hint.STILL if before is not None and lately else None  # it was there, and is blurred or half away
