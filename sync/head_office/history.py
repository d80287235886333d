"""What each published text changed: read from the texts themselves, which are all kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from sync.head_office.changes import Change, State, changes_between
from sync.head_office.office import HeadOffice
from sync.head_office.reading import read_organisation, read_promotions
from sync.head_office.records import SourceKind, SourceText

_NOBODY = Organisation(name="-")
_NOTHING: State = ((), _NOBODY)


@dataclass(frozen=True, slots=True)
class Version:
    """One version in which a promotion changed; ``words`` say what: "published", "valid.until, limits.total"."""

    version: int
    at_ms: int
    by: str
    words: str


def changes_of(office: HeadOffice, kind: SourceKind, version: int) -> tuple[SourceText, Sequence[Change]] | None:
    """The text of ``kind`` that was published as ``version``, and what it changed; None where there is none."""
    texts = office.store.sources(kind)
    at = next((at for at, text in enumerate(texts) if text.version == version), None)
    if at is None:
        return None
    before = texts[at + 1] if at + 1 < len(texts) else None
    return texts[at], _changes(_read(before), _read(texts[at]))


def versions_by_promotion(office: HeadOffice) -> Mapping[str, Sequence[Version]]:
    """By promotion, the versions in which it was published or changed, newest first; reckoned once a publication."""
    latest = office.store.latest_source("promotions")
    version = latest.version if latest else 0
    held = office.parsed.get("versions by promotion")
    if not isinstance(held, tuple) or held[0] != version:
        held = (version, _versions(office.store.sources("promotions")))
        office.parsed["versions by promotion"] = held
    found: Mapping[str, Sequence[Version]] = held[1]
    return found


def _versions(texts: Sequence[SourceText]) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    before = _NOTHING
    for text in reversed(texts):
        after = _read(text)
        words: dict[str, list[str]] = {}
        for change in _changes(before, after):
            words.setdefault(change.id, []).append(_words(change))
        for promotion, parts in words.items():
            found.setdefault(promotion, []).insert(0, Version(text.version, text.at_ms, text.by, ", ".join(parts)))
        before = after
    return found


def _words(change: Change) -> str:
    if change.what == "codes":
        return f"codes: {change.words}"
    return {"added": "published", "removed": "withdrawn"}.get(change.kind, change.words)


def _changes(before: State, after: State) -> tuple[Change, ...]:
    return (*changes_between(before, after, {}), *_codes(before[0], after[0]))


def _codes(old: Sequence[Promotion], new: Sequence[Promotion]) -> list[Change]:
    """Inline codes that came and went; imported ones are in no text."""
    held = {one.id: set(one.codes) for one in old}
    changes = []
    for one in new:
        before = held.get(one.id)
        if before is None or before == set(one.codes):
            continue
        added, gone = len(set(one.codes) - before), len(before - set(one.codes))
        words = [f"{added:,} added"] * bool(added) + [f"{gone:,} withdrawn"] * bool(gone)
        changes.append(Change("changed", "codes", one.id, ", ".join(words)))
    return changes


def _read(text: SourceText | None) -> State:
    if text is None:
        return _NOTHING
    if text.kind == "promotions":
        return tuple(read_promotions(text.text).promotions.values()), _NOBODY
    read = read_organisation(text.text)
    return (), read.organisation if read.readable else _NOBODY
