"""Which codes are in view, from what each frame reads.

Rules of this module:

- One text is one code, wherever in the picture it is. It is *in view* until it was unseen for ``FORGET_S``:
  hands shake.
- A 2D code corrects its own errors: one frame that reads it puts it in view. A 1D code has a check digit at best,
  and a smear passes that now and then: it takes two frames that agree, no more than ``FORGET_S`` apart, with none
  between them that reads another text in that place.
- One place holds one code: a code that comes into view where another was puts that one out of view at once, so that
  a customer who leafs through coupons never seems to hold up two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.vision.sighting import Corners, Sighting

FORGET_S = 0.7


@dataclass(frozen=True, slots=True)
class _Seen:
    """A code as last seen; ``agreed`` when it is in view, not only waiting for a frame that agrees."""

    sighting: Sighting
    at_s: float
    agreed: bool


class Presence:
    """The codes in view, frame by frame."""

    def __init__(self, forget_s: float = FORGET_S) -> None:
        self._forget_s = forget_s
        self._seen: dict[str, _Seen] = {}

    def update(self, sightings: Sequence[Sighting], now_s: float) -> tuple[Sighting, ...]:
        """The codes in view at ``now_s`` monotonic seconds, longest in view first, each as last seen."""
        self._seen = {text: seen for text, seen in self._seen.items() if now_s - seen.at_s < self._forget_s}
        now = {sighting.text: sighting for sighting in sightings}
        for text, sighting in now.items():
            before = self._seen.get(text)
            agreed = not sighting.linear or (before is not None and _agree(before, sighting))
            if agreed and before is not None and not before.agreed:
                del self._seen[text]  # it comes into view now, behind those that are in view already
            self._make_way(now, sighting, agreed=agreed)
            self._seen[text] = _Seen(sighting, now_s, agreed)
        return tuple(seen.sighting for seen in self._seen.values() if seen.agreed)

    def _make_way(self, now: dict[str, Sighting], new: Sighting, *, agreed: bool) -> None:
        """What another frame read in the place of ``new``: a code in view gives way to one in view, a guess to any."""
        for text, seen in list(self._seen.items()):
            if text not in now and (agreed or not seen.agreed) and _same_place(seen.sighting.corners, new.corners):
                del self._seen[text]


def _agree(before: _Seen, now: Sighting) -> bool:
    return before.agreed or before.sighting.symbology == now.symbology


def _same_place(one: Corners, other: Corners) -> bool:
    """Whether either's middle lies within the box around the other."""
    return _holds(one, _middle(other)) or _holds(other, _middle(one))


def _middle(corners: Corners) -> tuple[float, float]:
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def _holds(corners: Corners, point: tuple[float, float]) -> bool:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs) <= point[0] <= max(xs) and min(ys) <= point[1] <= max(ys)
