"""The thread that carries a counter's journal to head office, and brings back receipts, uses and bundles.

Rules of this module:

- One exchange every few seconds, at once when woken, and later and later (30 s at most, with jitter) while
  nobody answers. Nothing here is ever in the way of a redemption.
- Nothing leaves the thread as an exception: trouble becomes one sentence in :class:`LinkState`.
- What head office holds is learned from each answer and from nothing else, so that a lost answer, a
  restarted head office or one restored from a backup are all caught up with in the same way.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kiosk.clock import Clock
from kiosk.core.bundle import OpenedBundle
from kiosk.core.entry import FeedId, Head
from kiosk.errors import BundleError, CounterfoilError, ExchangeError
from kiosk.ports import LinkState
from sync.bundle import BundleFetcher, ask_parts, read_parts
from sync.counter_side import HEAD_OFFICE, CounterSide
from sync.exchange import Result, Taken, compose, read_answer, seal_request, take
from sync.post import UNREACHABLE, Post
from sync.wire import EXCHANGE_PATH, NONCE_BYTES, PARTS_PATH

INTERVAL_S = 3.0
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 30.0
BETWEEN_TRIES_S = 1.0
REFUSED_BUNDLE_AGAIN_S = 60.0
WAITS_FOR_EXCHANGE_S = 45.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What one exchange came to: entries sent and newly received, and the bundle installed, if one was.

    ``fenced``: they hold another history of our feed, so that nothing more that we write in it counts.
    """

    sent: int
    received: int
    bundle: OpenedBundle | None
    trouble: str | None
    fenced: bool = False


@dataclass(frozen=True, slots=True)
class Chance:
    """Where randomness comes from: ``os.urandom`` and ``random.random`` but for tests."""

    octets: Callable[[int], bytes]
    fraction: Callable[[], float]


class Replicator:
    """Implements :class:`kiosk.ports.Carrier`. ``start`` and ``stop`` its thread, or call ``exchange_once``."""

    def __init__(
        self,
        counter: CounterSide,
        fetcher: BundleFetcher,
        post: Post,
        on_link: Callable[[LinkState], None],
        *,
        clock: Clock,
        chance: Chance,
        saw_time: Callable[[int], None] = lambda _at_ms: None,
    ) -> None:
        """``on_link`` is told how the link stands, ``saw_time`` the time of each answer (Unix milliseconds)."""
        self._counter = counter
        self._fetcher = fetcher
        self._post = post
        self._on_link = on_link
        self._clock = clock
        self._chance = chance
        self._saw_time = saw_time
        self._theirs: Mapping[FeedId, Head] | None = None
        self._link = LinkState()
        self._failures = 0
        self._refused: tuple[bytes, str, float] | None = None
        self._turn = threading.Lock()
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.beside: Callable[[], object] = lambda: None
        """What goes to head office beside the exchange, done after each that went through; may raise."""

    # --- the thread -------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin exchanging in the background."""
        self._thread = threading.Thread(target=self._run, name="replicator", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread; an exchange under way is waited for up to ``timeout_s``."""
        self._stopping.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """There is something to send: do not wait for the next turn."""
        self._due.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._due.clear()
            self.turn()
            if self._failures:  # a counter that redeems while the line is down must not hammer on it
                self._stopping.wait(BETWEEN_TRIES_S)
            self._due.wait(self.wait_s())

    def wait_s(self) -> float:
        """How long to wait before the next turn, if nobody wakes us."""
        if not self._failures:
            return INTERVAL_S
        longest = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._failures, 10))
        return longest * (0.5 + 0.5 * self._chance.fraction())

    def turn(self) -> None:
        """One exchange, with its outcome told to ``on_link``; never raises."""
        try:
            exchanged = self.exchange_once()
        except CounterfoilError as error:
            self._failed(error.what)
        except Exception as error:
            log.exception("the exchange with head office failed")
            self._failed(f"The exchange with head office failed unexpectedly ({type(error).__name__})")
        else:
            self._failures = 0
            trouble = exchanged.trouble or self._do_beside()
            now_ms = self._counter.now_ms()
            self._tell(LinkState(True, now_ms, trouble=trouble, fenced=exchanged.fenced))

    def _do_beside(self) -> str | None:
        """The line is up whatever comes of it: a head office of an earlier release does not know it."""
        try:
            self.beside()
        except CounterfoilError as error:
            return error.what
        return None

    def _failed(self, sentence: str) -> None:
        self._failures += 1
        since = self._link.offline_since_ms
        now_ms = self._counter.now_ms()
        since_ms = now_ms if since is None else since
        self._tell(LinkState(False, self._link.last_contact_ms, since_ms, sentence, fenced=self._link.fenced))

    def _tell(self, link: LinkState) -> None:
        self._link = link
        try:
            self._on_link(link)
        except Exception:
            log.exception("the state of the link could not be told")

    @contextlib.contextmanager
    def between_exchanges(self) -> Iterator[BundleFetcher]:
        """No exchange meanwhile: for a bundle that comes another way. Raises ``line-busy``."""
        if not self._turn.acquire(timeout=WAITS_FOR_EXCHANGE_S):
            raise ExchangeError(
                "line-busy", "The line is fetching something large just now", cure="Try again in a minute."
            )
        try:
            yield self._fetcher
        finally:
            self._turn.release()

    # --- one exchange -----------------------------------------------------------------------------

    def exchange_once(self) -> Exchanged:
        """Send and fetch until neither side has more; raises ``CounterfoilError``, and what was stored stays."""
        with self._turn:
            sent = received = 0
            bundle, trouble, fenced = None, None, False
            while True:
                knew = self._theirs
                sent_now, taken = self._round_trip()
                stored = len(taken.entries)
                sent, received = sent + sent_now, received + stored
                trouble = trouble_in(taken, self._counter.enrolment.feed) or trouble
                fenced = fenced or _is_forked(taken, self._counter.enrolment.feed)
                if taken.exchange.bundle is not None and bundle is None:
                    bundle, refused = self._take_bundle(taken.exchange.bundle)
                    trouble = refused or trouble
                moved = stored > 0 or self._progressed(knew, taken)
                if knew is not None and not (moved and self._more(taken)):
                    return Exchanged(sent, received, bundle, trouble, fenced)

    def _round_trip(self) -> tuple[int, Taken]:
        counter, nonce = self._counter, self._chance.octets(NONCE_BYTES)
        counter.take_checkpoint()
        if counter.carrying is not None:
            counter.carrying.look(self._clock.monotonic_s())
        told = compose(counter.side, self._theirs)
        message = seal_request(told, us=counter.us, recipient=HEAD_OFFICE, nonce=nonce, at_ms=counter.now_ms())
        try:
            answered = self._post(EXCHANGE_PATH, message)
        except ExchangeError as error:
            if counter.carrying is not None and error.code != UNREACHABLE:
                counter.carrying.refused(self._clock.monotonic_s())
            raise
        exchange = read_answer(
            answered, us=counter.us, key_of=counter.trust.key_of, nonce=nonce, saw_time=self._saw_time
        )
        self._theirs = exchange.vector
        return sum(len(segment.bodies) for segment in told.segments), take(counter.side, exchange)

    def _progressed(self, before: Mapping[FeedId, Head] | None, taken: Taken) -> bool:
        """Whether they hold more of our feed than before; what was sent and not taken (a fork) is no progress."""
        own = self._counter.enrolment.feed
        return before is None or before.get(own) != taken.exchange.vector.get(own)

    def _more(self, taken: Taken) -> bool:
        """Whether either side has something left: theirs said so, or they lack what our journal holds now."""
        if taken.exchange.more:
            return True
        own = self._counter.enrolment.feed
        ours = self._counter.side.store.heads().get(own)
        theirs = taken.exchange.vector.get(own)
        return ours is not None and (theirs is None or theirs.n < ours.n)

    def _take_bundle(self, envelope: bytes) -> tuple[OpenedBundle | None, str | None]:
        """Install it, or say in a sentence why not; one that was refused is not fetched again for a minute."""
        now_s = self._clock.monotonic_s()
        if self._refused is not None and self._refused[0] == envelope and now_s < self._refused[2]:
            return None, self._refused[1]
        try:
            installed = self._fetcher.take(envelope, self._ask_parts, self._counter.now_ms(), self._doing)
        except BundleError as error:
            self._refused = (envelope, error.what, now_s + REFUSED_BUNDLE_AGAIN_S)
            return None, error.what
        self._refused = None
        return installed, None

    def _doing(self, words: str) -> None:
        """Told while a bundle is fetched and installed; the link's state after the exchange says it no more."""
        self._tell(replace(self._link, doing=words))

    def _ask_parts(self, wanted: Sequence[bytes]) -> Mapping[bytes, bytes]:
        counter, nonce = self._counter, self._chance.octets(NONCE_BYTES)
        message = ask_parts(wanted, us=counter.us, recipient=HEAD_OFFICE, nonce=nonce, at_ms=counter.now_ms())
        return read_parts(self._post(PARTS_PATH, message), us=counter.us, key_of=counter.trust.key_of, nonce=nonce)


def _is_forked(taken: Taken, own: FeedId) -> bool:
    return any(one.feed == own for one in taken.divergences)


def trouble_in(taken: Taken, own: FeedId) -> str | None:
    """What a person must know of an exchange that went through."""
    if taken.pruned:
        lost = taken.pruned[0]
        return (
            f"Head office lacks entries {lost.theirs.n + 1} to {lost.begins.n} of {lost.feed}, which are pruned here: "
            "nothing behind them can be sent; it was restored from a backup that is too old. Call head office"
        )
    if _is_forked(taken, own):
        return "Head office holds another history of this journal: it was restored or copied; enrol this counter anew"
    theirs = [one.feed for one in taken.divergences] + [one.feed for one in taken.applied if one.result is Result.FORK]
    if any(feed.origin.split("/")[0] == HEAD_OFFICE for feed in theirs):
        return "Head office tells another history than before; nothing of the second was applied"
    return None
