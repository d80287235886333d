"""What stores, counters, promotions and clerks are called: ids become names, an id nobody knows stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from sync.head_office.instants import zone_named
from sync.head_office.records import Clerk


@dataclass(frozen=True, slots=True)
class Names:
    """``counters`` by (store, counter). ``zone`` is that of all stores, or UTC where they differ."""

    stores: Mapping[str, str] = field(default_factory=dict)
    counters: Mapping[tuple[str, str], str] = field(default_factory=dict)
    promotions: Mapping[str, str] = field(default_factory=dict)
    clerks: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    zone: tzinfo = UTC
    one_zone: bool = False

    def store(self, store: str) -> str:
        return self.stores.get(store, store)

    def counter(self, store: str, counter: str) -> str:
        return self.counters.get((store, counter), counter)

    def promotion(self, promotion: str) -> str:
        return self.promotions.get(promotion, promotion)

    def clerk(self, clerk: str) -> str:
        return self.clerks.get(clerk, clerk)

    def zone_of(self, store: str) -> tzinfo:
        return self.zones.get(store, self.zone)

    def places(self) -> dict[tuple[str, str], str]:
        """Each counter by (store, counter) as one speaks of it: "Pier 9 Bar"."""
        return {
            (store, counter): name if name.startswith(self.store(store)) else f"{self.store(store)} {name}"
            for (store, counter), name in self.counters.items()
        }


def names_of(
    organisation: Organisation | None, promotions: Iterable[Promotion] = (), clerks: Iterable[Clerk] = ()
) -> Names:
    """The names that a published organisation, its promotions and clerks give."""
    stores = organisation.stores if organisation else ()
    zones = {store.id: zone_named(store.time_zone) for store in stores}
    distinct = {store.time_zone for store in stores}
    return Names(
        stores={store.id: store.name for store in stores},
        counters={(store.id, place.id): place.name for store in stores for place in store.counters},
        promotions={promotion.id: promotion.title for promotion in promotions},
        clerks={clerk.id: clerk.name for clerk in clerks},
        zones=zones,
        zone=next(iter(zones.values())) if len(distinct) == 1 else UTC,
        one_zone=len(distinct) == 1,
    )
