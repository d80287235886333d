"""What a reader read on a screen, held against the marks of the promotions.

Rules of this module:

- One frame gives evidence for each promotion (:mod:`kiosk.core.evidence`). Evidence of several frames of one showing
  is pooled: a mark is read when it was read at least as often as something else in its place, and differs when
  something else was read more often.
- An offer that does not stand alone counts only where a code word or the dates stand beside it.
- A venue that cannot be found where the offer is read clearly is another venue; so is one in whose place the venue
  of another promotion was read.
- A mark in whose place something else may stand, not read for certain, makes no amber: it is read on.
- Two promotions that what was read cannot tell apart are neither: it is read on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kiosk.core.evidence import CLEAR, NEARLY, Evidence, Line, Look, Marked, look, sight_of
from kiosk.core.likeness import bare, find, stream_of
from kiosk.core.promotion import Promotion
from kiosk.core.screen import Mark, MarkKind, MarkState, ScreenReading, ScreenResult

__all__ = ["Line", "Marks", "Page"]

_CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-3]):([0-5]\d)(?!\d)")
_TOP_PART = 0.14
_NAME = re.compile(r"@[A-Za-z0-9_.]{1,29}[A-Za-z0-9_]")

Looks: TypeAlias = Mapping[str, Look]


@dataclass(frozen=True, slots=True)
class Page:
    """What one frame shows: for each promotion that it might be for what was seen; the clock and the name on it.

    ``offers`` are the promotions whose offer was read.
    """

    looks: Looks
    clock: str = ""
    name: str = ""
    offers: frozenset[str] = frozenset()


class Marks:
    """The marks of all promotions. Pure: made anew when the promotions change."""

    def __init__(self, promotions: Iterable[Promotion]) -> None:
        marked = (Marked.of(one) for one in promotions)
        self.marked = {one.promotion: one for one in marked if one is not None}
        venues = [want for one in self.marked.values() for want in one.wanted if want.kind == "venue"]
        self._venues = {bare(name): name for want in venues for name in (want.words, *want.also)}

    def look(self, lines: Sequence[Line]) -> Page:
        """One frame's evidence."""
        sight = sight_of(lines, self._venues.values())
        found = ((name, look(one, sight)) for name, one in self.marked.items())
        looks = {name: seen for name, seen in found if seen is not None}
        offers = frozenset(name for name, seen in looks.items() if _strength(seen, self._kinds(name)) == 1.0)
        return Page(looks, _clock(sight.lines), self._name(sight.lines), offers)

    def _kinds(self, promotion: str) -> list[MarkKind]:
        return [want.kind for want in self.marked[promotion].wanted]

    def _name(self, lines: Sequence[Line]) -> str:
        """The first name of a person that was read clearly: not the venue's own, however it was read."""
        clear = (line.text for line in lines if line.confidence >= CLEAR)
        names = (found.lower() for text in clear for found in _NAME.findall(text))
        return next((name for name in names if not self._is_venue(name)), "")

    def _is_venue(self, name: str) -> bool:
        stream = stream_of([name])
        likenesses = (find(venue, stream) for venue in self._venues.values())
        return any(one is not None and one.ratio >= NEARLY for one in likenesses)

    def conclude(self, pages: Sequence[Page], *, frames_needed: int = 1) -> ScreenReading:
        """What the frames of one showing say together; green only if the offer was read in ``frames_needed``."""
        pooled = _pool(self.marked, pages)
        result, promotion = _choose(self.marked, pooled, frames_needed)
        clock = _oftenest(page.clock for page in pages)
        name = _oftenest(page.name for page in pages)
        if promotion is None:
            return ScreenReading(ScreenResult.NONE, clock=clock, handle=name, frames=len(pages))
        marks = _marks(self.marked[promotion], pooled[promotion], result)
        return ScreenReading(result, promotion, marks, clock, name, len(pages))


def _clock(lines: Sequence[Line]) -> str:
    """The clock in the status bar, as "9:10"; empty where it was not read."""
    for line in lines:
        found = _CLOCK.search(line.text) if line.box[1] < _TOP_PART else None
        if found is not None:
            return f"{int(found[1])}:{found[2]}"
    return ""


# --- several frames together ---------------------------------------------------------------------


def _pool(marked: Mapping[str, Marked], pages: Sequence[Page]) -> Looks:
    pooled = {}
    for name in {name for page in pages for name in page.looks}:
        looks = [page.looks[name] for page in pages if name in page.looks]
        kinds = [want.kind for want in marked[name].wanted]
        telling = [look for look in looks if _strength(look, kinds) >= NEARLY]
        looks = telling or looks  # what shows hardly any of the offer may be another screen
        evidence = tuple(_together(column) for column in zip(*(look.evidence for look in looks), strict=True))
        clear = any(look.clear for look in looks)
        alone = 2 * sum(look.alone for look in looks) >= len(looks)
        read = sum(_strength(look, kinds) == 1.0 for look in looks)
        pooled[name] = Look(evidence, alone, clear, read)
    return pooled


def _strength(look: Look, kinds: Sequence[MarkKind]) -> float:
    """How well the offer was read; of a promotion without one, the best of its claims."""
    kind = "offer" if "offer" in kinds else "claim"
    return max(one.strength for one, its in zip(look.evidence, kinds, strict=True) if its == kind)


def _together(column: Sequence[Evidence]) -> Evidence:
    read = [one for one in column if one.state is MarkState.READ]
    differs = [one for one in column if one.state is MarkState.DIFFERS]
    if read and len(read) >= len(differs):
        return read[-1]
    if differs:
        return differs[-1]
    doubts = [one for one in column if one.strength < 0]
    return doubts[-1] if 2 * len(doubts) >= len(column) else max(column, key=lambda one: one.strength)


def _oftenest(texts: Iterable[str]) -> str:
    counted: dict[str, int] = {}
    for text in texts:
        if text:
            counted[text] = counted.get(text, 0) + 1
    return max(counted, key=counted.__getitem__, default="")


def _choose(marked: Mapping[str, Marked], looks: Looks, frames_needed: int) -> tuple[ScreenResult, str | None]:
    """The result, and whose it is."""
    judged = [(name, *_judge(marked[name], look, frames_needed)) for name, look in looks.items()]
    for result in (ScreenResult.GREEN, ScreenResult.AMBER, ScreenResult.OTHER):
        those = sorted(((weight, name) for name, found, weight in judged if found is result), reverse=True)
        if not those:
            continue
        if len(those) > 1 and those[0][0] - those[1][0] < 0.05 and result is not ScreenResult.OTHER:
            return ScreenResult.NONE, None
        return result, those[0][1]
    return ScreenResult.NONE, None


def _judge(marked: Marked, look: Look, frames_needed: int) -> tuple[ScreenResult, float]:
    """(what the evidence for one promotion amounts to, how much of it there is)."""
    by_kind: dict[MarkKind, Evidence] = {want.kind: one for want, one in zip(marked.wanted, look.evidence, strict=True)}
    offer, venue = by_kind.get("offer"), by_kind.get("venue")
    weight = _weight(marked, look)
    exact = [one for kind, one in by_kind.items() if kind in ("word", "dates")]
    confirmed = any(one.state is MarkState.READ for one in exact)
    offer_read = offer is None or offer.state is MarkState.READ
    if not (look.alone or confirmed) or (offer is not None and offer.strength < NEARLY):
        return ScreenResult.NONE, weight
    if any(one.state is MarkState.DIFFERS for one in look.evidence):
        return (ScreenResult.OTHER if offer_read else ScreenResult.NONE), weight
    if all(one.state is MarkState.READ for one in look.evidence):
        return (ScreenResult.GREEN if look.frames >= frames_needed else ScreenResult.AMBER), weight
    if venue is not None and venue.state is not MarkState.READ and not _venue_may_be(by_kind, venue, look):
        return (ScreenResult.OTHER if offer_read else ScreenResult.NONE), weight
    if any(one.strength < 0 for one in exact):  # something else may stand there, and was not read for certain
        return ScreenResult.NONE, weight
    return (ScreenResult.AMBER if offer_read or confirmed else ScreenResult.NONE), weight


def _weight(marked: Marked, look: Look) -> float:
    """How much was read for a promotion: its marks, and how long they are, so that the longer of two offers wins."""
    pairs = zip(marked.wanted, look.evidence, strict=True)
    return sum(
        max(0.0, one.strength) + (len(want.words) / 100 if one.state is MarkState.READ else 0) for want, one in pairs
    )


def _venue_may_be(by_kind: Mapping[MarkKind, Evidence], venue: Evidence, look: Look) -> bool:
    """Whether a venue that was not read may be the right one all the same: not where the rest is read clearly."""
    if look.clear:
        return False
    word = by_kind.get("word")
    return venue.strength >= NEARLY or (word is not None and word.state is MarkState.READ)


def _marks(marked: Marked, look: Look, result: ScreenResult) -> tuple[Mark, ...]:
    """Each mark and what became of it; where it is another's offer and nothing else says so, the venue is another."""
    nothing_differs = all(one.state is not MarkState.DIFFERS for one in look.evidence)
    marks = []
    for want, one in zip(marked.wanted, look.evidence, strict=True):
        another = result is ScreenResult.OTHER and nothing_differs and want.kind == "venue"
        state = MarkState.DIFFERS if another else one.state
        marks.append(Mark(want.kind, want.words, state, one.found if state is MarkState.DIFFERS else "", one.box))
    return tuple(marks)
