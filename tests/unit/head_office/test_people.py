"""Clerks and their PINs."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from kiosk.core.bundle import catalogue_of
from kiosk.core.organisation import StaffMember
from sync.head_office.office import HeadOffice
from sync.head_office.people import PeopleError, add_clerk, checked_pin, make_pin, new_pin, remove_clerk
from tests.head_office_world import an_office, opened


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


def staff(office: HeadOffice) -> dict[str, StaffMember]:
    return {one.id: one for one in catalogue_of(opened(office), b"").staff}


def test_an_added_clerk_is_in_the_next_bundle_with_a_hash(office: HeadOffice) -> None:
    added = add_clerk(office, "Ana", ["bayside"], pin="2580")
    assert added.pin is None
    member = staff(office)["ana"]
    assert (member.name, member.role, member.stores) == ("Ana", "clerk", ("bayside",))
    assert PasswordHasher().verify(member.pin_hash, "2580")


def test_a_pin_that_was_made_is_shown_once(office: HeadOffice) -> None:
    added = add_clerk(office, "Ana", [])
    assert added.pin is not None
    assert PasswordHasher().verify(staff(office)["ana"].pin_hash, added.pin)


def test_a_group_becomes_its_stores(office: HeadOffice) -> None:
    add_clerk(office, "Ana", ["harbor"], "shift-manager", "2580")
    assert staff(office)["ana"].stores == ("bayside", "pier-9")


def test_a_person_of_the_organisation_is_given_a_pin_not_doubled(office: HeadOffice) -> None:
    assert staff(office) == {}
    added = add_clerk(office, "Zoé", [], pin="2580")
    assert (added.clerk.id, added.clerk.role) == ("zoe", "shift-manager")
    assert list(staff(office)) == ["zoe"]


def test_two_clerks_of_one_name_have_two_ids(office: HeadOffice) -> None:
    assert [add_clerk(office, "Ana", [], pin="2580").clerk.id for _ in range(3)] == ["ana", "ana-2", "ana-3"]


def test_a_name_in_another_script_is_welcome(office: HeadOffice) -> None:
    assert add_clerk(office, "李雷", [], pin="2580").clerk.id == "clerk"


def test_a_new_pin_replaces_the_old_one(office: HeadOffice) -> None:
    add_clerk(office, "Ana", [], pin="2580")
    new_pin(office, "ana", "1379")
    assert PasswordHasher().verify(staff(office)["ana"].pin_hash, "1379")


def test_a_removed_clerk_is_gone_from_the_bundle(office: HeadOffice) -> None:
    add_clerk(office, "Ana", [], pin="2580")
    remove_clerk(office, "ana")
    assert staff(office) == {}


def test_a_removed_person_of_the_organisation_loses_the_pin_only(office: HeadOffice) -> None:
    add_clerk(office, "Zoé", [], pin="2580")
    remove_clerk(office, "zoe")
    assert staff(office) == {}
    assert [clerk.id for clerk in office.store.clerks()] == ["zoe"]


@pytest.mark.parametrize("pin", ["2580", "13579", "24680246", "1223"])
def test_a_pin_of_4_to_8_digits_is_taken(pin: str) -> None:
    assert checked_pin(pin) == pin


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("258", "pin-form"), ("258013579", "pin-form"), ("25a0", "pin-form"), ("٢٥٨٠", "pin-form"), ("", "pin-form"),
        ("1234", "pin-weak"), ("0000", "pin-weak"), ("77777777", "pin-weak"), ("4321", "pin-weak"),
        ("7890", "pin-weak"),
    ],
)  # fmt: skip
def test_a_pin_that_is_none_or_obvious_is_refused(pin: str, code: str) -> None:
    with pytest.raises(PeopleError) as refused:
        checked_pin(pin)
    assert refused.value.code == code


def test_a_pin_that_is_made_passes_its_own_check() -> None:
    assert all(checked_pin(make_pin()) for _ in range(200))


@pytest.mark.parametrize(
    ("name", "stores", "role", "code"),
    [
        ("  ", [], "clerk", "clerk-name"),
        ("x" * 81, [], "clerk", "clerk-name"),
        ("Ana", ["elm"], "clerk", "clerk-store-unknown"),
        ("Ana", [], "boss", "clerk-role"),
    ],
)
def test_a_clerk_that_cannot_be_is_refused(
    office: HeadOffice, name: str, stores: list[str], role: str, code: str
) -> None:
    with pytest.raises(PeopleError) as refused:
        add_clerk(office, name, stores, role, "2580")  # type: ignore[arg-type]  # what a form may send
    assert refused.value.code == code


def test_nobody_can_be_added_before_there_is_a_store(tmp_path: Path) -> None:
    with pytest.raises(PeopleError) as refused:
        add_clerk(an_office(tmp_path, published=False), "Ana", [], pin="2580")
    assert refused.value.code == "clerk-store-unknown"


def test_a_clerk_who_is_not_there_is_named(office: HeadOffice) -> None:
    with pytest.raises(PeopleError) as refused:
        new_pin(office, "nobody", "2580")
    assert refused.value.code == "clerk-unknown"
