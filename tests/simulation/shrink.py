"""The fewest steps that still fail: delta debugging over a list whose members can be left out.

A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
MOST_TRIES = 400


def shrunk(steps: Sequence[T], fails: Callable[[Sequence[T]], bool], most_tries: int = MOST_TRIES) -> list[T]:
    """A shorter list for which ``fails`` holds as it does for ``steps``; after ``most_tries`` the shortest so far."""
    kept, tries, size = list(steps), 0, max(len(steps) // 2, 1)
    while size >= 1:
        at, shorter = 0, False
        while at < len(kept) and tries < most_tries:
            some = kept[:at] + kept[at + size :]
            tries += 1
            if fails(some):
                kept, shorter = some, True
            else:
                at += size
        if tries >= most_tries or (size == 1 and not shorter):
            break
        size = size if shorter and size == 1 else size // 2
    return kept
