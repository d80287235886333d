"""Head office's page of counters: the code as a picture, lives that are revoked, forks that wait for a person."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from kiosk.enrolment_text import EnrolmentText, read_enrolment_text
from kiosk.vision.codes import Decoder
from kiosk.vision.picture import Image
from tests.head_office_pages import Pages, signed_in


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
