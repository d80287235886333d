"""``test``: everything that must hold before a change is handed in; CI runs this and nothing else."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kiosk.errors import SetupError

ROOT = Path(__file__).parents[2]
STEPS = (  # cheap first; pytest comes last, so that its closing line is the last word
    ("format", ("ruff", "format", "--check", "--quiet", ".")),
    ("lint", ("ruff", "check", "--quiet", ".")),
    ("types", ("mypy",)),
    ("borders", ("lint-imports", "--no-cache")),
    ("core", ("coverage", "run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/core")),
    ("branches", ("coverage", "report")),  # each line and branch of kiosk/core, or which ones no test took
)


QUICK = "not (browser or e2e)"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's arguments."""
    words = (
        "Format and lint (ruff), types (mypy), import borders (import-linter), every branch of kiosk/core taken by its "
        "own tests (coverage), then all tests (pytest), the browser's among them. What the tests need of the machine "
        "is installed where that can be done. "
        "What follows -- goes to pytest: test -- -k redeem"
    )
    command = commands.add_parser("test", help="run every check and all tests", description=words)
    command.usage = f"{command.prog} [-h] [--fast] [-- PYTEST ARGUMENTS]"
    command.add_argument("--fast", action="store_true", help="leave out browser and end-to-end tests")
    command.add_argument("pytest", nargs="*", metavar="PYTEST ARGUMENTS", help="arguments for pytest")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when every step passes; each step is run, so that one round shows all there is to mend."""
    if importlib.util.find_spec("pytest") is None or not (ROOT / "tests/requirements.lock").is_file():
        raise SetupError(
            "no-tests-here",
            "The tests lie in the repository, not in the installed package",
            cure="Clone the repository and type: python3 run_kiosk.py test",
        )
    if not args.fast:
        from kiosk.setup import components

        components.bring()
    failed = [name for name, command in STEPS if not step(name, command)]
    if not (run_lanes() if not args.fast and not args.pytest else run_chosen(args)):
        failed.append("tests")
    if failed:
        print(f"Not passed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run_chosen(args: argparse.Namespace) -> bool:
    """The tests that were asked for, as pytest says it."""
    chosen = ["-m", QUICK] if args.fast else []
    return run_tool(["pytest", *chosen, *args.pytest], quiet=False)[0] == 0


def run_lanes() -> bool:
    """All tests, in two lanes side by side: those that wait for a browser or a program, and those that reckon.

    Those of the core have run already, under coverage. The second lane is told as it goes, the first when both end.
    """
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(run_tool, ["pytest", "-m", f"not ({QUICK})"], quiet=True)
        reckoned = run_tool(["pytest", "-m", QUICK, "--ignore", "tests/unit/core"], quiet=False)[0] == 0
        code, printed = waiting.result()
    print(f"\nIn a browser, and end to end:\n{printed}", flush=True)
    return reckoned and code == 0


def step(name: str, command: Sequence[str]) -> bool:
    """Run one check and say in one line how it went; what it found follows only when it found something."""
    begun = time.monotonic()
    code, printed = run_tool(command, quiet=True)
    print(f"{'ok  ' if code == 0 else 'FAIL'} {name:<8} {time.monotonic() - begun:5.1f} s", file=sys.stderr, flush=True)
    if code:
        print(printed, file=sys.stderr, flush=True)
    return code == 0


def run_tool(command: Sequence[str], *, quiet: bool) -> tuple[int, str]:
    """A tool of this environment, run at the checkout's root: its exit code, and what it printed when ``quiet``."""
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    ran = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        errors="replace",
        check=False,
    )
    return ran.returncode, ran.stdout or ""
