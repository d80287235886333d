"""What a tap on Redeem needs, and what it writes down.

Rules of this module:

- An accept needs nothing more. A check needs the clerk's eyes: the filmed picture was touched, or was on display for
  a second, and the tap comes from a page that had it.
- A screen that was seen before needs a reason as well; it is written down with the redemption.
- What the answer "ask" was given to needs a shift manager's PIN and a reason; both are written down. The manager said
  yes to what was on display: if something else is asked by now, it is asked anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kiosk.answering import same_answer
from kiosk.clock import to_ms
from kiosk.core.catalogue import Credential
from kiosk.core.fact import Redemption, Spent
from kiosk.core.screen import MarkState
from kiosk.core.verdict import Outcome, Reason, Verdict
from kiosk.display import Showing
from kiosk.errors import CounterfoilError
from kiosk.sale import OpenSale

LOOK_S = 1.0
ANYWAY = ("two-guests", "new-visit", "other")
APPROVED_WHY = ("good-faith", "could-not-come", "our-mistake")
NOT_APPROVED = "That PIN does not fit. Nothing was redeemed."
MAY_APPROVE = ("shift-manager", "head-office")
"""The roles whose PIN says yes where the answer is ask."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a page says with a tap.

    ``looked``: it had the filmed picture; ``touched``: the clerk touched it; ``anyway``: why a screen that was seen
    before is honoured, one of ``ANYWAY``.
    """

    looked: bool = False
    touched: bool = False
    anyway: str | None = None


NO_LOOK = Look()


@dataclass(frozen=True, slots=True)
class Approval:
    """A shift manager said yes: who (a clerk's id), and why, one of ``APPROVED_WHY``."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where, when and by whom it is redeemed, and what the counter knew then (``peers``: of its neighbours' feeds).

    ``spent`` are the rights that it takes.
    """

    store: str
    clerk: str
    now: datetime
    bundle_version: int
    head_office_n: int
    sale: OpenSale
    peers: Mapping[str, int] = field(default_factory=dict)
    spent: tuple[Spent, ...] = ()


def hindrance(showing: Showing, verdict: Verdict, look: Look, now_s: float) -> CounterfoilError | None:
    """What is missing before a check, or what a manager approved, may be redeemed; or None."""
    if verdict.outcome is Outcome.ASK and not same_answer(verdict, showing.verdict):
        return CounterfoilError(
            "asked-anew", "Something else is asked by now", cure="Nothing was redeemed. Look, and approve it again."
        )
    if verdict.outcome is not Outcome.CHECK or showing.screen is None:
        return None
    had_it = showing.screen.touched or look.touched or now_s - showing.screen.since_s >= LOOK_S
    if not look.looked or not had_it:
        return CounterfoilError(
            "not-looked",
            "Look at the filmed picture first: touch it, or give it a second",
            cure="Nothing was redeemed.",
        )
    if verdict.reason is Reason.SEEN_BEFORE and look.anyway not in ANYWAY:
        return CounterfoilError(
            "reason-missing",
            "This screen was redeemed before",
            cure="Say why it is honoured all the same. Nothing was redeemed.",
        )
    return None


def redemption(
    showing: Showing,
    credential: Credential,
    verdict: Verdict,
    occasion: Occasion,
    look: Look = NO_LOOK,
    approval: Approval | None = None,
) -> Redemption:
    """The entry to be written."""
    value = None if showing.promotion is None else showing.promotion.value
    reading = None if showing.screen is None else showing.screen.reading
    not_read = [] if reading is None else [one.kind for one in reading.marks if one.state is not MarkState.READ]
    return Redemption(
        at_ms=to_ms(occasion.now),
        intent=bytes.fromhex(showing.id),
        promotion=credential.promotion,
        credential=credential.digest,
        credential_kind=credential.kind,
        store=occasion.store,
        clerk=occasion.clerk,
        bundle_version=occasion.bundle_version,
        head_office_n=occasion.head_office_n,
        peers=occasion.peers or None,
        amount_minor=verdict.cost_minor,
        currency=None if value is None or verdict.cost_minor is None else value.currency,
        holder=verdict.holder,
        basket_minor=occasion.sale.basket_minor,
        held_ms=max(0, to_ms(occasion.now) - to_ms(showing.shown_at)),
        screen=None if reading is None else reading.result.value,
        not_read=",".join(dict.fromkeys(not_read)) or None,
        anyway=look.anyway if verdict.reason is Reason.SEEN_BEFORE else None,
        approved_by=None if approval is None else approval.by,
        approved_why=None if approval is None else approval.why,
        sale=occasion.sale.id,
        shared=credential.shared,
        spent=occasion.spent or None,
    )
