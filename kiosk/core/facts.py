"""The facts behind each reason, as JSON-like values: when it starts, where it is valid, when and where it was used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from kiosk.core import rules
from kiosk.core.nearest import has_some_left, iso, names, opening
from kiosk.core.question import Question, instant
from kiosk.core.screen import Mark, MarkState
from kiosk.core.tally import Use
from kiosk.core.verdict import FactValue, Reason

Facts = dict[str, FactValue]


def facts_of(reason: Reason, question: Question) -> Facts:
    """The facts behind ``reason``."""
    told = _FACTS.get(reason)
    return {} if told is None else told(question)


def mark_fact(mark: Mark) -> FactValue:
    """One mark of a screen."""
    fact: dict[str, FactValue] = {"mark": mark.kind, "wanted": mark.wanted}
    return fact | {"found": mark.found} if mark.state is MarkState.DIFFERS else fact


def _ok(question: Question) -> Facts:
    facts = _limit_total(question)
    if question.cost_minor is not None:
        facts["cost"] = _money(question, question.cost_minor)
    return facts


def _screen(question: Question) -> Facts:
    facts = _ok(question)
    marks = () if question.reading is None else question.reading.marks
    not_read = [mark_fact(mark) for mark in marks if mark.state is not MarkState.READ]
    return facts | {"not_read": not_read} if not_read else facts


def _seen(question: Question) -> Facts:
    """The last time it was seen, here if it was, and how often in all."""
    uses = question.counted_uses
    last = _nearest(uses, question.place.store)
    facts = _use(question) | {
        "used_counter": last.feed.origin.rpartition("/")[2],
        "stub": last.n,
        "times": len(uses),
    }
    written = question.known.redemption(last.feed, last.n)
    if written is not None:
        facts["clerk"] = written.clerk
    return facts | _ok(question)


def _kinds(question: Question) -> Facts:
    return {"credentials": list(question.terms.promotion.credentials)}


def _use(question: Question) -> Facts:
    uses = question.counted_uses
    if not uses:  # head office has marked it as used, and says no more
        return {}
    last = _nearest(uses, question.place.store)
    store = question.catalogue.store(last.store)
    return {
        "used_at": iso(instant(last.at_ms), question.zone),
        "used_store": last.store if store is None else store.name,
    }


def _nearest(uses: Sequence[Use], store: str) -> Use:
    """The last of ``uses`` in ``store``, else the last of all."""
    return next((use for use in reversed(uses) if use.store == store), uses[-1])


# --- when and where ------------------------------------------------------------------------------


def _ended(question: Question) -> Facts:
    ended_on = question.last_day(question.zone)
    if question.local.date() <= ended_on:  # it will not run again, though its dates end later
        ended_on = min(ended_on, question.terms.schedule.last_day())
    return {"ended_on": ended_on.isoformat()}


def _late(question: Question) -> Facts:
    grace_days = question.terms.promotion.grace_days
    until = question.last_day(question.zone) + timedelta(days=grace_days)
    facts: Facts = {"late_days": rules.late_days(question, question.zone), "grace_until": until.isoformat()}
    return _ended(question) | facts | _ok(question)


def _place(question: Question) -> Facts:
    stores = list(question.stores.values())
    return {"stores": names([store for store in stores if has_some_left(question, store.id)] or stores)}


def _counter(question: Question) -> Facts:
    wanted = question.counters_here(question.place.store) or frozenset()
    store = question.catalogue.store(question.place.store)
    known = {} if store is None else {counter.id: counter.name for counter in store.counters}
    return {"counters": [known.get(counter, counter) for counter in sorted(wanted)]}


def _not_yet(question: Question) -> Facts:
    begins = opening(question, question.place.store)
    return {} if begins is None else {"starts_at": iso(begins.start_at, question.zone)}


# --- limits --------------------------------------------------------------------------------------


def _limit(limit: int | None, count: Callable[[Question], int], question: Question) -> Facts:
    if limit is None:
        return {}
    used = count(question)
    return {"limit": limit, "used": used, "left": max(0, limit - used)}


def _limit_total(question: Question) -> Facts:
    return _limit(question.terms.promotion.limits.total, rules.total_used, question)


def _limit_store(question: Question) -> Facts:
    return _limit(question.terms.promotion.limits.per_store, rules.store_used, question)


def _limit_store_day(question: Question) -> Facts:
    return _limit(question.terms.promotion.limits.per_store_day, rules.store_day_used, question)


def _limit_clerk_day(question: Question) -> Facts:
    return _limit(question.terms.promotion.limits.per_clerk_day, rules.clerk_day_used, question)


def _limit_customer(question: Question) -> Facts:
    return _limit(question.terms.promotion.limits.per_customer, rules.customer_used, question)


# --- money ---------------------------------------------------------------------------------------


def _money(question: Question, amount_minor: int) -> FactValue:
    return {**question.terms.money(amount_minor)}


def _amounts(question: Question, **amounts_minor: int | None) -> Facts:
    return {name: _money(question, minor) for name, minor in amounts_minor.items() if minor is not None}


def _budget(question: Question) -> Facts:
    budget_minor = question.terms.budget_minor or 0
    left_minor = max(0, budget_minor - question.known.tally(question.promotion_id).spent_minor)
    return _amounts(question, cost=question.cost_minor, budget=budget_minor, budget_left=left_minor)


def _basket(question: Question) -> Facts:
    terms = question.terms
    return _amounts(
        question,
        basket=question.sale.basket_minor,
        basket_min=terms.basket_min_minor,
        basket_max=terms.basket_max_minor,
    )


def _stacking(question: Question) -> Facts:
    against = [question.catalogue.terms(one) for one in rules.against_it(question)]
    if against:
        titles = [terms.promotion.title for terms in against if terms is not None]
        return {"in_sale": [*titles]}
    return _amounts(
        question,
        cost=question.cost_minor,
        stack_cap=question.terms.stack_cap_minor,
        already_off=rules.already_off_minor(question),
    )


def _evidence(question: Question) -> Facts:
    kind, cost_minor = question.credential.kind, question.cost_minor
    caps = question.terms.evidence_minor
    enough: list[FactValue] = [
        one
        for one in question.terms.promotion.credentials
        if cost_minor is None or caps.get(one, cost_minor) >= cost_minor
    ]
    return _amounts(question, cost=cost_minor, evidence_cap=caps.get(kind)) | {"credentials": enough}


def _floor(question: Question) -> Facts:
    return _amounts(question, cost=question.cost_minor, floor=rules.floor_minor(question))


def _allowance(question: Question) -> Facts:
    return {"online": True} if question.known.situation.online else {}


def _stale(question: Question) -> Facts:
    published_at_ms = question.catalogue.published_at_ms
    return {"published_at": iso(instant(published_at_ms), question.zone)} | _ok(question)


_FACTS: Mapping[Reason, Callable[[Question], Facts]] = {
    Reason.OK: _ok,
    Reason.LOOK_AT_SCREEN: _screen,
    Reason.SEEN_BEFORE: _seen,
    Reason.WRONG_CREDENTIAL: _kinds,
    Reason.USED_HERE: _use,
    Reason.USED_ELSEWHERE: _use,
    Reason.OVER: _ended,
    Reason.WRONG_STORE: _place,
    Reason.WRONG_COUNTER: _counter,
    Reason.NOT_YET: _not_yet,
    Reason.LATE_WITHIN_GRACE: _late,
    Reason.LIMIT_TOTAL: _limit_total,
    Reason.LIMIT_STORE: _limit_store,
    Reason.LIMIT_STORE_DAY: _limit_store_day,
    Reason.LIMIT_CLERK_DAY: _limit_clerk_day,
    Reason.LIMIT_CUSTOMER: _limit_customer,
    Reason.BUDGET_SPENT: _budget,
    Reason.BASKET_TOO_SMALL: _basket,
    Reason.BASKET_TOO_LARGE: _basket,
    Reason.DOES_NOT_STACK: _stacking,
    Reason.VALUE_OVER_EVIDENCE: _evidence,
    Reason.NO_ALLOWANCE: _allowance,
    Reason.OVER_FLOOR: _floor,
    Reason.PROMOTIONS_STALE: _stale,
}
