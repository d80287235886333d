"""The text on a check-in screen, as if it had been read off one: its lines, each read clearly.

Rules of this module:

- A line of the text is a line of the screen; ``|``, a dot in the middle and a tab divide one too. Each stands apart.
- The first line is the status bar, and so is any line that is nothing but a clock: there a clock is looked for.
"""

from __future__ import annotations

import re

from kiosk.core.marks import Line, Marks
from kiosk.core.screen import ScreenReading

_DIVIDERS = re.compile(r"\r\n|[\n\r|·•\t]")
_ONLY_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(\s*[AaPp]\.?[Mm]\.?)?")
_STATUS_BAR = 0.02
_FIRST_ROW, _LAST_ROW = 0.16, 0.98
_MOST_LINES = 200


def read_as_screen(text: str, marks: Marks) -> ScreenReading:
    """What a screen with ``text`` on it says, held against ``marks``."""
    return marks.conclude([marks.look(screen_lines(text))])


def screen_lines(text: str) -> list[Line]:
    """The lines of ``text``, placed on a screen from top to bottom."""
    written = [bare for piece in _DIVIDERS.split(text) if (bare := piece.strip())][:_MOST_LINES]
    step = (_LAST_ROW - _FIRST_ROW) / max(len(written), 16)
    return [Line(line, 1.0, _box(i, line, step)) for i, line in enumerate(written)]


def _box(i: int, line: str, step: float) -> tuple[float, float, float, float]:
    top = _STATUS_BAR if i == 0 or _ONLY_CLOCK.fullmatch(line) else _FIRST_ROW + i * step
    return 0.1, top, 0.9, top + step / 3
