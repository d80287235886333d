"""``head-office`` and its commands. Words go to standard error; the last line of standard output is JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.errors import CounterfoilError, SetupError
from sync.head_office import (
    clock_commands,
    code_commands,
    publisher_commands,
    rights_commands,
    stick_commands,
    voucher_commands,
)
from sync.head_office.shell import Subparsers as _Subparsers
from sync.head_office.shell import add_places as _add_places
from sync.head_office.shell import answer as _answer
from sync.head_office.shell import command as _command
from sync.head_office.shell import content_of
from sync.head_office.shell import opened_office as _office
from sync.head_office.shell import say as _say

if TYPE_CHECKING:
    from sync.head_office.office import HeadOffice
    from sync.head_office.publish import NewCodes, Published

PORT = 8700
_ROLES = ("clerk", "shift-manager", "head-office")


def add_parser(commands: _Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``head-office`` with its commands; each sets ``run``: arguments in, exit code out."""
    from sync.head_office.rotating_key_commands import add_rotating_keys

    top = commands.add_parser(
        "head-office",
        help="serve it, publish, enrol counters",
        description="Serve head office, or do one thing.",
    )
    _add_places(top, Path("head-office"))
    _add_serving(top, PORT, "127.0.0.1")
    top.set_defaults(run=_run)
    inner = top.add_subparsers(dest="head_office_command", metavar="COMMAND")
    serving = _command(inner, "run", "serve head office (what it does when nothing is named)", _run)
    _add_serving(serving, argparse.SUPPRESS, argparse.SUPPRESS)
    _command(inner, "init", "make keys, database and the account admin", _init)
    _add_publish(inner)
    _add_people(inner)
    _add_counters(inner)
    code_commands.add_codes(inner)
    add_rotating_keys(inner)
    voucher_commands.add_voucher(inner)
    stick_commands.add_stick(inner)
    rights_commands.add_rights(inner)
    clock_commands.add_clock_reset(inner)
    publisher_commands.add_publishers(inner)
    _command(inner, "schema", "print the JSON Schema of promotions and organisation", _schema)


def _add_serving(parser: argparse.ArgumentParser, port: Any, host: Any) -> None:
    parser.add_argument("--port", type=_port, default=port, help=f"default: {PORT}; 0: any that is free")
    parser.add_argument("--host", default=host, help="address to serve on (default: 127.0.0.1, this machine only)")
    parser.add_argument(
        "--https",
        action="store_true",
        default=argparse.SUPPRESS,
        help="browsers reach it by https only: a proxy is in front",
    )
    parser.add_argument(
        "--stick", type=Path, default=argparse.SUPPRESS, metavar="FOLDER", help="where a USB stick is put in here"
    )


def _port(typed: str) -> int:
    number = int(typed)
    if not 0 <= number <= 65535:
        raise ValueError(typed)
    return number


def _add_publish(inner: _Subparsers[argparse.ArgumentParser]) -> None:
    parser = _command(inner, "publish", "publish promotions, the organisation, or both", _publish)
    parser.add_argument("promotions", nargs="?", type=Path, metavar="PROMOTIONS", help="YAML or JSON file")
    parser.add_argument("--organisation", type=Path, metavar="FILE", help="stores, counters and people; YAML or JSON")
    parser.add_argument(
        "--codes",
        action="append",
        default=[],
        metavar="PROMOTION=FILE",
        help="import listed codes: one a line, a JSON list, or CSV (code and, if it has one, its home: STORE or "
        "STORE/COUNTER); in place of those imported before",
    )
    parser.add_argument("--check", action="store_true", help="find problems only; publish nothing")


def _add_people(inner: _Subparsers[argparse.ArgumentParser]) -> None:
    clerk = inner.add_parser("clerk", help="who works the counters", description="Who works the counters.")
    verbs = clerk.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    adding = _command(verbs, "add", "add a clerk, or give one of the organisation a PIN", _add_clerk)
    adding.add_argument("name", metavar="NAME")
    adding.add_argument(
        "--store", action="append", default=[], metavar="STORE", help="again for each; none: all stores"
    )
    adding.add_argument("--role", choices=_ROLES, default="clerk")
    adding.add_argument("--pin", help="4 to 8 digits (default: one is made and shown)")
    token = inner.add_parser("token", help="keys for machines that read the log", description="Keys for machines.")
    verbs = token.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    _command(verbs, "add", "make a token and show it, this once", _add_token).add_argument("name", metavar="NAME")
    _command(verbs, "remove", "make a token open nothing", _remove_token).add_argument("name", metavar="NAME")
    reset = _command(inner, "password", "give an account a new one-time password", _reset_password)
    reset.add_argument("name", nargs="?", default="admin", metavar="ACCOUNT")


def _add_counters(inner: _Subparsers[argparse.ArgumentParser]) -> None:
    counter = inner.add_parser("counter", help="counters and how they come in", description="Counters.")
    verbs = counter.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    code = _command(verbs, "code", "make the one-time code that admits a device to a counter", _code)
    code.add_argument("store", metavar="STORE")
    code.add_argument("counter", metavar="COUNTER")
    pulling = _command(inner, "pull", "fetch from counters that can be reached from here", _pull)
    pulling.add_argument(
        "counter", nargs="?", metavar="STORE/COUNTER", help="one counter (default: all with an address)"
    )
    pulling.add_argument("--address", metavar="URL", help="where that counter serves; kept for the next time")


# --- what the commands do ----------------------------------------------------------------------


def _first_account(office: HeadOffice) -> str | None:
    from sync.head_office.accounts import FIRST_ACCOUNT, make_first_account

    password = make_first_account(office)
    if password is not None:
        _say(f"Account {FIRST_ACCOUNT}, one-time password {password} (shown once; it is changed at the first sign-in)")
    return password


def _init(args: argparse.Namespace) -> int:
    from sync.head_office.issuers import ensure_issuer

    with _office(args) as office:
        with office.store.together() as store:
            ensure_issuer(office, store)
        password = _first_account(office)
        _say(f"Head office is ready in {args.data}")
        _answer({"data": str(args.data), "account": "admin", "one_time_password": password})
    return 0


def _run(args: argparse.Namespace) -> int:
    from kiosk import assets
    from kiosk.serving import bind, serve
    from sync.head_office.app import create_app

    listening = bind(args.host, args.port)
    with _office(args) as office:
        app = create_app(
            office,
            templates=assets.templates(),
            static=assets.static(),
            secure_cookies=getattr(args, "https", False),
            stick_folder=getattr(args, "stick", None),
        )
        _first_account(office)
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        _say(f"Head office: http://{shown}:{port}/   (Ctrl+C ends it)")
        _answer({"address": f"http://{shown}:{port}"})
        serve(app, listening)
    return 0


def _publish(args: argparse.Namespace) -> int:
    from sync.head_office.problems import RefusedPublication

    if args.promotions is None and args.organisation is None and not args.codes:
        raise SetupError(
            "nothing-named", "Nothing to publish is named", cure="Name a file of promotions, or see --help."
        )
    try:
        done = _published(args)
    except RefusedPublication as error:
        _tell_problems(error, args)
        return 1
    _tell_published(done, str(args.promotions or "promotions"), only_checked=args.check)
    return 0


def _published(args: argparse.Namespace) -> Published:
    from sync.head_office.publish import check, publish
    from sync.head_office.sample_files import folder_samples

    promotions, organisation = _text(args.promotions, "promotions"), _text(args.organisation, "organisation")
    codes = _code_files(args.codes)
    samples = folder_samples(args.promotions.parent) if args.promotions is not None else None
    with _office(args) as office:
        if args.check:
            return check(office, promotions=promotions, organisation=organisation, codes=codes, samples=samples)
        return publish(
            office, promotions=promotions, organisation=organisation, codes=codes, samples=samples, by="command"
        )


def _text(path: Path | None, file: str) -> str | None:
    if path is None:
        return None
    from sync.head_office.problems import Problem, RefusedPublication

    content = content_of(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        kind: Any = file
        raise RefusedPublication([Problem(kind, line, 1, "", "This is not UTF-8.", "Save it as UTF-8.")]) from None


def _code_files(named: list[str]) -> NewCodes:
    from sync.head_office.code_files import read_code_file
    from sync.head_office.publish import NewCodes

    files = {}
    for one in named:
        promotion, equals, file = one.partition("=")
        if not (promotion and equals and file):
            raise SetupError("codes-form", f"--codes {one} names no file", cure="Write --codes PROMOTION=FILE.")
        files[promotion] = read_code_file(content_of(Path(file)), file)
    return NewCodes(
        imported={promotion: file.codes for promotion, file in files.items()},
        homes={promotion: file.homes for promotion, file in files.items()},
    )


def _tell_problems(error: Any, args: argparse.Namespace) -> None:
    named = {"promotions": args.promotions, "organisation": args.organisation}
    problems = []
    for one in error.problems:
        file = str(named.get(one.file) or one.file)
        path = f" ({one.path})" if one.path else ""
        cure = f" {one.cure}" if one.cure else ""
        _say(f"{file}:{one.line}:{one.column}: {one.message}{cure}{path}")
        problems.append(
            {"file": file, "line": one.line, "column": one.column, "path": one.path, "message": one.message,
             "cure": one.cure, "value": one.value}
        )  # fmt: skip
    count = len(problems)
    _say(f"Nothing was published: {count} {'problem' if count == 1 else 'problems'}. [{error.code}]")
    _answer({"published": False, "code": error.code, "problems": problems})


def _tell_published(done: Published, file: str, *, only_checked: bool) -> None:
    for change in done.changes:
        _say(f"{change.what} {change.id}: {change.kind}{f' ({change.words})' if change.words else ''}")
    for name, words in done.worst_cases.items():
        _say(f"Worst case of {name} if every counter is cut off: {words}.")
    notes = [note.told(file) for note in done.notes]
    if notes:
        _say("\n".join([f"Worth knowing ({len(notes)}):", *(f"  {note}" for note in notes)]))
    if only_checked:
        _say(f"No problem was found; nothing was published, it would be version {done.version}.")
    elif done.waits:
        _say(f"Version {done.version} waits for its second signature: head-office publishers sign.")
    else:
        _say(f"Published as version {done.version}; counters fetch it by themselves.")
    _answer(
        {
            "published": not only_checked and not done.waits,
            "version": done.version,
            "changes": [{"kind": one.kind, "what": one.what, "id": one.id, "words": one.words} for one in done.changes],
            "notes": notes,
            "worst_cases": dict(done.worst_cases),
            "guesses": {name: {"guesses": one.number, "at_most": one.at_most} for name, one in done.guesses.items()},
        }
    )


def _add_clerk(args: argparse.Namespace) -> int:
    from sync.head_office.people import add_clerk

    with _office(args) as office:
        added = add_clerk(office, args.name, args.store, args.role, args.pin)
    shown = f"; PIN {added.pin} (shown once)" if added.pin else ""
    _say(f"{added.clerk.name} ({added.clerk.role}) is added as {added.clerk.id}{shown}")
    _answer({"id": added.clerk.id, "name": added.clerk.name, "stores": list(added.clerk.stores), "pin": added.pin})
    return 0


def _add_token(args: argparse.Namespace) -> int:
    from sync.head_office.accounts import add_token

    with _office(args) as office:
        token = add_token(office, args.name)
    _say(f"Token {args.name}: {token} (shown once)")
    _answer({"name": args.name, "token": token})
    return 0


def _remove_token(args: argparse.Namespace) -> int:
    from sync.head_office.accounts import remove_token

    with _office(args) as office:
        remove_token(office, args.name)
    _say(f"Token {args.name} opens nothing any more")
    _answer({"name": args.name})
    return 0


def _reset_password(args: argparse.Namespace) -> int:
    from sync.head_office.accounts import reset_password

    with _office(args) as office:
        password = reset_password(office, args.name)
    _say(f"Account {args.name}, one-time password {password} (shown once; it is changed at the next sign-in)")
    _answer({"account": args.name, "one_time_password": password})
    return 0


def _code(args: argparse.Namespace) -> int:
    from kiosk.clock import from_ms
    from sync.head_office.desk import create_enrolment_code

    with _office(args) as office:
        shown = create_enrolment_code(office, args.store, args.counter)
    expires = from_ms(shown.expires_at_ms).isoformat(timespec="minutes")
    _say(f"One-time code for {shown.store}/{shown.counter}: {shown.code} (until {expires}; shown once)")
    _answer({"store": shown.store, "counter": shown.counter, "code": shown.code, "expires_at": expires})
    return 0


def _pull(args: argparse.Namespace) -> int:
    from sync.head_office.desk import counters, set_address
    from sync.head_office.pull import pull

    pulled = []
    with _office(args) as office:
        if args.counter and args.address:
            set_address(office, *_place(args.counter), args.address)
        known = [one for one in counters(office) if one.enrolment is not None and one.enrolment.address]
        places = [_place(args.counter)] if args.counter else [(one.store, one.counter) for one in known]
        for store, counter in places:
            try:
                done = pull(office, store, counter)
            except CounterfoilError as error:
                if args.counter:
                    raise
                _say(f"{store}/{counter}: {error}")
                pulled.append({"counter": f"{store}/{counter}", "entries": 0, "trouble": error.code})
            else:
                _say(f"{store}/{counter}: {done.entries} new entries")
                pulled.append({"counter": f"{store}/{counter}", "entries": done.entries, "trouble": None})
    _answer({"pulled": pulled})
    return 0 if all(one["trouble"] is None for one in pulled) else 1


def _place(typed: str) -> tuple[str, str]:
    store, slash, counter = typed.partition("/")
    if not (store and slash and counter):
        raise SetupError(
            "counter-form", f"{typed!r} names no counter", cure="Write STORE/COUNTER, such as bayside/front."
        )
    return store, counter


def _schema(_args: argparse.Namespace) -> int:
    from kiosk.core.organisation import Organisation
    from kiosk.core.promotion import promotion_schema

    _answer({"promotions": promotion_schema(), "organisation": Organisation.model_json_schema()})
    return 0
