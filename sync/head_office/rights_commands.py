"""``head-office rights``: what is stranded, and the decision that frees it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sync.head_office.shell import Subparsers, answer, command, opened_office, say

if TYPE_CHECKING:
    from kiosk.core.rights import Lot
    from sync.head_office.office import HeadOffice


def add_rights(inner: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``rights`` with its verbs."""
    rights = inner.add_parser("rights", help="rights that are stranded", description="Rights that are stranded.")
    verbs = rights.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    command(verbs, "list", "list what is stranded with counters that are gone, or held back after a restore", _list)
    parser = command(verbs, "free", "free one of what the list shows", _free)
    parser.add_argument("number", type=int, metavar="NUMBER", help="its number in the list")
    parser.add_argument("--why", required=True, help="the reason; it is kept with the decision")
    parser.add_argument("--by", required=True, metavar="NAME", help="who decides")
    parser.add_argument("--yes", action="store_true", help="without it, only what it risks is told")


def _list(args: argparse.Namespace) -> int:
    with opened_office(args) as office:
        rows = _rows(office)
        for number, (_, _, row) in enumerate(rows, 1):
            say(f"{number}. {row['feed']}: {row['words']} of {row['promotion']} ({row['right']}), {row['why']}")
        if not rows:
            say("Nothing is stranded.")
        answer({"stranded": [row for _, _, row in rows]})
    return 0


def _free(args: argparse.Namespace) -> int:
    from sync.head_office.stranded import StrandedError, free

    with opened_office(args) as office:
        rows = _rows(office)
        if not 1 <= args.number <= len(rows):
            cure = "See head-office rights list."
            raise StrandedError("not-stranded", f"Nothing has the number {args.number}", cure=cure)
        feed, lot, row = rows[args.number - 1]
        if not args.yes:
            say(f"{row['overrun']} Nothing was done: say --yes to free {row['words']}.")
            answer({"freed": None, "would_free": row})
            return 1
        free(office, feed, lot, row["amount"], by=args.by, why=args.why)
        say(f"{row['words']} of {row['promotion']} are free. {row['overrun']}")
        answer({"freed": row})
    return 0


def _rows(office: HeadOffice) -> list[tuple[str, Lot, dict[str, Any]]]:
    """Everything that can be freed, in one order; the last of each is what a program is told."""
    from kiosk.core.rights import Lot
    from sync.head_office.incarnations import incarnation_of
    from sync.head_office.published import current
    from sync.head_office.rights_words import WHY, amount_words, overrun_words
    from sync.head_office.stranded import held_back, stranded

    state = current(office)
    promotions = {one.id: one for one in state.promotions} if state is not None else {}
    number = incarnation_of(office.store).number
    found = [(one.feed, one.lot, one.amount, WHY[one.why]) for one in stranded(office)]
    found += [(one.feed, Lot(one.right, number), one.amount, "held back after a restore") for one in held_back(office)]
    rows = []
    for feed, lot, amount, why in found:
        right, promotion = lot.right, promotions.get(lot.right.promotion)
        row = {
            "feed": feed, "promotion": right.promotion, "right": right.kind.name.lower(),
            "subject": right.subject.hex(), "granted_by": lot.granted_by, "amount": amount, "why": why,
            "words": amount_words(promotion, right, amount), "overrun": overrun_words(promotion, right, amount),
        }  # fmt: skip
        rows.append((feed, lot, row))
    return rows
