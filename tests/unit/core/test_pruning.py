from collections.abc import Iterable
from dataclasses import replace

import pytest

from kiosk.core.entry import FeedId, Head
from kiosk.core.fact import Answered, Fact, Receipt, Unknown
from kiosk.core.pruning import PRUNED_AFTER_MS, prunable
from tests.core_world import HEAD_OFFICE, NEIGHBOUR, OWN, redemption, use_seen

NOW_MS = 1_800_000_000_000
OLD_MS = NOW_MS - PRUNED_AFTER_MS
TO_OWN = FeedId("head-office/bayside/counter-1", 1)
USE = use_seen(NEIGHBOUR, 2, redemption())
UNKNOWN, NO_FACT = Unknown(kind=99, fields={}), Unknown(kind=0, fields={})


def told(at_ms: int) -> Fact:
    return replace(USE, at_ms=at_ms)


def receipt(n: int, at_ms: int = OLD_MS, feed: FeedId = OWN) -> Receipt:
    return Receipt(at_ms=at_ms, feed=str(feed), n=n, head=bytes(32))


def may_go(feeds: dict[FeedId, list[Fact]], newest_ms: int = NOW_MS) -> dict[FeedId, int]:
    """``feeds`` from their first entries on."""

    def read(feed: FeedId, head: Head) -> Iterable[tuple[int, Fact]]:
        return enumerate(feeds[feed][: head.n], start=1)

    return prunable({feed: Head(len(facts), bytes(32)) for feed, facts in feeds.items()}, OWN.origin, read, newest_ms)


def own(count: int) -> list[Fact]:
    return [Answered(at_ms=NOW_MS, n=1, clerk="ana")] * count


def test_nothing_goes_where_head_office_has_told_nothing() -> None:
    assert may_go({OWN: own(9)}) == {}


@pytest.mark.parametrize(("at_ms", "goes"), [(OLD_MS, 3), (OLD_MS + 1, None)])
def test_own_entries_go_35_days_after_their_receipt(at_ms: int, goes: int | None) -> None:
    assert may_go({OWN: own(5), TO_OWN: [receipt(3, at_ms), told(NOW_MS)]}).get(OWN) == goes


@pytest.mark.parametrize(("at_ms", "goes"), [(OLD_MS, 2), (OLD_MS + 1, 1)])
def test_head_offices_entries_go_when_they_are_35_days_old(at_ms: int, goes: int) -> None:
    assert may_go({HEAD_OFFICE: [told(1), told(at_ms), told(NOW_MS)]}) == {HEAD_OFFICE: goes}


def test_behind_the_first_young_entry_of_head_office_nothing_goes() -> None:
    assert may_go({OWN: own(5), HEAD_OFFICE: [told(1), told(NOW_MS), receipt(3), told(1)]}) == {HEAD_OFFICE: 1}


def test_the_highest_receipt_counts_whatever_their_order() -> None:
    assert may_go({OWN: own(9), HEAD_OFFICE: [receipt(2), receipt(4), receipt(3), told(NOW_MS)]})[OWN] == 4


def test_only_the_newest_incarnations_receipts_count() -> None:
    restored = FeedId("head-office", 2)
    assert OWN not in may_go({OWN: own(9), TO_OWN: [receipt(4), told(1)], restored: [told(NOW_MS)]})
    assert may_go({OWN: own(9), TO_OWN: [receipt(4), told(1)], restored: [receipt(2), told(NOW_MS)]})[OWN] == 2


def test_the_last_entry_of_a_feed_stays() -> None:
    assert may_go({OWN: own(4), HEAD_OFFICE: [told(1), receipt(4), told(1)]}) == {OWN: 3, HEAD_OFFICE: 1}
    assert may_go({OWN: own(1), HEAD_OFFICE: [receipt(1)]}) == {}


def test_the_last_old_receipt_stays_with_all_behind_it() -> None:
    feeds = {OWN: own(9), TO_OWN: [receipt(2), receipt(3), told(1), receipt(4), told(1), receipt(5, NOW_MS)]}
    assert may_go(feeds) == {OWN: 4, TO_OWN: 3}


def test_another_counters_feed_stays() -> None:
    assert NEIGHBOUR not in may_go({NEIGHBOUR: own(9), HEAD_OFFICE: [receipt(4, feed=NEIGHBOUR), told(NOW_MS)]})


def test_an_earlier_life_of_the_counter_goes_too() -> None:
    earlier, later = OWN, replace(OWN, incarnation=2)
    assert may_go({earlier: own(9), later: own(2), HEAD_OFFICE: [receipt(4), told(NOW_MS)]})[earlier] == 4


def test_from_the_first_entry_of_an_unknown_kind_on_everything_stays() -> None:
    assert may_go({HEAD_OFFICE: [told(1), UNKNOWN, told(1), told(NOW_MS)]}) == {HEAD_OFFICE: 1}
    assert may_go({OWN: [*own(2), UNKNOWN, *own(5)], HEAD_OFFICE: [receipt(6), told(NOW_MS)]})[OWN] == 2


def test_an_entry_without_a_fact_is_in_nobodys_way() -> None:
    assert may_go({HEAD_OFFICE: [NO_FACT, told(1), NO_FACT, told(NOW_MS)]}) == {HEAD_OFFICE: 3}
