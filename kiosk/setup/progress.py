"""How far a preparation is, on standard error: one line with a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

BAR_WIDTH = 24
PLAIN_EVERY = 10  # in a log one line for each tenth step is enough


def say(words: str, stream: TextIO | None = None) -> None:
    """One sentence to the person who waits."""
    print(words, file=stream or sys.stderr, flush=True)


class Progress:
    """Counts ``total`` steps of one kind; ``step`` names the one that begins."""

    def __init__(self, title: str, total: int, stream: TextIO | None = None) -> None:
        self.title = title
        self.total = max(total, 1)
        self.done = 0
        self.stream = stream or sys.stderr
        self.bar = self.stream.isatty()

    def step(self, label: str) -> None:
        """One more has begun; never counts past the total."""
        self.at(self.done + 1, label)

    def at(self, done: int, label: str = "") -> None:
        """``done`` of the total; nothing is shown when that is no news."""
        done = min(done, self.total)
        if done == self.done:
            return
        self.done = done
        if self.bar:
            self._draw(label)
        elif done % PLAIN_EVERY == 0 or done == self.total:
            say(f"{self.title}: {done} of {self.total}", self.stream)

    def close(self) -> None:
        """Leave the line, so that what follows begins at its left edge."""
        if self.bar:
            self.stream.write("\n")
            self.stream.flush()

    def _draw(self, label: str) -> None:
        filled = BAR_WIDTH * self.done // self.total
        line = f"{self.title} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {self.done} of {self.total} {label}"
        width = shutil.get_terminal_size().columns - 1
        self.stream.write(f"\r{line[:width]:<{width}}")
        self.stream.flush()
