"""The other counters of this store as the counter uses them (:class:`kiosk.ports.Neighbours`), and answers to them.

Rules of this module:

- Every message is signed by its sender, whose key is that of the certificate shown in TLS: one neighbour cannot pass
  on another's message as his own.
- What is asked of all at once has one time limit for all; who has not answered by then counts as silent.
- Reservations are kept under a lock of their own, so that a counter at work on a redemption still answers.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Protocol

from kiosk.clock import Clock
from kiosk.core.entry import Entry, FeedId
from kiosk.core.reservation import BUSY, YES, Reply, Reservations, Spent
from kiosk.core.rights import Right
from kiosk.errors import CounterfoilError, ExchangeError
from kiosk.ports import RESERVE_LIMIT_S, RIGHTS_LIMIT_S
from sync.certificates import Certificate
from sync.counter_side import CounterSide
from sync.exchange import KeepFork, Result, Side, Taken, answer
from sync.lan import Address, Call, call
from sync.neighbour_link import PRESENT_S, NeighbourLink, Ways, key_of
from sync.neighbour_messages import (
    Reserve,
    RightsAsked,
    decode_reply,
    decode_reserve,
    decode_rights_asked,
    decode_rights_given,
    encode_reply,
    encode_reserve,
    encode_rights_asked,
    encode_rights_given,
)
from sync.neighbour_side import side_towards
from sync.neighbourhood import Neighbourhood
from sync.offering import MarkOf
from sync.replicator import Chance
from sync.wire import EXCHANGE_PATH, NONCE_BYTES, RESERVE_PATH, RIGHTS_PATH, Kind, seal, unseal

MOST_LINKS = 32
COPIED = "A neighbour holds another history of this journal: it was restored or copied; enrol this counter anew"

log = logging.getLogger(__name__)


class Desk(Protocol):
    """What the neighbours' questions are answered from: the counter."""

    def learn(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are durable."""
        ...

    def is_used(self, promotion: str, digest: bytes) -> bool | None:
        """Whether a live use of the credential is known; None: the counter is too busy to say."""
        ...

    def give_rights(self, right: Right, amount: int, to: FeedId) -> int:
        """Write a transfer of what can be spared; how much that is."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the neighbours' side is made of."""

    counter: CounterSide
    near: Neighbourhood
    desk: Desk
    keep_fork: KeepFork
    mark_of: MarkOf
    clock: Clock
    chance: Chance


class Neighbours:
    """Implements :class:`kiosk.ports.Neighbours`. Safe to use from any thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._context: SSLContext | None = None
        self._lock = threading.Lock()
        self._links: dict[Address, NeighbourLink] = {}
        self._heard_s: dict[str, float] = {}
        self._reservations = Reservations(parts.counter.enrolment.feed)
        self._askers = ThreadPoolExecutor(MOST_LINKS, thread_name_prefix="neighbours")
        self._trouble: str | None = None
        self._started = False

    # --- links ------------------------------------------------------------------------------------

    def dress(self, context: SSLContext) -> None:
        """From now on they can be called; ``context`` is TLS for that."""
        self._context = context

    def start(self) -> None:
        """Begin to exchange with those that are followed, now and later."""
        with self._lock:
            self._started = True
            for link in self._links.values():
                link.start()

    def stop(self) -> None:
        """End all links."""
        with self._lock:
            self._started = False
            links = list(self._links.values())
        for link in links:
            link.stop(0.0)
        for link in links:
            link.stop()
        self._askers.shutdown(wait=False, cancel_futures=True)

    def follow(self, addresses: Iterable[Address]) -> None:
        """Where neighbours may be from now on, instead of what was said before."""
        wanted = sorted(set(addresses))[:MOST_LINKS]  # a network full of false announcements
        with self._lock:
            gone = [self._links.pop(address) for address in list(self._links) if address not in wanted]
            for address in wanted:
                if address not in self._links:
                    self._links[address] = self._link(address)
                    if self._started:
                        self._links[address].start()
        for link in gone:
            link.stop(0.0)

    def _link(self, address: Address) -> NeighbourLink:
        parts = self._parts
        ways = Ways(self._dial, self._side, self._taken)
        return NeighbourLink(address, parts.counter, ways, clock=parts.clock, chance=parts.chance)

    def _dial(self, address: Address, limit_s: float | None = None) -> AbstractContextManager[Call]:
        if self._context is None:
            raise ExchangeError("certificate-none", "This counter has no certificate yet", cure="It needs a line once.")
        return call(address, self._context, self._parts.near.admit, limit_s=limit_s)

    @property
    def links(self) -> list[NeighbourLink]:
        """Those that are followed."""
        with self._lock:
            return list(self._links.values())

    def wake(self) -> None:
        """There is something to tell them."""
        for link in self.links:
            link.wake()

    @property
    def reached(self) -> int:
        """How many were heard of in the last half minute, whoever called."""
        now_s = self._parts.clock.monotonic_s()
        with self._lock:
            return sum(1 for heard_s in self._heard_s.values() if now_s - heard_s < PRESENT_S)

    @property
    def trouble(self) -> str | None:
        """What a person must know, in a sentence."""
        return self._trouble

    def _side(self, neighbour: Certificate) -> Side:
        parts = self._parts
        return side_towards(
            neighbour,
            parts.counter,
            parts.near,
            learn=parts.desk.learn,
            keep_fork=parts.keep_fork,
            mark_of=parts.mark_of,
        )

    def _taken(self, neighbour: Certificate, taken: Taken) -> None:
        """An exchange with ``neighbour`` went well; what it says of our own journal is for a person."""
        with self._lock:
            self._heard_s[neighbour.feed.origin] = self._parts.clock.monotonic_s()
        own = self._parts.counter.enrolment.feed
        if any(one.feed == own for one in taken.divergences):
            # this disk was put back from a copy, or copied
            self._trouble = COPIED
        forked = [one.feed for one in taken.applied if one.result is Result.FORK]
        if forked:
            log.error("%s sent another history of %s", neighbour.feed, ", ".join(map(str, forked)))

    # --- asking them ------------------------------------------------------------------------------

    def reserve(self, promotion: str, digest: bytes, intent: bytes, limit_s: float = RESERVE_LIMIT_S) -> Reply:
        """See :meth:`kiosk.ports.Neighbours.reserve`."""
        spent: Spent = (promotion, digest)
        with self._lock:
            begun = self._reservations.begin(spent, intent, self._now_s())
        if begun != YES:
            return begun
        body = encode_reserve(Reserve(promotion, digest, intent))
        replies = self._ask_all(body, limit_s)
        with self._lock:
            return self._reservations.end(spent, intent, replies, self._now_s())

    def _ask_all(self, body: bytes, limit_s: float) -> dict[FeedId, Reply]:
        """What each neighbour said to a reservation within ``limit_s``; all are asked at once."""

        def ask(link: NeighbourLink) -> tuple[FeedId, Reply]:
            with self._dial(link.address, limit_s) as open_call:
                said = self._ask(open_call, Kind.RESERVE, RESERVE_PATH, body)
                return open_call.neighbour.feed, decode_reply(said)

        asked: list[Future[tuple[FeedId, Reply]]] = [self._askers.submit(ask, link) for link in self.links]
        answered, silent = wait(asked, limit_s)
        for late in silent:
            late.cancel()
        found = {}
        for one in answered:
            error = one.exception()
            if error is None:
                feed, said = one.result()
                found[feed] = said
            elif not isinstance(error, CounterfoilError):
                log.error("a neighbour could not be asked", exc_info=error)
        return found

    def ask_rights(self, right: Right, amount: int, limit_s: float = RIGHTS_LIMIT_S) -> int:
        """See :meth:`kiosk.ports.Neighbours.ask_rights`."""
        until_s = time.monotonic() + limit_s
        got = 0
        for link in self.links:
            left_s = until_s - time.monotonic()
            if got >= amount or left_s <= 0:
                break
            if link.is_present:
                got += self._rights_from(link, right, amount - got, left_s)
        return got

    def _rights_from(self, link: NeighbourLink, right: Right, amount: int, limit_s: float) -> int:
        """Ask one neighbour, and fetch the entry by which it gave."""
        body = encode_rights_asked(RightsAsked(right, amount))
        try:
            with self._dial(link.address, limit_s) as open_call:
                given = decode_rights_given(self._ask(open_call, Kind.RIGHTS, RIGHTS_PATH, body))
            if given > 0:
                link.exchange_once()
        except CounterfoilError as error:
            log.info("no rights from %s: %s", link.address, error)
            return 0
        return given

    def _ask(self, open_call: Call, kind: Kind, path: str, body: bytes) -> bytes:
        counter, nonce = self._parts.counter, self._parts.chance.octets(NONCE_BYTES)
        to = open_call.neighbour
        message = seal(kind, body, party=counter.us, recipient=to.feed.origin, nonce=nonce, at_ms=counter.now_ms())
        answered = open_call.post(path, message)
        return unseal(answered, kind=Kind(kind + 1), recipient=counter.us.origin, key_of=key_of(to), nonce=nonce).body

    # --- answering them ---------------------------------------------------------------------------

    def answer(self, neighbour: Certificate, path: str, message: bytes) -> bytes:
        """The answer to a message of a neighbour that was admitted; raises ``CounterfoilError`` to refuse it."""
        if path == EXCHANGE_PATH:
            return self._answer_exchange(neighbour, message)
        if path == RESERVE_PATH:
            return self._answer_one(neighbour, Kind.RESERVE, message, self._keep_for)
        if path == RIGHTS_PATH:
            return self._answer_one(neighbour, Kind.RIGHTS, message, self._give)
        raise ExchangeError("path-unknown", "Neighbours have no such path", where=path[:80])

    def _answer_exchange(self, neighbour: Certificate, message: bytes) -> bytes:
        counter = self._parts.counter
        counter.take_checkpoint()
        answered = answer(
            message,
            us=counter.us,
            key_of=key_of(neighbour),
            side_of=lambda _sender: self._side(neighbour),
            at_ms=counter.now_ms(),
            settle=lambda _sender, taken: self._taken(neighbour, taken),
        )
        for link in self.links:
            link.called(neighbour)
        return answered

    def _answer_one(
        self, neighbour: Certificate, kind: Kind, message: bytes, answer_to: Callable[[FeedId, bytes], bytes]
    ) -> bytes:
        counter = self._parts.counter
        opened = unseal(message, kind=kind, recipient=counter.us.origin, key_of=key_of(neighbour))
        return seal(
            Kind(kind + 1),
            answer_to(neighbour.feed, opened.body),
            party=counter.us,
            recipient=neighbour.feed.origin,
            nonce=opened.nonce,
            at_ms=counter.now_ms(),
        )

    def _keep_for(self, asker: FeedId, body: bytes) -> bytes:
        asked = decode_reserve(body)
        used = self._parts.desk.is_used(asked.promotion, asked.digest)
        if used is None:
            return encode_reply(BUSY)
        with self._lock:
            spent = asked.promotion, asked.digest
            reply = self._reservations.ask(spent, asker, asked.intent, used=used, now_s=self._now_s())
        return encode_reply(reply)

    def _give(self, asker: FeedId, body: bytes) -> bytes:
        asked = decode_rights_asked(body)
        return encode_rights_given(self._parts.desk.give_rights(asked.right, asked.amount, asker))

    def _now_s(self) -> float:
        return self._parts.clock.monotonic_s()
