"""The set-up pages: what goes wrong is told in the reader's language, and the way from and to the counter's pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.config import CounterFolder
from kiosk.enrolling import Admitted
from kiosk.errors import ExchangeError, SetupError
from kiosk.first_start import FirstStart
from kiosk.journal import Journal
from kiosk.web.app import Floor
from kiosk.web.set_up import create_set_up_app
from kiosk.web.words_of_set_up import _WORDS
from tests.counter_pages import CHECKOUT, HTMX
from tests.counter_pages import Pages as CounterPages
from tests.counter_world import ENROLMENT
from tests.twins import NOON_MS, SetClock

TYPED = {"text": "7K3M-9XTA-4PWD-H2RC", "address": "http://office:8700"}


@dataclass
class SetUp:
    """One browser before a counter that is not enrolled, and a head office that answers as it is told."""

    start: FirstStart
    client: FlaskClient
    answers: list[Exception | int] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def get(self, address: str = "/set-up", **headers: str) -> TestResponse:
        return self.client.get(address, headers=headers)

    def post(self, where: str = "/set-up", /, **form: str) -> TestResponse:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get().text)
        assert found is not None
        return self.client.post(where, data={"csrf_token": found[1], **form})


@pytest.fixture
def set_up(tmp_path: Path) -> Iterator[SetUp]:
    folder = CounterFolder(tmp_path)
    with closing(Journal.open(folder.journal)) as journal:
        made: SetUp

        def enrol(_url: str, _code: str, key: Ed25519PrivateKey) -> Admitted:
            answer = made.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return Admitted(ENROLMENT, key, answer)

        start = FirstStart(folder, journal, SetClock(), enrol, lambda: made.left.append("done"))
        app = create_set_up_app(
            start, templates=CHECKOUT / "templates", static=CHECKOUT / "static", secret_key=b"k" * 32
        )
        made = SetUp(start, app.test_client())
        yield made


def test_every_page_leads_to_set_up_and_says_that_the_counter_is_new(set_up: SetUp) -> None:
    assert set_up.get("/").location == "/set-up"
    assert "This counter is new" in set_up.get().text
    assert set_up.get("/healthz").json == {"ok": False, "set_up": "not-enrolled"}


@pytest.mark.parametrize("code", sorted(set(_WORDS) - {"not-enrolled", "device-key-missing", "enrolment-unreadable"}))
def test_what_goes_wrong_is_told_in_both_languages_with_its_code(set_up: SetUp, code: str) -> None:
    set_up.answers = [ExchangeError(code, "in English only")]
    told = set_up.post(**TYPED)
    assert told.status_code == 200
    assert code in told.text
    assert "in English only" not in told.text
    assert TYPED["text"] in told.text  # what was typed stays
    set_up.post("/language", language="es")
    spanish = set_up.get().text
    assert code in spanish
    assert "Poner en marcha esta caja" in spanish
    assert _WORDS[code][0].replace("'", "&#39;") not in spanish


def test_a_code_that_is_right_ends_the_set_up_and_htmx_is_told_to_go_on_asking(set_up: SetUp) -> None:
    set_up.answers = [NOON_MS]
    assert set_up.post(**TYPED).status_code == 303
    assert set_up.left == ["done"]
    fragment = set_up.get(**HTMX).text
    assert "Enrolled as bayside/counter-1" in fragment
    assert 'hx-trigger="every 1s"' in fragment
    assert "<html" not in fragment


def test_a_wrong_clock_waits_for_a_person(set_up: SetUp) -> None:
    set_up.answers = [NOON_MS + 3_600_000]
    set_up.post(**TYPED)
    page = set_up.get(**HTMX).text
    assert "clock-wrong" in page
    assert "hx-trigger" not in page  # nothing takes the tick away again
    set_up.post("/set-up/go-on")
    assert set_up.left == []
    set_up.post("/set-up/go-on", anyway="yes")
    assert set_up.left == ["done"]


@pytest.mark.parametrize("form", [{}, {"text": "x" * 401}, {"text": "x", "address": "y" * 401}])
def test_a_malformed_form_asks_nobody(set_up: SetUp, form: dict[str, str]) -> None:
    assert set_up.post(**form).status_code == 422
    assert set_up.start.progress.fault is None


def test_a_page_elsewhere_cannot_enrol_this_counter(set_up: SetUp) -> None:
    assert set_up.client.post("/set-up", data=TYPED).status_code == 400
    assert set_up.client.get("/set-up", headers={"Host": "evil.example"}).status_code == 421


def test_a_counter_that_need_not_be_enrolled_can_be_left_as_it_was(set_up: SetUp) -> None:
    assert "Leave it as it was" not in set_up.get().text
    set_up.start.reason = None
    assert "Leave it as it was" in set_up.get().text
    set_up.post("/set-up/give-up")
    assert "Nothing was changed" in set_up.get().text


# --- from the counter's pages --------------------------------------------------------------------


@dataclass
class Manager:
    """A counter's pages before somebody of a role, at a counter that can be enrolled anew."""

    pages: CounterPages
    left: list[str]


@pytest.fixture
def as_role() -> Callable[[str], Manager]:
    def signed_in(role: str) -> Manager:
        pages, left = CounterPages(), list[str]()
        staff = [replace(one, role=role) for one in pages.counter.clerks()]
        pages.counter.people = staff
        floor: Floor = pages.app.extensions["counterfoil"]
        pages.app.extensions["counterfoil"] = Floor(
            floor.counter, floor.desk, floor.watch, floor.streams, floor.clock, enrol_anew=lambda: left.append("left")
        )
        pages.sign_in()
        return Manager(pages, left)

    return signed_in


def test_a_shift_manager_may_enrol_anew_and_a_clerk_may_not(as_role: Callable[[str], Manager]) -> None:
    clerk = as_role("clerk")
    assert "Enrol anew" not in clerk.pages.get("/status").text
    assert clerk.pages.get("/enrol-anew").status_code == 303
    clerk.pages.get("/status")
    assert clerk.pages.post("/enrol-anew").status_code == 403
    assert clerk.left == []
    manager = as_role("shift-manager")
    assert "Enrol anew" in manager.pages.get("/status").text
    assert "The journal is kept" in manager.pages.get("/enrol-anew").text
    assert "The set-up page comes up" in manager.pages.post("/enrol-anew").text
    assert manager.left == ["left"]


def test_a_page_that_waits_for_the_counter_is_sent_on_by_it(as_role: Callable[[str], Manager]) -> None:
    pages = as_role("clerk").pages
    assert pages.get("/set-up", htmx=True).headers["HX-Redirect"] == "/"
    assert pages.get("/set-up/ready").status_code == 204


def test_a_one_time_code_at_a_counter_at_work_is_neither_answered_nor_shown(as_role: Callable[[str], Manager]) -> None:
    pages = as_role("clerk").pages
    pages.get("/")
    said = pages.post("/look", text="cfe1:7K3M9XTA4PWDH2RC:http://office", htmx=True)
    assert "setting up a counter" in said.text
    assert "7K3M9XTA4PWDH2RC" not in said.text


def test_an_unknown_fault_is_told_in_its_own_words(set_up: SetUp) -> None:
    set_up.answers = [SetupError("disk-full", "Cannot write device.key.new", cure="Free some space.")]
    assert "Free some space." in set_up.post(**TYPED).text
