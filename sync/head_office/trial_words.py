"""A verdict in head office's words: what the counter says, why, and the facts behind it as rows.

Rules of this module:

- One line for each reason, in English; the clerk's own words, with what to say aloud, are the counter's.
- Times are on the clock of the store that was asked; nothing of a fact is left out that has a row's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from kiosk.core.verdict import FactValue, Outcome, Reason, Verdict
from sync.head_office.promotion_words import day_words, money_words

WORD_OF_OUTCOME = {
    Outcome.ACCEPT: "Accept",
    Outcome.CHECK: "Check",
    Outcome.ASK: "Ask a manager",
    Outcome.REFUSE: "Refuse",
}
SYMBOL_OF_OUTCOME = {
    Outcome.ACCEPT: "check",
    Outcome.CHECK: "eye",
    Outcome.ASK: "question",
    Outcome.REFUSE: "cross",
}

WORDS_OF_REASON: Mapping[Reason, str] = {
    Reason.OK: "It can be redeemed.",
    Reason.LOOK_AT_SCREEN: "The clerk compares the screen with the sample.",
    Reason.MALFORMED: "Nothing that could be read was held up.",
    Reason.MISREAD_CODE: "It has the shape of our codes, and one character is wrong.",
    Reason.UNKNOWN_CODE: "No promotion knows it.",
    Reason.UNKNOWN_ISSUER: "It is signed with a key that we do not trust, or no longer.",
    Reason.UNKNOWN_PROMOTION: "It is signed, for a promotion that is not published.",
    Reason.BAD_SIGNATURE: "Its signature does not hold: it was changed or made up.",
    Reason.REVOKED: "It was taken back.",
    Reason.WRONG_CREDENTIAL: "The promotion does not take this kind of credential.",
    Reason.USED_HERE: "It was used at this store.",
    Reason.USED_ELSEWHERE: "It was used elsewhere.",
    Reason.OLD_CODE: "It turns all the time, and this one is an old picture of it.",
    Reason.SEEN_BEFORE: "The same screen was shown before; the clerk compares and decides.",
    Reason.OVER: "The promotion is over.",
    Reason.PAUSED: "The promotion is paused.",
    Reason.WRONG_STORE: "This store takes no part.",
    Reason.WRONG_COUNTER: "Another counter of this store honours it.",
    Reason.NOT_YET: "It has not begun.",
    Reason.BLACKOUT: "This day is left out.",
    Reason.WRONG_DAY: "It does not run on this day of the week.",
    Reason.WRONG_HOUR: "It does not run at this hour.",
    Reason.LATE_WITHIN_GRACE: "It is late, within the days of grace.",
    Reason.LIMIT_TOTAL: "All have been given out.",
    Reason.LIMIT_STORE: "This store has given out all of its own.",
    Reason.LIMIT_STORE_DAY: "This store has given out all of today's.",
    Reason.LIMIT_CLERK_DAY: "This clerk has given out all that one may in a day.",
    Reason.LIMIT_CUSTOMER: "This customer has had as many as one may.",
    Reason.BUDGET_SPENT: "What is left of the budget does not cover it.",
    Reason.BASKET_TOO_SMALL: "The sale comes to less than it must.",
    Reason.BASKET_TOO_LARGE: "The sale comes to more than it may.",
    Reason.DOES_NOT_STACK: "It does not go with what was redeemed in this sale.",
    Reason.VALUE_OVER_EVIDENCE: "It is worth more than this kind of credential may be.",
    Reason.COUNTER_FENCED: "This counter is stopped: its journal was seen in two versions.",
    Reason.NEEDS_HEAD_OFFICE: "It can be used once, and only head office can tell whether it was.",
    Reason.NO_ALLOWANCE: "This counter has no right left to give another one.",
    Reason.OVER_FLOOR: "It is worth more than a counter may accept unseen.",
    Reason.PROMOTIONS_STALE: "The counter's list of promotions is too old.",
    Reason.CLOCK_SUSPECT: "The counter's clock cannot be trusted.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One fact: what it is, and what it says."""

    label: str
    words: str


_LABELS = {
    "next_ok": "It would pass", "not_checked": "Not checked", "starts_at": "Begins", "ended_on": "Ended",
    "grace_until": "Grace until", "late_days": "Days late", "stores": "Stores", "counters": "Counters",
    "used_at": "Used", "used_store": "Used in", "times": "Times", "shown_at": "Was fresh", "limit": "Limit",
    "used": "Given out", "left": "Left", "cost": "Takes off", "budget": "Budget", "budget_left": "Left of it",
    "basket": "The sale", "basket_min": "At least", "basket_max": "At most", "stack_cap": "A sale's most",
    "already_off": "Off already", "evidence_cap": "At most", "floor": "Unseen up to", "in_sale": "Not with",
    "credentials": "It takes", "issuer": "Key", "published_at": "List of", "clock_from": "Earliest",
    "clock_until": "Latest", "not_read": "Not read", "like": "Nearly", "differs": "Differs",
}  # fmt: skip


def fact_rows(verdict: Verdict, zone: tzinfo, now: datetime) -> list[Row]:
    """The facts of a verdict as rows, each in words of a reader at ``now`` on the clock of ``zone``."""
    rows = []
    for name, value in verdict.facts.items():
        words = _words(value, zone, now.astimezone(zone).date())
        if name in _LABELS and words:
            rows.append(Row(_LABELS[name], words))
    return rows


def _words(value: FactValue, zone: tzinfo, today: date) -> str:
    if isinstance(value, dict):
        return _object_words(value, zone, today)
    if isinstance(value, list):
        return ", ".join(_words(one, zone, today) for one in value)
    if isinstance(value, str):
        return _text_words(value, zone, today)
    return "" if value is None else f"{value:,}"


def _object_words(value: Mapping[str, FactValue], zone: tzinfo, today: date) -> str:
    if "amount" in value:
        return money_words(str(value["amount"]), str(value.get("currency") or ""))
    if "wanted" in value:
        found = f", shows “{value['found']}”" if value.get("found") else ""
        return f"{value.get('mark')} “{value['wanted']}”{found}"
    stores = _words(value.get("stores"), zone, today)
    return " ".join(part for part in (_words(value.get("at"), zone, today), f"at {stores}" if stores else "") if part)


def _text_words(text: str, zone: tzinfo, today: date) -> str:
    """An instant or a day as one says it; any other text as it is."""
    for read in (_instant_words, _day_words):
        try:
            return read(text, zone, today)
        except ValueError:
            continue
    return text


def _instant_words(text: str, zone: tzinfo, today: date) -> str:
    if "T" not in text:
        raise ValueError(text)
    at = datetime.fromisoformat(text).astimezone(zone)
    return f"{day_words(at.date(), today)} {at:%H:%M}"


def _day_words(text: str, _zone: tzinfo, today: date) -> str:
    return day_words(date.fromisoformat(text), today)
