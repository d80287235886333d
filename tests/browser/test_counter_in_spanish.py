"""How the counter looks in Spanish, whose words are longer: nothing leaves its box, beside the stub or over it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from kiosk.core.verdict import Reason
from kiosk.display import State
from tests.counter_stage import LANDSCAPE, PORTRAIT, SCREENSHOTS, open_stage, settled
from tests.fakes_counter import FakeCounter
from tests.web.test_languages import FACTS

OUTSIDE = """() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const words = [...document.querySelectorAll(".part *, #bar *, .top *")].filter((one) => shown(one) &&
    !one.closest("svg, .unseen") && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const edges = (one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return range.getBoundingClientRect();
  };
  const room = (one) => (one.closest(".band, .body, .button") ?? one.closest("#bar, .top")).getBoundingClientRect();
  return words.filter((one) => {
    const [ink, box] = [edges(one), room(one)];
    return ink.left < box.left - 1 || ink.right > box.right + 1 || ink.top < box.top - 1 || ink.bottom > box.bottom + 1;
  }).map((one) => one.innerText);
}"""

BRINGS: dict[str, Callable[[FakeCounter], object]] = {
    "idle": lambda counter: counter.board.show(State.IDLE),
    "accept": lambda counter: counter.accept(),
    "redeemed": lambda counter: counter.redeem(counter.accept().id, "ana"),
    "check": lambda counter: counter.check(not_read=("claim",)),
    "alarm": lambda counter: counter.alarm(),
    "late": lambda counter: counter.ask(Reason.LATE_WITHIN_GRACE, FACTS),
    "over-floor": lambda counter: counter.ask(Reason.OVER_FLOOR, FACTS),
    "clock": lambda counter: counter.ask(Reason.CLOCK_SUSPECT, FACTS),
    "early": lambda counter: counter.refuse(Reason.NOT_YET, FACTS),
    "together": lambda counter: counter.refuse(Reason.DOES_NOT_STACK, {"in_sale": ["Half-price fries", "Free soda"]}),
    "fenced": lambda counter: counter.refuse(Reason.COUNTER_FENCED),
    "clerk-day": lambda counter: counter.refuse(Reason.LIMIT_CLERK_DAY, FACTS),
}


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_no_word_leaves_its_box(browser: Browser, size: tuple[int, int]) -> None:
    outside = {}
    with open_stage(browser, FakeCounter()) as stage:
        page = stage.tab(stage.context(size, locale="es"))
        for name, bring in BRINGS.items():
            bring(stage.counter)
            key = f".{stage.counter.display.version}"
            expect(page.locator(f'#ticket[data-key$="{key}"]')).to_be_attached()
            settled(page)
            page.screenshot(path=SCREENSHOTS / f"es-{name}-{size[0]}.png")
            outside[name] = page.evaluate(OUTSIDE)
    assert not {name: words for name, words in outside.items() if words}


def test_the_switch_turns_every_word_of_the_page(browser: Browser) -> None:
    with open_stage(browser, FakeCounter()) as stage:
        page = stage.tab()
        stage.counter.refuse(Reason.NEEDS_HEAD_OFFICE)
        expect(page.locator(".headline")).to_have_text("The line is down")
        page.locator(".who summary").tap()
        page.get_by_role("button", name="Español").tap()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.locator(".headline")).to_have_text("Sin conexión")
        stage.counter.refuse(Reason.PAUSED)  # comes by the stream, which has to be a new one
        expect(page.locator(".headline")).to_have_text("En pausa por ahora")
