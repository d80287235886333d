"""A check-in screen without a code, as it was read: which promotion it is for, and by which of its marks.

Rules of this module:

- The *marks* of a promotion are the words as posted: venue (or an alias), offer with its numbers, code words, the
  dates as displayed, the phrases that claim it. A mark without words in the promotion does not apply.
- *green*: all marks that apply were read, and agree. *amber*: nothing that was read contradicts, something was not
  read. *other*: the offer is known, but another day, venue or word was read. *none*: no promotion's offer.
- Which promotion a screen is for never depends on today's date: whether it runs now is decide's.
- A screen *was seen before* when promotion, name and clock are those of an earlier one. Where name or clock was not
  read nobody can say: its credential is then one of its own, by the showing's intent, so that no false alarm rises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from kiosk.core.credential import digest, fold

MarkKind: TypeAlias = Literal["venue", "offer", "dates", "word", "claim"]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom as parts of a picture's width and height, 0 to 1."""

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")


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

    @property
    def is_for_one(self) -> bool:
        """Whether it may be for its promotion: green or amber."""
        return self.promotion is not None and self.result in (ScreenResult.GREEN, ScreenResult.AMBER)


@dataclass(frozen=True, slots=True)
class PresentedScreen:
    """A screen as it was held up: what was read, and the 16-byte ``intent`` of this showing."""

    reading: ScreenReading
    intent: bytes


def clock_minutes(clock: str) -> int | None:
    """The minute of the day that a clock such as "9:10" or "21:10" shows; None where it is none."""
    found = _CLOCK.fullmatch(clock.strip())
    return None if found is None else int(found[1]) * 60 + int(found[2])


def can_be_told_apart(reading: ScreenReading) -> bool:
    """Whether name and clock were both read, so that the same screen shown again is known."""
    return bool(fold(reading.handle)) and clock_minutes(reading.clock) is not None


def screen_digest(fleet_key: bytes, presented: PresentedScreen) -> bytes:
    """The 16 bytes by which a screen is known in journals: the same for one that was seen before."""
    reading = presented.reading
    if not can_be_told_apart(reading):
        return digest(fleet_key, "screen-once", presented.intent.hex())
    told_apart_by = (reading.promotion or "", fold(reading.handle), str(clock_minutes(reading.clock)))
    return digest(fleet_key, "screen", "\x00".join(told_apart_by))
