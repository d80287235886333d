"""Five frames of a check-in screen held up, drawn and filmed by a model: clips PROMOTIONS.yaml [--clips N] [--seed N]

Each clip is one showing of a promotion's screen, or of one that is none (another venue, old dates, a code word that
is nearly it, talk about the offer). Its frames are read as the counter reads them live, pooled; ``first_answer_ms``
is the reading time until something other than none was known. ``single`` counts each clip's first frame alone.
Needs Chromium, named by COUNTERFOIL_CHROMIUM or found on the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from kiosk.core.marks import Marks
from kiosk.core.screen import ScreenReading, ScreenResult
from kiosk.vision.ocr import load_ocr
from kiosk.vision.screens import ScreenReader, Showing
from tests.bench.screens import read_promotions
from tests.filmed import STYLES, browser, film, render, take, variants

FRAMES = 5


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench clips", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("promotions", type=Path, metavar="PROMOTIONS.yaml")
    parser.add_argument("--clips", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write each clip's first frame there, to look at")
    args = parser.parse_args(arguments)
    chromium = os.environ.get("COUNTERFOIL_CHROMIUM") or shutil.which("chromium") or "chromium"
    return bench_clips(args.promotions, args.clips, args.seed, chromium, args.keep)


def bench_clips(path: Path, clips: int, seed: int, chromium: str, keep: Path | None = None) -> dict[str, Any]:
    """Film and read ``clips`` showings; the figures as JSON values."""
    written = [one for one in yaml.safe_load(path.read_text(encoding="utf-8"))["promotions"] if one.get("screen")]
    marks = Marks(read_promotions(path)[0])
    reader = ScreenReader(load_ocr(), lambda: marks)
    single, pooled, times_ms, seconds = Counter[str](), Counter[str](), [], []
    with browser(chromium) as page:
        for number in range(clips):
            chance = np.random.default_rng([seed, number])
            promotion = written[int(chance.integers(len(written)))]
            shown, why_not = variants(promotion, written, chance)
            expected = None if why_not else str(promotion["id"]).lower()
            style = str(chance.choice(list(STYLES)))
            screen = render(page, shown, style, int(chance.integers(5, 100)))
            frames = film(screen, take(chance), FRAMES, chance)
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(keep / f"{number:03d}_{expected or why_not}.jpg"), frames[0])
            alone = reader.read(frames[0])
            single[_counted(alone.reading if alone else None, expected)] += 1
            reading, first_ms, whole_s = _watch(reader, frames)
            pooled[_counted(reading, expected)] += 1
            seconds.append(whole_s)
            if first_ms is not None and expected:
                times_ms.append(first_ms)
    positives = sum(count for name, count in pooled.items() if not name.endswith("negative"))
    return {
        "clips": clips,
        "positives": positives,
        "single": dict(sorted(single.items())),
        "five_frames": dict(sorted(pooled.items())),
        "five_frames_green_rate": round(pooled["green right"] / max(1, positives), 3),
        "first_answer_ms": _percentiles(times_ms),
        "five_frames_s": _percentiles(seconds),
    }


def _watch(reader: ScreenReader, frames: Sequence[Any]) -> tuple[ScreenReading | None, float | None, float]:
    """(what was known after the last frame, milliseconds until something was known, seconds in all)."""
    showing, reading, first_ms = Showing(reader), None, None
    began_s = time.perf_counter()
    for frame in frames:
        sighting = showing.look(frame)
        reading = sighting.reading if sighting is not None else reading
        if first_ms is None and reading is not None and reading.result is not ScreenResult.NONE:
            first_ms = (time.perf_counter() - began_s) * 1000
        if showing.is_settled:
            break
    return reading, first_ms, time.perf_counter() - began_s


def _counted(reading: ScreenReading | None, expected: str | None) -> str:
    result = ScreenResult.NONE if reading is None else reading.result
    if expected is None:
        return f"{result.value} negative"
    if result in (ScreenResult.GREEN, ScreenResult.AMBER):
        return f"{result.value} {'right' if reading is not None and reading.promotion == expected else 'wrong_id'}"
    return f"{result.value} positive"


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    median, p90 = np.percentile(values or [0.0], [50, 90])
    return {"median": round(float(median), 2), "p90": round(float(p90), 2)}
