"""Promotions and questions for the tests of scenarios: plain fields, as an author writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.verdict import Verdict
from kiosk.scenarios.reading import read_scenario
from kiosk.scenarios.trial import Trial

CODE, WORD = "TACO-7F3K-9HXM", "SHRIMP20"
OFFER = "Free appetizer with any entree: shrimp tacos"
SCREEN = f"21:14\nYou've checked in!\nHarbor Grill\n@zed.z\n{OFFER}\n{WORD}\nNov 1 - Nov 30"


def tacos(**changes: Any) -> dict[str, Any]:
    """A promotion of November 2026 that takes a listed code, a word and a screen; None leaves a field out."""
    fields: dict[str, Any] = {
        "id": "tacos",
        "title": "Free shrimp tacos",
        "gives": "One shrimp tacos appetizer, free",
        "venue": "Harbor Grill",
        "value": {"amount": "12.00", "currency": "USD"},
        "valid": {"from": "2026-11-01", "until": "2026-11-30"},
        "credentials": ["listed", "word", "screen"],
        "words": [WORD],
        "codes": [CODE],
        "screen": {"offer": OFFER, "dates_shown": "Nov 1 - Nov 30"},
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def coffee(**changes: Any) -> dict[str, Any]:
    """Another promotion, with a word alone."""
    fields = {
        "id": "coffee",
        "title": "Coffee at half price",
        "gives": "A coffee",
        "value": {"amount": "3.50", "currency": "USD"},
        "valid": {"from": "2026-11-01", "until": "2026-11-30"},
        "credentials": ["word"],
        "words": ["MORNING"],
    }
    return fields | changes


def question(text: str = CODE, kind: str | None = "listed", **changes: Any) -> dict[str, Any]:
    """A question at Bayside on Friday, 6 November 2026, 18:00; None leaves a field out."""
    fields: dict[str, Any] = {
        "promotions": "promotions.yaml",
        "store": "bayside",
        "time_zone": "America/New_York",
        "at": "2026-11-06T18:00:00-05:00",
        "credential": {"kind": kind, "text": text},
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def earlier(text: Any = CODE, **changes: Any) -> dict[str, Any]:
    """An item of the history: the code, an hour before, at Bayside."""
    fields = {"promotion": "tacos", "credential": text, "store": "bayside", "at": "2026-11-06T17:00:00-05:00"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def trial(*promotions: Mapping[str, Any], organisation: Organisation | None = None) -> Trial:
    """Those promotions, to be tried; without any, the tacos."""
    models = [Promotion.model_validate(one) for one in promotions or (tacos(),)]
    return Trial({one.id: one for one in models}, organisation)


def ask(fields: Mapping[str, Any], *promotions: Mapping[str, Any], organisation: Organisation | None = None) -> Verdict:
    """The answer to a question."""
    return trial(*promotions, organisation=organisation).answer(read_scenario(fields))


def told(fields: Mapping[str, Any], *promotions: Mapping[str, Any], organisation: Organisation | None = None) -> str:
    """The answer to a question, as "verdict reason"."""
    verdict = ask(fields, *promotions, organisation=organisation)
    return f"{verdict.outcome} {verdict.reason}"
