from typing import Any

import pytest

from kiosk.core.decide import Sale
from tests.core_world import at
from tests.rules_world import HOLDER, LISTED, NOON, SCREEN, VOUCHER, WORD, Past, answer, asked, credential, reason

HERE, THERE = Past(one=1), Past(one=1, store="pier-9")
ONCE_KINDS = ["voucher", "listed", "gs1", "foreign", "rotating"]


# --- what it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["screen", "voucher", "listed", "word", "rotating", "gs1", "foreign"])
def test_a_kind_is_taken_where_the_promotion_names_it_and_wrong_where_not(kind: str) -> None:
    yes = ("check", "look-at-screen") if kind == "screen" else ("accept", "ok")
    assert answer(credential(kind), credentials=[kind]) == yes
    other = "listed" if kind != "listed" else "word"
    verdict = asked(credential(kind), credentials=[other])
    assert (verdict.outcome, verdict.reason, dict(verdict.facts)) == (
        "refuse",
        "wrong-credential",
        {"credentials": [other]},
    )


# --- used ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ONCE_KINDS)
def test_what_can_be_used_once_is_used_after_one_use(kind: str) -> None:
    assert answer(credential(kind)) == ("accept", "ok")
    assert answer(credential(kind), HERE) == ("refuse", "used-here")
    assert answer(credential(kind), THERE) == ("refuse", "used-elsewhere")


@pytest.mark.parametrize("kind", ["voucher", "listed", "gs1", "foreign"])
def test_n_uses_are_n(kind: str) -> None:
    assert reason(credential(kind), HERE, HERE, limits={"per_code": 3}) == "ok"
    assert reason(credential(kind), HERE, HERE, THERE, limits={"per_code": 3}) == "used-here"
    assert reason(credential(kind), THERE, THERE, THERE, limits={"per_code": 3}) == "used-elsewhere"


def test_a_step_of_a_rotating_code_is_used_once_whatever_the_limit_per_code() -> None:
    assert reason(credential("rotating"), HERE, limits={"per_code": 5}) == "used-here"
    assert reason(credential("rotating", 2), HERE, limits={"per_code": 5}) == "ok"


@pytest.mark.parametrize("held_up", [WORD, credential("gs1", shared=True)])
def test_what_many_share_is_never_used_up(held_up: object) -> None:
    assert reason(held_up, HERE, HERE, THERE, limits={"per_code": 1}) == "ok"


def test_another_one_s_use_is_not_this_one_s() -> None:
    assert reason(credential("listed", 2), HERE) == "ok"
    assert reason(credential("voucher", 2), HERE) == "ok"


def test_the_use_in_this_store_is_told_else_the_last_one() -> None:
    early = Past(one=1, at=at("2026-11-04T09:30"))
    verdict = asked(LISTED, early, THERE, limits={"per_code": 2})
    assert (verdict.reason, dict(verdict.facts)) == (
        "used-here",
        {"used_at": "2026-11-04T09:30:00-05:00", "used_store": "Bayside"},
    )
    verdict = asked(LISTED, early, THERE, limits={"per_code": 2}, store="sunset")
    assert (verdict.reason, dict(verdict.facts)) == (
        "used-elsewhere",
        {"used_at": "2026-11-06T08:00:00-08:00", "used_store": "Pier 9"},
    )


# --- marked as used by head office ---------------------------------------------------------------


def test_a_mark_of_head_office_is_a_use_elsewhere_of_which_nothing_is_told() -> None:
    verdict = asked(credential(used_up=True))
    assert (verdict.outcome, verdict.reason, dict(verdict.facts)) == ("refuse", "used-elsewhere", {})
    assert reason(credential(used_up=False)) == "ok"


def test_a_mark_of_head_office_counts_whatever_the_limit_per_code() -> None:
    assert reason(credential(used_up=True), THERE, limits={"per_code": 5}) == "used-elsewhere"


def test_marked_and_known_here_it_is_used_here() -> None:
    verdict = asked(credential(used_up=True), HERE, limits={"per_code": 5})
    assert (verdict.reason, verdict.facts["used_store"]) == ("used-here", "Bayside")


def test_a_mark_is_no_use_any_more_once_a_use_was_given_back_unless_that_restores_none() -> None:
    back = Past(one=1, void=True)
    assert reason(credential(used_up=True), back) == "ok"
    assert reason(credential(used_up=True), back, THERE) == "used-elsewhere"
    assert reason(credential(used_up=True), back, limits={"per_code": 5}) == "ok"
    assert reason(credential(used_up=True), back, limits={"per_code": 5}, void_restores_use=False) == "used-here"
    assert reason(credential(used_up=True), Past(one=2, void=True)) == "used-elsewhere"


# --- voids ---------------------------------------------------------------------------------------

GONE = Past(one=1, void=True, holder=HOLDER, amount_minor=1200)
STRICT: dict[str, Any] = {"void_restores_use": False}


@pytest.mark.parametrize("kind", ONCE_KINDS)
def test_a_void_gives_the_credential_back_only_where_it_restores_use(kind: str) -> None:
    assert reason(credential(kind), GONE) == "ok"
    assert reason(credential(kind), GONE, **STRICT) == "used-here"


def test_a_void_gives_the_customer_back_only_where_it_restores_use() -> None:
    once: dict[str, Any] = {"limits": {"per_customer": 1}, "sale": Sale(holder=HOLDER)}
    assert reason(WORD, GONE, **once) == "ok"
    assert reason(WORD, GONE, **STRICT, **once) == "limit-customer"
    assert asked(WORD, GONE, **STRICT, **once).facts["used"] == 1


@pytest.mark.parametrize("limit", ["total", "per_store", "per_store_day", "per_clerk_day"])
@pytest.mark.parametrize("restores", [True, False])
def test_a_void_always_gives_a_cap_back(limit: str, restores: bool) -> None:
    world: dict[str, Any] = {"limits": {limit: 1}, "sale": Sale(clerk="ana"), "void_restores_use": restores}
    assert reason(VOUCHER, Past(holder=HOLDER), **world) == f"limit-{limit.removeprefix('per_').replace('_', '-')}"
    assert reason(VOUCHER, Past(holder=HOLDER, void=True), **world) == "ok"


@pytest.mark.parametrize("restores", [True, False])
def test_a_void_always_gives_the_budget_back(restores: bool) -> None:
    world: dict[str, Any] = {
        "limits": {"budget": "12.00"},
        "value": {"amount": "12.00", "currency": "USD"},
        "void_restores_use": restores,
    }
    assert reason(VOUCHER, Past(amount_minor=1200), **world) == "budget-spent"
    assert reason(VOUCHER, Past(amount_minor=1200, void=True), **world) == "ok"


def test_of_two_uses_one_voided_one_counts() -> None:
    assert reason(LISTED, HERE, GONE, limits={"per_code": 2}) == "ok"
    assert reason(LISTED, HERE, GONE, limits={"per_code": 1}) == "used-here"
    assert reason(LISTED, HERE, GONE, limits={"per_code": 2}, **STRICT) == "used-here"


# --- a screen that was seen before ---------------------------------------------------------------


def test_a_screen_seen_before_is_checked_and_told_apart_from_a_new_one() -> None:
    assert answer(SCREEN) == ("check", "look-at-screen")
    assert answer(credential("screen", 2), HERE) == ("check", "look-at-screen")
    verdict = asked(SCREEN, HERE, THERE)
    assert (verdict.outcome, verdict.reason) == ("check", "seen-before")
    assert verdict.facts == {
        "used_at": "2026-11-06T11:00:00-05:00",
        "used_store": "Bayside",
        "used_counter": "counter-1",
        "stub": 1,
        "times": 2,
        "clerk": "ana",
    }


def test_a_void_takes_the_alarm_back_only_where_it_restores_use() -> None:
    assert reason(SCREEN, GONE) == "look-at-screen"
    assert reason(SCREEN, GONE, **STRICT) == "seen-before"


def test_a_screen_seen_before_is_refused_for_any_reason_against_it() -> None:
    assert reason(SCREEN, HERE, paused=True) == "paused"
    assert reason(SCREEN, HERE, now=NOON, limits={"total": 1}) == "limit-total"
