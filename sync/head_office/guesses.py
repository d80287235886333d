"""How many guesses a thief who has a counter's device needs for one listed code.

The device has the fleet's key and the hashes, so guesses are tried there, as fast as it can hash. For codes that head
office generated the number is exact: codes that there can be, by codes that there are. For others it is an estimate
from their lengths and characters, and too high where they follow a pattern: so it is said as "at most".
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kiosk.core import generated
from kiosk.core.code_lists import CODE_BYTES
from kiosk.core.credential import fold
from sync.head_office.store import HeadOfficeStore

ENOUGH_FOR_A_PREFIX = 20
"""From so many codes on, what all begin with is taken for a thief's knowledge."""
EASY_BELOW = 10**12
"""Hours for one graphics card, and less for a few."""
ENDLESS_FROM = 30
"""Characters that nobody guesses."""
_LETTERS, _DIGITS = set("abcdefghijklmnopqrstuvwxyz"), set("0123456789")


@dataclass(frozen=True, slots=True)
class Group:
    """Codes of one making: how many there can be, and how many there are."""

    keyspace: int
    codes: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Guesses:
    """How many guesses one code takes; ``at_most``: it is an estimate from above."""

    number: int
    at_most: bool


def groups_of(codes: Iterable[str]) -> tuple[Group, ...]:
    """The groups that some codes, as written, fall into."""
    made: dict[int, int] = defaultdict(int)
    other: dict[int, list[str]] = defaultdict(list)
    for folded in {fold(code) for code in codes}:
        if generated.checks(folded):
            made[len(folded)] += 1
        else:
            other[len(folded)].append(folded)
    return (
        *(Group(generated.keyspace(length), many, exact=True) for length, many in sorted(made.items())),
        *(Group(_keyspace(texts), len(texts), exact=False) for _, texts in sorted(other.items())),
    )


def _keyspace(texts: Sequence[str]) -> int:
    """How many codes look like these, which have one length: their characters, but for what all begin with."""
    prefix = _shared_beginning(min(texts), max(texts)) if len(texts) >= ENOUGH_FOR_A_PREFIX else 0
    characters = set().union(*(text[prefix:] for text in texts))
    length = min(len(texts[0]) - prefix, ENDLESS_FROM)  # of a long one the number would have thousands of digits
    return max(int(_alphabet(characters) ** length), len(texts))


def _shared_beginning(first: str, last: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), len(first))


def _alphabet(characters: set[str]) -> int:
    for known in (_DIGITS, _LETTERS, _DIGITS | _LETTERS):
        if characters <= known:
            return len(known)
    return max(len(_DIGITS | _LETTERS), len(characters))


def guesses(groups: Sequence[Group]) -> Guesses | None:
    """What the weakest group takes; None where there is no code. A text that only meets a hash is a hit too."""
    if not groups:
        return None
    weakest = min(groups, key=lambda group: group.keyspace // group.codes)
    by_hash = 256**CODE_BYTES // sum(group.codes for group in groups)
    return Guesses(min(weakest.keyspace // weakest.codes, by_hash), not weakest.exact)


def words(found: Guesses) -> str:
    """What publishing says of a promotion's lists."""
    number = f"{found.number:,}" if found.number < 10**15 else f"10 to the power of {len(str(found.number)) - 1}"
    how_many = f"{'at most' if found.at_most else 'about'} {number} {'guess' if found.number == 1 else 'guesses'}"
    said = f"A thief with a counter's device needs {how_many} for one of its codes"
    if found.number < EASY_BELOW:
        return f"{said}. That is few: codes generate makes codes that take far more."
    return f"{said}."


# --- kept by promotion -------------------------------------------------------------------------

Kept = Mapping[str, tuple[Group, ...]]
"""Groups by where the codes come from: imported, generated."""


def kept(store: HeadOfficeStore, promotion: str) -> Kept:
    """The groups of the lists taken in before, of which no code is known any more."""
    read = json.loads(store.setting(_setting(promotion)) or "{}")
    return {source: tuple(Group(*one) for one in groups) for source, groups in read.items()}


def keep(store: HeadOfficeStore, promotion: str, now: Kept) -> None:
    """Keep the groups of the lists there are."""
    written = {source: [[one.keyspace, one.codes, one.exact] for one in groups] for source, groups in now.items()}
    store.put_setting(_setting(promotion), json.dumps(written))


def _setting(promotion: str) -> str:
    return f"code-groups/{promotion}"


def with_more(now: Kept, imported: Iterable[str] | None, more: Iterable[str]) -> Kept:
    """The groups after an import (None: as before), which takes the place of the last, and with ``more`` generated."""
    changed = dict(now)
    if imported is not None:
        changed["imported"] = groups_of(imported)
    changed["generated"] = tuple(_added(now.get("generated", ()), groups_of(more)))
    return changed


def _added(before: Iterable[Group], more: Iterable[Group]) -> Iterator[Group]:
    counts: dict[tuple[int, bool], int] = defaultdict(int)
    for group in (*before, *more):
        counts[group.keyspace, group.exact] += group.codes
    return (Group(keyspace, many, exact) for (keyspace, exact), many in counts.items())
