"""The one place that reads the machine's clock. Everything else is handed a :class:`Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


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


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC of an aware instant."""
    return round(at.timestamp() * 1000)


def from_ms(at_ms: int) -> datetime:
    """The aware UTC instant of a count of milliseconds since 1970-01-01 UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)
