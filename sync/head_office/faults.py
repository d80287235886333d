"""What the models refuse, in plain words: where in the file, which value, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kiosk.core.organisation import Fault
from sync.head_office.problems import FileKind, Problem, path_of, shown
from sync.head_office.yaml_text import Node

Steps = tuple[str | int, ...]

_QUOTES = 'Put it in quotes: "…".'
_WORDS: dict[str, tuple[str, str]] = {
    "string_type": ("A text belongs here.", _QUOTES),
    "int_type": ("A whole number belongs here.", "Write it without quotes and decimals."),
    "bool_type": ("true or false belongs here.", "Write true or false, without quotes."),
    "tuple_type": ("A list belongs here.", "Put it in brackets: [a, b]."),
    "list_type": ("A list belongs here.", "Put it in brackets: [a, b]."),
    "dict_type": ("Fields belong here.", "Write them as key: value, indented below."),
    "model_type": ("Fields belong here.", "Write them as key: value, indented below."),
    "model_attributes_type": ("Fields belong here.", "Write them as key: value, indented below."),
    "string_too_short": ("The text is empty.", "Write it, or leave the field out."),
}
_PATTERNS = {
    "^[a-z0-9]": ("An id has a-z, 0-9 and hyphens only.", "Write it such as shrimp-tacos."),
    "^(0|[1-9]": ("This is no amount.", 'Write it such as "12.00".'),
    "^([01]": ("These are no hours.", 'Write them such as "17:00-22:00".'),
    "^[0-9]{6}": ("A GS1 offer code has six digits.", 'Write it in quotes, its zeros too: "001234".'),
    "^[A-Z]{3}": ("This is no currency.", "Write three capital letters such as USD."),
}


def problems_of(
    error: ValidationError, model: type[BaseModel], root: Node, below: Steps, file: FileKind
) -> list[Problem]:
    """The problems that ``error`` of a ``model`` at ``below`` in ``root`` tells of."""
    schema = model.model_json_schema()
    return [
        _problem(details, schema, root, below, file)
        for details in error.errors(include_url=False, include_context=True, include_input=True)
    ]


def fault_problem(fault: Fault, root: Node, below: Steps, file: FileKind) -> Problem:
    """A fault that the core found between things, at its place in the file."""
    at = below + fault.at
    return _at(root, at, fault.what, fault.cure, file)


def _at(root: Node, at: Steps, message: str, cure: str, file: FileKind, *, key: bool = False) -> Problem:
    line, column = root.key_place(at) if key else root.place(at)
    return Problem(file, line, column, path_of(at), message, cure, shown(_value(root, at)))


def _value(root: Node, at: Steps) -> Any:
    node: Node | None = root
    for step in at:
        node = node.child(step) if node is not None else None
    return None if node is None or isinstance(node.value, dict | list) else node.value


def _problem(details: ErrorDetails, schema: Mapping[str, Any], root: Node, below: Steps, file: FileKind) -> Problem:
    loc = tuple(step for step in details["loc"] if step != "[key]")
    at, kind = below + loc, details["type"]
    context = details.get("ctx", {})
    if kind == "extra_forbidden":
        known = _fields(schema, loc[:-1])
        return _at(
            root, at, f"There is no field {str(loc[-1])!r} here.", _did_you_mean(str(loc[-1]), known), file, key=True
        )
    if kind == "missing":
        return _at(root, at, f"The field {str(loc[-1])!r} is missing.", f"Add {loc[-1]}: …", file)
    if kind == "refused":
        return _at(root, at, str(context.get("what", details["msg"])), str(context.get("cure", "")), file)
    if kind == "literal_error":
        return _literal(root, at, details, file)
    message, cure = _words(kind, context, details["msg"])
    return _at(root, at, message, cure, file)


def _words(kind: str, context: Mapping[str, Any], said: str) -> tuple[str, str]:
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        return next((words for start, words in _PATTERNS.items() if pattern.startswith(start)), (f"{said}.", ""))
    if kind in {"greater_than_equal", "less_than_equal"}:
        side, bound = ("least", context.get("ge")) if kind == "greater_than_equal" else ("most", context.get("le"))
        return f"The number must be {bound} at {side}.", ""
    if kind == "too_short":
        return "The list is empty.", "Add an item, or leave the field out."
    if kind == "string_too_long":
        return f"The text has more than {context.get('max_length')} characters.", "Shorten it."
    return _WORDS.get(kind, (f"{said}.", ""))


def _literal(root: Node, at: Steps, details: ErrorDetails, file: FileKind) -> Problem:
    allowed = [
        part.strip("' ") for part in str(details.get("ctx", {}).get("expected", "")).replace(" or ", ", ").split(", ")
    ]
    given = details["input"]
    return _at(root, at, f"{shown(given)!r} is not one of the words that are known here.",
               _did_you_mean(str(given), allowed), file)  # fmt: skip


def _did_you_mean(given: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(
        given.lower().replace("-", "_"), known, n=1, cutoff=0.6
    ) or difflib.get_close_matches(given.lower(), known, n=1, cutoff=0.6)
    listed = ", ".join(known)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known here: {listed}." if listed else ""


def _fields(schema: Mapping[str, Any], at: Iterable[str | int]) -> list[str]:
    """The names of the fields that a model's JSON Schema knows at a path."""
    here = _resolved(schema, schema)
    for step in at:
        if isinstance(step, int):
            here = _resolved(schema, here.get("items", {}))
        else:
            here = _resolved(schema, here.get("properties", {}).get(step, here.get("additionalProperties") or {}))
    return list(here.get("properties", {}))


def _resolved(schema: Mapping[str, Any], here: Any) -> Mapping[str, Any]:
    if not isinstance(here, Mapping):
        return {}
    options = [one for one in here.get("anyOf", ()) if one.get("type") != "null"]
    if options:
        return _resolved(schema, options[0])
    reference = here.get("$ref")
    if reference is None:
        return here
    return _resolved(schema, schema.get("$defs", {}).get(str(reference).rpartition("/")[2], {}))
