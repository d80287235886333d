"""One question in a small world for the tests of the rules: what is held up, where, when, after which history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk.core.catalogue import Credential, Right
from kiosk.core.decide import UNKNOWN_SALE, Place, Sale, decide
from kiosk.core.entry import FeedId
from kiosk.core.fact import Void
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.situation import ORDINARY, Situation
from kiosk.core.standing import Standing
from kiosk.core.verdict import Reason, Verdict
from tests.core_world import ORGANISATION, OWN, at, catalogue, milliseconds, promotion, redemption

NOON = at("2026-11-06T12:00")  # a Friday
AN_HOUR_AGO = at("2026-11-06T11:00")
NOVEMBER = {"from": "2026-11-01", "until": "2026-11-30"}
TWELVE = {"amount": "12.00", "currency": "USD"}
ALL_KINDS: Mapping[str, Any] = {
    "credentials": ["screen", "voucher", "listed", "word", "rotating", "gs1", "foreign"],
    "screen": {"offer": "Tacos"},
    "rotating": {"key": "tacos"},
    "gs1": {"offer_codes": ["123456"]},
    "foreign": {"kind": "pretix_sig1", "key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
}
ANA = Sale(clerk="ana")
HOLDER = b"a customer is 16"
OTHER_HOLDER = b"another of 16 by"

CAIRO = Organisation.model_validate({
    "name": "Harbor Grill",
    "stores": [{"id": "bayside", "name": "Bayside", "time_zone": "Africa/Cairo"}],
})  # fmt: skip


def credential(kind: str = "listed", one: int = 1, **changes: Any) -> Credential:
    """A credential of the promotion "tacos" as it was recognised; ``one`` tells it apart."""
    return Credential(kind, "tacos", one.to_bytes(16, "big"), "", **({"shared": kind == "word"} | changes))


LISTED, VOUCHER, WORD, SCREEN = (credential(kind) for kind in ("listed", "voucher", "word", "screen"))


def voucher(**right: Any) -> Credential:
    """A voucher that says so of itself."""
    return credential("voucher", right=Right(**right))


@dataclass(frozen=True)
class Past:
    """An earlier redemption, by default of another listed code here an hour ago."""

    one: int = 100
    store: str = "bayside"
    at: datetime = AN_HOUR_AGO
    clerk: str = "ana"
    holder: bytes | None = None
    amount_minor: int | None = None
    void: bool = False
    kind: str = "listed"


def standing(history: Iterable[Past], situation: Situation = ORDINARY) -> Standing:
    """What a counter knows after ``history``; each redemption in the feed of its store's first counter."""
    known = Standing(OWN, situation=situation)
    for n, past in enumerate(history, start=1):
        feed = FeedId(f"{past.store}/counter-1", 1)
        fact = redemption(
            n, store=past.store, clerk=past.clerk, credential=past.one.to_bytes(16, "big"), at_ms=milliseconds(past.at),
            holder=past.holder, amount_minor=past.amount_minor, credential_kind=past.kind,
        )  # fmt: skip
        known.apply(feed, n, fact)
        if past.void:
            known.apply(feed, 1000 + n, Void(at_ms=fact.at_ms, feed=str(feed), n=n, clerk="ana", reason="returned"))
    return known


def tacos(**fields: Any) -> Promotion:
    """The promotion of the tests; it takes all kinds of credential, all November."""
    return promotion(**({**ALL_KINDS} | fields))


def asked(
    held_up: Credential = LISTED,
    *history: Past,
    store: str = "bayside",
    counter: str = "counter-1",
    now: datetime = NOON,
    sale: Sale = UNKNOWN_SALE,
    situation: Situation = ORDINARY,
    also: Iterable[Promotion] = (),
    organisation: Organisation = ORGANISATION,
    **fields: Any,
) -> Verdict:
    """The verdict on ``held_up`` where "tacos" is published with ``fields``, and ``also`` others."""
    known = catalogue(tacos(**fields), *also, organisation=organisation)
    return decide(held_up, known, standing(history, situation), Place(store, counter), now, sale)


def answer(*question: Any, **more: Any) -> tuple[str, str]:
    """Outcome and reason of :func:`asked`."""
    verdict = asked(*question, **more)
    return verdict.outcome.value, verdict.reason.value


def reason(*question: Any, **more: Any) -> Reason:
    """The reason of :func:`asked`, where it is refused; else OK or what the clerk has to do."""
    return asked(*question, **more).reason


def usd(amount: str) -> dict[str, str]:
    """An amount as a fact."""
    return {"amount": amount, "currency": "USD"}
