"""Hostile bytes for all that reads what others wrote: fuzz [--seconds N] [--seed N] [--target NAME]

``cases`` were read, of which ``refused`` with the error that is documented; ``findings`` are those that ended
otherwise, took over a second or much memory, each with the words that repeat it. Ten minutes without ``--seconds``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tests.fuzz.parsers import in_a_child


def measure(arguments: Sequence[str]) -> dict[str, object]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench fuzz")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", action="append", default=[])
    args = parser.parse_args(arguments)
    named = [word for name in args.target for word in ("--target", name)]
    told = in_a_child(
        "--seconds", str(args.seconds), "--seed", str(args.seed), *named, timeout_s=args.seconds * 2 + 120
    )
    return {
        "cases": sum(tally.cases for tally in told.values()),
        "refused": sum(tally.refused for tally in told.values()),
        "findings": [finding for tally in told.values() for finding in tally.findings],
    }
