"""Answers lines of a file of scenarios; the published files that they name are read once.

Rules of this module:

- Paths in a line are relative to the folder of its file.
- A file that cannot be used is the fault of each line that names it. What publishing would refuse, and yet can be
  tried, is a note.
- A promotion that cannot be read is left out and told; a line whose answer would then be that no promotion knows the
  credential has that fault instead, for it may be that promotion's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.verdict import Verdict
from kiosk.scenarios.fields import ScenarioFault, shown
from kiosk.scenarios.reading import Scenario, read_scenario
from kiosk.scenarios.trial import Trial

_Said = TypeVar("_Said")
Promotions: TypeAlias = Mapping[str, Promotion]


@dataclass(frozen=True, slots=True)
class Readers:
    """How the two published files are read: their text in; what it says, what is wrong with it, whether it is whole.

    None is said where the file cannot be used.
    """

    promotions: Callable[[str], tuple[Promotions | None, Sequence[str], bool]]
    organisation: Callable[[str], tuple[Organisation | None, Sequence[str], bool]]


class ScenarioDesk:
    """``folder`` is what the paths in a line are relative to."""

    def __init__(self, folder: Path, readers: Readers) -> None:
        self._folder = folder
        self._readers = readers
        self._trials: dict[tuple[str, str | None], Trial | ScenarioFault] = {}
        self._notes: list[str] = []
        self._noted: set[str] = set()
        self._left_out: dict[str, ScenarioFault] = {}

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one line, as JSON values; raises :class:`ScenarioFault`."""
        scenario = read_scenario(_json(line))
        for name in scenario.not_read:
            self._note(f'"{_without_numbers(name)}" is no field of a scenario, and was not read.')
        verdict = self._trial(scenario).answer(scenario)
        if verdict.promotion is None and scenario.promotions in self._left_out:
            raise self._left_out[scenario.promotions]
        return as_fields(verdict)

    def new_notes(self) -> list[str]:
        """What is worth knowing and was not told before."""
        new, self._notes = self._notes, []
        return new

    def _note(self, words: str) -> None:
        if words not in self._noted:
            self._noted.add(words)
            self._notes.append(words)

    def _trial(self, scenario: Scenario) -> Trial:
        named = scenario.promotions, scenario.organisation
        if named not in self._trials:
            try:
                self._trials[named] = self._made_trial(scenario)
            except ScenarioFault as fault:
                self._trials[named] = fault
        found = self._trials[named]
        if isinstance(found, ScenarioFault):
            raise found
        return found

    def _made_trial(self, scenario: Scenario) -> Trial:
        promotions = self._read("promotions", scenario.promotions, self._readers.promotions)
        if scenario.organisation is None:
            return Trial(promotions)
        return Trial(promotions, self._read("organisation", scenario.organisation, self._readers.organisation))

    def _read(self, field: str, path: str, read: Callable[[str], tuple[_Said | None, Sequence[str], bool]]) -> _Said:
        try:
            text = (self._folder / path).read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            cure = f"Paths are relative to {self._folder.absolute()}."
            raise ScenarioFault(field, f"Cannot read {shown(path)}: {why}.", cure) from None
        said, problems, whole = read(text)
        fault = ScenarioFault(field, f"{path}: {'; '.join(problems)}", "Mend the file.")
        if said is None:
            raise fault
        if not whole:
            self._left_out[path] = fault
        for problem in problems:
            self._note(f"{path}: publishing would refuse this: {problem}")
        return said


def as_fields(verdict: Verdict) -> dict[str, Any]:
    """A verdict as it is written in an answer."""
    return {
        "verdict": verdict.outcome.value,
        "reason": verdict.reason.value,
        "promotion": verdict.promotion,
        "facts": dict(verdict.facts),
    }


def _json(line: bytes) -> Any:
    cure = 'Write one object on one line: {"promotions": …}.'
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise ScenarioFault("", "The line is not UTF-8.", "Save the file as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ScenarioFault("", f"The line is no JSON: {error.msg} at character {error.pos + 1}.", cure) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise ScenarioFault("", "The line is no JSON that anybody would write.", cure) from None


def _without_numbers(path: str) -> str:
    """``history[2].note`` as ``history[].note``, so that it is told once."""
    before, bracket, rest = path.partition("[")
    return f"{before}[]{rest.partition(']')[2]}" if bracket else path
