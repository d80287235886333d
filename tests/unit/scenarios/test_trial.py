"""A scenario becomes a world, a standing and a sale; the answer is the core's."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from kiosk.scenarios.fields import ScenarioFault
from kiosk.scenarios.reading import read_scenario
from kiosk.scenarios.trial import Trial
from tests.scenario_world import CODE, OFFER, SCREEN, WORD, ask, coffee, earlier, question, tacos, told

ORGANISATION = Organisation.model_validate({
    "name": "Harbor Grill",
    "floor": {"amount": "20.00", "currency": "USD"},
    "stores": [
        {"id": "bayside", "name": "Bayside", "time_zone": "America/New_York", "groups": ["coast"],
         "counters": [{"id": "front", "name": "The front"}]},
        {"id": "sunset", "name": "Sunset", "time_zone": "America/Los_Angeles", "groups": ["coast"]},
    ],
})  # fmt: skip


# --- what is held up -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        (CODE, "listed", "accept ok"),
        (CODE.lower().replace("-", " "), "listed", "accept ok"),
        ("5hr1mp-2O", "word", "accept ok"),
        (SCREEN, "screen", "check look-at-screen"),
        (SCREEN.replace("Nov 1 - Nov 30", "Oct 1 - Oct 9"), "screen", "refuse unknown-code"),
        ("Sunny all day", "screen", "refuse unknown-code"),
        ("NOBODY-KNOWS", "word", "refuse unknown-code"),
        ("", "listed", "refuse malformed"),
        ("- -", "word", "refuse malformed"),
        (" \n ", "screen", "refuse malformed"),
        ("a" * 4296, "screen", "refuse unknown-code"),
        ("a" * 4297, "screen", "refuse malformed"),
        ("no voucher at all", "voucher", "refuse malformed"),
        ("no coupon at all", "gs1", "refuse malformed"),
        ("no ticket at all", "foreign", "refuse malformed"),
    ],
)
def test_what_is_held_up_is_the_text(text: str, kind: str, answer: str) -> None:
    assert told(question(text, kind)) == answer


@pytest.mark.parametrize("kind", ["word", "rotating", "voucher", "gs1", "foreign", None])
def test_a_text_that_is_known_is_taken_for_what_it_is_whatever_it_is_called(kind: str | None) -> None:
    assert told(question(CODE, kind)) == "accept ok"


def test_a_screen_that_is_nearly_ours_says_what_differs() -> None:
    facts = ask(question(SCREEN.replace("Nov 1 - Nov 30", "Oct 1 - Oct 9"), "screen")).facts
    assert facts["like"] == "tacos"
    assert facts["differs"] == [{"mark": "dates", "wanted": "Nov 1 - Nov 30", "found": "Oct 1 - Oct 9"}]


def test_codes_may_be_listed_beside_the_promotion() -> None:
    assert told(question("WINTER-1")) == "refuse unknown-code"
    assert told(question("WINTER-1", listed={"tacos": ["winter 1"]})) == "accept ok"
    assert told(question("WINTER-1", codes={"tacos": ["--"], "coffee": ["winter 1"]})) == "refuse unknown-code"


# --- where and when ------------------------------------------------------------------------------


def test_names_that_a_promotion_gives_are_stores_in_the_time_zone_of_the_question() -> None:
    only_there = tacos(stores=["pier-9", "quay/front"], valid={"from": "2026-11-07", "until": "2026-11-30"})
    verdict = ask(question(), only_there)
    assert (verdict.reason, verdict.facts["stores"]) == ("wrong-store", ["pier-9", "quay"])
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-07T00:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["pier-9", "quay"],
    }  # fmt: skip
    assert told(question(store="pier-9", at="2026-11-08T00:00:00-05:00"), only_there) == "accept ok"


def test_the_counter_counts_where_the_promotion_names_some() -> None:
    at_the_front = tacos(stores=["bayside/front"])
    assert told(question(counter="front"), at_the_front) == "accept ok"
    assert told(question(counter="back"), at_the_front) == "refuse wrong-counter"
    assert told(question(), at_the_front) == "refuse wrong-counter"


def test_the_time_zone_of_the_question_is_the_store_s() -> None:
    last_minute = question(at="2026-12-01T04:59:00Z")
    assert told(last_minute) == "accept ok"
    assert told({**last_minute, "time_zone": "Europe/Lisbon"}) == "refuse over"


def test_stores_of_an_organisation_keep_their_zone_and_their_groups() -> None:
    fields = question(store="sunset", time_zone=None, at="2026-12-01T07:59:00Z")
    coast = tacos(stores=["coast"])
    assert told(fields, coast, organisation=ORGANISATION) == "accept ok"
    assert told({**fields, "store": "bayside"}, coast, organisation=ORGANISATION) == "refuse over"
    elsewhere = ask({**question(), "store": "quay"}, coast, organisation=ORGANISATION)
    assert (elsewhere.reason, elsewhere.facts["stores"]) == ("wrong-store", ["Bayside", "Sunset"])


def test_a_store_that_nobody_knows_needs_a_time_zone() -> None:
    with pytest.raises(ScenarioFault, match="time_zone: The field is missing") as raised:
        ask(question(store="quay", time_zone=None), organisation=ORGANISATION)
    assert raised.value.field == "time_zone"


def test_a_store_may_have_any_name() -> None:
    assert told(question(store="Bayside & Söhne")) == "accept ok"
    assert told(question(history=[earlier(store="Ünter den Linden", counter="Ü 1")])) == "refuse used-elsewhere"


# --- the history ---------------------------------------------------------------------------------


def test_a_redemption_before_counts_here_and_elsewhere() -> None:
    assert told(question(history=[earlier()])) == "refuse used-here"
    assert told(question(history=[earlier(store="pier-9")])) == "refuse used-elsewhere"
    facts = ask(question(history=[earlier({"kind": "listed", "text": CODE.lower()}, store="pier-9")])).facts
    assert (facts["used_at"], facts["used_store"]) == ("2026-11-06T17:00:00-05:00", "pier-9")


@pytest.mark.parametrize(
    ("void", "answer"),
    [
        ({}, "accept ok"),
        ({"at": None}, "accept ok"),
        ({"text": CODE.replace("-", "").lower()}, "accept ok"),
        ({"store": "pier-9"}, "refuse used-here"),
        ({"promotion": "coffee"}, "refuse used-here"),
        ({"text": "ANOTHER"}, "refuse used-here"),
    ],
)
def test_a_void_undoes_what_has_its_promotion_credential_and_store(void: dict[str, Any], answer: str) -> None:
    assert told(question(history=[earlier(), earlier(**void, void=True)])) == answer


def test_a_void_before_the_redemption_or_without_one_is_nothing() -> None:
    assert told(question(history=[earlier(void=True), earlier()])) == "refuse used-here"
    assert told(question(history=[earlier(void=True)])) == "accept ok"


def test_each_void_undoes_one_and_the_latest_first() -> None:
    twice = tacos(limits={"per_code": 2})
    used = [earlier(at="2026-11-05T10:00:00-05:00"), earlier(at="2026-11-06T10:00:00-05:00")]
    assert told(question(history=used), twice) == "refuse used-here"
    assert ask(question(history=[*used, earlier(void=True), used[0]]), twice).facts["used_at"] == used[0]["at"]
    assert told(question(history=[*used, earlier(void=True), earlier(void=True)]), tacos()) == "accept ok"


def test_a_void_undoes_a_screen_and_what_nobody_knows_too() -> None:
    one_left = tacos(limits={"total": 1})
    for text in (SCREEN.replace("@zed.z\n", ""), "NOBODY-KNOWS", None):
        past = [earlier(text), earlier(text, void=True)]
        assert told(question(history=past[:1]), one_left) == "refuse limit-total"
        assert told(question(history=past), one_left) == "accept ok"


def test_a_void_that_restores_nothing_leaves_the_code_used_and_gives_the_cap_back() -> None:
    strict = tacos(limits={"total": 1}, void_restores_use=False)
    past = [earlier(), earlier(void=True)]
    assert told(question(history=past), strict) == "refuse used-here"
    assert told(question(WORD, "word", history=past), strict) == "accept ok"


def test_who_redeemed_and_what_it_took_off_count() -> None:
    limits = {"per_customer": 1, "per_clerk_day": 1, "budget": "20.00", "per_store_day": 2}
    limited = tacos(limits=limits)
    word = question(WORD, "word")
    assert told({**word, "holder": "Ana", "history": [earlier(holder="ANA")]}, limited) == "refuse limit-customer"
    by_marta = [earlier(clerk="marta", amount_minor=100)]
    assert told({**word, "holder": "Bo", "clerk": "marta", "history": by_marta}, limited) == "refuse limit-clerk-day"
    assert told({**word, "holder": "Bo", "clerk": "joao", "history": by_marta}, limited) == "accept ok"
    spent = [earlier(amount_minor=800)]
    assert told({**word, "history": spent}, limited) == "accept ok"
    assert told({**word, "history": [earlier(amount_minor=801)]}, limited) == "refuse budget-spent"
    assert told({**word, "history": [earlier()]}, limited) == "refuse budget-spent"


def test_a_percentage_costs_what_the_basket_of_then_says() -> None:
    tenth = tacos(value={"percent": 10, "currency": "USD"}, limits={"budget": "5.00"})
    word = question(WORD, "word", basket_minor=2000)
    assert told({**word, "history": [earlier(basket_minor=3000)]}, tenth) == "accept ok"
    assert told({**word, "history": [earlier(basket_minor=3010)]}, tenth) == "refuse budget-spent"


def test_what_nobody_knows_counts_for_the_caps_of_the_promotion_it_names() -> None:
    two = tacos(limits={"total": 2})
    past = [earlier("NOBODY-KNOWS"), earlier("\ud800"), earlier(None, promotion="coffee")]
    assert ask(question(history=past[:1]), two).facts["left"] == 1
    assert told(question(history=past), two) == "refuse limit-total"


def test_a_promotion_that_is_not_in_the_file_may_stand_in_the_history() -> None:
    assert told(question(history=[earlier(promotion="gone")])) == "accept ok"


# --- screens seen before ---------------------------------------------------------------------------


def test_a_screen_with_name_and_clock_is_known_again() -> None:
    again = ask(question(SCREEN, "screen", history=[earlier(SCREEN), earlier({"kind": "screen", "text": SCREEN})]))
    assert (again.outcome, again.reason) == ("check", "seen-before")
    assert (again.facts["times"], again.facts["used_at"]) == (2, "2026-11-06T17:00:00-05:00")
    assert "clerk" not in again.facts
    assert "used_counter" not in again.facts


def test_the_counter_and_the_clerk_of_the_screen_seen_before_are_told_where_they_are_known() -> None:
    past = [earlier(SCREEN, counter="front", clerk="marta")]
    facts = ask(question(SCREEN, "screen", history=past)).facts
    assert (facts["used_counter"], facts["clerk"], facts["stub"]) == ("front", "marta", 1)


@pytest.mark.parametrize("missing", ["21:14\n", "@zed.z\n"])
def test_a_screen_without_name_or_clock_is_known_again_by_its_text(missing: str) -> None:
    text = SCREEN.replace(missing, "")
    same, other = {"kind": "screen", "text": text}, {"kind": "screen", "text": f"{text}\nspecial unlocked"}
    assert told(question(text, "screen", history=[earlier(same)])) == "check seen-before"
    assert told(question(text, "screen", history=[earlier(text)])) == "check seen-before"
    assert told(question(text, "screen", history=[earlier(other)])) == "check look-at-screen"
    assert told(question(text, "screen", history=[earlier(same), earlier(same, void=True)])) == "check look-at-screen"


@pytest.mark.parametrize(("now", "then", "reason"), [
    ("ana", "ana", "seen-before"), ("ana", "bob", "look-at-screen"), (None, "ana", "seen-before"),
    ("ana", None, "seen-before"),
])  # fmt: skip
def test_the_same_words_on_another_holders_screen_are_another_screen(
    now: str | None, then: str | None, reason: str
) -> None:
    past = [earlier({"kind": "screen", "text": OFFER}, holder=then)]
    assert ask(question(OFFER, "screen", holder=now, history=past)).reason == reason


def test_a_plain_text_in_the_history_is_read_as_a_screen_where_it_is_nothing_else() -> None:
    once = tacos(limits={"per_customer": 1})
    past = [earlier(SCREEN.replace("21:14", "20:10"))]
    assert told(question(SCREEN, "screen", history=past), once) == "refuse limit-customer"
    assert told(question(SCREEN, "screen", history=[earlier("WINTER"), earlier(WORD)]), once) == "check look-at-screen"


def test_the_holder_that_is_told_goes_before_the_name_on_a_screen() -> None:
    once = tacos(limits={"per_customer": 1})
    assert told(question(SCREEN, "screen", holder="Ana", history=[earlier(SCREEN)]), once) == "check seen-before"
    past = [earlier(SCREEN, holder="Ana")]
    assert told(question(SCREEN, "screen", holder="ana", history=past), once) == "refuse limit-customer"


# --- the sale ------------------------------------------------------------------------------------


def test_the_basket_and_the_sale_count() -> None:
    both = [tacos(basket={"min": "20.00"}, stacks_with=["coffee"], stack_cap="15.50"), coffee()]
    assert told(question(basket_minor=2000, in_sale=["coffee"]), *both) == "accept ok"
    assert told(question(basket_minor=1999), *both) == "refuse basket-too-small"
    assert told(question(basket_minor=2000, in_sale=["tacos"]), *both) == "refuse does-not-stack"
    taken = [{"promotion": "coffee", "amount_minor": 351}]
    assert told(question(basket_minor=2000, in_sale=taken), *both) == "refuse does-not-stack"


# --- the counter alone ---------------------------------------------------------------------------


def offline(**changes: Any) -> dict[str, Any]:
    return question(online=False, **changes)


FLOOR = {"policy": "floor", "floor": "20.00", "risk": "50.00"}


def test_offline_what_can_be_used_once_needs_a_floor_and_words_do_not() -> None:
    assert told(offline()) == "refuse needs-head-office"
    assert told(question(WORD, "word", online=False)) == "accept ok"
    assert told(offline(), tacos(offline=FLOOR)) == "accept ok"
    assert told(offline(), organisation=ORGANISATION) == "accept ok"


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"allowance": 1}, "accept ok"),
        ({"allowance": 0}, "refuse no-allowance"),
        ({"allowance": "12.00"}, "accept ok"),
        ({"allowance": "11.99"}, "refuse no-allowance"),
        ({"allowance": {"uses": 0}}, "refuse no-allowance"),
        ({"allowance": {"store_uses": 0}}, "refuse no-allowance"),
        ({"allowance": {"amount": 1199}}, "refuse no-allowance"),
        ({"allowance": {"uses": 1, "store_uses": 1, "amount": "12.00", "risk": "12.00"}}, "accept ok"),
        ({"allowance": {"risk": "11.99"}}, "refuse no-allowance"),
        ({"allowance": {"risk": "11.99"}, "risk": "50.00"}, "refuse no-allowance"),
        ({"allowance": {"uses": 1}, "risk": "11.99"}, "refuse no-allowance"),
        ({"risk": "12.00"}, "accept ok"),
        ({"risk": "11.99"}, "refuse no-allowance"),
        ({"risk": 1200}, "accept ok"),
        ({"risk": 1199}, "refuse no-allowance"),
    ],
)
def test_allowance_and_risk_limit_a_counter_that_is_offline(fields: dict[str, Any], answer: str) -> None:
    assert told(offline(**fields), tacos(offline=FLOOR)) == answer
    assert told(question(**fields), tacos(offline=FLOOR)) == "accept ok"


def test_the_risk_that_is_not_given_is_the_promotion_s() -> None:
    assert told(offline(), tacos(offline={**FLOOR, "risk": "12.00"})) == "accept ok"
    assert told(offline(), tacos(offline={**FLOOR, "risk": "11.99"})) == "refuse no-allowance"


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"risk": "12.0.0"}, "risk"), ({"allowance": -1}, "allowance"), ({"allowance": {"uses": "1"}}, "allowance.uses")],
)
def test_an_allowance_that_cannot_be_read_is_told(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioFault) as raised:
        ask(offline(**fields))
    assert raised.value.field == field


def test_amounts_without_a_promotion_are_read_all_the_same() -> None:
    assert told(question("NOBODY-KNOWS", online=False, risk="50.00")) == "refuse unknown-code"


def test_a_list_that_is_too_old_is_told_with_its_age() -> None:
    expired = question(WORD, "word", freshness="expired")
    assert told(expired) == "ask promotions-stale"
    assert ask(expired).facts["published_at"] == "2026-10-06T19:00:00-04:00"
    dated = {**expired, "published_at": "2026-09-01T12:00:00Z"}
    assert ask(dated).facts["published_at"] == "2026-09-01T08:00:00-04:00"
    assert told(question(WORD, "word", freshness="stale")) == "accept ok"


def test_a_fenced_counter_and_a_suspect_clock_are_told() -> None:
    assert told(question(fenced=True)) == "refuse counter-fenced"
    evening = tacos(valid={"from": "2026-11-01", "until": "2026-11-30", "hours": ["17:00-22:00"]})
    clock = ["2026-11-06T18:00:00-05:00", "2026-11-06T19:00:00-05:00"]
    assert told(question(clock=clock), evening) == "accept ok"
    assert told(question(clock=[clock[0], "2026-11-06T23:00:00-05:00"]), evening) == "ask clock-suspect"


# --- many ----------------------------------------------------------------------------------------


def test_what_was_asked_before_changes_no_answer() -> None:
    tried = Trial({"tacos": Promotion.model_validate(tacos(limits={"total": 1}))})
    first = read_scenario(question())
    assert tried.answer(first).reason == "ok"
    assert tried.answer(read_scenario(question(history=[earlier(WORD, store="pier-9")]))).reason == "limit-total"
    assert tried.answer(read_scenario(question(time_zone="Asia/Tokyo", at="2026-11-30T16:00:00Z"))).reason == "over"
    assert tried.answer(first).reason == "ok"


@pytest.mark.parametrize(
    ("allowance", "limits", "answer"),
    [
        (None, None, "refuse needs-head-office"),
        (0, None, "refuse needs-head-office"),
        (1, None, "accept ok"),
        (1, {"total": 5}, "refuse needs-head-office"),
    ],
)
def test_an_allowance_where_nothing_is_capped_is_the_right_of_the_credential(
    allowance: int | None, limits: dict[str, int] | None, answer: str
) -> None:
    owned = tacos(offline={"policy": "owner"}, limits=limits)
    assert told(question(online=False, allowance=allowance), owned) == answer


@pytest.mark.parametrize(
    ("allowance", "limits", "answer"),
    [
        (1200, {"budget": "120.00"}, "accept ok"),
        (1199, {"budget": "120.00"}, "refuse no-allowance"),
        (1, {"budget": "120.00", "total": 9}, "accept ok"),
        (1, {"budget": "120.00", "per_store": 9}, "accept ok"),
    ],
)
def test_an_allowance_of_a_promotion_that_caps_money_alone_is_money(
    allowance: int, limits: dict[str, Any], answer: str
) -> None:
    assert told(question(online=False, allowance=allowance), tacos(limits=limits, offline=FLOOR)) == answer
