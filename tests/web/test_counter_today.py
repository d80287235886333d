"""The list of what is on: which promotions, in which order, and when each runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kiosk.web.today import on_today
from tests.fakes_counter import FRIDAY, catalogue, promotion


def _tags(now: datetime = FRIDAY, **changes: Any) -> list[tuple[str, str]]:
    return [(row.tone, row.when) for row in on_today(catalogue(promotion(**changes)), "bayside", now)]


def _valid(**fields: Any) -> dict[str, Any]:
    return {"from": "2026-11-01", "until": "2026-11-30"} | fields


def test_the_sample_day_lists_what_runs_before_what_comes_and_what_is_over() -> None:
    rows = on_today(catalogue(), "bayside", FRIDAY)
    assert [(row.title, row.when) for row in rows] == [
        ("Free shrimp tacos", "on till 22:00"),
        ("Free key lime pie", "on all day"),
        ("20% off shrimp platter", "from Sat 12:00"),
        ("Free onion rings", "over since Wed"),
    ]


def test_another_stores_promotion_is_not_listed() -> None:
    assert _tags(stores=["pier-9"]) == []


@pytest.mark.parametrize(
    ("valid", "tag"),
    [
        (_valid(hours=["17:00-24:00"]), ("on", "on till midnight")),
        (_valid(hours=["20:00-22:00"]), ("later", "from 20:00")),
        (_valid(**{"from": "2026-11-22"}), ("later", "from Sun")),
        (_valid(until="2026-11-20", hours=["12:00-18:00"]), ("over", "over since today")),
    ],
)
def test_the_tag_says_when_it_runs(valid: dict[str, Any], tag: tuple[str, str]) -> None:
    assert _tags(valid=valid) == [tag]


def test_a_paused_promotion_says_so() -> None:
    assert _tags(paused=True) == [("over", "paused")]


@pytest.mark.parametrize(("begins", "listed"), [("2026-11-27", 1), ("2026-11-29", 0)])
def test_what_begins_within_a_week_is_listed_and_later_is_not(begins: str, listed: int) -> None:
    assert len(_tags(valid=_valid(**{"from": begins}))) == listed


@pytest.mark.parametrize(("ended", "listed"), [("2026-11-13", 1), ("2026-11-12", 0)])
def test_what_ended_within_a_week_is_listed_and_earlier_is_not(ended: str, listed: int) -> None:
    assert len(_tags(valid=_valid(until=ended))) == listed


def test_what_is_not_announced_yet_is_kept_to_oneself() -> None:
    soon = _valid(**{"from": "2026-11-24"})
    assert _tags(valid=soon, announce_from="2026-11-21") == []
    assert len(_tags(FRIDAY + timedelta(days=1), valid=soon, announce_from="2026-11-21")) == 1


def test_a_code_word_is_shown_in_two_lines() -> None:
    rows = on_today(catalogue(), "bayside", FRIDAY)
    assert [row.thumb for row in rows if row.thumb] == [("SHRI", "MP20")]


def test_where_nothing_is_published_nothing_is_on() -> None:
    assert on_today(type(catalogue()).empty(), "bayside", datetime(2026, 1, 1, tzinfo=UTC)) == []
