"""Try it: what a counter would answer to one credential, by the promotions in force or by a text that is not published.

Rules of this page:

- It asks through the same scenarios as ``decide --scenarios``; nothing is written and nothing is redeemed.
- Nothing counts as redeemed before, so that what is tried is the rules and not today's figures.
- What cannot be read answers 422 with the field's name, and the form as it was left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from flask import Response, abort, request, url_for

from kiosk.clock import from_ms
from kiosk.core.money import NO_CURRENCY, AmountError, to_minor
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import CredentialKind, Promotion
from kiosk.core.verdict import Outcome, Verdict
from kiosk.scenarios.fields import ScenarioFault
from kiosk.scenarios.reading import read_scenario
from kiosk.scenarios.trial import Trial
from sync.head_office import trial_words
from sync.head_office.publish_page import form_with, sent_text
from sync.head_office.reading import read_promotions
from sync.head_office.respond import respond
from sync.head_office.seat import now_ms, office, published
from sync.head_office.tried import known_beside_a_text, known_to_counters, tries_imported_codes

PAGE = "head_office/try.html"
KINDS: tuple[tuple[CredentialKind, str], ...] = (
    ("word", "Code word"), ("listed", "Listed code"), ("voucher", "Signed voucher"), ("rotating", "Rotating code"),
    ("gs1", "GS1 coupon"), ("foreign", "Partner's ticket"), ("screen", "Check-in screen"),
)  # fmt: skip
_NAMES = {
    "credential.text": "What is held up", "credential.kind": "Kind", "store": "Where", "at": "When",
    "holder": "Who holds it", "clerk": "Clerk", "basket_minor": "The sale comes to", "in_sale": "Redeemed in this sale",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, as text."""

    kind: str
    held_up: str
    place: str
    on: str
    clock: str
    holder: str = ""
    clerk: str = ""
    basket: str = ""
    in_sale: tuple[str, ...] = ()
    online: bool = True


@dataclass(frozen=True, slots=True)
class Answered:
    """A verdict as the page shows it."""

    outcome: str
    word: str
    symbol: str
    reason: str
    words: str
    promotion: Promotion | None
    rows: list[trial_words.Row]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tried: the promotion that the page is about, and all that a counter would know beside it."""

    promotion: Promotion | None
    promotions: Mapping[str, Promotion]
    organisation: Organisation
    text: str | None = None

    def zone(self, place: str) -> tzinfo:
        """The time zone of a place; UTC where there is no store."""
        store = self.organisation.store(place.partition("/")[0])
        return UTC if store is None else store.zone

    @property
    def places(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Each store's name with its counters, as (value, words)."""
        return [
            (store.name, [(f"{store.id}/{one.id}", f"{store.name}, {one.name}") for one in store.counters])
            if store.counters
            else (store.name, [(store.id, store.name)])
            for store in self.organisation.stores
        ] or [("Any store", [("any-store", "Any store")])]

    @property
    def currency(self) -> str:
        """The first currency that a promotion names."""
        of_these = (self.promotion, *self.promotions.values())
        named = (one.value.currency for one in of_these if one is not None and one.value is not None)
        return next((one for one in named if one), NO_CURRENCY)


def try_promotion(promotion_id: str) -> Response:
    """``GET /promotions/<id>/try``: the form, with something of the promotion's already held up."""
    subject = _published_subject(promotion_id)
    return _page(subject, _first(subject))


def try_published(promotion_id: str) -> Response:
    """``POST /promotions/<id>/try``: the answer, by what is in force."""
    return _answer(_published_subject(promotion_id))


def try_text() -> Response:
    """``POST /publish/promotions/try``: a text that is not published; 422 on its own page where it cannot be read."""
    text, problem = sent_text("promotions")
    if problem:
        return form_with("promotions", text, (problem,))
    read = read_promotions(text)
    if read.problems:
        return form_with("promotions", text, read.problems)
    promotions = {one.id: one for one in read.promotions.values()}
    first = next(iter(promotions.values()), None)
    subject = Subject(first, promotions, published().organisation, text)
    return _answer(subject) if "held_up" in request.form else _page(subject, _first(subject))


def _published_subject(promotion_id: str) -> Subject:
    promotions = {one.id: one for one in published().promotions}
    if promotion_id not in promotions:
        abort(404)
    return Subject(promotions[promotion_id], promotions, published().organisation)


def _first(subject: Subject) -> Typed:
    """The form before anything is typed: a credential of the promotion, its first store, now."""
    one = subject.promotion
    place = subject.places[0][1][0][0]
    if one is not None:
        taking_part = [store.id for store in subject.organisation.stores_named(one.stores)]
        there = [value for _, counters in subject.places for value, _ in counters]
        place = next((value for value in there if value.partition("/")[0] in taking_part), place)
    now = from_ms(now_ms()).astimezone(subject.zone(place))
    return Typed(*_example(one), place, now.date().isoformat(), f"{now:%H:%M}")


def _example(one: Promotion | None) -> tuple[str, str]:
    """A credential that the promotion would know, as its kind and text."""
    if one is None:
        return "word", ""
    marks = one.screen
    shown = [] if marks is None else [one.venue, marks.offer, *one.words[:1], marks.dates_shown, *marks.claims]
    texts = {"word": one.words[:1], "listed": one.codes[:1], "screen": ("\n".join(line for line in shown if line),)}
    known = [(kind, texts[kind][0]) for kind in one.credentials if texts.get(kind) and texts[kind][0]]
    return known[0] if known else (one.credentials[0], "")


def _answer(subject: Subject) -> Response:
    typed = _typed(subject)
    try:
        known = known_to_counters(office()) if subject.text is None else known_beside_a_text(office())
        verdict = Trial(subject.promotions, subject.organisation, known).answer(read_scenario(_fields(typed, subject)))
    except ScenarioFault as fault:
        named = _NAMES.get(fault.field, fault.field)
        return _page(subject, typed, fault=f"{named}: {fault.what} {fault.cure}")
    return _page(subject, typed, answered=_answered(verdict, subject, typed))


def _typed(subject: Subject) -> Typed:
    form = request.form
    first = _first(subject)
    return Typed(
        kind=form.get("kind", first.kind),
        held_up=form.get("held_up", "").replace("\r\n", "\n"),
        place=form.get("place", first.place),
        on=form.get("on", first.on),
        clock=form.get("clock", first.clock),
        holder=form.get("holder", "").strip(),
        clerk=form.get("clerk", "").strip(),
        basket=form.get("basket", "").strip(),
        in_sale=tuple(form.getlist("in_sale")),
        online="online" in form,
    )


def _fields(typed: Typed, subject: Subject) -> dict[str, Any]:
    """The form as the fields of a scenario; empty ones are left out."""
    fields: dict[str, Any] = {
        "promotions": "these",
        "store": typed.place,
        "time_zone": None if subject.organisation.stores else "UTC",
        "at": _instant(typed, subject.zone(typed.place)),
        "credential": {"kind": typed.kind, "text": typed.held_up},
        "holder": typed.holder or None,
        "clerk": typed.clerk or None,
        "basket_minor": _minor(typed.basket, subject.currency),
        "in_sale": list(typed.in_sale),
        "online": typed.online,
    }
    return fields


def _instant(typed: Typed, zone: tzinfo) -> str:
    try:
        day, clock = date.fromisoformat(typed.on), time.fromisoformat(typed.clock)
    except ValueError:
        raise ScenarioFault("at", "There is no such day or time.", "Choose both again.") from None
    return datetime.combine(day, clock.replace(tzinfo=None), tzinfo=zone).isoformat()


def _minor(text: str, currency: str) -> int | None:
    try:
        return to_minor(text, currency) if text else None
    except AmountError as error:
        raise ScenarioFault("basket_minor", f"{error}.", "Write for example 25.00, or leave it empty.") from None


def _answered(verdict: Verdict, subject: Subject, typed: Typed) -> Answered:
    zone = subject.zone(typed.place)
    return Answered(
        outcome=verdict.outcome.value,
        word=trial_words.WORD_OF_OUTCOME[verdict.outcome],
        symbol=trial_words.SYMBOL_OF_OUTCOME[verdict.outcome],
        reason=verdict.reason.value,
        words=trial_words.WORDS_OF_REASON[verdict.reason],
        promotion=subject.promotions.get(verdict.promotion or "") if verdict.outcome is not Outcome.REFUSE else None,
        rows=trial_words.fact_rows(verdict, zone, datetime.fromisoformat(_instant(typed, zone))),
    )


def _page(subject: Subject, typed: Typed, *, answered: Answered | None = None, fault: str = "") -> Response:
    one = subject.promotion
    here = url_for("pages.try_text") if subject.text is not None else ""
    return respond(
        PAGE,
        status=422 if fault else 200,
        subject=subject,
        promotion=one,
        address=here or url_for("pages.try_published", promotion_id=one.id if one else ""),
        typed=typed,
        kinds=KINDS,
        others=[other for other in subject.promotions.values() if one is None or other.id != one.id],
        answered=answered,
        fault=fault,
        imported=tries_imported_codes(office()),
    )
