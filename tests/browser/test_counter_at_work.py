"""A clerk's fingers and a scanner's keys on a real counter with a real journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, Route, expect

from kiosk.core.organisation import StaffMember
from kiosk.counter import Counter
from kiosk.display import State
from kiosk.vision.sighting import Sighting
from kiosk.vision.watch import CameraState
from tests.core_world import OWN, catalogue, promotion
from tests.counter_stage import Stage, open_stage, state
from tests.counter_world import Floor

CODE, OTHER_CODE = "TACO-7F3K-9HXM", "TACO-2M8R-5JWD"


@pytest.fixture
def stage(browser: Browser, floor: Floor) -> Iterator[Stage[Counter]]:
    floor.counter.camera_state = lambda: CameraState("live", "Filming: a test.", floor.clock.now())
    with open_stage(browser, floor.counter) as opened:
        yield opened


def show(floor: Floor, code: str = CODE) -> None:
    """The camera sees ``code``."""
    floor.counter.in_view([Sighting(code, "QRCode", ((0, 0), (9, 0), (9, 9), (0, 9)), "zxing")])


def redeemed(floor: Floor) -> int:
    """How many redemptions stand in the journal."""
    return sum(type(fact).__name__ == "Redemption" for _, _, fact in floor.journal.replay())


def answered(floor: Floor) -> int:
    return sum(type(fact).__name__ == "Answered" for _, _, fact in floor.journal.replay())


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).tap()


def test_a_code_before_the_camera_is_redeemed_by_one_touch(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.sign_in(stage.page())
    show(floor)
    state(page, "accept")
    tap(page, "Redeem")
    state(page, "redeemed")
    expect(page.get_by_role("heading", name="Hand it over")).to_be_visible()
    assert redeemed(floor) == 1
    tap(page, "Next customer")
    state(page, "idle")


def test_a_manager_approves_with_the_pin_pad_what_came_a_day_late(stage: Stage[Counter], floor: Floor) -> None:
    late = promotion(codes=[CODE], words=None, credentials=["listed"], grace_days=1)
    pin = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("4820")
    manager = StaffMember(id="dora", name="Dora Diaz", role="shift-manager", pin_hash=pin)
    staff = (*floor.counter.catalogue.staff, manager)
    floor.counter.catalogue = replace(catalogue(late), staff=staff)
    floor.clock.move(25 * 24 * 3600)  # 1 December, noon
    page = stage.sign_in(stage.page())
    show(floor)
    state(page, "ask")
    page.locator(".why", has_text="Our sign was still up").tap()
    for digit in "4821":
        page.get_by_role("button", name=digit, exact=True).tap()
    tap(page, "Approve")
    expect(page.get_by_text("That PIN does not fit")).to_be_visible()
    assert redeemed(floor) == 0
    for digit in "4820":
        page.get_by_role("button", name=digit, exact=True).tap()
    tap(page, "Approve")
    state(page, "redeemed")
    assert redeemed(floor) == 1


def test_an_answer_that_was_shown_is_written_down_as_seen(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    show(floor)
    with page.expect_response("**/seen"):
        tap(page, "Redeem")
    assert answered(floor) == 1


def test_a_double_tap_redeems_once(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    show(floor)
    state(page, "accept")
    page.evaluate("() => { const it = document.querySelector('#bar .primary'); it.click(); it.click(); it.click(); }")
    state(page, "redeemed")
    assert redeemed(floor) == 1


def test_what_one_tab_redeems_the_other_shows(stage: Stage[Counter], floor: Floor) -> None:
    one, other = stage.tab(), stage.tab()
    show(floor)
    state(other, "accept")
    tap(one, "Redeem")
    state(other, "redeemed")
    assert one.locator(".number").inner_text() == other.locator(".number").inner_text()
    assert redeemed(floor) == 1


@pytest.mark.parametrize("without", ["", "SharedWorker"])
def test_eight_tabs_of_one_browser_share_one_stream_and_still_redeem(
    stage: Stage[Counter], floor: Floor, without: str
) -> None:
    context = stage.context()
    if without:
        context.add_init_script(f"delete window.{without}")
    tabs = [stage.tab(context) for _ in range(8)]
    show(floor)
    for tab in tabs:
        state(tab, "accept")
    assert stage.streams == 1
    tap(tabs[-1], "Redeem")
    for tab in tabs:
        state(tab, "redeemed")
    assert redeemed(floor) == 1


def test_changes_in_quick_succession_are_all_shown(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    for _ in range(10):
        showing = floor.counter.look(CODE).showing
        assert showing is not None
        floor.counter.next(showing.id)
    floor.counter.look(CODE)
    state(page, "accept")


def test_the_tab_that_held_the_stream_can_be_closed(stage: Stage[Counter], floor: Floor) -> None:
    context = stage.context()
    context.add_init_script("delete window.SharedWorker")
    leader, other = stage.tab(context), stage.tab(context)
    leader.close()
    show(floor)
    state(other, "accept")


def test_a_reload_shows_the_same_stub(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    show(floor)
    tap(page, "Redeem")
    state(page, "redeemed")
    number = page.locator(".number").inner_text()
    page.reload()
    state(page, "redeemed")
    assert page.locator(".number").inner_text() == number
    assert redeemed(floor) == 1


def test_a_lost_answer_is_told_by_the_stream_and_redeems_once(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/redeem", lose)
    show(floor)
    tap(page, "Redeem")
    state(page, "redeemed")
    assert redeemed(floor) == 1


def test_after_a_restart_an_answer_that_nobody_saw_is_asked_about(stage: Stage[Counter], floor: Floor) -> None:
    show(floor)
    showing = floor.counter.display.showing
    assert showing is not None
    floor.counter.redeem(showing.id, "ana")
    floor.restart()
    stage.restart(floor.counter)
    page = stage.tab()
    expect(page.get_by_role("heading", name="Was it given?")).to_be_visible()
    tap(page, "Yes, given")
    state(page, "idle")
    assert answered(floor) == 1


def test_a_page_left_open_finds_a_program_that_was_started_anew(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    boot = page.locator("html").get_attribute("data-boot")
    floor.restart()
    stage.restart(floor.counter)
    expect(page.locator("html")).not_to_have_attribute("data-boot", boot or "", timeout=20_000)


def test_a_page_that_has_lost_its_counter_says_so(stage: Stage[Counter]) -> None:
    page = stage.tab()
    page.wait_for_load_state("load")
    expect(page.locator("#lost")).to_be_hidden()
    stage.end()
    expect(page.locator("#lost")).to_be_visible(timeout=15_000)


def test_sound_stays_off_once_it_was_turned_off(stage: Stage[Counter]) -> None:
    page = stage.tab()
    page.locator(".who summary").tap()
    tap(page, "Sound")
    page.reload()
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "false")


# --- hand-held scanners and typing -----------------------------------------------------------


def scan(page: Page, text: str | list[dict[str, object]], *, gap_ms: float = 4) -> None:
    """Type as a scanner does: keys ``gap_ms`` apart by their time stamps, then a real Enter that can press a button."""
    keys = [{"key": one} for one in text] if isinstance(text, str) else text
    page.evaluate(
        """([keys, gap]) => {
          let at = performance.now() + 1000;
          for (const key of keys) {
            const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...key });
            at += gap;
            Object.defineProperty(event, "timeStamp", { value: at });
            (document.activeElement ?? document.body).dispatchEvent(event);
          }
        }""",
        [keys, gap_ms],
    )
    page.keyboard.press("Enter")


def test_a_hand_held_scanner_needs_nothing_to_be_clicked(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    scan(page, CODE)
    state(page, "accept")


def test_a_scanner_may_send_anything_between_space_and_a_group_separator(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    scan(page, [{"key": "é"}, {"key": " "}, {"key": "]", "ctrlKey": True}, {"key": "7"}, {"key": "x"}])
    state(page, "refuse")
    showing = floor.counter.display.showing
    assert showing is not None
    assert (showing.text, showing.source) == ("é \u001d7x", "scanner")


def test_a_scanners_enter_does_not_press_the_button_in_focus(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    show(floor)
    state(page, "accept")
    page.get_by_role("button", name="Redeem").focus()
    scan(page, OTHER_CODE)
    expect(page.locator("#stub")).to_contain_text(OTHER_CODE)
    assert redeemed(floor) == 0


def test_slow_fingers_on_no_field_are_no_scan(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    scan(page, CODE, gap_ms=200)
    with page.expect_response("**/camera.jpg*"):
        pass  # whatever that Enter had posted would have been sent before
    assert floor.counter.display.state is State.IDLE


def test_a_code_can_be_typed_on_large_keys(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    page.get_by_role("link", name="Type a code").tap()
    for letter in CODE:
        page.locator(f'[data-key="{letter}"]').tap()
    tap(page, "Look it up")
    state(page, "accept")


def test_a_code_can_be_typed_in_the_field_below_the_camera(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    page.get_by_label("Word or code").fill("limepie")
    page.keyboard.press("Enter")
    state(page, "accept")


def test_a_pin_can_be_typed_on_a_keyboard(stage: Stage[Counter]) -> None:
    page = stage.page()
    page.goto(f"{stage.address}/sign-in?clerk=ana")
    page.keyboard.type("4711")
    page.keyboard.press("Enter")
    state(page, "idle")


def test_what_came_back_is_undone_from_the_stub(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    show(floor)
    tap(page, "Redeem")
    page.get_by_role("link", name="Customer gave it back").tap()
    tap(page, "It is back. Undo")
    state(page, "undone")
    assert floor.counter.standing.is_void(OWN, floor.counter.stubs_since(floor.clock.now().replace(hour=0))[0].n)


def test_signing_out_in_one_tab_takes_the_others_to_the_sign_in_page(stage: Stage[Counter]) -> None:
    context = stage.context()
    one, other = stage.tab(context), stage.tab(context)
    one.locator(".who summary").tap()
    tap(one, "Sign out")
    expect(other.locator("#pad")).to_be_visible()


def test_what_is_on_today_goes_with_the_time_while_nobody_is_there(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.page(stage.context())
    page.clock.install()
    stage.sign_in(page)
    expect(page.locator("#offers")).to_contain_text("on all day")
    floor.clock.move(25 * 24 * 3600)
    page.get_by_label("Word or code").fill("half a w")
    page.clock.fast_forward(61_000)
    expect(page.locator("#offers")).to_contain_text("over since Mon")
    expect(page.get_by_label("Word or code")).to_have_value("half a w")


# --- the camera --------------------------------------------------------------------------------


def test_the_live_picture_moves_on_and_its_code_is_outlined(stage: Stage[Counter]) -> None:
    stage.watch.moving = True
    page = stage.tab()
    expect(page.locator("#picture")).to_be_visible()
    source = page.locator("#picture").get_attribute("src") or ""
    expect(page.locator("#picture")).not_to_have_attribute("src", source)
    assert (page.locator("#outline path").get_attribute("d") or "").startswith("M")


def test_a_tab_asks_for_fifteen_pictures_a_second_at_most(stage: Stage[Counter]) -> None:
    stage.watch.moving = True
    page = stage.tab()
    expect(page.locator("#picture")).to_be_visible()
    began = page.evaluate("performance.now()")
    before = stage.watch.asked
    page.wait_for_timeout(1000)
    asked, took_ms = stage.watch.asked - before, page.evaluate("performance.now()") - began
    assert 1 <= asked <= 15 * took_ms / 1000 + 1
