"""A counter towards head office: whose feeds it accepts, what it sends, by which keys.

It accepts "head-office" and "head-office/<its own origin>", signed by the head-office key of the epoch
that was pinned at enrolment, and nothing else; it sends its own feed, and those of its earlier lives (a
counter that was enrolled anew) as far as its device key signed them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import Clock, to_ms
from kiosk.config import Enrolment
from kiosk.core.entry import Checkpoint, Entry, FeedId, Head, sign_checkpoint
from kiosk.core.fact import Opened, decode_fact
from kiosk.ports import FeedStore
from sync.exchange import Fork, KeepFork, Side
from sync.wire import Party

HEAD_OFFICE = "head-office"

log = logging.getLogger(__name__)


class PinnedHeadOffice:
    """The trust of a counter: what enrolment pinned (see :class:`sync.exchange.Trust`)."""

    def __init__(self, enrolment: Enrolment) -> None:
        self._origins = {HEAD_OFFICE, f"{HEAD_OFFICE}/{enrolment.origin}"}
        self._keys = dict(enrolment.head_office_keys)

    def accepts(self, feed: FeedId) -> bool:
        return feed.origin in self._origins

    def public_key(self, feed: FeedId, key_epoch: int) -> bytes | None:
        return self._keys.get(key_epoch) if self.accepts(feed) else None

    def key_of(self, origin: str, key_epoch: int) -> bytes | None:
        """The key of a message's sender."""
        return self._keys.get(key_epoch) if origin == HEAD_OFFICE else None


def report_fork(fork: Fork) -> None:
    """Write fork evidence to the log, where nobody has a better place for it."""
    log.error("%s has two histories from entry %d on; nothing of the second was applied", fork.feed, fork.stored.n)


class CounterSide:
    """One counter's end of the exchange, whoever starts it; composed once and used by any thread."""

    def __init__(
        self,
        enrolment: Enrolment,
        device_key: Ed25519PrivateKey,
        store: FeedStore,
        clock: Clock,
        *,
        take_checkpoint: Callable[[], object],
        on_entries: Callable[[Sequence[Entry]], None],
        bundle_version: Callable[[], int],
        keep_fork: KeepFork = report_fork,
    ) -> None:
        """``take_checkpoint`` signs the journal's head; ``on_entries`` folds what head office wrote."""
        self._clock = clock
        self.enrolment = enrolment
        self.us = Party(enrolment.origin, enrolment.key_epoch, device_key)
        self.trust = PinnedHeadOffice(enrolment)
        self.take_checkpoint = take_checkpoint
        self.side = Side(
            store=store,
            trust=self.trust,
            may_send=lambda feed: feed.origin == enrolment.origin,
            keep_fork=keep_fork,
            sign=self._sign,
            bundle_version=bundle_version,
            learned=on_entries,
        )

    def now_ms(self) -> int:
        """Unix milliseconds by this counter's clock."""
        return to_ms(self._clock.now())

    def _sign(self, feed: FeedId, head: Head) -> Checkpoint | None:
        key_epoch = self.us.key_epoch if feed == self.enrolment.feed else self._earlier_epoch(feed)
        return None if key_epoch is None else sign_checkpoint(feed, head, key_epoch, self.now_ms(), self.us.key)

    def _earlier_epoch(self, feed: FeedId) -> int | None:
        """The key epoch of an earlier life of this counter; None where it had another key."""
        if feed.origin != self.enrolment.origin:
            return None
        opened = self.side.store.beginning(feed).opened
        fact = None if opened is None else decode_fact(opened)
        same_key = isinstance(fact, Opened) and fact.public_key == self.us.key.public_key().public_bytes_raw()
        return fact.key_epoch if isinstance(fact, Opened) and same_key else None
