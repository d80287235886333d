"""The listed codes that come with a publication: what becomes of each list, and what is kept about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from sync.head_office import code_parts, guesses, listed
from sync.head_office.code_files import Home, unknown_homes
from sync.head_office.guesses import Guesses, Kept
from sync.head_office.listed import ListChange
from sync.head_office.problems import Problem
from sync.head_office.records import ListedCode
from sync.head_office.store import HeadOfficeStore


@dataclass(frozen=True, slots=True)
class NewCodes:
    """Listed codes that come with a publication, by promotion id.

    ``imported`` takes the place of what was imported before, with its ``homes`` (by code); ``generated`` is added to
    what there is.
    """

    imported: Mapping[str, Sequence[str]] = field(default_factory=dict)
    homes: Mapping[str, Mapping[str, Home]] = field(default_factory=dict)
    generated: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def promotions(self) -> list[str]:
        """The ids of all promotions that codes come for."""
        return [*self.imported, *self.generated]

    def problems(self, organisation: Organisation) -> list[Problem]:
        """Homes that the organisation has not."""
        return [problem for homes in self.homes.values() for problem in unknown_homes(homes, organisation)]


GivenCodes = Mapping[str, Sequence[str]] | NewCodes | None
"""Codes as they are given for a publication: a mapping has imported ones."""


def new_codes(given: GivenCodes) -> NewCodes:
    """The codes that are given."""
    return given if isinstance(given, NewCodes) else NewCodes(given or {})


Held = Mapping[str, Sequence[ListedCode]]
"""The lists as they are kept, by promotion id."""
Wanted = Mapping[str, tuple[Mapping[bytes, str], Mapping[bytes, str] | None]]
"""By promotion id the inline codes and the imported ones (None: as before), as written, by digest."""


def wanted(fleet_key: bytes, promotions: Iterable[Promotion], codes: NewCodes) -> Wanted:
    """The codes that are written in the file, and those that are imported in place of others."""
    return {
        one.id: (
            listed.digests_of(fleet_key, one.codes),
            listed.digests_of(fleet_key, codes.imported[one.id]) if one.id in codes.imported else None,
        )
        for one in promotions
    }


def list_changes(fleet_key: bytes, held: Held, want: Wanted, codes: NewCodes) -> dict[str, ListChange]:
    """What publishing does to each list."""
    return {
        one: listed.merge(held[one], inline, imported, listed.digests_of(fleet_key, codes.generated.get(one, ())))
        for one, (inline, imported) in want.items()
    }


@dataclass(frozen=True, slots=True)
class KeptOfCodes:
    """What is kept about lists beside their codes: of what makings they are, and where codes are at home."""

    groups: Mapping[str, Kept]
    homes: Mapping[str, bytes]

    @classmethod
    def of(
        cls, store: HeadOfficeStore, fleet_key: bytes, held: Held, lists: Mapping[str, ListChange], codes: NewCodes
    ) -> KeptOfCodes:
        """As it will be when ``codes`` have come."""
        groups = {
            one: guesses.with_more(guesses.kept(store, one), codes.imported.get(one), codes.generated.get(one, ()))
            for one in lists
        }
        homes = {
            one: code_parts.homes_of(fleet_key, listed.applied(held[one], lists[one]), codes.homes.get(one, {}))
            for one in codes.imported if one in lists
        }  # fmt: skip
        return cls(groups, homes)

    def problems(self) -> list[Problem]:
        """What no counter would take."""
        return [problem for one, homes in self.homes.items() for problem in code_parts.too_many(one, homes)]

    def keep(self, store: HeadOfficeStore) -> None:
        """Keep it, where it changed."""
        for name, groups in self.groups.items():
            if groups != guesses.kept(store, name):
                guesses.keep(store, name, groups)
        for name, homes in self.homes.items():
            code_parts.keep_homes(store, name, homes)

    def guesses(self, promotions: Iterable[Promotion]) -> dict[str, Guesses]:
        """By promotion, what a thief with a counter's device needs for one of its codes."""
        found = {}
        for one in promotions:
            inline = guesses.groups_of(one.codes)
            told = guesses.guesses([*inline, *(group for kept in self.groups[one.id].values() for group in kept)])
            if told is not None:
                found[one.id] = told
        return found
