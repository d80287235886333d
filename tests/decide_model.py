"""What decide should say, written apart from it: slow loops over the raw history and the promotion's own text.

It walks the clock in steps of a quarter of an hour, and reads the rules as DESIGN section 3 and 4 state them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.decide_worlds import (
    ANOTHER_DAY,
    BLURRED,
    CODE,
    COUNTERS,
    DAY,
    DAY_NAMES,
    GROUPS,
    OTHERS,
    QUARTER,
    RECOGNISED,
    SCREEN,
    WORD,
    ZED,
    Past,
    World,
    midnight,
)

ORDER = [
    "wrong-credential", "used-here", "used-elsewhere", "over", "paused", "wrong-store", "wrong-counter",
    "not-yet", "blackout", "wrong-day", "wrong-hour", "late-within-grace",
    "limit-total", "limit-store", "limit-store-day", "limit-clerk-day", "limit-customer", "budget-spent",
    "basket-too-small", "basket-too-large", "does-not-stack", "value-over-evidence",
    "counter-fenced", "needs-head-office", "no-allowance", "over-floor", "promotions-stale",
]  # fmt: skip
USED = {"used-here", "used-elsewhere"}
NOTHING_HELPS = {"over", "limit-total", "limit-customer", "budget-spent"}
TIMES = {"not-yet", "blackout", "wrong-day", "wrong-hour"}
DAY_LIMITS = {"limit-store-day", "limit-clerk-day"}
BY_WAITING_OR_GOING = TIMES | DAY_LIMITS | {"over", "wrong-store", "wrong-counter", "late-within-grace", "limit-store"}
BY_THE_CLOCK = TIMES | DAY_LIMITS | {"over"}


@dataclass(frozen=True)
class Expected:
    """What the model says; ``facts`` are some of those that must be told as they are."""

    outcome: str
    reason: str
    facts: Mapping[str, Any]


# --- what is held up ---------------------------------------------------------------------------------


def kind_of(world: World) -> str | None:
    return {CODE: "listed", WORD: "word", SCREEN: "screen", BLURRED: "screen"}.get(
        world.held_up, world.held_up if world.held_up in RECOGNISED else None
    )


def is_shared(world: World) -> bool:
    return kind_of(world) == "word" or (world.held_up in RECOGNISED and world.shared)


def is_used_once(world: World) -> bool:
    return kind_of(world) in {"voucher", "listed", "gs1", "foreign"} and not is_shared(world)


def uses(world: World) -> list[Past]:
    """The uses that count against what is held up."""
    restored = world.fields["void_restores_use"]
    if is_shared(world) or world.held_up == BLURRED:
        return []
    return [
        past
        for past in world.history
        if past.mine and past.kind == kind_of(world) and not (past.voided and restored)
    ]  # fmt: skip


def customer(world: World) -> bytes | None:
    return world.holder or (ZED if world.held_up == SCREEN else None)


# --- where -------------------------------------------------------------------------------------------


def zone(world: World, store: str) -> ZoneInfo:
    return ZoneInfo(world.zones[store])


def day_at(world: World, store: str, instant: datetime) -> date:
    return instant.astimezone(zone(world, store)).date()


def counters(world: World, store: str) -> set[str]:
    """The counters of ``store`` that may honour it."""
    found = set()
    for counter in COUNTERS:
        names = world.fields.get("stores")
        if names is not None and not {store, f"{store}/{counter}", *GROUPS[store]} & set(names):
            continue
        if world.right.get("store", store) == store and world.right.get("counter", counter) == counter:
            found.add(counter)
    return found


def partners(world: World) -> list[str]:
    return [store for store in world.zones if counters(world, store)]


# --- when --------------------------------------------------------------------------------------------


def runs(world: World, store: str, instant: datetime) -> bool:
    """Whether the clock on the wall of ``store`` shows a time at which it runs, within the credential's window."""
    if not window_has_begun(world, store, instant) or window_is_over(world, store, instant):
        return False
    wall = instant.astimezone(zone(world, store)).replace(tzinfo=None)
    valid = world.fields["valid"]
    for day in (wall.date(), wall.date() - DAY):
        if not valid["from"] <= day.isoformat() <= valid["until"] or day.isoformat() in valid["except"]:
            continue
        if valid["days"] and DAY_NAMES[day.weekday()] not in valid["days"]:
            continue
        for hours in valid["hours"] or ["00:00-24:00"]:
            begin, end = (hour_of(day, text) for text in hours.split("-"))
            if end <= begin:
                end += DAY
            if begin <= wall < end:
                return True
    return False


def window_has_begun(world: World, store: str, instant: datetime) -> bool:
    right, day = world.right, day_at(world, store, instant)
    if "starts_at" in right and instant < right["starts_at"]:
        return False
    return "starts_on" not in right or day >= right["starts_on"]


def window_is_over(world: World, store: str, instant: datetime) -> bool:
    right, day = world.right, day_at(world, store, instant)
    return ("ends_at" in right and instant >= right["ends_at"]) or ("last_on" in right and day > right["last_on"])


def hour_of(day: date, text: str) -> datetime:
    hour, minute = (int(part) for part in text.split(":"))
    return datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)  # noqa: DTZ001 - a wall clock


def steps_from(world: World) -> Iterator[datetime]:
    """Each instant from now to past the end of it all at which anything could change."""
    end = datetime.fromisoformat(world.fields["valid"]["until"]).replace(tzinfo=UTC) + 4 * DAY
    yield world.now
    instant = world.now - timedelta(minutes=world.now.minute % 15) + QUARTER
    begin = midnight(date.fromisoformat(world.fields["valid"]["from"])) - DAY
    instant = max(instant, begin)
    while instant <= end:
        yield instant
        instant += QUARTER


def opens(world: World, store: str) -> datetime | None:
    """When it runs next at ``store``; None: never again."""
    return next((instant for instant in steps_from(world) if runs(world, store, instant)), None)


def days_late(world: World, store: str) -> int:
    last = date.fromisoformat(world.fields["valid"]["until"])
    if "ends_at" in world.right:
        last = min(last, day_at(world, store, world.right["ends_at"] - timedelta(milliseconds=1)))
    if "last_on" in world.right:
        last = min(last, world.right["last_on"])
    return max(0, (day_at(world, store, world.now) - last).days)


def within_grace(world: World, store: str) -> bool:
    """Whether a shift manager of ``store`` may still honour it, where it runs there no more."""
    grace_days = world.fields["grace_days"]
    return grace_days > 0 and window_has_begun(world, store, world.now) and days_late(world, store) <= grace_days


def place_and_time(world: World) -> set[str]:
    found = set()
    here = world.store
    next_here = opens(world, here)
    is_late = False
    if here in partners(world):
        if next_here is None:
            is_late = within_grace(world, here)
            found.add("late-within-grace" if is_late else "over")
        if world.counter not in counters(world, here):
            found.add("wrong-counter")
    else:
        found.add("wrong-store")
        if partners(world) and all(
            opens(world, store) is None and not within_grace(world, store) for store in partners(world)
        ):
            found.add("over")
    if not is_late and not runs(world, here, world.now):
        found.add(closed_because(world))
    return found


def night_of(world: World, instant: datetime) -> date:
    """The day whose hours the clock on the wall shows: last night's as long as the small hours are of its hours."""
    today = day_at(world, world.store, instant)
    wall = instant.astimezone(zone(world, world.store)).strftime("%H:%M")
    spans = [text.split("-") for text in world.fields["valid"]["hours"] or []]
    if any(start <= wall and (wall < end or end <= start) for start, end in spans):
        return today
    return today - DAY if any(end <= start and wall < end for start, end in spans) else today


def closed_because(world: World) -> str:
    valid = world.fields["valid"]
    today = night_of(world, world.now)
    if today.isoformat() < valid["from"] or not window_has_begun(world, world.store, world.now):
        return "not-yet"
    if today.isoformat() in valid["except"]:
        return "blackout"
    if today.isoformat() <= valid["until"] and valid["days"] and DAY_NAMES[today.weekday()] not in valid["days"]:
        return "wrong-day"
    return "wrong-hour"


# --- counts and money --------------------------------------------------------------------------------


def minor(amount: str | None) -> int | None:
    return None if amount is None else int(Decimal(amount) * 100)


def worth(value: Mapping[str, Any] | None, basket_minor: int | None) -> int | None:
    if value is None:
        return None
    if "amount" in value:
        return minor(value["amount"])
    if basket_minor is None:
        return None
    share = int((Decimal(basket_minor) * value["percent"] / 100).quantize(Decimal(1), ROUND_HALF_UP))
    return min(share, minor(value.get("at_most")) or share)


def cost(world: World) -> int | None:
    if "face_minor" in world.right:
        return int(world.right["face_minor"])
    return worth(world.fields.get("value"), world.basket_minor)


def live(world: World) -> list[Past]:
    return [past for past in world.history if not past.voided]


def today_s(world: World, store: str, instant: datetime) -> list[Past]:
    return [past for past in live(world) if day_at(world, store, past.at) == day_at(world, store, instant)]


def counted(world: World) -> dict[str, int]:
    """What each limit counts; a limit whose key is not known is not among them."""
    today, restored = today_s(world, world.store, world.now), world.fields["void_restores_use"]
    who = customer(world)
    found = {
        "total": len(live(world)),
        "per_store": sum(past.store == world.store for past in live(world)),
        "per_store_day": sum(past.store == world.store for past in today),
    }
    if world.clerk is not None:
        found["per_clerk_day"] = sum(past.clerk == world.clerk for past in today)
    if who is not None:
        had = [past for past in world.history if past.holder == who and not (past.voided and restored)]
        found["per_customer"] = len(had)
    return found


LIMIT_NAMES = {
    "total": "limit-total", "per_store": "limit-store", "per_store_day": "limit-store-day",
    "per_clerk_day": "limit-clerk-day", "per_customer": "limit-customer",
}  # fmt: skip


def limits_and_money(world: World) -> set[str]:
    limits, price = world.fields["limits"], cost(world)
    found = {LIMIT_NAMES[name] for name, count in counted(world).items() if name in limits and count >= limits[name]}
    spent = sum(past.amount_minor or 0 for past in live(world))
    budget = minor(limits.get("budget"))
    if budget is not None and price is not None and spent + price > budget:
        found.add("budget-spent")
    basket = world.fields.get("basket", {})
    least, most = minor(basket.get("min")), minor(basket.get("max"))
    if world.basket_minor is not None and least is not None and world.basket_minor < least:
        found.add("basket-too-small")
    if world.basket_minor is not None and most is not None and world.basket_minor > most:
        found.add("basket-too-large")
    off, stack_cap = taken_off(world), minor(world.fields.get("stack_cap"))
    if any(one not in world.fields["stacks_with"] for one, _ in world.in_sale) or (
        stack_cap is not None and off is not None and price is not None and off + price > stack_cap
    ):
        found.add("does-not-stack")
    evidence = minor(world.fields.get("evidence", {}).get(kind_of(world)))
    if evidence is not None and price is not None and price > evidence:
        found.add("value-over-evidence")
    return found


def taken_off(world: World) -> int | None:
    """What the sale took off so far, where that is known in the promotion's own currency."""
    currency = world.fields.get("value", {}).get("currency")
    off = 0
    for one, amount in world.in_sale:
        if one not in OTHERS:
            return None
        value = OTHERS[one].get("value")
        if value is not None and value["currency"] != currency:
            return None
        said = 0 if value is None else worth(value, world.basket_minor)
        really = said if amount is None else amount
        if really is None:
            return None
        off += really
    return off


def unchecked(world: World) -> list[str]:
    """The rules that a missing key leaves out."""
    limits, fields, price = world.fields["limits"], world.fields, cost(world)
    unpriced = "value" in fields and price is None
    missing = {
        "per_clerk_day": "per_clerk_day" in limits and world.clerk is None,
        "per_customer": "per_customer" in limits and customer(world) is None,
        "budget": "budget" in limits and unpriced,
        "basket": bool(fields.get("basket")) and world.basket_minor is None,
        "stack_cap": "stack_cap" in fields and (unpriced or (price is not None and taken_off(world) is None)),
        "evidence": kind_of(world) in fields.get("evidence", {}) and unpriced,
        "seen-before": world.held_up == BLURRED,
    }
    return [name for name, is_missing in missing.items() if is_missing]


# --- what this counter may say yes to alone ----------------------------------------------------------


def policy(world: World) -> tuple[str, int]:
    """The offline policy, and the floor where that is it."""
    said = world.fields.get("offline", {})
    if said.get("policy", "floor") != "floor":
        return said["policy"], 0
    floor = minor(said.get("floor", world.floor))
    return ("online", 0) if "value" not in world.fields or floor is None else ("floor", floor)


def alone(world: World) -> set[str]:
    found = set()
    if world.fenced:
        found.add("counter-fenced")
    allowance, price = world.allowance, cost(world)
    if allowance.get("uses", 1) < 1 or allowance.get("store_uses", 1) < 1:
        found.add("no-allowance")
    if "amount_minor" in allowance and (price or 0) > allowance["amount_minor"]:
        found.add("no-allowance")
    if world.freshness == "expired":
        found.add("promotions-stale")
    if world.online or world.holds_right or not is_used_once(world):
        return found
    name, floor = policy(world)
    if name == "floor":
        at_most = world.fields["value"].get("at_most")
        most = price if price is not None else minor(at_most)
        if most is None or most > (floor if world.freshness == "fresh" else floor // 2):
            found.add("over-floor")
        if most is not None and "risk_minor" in allowance and most > allowance["risk_minor"]:
            found.add("no-allowance")
    elif not is_at_home(world, name):
        found.add("needs-head-office")
    return found


def is_at_home(world: World, name: str) -> bool:
    homes = [
        world.right.get("home", ""),
        "/".join(world.right.get(part, "") for part in ("store", "counter")).strip("/"),
    ]
    if name == "owner":
        return f"{world.store}/{world.counter}" in homes
    return name == "home-store" and world.store in {home.split("/")[0] for home in homes}


def refuses(world: World, reason: str) -> bool:
    if reason == "promotions-stale":
        return is_used_once(world) and policy(world)[0] in {"floor", "online"}
    return reason not in {"late-within-grace", "over-floor"}


# --- the answer --------------------------------------------------------------------------------------


def against(world: World) -> set[str]:
    """All reasons that apply, each looked at by itself."""
    found = place_and_time(world) | limits_and_money(world) | alone(world)
    kind = kind_of(world)
    if kind not in world.fields["credentials"]:
        found.add("wrong-credential")
    if world.fields["paused"]:
        found.add("paused")
    allowed = 1 if kind == "rotating" else world.fields["limits"].get("per_code", 1)
    given_back = world.fields["void_restores_use"] and any(
        past.mine and past.kind == kind and past.voided for past in world.history
    )
    marked = world.held_up in RECOGNISED and world.used_up and not given_back
    if kind != "screen" and not is_shared(world) and (len(uses(world)) >= allowed or marked):
        found.add("used-here" if any(past.store == world.store for past in uses(world)) else "used-elsewhere")
    return found


def chosen(world: World, found: set[str]) -> str:
    """The one that is shown: in order, but none whose cure would not work."""
    refusals = {reason for reason in found if refuses(world, reason)}
    if refusals & NOTHING_HELPS:
        refusals &= NOTHING_HELPS | USED
    else:
        next_here = opens(world, world.store)
        today = next_here is None or day_at(world, world.store, next_here) == day_at(world, world.store, world.now)
        if "limit-store" in refusals or ("limit-store-day" in refusals and today):
            refusals -= TIMES | {"wrong-counter"}
        if "limit-clerk-day" in refusals and today:
            refusals -= TIMES
    return min(refusals or found, key=ORDER.index)


def is_announced(world: World) -> bool:
    announced = world.fields.get("announce_from")
    return announced is None or day_at(world, world.store, world.now).isoformat() >= announced


def expected(world: World) -> Expected:
    """What decide should say."""
    if world.clock is None:
        return expected_at(world, world.now)
    first, last = (expected_at(world, instant) for instant in world.clock)
    if (first.outcome, first.reason) == (last.outcome, last.reason):
        if first.outcome in {"refuse", "ask"} or runs_throughout(world, *world.clock):
            agreed = {name: fact for name, fact in first.facts.items() if last.facts.get(name) == fact}
            return replace(first, facts=agreed)
    elif first.reason not in {"unknown-code", "unknown-promotion"}:
        early = replace(world, now=world.clock[0])
        whenever = {reason for reason in against(early) - BY_THE_CLOCK if refuses(early, reason)}
        if whenever:
            return Expected("refuse", chosen(early, whenever), {})
    return Expected("ask", "clock-suspect", {})


def runs_throughout(world: World, earliest_at: datetime, latest_at: datetime) -> bool:
    instants = [instant for instant in steps_from(replace(world, now=earliest_at)) if instant <= latest_at]
    return all(runs(world, world.store, instant) for instant in [*instants, latest_at])


def expected_at(world: World, instant: datetime) -> Expected:
    world = replace(world, now=instant)
    if kind_of(world) is None or not is_announced(world):
        code = "unknown-promotion" if kind_of(world) == "voucher" else "unknown-code"
        return Expected("refuse", code, {})
    found = against(world)
    facts: dict[str, Any] = {"not_checked": unchecked(world) or None, "next_ok": None}
    if not found:
        seen = kind_of(world) == "screen"
        reason = "ok" if not seen else "seen-before" if uses(world) else "look-at-screen"
        return Expected("check" if seen else "accept", reason, facts | figures(world, "limit-total"))
    reason = chosen(world, found)
    if found <= BY_WAITING_OR_GOING:
        facts["next_ok"] = next_ok(world)
    return Expected("refuse" if refuses(world, reason) else "ask", reason, facts | figures(world, reason))


def figures(world: World, reason: str) -> dict[str, Any]:
    for name, told in LIMIT_NAMES.items():
        if told == reason and name in world.fields["limits"]:
            limit, used = world.fields["limits"][name], counted(world)[name]
            return {"limit": limit, "used": used, "left": max(0, limit - used)}
    return {}


def next_ok(world: World) -> tuple[datetime, set[str]] | None:
    """When and where it passes next: here if it ever does, else the nearest; None where it never does."""
    for stores in ([world.store], [store for store in partners(world) if store != world.store]):
        for instant in steps_from(world):
            passing = {store for store in stores if store in partners(world) and passes(world, store, instant)}
            if passing:
                return instant, passing
    return None


def passes(world: World, store: str, instant: datetime) -> bool:
    """Whether it runs there then, and the store and the day have some left to give."""
    if not runs(world, store, instant):
        return False
    then = counted(replace(world, store=store, now=instant))
    limits = world.fields["limits"]
    names = ("per_store", "per_store_day", "per_clerk_day")
    return all(then[name] < limits[name] for name in names if name in limits and name in then)


NEARLY = {ANOTHER_DAY: "tacos"}
"""The promotion that a screen nearly is of."""
