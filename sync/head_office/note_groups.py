"""Notes on a publication as pages show them: together by what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sync.head_office.problems import Note

ELSEWHERE = "Stores and people"


@dataclass(frozen=True, slots=True)
class NoteGroup:
    """The notes on one promotion, in the order of the file."""

    title: str
    notes: tuple[Note, ...]


def note_groups(notes: Iterable[Note], titles: Mapping[str, str]) -> tuple[NoteGroup, ...]:
    """``notes`` by promotion, in their order; ``titles`` of promotions by id."""
    by_promotion: dict[str, list[Note]] = {}
    for note in notes:
        by_promotion.setdefault(note.promotion, []).append(note)
    return tuple(
        NoteGroup(titles.get(promotion, promotion) or ELSEWHERE, tuple(found))
        for promotion, found in by_promotion.items()
    )
