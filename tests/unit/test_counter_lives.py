"""A counter that was enrolled anew: what it gave in the life before is asked about, listed and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId
from kiosk.core.fact import Answered, Fact, Opened, Void, decode_fact
from kiosk.display import Display, Redeemed, State
from tests.core_world import HEAD_OFFICE, OWN, redemption, use_seen
from tests.counter_world import ENROLMENT, NOON, Floor, open_floor

LATER = replace(OWN, incarnation=2)


@pytest.fixture
def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    """A counter in its second life; in its first it gave two, and nobody saw the answer of either."""
    opened = open_floor(tmp_path)
    at_ms = to_ms(NOON)
    opened.journal.append([redemption(1, at_ms=at_ms), redemption(2, at_ms=at_ms + 1)])
    begun = Opened(at_ms=at_ms, store="bayside", counter="counter-1", public_key=bytes(32), key_epoch=2)
    opened.journal.start_feed(LATER, begun)
    monkeypatch.setattr("tests.counter_world.ENROLMENT", replace(ENROLMENT, incarnation=2, key_epoch=2))
    opened.restart()
    yield opened
    opened.journal.close()


def written(floor: Floor, kind: type[Fact]) -> list[Fact]:
    return [fact for entry in floor.journal.entries(LATER, 0, 99) if isinstance(fact := decode_fact(entry.body), kind)]


def stub(display: Display) -> Redeemed:
    assert display.state is State.GIVEN
    assert display.showing is not None
    assert display.showing.redeemed is not None
    return display.showing.redeemed


def test_given_is_asked_about_redemptions_of_the_life_before(floor: Floor) -> None:
    first = stub(floor.counter.display)
    assert (first.n, first.life) == (3, 1)
    second = stub(floor.counter.given(first.n, True, "ana", first.life))
    assert (second.n, second.life) == (4, 1)
    (fact,) = written(floor, Answered)
    assert (fact.n, fact.feed) == (3, str(OWN))  # type: ignore[union-attr]
    floor.restart()
    assert stub(floor.counter.display).n == 4


def test_not_given_names_the_old_feed_is_not_asked_again_and_counts_once_head_office_says_so(floor: Floor) -> None:
    floor.counter.given(3, False, "ana", 1)
    (fact,) = written(floor, Void)
    assert (fact.feed, fact.n) == (str(OWN), 3)  # type: ignore[union-attr]
    assert not floor.counter.standing.is_void(OWN, 3)
    floor.restart()
    assert stub(floor.counter.display).n == 4
    told = use_seen(OWN, 3, redemption(1), void=True)
    floor.counter.standing.apply(HEAD_OFFICE, 1, told)
    assert floor.counter.standing.is_void(OWN, 3)


def test_stubs_of_both_lives_are_listed_the_newest_first(floor: Floor) -> None:
    for n in (3, 4):
        floor.counter.given(n, True, "ana", 1)
    showing = floor.counter.look("LIMEPIE").showing
    assert showing is not None
    floor.counter.redeem(showing.id, "ana")
    listed = floor.counter.stubs_since(NOON)
    assert [(one.life, one.n) for one in listed][1:] == [(1, 4), (1, 3)]
    assert listed[0].life is None


def test_an_old_stub_is_taken_back_once_and_waits_for_head_office(floor: Floor) -> None:
    for _ in range(2):
        floor.counter.undo(3, "ana", "goods back", 1)
    assert len(written(floor, Void)) == 1
    (one,) = [one for one in floor.counter.stubs_since(NOON) if one.n == 3]
    assert (one.voided, one.waits) == (True, True)
    floor.counter.standing.apply(HEAD_OFFICE, 1, use_seen(OWN, 3, redemption(1), void=True))
    (one,) = [one for one in floor.counter.stubs_since(NOON) if one.n == 3]
    assert (one.voided, one.waits) == (True, False)


def test_the_same_number_in_another_life_is_another_stub(floor: Floor) -> None:
    before = floor.counter.display
    assert floor.counter.undo(3, "ana", "goods back") == before  # entry 3 of this life is none
    assert floor.counter.undo(3, "ana", "goods back", 7) == before
    assert written(floor, Void) == []
    assert FeedId(OWN.origin, 7) not in floor.journal.heads()
