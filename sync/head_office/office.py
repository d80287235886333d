"""Head office, put together: its database, its keys and its clock. Use cases are functions that are given this."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.clock import Clock, SystemClock, to_ms
from sync.head_office.attempts import Attempts
from sync.head_office.kept_lives import Lives, LivesFile, LivesInMemory, put_back
from sync.head_office.keys import Keys
from sync.head_office.positions import KeptPositions, PositionFile, Positions
from sync.head_office.restored import start
from sync.head_office.store import HeadOfficeStore

DATABASE_FILE = "head-office.db"


@dataclass(frozen=True, slots=True)
class HeadOffice:
    """What every use case of head office needs. ``place`` is its data directory.

    ``attempts`` counts wrong passwords; ``parsed`` keeps what was published last, read into models; ``positions`` are
    how far its feeds have gone out, ``lives`` who was let in.
    """

    place: Path
    store: HeadOfficeStore
    keys: Keys
    clock: Clock
    attempts: Attempts
    parsed: dict[str, Any] = field(default_factory=dict, repr=False)
    positions: Positions = field(default_factory=KeptPositions, repr=False)
    lives: Lives = field(default_factory=LivesInMemory, repr=False)

    @classmethod
    def open(cls, place: Path, *, database: str | None = None, clock: Clock | None = None) -> HeadOffice:
        """Head office in ``place``; keys and schema are made where they are missing.

        ``database`` is an address such as ``postgresql://...``; None: an SQLite file in ``place``. Raises
        ``SetupError`` and ``StoreError``. A database that was restored begins a new incarnation.
        """
        from sync.head_office.decisions import recall  # noqa: PLC0415 (which is given an office)
        from sync.head_office.sql.store import SqlStore  # noqa: PLC0415 (a twin in a test needs no SQLAlchemy)

        clock = clock or SystemClock()
        keys = Keys.open(place)
        url = database or f"sqlite:///{place.resolve() / DATABASE_FILE}"
        store, positions, lives = SqlStore.open(url), PositionFile(place), LivesFile(place)
        try:
            with store.together():
                put_back(store, lives.held())  # who may have been granted something is to be known first
            start(store, positions, to_ms(clock.now()) // 1000)
            office = cls(place, store, keys, clock, Attempts(clock), positions=positions, lives=lives)
            recall(office)
        except BaseException:
            store.close()
            raise
        return office

    def close(self) -> None:
        """Give back files and connections."""
        self.store.close()
