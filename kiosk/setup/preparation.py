"""Makes the environment of :mod:`kiosk.setup.environment`: venv, packages, browser libraries, marker."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kiosk.errors import SetupError
from kiosk.setup import browser_libraries, npm, packages
from kiosk.setup.environment import TYPE_CHECKING, Checkout, made_from, ready, sha256
from kiosk.setup.progress import say

if TYPE_CHECKING:
    from kiosk.setup.environment import Profile

LOCK_POLL_S = 0.2
PROOF = {  # package -> what must load: those whose compiled parts may not fit the machine
    "apsw": "apsw",
    "cryptography": "cryptography.hazmat.primitives.asymmetric.ed25519",
    "numpy": "numpy",
    "opencv-python": "cv2",
    "pydantic-core": "pydantic_core",
    "zxing-cpp": "zxingcpp",
}


def prepare(place: Checkout, profile: Profile) -> None:
    """Make the environment ready for ``profile`` (one that has the test extras keeps them).

    Raises ``SetupError``; then it is not ready, and the next call goes on where this one stopped.
    """
    try:
        with _alone(place.root / ".venv.lock"):
            if not ready(place, profile):
                _make(place, "test" if made_from(place).get("test") else profile)
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
    say(f"Preparing the environment in {place.venv} (once; about a minute) ...")
    place.marker.unlink(missing_ok=True)
    lock = place.lock(profile)
    whole = place.venv / "has-pip"
    if whole.exists() and starts(place.python):
        packages.forget_half_unpacked(place.python)
        packages.remove_stale(place.python, lock)
    else:
        _make_venv(place)
        whole.touch()  # from here on an interrupted preparation can go on; before it, pip itself may be half there
    packages.install(place.python, lock)
    _fit_opencv(place)
    _prove(place, [PROOF[name] for name in packages.locked(lock) if name in PROOF])
    if not browser_libraries.present(place.static):
        npm.fetch(place.static, place.python)
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
    code, printed = _ask(base, "-m", "venv", "--clear", str(place.venv))
    if code and "ensurepip is not available" in printed:
        raise missing
    if code:
        raise packages.failure(printed, place.venv)


def starts(python: Path) -> bool:
    """Whether ``python`` runs, and finds pip where its own version looks."""
    try:
        return _ask(python, "-c", "import pip")[0] == 0
    except OSError:
        return False


def _fit_opencv(place: Checkout) -> None:
    """Where ``opencv-python`` cannot load for want of a desktop's libraries (libGL, glib), take the build without."""
    code, printed = _ask(place.python, "-c", "import cv2")
    if code and "cannot open shared object file" in printed:
        say("This machine has no desktop libraries; taking OpenCV without windows ...")
        packages.remove(place.python, ["opencv-python"])  # both own the folder cv2
        packages.install(place.python, place.root / "kiosk" / "setup" / "opencv-headless.lock", title="OpenCV")


def _prove(place: Checkout, modules: Sequence[str]) -> None:
    """Load the compiled packages once: a wheel that does not fit the machine is told now, not at the first scan."""
    for name in modules:
        code, printed = _ask(place.python, "-c", f"import {name}")
        if code:
            raise SetupError(
                "package-does-not-load",
                f"The package {name.split('.')[0]} does not load on this machine",
                where=(printed.strip().splitlines() or ["no words"])[-1][:300],
                cure="Use CPython 3.11 to 3.14 on 64-bit Linux with glibc 2.28 or newer, macOS or Windows.",
            )


def _mark(place: Checkout, profile: Profile) -> None:
    """Write the marker whole: a reader sees the old one, none, or this one."""
    _, python = _ask(place.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    made = {"python": python.strip(), "run": sha256(place.lock("run"))}
    if profile == "test":
        made["test"] = sha256(place.lock("test"))
    part = place.marker.with_suffix(".part")
    part.write_text(json.dumps(made), encoding="ascii")
    part.replace(place.marker)


def _ask(python: Path | str, *arguments: str) -> tuple[int, str]:
    """Run a Python; its exit code and all that it printed."""
    ran = subprocess.run([python, *arguments], capture_output=True, text=True, errors="replace", check=False)
    return ran.returncode, ran.stdout + ran.stderr


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
