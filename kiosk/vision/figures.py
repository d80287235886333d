"""How a camera films, in figures and words: for the page of the camera and for ``doctor camera``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.vision.condition import DIM_MEAN, Concern, Measure, Trouble
from kiosk.vision.watch import WatchStats

BRIGHT_MEAN = 200
CLIPPED_SHARE = 0.25
SOFT = 25.0  # a plain wall in focus gives 30, a filmed counter top 200, a print in focus thousands
READS_SLOWLY_MS = 100.0
_ROW_OF = {
    Trouble.BLACK: "light",
    Trouble.DIM: "light",
    Trouble.BLANK: "light",
    Trouble.FROZEN: "pace",
    Trouble.SLOW: "pace",
    Trouble.COARSE: "picture",
    Trouble.UPSIDE_DOWN: "picture",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it works, a sentence that says so, and what to do where it does not."""

    name: str
    ok: bool
    words: str
    cure: str = ""


def figures(stats: WatchStats, concerns: Sequence[Concern] = ()) -> list[Check]:
    """Picture, light, sharpness, pace and reading, each with what to do where it is not well."""
    rows = [_reading(stats)]
    if stats.measure is not None:
        rows = [_picture(stats.measure), _light(stats.measure), _sharpness(stats.measure), _pace(stats), *rows]
    troubled = {_ROW_OF[concern.code]: concern for concern in reversed(concerns)}
    return [_troubled(row, troubled.get(row.name)) for row in rows]


def _troubled(row: Check, concern: Concern | None) -> Check:
    if concern is None:
        return row
    return Check(row.name, False, f"{concern.what} ({row.words.rpartition(': ')[2]})", concern.cure)


def _picture(found: Measure) -> Check:
    return Check("picture", True, f"{found.width} x {found.height} pixels")


def _light(found: Measure) -> Check:
    share = f"{found.exposure / 255:.0%} of full light, {found.clipped:.0%} pure white"
    if found.clipped > CLIPPED_SHARE or found.exposure > BRIGHT_MEAN:
        return Check("light", False, f"too bright: {share}", "Turn the camera away from the lamp or the window.")
    if found.exposure < DIM_MEAN:
        return Check("light", False, f"dark: {share}", "Make more light before the camera.")
    return Check("light", True, f"good: {share}")


def _sharpness(found: Measure) -> Check:
    if found.sharpness < SOFT:
        cure = "Wipe the lens. Hold a print before it: the figure is highest where it is sharpest."
        return Check("sharpness", False, f"{found.sharpness:.0f}: soft, or nothing to see", cure)
    return Check("sharpness", True, f"{found.sharpness:.0f}: there are fine lines to see")


def _pace(stats: WatchStats) -> Check:
    return Check("pace", stats.fps > 0, f"{stats.fps:.1f} pictures a second")


def _reading(stats: WatchStats) -> Check:
    words = f"codes are looked for in {stats.decode_ms:.0f} ms, 19 times of 20 within {stats.decode_p95_ms:.0f} ms"
    if stats.decode_p95_ms > READS_SLOWLY_MS:
        return Check("reading", False, words, "This machine is slow or busy: close what else works on it.")
    return Check("reading", True, words)
