"""What two promotions cannot both say, and the nearest thing that they can."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kiosk.core.organisation import Fault
from kiosk.core.promotion import Promotion
from kiosk.core.rivals import rivals
from tests.core_world import promotion

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8032, 7.1, tests 1 and 2
OTHER_KEY = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
DER = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + base64.b64decode(KEY)).decode()  # RFC 8410, 4
USD, EUR = ({"amount": "5.00", "currency": currency} for currency in ("USD", "EUR"))


def named(name: str, **changes: Any) -> Promotion:
    return promotion(**({"id": name, "codes": None, "words": [f"WORD-{name}"], "credentials": ["word"]} | changes))


def foreign(name: str, *items: int, key: str = KEY) -> Promotion:
    return named(name, credentials=["foreign"], foreign={"kind": "pretix_sig1", "key": key, "items": list(items)})


def screen(name: str, words: list[str] | None = None, **marks: Any) -> Promotion:
    shown = {"offer": "Free pie", "claims": ["unlocked"], "dates_shown": "Nov 1 - Nov 30"} | marks
    return named(name, credentials=["screen"], words=words, screen=shown, venue="Harbor Grill")


def gs1(name: str, *offer_codes: str) -> Promotion:
    return named(name, credentials=["gs1"], gs1={"offer_codes": list(offer_codes)})


def rotating(name: str, key: str) -> Promotion:
    return named(name, credentials=["rotating"], rotating={"key": key})


def the_fault(*promotions: Promotion) -> Fault:
    (fault,) = rivals(promotions)
    assert fault.at[:2] == ("promotions", len(promotions) - 1)
    return fault


def test_an_offer_code_belongs_to_one_promotion() -> None:
    assert not list(rivals([gs1("tacos", "123456"), gs1("pie", "123457")]))
    fault = the_fault(gs1("tacos", "123456"), gs1("pie", "999999", "123456"))
    assert fault.at == ("promotions", 1, "gs1", "offer_codes", 1)
    assert fault.what == "'123456' is an offer code of 'tacos' too."


def test_an_offer_code_that_one_promotion_names_twice_is_its_own() -> None:
    assert not list(rivals([gs1("tacos", "123456", "123456")]))


def test_a_rotating_key_belongs_to_one_promotion() -> None:
    assert not list(rivals([rotating("tacos", "k-1"), rotating("pie", "k-2")]))
    assert the_fault(rotating("tacos", "k-1"), rotating("pie", "k-1")).at == ("promotions", 1, "rotating", "key")


@pytest.mark.parametrize(
    ("other", "at"),
    [
        (foreign("pie", 2, 1), "items"),
        (foreign("pie"), "key"),
        (foreign("pie", 1, key=DER), "items"),
    ],
)
def test_a_foreign_code_that_could_mean_two_promotions_is_refused(other: Promotion, at: str) -> None:
    assert the_fault(foreign("tacos", 1, 3), other).at == ("promotions", 1, "foreign", at)


def test_a_key_without_items_takes_those_of_another_promotion_too() -> None:
    fault = the_fault(foreign("tacos"), foreign("pie", 2))
    assert fault.what == "A code of this key could mean 'tacos' too: without items it takes them all."


@pytest.mark.parametrize("other", [foreign("pie", 2), foreign("pie", 1, key=OTHER_KEY)])
def test_foreign_codes_of_other_test_foreign_codes_of_other_items_or_keys_are_are_told_apart(other: Promotion) -> None:
    assert not list(rivals([foreign("tacos", 1), other]))


def test_two_promotions_with_the_same_marks_are_refused() -> None:
    fault = the_fault(screen("tacos"), screen("pie", offer="FREE  PIE"))
    assert fault.at == ("promotions", 1, "screen")
    assert "'tacos' too" in fault.what


@pytest.mark.parametrize(
    "other",
    [
        screen("pie", offer="Free tacos"),
        screen("pie", claims=["locked"]),
        screen("pie", dates_shown="Dec 1 - Dec 31"),
        screen("pie", words=["PIE"]),
        screen("pie").model_copy(update={"venue": "Pier 9"}),
    ],
)
def test_one_other_mark_tells_two_screens_apart(other: Promotion) -> None:
    assert not list(rivals([screen("tacos"), other]))


def test_screens_without_marks_are_no_rivals() -> None:
    bare: dict[str, Any] = {"offer": None, "claims": []}
    assert not list(rivals([screen("tacos", **bare), screen("pie", **bare)]))


def test_stacking_names_a_promotion_that_exists() -> None:
    assert not list(rivals([named("tacos"), named("pie", stacks_with=["tacos"])]))
    fault = the_fault(named("tacos"), named("pie", stacks_with=["tacos", "cake"]))
    assert fault.at == ("promotions", 1, "stacks_with", 1)
    assert fault.what == "There is no promotion 'cake'."


def test_stacking_may_name_a_promotion_that_could_not_be_read() -> None:
    assert not list(rivals([named("pie", stacks_with=["cake"])], {"cake"}))


def test_a_stack_cap_adds_up_one_currency() -> None:
    capped = {"stack_cap": "20.00", "stacks_with": ["tacos"], "value": USD}
    assert not list(rivals([named("tacos", value=USD), named("pie", **capped)]))
    fault = the_fault(named("tacos", value=EUR), named("pie", **capped))
    assert fault.at == ("promotions", 1, "stacks_with", 0)
    assert fault.what == "'tacos' counts in EUR: a stack_cap in USD cannot add that up."


@pytest.mark.parametrize("value", [None, {"percent": 10}])
def test_what_names_no_currency_is_not_added_up(value: Any) -> None:
    capped = named("pie", stack_cap="20.00", stacks_with=["tacos"], value=USD)
    assert not list(rivals([named("tacos", value=value), capped]))


def test_currencies_do_not_matter_without_a_stack_cap() -> None:
    assert not list(rivals([named("tacos", value=EUR), named("pie", value=USD, stacks_with=["tacos"])]))


@pytest.mark.parametrize(
    ("pair", "what", "cure"),
    [
        (
            (rotating("tacos", "k-1"), rotating("pie", "k-1")),
            "'k-1' is the key of 'tacos' too.",
            "Take it out of one of the two.",
        ),
        (
            (screen("tacos"), screen("pie")),
            "All these marks are those of 'tacos' too.",
            "Take it out of one of the two.",
        ),
        (
            (foreign("tacos", 3, 1), foreign("pie", 1, 3)),
            "A code of this key could mean 'tacos' too: both name item 1.",
            "Give each its own items, or its own key.",
        ),
        (
            (foreign("tacos", 1), foreign("pie")),
            "A code of this key could mean 'tacos' too: without items it takes them all.",
            "Give each its own items, or its own key.",
        ),
        (
            (named("tacos"), named("pie", stacks_with=["cake"])),
            "There is no promotion 'cake'.",
            "Correct the id, or remove it.",
        ),
        (
            (named("tacos", value=EUR), named("pie", value=USD, stack_cap="20.00", stacks_with=["tacos"])),
            "'tacos' counts in EUR: a stack_cap in USD cannot add that up.",
            "Remove tacos here, or write both in one currency.",
        ),
    ],
)
def test_what_two_promotions_cannot_both_say_is_told_in_these_words(
    pair: tuple[Promotion, Promotion], what: str, cure: str
) -> None:
    fault = the_fault(*pair)
    assert (fault.what, fault.cure) == (what, cure)


@pytest.mark.parametrize("marks", [{"offer": "Free pie", "claims": []}, {"offer": None, "claims": ["unlocked"]}])
def test_an_offer_or_a_claim_alone_is_a_mark_that_two_cannot_share(marks: dict[str, Any]) -> None:
    assert the_fault(screen("tacos", **marks), screen("pie", **marks)).at == ("promotions", 1, "screen")


def test_each_promotion_that_shares_a_foreign_key_is_told_once_whatever_stands_between() -> None:
    promotions = [named("word"), foreign("tacos", 1), named("other"), foreign("pie", 1), foreign("rings", 1)]
    found = list(rivals(promotions))
    assert [fault.at[1] for fault in found] == [3, 4]
    assert all(" could mean 'tacos' too" in fault.what for fault in found)


def test_every_name_that_is_none_is_told() -> None:
    found = list(rivals([named("pie", stacks_with=["cake", "jam"])]))
    assert [fault.at for fault in found] == [("promotions", 0, "stacks_with", k) for k in (0, 1)]
