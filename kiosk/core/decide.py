"""The one place that says yes. Frozen inputs, time passed in, a verdict back, nothing touched.

Rules of this module:

- Each rule of :mod:`kiosk.core.rules` finds one reason against, or none. No reason against is an accept; of a screen it
  is a check, for a screen can be forged and the clerk has to look.
- A screen that was seen before is an alarm for the clerk, not a reason against: it may be one phone and two guests.
  So it never hides a reason against, and the clerk is not asked to judge what is refused anyway. A void takes the
  alarm back where it restores the use; a promotion's limits per code are not about screens.
- Of several reasons the first in the order of :class:`~kiosk.core.verdict.Reason` is shown, except that none is shown
  whose cure would not work: what a shift manager may decide is not asked where something else refuses it anyway; once a
  promotion is over, all given out, or this customer has had theirs, coming back, going elsewhere or bringing another
  credential helps nobody; where this store has given out all of its own (or of its day), coming back here (that day)
  or going to another of its counters helps nobody.
- A promotion that will not run again here is over, whatever day its dates end on.
- ``next_ok`` is given where this same credential would pass by waiting or by going to another store, as far as is
  known now. A store that takes part speaks for itself; else the nearest opening of those that do.
- Where the clock cannot be trusted the answer is given if it is the same at both ends of what the time could be, and a
  yes only if it runs all the time between them. Else the shift manager is asked, except where something that no time
  changes refuses it anyway. No fact is told that holds at one end only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kiosk.core.catalogue import Catalogue, Credential, Unrecognised
from kiosk.core.credential import Presented
from kiosk.core.facts import Facts, facts_of, mark_fact
from kiosk.core.nearest import iso, next_ok, opening
from kiosk.core.question import (
    EPOCH,
    UNKNOWN_SALE,
    Known,
    Place,
    Question,
    Sale,
    Taken,
    customer_digest,
    instant,
    question_of,
)
from kiosk.core.rules import RULES, not_checked, outcome_against
from kiosk.core.screen import MarkState, PresentedScreen, ScreenReading, ScreenResult
from kiosk.core.situation import ClockInterval
from kiosk.core.terms import Terms
from kiosk.core.verdict import Outcome, Reason, Verdict

__all__ = ["UNKNOWN_SALE", "Known", "Place", "Sale", "Taken", "customer_digest", "decide"]

HeldUp = Presented | PresentedScreen | Credential

_MILLISECOND = timedelta(milliseconds=1)


def decide(
    held_up: HeldUp | None,
    catalogue: Catalogue,
    known: Known,
    place: Place,
    now: datetime,
    sale: Sale = UNKNOWN_SALE,
) -> Verdict:
    """The answer to what was held up at ``place`` at ``now`` (aware) in ``sale``; None was held up malformed.

    A :class:`Credential` is one that was recognised before, such as a redemption that head office receives.
    """
    if now.tzinfo is None:
        raise ValueError("the time of a decision has no time zone")
    clock = known.situation.clock
    if clock is None:
        return _at(held_up, catalogue, known, place, now, sale)[0]
    return _between(held_up, catalogue, known, place, clock, sale)


def _between(
    held_up: HeldUp | None, catalogue: Catalogue, known: Known, place: Place, clock: ClockInterval, sale: Sale
) -> Verdict:
    """The answer that holds at any time of ``clock``, else a question to the shift manager."""
    first, question = _at(held_up, catalogue, known, place, clock.earliest_at, sale)
    last, last_question = _at(held_up, catalogue, known, place, clock.latest_at, sale)
    asked = question or last_question
    if asked is None:  # such as a rotating code of another day: nobody can honour it
        return first
    same = (first.outcome, first.reason, first.promotion) == (last.outcome, last.reason, last.promotion)
    if same and question is not None:
        agreed = {name: fact for name, fact in first.facts.items() if last.facts.get(name) == fact}
        stretch = opening(question, place.store)
        runs_on = stretch is not None and clock.latest_at < stretch.end_at
        if runs_on or first.outcome not in (Outcome.ACCEPT, Outcome.CHECK):
            return replace(first, facts=agreed)
    else:
        whenever = [reason for reason in _against(asked) if _refuses_whenever(reason, asked)]
        if whenever:
            return _verdict(_choose(whenever, asked), asked, {})
    ends = {"clock_from": clock.earliest_at, "clock_until": clock.latest_at}
    return _verdict(Reason.CLOCK_SUSPECT, asked, {name: iso(end, asked.zone) for name, end in ends.items()})


def _at(
    held_up: HeldUp | None, catalogue: Catalogue, known: Known, place: Place, now: datetime, sale: Sale
) -> tuple[Verdict, Question | None]:
    """The answer at ``now``, with the question that was put where the promotion is known."""
    if held_up is None:
        return Verdict(Outcome.REFUSE, Reason.MALFORMED), None
    reading = held_up.reading if isinstance(held_up, PresentedScreen) else None
    local = now.astimezone(catalogue.zone(place.store))
    found = held_up if isinstance(held_up, Credential) else catalogue.identify(held_up, _ms(now))
    if isinstance(found, Unrecognised):
        return _unrecognised(found, reading, catalogue, local), None
    terms = _announced(catalogue, found.promotion, local)
    if terms is None:
        reason = Reason.UNKNOWN_PROMOTION if found.kind == "voucher" else Reason.UNKNOWN_CODE
        return Verdict(Outcome.REFUSE, reason), None
    question = question_of(found, terms, catalogue, known, place, local, sale, reading)
    return _answer(question), question


def _ms(at: datetime) -> int:
    return (at - EPOCH) // _MILLISECOND


def _announced(catalogue: Catalogue, promotion: str | None, local: datetime) -> Terms | None:
    """The terms of a promotion that may be spoken of at ``local``."""
    terms = None if promotion is None else catalogue.terms(promotion)
    announced = None if terms is None else terms.promotion.announce_from
    return None if announced is not None and local.date() < announced else terms


def _unrecognised(found: Unrecognised, reading: ScreenReading | None, catalogue: Catalogue, local: datetime) -> Verdict:
    """What cannot be honoured for what it is; nothing is told of a promotion that is not announced yet."""
    terms = _announced(catalogue, found.promotion, local)
    if found.promotion is not None and terms is None:
        return Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)
    facts = {**found.facts} | _likeness(reading, catalogue, local)
    if found.shown_at_ms is not None and local.tzinfo is not None:
        facts["shown_at"] = iso(instant(found.shown_at_ms), local.tzinfo)
    return Verdict(Outcome.REFUSE, found.reason, found.promotion, facts)


def _likeness(reading: ScreenReading | None, catalogue: Catalogue, local: datetime) -> Facts:
    """Whose offer a screen nearly is, and what is different on it; nothing of what is not announced yet."""
    if reading is None or reading.result is not ScreenResult.OTHER:
        return {}
    terms = _announced(catalogue, reading.promotion, local)
    if terms is None:
        return {}
    differs = [mark_fact(mark) for mark in reading.marks if mark.state is MarkState.DIFFERS]
    return {"like": terms.promotion.id, "differs": differs}


def _answer(question: Question) -> Verdict:
    against = _against(question)
    facts = next_ok(question) if against and _WAIT_OR_GO.issuperset(against) else {}
    return _verdict(_choose(against, question) if against else _for(question), question, facts)


def _against(question: Question) -> Sequence[Reason]:
    return [reason for rule in RULES if (reason := rule(question)) is not None]


def _verdict(reason: Reason, question: Question, more_facts: Facts) -> Verdict:
    facts = facts_of(reason, question) | more_facts
    outcome = _OUTCOME_FOR.get(reason) or outcome_against(reason, question)
    if outcome is Outcome.ASK and question.is_screen and question.counted_uses:
        facts = facts_of(Reason.SEEN_BEFORE, question) | facts  # whoever decides must know
    names = not_checked(question)
    if names:
        facts["not_checked"] = [*names]
    return Verdict(outcome, reason, question.promotion_id, facts, question.cost_minor, question.holder)


def _for(question: Question) -> Reason:
    """The reason that goes with a yes."""
    if not question.is_screen:
        return Reason.OK
    return Reason.SEEN_BEFORE if question.counted_uses else Reason.LOOK_AT_SCREEN


_OUTCOME_FOR: Mapping[Reason, Outcome] = {
    Reason.OK: Outcome.ACCEPT, Reason.LOOK_AT_SCREEN: Outcome.CHECK, Reason.SEEN_BEFORE: Outcome.CHECK,
}  # fmt: skip

# --- which one of several ------------------------------------------------------------------------

_FINAL = frozenset({Reason.OVER, Reason.LIMIT_TOTAL, Reason.LIMIT_CUSTOMER, Reason.BUDGET_SPENT})
"""Nothing that anybody can do helps against these."""

_USED = frozenset({Reason.USED_HERE, Reason.USED_ELSEWHERE})
_TIMES = frozenset({Reason.NOT_YET, Reason.BLACKOUT, Reason.WRONG_DAY, Reason.WRONG_HOUR})
_DAY_LIMITS = frozenset({Reason.LIMIT_STORE_DAY, Reason.LIMIT_CLERK_DAY})
_WAIT_OR_GO = _TIMES | _DAY_LIMITS | {
    Reason.WRONG_STORE, Reason.WRONG_COUNTER, Reason.OVER, Reason.LATE_WITHIN_GRACE, Reason.LIMIT_STORE,
}  # fmt: skip
"""Where only these speak against it, another time or store may pass it (over here need not be over further west)."""


_BY_THE_CLOCK = _TIMES | _DAY_LIMITS | {Reason.OVER}


def _refuses_whenever(reason: Reason, question: Question) -> bool:
    return reason not in _BY_THE_CLOCK and outcome_against(reason, question) is Outcome.REFUSE


def _choose(against: Sequence[Reason], question: Question) -> Reason:
    refusals = [reason for reason in against if outcome_against(reason, question) is Outcome.REFUSE]
    if not _FINAL.isdisjoint(refusals):
        return next(reason for reason in refusals if reason in _FINAL or reason in _USED)
    in_vain = _in_vain(refusals, question)
    return ([reason for reason in refusals if reason not in in_vain] or against)[0]


def _in_vain(refusals: Sequence[Reason], question: Question) -> frozenset[Reason]:
    """The refusals whose cure helps nobody: all here, or all of the day it opens on next, will still be given out.

    Another counter of this store would refuse it too, except that another clerk may work there.
    """
    if Reason.LIMIT_STORE in refusals:
        return _TIMES | {Reason.WRONG_COUNTER}
    if _DAY_LIMITS.isdisjoint(refusals):
        return frozenset()
    begins = opening(question, question.place.store)
    if begins is not None and begins.start_at.astimezone(question.zone).date() != question.local.date():
        return frozenset()
    return _TIMES | {Reason.WRONG_COUNTER} if Reason.LIMIT_STORE_DAY in refusals else _TIMES
