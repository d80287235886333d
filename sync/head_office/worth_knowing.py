"""Notes beside a publication: what is allowed, and what its author should know before it is published.

Rules of this module:

- A note refuses nothing. Those about a field have its line and column, as problems do.
- Notes are in the order of the file; those about no place in it come last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from kiosk.core.cautions import cautions
from kiosk.core.organisation import Fault, Organisation
from kiosk.core.rotating import RotatingKey
from kiosk.core.worst_cases import worst_cases
from sync.head_office.guesses import Guesses, words
from sync.head_office.problems import Note
from sync.head_office.reading import PromotionsText
from sync.head_office.rotating_keys import unknown_keys


def notes_on(
    promotions: PromotionsText,
    organisation: Organisation,
    today: date,
    *,
    listed: Collection[str],
    keys: Mapping[str, RotatingKey],
    without_pin: list[str],
    guesses: Mapping[str, Guesses],
) -> tuple[Note, ...]:
    """Every note; ``listed`` are the ids of promotions that have live listed codes, ``without_pin`` names of people.

    ``keys`` are the rotating keys that head office keeps.

    ``guesses`` are by promotion: what a thief with a counter's device needs for one of its codes.
    """
    readable = tuple(promotions.promotions.values())
    faults = [*cautions(readable, organisation, today), *worst_cases(readable, organisation)]
    faults += unknown_keys(readable, keys)
    found = [_placed(promotions, fault) for fault in [*faults, *_of_codes(promotions, listed, guesses)]]
    return (*sorted(found, key=lambda note: (note.line, note.column)), *_on_the_organisation(organisation, without_pin))


def _placed(promotions: PromotionsText, fault: Fault) -> Note:
    problem = promotions.problem(fault)
    _, index, *_ = fault.at
    about = list(promotions.promotions.values())[int(index)].id
    return Note(f"{problem.message}{' ' if problem.cure else ''}{problem.cure}", about, problem.line, problem.column)


def _of_codes(promotions: PromotionsText, listed: Collection[str], guesses: Mapping[str, Guesses]) -> Iterator[Fault]:
    for i, one in enumerate(promotions.promotions.values()):
        if "listed" not in one.credentials:
            continue
        at = ("promotions", i, "credentials", one.credentials.index("listed"))
        if one.id not in listed:
            yield Fault(at, "It takes listed codes, but has none yet: import a list.")
        elif one.id in guesses:
            yield Fault(at, words(guesses[one.id]))


def _on_the_organisation(organisation: Organisation, without_pin: list[str]) -> Iterator[Note]:
    if not organisation.stores:
        yield Note("There is no store yet: no counter can be enrolled.")
    if without_pin:
        yield Note(f"Without a PIN, so not at any counter yet: {', '.join(without_pin)}.")
