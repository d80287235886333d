"""The environment beside a checkout: ``.venv``, its packages, the browser libraries; and the way into it.

Rules
1. Ready is what ``.venv/counterfoil.json`` says, and it is written last: it names the lock files that the
   environment was made from and its Python. Anything half-made has no such file.
2. A preparation goes on where an interrupted one stopped; an environment whose Python no longer starts is
   made anew.
3. One preparation at a time: the others wait at ``.venv.lock``, then find it ready.
4. Looking whether it is ready reads a few small files and starts nothing. It happens at each start, so this
   module imports little; what makes an environment is in :mod:`kiosk.setup.preparation`.

A wheel brings its own packages: there nothing of this runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from kiosk.setup import browser_libraries

TYPE_CHECKING = False  # typing itself is not loaded at each start
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal, NoReturn

    Profile = Literal["run", "test"]  # what the counter needs; what its tests need beside that


class Checkout:
    """Where the parts of a checkout's environment lie."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.marker = self.venv / "counterfoil.json"
        self.static = root / "static"

    def lock(self, profile: Profile) -> Path:
        return self.root / ("requirements.lock" if profile == "run" else "tests/requirements.lock")

    @property
    def inside(self) -> bool:
        """Whether this very Python is the environment's own."""
        return os.path.realpath(sys.prefix) == os.path.realpath(self.venv)


def checkout_of(script: Path) -> Checkout | None:
    """The checkout that ``script`` (run_kiosk.py) lies in, or None in an installed wheel."""
    root = script.resolve().parent
    return Checkout(root) if (root / "requirements.lock").is_file() and (root / "pyproject.toml").is_file() else None


def ready(place: Checkout, profile: Profile) -> bool:
    """Whether the environment is whole and made from today's locks."""
    made = made_from(place)
    if made.get("run") != sha256(place.lock("run")) or not place.python.exists():
        return False
    if profile == "test" and made.get("test") != sha256(place.lock("test")):
        return False
    if place.inside and made.get("python") != f"{sys.version_info[0]}.{sys.version_info[1]}":
        return False  # the machine's Python was replaced under the environment
    return browser_libraries.present(place.static)


def made_from(place: Checkout) -> Mapping[str, str]:
    """What the marker says: the SHA-256 of each lock by profile, and the Python; empty when there is none."""
    try:
        read = json.loads(place.marker.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def sha256(path: Path) -> str:
    """Of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def restart(place: Checkout, script: Path, arguments: Sequence[str]) -> NoReturn:
    """Start ``script`` again with the environment's own Python, in this one's place."""
    command = [str(place.python), str(script), *arguments]
    os.environ.pop("__PYVENV_LAUNCHER__", None)  # macOS: it would lead back to the Python outside
    if os.name == "nt":
        import subprocess  # noqa: PLC0415 (only where a program cannot be replaced in place)

        sys.exit(subprocess.call(command))
    os.execv(command[0], command)  # noqa: S606 (the same command, one folder further in)
