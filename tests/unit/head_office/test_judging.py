"""Each redemption is decided on receipt, by the same decide as at the counter, over all that has arrived."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.clock import to_ms
from kiosk.core.fact import UseSeen
from sync.head_office import counted, intake
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from sync.head_office.records import Count, Which
from tests.head_office_world import NOON, ORGANISATION, PROMOTIONS, an_office, enrolled

HOUR_MS = 3_600_000
NOON_MS = to_ms(NOON)
LIMITED = """
promotions:
  - id: tacos
    title: Free shrimp tacos
    gives: One shrimp tacos appetizer, free
    value: {amount: "12.00", currency: USD}
    valid: {from: 2026-11-01, until: 2026-11-30}
    grace_days: 1
    credentials: [listed, word, screen]
    words: [TACO20]
    screen: {offer: "Free shrimp tacos"}
    codes: [TACO-1]
    limits: LIMITS
"""


def an_office_with(place: Path, **limits: int | str) -> HeadOffice:
    office = an_office(place, published=False)
    said = ", ".join(f"{name}: {value}" for name, value in limits.items())
    publish(office, promotions=LIMITED.replace("LIMITS", f"{{{said}}}"), organisation=ORGANISATION)
    return office


def words(office: HeadOffice) -> list[str | None]:
    return [row.judged for row in office.store.redemptions_after(0, 50) if row.kind == "redemption"]


def code(n: int) -> bytes:
    return bytes([n]) * 16


def test_a_first_use_is_judged_ok_and_a_second_one_at_another_store_as_such(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    bayside, pier = enrolled(office), enrolled(office, "pier-9", key=2)
    for counter in (bayside, pier):
        counter.redeem()
        counter.exchange()
    assert words(office) == ["ok", "used-elsewhere"]


def test_two_uses_in_one_message_are_judged_one_after_the_other(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    counter = enrolled(office)
    counter.redeem()
    counter.redeem()
    counter.exchange()
    assert words(office) == ["ok", "used-here"]


def test_a_use_that_was_voided_is_none(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    counter = enrolled(office)
    counter.undo(counter.redeem())
    counter.redeem()
    counter.exchange()
    assert words(office) == ["ok", "ok"]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"total": 2}, "limit-total"), ({"per_store": 2}, "limit-store"), ({"per_store_day": 2}, "limit-store-day"),
     ({"per_clerk_day": 2}, "limit-clerk-day"), ({"per_customer": 2}, "limit-customer"),
     ({"budget": '"24.00"'}, "budget-spent")],
)  # fmt: skip
def test_the_third_of_two_is_told_whether_they_come_together_or_not(
    tmp_path: Path, limits: dict[str, Any], reason: str, together: bool
) -> None:
    office = an_office_with(tmp_path, **limits)
    counter = enrolled(office)
    for n in range(3):
        counter.redeem(credential=code(n), holder=b"h" * 16)
        if not together:
            counter.exchange()
    counter.exchange()
    assert words(office) == ["ok", "ok", reason]


@pytest.mark.parametrize("limits", [{"per_store": 1}, {"per_store_day": 1}, {"per_clerk_day": 1}, {"per_customer": 1}])
def test_a_limit_of_another_store_day_clerk_or_customer_is_not_reached(tmp_path: Path, limits: dict[str, Any]) -> None:
    office = an_office_with(tmp_path, **limits)
    bayside, pier = enrolled(office), enrolled(office, "pier-9", key=2)
    bayside.redeem(credential=code(1), holder=b"a" * 16)
    bayside.exchange()
    pier.redeem(credential=code(2), holder=b"b" * 16, clerk="ben")
    pier.exchange()
    assert words(office) == ["ok", "ok"]


def test_a_code_word_may_be_used_by_many(tmp_path: Path) -> None:
    office = an_office_with(tmp_path)
    counter = enrolled(office)
    for _ in range(2):
        counter.redeem(credential_kind="word", shared=True)
    counter.exchange()
    assert words(office) == ["ok", "ok"]


@pytest.mark.parametrize(("anyway", "word"), [(None, "seen-before"), ("two-guests", "ok")])
def test_a_screen_that_was_seen_before_is_told_unless_the_clerk_had_a_reason(
    tmp_path: Path, anyway: str | None, word: str
) -> None:
    office = an_office_with(tmp_path)
    counter = enrolled(office)
    counter.redeem(credential_kind="screen", screen="green")
    counter.redeem(credential_kind="screen", screen="green", anyway=anyway)
    counter.exchange()
    assert words(office) == ["ok", word]


@pytest.mark.parametrize(("approved_by", "word"), [("zoe", "ok"), (None, "late-within-grace")])
def test_what_a_manager_has_to_decide_is_ok_where_one_did(tmp_path: Path, approved_by: str | None, word: str) -> None:
    office = an_office_with(tmp_path)
    counter = enrolled(office)
    counter.redeem(at_ms=NOON_MS + 25 * 24 * HOUR_MS, approved_by=approved_by)
    counter.exchange()
    assert words(office) == [word]


def test_two_promotions_of_one_sale_that_do_not_go_together_are_told(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    counter = enrolled(office)
    counter.redeem(sale=b"s" * 16)
    counter.redeem(promotion="pie", credential_kind="word", shared=True, sale=b"s" * 16, amount_minor=None)
    counter.redeem(promotion="pie", credential_kind="word", shared=True, sale=b"t" * 16, amount_minor=None)
    counter.exchange()
    assert words(office) == ["ok", "does-not-stack", "ok"]


def test_it_is_judged_by_what_was_published_when_the_counter_said_yes(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    counter = enrolled(office)
    version = publish(office, promotions=PROMOTIONS.replace("    codes:", "    paused: true\n    codes:")).version
    counter.redeem(credential=code(1), bundle_version=version - 1)
    counter.redeem(credential=code(2), bundle_version=version)
    counter.exchange()
    assert words(office) == ["ok", "paused"]


@pytest.mark.parametrize("at_ms", [2**60, -(2**60), -62_135_596_800_000])
def test_a_redemption_at_a_time_that_no_calendar_has_is_kept_unjudged_and_stops_nothing(
    tmp_path: Path, at_ms: int
) -> None:
    office = an_office(tmp_path)
    counter = enrolled(office)
    counter.redeem(credential=code(1), at_ms=at_ms)
    counter.redeem(credential=code(2))
    counter.exchange()
    assert words(office) == [None, "ok"]


def test_a_long_log_is_counted_once_and_not_with_every_redemption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = an_office_with(tmp_path, total=5, per_store=5, per_store_day=5, per_clerk_day=5, budget='"60.00"')
    counter = enrolled(office)
    asked: list[Which] = []
    count = office.store.count

    def noted(which: Which) -> Count:
        asked.append(which)
        return count(which)

    monkeypatch.setattr(office.store, "count", noted)
    for n in range(6):
        counter.redeem(credential=code(n))
        counter.redeem(credential=code(n + 10))
        counter.exchange()
    assert len(asked) == len(set(asked)) == 4
    assert words(office) == ["ok"] * 5 + ["limit-total"] * 7


@pytest.mark.parametrize(("most", "value"), [("MOST_ROWS", 1), ("MOST_FIGURES", 0), ("MOST_ROWS", 2000)])
def test_what_is_kept_is_counted_again_where_too_much_came_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: str, value: int
) -> None:
    monkeypatch.setattr(counted, most, value)
    office = an_office_with(tmp_path, total=4)
    counter = enrolled(office)
    counter.redeem(credential=code(1))
    counter.exchange()
    counter.redeem(credential=code(2))
    counter.undo(counter.redeem(credential=code(3)))
    counter.exchange()
    for n in (4, 5, 6):
        counter.redeem(credential=code(n))
        counter.exchange()
    assert words(office) == ["ok"] * 5 + ["limit-total"]


def test_what_is_kept_of_the_log_follows_voids_and_other_counters(tmp_path: Path) -> None:
    office = an_office_with(tmp_path, total=3)
    bayside, pier = enrolled(office), enrolled(office, "pier-9", key=2)
    first = bayside.redeem(credential=code(1))
    bayside.exchange()
    pier.redeem(credential=code(2))
    pier.exchange()
    bayside.undo(first)
    bayside.undo(first)
    bayside.redeem(credential=code(3))
    bayside.exchange()
    for n in (4, 5):
        pier.redeem(credential=code(n))
        pier.exchange()
    assert words(office) == ["ok", "ok", "ok", "ok", "limit-total"]


def test_what_was_counted_of_a_message_that_is_not_kept_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = an_office_with(tmp_path, total=2)
    counter = enrolled(office)
    counter.redeem(credential=code(1))
    counter.exchange()
    n = counter.redeem(credential=code(2))
    counter.undo(n)
    counter.redeem(credential=code(3))

    def fails(*_of: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(intake, "_note_contact", fails)
        with pytest.raises(OSError, match="full"):
            counter.exchange()
    counter.exchange()
    counter.redeem(credential=code(4))
    counter.exchange()
    assert words(office) == ["ok", "ok", "ok", "limit-total"]


def test_a_redemption_that_knew_no_version_is_judged_by_what_is_in_force_when_it_arrives(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    counter = enrolled(office)
    counter.redeem(credential=code(1), bundle_version=0)
    counter.exchange()
    publish(office, promotions=PROMOTIONS.replace("    codes:", "    paused: true\n    codes:"))
    counter.redeem(credential=code(2), bundle_version=0)
    counter.exchange()
    assert words(office) == ["ok", "paused"]


def test_the_texts_of_all_versions_are_not_read_with_every_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = an_office(tmp_path)
    counter = enrolled(office)
    counter.exchange()
    counter.redeem(credential=code(1))
    counter.exchange()
    monkeypatch.delattr(type(office.store), "sources")
    counter.redeem(credential=code(2))
    counter.exchange()
    assert words(office) == ["ok", "ok"]


def test_a_redemption_of_a_promotion_that_nobody_knows_is_kept_and_told(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    counter = enrolled(office)
    counter.redeem(promotion="never-published")
    counter.exchange()
    assert words(office) == ["unknown-code"]


def test_what_is_told_to_other_counters_lets_them_count_it_as_well(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    bayside, pier = enrolled(office), enrolled(office, "pier-9", key=2)
    bayside.redeem(holder=b"h" * 16)
    bayside.exchange()
    pier.exchange()
    (told,) = pier.told()
    assert isinstance(told, UseSeen)
    assert (told.clerk, told.amount_minor, told.holder) == ("zoe", 1200, b"h" * 16)
