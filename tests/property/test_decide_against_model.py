"""decide against a slow model of it: tests/decide_model.py."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings

from kiosk.core.decide import Place, Sale, Taken, decide
from kiosk.core.verdict import Outcome, Verdict
from tests.decide_model import NEARLY, Expected, cost, customer, expected, is_announced
from tests.decide_worlds import World, answer, built, held_up, worlds

YES = {Outcome.ACCEPT, Outcome.CHECK}


def assert_is(verdict: Verdict, wanted: Expected) -> None:
    assert (verdict.outcome.value, verdict.reason.value) == (wanted.outcome, wanted.reason)
    for name, fact in wanted.facts.items():
        if name != "next_ok":
            assert verdict.facts.get(name) == fact, name


@settings(max_examples=500, deadline=None)
@given(worlds())
def test_the_verdict_is_the_model_s(world: World) -> None:
    verdict, wanted = answer(world), expected(world)
    assert_is(verdict, wanted)
    assert verdict.facts.get("like") == (NEARLY.get(world.held_up) if is_announced(world) else None)
    if verdict.promotion is not None:
        assert (verdict.cost_minor, verdict.holder) == (cost(world), customer(world))


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_the_next_time_and_place_are_the_model_s(world: World) -> None:
    told = answer(world).facts.get("next_ok")
    wanted = expected(world).facts.get("next_ok")
    if wanted is None:
        assert told is None
    else:
        assert isinstance(told, dict)
        assert isinstance(told["stores"], list)
        assert (datetime.fromisoformat(str(told["at"])), set(told["stores"])) == wanted


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_whoever_comes_at_the_promised_time_and_place_passes_until_it_closes(world: World) -> None:
    told = answer(world).facts.get("next_ok")
    if not isinstance(told, dict):
        return
    opens, closes = (datetime.fromisoformat(str(told[name])) for name in ("at", "until"))
    names = told["stores"]
    assert isinstance(names, list)
    for name in names:
        for instant in (opens, closes - timedelta(seconds=1)):
            there = replace(world, store=str(name), now=instant)
            assert any(answer(replace(there, counter=counter)).outcome in YES for counter in ("one", "two"))


@settings(max_examples=200, deadline=None)
@given(worlds(clock=True))
def test_under_a_clock_that_cannot_be_trusted_the_verdict_is_the_model_s(world: World) -> None:
    assert_is(answer(world), expected(world))


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_deciding_changes_nothing_and_answers_the_same_again(world: World) -> None:
    catalogue, known = built(world)
    before = copy.deepcopy(known)
    promotions, listed = dict(catalogue.promotions), dict(catalogue.listed)
    shown, place = held_up(world), Place(world.store, world.counter)
    sale = Sale(world.clerk, world.holder, world.basket_minor, tuple(Taken(*one) for one in world.in_sale))
    first = decide(shown, catalogue, known, place, world.now, sale)
    assert decide(shown, catalogue, known, place, world.now, sale) == first
    assert known == before
    assert (catalogue.promotions, catalogue.listed) == (promotions, listed)
