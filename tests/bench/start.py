"""What the way into the environment costs each start, in milliseconds: start [--rounds N]

Least of N rounds each: the command through the Python outside, the same straight inside, and both Pythons bare.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "run_kiosk.py"


def measure(arguments: Sequence[str]) -> dict[str, float]:
    """The bench as a command; ``overhead_ms`` is what a start through the outside costs above two bare Pythons."""
    parser = argparse.ArgumentParser(prog="bench start")
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args(arguments).rounds
    outside, inside = str(getattr(sys, "_base_executable", sys.executable)), sys.executable
    found = {
        "outside_bare_ms": least_ms([outside, "-c", "pass"], rounds),
        "inside_bare_ms": least_ms([inside, "-c", "pass"], rounds),
        "inside_ms": least_ms([inside, str(PROGRAM), "bench"], rounds),
        "through_ms": least_ms([outside, str(PROGRAM), "bench"], rounds),
    }
    bare_ms = found["outside_bare_ms"] + found["inside_bare_ms"]
    return {**found, "overhead_ms": round(found["through_ms"] - bare_ms, 1)}


def least_ms(command: Sequence[str], rounds: int) -> float:
    """The shortest of ``rounds`` runs: the one that was disturbed least."""
    took = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        took.append(time.perf_counter() - began_s)
    return round(min(took) * 1000, 1)
