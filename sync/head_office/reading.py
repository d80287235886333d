"""The two published files, read: models where they can be made, problems with line and column where not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from kiosk.core.organisation import Fault, Organisation
from kiosk.core.promotion import Promotion
from sync.head_office.faults import fault_problem, problems_of
from sync.head_office.problems import FileKind, Problem, shown
from sync.head_office.yaml_text import Node, read_yaml

_NOTHING = Node({}, 0, 0)
DEFAULT_NAME = "Head office"


@dataclass(frozen=True, slots=True)
class PromotionsText:
    """A file of promotions. ``promotions`` has those that are right, by their index in the file."""

    text: str
    root: Node
    promotions: Mapping[int, Promotion]
    problems: tuple[Problem, ...]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all promotions in the file, right or not."""
        items = self.root.child("promotions")
        nodes = items.value if items is not None and isinstance(items.value, list) else []
        named = (node.child("id") for node in nodes)
        return frozenset(one.value for one in named if one is not None and isinstance(one.value, str))

    def problem(self, fault: Fault) -> Problem:
        """A fault among the right ones, whose index counts those only, at its place in the file."""
        at = fault.at
        if len(at) > 1 and isinstance(at[1], int):
            at = (at[0], list(self.promotions)[at[1]], *at[2:])
        return fault_problem(Fault(at, fault.what, fault.cure), self.root, (), "promotions")


@dataclass(frozen=True, slots=True)
class OrganisationText:
    """An organisation's file. ``readable``: no problem was found, so ``organisation`` is what it says."""

    text: str
    organisation: Organisation
    problems: tuple[Problem, ...] = field(default=())

    @property
    def readable(self) -> bool:
        """Whether promotions can be checked against it."""
        return not self.problems

    @classmethod
    def none(cls) -> OrganisationText:
        """What stands in where no organisation was ever published: a problem that says so."""
        message = "No organisation is published yet, so there is no store."
        missing = Problem(
            "organisation", 0, 0, "", message, "Publish organisation.yaml with (or before) the promotions."
        )
        return cls("", Organisation(name=DEFAULT_NAME), (missing,))


def read_promotions(text: str) -> PromotionsText:
    """The promotions in ``text``, YAML or JSON."""
    root, problems = read_yaml(text, "promotions")
    found: dict[int, Promotion] = {}
    if root is not None:
        problems += _check_top(root, "promotions", {"promotions"})
        items = root.child("promotions")
        for i, node in enumerate(items.value if items is not None and isinstance(items.value, list) else []):
            try:
                found[i] = Promotion.model_validate(node.plain())
            except ValidationError as error:
                problems += problems_of(error, Promotion, root, ("promotions", i), "promotions")
    return PromotionsText(text, root or _NOTHING, found, _told_once(problems))


def _check_top(root: Node, wanted: str, known: set[str]) -> list[Problem]:
    file: FileKind = "promotions"
    if not isinstance(root.value, dict):
        return [
            Problem(
                file, root.line, root.column, "", f"The file begins with no field {wanted}.", "Write promotions: first."
            )
        ]
    problems = [
        Problem(
            file, *root.keys[key], key, f"There is no field {shown(key)!r} here.", f"Only {wanted} belongs here.", ""
        )
        for key in root.value
        if key not in known
    ]
    items = root.child(wanted)
    if items is None:
        problems.append(
            Problem(file, root.line, root.column, "", f"The field {wanted!r} is missing.", f"Add {wanted}: …")
        )
    elif not isinstance(items.value, list) and items.value is not None:
        problems.append(
            Problem(file, items.line, items.column, wanted, "A list belongs here.", "Begin each with a hyphen.")
        )
    return problems


def read_organisation(text: str) -> OrganisationText:
    """The organisation in ``text``, YAML or JSON: its fields at the top, or under ``organisation``."""
    root, problems = read_yaml(text, "organisation")
    organisation = Organisation(name=DEFAULT_NAME)
    if root is not None:
        inner = root.child("organisation")
        below: tuple[str, ...] = ()
        if inner is not None and len(root.value) == 1:
            below = ("organisation",)
        else:
            inner = root
        try:
            organisation = Organisation.model_validate(_with_defaults(inner.plain()))
        except ValidationError as error:
            problems += problems_of(error, Organisation, root, below, "organisation")
    return OrganisationText(text, organisation, _told_once(problems))


def _with_defaults(read: Any) -> Any:
    """A file may leave out the organisation's name, and the id of a person whose name gives one."""
    if not isinstance(read, dict):
        return read
    people = read.get("people")
    if isinstance(people, list):
        people = [_with_id(person, i) if isinstance(person, dict) else person for i, person in enumerate(people)]
        read = {**read, "people": people}
    return {"name": DEFAULT_NAME, **read}


def _with_id(person: dict[str, Any], index: int) -> dict[str, Any]:
    if "id" in person or not isinstance(person.get("name"), str):
        return person
    return {"id": id_from(person["name"]) or f"person-{index + 1}", **person}


def id_from(name: str) -> str:
    """An id out of a name: "Zoé Brandt" is "zoe-brandt"; "" where it has no letter or digit."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")


def _told_once(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problems))
