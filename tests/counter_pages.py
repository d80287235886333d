"""The counter's pages over a fake counter, as a browser without a screen sees them."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.web import create_app
from kiosk.web.app import Floor
from kiosk.web.stream import Streams
from kiosk.web.views import Desk
from tests.fakes_counter import PIN, FakeCounter, FakeWatch

CHECKOUT = Path(__file__).parents[1]
HTMX = {"HX-Request": "true"}


def make_app(counter: Any, watch: Any = None, clock: Any = None, film: Any = None) -> Flask:
    """The pages of ``counter`` from the templates and static files of this checkout."""
    return create_app(
        counter,
        templates=CHECKOUT / "templates",
        static=CHECKOUT / "static",
        secret_key=b"k" * 32,
        watch=watch,
        clock=clock,
        film=film,
    )


@functools.cache
def _app() -> Flask:
    """One application for all tests, since its templates take a while to compile; each test brings its counter."""
    return make_app(FakeCounter(), FakeWatch())


class Pages:
    """One browser: signs in, loads pages, posts forms with the token of the last page."""

    def __init__(self, counter: FakeCounter | None = None) -> None:
        self.counter = counter or FakeCounter()
        self.watch = FakeWatch()
        self.app = _app()
        desk = Desk(self.counter, boot="boot")  # type: ignore[arg-type]  # the fake has what the pages use
        floor = Floor(self.counter, desk, self.watch, Streams(), self.counter.clock)  # type: ignore[arg-type]
        self.app.extensions["counterfoil"] = floor
        self.client: FlaskClient = self.app.test_client()
        self.token = ""

    def get(self, address: str, *, htmx: bool = False, **more: Any) -> TestResponse:
        answer = self.client.get(address, headers=HTMX if htmx else {}, **more)
        is_page = answer.mimetype == "text/html"
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text) if is_page else None
        self.token = found.group(1) if found else self.token
        return answer

    def post(self, address: str, *, htmx: bool = False, **fields: Any) -> TestResponse:
        form = {"csrf_token": self.token, **fields}
        return self.client.post(address, data=form, headers=HTMX if htmx else {})

    def sign_in(self, clerk: str = "ana", pin: str = PIN) -> TestResponse:
        self.get(f"/sign-in?clerk={clerk}")
        return self.post("/sign-in", clerk=clerk, pin=pin)


def signed_in(counter: FakeCounter | None = None) -> Pages:
    """A browser whose clerk is Ana."""
    pages = Pages(counter)
    assert pages.sign_in().status_code == 303
    pages.get("/")
    return pages
