"""``simulate``: what is typed wrongly proves nothing, and is not taken for a proof."""

from __future__ import annotations

import json

import pytest

import run_kiosk


@pytest.mark.parametrize("typed", ["9:2", "5", "3:3", "-1:4", "a:b", ""])
def test_no_seeds_are_no_proof(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_kiosk.main(["simulate", f"--seeds={typed}"])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert "are no seeds" in said.err


@pytest.mark.parametrize("typed", ["0", "-2", "many"])
def test_no_processes_play_nothing(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_kiosk.main(["simulate", "--seeds", "0:1", f"--jobs={typed}"])
    assert ended.value.code == 2
    assert "number of processes" in capsys.readouterr().err


def test_a_schedule_that_is_not_there_is_named_and_not_played_as_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_kiosk.main(["simulate", "--seeds", "0:1", "--schedule", "bias"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "no-such-schedule" in said.err
    assert "biased" in said.err


def test_a_trace_plays_its_seed_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_kiosk.main(["simulate", "--trace", "3", "--schedule", "uniform", "--jobs", "1"]) == 0
    *steps, last = capsys.readouterr().out.splitlines()
    assert json.loads(last)["seeds"] == 1
    assert len(steps) > 100
