from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.bench.codes import bench_codes, comparable, measure
from tests.unit.vision.made import blank, code, save


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    save(tmp_path / "right.png", code("TACO"))
    save(tmp_path / "wrong.png", code("COFFEE"))
    save(tmp_path / "unread.png", blank())
    save(tmp_path / "upc.png", code("012345678905", "UPCA"))
    save(tmp_path / "empty.png", blank())
    save(tmp_path / "not-empty.png", code("SURPRISE"))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    rows = [
        ("right.png", "QRCode", ["TACO\r\n", "OTHER"], "a"),
        ("wrong.png", "QRCode", ["TEA"], "a"),
        ("unread.png", "QRCode", ["TACO"], "b"),
        ("broken.png", "QRCode", ["TACO"], "b"),
        ("upc.png", "EAN13", ["012345678905"], "c"),
        ("empty.png", "NONE", [], "d"),
        ("not-empty.png", "NONE", [], "d"),
    ]
    path = tmp_path / "manifest.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "symbology", "expected_all", "set"])
        writer.writerows((name, symbology, json.dumps(texts), of) for name, symbology, texts, of in rows)
    return path


def test_the_bench_counts_right_wrong_and_unread(manifest: Path) -> None:
    figures = bench_codes(manifest)
    assert {key: figures[key] for key in ("labelled", "right", "wrong", "rate", "negatives_wrong")} == {
        "labelled": 4,
        "right": 1,
        "wrong": 1,
        "rate": 0.25,
        "negatives_wrong": 1,
    }
    assert figures["by_set"] == {
        "a": {"labelled": 2, "right": 1, "wrong": 1},
        "b": {"labelled": 2, "right": 0, "wrong": 0},
    }
    assert figures["by_symbology"]["EAN13"] == {"labelled": 1, "right": 1, "wrong": 0, "zxing_contrast_right": 1}
    assert figures["engines"]["zxing"]["right"] == figures["engines"]["pyzbar"]["right"] == 1
    assert 0 < figures["median_ms"] <= figures["p95_ms"] <= figures["max_ms"]
    json.dumps(figures)


def test_the_answers_are_one_json_line_a_picture(manifest: Path, tmp_path: Path) -> None:
    measure([str(manifest), "--answers", str(tmp_path / "answers.jsonl")])
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"file": "right.png", "texts": ["TACO"]}
    assert lines[2] == {"file": "unread.png", "texts": []}
    assert len(lines) == 7


def test_texts_are_compared_without_what_decoders_differ_in() -> None:
    assert comparable(["\ufeffa\r\nb\0 ", "012345678905"]) == {"a\nb", "0012345678905"}
