"""How far each of head office's own feeds has gone out, and to which lives of counters: on disk outside the database.

Rules of this module:

- It is written after the database has committed and before what it tells of leaves (a message to a counter, a file on a
  stick). So after any crash the database is as far as the file or further.
- A database behind the file was restored from a backup (:mod:`sync.head_office.restored`).
- A position never goes back. Nothing is written where nothing is new, so an idle exchange costs nothing.
- The file is replaced as a whole: written beside, synced, renamed, and the folder synced. If power fails at any of
  these, the old file or the new one is there.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.durable import sync_folder
from kiosk.errors import SetupError

POSITIONS_FILE = "positions.json"


class Positions(Protocol):
    """Where the positions are kept."""

    def held(self) -> Mapping[FeedId, int] | None:
        """The positions by feed; None: there are none, which is not the same as none yet."""
        ...

    def lacks(self, positions: Mapping[FeedId, int]) -> bool:
        """Whether any of these is higher than what is known to be kept."""
        ...

    def keep(self, positions: Mapping[FeedId, int]) -> None:
        """They are on disk when this returns; lower ones than before are left."""
        ...


class KeptPositions:
    """Positions in memory, for a head office of tests and simulations; lost with it."""

    def __init__(self, positions: Mapping[FeedId, int] | None = None) -> None:
        self._positions = None if positions is None else dict(positions)

    def held(self) -> Mapping[FeedId, int] | None:
        return None if self._positions is None else dict(self._positions)

    def lacks(self, positions: Mapping[FeedId, int]) -> bool:
        return self._positions is None or raised(self._positions, positions) != self._positions

    def keep(self, positions: Mapping[FeedId, int]) -> None:
        self._positions = raised(self._positions or {}, positions)


class PositionFile:
    """Positions in a file of head office's data folder."""

    def __init__(self, place: Path) -> None:
        self._path = place / POSITIONS_FILE
        self._turn = threading.Lock()
        self._known: dict[FeedId, int] | None = None

    def held(self) -> Mapping[FeedId, int] | None:
        with self._turn:
            self._known = self._read()
            return None if self._known is None else dict(self._known)

    def lacks(self, positions: Mapping[FeedId, int]) -> bool:
        known = self._known
        return known is None or raised(known, positions) != known

    def keep(self, positions: Mapping[FeedId, int]) -> None:
        with self._turn:
            if not self.lacks(positions):
                return
            # another program of head office may have written since
            after = raised(self._read() or {}, positions)
            self._write(after)
            self._known = after

    def _read(self) -> dict[FeedId, int] | None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(str(error)) from None
        try:
            read = json.loads(content)
            return {FeedId.parse(name): int(n) for name, n in read.items()}
        except (ValueError, AttributeError, MalformedEntryError):
            return None  # what nobody can read says nothing: it is as if it were missing

    def _write(self, positions: Mapping[FeedId, int]) -> None:
        text = json.dumps({str(feed): n for feed, n in sorted(positions.items())}, indent=0) + "\n"
        new = self._path.with_name(f"{POSITIONS_FILE}.{os.getpid()}.new")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise self._unusable(str(error)) from None

    def _unusable(self, why: str) -> SetupError:
        return SetupError(
            "positions-unusable",
            f"Head office cannot keep how far its feeds have gone: {why}",
            where=str(self._path),
            cure="Free some space, and see that head office may read and write there. Nothing was sent.",
        )


def raised(before: Mapping[FeedId, int], positions: Mapping[FeedId, int]) -> dict[FeedId, int]:
    """The higher of both for each feed."""
    return {feed: max(before.get(feed, 0), positions.get(feed, 0)) for feed in {*before, *positions}}
