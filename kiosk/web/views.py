"""What the templates are given: every word and number of a page, ready to print. No HTML here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from kiosk.clock import to_ms
from kiosk.core.inert import shortened
from kiosk.core.organisation import Store
from kiosk.core.promotion import Promotion
from kiosk.core.question import instant
from kiosk.core.situation import ClockInterval, Freshness
from kiosk.core.verdict import Outcome, Reason
from kiosk.counter import Counter
from kiosk.display import Display, FilmedScreen, Redeemed, Showing, State
from kiosk.web import asking, comparing, times, words_of_the_line
from kiosk.web.asked import Asked, Way, Words
from kiosk.web.camera_words import Chip, chip, hint_words
from kiosk.web.language import gettext as _
from kiosk.web.picking import count
from kiosk.web.printed import worth
from kiosk.web.screen_words import frames_agree
from kiosk.web.ticket import Fact, Ticket, strength_of
from kiosk.web.today import on_today
from kiosk.web.words import for_outcome, for_reason
from kiosk.web.words_of_link import trouble_words

LAST_STUBS = 3

_NOTHING_ELSE = (Reason.COUNTER_FENCED, Reason.PROMOTIONS_STALE)
"""Refusals that any other promotion would meet too."""


@dataclass(frozen=True, slots=True)
class Status:
    """The status line. ``age`` is how old the promotions are, or empty where none were ever published.

    ``neighbours`` says in two words how many are reached, ``near`` in a sentence; both may be empty.
    ``clock`` says what the time could be where the counter's own clock is suspect, else it is empty; ``expired``: the
    list of promotions is too old to go by.
    """

    online: bool
    since: str
    age: str
    stale: bool
    waiting: int
    now: str
    camera_code: str
    camera_words: str
    trouble: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())
    camera_chip: Chip | None = None
    camera_hint: tuple[str, str] | None = None
    neighbours: str = ""
    near: str = ""
    expired: bool = False
    clock: str = ""
    fenced: bool = False

    @property
    def old(self) -> str:
        """The age as that of a list: "2 min old"."""
        return self.age if self.age == _("just now") else _("%(age)s old", age=self.age)

    @property
    def ago(self) -> str:
        """The age as a time: "2 min ago"."""
        return self.age if self.age == _("just now") else _("%(age)s ago", age=self.age)

    @property
    def filming(self) -> bool:
        return self.camera_code in ("live", "ended")


class Desk:
    """Turns one counter's state into what its pages show, in the store's own time."""

    def __init__(self, counter: Counter, boot: str) -> None:
        """``boot`` names this run of the program, so that a page left open knows when it was started anew."""
        self._counter = counter
        self.boot = boot

    @property
    def zone(self) -> tzinfo:
        return self._counter.catalogue.zone(self._counter.place.store)

    @property
    def store(self) -> Store | None:
        return self._counter.catalogue.store(self._counter.place.store)

    @property
    def store_name(self) -> str:
        return self._counter.place.store if self.store is None else self.store.name

    @property
    def counter_name(self) -> str:
        return self._counter_named(self._counter.place.counter)

    def clerk_name(self, clerk_id: str) -> str:
        """The name of a clerk; the id where the staff list no longer has it."""
        return next((one.name for one in self._counter.clerks() if one.id == clerk_id), clerk_id)

    def clock(self, at: datetime) -> str:
        """The time of day at the store."""
        return times.clock(at, self.zone)

    def key(self, display: Display) -> str:
        """What tells one display from all others: "boot.version"."""
        return f"{self.boot}.{display.version}"

    # --- the ticket --------------------------------------------------------------------------

    def ticket(self, display: Display, now: datetime) -> Ticket:
        """The ticket for ``display``."""
        showing = display.showing
        if showing is None or display.state is State.IDLE:
            return self._idle(display, now)
        if display.state is State.GIVEN and showing.redeemed is not None:
            return self._given(display, showing, showing.redeemed, now)
        if display.state is State.REDEEMED and showing.redeemed is not None:
            return self._redeemed(display, showing, showing.redeemed)
        if showing.verdict.outcome is Outcome.ACCEPT:
            return self._accept(display, showing, now)
        if showing.verdict.outcome is Outcome.CHECK and showing.screen is not None:
            return self._check(display, showing, showing.screen, now)
        if showing.verdict.outcome is Outcome.ASK:
            return self._ask(display, showing, now)
        return self._refuse(display, showing, now)

    def _idle(self, display: Display, now: datetime) -> Ticket:
        midnight = now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        stubs = self._counter.stubs_since(midnight)
        rows = on_today(self._counter.catalogue, self._counter.place.store, now)
        none_yet = self._counter.catalogue.version == 0
        offers, in_sale = self._counter.choices, len(self._counter.till.sale.redeemed)
        return Ticket(
            state="idle",
            key=self.key(display),
            word="",
            headline=_idle_headline(offers, none_yet=none_yet),
            sub=asking.same_sale(in_sale) if in_sale else _idle_sub(len(offers), none_yet=none_yet),
            hint=("phone", _("Hold the phone here,\na hand's width away")),
            note=display.note or "",
            on_today=tuple(rows),
            last_stubs=tuple(stubs[:LAST_STUBS]),
            honoured=sum(not stub.voided for stub in stubs),
            in_sale=in_sale,
        )

    def _asked(self, showing: Showing, now: datetime) -> Asked:
        promotion = showing.promotion
        terms = None if promotion is None else self._counter.catalogue.terms(promotion.id)
        stores = () if terms is None else tuple(store.name for store in terms.stores.values())
        like = self._counter.catalogue.promotions.get(str(showing.verdict.facts.get("like")))
        verdict = showing.verdict
        return Asked(verdict.facts, promotion, self.zone, now, self.store_name, stores, like, verdict.outcome)

    def _accept(self, display: Display, showing: Showing, now: datetime) -> Ticket:
        words = for_reason(Reason.OK, self._asked(showing, now))
        facts = (*_left(showing), *_this_code(showing), *_head_office(showing), *self._good_until(showing, now))
        return self._handed(display, showing, words, facts, word=for_outcome(Outcome.ACCEPT), state="accept")

    def _check(self, display: Display, showing: Showing, screen: FilmedScreen, now: datetime) -> Ticket:
        """The filmed screen beside ours; an alarm where it was seen before."""
        alarm = showing.verdict.reason is Reason.SEEN_BEFORE
        words = for_reason(showing.verdict.reason, self._asked(showing, now))
        reading = screen.reading
        clock = comparing.clock_on_it(reading, now, self.zone)
        if alarm:
            facts = (
                comparing.name_on_it(reading),
                *self._first_use(showing, now),
                replace(clock, note=_("both times")),
            )
        else:
            before = comparing.shown_before(showing, reading)
            facts = (comparing.name_on_it(reading), clock, before, *_left(showing))
        return Ticket(
            state="alarm" if alarm else "check",
            key=self.key(display),
            word=_("Check: duplicate alarm") if alarm else for_outcome(Outcome.CHECK),
            headline=words.headline,
            sub=words.sub,
            hint=_hint(screen),
            showing=showing.id,
            gives=_gives(showing),
            say=words.say,
            evidence=comparing.evidence(showing.promotion),
            facts=facts,
            foot=() if alarm else comparing.foot(reading),
            note=display.note or "",
            compared=comparing.comparison(screen, showing.promotion, self._counter.catalogue),
            promotion=showing.promotion.id if showing.promotion else "",
            wants_sale=asking.wants_sale(showing.verdict),
        )

    def _first_use(self, showing: Showing, now: datetime) -> tuple[Fact, ...]:
        facts = showing.verdict.facts
        at = times.parse(facts.get("used_at"))
        when = "" if at is None else times.recent(at, self.zone, now)
        here = facts.get("used_store") == self.store_name
        counter = self._counter_named(str(facts.get("used_counter"))) if here else str(facts.get("used_store"))
        by = self.clerk_name(str(facts["clerk"])) if "clerk" in facts else ""
        often = facts.get("times")
        again = isinstance(often, int) and often > 1
        label = _("Used %(times)s times, last", times=often) if again else _("First use")
        number = f"{int(str(facts.get('stub') or 0)):04d}"
        stub = _("Stub %(number)s, %(when)s", number=number, when=when)
        return (Fact(label, stub, note=", ".join(part for part in (counter, by) if part)),)

    def _counter_named(self, counter_id: str) -> str:
        counters = () if self.store is None else self.store.counters
        return next((one.name for one in counters if one.id == counter_id), counter_id)

    def _redeemed(self, display: Display, showing: Showing, stub: Redeemed) -> Ticket:
        at = times.clock_seconds(stub.at, self.zone)
        words = Words(_("Hand it over"), _("Written down at %(clock)s.", clock=at), self._said(showing))
        if stub.voided:
            words = Words(_("Taken back"), _("The stub is kept, and marked undone."), _("Thank you. No harm done."))
        facts = (
            *_left(showing, taken=0 if stub.voided else 1),
            Fact(_("Clerk"), f"{self.clerk_name(stub.clerk)}, {self.counter_name}"),
            self._to_head_office(),
        )
        state, word = ("undone", _("Undone")) if stub.voided else ("redeemed", _("Redeemed"))
        return self._handed(display, showing, words, facts, word=word, state=state, stub=stub)

    def _to_head_office(self) -> Fact:
        return Fact(_("To head office"), _("Sending now") if self._counter.link.online else _("When the line is back"))

    def _said(self, showing: Showing) -> str:
        promotion = showing.promotion
        said = None if promotion is None else promotion.say
        return said or _("Thank you for coming. Here you are!")

    def _handed(
        self,
        display: Display,
        showing: Showing,
        words: Words,
        facts: Sequence[Fact],
        *,
        word: str,
        state: str,
        stub: Redeemed | None = None,
    ) -> Ticket:
        promotion = showing.promotion
        waited = None if stub is None else max(0, round((stub.at - showing.shown_at).total_seconds()))
        return Ticket(
            state=state,
            key=self.key(display),
            word=word,
            headline=words.headline,
            sub=words.sub,
            hint=_hint(showing.screen),
            showing=showing.id,
            n=0 if stub is None else stub.n,
            gives=_gives(showing),
            small_print=_small_print(promotion),
            steps=() if promotion is None else promotion.steps,
            say=words.say,
            evidence=strength_of(showing.credential_kind),
            facts=tuple(facts),
            foot=(shortened(showing.text),) if showing.text else (),
            note=display.note or "",
            seconds=waited,
            seen=stub is None or stub.seen,
            wants_sale=asking.wants_sale(showing.verdict) if stub is None else "",
        )

    def _refuse(self, display: Display, showing: Showing, now: datetime) -> Ticket:
        verdict = showing.verdict
        words = for_reason(verdict.reason, self._asked(showing, now))
        facts = [Fact(_("Code read"), shortened(showing.text), mono=True)] if showing.text.strip() else []
        if showing.promotion is not None:
            facts.append(Fact(_("Promotion"), showing.promotion.title))
        facts.append(Fact(_("Reason"), verdict.reason.value, mono=True))
        asked, screen = self._asked(showing, now), showing.screen
        if screen is not None:
            facts = [*facts[:-1], comparing.name_on_it(screen.reading), facts[-1]]
        nearly = screen is not None and asked.like is not None
        return Ticket(
            state="refuse",
            key=self.key(display),
            word=for_outcome(verdict.outcome),
            headline=words.headline,
            sub=words.sub,
            hint=_hint(screen),
            wide=True,
            showing=showing.id,
            say=words.say,
            promotion=asked.like.id if asked.like else "",
            compared=comparing.comparison(screen, asked.like, self._counter.catalogue)
            if screen is not None and nearly
            else None,
            would_work=(*words.would_work, *self._also_on(showing, len(words.would_work), now))[:3],
            facts=tuple(facts),
            foot=(_("Nothing is used up"), _("by this refusal.")),
            note=display.note or "",
            wants_sale=asking.wants_sale(verdict),
        )

    def _also_on(self, showing: Showing, ways: int, now: datetime) -> tuple[Way, ...]:
        """Other promotions that run now, so that a refusal ends in a way on."""
        if showing.verdict.reason in _NOTHING_ELSE:
            return ()
        own = None if showing.promotion is None else showing.promotion.title
        like = self._asked(showing, now).like
        rows = on_today(self._counter.catalogue, self._counter.place.store, now)
        titles = [row.title for row in rows if row.tone == "on" and row.title != own]
        titles.sort(key=lambda title: like is None or title != like.title)  # the one that it is nearly of first
        return (Way("tag", titles[0], _(" is on now")),) if titles and ways < 3 else ()

    def _ask(self, display: Display, showing: Showing, now: datetime) -> Ticket:
        """A shift manager may say yes."""
        words = for_reason(showing.verdict.reason, self._asked(showing, now))
        seen = self._first_use(showing, now) if "times" in showing.verdict.facts else ()
        screen, catalogue = showing.screen, self._counter.catalogue
        return Ticket(
            state="ask",
            key=self.key(display),
            word=for_outcome(Outcome.ASK),
            headline=words.headline,
            sub=words.sub,
            hint=_hint(showing.screen),
            wide=True,
            showing=showing.id,
            say=words.say,
            facts=(*asking.facts(showing, now, self.zone), *seen),
            foot=(_("What is approved is"), _("written down, with whom.")),
            note=display.note or "",
            promotion=showing.verdict.promotion or "",
            compared=None if screen is None else comparing.comparison(screen, showing.promotion, catalogue),
            approvers=tuple(self._counter.approvers()),
            whys=asking.whys(showing.verdict.reason),
            wants_sale=asking.wants_sale(showing.verdict),
        )

    def _given(self, display: Display, showing: Showing, stub: Redeemed, now: datetime) -> Ticket:
        tapped = times.clock_seconds(stub.at, self.zone)
        if stub.at.astimezone(self.zone).date() != now.astimezone(self.zone).date():
            tapped = f"{times.day(stub.at.astimezone(self.zone).date(), now.date())} {tapped}"
        evidence = strength_of(showing.credential_kind)
        return Ticket(
            state="given",
            key=self.key(display),
            word=_("After the restart"),
            headline=_("Was it given?"),
            sub=_("One redemption has no answer yet."),
            hint=("pause", _("Filming waits\nfor your answer.")),
            showing=showing.id,
            n=stub.n,
            life=stub.life or 0,
            gives=_gives(showing),
            rows=(
                Fact(_("Tapped"), _("%(when)s, by %(clerk)s", when=tapped, clerk=self.clerk_name(stub.clerk))),
                Fact(_("Then"), _("The counter stopped before it could say so")),
                Fact(_("Shown"), _("A code") if evidence is None else evidence.words),
            ),
            facts=(Fact(_("Written down"), tapped), self._to_head_office()),
            note=display.note or "",
        )

    def _good_until(self, showing: Showing, now: datetime) -> tuple[Fact, ...]:
        if showing.promotion is None:
            return ()
        until = showing.promotion.valid.until
        return (Fact(_("Good until"), times.day(until, now.astimezone(self.zone).date())),)

    # --- the status line ---------------------------------------------------------------------

    def status(self, now: datetime) -> Status:
        """The status line as of ``now``."""
        status = self._counter.status()
        link = status.link
        published_ms = status.bundle_published_ms
        known_ms = max(published_ms or 0, link.last_contact_ms or 0)
        age_s = (to_ms(now) - known_ms) / 1000
        return Status(
            online=status.online,
            since=self._since(link.offline_since_ms or link.last_contact_ms, now),
            age="" if published_ms is None else times.ago(age_s),
            stale=published_ms is not None and status.freshness is not Freshness.FRESH,
            expired=status.freshness is Freshness.EXPIRED,
            clock=self._clock_between(status.clock, now),
            fenced=status.fenced,
            waiting=status.waiting,
            now=times.day_and_clock(now, self.zone),
            camera_code=status.camera.code,
            camera_words=status.camera.words,
            trouble=tuple(map(trouble_words, status.trouble)),
            notes=status.notes,
            camera_chip=chip(status.camera),
            camera_hint=None if status.camera.hint is None else hint_words(status.camera.hint),
            neighbours=words_of_the_line.neighbours(status.neighbours) if status.neighbours else "",
            near=words_of_the_line.how_neighbours_stand(status.neighbours, self._counters_here()),
        )

    def _counters_here(self) -> int:
        store = self._counter.catalogue.store(self._counter.place.store)
        return 1 if store is None else len(store.counters)

    def _clock_between(self, clock: ClockInterval | None, now: datetime) -> str:
        """What the time could be, as "12:00 to 12:10"; empty where the clock is sane."""
        if clock is None:
            return ""
        first, last = (times.near(at, self.zone, now) for at in (clock.earliest_at, clock.latest_at))
        return _("%(first)s to %(last)s", first=first, last=last)

    def _since(self, at_ms: int | None, now: datetime) -> str:
        if at_ms is None:
            return _("no contact yet")
        at = instant(at_ms)
        if now - at < timedelta(hours=20):
            return _("since %(when)s", when=times.clock(at, self.zone))
        on = times.day(at.astimezone(self.zone).date(), now.astimezone(self.zone).date())
        return _("since %(when)s", when=on)


def _head_office(showing: Showing) -> tuple[Fact, ...]:
    """What came of asking head office for a code that can be used once."""
    if showing.asked_n is None:
        return ()
    return (Fact(_("Head office"), _("Says yes") if showing.granted else _("Being asked")),)


def _idle_headline(offers: Sequence[object], *, none_yet: bool) -> str:
    if len(offers) > 1:
        return _("%(count)s codes", count=count(offers))
    return _("Waiting") if none_yet else _("Ready")


def _idle_sub(offers: int, *, none_yet: bool) -> str:
    if offers > 1:
        return _("Tap the one to use, in the picture.")
    return _("Nothing is published yet.") if none_yet else _("Hold up a phone, or scan a code.")


def _hint(screen: FilmedScreen | None) -> tuple[str, str]:
    if screen is None:
        return "check", _("Code read. You can put\nthe phone down.")
    return "eye", _("Screen read, no code.\n%(frames)s", frames=frames_agree(screen.reading.frames))


def _small_print(promotion: Promotion | None) -> str:
    if promotion is None:
        return ""
    return " ".join(part for part in (promotion.terms or "", worth(promotion.value)) if part)


def _gives(showing: Showing) -> str:
    return showing.promotion.gives if showing.promotion is not None else showing.verdict.promotion or ""


def _left(showing: Showing, taken: int = 0) -> tuple[Fact, ...]:
    limit, left = showing.verdict.facts.get("limit"), showing.verdict.facts.get("left")
    if not isinstance(limit, int) or not isinstance(left, int):
        return ()
    return (Fact(_("Left, as known here"), str(max(0, left - taken)), of=limit),)


def _this_code(showing: Showing) -> tuple[Fact, ...]:
    kinds = {
        "listed": _("This code"),
        "rotating": _("This code"),
        "foreign": _("This ticket"),
        "voucher": _("This voucher"),
    }
    fresh = kinds.get(showing.credential_kind or "")
    if fresh is not None:
        return (Fact(fresh, _("Not used before")),)
    return (Fact(_("This word"), _("Good for any guest")),) if showing.credential_kind == "word" else ()
