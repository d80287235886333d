from typing import Any

import pytest
from pydantic import ValidationError

from kiosk.core.organisation import Fault, Organisation, refusal
from tests.core_world import ORGANISATION, located

STORE = {"id": "bayside", "name": "Bayside", "time_zone": "America/New_York", "groups": ["coast"]}


def faults(**fields: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        Organisation.model_validate({"name": "Harbor Grill", "stores": [STORE]} | fields)
    return located(caught.value)


def test_a_store_is_named_by_its_id_or_its_group() -> None:
    assert [store.id for store in ORGANISATION.stores_named(["sunset", "coast"])] == ["bayside", "pier-9", "sunset"]


def test_no_names_name_every_store() -> None:
    assert len(ORGANISATION.stores_named(None)) == 3


def test_an_unknown_name_names_no_store() -> None:
    assert ORGANISATION.stores_named(["moon"]) == ()


def test_a_store_is_found_by_its_id_alone() -> None:
    assert ORGANISATION.store("pier-9") is ORGANISATION.stores[1]
    assert ORGANISATION.store("coast") is None


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "New York"])
def test_an_unknown_time_zone_is_refused_with_its_place(name: str) -> None:
    found = faults(stores=[STORE | {"time_zone": name}])
    assert found == {("stores", 0, "time_zone"): f'{name!r} is no time zone. Write one such as "America/New_York".'}


def test_a_store_id_used_twice_is_refused() -> None:
    assert faults(stores=[STORE, STORE]) == {("stores", 1, "id"): "The id 'bayside' is used twice. Give each its own."}


def test_a_counter_id_used_twice_in_one_store_is_refused() -> None:
    counter = {"id": "one", "name": "One"}
    assert "used twice" in faults(stores=[STORE | {"counters": [counter, counter]}])["stores", 0, "counters", 1, "id"]


def test_a_person_id_used_twice_is_refused() -> None:
    assert (
        "used twice" in faults(people=[{"id": "ana", "name": "Ana"}, {"id": "ana", "name": "Ana B"}])["people", 1, "id"]
    )


def test_stores_that_vouchers_could_not_tell_apart_are_refused() -> None:
    found = faults(stores=[STORE | {"id": "promotion-987723"}, STORE | {"id": "promotion-1666206"}])
    what = "Vouchers could not tell 'promotion-1666206' from 'promotion-987723'. Give one of the two another id."
    assert found == {("stores", 1, "id"): what}


def test_counters_of_a_store_that_vouchers_could_not_tell_apart_are_refused() -> None:
    counters = [{"id": "counter-15312", "name": "One"}, {"id": "counter-54448", "name": "Two"}]
    what = "Vouchers could not tell 'counter-54448' from 'counter-15312'. Give one of the two another id."
    assert faults(stores=[STORE | {"counters": counters}]) == {("stores", 0, "counters", 1, "id"): what}
    apart = [STORE | {"counters": counters[:1]}, STORE | {"id": "pier-9", "counters": counters[1:]}]
    assert len(Organisation.model_validate({"name": "Harbor Grill", "stores": apart}).stores) == 2


def test_a_name_of_both_a_store_and_a_group_is_refused() -> None:
    found = faults(stores=[STORE | {"groups": ["bayside"]}])
    assert found == {("stores", 0, "id"): "'bayside' names a store and a group. Rename one of them."}


def test_a_person_of_an_unknown_store_is_refused() -> None:
    found = faults(people=[{"id": "ana", "name": "Ana", "stores": ["bayside", "coast", "moon"]}])
    assert found == {("people", 0, "stores", 2): "There is no store and no group 'moon'."}


def test_a_person_may_work_in_a_store_or_a_group() -> None:
    person = {"id": "ana", "name": "Ana", "stores": ["bayside", "coast"]}
    read = Organisation.model_validate({"name": "Harbor Grill", "stores": [STORE], "people": [person]})
    assert read.people[0].stores == ("bayside", "coast")


def test_all_faults_are_told_at_once() -> None:
    stranger = {"id": "ana", "name": "Ana", "stores": ["moon"]}
    assert set(faults(stores=[STORE, STORE], people=[stranger])) == {("stores", 1, "id"), ("people", 0, "stores", 0)}


def test_an_unknown_field_is_refused() -> None:
    assert ("stores", 0, "colour") in faults(stores=[STORE | {"colour": "red"}])


def test_an_unknown_role_is_refused() -> None:
    assert ("people", 0, "role") in faults(people=[{"id": "ana", "name": "Ana", "role": "boss"}])


def test_a_floor_is_an_amount_in_its_currency() -> None:
    read = Organisation.model_validate({"name": "Harbor Grill", "floor": {"amount": "20.00", "currency": "USD"}})
    assert read.floor is not None
    assert read.floor.amount_minor == 2000


def test_an_organisation_has_no_floor_unless_it_says_so() -> None:
    assert Organisation.model_validate({"name": "Harbor Grill"}).floor is None


def test_a_floor_with_more_decimals_than_its_currency_is_refused_at_the_amount() -> None:
    assert "no decimals" in faults(floor={"amount": "20.00", "currency": "JPY"})["floor", "amount"]


def test_a_floor_of_nothing_is_refused() -> None:
    assert "honours nothing" in faults(floor={"amount": "0.00", "currency": "USD"})["floor", "amount"]


def test_a_floor_as_a_bare_number_is_refused_with_how_to_write_it() -> None:
    found = faults(floor={"amount": 20, "currency": "USD"})
    assert found["floor", "amount"] == 'The amount 20 is a bare number. Write it in quotes, with its decimals: "12.00".'


def test_a_fault_is_told_as_a_refusal_at_its_place() -> None:
    error = refusal(Fault(("stores", 3), "It is closed.", "Open it."), Fault((), "Nobody is in."))
    assert [(one["type"], one["loc"], one["msg"]) for one in error.errors()] == [
        ("refused", ("stores", 3), "It is closed. Open it."),
        ("refused", (), "Nobody is in."),
    ]
