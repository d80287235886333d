"""One Chromium for all browser tests, driven by touch; each test has a context and a counter of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.counter_stage import Stage, open_stage, real_counter
from tests.counter_world import Floor
from tests.fakes_counter import FakeCounter

expect.set_options(timeout=20_000)  # the tests run in two lanes on two cores: a page may take its time

FAKE_CAMERA = "--use-fake-device-for-media-stream"

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def launch(playwright: Playwright, chromium: str, *flags: str) -> Browser:
    """A Chromium with the usual flags and ``flags``."""
    return playwright.chromium.launch(executable_path=chromium, args=[*_FLAGS, *flags])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder drives a browser, said or not."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    opened = launch(playwright, chromium)
    yield opened
    opened.close()


@pytest.fixture
def staged(browser: Browser) -> Iterator[Stage[FakeCounter]]:
    """A counter that shows what a test tells it to."""
    with open_stage(browser, FakeCounter()) as stage:
        yield stage


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    """A real counter on a real journal."""
    opened = real_counter(tmp_path)
    yield opened
    opened.journal.close()
