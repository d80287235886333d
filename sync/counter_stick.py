"""The stick at a counter: its journal to head office; receipts, uses and promotions back.

Rules of this module:

- A counter brings its own feeds first, and then those of its store's other counters, as far as it holds them: so the
  stick of one counter is enough for a store whose line is down.
- What head office is known to hold are its own feeds, and what its receipts in this journal say, but only those of its
  newest incarnation: a head office that was restored is sent everything again.
- While a file is taken in, no exchange over the line installs a bundle, and the other way round.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from kiosk.core.entry import FeedId, Head, MalformedEntryError
from kiosk.core.fact import Receipt, decode_fact
from kiosk.core.rights import HEAD_OFFICE, is_head_office
from kiosk.errors import BundleError, CounterfoilError
from kiosk.ports import FeedStore, FolderRead, StickRead, StickWritten
from sync import stick, stick_file, stick_folder
from sync.bundle import BundleFetcher
from sync.counter_side import CounterSide, overtaken
from sync.exchange import Side, take
from sync.offering import MarkOf, no_mark
from sync.replicator import trouble_in
from sync.stick_file import Label
from sync.wire import NONCE_BYTES

PAGE_ENTRIES = 256


def receipted(store: FeedStore) -> dict[FeedId, Head]:
    """How far head office holds feeds, by those of its receipts that are held here."""
    heads = {feed: head for feed, head in store.heads().items() if is_head_office(feed)}
    newest = max((feed.incarnation for feed in heads), default=1)
    found: dict[FeedId, Head] = {}
    for feed, head in heads.items():
        if feed.incarnation == newest and feed.origin != HEAD_OFFICE:
            for receipt in _receipts(store, feed, head.n):
                found.setdefault(FeedId.parse(receipt.feed), Head(receipt.n, receipt.head))
    return found


def begun(store: FeedStore) -> dict[FeedId, Head]:
    """Where feeds begin that were pruned: head office receipted all before, and there is nothing else to send."""
    beginnings = {feed: store.beginning(feed).after for feed in store.heads()}
    return {feed: after for feed, after in beginnings.items() if after.n}


def _receipts(store: FeedStore, feed: FeedId, until_n: int) -> Iterator[Receipt]:
    """The receipts on ``feed``, the newest first."""
    while until_n > 0:
        after_n = max(0, until_n - PAGE_ENTRIES)
        for entry in reversed(store.entries(feed, after_n, until_n - after_n)):
            receipt = _receipt(entry.body)
            if receipt is not None:
                yield receipt
        until_n = after_n


def _receipt(body: bytes) -> Receipt | None:
    try:
        fact = decode_fact(body)
        if isinstance(fact, Receipt):
            FeedId.parse(fact.feed)
            return fact
    except MalformedEntryError:  # a newer release's; it is kept, and tells this one nothing
        pass
    return None


class CounterStick:
    """Implements :class:`kiosk.ports.Stick`. Safe to call from any thread."""

    def __init__(
        self,
        counter: CounterSide,
        bundles: Callable[[], AbstractContextManager[BundleFetcher]],
        place: Path,
        folder: Path | None = None,
        mark_of: MarkOf = no_mark,
    ) -> None:
        """``bundles`` gives the one who installs bundles, for as long as it is held; ``place`` is the data folder.

        ``mark_of`` finds where a neighbour's feed may be cut.
        """
        self._counter = counter
        self._bundles = bundles
        self._place = place
        self._mark_of = mark_of
        self.folder = folder

    def room(self) -> BinaryIO:
        """An empty file without a name, on this machine's disk, that goes when it is closed."""
        return tempfile.TemporaryFile(dir=self._place)

    # --- out --------------------------------------------------------------------------------------

    def write(self, out: BinaryIO, *, everything: bool = False) -> StickWritten:
        """Write the file for head office. ``everything``: whatever its receipts say."""
        counter = self._counter
        counter.take_checkpoint()
        known = begun(counter.side.store) | ({} if everything else self._known_there())
        _, office_key = max(counter.enrolment.head_office_keys)
        label = Label(
            counter.us.origin, HEAD_OFFICE, stick_file.short_id(office_key),
            stick_file.short_id(counter.enrolment.root_key), os.urandom(NONCE_BYTES), counter.now_ms(),
        )  # fmt: skip
        pages = stick.Pages([(side, known) for side in self._sides()])
        size = stick_file.write(out, label, office_key, stick.contents(counter.us, label, pages))
        return StickWritten(self.name, HEAD_OFFICE, pages.entries, size, pages.more)

    def _known_there(self) -> dict[FeedId, Head]:
        """What head office is known to hold: what it has receipted, and what it wrote itself.

        Not what one before it wrote that was restored from a backup, until the new one receipts something of ours: what
        the backup had lost of its own goes along with ours until then.
        """
        store = self._counter.side.store
        known, written = receipted(store), {feed: head for feed, head in store.heads().items() if is_head_office(feed)}
        newest = max((feed.incarnation for feed in written), default=1)
        answered = self._counter.enrolment.feed in known
        return known | {feed: head for feed, head in written.items() if answered or feed.incarnation == newest}

    def _sides(self) -> list[Side]:
        """This counter as the one whose feeds these are; then, where it holds any, as carrier of its neighbours'."""
        side = self._counter.side
        near = {feed for feed in side.store.heads() if self._is_near(feed)}
        own = replace(side, may_send=lambda feed: side.may_send(feed) and feed not in near)
        if not near:
            return [own]
        lives = [feed.incarnation for feed in side.store.heads() if feed.origin == HEAD_OFFICE]
        origins = sorted({feed.origin for feed in near})
        receipts = [FeedId(f"{HEAD_OFFICE}/{origin}", max(lives, default=1)) for origin in origins]
        carrier = replace(
            side, may_send=near.__contains__, quiet=lambda _feed: False, wanted=lambda: receipts, mark_of=self._mark_of
        )
        return [own, carrier]

    def _is_near(self, feed: FeedId) -> bool:
        """Whether another counter of this store writes it."""
        enrolment = self._counter.enrolment
        return feed.origin.startswith(f"{enrolment.store}/") and feed.origin != enrolment.origin

    @property
    def name(self) -> str:
        """What the file for head office is called."""
        return stick_folder.name_of(self._counter.us.origin, HEAD_OFFICE)

    def write_to(self, folder: Path, *, everything: bool = False) -> StickWritten:
        """Write it into ``folder``, whole or not at all."""
        written: list[StickWritten] = []

        def write(out: BinaryIO) -> int:
            written.append(self.write(out, everything=everything))
            return written[0].size_bytes

        stick_folder.put(folder, self.name, write)
        return written[0]

    # --- in ---------------------------------------------------------------------------------------

    def read_from(self, folder: Path) -> FolderRead:
        """Take in what is for us in ``folder``; each file by itself."""
        return stick_folder.read_each(folder, self.read)

    def read(self, file: BinaryIO, name: str) -> StickRead:
        """Take in a file from head office; what is wrong with it is in the answer, never raised."""
        try:
            with stick_folder.told_of_reading(name):
                return self._take(stick.survey(file, self._reader()), name)
        except CounterfoilError as error:
            return StickRead(name, refused=error)

    def _reader(self) -> stick.Reader:
        counter = self._counter
        return stick.Reader(counter.us.origin, counter.us.key, counter.enrolment.root_key, counter.trust.key_of)

    def _take(self, survey: stick.Survey, name: str) -> StickRead:
        outcome, version = stick.Outcome(), 0
        with self._bundles() as fetcher:
            for exchange in survey.each_exchange():
                with outcome.unless_first():
                    side = self._counter.side
                    taken = take(replace(side, closed=overtaken(side.store)), exchange)
                    outcome.add(taken, trouble_in(taken, self._counter.enrolment.feed))
            if outcome.bundle is not None:
                try:
                    installed = fetcher.take(outcome.bundle, survey.ask, self._counter.now_ms())
                    version = 0 if installed is None else installed.version
                except BundleError as error:  # older, or not whole: those in force stay, and the entries stay too
                    outcome.note(error)
        return StickRead(name, survey.label.sender, survey.label.at_ms, outcome.entries, version, notes=outcome.notes)
