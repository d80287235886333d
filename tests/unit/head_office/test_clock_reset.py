"""The floor under counters' clocks, set anew by head office: what is written, and what a counter makes of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import run_kiosk
from kiosk.clock import to_ms
from kiosk.core.clock_floor import LATEST_MS, ClockHistory
from kiosk.core.entry import FeedId
from kiosk.core.fact import ClockReset, decode_fact
from kiosk.errors import SetupError
from sync.head_office.clock_reset import reset_clocks
from sync.head_office.office import HeadOffice
from tests.head_office_world import NOON, an_office, clock, enrolled

TEN_YEARS = timedelta(days=3652)


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


def told(office: HeadOffice, feed: FeedId) -> ClockHistory:
    """What a counter folds that has head office's feeds."""
    history = ClockHistory(feed)
    for name in ("head-office@1", f"head-office/{feed.origin}@1"):
        for entry in office.store.entries(FeedId.parse(name), 0, 1000):
            history.apply(entry.feed, entry.n, decode_fact(entry.body))
    return history


def test_all_counters_are_told_in_every_feed(office: HeadOffice) -> None:
    front, bar = enrolled(office).enrolment, enrolled(office, counter="bar", key=2).enrolment
    done = reset_clocks(office)
    assert done.feeds == ["head-office@1", "head-office/bayside/bar@1", "head-office/bayside/front@1"]
    for one in (front, bar):
        read = told(office, one.feed).read(office.keys.root_public)
        assert (read.floor_ms, read.reset_ms) == (to_ms(NOON), to_ms(NOON))


def test_one_counter_is_told_and_no_other_heeds_it(office: HeadOffice) -> None:
    front, bar = enrolled(office).enrolment, enrolled(office, counter="bar", key=2).enrolment
    done = reset_clocks(office, floor_ms=5000, counter="bayside/front")
    assert done.feeds == ["head-office/bayside/front@1"]
    assert told(office, front.feed).read(office.keys.root_public).floor_ms == 5000
    (entry,) = office.store.entries(FeedId("head-office/bayside/front", 1), 0, 10)
    other = ClockHistory(bar.feed)
    other.apply(entry.feed, entry.n, decode_fact(entry.body))
    assert other.read(office.keys.root_public).floor_ms is None


def test_a_reset_after_one_that_was_made_by_a_wrong_clock_counts(office: HeadOffice) -> None:
    feed = enrolled(office).enrolment.feed
    clock(office).at = NOON + TEN_YEARS
    reset_clocks(office)
    clock(office).at = NOON
    reset_clocks(office)
    assert told(office, feed).read(office.keys.root_public).floor_ms == to_ms(NOON)


def test_a_counter_that_nobody_knows_and_a_time_that_no_calendar_has_are_refused(office: HeadOffice) -> None:
    enrolled(office)
    for floor_ms, counter, code in (
        (None, "bayside/back", "counter-unknown"),
        (LATEST_MS + 1, None, "time-unreadable"),
    ):
        with pytest.raises(SetupError) as refused:
            reset_clocks(office, floor_ms, counter)
        assert refused.value.code == code
    assert not office.store.entries(FeedId("head-office", 1), 0, 10)


def test_the_command_resets_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTERFOIL_ENVIRONMENT", "as-is")
    place = str(tmp_path / "office")
    assert run_kiosk.main(["head-office", "init", "--data", place]) == 0
    typed = ["head-office", "clock-reset", "--data", place, "--to", "2026-11-06T12:00:00+00:00"]
    assert run_kiosk.main(typed) == 0
    out, said = capsys.readouterr()
    assert '"floor_ms": 1793966400000, "feeds": ["head-office@1"]' in out
    assert "all counters is 2026-11-06T12:00:00+00:00" in said
    for wrong in ("noon", "2026-11-06T12:00:00"):
        assert run_kiosk.main([*typed[:-1], wrong]) == 3
        assert "time-unreadable" in capsys.readouterr().err
    office = HeadOffice.open(tmp_path / "office")
    (entry,) = office.store.entries(FeedId("head-office", 1), 0, 10)
    assert isinstance(decode_fact(entry.body), ClockReset)
    office.close()
