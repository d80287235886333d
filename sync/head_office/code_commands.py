"""``head-office codes generate``: new listed codes, written to a file and published in one go."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.core import generated
from kiosk.errors import SetupError
from sync.head_office.shell import Subparsers, answer, command, opened_office, say

if TYPE_CHECKING:
    from sync.head_office.office import HeadOffice
    from sync.head_office.publish import Published

MOST_AT_ONCE = 1_000_000


def add_codes(inner: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``codes`` with its verbs."""
    codes = inner.add_parser("codes", help="listed codes", description="Listed codes.")
    verbs = codes.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    parser = command(verbs, "generate", "make new codes for a promotion and publish them", _generate)
    parser.add_argument("promotion", metavar="PROMOTION", help="its id")
    parser.add_argument("--count", type=int, required=True, metavar="N", help=f"how many, {MOST_AT_ONCE:,} at most")
    lengths = f"{generated.SHORTEST} to {generated.LONGEST}"
    parser.add_argument("--length", type=int, default=generated.SHORTEST, help=f"characters, {lengths} (default: 16)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file, one code a line")


def _generate(args: argparse.Namespace) -> int:
    from sync.head_office.guesses import words
    from sync.head_office.problems import RefusedPublication

    _check(args.count, args.length)
    with opened_office(args) as office:
        codes = new_codes(args.count, args.length, secrets.randbelow, known=_known(office))
        write_new(args.out, codes)  # before they are published: head office keeps hashes, nobody could print them later
        try:
            done = _publish(office, args.promotion, codes)
        except BaseException as error:
            args.out.unlink(missing_ok=True)  # codes that no counter knows must not be printed
            if not isinstance(error, RefusedPublication):
                raise
            first = error.problems[0]
            raise SetupError(
                "codes-not-published", f"No code was made: {first.message}", where=args.promotion, cure=first.cure
            ) from None
    many = "1 new code" if len(codes) == 1 else f"{len(codes):,} new codes"
    say(f"{many} for {args.promotion} in {args.out}. This file is the only place where they can be read.")
    found = done.guesses[args.promotion]
    say(words(found))
    answer(
        {
            "promotion": args.promotion,
            "count": len(codes),
            "file": str(args.out),
            "version": done.version,
            "guesses": found.number,
            "at_most": found.at_most,
        }
    )
    return 0


def _check(count: int, length: int) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        raise SetupError(
            "codes-count",
            f"{count:,} codes cannot be made at once",
            cure=f"Write --count with a number from 1 to {MOST_AT_ONCE:,}; run it again for more.",
        )
    if not generated.SHORTEST <= length <= generated.LONGEST:
        raise SetupError(
            "codes-length",
            f"No generated code has {length} characters",
            cure=f"Write --length with a number from {generated.SHORTEST} to {generated.LONGEST}.",
        )


def _known(office: HeadOffice) -> Callable[[str], bool]:
    """Whether a folded code is listed already, for whatever promotion."""
    from kiosk.core.credential import digest
    from sync.head_office.published import current

    now, key = current(office), office.keys.fleet_key
    listed = {row.digest for one in (now.promotions if now else ()) for row in office.store.listed_codes(one.id)}
    return lambda folded: digest(key, "listed", folded) in listed


def new_codes(count: int, length: int, draw: Callable[[int], int], known: Callable[[str], bool]) -> list[str]:
    """So many printed codes, no two the same and none ``known`` (folded); ``draw`` as for ``generated.make``."""
    made: dict[str, None] = {}
    while len(made) < count:
        code = generated.make(draw, length)
        if not known(code):
            made[code] = None
    return [generated.printed(code) for code in made]


def write_new(path: Path, codes: list[str]) -> None:
    """Write a file that was not there, one code a line, readable by its owner only; durable when this returns."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as file:
            file.writelines(f"{code}\n" for code in codes)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        cure = "Name a new file; codes made before are not written over."
        raise SetupError("file-exists", f"There is a file {path} already", where=str(path), cure=cure) from None
    except OSError as error:
        cure = "Name a file in a folder that you may write to."
        raise SetupError(
            "file-unwritable", f"Cannot write {path}: {error.strerror}", where=str(path), cure=cure
        ) from None


def _publish(office: HeadOffice, promotion: str, codes: list[str]) -> Published:
    from sync.head_office.publish import NewCodes, publish

    return publish(office, codes=NewCodes(generated={promotion: codes}), by="command")
