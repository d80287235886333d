"""A clerk made of code: signs in at a counter's pages, reads the ticket and taps, over HTTP like a browser.

Used by ``demo --check`` and by the end-to-end tests. It knows the pages only by their forms.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

STAFF_WITHIN_S = 30.0


@dataclass(slots=True)
class Form:
    """A form of a page: where it posts, and its named fields with the values they hold."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """What a page says to a clerk: its forms by action, and the state of its ticket."""

    forms: dict[str, Form] = field(default_factory=dict)
    state: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("id") == "ticket":
            self.page.state = given.get("data-state", "")
        if tag == "form":
            self._form = Form(given.get("action", ""))
            self.page.forms[self._form.action] = self._form
        elif self._form is not None and given.get("name") and tag in {"input", "select", "textarea"}:
            self._form.fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def read_page(html: str) -> Page:
    """The forms of ``html`` and the state of the ticket in it."""
    reader = _Reader()
    reader.feed(html)
    return reader.page


class RobotClerk:
    """One clerk at one counter's pages."""

    def __init__(self, base_url: str, *, timeout_s: float = 20.0) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s, follow_redirects=True)
        self.page = Page()

    def close(self) -> None:
        """Leave."""
        self._http.close()

    def sign_in(self, clerk_id: str, pin: str) -> None:
        """Sign in, once the counter knows its staff; raises ``PermissionError`` where it does not let us."""
        until_s = time.monotonic() + STAFF_WITHIN_S
        while "/sign-in" not in self._open(f"/sign-in?clerk={clerk_id}").forms and time.monotonic() < until_s:
            time.sleep(0.1)  # a counter just enrolled has yet to fetch its first promotions
        self._submit("/sign-in", {"clerk": clerk_id, "pin": pin})
        self._open("/")
        if not self.page.state:
            raise PermissionError(f"the counter did not let {clerk_id} in")

    def look(self) -> Page:
        """Read the counter's page as it is now."""
        return self._open("/")

    def type_code(self, text: str) -> Page:
        """Type a code."""
        self._open("/")
        return self._submit("/look", {"text": text})

    def redeem(self, *, seen: bool = True) -> Page:
        """Tap Redeem on the page as last read; with ``seen``, tell the counter that its answer was shown."""
        page = self._submit("/redeem", {})
        if seen and page.state == "redeemed" and "/seen" in page.forms:
            self._submit("/seen", {})
        return page

    def next(self) -> Page:
        """Tap Next customer (or Not now) on the page as last read."""
        return self._submit("/next", {})

    def given(self, *, yes: bool) -> Page:
        """Answer "was it given?"."""
        return self._submit("/given", {"answer": "yes" if yes else "no"})

    def health(self) -> Mapping[str, Any]:
        """What the counter says of itself to machines."""
        read: dict[str, Any] = self._http.get("/healthz").raise_for_status().json()
        return read

    def text(self, path: str) -> str:
        """A page's source."""
        return self._http.get(path).raise_for_status().text

    def _open(self, path: str) -> Page:
        self.page = read_page(self.text(path))
        return self.page

    def _submit(self, action: str, filled: Mapping[str, str]) -> Page:
        form = self.page.forms.get(action)
        if form is None:
            raise LookupError(f"the page in state {self.page.state!r} has no form for {action}")
        answered = self._http.post(action, data=form.fields | dict(filled)).raise_for_status()
        if answered.text:
            self.page = read_page(answered.text)
        return self.page


def wait_until_healthy(base_url: str, timeout_s: float) -> bool:
    """Whether a server answers at ``base_url`` within ``timeout_s``."""
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s:
        try:
            if httpx.get(f"{base_url}/healthz", timeout=2.0).is_success:
                return True
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    return False
