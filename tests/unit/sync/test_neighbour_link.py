"""The thread towards one neighbour: how long it waits, what it does when woken, what it makes of trouble."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.errors import CounterfoilError, ExchangeError
from sync.neighbour_link import (
    FIRST_BACKOFF_S,
    INTERVAL_S,
    LONGEST_BACKOFF_S,
    PRESENT_S,
    REFUSED_AGAIN_S,
    NeighbourLink,
)
from sync.post import UNREACHABLE
from tests.lan_world import NearCounter

Failing = Callable[[Exception], NeighbourLink]


@pytest.fixture
def link(front: NearCounter, bar: NearCounter) -> NeighbourLink:
    return front.link_to(bar)


def fails(link: NeighbourLink, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> tuple[int, int]:
        raise error

    monkeypatch.setattr(link, "exchange_once", never)
    link.turn()


def test_neighbour_that_answers_is_called_every_few_seconds(link: NeighbourLink) -> None:
    link.turn()
    assert link.is_present
    assert link.wait_s() == INTERVAL_S


def test_neighbour_that_does_not_answer_is_called_later_and_later(
    link: NeighbourLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    for _ in range(6):
        fails(link, ExchangeError(UNREACHABLE, "No answer"), monkeypatch)
        waits.append(link.wait_s() / 0.75)
    assert waits == [2 * FIRST_BACKOFF_S, 4, 8, LONGEST_BACKOFF_S, LONGEST_BACKOFF_S, LONGEST_BACKOFF_S]
    assert not link.is_present


def test_one_that_is_not_to_be_talked_to_is_called_once_in_a_minute(
    link: NeighbourLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(link, ExchangeError("neighbour-elsewhere", "Another store's"), monkeypatch)
    assert link.wait_s() == REFUSED_AGAIN_S


def test_fault_of_our_own_is_kept_as_trouble_and_ends_no_thread(
    link: NeighbourLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(link, RuntimeError("a bug"), monkeypatch)
    assert isinstance(link.trouble, CounterfoilError)
    assert link.trouble.code == "neighbour-failed"
    monkeypatch.undo()
    link.turn()
    assert link.trouble is None


def test_neighbour_not_heard_of_for_half_a_minute_is_not_present(front: NearCounter, link: NeighbourLink) -> None:
    link.turn()
    front.clock.advance(PRESENT_S - 0.1)
    assert link.is_present
    front.clock.advance(0.1)
    assert not link.is_present


def test_neighbour_that_has_just_called_need_not_be_called(
    front: NearCounter, bar: NearCounter, link: NeighbourLink
) -> None:
    link.turn()
    front.clock.advance(INTERVAL_S / 2)
    assert not link._heard_lately()
    bar.meet(front)
    assert link._heard_lately()
