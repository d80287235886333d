"""Head office's page of counters: the code as a picture, lives that are revoked, forks that wait for a person."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from kiosk.enrolment_text import EnrolmentText, read_enrolment_text
from kiosk.vision.codes import Decoder
from kiosk.vision.picture import Image
from sync.head_office.life_page import LISTED
from tests.head_office_pages import Pages, signed_in
from tests.head_office_world import SmallCounter, enrolled, line_to


def drawn(path: str, side: int) -> Image:
    """The SVG path of a code as a picture, eight pixels a module."""
    modules = np.full((side, side, 3), 255, np.uint8)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        modules[int(y), int(x) : int(x) + int(width)] = 0
    return np.repeat(np.repeat(modules, 8, 0), 8, 1)


def at_host(found: Pages, host: str) -> str:
    """The page of counters as a browser sees it that opened it at ``host``."""
    held = found.client.get_cookie("counterfoil-head-office")
    assert held is not None
    found.client.set_cookie(held.key, held.value, domain=host.removesuffix(":8700"))
    return found.client.get("/counters", base_url=f"http://{host}").text


@pytest.mark.parametrize(
    ("host", "here_only"),
    [("office.example:8700", False), ("192.168.1.20", False), ("127.0.0.1:8700", True), ("localhost", True)],
)  # fmt: skip
def test_a_code_can_be_filmed_with_the_address_by_which_the_page_was_opened(
    tmp_path: Path, host: str, here_only: bool
) -> None:
    found = signed_in(tmp_path)
    found.post("/counters/bayside/front/code")
    page = at_host(found, host)
    picture = re.search(r'viewBox="0 0 (\d+) \d+"[^>]*><path d="([^"]+)"', page)
    assert picture is not None
    (text,) = (one.text for one in Decoder().read(drawn(picture[2], int(picture[1]))))
    shown = "".join(re.findall(r"<span>([0-9A-Z]{4})</span>", page))
    assert read_enrolment_text(text) == EnrolmentText(shown, f"http://{host}")
    assert ("Only a counter on this very machine" in page) is here_only


def test_behind_a_proxy_that_speaks_https_the_picture_says_so(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.post("/counters/bayside/front/code")
    found.client.application.config["SESSION_COOKIE_SECURE"] = True
    assert "https://office.example" in at_host(found, "office.example")


# --- lives -----------------------------------------------------------------------------------------


def at_work(found: Pages) -> SmallCounter:
    """A counter that redeemed twice and told of it."""
    counter = enrolled(found.office)
    counter.redeem(credential=b"1" * 16)
    counter.redeem(credential=b"2" * 16)
    counter.exchange()
    return counter


def test_a_life_is_shown_with_what_it_wrote_and_the_newest_entry_is_the_last_good_one(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    at_work(found)
    assert 'href="/counters/bayside/front/1"' in found.get("/counters").text
    page = found.get("/counters/bayside/front/1").text
    assert "Harbor Grill Bayside Front, life 1" in page
    assert "Free shrimp tacos, redeemed by Zo" in page
    assert re.search(r'value="4"[^>]* checked', page)
    assert page.count(" checked") == 1


def test_a_counter_is_revoked_behind_the_entry_that_was_chosen(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    at_work(found)
    answer = found.post("/counters/bayside/front/1/revoke", n="2", why="stolen on Friday")
    assert (answer.status_code, answer.location) == (303, "/counters/bayside/front/1")
    page = found.get("/counters/bayside/front/1").text
    assert "Revoked behind entry 2" in page
    assert "By marta" in page
    assert "stolen on Friday" in page
    assert page.count("does not count") == 2
    assert "revoked" in found.get("/counters").text
    assert found.office.store.redemption_counts() == {"tacos": (2, 1)}


@pytest.mark.parametrize(
    ("form", "code"),
    [({"n": "9", "why": "x"}, "entry-unknown"), ({"why": "x"}, "entry-unknown"), ({"n": "2"}, "reason-missing"),
     ({"n": "\u0663", "why": "x"}, "entry-unknown")],
)  # fmt: skip
def test_a_decision_that_cannot_be_taken_is_told_and_changes_nothing(
    tmp_path: Path, form: dict[str, str], code: str
) -> None:
    found = signed_in(tmp_path)
    at_work(found)
    answer = found.post("/counters/bayside/front/1/revoke", **form)
    assert answer.status_code == 422
    assert code in answer.text
    assert [life.revoked for life in found.office.store.enrolments()] == [False]


def test_a_fork_is_shown_with_both_branches_and_what_waits_can_be_let_count(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    counter = at_work(found)
    clone = SmallCounter(counter.enrolment, counter.key, line_to(found.office))
    for _ in range(3):
        clone.redeem(credential=b"3" * 16, promotion="pie")
    clone.exchange()
    counter.redeem(credential=b"5" * 16)
    counter.exchange()
    assert "fenced: its journal was copied" in found.get("/counters").text
    page = found.get("/counters/bayside/front/1").text
    assert re.search(r"Entry \d was written twice", page)
    assert "The other machine: <b>Free pie, redeemed by" in page
    assert "1 entry waits for you" in page
    assert found.post("/counters/bayside/front/1/count", n="9").status_code == 422
    assert found.post("/counters/bayside/front/1/count", n="5").status_code == 303
    assert "waits for you" not in found.get("/counters/bayside/front/1").text
    assert found.office.store.redemption_counts() == {"tacos": (3, 0)}


def test_earlier_entries_come_page_by_page_down_to_none(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    counter = enrolled(found.office)
    for n in range(LISTED):
        counter.redeem(credential=n.to_bytes(16, "big"))
    counter.exchange()
    page = found.get("/counters/bayside/front/1").text
    assert "None of them counts" not in page
    older = re.search(r'href="(/counters/bayside/front/1\?before=\d+)"', page)
    assert older is not None
    rest = found.get(older[1]).text
    assert "None of them counts" in rest
    shown = [int(n) for one in (page, rest) for n in re.findall(r'name="n" value="(\d+)" aria-label="Entry', one)]
    assert shown == sorted(shown, reverse=True)
    assert shown == list(range(LISTED + 2, 0, -1))


@pytest.mark.parametrize("address", ["/counters/bayside/front/2", "/counters/Bay/front/1", "/counters/bayside/front/0"])
def test_a_life_that_nobody_enrolled_is_no_page(tmp_path: Path, address: str) -> None:
    found = signed_in(tmp_path)
    enrolled(found.office)
    assert found.get(address).status_code == 404
    assert found.post(f"{address}/revoke", n="0", why="x").status_code == 404
