"""A head office and counters of its stores on loopback, for the tests of neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from tests.head_office_world import ORGANISATION, PROMOTIONS, an_office
from tests.lan_world import NearCounter

Arrive = Callable[..., NearCounter]


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    """The sample organisation with a third counter at bayside; its listed codes are honoured offline up to a floor."""
    office = an_office(tmp_path / "office", published=False)
    organisation = ORGANISATION.replace("name: Bar}]", "name: Bar}, {id: grill, name: Grill}]")
    offline = "offline: {policy: floor, floor: '20.00', risk: '960.00'}"
    promotions = PROMOTIONS.replace("credentials: [listed]", f"credentials: [listed]\n    {offline}")
    publish(office, promotions=promotions, organisation=organisation, by="test")
    return office


@pytest.fixture
def arrive(office: HeadOffice, tmp_path: Path) -> Iterator[Arrive]:
    """Enrols a counter (its id, the number of its device key, its store) that has been online once."""
    here: list[NearCounter] = []

    def one(counter: str, key: int, store: str = "bayside") -> NearCounter:
        here.append(NearCounter(office, tmp_path, counter, store=store, key=key))
        here[-1].arrive()
        return here[-1]

    yield one
    for counter in here:
        counter.leave()


@pytest.fixture
def front(arrive: Arrive) -> NearCounter:
    return arrive("front", 1)


@pytest.fixture
def bar(arrive: Arrive) -> NearCounter:
    return arrive("bar", 2)
