"""How many codes of real photos are read, how fast: codes MANIFEST.csv [--answers FILE]

The manifest's columns are ``file`` (beside it), ``symbology`` (NONE: a picture without a code), ``expected_all``
(a JSON list; any one of them is right) and, where it is there, ``set``. Each picture is fitted inside 1280x720 and
given once, to every stage in turn until one reads. Counts and times at the top are over the rows of QR codes that
have an expected text; times are milliseconds of this process until the answer or giving up. ``engines`` has pyzbar
alone and zxing alone on the same pictures, ``stages`` how many pictures each stage was the first to read.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np

from kiosk.vision.codes import Decoder
from kiosk.vision.engines import zxing
from kiosk.vision.picture import Grey, PictureError, grey, read_picture

P = ParamSpec("P")
Answer = TypeVar("Answer")
Read: TypeAlias = Callable[[Grey], list[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One picture of the manifest."""

    file: str
    symbology: str
    expected: frozenset[str]
    set_name: str


@dataclass(slots=True)
class Tally:
    """What one way of reading made of some pictures."""

    labelled: int = 0
    right: int = 0
    wrong: int = 0
    times_ms: list[float] = field(default_factory=list)

    def add(self, row: Row, texts: Iterable[str], took_ms: float) -> None:
        got = comparable(texts)
        self.labelled += 1
        self.right += bool(got & row.expected)
        self.wrong += bool(got) and not got & row.expected
        self.times_ms.append(took_ms)

    def counts(self) -> dict[str, int]:
        return {"labelled": self.labelled, "right": self.right, "wrong": self.wrong}

    def figures(self) -> dict[str, float]:
        median, p95, longest = np.percentile(self.times_ms or [0.0], [50, 95, 100])
        times = {"median_ms": median, "p95_ms": p95, "max_ms": longest}
        rate = round(self.right / self.labelled, 4) if self.labelled else 0.0
        return {**self.counts(), "rate": rate, **{name: round(float(ms), 2) for name, ms in times.items()}}


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench codes", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("manifest", type=Path, metavar="MANIFEST.csv")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="write one JSON line a picture: file, texts")
    args = parser.parse_args(arguments)
    return bench_codes(args.manifest, args.answers)


def bench_codes(manifest: Path, answers: Path | None = None) -> dict[str, Any]:
    """Read every picture of ``manifest``; the figures as JSON values."""
    rows = read_manifest(manifest)
    decoder = Decoder()
    engines: dict[str, Read] = {"zxing": lambda picture: [seen.text for seen in zxing(picture)], **pyzbar_alone()}
    ours, alone = Tally(), {name: Tally() for name in engines}
    by_set: dict[str, Tally] = {}
    by_symbology: dict[str, Tally] = {}
    firsts: Counter[str] = Counter({stage.name: 0 for stage in decoder.stages})
    negatives_wrong, lines = 0, []
    for row in rows:
        picture = load(manifest.parent / row.file)
        (stage, texts), took_ms = timed(first_stage, decoder, picture)
        firsts.update([stage] if stage else [])
        lines.append(json.dumps({"file": row.file, "texts": texts}))
        if not row.expected:
            negatives_wrong += bool(texts) and row.symbology == "NONE"
            continue
        by_symbology.setdefault(row.symbology, Tally()).add(row, texts, took_ms)
        if row.symbology != "QRCode":
            continue
        by_set.setdefault(row.set_name, Tally()).add(row, texts, took_ms)
        ours.add(row, texts, took_ms)
        for name, read in engines.items():
            texts, took_ms = timed(read, picture)
            alone[name].add(row, texts, took_ms)
    if answers is not None:
        answers.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return {
        **ours.figures(),
        "negatives_wrong": negatives_wrong,
        "by_set": {name: tally.counts() for name, tally in sorted(by_set.items())},
        "by_symbology": {name: tally.counts() for name, tally in sorted(by_symbology.items())},
        "engines": {"pyzbar": None, **{name: tally.figures() for name, tally in alone.items()}},
        "stages": dict(firsts),
    }


def first_stage(decoder: Decoder, picture: Grey) -> tuple[str, list[str]]:
    """(the first stage that reads something, its texts); as ``Decoder.read``, with the stage's name."""
    for stage in decoder.stages:
        seen = decoder.look(picture, stage)
        if seen:
            return stage.name, [sighting.text for sighting in seen]
    return "", []


def pyzbar_alone() -> dict[str, Read]:
    """Pyzbar as its own documentation uses it, less DataBar, at which it prints warnings by the hundred."""
    try:
        from pyzbar import pyzbar
    except (ImportError, OSError):
        print("pyzbar is not measured: libzbar is not on this machine", file=sys.stderr)
        return {}
    kinds = [kind for kind in pyzbar.ZBarSymbol if not kind.name.startswith("DATABAR")]
    return {"pyzbar": lambda picture: [code.data.decode("utf-8", "replace") for code in pyzbar.decode(picture, kinds)]}


def timed(read: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> tuple[Answer, float]:
    """(what ``read`` returns, how many milliseconds of process time it took)."""
    began_s = time.process_time()
    answer = read(*args, **kwargs)
    return answer, (time.process_time() - began_s) * 1000


def load(path: Path) -> Grey:
    """The picture at ``path``; a single grey pixel for one that is broken, which reads as nothing."""
    try:
        return grey(read_picture(path))
    except PictureError as fault:
        print(f"{path.name} {fault}", file=sys.stderr)
        return np.zeros((1, 1), np.uint8)


def read_manifest(manifest: Path) -> list[Row]:
    """The pictures that ``manifest`` lists."""
    with manifest.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                row["file"],
                row["symbology"] or "NONE",
                frozenset(comparable(json.loads(row["expected_all"] or "[]"))),
                row.get("set") or "all",
            )
            for row in csv.DictReader(file)
        ]


def comparable(texts: Iterable[str]) -> set[str]:
    """Texts as the bench compares them: line ends as LF, no BOM, NUL or outer space, UPC-A as EAN-13."""
    cleaned = {text.replace("\r\n", "\n").replace("\ufeff", "").replace("\0", "").strip() for text in texts}
    return {f"0{text}" if len(text) == 12 and text.isascii() and text.isdigit() else text for text in cleaned}
