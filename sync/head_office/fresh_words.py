"""Freshness in words, to stand beside a number: "as of 21:42; Pier 9 Bar not since 19:20"."""

from __future__ import annotations

from dataclasses import dataclass

from sync.head_office.freshness import Freshness
from sync.head_office.instants import Instant, instant
from sync.head_office.names import Names

NAMED = 4


@dataclass(frozen=True, slots=True)
class SilentWords:
    """A silent counter and since when; None: it has not reported once."""

    name: str
    since: Instant | None


@dataclass(frozen=True, slots=True)
class FreshWords:
    """What the ``fresh`` part of a page shows. ``more``: silent counters beyond those named."""

    counters: int
    reported: int
    as_of: Instant | None
    silent: tuple[SilentWords, ...]
    more: int


def fresh_words(how: Freshness, names: Names, now_ms: int) -> FreshWords:
    """``how`` on the office's clock; UTC says that it is, where stores lie in several zones."""

    def at(at_ms: int) -> Instant:
        return instant(at_ms, now_ms, names.zone, name_zone=not names.one_zone)

    silent = tuple(SilentWords(one.name, None if one.since_ms is None else at(one.since_ms)) for one in how.silent)
    return FreshWords(
        counters=how.counters,
        reported=how.reported,
        as_of=None if how.as_of_ms is None else at(how.as_of_ms),
        silent=silent[:NAMED],
        more=len(silent[NAMED:]),
    )
