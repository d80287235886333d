"""Which hint each cause gets: hints MANIFEST.csv (of screens), and the made clips beside it

The manifest's columns are ``file``, ``corners`` (of the phone, "x,y x,y x,y x,y") and ``degradations`` (joined by +;
empty: none). Each frame is measured once where its corners say; a hint that holds for a second is not asked for. A
frame is counted under the first of its degradations in ``ORDER``. ``clips`` has the made ones of the tests, with what
was told; ``cost`` the milliseconds a frame of an empty scene, and of one in which something is held up unread.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kiosk.vision.condition import Condition
from kiosk.vision.frames import Frame
from kiosk.vision.held import Unread, held
from kiosk.vision.hints import Prompter, hint_for
from kiosk.vision.picture import read_picture
from kiosk.vision.sighting import Corners
from tests.unit.vision.clips import FPS, WAYS, Way, clip

ORDER = ("lowlight", "glare", "motion", "defocus", "overexposed", "reflection", "moire", "finger", "crack", "lowjpeg")
Table = dict[str, dict[str, int]]


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The tables of causes and hints."""
    parser = argparse.ArgumentParser(prog="bench hints")
    parser.add_argument("manifest", type=Path)
    manifest = parser.parse_args(arguments).manifest
    with manifest.open(newline="", encoding="utf-8") as opened:
        told = [(_cause(row["degradations"]), _hint(manifest.parent, row)) for row in csv.DictReader(opened)]
    return {
        "frames": _table(told),
        "clips": {name: _clip(way) for name, way in WAYS.items()},
        "cost": _cost(),
    }


def _cause(degradations: str) -> str:
    found = set(degradations.split("+"))
    return next((cause for cause in ORDER if cause in found), "none")


def _hint(folder: Path, row: dict[str, str]) -> str:
    a, b, c, d = (_point(point) for point in row["corners"].split())
    corners: Corners = (a, b, c, d)
    path = next(path for path in (folder / row["file"], folder / "frames" / row["file"]) if path.exists())
    found = held(read_picture(path), Unread("phone", corners))
    return str((found and hint_for(found)) or "none")


def _point(text: str) -> tuple[float, float]:
    x, _, y = text.partition(",")
    return float(x), float(y)


def _table(told: Iterable[tuple[str, str]]) -> Table:
    rows: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for cause, hint in told:
        rows[cause][hint] += 1
    return {cause: dict(rows[cause].most_common()) for cause in (*ORDER, "none") if cause in rows}


def _clip(way: Way) -> list[str]:
    condition, prompter = Condition(), Prompter()
    told: list[str] = []
    for frame in clip(way):
        if condition.update(frame, FPS) and condition.small is not None:
            hint = prompter.update(frame, condition.small)
            if hint is not None and str(hint) not in told:
                told.append(str(hint))
    return told


def _cost() -> dict[str, float]:
    """Milliseconds of this process a frame, at 15 a second, over an empty scene and while a phone goes unread."""
    costs = {}
    for name in ("nobody", "dim", "moving"):
        images = [frame.image for frame in clip(WAYS[name])]
        condition, prompter = Condition(), Prompter()
        began_ms = time.process_time() * 1000
        for i, image in enumerate(images):
            frame = Frame(image, i + 1, i / 15, live=True)
            if condition.update(frame, 15.0) and condition.small is not None:
                prompter.update(frame, condition.small)
        costs[name] = round((time.process_time() * 1000 - began_ms) / len(images), 3)
    return costs
