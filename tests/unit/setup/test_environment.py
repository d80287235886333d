"""When an environment counts as ready, and what the system's refusals are called."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from kiosk.setup import browser_libraries
from kiosk.setup.environment import Checkout, checkout_of, ready, sha256
from kiosk.setup.preparation import in_words, starts


@pytest.fixture
def place(tmp_path: Path) -> Checkout:
    """A checkout that is ready for the counter, made of empty files."""
    place = Checkout(tmp_path)
    for file in (place.lock("run"), place.lock("test"), tmp_path / "pyproject.toml", place.python):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (place.static / "lib").mkdir(parents=True)
    (place.static / "package-lock.json").write_text("{}")
    for name in browser_libraries.WANTED:
        (place.static / "lib" / name).parent.mkdir(exist_ok=True)
        (place.static / "lib" / name).touch()
    (place.static / "lib" / browser_libraries.STAMP).write_text(browser_libraries.fingerprint(place.static))
    place.marker.write_text(json.dumps({"python": "3.11", "run": sha256(place.lock("run"))}))
    return place


def test_marker_of_todays_locks_is_ready(place: Checkout) -> None:
    assert ready(place, "run")


def test_environment_without_a_marker_is_not_ready(place: Checkout) -> None:
    place.marker.unlink()
    assert not ready(place, "run")


def test_marker_cut_short_is_not_ready(place: Checkout) -> None:
    place.marker.write_text(place.marker.read_text()[:20])
    assert not ready(place, "run")


def test_changed_lock_is_not_ready(place: Checkout) -> None:
    place.lock("run").write_text("one more")
    assert not ready(place, "run")


def test_environment_whose_python_is_gone_is_not_ready(place: Checkout) -> None:
    place.python.unlink()
    assert not ready(place, "run")


def test_environment_whose_python_was_removed_from_the_machine_does_not_start(place: Checkout) -> None:
    place.python.unlink()
    place.python.symlink_to("/nowhere/python3")
    assert not starts(place.python)


def test_environment_whose_packages_lie_elsewhere_does_not_start(place: Checkout) -> None:
    place.python.write_text("#!/bin/sh\nexit 1\n")  # as a newer Python that looks in another folder
    place.python.chmod(0o755)
    assert not starts(place.python)


def test_counters_environment_is_not_ready_for_the_tests(place: Checkout) -> None:
    assert not ready(place, "test")


def test_environment_with_test_extras_is_ready_for_both(place: Checkout) -> None:
    made = {"python": "3.11", "run": sha256(place.lock("run")), "test": sha256(place.lock("test"))}
    place.marker.write_text(json.dumps(made))
    assert ready(place, "run")
    assert ready(place, "test")


def test_missing_browser_library_is_not_ready(place: Checkout) -> None:
    (place.static / "lib/htmx.js").unlink()
    assert not ready(place, "run")


def test_browser_libraries_of_another_lock_are_not_ready(place: Checkout) -> None:
    (place.static / "package-lock.json").write_text('{"changed": true}')
    assert not ready(place, "run")


def test_python_replaced_under_the_environment_is_not_ready(place: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    place.marker.write_text(json.dumps({"python": "3.10", "run": sha256(place.lock("run"))}))
    monkeypatch.setattr("sys.prefix", str(place.venv))
    assert not ready(place, "run")


def test_folder_without_locks_is_no_checkout(tmp_path: Path) -> None:
    assert checkout_of(tmp_path / "run_kiosk.py") is None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, "no-write-permission"),
        (errno.EROFS, "no-write-permission"),
        (errno.ENOSPC, "disk-full"),
        (errno.EIO, "environment-failed"),
    ],
)
def test_refusal_of_the_system_has_a_code_and_a_cure(number: int, code: str) -> None:
    error = in_words(OSError(number, "words of the system", "/somewhere/.venv"))
    assert error.code == code
    assert error.where == "/somewhere/.venv"
    assert error.cure
