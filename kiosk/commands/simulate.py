"""``simulate``: many histories of counters and head office under faults, each from one seed; figures as one JSON line.

The simulator lies in the repository (tests/simulation), not in the wheel; it is imported when the command runs.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from pathlib import Path

from kiosk.errors import SetupError

REPOSITORY = Path(__file__).parents[2]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's arguments."""
    words = "Try to break the protocol: histories of counters and head office under faults, one for each seed."
    command = commands.add_parser("simulate", help="try to break the protocol", description=words)
    command.add_argument(
        "--seeds", type=_seeds, metavar="FROM:TO", help="the seeds to play (TO excluded; 0:100, with --trace that one)"
    )
    command.add_argument(
        "--schedule", default="mixed", metavar="NAME", help="uniform, biased, mixed (a quarter biased), or one bias"
    )
    command.add_argument("--mutants", action="store_true", help="hunt the known bugs of one line as well")
    command.add_argument("--trace", type=int, metavar="SEED", help="print the history of one seed")
    command.add_argument("--jobs", type=_jobs, default=2, metavar="N", help="how many processes (2)")
    command.set_defaults(run=run)


def _seeds(typed: str) -> range:
    begin, _, end = typed.partition(":")
    seeds = range(int(begin), int(end)) if all(re.fullmatch("[0-9]{1,12}", one) for one in (begin, end)) else range(0)
    if not seeds:  # no seed, no violation: that would pass for a proof
        raise argparse.ArgumentTypeError(f"{typed!r} are no seeds; write them as 0:2000")
    return seeds


def _jobs(typed: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,2}", typed):
        raise argparse.ArgumentTypeError(f"{typed!r} is no number of processes; write 1 or more")
    return int(typed)


def run(args: argparse.Namespace) -> int:
    """The figures as the last line of standard output; 1 where an invariant was broken or a mutant lives."""
    if not (REPOSITORY / "tests" / "simulation" / "campaign.py").exists():
        raise SetupError(
            "no-simulator", "The simulator is not here", cure="It lies in the repository, not in the wheel."
        )
    if str(REPOSITORY) not in sys.path:
        sys.path.insert(0, str(REPOSITORY))
    campaign = importlib.import_module("tests.simulation.campaign")
    steps = importlib.import_module("tests.simulation.steps")
    if args.schedule not in steps.SCHEDULES:
        known = ", ".join(steps.SCHEDULES)
        raise SetupError(
            "no-such-schedule", f"There is no schedule named {args.schedule}", cure=f"Choose one of: {known}."
        )
    seeds = list(args.seeds or (range(100) if args.trace is None else range(args.trace, args.trace + 1)))
    if args.trace is not None:
        print("\n".join(campaign.history(args.trace, args.schedule)))
    mutants = campaign.hunt_all(list(campaign.MUTANTS), args.jobs) if args.mutants else {}
    seen = campaign.play_all(seeds, args.schedule, args.jobs)
    print(campaign.as_json(seen, args.schedule, mutants))
    return 1 if seen.failures or "alive" in mutants.values() else 0
