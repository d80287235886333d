import hmac
from typing import Any

import pytest

from kiosk.core.decide import Place, Sale, customer_digest, decide
from kiosk.core.screen import PresentedScreen, ScreenReading, ScreenResult
from kiosk.core.verdict import Verdict
from tests.core_world import FLEET_KEY, catalogue
from tests.rules_world import HOLDER, NOON, OTHER_HOLDER, Past, standing, tacos


@pytest.mark.parametrize("who", ["@Zed.Z", "@zed.z", " @zed .z"])
def test_a_customer_is_known_by_a_keyed_hash_whatever_the_case_and_spaces(who: str) -> None:
    assert customer_digest(FLEET_KEY, who) == hmac.digest(FLEET_KEY, b"customer\x00@zed.z", "sha256")[:16]
    assert customer_digest(FLEET_KEY[::-1], who) != customer_digest(FLEET_KEY, who)


ZED = customer_digest(FLEET_KEY, "@zed.z")


def shown(handle: str, *history: Past, sale: Sale | None = None) -> Verdict:
    """The verdict on a screen with ``handle`` on it, of which each customer may have one."""
    screen = PresentedScreen(ScreenReading(ScreenResult.GREEN, "tacos", clock="21:14", handle=handle), bytes(16))
    limits: dict[str, Any] = {"per_customer": 1}
    known, place = catalogue(tacos(limits=limits)), Place("bayside", "counter-1")
    return decide(screen, known, standing(history), place, NOON, sale or Sale())


def test_the_handle_on_a_screen_is_its_customer() -> None:
    verdict = shown("@Zed.z", Past(holder=OTHER_HOLDER))
    assert (verdict.reason, verdict.holder, "not_checked" in verdict.facts) == ("look-at-screen", ZED, False)
    verdict = shown("@Zed.z", Past(holder=ZED))
    assert (verdict.outcome, verdict.reason, verdict.holder) == ("refuse", "limit-customer", ZED)


def test_who_the_customer_says_they_are_goes_before_the_handle() -> None:
    mine = Sale(holder=HOLDER)
    assert shown("@zed.z", Past(holder=ZED), sale=mine).reason == "look-at-screen"
    assert shown("@zed.z", Past(holder=HOLDER), sale=mine).reason == "limit-customer"
    assert shown("@zed.z", sale=mine).holder == HOLDER


@pytest.mark.parametrize("handle", ["", " - "])
def test_where_no_handle_was_read_the_customer_is_not_known(handle: str) -> None:
    verdict = shown(handle, Past(holder=customer_digest(FLEET_KEY, "")))
    assert (verdict.reason, verdict.holder) == ("look-at-screen", None)
    assert verdict.facts["not_checked"] == ["per_customer", "seen-before"]
