"""Puts the packages of a lock file into an environment with pip: pinned, hashed, nothing compiled.

The lock names everything, so pip neither resolves nor builds; what it prints is counted for the
progress display and, when it fails, searched for the cause.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from kiosk.errors import SetupError
from kiosk.setup.progress import Progress

BEGINS = ("Collecting ", "Processing ", "Ignoring ", "Requirement already satisfied: ")  # one for each line of a lock
KEPT = frozenset({"pip", "setuptools", "wheel"})
POLL_S = 0.2
DISK_FULL = 16_000_000  # bytes left where venv fails without a word of why
CAUSES = (  # what pip prints, the code, what happened, the cure; the first that is found is told
    (
        r"No space left on device|Errno 28|not enough space",
        "disk-full",
        "The disk is full",
        "Free about 1 GB, then start again: it goes on where it stopped.",
    ),
    (
        r"Permission denied|Errno 13|Errno 30|Read-only file system",
        "no-write-permission",
        "The environment cannot be written",
        "Give yourself write permission to the folder, or move the checkout to one of your own.",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "package-altered",
        "A package is not the one that the lock file names",
        "Start again; when it stays, the registry or a proxy serves something else: do not install it.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "network-untrusted",
        "The package registry's certificate is not trusted here",
        "Behind a proxy that opens TLS, set PIP_CERT to its certificate and start again.",
    ),
    (
        r"NewConnectionError|ConnectionError|Max retries|ProxyError|[Tt]imed? ?out|ConnectionReset"
        r"|Temporary failure in name resolution|Network is unreachable|Connection broken",
        "no-network",
        "The package registry cannot be reached",
        "The first start needs the network: connect (or set HTTPS_PROXY), then start again.",
    ),
    (
        r"No matching distribution found",
        "no-package",
        "The registry has no build of a package for this machine and this Python",
        "Use CPython 3.11 to 3.14 on 64-bit Linux, macOS or Windows.",
    ),
)


def locked(lock: Path) -> list[str]:
    """The names that ``lock`` pins, normalised; one that has several versions by marker comes several times."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [normalised(line.split("==")[0]) for line in lines if re.match(r"[A-Za-z0-9]", line)]


def normalised(name: str) -> str:
    """A package's name as registries compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def install(python: Path, lock: Path, *, title: str = "Packages", target: Path | None = None) -> None:
    """Install what ``lock`` pins for ``python`` (into ``target``, a folder, when given).

    Raises ``SetupError`` with what pip stumbled over; what was installed before it stays.
    """
    command = [str(python), "-m", "pip", "install", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--retries", "3"]  # one at least: only then does pip say that it was the network
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "-r", str(lock)]
    command += ["--target", str(target)] if target else []
    printed = _run_and_count(command, Progress(title, len(locked(lock))), python)
    if printed is not None:
        raise failure(printed, lock)


def forget_half_unpacked(python: Path) -> None:
    """Have pip take a package anew whose unpacking was cut short: it writes RECORD last and looks only at METADATA."""
    for folder in _dist_infos(python):
        if not (folder / "RECORD").exists():
            shutil.rmtree(folder)


def remove_stale(python: Path, lock: Path) -> None:
    """Remove from the environment of ``python`` what ``lock`` does not name: two packages may own one module."""
    listing = _pip(python, ["list", "--format=json"])
    if listing.returncode:
        raise failure(listing.stdout + listing.stderr, lock)
    held = {normalised(row["name"]) for row in json.loads(listing.stdout)}
    stale = sorted(held - set(locked(lock)) - KEPT)
    if stale:
        remove(python, stale)


def remove(python: Path, names: Sequence[str]) -> None:
    """Take packages out of the environment of ``python``."""
    _pip(python, ["uninstall", "--yes", *names])


def failure(printed: str, lock: Path) -> SetupError:
    """What pip's (or venv's) last words mean for the person who waits; ``lock`` lies on the disk in question."""
    evidence = [line.strip() for line in printed.splitlines() if line.startswith("ERROR:")]
    where = evidence[-1].removeprefix("ERROR: ")[:300] if evidence else lock.name
    for pattern, code, what, cure in CAUSES:
        full = code == "disk-full" and shutil.disk_usage(lock.parent).free < DISK_FULL
        if full or re.search(pattern, printed):
            return SetupError(code, what, where=where, cure=cure)
    return SetupError(
        "packages-failed",
        "pip could not install the packages",
        where=where,
        cure="Start again; to see all that pip says, set COUNTERFOIL_DEBUG=1.",
    )


def _pip(python: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def _run_and_count(command: Sequence[str], progress: Progress, python: Path) -> str | None:
    """None when ``command`` succeeds, else all that it printed."""
    printed: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            printed.append(line)
            if os.environ.get("COUNTERFOIL_DEBUG"):
                sys.stderr.write(line)
            if line.startswith(BEGINS):
                progress.step(line.split()[1].split("==")[0])
            elif line.startswith("Installing collected packages: "):
                _count_unpacked(running, python, line.count(",") + 1)
    progress.close()
    return "".join(printed) if running.returncode else None


def _count_unpacked(running: subprocess.Popen[str], python: Path, total: int) -> None:
    """While pip unpacks it says nothing; the packages that appear on the disk do."""
    before = _dist_infos(python)
    progress = Progress("Unpacking", total)
    while running.poll() is None:
        progress.at(len(_dist_infos(python) - before))
        time.sleep(POLL_S)
    progress.at(total if running.returncode == 0 else progress.done)
    progress.close()


def _dist_infos(python: Path) -> set[Path]:
    """The folders in which the environment of ``python`` keeps what pip knows of each package."""
    return set(python.parent.parent.glob("[Ll]ib/**/site-packages/*.dist-info"))
