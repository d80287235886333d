"""A promotion in a reader's words: what it is doing now, when, where, how it is shown, up to how many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from kiosk.core.organisation import Organisation, Store
from kiosk.core.promotion import Promotion, Valid
from kiosk.core.schedule import DAY_NAMES, is_open, next_opening
from kiosk.core.terms import places_of

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_KINDS = {
    "screen": "screen", "voucher": "voucher", "listed": "listed code", "word": "code word",
    "rotating": "rotating code", "gs1": "GS1 coupon", "foreign": "foreign code",
}  # fmt: skip
_CHANNELS = {
    "check-in": "check-in", "post": "social post", "story": "story", "offer": "offer",
    "text": "text message", "email": "e-mail", "print": "print", "other": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Now:
    """What a promotion is doing: ``words`` for its tag, the tag's tone and symbol, ``rank`` to list by."""

    words: str
    tone: str
    symbol: str
    rank: int


def now_words(promotion: Promotion, zones: Iterable[tzinfo], now: datetime) -> Now:
    """What ``promotion`` is doing at ``now`` (aware) in stores of these zones: running, starting, over, paused."""
    wanted = tuple(dict.fromkeys(zones)) or (UTC,)
    schedule = promotion.valid.schedule()
    openings = [(stretch, zone) for zone in wanted if (stretch := next_opening(schedule, zone, now)) is not None]
    if not openings:
        return Now(f"over since {day_words(promotion.valid.until, now.date())}", "", "clock", 4)
    if promotion.paused:
        return Now("paused", "check", "pause", 2)
    if any(is_open(schedule, now.astimezone(zone)) for zone in wanted):
        return Now("running", "accept", "check", 0)
    stretch, zone = min(openings, key=lambda pair: pair[0].start_at)
    opens, today = stretch.start_at.astimezone(zone), now.astimezone(zone).date()
    clock = "" if (opens.hour, opens.minute) == (0, 0) else f" {opens:%H:%M}"
    if today < promotion.valid.from_:
        return Now(f"starts {day_words(opens.date(), today)}{clock}", "", "calendar", 3)
    day = (
        ""
        if opens.date() == today
        else f" {opens:%a}"
        if (opens.date() - today).days < 7
        else (f" {day_words(opens.date(), today)}")
    )
    return Now(f"opens{day}{clock}", "", "clock", 1)


def day_words(day: date, today: date) -> str:
    """A day as one says it: "30 Nov", with its year where that is not today's."""
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b} {day.year}"


def dates_words(valid: Valid, today: date) -> str:
    """Its first and last day: "20 to 30 Nov", "28 Oct to 3 Nov", "30 Nov only"."""
    first, last = valid.from_, valid.until
    if first == last:
        return f"{day_words(last, today)} only"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_words(last, today)}"
    return f"{day_words(first, today)} to {day_words(last, today)}"


def hours_words(valid: Valid, today: date) -> str:
    """Its days and hours: "Fri and Sat, 17:00 to 22:00, not on 27 Nov"; empty where it runs all the time."""
    days = _days(valid.days)
    hours = _and(hours.replace("-", " to ") for hours in valid.hours)
    out = f"not on {_and(day_words(day, today) for day in valid.except_)}" if valid.except_ else ""
    return _begin(", ".join(part for part in (days, hours, out) if part))


def _days(days: Sequence[str]) -> str:
    numbers = sorted({DAY_NAMES.index(day) for day in days})
    if len(numbers) in {0, 7}:
        return ""
    names = [DAY_NAMES[number].capitalize() for number in numbers]
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{names[0]} to {names[-1]}"
    return _and(names)


def where_words(promotion: Promotion, organisation: Organisation) -> tuple[str, str]:
    """Where: ("All 10 stores", "41 counters"), ("Bayside and Pier 9", "5 counters")."""
    stores, some = places_of(promotion, organisation)
    counters = sum(len(some.get(store.id, store.counters)) for store in stores.values())
    return _stores(tuple(stores.values()), organisation), _many(counters, "counter")


def _stores(stores: Sequence[Store], organisation: Organisation) -> str:
    if not stores:
        return "no store"
    if len(stores) == len(organisation.stores) and len(stores) > 1:
        return "Both stores" if len(stores) == 2 else f"All {len(stores)} stores"
    return _and(store.name for store in stores) if len(stores) <= 2 else f"{len(stores)} stores"


def shown_words(promotion: Promotion) -> tuple[str, str]:
    """How a customer shows it, and what each may be worth at most: ("Screen, voucher", "screen $15.00 at most")."""
    worth = [
        f"{_KINDS[kind]} {money_words(amount, _currency(promotion))} at most"
        for kind, amount in promotion.evidence.items()
    ]
    return _begin(", ".join(_KINDS[kind] for kind in promotion.credentials)), ", ".join(worth)


def limits_words(promotion: Promotion) -> list[str]:
    """Its limits, the widest first: ["100 in all", "20 per store and day"]; empty without any."""
    limits, currency = promotion.limits, _currency(promotion)
    counted = (
        (limits.total, "in all"), (limits.per_store, "per store"), (limits.per_store_day, "per store and day"),
        (limits.per_clerk_day, "per clerk and day"), (limits.per_customer, "per customer"),
        (limits.per_code, "per code"),
    )  # fmt: skip
    words = [f"{count:,} {of}" for count, of in counted if count is not None]
    return words + ([f"{money_words(limits.budget, currency)} in all"] if limits.budget else [])


def value_words(promotion: Promotion) -> str:
    """What one is worth: "$12.00", "15 %, $15.00 at most"; empty where it says nothing."""
    value, currency = promotion.value, _currency(promotion)
    if value is None:
        return ""
    if value.amount is not None:
        return money_words(value.amount, currency)
    most = f", {money_words(value.at_most, currency)} at most" if value.at_most else ""
    return f"{value.percent} %{most}"


def channel_words(promotion: Promotion) -> str:
    """Where it was promised: "check-in, Roundsquare"; empty where it says nothing."""
    return ", ".join(part for part in (_CHANNELS[promotion.channel], promotion.network or "") if part)


def money_words(amount: str, currency: str) -> str:
    """An exact decimal text as money: "$1,200.00", "1,200 JPY"."""
    whole, point, fraction = amount.partition(".")
    text = f"{int(whole):,}{point}{fraction}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{text}" if symbol else f"{text} {currency}".strip()


def _currency(promotion: Promotion) -> str:
    return (promotion.value.currency if promotion.value else None) or ""


def _many(count: int, one: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {one}s"


def _and(parts: Iterable[str]) -> str:
    names = list(parts)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _begin(words: str) -> str:
    return words[:1].upper() + words[1:]
