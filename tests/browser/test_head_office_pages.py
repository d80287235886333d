"""Head office in a real Chromium: signing in, publishing, redemptions that arrive by themselves, codes and clerks."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from kiosk.vision.picture import jpeg
from kiosk.vision.props import SceneItem, draw_check_in
from sync.head_office import accounts, people
from sync.head_office.accounts import make_first_account
from sync.head_office.office import HeadOffice
from tests.head_office_pages import HERE, device, redemption, served, void
from tests.head_office_world import PROMOTIONS, an_office, twin

pytestmark = pytest.mark.browser

DESK, PHONE = (1280, 800), (390, 844)
SHOTS = HERE / ".screenshots" / "head_office"
PASSWORD = "four plain words now"
EVERY_PAGE = (
    "/redemptions", "/promotions", "/promotions/tacos", "/promotions/tacos/try", "/publish/promotions",
    "/publish/organisation", "/published/promotions/1", "/counters", "/counters/stick", "/people", "/password",
    "/rights", "/promotions/tacos/rights",
)  # fmt: skip

SCREEN = """
  - id: chowder
    title: Free clam chowder
    venue: Harbor Grill
    gives: One cup of clam chowder, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [screen]
    screen:
      offer: Free clam chowder
      claims: [You're checked in!]
      dates_shown: Nov 1 - Nov 30
      sample: samples/chowder.jpg
"""


@dataclass
class Visit:
    """One browser window at head office. ``complaints``: all that its console said against a page."""

    office: HeadOffice
    page: Page
    one_time: str
    close_down: Callable[[], None]
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, password: str) -> None:
        self.page.get_by_label("Name").fill("admin")
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def hear(self, message: ConsoleMessage) -> None:
        told_by_its_answer = "status of 422" in message.text  # Chromium logs every answer above 399 to a navigation
        if message.type in {"error", "warning"} and not told_by_its_answer:
            self.complaints.append(message.text)

    def go(self, address: str) -> None:
        self.page.goto(address)

    def spilled(self) -> list[str]:
        """What is wider than the window, or than the sheet it stands on."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll("body *")].filter((one) => {
              if (!one.checkVisibility() || one.closest(".unseen, .numbered, .excerpt, thead")) return false;
              const right = one.getBoundingClientRect().right, sheet = one.parentElement.closest(".sheet");
              return right > innerWidth + 0.5 || (sheet && right > sheet.getBoundingClientRect().right + 0.5);
            }).map((one) => one.outerHTML.slice(0, 80))"""
        )
        return found


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Open, None, None]:
    """Open head office in a window of a size; each window's console must have stayed quiet."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_HASHER", quick)
    monkeypatch.setattr(people, "_HASHER", quick)
    office = an_office(tmp_path)
    one_time = make_first_account(office) or ""
    opened: list[Visit] = []
    with ExitStack() as stack:
        base = stack.enter_context(served(office))

        def open_window(size: tuple[int, int] = DESK, *, door: bool = False, scripts: bool = True) -> Visit:
            context = browser.new_context(
                base_url=base, viewport={"width": size[0], "height": size[1]},
                color_scheme="light", java_script_enabled=scripts,
            )  # fmt: skip
            stack.callback(context.close)
            found = Visit(office, context.new_page(), one_time, stack.close)
            found.page.on("console", found.hear)
            found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
            opened.append(found)
            if not door:
                _let_in(found)
            return found

        yield open_window
    assert [complaint for one in opened for complaint in one.complaints] == []


def _let_in(found: Visit) -> None:
    """Give the account its own password, once, and sign in with it."""
    account = found.office.store.account("admin")
    assert account is not None
    if account.must_change:
        accounts.change_password(found.office, "admin", found.one_time, PASSWORD, "test")
    found.go("/sign-in")
    found.sign_in(PASSWORD)
    found.page.wait_for_url("**/redemptions")


# --- the door


def test_the_first_sign_in_asks_for_a_new_password_and_then_opens(visit: Open) -> None:
    window = visit(door=True)
    window.go("/")
    window.sign_in(window.one_time)
    expect(window.page.get_by_role("heading", name="Choose your password")).to_be_visible()
    window.go("/people")
    expect(window.page.get_by_role("heading", name="Choose your password")).to_be_visible()
    window.page.get_by_label("One-time password").fill(window.one_time)
    window.page.get_by_label("New password").fill(PASSWORD)
    window.page.get_by_label("The same again").fill(PASSWORD)
    window.page.get_by_role("button", name="Keep it").click()
    expect(window.page.get_by_role("heading", name="Redemptions")).to_be_visible()
    window.page.get_by_role("button", name="Sign out").click()
    window.sign_in(window.one_time)
    expect(window.page.get_by_role("alert")).to_contain_text("not right")


# --- redemptions


def test_redemptions_appear_by_themselves_on_top(visit: Open) -> None:
    window = visit()
    window.office.store.add_log_rows([redemption(1)])
    window.page.evaluate("window.same = 'page'")
    expect(window.page.locator("#rows tr")).to_have_count(1)
    window.office.store.add_log_rows([redemption(2), redemption(3)])
    expect(window.page.locator("#rows tr")).to_have_count(3)
    expect(window.page.locator("#rows tr .r-stub").first).to_have_text(re.compile("0003"))
    expect(window.page.locator(".figure b")).to_have_text("3")
    assert window.page.evaluate("window.same") == "page"


SCROLLED = """async () => {  // the wheel's turn is drawn over some frames
  for (let still = 0, last = -1; still < 10 || scrollY <= 300; last = scrollY) {
    await new Promise(requestAnimationFrame);
    still = scrollY === last ? still + 1 : 0;
  }
}"""


def test_what_one_reads_stays_where_it_is_when_rows_arrive(visit: Open) -> None:
    window = visit()
    window.office.store.add_log_rows([redemption(n) for n in range(1, 41)])
    window.go("/redemptions")
    row = window.page.locator("#r-15")
    row.scroll_into_view_if_needed()
    window.page.mouse.wheel(0, 200)
    window.page.evaluate(SCROLLED)
    before = row.bounding_box()
    window.office.store.add_log_rows([redemption(n) for n in range(41, 46)])
    expect(window.page.locator("#r-45")).to_be_attached()
    after = row.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 2


def test_a_void_marks_its_redemption_by_itself(visit: Open) -> None:
    window = visit()
    first = redemption(1)
    window.office.store.add_log_rows([first, redemption(2)])
    window.go("/redemptions")
    expect(window.page.locator("#rows tr")).to_have_count(2)
    window.office.store.add_log_rows([void(3, first)])
    expect(window.page.locator("#r-1")).to_contain_text("void 06:59")
    expect(window.page.locator("#rows tr")).to_have_count(2)
    expect(window.page.locator(".figure")).to_contain_text("1 undone")


def test_a_page_that_gets_no_answer_says_that_it_stands_still_and_goes_on_later(visit: Open) -> None:
    window = visit()
    window.page.route("**/redemptions?after=*", lambda route: route.abort())
    expect(window.page.get_by_text("this page stands still")).to_be_visible()
    window.page.unroute_all()
    window.office.store.add_log_rows([redemption(1)])
    expect(window.page.locator("#rows tr")).to_have_count(1)
    expect(window.page.get_by_text("this page stands still")).to_be_hidden()
    window.complaints.clear()  # of the answers that were kept away


def test_choosing_a_store_shows_its_redemptions_only(visit: Open) -> None:
    window = visit()
    window.office.store.add_log_rows([redemption(1), redemption(2, store="pier-9")])
    window.page.get_by_label("Store").select_option(label="Harbor Grill Pier 9")
    window.page.wait_for_url("**store=pier-9*")
    expect(window.page.locator("#rows tr")).to_have_count(1)
    window.office.store.add_log_rows([redemption(3), redemption(4, store="pier-9")])
    expect(window.page.locator("#rows tr")).to_have_count(2)


def test_a_session_that_ends_elsewhere_leads_to_the_door(visit: Open) -> None:
    window = visit()
    accounts.end_all_sessions(window.office, "admin")
    expect(window.page.get_by_role("button", name="Sign in")).to_be_visible()
    window.complaints.clear()  # Chromium logs the 401 that said so


# --- publishing


def test_a_text_with_an_error_is_named_mended_and_published(visit: Open) -> None:
    window = visit()
    page = window.page
    window.go("/publish/promotions")
    page.locator("#text").fill(PROMOTIONS.replace("title: Free pie", "titel: Free lime pie"))
    page.get_by_role("button", name="Publish").first.click()
    problems = page.locator("#problems")
    expect(problems).to_contain_text("There is no field 'titel' here")
    expect(page.locator(".gutter .marked", has_text="12")).to_have_count(1)
    expect(page.locator("#text")).to_have_value(re.compile("titel: Free lime pie"))
    problems.get_by_role("link", name=re.compile("Line 12, column 5")).first.click()
    page.keyboard.insert_text("title: Free lime pie")
    page.get_by_role("button", name="Publish").first.click()
    expect(page.get_by_role("heading", name="Version 2 is published")).to_be_visible()
    expect(page.locator(".changes").first).to_contain_text("Free lime pie changed: title")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["1280", "390"])
def test_thirty_notes_stay_readable_and_each_leads_to_its_line(visit: Open, size: tuple[int, int]) -> None:
    limits = "    limits: {per_store_day: 9, per_clerk_day: 9, per_customer: 1}\n"
    pie = PROMOTIONS[PROMOTIONS.index("  - id: pie") :] + limits
    many = PROMOTIONS + limits + "".join(pie.replace("pie", f"pie-{n}").replace("PIE", f"PIE{n}") for n in range(9))
    window = visit(size)
    page = window.page
    window.go("/publish/promotions")
    page.locator("#text").fill(many)
    page.get_by_role("button", name="Check").locator("visible=true").first.click()
    checked = page.locator("#checked")
    expect(checked.get_by_role("heading", name="No problem was found")).to_be_visible()
    expect(checked.locator(".notes h2")).to_have_text("Worth knowing (33)")
    page.screenshot(path=SHOTS / f"checked-{size[0]}.png")
    checked.locator("summary", has_text="Free pie").first.click()
    link = checked.get_by_role("link", name="Line 17, column 29")
    expect(link).to_be_visible()
    assert window.spilled() == []
    page.screenshot(path=SHOTS / f"checked-open-{size[0]}.png")
    link.click()
    chosen = (
        "() => { const t = document.getElementById('text'); return t.value.slice(t.selectionStart, t.selectionEnd); }"
    )
    assert page.evaluate(chosen) == "9, per_clerk_day: 9, per_customer: 1}"
    expect(page.locator("#text")).to_have_value(many)


def test_a_chosen_file_is_shown_with_line_numbers_before_it_is_published(visit: Open, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(PROMOTIONS + "# the end\n" * 30)
    window = visit()
    window.go("/publish/promotions")
    window.page.locator("input[name=file]").set_input_files(file)
    expect(window.page.locator("#text")).to_have_value(re.compile("# the end"))
    lines = file.read_text().count("\n") + 1
    expect(window.page.locator(".gutter span").last).to_have_text(str(lines))


def test_a_sample_picture_is_sent_beside_the_text_and_shown_with_its_promotion(visit: Open, tmp_path: Path) -> None:
    picture = tmp_path / "chowder.jpg"
    drawn = SceneItem("Free clam chowder", "screen", "You're checked in!", small="Nov 1 - Nov 30", customer="@zed.z")
    picture.write_bytes(jpeg(draw_check_in(drawn)))
    window, slim = visit(), visit(PHONE)
    window.go("/publish/promotions")
    window.page.locator("#text").fill(PROMOTIONS + SCREEN)
    window.page.get_by_label("Sample pictures").set_input_files(picture)
    window.page.get_by_role("button", name="Publish").first.click()
    expect(window.page.get_by_role("heading", name="Version 2 is published")).to_be_visible()
    for one, width in ((window, 1280), (slim, 390)):
        one.go("/promotions/chowder")
        shown = one.page.get_by_alt_text("Sample of the screen for Free clam chowder")
        expect(shown).to_be_visible()
        assert shown.evaluate("one => one.complete && one.naturalHeight > 600")
        one.page.screenshot(path=SHOTS / f"sample-{width}.png", full_page=True)
        assert one.spilled() == []
        one.go("/publish/promotions")
        one.page.screenshot(path=SHOTS / f"sample-publish-{width}.png", full_page=True)
        assert one.spilled() == []


def test_line_numbers_stand_beside_their_lines(visit: Open) -> None:
    window = visit()
    window.go("/publish/promotions")
    apart = window.page.evaluate(
        """() => {
          const text = document.getElementById("text"), gutter = document.querySelector(".gutter");
          const style = getComputedStyle(text), lines = text.value.split("\\n").length;
          const top = text.getBoundingClientRect().top + parseFloat(style.paddingTop);
          const mark = gutter.children[lines - 1].getBoundingClientRect();
          const height = parseFloat(style.lineHeight);
          return (mark.top + mark.bottom) / 2 - (top + (lines - 0.5) * height);
        }"""
    )
    assert abs(apart) < 3


def test_publishing_works_without_scripts(visit: Open) -> None:
    window = visit(scripts=False)
    page = window.page
    window.go("/publish/promotions")
    page.locator("#text").fill("promotions: [{id: a}]")
    page.get_by_role("button", name="Publish").first.click()
    expect(page.locator("#problems")).to_contain_text("Line 1, column")
    page.locator("#text").fill(PROMOTIONS.replace("Free pie", "Free lime pie"))
    page.get_by_role("button", name="Publish").first.click()
    expect(page.get_by_role("heading", name="Version 2 is published")).to_be_visible()


# --- counters and people


def test_a_code_is_made_and_shown_once(visit: Open) -> None:
    window = visit()
    window.go("/counters")
    window.page.get_by_role("button", name="Make a code").first.click()
    expect(window.page.locator(".secret")).to_have_text(re.compile(r"^([0-9A-Z]{4}){3,}$"))
    window.page.reload()
    expect(window.page.locator(".secret")).to_have_count(0)


def test_a_clerk_is_added_and_the_pin_shown_once(visit: Open) -> None:
    window = visit(PHONE)
    page = window.page
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name").fill("Ben Okafor")
    page.get_by_label("Shift manager").check()
    page.get_by_label("Harbor Grill Pier 9").check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".secret")).to_have_text(re.compile(r"^\d{4}$"))
    expect(page.locator("tbody tr", has_text="Ben Okafor")).to_contain_text("Harbor Grill Pier 9")
    page.reload()
    expect(page.locator(".secret")).to_have_count(0)


def test_removing_a_clerk_asks_once_more(visit: Open) -> None:
    window = visit()
    people.add_clerk(window.office, "Ben", (), pin="80713")
    window.go("/people")
    row = window.page.locator("tbody tr", has_text="Ben")
    expect(row.get_by_role("button", name="Yes, remove")).to_be_hidden()
    row.locator("summary").click()
    row.get_by_role("button", name="Yes, remove").click()
    expect(row).to_have_count(0)


# --- every page, both sizes, light and dark


def _busy(office: HeadOffice) -> None:
    """Counters in touch, silent and behind, redemptions with a void and a late one, clerks."""
    for one in (device(), device(counter="bar", knows=0), device(store="pier-9", silent_s=3 * 3600)):
        office.store.put_enrolment(one)
    rows = [
        redemption(n, promotion="pie" if n % 3 else "tacos", store="pier-9" if n % 4 else "bayside")
        for n in range(1, 60)
    ]
    office.store.add_log_rows([*rows, void(100, rows[55])])
    people.add_clerk(office, "Bartholomew Featherstonehaugh", ("bayside", "pier-9"), role="shift-manager")
    assert twin(office).tables.log


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["1280", "390"])
def test_nothing_is_wider_than_the_window_or_its_sheet(visit: Open, size: tuple[int, int]) -> None:
    window = visit(size)
    _busy(window.office)
    SHOTS.mkdir(parents=True, exist_ok=True)
    for address in EVERY_PAGE:
        window.go(address)
        assert window.spilled() == [], address
        assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        name = f"{address.strip('/').replace('/', '-')}-{size[0]}"
        window.page.emulate_media(color_scheme="light")
        window.page.screenshot(path=SHOTS / f"{name}-light.png")
        window.page.emulate_media(color_scheme="dark")
        window.page.screenshot(path=SHOTS / f"{name}-dark.png")


def test_what_one_touches_on_a_phone_is_48_px_high(visit: Open) -> None:
    window = visit(PHONE)
    _busy(window.office)
    for address in EVERY_PAGE:
        window.go(address)
        small = window.page.evaluate(
            """() => [...document.querySelectorAll(".button, .field, .choice, .rail-menu, .tabs")]
              .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
              .map((one) => one.outerHTML.slice(0, 90))"""
        )
        assert small == [], address


def test_the_keyboard_reaches_every_page_from_the_rail(visit: Open) -> None:
    window = visit()
    window.page.keyboard.press("Tab")
    expect(window.page.get_by_role("link", name="To the page")).to_be_focused()
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Tab")
    expect(window.page.get_by_role("link", name="Promotions")).to_be_focused()
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_role("heading", name="Promotions", exact=True)).to_be_visible()
