"""Reading the chain back: one walk, used for the newest entries at every opening and for all of them by verify."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from kiosk.core.entry import NO_ENTRIES, BrokenChainError, Checkpoint, FeedId, Head, follow

_ROWS = "SELECT n, hash, body FROM entry WHERE feed = ? AND n > ? ORDER BY n"
_CHECKPOINTS = (
    "SELECT c.n, c.head, c.key_epoch, c.at_ms, c.signature, e.hash FROM checkpoint c "
    "LEFT JOIN entry e ON e.feed = c.feed AND e.n = c.n WHERE c.feed = ? AND c.n > ? "
)
_OLDEST_FIRST = "ORDER BY c.n, c.key_epoch"
_NEWEST_FIRST = "ORDER BY c.n DESC, c.key_epoch DESC LIMIT 1"
UNREADABLE = (apsw.Error, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class KnownFeed:
    """A feed, the number of its row in the table ``feed``, and the head behind which its entries are here."""

    row: int
    id: FeedId
    begins: Head = NO_ENTRIES


def last_n(db: apsw.Connection, row: int) -> int:
    """The number of the newest entry of a feed; 0 if it has none."""
    n = db.execute("SELECT max(n) FROM entry WHERE feed = ?", (row,)).get
    return n if isinstance(n, int) else 0


def walk(db: apsw.Connection, feed: KnownFeed, after_n: int = 0) -> Head:
    """The head of ``feed``, all entries behind ``after_n`` checked; raises :class:`BrokenChainError`.

    Of a feed that was pruned all there are: they begin on the hash that is kept of the last one pruned.
    """
    after_n = max(after_n, feed.begins.n)
    try:
        head = follow(feed.id, _head_at(db, feed, after_n), db.execute(_ROWS, (feed.row, after_n)))
    except UNREADABLE as error:
        raise BrokenChainError(_torn_at(db, feed, after_n), f"it cannot be read: {error}", torn=True) from error
    if head.n == feed.begins.n:
        raise BrokenChainError(head.n + 1, "it is missing; the feed is known but has no entries")
    return head


def _head_at(db: apsw.Connection, feed: KnownFeed, n: int) -> Head:
    if n == feed.begins.n:
        return feed.begins
    found = db.execute("SELECT hash FROM entry WHERE feed = ? AND n = ?", (feed.row, n)).get
    if not isinstance(found, bytes):
        raise BrokenChainError(n, "it is missing")
    return Head(n, found)


def _torn_at(db: apsw.Connection, feed: KnownFeed, after_n: int) -> int:
    """The first entry behind ``after_n`` that cannot be read: read again, one at a time, counting."""
    n = after_n
    try:
        for _ in db.execute(_ROWS, (feed.row, after_n)):
            n += 1
    except UNREADABLE:
        pass
    return n + 1


def checkpoints(db: apsw.Connection, feed: KnownFeed, *, newest: bool = False) -> Iterator[Checkpoint]:
    """The checkpoints of ``feed`` in order, or the newest alone; :class:`BrokenChainError` where one does not fit."""
    rows = db.execute(_CHECKPOINTS + (_NEWEST_FIRST if newest else _OLDEST_FIRST), (feed.row, feed.begins.n))
    for n, head, key_epoch, at_ms, signature, entry in rows:
        if entry is None:
            raise BrokenChainError(n, "it is missing; a checkpoint covers it")
        if entry != head:
            raise BrokenChainError(n, "it is not the entry that its checkpoint covers")
        if (type(key_epoch), type(at_ms), type(signature)) != (int, int, bytes):  # only damage makes them others
            raise BrokenChainError(n, "its checkpoint cannot be read", torn=True)
        yield Checkpoint(feed.id, n, head, key_epoch, at_ms, signature)


def checkpoint_between(db: apsw.Connection, feed: KnownFeed, after_n: int, until_n: int) -> Checkpoint | None:
    """The newest checkpoint above ``after_n`` and not above ``until_n``; where there is none, the next one above."""
    columns = "SELECT n, head, key_epoch, at_ms, signature FROM checkpoint WHERE feed = ? AND n > ? "
    within = columns + "AND n <= ? ORDER BY n DESC, key_epoch DESC LIMIT 1"
    above = columns + "ORDER BY n, key_epoch DESC LIMIT 1"
    row = next(db.execute(within, (feed.row, after_n, until_n)), None) or next(
        db.execute(above, (feed.row, max(after_n, until_n))), None
    )
    return None if row is None else Checkpoint(feed.id, *row)


def feeds(db: apsw.Connection) -> list[KnownFeed]:
    """Every feed in the file, in the order in which they were met."""
    begins = beginnings(db)
    names = list(db.execute("SELECT id, name FROM feed ORDER BY id"))
    return [KnownFeed(row, FeedId.parse(name), begins.get(row, NO_ENTRIES)) for row, name in names]


def beginnings(db: apsw.Connection) -> dict[int, Head]:
    """Up to where feeds were pruned, by their rows; a journal of an earlier release has no such table."""
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'pruned'").get:
        return {}
    return {row: Head(n, digest) for row, n, digest in db.execute("SELECT feed, n, hash FROM pruned")}
