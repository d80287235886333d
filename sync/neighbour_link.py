"""The thread that exchanges with one neighbour: every few seconds, and at once when something was written.

Rules of this module:

- It goes on while the line to head office is up: when the line goes, the neighbours know already what was used. Where
  nothing is new that costs one round trip; none, where that neighbour has just called us.
- Nothing leaves the thread as an exception; trouble is a sentence. A neighbour that does not answer is called later and
  later, 15 s at most; one that is not to be talked to (another store's, shut out) once in a minute.
- What the neighbour holds is learned from its last answer and from nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kiosk.clock import Clock
from kiosk.core.entry import FeedId, Head
from kiosk.errors import CounterfoilError
from sync.certificates import Certificate
from sync.counter_side import CounterSide
from sync.exchange import Side, Taken, compose, read_answer, seal_request, take
from sync.lan import Address, Call
from sync.post import UNREACHABLE
from sync.replicator import Chance
from sync.wire import EXCHANGE_PATH, NONCE_BYTES, KeyOf

INTERVAL_S = 4.0
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 15.0
REFUSED_AGAIN_S = 60.0
PRESENT_S = 30.0
MOST_ROUNDS = 256

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ways:
    """How a link reaches and judges: ``dial`` opens a connection, ``side_of`` is our side of the exchange."""

    dial: Callable[[Address], AbstractContextManager[Call]]
    side_of: Callable[[Certificate], Side]
    taken: Callable[[Certificate, Taken], None]


def key_of(neighbour: Certificate) -> KeyOf:
    """The key of a message's sender: that of the certificate it came with, so none can be passed off as another's."""

    def find(origin: str, key_epoch: int) -> bytes | None:
        is_it = (origin, key_epoch) == (neighbour.feed.origin, neighbour.key_epoch)
        return neighbour.public_key if is_it else None

    return find


class NeighbourLink:
    """One address that a neighbour may be at. ``start`` and ``stop`` its thread, or call ``exchange_once``."""

    def __init__(self, address: Address, counter: CounterSide, ways: Ways, *, clock: Clock, chance: Chance) -> None:
        self.address = address
        self._counter = counter
        self._ways = ways
        self._clock = clock
        self._chance = chance
        self._theirs: tuple[FeedId, Mapping[FeedId, Head]] | None = None
        self._heard_s: float | None = None
        self._failures = 0
        self._turn = threading.Lock()
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.neighbour: Certificate | None = None
        self.trouble: CounterfoilError | None = None

    # --- the thread -------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin exchanging in the background."""
        self._thread = threading.Thread(target=self._run, name=f"neighbour {self.address}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """End the thread; an exchange under way is waited for up to ``timeout_s``."""
        self._stopping.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """There is something to tell: do not wait for the next turn."""
        self._due.set()

    def called(self, by: Certificate) -> None:
        """The neighbour has just exchanged with us of itself: our next idle turn is not needed."""
        if self.neighbour is not None and by.feed == self.neighbour.feed:
            self._heard_s = self._clock.monotonic_s()

    @property
    def is_present(self) -> bool:
        """Whether an exchange with this neighbour went well lately."""
        heard_s = self._heard_s
        return self.trouble is None and heard_s is not None and self._clock.monotonic_s() - heard_s < PRESENT_S

    def _run(self) -> None:
        while not self._stopping.is_set():
            woken = self._due.is_set()
            self._due.clear()
            if woken or not self._heard_lately():
                self.turn()
            if self._failures:
                self._stopping.wait(FIRST_BACKOFF_S)
            self._due.wait(self.wait_s())

    def _heard_lately(self) -> bool:
        heard_s = self._heard_s
        return heard_s is not None and self._clock.monotonic_s() - heard_s < INTERVAL_S / 2

    def wait_s(self) -> float:
        """How long to wait before the next turn, if nobody wakes us."""
        if not self._failures:
            return INTERVAL_S * (0.75 + 0.5 * self._chance.fraction())
        if self.trouble is not None and self.trouble.code != UNREACHABLE:
            return REFUSED_AGAIN_S
        longest = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._failures, 10))
        return longest * (0.5 + 0.5 * self._chance.fraction())

    def turn(self) -> None:
        """One exchange, its outcome kept; never raises."""
        try:
            self.exchange_once()
        except CounterfoilError as error:
            self._failures += 1
            self.trouble = error
        except Exception as error:
            log.exception("the exchange with a neighbour failed")
            self._failures += 1
            self.trouble = CounterfoilError("neighbour-failed", f"The exchange failed ({type(error).__name__})")
        else:
            self._failures = 0
            self.trouble = None

    # --- one exchange -----------------------------------------------------------------------------

    def exchange_once(self) -> tuple[int, int]:
        """Send and fetch until neither side has more; how many entries went there and came.

        Raises ``CounterfoilError``; what was stored stays.
        """
        with self._turn, self._ways.dial(self.address) as call:
            self.neighbour = call.neighbour
            side = self._ways.side_of(call.neighbour)
            sent = received = 0
            for _ in range(MOST_ROUNDS):
                theirs = self._theirs
                known = None if theirs is None or theirs[0] != call.neighbour.feed else theirs[1]
                sent_now, taken = self._round_trip(call, side, known)
                self._theirs = call.neighbour.feed, taken.exchange.vector
                self._heard_s = self._clock.monotonic_s()
                stored = len(taken.entries)
                sent, received = sent + sent_now, received + stored
                moved = stored > 0 or known != taken.exchange.vector
                if known is not None and not (moved and (taken.exchange.more or _lacks(side, taken.exchange.vector))):
                    break
            return sent, received

    def _round_trip(self, call: Call, side: Side, known: Mapping[FeedId, Head] | None) -> tuple[int, Taken]:
        counter, nonce = self._counter, self._chance.octets(NONCE_BYTES)
        counter.take_checkpoint()
        told = compose(side, known)
        message = seal_request(
            told, us=counter.us, recipient=call.neighbour.feed.origin, nonce=nonce, at_ms=counter.now_ms()
        )
        answered = call.post(EXCHANGE_PATH, message)
        exchange = read_answer(answered, us=counter.us, key_of=key_of(call.neighbour), nonce=nonce)
        taken = take(side, exchange)
        self._ways.taken(call.neighbour, taken)
        return sum(len(segment.bodies) for segment in told.segments), taken


def _lacks(side: Side, theirs: Mapping[FeedId, Head]) -> bool:
    """Whether they hold less of some feed than we do and may tell them."""
    for feed, head in side.store.heads().items():
        held = theirs.get(feed)
        if (held is None or held.n < head.n) and side.may_send(feed):
            return True
    return False
