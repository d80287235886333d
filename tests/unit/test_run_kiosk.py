"""The one command: faults in one sentence, JSON as the last line of standard output, the exit codes."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import run_kiosk
from kiosk.commands import test as checks
from kiosk.errors import SetupError

FAULT = SetupError("port-taken", "The port is taken", where="127.0.0.1:8710", cure="Choose another one with --port.")


@pytest.fixture(autouse=True)
def as_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about what a command says, not about the environment it runs in."""
    monkeypatch.setenv("COUNTERFOIL_ENVIRONMENT", "as-is")
    monkeypatch.delenv("COUNTERFOIL_DEBUG", raising=False)


def faulty(_args: argparse.Namespace) -> int:
    raise FAULT


def stopped(_args: argparse.Namespace) -> int:
    raise KeyboardInterrupt


def test_fault_is_one_sentence_with_its_place_cure_and_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_kiosk, "run_counter", faulty)
    assert run_kiosk.main(["counter"]) == 3
    said = capsys.readouterr()
    assert said.err == "The port is taken (127.0.0.1:8710). Choose another one with --port. [port-taken]\n"
    assert said.out == ""


def test_fault_shows_where_it_arose_when_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_DEBUG", "1")
    monkeypatch.setattr(run_kiosk, "run_counter", faulty)
    with pytest.raises(SetupError):
        run_kiosk.main(["counter"])


def test_ctrl_c_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(run_kiosk, "run_counter", stopped)
    assert run_kiosk.main(["counter"]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize("typed", [["counter", "--port", "70000"], ["counter", "--port", "http"], ["nope"], ["verify"]])
def test_typed_wrongly_is_told_with_exit_code_2(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_kiosk.main(typed)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_verify_without_a_journal_is_a_fault_that_answers_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_kiosk.main(["verify", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["code"] == "journal-missing"
    assert "[journal-missing]" in said.err


def test_doctor_answers_in_json_on_its_last_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_kiosk.main(["doctor", "--data", str(tmp_path)])
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == (0 if answer["ok"] else 1)
    names = {check["name"] for check in answer["checks"]}
    assert names >= {"packages", "pages", "zxing", "zbar", "camera", "screens", "journal", "disk", "clock", "network"}


def test_doctor_fails_for_a_camera_that_was_named_and_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_kiosk.main(["doctor", str(tmp_path / "no-camera"), "--data", str(tmp_path)]) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out.splitlines()[-1])["checks"]}
    assert checks["camera"]["state"] == "broken"
    assert checks["camera"]["cure"]


def test_bench_without_a_name_lists_what_can_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_kiosk.main(["bench"]) == 0
    assert "codes " in capsys.readouterr().out


def test_bench_that_is_not_there_names_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_kiosk.main(["bench", "nothing"]) == 3
    assert "codes" in capsys.readouterr().err


class Tools:
    """Stands in for ruff, mypy, import-linter, coverage and pytest: some fail."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.ran: list[list[str]] = []

    def __call__(self, command: list[str], *, quiet: bool) -> tuple[int, str]:
        self.ran.append(list(command))
        return (1, "what it found") if command[0] in self.failing else (0, "")


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    stand_in = Tools()
    monkeypatch.setattr(checks, "run_tool", stand_in)
    return stand_in


def test_pytest_runs_last_so_that_its_closing_line_is_the_last_word(
    tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_kiosk.main(["test", "--fast", "--", "-k", "redeem"]) == 0
    assert [command[0] for command in tools.ran] == [*["ruff"] * 2, "mypy", "lint-imports", *["coverage"] * 2, "pytest"]
    assert tools.ran[-1] == ["pytest", "-m", "not (browser or e2e)", "-k", "redeem"]
    assert "Not passed" not in capsys.readouterr().err


@pytest.mark.parametrize("failing", ["ruff", "mypy", "lint-imports", "coverage", "pytest"])
def test_one_failed_check_fails_all_and_the_others_still_run(
    tools: Tools, failing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tools.failing = (failing,)
    assert run_kiosk.main(["test", "--fast"]) == 1
    assert len(tools.ran) == 7
    assert "Not passed" in capsys.readouterr().err


def test_every_command_is_known_before_any_package_is_installed(checkout: Path) -> None:
    """A fresh machine reads the arguments first; a package imported there would end the very first command."""
    asked = "import run_kiosk; run_kiosk.parser(); print('all known')"
    done = subprocess.run(
        [sys.executable, "-S", "-c", asked],  # -S: nothing but the standard library
        cwd=checkout, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "all known\n", done.stderr
