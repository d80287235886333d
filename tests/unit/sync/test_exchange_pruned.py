"""An exchange with one who lacks what is pruned here: nothing is passed over in silence."""

from __future__ import annotations

from functools import partial

import pytest

from kiosk.core.entry import NO_ENTRIES, FeedId, Head, chain, sign_checkpoint
from sync.exchange import Pruned, Result, apply, compose, take
from sync.offering import head_at, offer
from sync.wire import Exchange
from tests.twins import NOON_MS, Writer, key_of_seed, use

COUNTER, OFFICE = FeedId("bayside/counter-1", 1), FeedId("head-office", 1)


@pytest.fixture
def counter() -> Writer:
    """Ten redemptions, of which six are pruned."""
    one = Writer(COUNTER, key_of_seed(1))
    one.write(*(use(n) for n in range(1, 11)))
    one.store.prune(COUNTER, 6)
    return one


def at(counter: Writer, n: int) -> Head:
    return Head(n, chain(COUNTER, NO_ENTRIES, counter.store.image()[COUNTER][:n])[-1].hash)


def offered(counter: Writer, theirs: Head) -> list[tuple[Head, int]]:
    made = offer(counter.store, {COUNTER: theirs}, may_send=lambda _feed: True)
    return [(segment.after, len(segment.bodies)) for segment in made.segments]


def taken(counter: Writer, theirs: Head) -> tuple[tuple[Pruned, ...], int]:
    heard = take(counter.side(), Exchange({COUNTER: theirs}, (), 0, None, more=False))
    return heard.pruned, len(heard.divergences)


@pytest.mark.parametrize(("theirs_n", "sent"), [(6, 4), (7, 3), (9, 1)])
def test_one_who_has_all_that_is_pruned_is_sent_the_rest(counter: Writer, theirs_n: int, sent: int) -> None:
    theirs = at(counter, theirs_n)
    assert offered(counter, theirs) == [(theirs, sent)]
    assert taken(counter, theirs) == ((), 0)


@pytest.mark.parametrize("theirs_n", [0, 1, 5])
def test_one_who_lacks_what_is_pruned_is_sent_nothing_and_it_is_told(counter: Writer, theirs_n: int) -> None:
    theirs = at(counter, theirs_n) if theirs_n else NO_ENTRIES
    assert offered(counter, theirs) == []
    assert taken(counter, theirs) == ((Pruned(COUNTER, at(counter, 6), theirs),), 0)


def test_one_who_does_not_name_the_feed_lacks_it_too(counter: Writer) -> None:
    heard = take(counter.side(), Exchange({}, (), 0, None, more=False))
    assert heard.pruned == (Pruned(COUNTER, at(counter, 6), NO_ENTRIES),)
    assert compose(counter.side(), {}).segments == ()


def test_another_hash_where_the_pruned_ones_end_is_still_seen(counter: Writer) -> None:
    theirs = Head(6, bytes(32))
    assert taken(counter, theirs) == ((), 1)
    assert offered(counter, theirs) == []


@pytest.mark.parametrize(("theirs_n", "sent"), [(5, 0), (6, 4), (8, 4), (12, 4)])
def test_a_branch_whose_shared_receipt_is_pruned_is_sent_as_far_as_it_is_here(
    counter: Writer, theirs_n: int, sent: int
) -> None:
    mark = partial(sign_checkpoint, key_epoch=1, at_ms=NOON_MS, key=counter.key)
    theirs = {COUNTER: Head(theirs_n, bytes(32))}
    made = offer(counter.store, theirs, may_send=lambda _feed: True, sign=mark)
    assert [(one.after, len(one.bodies)) for one in made.segments] == ([(at(counter, 6), sent)] if sent else [])


def test_heads_are_known_from_the_last_pruned_one_on(counter: Writer) -> None:
    assert [head_at(counter.store, COUNTER, n) for n in (0, 5)] == [None, None]
    assert [head_at(counter.store, COUNTER, n) for n in (6, 7, 10)] == [at(counter, n) for n in (6, 7, 10)]
    assert head_at(counter.store, COUNTER, 11) is None
    assert head_at(counter.store, OFFICE, 0) == NO_ENTRIES


def test_head_offices_pruned_entries_that_come_again_change_nothing() -> None:
    office, counter = Writer(OFFICE, key_of_seed(2)), Writer(COUNTER, key_of_seed(1))
    counter.trust.trust(OFFICE, key_of_seed(2))
    office.write(*(use(n) for n in range(1, 5)))
    again = office.store.segment(OFFICE)
    apply(counter.store, again, counter.trust, counter.forks.append)
    office.write(*(use(n) for n in range(5, 9)))
    apply(counter.store, office.store.segment(OFFICE), counter.trust, counter.forks.append)
    counter.store.prune(OFFICE, 6)
    before = counter.store.image()
    for segment in (again, office.store.segment(OFFICE), office.store.segment(OFFICE, 5)):
        assert apply(counter.store, segment, counter.trust, counter.forks.append).result is Result.KNOWN
    assert (counter.store.image(), counter.forks) == (before, [])
    office.write(use(9))
    applied = apply(counter.store, office.store.segment(OFFICE, 4), counter.trust, counter.forks.append)
    assert (applied.result, [entry.n for entry in applied.entries]) == (Result.STORED, [9])
