"""What CI promises: it runs the one command, and a test that skips itself has failed there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SKIPS = """
import pytest

def test_that_wants_what_is_not_here():
    pytest.skip("no such component")
"""


def test_ci_runs_the_test_command_and_nothing_else(checkout: Path) -> None:
    lines = (checkout / ".ci/run").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == [
        "set -euo pipefail",
        'cd "$(dirname "$0")/.."',
        "exec python3 run_kiosk.py test",
    ]


def run_skipping(checkout: Path, folder: Path, **ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_skips.py").write_text(SKIPS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "--rootdir", str(folder), str(folder)]
    environment = {key: value for key, value in os.environ.items() if key != "CI"} | ci
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_skip_is_a_failure_in_ci(checkout: Path, tmp_path: Path) -> None:
    ran = run_skipping(checkout, tmp_path, CI="true")
    assert ran.returncode == 1
    assert "in CI nothing may be skipped" in ran.stdout
    assert "1 failed" in ran.stdout


def test_skip_is_a_skip_elsewhere(checkout: Path, tmp_path: Path) -> None:
    ran = run_skipping(checkout, tmp_path)
    assert ran.returncode == 0
    assert "1 skipped" in ran.stdout
