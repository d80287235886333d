"""What is wrong in a published file: each problem with its line, column and cure, all at once; and what is noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kiosk.errors import PublishError

FileKind = Literal["promotions", "organisation", "codes"]
_SHOWN = 8


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend. ``line`` and ``column`` count from 1 (0: the file as a whole).

    ``path`` names the field ("promotions[2].valid.from"), ``value`` what stands there (shortened, "" for none).
    """

    file: FileKind
    line: int
    column: int
    path: str
    message: str
    cure: str = ""
    value: str = ""

    def __str__(self) -> str:
        place = f"{self.file} line {self.line}, column {self.column}" if self.line else self.file
        path = f" ({self.path})" if self.path else ""
        return f"{place}{path}: {self.message}{' ' + self.cure if self.cure else ''}"


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing: about a promotion by id ("" for none), at a line and column of its file (0: none)."""

    message: str
    promotion: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return self.told("promotions")

    def told(self, file: str) -> str:
        """As one line of text, for ``file`` as its reader knows it: "promotions:12:7: tacos: It is over since …"."""
        place = f"{file}:{self.line}:{self.column}: " if self.line else ""
        about = f"{self.promotion}: " if self.promotion else ""
        return f"{place}{about}{self.message}"


class RefusedPublication(PublishError):  # noqa: N818 (the name says what happened)
    """Nothing was published; ``problems`` lists everything that was found, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        lines = [f"\n- {problem}" for problem in self.problems[:_SHOWN]]
        more = [f"\n- and {count - _SHOWN} more"] if count > _SHOWN else []
        super().__init__(
            "publication-refused",
            f"Nothing was published: {count} {'problem' if count == 1 else 'problems'}" + "".join(lines + more),
            where=", ".join(dict.fromkeys(problem.file for problem in self.problems)),
            cure="Mend what is listed and publish again; what was published before stays in force.",
        )


def shown(value: object) -> str:
    """A value as a problem shows it: short, on one line."""
    if value is None or isinstance(value, dict | list | tuple):
        return ""
    text = repr(value) if not isinstance(value, str) else value
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def path_of(at: Sequence[str | int]) -> str:
    """``("promotions", 2, "valid", "from")`` as "promotions[2].valid.from"."""
    text = ""
    for step in at:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
