"""Wrong passwords are counted, by account and by address: after a few one waits, longer each time."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

from kiosk.clock import Clock

FREE_TRIES = 5
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 900.0
FORGOTTEN_AFTER_S = 24 * 3600.0
MOST_KEYS = 10_000


@dataclass(slots=True)
class _Count:
    wrong: int = 0
    until_s: float = 0.0
    last_s: float = 0.0


class Attempts:
    """Counts by key. Safe to call from any thread; forgets at a restart, or after a day without a wrong try."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, _Count] = OrderedDict()  # the one tried last at the end

    def wait_s(self, *keys: str) -> int:
        """How many whole seconds one with these keys has to wait; 0: none."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            waits = [self._counts[key].until_s - now_s for key in keys if key in self._counts]
        return max(0, *(math.ceil(wait) for wait in waits)) if waits else 0

    def wrong(self, *keys: str) -> None:
        """One more wrong try with these keys."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            for key in keys:
                count = self._counts.setdefault(key, _Count())
                self._counts.move_to_end(key)
                count.wrong += 1
                count.last_s = now_s
                if count.wrong >= FREE_TRIES:
                    longer = FIRST_WAIT_S * 2.0 ** min(count.wrong - FREE_TRIES, 20)
                    count.until_s = now_s + min(longer, LONGEST_WAIT_S)
            self._forget(now_s)

    def right(self, *keys: str) -> None:
        """These keys are as new."""
        with self._lock:
            for key in keys:
                self._counts.pop(key, None)

    def _forget(self, now_s: float) -> None:
        """Drop what is old, and the oldest of a flood of made-up names, which must not fill the memory."""
        while self._counts:
            oldest = next(iter(self._counts.values()))
            if len(self._counts) <= MOST_KEYS and now_s - oldest.last_s <= FORGOTTEN_AFTER_S:
                return
            self._counts.popitem(last=False)
