"""What every command of head office is made of: its arguments' place, its office, its two ways of speaking."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.errors import SetupError

if TYPE_CHECKING:
    from sync.head_office.office import HeadOffice

Subparsers = argparse._SubParsersAction  # noqa: SLF001 (argparse has no public name for it)


def command(
    inner: Subparsers[argparse.ArgumentParser], name: str, words: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """Add the command ``name``; ``run`` takes its arguments and gives the exit code."""
    parser = inner.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
    add_places(parser, argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def add_places(parser: argparse.ArgumentParser, folder: Any) -> None:
    """Add the options that name the data folder and the database."""
    default = folder if folder is argparse.SUPPRESS else None
    parser.add_argument(
        "--data", type=Path, default=folder, metavar="DIR", help="keys and database (default: ./head-office)"
    )
    parser.add_argument(
        "--database",
        default=default,
        metavar="URL",
        help="postgresql://USER@HOST/NAME (default: SQLite in the data folder)",
    )


def say(words: str) -> None:
    """Tell a person: on standard error."""
    print(words, file=sys.stderr, flush=True)


def answer(said: Mapping[str, Any]) -> None:
    """Tell a program: the last line of standard output."""
    print(json.dumps(said, ensure_ascii=False), flush=True)


@contextmanager
def opened_office(args: argparse.Namespace) -> Iterator[HeadOffice]:
    """The head office that the arguments name, closed again afterwards."""
    from sync.head_office.office import HeadOffice

    office = HeadOffice.open(args.data, database=args.database)
    try:
        yield office
    finally:
        office.close()


def content_of(path: Path) -> bytes:
    """What a file holds; raises ``file-unreadable``."""
    try:
        return path.read_bytes()
    except OSError as error:
        cure = "Check the name and that you may read it."
        raise SetupError(
            "file-unreadable", f"Cannot read {path}: {error.strerror}", where=str(path), cure=cure
        ) from None
