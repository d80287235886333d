"""Counterfoil: honours at the counter what was promised on social media, and keeps the stub.

The one command that a person types, and the one place where the counter (kiosk) and what lies between
counters (sync) meet. In a checkout it prepares ``.venv`` beside itself and goes on inside it; installed
from a wheel it runs straight, under the name ``counterfoil``.

This file is read by whatever Python a person has, so its syntax stays old, and the first thing it does
is to look at the version.

Exit codes: 0 done; 1 the answer is no (a journal that does not verify, a failed check or test);
2 typed wrongly; 3 a fault, told in one sentence with its cure and a code to read out; 130 stopped by Ctrl-C.
"""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write(
        "Counterfoil needs Python 3.11 or newer, and this is {0}.{1} ({2}). "
        "Install a newer one (Debian 12, Ubuntu 24.04: apt install python3 python3-venv; elsewhere: python.org), "
        "then type for example: python3.11 run_kiosk.py [python-too-old]\n".format(
            sys.version_info[0], sys.version_info[1], sys.executable
        )
    )
    sys.exit(3)

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from kiosk import __version__
from kiosk.errors import CounterfoilError
from kiosk.setup import environment

COUNTER_PORT = 8710
HEAD_OFFICE_PORT = 8700
FAULT = 3
INTERRUPTED = 130

INTRO = """Counterfoil {version}: a redemption kiosk for shops, restaurants and box offices.
It films what a customer holds up, tells the clerk what to hand over, and keeps the stub.

Type one of these:
  {name} demo          head office and one counter on this machine, with sample promotions
  {name} counter       one counter
  {name} head-office   the server that publishes promotions and receives redemptions
  {name} doctor        what works on this machine, what does not, what to do
  {name} test          everything that must hold before a change is handed in
  {name} --help        all commands; NAME --help tells of one
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was typed; the answer is the exit code."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if not typed:
        print(INTRO.format(version=__version__, name=command_name()), end="")
        return 0
    args = parser().parse_args(typed)
    try:
        place = environment.checkout_of(Path(__file__))
        if place is not None and os.environ.get("COUNTERFOIL_ENVIRONMENT") != "as-is":
            environment.enter(place, "test" if args.command == "test" else "run", Path(__file__).resolve(), typed)
        return int(args.run(args))
    except CounterfoilError as error:
        if os.environ.get("COUNTERFOIL_DEBUG"):
            raise
        print(str(error), file=sys.stderr)
        return FAULT
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED


def command_name() -> str:
    """What a person types to get here."""
    return "counterfoil" if environment.checkout_of(Path(__file__)) is None else "python3 run_kiosk.py"


def parser() -> argparse.ArgumentParser:
    """Every command's arguments. Reads no package: ``--help`` works before anything is installed."""
    from kiosk.commands import bench, doctor, test, verify

    top = argparse.ArgumentParser(
        prog=command_name(),
        description="A redemption kiosk: film it, honour it, keep the stub.",
        epilog="Exit codes: 0 done, 1 the answer is no, 2 typed wrongly, 3 a fault (told with its cure), 130 stopped. "
        "COUNTERFOIL_DEBUG=1 shows where in the program a fault arose.",
    )
    top.add_argument("--version", action="version", version="counterfoil " + __version__)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    add_demo(commands)
    add_counter(commands)
    add_head_office(commands)
    for module in (doctor, verify, bench, test):
        module.add_parser(commands)
    return top


def add_counter(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The counter: one device at one counter of a store."""
    words = "Serve one counter: its camera, its journal and the clerk's page."
    counter = commands.add_parser("counter", help="serve one counter", description=words)
    counter.add_argument(
        "--data", type=Path, default=Path("counter"), metavar="DIR", help="journal, keys and cache (default: ./counter)"
    )
    counter.add_argument("--port", type=int, default=COUNTER_PORT, help="of the clerk's page (default: %(default)s)")
    counter.add_argument(
        "--host", default="127.0.0.1", help="address to serve on; default: this machine only (%(default)s)"
    )
    counter.add_argument(
        "--camera",
        default="0",
        metavar="SPEC",
        help="device number or path, video file, folder of pictures, http:// or rtsp:// address (default: device 0)",
    )
    counter.add_argument("--head-office", metavar="URL", help="where head office serves; needed once, with --code")
    counter.add_argument("--code", metavar="CODE", help="the one-time code that head office shows for this counter")
    counter.set_defaults(run=run_counter)


def add_demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The demonstration: the whole road on one machine."""
    words = "Start head office and one counter on loopback, with sample promotions and a filmed scene."
    demo = commands.add_parser("demo", help="see it work: head office and one counter", description=words)
    demo.add_argument("--check", action="store_true", help="walk the road with no screen; one JSON line, exit 0 or 1")
    demo.add_argument("--camera", metavar="SPEC", help="play this instead of the sample scene (see counter --help)")
    demo.add_argument(
        "--codes", type=Path, metavar="MANIFEST.csv", help="publish this file's texts (column expected_all) as codes"
    )
    demo.add_argument("--port", type=int, default=COUNTER_PORT, help="of the counter (default: %(default)s)")
    demo.add_argument(
        "--head-office-port", type=int, default=HEAD_OFFICE_PORT, help="of head office (default: %(default)s)"
    )
    demo.add_argument("--data", type=Path, metavar="DIR", help="where it keeps its files (default: .demo)")
    demo.add_argument("--fresh", action="store_true", help="forget what the demo kept and begin again")
    demo.add_argument("--no-browser", action="store_true", help="do not open the browser")
    demo.set_defaults(run=run_demo)


def add_head_office(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Head office's commands, where ``sync`` is there."""
    try:
        from sync.head_office.commands import add_parser
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("sync"):
            raise
        return  # a counter alone: it serves and redeems without sync
    add_parser(commands)


def run_counter(args: argparse.Namespace) -> int:
    """Put the counter together and serve it until it is stopped."""
    raise NotImplementedError("the counter's composition")


def run_demo(args: argparse.Namespace) -> int:
    """Start both sides as a person would, and walk the road."""
    raise NotImplementedError("the demo's composition")


if __name__ == "__main__":
    sys.exit(main())
