"""The exchange under a bad network: whatever is lost, doubled, reordered, cut or flipped, nothing wrong is stored."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kiosk.core.entry import FeedId
from kiosk.errors import ExchangeError
from sync.exchange import Result, apply, compose, take
from sync.wire import Kind, Party, Segment, decode, decode_exchange, encode_exchange, inflate, seal, unseal
from tests.twins import NOON_MS, Writer, key_of_seed, use

COUNTER = FeedId("bayside/front", 1)
HEAD_OFFICE = FeedId("head-office", 1)

few = settings(max_examples=60, deadline=None)


def pair() -> tuple[Writer, Writer]:
    counter, office = Writer(COUNTER, key_of_seed(1)), Writer(HEAD_OFFICE, key_of_seed(2))
    office.trust.trust(COUNTER, counter.key)
    counter.trust.trust(HEAD_OFFICE, office.key)
    return counter, office


def pieces(counter: Writer, batches: Sequence[int]) -> list[Segment]:
    """The counter's feed as it was sent while it grew, one segment a batch."""
    sent, n = [], 0
    for size in batches:
        counter.write(*(use(n + k) for k in range(1, size + 1)))
        sent.append(counter.store.segment(COUNTER, n))
        n += size
    return sent


def is_prefix(held: Sequence[bytes], of: Sequence[bytes]) -> bool:
    return list(held) == list(of[: len(held)])


@few
@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.data())
def test_segments_in_any_order_and_number_store_a_prefix_and_the_next_exchange_the_rest(
    batches: list[int], data: st.DataObject
) -> None:
    counter, office = pair()
    sent = pieces(counter, batches)
    for segment in data.draw(st.lists(st.sampled_from(sent), max_size=12)):
        before = office.store.heads().get(COUNTER)
        applied = apply(office.store, segment, office.trust, office.forks.append)
        assert applied.result in {Result.STORED, Result.KNOWN, Result.GAP}
        assert is_prefix(office.store.image().get(COUNTER, ()), counter.store.image()[COUNTER])
        if before is not None:
            assert office.store.heads()[COUNTER].n >= before.n
    take(office.side(), compose(counter.side(), office.store.heads()))
    assert office.store.image() == counter.store.image()
    assert office.forks == []


@few
@given(st.integers(1, 6), st.integers(0, 6), st.integers(1, 4))
def test_applying_twice_is_applying_once(first: int, known: int, again: int) -> None:
    counter, office = pair()
    counter.write(*(use(n) for n in range(1, first + 1)))
    segment = counter.store.segment(COUNTER, min(known, first - 1))
    apply(office.store, counter.store.segment(COUNTER), office.trust, office.forks.append)
    before = office.store.image()
    for _ in range(again):
        assert apply(office.store, segment, office.trust, office.forks.append).result is Result.KNOWN
    assert office.store.image() == before


@few
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 5))
def test_two_histories_of_one_feed_are_always_noticed(mine: int, other: int, common: int) -> None:
    counter, office = pair()
    common = min(common, mine - 1, other - 1)
    counter.write(*(use(n) for n in range(1, mine + 1)))
    twin = replace(counter, store=type(counter.store)())
    twin.write(*(use(n) for n in range(1, common + 1)), *(use(100 + n) for n in range(common, other)))
    take(office.side(), compose(counter.side(), {}))
    before = office.store.image()
    taken = take(office.side(), compose(twin.side(), office.store.heads()))
    assert office.store.image() == before
    assert bool(office.forks) == (other >= mine)
    assert office.forks or taken.divergences, "a shorter twin sends no entries, but its vector gives it away"


@few
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_as_an_exchange_error(raw: bytes) -> None:
    for read in (decode, decode_exchange, inflate):
        with suppress(ExchangeError):
            read(raw)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_flipped_or_cut_message_is_refused_before_it_is_read(data: st.DataObject) -> None:
    counter, _ = pair()
    counter.write(use(1), use(2))
    us = Party("bayside/front", 1, counter.key)
    body = encode_exchange(compose(counter.side(), {}))
    message = seal(Kind.EXCHANGE, body, party=us, recipient="head-office", nonce=b"n" * 16, at_ms=NOON_MS)
    at = data.draw(st.integers(0, len(message) - 1))
    flipped = message[:at] + bytes([message[at] ^ (1 << data.draw(st.integers(0, 7)))]) + message[at + 1 :]
    keys = {("bayside/front", 1): counter.key.public_key().public_bytes_raw()}
    for harmed in (flipped, message[:at]):
        with pytest.raises(ExchangeError):
            unseal(harmed, kind=Kind.EXCHANGE, recipient="head-office", key_of=lambda *who: keys.get(who))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_body_flipped_by_its_own_sender_stores_nothing_but_what_was_signed(data: st.DataObject) -> None:
    counter, office = pair()
    counter.write(use(1), use(2), use(3))
    body = bytearray(encode_exchange(compose(counter.side(), {})))
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(ExchangeError):
        take(office.side(), decode_exchange(bytes(body)))
    assert is_prefix(office.store.image().get(COUNTER, ()), counter.store.image()[COUNTER])
    assert set(office.store.image()) <= {COUNTER}


class BadNetwork(RuleBasedStateMachine):
    """A counter and head office write and exchange; messages are lost, doubled and late."""

    def __init__(self) -> None:
        super().__init__()
        self.counter, self.office = pair()
        self.written = 0
        self.late: list[tuple[bool, bytes]] = []

    @rule(size=st.integers(1, 3))
    def the_counter_redeems(self, size: int) -> None:
        self.counter.write(*(use(self.written + k) for k in range(size)))
        self.written += size

    @rule()
    def head_office_writes(self) -> None:
        self.written += 1
        self.office.write(use(self.written))

    @rule(from_counter=st.booleans(), knows=st.booleans())
    def a_message_leaves(self, *, from_counter: bool, knows: bool) -> None:
        one, other = (self.counter, self.office) if from_counter else (self.office, self.counter)
        body = encode_exchange(compose(one.side(), other.store.heads() if knows else {}))
        self.late.append((from_counter, body))

    @rule(data=st.data(), keep=st.booleans())
    def a_message_arrives(self, data: st.DataObject, *, keep: bool) -> None:
        if self.late:
            at = data.draw(st.integers(0, len(self.late) - 1))
            from_counter, body = self.late[at] if keep else self.late.pop(at)
            take((self.office if from_counter else self.counter).side(), decode_exchange(body))

    @rule()
    def the_line_is_well_for_a_moment(self) -> None:
        for one, other in ((self.counter, self.office), (self.office, self.counter)):
            take(other.side(), decode_exchange(encode_exchange(compose(one.side(), other.store.heads()))))
        assert self.counter.store.image() == self.office.store.image()

    @invariant()
    def each_copy_is_a_prefix_of_what_was_written(self) -> None:
        for writer, reader in ((self.counter, self.office), (self.office, self.counter)):
            held = reader.store.image().get(writer.feed, ())
            assert is_prefix(held, writer.store.image().get(writer.feed, ()))

    @invariant()
    def nobody_is_accused(self) -> None:
        assert self.counter.forks == self.office.forks == []


TestBadNetwork = BadNetwork.TestCase
TestBadNetwork.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
