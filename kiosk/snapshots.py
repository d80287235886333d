"""The snapshot beside a journal: the fold of most of it, so that a counter need not fold everything at each start.

Rules of this module:

- A snapshot is folded from the journal alone, never from what a running counter believes; it can be thrown away.
- One that is absent, damaged, of another key, of another release's format, or that covers entries which are not in the
  journal is ignored: everything is folded anew.
- One that was used is compared with the fold of the entries that it covers, in the background. Where they differ, a
  person is told and the fold wins.
- All of it is done in the background and in small pieces; nothing here is in the way of a redemption.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core import snapshot
from kiosk.core.entry import NO_ENTRIES, FeedId, Head
from kiosk.core.fact import Fact, Unknown
from kiosk.core.freezing import differing
from kiosk.core.packed import Octets
from kiosk.core.pruning import prunable
from kiosk.core.rights import is_head_office
from kiosk.core.settled import Settled, nothing
from kiosk.core.snapshot import Snapshot, SnapshotError
from kiosk.core.standing import Standing
from kiosk.errors import JournalError
from kiosk.journal import Journal, foundation

EVERY_ENTRIES = 10_000
"""A snapshot is renewed when as many entries came since: folding them takes a start about 0.2 s."""
LEAST_ENTRIES = 500
"""Fewer are not worth one when a counter is stopped."""
FOLDED_AT_ONCE = 20_000
"""Entries that are folded before they are made into tables, which take a tenth of the room."""
PRUNED_AT_LEAST = 5_000
"""Fewer entries are not worth a new foundation."""
PRUNE_EVERY_S = 6 * 60 * 60
PACE_ENTRIES = 200
REST_S = 0.01
"""In the background: some milliseconds of folding, then a rest, so that pages and redemptions come in between."""

log = logging.getLogger(__name__)

Pace = Callable[[], None]


class StoppedError(Exception):
    """The counter ends: what is done in the background is given up."""


def folded(
    journal: Journal, own: FeedId, settled: Settled, after: Mapping[FeedId, Head], until: Mapping[FeedId, Head],
    pace: Pace = lambda: None,
) -> Standing:  # fmt: skip
    """``settled``, which covers ``after``, with the entries of the journal behind that and up to ``until``."""
    standing = Standing.on(settled, own)
    for count, (feed, n, fact) in enumerate(journal.replay(after, until), start=1):
        standing.apply(feed, n, fact)
        if count % PACE_ENTRIES == 0:
            pace()
        if count % FOLDED_AT_ONCE == 0:
            standing = Standing.on(standing.frozen().settled(), own)
    return standing


class Snapshots:
    """The snapshot of one counter's journal in one file, signed with its device key.

    ``on_difference`` is told, from the thread, what the entries that a snapshot covers really come to.
    """

    def __init__(
        self, path: Path, journal: Journal, feed: FeedId, key: Ed25519PrivateKey, key_epoch: int,
        now_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        self.path = path
        self.feed = feed
        self.on_difference: Callable[[Snapshot], None] = lambda _true: None
        self.ignored: str | None = None
        self._journal = journal
        self._key = key
        self._key_epoch = key_epoch
        self._now_ms = now_ms
        self._newest: Snapshot | None = None
        self._to_check: Snapshot | None = None
        self._came = EVERY_ENTRIES
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    # --- at a start -------------------------------------------------------------------------------

    def restored(self) -> Snapshot | None:
        """The snapshot to begin on; None: fold everything. ``ignored`` then says why, where there was one.

        Raises ``JournalError`` where entries were pruned and what stands for them cannot be believed.
        """
        found = self._newest or self._read()
        if found is not None and not self._is_of_this_journal(found):
            # an older journal was put back, or a snapshot of what another journal held was put beside this one
            self.ignored, found = "it covers entries that are not in the journal", None
        if self.ignored is not None:
            log.warning("the snapshot %s is ignored: %s", self.path, self.ignored)
        self._to_check = found
        self._newest = found = found or self._foundation()
        self._came = EVERY_ENTRIES if self._to_check is None else self._behind(self._to_check)
        return found

    def _read(self) -> Snapshot | None:
        try:
            return snapshot.read(_mapped(self.path), {self.feed: _public(self._key)})
        except FileNotFoundError:
            return None
        except (OSError, SnapshotError) as error:
            self.ignored = str(error)
            return None

    def _foundation(self) -> Snapshot | None:
        """What stands for the pruned entries of the journal."""
        octets = self._journal.foundation()
        if octets is None:
            return None
        try:
            begun = {feed: self._journal.beginning(feed) for feed in self._journal.heads()}
            own = [feed for feed in begun if feed.origin == self.feed.origin]
            found = foundation.read(octets, begun, own, {self.feed: _public(self._key)})
        except SnapshotError as error:
            raise JournalError(
                "journal-foundation",
                f"What stands for the pruned entries of the journal cannot be believed: {error}",
                where=str(self._journal.path),
                cure="Keep the file aside, call head office, and enrol this counter anew.",
            ) from error
        same = found.feed == self.feed
        return found if same else replace(found, feed=self.feed, settled=found.settled.of_another_life())

    def _is_of_this_journal(self, found: Snapshot) -> bool:
        return all(self._journal.head_at(feed, head.n) == head for feed, head in found.covered.items()) and all(
            found.covered.get(feed, NO_ENTRIES).n >= self._journal.beginning(feed).after.n
            for feed in self._journal.heads()
        )

    def _behind(self, found: Snapshot) -> int:
        heads = self._journal.heads()
        return sum(head.n - found.covered.get(feed, NO_ENTRIES).n for feed, head in heads.items())

    # --- in the background ------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to compare and to renew."""
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._thread.start()

    def came(self, count: int) -> None:
        """``count`` more entries are in the journal."""
        self._came += count
        if self._came >= EVERY_ENTRIES:
            self._due.set()

    def finish(self) -> None:
        """End the thread, and leave a snapshot that makes the next start a quick one."""
        self._stopping.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()
        if self._came >= LEAST_ENTRIES:
            with contextlib.suppress(OSError, JournalError):  # a full disk, say: the next start folds more
                self.renew()

    def _run(self) -> None:
        try:
            self._rest()
            self._tried(self.check)
            while not self._stopping.is_set():
                if self._came >= EVERY_ENTRIES:
                    self._tried(self.renew)
                self._tried(self.prune)
                self._due.wait(PRUNE_EVERY_S)
                self._due.clear()
        except StoppedError:
            pass
        except Exception:
            log.exception("no snapshot is made until the next start")

    def _tried(self, act: Callable[[Pace], object]) -> None:
        """What does not go now (a full disk, a journal that has stopped) goes another time."""
        try:
            act(self._rest)
        except (OSError, JournalError) as error:
            log.warning("the snapshot %s stays as it is for now: %s", self.path, error)

    def _rest(self) -> None:
        if self._stopping.wait(REST_S):
            raise StoppedError

    # --- what it does -----------------------------------------------------------------------------

    def check(self, pace: Pace = lambda: None) -> list[str]:
        """What the snapshot that was restored and the fold of what it covers do not agree in; empty: they do."""
        found, self._to_check = self._to_check, None
        if found is None:
            return []
        ground, covered = self._ground(found.settled.names)
        if ground is None:
            log.warning("the snapshot %s cannot be compared and is made anew", self.path)
            self._newest, self._came = None, EVERY_ENTRIES
            return []
        true = folded(self._journal, self.feed, ground, covered, found.covered, pace).frozen().settled()
        different = differing(found.settled, true)
        if different:
            log.error("the snapshot %s differs from the journal in: %s", self.path, ", ".join(different))
            self._newest = Snapshot(self.feed, found.key_epoch, found.at_ms, found.covered, true)
            self._came = EVERY_ENTRIES
            self.on_difference(self._newest)
        return different

    def renew(self, pace: Pace = lambda: None) -> None:
        """Fold what came since, and write. Raises ``JournalError`` and ``OSError``; the snapshot before stays then."""
        self._came = 0  # tried once for so many, whether it goes well or not
        newest = self._newest
        if newest is not None and self._is_of_this_journal(newest):
            settled, covered = newest.settled, newest.covered
        else:
            settled, covered = self._beginning()
        heads = self._journal.heads()
        frozen = folded(self._journal, self.feed, settled, covered, heads, pace).frozen()
        _write(self.path, snapshot.write(frozen, heads, self.feed, self._key_epoch, self._now_ms(), self._key))
        self._newest = self._read()

    def prune(self, pace: Pace = lambda: None) -> int:
        """Let go of what is receipted and old (:mod:`kiosk.core.pruning`), if it is much: how many entries.

        Raises ``JournalError``.
        """
        self._sweep(pace)  # what a power cut left
        heads = self._journal.heads()
        begins = {feed: self._journal.beginning(feed).after for feed in heads}
        may_go = prunable(heads, self.feed.origin, partial(self._paced, begins, pace), self._newest_ms(heads))
        count = sum(n - begins[feed].n for feed, n in may_go.items())
        if count < PRUNED_AT_LEAST:
            return 0
        self.renew(pace)  # so that nobody begins on one that ends before what goes now
        until = {feed: self._journal.head_at(feed, may_go.get(feed, begins[feed].n)) for feed in heads}
        points = {feed: head for feed, head in until.items() if head is not None and head.n > 0}
        ground, covered = self._ground(() if self._newest is None else self._newest.settled.names)
        if ground is None:
            ground, covered = self._beginning()
        frozen = folded(self._journal, self.feed, ground, covered, points, pace).frozen()
        pieces = snapshot.write(frozen, points, self.feed, self._key_epoch, self._now_ms(), self._key)
        self._journal.prune(points, pieces)
        log.info("%d entries that head office holds were pruned", count)
        self._sweep(pace)
        return count

    def _sweep(self, pace: Pace) -> None:
        while self._journal.sweep():
            pace()

    def _beginning(self) -> tuple[Settled, Mapping[FeedId, Head]]:
        """What the entries that are here are folded on."""
        found = self._foundation()
        return (nothing(), {}) if found is None else (found.settled, found.covered)

    def _ground(self, names: Sequence[str]) -> tuple[Settled | None, Mapping[FeedId, Head]]:
        """The same, with ``names`` as their numbers; None where they cannot be."""
        settled, covered = self._beginning()
        return settled.renamed(names), covered

    def _newest_ms(self, heads: Mapping[FeedId, Head]) -> int:
        """The earlier of now and the newest time that head office told; 0 where it told none."""
        told = [fact for feed, head in heads.items() if is_head_office(feed) for _, fact in self._last(feed, head)]
        return min(self._now_ms(), max((0 if isinstance(fact, Unknown) else fact.at_ms for fact in told), default=0))

    def _last(self, feed: FeedId, head: Head) -> Iterable[tuple[int, Fact]]:
        return ((n, fact) for _, n, fact in self._journal.replay({feed: Head(head.n - 1, b"")}, {feed: head}))

    def _paced(self, begins: Mapping[FeedId, Head], pace: Pace, feed: FeedId, head: Head) -> Iterator[tuple[int, Fact]]:
        for count, (_, n, fact) in enumerate(self._journal.replay(begins, {feed: head}), start=1):
            yield n, fact
            if count % PACE_ENTRIES == 0:
                pace()


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _mapped(path: Path) -> Octets:
    with path.open("rb") as file:
        if sys.platform == "win32":  # a mapped file cannot be replaced there
            return file.read()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if os.fstat(file.fileno()).st_size else b""


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Put the file in the place of the one before: whole, or not at all."""
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
