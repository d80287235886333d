"""Counters of a store that reach each other over the local network: what one has used the others refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.core.fact import Redemption, decode_fact
from kiosk.core.verdict import Reason
from kiosk.display import State
from sync.head_office.office import HeadOffice
from tests.head_office_world import an_office
from tests.lan_world import NearCounter

Arrive = Callable[..., NearCounter]


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path / "office")


@pytest.fixture
def arrive(office: HeadOffice, tmp_path: Path) -> Iterator[Arrive]:
    here: list[NearCounter] = []

    def one(counter: str, key: int, store: str = "bayside") -> NearCounter:
        here.append(NearCounter(office, tmp_path, counter, store=store, key=key))
        here[-1].arrive()
        return here[-1]

    yield one
    for counter in here:
        counter.leave()


@pytest.fixture
def front(arrive: Arrive) -> NearCounter:
    return arrive("front", 1)


@pytest.fixture
def bar(arrive: Arrive) -> NearCounter:
    return arrive("bar", 2)


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
