"""Counters and a head office that meet only through a folder, for tests of the stick."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from kiosk.core.fact import Receipt
from kiosk.ports import FolderRead, StickRead
from sync.counter_stick import CounterStick
from sync.head_office.stick import OfficeStick
from tests.head_office_world import SmallCounter


def stick_of(counter: SmallCounter, place: Path) -> CounterStick:
    """The stick of a counter without a line."""
    return CounterStick(counter.side, lambda: nullcontext(counter.fetcher), place)


def to_office(counter: SmallCounter, folder: Path, office: OfficeStick) -> FolderRead:
    """A counter writes, head office reads."""
    stick_of(counter, folder).write_to(folder)
    return office.read_from(folder)


def to_counter(office: OfficeStick, folder: Path, counter: SmallCounter) -> FolderRead:
    """Head office writes for all, a counter reads."""
    office.write_to(folder)
    return stick_of(counter, folder).read_from(folder)


def only(read: FolderRead) -> StickRead:
    """The one file that was for whoever read."""
    (found,) = read.files
    return found


def receipted_n(counter: SmallCounter) -> int:
    """How far head office's receipts reach in the counter's own feed."""
    receipts = [fact for fact in counter.told(Receipt) if isinstance(fact, Receipt)]
    return max((fact.n for fact in receipts if fact.feed == str(counter.feed)), default=0)


def changed(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Let a stick change what is on it."""
    path.write_bytes(change(path.read_bytes()))
