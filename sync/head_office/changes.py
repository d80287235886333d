"""What a publication changes, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from sync.head_office.listed import ListChange

What = Literal["promotion", "store", "person", "codes", "organisation"]
State = tuple[Sequence[Promotion], Organisation]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference to what was in force. ``words`` say what of it, such as "valid.until, limits.total"."""

    kind: Literal["added", "changed", "removed"]
    what: What
    id: str
    words: str = ""


def changes_between(before: State, after: State, lists: Mapping[str, ListChange]) -> tuple[Change, ...]:
    """All differences, promotions first."""
    return (
        *_differences("promotion", before[0], after[0]),
        *_code_changes(lists),
        *_differences("store", before[1].stores, after[1].stores),
        *_differences("person", before[1].people, after[1].people),
    )


def _code_changes(lists: Mapping[str, ListChange]) -> Iterator[Change]:
    for name, change in lists.items():
        words = [f"{change.added:,} added"] * bool(change.added) + [f"{change.withdrawn:,} withdrawn"] * bool(
            change.withdrawn
        )
        if words:
            yield Change("changed", "codes", name, ", ".join(words))


def _differences(what: What, before: Iterable[Any], after: Iterable[Any]) -> Iterator[Change]:
    old, new = ({one.id: one for one in side} for side in (before, after))
    for one in [*new, *(gone for gone in old if gone not in new)]:
        if one not in old:
            yield Change("added", what, one)
        elif one not in new:
            yield Change("removed", what, one)
        elif words := _fields(old[one], new[one]):
            yield Change("changed", what, one, words)


def _fields(old: BaseModel, new: BaseModel) -> str:
    ours, theirs = (side.model_dump(mode="json", by_alias=True, exclude={"codes"}) for side in (old, new))
    return ", ".join(_names(ours, theirs))


def _names(old: Mapping[str, Any], new: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name in dict.fromkeys([*old, *new]):
        mine, other = old.get(name), new.get(name)
        if mine != other:
            if isinstance(mine, dict) and isinstance(other, dict):
                yield from _names(mine, other, f"{above}{name}.")
            else:
                yield f"{above}{name}"
