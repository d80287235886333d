"""A counter's line to head office, put together: who we are, the replicator's thread, the door for a pull."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Blueprint

from kiosk.clock import Clock
from kiosk.config import Enrolment
from kiosk.core.entry import Entry
from kiosk.core.fact import BundleInstalled
from kiosk.errors import SetupError
from kiosk.ports import CachedBundle, ChunkCache, FeedStore, LinkState
from sync import enrol as enrolment_by_code
from sync.bundle import BundleFetcher
from sync.counter_endpoints import counter_endpoints
from sync.counter_side import CounterSide
from sync.post import TIMEOUT, http_post
from sync.replicator import Chance, Replicator


class Cache(FeedStore, Protocol):
    """The journal, as far as the line needs it: feeds, and the bundle in force."""

    def bundle(self) -> CachedBundle | None:
        """The bundle in force."""
        ...


@dataclass(frozen=True, slots=True)
class Ends:
    """What the line needs of the counter. ``learn`` folds entries that are durable; ``checkpoint`` signs the head.

    ``saw_time`` is told the time of each of head office's answers, Unix milliseconds.
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
    chunks: ChunkCache | None = None
    saw_time: Callable[[int], None] = lambda _at_ms: None


@dataclass(frozen=True, slots=True)
class Line:
    """A line at work. ``blueprint`` is where head office can pull; ``stop`` ends the thread."""

    replicator: Replicator
    blueprint: Blueprint
    stop: Callable[[], None]


def open_line(ends: Ends) -> Line:
    """Start carrying the journal to head office, and bringing back what it says."""
    fetcher = BundleFetcher(ends.enrolment.root_key, ends.journal.bundle, ends.bundle_floor, ends.install, ends.chunks)
    side = CounterSide(
        ends.enrolment,
        ends.device_key,
        ends.journal,
        ends.clock,
        take_checkpoint=ends.checkpoint,
        on_entries=ends.learn,
        bundle_version=lambda: fetcher.version,
    )
    client = httpx.Client(timeout=TIMEOUT)
    post = http_post(ends.enrolment.head_office_url, client)
    replicator = Replicator(side, fetcher, post, ends.tell, clock=ends.clock, chance=_chance(), saw_time=ends.saw_time)
    replicator.start()

    def stop() -> None:
        replicator.stop()
        client.close()

    return Line(replicator, counter_endpoints(side), stop)


def enrol_by_code(head_office_url: str | None, code: str, device_key: Ed25519PrivateKey) -> Enrolment:
    """First contact with the head office at ``head_office_url``: the typed one-time code pins both sides' keys."""
    if not head_office_url:
        raise SetupError(
            "head-office-missing",
            "A one-time code needs to know where head office is",
            cure="Add --head-office URL, for example --head-office http://127.0.0.1:8700.",
        )
    with httpx.Client(timeout=TIMEOUT) as client:
        post = http_post(head_office_url, client)
        return enrolment_by_code.enrol(head_office_url, code, device_key, post=post, chance=_chance().octets)


def _chance() -> Chance:
    return Chance(os.urandom, random.SystemRandom().random)
