"""The environment beside a checkout: ``.venv``, its packages, the browser libraries.

Rules
1. Ready is what ``.venv/counterfoil.json`` says, and it is written last: it names the lock files that the
   environment was made from and its Python. Anything half-made has no such file.
2. A preparation goes on where an interrupted one stopped; an environment whose Python no longer starts is
   made anew.
3. One preparation at a time: the others wait at ``.venv.lock``, then find it ready.
4. Looking whether it is ready reads three small files and starts nothing: it happens at each start.

A wheel brings its own packages: there nothing of this runs.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from kiosk.errors import SetupError
from kiosk.setup import browser_libraries
from kiosk.setup.progress import say

LOCK_POLL_S = 0.2
Profile = Literal["run", "test"]  # what the counter needs; what its tests need beside that
PROOF = {  # package -> what must load: those whose compiled parts may not fit the machine
    "apsw": "apsw",
    "cryptography": "cryptography.hazmat.primitives.asymmetric.ed25519",
    "numpy": "numpy",
    "opencv-python-headless": "cv2",
    "pydantic-core": "pydantic_core",
    "zxing-cpp": "zxingcpp",
}


@dataclass(frozen=True)
class Checkout:
    """Where the parts of a checkout's environment lie."""

    root: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def marker(self) -> Path:
        return self.venv / "counterfoil.json"

    @property
    def static(self) -> Path:
        return self.root / "static"

    def lock(self, profile: Profile) -> Path:
        return self.root / ("requirements.lock" if profile == "run" else "tests/requirements.lock")

    @property
    def inside(self) -> bool:
        """Whether this very Python is the environment's own."""
        return Path(sys.prefix).resolve() == self.venv.resolve()


def checkout_of(script: Path) -> Checkout | None:
    """The checkout that ``script`` (run_kiosk.py) lies in, or None in an installed wheel."""
    root = script.resolve().parent
    return Checkout(root) if (root / "requirements.lock").is_file() and (root / "pyproject.toml").is_file() else None


def enter(place: Checkout, profile: Profile, script: Path, arguments: Sequence[str]) -> None:
    """Return inside the environment, made ready for ``profile``; from outside, start ``script`` again inside it.

    Raises ``SetupError`` when it cannot be made ready.
    """
    was_ready = ready(place, profile)
    if not was_ready:
        prepare(place, profile)
    if not (place.inside and was_ready):
        _restart(place, script, arguments)


def ready(place: Checkout, profile: Profile) -> bool:
    """Whether the environment is whole and made from today's locks."""
    made = _made(place)
    if made.get("run") != _sha256(place.lock("run")) or not place.python.exists():
        return False
    if profile == "test" and made.get("test") != _sha256(place.lock("test")):
        return False
    if place.inside and made.get("python") != _version(sys.version_info):
        return False
    return browser_libraries.present(place.static)


def prepare(place: Checkout, profile: Profile) -> None:
    """Make the environment ready for ``profile`` (an environment with the test extras keeps them)."""
    try:
        with _alone(place.root / ".venv.lock"):
            if not ready(place, profile):
                _make(place, "test" if _made(place).get("test") else profile)
    except OSError as error:
        raise in_words(error) from error


def in_words(error: OSError) -> SetupError:
    """What the system refused, for the person who waits."""
    where = str(error.filename or "")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return SetupError(
            "no-write-permission",
            "The environment cannot be written beside run_kiosk.py",
            where=where,
            cure="Give yourself write permission to that folder, or move the checkout to one of your own.",
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        cure = "Free about 1 GB, then start again: it goes on where it stopped."
        return SetupError("disk-full", "The disk is full", where=where, cure=cure)
    cure = "Remove the folder .venv and start again."
    return SetupError("environment-failed", f"The environment cannot be made: {error.strerror}", where=where, cure=cure)


def _make(place: Checkout, profile: Profile) -> None:
    from kiosk.setup import packages  # noqa: PLC0415 (a start that finds everything ready does not need pip's words)

    say(f"Preparing the environment in {place.venv} (once; about a minute) ...")
    place.marker.unlink(missing_ok=True)
    lock = place.lock(profile)
    if _starts(place.python):
        packages.remove_stale(place.python, lock)
    else:
        _make_venv(place)
    packages.install(place.python, lock)
    _prove(place, [PROOF[name] for name in packages.locked(lock) if name in PROOF])
    if not browser_libraries.present(place.static):
        browser_libraries.fetch(place.static, place.python)
    _mark(place, profile)
    say("The environment is ready.")


def _make_venv(place: Checkout) -> None:
    """An empty environment with pip in it, made by the Python that a person called."""
    missing = SetupError(
        "no-venv-module",
        "This Python comes without its venv module",
        where=sys.executable,
        cure="On Debian and Ubuntu: apt install python3-venv. Elsewhere: Python from python.org. Then start again.",
    )
    try:
        import ensurepip  # noqa: F401, PLC0415 (Debian ships both apart, in python3-venv)
        import venv  # noqa: F401, PLC0415
    except ImportError:
        raise missing from None
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run(
        [base, "-m", "venv", "--clear", str(place.venv)], capture_output=True, text=True, errors="replace", check=False
    )
    if made.returncode == 0:
        return
    printed = made.stdout + made.stderr
    if "ensurepip is not available" in printed:
        raise missing
    from kiosk.setup import packages  # noqa: PLC0415

    raise packages.failure(printed, place.venv)


def _starts(python: Path) -> bool:
    """Whether ``python`` runs, has pip, and finds its packages where its own version looks."""
    try:
        return subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _prove(place: Checkout, modules: Sequence[str]) -> None:
    """Load the compiled packages once: a wheel that does not fit the machine is told now, not at the first scan."""
    for name in modules:
        tried = subprocess.run(
            [place.python, "-c", f"import {name}"], capture_output=True, text=True, errors="replace", check=False
        )
        if tried.returncode:
            raise SetupError(
                "package-does-not-load",
                f"The package {name.split('.')[0]} does not load on this machine",
                where=(tried.stderr.strip().splitlines() or ["no words"])[-1][:300],
                cure="Use CPython 3.11 to 3.14 on 64-bit Linux with glibc 2.28 or newer, macOS or Windows.",
            )


def _mark(place: Checkout, profile: Profile) -> None:
    """Write the marker whole: a reader sees the old one, none, or this one."""
    said = subprocess.run(
        [place.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    )
    made = {"python": said.stdout.strip(), "run": _sha256(place.lock("run"))}
    if profile == "test":
        made["test"] = _sha256(place.lock("test"))
    part = place.marker.with_suffix(".part")
    part.write_text(json.dumps(made), encoding="ascii")
    part.replace(place.marker)


def _made(place: Checkout) -> Mapping[str, str]:
    try:
        read = json.loads(place.marker.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(version: Sequence[object]) -> str:
    return f"{version[0]}.{version[1]}"


def _restart(place: Checkout, script: Path, arguments: Sequence[str]) -> NoReturn:
    command = [str(place.python), str(script), *arguments]
    os.environ.pop("__PYVENV_LAUNCHER__", None)  # macOS: it would lead back to the Python outside
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)  # noqa: S606 (the same command, one folder further in)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``; while another holds it, say so and wait."""
    with path.open("a") as file:
        if not _try_lock(file.fileno()):
            say("Another start is preparing the environment; waiting for it ...")
            while not _try_lock(file.fileno()):
                time.sleep(LOCK_POLL_S)
        yield  # closing the file lets go, and so does a crash


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
