"""``verify JOURNAL``: walk a journal's chain and say whether every entry is the one that was written."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's arguments."""
    words = (
        "Read a journal from its first entry to its last, check each hash and each signed checkpoint, "
        "and name the first broken entry. Nothing is written. Exit 0: whole; 1: broken; 3: there is no journal to read."
    )
    command = commands.add_parser("verify", help="check that a journal is whole", description=words)
    command.add_argument("journal", type=Path, metavar="JOURNAL", help="the journal file, or the folder that holds it")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Words on standard error, the report as one JSON line on standard output."""
    from kiosk.config import CounterFolder
    from kiosk.journal.verify import verify_command

    path = CounterFolder(args.journal).journal if args.journal.is_dir() else args.journal
    code, answer = verify_command(path)
    print(json.dumps(answer))
    return code
