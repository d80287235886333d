"""Listed codes: read from files, hashed under the fleet's key, each with an index that is stable for good.

Rules of this module:

- A code that is published for the first time gets the next index; it keeps it whatever happens to others.
- A code taken out leaves a tombstone in the published list (zero bytes), so that no index moves; put in
  again it has its old index.
- Inline codes follow the promotions file, imported ones the last imported file; a code in both is one code.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kiosk.core.code_lists import CODE_BYTES, TOMBSTONE
from kiosk.core.credential import MAX_CHARACTERS, digest, present
from sync.head_office.problems import Problem, RefusedPublication, shown
from sync.head_office.records import ListedCode

MAX_FILE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ListChange:
    """What publishing does to one promotion's list: ``rows`` to store, and how many codes come and go."""

    rows: tuple[ListedCode, ...]
    added: int
    withdrawn: int


def read_codes(content: bytes, name: str) -> tuple[str, ...]:
    """The codes in a file: a JSON list (.json), the first column of a CSV (.csv), else one a line.

    Codes may be any Unicode up to 4,296 characters; codes of several lines need JSON or CSV. Raises
    :class:`RefusedPublication` with each line that holds none.
    """
    if len(content) > MAX_FILE_BYTES:
        raise RefusedPublication([_problem(0, "", f"{name} is larger than {MAX_FILE_BYTES // 1024 // 1024} MiB.")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RefusedPublication([_problem(line, "", f"{name} is not UTF-8.", "Save it as UTF-8.")]) from None
    numbered = _numbered(text, name)
    wrong = [_problem(line, code, _why_not(code), "") for line, code in numbered if present(code) is None]
    if wrong:
        raise RefusedPublication(wrong)
    return tuple(code for _, code in numbered)


def _numbered(text: str, name: str) -> list[tuple[int, str]]:
    """Codes with the line, or the place in the list, at which they stand."""
    if name.lower().endswith(".json"):
        return _json_list(text, name)
    if name.lower().endswith(".csv"):
        rows = csv.reader(io.StringIO(text, newline=""))
        return [(rows.line_num, row[0]) for row in rows if row and row[0].strip()]
    return [(line, code) for line, code in enumerate(text.split("\n"), 1) if code.strip()]


def _json_list(text: str, name: str) -> list[tuple[int, str]]:
    cure = 'Write a list of texts: ["CODE-1", "CODE-2"].'
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        raise RefusedPublication([_problem(line, "", f"{name} is no JSON.", cure)]) from None
    if not isinstance(read, list) or not all(isinstance(code, str) for code in read):
        raise RefusedPublication([_problem(0, "", f"{name} is no list of texts.", cure)])
    return list(enumerate(read, 1))


def _why_not(code: str) -> str:
    return f"A code of {len(code):,} characters; {MAX_CHARACTERS:,} are allowed." if len(code) > MAX_CHARACTERS else (
        "A code with nothing in it but spaces and hyphens."
    )  # fmt: skip


def _problem(line: int, value: str, message: str, cure: str = "") -> Problem:
    return Problem("codes", line, 1 if line else 0, "", message, cure, shown(value))


def digests_of(fleet_key: bytes, codes: Iterable[str]) -> dict[bytes, str]:
    """Each code by the 16 bytes under which it is published; the same code twice is one."""
    found: dict[bytes, str] = {}
    for code in codes:
        presented = present(code)
        assert presented is not None, "codes are checked when they are read"
        found.setdefault(digest(fleet_key, "listed", presented.folded), code)
    return found


def merge(held: Sequence[ListedCode], inline: Iterable[bytes] | None, imported: Iterable[bytes] | None) -> ListChange:
    """The rows that change when the inline or the imported codes (None: as before) become these."""
    by_digest = {row.digest: row for row in held}
    now_inline = _now(held, inline, "inline")
    now_imported = _now(held, imported, "imported")
    rows: list[ListedCode] = []
    added = withdrawn = 0
    for row in held:
        live = row.digest in now_inline or row.digest in now_imported
        source = "imported" if row.digest in now_imported else "inline" if live else row.source
        if (live, source) != (row.live, row.source):
            rows.append(replace(row, live=live, source=source))
            added += live and not row.live
            withdrawn += row.live and not live
    index = len(held)
    for one in {**now_inline, **now_imported}:
        if one not in by_digest:
            rows.append(ListedCode(index=index, digest=one, source="imported" if one in now_imported else "inline"))
            index += 1
            added += 1
    return ListChange(tuple(rows), added, withdrawn)


def _now(held: Sequence[ListedCode], given: Iterable[bytes] | None, source: str) -> dict[bytes, None]:
    if given is not None:
        return dict.fromkeys(given)
    return dict.fromkeys(row.digest for row in held if row.live and row.source == source)


def applied(held: Sequence[ListedCode], change: ListChange) -> list[ListedCode]:
    """The list after a change."""
    rows = {row.index: row for row in [*held, *change.rows]}
    return [rows[index] for index in sorted(rows)]


def published(rows: Iterable[ListedCode]) -> bytes:
    """The list as the bundle carries it: digests in the order of their index, tombstones for withdrawn ones."""
    return b"".join(row.digest[:CODE_BYTES] if row.live else TOMBSTONE for row in rows)


def twice_listed(lists: Mapping[str, Sequence[ListedCode]]) -> dict[bytes, tuple[str, str]]:
    """Live codes that two promotions have, with the ids of both."""
    owner: dict[bytes, str] = {}
    twice: dict[bytes, tuple[str, str]] = {}
    for promotion, rows in lists.items():
        for row in rows:
            if row.live and owner.setdefault(row.digest, promotion) != promotion:
                twice.setdefault(row.digest, (owner[row.digest], promotion))
    return twice
