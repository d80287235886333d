"""The door through which head office pulls: the same exchange, open to head office's key alone."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sync.counter_endpoints import counter_endpoints
from sync.counter_side import CounterSide
from sync.exchange import ask, read_answer, take
from sync.wire import CONTENT_TYPE, EXCHANGE_PATH, MAX_MESSAGE_BYTES, Party
from tests.twins import NOON_MS, MemoryFeedStore, SetClock, Writer, key_of_seed, use
from tests.twins_office import COUNTER_FEED, COUNTER_KEY, ENROLMENT, OFFICE_FEED, OFFICE_KEY, SmallOffice

NONCE = b"n" * 16
US = Party("head-office", 1, OFFICE_KEY)


@pytest.fixture
def journal() -> MemoryFeedStore:
    store = MemoryFeedStore()
    store.write(COUNTER_FEED, use(1), use(2))
    return store


@pytest.fixture
def client(journal: MemoryFeedStore) -> FlaskClient:
    side = CounterSide(
        ENROLMENT,
        COUNTER_KEY,
        journal,
        SetClock(),
        take_checkpoint=lambda: journal.sign(COUNTER_FEED, COUNTER_KEY),
        on_entries=lambda _entries: None,
        bundle_version=lambda: 7,
    )
    app = Flask(__name__)
    app.register_blueprint(counter_endpoints(side))
    return app.test_client()


@pytest.fixture
def office() -> Writer:
    return SmallOffice().writer


def pull(office: Writer, us: Party = US) -> bytes:
    return ask(office.side(), {}, us=us, recipient="bayside/front", nonce=NONCE, at_ms=NOON_MS)


def test_head_office_pulls_what_it_lacks_and_brings_what_it_wrote(
    client: FlaskClient, journal: MemoryFeedStore, office: Writer
) -> None:
    office.write(use(9))
    answered = client.post(EXCHANGE_PATH, data=pull(office))
    assert (answered.status_code, answered.content_type) == (200, CONTENT_TYPE)
    exchange = read_answer(answered.data, us=US, key_of=SmallOffice().key_of, nonce=NONCE)
    take(office.side(), exchange)
    assert office.store.image() == journal.image()
    assert set(journal.image()) == {COUNTER_FEED, OFFICE_FEED}
    assert exchange.bundle_version == 7


@pytest.mark.parametrize(
    ("us", "code"),
    [
        (Party("head-office", 1, key_of_seed(66)), "message-signature"),
        (Party("head-office", 2, OFFICE_KEY), "party-unknown"),
        (Party("pier-9/bar", 1, key_of_seed(66)), "party-unknown"),
    ],
)
def test_anybody_else_learns_nothing_and_leaves_nothing(
    client: FlaskClient, journal: MemoryFeedStore, office: Writer, us: Party, code: str
) -> None:
    office.write(use(9))
    before = journal.image()
    answered = client.post(EXCHANGE_PATH, data=pull(office, us))
    assert (answered.status_code, answered.get_json()["code"]) == (400, code)
    assert journal.image() == before


@pytest.mark.parametrize("body", [b"", b"\xff", bytes(100)])
def test_what_is_no_message_is_refused(client: FlaskClient, body: bytes) -> None:
    assert client.post(EXCHANGE_PATH, data=body).get_json()["code"] == "message-malformed"


def test_endless_request_is_refused(client: FlaskClient) -> None:
    answered = client.post(EXCHANGE_PATH, data=bytes(MAX_MESSAGE_BYTES + 1))
    assert (answered.status_code, answered.get_json()["code"]) == (413, "message-too-large")
