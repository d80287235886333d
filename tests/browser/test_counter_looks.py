"""How the counter looks, measured: boxes that stay, sizes a thumb can hit, words that fit, contrast that can be read.

Each state is shown at both sizes, light and dark, measured, and photographed into ``.screenshots``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.clerks import Clerk
from kiosk.core.verdict import FactValue, Reason
from kiosk.display import State
from kiosk.redeeming import NOT_APPROVED
from tests.counter_stage import LANDSCAPE, PORTRAIT, SCREENSHOTS, Stage, open_stage, settled, state
from tests.fakes_counter import FakeCounter

README_PICTURE = Path(__file__).parent / "pictures" / "counter-accept.png"

TOMORROW: dict[str, FactValue] = {
    "starts_at": "2026-11-21T17:00:00-05:00",
    "next_ok": {"at": "2026-11-21T17:00:00-05:00", "until": "2026-11-21T22:00:00-05:00",
                "stores": ["Harbor Grill Bayside"]},
}  # fmt: skip
SMALL_BASKET: dict[str, FactValue] = {
    "basket": {"amount": "12.00", "currency": "USD"}, "basket_min": {"amount": "20.00", "currency": "USD"},
}  # fmt: skip
LATE: dict[str, FactValue] = {
    "ended_on": "2026-11-19", "late_days": 1, "grace_until": "2026-11-20",
    "cost": {"amount": "12.00", "currency": "USD"},
}  # fmt: skip
OVER_FLOOR: dict[str, FactValue] = {
    "cost": {"amount": "48.00", "currency": "USD"}, "floor": {"amount": "20.00", "currency": "USD"},
}  # fmt: skip
LONG_DATES = "Valid from Monday, October 3 until Saturday, October 10"
LONG: dict[str, Any] = {
    "gives": "One shrimp tacos appetizer or one small bowl of clam chowder, free with any entree from the dinner menu",
    "steps": ["Ring key 4711", "Keep the slip", "Write the stub's number on it", "Clip it to the bill"],
    "say": "Welcome, and thanks so much for checking in with us tonight, it means a lot to all of us here!",
    "terms": "With any entree. One per guest. Dine-in only. Not with other offers.",
}

MEASURE = """() => {
  const box = (one) => { const {x, y, width, height} = one.getBoundingClientRect(); return [x, y, width, height]; };
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const texts = all("body *").filter((one) => !one.closest("#camera, .hint, svg, .unseen") &&
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const clipped = (one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline";
  const name = (one) => `${one.className || one.tagName}: ${one.innerText.slice(0, 40)}`;
  const fixed = { camera: "#camera", part: ".part", band: ".part .band", body: ".part > .body", bar: "#bar" };
  const stub = document.querySelector("#stub");
  return {
    boxes: Object.fromEntries(Object.entries(fixed).map(([key, one]) => [key, box(document.querySelector(one))])),
    stub: [stub.offsetLeft, stub.offsetTop, stub.offsetWidth, stub.offsetHeight],
    headline: parseFloat(getComputedStyle(document.querySelector(".headline")).fontSize),
    primary: all("#bar .primary, .answers .primary").map((one) => box(one).slice(2)),
    second: all("#bar .button:not(.primary), #bar .field").map((one) => box(one).slice(2)),
    targets: all("button, a, summary, .field").map((one) => [name(one), ...box(one).slice(2)]),
    clipped: texts.filter((one) => clipped(one)).map(name),
    spilling: all(".part > .body, .gives, .do, .offers, .rows, .shots, .posted, .beside, .marks, .same")
      .filter((one) => one.scrollHeight > one.clientHeight + 1).map(name),
    page: [document.documentElement.scrollWidth, document.documentElement.scrollHeight],
    band: texts.filter((one) => one.closest(".band")).map((one) =>
      [name(one), getComputedStyle(one).color, getComputedStyle(one.closest(".band")).backgroundColor]),
    text: texts.map((one) => [name(one), getComputedStyle(one).color, behind(one)]),
    families: [...document.fonts].filter((one) => one.status === "loaded").map((one) => one.family),
  };
}"""


@dataclass(frozen=True)
class Looks:
    """What was measured in each state at one size in one light."""

    size: tuple[int, int]
    dark: bool
    states: dict[str, dict[str, Any]]


def _states(counter: FakeCounter) -> Iterator[tuple[str, Callable[[], object]]]:
    showing = counter.accept
    yield "idle", lambda: counter.board.show(State.IDLE)
    yield "accept", showing
    yield "redeemed", lambda: counter.redeem(_shown(counter), "ana")
    yield "undone", lambda: counter.undo(412, "ana", "goods back")
    yield "accept-long", lambda: counter.accept(**LONG)
    yield "refuse", lambda: counter.refuse(Reason.NOT_YET, TOMORROW)
    yield "refuse-unknown", lambda: counter.look("https://example.com/a/very/long/address?with=query&and=more")
    yield "check", lambda: counter.check(not_read=("claim",))
    yield "check-long", lambda: _check_at_its_longest(counter)
    yield "alarm", counter.alarm
    yield "alarm-bare", lambda: counter.alarm(with_picture=False)
    yield "refuse-nearly", counter.nearly
    yield (
        "refuse-nearly-long",
        lambda: counter.nearly(dates=LONG_DATES, venue="The Harbor Grill & Oyster Bar at Pier 9"),
    )
    yield "refuse-basket", lambda: counter.refuse(Reason.BASKET_TOO_SMALL, SMALL_BASKET)
    yield "ask-screen", lambda: counter.ask_of_screen(Reason.LATE_WITHIN_GRACE, LATE)
    yield "check-basket", lambda: counter.check({"not_checked": ["basket"]})
    yield "ask", lambda: counter.ask(Reason.LATE_WITHIN_GRACE, LATE)
    yield "ask-wrong", lambda: counter.note(NOT_APPROVED)
    yield "ask-of-two", lambda: _two_managers(counter)
    yield "given", lambda: _power_cut(counter)
    yield "offline", lambda: counter.board.show(State.IDLE)


def _check_at_its_longest(counter: FakeCounter) -> None:
    """A long name, and every mark in words of its own that was not read."""
    counter.check({"not_checked": ["seen-before"]}, clock="", handle="@the_one_and_only_real_lee_of_pier9",
                  not_read=("venue", "offer", "dates", "claim"))  # fmt: skip


def _two_managers(counter: FakeCounter) -> None:
    counter.people.append(Clerk("dora", "Dorothea Example-Longname", "shift-manager", ""))
    counter.ask(Reason.OVER_FLOOR, OVER_FLOOR)


def _power_cut(counter: FakeCounter) -> None:
    counter.go_offline()
    counter.ask_given()


def _shown(counter: FakeCounter) -> str:
    showing = counter.display.showing
    assert showing is not None
    return showing.id


def _ticket_state(name: str) -> str:
    return {"offline": "idle"}.get(name, name.partition("-")[0])


@pytest.fixture(scope="module", params=[(size, dark) for size in (LANDSCAPE, PORTRAIT) for dark in (False, True)],
                ids=["landscape-light", "landscape-dark", "portrait-light", "portrait-dark"])  # fmt: skip
def looks(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Looks]:
    size, dark = request.param
    with open_stage(browser, FakeCounter()) as stage:
        context = stage.context(size, color_scheme="dark" if dark else "light")
        page = stage.tab(context)
        measured = {}
        for name, bring in _states(stage.counter):
            stage.watch.code = "" if _ticket_state(name) in ("idle", "given") else "TACO-7F3K-9QXM"
            bring()
            state(page, _ticket_state(name))
            measured[name] = _measure(page, f"{name}-{size[0]}-{'dark' if dark else 'light'}")
        _photograph_the_rest(stage, page, f"{size[0]}-{'dark' if dark else 'light'}")
        yield Looks(size, dark, measured)


def _measure(page: Page, name: str) -> dict[str, Any]:
    settled(page)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    measured: dict[str, Any] = page.evaluate(MEASURE)
    return measured


def _photograph_the_rest(stage: Stage[FakeCounter], page: Page, name: str) -> None:
    for address in ("look", "sale", "undo", "status", "sign-in?clerk=ana"):
        page.goto(f"{stage.address}/{address}")
        page.evaluate("document.fonts.ready")
        page.screenshot(path=SCREENSHOTS / f"{address.partition('?')[0]}-{name}.png")


def test_nothing_moves_when_a_verdict_arrives(looks: Looks) -> None:
    at_rest = looks.states["idle"]
    for name, measured in looks.states.items():
        boxes = dict(measured["boxes"])
        if measured["boxes"]["band"][2] > at_rest["boxes"]["band"][2]:  # a wide band runs over the stub
            boxes["band"] = [*boxes["band"][:2], at_rest["boxes"]["band"][2], boxes["band"][3]]
        assert (name, boxes) == (name, at_rest["boxes"])
        assert (name, measured["stub"]) == (name, at_rest["stub"])


def test_the_boxes_lie_where_the_design_has_them(looks: Looks) -> None:
    boxes = looks.states["accept"]["boxes"]
    if looks.size == LANDSCAPE:
        assert boxes["camera"] == [24, 84, 372, 600]
        assert boxes["part"] == [420, 84, 592, 600]
    else:
        assert boxes["camera"] == [20, 84, 760, 384]
        assert boxes["part"] == [20, 488, 516, 664]
    assert boxes["band"][3] == 176


def test_the_headline_is_56_pixels_and_50_upright(looks: Looks) -> None:
    expected = 56 if looks.size == LANDSCAPE else 50
    assert {measured["headline"] for measured in looks.states.values()} == {expected}


def test_the_one_action_is_large_enough_for_a_hurried_thumb(looks: Looks) -> None:
    least = 80 if looks.size == LANDSCAPE else 88
    narrower = {"given": 200, "alarm": 340, "redeemed": 340, "refuse-basket": 340}  # beside a second button
    for name in ("accept", "redeemed", "undone", "refuse", "refuse-basket", "check", "alarm", "ask", "given"):
        (primary,) = looks.states[name]["primary"]
        assert primary[1] >= least, name
        assert primary[0] >= narrower.get(name, 420), name


def test_the_second_action_is_72_pixels_high(looks: Looks) -> None:
    for name, measured in looks.states.items():
        assert all(height >= 72 for _, height in measured["second"]), (name, measured["second"])


def test_every_target_is_48_pixels_or_more(looks: Looks) -> None:
    small = [
        (name, *target)
        for name, measured in looks.states.items()
        for target in measured["targets"]
        if min(target[1:]) < 48
    ]
    assert small == []


def test_no_word_is_cut_and_nothing_spills_out_of_its_box(looks: Looks) -> None:
    for name, measured in looks.states.items():
        assert (name, measured["clipped"]) == (name, [])
        assert (name, measured["spilling"]) == (name, [])


def test_the_page_fills_the_screen_and_does_not_scroll(looks: Looks) -> None:
    for name, measured in looks.states.items():
        assert (name, measured["page"]) == (name, list(looks.size))


def test_verdicts_have_a_contrast_of_seven_to_one(looks: Looks) -> None:
    faint = [
        (name, *one)
        for name, measured in looks.states.items()
        for one in measured["band"]
        if contrast(one[1], one[2]) < 7
    ]
    assert faint == []


def test_all_other_words_have_a_contrast_of_four_and_a_half_to_one(looks: Looks) -> None:
    faint = [
        (name, *one)
        for name, measured in looks.states.items()
        for one in measured["text"]
        if contrast(one[1], one[2]) < 4.5
    ]
    assert faint == []


def test_the_letters_are_noto(looks: Looks) -> None:
    families = {family.strip('"') for family in looks.states["refuse"]["families"]}
    assert families >= {"Noto Sans", "Noto Serif", "Noto Sans Mono"}


def test_the_picture_in_the_readme_is_made_here(browser: Browser) -> None:
    with open_stage(browser, FakeCounter()) as stage:
        page = stage.tab()
        stage.counter.accept()
        state(page, "accept")
        settled(page)
        page.screenshot(path=SCREENSHOTS / "readme.png")
        if not README_PICTURE.exists():
            README_PICTURE.parent.mkdir(exist_ok=True)
            README_PICTURE.write_bytes((SCREENSHOTS / "readme.png").read_bytes())
    assert README_PICTURE.read_bytes().startswith(b"\x89PNG")


def test_with_reduced_motion_the_stub_is_torn_at_once(staged: Stage[FakeCounter]) -> None:
    context = staged.context(reduced_motion="reduce")
    page = staged.tab(context)
    showing = staged.counter.accept()
    state(page, "accept")
    staged.counter.redeem(showing.id, "ana")
    state(page, "redeemed")
    expect(page.locator("#stub.torn")).to_be_attached()  # htmx gives it its class a moment later
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate("getComputedStyle(document.querySelector('#stub')).transform") != "none"


@pytest.mark.parametrize("size", [(1024, 768), (390, 844), (1920, 1080), (1080, 1920)], ids=str)
def test_other_screens_show_headline_and_action(staged: Stage[FakeCounter], size: tuple[int, int]) -> None:
    page = staged.tab(staged.context(size))
    staged.counter.accept()
    state(page, "accept")
    settled(page)
    page.screenshot(path=SCREENSHOTS / f"accept-{size[0]}x{size[1]}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.headline')).fontSize)") >= 40
    page.get_by_role("button", name="Redeem").tap()
    state(page, "redeemed")


@pytest.mark.parametrize("size", [(1024, 768), (390, 844), (1920, 1080)], ids=str)
def test_other_screens_show_the_filmed_picture_and_redeem_it(staged: Stage[FakeCounter], size: tuple[int, int]) -> None:
    page = staged.tab(staged.context(size))
    for bring, name in (
        (staged.counter.alarm, "alarm"),
        (staged.counter.nearly, "refuse"),
        (staged.counter.check, "check"),
    ):
        bring()
        state(page, name)
        settled(page)
        page.screenshot(path=SCREENSHOTS / f"{name}-{size[0]}x{size[1]}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        picture = page.locator(".filmed").bounding_box()
        assert picture is not None
        assert min(picture["width"], picture["height"]) >= 120
    page.locator(".filmed").tap()
    page.locator(".filmed").tap()
    page.get_by_role("button", name="It matches. Redeem").tap()
    state(page, "redeemed")


def contrast(one: str, other: str) -> float:
    """The contrast of two CSS colours "rgb(r, g, b)", 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [float(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast_is_reckoned_as_the_standard_does() -> None:
    assert contrast("rgb(255, 255, 255)", "rgb(0, 0, 0)") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.01)
