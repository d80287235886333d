"""Intake on every database: many counters at once, a reader with a cursor, each redemption exactly once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from sync.head_office.office import HeadOffice
from sync.head_office.records import LogRow
from sync.head_office.store import HeadOfficeStore
from tests.head_office_world import SmallCounter, an_office, enrolled

COUNTERS, ROUNDS, EACH = 3, 4, 3
PLACES = (("bayside", "front"), ("bayside", "bar"), ("pier-9", "front"))


@pytest.fixture
def office(tmp_path: Path, store: HeadOfficeStore) -> HeadOffice:
    return an_office(tmp_path, store=store)


def busy(counter: SmallCounter) -> None:
    for _ in range(ROUNDS):
        for _ in range(EACH):
            counter.redeem()
        counter.exchange()


def read_until(office: HeadOffice, done: threading.Event, read: list[LogRow]) -> None:
    """Follow the log as a puller does: ask for what is above the last cursor, until all is read."""
    last_round = False
    while not last_round:
        last_round = done.is_set()
        while page := office.store.redemptions_after(read[-1].cursor if read else 0, 2):
            read.extend(page)
        done.wait(0.005)


def follow(office: HeadOffice, counters: Sequence[SmallCounter]) -> list[LogRow]:
    read: list[LogRow] = []
    done = threading.Event()
    reader = threading.Thread(target=read_until, args=(office, done, read))
    writers = [threading.Thread(target=busy, args=(counter,)) for counter in counters]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    return read


def test_a_reader_gets_each_redemption_of_counters_that_send_at_once_exactly_once(office: HeadOffice) -> None:
    counters = [enrolled(office, *place, key=k) for k, place in enumerate(PLACES, 1)]
    read = follow(office, counters)
    assert len(read) == COUNTERS * ROUNDS * EACH
    assert len({(row.feed, row.n) for row in read}) == len(read)
    assert [row.cursor for row in read] == list(range(1, len(read) + 1))


def test_every_counter_is_told_of_every_use(office: HeadOffice) -> None:
    counters = [enrolled(office, *place, key=k) for k, place in enumerate(PLACES, 1)]
    follow(office, counters)
    for counter in counters:
        counter.exchange()
        assert len(counter.told()) == COUNTERS * ROUNDS * EACH


def test_a_message_that_fails_half_way_leaves_nothing(office: HeadOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = enrolled(office)
    counter.redeem()
    before = office.store.heads(), office.store.enrolments(), office.store.last_cursor()

    def broken(*_: object) -> None:
        raise OSError("power")

    monkeypatch.setattr(office.store, "put_enrolment", broken)
    with pytest.raises(OSError, match="power"):
        counter.exchange()
    assert (office.store.heads(), office.store.enrolments(), office.store.last_cursor()) == before
    monkeypatch.undo()
    counter.exchange()
    assert office.store.last_cursor() == 1


def test_a_bundle_survives_the_database(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    assert counter.opened().version == 1
