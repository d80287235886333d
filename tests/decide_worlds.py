"""Small worlds for comparing decide with a model: what is published as plain fields, a history, and one question.

Every time in them lies on a quarter of an hour, and so does every change of the clock in their zones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from kiosk.core.catalogue import Catalogue, Credential, Right
from kiosk.core.credential import digest, fold, fold_word, present
from kiosk.core.decide import HeldUp, Place, Sale, Taken, customer_digest, decide
from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption, Void
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.screen import PresentedScreen, ScreenReading, ScreenResult, screen_digest
from kiosk.core.situation import Allowance, ClockInterval, Freshness, Situation
from kiosk.core.standing import Standing
from kiosk.core.verdict import Verdict

KEY = b"a fleet key for these worlds"
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
CODE, WORD = "TACO-7F3K", "SHRIMP20"
SCREEN, BLURRED, ANOTHER_DAY = "a screen", "a screen whose name was not read", "a screen of another day"
TEXTS = [CODE, WORD, SCREEN, BLURRED, ANOTHER_DAY, "NOBODY-KNOWS"]
RECOGNISED = ["voucher", "listed", "rotating", "gs1", "foreign"]
"""Kinds that are handed to decide as they were recognised."""

INTENT = bytes(16)
READINGS = {
    SCREEN: ScreenReading(ScreenResult.GREEN, "tacos", clock="21:14", handle="@zed.z"),
    BLURRED: ScreenReading(ScreenResult.AMBER, "tacos", clock="21:14"),
    ANOTHER_DAY: ScreenReading(ScreenResult.OTHER, "tacos", clock="21:14", handle="@zed.z", frames=2),
}
MINE = {
    "listed": digest(KEY, "listed", fold(CODE)),
    "word": digest(KEY, "word", fold_word(fold(WORD))),
    "screen": screen_digest(KEY, PresentedScreen(READINGS[SCREEN], INTENT)),
    **{kind: digest(KEY, kind, "mine") for kind in ("voucher", "rotating", "gs1", "foreign")},
}
ZED, HOLDERS = customer_digest(KEY, "@zed.z"), [bytes([9] * 16), bytes([8] * 16)]
GROUPS = {"north": ["coast"], "south": ["coast", "warm"], "far": []}
COUNTERS = ["one", "two"]
DAY_NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ZONES = ["America/New_York", "Europe/Lisbon", "Australia/Lord_Howe", "Africa/Cairo", "America/Los_Angeles"]
FIRST_DAYS = [  # a few days before a change of some zone's clock in 2026, and one plain week
    date(2026, 3, 6), date(2026, 10, 30), date(2026, 3, 27), date(2026, 10, 23), date(2026, 4, 22),
    date(2026, 10, 2), date(2026, 4, 3), date(2026, 6, 10), date(2026, 10, 28),
]  # fmt: skip
OTHERS: Mapping[str, Mapping[str, Any]] = {
    "soup": {"value": {"amount": "5.00", "currency": "USD"}},
    "bread": {},
    "tenth": {"value": {"percent": 10, "currency": "USD"}},
    "euros": {"value": {"amount": "5.00", "currency": "EUR"}},
}


@dataclass(frozen=True)
class Past:
    """An earlier redemption, of what is held up (``mine``) or of another credential."""

    kind: str
    mine: bool
    store: str
    at: datetime
    clerk: str
    holder: bytes | None
    amount_minor: int | None
    voided: bool


@dataclass(frozen=True)
class World:
    """``held_up`` is a text or a kind; ``right`` is what a voucher says, as plain fields; ``clock`` two instants."""

    zones: Mapping[str, str]
    fields: Mapping[str, Any]
    history: Sequence[Past]
    held_up: str
    store: str
    now: datetime
    counter: str = "one"
    right: Mapping[str, Any] = field(default_factory=dict)
    shared: bool = False
    used_up: bool = False
    clerk: str | None = None
    holder: bytes | None = None
    basket_minor: int | None = None
    in_sale: Sequence[tuple[str, int | None]] = ()
    floor: str | None = None
    online: bool = True
    fenced: bool = False
    freshness: str = "fresh"
    allowance: Mapping[str, int] = field(default_factory=dict)
    holds_right: bool = False
    clock: tuple[datetime, datetime] | None = None


# --- as the core takes them --------------------------------------------------------------------------


def built(world: World) -> tuple[Catalogue, Standing]:
    """What is published, and what the counter knows."""
    stores = [
        {"id": id_, "name": id_, "time_zone": world.zones[id_], "groups": GROUPS[id_],
         "counters": [{"id": counter, "name": counter} for counter in COUNTERS]}
        for id_ in world.zones
    ]  # fmt: skip
    floor = None if world.floor is None else {"amount": world.floor, "currency": "USD"}
    organisation = Organisation.model_validate({"name": "Model", "stores": stores, "floor": floor})
    promotions = {"tacos": Promotion.model_validate(world.fields)}
    for id_, more in OTHERS.items():
        fields = {"id": id_, "title": id_, "gives": id_, "valid": world.fields["valid"], "credentials": ["listed"]}
        promotions[id_] = Promotion.model_validate({**fields, **more})
    catalogue = Catalogue(1, 1, organisation, promotions, {MINE["listed"]: "tacos"}, KEY)
    return catalogue, standing(world)


def standing(world: World) -> Standing:
    """The history as one counter of each store wrote it down."""
    known = Standing(situation=situation(world))
    for n, past in enumerate(world.history, start=1):
        feed = FeedId(f"{past.store}/one", 1)
        at_ms = int(past.at.timestamp()) * 1000
        digest_of = MINE[past.kind] if past.mine else bytes([n] * 16)
        use = Redemption(
            at_ms=at_ms, intent=bytes([n] * 16), promotion="tacos", credential=digest_of, credential_kind=past.kind,
            store=past.store, clerk=past.clerk, bundle_version=1, head_office_n=0, holder=past.holder,
            amount_minor=past.amount_minor,
        )  # fmt: skip
        known.apply(feed, n, use)
        if past.voided:
            known.apply(feed, n + 100, Void(at_ms=at_ms, feed=str(feed), n=n, clerk="ana", reason="returned"))
    return known


def situation(world: World) -> Situation:
    """How the counter stands."""
    mine = MINE.get("listed" if world.held_up == CODE else world.held_up)
    return Situation(
        online=world.online,
        fenced=world.fenced,
        freshness=Freshness(world.freshness),
        clock=None if world.clock is None else ClockInterval(*world.clock),
        allowances={"tacos": Allowance(**world.allowance)} if world.allowance else {},
        held=frozenset({("tacos", mine)}) if world.holds_right and mine else frozenset(),
    )


def held_up(world: World) -> HeldUp | None:
    """What is handed to decide."""
    if world.held_up in READINGS:
        return PresentedScreen(READINGS[world.held_up], INTENT)
    if world.held_up not in RECOGNISED:
        return present(world.held_up)
    right: dict[str, Any] = {
        f"{name}_ms" if isinstance(value, datetime) else name: _ms(value) if isinstance(value, datetime) else value
        for name, value in world.right.items()
    }
    digest_of = MINE[world.held_up]
    return Credential(world.held_up, "tacos", digest_of, "", Right(**right), world.shared, world.used_up)


def _ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000


def answer(world: World) -> Verdict:
    """What decide says."""
    catalogue, known = built(world)
    redeemed = tuple(Taken(*one) for one in world.in_sale)
    sale = Sale(world.clerk, world.holder, world.basket_minor, redeemed)
    return decide(held_up(world), catalogue, known, Place(world.store, world.counter), world.now, sale)


# --- drawing them -----------------------------------------------------------------------------------

TOPICS = [
    "time", "grace", "announced", "paused", "kind", "use", "place", "right", "counts", "counts", "money", "money",
    "sale", "evidence", "offline", "offline", "allowance", "counter",
]  # fmt: skip
"""A world has a few of them, and is ordinary in all else; else nearly all would be refused for one of the first."""

small_amounts = st.sampled_from(["0.01", "1.00", "4.99", "5.00", "5.01", "9.99", "10.00", "10.01", "15.00", "20.00"])
minor_amounts = st.sampled_from([0, 1, 499, 500, 501, 999, 1000, 1001, 1500, 2000, 2001, 5000])
values = st.sampled_from([
    {"amount": "5.00", "currency": "USD"},
    {"amount": "10.00", "currency": "USD"},
    {"percent": 20, "currency": "USD"},
    {"percent": 33, "at_most": "10.00", "currency": "USD"},
])  # fmt: skip
ALL_KINDS = ["listed", "word", "screen", *[kind for kind in RECOGNISED if kind != "listed"]]
COUNTS = ("total", "per_store", "per_store_day", "per_clerk_day", "per_customer")
PLACES = ["north", "far", "coast", "warm", "north/one", "north/two", "far/two", "south/one"]


def maybe(strategy: st.SearchStrategy[Any], nothing: Any = None) -> st.SearchStrategy[Any]:
    """Nothing, half of the time."""
    return st.one_of(st.just(nothing), strategy)


@st.composite
def hours(draw: st.DrawFn) -> str:
    begin, end = draw(st.lists(st.integers(0, 95), min_size=2, max_size=2, unique=True))
    return "-".join(f"{quarter // 4:02d}:{quarter % 4 * 15:02d}" for quarter in (begin, end))


@st.composite
def validities(draw: st.DrawFn, days: Sequence[date], topics: set[str]) -> dict[str, Any]:
    valid: dict[str, Any] = {"from": days[0].isoformat(), "until": days[-1].isoformat()}
    valid |= {"days": [], "hours": [], "except": []}
    if "time" not in topics:
        return valid
    week = sorted({DAY_NAMES[day.weekday()] for day in days}, key=DAY_NAMES.index)
    valid["days"] = draw(maybe(st.lists(st.sampled_from(week), unique=True, max_size=3), []))
    valid["hours"] = draw(maybe(st.lists(hours(), min_size=1, max_size=2), []))
    kept = draw(
        st.sampled_from([day for day in days if not valid["days"] or DAY_NAMES[day.weekday()] in valid["days"]])
    )
    outs = draw(st.lists(st.sampled_from(days), unique=True, max_size=2))
    valid["except"] = [day.isoformat() for day in outs if day != kept]
    return valid


def fields_about(first: date) -> Mapping[str, Mapping[str, st.SearchStrategy[Any]]]:
    """The fields of a promotion by topic."""
    return {
        "kind": {"credentials": st.sampled_from([["listed", "screen", "voucher"], ["word", "rotating", "gs1"]])},
        "paused": {"paused": st.just(True)},
        "use": {"void_restores_use": st.booleans()},
        "grace": {"grace_days": st.integers(1, 2)},
        "announced": {"announce_from": st.integers(0, 2).map(lambda days: (first - days * DAY).isoformat())},
        "place": {"stores": st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True)},
        "money": {
            "value": values,
            "basket": st.fixed_dictionaries({}, optional={"min": small_amounts, "max": small_amounts}),
        },
        "sale": {
            "value": values,
            "stack_cap": small_amounts,
            "stacks_with": st.lists(st.sampled_from([*OTHERS, "gone"]), unique=True, min_size=1, max_size=4),
        },
        "evidence": {
            "value": values,
            "evidence": st.dictionaries(st.sampled_from(ALL_KINDS), small_amounts, max_size=5),
        },
        "offline": {
            "value": values,
            "offline": st.fixed_dictionaries(
                {"policy": st.sampled_from(["online", "owner", "home-store", "floor", "floor", "floor"])},
                optional={"floor": small_amounts},
            ),
        },
        "allowance": {"value": values},
    }


@st.composite
def promotions(draw: st.DrawFn, valid: dict[str, Any], first: date, topics: set[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": "tacos", "title": "Tacos", "gives": "Tacos", "words": [WORD], "valid": valid,
        "screen": {"offer": "Tacos"}, "rotating": {"key": "tacos"}, "gs1": {"offer_codes": ["123456"]},
        "foreign": {"kind": "pretix_sig1", "key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
        "credentials": ALL_KINDS, "paused": False, "void_restores_use": True, "grace_days": 0,
        "stacks_with": [],
    }  # fmt: skip
    about = fields_about(first)
    for topic in sorted(topics & set(about)):
        fields |= draw(st.fixed_dictionaries({}, optional=dict(about[topic])))
    limits: dict[str, st.SearchStrategy[Any]] = {}
    if "counts" in topics:
        limits |= dict.fromkeys(COUNTS, st.integers(1, 3))
    if "use" in topics:
        limits["per_code"] = st.integers(1, 3)
    if "money" in topics:
        limits["budget"] = small_amounts
    fields["limits"] = draw(st.fixed_dictionaries({}, optional=limits))
    return fields


@st.composite
def rights(draw: st.DrawFn, days: Sequence[date], kind: str, topics: set[str]) -> dict[str, Any]:
    """What a credential says of itself: ``starts_at`` and ``ends_at`` as instants, all else as the core takes it."""
    right: dict[str, Any] = {}
    if "offline" in topics or "right" in topics:
        homes = st.sampled_from(["north", "south", "far", "north/one", "north/two", "far/one"])
        right |= draw(st.fixed_dictionaries({}, optional={"home": homes}))
    if "right" not in topics or kind == "listed":
        return right
    instants = st.integers(-24, (len(days) + 1) * 96).map(lambda quarters: midnight(days[0]) + quarters * QUARTER)
    begin, end = sorted(draw(st.lists(instants, min_size=2, max_size=2, unique=True)))
    right |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "face_minor": minor_amounts, "store": st.sampled_from(list(GROUPS)),
                "starts_at": st.just(begin), "ends_at": st.just(end),
                "starts_on": st.sampled_from(days), "last_on": st.sampled_from([*days, days[-1] + DAY]),
            },
        )
    )  # fmt: skip
    if "store" in right and draw(st.booleans()):
        right["counter"] = draw(st.sampled_from(COUNTERS))
    return right


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@st.composite
def pasts(draw: st.DrawFn, now: datetime, kind: str, store: str, topics: set[str]) -> list[Past]:
    mine = {CODE: "listed", WORD: "word", SCREEN: "screen", BLURRED: "screen"}.get(kind, kind)
    past = st.builds(
        Past,
        kind=st.sampled_from([mine if mine in MINE else "listed", "listed", "word"]),
        mine=st.booleans() if "use" in topics else st.just(False),
        store=st.sampled_from([store, store, *GROUPS]),
        at=st.integers(-96, 8).map(lambda quarter: now + quarter * QUARTER),
        clerk=st.sampled_from(["ana", "ana", "ben"]),
        holder=st.sampled_from([None, ZED, ZED, HOLDERS[0], *HOLDERS]),
        amount_minor=maybe(minor_amounts),
        voided=st.sampled_from([False, False, False, True]),
    )
    return draw(st.lists(past, min_size=0 if {"counts", "use", "money"}.isdisjoint(topics) else 2, max_size=6))


def surroundings(topics: set[str]) -> Mapping[str, st.SearchStrategy[Any]]:
    """What else there is to a world, by topic."""
    found: dict[str, st.SearchStrategy[Any]] = {
        "counter": st.sampled_from(COUNTERS),
        "clerk": st.sampled_from(["ana", "ben"]),
        "holder": st.sampled_from(HOLDERS),
        "basket_minor": minor_amounts,
        "floor": small_amounts,
        "online": st.just("offline" not in topics),
    }
    if "use" in topics:
        found |= {"used_up": st.booleans(), "shared": st.booleans()}
    if "sale" in topics:
        taken = st.tuples(st.sampled_from([*OTHERS, "gone"]), maybe(minor_amounts))
        found["in_sale"] = st.lists(taken, min_size=1, max_size=2)
    if "offline" in topics:
        found |= {"holds_right": st.booleans(), "freshness": st.sampled_from(["stale", "expired"])}
    if "counter" in topics:
        found |= {"fenced": st.booleans(), "freshness": st.sampled_from(["stale", "expired"])}
    if "allowance" in topics:
        rights_left = dict.fromkeys(("uses", "store_uses"), st.integers(0, 2))
        money_left = dict.fromkeys(("amount_minor", "risk_minor"), minor_amounts)
        found["allowance"] = st.fixed_dictionaries({}, optional={**rights_left, **money_left})
    return found


@st.composite
def worlds(draw: st.DrawFn, *, clock: bool = False) -> World:
    """A world; with ``clock``, one whose clock cannot be trusted."""
    topics = draw(st.sets(st.sampled_from(TOPICS), min_size=2, max_size=5))
    first = draw(st.sampled_from(FIRST_DAYS))
    in_time = {"time", "grace", "announced"}.isdisjoint(topics)
    days = [first + n * DAY for n in range(draw(st.integers(2 if in_time else 1, 4)))]
    quarters = st.integers(36, (len(days) - 1) * 96 + 48) if in_time else st.integers(-96, (len(days) + 3) * 96)
    now = midnight(first) + draw(quarters) * QUARTER + draw(st.sampled_from([0, 0, 0, 7])) * timedelta(minutes=1)
    kind = draw(st.sampled_from(TEXTS if "announced" in topics else [*TEXTS[:4], *RECOGNISED, *RECOGNISED]))
    store = draw(st.sampled_from(list(GROUPS)))
    chosen = draw(st.fixed_dictionaries({}, optional=dict(surroundings(topics))))
    if clock:
        later = st.sampled_from([0, 1, 2, 8, 40, 96, 200]).map(lambda quarter: now + quarter * QUARTER)
        chosen["clock"] = (now, draw(later))
    return World(
        zones={store: draw(st.sampled_from(ZONES)) for store in GROUPS},
        fields=draw(promotions(draw(validities(days, topics)), first, topics)),
        history=draw(pasts(now, kind, store, topics)),
        held_up=kind,
        store=store,
        now=now,
        right=draw(rights(days, kind, topics)) if kind in RECOGNISED else {},
        **chosen,
    )
