"""Counters of a store that reach each other over the local network: what one has used the others refuse."""

from __future__ import annotations

from kiosk.core.fact import Redemption, decode_fact
from kiosk.core.verdict import Reason
from kiosk.display import State
from sync.exchange import compose
from sync.head_office.office import HeadOffice
from tests.lan_world import NearCounter


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
