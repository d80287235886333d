"""Head office, put together: its database, its keys and its clock. Use cases are functions that are given this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kiosk.clock import Clock
from sync.head_office.keys import Keys
from sync.head_office.store import HeadOfficeStore


@dataclass(frozen=True, slots=True)
class HeadOffice:
    """What every use case of head office needs. ``place`` is its data directory."""

    place: Path
    store: HeadOfficeStore
    keys: Keys
    clock: Clock
