"""Clerks: added, given a new PIN, taken off. Each change is sealed into the next bundle at once."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from argon2 import PasswordHasher

from kiosk.core.organisation import Organisation
from kiosk.errors import CounterfoilError
from sync.head_office.office import HeadOffice
from sync.head_office.published import current
from sync.head_office.reading import id_from
from sync.head_office.records import ROLES, Clerk, Role
from sync.head_office.sealing import seal
from sync.head_office.store import HeadOfficeStore

GENERATED_DIGITS = 4
_HASHER = PasswordHasher()


class PeopleError(CounterfoilError):
    """A clerk cannot be added or changed; ``code`` names why."""


@dataclass(frozen=True, slots=True)
class AddedClerk:
    """A clerk, and their PIN where it was made here: it is shown this once."""

    clerk: Clerk
    pin: str | None


def add_clerk(
    office: HeadOffice, name: str, stores: Sequence[str], role: Role = "clerk", pin: str | None = None
) -> AddedClerk:
    """Add a clerk for ``stores`` (ids or groups; none: all). A PIN of four digits is made where none is given.

    A person of the organisation with this name (or id) who has no PIN yet is given one instead.
    Raises :class:`PeopleError`.
    """
    name = " ".join(name.split())
    _check_name(name)
    if role not in ROLES:
        raise PeopleError("clerk-role", f"There is no role {role!r}", cure=f"Choose {', '.join(ROLES)}.")
    made = checked_pin(pin) if pin is not None else make_pin()
    hashed = _HASHER.hash(made)
    with office.store.together() as store:
        _check_stores(office, stores)
        known = _waiting_for_pin(store, name)
        clerk = replace(known, pin_hash=hashed) if known else Clerk(
            id=_free_id(store, id_from(name) or "clerk"), name=name, role=role, stores=tuple(stores), pin_hash=hashed
        )  # fmt: skip
        store.put_clerk(clerk)
        _seal_again(office, store)
    return AddedClerk(clerk, None if pin is not None else made)


def new_pin(office: HeadOffice, clerk_id: str, pin: str | None = None) -> AddedClerk:
    """Give a clerk another PIN; one is made where none is given. Raises :class:`PeopleError`."""
    made = checked_pin(pin) if pin is not None else make_pin()
    hashed = _HASHER.hash(made)
    with office.store.together() as store:
        clerk = replace(_clerk(store, clerk_id), pin_hash=hashed)
        store.put_clerk(clerk)
        _seal_again(office, store)
    return AddedClerk(clerk, None if pin is not None else made)


def remove_clerk(office: HeadOffice, clerk_id: str) -> None:
    """Take a clerk off; what they redeemed stays. A person of the organisation's file loses the PIN only."""
    with office.store.together() as store:
        clerk = _clerk(store, clerk_id)
        if clerk.from_organisation:
            store.put_clerk(replace(clerk, pin_hash=None))
        else:
            store.drop_clerk(clerk_id)
        _seal_again(office, store)


def follow_organisation(store: HeadOfficeStore, organisation: Organisation) -> None:
    """Make the clerks who came with the organisation's file what it says now; PINs stay."""
    named = {person.id for person in organisation.people}
    held = {clerk.id: clerk for clerk in store.clerks()}
    for person in organisation.people:
        known = held.get(person.id)
        wanted = Clerk(
            id=person.id, name=person.name, role=person.role, stores=person.stores,
            pin_hash=known.pin_hash if known else None, from_organisation=True,
        )  # fmt: skip
        if wanted != known:
            store.put_clerk(wanted)
    for clerk in held.values():
        if clerk.from_organisation and clerk.id not in named:
            store.drop_clerk(clerk.id)


def without_pin(store: HeadOfficeStore, organisation: Organisation) -> list[str]:
    """Names of the organisation's people who cannot sign in at a counter yet."""
    held = {clerk.id: clerk for clerk in store.clerks()}
    return [one.name for one in organisation.people if one.id not in held or held[one.id].pin_hash is None]


def make_pin() -> str:
    """Four random digits that are no obvious ones."""
    while True:
        pin = "".join(secrets.choice("0123456789") for _ in range(GENERATED_DIGITS))
        if not _obvious(pin):
            return pin


def checked_pin(pin: str) -> str:
    """``pin`` if it has 4 to 8 digits and is not obvious; else raises ``pin-form`` or ``pin-weak``."""
    if not re.fullmatch(r"[0-9]{4,8}", pin):
        raise PeopleError("pin-form", "A PIN has 4 to 8 digits", cure="Choose digits only.")
    if _obvious(pin):
        raise PeopleError(
            "pin-weak", "That PIN is the first that anybody tries", cure="Choose another, or have one made."
        )
    return pin


def _obvious(pin: str) -> bool:
    """One digit repeated, or a run up or down such as 1234, 6789, 4321, 7890."""
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(pin)}
    return steps in ({0}, {1}, {9})


def _check_name(name: str) -> None:
    if not name or len(name) > 80:
        cure = "Write it as colleagues would say it."
        raise PeopleError("clerk-name", "A clerk's name has 1 to 80 characters", cure=cure)


def _check_stores(office: HeadOffice, stores: Sequence[str]) -> None:
    published = current(office)
    if published is None:
        raise PeopleError(
            "clerk-store-unknown", "No organisation is published yet", cure="Publish organisation.yaml first."
        )
    organisation = published.organisation
    known = [store.id for store in organisation.stores]
    groups = {group for store in organisation.stores for group in store.groups}
    for name in stores:
        if name not in known and name not in groups:
            raise PeopleError("clerk-store-unknown", f"There is no store and no group {name!r}",
                              cure=f"Stores here: {', '.join(known) or 'none'}.")  # fmt: skip


def _waiting_for_pin(store: HeadOfficeStore, name: str) -> Clerk | None:
    return next((one for one in store.clerks() if name in (one.name, one.id) and one.pin_hash is None), None)


def _free_id(store: HeadOfficeStore, wanted: str) -> str:
    taken = {clerk.id for clerk in store.clerks()}
    candidates = (wanted if not k else f"{wanted[:60]}-{k + 1}" for k in range(len(taken) + 1))
    return next(one for one in candidates if one not in taken)


def _clerk(store: HeadOfficeStore, clerk_id: str) -> Clerk:
    clerk = store.clerk(clerk_id)
    if clerk is None:
        raise PeopleError(
            "clerk-unknown", f"There is no clerk {clerk_id!r}", cure="Reload the page: the list has changed."
        )
    return clerk


def _seal_again(office: HeadOffice, store: HeadOfficeStore) -> None:
    published = current(office)
    if published is not None:
        seal(office, store, published.promotions, published.organisation)
