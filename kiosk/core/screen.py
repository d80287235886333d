"""A check-in screen without a code, as it was read: which promotion it is for, and by which of its marks.

Rules of this module:

- The *marks* of a promotion are the words as posted: venue (or an alias), offer with its numbers, code words, the
  dates as displayed, the phrases that claim it. A mark without words in the promotion does not apply.
- *green*: all marks that apply were read, and agree. *amber*: nothing that was read contradicts, something was not
  read. *other*: the offer is known, but another day, venue or word was read. *none*: no promotion's offer.
- Which promotion a screen is for never depends on today's date: whether it runs now is decide's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

MarkKind: TypeAlias = Literal["venue", "offer", "dates", "word", "claim"]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom as parts of a picture's width and height, 0 to 1."""


class MarkState(StrEnum):
    """What became of one mark."""

    READ = "read"
    NOT_READ = "not-read"
    DIFFERS = "differs"


class ScreenResult(StrEnum):
    """How well a screen agrees with the promotion it is for."""

    GREEN = "green"
    AMBER = "amber"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of a promotion: ``wanted`` as published; ``found`` what was read in its place where it differs.

    ``box`` is where it was read on the upright picture of the screen; None where it was not.
    """

    kind: MarkKind
    wanted: str
    state: MarkState
    found: str = ""
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class ScreenReading:
    """What one showing of a screen says. ``promotion`` is an id; None where the result is none.

    ``clock`` (as "21:14") and ``handle`` (as "@zed.z") were read off the screen, or are empty; ``frames`` that
    were pooled.
    """

    result: ScreenResult
    promotion: str | None = None
    marks: tuple[Mark, ...] = ()
    clock: str = ""
    handle: str = ""
    frames: int = 1
