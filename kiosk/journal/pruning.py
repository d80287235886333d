"""The rows of what was pruned, and of the snapshot that stands for it. The transactions around them are the journal's.

Rules of this module:

- A snapshot is put down in pieces, each in a transaction of its own, so that none is long. It means nothing yet.
- Then one transaction says that it is in force, and up to which entry of each feed it stands. From then on those
  entries are no longer there, whatever rows are left: they are swept away afterwards, some at a time.
- The database refuses to delete an entry that is not pruned, and to unprune one (:mod:`kiosk.journal.schema`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import apsw

from kiosk.core.entry import Head
from kiosk.journal import bundles

PIECE_BYTES = 1 << 20
SWEPT_ENTRIES = 2000
SWEPT_PIECES = 4


def pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """``content`` in pieces of at most 1 MiB."""
    for one in content:
        for at in range(0, len(one), PIECE_BYTES):
            yield one[at : at + PIECE_BYTES]


def next_made(db: apsw.Connection) -> int:
    """The number of a new snapshot."""
    made = db.execute("SELECT max(made) FROM (SELECT made FROM foundation UNION ALL SELECT made FROM standing_on)").get
    return made + 1 if isinstance(made, int) else 1


def put_piece(db: apsw.Connection, made: int, piece: int, content: bytes) -> None:
    """Put down a piece of snapshot ``made``."""
    db.execute("INSERT INTO foundation (made, piece, content) VALUES (?, ?, ?)", (made, piece, content))


def put_in_force(db: apsw.Connection, made: int, covered: Mapping[int, Head]) -> None:
    """Let snapshot ``made`` stand for the entries up to ``covered`` (by the rows of their feeds) from now on."""
    db.execute(
        "INSERT OR REPLACE INTO standing_on (slot, made, bundle_floor) VALUES (1, ?, ?)", (made, bundles.floor(db))
    )
    db.executemany(
        "INSERT INTO pruned (feed, n, hash, opened) "
        "VALUES (:feed, :n, :hash, (SELECT body FROM entry WHERE feed = :feed AND n = 1)) "
        "ON CONFLICT (feed) DO UPDATE SET n = excluded.n, hash = excluded.hash",
        [{"feed": row, "n": head.n, "hash": head.hash} for row, head in covered.items()],
    )


def sweep(db: apsw.Connection) -> bool:
    """Delete some rows that are none any more; False: there were none."""
    found = db.execute(
        "SELECT feed, n, (SELECT min(n) FROM entry WHERE feed = pruned.feed) AS first FROM pruned WHERE first <= n"
    ).fetchone()
    if found is not None:
        row, n, first = found
        last = min(n, first + SWEPT_ENTRIES - 1)
        db.execute("DELETE FROM checkpoint WHERE feed = ? AND n <= ?", (row, last))
        db.execute("DELETE FROM entry WHERE feed = ? AND n <= ?", (row, last))
        return True
    left = db.execute(
        "SELECT made, piece FROM foundation WHERE made < (SELECT made FROM standing_on) LIMIT ?", (SWEPT_PIECES,)
    ).fetchall()
    db.executemany("DELETE FROM foundation WHERE made = ? AND piece = ?", left)
    return bool(left)


def foundation(db: apsw.Connection) -> bytes | None:
    """The snapshot in force, as it was written; None: nothing was ever pruned."""
    if db.execute("SELECT 1 FROM pruned").get is None:
        return None
    rows = db.execute("SELECT content FROM foundation WHERE made = (SELECT made FROM standing_on) ORDER BY piece")
    return b"".join(content for (content,) in rows if isinstance(content, bytes))


def opened(db: apsw.Connection, row: int) -> bytes | None:
    """The body of the first entry of a feed, kept of one that is pruned."""
    body = db.execute(
        "SELECT coalesce((SELECT opened FROM pruned WHERE feed = ?1), "
        "(SELECT body FROM entry WHERE feed = ?1 AND n = 1))",
        (row,),
    ).get
    return body if isinstance(body, bytes) else None
