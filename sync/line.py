"""A counter's line to head office, put together: who we are, the replicator's thread, the door for a pull."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Blueprint

from kiosk.clock import Clock
from kiosk.config import Enrolment
from kiosk.core.entry import Checkpoint, Entry, FeedId
from kiosk.core.fact import BundleInstalled
from kiosk.enrolling import Admitted
from kiosk.ports import CachedBundle, ChunkCache, ContactStore, FeedStore, LinkState
from sync import enrol as enrolment_by_code
from sync.bundle import BundleFetcher
from sync.carrying import Carrying
from sync.contacts import send_contacts
from sync.counter_endpoints import counter_endpoints
from sync.counter_side import CounterSide, report_fork
from sync.counter_stick import CounterStick
from sync.lan_line import LanLine, LanPlan, fetch_papers
from sync.neighbourhood import Neighbourhood, RevokedN
from sync.neighbours import Desk, Neighbours, Parts
from sync.post import TIMEOUT, Post, http_post
from sync.replicator import Chance, Replicator
from sync.wire import NONCE_BYTES


class Cache(FeedStore, Protocol):
    """The journal, as far as the line needs it: feeds, and the bundle in force."""

    def checkpoint_between(self, feed: FeedId, after_n: int, until_n: int) -> Checkpoint | None:
        """The newest checkpoint of ``feed`` above ``after_n`` and not above ``until_n``, else the next one above."""
        ...

    def bundle(self) -> CachedBundle | None:
        """The bundle in force."""
        ...


@dataclass(frozen=True, slots=True)
class Nearby:
    """What the local network needs of the counter beside that; ``revoked_n``: see ``sync.neighbourhood``."""

    plan: LanPlan
    desk: Desk
    receipted_n: Callable[[FeedId], int]
    revoked_n: RevokedN


@dataclass(frozen=True, slots=True)
class Ends:
    """What the line needs of the counter. ``learn`` folds entries that are durable; ``checkpoint`` signs the head.

    ``place`` is the counter's data folder, ``stick_folder`` where a stick is put in (None: nowhere).
    ``saw_time`` is told the time of each of head office's answers, Unix milliseconds; ``saw_list`` the version of the
    promotions in force there.
    """

    enrolment: Enrolment
    device_key: Ed25519PrivateKey
    journal: Cache
    clock: Clock
    checkpoint: Callable[[], object]
    learn: Callable[[Sequence[Entry]], None]
    bundle_floor: Callable[[], int]
    install: Callable[[CachedBundle, BundleInstalled], None]
    tell: Callable[[LinkState], None]
    place: Path
    chunks: ChunkCache | None = None
    stick_folder: Path | None = None
    earlier_keys: Sequence[Ed25519PrivateKey] = ()
    contacts: ContactStore | None = None
    nearby: Nearby | None = None
    saw_time: Callable[[int], None] = lambda _at_ms: None
    saw_list: Callable[[int], None] = lambda _version: None


@dataclass(frozen=True, slots=True)
class Line:
    """A line at work. ``blueprint`` is where head office can pull; ``stick`` goes without it; ``stop`` ends all."""

    replicator: Replicator
    stick: CounterStick
    blueprint: Blueprint
    stop: Callable[[], None]
    neighbours: Neighbours | None = None


def open_line(ends: Ends) -> Line:
    """Start carrying the journal to head office, and bringing back what it says."""
    fetcher, side = _counter_end(ends)
    client = httpx.Client(timeout=TIMEOUT)
    post = http_post(ends.enrolment.head_office_url, client)
    replicator = Replicator(side, fetcher, post, ends.tell, clock=ends.clock, chance=_chance(), saw_time=ends.saw_time)
    contacts = ends.contacts
    if contacts is not None:
        replicator.beside = lambda: send_contacts(side, contacts, post, os.urandom(NONCE_BYTES))
    lan = None if ends.nearby is None else _local_network(ends, ends.nearby, side, post)
    replicator.start()
    if lan is not None:
        lan.start()

    def stop() -> None:
        if lan is not None:
            lan.stop()
        replicator.stop()
        client.close()

    stick = _stick(ends, side, replicator.between_exchanges)
    return Line(replicator, stick, counter_endpoints(side), stop, None if lan is None else lan.neighbours)


def open_stick(ends: Ends) -> CounterStick:
    """The stick of a counter that has no line open."""
    fetcher, side = _counter_end(ends)
    return _stick(ends, side, lambda: nullcontext(fetcher))


def _stick(ends: Ends, side: CounterSide, bundles: Callable[[], AbstractContextManager[BundleFetcher]]) -> CounterStick:
    return CounterStick(side, bundles, ends.place, ends.stick_folder, ends.journal.checkpoint_between)


def _counter_end(ends: Ends) -> tuple[BundleFetcher, CounterSide]:
    fetcher = BundleFetcher(ends.enrolment.root_key, ends.journal.bundle, ends.bundle_floor, ends.install, ends.chunks)
    return fetcher, CounterSide(
        ends.enrolment,
        ends.device_key,
        ends.journal,
        ends.clock,
        take_checkpoint=ends.checkpoint,
        on_entries=ends.learn,
        bundle_version=lambda: fetcher.version,
        earlier_keys=ends.earlier_keys,
        saw_list=ends.saw_list,
    )


def _local_network(ends: Ends, nearby: Nearby, side: CounterSide, post: Post) -> LanLine:
    """The counters of this store: what they write is told them, and carried to head office for them."""
    journal, chance = ends.journal, _chance()
    near = Neighbourhood(ends.enrolment, nearby.plan.papers, nearby.revoked_n)
    side.carrying = Carrying(
        journal.heads,
        lambda feed: near.is_store_feed(feed) and not near.is_own(feed) and nearby.revoked_n(feed) is None,
        nearby.receipted_n,
        journal.checkpoint_between,
    )
    parts = Parts(side, near, nearby.desk, report_fork, journal.checkpoint_between, ends.clock, chance)
    return LanLine(nearby.plan, side, near, Neighbours(parts), lambda: fetch_papers(side, post, chance))


def enrol_by_code(head_office_url: str, code: str, device_key: Ed25519PrivateKey) -> Admitted:
    """First contact with the head office at ``head_office_url``: the one-time code pins both sides' keys."""
    with httpx.Client(timeout=TIMEOUT) as client:
        post = http_post(head_office_url, client)
        granted = enrolment_by_code.enrol(code, device_key, post=post, chance=_chance().octets)
    return Admitted(granted.enrolment(head_office_url), device_key, granted.at_ms)


def _chance() -> Chance:
    return Chance(os.urandom, random.SystemRandom().random)
