"""Between this counter and the others of its store: what one answers, and what it asks them for.

Rules of this module:

- Whoever asks a neighbour holds no lock (two that ask each other would both find silence); whoever answers does.
- What is at home in this store is reserved at the neighbours before it is redeemed, unless its right is here. One who
  is silent is in a part of the network that is cut off: the policy's worst case.
- Where this counter is out of rights, the neighbours are asked for some; what they give is in the journal, and what is
  shown is decided anew.
"""

from __future__ import annotations

from typing import NamedTuple

from kiosk import answering
from kiosk.clock import to_ms
from kiosk.core.entry import FeedId
from kiosk.core.escrow import caps_of, risk_of, transfer
from kiosk.core.question import Question
from kiosk.core.reservation import Reply
from kiosk.core.rights import Right, RightKind
from kiosk.core.rules import holds_its_right, is_used_once, most_minor
from kiosk.core.verdict import Outcome, Reason, Verdict
from kiosk.display import Showing, State
from kiosk.workplace import Workplace

ASKED_AT_ONCE = 3
"""For how many redemptions like the one that is shown the neighbours are asked."""


# --- what a neighbour is answered ----------------------------------------------------------------


def is_used(work: Workplace, promotion: str, digest: bytes) -> bool:
    """Whether a live use of the credential (16 bytes) is known here."""
    return bool(work.standing.live_uses(promotion, digest))


def give_rights(work: Workplace, right: Right, amount: int, to: FeedId) -> int:
    """Write the transfer of what of ``amount`` can be spared to the feed ``to``; how much that is."""
    if work.is_fenced:  # what is given out of a journal with two histories counts nowhere, and its receiver overspends
        return 0
    entries = transfer(work.standing.accounts, right, amount, str(to), to_ms(work.clock.now()))
    if entries:
        work.ledger.append(*entries)
    return sum(entry.amount for entry in entries)


# --- what a neighbour is asked -------------------------------------------------------------------


class Wanted(NamedTuple):
    """A credential that is to be reserved: the promotion, its 16 bytes, and the intent of the redemption (16 bytes)."""

    promotion: str
    digest: bytes
    intent: bytes


def to_reserve(work: Workplace, showing_id: str) -> Wanted | None:
    """What has to be reserved before what is shown under ``showing_id`` is redeemed."""
    showing = _shown(work)
    if work.neighbours is None or showing is None or showing.id != showing_id or showing.screen is not None:
        return None
    question = answering.question_again(showing, work.known())
    if question is None or not is_used_once(question) or holds_its_right(question):
        return None
    if question.terms.offline.policy != "home-store":
        return None
    return Wanted(question.promotion_id, question.credential.digest, bytes.fromhex(showing.id))


def not_reserved(verdict: Verdict, reply: Reply) -> Verdict:
    """What is told where a neighbour objects."""
    facts = {"reserved": reply.answer.value}
    return Verdict(Outcome.REFUSE, Reason.NEEDS_HEAD_OFFICE, verdict.promotion, facts)


def rights_wanted(work: Workplace) -> list[tuple[Right, int]]:
    """The rights that are lacking for what is shown, each with the amount to ask the neighbours for."""
    showing = _shown(work)
    if work.neighbours is None or showing is None or showing.verdict.reason is not Reason.NO_ALLOWANCE:
        return []
    question = answering.question_again(showing, work.known())
    return [] if question is None else list(_lacking(question, work))


def _lacking(question: Question, work: Workplace) -> list[tuple[Right, int]]:
    accounts = work.standing.accounts
    rights = [*caps_of(question.terms, work.place.store), risk_of(question.terms)]
    needs = [(right, _cost(right, question)) for right in rights if right is not None]
    return [(right, ASKED_AT_ONCE * cost) for right, cost in needs if accounts.balance(right) < cost]


def _cost(right: Right, question: Question) -> int:
    if right.kind is RightKind.BUDGET:
        return question.cost_minor or 0
    return (most_minor(question) or 0) if right.kind is RightKind.RISK else 1


def _shown(work: Workplace) -> Showing | None:
    display = work.board.display
    return display.showing if display.state is State.VERDICT else None
