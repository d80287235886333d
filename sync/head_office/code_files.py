"""Files of listed codes: a JSON list, a CSV with a home beside each code, or one code a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kiosk.core.credential import MAX_CHARACTERS, present
from kiosk.core.organisation import Organisation
from sync.head_office.problems import Problem, RefusedPublication, shown

MAX_FILE_BYTES = 512 * 1024 * 1024
HEADER = ("code", "home")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a code is at home, ``store`` or ``store/counter`` as it was written, and on which line of the file."""

    line: int
    home: str


@dataclass(frozen=True, slots=True)
class CodeFile:
    """What a file of codes says; ``homes`` by code."""

    codes: tuple[str, ...]
    homes: Mapping[str, Home] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    code: str
    home: str = ""


def read_code_file(content: bytes, name: str) -> CodeFile:
    """The codes in a file: a JSON list (.json), the first column of a CSV (.csv), else one a line.

    The second column of a CSV, where it is not empty, is the code's home; a first row ``code,home`` is a heading, and
    one of ``code`` and something else says that the second column is a remark. Codes may be any Unicode up to 4,296
    characters; codes of several lines need JSON or CSV. Raises
    :class:`RefusedPublication` with each line that holds none.
    """
    if len(content) > MAX_FILE_BYTES:
        raise RefusedPublication([problem(0, "", f"{name} is larger than {MAX_FILE_BYTES // 1024 // 1024} MiB.")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RefusedPublication([problem(line, "", f"{name} is not UTF-8.", "Save it as UTF-8.")]) from None
    rows = _rows(text, name)
    wrong = [problem(row.line, row.code, _why_not(row.code), "") for row in rows if present(row.code) is None]
    if wrong:
        raise RefusedPublication(wrong)
    return CodeFile(tuple(row.code for row in rows), {row.code: Home(row.line, row.home) for row in rows if row.home})


def _rows(text: str, name: str) -> list[_Row]:
    """Codes with the line, or the place in the list, at which they stand."""
    if name.lower().endswith(".json"):
        return _json_list(text, name)
    if name.lower().endswith(".csv"):
        reader = csv.reader(io.StringIO(text, newline=""))
        rows = [
            _Row(reader.line_num, row[0], row[1].strip() if len(row) > 1 else "")
            for row in reader if row and row[0].strip()
        ]  # fmt: skip
        return _under_heading(rows)
    return [_Row(line, code) for line, code in enumerate(text.split("\n"), 1) if code.strip()]


def _under_heading(rows: list[_Row]) -> list[_Row]:
    first, second = (rows[0].code.strip().lower(), rows[0].home.lower()) if rows else ("", "")
    if (first, second) == HEADER:
        return rows[1:]
    return [_Row(row.line, row.code) for row in rows] if first == HEADER[0] else rows


def _json_list(text: str, name: str) -> list[_Row]:
    cure = 'Write a list of texts: ["CODE-1", "CODE-2"].'
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        raise RefusedPublication([problem(line, "", f"{name} is no JSON.", cure)]) from None
    if not isinstance(read, list) or not all(isinstance(code, str) for code in read):
        raise RefusedPublication([problem(0, "", f"{name} is no list of texts.", cure)])
    return [_Row(place, code) for place, code in enumerate(read, 1)]


def _why_not(code: str) -> str:
    return f"A code of {len(code):,} characters; {MAX_CHARACTERS:,} are allowed." if len(code) > MAX_CHARACTERS else (
        "A code with nothing in it but spaces and hyphens."
    )  # fmt: skip


def problem(line: int, value: str, message: str, cure: str = "") -> Problem:
    """What is wrong in a file of codes."""
    return Problem("codes", line, 1 if line else 0, "", message, cure, shown(value))


def unknown_homes(homes: Mapping[str, Home], organisation: Organisation) -> Sequence[Problem]:
    """Homes that the organisation has not: each with its line."""
    stores = {store.id: {counter.id for counter in store.counters} for store in organisation.stores}
    known = set(stores) | {f"{store}/{counter}" for store, counters in stores.items() for counter in counters}
    cure = f"Write a store ({', '.join(stores) or 'there is none yet'}) or store/counter."
    return [
        problem(home.line, home.home, f"{home.home!r} is no store and no counter.", cure)
        for home in homes.values() if home.home not in known
    ]  # fmt: skip
