"""What became of a stick, in words for a person and as fields for a program (the commands of both sides)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kiosk.ports import FolderRead, StickRead, StickWritten


def told_written(written: Sequence[StickWritten]) -> list[str]:
    """A line for each file."""
    lines = []
    for one in written:
        entries = "1 entry" if one.entries == 1 else f"{one.entries:,} entries"
        more = "; there is more: write again once this has arrived" if one.more else ""
        lines.append(f"{one.name}: {entries}, {one.size_bytes:,} bytes{more}")
    return lines or ["Nothing to write: no counter is enrolled"]


def fields_written(written: Sequence[StickWritten]) -> dict[str, Any]:
    """The same for a program."""
    return {
        "written": [
            {"file": one.name, "recipient": one.recipient, "entries": one.entries, "bytes": one.size_bytes,
             "more": one.more}
            for one in written
        ]
    }  # fmt: skip


def told_read(read: FolderRead) -> list[str]:
    """A line for each file, and for each thing to know about it."""
    lines = [line for one in read.files for line in _lines(one)]
    if read.others:
        lines.append(f"{read.others} {'file is' if read.others == 1 else 'files are'} for others, and left as they are")
    return lines or ["No stick file for this place lies in the folder"]


def _lines(one: StickRead) -> list[str]:
    if one.refused is not None:
        return [f"{one.name}: refused. {one.refused}"]
    came = "nothing new" if not one.entries else "1 new entry" if one.entries == 1 else f"{one.entries:,} new entries"
    bundle = f", promotions of version {one.bundle_version}" if one.bundle_version else ""
    return [f"{one.name}: {came} from {one.sender}{bundle}", *(f"{one.name}: {note}" for note in one.notes)]


def fields_read(read: FolderRead) -> dict[str, Any]:
    """The same for a program; ``code`` None: taken in."""
    return {
        "files": [
            {"file": one.name, "sender": one.sender, "entries": one.entries, "bundle_version": one.bundle_version,
             "notes": [note.code for note in one.notes], "code": one.refused.code if one.refused else None}
            for one in read.files
        ],
        "others": read.others,
    }  # fmt: skip


def exit_code(read: FolderRead) -> int:
    """1 where a file was refused."""
    return int(any(one.refused is not None for one in read.files))
