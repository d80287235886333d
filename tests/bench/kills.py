"""A real counter and a real head office killed again and again at moments that a seed chooses: kills [--rounds N]

``kills`` were made, after ``acknowledged`` redemptions that the counter had said were made; ``arrived`` are redemptions
and voids at head office, each of them once. The first that is wrong ends the bench.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.killing import Killing


def measure(arguments: Sequence[str]) -> dict[str, object]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench kills")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        killing = Killing.begin(Path(folder), args.seed)
        try:
            for _ in range(args.rounds):
                killing.round()
            arrived = killing.judge_all()
        finally:
            killing.road.stop()
    return {
        "kills": killing.kills,
        "published": killing.published,
        "acknowledged": len(killing.acknowledged),
        "arrived": arrived,
        "seconds": round(time.monotonic() - begun_s, 1),
    }
