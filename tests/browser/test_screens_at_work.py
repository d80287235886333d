"""A check-in screen before a real counter, compared and redeemed by touch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.core.fact import Redemption
from kiosk.counter import Counter
from kiosk.vision.watch import CameraState
from tests.core_world import catalogue
from tests.counter_stage import LANDSCAPE, PORTRAIT, Stage, open_stage, settled, state
from tests.counter_world import PIE, TACO, Floor
from tests.screen_world import screen_promotion, sighting

REDEEM = "It matches. Redeem"
STANDING_STILL = """() => {
  const now = performance.now.bind(performance), set = window.setTimeout.bind(window);
  let passed = 0;
  performance.now = () => passed;
  window.setTimeout = (work, ms, ...more) => (ms > 900 && ms < 1100 ? waiting.push(work) : set(work, ms, ...more));
  const waiting = [];
  window.pass = (ms) => { passed += ms; waiting.forEach((work) => work()); };
}"""


@pytest.fixture
def stage(browser: Browser, floor: Floor) -> Iterator[Stage[Counter]]:
    floor.counter.camera_state = lambda: CameraState("live", "Filming: a test.", floor.clock.now())
    staff = floor.catalogue.staff
    floor.catalogue = floor.counter.catalogue = replace(catalogue(TACO, PIE, screen_promotion()), staff=staff)
    with open_stage(browser, floor.counter) as opened:
        opened.watch.code = ""
        yield opened


def page_of(stage: Stage[Counter], size: tuple[int, int] = LANDSCAPE) -> Page:
    """The counter on a page whose own clock stands still until ``pass(ms)``."""
    context = stage.context(size)
    context.add_init_script(f"({STANDING_STILL})()")
    return stage.tab(context)


def redeemed(floor: Floor) -> list[Redemption]:
    return [fact for _, _, fact in floor.journal.replay() if isinstance(fact, Redemption)]


def until(page: Page, condition: str) -> None:
    """Wait until ``condition`` holds on the page; its content policy forbids the browser's own way of waiting."""
    page.evaluate(f"async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }}")


def pictured(page: Page) -> None:
    """Wait until the filmed picture stands on the page."""
    until(page, "performance.getEntriesByType('resource').some((one) => one.name.includes('/screen/'))")
    settled(page)


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_redeem_is_locked_until_the_filmed_picture_is_touched(
    stage: Stage[Counter], floor: Floor, size: tuple[int, int]
) -> None:
    page = page_of(stage, size)
    floor.counter.screen_in_view(sighting())
    state(page, "check")
    pictured(page)
    button = page.get_by_role("button", name=REDEEM)
    expect(button).to_be_disabled()
    button.tap(force=True)
    page.locator("#bar form.act").evaluate("(form) => form.requestSubmit()")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator('#ticket[data-state="check"]')).to_be_attached()
    page.locator(".filmed").tap()
    expect(button).to_be_enabled()
    button.tap()
    state(page, "redeemed")
    assert [fact.screen for fact in redeemed(floor)] == ["green"]


def test_redeem_unlocks_a_second_after_the_picture_came(stage: Stage[Counter], floor: Floor) -> None:
    page = page_of(stage)
    floor.counter.screen_in_view(sighting())
    state(page, "check")
    pictured(page)
    button = page.get_by_role("button", name=REDEEM)
    expect(button).to_be_disabled()
    page.evaluate("window.pass(999)")
    expect(button).to_be_disabled()
    page.evaluate("window.pass(1)")
    expect(button).to_be_enabled()


def test_after_that_second_one_touch_redeems(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    floor.counter.screen_in_view(sighting(not_read=("dates",)))
    state(page, "check")
    button = page.get_by_role("button", name=REDEEM)
    expect(button).to_be_enabled()
    floor.clock.move(1)
    button.tap()
    state(page, "redeemed")
    assert [fact.not_read for fact in redeemed(floor)] == ["dates"]


def test_a_forged_tap_without_a_look_redeems_nothing_and_says_what_to_do(stage: Stage[Counter], floor: Floor) -> None:
    page = page_of(stage)
    floor.counter.screen_in_view(sighting())
    state(page, "check")
    page.locator("#bar form.act").evaluate("(form) => { form.removeAttribute('data-look'); form.requestSubmit(); }")
    expect(page.locator(".trouble")).to_contain_text("Look at the filmed picture first")
    assert redeemed(floor) == []


def test_without_script_the_counter_itself_asks_for_the_second(stage: Stage[Counter], floor: Floor) -> None:
    context = stage.context(java_script_enabled=False)
    page = stage.tab(context)
    floor.counter.screen_in_view(sighting())
    page.reload()
    page.get_by_role("button", name=REDEEM).tap()
    expect(page.locator(".trouble")).to_contain_text("give it a second")
    floor.clock.move(1)
    page.get_by_role("button", name=REDEEM).tap()
    state(page, "redeemed")


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_a_better_reading_comes_in_place_and_moves_nothing(
    stage: Stage[Counter], floor: Floor, size: tuple[int, int]
) -> None:
    page = stage.tab(stage.context(size))
    floor.counter.screen_in_view(sighting(not_read=("venue", "dates", "claim"), frames=1, handle="", clock=""))
    state(page, "check")
    settled(page)
    boxes = """[...document.querySelectorAll(".shot, .marks li, .fact, .band, .body, #bar .button")]
      .map((one) => JSON.stringify(one.getBoundingClientRect()))"""
    before = page.evaluate(boxes)
    floor.counter.screen_in_view(sighting(not_read=("dates",), frames=2))
    expect(page.locator(".hint")).to_contain_text("Two frames agree.")
    settled(page)
    assert page.evaluate(boxes) == before
    assert page.evaluate("'same' in document.documentElement.dataset")


def test_the_picture_that_was_touched_stays_under_the_finger(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    floor.counter.screen_in_view(sighting(not_read=("dates",)))
    state(page, "check")
    with page.expect_response(re.compile("/touch")):
        page.locator(".filmed").tap()
    expect(page.locator(".filmed.large")).to_be_visible()
    page.evaluate("document.querySelector('.filmed').dataset.mine = 'yes'")
    version = floor.counter.display.version
    floor.counter.screen_in_view(sighting())
    assert floor.counter.display.version == version
    page.locator(".filmed").tap()
    expect(page.locator(".filmed:not(.large)")).to_be_visible()
    assert page.locator(".filmed").get_attribute("data-mine") == "yes"


def test_enlarged_it_fills_the_ticket_and_can_be_put_back_by_a_key(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    floor.counter.screen_in_view(sighting())
    state(page, "check")
    page.locator(".filmed").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".filmed.large")).to_be_visible()
    large = page.locator(".filmed").bounding_box()
    assert large is not None
    assert large["width"] > 580
    expect(page.get_by_role("button", name=REDEEM)).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.locator(".filmed:not(.large)")).to_be_visible()


def test_a_screen_that_was_seen_before_ends_in_a_fresh_one_or_in_a_reason(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    for expected in ("check", "alarm"):
        floor.counter.screen_in_view(sighting())
        state(page, expected)
        page.locator(".filmed").tap()
        page.locator(".filmed").tap()
        if expected == "check":
            page.get_by_role("button", name=REDEEM).tap()
            page.get_by_role("button", name="Next customer").tap()
            state(page, "idle")
            floor.counter.screen_in_view(None)
            floor.clock.move(1320)
    expect(page.locator(".earlier image")).to_be_attached()
    page.get_by_role("button", name="Ask for a fresh screen").tap()
    state(page, "idle")
    assert len(redeemed(floor)) == 1
    floor.counter.screen_in_view(None)
    floor.clock.move(60)
    floor.counter.screen_in_view(sighting())
    state(page, "alarm")
    page.locator(".anyway summary").tap()
    page.get_by_role("button", name="One phone, two guests").tap()
    state(page, "redeemed")
    assert [fact.anyway for fact in redeemed(floor)] == [None, "two-guests"]


def test_a_reading_in_place_makes_no_second_sound(stage: Stage[Counter], floor: Floor) -> None:
    context = stage.context()
    context.add_init_script("""(() => {
      window.tones = 0;
      window.AudioContext = class extends AudioContext {
        constructor(...options) { super(...options); window.audio = this; }
      };
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
    })()""")
    page = stage.tab(context)
    page.mouse.click(10, 790)  # a browser lets a page sound only after it was touched
    until(page, "window.audio?.state === 'running'")
    floor.counter.screen_in_view(sighting(not_read=("dates",), frames=1))
    until(page, "window.tones === 2")
    floor.counter.screen_in_view(sighting())
    expect(page.locator(".hint")).to_contain_text("Two frames agree.")
    settled(page)
    assert page.evaluate("window.tones") == 2
