"""How far the counters have reported: what stands beside every number at head office.

A counter talks to head office at least once a minute while its line is up, so one that has not for
``SILENT_AFTER_S`` is silent: what it did since is not in any number yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sync.head_office.records import Enrolment

SILENT_AFTER_S = 300


@dataclass(frozen=True, slots=True)
class Silent:
    """A counter that has not reported of late; ``since_ms`` None: never since it was enrolled."""

    name: str
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """``as_of_ms``: every counter but the silent ones has reported up to then; None: none has."""

    counters: int
    as_of_ms: int | None
    silent: tuple[Silent, ...]

    @property
    def reported(self) -> int:
        """How many counters are not silent."""
        return self.counters - len(self.silent)

    @property
    def percent(self) -> int:
        """Reported of all, rounded down, so that 100 means all."""
        return 100 * self.reported // self.counters if self.counters else 0


def living(enrolments: Iterable[Enrolment]) -> dict[tuple[str, str], Enrolment]:
    """The device in force at each (store, counter): its newest incarnation."""
    newest: dict[tuple[str, str], Enrolment] = {}
    for one in enrolments:
        place = (one.store, one.counter)
        if place not in newest or newest[place].incarnation < one.incarnation:
            newest[place] = one
    return newest


def freshness(enrolments: Iterable[Enrolment], names: Mapping[tuple[str, str], str], now_ms: int) -> Freshness:
    """How far the enrolled counters have reported by ``now_ms``; ``names`` by (store, counter), else their ids."""
    devices = living(enrolments)
    silent, contacts = [], []
    for place, device in sorted(devices.items()):
        since = device.last_contact_ms
        if since is None or now_ms - since > SILENT_AFTER_S * 1000:
            silent.append(Silent(names.get(place, " ".join(place)), since))
        else:
            contacts.append(since)
    silent.sort(key=lambda one: (one.since_ms is not None, one.since_ms or 0, one.name))
    return Freshness(len(devices), min(contacts, default=None), tuple(silent))
