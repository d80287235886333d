"""Of several reasons the one that is shown: every pair and triple of causes, against a table.

The table is DESIGN's: what it is, use, ended, place, time, limits and budget, basket and stacking, evidence, offline;
and none whose cure would not work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import pytest

from kiosk.core.decide import Sale, Taken
from kiosk.core.situation import Allowance, Freshness, Situation
from tests.rules_world import HOLDER, NOVEMBER, TWELVE, VOUCHER, Past, answer


@dataclass(frozen=True)
class Cause:
    """What makes one reason apply; of one ``axis`` only one can."""

    axis: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Past, ...] = ()
    situation: Mapping[str, Any] = field(default_factory=dict)
    redeemed: tuple[Taken, ...] = ()


def ran(**valid: Any) -> Cause:
    return Cause("time", {"valid": NOVEMBER | valid})


def capped(limit: str) -> Cause:
    return Cause(limit, limits={limit: 1}, history=(Past(one=300, clerk="ana", holder=HOLDER),))


def offline(policy: str, floor: str = "12.00") -> dict[str, Any]:
    return {"offline": {"policy": policy, "floor": floor}}


# It is Friday 6 November, noon, at Bayside. The order of this table is the order of the reasons.
CAUSES: Mapping[str, Cause] = {
    "wrong-credential": Cause("kind", {"credentials": ["word"]}),
    "used-here": Cause("use", history=(Past(one=1),)),
    "used-elsewhere": Cause("use", history=(Past(one=1, store="pier-9"),)),
    "over": ran(until="2026-11-05"),
    "paused": Cause("paused", {"paused": True}),
    "wrong-store": Cause("place", {"stores": ["pier-9"]}),
    "wrong-counter": Cause("place", {"stores": ["bayside/counter-2", "pier-9"]}),
    "not-yet": ran(**{"from": "2026-11-07"}),
    "blackout": ran(**{"except": ["2026-11-06"]}),
    "wrong-day": ran(days=["sat"]),
    "wrong-hour, on again today": ran(hours=["17:00-22:00"]),
    "wrong-hour, on again tomorrow": ran(hours=["08:00-11:00"]),
    "late-within-grace": Cause("time", {"valid": NOVEMBER | {"until": "2026-11-05"}, "grace_days": 3}),
    "limit-total": capped("total"),
    "limit-store": capped("per_store"),
    "limit-store-day": capped("per_store_day"),
    "limit-clerk-day": capped("per_clerk_day"),
    "limit-customer": capped("per_customer"),
    "budget-spent": Cause("budget", limits={"budget": "12.00"}, history=(Past(one=301, amount_minor=1),)),
    "basket-too-small": Cause("basket", {"basket": {"min": "50.01"}}),
    "basket-too-large": Cause("basket", {"basket": {"max": "49.99"}}),
    "does-not-stack": Cause("stack", redeemed=(Taken("soup"),)),
    "value-over-evidence": Cause("evidence", {"evidence": {"voucher": "11.99"}}),
    "counter-fenced": Cause("fence", situation={"fenced": True}),
    "needs-head-office": Cause("policy", offline("online"), situation={"online": False}),
    "no-allowance": Cause("right", situation={"allowances": {"tacos": Allowance(uses=0)}}),
    "over-floor": Cause("policy", offline("floor", "11.99"), situation={"online": False}),
    "promotions-stale, refused": Cause("stale", situation={"freshness": Freshness.EXPIRED}),
    "promotions-stale, asked": Cause("policy", offline("owner"), situation={"freshness": Freshness.EXPIRED}),
}
ORDER = list(CAUSES)
USED = {"used-here", "used-elsewhere"}
ASKED = {"late-within-grace", "over-floor", "promotions-stale, asked"}
TODAY = {"wrong-hour, on again today"}
ANOTHER_DAY = {"not-yet", "blackout", "wrong-day", "wrong-hour, on again tomorrow"}

HIDES: Mapping[str, set[str]] = {
    # nothing helps against these: no waiting, no going, no other credential, no manager
    **dict.fromkeys(("over", "limit-total", "limit-customer", "budget-spent"), set(ORDER) - USED),
    # all of this store's are gone: coming back or going to another counter of it helps nobody
    "limit-store": TODAY | ANOTHER_DAY | {"wrong-counter"},
    # today's are gone: coming back today or going to another counter now helps nobody
    "limit-store-day": TODAY | {"wrong-counter"},
    "limit-clerk-day": TODAY,
}
FINAL = {name for name, hidden in HIDES.items() if len(hidden) > 10}


def expected(names: Iterable[str]) -> str:
    """The reason that the table says, of causes that apply together."""
    together = sorted(names, key=ORDER.index)
    hidden: set[str] = set()
    for name in together:
        hides = set(HIDES.get(name, ()))
        if name in FINAL:
            hides -= FINAL
        if name == "limit-store-day" and not ANOTHER_DAY.isdisjoint(together):
            hides -= {"wrong-counter"}  # by then there are new ones
        hidden |= hides
    refused = [name for name in together if name not in ASKED and name not in hidden]
    return (refused or together)[0]


def shown(names: Iterable[str]) -> tuple[str, str]:
    causes = [CAUSES[name] for name in names]
    fields: dict[str, Any] = {"value": TWELVE, **offline("floor")}
    limits: dict[str, Any] = {}
    situation: dict[str, Any] = {}
    for cause in causes:
        fields |= cause.fields
        limits |= cause.limits
        situation |= cause.situation
    history = [past for cause in causes for past in cause.history]
    redeemed = tuple(taken for cause in causes for taken in cause.redeemed)
    sale = Sale(clerk="ana", holder=HOLDER, basket_minor=5000, redeemed=redeemed)
    return answer(VOUCHER, *history, sale=sale, situation=Situation(**situation), limits=limits, **fields)


def told(name: str) -> tuple[str, str]:
    return "ask" if name in ASKED else "refuse", name.partition(",")[0]


def compatible(names: Sequence[str]) -> bool:
    return len({CAUSES[name].axis for name in names}) == len(names) and not (
        # the list is past its hard end either way, and another policy would be asked about
        {"promotions-stale, refused", "promotions-stale, asked"} <= set(names)
    )


PAIRS = [pair for pair in combinations(ORDER, 2) if compatible(pair)]
TRIPLES = [triple for triple in combinations(ORDER, 3) if compatible(triple)]


def test_nothing_against_it_is_a_yes() -> None:
    assert shown(()) == ("accept", "ok")


@pytest.mark.parametrize("name", ORDER)
def test_each_cause_alone_is_its_reason(name: str) -> None:
    assert shown([name]) == told(name)


@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_of_two_reasons_the_table_s_is_shown(pair: Sequence[str]) -> None:
    assert shown(pair) == told(expected(pair))


@pytest.mark.parametrize("first", ORDER[:-2])
def test_of_three_reasons_the_table_s_is_shown(first: str) -> None:
    for triple in TRIPLES:
        if triple[0] == first:
            assert shown(triple) == told(expected(triple)), triple


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        # some of the table, spelt out
        (["used-here", "limit-total"], "used-here"),
        (["used-elsewhere", "over"], "used-elsewhere"),
        (["wrong-credential", "limit-customer"], "limit-customer"),
        (["wrong-store", "limit-total"], "limit-total"),
        (["paused", "over"], "over"),
        (["paused", "wrong-store"], "paused"),
        (["wrong-store", "wrong-day"], "wrong-store"),
        (["wrong-store", "limit-store"], "wrong-store"),
        (["wrong-counter", "limit-store"], "limit-store"),
        (["wrong-counter", "limit-store-day"], "limit-store-day"),
        (["wrong-counter", "limit-clerk-day"], "wrong-counter"),
        (["wrong-counter", "wrong-day", "limit-store-day"], "wrong-counter"),
        (["wrong-day", "limit-store"], "limit-store"),
        (["wrong-day", "limit-store-day"], "wrong-day"),
        (["wrong-hour, on again today", "limit-store-day"], "limit-store-day"),
        (["wrong-hour, on again tomorrow", "limit-store-day"], "wrong-hour"),
        (["late-within-grace", "limit-store-day"], "limit-store-day"),
        (["late-within-grace", "basket-too-small"], "basket-too-small"),
        (["late-within-grace", "over-floor"], "late-within-grace"),
        (["wrong-counter", "late-within-grace", "limit-store-day"], "limit-store-day"),
        (["limit-total", "limit-customer"], "limit-total"),
        (["over-floor", "no-allowance"], "no-allowance"),
        (["over-floor", "promotions-stale, refused"], "promotions-stale"),
        (["value-over-evidence", "counter-fenced"], "value-over-evidence"),
    ],
)  # fmt: skip
def test_some_of_the_table_spelt_out(names: Sequence[str], reason: str) -> None:
    assert shown(names)[1] == reason
