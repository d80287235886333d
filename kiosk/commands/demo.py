"""``demo``: its arguments. What it does is put together in run_kiosk.py, where kiosk and sync meet."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from kiosk.commands import counter

HEAD_OFFICE_PORT = 8700


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], run: Callable[[argparse.Namespace], int]
) -> None:
    """The arguments of the whole road on one machine."""
    words = "Start head office and one counter on loopback, with sample promotions and a filmed scene."
    demo = commands.add_parser("demo", help="see it work: head office and one counter", description=words)
    demo.add_argument("--check", action="store_true", help="walk the road with no screen; one JSON line, exit 0 or 1")
    demo.add_argument("--camera", metavar="SPEC", help="play this instead of the sample scene (see counter --help)")
    demo.add_argument(
        "--codes", type=Path, metavar="MANIFEST.csv", help="publish this file's texts (column expected_all) as codes"
    )
    demo.add_argument("--port", type=counter.port, default=counter.PORT, help="of the counter (default: %(default)s)")
    demo.add_argument(
        "--head-office-port",
        type=counter.port,
        default=HEAD_OFFICE_PORT,
        metavar="PORT",
        help="of head office (default: %(default)s)",
    )
    demo.add_argument("--data", type=Path, metavar="DIR", help="where it keeps its files (default: .demo)")
    demo.add_argument("--fresh", action="store_true", help="forget what the demo kept and begin again")
    demo.add_argument("--no-browser", action="store_true", help="do not open the browser")
    demo.set_defaults(run=run)
