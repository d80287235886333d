"""``bench NAME``: measure one thing and say it as one JSON line.

A bench is a file ``tests/bench/NAME.py`` whose first line says what it measures and whose
``measure(arguments)`` returns what it found, as JSON values.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path

from kiosk.errors import SetupError

BENCHES = Path(__file__).parents[2] / "tests" / "bench"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's arguments."""
    words = "Measure one thing on this machine; the figures are one JSON line. Without a name: what can be measured."
    command = commands.add_parser("bench", help="measure one thing", description=words)
    command.add_argument("name", nargs="?", metavar="NAME", help="what to measure")
    command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="what that bench takes")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The figures on standard output, all else on standard error."""
    if args.name is None:
        print("\n".join(f"{name:<14} {words}" for name, words in known().items()))
        return 0
    path = BENCHES / f"{args.name}.py"
    if args.name not in known():
        raise SetupError(
            "no-such-bench",
            f"There is no bench named {args.name}",
            cure=f"Choose one of: {', '.join(known())}."
            if known()
            else "The benches lie in the repository, not in the wheel.",
        )
    spec = importlib.util.spec_from_file_location(f"bench_{args.name}", path)
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = bench  # dataclasses look themselves up there
    spec.loader.exec_module(bench)
    print(json.dumps(bench.measure(args.arguments)))
    return 0


def known() -> dict[str, str]:
    """The benches by name, each with the first line that it says of itself."""
    found = sorted(path for path in BENCHES.glob("[a-z]*.py") if not path.name.startswith(("test_", "conftest")))
    return {path.stem: path.read_text(encoding="utf-8").splitlines()[0].strip('" ') for path in found}
