"""How many codes of real photos are read, how fast: codes MANIFEST.csv [--answers FILE]

The manifest's columns are ``file`` (beside it), ``symbology`` (NONE: a picture without a code), ``expected_all``
(a JSON list; any one of them is right) and, where it is there, ``set``. Each picture is fitted inside 1280x720 and
given once, to every stage in turn until one reads, then to the one that looks beside what was read. Counts and times
at the top are over the rows of QR codes that have an expected text; times are milliseconds of this process until the
answer or giving up. ``engines`` has pyzbar alone and zxing alone (QR codes only) on the same pictures;
``by_symbology`` also says how many zxing reads on the contrast-enhanced picture (CLAHE, all our formats),
``zxing_contrast_right``; ``stages`` how many pictures each stage was asked for, was the first to read (the last one:
in how many it read a further code), how many of them right, and its mean milliseconds: the table on standard error.
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

from kiosk.vision.codes import REST, Decoder, contrast
from kiosk.vision.engines import QR_FORMATS, Zxing, zxing
from kiosk.vision.picture import Grey, PictureError, grey, read_picture
from kiosk.vision.sighting import Sighting

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


@dataclass(slots=True)
class Asked:
    """What one stage was asked, and what came of it."""

    asked: int = 0
    first: int = 0
    right: int = 0
    times_ms: list[float] = field(default_factory=list)

    def learn(self, row: Row, seen: Sequence[Sighting], took_ms: float) -> list[str]:
        """Count one picture; the texts that were read."""
        texts = [sighting.text for sighting in seen]
        self.asked += 1
        self.times_ms.append(took_ms)
        self.first += bool(texts)
        self.right += bool(comparable(texts) & row.expected)
        return texts

    def figures(self) -> dict[str, float]:
        mean = sum(self.times_ms) / len(self.times_ms) if self.times_ms else 0.0
        return {"asked": self.asked, "first": self.first, "right": self.right, "mean_ms": round(mean, 2)}


def bench_codes(manifest: Path, answers: Path | None = None) -> dict[str, Any]:
    """Read every picture of ``manifest``; the figures as JSON values."""
    rows = read_manifest(manifest)
    decoder = Decoder()
    qr = Zxing(QR_FORMATS)
    engines: dict[str, Read] = {"zxing": lambda picture: [seen.text for seen in qr(picture)], **pyzbar_alone()}
    ours, alone = Tally(), {name: Tally() for name in engines}
    by_set: dict[str, Tally] = {}
    by_symbology: dict[str, Tally] = {}
    contrasted: Counter[str] = Counter()
    stages = {stage.name: Asked() for stage in (*decoder.stages, REST)}
    negatives_wrong, lines = 0, []
    for row in rows:
        picture = load(manifest.parent / row.file)
        texts, took_ms = timed(first_texts, decoder, picture, row, stages)
        lines.append(json.dumps({"file": row.file, "texts": texts}))
        if not row.expected:
            negatives_wrong += bool(texts) and row.symbology == "NONE"
            continue
        by_symbology.setdefault(row.symbology, Tally()).add(row, texts, took_ms)
        enhanced = zxing(contrast(picture), turned=True)
        contrasted[row.symbology] += bool(comparable(seen.text for seen in enhanced) & row.expected)
        if row.symbology != "QRCode":
            continue
        by_set.setdefault(row.set_name, Tally()).add(row, texts, took_ms)
        ours.add(row, texts, took_ms)
        for name, read in engines.items():
            texts, took_ms = timed(read, picture)
            alone[name].add(row, texts, took_ms)
    if answers is not None:
        answers.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(table(stages), file=sys.stderr)
    return {
        **ours.figures(),
        "negatives_wrong": negatives_wrong,
        "by_set": {name: tally.counts() for name, tally in sorted(by_set.items())},
        "by_symbology": {
            name: {**tally.counts(), "zxing_contrast_right": contrasted[name]}
            for name, tally in sorted(by_symbology.items())
        },
        "engines": {"pyzbar": None, **{name: tally.figures() for name, tally in alone.items()}},
        "stages": {name: asked.figures() for name, asked in stages.items()},
    }


def first_texts(decoder: Decoder, picture: Grey, row: Row, stages: dict[str, Asked]) -> list[str]:
    """The texts of a picture, as ``Decoder.read``; ``stages`` learns what each did."""
    for stage in decoder.stages:
        seen, took_ms = timed(decoder.look, picture, stage)
        texts = stages[stage.name].learn(row, seen, took_ms)
        if seen:
            beside, took_ms = timed(decoder.beside, picture, seen)
            return texts + stages[REST.name].learn(row, beside, took_ms)
    return []


def table(stages: dict[str, Asked]) -> str:
    """What each stage adds, to be read by a person."""
    lines = [f"{'stage':<24}{'asked':>7}{'read first':>12}{'right':>7}{'mean ms':>9}"]
    for name, asked in stages.items():
        shown = asked.figures()
        lines.append(f"{name:<24}{asked.asked:>7}{asked.first:>12}{asked.right:>7}{shown['mean_ms']:>9.2f}")
    return "\n".join(lines)


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
