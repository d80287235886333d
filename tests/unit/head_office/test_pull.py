"""Head office fetches from a counter that it can reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.clock import to_ms
from kiosk.core.fact import Receipt
from kiosk.errors import CounterfoilError
from sync.exchange import answer
from sync.head_office.office import HeadOffice
from sync.head_office.pull import pull
from sync.post import Post
from tests.head_office_world import NOON, SmallCounter, an_office, enrolled


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


def door(counter: SmallCounter) -> Post:
    """The counter's door for a pull."""

    def post(_path: str, message: bytes) -> bytes:
        counter.side.take_checkpoint()
        return answer(
            message,
            us=counter.side.us,
            key_of=counter.side.trust.key_of,
            side_of=lambda _sender: counter.side.side,
            at_ms=to_ms(NOON),
        )

    return post


def test_a_pull_brings_what_the_counter_wrote(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    pulled = pull(office, "bayside", "front", post=door(counter))
    assert (pulled.feed, pulled.entries, pulled.forked) == (counter.feed, 2, False)
    assert office.store.last_cursor() == 1


def test_a_pull_leaves_the_receipt_at_the_counter(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    pull(office, "bayside", "front", post=door(counter))
    to_it, to_all = counter.told(Receipt)  # a life's first receipt goes to all counters as well
    assert to_it == to_all
    assert isinstance(to_it, Receipt)
    assert to_it.n == 2


def test_a_second_pull_brings_nothing_new(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    pull(office, "bayside", "front", post=door(counter))
    assert pull(office, "bayside", "front", post=door(counter)).entries == 0
    assert office.store.last_cursor() == 1


def test_what_was_pulled_is_not_counted_again_when_it_is_sent(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    pull(office, "bayside", "front", post=door(counter))
    counter.exchange()
    assert office.store.last_cursor() == 1


@pytest.mark.parametrize(("counter", "code"), [("bar", "counter-not-enrolled"), ("front", "counter-no-address")])
def test_a_counter_that_cannot_be_reached_is_named(office: HeadOffice, counter: str, code: str) -> None:
    enrolled(office)
    with pytest.raises(CounterfoilError) as refused:
        pull(office, "bayside", counter)
    assert refused.value.code == code
