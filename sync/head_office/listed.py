"""Listed codes: hashed under the fleet's key, each with an index that is stable for good.

Rules of this module:

- A code that is published for the first time gets the next index; it keeps it whatever happens to others.
- A code taken out leaves a tombstone in the published list (zero bytes), so that no index moves; put in
  again it has its old index.
- Inline codes follow the promotions file, imported ones the last imported file; a code in both is one code.
  Generated ones stay whatever is imported beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kiosk.core.code_lists import CODE_BYTES, TOMBSTONE
from kiosk.core.credential import digest, present
from sync.head_office.records import ListedCode, ListedSource


@dataclass(frozen=True, slots=True)
class ListChange:
    """What publishing does to one promotion's list: ``rows`` to store, and how many codes come and go."""

    rows: tuple[ListedCode, ...]
    added: int
    withdrawn: int


def digests_of(fleet_key: bytes, codes: Iterable[str]) -> dict[bytes, str]:
    """Each code by the 16 bytes under which it is published; the same code twice is one."""
    found: dict[bytes, str] = {}
    for code in codes:
        presented = present(code)
        assert presented is not None, "codes are checked when they are read"
        found.setdefault(digest(fleet_key, "listed", presented.folded), code)
    return found


def merge(
    held: Sequence[ListedCode],
    inline: Iterable[bytes] | None,
    imported: Iterable[bytes] | None,
    generated: Iterable[bytes] = (),
) -> ListChange:
    """The rows that change when inline or imported codes (None: as before) become these, with more ``generated``."""
    by_digest = {row.digest: row for row in held}
    now: dict[bytes, ListedSource] = dict.fromkeys(_now(held, inline, "inline"), "inline")
    now |= dict.fromkeys(_now(held, imported, "imported"), "imported")
    now |= dict.fromkeys((*_now(held, None, "generated"), *generated), "generated")
    rows: list[ListedCode] = []
    added = withdrawn = 0
    for row in held:
        live = row.digest in now
        source = now.get(row.digest, row.source)
        if (live, source) != (row.live, row.source):
            rows.append(replace(row, live=live, source=source))
            added += live and not row.live
            withdrawn += row.live and not live
    index = len(held)
    for one, source in now.items():
        if one not in by_digest:
            rows.append(ListedCode(index=index, digest=one, source=source))
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
