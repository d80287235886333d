"""What somebody does who means harm: old bundles, other keys, altered histories. All of it must come to nothing."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from kiosk.core.entry import Head, chain, sign_checkpoint
from kiosk.core.fact import Redemption, encode_fact
from kiosk.errors import CounterfoilError
from sync.wire import EXCHANGE_PATH, Exchange, Kind, Party, Segment, encode_exchange, seal
from tests.simulation.counter import SimCounter
from tests.simulation.steps import Step

if TYPE_CHECKING:
    from tests.simulation.world import World

OFFICE = "head-office"


def old_bundle(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """A bundle that was in force once, truly signed, is offered again; or its list with another's parts."""
    bundles = world.office.store.tables.bundles
    old = bundles[step.what % len(bundles)]
    parts = world.office.store.tables.parts
    mixed = step.what % 3 == 0
    world.network.faults["mixed bundle" if mixed else "old bundle"] += 1
    other = parts[min(parts)]
    try:
        counter.fetcher.take(
            old.envelope,
            lambda wanted: {one: other if mixed else parts[one] for one in wanted if one in parts},
            counter.now_ms(),
        )
    except CounterfoilError as error:
        return error.code
    return f"in force: {counter.fetcher.version}"


def damage_bundle(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """What lies in the cache is not what was written there."""
    counter.journal.damage_bundle()
    world.network.faults["damaged cache"] += 1
    world.restart(counter)
    return "damaged"


def forge(world: World, counter: SimCounter, step: Step, draw: Random) -> str:
    """Somebody has a key of one counter, and writes with it in the name of another, or of a later life of the same."""
    lives = [one for one in world.counters if one.enrolment.origin == counter.enrolment.origin]
    victims = [lives[-1], world.counters[step.other % len(world.counters)]]
    victim = victims[step.what % 2]
    if victim.key is counter.key:
        return "nothing"
    own = step.what % 4 < 2
    world.network.faults["stolen key"] += 1
    segment = forged(victim, counter, draw, key_epoch=(counter if own else victim).enrolment.key_epoch)
    heads = {victim.feed: Head(0, bytes(32))}
    body = encode_exchange(Exchange(heads, (segment,)))
    thief = Party(counter.enrolment.origin, counter.enrolment.key_epoch, counter.key)
    message = seal(Kind.EXCHANGE, body, party=thief, recipient=OFFICE, nonce=draw.randbytes(16), at_ms=counter.now_ms())
    try:
        world.office.answer(EXCHANGE_PATH, message)
    except CounterfoilError as error:
        return error.code
    return "taken"


def forged(victim: SimCounter, thief: SimCounter, draw: Random, *, key_epoch: int) -> Segment:
    """A use that never was, behind all that the victim wrote, signed with the thief's key."""
    head = victim.journal.heads()[victim.feed]
    fact = Redemption(
        at_ms=victim.now_ms(), intent=draw.randbytes(16), promotion="total", credential=draw.randbytes(16),
        credential_kind="word", store=victim.place.store, clerk="eve", bundle_version=1, head_office_n=0, shared=True,
    )  # fmt: skip
    bodies = (*(one.body for one in victim.journal.held()[victim.feed][: head.n]), encode_fact(fact))
    entries = chain(victim.feed, Head(0, bytes(32)), bodies)
    last = Head(entries[-1].n, entries[-1].hash)
    mark = sign_checkpoint(victim.feed, last, key_epoch, victim.now_ms(), thief.key)
    return Segment(victim.feed, Head(0, bytes(32)), bodies, mark)
