"""The journal of one counter: its own feed, which it appends to, and the feeds of others that it holds.

Rules of this module:

- One connection, guarded by one lock; one writer a file (:mod:`kiosk.journal.lock`).
- Nothing is updated, and nothing deleted but what a snapshot stands for. The database refuses it too, by triggers.
- What a method has returned is durable. What it refused is not there. Where SQLite cannot tell which,
  :class:`AppendUnknownError` is raised, and again by every later call of any thread, until :meth:`Journal.reopen`,
  after which the caller folds :meth:`Journal.replay` anew. So nobody can repeat an act whose outcome is unknown,
  or decide by a standing that lacks an entry which is there.
- Opening after a crash, opening after a fault and opening on a good day are one path: :meth:`Journal._load`.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import apsw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import (
    NO_ENTRIES,
    BrokenChainError,
    Checkpoint,
    Entry,
    FeedId,
    Head,
    MalformedEntryError,
    chain,
    sign_checkpoint,
)
from kiosk.core.fact import BundleInstalled, Fact, Opened, Unknown, decode_fact, encode_fact
from kiosk.errors import AppendUnknownError, JournalError
from kiosk.journal import bundles, pruning
from kiosk.journal.chain import KnownFeed, checkpoint_between, checkpoints, feeds, last_n, walk
from kiosk.journal.connection import Connect, connect_file, open_for_writing, said
from kiosk.journal.lock import WriterLock
from kiosk.journal.segments import check_segment
from kiosk.ports import Beginning, CachedBundle

CHECKED_AT_OPENING = 1000
"""Entries of each feed whose chain is checked when the journal is opened: a few milliseconds. A crash can
only have touched the newest; ``verify`` checks them all."""

REPLAY_ENTRIES = 500
"""Entries read at a time while replaying, so that others get at the journal in between."""


class Journal:
    """A :class:`kiosk.ports.FeedStore` and :class:`kiosk.ports.Appender` in one SQLite file.

    Safe to use from any thread. Made by :meth:`open`. Its methods raise :class:`JournalError` with the codes
    ``journal-disk-full``, ``journal-torn``, ``journal-edited``, ``journal-unreadable``, ``journal-stopped`` (after
    :meth:`close`; as :class:`AppendUnknownError` until :meth:`reopen`) and, on opening, ``journal-busy``,
    ``journal-foreign``, ``journal-newer``.
    """

    def __init__(self, path: Path, connect: Connect) -> None:
        self.path = path
        self._connect = connect
        self._guard = threading.RLock()
        self._db: apsw.Connection | None = None
        self._stopped = False
        self._feeds: dict[FeedId, KnownFeed] = {}
        self._heads: dict[FeedId, Head] = {}
        self._own: FeedId | None = None
        self._writer = WriterLock(path)

    # --- opening and closing ---

    @classmethod
    def open(cls, path: Path, *, connect: Connect = connect_file) -> Journal:
        """The journal at ``path``, made there if there was none. Its newest entries have been checked."""
        journal = cls(path, connect)
        try:
            journal._load()
        except BaseException:
            journal._writer.release()
            raise
        return journal

    def reopen(self) -> None:
        """Leave the connection, open the file again and check its newest entries.

        To be called after :class:`AppendUnknownError`; whoever folded this journal then folds it anew.
        """
        with self._guard:
            if not self._writer.held:
                raise self._has_stopped()
            self._leave()
            self._load()
            self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether every call is refused until :meth:`reopen`."""
        return self._stopped

    def close(self) -> None:
        """Let go of the file. A second call does nothing; any other call afterwards raises ``journal-stopped``."""
        with self._guard:
            self._stopped = True
            self._leave()
            self._writer.release()

    def _load(self) -> None:
        """Connect, and learn every feed's head from the file itself; the only way in."""
        try:
            db = open_for_writing(self.path, self._connect)
        except apsw.Error as error:
            raise said(error, self.path) from error
        self._db = db
        try:
            self._feeds = {feed.id: feed for feed in feeds(db)}
            self._heads = {feed.id: self._checked_head(db, feed) for feed in self._feeds.values()}
            own_row = db.execute("SELECT max(feed) FROM own_feed").get
            self._own = next((feed.id for feed in self._feeds.values() if feed.row == own_row), None)
        except (apsw.Error, MalformedEntryError, UnicodeDecodeError) as error:
            self._leave()
            known = error if isinstance(error, apsw.Error) else apsw.CorruptError(str(error))
            raise said(known, self.path) from error
        except BaseException:
            self._leave()
            raise

    def _checked_head(self, db: apsw.Connection, feed: KnownFeed) -> Head:
        try:
            after_n = max(last_n(db, feed.row) - CHECKED_AT_OPENING, 0)
            head = walk(db, feed, after_n)
            list(checkpoints(db, feed, newest=True))
        except BrokenChainError as broken:
            raise JournalError(
                "journal-torn" if broken.torn else "journal-edited",
                f"Entry {broken.n} of the feed {feed.id} is not as it was written: {broken.why}",
                where=f"{self.path}, feed {feed.id}, entry {broken.n}",
                cure="Run verify on it, keep the file aside and call head office.",
            ) from broken
        return head

    def _leave(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with contextlib.suppress(apsw.Error):  # closing copies the log back; where that fails, opening does it
                db.close(True)

    # --- transactions ---

    @contextlib.contextmanager
    def _using(self) -> Iterator[apsw.Connection]:
        """The connection, for one caller at a time. After an I/O error whose outcome is known it is a new one."""
        with self._guard:
            if self._stopped:
                raise self._has_stopped()
            if self._db is None:
                self._load()
            assert self._db is not None
            try:
                yield self._db
            except apsw.Error as error:
                if not isinstance(error, apsw.FullError):
                    self._leave()
                raise said(error, self.path) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        """One transaction: durable when the block is left, undone when it raises."""
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                if db.in_transaction:  # SQLite has rolled back by itself after some errors
                    db.execute("ROLLBACK")
                raise
            self._commit(db)

    def _commit(self, db: apsw.Connection) -> None:
        try:
            # Power fails before this line: nothing of the transaction is in the file, and nobody was told that it
            # is. Power fails within it: the log's last frame, which carries the commit mark, is whole on disk or
            # it is not, and the next opening finds all of the transaction or none; nobody was told either way.
            # Power fails after it: the log was synced (synchronous=FULL), so all of it is there for good.
            db.execute("COMMIT")
        except apsw.FullError as error:
            if self._is_as_before(db):
                raise
            raise self._unknown(error) from error
        except apsw.Error as error:
            raise self._unknown(error) from error

    def _is_as_before(self, db: apsw.Connection) -> bool:
        """Whether the file ends where memory says it does. Asked of the file, never concluded from an error."""
        try:
            count = db.execute("SELECT count(*) FROM feed").get
            ends = all(last_n(db, feed.row) == self._heads[feed.id].n for feed in self._feeds.values())
        except apsw.Error:
            return False
        return ends and count == len(self._feeds)

    def _has_stopped(self) -> JournalError:
        """What every call meets after an unknown outcome (of whatever thread's), or after closing."""
        kind = AppendUnknownError if self._writer.held else JournalError
        return kind(
            "journal-stopped",
            "The journal has stopped",
            where=str(self.path),
            cure="It is opened again and folded anew; if this stays, start the counter again.",
        )

    def _unknown(self, error: apsw.Error) -> AppendUnknownError:
        self._leave()
        self._stopped = True
        return AppendUnknownError(
            "append-unknown",
            f"Whether the last entry reached the disk is not known: {error}",
            where=str(self.path),
            cure="The journal is opened again and says; do not repeat the act before.",
        )

    # --- the own feed ---

    @property
    def feed(self) -> FeedId:
        """The feed that this journal writes; raises :class:`JournalError` ``not-enrolled`` before there is one."""
        if self._own is None:
            raise JournalError(
                "not-enrolled",
                "This counter is not enrolled yet",
                where=str(self.path),
                cure="Enrol it with the code that head office shows.",
            )
        return self._own

    def start_feed(self, feed: FeedId, fact: Opened) -> Entry:
        """Begin ``feed`` as this journal's own, with ``fact`` as its first entry.

        A journal that has been enrolled before begins its next life here; the feed of the one before is kept.
        """
        with self._writing() as db:
            if feed in self._feeds:
                raise JournalError(
                    "already-enrolled",
                    f"This journal holds the feed {feed} already",
                    where=str(self.path),
                    cure="Ask head office for a new code, which gives a new incarnation.",
                )
            known = self._add_feed(db, feed)
            db.execute("INSERT INTO own_feed (feed) VALUES (?)", (known.row,))
            entries = chain(feed, NO_ENTRIES, [encode_fact(fact)])
            self._insert(db, known, entries)
        self._keep(known, entries)
        self._own = feed
        return entries[0]

    def append(self, facts: Sequence[Fact]) -> Sequence[Entry]:
        """Write ``facts`` behind the own feed's head in one transaction; durable when this returns.

        Raises :class:`JournalError` ``journal-disk-full`` and others: nothing was written. Raises
        :class:`AppendUnknownError`: reopen, fold anew, look; never call again before.
        """
        bodies = [encode_fact(fact) for fact in facts]
        with self._guard:
            feed = self.feed
            if not bodies:
                return ()
            with self._writing() as db:
                entries = chain(feed, self._heads[feed], bodies)
                self._insert(db, self._feeds[feed], entries)
            self._keep(self._feeds[feed], entries)
            return entries

    def checkpoint_now(self, key: Ed25519PrivateKey, key_epoch: int, at_ms: int) -> Checkpoint:
        """The own head's checkpoint: the one there is, or a new one signed with ``key`` and kept."""
        with self._guard:
            feed = self.feed
            newest = self.checkpoint(feed)
            head = self._heads[feed]
            if newest is not None and (newest.n, newest.key_epoch) == (head.n, key_epoch):
                return newest
            signed = sign_checkpoint(feed, head, key_epoch, at_ms, key)
            with self._writing() as db:
                self._insert_checkpoint(db, signed)
            return signed

    # --- all feeds ---

    def heads(self) -> Mapping[FeedId, Head]:
        """Every feed held, and how far it goes."""
        with self._guard:
            return dict(self._heads)

    def entries(self, feed: FeedId, after_n: int, limit: int) -> Sequence[Entry]:
        """Up to ``limit`` entries of ``feed`` with numbers above ``after_n``, in order; none of an unknown feed."""
        with self._using() as db:
            known = self._feeds.get(feed)
            if known is None:
                return []
            rows = db.execute(
                "SELECT n, hash, body FROM entry WHERE feed = ? AND n > ? ORDER BY n LIMIT ?",
                (known.row, max(after_n, known.begins.n), max(limit, 0)),
            )
            return [Entry(feed, n, digest, body) for n, digest, body in rows]

    def beginning(self, feed: FeedId) -> Beginning:
        """Where ``feed`` begins here: behind what was pruned."""
        with self._using() as db:
            known = self._feeds.get(feed)
            return (
                Beginning(NO_ENTRIES, None) if known is None else Beginning(known.begins, pruning.opened(db, known.row))
            )

    def checkpoint(self, feed: FeedId) -> Checkpoint | None:
        """The newest checkpoint of ``feed``."""
        with self._using() as db:
            known = self._feeds.get(feed)
            return None if known is None else next(checkpoints(db, known, newest=True), None)

    def checkpoint_between(self, feed: FeedId, after_n: int, until_n: int) -> Checkpoint | None:
        """The newest checkpoint of ``feed`` above ``after_n`` and not above ``until_n``, else the next one above."""
        with self._using() as db:
            known = self._feeds.get(feed)
            return None if known is None else checkpoint_between(db, known, after_n, until_n)

    def store_segment(self, entries: Sequence[Entry], checkpoint: Checkpoint) -> None:
        """Append ``entries`` of one foreign feed with their checkpoint, in one transaction.

        The caller has verified the signature. Raises :class:`ExchangeError` and stores nothing where the first
        entry does not follow the feed's head, the chain does not hold, or the checkpoint is not of the last entry.
        """
        feed = checkpoint.feed
        with self._guard:
            check_segment(feed, self._own, self._heads.get(feed, NO_ENTRIES), entries, checkpoint)
            with self._writing() as db:
                known = self._feeds.get(feed) or self._add_feed(db, feed)
                self._insert(db, known, entries)
                self._insert_checkpoint(db, checkpoint, known)
            self._keep(known, entries)

    def head_at(self, feed: FeedId, n: int) -> Head | None:
        """The head of ``feed`` when it had ``n`` entries; None where it never had as many, or those are pruned."""
        begins = self.beginning(feed).after
        if n == begins.n:
            return begins
        found = self.entries(feed, n - 1, 1)
        return Head(n, found[0].hash) if found and found[0].n == n else None

    def replay(
        self, after: Mapping[FeedId, Head] | None = None, until: Mapping[FeedId, Head] | None = None
    ) -> Iterator[tuple[FeedId, int, Fact]]:
        """Every fact of every feed behind ``after`` and up to ``until``, feed by feed in order, for folding.

        What was pruned stands in :meth:`foundation`; to replay from before it raises :class:`JournalError`
        ``journal-pruned``.

        An entry whose body holds no fact (another writer's fault; the chain still holds) comes as
        :class:`Unknown` of kind 0, so that numbers stay dense. Entries appended meanwhile may be left out.
        """
        for feed, head in (self.heads() if until is None else until).items():
            n = 0 if after is None else after.get(feed, NO_ENTRIES).n
            while n < head.n:
                page = self.entries(feed, n, min(REPLAY_ENTRIES, head.n - n))
                if not page or page[0].n != n + 1:
                    # a fold that begins before what was pruned forgets used marks, and nobody notices
                    raise _lacks(feed, n + 1, self.path)
                for entry in page:
                    yield feed, entry.n, _fact(entry.body)
                n = page[-1].n

    # --- pruning ---

    def foundation(self) -> bytes | None:
        """The snapshot that stands for what was pruned, as it was given; None: nothing ever was."""
        with self._using() as db:
            return pruning.foundation(db)

    def prune(self, covered: Mapping[FeedId, Head], snapshot: Iterable[bytes]) -> None:
        """Let ``snapshot`` stand for the entries up to ``covered``; afterwards call :meth:`sweep` until it has done.

        The caller signed it and knows that head office holds the own entries among them. The last entry of a feed
        stays. Raises :class:`JournalError`; then nothing is pruned.
        """
        made = self._put_down(snapshot)
        with self._guard:
            if any(self.head_at(feed, head.n) != head for feed, head in covered.items()):
                raise JournalError(
                    "journal-edited", "A snapshot is of other entries than the journal's", where=str(self.path)
                )
            with self._writing() as db:
                pruning.put_in_force(db, made, {self._feeds[feed].row: head for feed, head in covered.items()})
            with self._using() as db:
                self._feeds = {feed.id: feed for feed in feeds(db)}

    def _put_down(self, snapshot: Iterable[bytes]) -> int:
        with self._using() as db:
            made = pruning.next_made(db)
        for piece, content in enumerate(pruning.pieces(snapshot)):
            with self._writing() as db:
                pruning.put_piece(db, made, piece, content)
        return made

    def sweep(self) -> bool:
        """Delete some rows of what is pruned, and of snapshots no longer in force; False: nothing was left."""
        with self._writing() as db:
            return pruning.sweep(db)

    # --- the bundle ---

    def install_bundle(self, bundle: CachedBundle, fact: BundleInstalled) -> Entry:
        """Put ``bundle`` in the place of the one before and append ``fact``, in one transaction.

        Raises :class:`BundleError` ``bundle-older`` where the own feed knows a higher version,
        ``bundle-malformed`` where a part is not what its name says; the bundle before stays in force.
        """
        with self._guard:
            feed = self.feed
            with self._writing() as db:
                bundles.refuse_older(db, fact.version)
                bundles.replace(db, bundle)
                entries = chain(feed, self._heads[feed], [encode_fact(fact)])
                self._insert(db, self._feeds[feed], entries)
            self._keep(self._feeds[feed], entries)
            return entries[0]

    def bundle(self) -> CachedBundle | None:
        """The bundle in force; None before the first."""
        with self._using() as db:
            return bundles.read(db)

    def disk_free_bytes(self) -> int:
        """What is left on the disk that holds the journal."""
        return shutil.disk_usage(self.path.parent).free

    # --- rows ---

    def _add_feed(self, db: apsw.Connection, feed: FeedId) -> KnownFeed:
        db.execute("INSERT INTO feed (name) VALUES (?)", (str(feed),))
        return KnownFeed(db.last_insert_rowid(), feed)

    def _insert(self, db: apsw.Connection, feed: KnownFeed, entries: Sequence[Entry]) -> None:
        insert = "INSERT INTO entry (feed, n, hash, body) VALUES (?, ?, ?, ?)"
        for entry in entries:
            db.execute(insert, (feed.row, entry.n, entry.hash, entry.body))

    def _insert_checkpoint(self, db: apsw.Connection, signed: Checkpoint, feed: KnownFeed | None = None) -> None:
        known = feed or self._feeds[signed.feed]
        db.execute(
            "INSERT INTO checkpoint (feed, n, key_epoch, head, at_ms, signature) VALUES (?, ?, ?, ?, ?, ?)",
            (known.row, signed.n, signed.key_epoch, signed.head, signed.at_ms, signed.signature),
        )

    def _keep(self, feed: KnownFeed, entries: Sequence[Entry]) -> None:
        """Remember the head that was just made durable."""
        self._feeds[feed.id] = feed
        self._heads[feed.id] = Head(entries[-1].n, entries[-1].hash)


def _lacks(feed: FeedId, n: int, path: Path) -> JournalError:
    return JournalError(
        "journal-pruned",
        f"Entry {n} of {feed} is not here any more, and what stands for it was not used",
        where=str(path),
        cure="Start the counter again; if this stays, call head office.",
    )


def _fact(body: bytes) -> Fact:
    try:
        return decode_fact(body)
    except MalformedEntryError:
        return Unknown(kind=0, fields={})
