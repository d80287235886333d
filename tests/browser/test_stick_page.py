"""The page of the stick as a shift manager sees and uses it, at both sizes; photographed into ``.screenshots``."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kiosk.errors import ExchangeError
from kiosk.ports import FolderRead, StickRead
from tests.counter_stage import LANDSCAPE, PORTRAIT, SCREENSHOTS, Stage
from tests.fakes_counter import FakeCounter
from tests.fakes_stick import FROM_OFFICE, NAME, FakeStick

SIZES = [LANDSCAPE, PORTRAIT]
CUT = ExchangeError("stick-cut-short", "The stick file ends too early", cure="-")
TAKEN = StickRead(FROM_OFFICE, "head-office", 1, entries=3, bundle_version=5)
MIXED = FolderRead((TAKEN, StickRead(FROM_OFFICE, refused=CUT)), 2)
MEASURE = """() => {
  const shown = [...document.querySelectorAll(".sheet *, #bar *")].filter((one) =>
    one.checkVisibility() && !one.closest(".unseen, svg"));
  const name = (one) => one.outerHTML.slice(0, 80);
  const clips = (one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline";
  const targets = shown.filter((one) => one.matches("button, a.button, input[type=file]"));
  const sheet = document.querySelector(".sheet");
  return { clipped: shown.filter(clips).map(name), page: document.documentElement.scrollWidth,
           low: targets.filter((one) => one.getBoundingClientRect().height < 56).map(name),
           rolls: sheet.scrollHeight > sheet.clientHeight + 1 };
}"""


def at_the_stick(staged: Stage[FakeCounter], stick: FakeStick, size: tuple[int, int], language: str = "en") -> Page:
    """Ben's browser at the page of the stick."""
    staged._app.extensions["stick"] = stick
    context = staged.context(size, locale=language)
    staged._let_in(context, "ben")
    page = staged.page(context)
    page.goto(f"{staged.address}/status")
    photograph(page, f"way-{size[0]}")
    page.locator('.sheet a[href="/stick"]').tap()
    expect(page.locator("#stick")).to_be_visible()
    return page


def photograph(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready")
    page.screenshot(path=SCREENSHOTS / f"stick-{name}.png")


@pytest.mark.parametrize("size", SIZES)
def test_the_page_fits_and_a_tap_tells_what_became_of_the_stick(
    staged: Stage[FakeCounter], size: tuple[int, int]
) -> None:
    stick = FakeStick(Path("/media/counterfoil"))
    stick.found = MIXED
    page = at_the_stick(staged, stick, size)
    photograph(page, f"{size[0]}")
    page.get_by_role("button", name="Take in what is on the stick").tap()
    expect(page.get_by_role("alert")).to_contain_text("The file ends too early")
    photograph(page, f"read-{size[0]}")
    measured = page.evaluate(MEASURE)
    assert measured == {"clipped": [], "page": size[0], "low": [], "rolls": False}


def test_the_page_fits_in_spanish(staged: Stage[FakeCounter]) -> None:
    page = at_the_stick(staged, FakeStick(Path("/media/counterfoil")), LANDSCAPE, "es")
    page.get_by_role("button", name="Escribir en la memoria").tap()
    expect(page.get_by_role("status")).to_contain_text("Escrito, con 12 entradas nuevas de esta caja.")
    photograph(page, "es")
    assert page.evaluate(MEASURE)["clipped"] == []


def test_without_a_folder_files_are_saved_and_chosen(staged: Stage[FakeCounter], tmp_path: Path) -> None:
    stick = FakeStick()
    page = at_the_stick(staged, stick, LANDSCAPE)
    photograph(page, "files")
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save the file").tap()
    assert saving.value.suggested_filename == NAME
    large = tmp_path / "large.stick"
    with large.open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    page.locator('input[name="file"]').set_input_files(large)
    page.get_by_role("button", name="Take it in").tap()
    assert "larger than 16 MB" in page.locator('input[name="file"]').evaluate("(one) => one.validationMessage")
    assert stick.uploaded == []
    chosen = tmp_path / FROM_OFFICE
    chosen.write_bytes(b"sealed")
    page.locator('input[name="file"]').set_input_files(chosen)
    page.get_by_role("button", name="Take it in").tap()
    expect(page.get_by_role("status")).to_contain_text("3 new entries")
    assert stick.uploaded == [(FROM_OFFICE, b"sealed")]
