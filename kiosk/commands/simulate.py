"""``simulate``: many histories of counters and head office under faults, each from one seed; figures as one JSON line.

The simulator lies in the repository (tests/simulation), not in the wheel; it is imported when the command runs.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from kiosk.errors import SetupError

REPOSITORY = Path(__file__).parents[2]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's arguments."""
    words = "Try to break the protocol: histories of counters and head office under faults, one for each seed."
    command = commands.add_parser("simulate", help="try to break the protocol", description=words)
    command.add_argument("--seeds", default="0:100", metavar="FROM:TO", help="the seeds to play (TO excluded)")
    command.add_argument(
        "--schedule", default="mixed", metavar="NAME", help="uniform, biased, mixed (a quarter biased), or one bias"
    )
    command.add_argument("--mutants", action="store_true", help="hunt the known bugs of one line as well")
    command.add_argument("--trace", type=int, metavar="SEED", help="print the history of one seed")
    command.add_argument("--jobs", type=int, default=2, metavar="N", help="how many processes (2)")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The figures as the last line of standard output; 1 where an invariant was broken or a mutant lives."""
    if not (REPOSITORY / "tests" / "simulation" / "campaign.py").exists():
        raise SetupError(
            "no-simulator", "The simulator is not here", cure="It lies in the repository, not in the wheel."
        )
    begin, _, end = args.seeds.partition(":")
    if not (begin.isdigit() and end.isdigit()):
        raise SetupError("seeds-wrong", f"{args.seeds!r} are no seeds", cure="Write them as 0:2000.")
    if str(REPOSITORY) not in sys.path:
        sys.path.insert(0, str(REPOSITORY))
    campaign = importlib.import_module("tests.simulation.campaign")
    seeds = list(range(int(begin), int(end)))
    if args.trace is not None:
        print("\n".join(campaign.history(args.trace, args.schedule)))
    mutants = campaign.hunt_all(list(campaign.MUTANTS), args.jobs) if args.mutants else {}
    seen = campaign.play_all(seeds, args.schedule, args.jobs)
    print(campaign.as_json(seen, args.schedule, mutants))
    return 1 if seen.failures or "alive" in mutants.values() else 0
