"""What is left of an earlier life of a counter goes up by the key of that life; and what goes beside the exchange."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.errors import ExchangeError
from sync.counter_side import CounterSide
from sync.head_office.office import HeadOffice
from sync.offering import Limits, offer
from tests.head_office_world import SmallCounter, an_office, enrolled, key_number

BACKLOG = 9


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


def anew(office: HeadOffice, before: SmallCounter, *earlier: Ed25519PrivateKey) -> CounterSide:
    """The next life of ``before``, on the same journal, with a key of its own and those of ``earlier`` lives."""
    after = enrolled(office, key=2)
    return CounterSide(
        after.enrolment, after.key, before.journal, before.clock, take_checkpoint=lambda: None,
        on_entries=lambda _entries: None, bundle_version=lambda: 0, earlier_keys=earlier,
    )  # fmt: skip


def test_a_backlog_longer_than_a_message_is_cut_and_signed_by_the_key_of_its_life(office: HeadOffice) -> None:
    before = enrolled(office, key=1)
    for n in range(BACKLOG):
        before.redeem(credential=n.to_bytes(16, "big"))
    side = anew(office, before, before.key).side
    made = offer(side.store, {}, may_send=side.may_send, sign=side.sign, limits=Limits(entries=4))
    (segment,) = made.segments
    assert (segment.checkpoint.n, segment.checkpoint.key_epoch, made.more) == (4, 1, True)
    assert segment.checkpoint.is_signed_by(before.key.public_key().public_bytes_raw())


def test_without_that_key_only_what_it_had_signed_goes_up(office: HeadOffice) -> None:
    before = enrolled(office, key=1)
    before.redeem()
    before.journal.sign(before.feed, before.key, 1)
    before.redeem(credential=b"2" * 16)
    side = anew(office, before).side
    made = offer(side.store, {}, may_send=side.may_send, sign=side.sign)
    assert [segment.checkpoint.n for segment in made.segments] == [2]


def test_a_key_of_another_counter_signs_nothing(office: HeadOffice) -> None:
    before = enrolled(office, key=1)
    before.redeem()
    side = anew(office, before, key_number(7)).side
    assert side.sign(before.feed, before.journal.heads()[before.feed]) is None


def test_what_goes_beside_the_exchange_is_trouble_to_be_told_and_leaves_the_line_up(office: HeadOffice) -> None:
    counter = enrolled(office)
    done: list[str] = []
    counter.replicator.beside = lambda: done.append("beside")
    counter.replicator.turn()
    assert (done, counter.links[-1].online, counter.links[-1].trouble) == (["beside"], True, None)

    def refused() -> None:
        raise ExchangeError("unreachable", "What answered is no head office (status 404)")

    counter.replicator.beside = refused
    counter.replicator.turn()
    assert counter.links[-1].online
    assert counter.links[-1].trouble == "What answered is no head office (status 404)"
