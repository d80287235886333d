"""Answers as they are shown: what was held up, decided over what is known now. Everything here goes through decide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kiosk.clock import to_ms
from kiosk.core.catalogue import Catalogue, Credential
from kiosk.core.credential import Presented, present
from kiosk.core.decide import UNKNOWN_SALE, Place, Sale, decide
from kiosk.core.fact import Redemption
from kiosk.core.promotion import Promotion
from kiosk.core.question import Question, instant, question_of
from kiosk.core.screen import PresentedScreen, screen_digest
from kiosk.core.standing import Standing
from kiosk.core.verdict import Outcome, Reason, Verdict
from kiosk.display import FilmedScreen, Redeemed, Showing
from kiosk.screens import Album

AS_SHOWN_FOR_S = 120.0
"""A promise made on the display is kept this long: the window is judged as of when it was shown."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer rests on."""

    catalogue: Catalogue
    standing: Standing
    place: Place
    now: datetime
    sale: Sale = UNKNOWN_SALE

    def decide(self, held_up: Presented | PresentedScreen | None, at: datetime | None = None) -> Verdict:
        """The verdict on ``held_up``, now or ``at`` another time."""
        return decide(held_up, self.catalogue, self.standing, self.place, at or self.now, self.sale)

    def credential(self, held_up: Presented | PresentedScreen | None, at: datetime | None = None) -> Credential | None:
        """What was held up, where it is known for what it is, now or ``at`` another time."""
        return self.catalogue.credential(held_up, to_ms(at or self.now))

    def turning(self, text: str) -> str | None:
        """The promotion whose rotating code ``text`` is now; None: it is no such code, or an old one."""
        credential = self.credential(present(text))
        return credential.promotion if credential is not None and credential.kind == "rotating" else None


def showing_of_text(text: str, source: str, showing_id: str, known: Known) -> Showing:
    """The answer to a code."""
    presented = present(text)
    credential = known.credential(presented)
    verdict = known.decide(presented)
    return Showing(
        id=showing_id,
        text=text,
        verdict=verdict,
        promotion=known.catalogue.promotions.get(verdict.promotion or ""),
        credential_kind=None if credential is None else credential.kind,
        shown_at=known.now,
        source=source,
    )


def showing_of_screen(screen: FilmedScreen, showing_id: str, known: Known, album: Album) -> Showing:
    """The answer to a check-in screen; with the picture of its first use where ``album`` has it."""
    presented = PresentedScreen(screen.reading, bytes.fromhex(showing_id))
    verdict = known.decide(presented)
    earlier = None
    if verdict.reason is Reason.SEEN_BEFORE:
        earlier = album.find(screen_digest(known.catalogue.fleet_key, presented))
    return Showing(
        id=showing_id,
        text="",
        verdict=verdict,
        promotion=known.catalogue.promotions.get(verdict.promotion or ""),
        credential_kind="screen",
        shown_at=known.now,
        source=screen.source,
        screen=replace(screen, earlier=earlier),
    )


def showing_of_stub(n: int, fact: Redemption, promotion: Promotion | None, life: int | None = None) -> Showing:
    """A redemption from before the restart, to be asked about; ``life`` as in :class:`~kiosk.display.Redeemed`."""
    at = instant(fact.at_ms)
    return Showing(
        id=fact.intent.hex(),
        text="",
        verdict=Verdict(Outcome.ACCEPT, Reason.OK, fact.promotion),
        promotion=promotion,
        credential_kind=fact.credential_kind,
        shown_at=at,
        source="after-restart",
        redeemed=Redeemed(n, at, fact.clerk, life=life),
    )


def decide_again(showing: Showing, known: Known) -> Verdict:
    """The verdict on what is shown, over what is known now, with the window judged as of when it was shown."""
    return known.decide(held_up(showing), _judged_at(showing, known))


def credential_again(showing: Showing, known: Known) -> Credential:
    """What is shown and was just said yes to, as of the same time: a rotating code may have turned since.

    A shift manager may have said yes to what it can only be at one end of what the time could be.
    """
    credential = credential_of(showing, known)
    assert credential is not None, "a credential that decide knows and nobody else"
    return credential


def credential_of(showing: Showing, known: Known) -> Credential | None:
    """What is shown, where it is known for what it is: as of the same time, or at an end of what the time could be."""
    clock = known.standing.situation.clock
    instants = [_judged_at(showing, known), *([] if clock is None else [clock.earliest_at, clock.latest_at])]
    found = (known.credential(held_up(showing), at) for at in instants)
    return next((one for one in found if one is not None), None)


def question_again(showing: Showing, known: Known) -> Question | None:
    """The question that what is shown puts; None where no promotion in force knows it."""
    credential = credential_of(showing, known)
    terms = None if credential is None else known.catalogue.terms(credential.promotion)
    if credential is None or terms is None:
        return None
    local = _judged_at(showing, known).astimezone(known.catalogue.zone(known.place.store))
    reading = None if showing.screen is None else showing.screen.reading
    return question_of(credential, terms, known.catalogue, known.standing, known.place, local, known.sale, reading)


def _judged_at(showing: Showing, known: Known) -> datetime:
    kept = known.now - showing.shown_at <= timedelta(seconds=AS_SHOWN_FOR_S)
    return showing.shown_at if kept else known.now


def held_up(showing: Showing) -> Presented | PresentedScreen | None:
    """What the answer was given to."""
    if showing.screen is None:
        return present(showing.text)
    return PresentedScreen(showing.screen.reading, bytes.fromhex(showing.id))


def in_place(showing: Showing, anew: Showing) -> Showing | None:
    """What stands in the place of ``showing`` once more was read of its screen; None where that changes nothing.

    A picture that the clerk has touched stays as it is, and what was read of it; only a name and a clock that were
    not read before are taken over, since they are what a screen is known by.
    """
    before, now = showing.screen, anew.screen
    if before is None or now is None:
        return None
    if not before.touched:
        kept = replace(now, since_s=before.since_s, earlier=before.earlier)
        return replace(anew, screen=kept, shown_at=showing.shown_at)
    was = before.reading
    fuller = replace(was, clock=was.clock or now.reading.clock, handle=was.handle or now.reading.handle)
    if fuller == was:
        return None
    return replace(anew, screen=replace(before, reading=fuller), shown_at=showing.shown_at)


def raises_an_alarm(showing: Showing, verdict: Verdict) -> bool:
    """Whether a screen on display was redeemed elsewhere meanwhile: it is to be compared anew."""
    return verdict.reason is Reason.SEEN_BEFORE and showing.verdict.reason is not Reason.SEEN_BEFORE


def says_the_same(one: Showing, other: Showing) -> bool:
    """Whether two answers to one screen tell the clerk the same, whatever more was read."""
    return same_answer(one.verdict, other.verdict)


def same_answer(one: Verdict, other: Verdict) -> bool:
    """Whether two verdicts tell the clerk the same; figures may differ."""
    return _said(one) == _said(other)


def _said(verdict: Verdict) -> tuple[object, ...]:
    return verdict.outcome, verdict.reason, verdict.promotion, verdict.facts.get("like"), verdict.facts.get("stub")


def has_same_marks(one: Promotion | None, other: Promotion | None) -> bool:
    """Whether a screen that was read for the one promotion was read for the other: it was published anew."""
    return one is not None and other is not None and _marks(one) == _marks(other)


def _marks(promotion: Promotion) -> tuple[object, ...]:
    return promotion.venue, promotion.venue_aliases, promotion.words, promotion.screen
