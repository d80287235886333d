"""decide on check-in screens: compared, seen before, nearly ours, refused like anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from kiosk.core.catalogue import EMPTY, Catalogue
from kiosk.core.decide import Place, decide
from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption, UseSeen, Void
from kiosk.core.promotion import Promotion
from kiosk.core.screen import PresentedScreen, ScreenReading, ScreenResult, screen_digest
from kiosk.core.standing import Standing
from kiosk.core.verdict import Outcome, Reason, Verdict
from tests.core_world import (
    ELSEWHERE,
    FLEET_KEY,
    HEAD_OFFICE,
    OWN,
    at,
    catalogue,
    milliseconds,
    promotion,
    redemption,
    use_seen,
)
from tests.screen_world import reading, screen_promotion

NOON = at("2026-11-06T12:00")  # a Friday
INTENT = bytes(16)


def asked(
    shown: ScreenReading | None = None,
    published: Promotion | Catalogue | None = None,
    *,
    standing: Standing | None = None,
    store: str = "bayside",
    now: datetime = NOON,
    intent: bytes = INTENT,
) -> Verdict:
    """The verdict on a screen where one promotion is published."""
    known = published if isinstance(published, Catalogue) else catalogue(published or screen_promotion())
    held_up = PresentedScreen(shown or reading(), intent)
    return decide(held_up, known, standing or Standing(OWN), Place(store, "counter-1"), now)


def digest_of(shown: ScreenReading | None = None, intent: bytes = INTENT) -> bytes:
    return screen_digest(FLEET_KEY, PresentedScreen(shown or reading(), intent))


def use(n: int = 1, shown: ScreenReading | None = None, **changes: Any) -> Redemption:
    """A redemption of the screen, a minute later for each ``n``."""
    at_ms = milliseconds(at(f"2026-11-06T11:{n:02d}"))
    fields = {"promotion": "checkin", "credential": digest_of(shown), "credential_kind": "screen", "at_ms": at_ms}
    return redemption(n, **(fields | changes))


def used(*uses: Redemption, feed: FeedId = OWN) -> Standing:
    standing = Standing(OWN)
    for n, fact in enumerate(uses, start=1):
        standing.apply(feed, n, fact)
    return standing


# --- compared ------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [ScreenResult.GREEN, ScreenResult.AMBER])
def test_a_screen_is_never_accepted_by_itself(result: ScreenResult) -> None:
    verdict = asked(reading(result=result))
    assert (verdict.outcome, verdict.reason, verdict.promotion) == (Outcome.CHECK, Reason.LOOK_AT_SCREEN, "checkin")


def test_what_was_not_read_is_named() -> None:
    verdict = asked(reading(not_read=("dates", "claim")))
    assert verdict.facts["not_read"] == [
        {"mark": "dates", "wanted": "Nov 1 - Nov 30"},
        {"mark": "claim", "wanted": "You've checked in"},
    ]
    assert "not_read" not in asked().facts


def test_what_is_left_is_told() -> None:
    assert asked(published=screen_promotion(limits={"total": 20})).facts["left"] == 20


def test_a_screen_that_is_for_nothing_here_is_unknown() -> None:
    nothing = ScreenReading(ScreenResult.NONE)
    assert asked(nothing) == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)
    assert asked(reading(promotion="gone")) == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)
    assert asked(published=EMPTY).reason is Reason.UNKNOWN_CODE


def test_a_screen_of_a_promotion_that_takes_none_needs_another_credential() -> None:
    with_codes = screen_promotion(credentials=["listed"], codes=["TACO-7F3K"])
    assert asked(published=with_codes).reason is Reason.WRONG_CREDENTIAL


@pytest.mark.parametrize(
    ("changes", "question", "reason"),
    [
        ({}, {"now": at("2026-12-01T00:00")}, Reason.OVER),
        ({}, {"now": at("2026-10-31T23:59")}, Reason.NOT_YET),
        ({"paused": True}, {}, Reason.PAUSED),
        ({"stores": ["pier-9"]}, {}, Reason.WRONG_STORE),
        ({"valid": {"from": "2026-11-01", "until": "2026-11-30", "hours": ["17:00-22:00"]}}, {}, Reason.WRONG_HOUR),
        ({"limits": {"total": 1}}, {}, Reason.LIMIT_TOTAL),
    ],
)
def test_rules_refuse_a_screen_as_they_do_anything_and_an_alarm_hides_none_of_them(
    changes: dict[str, Any], question: dict[str, Any], reason: Reason
) -> None:
    verdict = asked(published=screen_promotion(**changes), standing=used(use()), **question)
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUSE, reason)
    if reason is not Reason.LIMIT_TOTAL:
        assert asked(published=screen_promotion(**changes), **question).reason is reason


@pytest.mark.parametrize("edge", ["2026-11-01T00:00", "2026-11-30T23:59"])
def test_the_first_and_last_minute_of_its_dates_are_in(edge: str) -> None:
    assert asked(now=at(edge)).reason is Reason.LOOK_AT_SCREEN


def test_a_promotion_that_is_not_announced_yet_is_not_given_away_by_a_screen() -> None:
    secret = screen_promotion(announce_from="2026-10-28")
    day_before = at("2026-10-27T12:00")
    assert asked(published=secret, now=day_before) == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)
    nearly = reading(differs={"dates": "Oct 3 - Oct 10"})
    assert asked(nearly, secret, now=day_before) == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)
    assert asked(nearly, secret, now=at("2026-10-28T00:00")).facts["like"] == "checkin"


# --- nearly ours ---------------------------------------------------------------------------------


def test_another_day_is_refused_and_says_what_differs() -> None:
    verdict = asked(reading(differs={"dates": "Oct 3 - Oct 10"}))
    assert (verdict.outcome, verdict.reason, verdict.promotion) == (Outcome.REFUSE, Reason.UNKNOWN_CODE, None)
    assert verdict.facts == {
        "like": "checkin",
        "differs": [{"mark": "dates", "wanted": "Nov 1 - Nov 30", "found": "Oct 3 - Oct 10"}],
    }


def test_what_merely_could_not_be_read_is_no_difference() -> None:
    verdict = asked(reading(differs={"venue": "Harbor Cafe"}, not_read=("claim",)))
    differs = verdict.facts["differs"]
    assert isinstance(differs, list)
    assert len(differs) == 1


# --- seen before ---------------------------------------------------------------------------------


def test_the_same_promotion_name_and_clock_raise_the_alarm() -> None:
    verdict = asked(standing=used(use()), intent=b"another showing!")
    assert (verdict.outcome, verdict.reason, verdict.promotion) == (Outcome.CHECK, Reason.SEEN_BEFORE, "checkin")
    assert verdict.facts == {
        "used_at": "2026-11-06T11:01:00-05:00", "used_store": "Bayside", "used_counter": "counter-1",
        "stub": 1, "times": 1, "clerk": "ana",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes", [{"handle": "@zed.zz"}, {"clock": "11:57"}, {"handle": ""}, {"clock": ""}, {"clock": "99:99"}]
)
def test_another_name_or_clock_or_one_that_was_not_read_raises_none(changes: dict[str, str]) -> None:
    assert asked(reading(**changes), standing=used(use())).reason is Reason.LOOK_AT_SCREEN


def test_the_alarm_is_not_about_how_a_name_or_clock_is_written() -> None:
    shown = reading(handle="@Zed.Z", clock="11.56")
    assert asked(shown, standing=used(use())).reason is Reason.SEEN_BEFORE
    assert digest_of(reading(clock="09:10")) == digest_of(reading(clock="9:10"))


def test_the_same_screen_for_another_promotion_is_another() -> None:
    other = screen_promotion(id="other", title="Other")
    known = catalogue(screen_promotion(), other)
    assert asked(reading(promotion="other"), known, standing=used(use())).reason is Reason.LOOK_AT_SCREEN
    assert digest_of(reading(promotion="other")) != digest_of()


@pytest.mark.parametrize("changes", [{"handle": ""}, {"clock": ""}])
def test_without_name_or_clock_the_alarm_is_said_not_to_be_checked_and_each_showing_is_its_own(
    changes: dict[str, str],
) -> None:
    shown = reading(**changes)
    assert asked(shown).facts["not_checked"] == ["seen-before"]
    assert "not_checked" not in asked().facts
    assert digest_of(shown, b"1" * 16) != digest_of(shown, b"2" * 16)
    assert digest_of(shown, b"1" * 16) == digest_of(shown, b"1" * 16)


def test_a_use_told_by_head_office_raises_it_too_with_what_is_known_of_it() -> None:
    standing = Standing(OWN)
    told: UseSeen = use_seen(ELSEWHERE, 9, use(store="pier-9"))
    standing.apply(HEAD_OFFICE, 1, told)
    facts = asked(standing=standing).facts
    assert (facts["used_store"], facts["used_counter"], facts["stub"]) == ("Pier 9", "counter-1", 9)
    assert "clerk" not in facts


def test_the_last_use_here_is_told_before_a_later_one_elsewhere() -> None:
    standing = used(use(1), use(2))
    standing.apply(HEAD_OFFICE, 1, use_seen(ELSEWHERE, 9, use(30, store="pier-9")))
    facts = asked(standing=standing).facts
    assert (facts["stub"], facts["times"], facts["used_store"]) == (2, 3, "Bayside")


@pytest.mark.parametrize(("restores", "reason"), [(True, Reason.LOOK_AT_SCREEN), (False, Reason.SEEN_BEFORE)])
def test_a_void_takes_the_alarm_back_where_it_restores_the_use(restores: bool, reason: Reason) -> None:
    standing = used(use())
    standing.apply(OWN, 2, Void(at_ms=9, feed=str(OWN), n=1, clerk="ana", reason="goods back"))
    assert asked(published=screen_promotion(void_restores_use=restores), standing=standing).reason is reason


def test_limits_for_each_code_are_not_about_screens() -> None:
    often = screen_promotion(limits={"per_code": 5})
    assert asked(published=often, standing=used(use())).reason is Reason.SEEN_BEFORE


def test_a_screen_s_use_does_not_count_against_codes_of_the_same_promotion() -> None:
    both = screen_promotion(credentials=["screen", "listed"], codes=["TACO-7F3K"])
    assert asked(published=both, standing=used(use(credential=b"c" * 16, credential_kind="listed"))).reason is (
        Reason.LOOK_AT_SCREEN
    )


def test_head_office_and_counters_know_a_screen_by_the_same_keyed_hash() -> None:
    assert len(digest_of()) == 16
    assert digest_of() != screen_digest(b"another key", PresentedScreen(reading(), INTENT))
    assert replace(reading(), frames=5, marks=()) != reading()
    assert digest_of(replace(reading(), frames=5, marks=())) == digest_of()


def test_a_plain_promotion_has_no_screen() -> None:
    assert asked(reading(promotion="tacos"), promotion()).reason is Reason.WRONG_CREDENTIAL
