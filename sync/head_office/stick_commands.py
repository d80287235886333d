"""``head-office stick export`` and ``import``."""

from __future__ import annotations

import argparse
from pathlib import Path

from sync.head_office.shell import Subparsers, answer, command, opened_office, say


def add_stick(inner: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``stick`` with its two commands."""
    parser = inner.add_parser(
        "stick", help="to and from counters on a USB stick", description="Files on a USB stick, where no line goes."
    )
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    out = command(verbs, "export", "write a file for each enrolled counter, or for those that are named", _export)
    out.add_argument("counter", nargs="*", metavar="STORE/COUNTER")
    out.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the stick is")
    out.add_argument("--all", action="store_true", help="all entries, whatever the counters are known to hold")
    back = command(verbs, "import", "take in what counters wrote", _import)
    back.add_argument("--from", type=Path, required=True, metavar="FOLDER", dest="folder", help="where the stick is")


def _export(args: argparse.Namespace) -> int:
    from sync.head_office.stick import OfficeStick
    from sync.stick_words import fields_written, told_written

    with opened_office(args) as office:
        written = OfficeStick(office).write_to(args.to, args.counter or None, everything=args.all)
    say("\n".join(told_written(written)))
    answer(fields_written(written))
    return 0


def _import(args: argparse.Namespace) -> int:
    from sync.head_office.stick import OfficeStick
    from sync.stick_words import exit_code, fields_read, told_read

    with opened_office(args) as office:
        read = OfficeStick(office).read_from(args.folder)
    say("\n".join(told_read(read)))
    answer(fields_read(read))
    return exit_code(read)
