"""One line of a file of scenarios, as fields: what is asked, where, when, and what was redeemed before.

Rules of this module:

- Required are ``promotions``, ``store``, ``at``, ``credential``; ``time_zone`` unless the organisation has the store.
- A field that is not known here is not an error: :attr:`Scenario.not_read` names it.
- Amounts whose currency only the promotion knows stay as they are written; the trial reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.scenarios.fields import Fields, ScenarioFault, shown

KINDS = ("word", "listed", "voucher", "rotating", "gs1", "foreign", "screen")
FRESHNESS = ("fresh", "stale", "expired")

_KNOWN = frozenset({
    "promotions", "store", "time_zone", "at", "credential", "holder", "clerk", "basket_minor", "in_sale", "online",
    "allowance", "risk", "history", "counter", "organisation", "listed", "codes",
    "clock", "freshness", "fenced", "published_at", "rotating_keys", "issuer_keys", "revoked",
})  # fmt: skip
_KNOWN_OF_ITEM = frozenset({
    "promotion", "credential", "store", "counter", "at", "holder", "clerk", "amount_minor", "basket_minor", "void",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential as it is held up. ``kind`` None: whatever it looks like."""

    kind: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """One item of the history; ``path`` names it. ``amount_minor`` None: what the promotion says it costs."""

    path: str
    promotion: str
    credential: Shown | None
    store: str
    counter: str | None
    at: datetime
    holder: str | None
    clerk: str | None
    amount_minor: int | None
    basket_minor: int | None
    void: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    """One question. ``promotions`` and ``organisation`` are paths as written; ``fields`` has what the trial reads."""

    promotions: str
    organisation: str | None
    store: str
    counter: str | None
    zone: ZoneInfo | None
    at: datetime
    credential: Shown
    holder: str | None
    clerk: str | None
    basket_minor: int | None
    in_sale: tuple[tuple[str, int | None], ...]
    online: bool
    history: tuple[Earlier, ...]
    freshness: str
    fenced: bool
    clock: tuple[datetime, datetime] | None
    published_at: datetime | None
    listed: Mapping[str, tuple[str, ...]]
    fields: Fields = field(repr=False, compare=False)
    not_read: tuple[str, ...] = ()


def read_scenario(line: Any) -> Scenario:
    """The scenario in a JSON object; raises :class:`ScenarioFault`."""
    fields = Fields(line)
    fields.wall = fields.zone("time_zone")
    store, counter = _place(fields)
    at = fields.needed("at", Fields.instant, '"2026-11-06T18:00:00-05:00"')
    history, beyond = _history(fields, store, at)
    return Scenario(
        promotions=fields.needed("promotions", Fields.text, '"promotions.yaml", a path relative to this file'),
        organisation=fields.text("organisation"),
        store=store,
        counter=counter,
        zone=fields.zone("time_zone"),
        at=at,
        credential=fields.needed("credential", _credential, '{"kind": "word", "text": "SHRIMP20"}'),
        holder=fields.text("holder"),
        clerk=fields.text("clerk"),
        basket_minor=fields.whole("basket_minor"),
        in_sale=tuple(_taken(path, one) for path, one in fields.items("in_sale")),
        online=fields.flag("online", otherwise=True),
        history=history,
        freshness=fields.one_of("freshness", FRESHNESS) or "fresh",
        fenced=fields.flag("fenced", otherwise=False),
        clock=fields.instants("clock"),
        published_at=fields.instant("published_at"),
        listed=_codes(fields),
        fields=fields,
        not_read=(*fields.beyond(_KNOWN), *beyond),
    )


def _place(fields: Fields) -> tuple[str, str | None]:
    """Store and counter; "bayside/front" names both."""
    named = fields.needed("store", Fields.text, '"bayside"')
    store, slash, counter = named.partition("/")
    return (store, fields.text("counter") or counter) if slash else (named, fields.text("counter"))


def _credential(fields: Fields, name: str) -> Shown | None:
    written = fields.raw(name)
    if written is None or isinstance(written, str):
        return None if written is None else Shown(None, written)
    inner = Fields(written, fields.path(name))
    text = inner.raw("text")
    if isinstance(text, list) and all(isinstance(one, str) for one in text):
        text = "\n".join(text)
    if not isinstance(text, str):
        what = "The field is missing." if text is None else f"{shown(text)} is no text."
        inner.fail("text", what, 'Write what is held up, in quotes: "SHRIMP20".')
    return Shown(inner.one_of("kind", KINDS), text)


def _taken(path: str, one: Any) -> tuple[str, int | None]:
    """A promotion redeemed in this sale: its id, or an object that says what it took off too."""
    if isinstance(one, str) and one:
        return one, None
    if not isinstance(one, dict):
        raise ScenarioFault(path, f"{shown(one)} is no promotion's id.", 'Write ids in quotes: ["free-coffee"].')
    fields = Fields(one, path)
    return fields.needed("promotion", Fields.text, '"free-coffee"'), fields.whole("amount_minor")


def _codes(fields: Fields) -> dict[str, tuple[str, ...]]:
    """Imported listed codes by promotion."""
    found: dict[str, tuple[str, ...]] = {}
    given = (fields.object("listed"), fields.object("codes"))
    for by_promotion in (one for one in given if one is not None):
        for promotion in by_promotion.names():
            codes = by_promotion.items(promotion)
            for path, code in codes:
                if not isinstance(code, str):
                    raise ScenarioFault(path, f"{shown(code)} is no text.", "Put each code in quotes.")
            found[promotion] = (*found.get(promotion, ()), *(code for _, code in codes))
    return found


def _history(fields: Fields, store: str, now: datetime) -> tuple[tuple[Earlier, ...], list[str]]:
    items, beyond = [], []
    for path, one in fields.items("history"):
        inner = Fields(one, path, fields.wall)
        items.append(_earlier(inner, path, store, now))
        beyond += inner.beyond(_KNOWN_OF_ITEM)
    return tuple(items), beyond


def _earlier(fields: Fields, path: str, store: str, now: datetime) -> Earlier:
    """One item; a store that is left out is the scenario's, and a void's time tells nothing."""
    void = fields.flag("void", otherwise=False)
    there, slash, counter = (fields.text("store") or store).partition("/")
    return Earlier(
        path=path,
        promotion=fields.needed("promotion", Fields.text, '"shrimp-tacos"'),
        credential=_credential(fields, "credential"),
        store=there,
        counter=fields.text("counter") or (counter if slash else None),
        at=(fields.instant("at") or now)
        if void
        else fields.needed("at", Fields.instant, '"2026-11-06T17:30:00-05:00"'),
        holder=fields.text("holder"),
        clerk=fields.text("clerk"),
        amount_minor=fields.whole("amount_minor"),
        basket_minor=fields.whole("basket_minor"),
        void=void,
    )
