"""Head office pulls from a counter that it can reach: the same exchange, asked for from this side."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId, Head
from sync.exchange import Result, Taken, compose, read_answer, seal_request
from sync.head_office.desk import DeskError
from sync.head_office.intake import before_leaving, counter_key, lives_of, side_towards, take_answer, us
from sync.head_office.office import HeadOffice
from sync.post import TIMEOUT, Post, http_post
from sync.wire import EXCHANGE_PATH, NONCE_BYTES

MOST_ROUNDS = 64


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought: new entries of a counter's feed. ``forked``: it holds another history than we do."""

    feed: FeedId
    entries: int
    forked: bool


def pull(office: HeadOffice, store: str, counter: str, *, post: Post | None = None) -> Pulled:
    """Fetch what a counter has written, and give it what is for it. Raises ``DeskError`` and ``ExchangeError``."""
    lives = lives_of(office, f"{store}/{counter}")
    if not lives:
        raise DeskError("counter-not-enrolled", f"{store}/{counter} is not enrolled", cure="Enrol it first.")
    if post is not None:
        return _pull(office, lives[-1].feed, post)
    address = lives[-1].address
    if address is None:
        cure = f"Give it: head-office pull {store}/{counter} --address http://HOST:PORT."
        raise DeskError("counter-no-address", f"The address of {store}/{counter} is not known", cure=cure)
    with httpx.Client(timeout=TIMEOUT) as client:
        return _pull(office, lives[-1].feed, http_post(address, client))


def _pull(office: HeadOffice, feed: FeedId, post: Post) -> Pulled:
    theirs: Mapping[FeedId, Head] | None = None
    entries, forked = 0, False
    for _ in range(MOST_ROUNDS):
        knew = theirs is not None
        sent, taken = _round_trip(office, feed.origin, theirs, post)
        theirs = taken.exchange.vector
        entries += len(taken.entries)
        forked = forked or any(applied.result is Result.FORK for applied in taken.applied)
        if knew and not (sent or taken.entries or taken.exchange.more):
            break
    return Pulled(feed, entries, forked)


def _round_trip(office: HeadOffice, origin: str, theirs: Mapping[FeedId, Head] | None, post: Post) -> tuple[int, Taken]:
    told, nonce = compose(side_towards(office, origin), theirs), os.urandom(NONCE_BYTES)
    before_leaving(office, [origin])
    at_ms = to_ms(office.clock.now())
    message = seal_request(told, us=us(office), recipient=origin, nonce=nonce, at_ms=at_ms)
    answered = post(EXCHANGE_PATH, message)
    exchange = read_answer(
        answered, us=us(office), key_of=lambda name, epoch: counter_key(office, name, epoch), nonce=nonce
    )
    return len(told.segments), take_answer(office, origin, exchange)
