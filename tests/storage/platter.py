"""What a power cut leaves on a disk, worked out from a record of all that programs did to its files.

Rules of this model, which is the weakest disk that POSIX allows:

- What was written to a file stays on its way until that file is synced. A cut keeps of it what chance will: all of a
  write, nothing, or any of its sectors, in any order. So it is with lengths.
- Names are like that too: a file that was made, renamed or deleted is so for good once its folder was synced. A cut
  keeps the first so many changes of names (file systems with a journal), or any of them (those without).
- A file that is synced is not thereby found under its name: whoever made it syncs the folder. A folder that is lost
  takes along what lies in it.

A :class:`Trace` is such a record. One run of a program gives every cut of it: :func:`cuts`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "found", "make", "make-folder", "write", "truncate", "sync", "lose", "delete", "rename", "folder", "mark"
]
CHANGES: tuple[Kind, ...] = ("make", "make-folder", "write", "truncate", "sync", "delete", "rename", "folder")
"""What power is cut at. ``lose`` is a sync that failed: what was on its way never gets there."""
SECTORS_BYTES = (512, 4096)


@dataclass(frozen=True, slots=True)
class Act:
    """One call. ``name`` and ``to`` are paths; ``at`` an offset or a length; ``data`` what was written or was there."""

    kind: Kind
    name: str = ""
    at: int = 0
    data: bytes | None = None
    to: str = ""


Trace = list[Act]


@dataclass
class _File:
    """``content`` is what the platter holds, ``waiting`` writes and truncates on their way there."""

    content: bytearray
    waiting: list[Act] = field(default_factory=list)

    def sync(self) -> None:
        for act in self.waiting:
            _perform(self.content, act)
        self.waiting = []

    def after_cut(self, luck: Luck) -> bytes:
        left = bytearray(self.content)
        for act in self.waiting:
            for kept in luck.of(act):
                _perform(left, kept)
        return bytes(left)


def _perform(content: bytearray, act: Act) -> None:
    if act.kind == "truncate":
        del content[act.at :]
        content.extend(bytes(max(act.at - len(content), 0)))
        return
    data = act.data or b""
    content.extend(bytes(max(act.at - len(content), 0)))
    content[act.at : act.at + len(data)] = data


class Luck:
    """What a cut keeps; the same for the same seed. Seed 0 keeps nothing that is not safe, seed 1 all of it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = random.Random(seed)
        self._keeps = {0: 0.0, 1: 1.0}.get(seed, self._chance.random())
        self._sector_bytes = SECTORS_BYTES[seed % len(SECTORS_BYTES)]

    def of(self, act: Act) -> list[Act]:
        """What is kept of one write or truncate."""
        if self._seed < 2 or act.kind == "truncate" or self._chance.random() < 0.5:
            return [act] if self.keeps() else []
        data, size = act.data or b"", self._sector_bytes
        edges = [0, *range(size - act.at % size, len(data), size), len(data)]
        pieces = itertools.pairwise(edges)
        return [Act("write", act.name, act.at + a, data[a:b]) for a, b in pieces if self.keeps()]

    def keeps(self) -> bool:
        """Whether the next one is kept."""
        return self._chance.random() < self._keeps

    def renames(self, waiting: list[Act]) -> list[Act]:
        """Which changes of names are kept."""
        if self._seed >= 2 and self._seed % 4 < 2:  # a file system without a journal
            return [act for act in waiting if self.keeps()]
        many = {0: 0, 1: len(waiting)}.get(self._seed, self._chance.randint(0, len(waiting)))
        return waiting[:many]


class Platter:
    """A disk while it has power: told each act in turn, asked at any time what a cut would leave."""

    def __init__(self) -> None:
        self._now: dict[str, _File] = {}  # by the names that programs see
        self._safe: dict[str, _File] = {}  # by the names that are on the platter
        self._names: list[tuple[Act, _File]] = []
        self._folders: set[str] = set()  # those made since

    def told(self, act: Act) -> None:
        """``act`` was done."""
        if act.kind == "found":
            self._now[act.name] = self._safe[act.name] = _File(bytearray(act.data or b""))
        elif act.kind == "make-folder":
            self._folders.add(act.name)
            self._names.append((act, _File(bytearray())))
        elif act.kind == "make":
            self._now[act.name] = made = _File(bytearray())
            self._names.append((act, made))
        elif act.kind in {"write", "truncate"}:
            self._now[act.name].waiting.append(act)
        elif act.kind == "sync":
            self._now[act.name].sync()
        elif act.kind == "lose":
            self._now[act.name].waiting.clear()
        elif act.kind in {"delete", "rename"}:
            moved = self._now.pop(act.name)
            self._names.append((act, moved))
            if act.kind == "rename":
                self._now[act.to] = moved
        elif act.kind == "folder":
            staying = [(one, file) for one, file in self._names if _folder(one.name) != act.name]
            for one, file in self._names:
                if _folder(one.name) == act.name:
                    _rename(self._safe, one, file)
            self._names = staying

    def survivors(self, seed: int) -> Mapping[str, bytes]:
        """What the files hold after a cut now, by name; the same for the same seed."""
        luck = Luck(seed)
        left = dict(self._safe)
        files = {id(act): file for act, file in self._names}
        for act in luck.renames([act for act, _ in self._names]):
            _rename(left, act, files[id(act)])
        lost = tuple(f"{folder}/" for folder in self._folders if folder not in left)
        return {
            name: file.after_cut(luck)
            for name, file in sorted(left.items())
            if name not in self._folders and not name.startswith(lost)
        }


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _rename(names: dict[str, _File], act: Act, file: _File) -> None:
    if act.kind in {"make", "make-folder"}:
        names[act.name] = file
        return
    if names.get(act.name) is file:
        del names[act.name]
        if act.kind == "rename":
            names[act.to] = file
    elif act.kind == "rename" and act.name not in names:  # its making was lost, and its new name was not
        names[act.to] = file


@dataclass(frozen=True)
class Cut:
    """Power fails at act ``k`` of a trace; ``marks`` were set before it."""

    k: int
    act: Act
    platter: Platter
    marks: int


def cuts(trace: Trace) -> Iterator[Cut]:
    """Every cut of what was done: at each change, which a write, a name or a length may survive and a sync has not."""
    platter, marks = Platter(), 0
    for k, act in enumerate(trace):
        syncs = act.kind in {"sync", "folder"}
        if not syncs:
            platter.told(act)
        if act.kind in CHANGES:
            yield Cut(k, act, platter, marks)
        if syncs:
            platter.told(act)
        marks += act.kind == "mark"
    yield Cut(len(trace), Act("mark"), platter, marks)
