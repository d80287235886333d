"""Attacks on what counters write, by name, against a real counter and head office: what both hold stays as it was.

What applying a segment alone refuses, field by field, is in ``tests/unit/sync/test_exchange.py``; what head office does
with a life that was revoked or that forked, in ``tests/unit/head_office/test_decisions.py``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.entry import Head
from kiosk.core.fact import Redemption, decode_fact
from kiosk.errors import ExchangeError
from sync.exchange import compose
from sync.head_office import intake
from sync.head_office.decisions import revoke
from sync.wire import (
    EXCHANGE_PATH,
    MAX_MESSAGE_BYTES,
    Exchange,
    Kind,
    Party,
    Segment,
    encode_exchange,
    seal,
)
from tests.attack_world import RealCounter, World
from tests.head_office_world import key_number, line_to
from tests.twins import SetClock

NONCE = b"n" * 16


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.open(tmp_path)


def upload(counter: RealCounter, exchange: Exchange, *, party: Party | None = None) -> bytes:
    """A message that the counter signs, whatever is in it."""
    return seal(
        Kind.EXCHANGE, encode_exchange(exchange), party=party or counter.side.us, recipient="head-office", nonce=NONCE,
        at_ms=counter.side.now_ms(),
    )  # fmt: skip


def refused(world: World, message: bytes) -> str:
    with pytest.raises(ExchangeError) as caught:
        intake.receive(world.office, message)
    return caught.value.code


def news(world: World) -> Exchange:
    """What the counter has to say after two more redemptions."""
    assert world.front.redeem("LIMEPIE")
    assert world.front.redeem("LIMEPIE")
    world.front.side.take_checkpoint()
    return compose(world.front.side.side, world.office.store.heads())


# --- replayed upload -----------------------------------------------------------------------------------


def test_replayed_upload_is_answered_and_changes_nothing(world: World) -> None:
    sent: list[bytes] = []
    straight = line_to(world.office)

    def overheard(path: str, message: bytes) -> bytes:
        sent.append(message)
        return straight(path, message)

    world.front.post = overheard
    news(world)
    world.front.exchange()
    with world.unharmed():
        for message in (*sent, *sent):
            intake.receive(world.office, message)


def test_replayed_upload_in_another_counters_name_is_refused(world: World) -> None:
    """The body of one is put under the signature of another, which may not send it."""
    exchange = news(world)
    world.front.exchange()
    with world.unharmed():
        assert refused(world, upload(world.front, exchange, party=world.pier.side.us)) == "feed-foreign"


def test_replayed_upload_sent_back_to_its_sender_or_as_an_answer_is_refused(world: World) -> None:
    message = upload(world.front, news(world))
    world.front.exchange()
    with world.unharmed():
        world.front.post = lambda _path, _message: message
        link = world.front.exchange()
        assert not link.online
        assert "meant for someone else" in (link.trouble or "")


# --- spliced segment -------------------------------------------------------------------------------------

Splice = Callable[[Segment], Segment]
SPLICES: dict[str, Splice] = {
    "an entry left out": lambda one: replace(one, bodies=one.bodies[:1] + one.bodies[2:]),
    "the last left out": lambda one: replace(one, bodies=one.bodies[:-1]),
    "two changed places": lambda one: replace(one, bodies=one.bodies[:-2] + one.bodies[-1:] + one.bodies[-2:-1]),
    "one twice": lambda one: replace(one, bodies=one.bodies + one.bodies[-1:]),
    "one altered": lambda one: replace(one, bodies=(one.bodies[0][:-1] + b"\x00", *one.bodies[1:])),
    "moved to another place": lambda one: replace(one, after=Head(one.after.n - 1, one.after.hash)),
    "behind another hash": lambda one: replace(one, after=Head(one.after.n, bytes(32))),
    "checkpoint of the entry before": lambda one: replace(
        one, checkpoint=replace(one.checkpoint, n=one.checkpoint.n - 1)
    ),
}


@pytest.mark.parametrize("splice", SPLICES.values(), ids=SPLICES.keys())
def test_spliced_segment_is_refused_though_the_message_is_truly_signed(world: World, splice: Splice) -> None:
    """A counter's own line, or whoever carries entries for it, cannot leave out or add one."""
    exchange = news(world)
    (segment,) = exchange.segments
    held = world.office.store.head(world.front.enrolment.feed)
    assert refused(world, upload(world.front, replace(exchange, segments=(splice(segment),)))) == "segment-chain"
    assert world.office.store.head(world.front.enrolment.feed) == held
    world.front.exchange()
    assert world.arrived


def test_spliced_segment_whose_checkpoint_another_key_signed_is_refused(world: World) -> None:
    exchange = news(world)
    (segment,) = exchange.segments
    forged = replace(segment.checkpoint, signature=key_number(66).sign(segment.checkpoint.signed_bytes()))
    held = world.office.store.head(segment.feed)
    spliced = replace(exchange, segments=(replace(segment, checkpoint=forged),))
    assert refused(world, upload(world.front, spliced)) == "segment-signature"
    assert world.office.store.head(segment.feed) == held


# --- foreign feed ------------------------------------------------------------------------------------------


def test_foreign_feed_of_another_store_is_refused(world: World) -> None:
    """Pier 9 writes entries in the name of Bayside, signed with its own key and with a stolen checkpoint alike."""
    feed = world.front.enrolment.feed
    exchange = news(world)
    world.front.exchange()
    written = world.pier.journal
    written.write(feed, *(decode_fact(entry.body) for entry in world.front.entries(feed)))
    written.sign(feed, world.pier.key)
    own_key = Exchange({}, (written.segment(feed),))
    with world.unharmed():
        for taken in (own_key, exchange):
            assert refused(world, upload(world.front, taken, party=world.pier.side.us)) == "feed-foreign"


def test_foreign_feed_from_head_office_is_not_taken_by_a_counter(world: World) -> None:
    """A head office that tells Bayside what it wrote to Pier 9, or makes up entries of Bayside's own."""
    exchange = news(world)
    world.front.exchange()
    others = world.office.store
    (told,) = [feed for feed in others.heads() if str(feed).startswith("head-office/pier-9")]
    mark = others.checkpoint(told)
    assert mark is not None
    bodies = tuple(entry.body for entry in others.entries(told, 0, mark.n))
    for_pier = Segment(told, Head(0, bytes(32)), bodies, mark)
    with world.unharmed():
        for segment in (for_pier, exchange.segments[0]):
            with pytest.MonkeyPatch.context() as patched:
                made = Exchange({}, (segment,))
                patched.setattr("sync.exchange.compose", lambda *_given, made=made, **_named: made)
                link = world.front.exchange()
            assert not link.online
            assert "may not come from this party" in (link.trouble or "")


# --- cloned disk ----------------------------------------------------------------------------------------


def cloned(world: World) -> RealCounter:
    """The counter's folder copied, keys and all, and started elsewhere."""
    world.front.journal.close()
    shutil.copytree(world.front.folder, world.front.folder.with_name("clone"))
    world.front.start()
    clone = RealCounter.__new__(RealCounter)
    clone.__dict__ |= world.front.__dict__ | {"folder": world.front.folder.with_name("clone"), "forks": []}
    clone.clock = SetClock(world.front.clock.now() + timedelta(seconds=7))  # else it would write the very same bytes
    clone.start()
    return clone


def test_cloned_disk_that_writes_on_is_kept_as_evidence_and_what_was_counted_stays(world: World) -> None:
    clone = cloned(world)
    assert world.front.redeem("LIMEPIE")
    world.front.exchange()
    rows, held = list(world.office.store.redemptions_after(0, 99)), world.office.store.head(world.front.enrolment.feed)
    assert clone.redeem("LIMEPIE")
    assert clone.redeem("LIMEPIE")
    told = clone.exchange()
    assert "was restored or copied" in (told.trouble or "")
    assert list(world.office.store.redemptions_after(0, 99)) == rows
    assert world.office.store.head(world.front.enrolment.feed) == held
    assert "fork" in {one.kind for one in world.office.store.evidence()}
    assert any(life.fenced for life in world.office.store.enrolments() if life.feed == world.front.enrolment.feed)


def test_cloned_disk_without_its_key_writes_nothing_that_head_office_takes(world: World) -> None:
    """A copied journal has no key (it lies outside backups): whoever makes one up is not believed."""
    clone = cloned(world)
    clone.key = key_number(99)
    clone.restart()
    assert clone.redeem("LIMEPIE")
    with world.unharmed():
        link = clone.exchange()
        assert not link.online
        assert "not signed by" in (link.trouble or "")


# --- stolen counter --------------------------------------------------------------------------------------


def test_stolen_counter_that_was_revoked_is_refused_and_told_nothing_more(world: World) -> None:
    feed = world.front.enrolment.feed
    revoke(world.office, feed, world.office.store.head(feed).n, why="stolen", by="marta")
    world.pier.redeem(credential=b"x" * 16)
    world.pier.exchange()
    before, told = world.image(), world.front.journal.heads()
    link = world.front.exchange()
    assert not link.online
    assert world.front.journal.heads() == told
    assert world.image() == before


def test_stolen_counter_speaks_for_nobody_else(world: World) -> None:
    """With its key it writes its own feed: no message of another counter, no entry of head office, no bundle."""
    exchange = news(world)
    world.front.exchange()
    thief = world.front.side.us
    with world.unharmed():
        pier = Party(world.pier.feed.origin, world.pier.enrolment.key_epoch, thief.key)
        assert refused(world, upload(world.front, exchange, party=pier)) == "message-signature"
        office = Party("head-office", 1, thief.key)
        assert refused(world, upload(world.front, exchange, party=office)) == "party-unknown"
        world.front.post = lambda _path, _message: seal(
            Kind.EXCHANGE_ANSWER, encode_exchange(exchange), party=office, recipient=thief.origin, nonce=NONCE, at_ms=1
        )
        assert "not signed by" in (world.front.exchange().trouble or "")


def test_stolen_counter_holds_no_code_and_no_customer_in_the_open(world: World) -> None:
    """What a thief reads on the disk: keyed hashes of codes, and of redemptions a hash instead of the code."""
    assert world.front.counter.look("TACO-2").showing is not None
    assert world.front.redeem("LIMEPIE")
    world.front.journal.close()
    found = b"".join(path.read_bytes() for path in world.front.folder.rglob("*") if path.is_file())
    world.front.start()
    assert b"TACO" not in found
    assert b"LIMEPIE" in found, "code words are public: they travel as they are"
    facts = [decode_fact(entry.body) for entry in world.front.entries(world.front.enrolment.feed)]
    assert len([fact for fact in facts if isinstance(fact, Redemption)]) >= 2


# --- endless data, on the line ------------------------------------------------------------------------------


def test_endless_data_in_a_message_is_refused_before_it_is_read(world: World) -> None:
    with world.unharmed():
        assert refused(world, bytes(MAX_MESSAGE_BYTES + 1)) == "message-too-large"
        world.front.post = lambda _path, _message: bytes(MAX_MESSAGE_BYTES + 1)
        assert "are allowed" in (world.front.exchange().trouble or "")


def test_endless_data_as_an_exchange_that_always_has_more_ends_when_nothing_moves(world: World) -> None:
    """A head office that says "more" for ever and sends nothing keeps no counter busy for ever."""
    asked: list[str] = []
    straight = line_to(world.office)

    def endless(path: str, message: bytes) -> bytes:
        asked.append(path)
        assert len(asked) < 20, "asked on and on"
        return straight(path, message)

    world.front.post = endless
    with world.unharmed(), pytest.MonkeyPatch.context() as patched:
        more = compose
        patched.setattr(
            "sync.exchange.compose", lambda *given, **named: replace(more(*given, **named), segments=(), more=True)
        )
        assert world.front.exchange().online
    assert set(asked) == {EXCHANGE_PATH}
