"""Reach: which counters of a promotion's stores know the version in force.

A counter's version never goes down, so one that knew it knows it, even when it is silent now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.core.organisation import Organisation, Store
from kiosk.core.promotion import Promotion
from kiosk.core.terms import places_of
from sync.head_office.freshness import SILENT_AFTER_S, living
from sync.head_office.instants import instant
from sync.head_office.records import Enrolment


@dataclass(frozen=True, slots=True)
class Mark:
    """One counter as a square: ``kind`` is yes, behind, silent or absent; ``words`` say it without the colour."""

    kind: str
    symbol: str
    words: str


@dataclass(frozen=True, slots=True)
class StoreReach:
    """A store's squares, and one remark: "all", "Bar silent since 19:20"."""

    name: str
    marks: tuple[Mark, ...]
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How many of the enrolled counters know ``version``."""

    version: int
    know: int
    of: int
    stores: tuple[StoreReach, ...]

    def has(self, kind: str) -> bool:
        """Whether a square of this kind is shown."""
        return any(mark.kind == kind for store in self.stores for mark in store.marks)


def reach_of(
    promotion: Promotion, version: int, organisation: Organisation, enrolments: Sequence[Enrolment], now_ms: int
) -> Reach:
    """The reach of ``promotion`` in ``version`` (of a bundle) at ``now_ms``."""
    devices, (stores_with_it, some) = living(enrolments), places_of(promotion, organisation)
    stores = tuple(
        _store_reach(store, version, {place: devices.get((store.id, place)) for place in places}, now_ms)
        for store in stores_with_it.values()
        if (places := [one.id for one in store.counters if one.id in some.get(store.id, {one.id})])
    )
    marks = [mark for store in stores for mark in store.marks if mark.kind != "absent"]
    know = sum(mark.kind == "yes" for mark in marks)
    return Reach(version, know, len(marks), stores)


def _store_reach(store: Store, version: int, devices: dict[str, Enrolment | None], now_ms: int) -> StoreReach:
    named = {place.id: place.name for place in store.counters}
    marks = {counter: _mark(named[counter], device, version, now_ms) for counter, device in devices.items()}
    kind = next((kind for kind in ("silent", "behind", "absent") if any(m.kind == kind for m in marks.values())), "yes")
    return StoreReach(store.name, tuple(marks.values()), kind, _remark(kind, store, named, devices, marks, now_ms))


def _mark(name: str, device: Enrolment | None, version: int, now_ms: int) -> Mark:
    if device is None:
        return Mark("absent", "", f"{name}: no device enrolled")
    known = device.bundle_version or 0
    if known >= version:
        return Mark("yes", "check", f"{name}: knows version {version}")
    if device.last_contact_ms is None or now_ms - device.last_contact_ms > SILENT_AFTER_S * 1000:
        return Mark("silent", "cross", f"{name}: silent")
    return Mark("behind", "minus", f"{name}: version {known}" if known else f"{name}: nothing yet")


def _remark(
    kind: str,
    store: Store,
    named: dict[str, str],
    devices: dict[str, Enrolment | None],
    marks: dict[str, Mark],
    now_ms: int,
) -> str:
    """What stands at the end of a store's line."""
    of_kind = [counter for counter, mark in marks.items() if mark.kind == kind]
    if kind == "yes":
        return "all"
    if len(of_kind) > 1:
        return {"silent": f"{len(of_kind)} silent", "behind": f"{len(of_kind)} behind"}.get(
            kind, f"{len(of_kind)} not enrolled"
        )
    name, device = named[of_kind[0]], devices[of_kind[0]]
    if device is None:
        return f"{name}: not enrolled"
    if kind == "behind":
        return marks[of_kind[0]].words
    since = device.last_contact_ms
    return f"{name} silent" if since is None else f"{name} silent since {instant(since, now_ms, store.zone).words}"
