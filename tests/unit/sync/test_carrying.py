"""What a counter carries for a neighbour: only what waits, only for a time, never at the cost of its own."""

from __future__ import annotations

from kiosk.core.entry import FeedId, Head
from sync.carrying import AFTER_S, AT_MOST_S, REST_S, Carrying

OWN, BAR, OTHER = FeedId("bayside/front", 1), FeedId("bayside/bar", 1), FeedId("pier-9/front", 1)


class Load:
    def __init__(self) -> None:
        self.held = {OWN: 9, BAR: 5, OTHER: 5}
        self.receipted = {BAR: 3}
        self.carrying = Carrying(
            lambda: {feed: Head(n, bytes(32)) for feed, n in self.held.items()},
            lambda feed: feed == BAR,
            lambda feed: self.receipted.get(feed, 0),
        )

    def look(self, now_s: float) -> set[FeedId]:
        return set(self.carrying.look(now_s))


def test_what_waits_long_enough_is_carried() -> None:
    load = Load()
    assert load.look(0.0) == set()
    assert load.look(AFTER_S - 0.001) == set()
    assert load.look(AFTER_S) == {BAR}


def test_receipt_of_all_ends_it_and_of_a_part_begins_the_time_anew() -> None:
    load = Load()
    load.look(0.0)
    load.receipted[BAR] = 4
    assert load.look(AFTER_S) == set()
    assert load.look(2 * AFTER_S) == {BAR}
    load.receipted[BAR] = 5
    assert load.look(2 * AFTER_S + 1) == set()


def test_what_head_office_does_not_take_rests_and_is_tried_again() -> None:
    load = Load()
    load.look(0.0)
    given_up_s = AFTER_S + AT_MOST_S
    assert load.look(given_up_s - 0.001) == {BAR}
    assert load.look(given_up_s) == set()
    assert load.look(given_up_s + REST_S - 0.001) == set()
    assert load.look(given_up_s + REST_S) == {BAR}


def test_refused_message_lets_all_of_it_rest() -> None:
    load = Load()
    load.look(0.0)
    load.look(AFTER_S)
    load.carrying.refused(AFTER_S)
    assert load.carrying.feeds == set()
    assert load.look(AFTER_S + REST_S - 0.001) == set()
    assert load.look(AFTER_S + REST_S) == {BAR}
