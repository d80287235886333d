"""A counter that is set up by real programs: filmed code, the way into work, enrolled anew, all without a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import httpx
import pytest

from kiosk.config import CounterFolder, Enrolment
from kiosk.enrolment_text import enrolment_text
from kiosk.journal import verify
from sync.robot_clerk import read_page
from tests.e2e.road import Road, codes
from tests.e2e.test_road import until


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    (tmp_path / "pictures").mkdir()
    made = Road.plant(tmp_path, listed=20, camera=str(tmp_path / "pictures"))
    made.head_office.start()
    try:
        yield made
    finally:
        made.stop()


def show(road: Road, code: str) -> None:
    """Hold head office's code before the camera."""
    picture = cv2.QRCodeEncoder.create().encode(enrolment_text(code, road.head_office.url))
    large = cv2.copyMakeBorder(cv2.resize(picture, None, fx=8, fy=8, interpolation=0), 80, 80, 80, 80, 0, value=255)
    beside = road.folder / "code.png"
    cv2.imwrite(str(beside), large)
    beside.replace(road.folder / "pictures" / "code.png")


def at_work(road: Road) -> Callable[[], bool]:
    return lambda: bool(road.health().get("online"))


def test_a_filmed_code_starts_the_counter_and_a_manager_enrols_it_anew(road: Road) -> None:
    road.counter.start()
    assert road.health() == {"ok": False, "set_up": "not-enrolled"}
    show(road, road.planted.code)
    until(at_work(road), "the counter at work")
    until(lambda: road.health()["version"] > 0, "the first promotions")
    (road.folder / "pictures" / "code.png").unlink()
    clerk = road.clerk()
    assert clerk.type_code(codes(3)[0]).state == "accept"
    assert clerk.redeem().state == "redeemed"
    road.command("head-office", "clerk", "add", "Mona", "--role", "shift-manager", "--pin", "4711")
    browser = httpx.Client(base_url=road.counter.url, follow_redirects=True, timeout=20)
    with browser:
        until(lambda: "Mona" in browser.get("/sign-in").text, "the shift manager on the list")
        form = read_page(browser.get("/sign-in?clerk=mona").text).forms["/sign-in"]
        browser.post("/sign-in", data=form.fields | {"pin": "4711"})
        form = read_page(browser.get("/enrol-anew").text).forms["/enrol-anew"]
        assert browser.post("/enrol-anew", data=form.fields).status_code == 200
    until(lambda: road.health().get("set_up") == "enrol-anew", "the set-up page")
    typed = road.command("head-office", "counter", "code", "bayside", "counter-1")
    with httpx.Client(base_url=road.counter.url, timeout=20) as browser:
        form = read_page(browser.get("/set-up").text).forms["/set-up"]
        filled = {"text": typed["code"], "address": road.head_office.url}
        assert browser.post("/set-up", data=form.fields | filled).status_code == 303
    until(at_work(road), "the counter at work again")
    folder = CounterFolder(road.folder / "counter")
    assert Enrolment.load(folder.enrolment).incarnation == 2
    until(lambda: road.health()["waiting"] == 0, "head office to have all of both lives")
    assert len(road.received()) == 1
    road.counter.stop()
    assert verify(folder.journal).broken is None
