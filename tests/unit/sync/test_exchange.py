"""The exchange, attack by attack: each refusal leaves all that was held as it was."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import NO_ENTRIES, FeedId, Head, sign_checkpoint
from kiosk.errors import ExchangeError
from sync.exchange import Result, Side, answer, apply, ask, compose, read_answer, take
from sync.offering import Limits, offer
from sync.wire import Exchange, KeyOf, Party, Segment, decode_exchange, encode_exchange
from tests.twins import NOON_MS, MemoryFeedStore, Writer, key_of_seed, use

COUNTER = FeedId("bayside/front", 1)
HEAD_OFFICE = FeedId("head-office", 1)


@pytest.fixture
def counter() -> Writer:
    one = Writer(COUNTER, key_of_seed(1))
    one.write(use(1), use(2), use(3))
    return one


@pytest.fixture
def office(counter: Writer) -> Writer:
    one = Writer(HEAD_OFFICE, key_of_seed(2))
    one.trust.trust(COUNTER, counter.key)
    counter.trust.trust(HEAD_OFFICE, one.key)
    return one


def brought(office: Writer, segment: Segment) -> Result:
    return apply(office.store, segment, office.trust, office.forks.append).result


def refused(office: Writer, segment: Segment) -> str:
    """The code of the refusal, after making sure that nothing was stored and no fork noted."""
    before, forks = office.store.image(), list(office.forks)
    with pytest.raises(ExchangeError) as caught:
        brought(office, segment)
    assert office.store.image() == before
    assert office.forks == forks
    return caught.value.code


def meet(one: Writer, other: Writer) -> None:
    """One whole exchange that ``one`` starts, knowing what ``other`` holds."""
    told = compose(one.side(), other.store.heads())
    taken = take(other.side(), decode_exchange(encode_exchange(told)))
    take(one.side(), decode_exchange(encode_exchange(compose(other.side(), taken.exchange.vector))))


# --- what it does --------------------------------------------------------------------------------


def test_one_exchange_carries_both_ways(counter: Writer, office: Writer) -> None:
    office.write(use(9))
    meet(counter, office)
    assert counter.store.image() == office.store.image()
    assert set(counter.store.image()) == {COUNTER, HEAD_OFFICE}


def test_a_segment_is_stored_in_one_transaction(counter: Writer, office: Writer) -> None:
    assert brought(office, counter.store.segment(COUNTER)) is Result.STORED
    assert office.store.transactions == 1


def test_only_what_is_new_is_sent_and_stored(counter: Writer, office: Writer) -> None:
    meet(counter, office)
    counter.write(use(4))
    told = compose(counter.side(), office.store.heads())
    assert [len(segment.bodies) for segment in told.segments] == [1]
    assert [entry.n for entry in take(office.side(), told).entries] == [4]


def test_nothing_is_sent_before_the_other_side_said_what_it_holds(counter: Writer) -> None:
    told = compose(counter.side(), None)
    assert told.segments == ()
    assert told.vector[COUNTER].n == 3


def test_entries_behind_the_newest_checkpoint_wait_for_one(counter: Writer, office: Writer) -> None:
    counter.store.write(COUNTER, use(4))
    meet(counter, office)
    assert office.store.heads()[COUNTER].n == 3


def test_a_feed_without_any_checkpoint_is_not_sent(office: Writer) -> None:
    store = MemoryFeedStore()
    store.write(COUNTER, use(1))
    assert offer(store, {}, may_send=lambda _: True).segments == ()


def test_a_feed_for_another_party_is_neither_sent_nor_named(counter: Writer, office: Writer) -> None:
    counter.store.write(FeedId("pier-9/bar", 1), use(1))
    counter.store.sign(FeedId("pier-9/bar", 1), counter.key)
    told = compose(counter.side(), {})
    assert {segment.feed for segment in told.segments} == {COUNTER}
    assert set(told.vector) == {COUNTER}


def test_a_known_prefix_is_skipped(counter: Writer, office: Writer) -> None:
    first = counter.store.segment(COUNTER)
    brought(office, first)
    counter.write(use(4))
    applied = apply(office.store, counter.store.segment(COUNTER, 1), office.trust, office.forks.append)
    assert (applied.result, [entry.n for entry in applied.entries]) == (Result.STORED, [4])


def test_a_gap_is_reported_and_not_stored_and_asked_for_again(counter: Writer, office: Writer) -> None:
    assert brought(office, counter.store.segment(COUNTER, 2)) is Result.GAP
    assert office.store.image() == {}
    meet(counter, office)
    assert office.store.image() == counter.store.image()


def test_an_own_feed_longer_than_a_message_is_cut_and_signed_anew(counter: Writer, office: Writer) -> None:
    side = replace(
        counter.side(),
        limits=Limits(entries=2),
        sign=lambda feed, head: sign_checkpoint(feed, head, 1, NOON_MS, counter.key),
    )
    first = compose(side, {})
    assert (first.more, len(first.segments[0].bodies)) == (True, 2)
    take(office.side(), first)
    second = compose(side, office.store.heads())
    assert (second.more, len(second.segments[0].bodies)) == (False, 1)
    take(office.side(), second)
    assert office.store.image() == counter.store.image()


def test_a_message_is_cut_by_bytes_too(counter: Writer) -> None:
    told = offer(
        counter.store,
        {},
        may_send=lambda _: True,
        sign=lambda feed, head: sign_checkpoint(feed, head, 1, NOON_MS, counter.key),
        limits=Limits(body_bytes=1),
    )
    assert (told.more, len(told.segments[0].bodies)) == (True, 1)


def test_another_partys_long_feed_goes_whole_or_not_at_all(counter: Writer) -> None:
    told = offer(counter.store, {}, may_send=lambda _: True, limits=Limits(entries=2))
    assert told.segments == ()
    assert told.more


def test_a_restored_head_office_is_sent_all_again(counter: Writer, office: Writer) -> None:
    meet(counter, office)
    restored = replace(office, store=MemoryFeedStore())
    meet(counter, restored)
    assert restored.store.image() == counter.store.image()


# --- replay, splice, forgery -----------------------------------------------------------------------


def test_replayed_upload_changes_nothing(counter: Writer, office: Writer) -> None:
    upload = compose(counter.side(), {})
    take(office.side(), upload)
    before = office.store.image()
    again = take(office.side(), upload)
    assert [one.result for one in again.applied] == [Result.KNOWN]
    assert again.entries == ()
    assert office.store.image() == before


def test_spliced_segment_is_refused(counter: Writer, office: Writer) -> None:
    counter.write(use(4), use(5))
    whole = counter.store.segment(COUNTER)
    spliced = replace(whole, bodies=whole.bodies[:2] + whole.bodies[3:])
    assert refused(office, spliced) == "segment-chain"


def test_swapped_entries_are_refused(counter: Writer, office: Writer) -> None:
    whole = counter.store.segment(COUNTER)
    assert refused(office, replace(whole, bodies=whole.bodies[::-1])) == "segment-chain"


def test_truncated_segment_is_refused(counter: Writer, office: Writer) -> None:
    whole = counter.store.segment(COUNTER)
    assert refused(office, replace(whole, bodies=whole.bodies[:-1])) == "segment-chain"


def test_empty_segment_is_refused(counter: Writer, office: Writer) -> None:
    assert refused(office, replace(counter.store.segment(COUNTER), bodies=())) == "segment-empty"


def test_segment_moved_to_another_place_is_refused(counter: Writer, office: Writer) -> None:
    whole = counter.store.segment(COUNTER)
    assert refused(office, replace(whole, after=Head(1, whole.checkpoint.head))) == "segment-chain"


def test_segment_signed_by_another_key_is_refused(counter: Writer, office: Writer) -> None:
    whole = counter.store.segment(COUNTER)
    thief = sign_checkpoint(COUNTER, counter.store.heads()[COUNTER], 1, NOON_MS, key_of_seed(66))
    assert refused(office, replace(whole, checkpoint=thief)) == "segment-signature"


def test_checkpoint_with_its_time_altered_is_refused(counter: Writer, office: Writer) -> None:
    whole = counter.store.segment(COUNTER)
    assert refused(office, replace(whole, checkpoint=replace(whole.checkpoint, at_ms=0))) == "segment-signature"


def test_foreign_feed_is_refused(counter: Writer, office: Writer) -> None:
    other = Writer(FeedId("pier-9/bar", 1), counter.key)
    other.write(use(1))
    assert refused(office, other.store.segment(other.feed)) == "feed-foreign"


def test_feed_of_another_incarnation_is_refused(counter: Writer, office: Writer) -> None:
    other = Writer(FeedId(COUNTER.origin, 2), counter.key)
    other.write(use(1))
    assert refused(office, other.store.segment(other.feed)) == "feed-foreign"


def test_checkpoint_of_another_feed_is_refused(counter: Writer, office: Writer) -> None:
    whole = counter.store.segment(COUNTER)
    other = replace(whole.checkpoint, feed=FeedId("pier-9/bar", 1))
    assert refused(office, replace(whole, checkpoint=other)) == "segment-empty"


def test_wrong_key_epoch_is_refused(counter: Writer, office: Writer) -> None:
    counter.store.sign(COUNTER, counter.key, key_epoch=2)
    assert refused(office, counter.store.segment(COUNTER)) == "key-epoch-unknown"


def test_a_refused_segment_leaves_those_before_it_stored_and_none_behind_it(counter: Writer, office: Writer) -> None:
    good, foreign = (
        counter.store.segment(COUNTER),
        replace(counter.store.segment(COUNTER), feed=FeedId("pier-9/bar", 1)),
    )
    with pytest.raises(ExchangeError):
        take(office.side(), Exchange({}, (good, foreign, good)))
    assert set(office.store.image()) == {COUNTER}


def test_entries_are_learned_segment_by_segment(counter: Writer, office: Writer) -> None:
    learned: list[int] = []
    side = replace(office.side(), learned=lambda entries: learned.extend(entry.n for entry in entries))
    take(side, compose(counter.side(), {}))
    take(side, compose(counter.side(), {}))
    assert learned == [1, 2, 3]


# --- forks ---------------------------------------------------------------------------------------


def cloned(counter: Writer) -> Writer:
    """The same device, restored from an image that had two entries less, and used since."""
    twin = Writer(COUNTER, counter.key, trust=counter.trust)
    twin.write(use(1), use(77), use(78), use(79))
    return twin


def test_a_second_history_is_kept_as_evidence_and_not_applied(counter: Writer, office: Writer) -> None:
    meet(counter, office)
    before = office.store.image()
    assert brought(office, cloned(counter).store.segment(COUNTER)) is Result.FORK
    assert office.store.image() == before
    assert (office.forks[0].stored.n, office.forks[0].other[-1].n) == (2, 4)


def test_a_second_history_is_seen_where_only_its_predecessor_differs(counter: Writer, office: Writer) -> None:
    meet(counter, office)
    assert brought(office, cloned(counter).store.segment(COUNTER, 3)) is Result.FORK
    assert office.forks[0].stored.n == 3


def test_an_unsigned_second_history_is_no_evidence(counter: Writer, office: Writer) -> None:
    meet(counter, office)
    other = cloned(counter).store.segment(COUNTER)
    assert refused(office, replace(other, checkpoint=replace(other.checkpoint, signature=bytes(64)))) == (
        "segment-signature"
    )


def test_a_cloned_counter_sends_what_shows_the_fork(counter: Writer, office: Writer) -> None:
    meet(counter, office)
    meet(cloned(counter), office)
    assert [fork.stored.n for fork in office.forks] == [2]


def test_a_writer_restored_to_less_than_it_sent_is_told(counter: Writer, office: Writer) -> None:
    meet(counter, office)
    restored = Writer(COUNTER, counter.key, trust=counter.trust)
    restored.write(use(1))
    taken = take(restored.side(), compose(office.side(), restored.store.heads()))
    assert [(one.ours.n, one.theirs.n) for one in taken.divergences] == [(1, 3)]


def test_a_counter_that_merely_has_not_heard_yet_diverges_nowhere(counter: Writer, office: Writer) -> None:
    office.write(use(9), use(10))
    assert take(counter.side(), compose(office.side(), counter.store.heads())).divergences == ()


# --- whole messages ------------------------------------------------------------------------------


def key_of_both(counter: Writer, office: Writer) -> KeyOf:
    keys = {("bayside/front", 1): public(counter.key), ("head-office", 1): public(office.key)}
    return lambda origin, epoch: keys.get((origin, epoch))


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def parties(counter: Writer, office: Writer) -> tuple[Party, Party]:
    return Party("bayside/front", 1, counter.key), Party("head-office", 1, office.key)


def requested(counter: Writer, nonce: bytes, *, theirs: dict[FeedId, Head] | None = None) -> bytes:
    us = Party("bayside/front", 1, counter.key)
    return ask(counter.side(), theirs or {}, us=us, recipient="head-office", nonce=nonce, at_ms=NOON_MS)


def answered(counter: Writer, office: Writer, message: bytes) -> bytes:
    key_of = key_of_both(counter, office)
    us = parties(counter, office)[1]
    return answer(message, us=us, key_of=key_of, side_of=lambda _sender: office.side(), at_ms=NOON_MS)


def test_one_round_trip_uploads_and_brings_what_head_office_wrote_about_it(counter: Writer, office: Writer) -> None:
    us, them = parties(counter, office)
    message = requested(counter, b"n" * 16)
    answer_bytes = answer(
        message,
        us=them,
        key_of=key_of_both(counter, office),
        side_of=lambda _sender: office.side(),
        at_ms=NOON_MS,
        settle=lambda _sender, taken: office.write(*(use(entry.n) for entry in taken.entries)),
    )
    exchange = read_answer(answer_bytes, us=us, key_of=key_of_both(counter, office), nonce=b"n" * 16)
    take(counter.side(), exchange)
    assert exchange.vector[COUNTER].n == 3
    assert counter.store.heads()[HEAD_OFFICE].n == 3


def test_answer_replay_is_refused(counter: Writer, office: Writer) -> None:
    office.write(use(9))
    old = answered(counter, office, requested(counter, b"1" * 16))
    with pytest.raises(ExchangeError) as caught:
        read_answer(old, us=parties(counter, office)[0], key_of=key_of_both(counter, office), nonce=b"2" * 16)
    assert caught.value.code == "message-not-an-answer"


def test_request_sent_back_as_an_answer_is_refused(counter: Writer, office: Writer) -> None:
    with pytest.raises(ExchangeError) as caught:
        read_answer(
            requested(counter, b"1" * 16),
            us=parties(counter, office)[0],
            key_of=key_of_both(counter, office),
            nonce=b"1" * 16,
        )
    assert caught.value.code == "message-not-for-us"


def test_replayed_request_changes_nothing(counter: Writer, office: Writer) -> None:
    message = requested(counter, b"1" * 16)
    answered(counter, office, message)
    before = office.store.image()
    answered(counter, office, message)
    assert office.store.image() == before


def test_newer_bundle_rides_on_the_answer(counter: Writer, office: Writer) -> None:
    side: Side = replace(office.side(), bundle_version=lambda: 8, newer_bundle=lambda v: b"sealed" if v < 8 else None)
    assert compose(side, {}, their_bundle_version=7).bundle == b"sealed"
    assert compose(side, {}, their_bundle_version=8).bundle is None


def test_an_entry_costs_less_than_a_hundred_bytes_on_the_wire() -> None:
    counter = Writer(COUNTER, key_of_seed(1))
    facts = [
        replace(
            use(n),
            intent=hashlib.sha256(b"i%d" % n).digest()[:16],
            credential=hashlib.sha256(b"c%d" % n).digest()[:16],
            held_ms=900 + 37 * n % 4000,
            clerk=("mia", "noah", "zoe")[n % 3],
        )
        for n in range(1, 201)
    ]
    counter.write(*facts)
    message = requested(counter, b"1" * 16)
    assert len(message) / len(facts) < 100


def test_the_first_segment_starts_from_nothing(counter: Writer) -> None:
    assert compose(counter.side(), {}).segments[0].after == NO_ENTRIES
