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
    MISREAD_CODE = "misread-code"
    UNKNOWN_CODE = "unknown-code"
    UNKNOWN_ISSUER = "unknown-issuer"
    UNKNOWN_PROMOTION = "unknown-promotion"
    BAD_SIGNATURE = "bad-signature"
    REVOKED = "revoked"
    WRONG_CREDENTIAL = "wrong-credential"
    # use
    USED_HERE = "used-here"
    USED_ELSEWHERE = "used-elsewhere"
    OLD_CODE = "old-code"
    SEEN_BEFORE = "seen-before"
    # ended
    OVER = "over"
    PAUSED = "paused"
    # place
    WRONG_STORE = "wrong-store"
    WRONG_COUNTER = "wrong-counter"
    # time
    NOT_YET = "not-yet"
    BLACKOUT = "blackout"
    WRONG_DAY = "wrong-day"
    WRONG_HOUR = "wrong-hour"
    LATE_WITHIN_GRACE = "late-within-grace"
    # limits and budget
    LIMIT_TOTAL = "limit-total"
    LIMIT_STORE = "limit-store"
    LIMIT_STORE_DAY = "limit-store-day"
    LIMIT_CLERK_DAY = "limit-clerk-day"
    LIMIT_CUSTOMER = "limit-customer"
    BUDGET_SPENT = "budget-spent"
    # basket and stacking
    BASKET_TOO_SMALL = "basket-too-small"
    BASKET_TOO_LARGE = "basket-too-large"
    DOES_NOT_STACK = "does-not-stack"
    # evidence
    VALUE_OVER_EVIDENCE = "value-over-evidence"
    # what this counter may say yes to alone
    COUNTER_FENCED = "counter-fenced"
    NEEDS_HEAD_OFFICE = "needs-head-office"
    NO_ALLOWANCE = "no-allowance"
    OVER_FLOOR = "over-floor"
    PROMOTIONS_STALE = "promotions-stale"
    CLOCK_SUSPECT = "clock-suspect"


FactValue = str | int | bool | None | list["FactValue"] | dict[str, "FactValue"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer. ``facts`` holds only JSON-like values; instants in it are ISO 8601 with an offset.

    ``cost_minor`` (minor units of the promotion's currency) and ``holder`` (the customer's 16 bytes) are what a
    redemption of it is written down with; None where they are not known.

    ``look-at-screen`` and ``seen-before`` go with check: the clerk compares and decides.

    ``ask`` goes with ``late-within-grace``, ``over-floor``, ``clock-suspect`` and, for what is not used up by one use,
    ``promotions-stale``: a shift manager may say yes.

    Facts by name. Anywhere: ``next_ok`` ({"at", "until", "stores"}; it would pass there and then), ``not_checked``
    (limits whose key is not known, as in the file: "per_customer", "budget"; and "seen-before").
    What it is: ``why`` (a malformed coupon or ticket: GS1's name of the fault in lower case, such as
    "truncated-offer-code"; of elements "not-elements"; "not-a-ticket").
    Time and place: ``starts_at``, ``ended_on`` (ISO date), ``grace_until`` (ISO date) and ``late_days``, ``stores`` and
    ``counters`` (names). Use: ``used_at``, ``used_store``; of a screen ``used_counter`` (id), ``stub`` (its number
    there), ``clerk`` (id) and ``times``; ``shown_at`` (when a rotating code was fresh).
    Limits: ``limit``, ``used``, ``left`` as counts. Money, as ``{"amount": "12.00", "currency": "USD"}``:
    ``cost`` (of this redemption), ``budget``, ``budget_left``, ``basket``, ``basket_min``, ``basket_max``,
    ``stack_cap``, ``already_off``, ``evidence_cap``, ``floor``. ``in_sale`` (titles of what it does not go with),
    ``credentials`` (the kinds that the promotion takes), ``issuer`` (key id), ``published_at`` (of a stale list),
    ``clock_from`` and ``clock_until``; of what needs head office ``unanswered`` (it was asked), ``denied`` (its code
    for why not) or ``reserved`` (a neighbour's: "used", "reserved", "busy"); of a lack of rights ``online`` (the line
    is up: head office had no more to give).
    A screen: ``not_read`` (marks as {"mark", "wanted"}), ``like`` and ``differs`` (the promotion that it is nearly of;
    {"mark", "wanted", "found"}).
    """

    outcome: Outcome
    reason: Reason
    promotion: str | None = None
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    cost_minor: int | None = field(default=None, compare=False)
    holder: bytes | None = field(default=None, compare=False)
