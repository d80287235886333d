"""The whole road with real processes: what is redeemed arrives once, whatever is killed in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from kiosk.core.fact import Redemption
from kiosk.journal import Journal, verify
from tests.e2e.road import Road, codes

PATIENCE_S = 60.0
KILLS = 12


def until(condition: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, f"waited {PATIENCE_S:.0f} s for: {what}"
        time.sleep(0.05)


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    made = Road.plant(tmp_path, listed=60)
    made.head_office.start()
    try:
        made.start_counter()
        until(lambda: made.health()["version"] > 0, "the first promotions")
        yield made
    finally:
        made.stop()


def redeem(road: Road, texts: list[str]) -> None:
    clerk = road.clerk()
    for text in texts:
        assert clerk.type_code(text).state == "accept", text
        assert clerk.redeem().state == "redeemed"
        clerk.look()
        clerk.next()


def redemptions(road: Road) -> list[Redemption]:
    journal = Journal.open(road.folder / "counter" / "journal.db")
    try:
        return [fact for _, _, fact in journal.replay() if isinstance(fact, Redemption)]
    finally:
        journal.close()


def test_twenty_redemptions_made_while_head_office_is_dead_arrive_exactly_once(road: Road) -> None:
    until(lambda: bool(road.health()["online"]), "the line to be up")
    road.head_office.kill()
    redeem(road, codes(20))
    assert road.health()["waiting"] == 20
    road.head_office.start()
    until(lambda: road.health()["waiting"] == 0, "all to be receipted")
    rows = road.received()
    assert len(rows) == 20
    assert len({(row["feed"], row["n"]) for row in rows}) == 20


@pytest.mark.timeout(400)
def test_a_counter_killed_between_tap_and_answer_loses_and_doubles_nothing(road: Road) -> None:
    """The tap is on its way when the counter is killed, a little later each time. A tap whose answer came is in
    the journal; one whose answer was lost is there once or not at all, and if it is, it is asked about."""
    answered: list[str] = []
    for number, text in enumerate(codes(KILLS)):
        clerk = road.clerk()
        while clerk.look().state == "given":
            clerk.given(yes=True)
        assert clerk.type_code(text).state == "accept"
        tap = threading.Thread(target=lambda clerk=clerk, text=text: _tap(clerk, text, answered))
        tap.start()
        tap.join(0.004 * number)
        road.counter.kill()
        tap.join()
        road.start_counter()
    clerk = road.clerk()
    while clerk.look().state == "given":
        clerk.given(yes=True)
    until(lambda: clerk.health()["waiting"] == 0, "all to be receipted")
    received = road.received()
    road.counter.stop()
    made = redemptions(road)
    assert len({fact.credential for fact in made}) == len(made), "a code was redeemed twice"
    assert len(made) >= len(answered), "an answered redemption was lost"
    assert len(received) == len(made)
    assert len({(row["feed"], row["n"]) for row in received}) == len(made)
    assert verify(road.folder / "counter" / "journal.db").broken is None


def _tap(clerk: object, text: str, answered: list[str]) -> None:
    try:
        if clerk.redeem(seen=False).state == "redeemed":  # type: ignore[attr-defined]
            answered.append(text)
    except httpx.HTTPError:
        pass  # the answer was lost with the counter


def test_head_office_pulls_from_a_counter_that_cannot_reach_it(road: Road) -> None:
    road.head_office.kill()
    redeem(road, codes(3))
    pulled = road.command("head-office", "pull", "bayside/counter-1", "--address", road.counter.url)
    assert pulled["pulled"][0]["trouble"] is None
    again = road.command("head-office", "pull", "bayside/counter-1")
    assert again["pulled"][0]["entries"] <= pulled["pulled"][0]["entries"]
    road.head_office.start()
    assert len(road.received()) == 3


def test_a_line_that_is_down_stops_nothing_and_the_status_line_says_so(road: Road) -> None:
    until(lambda: bool(road.health()["online"]), "the line to be up")
    road.head_office.kill()
    until(lambda: not road.health()["online"], "the counter to notice")
    redeem(road, codes(1))
    assert "Offline" in road.clerk().text("/")
