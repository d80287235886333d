"""What to do first, and how much of it is done: shown where a page would be empty."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from sync.head_office.freshness import living
from sync.head_office.seat import office, published


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; ``address`` is where."""

    words: str
    address: str
    done: bool


def first_steps() -> tuple[Step, ...]:
    """From nothing to the first redemption, in order."""
    state, store = published(), office().store
    return (
        Step(
            "Publish your stores and counters",
            url_for("pages.publish", kind="organisation"),
            bool(state.organisation.stores),
        ),
        Step("Publish promotions", url_for("pages.publish", kind="promotions"), bool(state.promotions)),
        Step(
            "Add clerks and tell them their PIN", url_for("pages.people"), any(one.pin_hash for one in store.clerks())
        ),
        Step("Enrol a counter with a one-time code", url_for("pages.counters"), bool(living(store.enrolments()))),
        Step("Redeem: it appears here within seconds", "", False),
    )
