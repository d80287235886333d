"""Journals to test with: keys, facts and feeds of a made-up store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import NO_ENTRIES, Checkpoint, Entry, FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Answered, Fact, Opened, Redemption, UseSeen, encode_fact
from kiosk.journal import Journal
from kiosk.journal.connection import Connect, connect_file

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = KEY.public_key().public_bytes_raw()
HEAD_OFFICE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
HEAD_OFFICE_PUBLIC_KEY = HEAD_OFFICE_KEY.public_key().public_bytes_raw()
OWN = FeedId("bayside/1", 1)
HEAD_OFFICE = FeedId("head-office", 1)


def opened() -> Opened:
    return Opened(at_ms=1, store="bayside", counter="1", public_key=PUBLIC_KEY, key_epoch=1)


def redemption(number: int) -> Redemption:
    """Redemption ``number``: its intent tells it from every other."""
    return Redemption(
        at_ms=1_793_000_000_000 + number,
        intent=number.to_bytes(16, "big"),
        promotion="shrimp-tacos",
        credential=bytes(16),
        credential_kind="listed",
        store="bayside",
        clerk="maria",
        bundle_version=1,
        head_office_n=0,
    )


def answered(n: int) -> Answered:
    return Answered(at_ms=2, n=n, clerk="maria")


def use_seen(n: int) -> UseSeen:
    return UseSeen(
        at_ms=3, feed="pier-9/1@1", n=n, promotion="shrimp-tacos", credential=bytes(16), store="pier-9", used_at_ms=2
    )


def enrolled(path: Path, redemptions: int = 0, *, connect: Connect = connect_file) -> Journal:
    """A new journal with its own feed begun and ``redemptions`` in it, numbered from 1."""
    journal = Journal.open(path, connect=connect)
    journal.start_feed(OWN, opened())
    if redemptions:
        journal.append([redemption(number) for number in range(1, redemptions + 1)])
    return journal


def segment(
    facts: Sequence[Fact], feed: FeedId = HEAD_OFFICE, after: Head = NO_ENTRIES
) -> tuple[list[Entry], Checkpoint]:
    """A segment as another writer would send it, signed with head office's key."""
    entries = chain(feed, after, [encode_fact(fact) for fact in facts])
    return entries, sign_checkpoint(feed, Head(entries[-1].n, entries[-1].hash), 1, 9, HEAD_OFFICE_KEY)


def own_bodies(journal: Journal) -> list[bytes]:
    """The bodies of the own feed, in order."""
    return [entry.body for entry in journal.entries(journal.feed, 0, 1_000_000)]
