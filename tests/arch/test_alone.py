"""A counter without ``sync``: a copy of the tree that lacks it starts, serves its page and redeems."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.config import CounterFolder, load_or_make_key
from tests.counter_world import ENROLMENT

REDEEM = """
import importlib.util, pathlib, sys
from tests.counter_world import open_floor
assert importlib.util.find_spec("sync") is None
floor = open_floor(pathlib.Path(sys.argv[1]))
display = floor.counter.redeem(floor.counter.look("TACO-7F3K-9HXM").showing.id, "ana")
floor.journal.close()
assert "sync" not in sys.modules
print(display.state)
"""


@pytest.fixture
def alone(checkout: Path, tmp_path: Path) -> Path:
    """The tree without ``sync``."""
    root = tmp_path / "alone"
    for name in ("kiosk", "templates", "static"):
        shutil.copytree(checkout / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "lib"))
    (root / "tests").mkdir()
    for name in ("run_kiosk.py", "tests/core_world.py", "tests/counter_world.py"):
        shutil.copy(checkout / name, root / name)
    return root


def environment() -> dict[str, str]:
    return {**os.environ, "COUNTERFOIL_ENVIRONMENT": "as-is", "PYTHONUNBUFFERED": "1"}


def test_counter_without_sync_redeems(alone: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", REDEEM, str(tmp_path)], cwd=alone, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "redeemed\n", ran.stderr


def test_commands_without_sync_leave_head_office_out(alone: Path) -> None:
    command = [sys.executable, "run_kiosk.py", "--help"]
    ran = subprocess.run(command, cwd=alone, env=environment(), capture_output=True, text=True, check=True)
    assert "counter" in ran.stdout
    assert "head-office" not in ran.stdout


@pytest.fixture
def page(alone: Path, tmp_path: Path, free_port: int) -> Iterator[str]:
    """The address of a counter that runs without ``sync``, as it prints it when it serves."""
    folder = CounterFolder(tmp_path / "counter")
    ENROLMENT.save(folder.enrolment)
    load_or_make_key(folder.device_key)
    command = [sys.executable, "run_kiosk.py", "counter", "--data", str(tmp_path / "counter"), "--camera", "none"]
    with subprocess.Popen(
        [*command, "--port", str(free_port)], cwd=alone, env=environment(), stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        found = next((hit for line in running.stderr if (hit := re.search(r"http://\S+", line))), None)
        assert found, "the counter ended before it served"
        yield found.group()
        running.terminate()
        running.stderr.read()


def test_counter_without_sync_serves_its_page(page: str) -> None:
    with urllib.request.urlopen(page, timeout=10) as answer:
        assert answer.status == 200
        assert "<title>Sign in" in answer.read().decode()
