"""Which store or counter a listed code is at home at, in runs by stable index: for the offline policies.

Rules of this module:

- ``CBOR [[home, ...], [[first index, how many, number of the home], ...]]``; runs rise and do not overlap. A code in
  no run has no home. A home is ``store`` or ``store/counter``.
- What was received is read strictly; anything else raises :class:`CodeHomesError` and nothing else.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kiosk.core.strict_cbor import StrictCborError, decode, encode

MAX_BYTES = 4 * 1024 * 1024
MAX_INDEX = 2**28
MAX_HOME_CHARACTERS = 200

Run = tuple[int, int, int]


class CodeHomesError(ValueError):
    """Bytes that tell no homes of codes."""


class CodeHomes:
    """Homes by stable index; made once, then only asked."""

    def __init__(self, homes: Sequence[str], runs: Sequence[Run]) -> None:
        """``runs`` as on the wire: (first index, how many, number of the home), rising."""
        self._homes = tuple(homes)
        self._runs = tuple(runs)
        self._firsts = [first for first, _, _ in runs]

    @classmethod
    def of(cls, homes: Mapping[int, str]) -> CodeHomes:
        """Runs made of the homes of single codes, by index."""
        names = sorted(set(homes.values()))
        numbers = {name: number for number, name in enumerate(names)}
        runs: list[Run] = []
        for index in sorted(homes):
            number = numbers[homes[index]]
            if runs and runs[-1][0] + runs[-1][1] == index and runs[-1][2] == number:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1, number)
            else:
                runs.append((index, 1, number))
        return cls(names, runs)

    def home(self, index: int) -> str | None:
        """The home of the code with that index; None: it has none."""
        at = bisect_right(self._firsts, index) - 1
        if at < 0:
            return None
        first, many, number = self._runs[at]
        return self._homes[number] if index < first + many else None

    def encode(self) -> bytes:
        """The bytes that :meth:`decode` reads."""
        return encode([list(self._homes), [list(run) for run in self._runs]])

    @classmethod
    def decode(cls, raw: bytes) -> CodeHomes:
        """The homes in ``raw``; raises :class:`CodeHomesError`."""
        if len(raw) > MAX_BYTES:  # endless data
            raise CodeHomesError(f"it has {len(raw):,} bytes; {MAX_BYTES:,} are allowed")
        try:
            homes, runs = _lists(decode(raw))
        except StrictCborError as error:
            raise CodeHomesError(str(error)) from None
        if not all(isinstance(home, str) and 0 < len(home) <= MAX_HOME_CHARACTERS for home in homes):
            raise CodeHomesError("a home has no name")
        return cls(homes, list(_checked(runs, len(homes))))


def _lists(read: Any) -> tuple[list[Any], list[Any]]:
    if not isinstance(read, list) or len(read) != 2 or not all(isinstance(one, list) for one in read):
        raise CodeHomesError("it is no list of homes with a list of runs")
    return read[0], read[1]


def _checked(runs: Iterable[Any], homes: int) -> Iterable[Run]:
    end = 0
    for run in runs:
        if not isinstance(run, list) or len(run) != 3 or not all(type(number) is int for number in run):
            raise CodeHomesError("a run is not three numbers")
        first, many, number = run
        if first < end or many < 1 or first + many > MAX_INDEX or not 0 <= number < homes:
            raise CodeHomesError("a run is out of order or out of range")
        end = first + many
        yield first, many, number
