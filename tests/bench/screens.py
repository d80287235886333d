"""How many check-in screens are told, how fast: screens PROMOTIONS.yaml MANIFEST.csv [--answers FILE]

The manifest's columns are ``file`` (beside it, or in the folder ``frames`` there), ``expected`` (a promotion's id;
empty: no promotion of the file) and ``neg`` (why not). Each frame is read once, by itself, and matched against every
promotion of the file; today's date is never asked. A frame is counted in one of green, amber, other and none.
Times are wall-clock milliseconds of reading one frame, the engine warm.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from kiosk.core.marks import Marks
from kiosk.core.promotion import Promotion, PromotionFile
from kiosk.core.screen import ScreenReading, ScreenResult
from kiosk.vision.ocr import load_ocr
from kiosk.vision.picture import Image, PictureError, read_picture
from kiosk.vision.screens import ScreenReader

NOTHING = ScreenReading(ScreenResult.NONE)


@dataclass(frozen=True, slots=True)
class Row:
    """One frame of the manifest."""

    file: str
    path: Path
    expected: str
    why_not: str


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench screens", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("promotions", type=Path, metavar="PROMOTIONS.yaml")
    parser.add_argument("manifest", type=Path, metavar="MANIFEST.csv")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="one JSON line a frame: file, promotion, result")
    args = parser.parse_args(arguments)
    promotions, names = read_promotions(args.promotions)
    marks = Marks(promotions)
    reader = ScreenReader(load_ocr(), lambda: marks)
    return bench_screens(read_manifest(args.manifest), lambda image: reading_of(reader, image), names, args.answers)


def reading_of(reader: ScreenReader, image: Image) -> ScreenReading:
    """What ``reader`` makes of one frame."""
    sighting = reader.read(image)
    return NOTHING if sighting is None else sighting.reading


def bench_screens(
    rows: Sequence[Row],
    read: Callable[[Image], ScreenReading],
    names: dict[str, str] | None = None,
    answers: Path | None = None,
) -> dict[str, Any]:
    """Read every frame of ``rows`` with ``read``; the figures as JSON values. ``names``: ids as written."""
    counted = {result: {"right": 0, "wrong_id": 0, "false_accept": 0} for result in ("green", "amber")}
    rest = {"other": 0, "none": 0}
    times_ms, lines = [], []
    if rows:
        read(load(rows[0].path))  # the first reading loads what later ones have
    for row in rows:
        image = load(row.path)
        began_s = time.perf_counter()
        reading = read(image)
        times_ms.append((time.perf_counter() - began_s) * 1000)
        result, promotion = reading.result.value, (names or {}).get(reading.promotion or "", reading.promotion)
        lines.append(json.dumps({"file": row.file, "promotion": promotion, "result": result}))
        if result in counted:
            kind = "false_accept" if not row.expected else "right" if promotion == row.expected else "wrong_id"
            counted[result][kind] += 1
        else:
            rest[result] += 1
    if answers is not None:
        answers.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    median, p90 = np.percentile(times_ms or [0.0], [50, 90])
    positives = sum(bool(row.expected) for row in rows)
    return {
        "positives": positives,
        "negatives": len(rows) - positives,
        **counted,
        **rest,
        "median_ms": round(float(median), 1),
        "p90_ms": round(float(p90), 1),
    }


def load(path: Path) -> Image:
    """The frame at ``path``; a single black pixel for one that is broken."""
    try:
        return read_picture(path)
    except PictureError as fault:
        print(f"{path.name} {fault}", file=sys.stderr)
        return np.zeros((1, 1, 3), np.uint8)


def read_promotions(path: Path) -> tuple[list[Promotion], dict[str, str]]:
    """The promotions of ``path``, and the ids as they stand there: old files may write them in capitals."""
    written = yaml.safe_load(path.read_text(encoding="utf-8"))["promotions"]
    names = {str(one["id"]).lower(): str(one["id"]) for one in written}
    lowered = [{**one, "id": str(one["id"]).lower()} for one in written]
    return list(PromotionFile.model_validate({"promotions": lowered}).promotions), names


def read_manifest(manifest: Path) -> list[Row]:
    """The frames that ``manifest`` lists."""
    beside = manifest.parent
    with manifest.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                row["file"],
                beside / row["file"] if (beside / row["file"]).exists() else beside / "frames" / row["file"],
                row["expected"],
                row.get("neg") or "",
            )
            for row in csv.DictReader(file)
        ]
