"""Rotating keys: kept by head office in files, never in its database, and sealed into the bundle for the counters.

Rules of this module:

- One file a key, of mode 0600, in the folder ``rotating-keys`` beside head office's own keys.
- Only the keys that published promotions name leave head office.
- A key in force is never taken away, and replaced only on purpose; then the bundle is sealed anew at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kiosk.config import write_private
from kiosk.core.organisation import KEBAB_PATTERN, Fault
from kiosk.core.promotion import Promotion
from kiosk.core.rotating import RotatingKey
from kiosk.core.sealed_keys import PART, open_keys, seal_keys
from kiosk.errors import CounterfoilError
from sync.head_office.office import HeadOffice
from sync.head_office.published import current

FOLDER = "rotating-keys"
_ENDING = ".key"
_MOST_NAME_CHARACTERS = 64


class KeepingError(CounterfoilError):
    """A rotating key cannot be kept, read or removed; ``code`` names why."""


def checked_name(name: str) -> str:
    """``name`` if a promotion could name it; else raises ``rotating-key-name``."""
    if not re.fullmatch(KEBAB_PATTERN, name) or len(name) > _MOST_NAME_CHARACTERS:
        cure = "Write it such as tacos-2026: a-z, 0-9 and hyphens, 64 characters at most."
        raise KeepingError("rotating-key-name", f"A rotating key cannot be called {name[:80]!r}", cure=cure)
    return name


def held(office: HeadOffice) -> dict[str, RotatingKey]:
    """All rotating keys, by name; raises ``rotating-key-unreadable``."""
    return {path.stem: _read(office, path) for path in sorted(_folder(office).glob(f"*{_ENDING}"))}


def add(office: HeadOffice, key: RotatingKey, *, replace: bool = False) -> bool:
    """Keep ``key``; whether it is in force, so that counters get it at once.

    Raises ``rotating-key-exists`` for a name that is taken, unless it is to be replaced.
    """
    from sync.head_office.sealing import seal  # noqa: PLC0415 (which reads the keys from here)

    path = _folder(office) / f"{checked_name(key.name)}{_ENDING}"
    with office.store.together() as store:
        if path.exists() and not replace:
            raise KeepingError(
                "rotating-key-exists",
                f"There is a rotating key {key.name!r} already",
                cure="Choose another name, or say --replace: codes made with the old key are refused from then on.",
            )
        write_private(path, seal_keys([key], office.keys.fleet_key))
        published = current(office)
        in_force = published is not None and key.name in named(published.promotions)
        if published is not None and in_force:
            seal(office, store, published.promotions, published.organisation)
    return in_force


def remove(office: HeadOffice, name: str) -> None:
    """Forget a key; raises ``rotating-key-unknown``, or ``rotating-key-in-use`` where a promotion in force names it."""
    path = _folder(office) / f"{checked_name(name)}{_ENDING}"
    with office.store.together():
        published = current(office)
        users = [one.id for one in published.promotions if name in named([one])] if published else []
        if users:
            cure = "Publish without it first."
            raise KeepingError("rotating-key-in-use", f"{', '.join(users)} uses the rotating key {name!r}", cure=cure)
        try:
            path.unlink()
        except FileNotFoundError:
            cure = f"Known here: {', '.join(held(office)) or 'none'}."
            raise KeepingError("rotating-key-unknown", f"There is no rotating key {name!r}", cure=cure) from None


def named(promotions: Iterable[Promotion]) -> set[str]:
    """The rotating keys that promotions name."""
    return {one.rotating.key for one in promotions if one.rotating is not None}


def unknown_keys(promotions: Iterable[Promotion], keys: Mapping[str, RotatingKey]) -> Iterator[Fault]:
    """Where a promotion names a rotating key that head office does not keep."""
    for i, one in enumerate(promotions):
        if one.rotating is not None and one.rotating.key not in keys:
            name = one.rotating.key
            cure = f"Add it: head-office rotating-key add {name} --file FILE. Known here: {', '.join(keys) or 'none'}."
            what = f"Its rotating codes are unknown to counters: head office has no rotating key {name!r} yet."
            yield Fault(("promotions", i, "rotating", "key"), what, cure)


def sealed_part(office: HeadOffice, promotions: Iterable[Promotion]) -> dict[str, bytes]:
    """The bundle's part with the keys that ``promotions`` name; nothing where they name none."""
    wanted = named(promotions)
    keys = [key for name, key in held(office).items() if name in wanted] if wanted else []
    return {PART: seal_keys(keys, office.keys.fleet_key)} if keys else {}


def _folder(office: HeadOffice) -> Path:
    return office.place / FOLDER


def _read(office: HeadOffice, path: Path) -> RotatingKey:
    try:
        return open_keys(path.read_bytes(), office.keys.fleet_key)[path.stem]
    except (OSError, KeyError, CounterfoilError):
        raise KeepingError(
            "rotating-key-unreadable",
            f"The rotating key {path.stem!r} cannot be read",
            where=str(path),
            cure="Move the file away and add the key again; it is readable only with the fleet.key it was kept with.",
        ) from None
