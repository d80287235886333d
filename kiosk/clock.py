"""The one place that reads the machine's clock. Everything else is handed a :class:`Clock`.

A counter's is a :class:`GuardedClock`: nobody sets it back, or years ahead, without its being noticed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from kiosk.core.clock_floor import ClockFloor
from kiosk.core.situation import ClockInterval


class Clock(Protocol):
    """Wall time as aware UTC, and a monotonic count of seconds for durations."""

    def now(self) -> datetime: ...

    def monotonic_s(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()


def boot_ms() -> int:
    """How long the machine has run, with sleep where it tells that; nobody can set it."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return round((time.monotonic() if boot_time is None else time.clock_gettime(boot_time)) * 1000)


class GuardedClock:
    """A clock over the floor of :mod:`kiosk.core.clock_floor`. Safe to use from any thread.

    Where the clock below is suspect, ``now`` is the floor: the latest time that is known to have come.
    """

    def __init__(self, below: Clock, boot_ms: Callable[[], int] | None = None) -> None:
        """``boot_ms`` None: the time that ``below`` counts, for what is not the machine's own clock."""
        self._below = below
        self._boot_ms = boot_ms or (lambda: round(below.monotonic_s() * 1000))
        self._floor = ClockFloor(None, 0)
        self._changing = threading.Lock()

    def now(self) -> datetime:
        return from_ms(self._floor.guarded_ms(self.reading_ms(), self._boot_ms()))

    def monotonic_s(self) -> float:
        return self._below.monotonic_s()

    def between(self) -> ClockInterval | None:
        """What the time could be; None: the clock is sane."""
        found = self._floor.between(self.reading_ms(), self._boot_ms())
        return None if found is None else ClockInterval(*map(from_ms, found))

    def floor_ms(self) -> int | None:
        """The floor now; None: no head-office time is known."""
        return self._floor.at(self._boot_ms())

    def latest_ms(self) -> int:
        """The latest that the time could be; a clock that is set back a little, within what is sane, is not heard."""
        found = self._floor.between(self.reading_ms(), self._boot_ms())
        return max(self.reading_ms(), self.floor_ms() or 0) if found is None else found[1]

    def earliest(self) -> datetime:
        """The earliest that the time could be: a clock that runs ahead, within what is sane, is not heard."""
        floor_ms = self.floor_ms()
        return self.now() if floor_ms is None else min(self.now(), from_ms(floor_ms))

    def begin(self, floor_ms: int | None) -> None:
        """The floor that the journal gives, at the start."""
        with self._changing:
            self._floor = ClockFloor(floor_ms, self._boot_ms())

    def saw(self, at_ms: int, *, answered: bool) -> None:
        """Head office said ``at_ms``: ``answered`` just now, or in an entry."""
        with self._changing:
            self._floor.saw(at_ms, self._boot_ms(), answered=answered)

    def reset(self, floor_ms: int | None) -> None:
        """The floor that the root key says: the one way down."""
        with self._changing:
            self._floor.reset(floor_ms, self._boot_ms())

    def due(self, *, closing: bool = False) -> int | None:
        """The floor that is to be written down now."""
        return self._floor.due(self._boot_ms(), closing=closing)

    def ticked(self, floor_ms: int) -> None:
        """It was written."""
        with self._changing:
            self._floor.ticked(floor_ms)

    def reading_ms(self) -> int:
        """What the clock below says, sane or not."""
        return to_ms(self._below.now())


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC of an aware instant."""
    return round(at.timestamp() * 1000)


def from_ms(at_ms: int) -> datetime:
    """The aware UTC instant of a count of milliseconds since 1970-01-01 UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)
