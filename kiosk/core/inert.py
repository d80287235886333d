"""What a customer held up, made fit to print: it can neither act, nor hide, nor reorder what stands around it.

Rules of this module:

- Everything read off a code or a screen goes through :func:`inert` or :func:`shortened` before a page, a terminal
  or a log shows it. Markup is the template's to escape; no link is ever made of it.
- What has no shape of its own becomes a dot: control and format characters (bidirectional overrides and isolates,
  zero-width characters, tags), line ends, lone surrogates, private and unassigned characters, letters and marks that
  are blank.
- A letter keeps two combining marks; a tower of them becomes a dot.
- What is too long is cut in the middle, where an ellipsis stands: both ends can be compared with a print.
"""

from __future__ import annotations

import unicodedata

DOT = "·"
CUT = "…"
MARKS_KEPT = 2
_BLANK = frozenset(  # letters, marks and variation selectors that have no shape
    [*"\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"]
    + [chr(n) for n in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))]
)
_AS_EMOJI = "\ufe0f"  # stays behind a symbol, which it only colours
_READ_CHARACTERS = 400  # at each end, so that a text of any length costs the same


def inert(text: str, most: int = 4096) -> str:
    """``text`` with what could act or hide made dots, cut in the middle to ``most`` letters."""
    text = text.strip()
    read = max(_READ_CHARACTERS, 4 * most)
    if len(text) <= 2 * read:
        letters = _letters(text)
        return "".join(letters) if len(letters) <= most else _cut(letters, letters, most)
    return _cut(_letters(text[:read]), _letters(text[-read:]), most)


def shortened(text: str, most: int = 20) -> str:
    """A code as a stub prints it: :func:`inert`, on a line or two."""
    return inert(text, most)


def _cut(start: list[str], end: list[str], most: int) -> str:
    tail = max(0, min(7, most - 2))
    return "".join([*start[: most - tail - 1], CUT, *(end[-tail:] if tail else ())])


def _letters(text: str) -> list[str]:
    """The letters of ``text``, each with its marks."""
    letters: list[str] = []
    room = 0  # for marks on the last letter; -1: the rest of its tower is a dot already
    for one in unicodedata.normalize("NFC", text):
        if one == _AS_EMOJI and letters and unicodedata.category(letters[-1][-1]) == "So":
            letters[-1] += one
        elif one in _BLANK or unicodedata.category(one) not in ("Mn", "Me"):
            shaped = one.isprintable() and one not in _BLANK
            letters.append(one if shaped else DOT)
            room = MARKS_KEPT if shaped else 0
        elif room > 0:
            letters[-1] += one
            room -= 1
        elif room == 0:
            letters.append(DOT)
            room = -1
    return letters
