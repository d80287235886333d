"""A counter towards head office: whose feeds it accepts, what it sends, by which keys.

It accepts "head-office" and "head-office/<any counter of its store>", signed by the head-office key of the epoch
that was pinned at enrolment, and nothing else; it sends its own feed, and those of its earlier lives (a
counter that was enrolled anew) as far as their keys are still there, or signed them then. What it holds of head
office's feeds to itself and to all it gives back to a head office that lost it. What it carries for a neighbour
(``carrying``) it sends too, and asks for that neighbour's receipts; of the others no word is said on this line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import Clock, to_ms
from kiosk.config import Enrolment
from kiosk.core.entry import NO_ENTRIES, Checkpoint, Entry, FeedId, Head, MalformedEntryError, sign_checkpoint
from kiosk.core.fact import Opened, Receipt, decode_fact
from kiosk.core.rights import is_head_office
from kiosk.ports import FeedStore
from sync.carrying import Carrying
from sync.exchange import Fork, KeepFork, Side
from sync.offering import head_at
from sync.wire import Party

HEAD_OFFICE = "head-office"

log = logging.getLogger(__name__)


def _receipt(entry: Entry) -> Receipt | None:
    try:
        fact = decode_fact(entry.body)
    except MalformedEntryError:
        return None
    return fact if isinstance(fact, Receipt) else None


class PinnedHeadOffice:
    """The trust of a counter: what enrolment pinned (see :class:`sync.exchange.Trust`)."""

    def __init__(self, enrolment: Enrolment) -> None:
        self._store = f"{HEAD_OFFICE}/{enrolment.store}/"
        self._keys = dict(enrolment.head_office_keys)

    def accepts(self, feed: FeedId) -> bool:
        return feed.origin == HEAD_OFFICE or feed.origin.startswith(self._store)

    def public_key(self, feed: FeedId, key_epoch: int) -> bytes | None:
        return self._keys.get(key_epoch) if self.accepts(feed) else None

    def key_of(self, origin: str, key_epoch: int) -> bytes | None:
        """The key of a message's sender."""
        return self._keys.get(key_epoch) if origin == HEAD_OFFICE else None


def overtaken(store: FeedStore) -> Callable[[FeedId], bool]:
    """Which feeds of head office's a newer incarnation has overtaken, as far as is known here.

    More of them is taken from head office itself alone: a grant that a neighbour or a stick still carries may be one
    that a restored head office has forgotten, after it was told all that is here.
    """

    def is_overtaken(feed: FeedId) -> bool:
        return is_head_office(feed) and any(
            is_head_office(one) and one.incarnation > feed.incarnation for one in store.heads()
        )

    return is_overtaken


def report_fork(fork: Fork) -> None:
    """Write fork evidence to the log, where nobody has a better place for it."""
    log.error("%s has two histories from entry %d on; nothing of the second was applied", fork.feed, fork.stored.n)


class CounterSide:
    """One counter's end of the exchange, whoever starts it; composed once and used by any thread."""

    def __init__(  # noqa: PLR0913  (every part is named where a counter is put together)
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
        earlier_keys: Sequence[Ed25519PrivateKey] = (),
        saw_list: Callable[[int], None] = lambda _version: None,
    ) -> None:
        """``take_checkpoint`` signs the journal's head; ``on_entries`` folds what head office wrote.

        ``earlier_keys`` are those of this counter's earlier lives, to sign what is left of their feeds. ``saw_list`` is
        told the version of the bundle that is in force at head office.
        """
        self._clock = clock
        self._keys = {key.public_key().public_bytes_raw(): key for key in (*earlier_keys, device_key)}
        self.enrolment = enrolment
        self.us = Party(enrolment.origin, enrolment.key_epoch, device_key)
        self.trust = PinnedHeadOffice(enrolment)
        self.take_checkpoint = take_checkpoint
        self.carrying: Carrying | None = None
        self._usual = {enrolment.origin, HEAD_OFFICE, f"{HEAD_OFFICE}/{enrolment.origin}"}
        self.side = Side(
            store=store,
            trust=self.trust,
            may_send=lambda feed: feed.origin in self._usual or self._is_of_carried(feed),
            keep_fork=keep_fork,
            sign=self._sign,
            bundle_version=bundle_version,
            learned=on_entries,
            shared=self._shared,
            quiet=lambda feed: feed.origin not in self._usual and not self._is_of_carried(feed),
            wanted=self._receipts_wanted,
            mark_of=self._mark_of,
            saw_list=saw_list,
        )

    def now_ms(self) -> int:
        """Unix milliseconds by this counter's clock."""
        return to_ms(self._clock.now())

    def _shared(self, feed: FeedId) -> Head:
        """The newest receipt of ``feed`` that is of what lies here: one of another branch may lie beside it."""
        store = self.side.store
        told = [one for one in store.heads() if self.trust.accepts(one)]
        newest = max((one.incarnation for one in told), default=0)  # a restored head office lost what it receipted
        for one in (one for one in told if one == FeedId(f"{HEAD_OFFICE}/{feed.origin}", newest)):
            for entry in reversed(store.entries(one, 0, store.heads()[one].n)):
                fact = _receipt(entry)
                head = None if fact is None or fact.feed != str(feed) else Head(fact.n, fact.head)
                if head is not None and head_at(store, feed, head.n) == head:
                    return head
        return NO_ENTRIES

    def _mark_of(self, feed: FeedId, after_n: int, until_n: int) -> Checkpoint | None:
        return None if self.carrying is None else self.carrying.mark_of(feed, after_n, until_n)

    def _carried(self) -> frozenset[FeedId]:
        return frozenset() if self.carrying is None else self.carrying.feeds

    def _is_of_carried(self, feed: FeedId) -> bool:
        """Whether it is carried, or is what head office tells one whose feed is."""
        origins = {one.origin for one in self._carried()}
        return feed in self._carried() or feed.origin.removeprefix(f"{HEAD_OFFICE}/") in origins

    def _receipts_wanted(self) -> list[FeedId]:
        """Head office's feeds to those whose entries are carried: it sends them only where they are named."""
        lives = [feed.incarnation for feed in self.side.store.heads() if feed.origin.split("/")[0] == HEAD_OFFICE]
        origins = {one.origin for one in self._carried()}
        return [FeedId(f"{HEAD_OFFICE}/{origin}", max(lives)) for origin in sorted(origins)] if lives else []

    def _sign(self, feed: FeedId, head: Head) -> Checkpoint | None:
        signer = (self.us.key_epoch, self.us.key) if feed == self.enrolment.feed else self._earlier_signer(feed)
        return None if signer is None else sign_checkpoint(feed, head, signer[0], self.now_ms(), signer[1])

    def _earlier_signer(self, feed: FeedId) -> tuple[int, Ed25519PrivateKey] | None:
        """Key epoch and key of an earlier life of this counter; None where its key is gone."""
        if feed.origin != self.enrolment.origin:
            return None
        opened = self.side.store.beginning(feed).opened
        fact = None if opened is None else decode_fact(opened)
        key = self._keys.get(fact.public_key) if isinstance(fact, Opened) else None
        return None if key is None or not isinstance(fact, Opened) else (fact.key_epoch, key)
