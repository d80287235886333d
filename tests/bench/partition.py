"""Three counters and a head office on hosts of their own, cut and healed by turns, then judged: partition [--turns N]

Network namespaces where this user may make them, else loopback (``hosts`` says which). In each turn other ways are cut
(or one direction of them), programs are killed now and then, and some customers are served. Then all heals, and the
invariants are checked from the files: the first that does not hold ends the bench.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.hosts import Loopback
from tests.e2e.partition import COUNTERS, OFFICE, Partition


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench partition")
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--customers", type=int, default=60, help="in each turn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--loopback", action="store_true", help="even where namespaces are to be had")
    args = parser.parse_args(arguments)
    begun_s = time.monotonic()
    hosts = Loopback([OFFICE, *COUNTERS]) if args.loopback else None
    with tempfile.TemporaryDirectory() as folder:
        world = Partition.begin(Path(folder), args.seed, 150, hosts)
        try:
            for _ in range(args.turns):
                world.turn(args.customers)
            world.heal()
            figures = world.judge()
        finally:
            world.close()
    return {
        "hosts": type(world.hosts).__name__.lower(),
        "turns": args.turns,
        "faults": dict(world.turns),
        **figures,
        "seconds": round(time.monotonic() - begun_s, 1),
    }
