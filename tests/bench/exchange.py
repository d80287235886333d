"""How fast what waits at a counter reaches head office, and what idling costs: exchange [--redemptions N]

A real head office is started as a program of its own on loopback; the counter's end (its journal, the exchange, the
line) is in this process. ``upload_s`` is from the first message to the answer that receipts the last of the waiting
redemptions: they are on head office's disk then, logged and counted. Of each redemption the credential, the intent, the
sale and the customer are random bytes, as they are in a shop. ``bytes_per_entry`` is all that the counter sent over the
number of entries; ``idle_round_trips`` and ``idle_bytes`` (both ways) are those of an exchange with nothing new.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import SystemClock, to_ms
from kiosk.core.fact import BundleInstalled, Opened, Redemption, Spent
from kiosk.journal import Journal
from kiosk.ports import CachedBundle
from sync.bundle import BundleFetcher
from sync.counter_side import CounterSide
from sync.demo_office import Seed, plant
from sync.line import enrol_by_code
from sync.post import TIMEOUT, Post, http_post
from sync.replicator import Chance, Replicator
from sync.samples import organisation
from tests.e2e.road import Program, free_port

PROMOTIONS = """promotions:
  - id: tacos
    title: Free tacos
    gives: One tacos, free
    value: {amount: "12.00", currency: USD}
    valid: {from: 2020-01-01, until: 2099-12-31}
    credentials: [listed]
    limits: {total: 1000000}
  - id: pie
    title: Free pie
    gives: One pie, free
    valid: {from: 2020-01-01, until: 2099-12-31}
    credentials: [word]
    words: [LIMEPIE]
"""


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench exchange", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--redemptions", type=int, default=10_000, metavar="N")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        return bench(Path(folder), args.redemptions)


@dataclass(slots=True)
class Meter:
    """A line that counts what goes over it."""

    post: Post
    trips: int = 0
    sent: int = 0
    received: int = 0

    def __call__(self, path: str, message: bytes) -> bytes:
        answer = self.post(path, message)
        self.trips += 1
        self.sent += len(message)
        self.received += len(answer)
        return answer

    def reset(self) -> None:
        """Begin to count anew."""
        self.trips = self.sent = self.received = 0


def bench(folder: Path, redemptions: int) -> dict[str, Any]:
    """The figures for so many waiting redemptions."""
    seed = Seed(
        organisation=organisation("America/New_York"), promotions=PROMOTIONS, codes={}, store="bayside",
        counter="counter-1", clerk="Ana Moreno",
    )  # fmt: skip
    place, port = folder / "head-office", free_port()
    planted = plant(place, seed)
    arguments = ["head-office", "run", "--data", str(place), "--port", str(port)]
    program = Program(f"http://127.0.0.1:{port}", arguments, folder / "head-office.log")
    program.start()
    try:
        return _against(program.url, planted.code, folder, redemptions)
    finally:
        program.stop()


def _against(url: str, code: str, folder: Path, redemptions: int) -> dict[str, Any]:
    with httpx.Client(timeout=TIMEOUT) as client:
        meter = Meter(http_post(url, client))
        journal, replicator = _counter(url, code, folder, meter)
        try:
            replicator.exchange_once()  # the bundle, and what the other side holds
            journal.append([_redemption(number) for number in range(redemptions)])
            meter.reset()
            began = time.perf_counter()
            exchanged = replicator.exchange_once()
            upload_s = time.perf_counter() - began
            upload = (meter.trips, meter.sent)
            replicator.exchange_once()
            meter.reset()
            replicator.exchange_once()
            return {
                "redemptions": redemptions,
                "upload_s": round(upload_s, 3),
                "bytes_per_entry": round(upload[1] / exchanged.sent, 1),
                "idle_round_trips": meter.trips,
                "idle_bytes": meter.sent + meter.received,
                "upload_round_trips": upload[0],
                "entries": exchanged.sent,
            }
        finally:
            journal.close()


def _counter(url: str, code: str, folder: Path, post: Post) -> tuple[Journal, Replicator]:
    """A counter's end with a journal on disk, enrolled."""
    clock, key = SystemClock(), Ed25519PrivateKey.generate()
    enrolment = enrol_by_code(url, code, key).enrolment
    journal = Journal.open(folder / "journal.db")
    journal.start_feed(
        enrolment.feed,
        Opened(
            at_ms=to_ms(clock.now()), store=enrolment.store, counter=enrolment.counter,
            public_key=key.public_key().public_bytes_raw(), key_epoch=enrolment.key_epoch,
        ),
    )  # fmt: skip

    def install(bundle: CachedBundle, fact: BundleInstalled) -> None:
        journal.install_bundle(bundle, fact)

    fetcher = BundleFetcher(enrolment.root_key, journal.bundle, lambda: 0, install)
    side = CounterSide(
        enrolment, key, journal, clock,
        take_checkpoint=lambda: journal.checkpoint_now(key, enrolment.key_epoch, to_ms(clock.now())),
        on_entries=lambda _entries: None,
        bundle_version=lambda: fetcher.version,
    )  # fmt: skip
    chance = Chance(os.urandom, random.random)
    return journal, Replicator(side, fetcher, post, lambda _link: None, clock=clock, chance=chance)


def _redemption(number: int) -> Redemption:
    listed = number % 3 > 0
    return Redemption(
        at_ms=1_793_000_000_000 + number * 7_001,
        intent=os.urandom(16),
        promotion="tacos" if listed else "pie",
        credential=os.urandom(16),
        credential_kind="listed" if listed else "word",
        store="bayside",
        clerk=("maria", "ana", "zoe")[number % 3],
        bundle_version=1,
        head_office_n=number // 50,
        amount_minor=1200 if listed else None,
        currency="USD" if listed else None,
        holder=os.urandom(16) if number % 4 == 0 else None,
        held_ms=1_000 + number % 4_000,
        sale=os.urandom(16),
        shared=not listed,
        spent=(Spent(1, 1, 1),) if listed else None,
    )
