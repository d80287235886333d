"""``stick``: its arguments. What it does is put together in run_kiosk.py, where kiosk and sync meet."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], run: Callable[[argparse.Namespace], int]
) -> None:
    """The arguments of a counter's stick; ``verb`` is export or import, ``folder`` where the stick is."""
    words = (
        "Carry a counter's journal to head office, and its answers back, on a USB stick. The counter is not running."
    )
    stick = commands.add_parser("stick", help="a counter's journal on a USB stick", description=words)
    verbs = stick.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    out = verbs.add_parser("export", help="write what head office lacks", description="Write what head office lacks.")
    out.add_argument("--to", type=Path, required=True, metavar="FOLDER", dest="folder", help="where the stick is")
    out.add_argument("--all", action="store_true", help="all entries, whatever head office has receipted")
    back = verbs.add_parser("import", help="take in what head office wrote", description="Take in what it wrote.")
    back.add_argument("--from", type=Path, required=True, metavar="FOLDER", dest="folder", help="where the stick is")
    for parser in (out, back):
        parser.add_argument(
            "--data",
            type=Path,
            default=Path("counter"),
            metavar="DIR",
            help="the counter's folder (default: ./counter)",
        )
        parser.set_defaults(run=run)
