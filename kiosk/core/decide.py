"""The one place that says yes. Frozen inputs, time passed in, a verdict back, nothing touched.

Rules of this module:

- Each rule below finds one reason against, or none. No reason against is an accept; of a screen it is a check, for
  a screen can be forged and the clerk has to look.
- A screen that was seen before is an alarm for the clerk, not a reason against: it may be one phone and two guests.
  So it never hides a reason against, and the clerk is not asked to judge what is refused anyway. A void takes the
  alarm back where it restores the use; a promotion's limits per code are not about screens.
- Of several reasons the first in the order of :class:`~kiosk.core.verdict.Reason` is shown, except that none is shown
  whose cure would not work: once a promotion is over, or all used up, coming back, going elsewhere or bringing
  another credential helps nobody.
- A promotion that will not run again here is over, whatever day its dates end on.
- ``next_ok`` is given where this same credential would pass by waiting or by going to another store, as far as is
  known now. A store that takes part speaks for itself; else the nearest opening of those that do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from kiosk.core.catalogue import Catalogue, Credential, Terms
from kiosk.core.credential import Presented
from kiosk.core.organisation import Store
from kiosk.core.schedule import Stretch, is_open, next_opening
from kiosk.core.screen import Mark, MarkState, PresentedScreen, ScreenReading, ScreenResult, can_be_told_apart
from kiosk.core.standing import Standing, Use
from kiosk.core.verdict import FactValue, Outcome, Reason, Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is asked: the ids of a store and of one of its counters."""

    store: str
    counter: str


@dataclass(frozen=True, slots=True)
class _Question:
    """One credential of a known promotion, held up at a store at a time."""

    credential: Credential
    terms: Terms
    catalogue: Catalogue
    standing: Standing
    store: str
    zone: tzinfo
    local: datetime
    reading: ScreenReading | None = None

    @property
    def takes_part(self) -> bool:
        return self.store in self.terms.stores


def decide(
    held_up: Presented | PresentedScreen | None, catalogue: Catalogue, standing: Standing, place: Place, now: datetime
) -> Verdict:
    """The answer to what was held up at ``place`` at ``now`` (aware); None was held up malformed."""
    if now.tzinfo is None:
        raise ValueError("the time of a decision has no time zone")
    if held_up is None:
        return Verdict(Outcome.REFUSE, Reason.MALFORMED)
    reading = held_up.reading if isinstance(held_up, PresentedScreen) else None
    zone = catalogue.zone(place.store)
    local = now.astimezone(zone)
    credential = catalogue.identify(held_up)
    terms = _announced(catalogue, None if credential is None else credential.promotion, local)
    if credential is None or terms is None:
        return Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE, None, _likeness(reading, catalogue, local))
    return _answer(_Question(credential, terms, catalogue, standing, place.store, zone, local, reading))


def _announced(catalogue: Catalogue, promotion: str | None, local: datetime) -> Terms | None:
    """The terms of a promotion that may be spoken of at ``local``."""
    terms = None if promotion is None else catalogue.terms(promotion)
    announced = None if terms is None else terms.promotion.announce_from
    return None if announced is not None and local.date() < announced else terms


def _answer(question: _Question) -> Verdict:
    against = [reason for rule in _RULES if (reason := rule(question)) is not None]
    reason = _choose(against) if against else _for(question)
    facts = _FACTS[reason](question) if reason in _FACTS else {}
    if against and _WAIT_OR_GO.issuperset(against):
        facts |= _next_ok(question)
    not_checked = _not_checked(question)
    if not_checked:
        facts["not_checked"] = not_checked
    outcome = Outcome.REFUSE if against else _OUTCOME_FOR.get(reason, Outcome.ACCEPT)
    return Verdict(outcome, reason, question.terms.promotion.id, facts)


def _for(question: _Question) -> Reason:
    """The reason that goes with a yes."""
    if question.reading is None:
        return Reason.OK
    return Reason.SEEN_BEFORE if _counted_uses(question) else Reason.LOOK_AT_SCREEN


_OUTCOME_FOR = {Reason.LOOK_AT_SCREEN: Outcome.CHECK, Reason.SEEN_BEFORE: Outcome.CHECK}


def _not_checked(question: _Question) -> list[FactValue]:
    names: list[FactValue] = list(question.terms.not_checked)
    if question.reading is not None and not can_be_told_apart(question.reading):
        names.append(Reason.SEEN_BEFORE.value)
    return names


# --- the rules, in the order of Reason ---------------------------------------------------------


def _kind(question: _Question) -> Reason | None:
    return None if question.credential.kind in question.terms.kinds else Reason.WRONG_CREDENTIAL


def _use(question: _Question) -> Reason | None:
    if question.reading is not None:
        return None
    uses = _counted_uses(question)
    if len(uses) < question.terms.per_code:
        return None
    return Reason.USED_HERE if any(use.store == question.store for use in uses) else Reason.USED_ELSEWHERE


def _ended(question: _Question) -> Reason | None:
    terms = question.terms
    if not question.takes_part:
        return Reason.OVER if terms.stores and not _openings(question) else None
    if is_open(terms.schedule, question.local):
        return None
    return None if next_opening(terms.schedule, question.zone, question.local) else Reason.OVER


def _paused(question: _Question) -> Reason | None:
    return Reason.PAUSED if question.terms.promotion.paused else None


def _place(question: _Question) -> Reason | None:
    return None if question.takes_part else Reason.WRONG_STORE


def _time(question: _Question) -> Reason | None:
    schedule = question.terms.schedule
    if is_open(schedule, question.local):
        return None
    day = question.local.date()
    if day < schedule.first:
        return Reason.NOT_YET
    if day in schedule.blackout:
        return Reason.BLACKOUT
    in_its_tail = day > schedule.last  # the small hours of the last night, on a night whose clock is set back
    return Reason.WRONG_HOUR if in_its_tail or day.weekday() in schedule.days else Reason.WRONG_DAY


def _limit(question: _Question) -> Reason | None:
    total = question.terms.promotion.limits.total
    if total is None or question.standing.total(question.terms.promotion.id) < total:
        return None
    return Reason.LIMIT_TOTAL


_RULES: Sequence[Callable[[_Question], Reason | None]] = (_kind, _use, _ended, _paused, _place, _time, _limit)

_ENDS_IT = frozenset({Reason.OVER, Reason.LIMIT_TOTAL})
_TIMES = frozenset({Reason.NOT_YET, Reason.BLACKOUT, Reason.WRONG_DAY, Reason.WRONG_HOUR})
_CURABLE = _TIMES | {Reason.WRONG_CREDENTIAL, Reason.PAUSED, Reason.WRONG_STORE}
_WAIT_OR_GO = _TIMES | {Reason.WRONG_STORE, Reason.OVER}
"""Where only these speak against it, another time or store may pass it (over here need not be over further west)."""


def _choose(against: Sequence[Reason]) -> Reason:
    if _ENDS_IT.isdisjoint(against):
        return against[0]
    return next(reason for reason in against if reason not in _CURABLE)


# --- the facts of each reason --------------------------------------------------------------------

Facts = dict[str, FactValue]


def _counted_uses(question: _Question) -> list[Use]:
    """The uses that count against the credential; a code word can be used by any number of customers."""
    if question.credential.kind == "word":
        return []
    promotion, digest = question.terms.promotion, question.credential.digest
    if promotion.void_restores_use:
        return question.standing.live_uses(promotion.id, digest)
    return question.standing.uses(promotion.id, digest)


def _credential_facts(question: _Question) -> Facts:
    return {"credentials": list(question.terms.promotion.credentials)}


def _use_facts(question: _Question) -> Facts:
    last = _nearest(_counted_uses(question), question.store)
    used_at = (_EPOCH + timedelta(milliseconds=last.at_ms)).astimezone(question.zone)
    store = question.catalogue.store(last.store)
    return {
        "used_at": used_at.isoformat(timespec="seconds"),
        "used_store": last.store if store is None else store.name,
    }


def _nearest(uses: Sequence[Use], store: str) -> Use:
    """The last of ``uses`` in ``store``, else the last of all."""
    return next((use for use in reversed(uses) if use.store == store), uses[-1])


def _seen_facts(question: _Question) -> Facts:
    """The last time it was seen, here if it was, and how often in all."""
    uses = _counted_uses(question)
    last = _nearest(uses, question.store)
    facts = _use_facts(question) | {
        "used_counter": last.feed.origin.rpartition("/")[2],
        "stub": last.n,
        "times": len(uses),
    }
    written = question.standing.redemption(last.feed, last.n)
    if written is not None:
        facts["clerk"] = written.clerk
    return facts | _limit_facts(question)


def _screen_facts(question: _Question) -> Facts:
    facts = _limit_facts(question)
    marks = () if question.reading is None else question.reading.marks
    not_read = [_mark_fact(mark) for mark in marks if mark.state is not MarkState.READ]
    return facts | {"not_read": not_read} if not_read else facts


def _likeness(reading: ScreenReading | None, catalogue: Catalogue, local: datetime) -> Facts:
    """Whose offer a screen nearly is, and what is different on it; nothing of what is not announced yet."""
    if reading is None or reading.result is not ScreenResult.OTHER:
        return {}
    terms = _announced(catalogue, reading.promotion, local)
    if terms is None:
        return {}
    differs = [_mark_fact(mark) for mark in reading.marks if mark.state is MarkState.DIFFERS]
    return {"like": terms.promotion.id, "differs": differs}


def _mark_fact(mark: Mark) -> FactValue:
    fact: dict[str, FactValue] = {"mark": mark.kind, "wanted": mark.wanted}
    return fact | {"found": mark.found} if mark.state is MarkState.DIFFERS else fact


def _ended_facts(question: _Question) -> Facts:
    schedule = question.terms.schedule
    ended_on = schedule.last if question.local.date() > schedule.last else schedule.last_day()
    return {"ended_on": ended_on.isoformat()}


def _place_facts(question: _Question) -> Facts:
    return {"stores": _names(question.terms.stores.values())}


def _not_yet_facts(question: _Question) -> Facts:
    opening = next_opening(question.terms.schedule, question.zone, question.local)
    return {} if opening is None else {"starts_at": _iso(opening.start_at, question.zone)}


def _limit_facts(question: _Question) -> Facts:
    limit = question.terms.promotion.limits.total
    if limit is None:
        return {}
    used = question.standing.total(question.terms.promotion.id)
    return {"limit": limit, "used": used, "left": max(0, limit - used)}


# --- where and when it would pass ----------------------------------------------------------------


def _next_ok(question: _Question) -> Facts:
    """The nearest opening here, else the nearest in a store that takes part; nothing where it never runs again."""
    here = next_opening(question.terms.schedule, question.zone, question.local) if question.takes_part else None
    if here is not None:
        return {"next_ok": _opening_fact(here, question.zone, [question.terms.stores[question.store]])}
    openings = _openings(question)
    if not openings:
        return {}
    start_at = min(stretch.start_at for stretch, _, _ in openings)
    nearest = [opening for opening in openings if opening[0].start_at == start_at]
    stretch = Stretch(start_at, min(stretch.end_at for stretch, _, _ in nearest))
    return {"next_ok": _opening_fact(stretch, nearest[0][1], [store for _, _, stores in nearest for store in stores])}


def _openings(question: _Question) -> list[tuple[Stretch, tzinfo, list[Store]]]:
    """The next opening in each time zone of the stores that take part."""
    by_zone: dict[str, list[Store]] = {}
    for store in question.terms.stores.values():
        by_zone.setdefault(store.time_zone, []).append(store)
    openings = []
    for stores in by_zone.values():
        zone = question.catalogue.zone(stores[0].id)
        stretch = next_opening(question.terms.schedule, zone, question.local)
        if stretch is not None:
            openings.append((stretch, zone, stores))
    return openings


def _opening_fact(stretch: Stretch, zone: tzinfo, stores: Iterable[Store]) -> Facts:
    return {
        "at": _iso(stretch.start_at, zone),
        "until": _iso(stretch.end_at, zone),
        "stores": _names(stores),
    }


def _iso(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _names(stores: Iterable[Store]) -> list[FactValue]:
    return [store.name for store in stores]


_FACTS: Mapping[Reason, Callable[[_Question], Facts]] = {
    Reason.OK: _limit_facts,
    Reason.LOOK_AT_SCREEN: _screen_facts,
    Reason.SEEN_BEFORE: _seen_facts,
    Reason.WRONG_CREDENTIAL: _credential_facts,
    Reason.USED_HERE: _use_facts,
    Reason.USED_ELSEWHERE: _use_facts,
    Reason.OVER: _ended_facts,
    Reason.WRONG_STORE: _place_facts,
    Reason.NOT_YET: _not_yet_facts,
    Reason.LIMIT_TOTAL: _limit_facts,
}
