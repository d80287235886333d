"""The answer to one credential: an outcome, one reason out of a closed set, and the facts behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What the clerk is told to do."""

    ACCEPT = "accept"
    CHECK = "check"
    ASK = "ask"
    REFUSE = "refuse"


class Reason(StrEnum):
    """Why, as a stable code. The order is the order in which one is chosen when several apply."""

    OK = "ok"
    LOOK_AT_SCREEN = "look-at-screen"
    # what it is
    MALFORMED = "malformed"
    UNKNOWN_CODE = "unknown-code"
    WRONG_CREDENTIAL = "wrong-credential"
    # use
    USED_HERE = "used-here"
    USED_ELSEWHERE = "used-elsewhere"
    SEEN_BEFORE = "seen-before"
    # ended
    OVER = "over"
    PAUSED = "paused"
    # place
    WRONG_STORE = "wrong-store"
    # time
    NOT_YET = "not-yet"
    BLACKOUT = "blackout"
    WRONG_DAY = "wrong-day"
    WRONG_HOUR = "wrong-hour"
    # limits
    LIMIT_TOTAL = "limit-total"


FactValue = str | int | bool | None | list["FactValue"] | dict[str, "FactValue"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer. ``facts`` holds only JSON-like values; instants in it are ISO 8601 with an offset.

    ``look-at-screen`` and ``seen-before`` go with check: the clerk compares and decides.

    Facts by name: ``starts_at``, ``ended_on`` (ISO date), ``next_ok`` ({"at", "until", "stores"}),
    ``stores`` (names), ``used_at``, ``used_store``, ``limit``, ``used``, ``left``,
    ``credentials`` (the kinds that the promotion takes), ``not_checked`` (names of rules whose key
    is not known or that are not enforced yet). Of a screen: ``not_read`` (marks as {"mark", "wanted"}),
    ``like`` and ``differs`` (the promotion that it is nearly of; {"mark", "wanted", "found"}), and where it
    was seen before ``used_counter`` (id), ``stub`` (its number there), ``clerk`` (id, where known) and
    ``times``.
    """

    outcome: Outcome
    reason: Reason
    promotion: str | None = None
    facts: Mapping[str, FactValue] = field(default_factory=dict)
