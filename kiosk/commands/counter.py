"""``counter``: its arguments. What it does is put together in run_kiosk.py, where kiosk and sync meet."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

PORT = 8710
LAN_PORT = 8711
TURNS = (0, 90, 180, 270)
TURNED_WORDS = "turn its pictures by 90, 180 or 270 degrees clockwise: for a camera on its side or upside down"


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], run: Callable[[argparse.Namespace], int]
) -> None:
    """The arguments of one device at one counter of a store."""
    words = "Serve one counter: its camera, its journal and the clerk's page."
    counter = commands.add_parser("counter", help="serve one counter", description=words)
    counter.add_argument(
        "--data", type=Path, default=Path("counter"), metavar="DIR", help="journal, keys and cache (default: ./counter)"
    )
    counter.add_argument("--port", type=port, default=PORT, help="of the clerk's page (default: %(default)s)")
    counter.add_argument(
        "--host", default="127.0.0.1", help="address to serve on; default: this machine only (%(default)s)"
    )
    counter.add_argument(
        "--camera",
        default="0",
        metavar="SPEC",
        help="device number or path, video file, folder of pictures, http:// or rtsp:// address; browser: the page "
        "films with the device it is open on; none: a hand-held scanner only (default: device 0)",
    )
    counter.add_argument("--camera-turned", type=int, choices=TURNS, default=0, metavar="DEGREES", help=TURNED_WORDS)
    counter.add_argument(
        "--language",
        choices=("en", "es"),
        default="",
        help="what its pages speak until a browser chooses (default: what the browser asks for)",
    )
    counter.add_argument(
        "--stick", type=Path, metavar="FOLDER", help="where a USB stick is put in: its page then does all with one tap"
    )
    counter.add_argument("--head-office", metavar="URL", help="where head office serves; needed once, with --code")
    counter.add_argument(
        "--code",
        metavar="CODE",
        help="the one-time code that head office shows for this counter (default: its page films it or takes it typed)",
    )
    counter.add_argument(
        "--new-head-office",
        action="store_true",
        help="with --code: head office was set up anew, with new keys; believe it",
    )
    counter.add_argument(
        "--lan",
        nargs="?",
        const=f"0.0.0.0:{LAN_PORT}",
        metavar="HOST:PORT",
        help="exchange with the other counters of this store over the local network, also while the line to head "
        f"office is down; without HOST:PORT: on every network of this machine, port {LAN_PORT}. Default: off",
    )
    counter.add_argument(
        "--neighbours",
        metavar="HOST:PORT,...",
        help="where the other counters are, instead of finding them by multicast DNS; each lists all others",
    )
    # for the demo and the tests: how a folder of pictures is played
    counter.add_argument("--camera-once", action="store_true", help=argparse.SUPPRESS)
    counter.add_argument("--camera-fps", type=float, default=15.0, help=argparse.SUPPRESS)
    counter.add_argument("--wait-for-clerk", action="store_true", help=argparse.SUPPRESS)
    counter.set_defaults(run=run)


def port(typed: str) -> int:
    """A TCP port; 0 lets the machine choose one."""
    number = int(typed)
    if not 0 <= number <= 65535:
        raise ValueError(typed)
    return number
