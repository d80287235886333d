"""What the tests need of the machine beside Python packages: the zbar library and a Chromium.

On Debian as root they are installed through apt; elsewhere the person is told what is missing and how to
get it. Outside CI the tests that need a missing component are skipped; in CI that is a failure.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kiosk.errors import SetupError
from kiosk.setup.progress import say

APT = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300")


@dataclass(frozen=True)
class Component:
    """A part of the machine: its Debian package, how to see that it is there, how to get it elsewhere."""

    name: str
    debian: str
    there: Callable[[], bool]
    elsewhere: str


def chromium() -> str | None:
    """The Chromium that the browser tests drive: COUNTERFOIL_CHROMIUM, else the first one on PATH."""
    named = os.environ.get("COUNTERFOIL_CHROMIUM")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return next((found for found in map(shutil.which, names) if found), None)


COMPONENTS = (
    Component(
        "libzbar (the second decoder)",
        "libzbar0",
        lambda: ctypes.util.find_library("zbar") is not None,
        "Fedora: dnf install zbar; macOS: brew install zbar; Windows: it comes inside the package",
    ),
    Component(
        "Chromium (the browser tests)",
        "chromium",
        lambda: chromium() is not None,
        "install Chromium or Chrome, or name one in COUNTERFOIL_CHROMIUM",
    ),
)


def bring() -> None:
    """Install what is missing where that can be done, else say how to get it. In CI, missing is a failure."""
    missing = [component for component in COMPONENTS if not component.there()]
    if missing and _can_install():
        _install([component.debian for component in missing])
        missing = [component for component in COMPONENTS if not component.there()]
    for component in missing:
        say(f"Missing: {component.name}. Debian and Ubuntu: apt install {component.debian}; {component.elsewhere}.")
    if missing and os.environ.get("CI") == "true":
        names = ", ".join(component.debian for component in missing)
        raise SetupError(
            "component-missing",
            f"The tests need {names}, and in CI nothing may be skipped",
            cure=f"Install {names} on the machine that runs CI.",
        )


def _can_install() -> bool:
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(names: Sequence[str]) -> None:
    """Through apt, its words shown only when it fails."""
    say(f"Installing through apt: {', '.join(names)} ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*APT, "update"], [*APT, "install", "--no-install-recommends", *names]):
        ran = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if ran.returncode:
            said = (ran.stderr.strip() or ran.stdout.strip()).splitlines()
            say(f"apt could not: {said[-1] if said else ran.returncode}")
