"""``doctor camera``: the camera alone, filmed; and how it is told from ``doctor CAMERA``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import run_kiosk
from tests.unit.vision.made import blank, code, save


@pytest.fixture(autouse=True)
def as_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_ENVIRONMENT", "as-is")


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    exit_code = run_kiosk.main(["doctor", *arguments])
    said = capsys.readouterr()
    return exit_code, json.loads(said.out or "{}"), said.err


def test_doctor_camera_films_it_tells_figures_and_keeps_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    save(folder / "1.png", code("TACO"))
    kept = tmp_path / "kept.jpg"
    exit_code, told, words = typed(capsys, "camera", str(folder), "--seconds", "0.3", "--picture", str(kept))
    assert (exit_code, told["ok"]) == (0, True)
    assert [row["name"] for row in told["checks"]] == ["camera", "picture", "light", "sharpness", "pace", "reading"]
    assert "pictures from pictures" in words
    assert kept.read_bytes().startswith(b"\xff\xd8")


def test_doctor_camera_that_is_not_there_fails_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, told, words = typed(capsys, "camera", "/nowhere/at/all")
    assert (exit_code, told["ok"]) == (1, False)
    assert "[camera-missing]" in words


def test_doctor_with_a_camera_still_looks_at_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path / "1.png", blank())
    _, told, _ = typed(capsys, str(tmp_path), "--data", str(tmp_path / "counter"))
    assert {"packages", "zxing", "camera", "disk", "clock"} <= {row["name"] for row in told["checks"]}


def test_two_cameras_at_once_are_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, _, words = typed(capsys, "0", "1")
    assert exit_code == run_kiosk.FAULT
    assert "[typed-wrongly]" in words
