"""The environment, made for real in a small checkout whose lock names one package."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

BASE = getattr(sys, "_base_executable", sys.executable)  # the Python that a person has, outside any environment
COMMANDS = ("counter", "demo", "doctor", "verify", "bench", "test")
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_FIND_LINKS": "",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_RETRIES": "0",
    "PIP_NO_CACHE_DIR": "1",
}


def locked(checkout: Path, name: str) -> str:
    """The lines of one package in the real lock."""
    found = re.search(
        rf"^{name}==.*?(?=^\S|\Z)", (checkout / "requirements.lock").read_text(), re.DOTALL | re.MULTILINE
    )
    assert found
    return found.group()


@pytest.fixture
def small(checkout: Path, tmp_path: Path) -> Path:
    """A checkout with no environment."""
    return small_checkout(checkout, tmp_path / "small")


def small_checkout(checkout: Path, root: Path) -> Path:
    """One package to install, and the browser libraries fetched already."""
    (root / "tests").mkdir(parents=True)
    for name in ("run_kiosk.py", "pyproject.toml"):
        shutil.copy(checkout / name, root / name)
    shutil.copytree(checkout / "kiosk", root / "kiosk", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(checkout / "static", root / "static")
    for lock in ("requirements.lock", "tests/requirements.lock"):
        (root / lock).write_text(locked(checkout, "blinker"))
    return root


@pytest.fixture(scope="module")
def first_start(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A small checkout after its first start, and what that one said; tests copy it."""
    root = small_checkout(checkout, tmp_path_factory.mktemp("first") / "a folder, with spaces")
    ran = start(root, "bench")
    assert ran.returncode == 0, ran.stderr
    return root, ran.stderr


@pytest.fixture
def again(first_start: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of the prepared checkout, to break."""
    return Path(shutil.copytree(first_start[0], tmp_path / "again", symlinks=True))


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """As a person has it: no CI, no environment around it."""
    ours = {"CI", "COUNTERFOIL_ENVIRONMENT", "COUNTERFOIL_DEBUG", "VIRTUAL_ENV", "PYTHONPATH"}
    return {**{key: value for key, value in os.environ.items() if key not in ours}, **extra}


def start(root: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    command = [BASE, str(root / "run_kiosk.py"), *arguments]
    return subprocess.run(command, cwd=root.parent, env=environment(extra), capture_output=True, text=True, check=False)


def packages_in(root: Path) -> set[str]:
    return {path.name.split("-")[0] for path in (root / ".venv").glob("[Ll]ib*/**/*.dist-info")}


def without_blinker(root: Path) -> None:
    """As if the first start had been stopped before it installed anything."""
    (root / ".venv/counterfoil.json").unlink(missing_ok=True)
    for pattern in ("blinker", "blinker-*.dist-info"):
        shutil.rmtree(next((root / ".venv").glob(f"[Ll]ib*/**/{pattern}")))


def test_first_start_prepares_and_shows_how_far_it_is(first_start: tuple[Path, str]) -> None:
    root, said = first_start
    assert "Packages: 1 of 1" in said
    assert "blinker" in packages_in(root)


def test_second_start_prepares_nothing(again: Path) -> None:
    ran = start(again, "bench")
    assert ran.returncode == 0
    assert ran.stderr == ""


def test_first_start_without_network_says_so_and_is_not_taken_as_ready(again: Path) -> None:
    without_blinker(again)
    ran = start(again, "bench", **NO_NETWORK)
    assert ran.returncode == 3
    assert "[no-network]" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (again / ".venv/counterfoil.json").exists()


def test_interrupted_preparation_goes_on_where_it_stopped(again: Path) -> None:
    (again / ".venv/counterfoil.json").unlink()
    kept = again / ".venv/kept-by-the-first-attempt"
    kept.touch()
    assert start(again, "bench").returncode == 0
    assert kept.exists()
    assert (again / ".venv/counterfoil.json").exists()


def test_package_whose_unpacking_was_cut_short_is_installed_anew(again: Path) -> None:
    (again / ".venv/counterfoil.json").unlink()
    (site,) = (again / ".venv").glob("[Ll]ib/**/site-packages")
    (next(site.glob("blinker-*.dist-info")) / "RECORD").unlink()
    (site / "blinker/__init__.py").unlink()
    assert start(again, "bench").returncode == 0
    assert (site / "blinker/__init__.py").exists()


def test_environment_whose_pip_is_half_there_is_made_anew(again: Path) -> None:
    (again / ".venv/counterfoil.json").unlink()
    (again / ".venv/has-pip").unlink()
    (site,) = (again / ".venv").glob("[Ll]ib/**/site-packages")
    (site / "pip/__main__.py").unlink()
    assert start(again, "bench").returncode == 0
    assert (site / "pip/__main__.py").exists()


def test_changed_lock_installs_what_it_names_and_removes_what_it_does_not(again: Path, checkout: Path) -> None:
    (again / "requirements.lock").write_text(locked(checkout, "itsdangerous"))
    assert start(again, "bench").returncode == 0
    assert {"itsdangerous"} == packages_in(again) & {"itsdangerous", "blinker"}


def test_package_that_is_not_the_locked_one_is_refused(again: Path) -> None:
    lock = again / "requirements.lock"
    lock.write_text(re.sub(r"sha256:.{8}", "sha256:00000000", lock.read_text()))
    without_blinker(again)
    ran = start(again, "bench")
    assert ran.returncode == 3
    assert "[package-altered]" in ran.stderr
    assert "blinker" not in packages_in(again)


def test_two_starts_at_once_prepare_once(again: Path) -> None:
    (again / ".venv/counterfoil.json").unlink()
    command = [BASE, str(again / "run_kiosk.py"), "bench"]
    both = [
        subprocess.Popen(command, env=environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [running.communicate()[1] for running in both]
    assert [running.returncode for running in both] == [0, 0]
    assert sum("Preparing the environment" in words for words in said) == 1


def test_python_without_its_venv_module_is_told_how_to_get_it(small: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    ran = start(small, "bench", PYTHONPATH=str(tmp_path))
    assert ran.returncode == 3
    assert "apt install python3-venv" in ran.stderr
    assert "[no-venv-module]" in ran.stderr


def test_python_too_old_is_told_which_one_to_get(small: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.version_info = (3, 9, 2, 'final', 0)")
    ran = start(small, "demo", PYTHONPATH=str(tmp_path))
    assert ran.returncode == 3
    assert ran.stderr.startswith("Counterfoil needs Python 3.11 or newer, and this is 3.9 (")
    assert ran.stderr.count("\n") == 1


def test_old_python_can_read_the_command(checkout: Path) -> None:
    tree = ast.parse((checkout / "run_kiosk.py").read_text(), feature_version=(3, 6))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    assert not [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"], (
        "an old Python stops at a future it does not know"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_told_before_anything_is_installed(small: Path, command: str) -> None:
    ran = start(small, command, "--help")
    assert ran.returncode == 0
    assert ran.stdout.startswith(f"usage: python3 run_kiosk.py {command}")
    assert not (small / ".venv").exists()


def test_nothing_typed_tells_what_this_is_and_what_to_type(small: Path) -> None:
    ran = start(small)
    assert ran.returncode == 0
    assert "run_kiosk.py demo" in ran.stdout
    assert not (small / ".venv").exists()


def test_typed_wrongly_prepares_nothing(small: Path) -> None:
    assert start(small, "nope").returncode == 2
    assert not (small / ".venv").exists()


def test_marker_names_the_python_it_was_made_with(again: Path) -> None:
    assert json.loads((again / ".venv/counterfoil.json").read_text())["python"] == "{}.{}".format(*sys.version_info)
