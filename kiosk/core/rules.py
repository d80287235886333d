"""The rules: each finds one reason against, or none.

Rules of this module:

- A limit or budget may be reached exactly. One whose key is not known (no clerk, no customer, no basket) is not
  applied; :func:`not_checked` names it.
- Words, screens and rotating codes know caps only; what can be used once (a voucher, a listed code) is honoured offline
  as the promotion's offline policy says.
- In the grace days a promotion's days, hours and exceptions do not apply, all else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo

from kiosk.core.nearest import opening, openings
from kiosk.core.question import Question, day_ms
from kiosk.core.screen import can_be_told_apart
from kiosk.core.situation import NO_ALLOWANCE_NEEDED, Allowance, Freshness
from kiosk.core.verdict import Outcome, Reason

Rule = Callable[[Question], Reason | None]

USED_ONCE = frozenset({"voucher", "listed", "foreign", "gs1"})
"""The kinds of which each has a right of its own; those that many share excepted."""

# --- what it is, and whether it was used -----------------------------------------------------------


def wrong_kind(question: Question) -> Reason | None:
    """The promotion takes no credential of this kind."""
    return None if question.credential.kind in question.terms.kinds else Reason.WRONG_CREDENTIAL


def used(question: Question) -> Reason | None:
    """It was used as often as it may be."""
    if question.is_screen or question.credential.shared:
        return None
    uses = question.counted_uses
    if len(uses) < _allowed_uses(question) and (not question.credential.used_up or _given_back(question)):
        return None
    return Reason.USED_HERE if any(use.store == question.place.store for use in uses) else Reason.USED_ELSEWHERE


def _given_back(question: Question) -> bool:
    """Whether a use is known here that was voided since head office marked the credential: there is one left again."""
    if not question.terms.promotion.void_restores_use:
        return False
    spent = question.promotion_id, question.credential.digest
    return len(question.known.live_uses(*spent)) < len(question.known.uses(*spent))


def _allowed_uses(question: Question) -> int:
    """A step of a rotating code is used once, whatever the limit per code."""
    return 1 if question.credential.kind == "rotating" else question.terms.per_code


# --- when and where ------------------------------------------------------------------------------


def ended(question: Question) -> Reason | None:
    """It will never pass again, here or (from a store that takes no part) anywhere; not even late."""
    if question.takes_part:
        closed = not question.is_open and opening(question, question.place.store) is None
        zones = {question.zone}
    else:
        closed = bool(question.stores) and not openings(question)
        zones = {store.zone for store in question.stores.values()}
    return Reason.OVER if closed and not any(_within_grace(question, zone) for zone in zones) else None


def late(question: Question) -> Reason | None:
    """It is over here, but by so few days that a shift manager may honour it."""
    if not question.takes_part or question.is_open or not _within_grace(question, question.zone):
        return None
    return None if opening(question, question.place.store) else Reason.LATE_WITHIN_GRACE


def _within_grace(question: Question, zone: tzinfo) -> bool:
    grace_days = question.terms.promotion.grace_days
    return bool(grace_days) and question.has_begun_in(zone) and late_days(question, zone) <= grace_days


def late_days(question: Question, zone: tzinfo) -> int:
    """How many days of ``zone`` after its last one it is asked for; 0 on that day itself."""
    return max(0, (question.local.astimezone(zone).date() - question.last_day(zone)).days)


def paused(question: Question) -> Reason | None:
    """Head office has stopped it for now."""
    return Reason.PAUSED if question.terms.promotion.paused else None


def wrong_place(question: Question) -> Reason | None:
    """This store takes no part, or this counter of it."""
    if not question.takes_part:
        return Reason.WRONG_STORE
    counters = question.counters_here(question.place.store)
    return None if counters is None or question.place.counter in counters else Reason.WRONG_COUNTER


def wrong_time(question: Question) -> Reason | None:
    """It does not run at this time."""
    if question.is_open or late(question):
        return None
    schedule = question.terms.schedule
    day = schedule.day_of(question.local)
    if day < schedule.first or not question.has_begun:
        return Reason.NOT_YET
    if day in schedule.blackout:
        return Reason.BLACKOUT
    in_its_tail = day > schedule.last  # the small hours of the last night, on a night whose clock is set back
    return Reason.WRONG_HOUR if in_its_tail or day.weekday() in schedule.days else Reason.WRONG_DAY


# --- limits and budget ---------------------------------------------------------------------------


def limit_total(question: Question) -> Reason | None:
    """All have been given out."""
    limit = question.terms.promotion.limits.total
    return Reason.LIMIT_TOTAL if limit is not None and total_used(question) >= limit else None


def total_used(question: Question) -> int:
    """How many redemptions of the promotion are known."""
    return question.known.tally(question.promotion_id).live


def limit_store(question: Question) -> Reason | None:
    """This store has given out all of its own."""
    limit = question.terms.promotion.limits.per_store
    return Reason.LIMIT_STORE if limit is not None and store_used(question) >= limit else None


def store_used(question: Question) -> int:
    """How many at this store."""
    return question.known.tally(question.promotion_id).at_store(question.place.store)


def limit_store_day(question: Question) -> Reason | None:
    """This store has given out all that it may on this store-local day."""
    limit = question.terms.promotion.limits.per_store_day
    return Reason.LIMIT_STORE_DAY if limit is not None and store_day_used(question) >= limit else None


def store_day_used(question: Question) -> int:
    """How many at this store today."""
    tally = question.known.tally(question.promotion_id)
    return tally.at_store_between(question.place.store, *day_ms(question.zone, question.local.date()))


def limit_clerk_day(question: Question) -> Reason | None:
    """This clerk has given out all that one may on this store-local day."""
    limit = question.terms.promotion.limits.per_clerk_day
    return Reason.LIMIT_CLERK_DAY if limit is not None and clerk_day_used(question) >= limit else None


def clerk_day_used(question: Question) -> int:
    """How many by this clerk today; 0 where nobody says who asks."""
    if question.sale.clerk is None:
        return 0
    tally = question.known.tally(question.promotion_id)
    return tally.by_clerk_between(question.sale.clerk, *day_ms(question.zone, question.local.date()))


def limit_customer(question: Question) -> Reason | None:
    """This customer has had as many as one may."""
    limit = question.terms.promotion.limits.per_customer
    return Reason.LIMIT_CUSTOMER if limit is not None and customer_used(question) >= limit else None


def customer_used(question: Question) -> int:
    """How many by this customer; 0 where nobody knows who it is."""
    if question.holder is None:
        return 0
    voided_too = not question.terms.promotion.void_restores_use
    return question.known.tally(question.promotion_id).by_holder(question.holder, voided_too=voided_too)


def budget_spent(question: Question) -> Reason | None:
    """What is left of the budget does not cover this one."""
    budget_minor, cost_minor = question.terms.budget_minor, question.cost_minor
    if budget_minor is None or cost_minor is None:
        return None
    spent_minor = question.known.tally(question.promotion_id).spent_minor
    return Reason.BUDGET_SPENT if spent_minor + cost_minor > budget_minor else None


# --- basket, stacking, evidence --------------------------------------------------------------------


def basket_too_small(question: Question) -> Reason | None:
    """The sale comes to less than it must."""
    least, basket_minor = question.terms.basket_min_minor, question.sale.basket_minor
    too_small = least is not None and basket_minor is not None and basket_minor < least
    return Reason.BASKET_TOO_SMALL if too_small else None


def basket_too_large(question: Question) -> Reason | None:
    """The sale comes to more than it may."""
    most, basket_minor = question.terms.basket_max_minor, question.sale.basket_minor
    too_large = most is not None and basket_minor is not None and basket_minor > most
    return Reason.BASKET_TOO_LARGE if too_large else None


def does_not_stack(question: Question) -> Reason | None:
    """What was redeemed in this sale does not go with it, or leaves too little of what a sale may take off."""
    if against_it(question):
        return Reason.DOES_NOT_STACK
    cap_minor, off_minor = question.terms.stack_cap_minor, already_off_minor(question)
    if cap_minor is None or off_minor is None or question.cost_minor is None:
        return None
    return Reason.DOES_NOT_STACK if off_minor + question.cost_minor > cap_minor else None


def against_it(question: Question) -> list[str]:
    """The ids of what was redeemed in this sale that it does not go with."""
    allowed = question.terms.promotion.stacks_with
    return [one.promotion for one in question.sale.redeemed if one.promotion not in allowed]


def already_off_minor(question: Question) -> int | None:
    """What this sale took off before; None where that is not known in the same currency."""
    off_minor = 0
    for one in question.sale.redeemed:
        terms = question.catalogue.terms(one.promotion)
        amount_minor = one.amount_minor
        if terms is None or (terms.has_value and terms.currency != question.terms.currency):
            return None
        if amount_minor is None:
            amount_minor = terms.cost_minor(question.sale.basket_minor) if terms.has_value else 0
        if amount_minor is None:
            return None
        off_minor += amount_minor
    return off_minor


def value_over_evidence(question: Question) -> Reason | None:
    """A credential of this grade may not be worth as much."""
    cap_minor, cost_minor = question.terms.evidence_minor.get(question.credential.kind), question.cost_minor
    over = cap_minor is not None and cost_minor is not None and cost_minor > cap_minor
    return Reason.VALUE_OVER_EVIDENCE if over else None


# --- what a counter may say yes to alone -----------------------------------------------------------


def fenced(question: Question) -> Reason | None:
    """This counter's journal was seen to fork: nothing that it writes counts."""
    return Reason.COUNTER_FENCED if question.known.situation.fenced else None


def needs_head_office(question: Question) -> Reason | None:
    """It can be used once, and only head office (or who holds its right) can tell whether it was."""
    if question.known.situation.online or not is_used_once(question) or holds_its_right(question):
        return None
    if question.terms.offline.policy == "floor" or is_at_home(question):
        return None
    return Reason.NEEDS_HEAD_OFFICE


def is_at_home(question: Question) -> bool:
    """Whether its policy lets this counter give it because it is at home here."""
    policy, here = question.terms.offline.policy, question.place
    if policy == "owner":
        return _owns_homes(question) and f"{here.store}/{here.counter}" in _homes(question)
    at_home = {home.partition("/")[0] for home in _homes(question)}
    return policy == "home-store" and here.store in at_home


def _owns_homes(question: Question) -> bool:
    situation = question.known.situation
    return situation.owns_homes and (question.promotion_id, question.credential.digest) not in situation.given_away


def holds_its_right(question: Question) -> bool:
    """Whether this counter has the one right of the credential: nobody else can give it meanwhile."""
    return (question.promotion_id, question.credential.digest) in question.known.situation.held


def is_used_once(question: Question) -> bool:
    """Whether the credential has a right of its own."""
    return question.credential.kind in USED_ONCE and not question.credential.shared


def _homes(question: Question) -> Iterator[str]:
    right = question.right
    if right.home is not None:
        yield right.home
    if right.store is not None:
        yield right.store if right.counter is None else f"{right.store}/{right.counter}"


def no_allowance(question: Question) -> Reason | None:
    """This counter has no right left to give another one."""
    allowance = question.known.situation.allowances.get(question.promotion_id, NO_ALLOWANCE_NEEDED)
    cost_minor = question.cost_minor or 0
    lacks = (
        (allowance.uses is not None and allowance.uses < 1)
        or (allowance.store_uses is not None and allowance.store_uses < 1)
        or (allowance.amount_minor is not None and allowance.amount_minor < cost_minor)
        or _lacks_risk(question, allowance)
    )
    return Reason.NO_ALLOWANCE if lacks else None


def _lacks_risk(question: Question, allowance: Allowance) -> bool:
    most = most_minor(question)
    if not is_at_risk(question) or allowance.risk_minor is None or most is None:
        return False
    return most > allowance.risk_minor


def over_floor(question: Question) -> Reason | None:
    """It is worth more than a counter may accept unseen."""
    if not is_at_risk(question):
        return None
    most = most_minor(question)
    return Reason.OVER_FLOOR if most is None or most > floor_minor(question) else None


def floor_minor(question: Question) -> int:
    """The most that may be accepted unseen: the half of it once the list is no longer fresh."""
    floor = question.terms.offline.floor_minor or 0
    return floor if question.known.situation.freshness is Freshness.FRESH else floor // 2


def is_at_risk(question: Question) -> bool:
    """Whether a yes is one that head office could not be asked about, at the risk of the promotion."""
    alone = not question.known.situation.online and not holds_its_right(question)
    return alone and is_used_once(question) and question.terms.offline.policy == "floor"


def most_minor(question: Question) -> int | None:
    """What it costs, or could cost at most; None where nothing says."""
    return question.terms.at_most_minor if question.cost_minor is None else question.cost_minor


def stale(question: Question) -> Reason | None:
    """The list of promotions is so old that nobody should rely on it."""
    return Reason.PROMOTIONS_STALE if question.known.situation.freshness is Freshness.EXPIRED else None


RULES: Sequence[Rule] = (
    wrong_kind, used, ended, paused, wrong_place, wrong_time, late,
    limit_total, limit_store, limit_store_day, limit_clerk_day, limit_customer, budget_spent,
    basket_too_small, basket_too_large, does_not_stack, value_over_evidence,
    fenced, needs_head_office, no_allowance, over_floor, stale,
)  # fmt: skip
"""In the order of :class:`~kiosk.core.verdict.Reason`."""

_ASKED = frozenset({Reason.LATE_WITHIN_GRACE, Reason.OVER_FLOOR, Reason.CLOCK_SUSPECT})


def outcome_against(reason: Reason, question: Question) -> Outcome:
    """What a reason against leads to: a refusal, or a question to the shift manager."""
    if reason is Reason.PROMOTIONS_STALE:
        alone = is_used_once(question) and question.terms.offline.policy in ("floor", "online")
        return Outcome.REFUSE if alone else Outcome.ASK
    return Outcome.ASK if reason in _ASKED else Outcome.REFUSE


def not_checked(question: Question) -> list[str]:
    """The rules that were not applied because their key is not known, as the file names them."""
    terms, sale = question.terms, question.sale
    limits, cost_known = terms.promotion.limits, question.cost_minor is not None
    basket_set = terms.basket_min_minor is not None or terms.basket_max_minor is not None
    stack_known = cost_known and already_off_minor(question) is not None
    costs = terms.has_value and not cost_known
    unknown = {
        "per_clerk_day": limits.per_clerk_day is not None and sale.clerk is None,
        "per_customer": limits.per_customer is not None and question.holder is None,
        "budget": terms.budget_minor is not None and costs,
        "basket": basket_set and sale.basket_minor is None,
        "stack_cap": terms.stack_cap_minor is not None and (costs or cost_known) and not stack_known,
        "evidence": question.credential.kind in terms.evidence_minor and costs,
        Reason.SEEN_BEFORE.value: question.reading is not None and not can_be_told_apart(question.reading),
    }
    return [name for name, applies in unknown.items() if applies]
