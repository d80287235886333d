"""The addresses for machines: signed messages, the log with its cursor, and the headers that hold for all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk import assets
from sync.head_office.accounts import (
    add_token,
    change_password,
    make_first_account,
    remove_token,
    sign_in,
    start_session,
)
from sync.head_office.api import MOST_ROWS, NEXT
from sync.head_office.app import create_app
from sync.head_office.log_export import FIELDS
from sync.head_office.office import HeadOffice
from sync.head_office.store import StoreError
from sync.post import read_refusal
from sync.wire import ENROL_PATH, EXCHANGE_PATH, MAX_MESSAGE_BYTES, PARTS_PATH
from tests.head_office_world import SmallCounter, an_office, enrolled

NDJSON, CSV = "/api/v1/redemptions.ndjson", "/api/v1/redemptions.csv"


@pytest.fixture(autouse=True)
def _hash_lightly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.head_office.accounts._HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


@pytest.fixture
def app(office: HeadOffice) -> Flask:
    made = create_app(office, templates=assets.templates(), static=assets.static())
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as opened:
        yield opened


@pytest.fixture
def bearer(office: HeadOffice) -> dict[str, str]:
    return {"Authorization": f"Bearer {add_token(office, 'till')}"}


@pytest.fixture
def counter(office: HeadOffice, client: FlaskClient) -> SmallCounter:
    """A counter whose line is the real HTTP application."""
    made = enrolled(office)

    def post(path: str, message: bytes) -> bytes:
        response = client.post(path, data=message)
        if response.status_code != 200:
            raise read_refusal(response.status_code, response.get_data(), path)
        return response.get_data()

    return SmallCounter(made.enrolment, made.key, post)


def rows(response: TestResponse) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.get_data(as_text=True).splitlines()]


def redeem(counter: SmallCounter, many: int) -> None:
    for k in range(many):
        counter.redeem(credential=k.to_bytes(16, "big"))
    counter.exchange()


# --- the log


def test_a_redemption_can_be_read_as_ndjson(counter: SmallCounter, client: FlaskClient, bearer: dict[str, str]) -> None:
    n = counter.redeem()
    counter.exchange()
    response = client.get(NDJSON, headers=bearer)
    assert response.content_type == "application/x-ndjson"
    assert rows(response) == [
        {
            "cursor": 1, "type": "redemption", "store": "bayside", "counter": "front", "promotion": "tacos",
            "clerk": "zoe", "credential_kind": "listed", "at": "2026-11-06T12:00:00.000Z",
            "received_at": "2026-11-06T12:00:00.000Z", "feed": "bayside/front@1", "n": n, "amount": "12.00",
            "currency": "USD", "void_of_n": None, "reason": None, "judged": "ok",
                "approved_by": None, "void_of_feed": None,
        }
    ]  # fmt: skip


def test_a_void_is_a_row_of_its_own(counter: SmallCounter, client: FlaskClient, bearer: dict[str, str]) -> None:
    n = counter.redeem()
    counter.undo(n)
    counter.exchange()
    assert [(row["type"], row["void_of_n"]) for row in rows(client.get(NDJSON, headers=bearer))] == [
        ("redemption", None),
        ("void", n),
    ]


def test_a_puller_that_stops_and_goes_on_gets_each_redemption_once(
    counter: SmallCounter, client: FlaskClient, bearer: dict[str, str]
) -> None:
    read: list[int] = []
    cursor = ""
    for arrived in (5, 0, 3, 4, 0, 0, 0, 0, 0):
        redeem(counter, arrived)
        response = client.get(f"{NDJSON}?after={cursor}&limit=2", headers=bearer)
        read += [row["n"] for row in rows(response)]
        cursor = response.headers[NEXT]
    written = [n for n in range(1, 100) if n in set(read)]
    assert sorted(read) == written
    assert len(read) == len(set(read)) == 12


def test_csv_and_ndjson_say_the_same(counter: SmallCounter, client: FlaskClient, bearer: dict[str, str]) -> None:
    redeem(counter, 3)
    response = client.get(CSV, headers=bearer)
    assert response.content_type == "text/csv; charset=utf-8"
    read = list(csv.DictReader(io.StringIO(response.get_data(as_text=True))))
    as_text = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in rows(client.get(NDJSON, headers=bearer))
    ]
    assert read == as_text
    assert response.headers[NEXT] == "3"


def test_an_empty_page_repeats_the_cursor(counter: SmallCounter, client: FlaskClient, bearer: dict[str, str]) -> None:
    redeem(counter, 1)
    response = client.get(f"{NDJSON}?after=7", headers=bearer)
    assert (response.status_code, response.get_data(), response.headers[NEXT]) == (200, b"", "7")
    assert client.get(f"{CSV}?after=7", headers=bearer).get_data(as_text=True).split("\r\n")[0] == ",".join(FIELDS)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_csv_is_a_formula(
    counter: SmallCounter, client: FlaskClient, bearer: dict[str, str], start: str
) -> None:
    counter.redeem(clerk=f"{start}cmd|' /C calc'!A0")
    counter.exchange()
    (row,) = csv.DictReader(io.StringIO(client.get(CSV, headers=bearer).get_data(as_text=True), newline=""))
    assert row["clerk"].startswith(f"'{start}cmd")


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=1.5", "after=%D9%A1", "after=99999999999999999999",
                                   "limit=0", f"limit={MOST_ROWS + 1}", "limit=many"])  # fmt: skip
def test_a_query_that_makes_no_sense_is_422_with_a_cure(
    client: FlaskClient, bearer: dict[str, str], query: str
) -> None:
    response = client.get(f"{NDJSON}?{query}", headers=bearer)
    assert response.status_code == 422
    assert response.get_json()["code"] == "query-wrong"
    assert response.get_json()["cure"]


@pytest.mark.parametrize("limit", ["1", str(MOST_ROWS)])
def test_the_limit_reaches_from_one_to_the_most(client: FlaskClient, bearer: dict[str, str], limit: str) -> None:
    assert client.get(f"{NDJSON}?limit={limit}", headers=bearer).status_code == 200


# --- who may read it


@pytest.mark.parametrize("path", [NDJSON, CSV])
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer cft_wrong"}, {"Authorization": "Basic YTpi"}])
def test_the_log_is_closed_to_strangers(client: FlaskClient, path: str, header: dict[str, str]) -> None:
    response = client.get(path, headers=header)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.get_json()["code"] == "not-allowed"


def test_a_removed_token_opens_nothing(office: HeadOffice, client: FlaskClient, bearer: dict[str, str]) -> None:
    remove_token(office, "till")
    assert client.get(NDJSON, headers=bearer).status_code == 401


def test_who_is_signed_in_may_read_once_the_password_is_their_own(office: HeadOffice, client: FlaskClient) -> None:
    password = make_first_account(office)
    assert password is not None
    with client.session_transaction() as session:
        start_session(session, sign_in(office, "admin", password, "x"))
    assert client.get(NDJSON).status_code == 401
    changed = change_password(office, "admin", password, "four words nobody says", "x")
    with client.session_transaction() as session:
        start_session(session, changed)
    assert client.get(NDJSON).status_code == 200


# --- sync


def test_a_counter_exchanges_over_http_and_gets_its_bundle(counter: SmallCounter, office: HeadOffice) -> None:
    redeem(counter, 2)
    assert office.store.last_cursor() == 2
    assert counter.opened().version == 1


@pytest.mark.parametrize("path", [ENROL_PATH, EXCHANGE_PATH, PARTS_PATH])
@pytest.mark.parametrize("message", [b"", b"\x00", b"\xff" * 100, b"{}", b"\x9f" * 1_000])
def test_bytes_that_are_no_message_are_refused_with_a_code(client: FlaskClient, path: str, message: bytes) -> None:
    response = client.post(path, data=message)
    assert response.status_code == 400
    assert response.get_json()["code"] in {"message-malformed", "message-version"}


@pytest.mark.parametrize("path", [ENROL_PATH, EXCHANGE_PATH, PARTS_PATH])
def test_a_message_beyond_the_cap_is_refused(client: FlaskClient, path: str) -> None:
    response = client.post(path, data=b"x" * (MAX_MESSAGE_BYTES + 1))
    assert (response.status_code, response.get_json()["code"]) == (413, "message-too-large")


@pytest.mark.parametrize("path", [ENROL_PATH, EXCHANGE_PATH, PARTS_PATH])
def test_sync_takes_post_only(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 405


# --- headers


@pytest.mark.parametrize("path", ["/healthz", NDJSON, "/nowhere"])
def test_every_answer_carries_a_policy_without_inline_script(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(app: Flask, office: HeadOffice) -> None:
    assert app.config["SESSION_COOKIE_HTTPONLY"]
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"
    secure = create_app(office, templates=assets.templates(), static=assets.static(), secure_cookies=True)
    assert secure.config["SESSION_COOKIE_SECURE"]


def test_health_is_open_and_says_which_bundle_is_in_force(client: FlaskClient) -> None:
    health = client.get("/healthz").get_json()
    assert (health["ok"], health["bundle_version"]) == (True, 1)


def test_a_broken_database_is_told_and_not_a_stack_trace(
    office: HeadOffice, app: Flask, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreError("store-full", "The disk is full; nothing was stored", where="/secret/place", cure="Free some.")

    monkeypatch.setattr(office.store, "redemptions_after", broken)
    app.testing = False
    response = app.test_client().get(NDJSON, headers=bearer)
    assert response.status_code == 503
    assert response.get_json()["code"] == "store-full"
    assert "/secret" not in response.get_data(as_text=True)


@pytest.mark.parametrize(("currency", "amount"), [(None, "4.90"), ("JPY", "490"), ("KWD", "0.490"), ("odd", "490")])
def test_an_amount_is_told_as_the_counter_told_it(
    client: FlaskClient, counter: SmallCounter, bearer: dict[str, str], currency: str | None, amount: str
) -> None:
    counter.redeem(amount_minor=490, currency=currency)
    counter.exchange()
    (row,) = rows(client.get(NDJSON, headers=bearer))
    assert (row["amount"], row["currency"]) == (amount, currency)
