"""Head office's pages for tests: an office in memory behind the real application, and somebody signed in."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse
from werkzeug.wsgi import ClosingIterator

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId
from sync.head_office.accounts import start_session
from sync.head_office.app import create_app
from sync.head_office.office import HeadOffice
from sync.head_office.records import Account, Enrolment, LogRow
from tests.head_office_world import NOON, an_office

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HERE = Path(__file__).parents[1]
NOON_MS = to_ms(NOON)
HTMX = {"HX-Request": "true"}


class _Compiled(BytecodeCache):
    """Compiled templates, kept from one test's application to the next."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def app_of(office: HeadOffice) -> Flask:
    """The real application on ``office``."""
    app = create_app(office, templates=HERE / "templates", static=HERE / "static")
    app.jinja_env.bytecode_cache = _COMPILED
    return app


@dataclass
class Pages:
    """A browser without a screen; posts carry the CSRF token as a form does."""

    office: HeadOffice
    client: FlaskClient

    def get(self, address: str, *, htmx: bool = False) -> TestResponse:
        return self.client.get(address, headers=HTMX if htmx else {})

    def token(self) -> str:
        """The CSRF token of this session, as the forms of the first page that opens carry it."""
        opened = (self.get(address) for address in ("/password", "/sign-in"))
        found = re.search(
            r'name="csrf_token" value="([^"]+)"', next(page.text for page in opened if page.status_code == 200)
        )
        assert found is not None
        return found[1]

    def post(self, address: str, **form: object) -> TestResponse:
        return self.client.post(address, data={"csrf_token": self.token(), **form})


def pages(place: Path, *, published: bool = True) -> Pages:
    """Nobody signed in."""
    office = an_office(place, published=published)
    office.store.put_account(
        Account(name="marta", password_hash="-", must_change=False, session_version=1, created_at_ms=NOON_MS)
    )
    return Pages(office, app_of(office).test_client())


def signed_in(place: Path, *, published: bool = True) -> Pages:
    """Marta, signed in."""
    found = pages(place, published=published)
    account = found.office.store.account("marta")
    assert account is not None
    with found.client.session_transaction() as session:
        start_session(session, account)
    return found


def redemption(n: int, *, store: str = "bayside", counter: str = "front", promotion: str = "tacos") -> LogRow:
    """A redemption at noon plus ``n`` seconds, received a second later."""
    return LogRow(
        cursor=0, kind="redemption", feed=FeedId(f"{store}/{counter}", 1), n=n, store=store, counter=counter,
        promotion=promotion, clerk="zoe", credential_kind="listed", credential=os.urandom(16),
        at_ms=NOON_MS - 60_000 + n * 1000, received_at_ms=NOON_MS - 59_000 + n * 1000,
    )  # fmt: skip


def void(n: int, of: LogRow) -> LogRow:
    """The void of a redemption, half a minute after it."""
    return LogRow(
        cursor=0, kind="void", feed=of.feed, n=n, store=of.store, counter=of.counter, promotion=of.promotion,
        clerk="zoe", credential_kind=of.credential_kind, credential=of.credential, at_ms=of.at_ms + 30_000,
        received_at_ms=of.received_at_ms + 30_000, void_of_n=of.n, reason="wrong guest",
    )  # fmt: skip


def device(
    store: str = "bayside", counter: str = "front", *, silent_s: int | None = 20, knows: int = 1, life: int = 1
) -> Enrolment:
    """An enrolled counter that reported ``silent_s`` seconds before noon; None: not once."""
    return Enrolment(
        store=store, counter=counter, incarnation=life, public_key=b"k" * 32, key_epoch=life,
        enrolled_at_ms=NOON_MS - 86_400_000, bundle_version=knows,
        last_contact_ms=None if silent_s is None else NOON_MS - silent_s * 1000,
    )  # fmt: skip


def _whole(app: WSGIApplication) -> WSGIApplication:
    """Each answer read whole and closed before it is sent.

    Where a browser leaves in the middle of an answer, the test server raises before it closes what it was sending.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with closing(ClosingIterator(app(environ, start_response))) as pieces:
            return [b"".join(pieces)]

    return answer


class _Quiet(WSGIRequestHandler):
    """Answers without a line in the log for each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def served(office: HeadOffice) -> Generator[str, None, None]:
    """The address at which a real browser reaches ``office``."""
    server = make_server("127.0.0.1", 0, _whole(app_of(office)), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
