"""One field at a time out of a JSON object: the value it must have, or a fault that names it.

Rules of this module:

- ``null`` is the same as leaving a field out.
- A fault says which field (``history[2].at``), what is wrong with it and what to write instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

from kiosk.core.money import AmountError, to_minor
from kiosk.core.question import EPOCH

_Read = TypeVar("_Read")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LARGEST = 10**15
_FIRST_YEAR, _LAST_YEAR = 1970, 9998


class ScenarioFault(ValueError):  # noqa: N818 (it is what is wrong with a line, and is printed as such)
    """A field that cannot be read: its path, what is wrong, and the cure."""

    def __init__(self, field: str, what: str, cure: str) -> None:
        super().__init__(field, what, cure)
        self.field = field
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.field}: {self.what} {self.cure}" if self.field else f"{self.what} {self.cure}"


class Fields:
    """The fields of one JSON object. ``below`` is its path, empty for the object of a line.

    Times without an offset are what the clock on the wall of ``wall`` shows; without a ``wall`` they are none.
    """

    def __init__(self, read: Any, below: str = "", wall: tzinfo | None = None) -> None:
        if not isinstance(read, dict):
            raise ScenarioFault(below, f"{shown(read)} is no JSON object.", 'Write fields: {"name": value}.')
        self._read: Mapping[str, Any] = read
        self._below = below
        self.wall = wall

    def path(self, name: str) -> str:
        """``name`` as it is called from the line."""
        return f"{self._below}.{name}" if self._below else name

    def fail(self, name: str, what: str, cure: str) -> NoReturn:
        """Say what is wrong with ``name``."""
        raise ScenarioFault(self.path(name), what, cure)

    def beyond(self, known: frozenset[str]) -> list[str]:
        """The paths of fields that nobody reads."""
        return [self.path(name) for name in self._read if name not in known]

    def raw(self, name: str) -> Any:
        """The value as it stands; None where it is left out."""
        return self._read.get(name)

    def needed(self, name: str, read: Callable[[Fields, str], _Read | None], example: str) -> _Read:
        """What ``read`` makes of the field, which must be there."""
        found = read(self, name)
        if found is None:
            self.fail(name, "The field is missing.", f"Write for example {example}.")
        return found

    def text(self, name: str) -> str | None:
        """A text that is not empty."""
        found = self.raw(name)
        if found is None:
            return None
        if not isinstance(found, str):
            self.fail(name, f"{shown(found)} is no text.", "Put it in quotes.")
        if not found.strip() or _SURROGATE.search(found):
            self.fail(name, "The text is empty or holds half a character.", "Write it, or leave the field out.")
        return found

    def flag(self, name: str, *, otherwise: bool) -> bool:
        """True or false."""
        found = self.raw(name)
        if found is None:
            return otherwise
        if not isinstance(found, bool):
            self.fail(name, f"{shown(found)} is neither true nor false.", "Write true or false, without quotes.")
        return found

    def whole(self, name: str) -> int | None:
        """A whole number from 0."""
        found = self.raw(name)
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < _LARGEST:
            self.fail(name, f"{shown(found)} is no whole number from 0.", "Write for example 2500, without quotes.")
        return found

    def money(self, name: str, currency: str) -> int | None:
        """An amount in minor units: as a decimal text, or a whole number of minor units."""
        found = self.raw(name)
        if not isinstance(found, str):
            return self.whole(name)
        try:
            return to_minor(found, currency)
        except AmountError as error:
            self.fail(name, f"{error}.", 'Write for example "50.00", or 5000 for the same in minor units.')

    def instant(self, name: str) -> datetime | None:
        """A point in time, as UTC; without an offset, by the wall's clock."""
        found = self.text(name)
        return None if found is None else self._instant(name, found)

    def _instant(self, name: str, text: str) -> datetime:
        try:
            at = _parsed(text, self.wall)
        except (ValueError, OverflowError):
            self.fail(name, f"{shown(text)} is no point in time.", f"Write ISO 8601 such as {_AN_INSTANT}.")
        if at is None:
            cure = f"Add it ({_AN_INSTANT}, or …Z), or give time_zone."
            self.fail(name, f"{shown(text)} does not say its offset from UTC.", cure)
        return at

    def instants(self, name: str) -> tuple[datetime, datetime] | None:
        """Two points in time, the earlier first."""
        found = self.raw(name)
        if found is None:
            return None
        if not isinstance(found, list) or len(found) != 2 or not all(isinstance(one, str) for one in found):
            self.fail(name, f"{shown(found)} is no pair of times.", f'Write ["{_AN_INSTANT}", "{_AN_INSTANT}"].')
        earliest, latest = (self._instant(name, one) for one in found)
        if latest < earliest:
            self.fail(name, "The second time lies before the first.", "Swap them.")
        return earliest, latest

    def zone(self, name: str) -> ZoneInfo | None:
        """A time zone by its IANA name."""
        found = self.text(name)
        if found is None:
            return None
        try:
            return _zone(found)
        except (KeyError, OSError, ValueError):
            self.fail(name, f"{shown(found)} is no time zone.", 'Write one such as "America/New_York".')

    def one_of(self, name: str, allowed: Sequence[str]) -> str | None:
        """One of some words."""
        found = self.text(name)
        if found is not None and found not in allowed:
            self.fail(name, f"{shown(found)} is none of those known here.", f"Write one of: {', '.join(allowed)}.")
        return found

    def items(self, name: str) -> list[tuple[str, Any]]:
        """The items of a list, each with its path."""
        found = self.raw(name)
        if found is None:
            return []
        if not isinstance(found, list):
            self.fail(name, f"{shown(found)} is no list.", "Put it in brackets: [ … ].")
        return [(f"{self.path(name)}[{i}]", one) for i, one in enumerate(found)]

    def object(self, name: str) -> Fields | None:
        """The fields of an object inside."""
        found = self.raw(name)
        return None if found is None else Fields(found, self.path(name), self.wall)

    def names(self) -> list[str]:
        """The names of all fields."""
        return list(self._read)


_AN_INSTANT = "2026-11-06T18:00:00-05:00"


@lru_cache(maxsize=4096)
def _parsed(text: str, wall: tzinfo | None) -> datetime | None:
    """The instant; None where it has no offset and there is no wall."""
    at = datetime.fromisoformat(text.strip().upper())
    if at.tzinfo is None:
        at = at.replace(tzinfo=wall)
    if at.tzinfo is None:
        return None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise ValueError(text)
    return at.astimezone(UTC)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def to_ms(at: datetime) -> int:
    """The Unix milliseconds in which an aware instant lies, as ``decide`` counts them."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def shown(value: Any) -> str:
    """A value as a fault shows it: short, on one line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
