"""``head-office clock-reset``."""

from __future__ import annotations

import argparse
from datetime import datetime

from sync.head_office.shell import Subparsers, answer, command, opened_office, say


def add_clock_reset(inner: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``clock-reset``."""
    words = "set the floor under counters' clocks anew, after head office's own clock was once wrong"
    parser = command(inner, "clock-reset", words, _reset)
    parser.add_argument("--counter", metavar="STORE/COUNTER", help="one counter (default: all)")
    parser.add_argument("--to", metavar="TIME", help="ISO 8601 with offset (default: now, by this machine's clock)")


def _reset(args: argparse.Namespace) -> int:
    from kiosk.clock import from_ms
    from sync.head_office.clock_reset import reset_clocks

    floor_ms = None if args.to is None else _read(args.to)
    with opened_office(args) as office:
        done = reset_clocks(office, floor_ms, args.counter)
    whom = "all counters" if args.counter is None else args.counter
    say(f"The floor under the clock of {whom} is {from_ms(done.floor_ms).isoformat()}; they learn it by themselves")
    answer({"floor_ms": done.floor_ms, "feeds": list(done.feeds)})
    return 0


def _read(typed: str) -> int:
    from kiosk.clock import to_ms
    from sync.head_office.clock_reset import unreadable

    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise unreadable(typed) from None
    if at.tzinfo is None:
        raise unreadable(typed)
    return to_ms(at)
