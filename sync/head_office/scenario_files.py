"""Published files for trying: read as publishing reads them, told as lines of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kiosk.core.contradictions import contradictions
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion, collisions
from kiosk.core.rivals import rivals
from sync.head_office.problems import Problem
from sync.head_office.reading import read_organisation, read_promotions

_MOST = 4


def promotions_in(text: str) -> tuple[Mapping[str, Promotion] | None, Sequence[str], bool]:
    """The promotions in ``text`` by id, what would keep them from being published together, and whether all are there.

    None where none can be read. One that cannot is left out, and what is wrong with it stands beside.
    """
    read = read_promotions(text)
    promotions = list(read.promotions.values())
    by_id = {one.id: one for one in promotions}
    if read.problems:
        return by_id or None, _words(read.problems), False
    faults = [*collisions(promotions), *contradictions(promotions, None), *rivals(promotions, read.ids)]
    return by_id, _words([read.problem(fault) for fault in faults]), True


def organisation_in(text: str) -> tuple[Organisation | None, Sequence[str], bool]:
    """The organisation in ``text``, or None and what is wrong with it."""
    read = read_organisation(text)
    return (read.organisation if read.readable else None), _words(read.problems), read.readable


def _words(problems: Sequence[Problem]) -> list[str]:
    more = [f"and {len(problems) - _MOST} more"] if len(problems) > _MOST else []
    return [*(str(problem) for problem in problems[:_MOST]), *more]
