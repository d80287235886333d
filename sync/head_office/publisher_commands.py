"""``head-office publishers``: whether two people must sign what is published, and the second signature."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.errors import SetupError
from sync.head_office.shell import Subparsers, answer, command, content_of, opened_office, say

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LEAST_PASSPHRASE = 12


def add_publishers(inner: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``publishers`` with its verbs."""
    words = "who signs what is published"
    publishers = inner.add_parser("publishers", help=words, description=f"{words[0].upper()}{words[1:]}.")
    verbs = publishers.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    command(verbs, "list", "who must sign, and what waits for a signature", _list)
    key = command(verbs, "new-key", "make a second person's key, under a passphrase", _new_key)
    key.add_argument("file", type=Path, metavar="FILE", help="where to write it: on that person's own stick or disk")
    require = command(verbs, "require", "from the next publication on, a second person must sign", _require)
    require.add_argument("name", metavar="NAME", help="who that is")
    require.add_argument("key", metavar="PUBLIC", help="the public key that new-key told, 64 hexadecimal digits")
    command(verbs, "release", "one signature is enough again", _release)
    sign = command(verbs, "sign", "sign what waits, as the second person", _sign)
    sign.add_argument("file", type=Path, metavar="FILE", help="that person's key")
    command(verbs, "withdraw", "do not publish what waits", _withdraw)


def _list(args: argparse.Namespace) -> int:
    from sync.head_office import cosigning

    with opened_office(args) as office:
        now, held = cosigning.publishers(office.store, office.keys), cosigning.waiting(office.store)
        for key, name in now.names.items():
            say(f"{name}: {key}")
        say("One signature is enough." if now.threshold == 1 else "Both must sign.")
        if held is not None:
            say(f"Version {held.bundle.version} waits for its second signature.")
        version = None if held is None else held.bundle.version
        answer({"threshold": now.threshold, "publishers": now.names, "waiting": version})
    return 0


def _new_key(args: argparse.Namespace) -> int:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    passphrase = _passphrase()
    if len(passphrase) < LEAST_PASSPHRASE:
        cure = f"Use {LEAST_PASSPHRASE} characters or more."
        raise SetupError("passphrase-short", "That passphrase is too short", cure=cure)
    key = Ed25519PrivateKey.generate()
    sealed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    try:
        with os.fdopen(os.open(args.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
    except OSError as error:
        raise SetupError(
            "file-unwritable", f"Cannot write {args.file}: {error.strerror}", where=str(args.file),
            cure="Choose a name that is not taken, in a folder that you may write to.",
        ) from None  # fmt: skip
    public = key.public_key().public_bytes_raw().hex()
    say(f"Keep {args.file} away from this server. Its public half: {public}")
    answer({"public_key": public})
    return 0


def _require(args: argparse.Namespace) -> int:
    from sync.head_office import cosigning

    try:
        public = bytes.fromhex(args.key)
    except ValueError:
        public = b""
    if len(public) != 32:
        raise SetupError("key-unreadable", "That is no public key", cure="It has 64 hexadecimal digits; see new-key.")
    with opened_office(args) as office:
        cosigning.require(office, args.name, public)
    say(f"From the next publication on, {args.name} must sign as well.")
    answer({"threshold": 2})
    return 0


def _release(args: argparse.Namespace) -> int:
    from sync.head_office import cosigning

    with opened_office(args) as office:
        cosigning.release(office)
    say("From the next publication on, one signature is enough.")
    answer({"threshold": 1})
    return 0


def _sign(args: argparse.Namespace) -> int:
    from sync.head_office import cosigning

    key = _read_key(args.file)
    with opened_office(args) as office:
        bundle = cosigning.sign(office, key)
    say(f"Version {bundle.version} is published.")
    answer({"published": True, "version": bundle.version})
    return 0


def _withdraw(args: argparse.Namespace) -> int:
    from sync.head_office import cosigning

    with opened_office(args) as office:
        cosigning.withdraw(office)
    say("It is withdrawn: what was published before stays in force.")
    answer({"withdrawn": True})
    return 0


def _read_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    content = content_of(path)
    try:
        key = serialization.load_pem_private_key(content, _passphrase().encode())
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SetupError(
            "key-unreadable",
            "That file and that passphrase give no key",
            where=str(path),
            cure="Check both; nothing was signed.",
        )
    return key


def _passphrase() -> str:
    """Asked for on a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Passphrase: ")
    return sys.stdin.readline().rstrip("\n")
