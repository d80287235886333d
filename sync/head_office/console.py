"""What every command of head office does: words to standard error, one line of JSON to standard output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.head_office.office import HeadOffice


def say(words: str) -> None:
    """Tell a person."""
    print(words, file=sys.stderr, flush=True)


def answer(said: Mapping[str, Any]) -> None:
    """Tell a machine."""
    print(json.dumps(said, ensure_ascii=False), flush=True)


@contextmanager
def open_office(args: argparse.Namespace) -> Iterator[HeadOffice]:
    """The head office that the arguments name, closed afterwards."""
    from sync.head_office.office import HeadOffice

    office = HeadOffice.open(args.data, database=args.database)
    try:
        yield office
    finally:
        office.close()
