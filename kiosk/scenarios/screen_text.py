"""The text on a check-in screen, as if it had been read off one: its lines, each read clearly.

Rules of this module:

- A line of the text is a line of the screen; ``|``, a dot in the middle and a tab divide one too. Each stands apart.
- A text that is nothing but marks, in whatever case and however they are put together, is read as the marks as posted.
- A venue that is left out of such a text is not read; where a whole screen was read, it is another one.
- The first line is the status bar, and so is any line that is nothing but a clock: there a clock is looked for.
"""

from __future__ import annotations

import re
from dataclasses import replace

from kiosk.core.marks import Line, Marks
from kiosk.core.screen import Mark, MarkState, ScreenReading, ScreenResult

_DIVIDERS = re.compile(r"\r\n|[\n\r|·•\t]")
_ONLY_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(\s*[AaPp]\.?[Mm]\.?)?")
_WORD = re.compile(r"\w\w")
_STATUS_BAR = 0.02
_FIRST_ROW, _LAST_ROW = 0.16, 0.98
_MOST_LINES = 200


def read_as_screen(text: str, marks: Marks) -> ScreenReading:
    """What a screen with ``text`` on it says, held against ``marks``."""
    reading = marks.conclude([marks.look(screen_lines(text))])
    if reading.result in (ScreenResult.GREEN, ScreenResult.AMBER):
        return reading
    posted = _as_posted(text, marks)
    marked = _with_a_venue_left_out(marks.conclude([marks.look(screen_lines(posted))]))
    return marked if marked.is_for_one else reading


def _as_posted(text: str, marks: Marks) -> str:
    """The marks in ``text``, each on a line of its own; nothing where more than marks, clock and name is there."""
    wanted = [want for one in marks.marked.values() for want in one.wanted]
    posted = {words.casefold(): words for want in wanted for words in (want.words, *want.also)}
    phrases = "|".join(re.escape(words) for words in sorted(posted, key=len, reverse=True))
    if not phrases:
        return ""
    known = re.compile(rf"(?<!\w)(?:{phrases}|{_ONLY_CLOCK.pattern}|@[\w.]+)(?!\w)", re.IGNORECASE)
    if _WORD.search(known.sub(" ", text)):
        return ""
    found = [one[0] for one in known.finditer(text)]
    return "\n".join(posted.get(one.casefold(), one) for one in found)


def _with_a_venue_left_out(reading: ScreenReading) -> ScreenReading:
    """Amber where nothing is said of the venue, and nothing else differs."""
    differs = [mark for mark in reading.marks if mark.state is MarkState.DIFFERS]
    if reading.result is not ScreenResult.OTHER or any(mark.kind != "venue" or mark.found for mark in differs):
        return reading
    return replace(reading, result=ScreenResult.AMBER, marks=tuple(map(_not_read, reading.marks)))


def _not_read(mark: Mark) -> Mark:
    return replace(mark, state=MarkState.NOT_READ) if mark.state is MarkState.DIFFERS else mark


def screen_lines(text: str) -> list[Line]:
    """The lines of ``text``, placed on a screen from top to bottom."""
    written = [bare for piece in _DIVIDERS.split(text) if (bare := piece.strip())][:_MOST_LINES]
    step = (_LAST_ROW - _FIRST_ROW) / max(len(written), 16)
    return [Line(line, 1.0, _box(i, line, step)) for i, line in enumerate(written)]


def _box(i: int, line: str, step: float) -> tuple[float, float, float, float]:
    top = _STATUS_BAR if i == 0 or _ONLY_CLOCK.fullmatch(line) else _FIRST_ROW + i * step
    return 0.1, top, 0.9, top + step / 3
