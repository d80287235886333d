"""``decide --scenarios FILE.jsonl``: what a counter would answer, for each question in a file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kiosk.errors import SetupError

if TYPE_CHECKING:
    from kiosk.commands.scenario_desk import Readers, ScenarioDesk

STANDARD_INPUT = "-"

_DESCRIPTION = """\
Answer questions about promotions as a counter would: one JSON object a line in, one a line out, in order.
It is how a promotion is tried before it is published. Nothing is written and nothing is redeemed.
"""

_HANDBOOK = """\
A question, on one line (here it is broken for reading):
  {"promotions": "promotions.yaml", "store": "bayside", "time_zone": "America/New_York",
   "at": "2026-11-06T18:00:00-05:00", "credential": {"kind": "word", "text": "SHRIMP20"}}
Its answer:
  {"verdict": "accept", "reason": "ok", "promotion": "tacos", "facts": {"limit": 100, "used": 0, "left": 100}}

What each question must say:
  promotions     the file to try, YAML or JSON; relative to the file of questions (to here where that is "-")
  store          where it is held up: "bayside". A name in a promotion's `stores` is a store
  time_zone      of all stores in the question: "America/New_York". Not needed where `organisation` has the store
  at             when, ISO 8601: "2026-11-06T18:00:00-05:00" or "2026-11-06T23:00:00Z"; without an offset it is what
                 the store's clock shows in `time_zone`. So are all times here but those of keys
  credential     what is held up: {"kind": "listed", "text": "TACO-7F3K-9HXM"}. Kinds: word, listed, voucher,
                 rotating, gs1, foreign, screen. The text decides, as at a counter. Of a screen the text is what is
                 read off it, in lines: "21:14\\n@zed.z\\nHarbor Grill\\nFree shrimp tacos" (or a list of lines).
                 The codes that are on a list are the promotions' own `codes`

What it may say (left out: not known, and a limit that needs it is named in "not_checked"):
  holder         who holds it, for per_customer: "ana@example.org"
  clerk          who asks, for per_clerk_day: "marta"
  basket_minor   what the sale comes to, in minor units: 2500 for $25.00
  in_sale        what was redeemed in this sale already: ["free-coffee"], or with what it took off:
                 [{"promotion": "free-coffee", "amount_minor": 350}]
  history        what was redeemed and undone before, in order:
                 [{"promotion": "tacos", "credential": "TACO-7F3K-9HXM", "store": "pier-9",
                   "at": "2026-11-06T17:00:00-05:00", "holder": "ana@example.org", "clerk": "marta",
                   "amount_minor": 1200, "void": false}]
                 `credential` is a text or an object as above. A `store` left out is the question's, an
                 `amount_minor` left out is what the promotion says. `"void": true` undoes the latest live redemption
                 of the same promotion, credential and store; where there is none, nothing
  counter        at which counter of the store: "front" (or "store": "bayside/front"); in `history` too
  organisation   organisation.yaml, relative too: its stores with their own time zones, groups, names, and its floor
  issuer_keys    public keys that sign vouchers, base64 or base 16: ["…"], or with the time they are trusted in:
                 [{"key": "…", "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}]
  revoked        vouchers taken back: [{"key": "…", "first": 10, "last": 19, "promotion": "tacos"}]
  rotating_keys  keys of rotating codes by name, as Google Wallet is given them ({"rotatingBarcode": …}), or
                 {"tacos-2026": {"secret": "base 16", "digits": 6, "period_s": 30, "pattern": "{totp_value_0}"}}
  listed         codes that are imported rather than in the file: {"tacos": ["CODE-1", "CODE-2"]}; `codes` is the same

What the counter can say yes to alone:
  online         true (the default): the history is all there is, and what is left is cap minus net. With false:
  allowance      the rights it has left: 3 uses, "24.00" of a budget (2400 where nothing but a budget is capped), or
                 {"uses": 3, "store_uses": 1, "amount": "24.00"}. Left out: the caps alone limit it.
                 Of a promotion without caps it is the credential's own right, as "policy: owner" asks for
  risk           how much it may still give unseen: "50.00", or 5000 in minor units. Left out: all of the promotion's
  freshness      of its list of promotions: "fresh" (the default), "stale" or "expired"
  published_at   when that list was published, for the facts
  fenced         true: its journal was seen to fork
  clock          what the time could be, where its clock is suspect: ["2026-11-06T16:55:00Z", "2026-11-06T23:00:00Z"]

What comes out: `verdict` is accept, check, ask or refuse; `reason` one code out of a closed set; `promotion` an id or
null; `facts` what is behind it. Fields that are not named here are not read; that is said once on standard error.
A line that cannot be read is answered with {"error": {"line", "field", "what", "cure"}} in its place, and told on
standard error. Empty lines are skipped. Exit codes: 0 all were answered, 1 some were not, 3 there is no such file.
"""


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], run: Callable[[argparse.Namespace], int]
) -> None:
    """The command's arguments; ``run`` brings the readers of the published files."""
    command = commands.add_parser(
        "decide",
        help="what a counter would answer: try promotions before they are published",
        description=_DESCRIPTION,
        epilog=_HANDBOOK,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--scenarios", required=True, metavar="FILE.jsonl", help="questions, one JSON object a line; -: standard input"
    )
    command.set_defaults(run=run)


def run(args: argparse.Namespace, readers: Readers) -> int:
    """Answer each line on standard output; words on standard error."""
    from kiosk.commands.scenario_desk import ScenarioDesk

    if args.scenarios == STANDARD_INPUT:
        return _answer_all(sys.stdin.buffer, ScenarioDesk(Path(), readers), "standard input")
    path = Path(args.scenarios)
    try:
        lines = path.open("rb")
    except OSError as error:
        what = f"Cannot read the scenarios: {error.strerror}"
        raise SetupError("file-unreadable", what, where=str(path), cure="Check the name of the file.") from None
    with lines:
        return _answer_all(lines, ScenarioDesk(path.parent, readers), str(path))


def _answer_all(lines: BinaryIO, desk: ScenarioDesk, name: str) -> int:
    from kiosk.scenarios.fields import ScenarioFault

    well = True
    for number, line in _numbered(lines):
        try:
            print(json.dumps(desk.answer(line)))
        except ScenarioFault as fault:
            well = False
            field = f", {fault.field}" if fault.field else ""
            _say(f"{name} line {number}{field}: {fault.what} {fault.cure} [scenario-unreadable]")
            told = {"line": number, "field": fault.field, "what": fault.what, "cure": fault.cure}
            print(json.dumps({"error": told}))
        for note in desk.new_notes():
            _say(f"{name} line {number}: {note}")
    return 0 if well else 1


def _numbered(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line that is not empty, with its number."""
    for number, line in enumerate(lines, start=1):
        bare = line.removeprefix(b"\xef\xbb\xbf").strip()
        if bare:
            yield number, bare


def _say(words: str) -> None:
    print(words, file=sys.stderr)
