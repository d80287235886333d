from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from kiosk.core.screen import ScreenReading, ScreenResult
from kiosk.vision.picture import Image
from tests.bench import clips, idle, latency
from tests.bench.screens import bench_screens, measure, read_manifest, read_promotions
from tests.filmed import Shown, Take, film, page_of, variants
from tests.unit.vision.made import blank, save
from tests.unit.vision.made_screens import held_up, screen

PROMOTIONS = """promotions:
  - id: P01
    title: Tacos
    venue: Harbor Grill
    gives: Free shrimp tacos
    credentials: [screen]
    valid: {from: 2026-11-01, until: 2026-11-30}
    screen: {offer: Free shrimp tacos, dates_shown: Nov 20 - Nov 30}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "frames").mkdir()
    save(tmp_path / "frames" / "tacos.png", held_up(screen(), angle=-6, scale=0.9)[0])
    save(tmp_path / "beside.png", blank(1280, 720))
    (tmp_path / "promotions.yaml").write_text(PROMOTIONS)
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "expected", "neg"])
        writer.writerows([["tacos.png", "P01", ""], ["beside.png", "", "unrelated"]])
    return tmp_path


def test_the_bench_reads_frames_and_answers_with_ids_as_they_were_written(folder: Path) -> None:
    answers = folder / "answers.jsonl"
    figures = measure([str(folder / "promotions.yaml"), str(folder / "manifest.csv"), "--answers", str(answers)])
    assert figures["green"] == {"right": 1, "wrong_id": 0, "false_accept": 0}
    assert (figures["positives"], figures["negatives"], figures["other"], figures["none"]) == (1, 1, 0, 1)
    assert [json.loads(line) for line in answers.read_text().splitlines()] == [
        {"file": "tacos.png", "promotion": "P01", "result": "green"},
        {"file": "beside.png", "promotion": None, "result": "none"},
    ]


@pytest.mark.parametrize(
    ("result", "promotion", "expected", "counted"),
    [
        ("green", "a", "a", ("green", "right")),
        ("green", "b", "a", ("green", "wrong_id")),
        ("green", "a", "", ("green", "false_accept")),
        ("amber", "a", "a", ("amber", "right")),
        ("amber", "a", "", ("amber", "false_accept")),
    ],
)
def test_a_frame_is_counted_once(
    folder: Path, result: str, promotion: str, expected: str, counted: tuple[str, str]
) -> None:
    row = read_manifest(folder / "manifest.csv")[0]
    reading = ScreenReading(ScreenResult(result), promotion)

    def read(image: Image) -> ScreenReading:
        return reading

    figures = bench_screens([type(row)(row.file, row.path, expected, "")], read)
    assert figures[counted[0]][counted[1]] == 1
    assert sum(sum(figures[name].values()) for name in ("green", "amber")) + figures["other"] + figures["none"] == 1


def test_a_frame_that_is_broken_or_missing_reads_as_nothing(folder: Path) -> None:
    (folder / "frames" / "tacos.png").write_bytes(b"no picture")
    (folder / "beside.png").unlink()
    figures = measure([str(folder / "promotions.yaml"), str(folder / "manifest.csv")])
    assert figures["none"] == 2


def test_old_ids_in_capitals_are_matched_and_given_back(folder: Path) -> None:
    promotions, names = read_promotions(folder / "promotions.yaml")
    assert [one.id for one in promotions] == ["p01"]
    assert names == {"p01": "P01"}


# --- clips that are drawn ----------------------------------------------------------------------------


def test_one_seed_films_one_clip() -> None:
    how = Take(0.8, 4, 0.05, 0.6, 0, 0.6, 1.0, finger=True, upside_down=False)
    first, second = (film(screen(), how, 2, np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert first[0].shape == (720, 1280, 3)
    assert not np.array_equal(first[0], first[1])


def test_what_is_shown_is_escaped_and_a_negative_is_named() -> None:
    assert "&lt;b&gt;" in page_of(Shown(venue="<b>", offer="x"), "night", 50)
    promotion = {"id": "a", "venue": "Harbor Grill", "words": ["SHRIMP20"], "screen": {"offer": "20% off"}}
    kinds = {variants(promotion, [promotion], np.random.default_rng(seed))[1] for seed in range(60)}
    assert kinds == {"", "other_venue", "near_code", "talk"}  # it shows no dates, so none of them are old


def test_the_benches_take_their_arguments() -> None:
    for bench in (clips, idle, latency):
        with pytest.raises(SystemExit) as ended:
            bench.measure(["--help"])
        assert ended.value.code == 0


def test_the_idle_bench_counts_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "WARM_S", 0.1)
    figures = idle.measure(["--seconds", "0.4"])
    assert figures["frames"] >= 1
    assert figures["cpu_share"] >= figures["bare_share"] >= 0


def test_the_latency_bench_shares_its_total_out() -> None:
    steps = [{"read": 2.0, "decide": 1.0, "page": 7.0, "total": 10.0}] * 3
    figures = latency.figures(steps)
    assert figures["total_ms"] == {"median": 10.0, "p95": 10.0}
    assert figures["share"] == {"read": 0.2, "decide": 0.1, "page": 0.7}
    assert latency.phone().shape == (720, 1280, 3)
