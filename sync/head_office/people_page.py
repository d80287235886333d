"""The page of people: clerks, their PINs, and a form for one more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import Response, request, url_for

from kiosk.errors import CounterfoilError
from sync.head_office.once import Once, show_once, shown_once
from sync.head_office.people import AddedClerk, PeopleError, add_clerk, new_pin, remove_clerk
from sync.head_office.records import Clerk, Role
from sync.head_office.respond import respond, send_to
from sync.head_office.seat import office, published

PAGE = "head_office/people.html"
ROLES = (("clerk", "Clerk"), ("shift-manager", "Shift manager"))
_ROLE_WORDS = {**dict(ROLES), "head-office": "Head office"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form."""

    name: str = ""
    role: str = "clerk"
    stores: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClerkRow:
    """One clerk in words."""

    id: str
    name: str
    role: str
    stores: str
    has_pin: bool
    listed_in_file: bool


def people() -> Response:
    """``GET /people``."""
    return _page(Typed())


def add() -> Response:
    """``POST /people``: one clerk more."""
    typed = Typed(request.form.get("name", ""), request.form.get("role", ""), request.form.getlist("stores"))
    pin = request.form.get("pin", "").strip() or None
    try:
        added = add_clerk(office(), typed.name, typed.stores, role=cast(Role, typed.role), pin=pin)
    except PeopleError as error:
        return _page(typed, error)
    return _told(added)


def renew_pin(clerk_id: str) -> Response:
    """``POST /people/<clerk>/pin``: another PIN, made here."""
    try:
        return _told(new_pin(office(), clerk_id))
    except PeopleError as error:
        return _page(Typed(), error)


def remove(clerk_id: str) -> Response:
    """``POST /people/<clerk>/remove``: the clerk signs in nowhere from the next version on."""
    try:
        remove_clerk(office(), clerk_id)
    except PeopleError as error:
        return _page(Typed(), error)
    return send_to(url_for("pages.people"))


def _told(added: AddedClerk) -> Response:
    if added.pin is not None:
        show_once(Once("people", added.clerk.name, added.pin))
    return send_to(url_for("pages.people", _anchor="once" if added.pin else None))


def _page(typed: Typed, error: CounterfoilError | None = None) -> Response:
    return respond(
        PAGE,
        status=422 if error else 200,
        clerks=[_row(clerk) for clerk in office().store.clerks()],
        stores=published().organisation.stores,
        roles=ROLES,
        typed=typed,
        error=error,
        once=shown_once("people"),
    )


def _row(clerk: Clerk) -> ClerkRow:
    organisation = published().organisation
    named = {store.id: store.name for store in organisation.stores}
    stores = ", ".join(named.get(one, one) for one in clerk.stores) or "all stores"
    return ClerkRow(
        clerk.id, clerk.name, _ROLE_WORDS[clerk.role], stores, clerk.pin_hash is not None, clerk.from_organisation
    )
