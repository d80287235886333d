"""``head-office rotating-key``: the keys of codes that turn over. Secrets are never shown."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sync.head_office.shell import Subparsers, answer, command, content_of, opened_office, say

if TYPE_CHECKING:
    from kiosk.core.rotating import RotatingKey

_ADD_HELP = """\
add tacos-2026 --file pass.json                  the file that Google Wallet is given (rotatingBarcode)
add tacos-2026 --secret-hex 3132...3930          six digits that turn every 30 seconds
add tacos-2026 --secret-hex - < secret.txt       the secret stays out of the shell's history
add tacos-2026 --secret-hex - --digits 8 --period 60 --pattern 'TACOS-{totp_value_0}'
"""


def add_rotating_keys(inner: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the commands; a promotion names a key by ``rotating: {key: NAME}``."""
    words = "keys of codes that turn over (TOTP)"
    parser = inner.add_parser("rotating-key", help=words, description=f"{words[0].upper()}{words[1:]}.")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    adding = command(verbs, "add", "keep a key; promotions name it, never its secret", _add)
    adding.formatter_class = argparse.RawDescriptionHelpFormatter
    adding.epilog = _ADD_HELP
    adding.add_argument("name", metavar="NAME", help="such as tacos-2026")
    given = adding.add_mutually_exclusive_group(required=True)
    given.add_argument("--file", type=Path, metavar="JSON", help="a Google Wallet pass with its rotatingBarcode")
    given.add_argument("--secret-hex", metavar="HEX", help="the secret in base 16; -: read from standard input")
    adding.add_argument("--digits", type=int, help="of each value, with --secret-hex (default: 6)")
    adding.add_argument("--period", type=int, metavar="SECONDS", help="with --secret-hex (default: 30)")
    adding.add_argument("--pattern", help="of the whole code, with --secret-hex (default: {totp_value_0})")
    adding.add_argument("--algorithm", help="sha1, sha256 or sha512, with --secret-hex (default: sha1)")
    adding.add_argument("--replace", action="store_true", help="in place of the key of that name")
    command(verbs, "list", "name the keys that are kept", _list)
    command(verbs, "remove", "forget a key that no promotion names", _remove).add_argument("name", metavar="NAME")


def _add(args: argparse.Namespace) -> int:
    from kiosk.core.rotating import RotatingKeyError
    from sync.head_office.rotating_keys import KeepingError, add, checked_name

    name = checked_name(args.name)
    try:
        key = _from_file(name, args) if args.file is not None else _from_secret(name, args)
    except RotatingKeyError as error:
        where = str(args.file) if args.file is not None else ""
        cure = "Correct it, or see head-office rotating-key add --help."
        raise KeepingError("rotating-key-form", str(error).rstrip("."), where=where, cure=cure) from None
    with opened_office(args) as office:
        in_force = add(office, key, replace=args.replace)
    say(f"Rotating key {name} is kept: {_words(key)}")
    cure = f"Promotions take its codes with  rotating: {{key: {name}}}  and rotating among their credentials."
    say("It is in force: counters fetch it by themselves." if in_force else cure)
    answer({"name": name, "in_force": in_force})
    return 0


def _from_file(name: str, args: argparse.Namespace) -> RotatingKey:
    from kiosk.core.rotating import RotatingKeyError
    from kiosk.core.wallet import read_wallet

    extra = [f"--{one}" for one in ("digits", "period", "pattern", "algorithm") if getattr(args, one) is not None]
    if extra:
        raise RotatingKeyError(f"The file says it all; {', '.join(extra)} goes with --secret-hex.")
    return read_wallet(name, content_of(args.file).decode("utf-8-sig", errors="replace"))


def _from_secret(name: str, args: argparse.Namespace) -> RotatingKey:
    from kiosk.core.rotating import RotatingKey, Turning
    from kiosk.core.wallet import DEFAULT_PATTERN, read_secret

    typed = args.secret_hex
    written = sys.stdin.readline() if typed == "-" else typed
    digits, period = (default if given is None else given for given, default in ((args.digits, 6), (args.period, 30)))
    pattern = DEFAULT_PATTERN if args.pattern is None else args.pattern
    values = (Turning(read_secret(written.strip()), digits),)
    return RotatingKey(name, pattern, period * 1000, values, args.algorithm or "sha1")


def _list(args: argparse.Namespace) -> int:
    from sync.head_office.published import current
    from sync.head_office.rotating_keys import held, named

    with opened_office(args) as office:
        keys, published = held(office), current(office)
    promotions = published.promotions if published else ()
    told = []
    for name, key in keys.items():
        users = [one.id for one in promotions if name in named([one])]
        say(f"{name}: {_words(key)}; {'used by ' + ', '.join(users) if users else 'not used'}")
        told.append({"name": name, "pattern": key.pattern, "period_ms": key.period_ms, "algorithm": key.algorithm,
                     "digits": [one.digits for one in key.values], "promotions": users})  # fmt: skip
    if not told:
        say("No rotating key is kept.")
    answer({"rotating_keys": told})
    return 0


def _words(key: RotatingKey) -> str:
    digits = ", ".join(str(one.digits) for one in key.values)
    return f"{key.pattern}, {digits} digits, every {key.period_ms / 1000:g} s, {key.algorithm.upper()}"


def _remove(args: argparse.Namespace) -> int:
    from sync.head_office.rotating_keys import remove

    with opened_office(args) as office:
        remove(office, args.name)
    say(f"Rotating key {args.name} is forgotten")
    answer({"name": args.name})
    return 0
