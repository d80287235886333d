"""Walking a whole journal: every entry of every feed, every checkpoint, the first broken one by name.

Of a feed that was pruned it walks what is left, from the hash that the snapshot in the journal names and signs.

What it cannot see, and says nothing about: newest entries that somebody with the right tools cut off behind
the last checkpoint. Head office sees it, since it knows how far the feed went.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from kiosk.core.entry import NO_ENTRIES, BrokenChainError, Checkpoint, FeedId, Head, MalformedEntryError
from kiosk.core.fact import Opened, decode_fact
from kiosk.core.snapshot import SnapshotError
from kiosk.errors import JournalError
from kiosk.journal import foundation, pruning
from kiosk.journal.chain import UNREADABLE, KnownFeed, beginnings, checkpoints, walk
from kiosk.journal.reading import has_log, open_for_reading
from kiosk.ports import Beginning

_CHUNK = 64  # signatures checked in one go by a thread of their own

EXIT_WHOLE, EXIT_BROKEN, EXIT_UNREADABLE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry of a feed that is not what its writer wrote. ``feed`` may be a damaged name."""

    feed: str
    n: int
    why: str


@dataclass(frozen=True, slots=True)
class FeedReport:
    """One feed: its ``n`` sound entries, the hash of the last (empty where one is broken), and its checkpoints.

    The first ``pruned`` of them are not here any more: a snapshot stands for them.

    ``signatures_checked`` of its ``checkpoints`` were checked with the writer's key: from the feed's first
    entry where that names one, else as given by the caller. All of them hold, or ``broken`` says which does not.
    """

    feed: str
    n: int
    head: bytes
    checkpoints: int
    signatures_checked: int
    broken: Broken | None = None
    pruned: int = 0


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What :func:`verify` found. ``trouble`` tells of damage outside the entries, in SQLite's words."""

    path: Path
    feeds: tuple[FeedReport, ...]
    trouble: str | None = None

    @property
    def entries(self) -> int:
        """The sound entries of all feeds that are here."""
        return sum(max(feed.n - feed.pruned, 0) for feed in self.feeds)

    @property
    def broken(self) -> Broken | None:
        """The first broken entry, feeds in the order in which they were met; None: every one is sound."""
        return next((feed.broken for feed in self.feeds if feed.broken), None)

    @property
    def ok(self) -> bool:
        return self.broken is None and self.trouble is None


def verify(path: Path, *, keys: Mapping[str, bytes] | None = None) -> VerifyReport:
    """Recompute the whole journal at ``path`` and compare; reads only, also while a counter runs.

    ``keys`` gives the 32-byte Ed25519 public keys of feeds that do not name their own, by origin. Raises
    :class:`JournalError` where there is no journal to walk: ``journal-missing``, ``journal-foreign``,
    ``journal-newer``, ``journal-torn`` (not even its tables can be read), ``journal-unreadable``.
    """
    at_rest = not has_log(path)
    report = _verify_once(path, keys or {})
    if not report.ok and at_rest and has_log(path):
        return _verify_once(path, keys or {})  # a counter was started meanwhile and moved things: look again
    return report


def _verify_once(path: Path, keys: Mapping[str, bytes]) -> VerifyReport:
    with open_for_reading(path) as db, ThreadPoolExecutor() as pool:
        begins = beginnings(db)
        feeds = tuple(_feed_report(db, row, name, keys, pool, begins) for row, name in _names(db))
        return VerifyReport(path, feeds, _unfounded(db, begins) or _trouble(db))


def _names(db: apsw.Connection) -> list[tuple[int, str]]:
    """Rows and names of all feeds, those included whose entries are there and whose name is not."""
    names = dict(_texts(db))
    with contextlib.suppress(apsw.Error):  # a damaged page: the walk over its feed says so
        row = 0
        while (found := db.execute("SELECT min(feed) FROM entry WHERE feed > ?", (row,)).get) is not None:
            row = found
            names.setdefault(row, f"(no name, row {row})")
    return sorted(names.items())


def _texts(db: apsw.Connection) -> Iterator[tuple[int, str]]:
    for row, name in db.execute("SELECT id, CAST(name AS BLOB) FROM feed"):
        yield row, name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else repr(name)


def _feed_report(
    db: apsw.Connection, row: int, name: str, keys: Mapping[str, bytes], pool: ThreadPoolExecutor,
    begins: Mapping[int, Head],
) -> FeedReport:  # fmt: skip
    try:
        feed = KnownFeed(row, FeedId.parse(name), begins.get(row, NO_ENTRIES))
    except MalformedEntryError as error:
        return FeedReport(name, 0, b"", 0, 0, Broken(name, 1, f"its feed's name is damaged: {error}"))
    kept, misfit = _kept_checkpoints(db, feed)
    checkable = _with_keys(kept, _opened(db, feed), keys.get(feed.id.origin))
    chunks = [checkable[at : at + _CHUNK] for at in range(0, len(checkable), _CHUNK)]
    forged = [pool.submit(_first_forged, chunk) for chunk in chunks]  # signatures, while the chain is walked here
    head, broken = _walked(db, feed)
    found = [one for one in (broken, misfit, *(job.result() for job in forged)) if one is not None]
    first = min(found, key=lambda one: one.n, default=None)
    if first is None:
        return FeedReport(name, head.n, head.hash, len(kept), len(checkable), None, feed.begins.n)
    return FeedReport(name, first.n - 1, b"", len(kept), len(checkable), first, feed.begins.n)


def _walked(db: apsw.Connection, feed: KnownFeed) -> tuple[Head, Broken | None]:
    try:
        return walk(db, feed), None
    except BrokenChainError as broken:
        return NO_ENTRIES, Broken(str(feed.id), broken.n, broken.why)


def _kept_checkpoints(db: apsw.Connection, feed: KnownFeed) -> tuple[list[Checkpoint], Broken | None]:
    """The checkpoints of ``feed`` up to the first that does not fit its entry, and which one that is."""
    kept: list[Checkpoint] = []
    try:
        kept.extend(checkpoints(db, feed))
    except BrokenChainError as broken:
        return kept, Broken(str(feed.id), broken.n, broken.why)
    except UNREADABLE as error:
        n = kept[-1].n if kept else 1
        return kept, Broken(str(feed.id), n, f"the checkpoint behind it cannot be read: {error}")
    return kept, None


def _opened(db: apsw.Connection, feed: KnownFeed) -> Opened | None:
    try:
        fact = decode_fact(_first_body(db, feed))
    except (*UNREADABLE, MalformedEntryError, TypeError):
        return None  # the walk says what is wrong with it
    return fact if isinstance(fact, Opened) else None


def _first_body(db: apsw.Connection, feed: KnownFeed) -> Any:
    if feed.begins.n:
        return db.execute("SELECT opened FROM pruned WHERE feed = ?", (feed.row,)).get
    return db.execute("SELECT body FROM entry WHERE feed = ? AND n = 1", (feed.row,)).get


def _unfounded(db: apsw.Connection, begins: Mapping[int, Head]) -> str | None:
    """Why what stands for the pruned entries cannot be believed; None: it can, or nothing was pruned."""
    if not begins:
        return None
    try:
        feeds = {row: KnownFeed(row, FeedId.parse(name), begins.get(row, NO_ENTRIES)) for row, name in _names(db)}
        begun = {feed.id: Beginning(feed.begins, _first_body(db, feed)) for feed in feeds.values()}
        own = [feeds[row].id for (row,) in db.execute("SELECT feed FROM own_feed")]
        foundation.read(pruning.foundation(db) or b"", begun, own, {})
    except (*UNREADABLE, SnapshotError, MalformedEntryError) as error:
        return f"what stands for the pruned entries cannot be believed: {error}"
    return None


def _with_keys(
    kept: Sequence[Checkpoint], opened: Opened | None, given: bytes | None
) -> list[tuple[Checkpoint, bytes]]:
    """The checkpoints that there is a key for: the one the feed's writer named, for its epoch; else the one given."""
    own = {} if opened is None else {opened.key_epoch: opened.public_key}
    with_keys = ((checkpoint, own.get(checkpoint.key_epoch, given)) for checkpoint in kept)
    return [(checkpoint, key) for checkpoint, key in with_keys if key is not None]


def _first_forged(signed: Sequence[tuple[Checkpoint, bytes]]) -> Broken | None:
    for checkpoint, key in signed:
        if not checkpoint.is_signed_by(key):
            return Broken(str(checkpoint.feed), checkpoint.n, "the signature of its checkpoint is not its writer's")
    return None


def _trouble(db: apsw.Connection) -> str | None:
    """Damage anywhere in the file, in SQLite's words; None: its pages are sound."""
    try:
        found = db.execute("PRAGMA quick_check(1)").get
    except apsw.Error as error:
        return str(error)
    return None if found == "ok" else str(found).replace("\n", " ")


# --- the command -------------------------------------------------------------------------------


def verify_command(path: Path) -> tuple[int, dict[str, object]]:
    """The command ``verify``: words on standard error; the exit code and the answer for JSON are returned.

    Exit 0: whole. 1: an entry, checkpoint or page is broken, ``broken`` names the first. 3: no journal to walk.
    """
    try:
        report = verify(path)
    except JournalError as error:
        _say(str(error))
        return EXIT_UNREADABLE, {"journal": str(path), "ok": False, "code": error.code, "what": error.what}
    for feed in report.feeds:
        _say(_words(feed))
    if report.trouble:
        _say(f"The file is damaged: {report.trouble}")
    _say("Every entry is as it was written." if report.ok else "Keep the file aside and call head office.")
    return (EXIT_WHOLE if report.ok else EXIT_BROKEN), _answer(report)


def _say(words: str) -> None:
    print(words, file=sys.stderr)  # noqa: T201 - a command speaks


def _words(feed: FeedReport) -> str:
    if feed.broken:
        return f"{feed.feed}: broken at entry {feed.broken.n}: {feed.broken.why}"
    gone = f" (the first {feed.pruned} pruned)" if feed.pruned else ""
    signed = f"{feed.checkpoints} checkpoints, {feed.signatures_checked} signatures checked"
    return f"{feed.feed}: {feed.n} entries{gone}, {signed}"


def _answer(report: VerifyReport) -> dict[str, object]:
    broken = report.broken
    return {
        "journal": str(report.path),
        "ok": report.ok,
        "entries": report.entries,
        "feeds": [
            {
                "feed": feed.feed,
                "n": feed.n,
                "pruned": feed.pruned,
                "head": feed.head.hex(),
                "checkpoints": feed.checkpoints,
                "signatures_checked": feed.signatures_checked,
            }
            for feed in report.feeds
        ],
        "broken": None if broken is None else {"feed": broken.feed, "n": broken.n, "why": broken.why},
        "trouble": report.trouble,
    }
