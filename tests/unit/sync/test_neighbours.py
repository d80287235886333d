"""Counters of a store that reach each other over the local network: what one has used the others refuse."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.entry import Entry
from kiosk.core.fact import Answered, Granted, Redemption, decode_fact
from kiosk.core.reservation import BUSY, USED, YES, Answer, Reply
from kiosk.core.rights import Right, RightKind
from kiosk.core.verdict import Reason
from kiosk.display import State
from sync.certificates import Certificate
from sync.exchange import compose
from sync.head_office import intake
from sync.head_office.office import HeadOffice
from sync.lan import Address
from sync.lan_line import fetch_papers
from sync.neighbour_side import FOLDED_AT_ONCE, LIMITS
from tests.head_office_world import twin
from tests.lan_world import NearCounter
from tests.twins import NOON_MS

Arrive = Callable[..., NearCounter]
RESERVED = Answer.RESERVED


def test_code_used_at_one_counter_is_refused_at_the_other_while_the_line_is_down(
    front: NearCounter, bar: NearCounter
) -> None:
    front.line.up = bar.line.up = False
    assert front.redeem("TACO-1").state is State.REDEEMED
    front.meet(bar)
    refused = bar.look("TACO-1").showing
    assert refused is not None
    assert refused.verdict.reason is Reason.USED_HERE
    assert bar.redeem("TACO-2").state is State.REDEEMED
    front.meet(bar)
    shown = front.look("TACO-2").showing
    assert shown is not None
    assert shown.verdict.reason is Reason.USED_HERE
    (fact,) = [
        decode_fact(entry.body) for entry in bar.journal.entries(bar.feed, 0, 99)
        if isinstance(decode_fact(entry.body), Redemption)
    ]  # fmt: skip
    assert isinstance(fact, Redemption)
    assert fact.peers == {str(front.feed): front.journal.heads()[front.feed].n}


def test_counter_with_a_line_carries_the_others_entries_and_brings_their_receipts(
    office: HeadOffice, front: NearCounter, bar: NearCounter
) -> None:
    front.line.up = False
    front.redeem("TACO-1")
    waiting = front.counter.status().waiting
    assert waiting > 0
    front.meet(bar)
    bar.wait_to_carry()
    bar.replicator.exchange_once()
    assert office.store.heads()[front.feed].n == front.journal.heads()[front.feed].n
    assert [row.feed for row in office.store.redemptions_after(0, 9)] == [front.feed]
    front.meet(bar)
    assert front.counter.status().waiting == 0
    assert bar.counter.status().waiting == 0


def test_entry_seen_on_the_local_network_and_told_again_by_head_office_counts_once(
    front: NearCounter, bar: NearCounter
) -> None:
    front.redeem("TACO-1")
    bar.meet(front)
    front.replicator.exchange_once()
    bar.replicator.exchange_once()
    assert bar.counter.standing.tally("tacos").live == 1
    assert front.counter.standing.tally("tacos").live == 1


def test_nothing_is_carried_for_one_who_has_a_line(front: NearCounter, bar: NearCounter) -> None:
    front.redeem("TACO-1")
    front.meet(bar)
    bar.replicator.exchange_once()
    front.replicator.exchange_once()
    front.meet(bar)  # with the receipt
    bar.wait_to_carry()
    bar.replicator.exchange_once()
    assert bar.side.carrying is not None
    assert not bar.side.carrying.feeds
    assert front.feed not in compose(bar.side.side, {}).vector


# --- a third counter -----------------------------------------------------------------------------


def test_third_counter_hears_of_a_use_by_way_of_the_second(
    front: NearCounter, bar: NearCounter, arrive: Arrive
) -> None:
    grill = arrive("grill", 3)
    for counter in (front, bar, grill):
        counter.line.up = False
    front.redeem("TACO-1")
    front.meet(bar)
    bar.meet(grill)  # which never met the first, and has its certificate from beside the entries
    assert grill.redeem("TACO-1").state is State.VERDICT
    assert grill.near.certificate_of(front.feed) is not None


def test_what_was_carried_on_is_carried_on_after_a_restart(
    office: HeadOffice, front: NearCounter, bar: NearCounter, arrive: Arrive
) -> None:
    grill = arrive("grill", 3)
    front.line.up = bar.line.up = False
    front.redeem("TACO-1")
    front.meet(bar)
    bar.restart()
    bar.meet(grill)
    assert grill.redeem("TACO-1").state is State.VERDICT
    grill.wait_to_carry()
    grill.replicator.exchange_once()
    assert office.store.heads()[front.feed].n == front.journal.heads()[front.feed].n
    grill.meet(bar)
    bar.meet(front)
    assert front.counter.status().waiting == 0


def test_counters_first_receipt_may_come_by_a_neighbour(
    office: HeadOffice, front: NearCounter, bar: NearCounter, tmp_path: Path
) -> None:
    """Head office never wrote to it; the carrier names the feed that it will write."""
    new = NearCounter(office, tmp_path, "grill", key=5)
    try:
        new.near.take_papers(fetch_papers(new.side, new.line.post, new.chance))
        new.open_door()
        new.line.up = False
        new.meet(bar)
        bar.wait_to_carry()
        bar.replicator.exchange_once()
        new.meet(bar)
        assert new.counter.standing.receipted_n(new.feed) == new.journal.heads()[new.feed].n
    finally:
        new.leave()


def test_refusal_of_what_is_carried_does_not_hold_up_ones_own(
    office: HeadOffice, front: NearCounter, bar: NearCounter
) -> None:
    front.line.up = False
    front.redeem("TACO-1")
    front.meet(bar)
    store, counter = front.enrolment.store, front.enrolment.counter
    del twin(office).tables.enrolments[store, counter, front.enrolment.incarnation]
    bar.redeem("TACO-2")
    bar.wait_to_carry()
    bar.replicator.turn()
    first = bar.counter.link
    bar.replicator.turn()
    assert (first.trouble is None, bar.counter.link.trouble) == (False, None)
    assert bar.counter.status().waiting == 0


# --- nothing in the way --------------------------------------------------------------------------


def test_nothing_new_costs_one_round_trip_of_less_than_a_kilobyte(front: NearCounter, bar: NearCounter) -> None:
    front.meet(bar)
    said: list[int] = []
    answer = bar.neighbours.answer

    def counted(neighbour: Certificate, path: str, message: bytes) -> bytes:
        said.extend([len(message), len(answered := answer(neighbour, path, message))])
        return answered

    assert bar.door is not None
    bar.door._answer = counted
    assert front.meet(bar) == (0, 0)
    assert len(said) == 2
    assert sum(said) < 1_000


def sizes(noted: list[int], act: Callable[..., Any]) -> Callable[..., Any]:
    """The same act, which notes how many entries it is given at a time."""

    def counted(entries: Sequence[Entry], *more: Any) -> Any:
        noted.append(len(entries))
        return act(entries, *more)

    return counted


def test_neighbours_long_past_comes_in_small_pieces(
    front: NearCounter, bar: NearCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal and the fold are each held for a few hundred entries at a time, so that a tap comes in between."""
    past = [Answered(at_ms=n, n=1, clerk="zoe") for n in range(1, 5_001)]
    front.journal.append(past)
    stored: list[int] = []
    folded: list[int] = []
    monkeypatch.setattr(bar.journal, "store_segment", sizes(stored, bar.journal.store_segment))
    monkeypatch.setattr(bar.counter, "learn", sizes(folded, bar.counter.learn))
    front.meet(bar)
    assert sum(stored) >= 5_000
    assert max(stored) <= LIMITS.entries
    assert sum(folded) >= 5_000
    assert max(folded) <= FOLDED_AT_ONCE
    assert bar.journal.heads()[front.feed] == front.journal.heads()[front.feed]


def test_anothers_long_past_is_cut_where_its_writer_signed(
    front: NearCounter, bar: NearCounter, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    grill = arrive("grill", 3)
    front.journal.append([Answered(at_ms=n, n=1, clerk="zoe") for n in range(1, 2_001)])
    front.meet(bar)
    stored: list[int] = []
    monkeypatch.setattr(grill.journal, "store_segment", sizes(stored, grill.journal.store_segment))
    bar.meet(grill)
    assert grill.journal.heads()[front.feed] == front.journal.heads()[front.feed]
    assert max(stored) <= LIMITS.entries


# --- reservations --------------------------------------------------------------------------------

DIGEST, INTENT = b"d" * 16, b"i" * 16


def test_reservation_is_asked_of_every_neighbour_and_kept_there(
    front: NearCounter, bar: NearCounter, arrive: Arrive
) -> None:
    grill = arrive("grill", 3)
    for other in (bar, grill):
        front.meet(other)
    bar.link_to(grill)
    assert front.neighbours.reserve("tacos", DIGEST, INTENT) == YES
    assert bar.neighbours.reserve("tacos", DIGEST, b"j" * 16) == Reply(RESERVED, front.feed)
    assert grill.neighbours.reserve("tacos", DIGEST, b"k" * 16) == Reply(RESERVED, front.feed)
    assert grill.neighbours.reserve("tacos", b"e" * 16, b"k" * 16) == YES


def test_use_that_only_the_neighbour_knows_stops_a_reservation(front: NearCounter, bar: NearCounter) -> None:
    front.meet(bar)
    bar.redeem("TACO-1")
    (use,) = [
        fact for entry in bar.journal.entries(bar.feed, 0, 99)
        if isinstance(fact := decode_fact(entry.body), Redemption)
    ]  # fmt: skip
    assert front.neighbours.reserve("tacos", use.credential, INTENT) == USED


def test_neighbour_that_is_silent_counts_as_cut_off_after_the_time_limit(front: NearCounter, bar: NearCounter) -> None:
    front.meet(bar)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        here = Address("127.0.0.1", silent.getsockname()[1])
        front.neighbours.follow([here])
        begun = time.monotonic()
        assert front.neighbours.reserve("tacos", DIGEST, INTENT, 0.2) == YES
        assert time.monotonic() - begun < 1.0
        front.neighbours.follow([here, bar.address])
        bar.redeem("TACO-1")
        (use,) = bar.counter.standing.redemptions()
        assert front.neighbours.reserve("tacos", use.credential, INTENT, 2.0) == USED


def test_neighbour_at_work_on_a_tap_says_no_rather_than_nothing(front: NearCounter, bar: NearCounter) -> None:
    front.link_to(bar)
    held, done = threading.Event(), threading.Event()

    def at_work() -> None:
        with bar.counter._lock:
            held.set()
            done.wait(5)

    worker = threading.Thread(target=at_work)
    worker.start()
    held.wait(5)
    try:
        assert front.neighbours.reserve("tacos", DIGEST, INTENT, 3.0) == BUSY
    finally:
        done.set()
        worker.join()
    assert front.neighbours.reserve("tacos", DIGEST, INTENT, 3.0) == YES


# --- rights --------------------------------------------------------------------------------------

TOTAL = Right(RightKind.TOTAL, "tacos")


def grant(office: HeadOffice, to: NearCounter, amount: int) -> None:
    fact = Granted(at_ms=NOON_MS, feed=str(to.feed), right=int(TOTAL.kind), promotion=TOTAL.promotion, amount=amount)
    intake.tell(office, intake.receipts_feed(office, to.feed.origin), [fact])
    to.replicator.exchange_once()


def balance(of: NearCounter) -> int:
    return of.counter.standing.accounts.balance(TOTAL)


def test_neighbour_gives_half_of_what_it_has_and_nothing_is_there_twice(
    office: HeadOffice, front: NearCounter, bar: NearCounter
) -> None:
    had = balance(bar) + balance(front)
    grant(office, bar, 7)
    front.line.up = bar.line.up = False
    front.meet(bar)
    before = balance(front), balance(bar)
    assert front.neighbours.ask_rights(TOTAL, 2) == 2
    assert (balance(front), balance(bar)) == (before[0] + 2, before[1] - 2)
    left = balance(bar)
    assert front.neighbours.ask_rights(TOTAL, 50) == (left + 1) // 2
    assert balance(bar) == left // 2
    assert balance(front) + balance(bar) == had + 7


def test_neighbour_that_has_none_gives_none(front: NearCounter, bar: NearCounter) -> None:
    front.meet(bar)
    wanted = Right(RightKind.BUDGET, "tacos")
    assert front.neighbours.ask_rights(wanted, 5) == 0
    assert bar.journal.heads()[bar.feed] == front.journal.heads()[bar.feed]


def test_rights_are_fetched_from_one_after_the_other_until_there_are_enough(
    office: HeadOffice, front: NearCounter, bar: NearCounter, arrive: Arrive
) -> None:
    grill = arrive("grill", 3)
    grant(office, bar, 2)
    grant(office, grill, 2)
    front.meet(bar)
    front.meet(grill)
    assert front.neighbours.ask_rights(TOTAL, 2, 5.0) == 2
    assert {balance(bar), balance(grill)} == {1}
