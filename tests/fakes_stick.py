"""A stick without files behind it: answers what a test tells it to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

from kiosk.errors import CounterfoilError
from kiosk.ports import FolderRead, StickRead, StickWritten

NAME = "counterfoil-to-head-office-from-bayside.counter-2.stick"
FROM_OFFICE = "counterfoil-to-bayside.counter-2-from-head-office.stick"


class FakeStick:
    """:class:`kiosk.ports.Stick`; ``found``, ``fault`` and ``folder`` are a test's to set."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.found = FolderRead((StickRead(FROM_OFFICE, "head-office", 1, entries=3, bundle_version=5),), others=2)
        self.fault: CounterfoilError | None = None
        self.more = False
        self.uploaded: list[tuple[str, bytes]] = []
        self.done: list[str] = []

    def write(self, out: BinaryIO) -> StickWritten:
        self._told("write")
        return StickWritten(NAME, "head-office", 12, out.write(b"sealed" * 100_000), self.more)

    def read(self, file: BinaryIO, name: str) -> StickRead:
        self._told("read")
        self.uploaded.append((name, file.read()))
        return self.found.files[0]

    def write_to(self, folder: Path) -> StickWritten:
        self._told(f"write to {folder.name}")
        return StickWritten(NAME, "head-office", 12, 600_000, self.more)

    def read_from(self, folder: Path) -> FolderRead:
        self._told(f"read from {folder.name}")
        return self.found

    def room(self) -> BinaryIO:
        return tempfile.TemporaryFile()

    def _told(self, what: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.done.append(what)
