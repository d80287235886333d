"""OpenCV on a machine without a desktop's libraries."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.setup import packages, preparation
from kiosk.setup.environment import Checkout

NO_LIBGL = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was taken out of the environment and put into it."""
    made: list[str] = []
    monkeypatch.setattr(packages, "remove", lambda _python, names: made.append(f"- {' '.join(names)}"))
    monkeypatch.setattr(packages, "install", lambda _python, lock, **_title: made.append(f"+ {lock.name}"))
    return made


@pytest.mark.parametrize(
    ("code", "printed", "expected"),
    [
        (0, "", []),
        (1, NO_LIBGL, ["- opencv-python", "+ opencv-headless.lock"]),
        (1, "ImportError: numpy is broken", []),  # another fault: told by the proof that follows, not papered over
    ],
)
def test_opencv_without_windows_is_taken_only_where_a_library_of_the_desktop_is_missing(
    monkeypatch: pytest.MonkeyPatch, changes: list[str], code: int, printed: str, expected: list[str]
) -> None:
    monkeypatch.setattr(preparation, "_ask", lambda *_arguments: (code, printed))
    preparation._fit_opencv(Checkout(Path("anywhere")))
    assert changes == expected


def test_the_headless_lock_pins_the_version_that_the_main_lock_pins(checkout: Path) -> None:
    def version(lock: Path, name: str) -> list[str]:
        return [
            line.split("==")[1].split()[0] for line in lock.read_text().splitlines() if line.startswith(f"{name}==")
        ]

    headless = version(checkout / "kiosk" / "setup" / "opencv-headless.lock", "opencv-python-headless")
    assert headless == version(checkout / "requirements.lock", "opencv-python") != []
