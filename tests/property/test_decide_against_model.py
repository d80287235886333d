"""decide against a slow model, written apart from it: it walks the clock in steps and reads the promotion's own text.

Every time in these worlds lies on a quarter of an hour, and so does every change of the clock in their zones.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.catalogue import Catalogue
from kiosk.core.credential import Presented, digest, fold, fold_word, present
from kiosk.core.decide import Place, decide
from kiosk.core.entry import FeedId, Redemption, Void
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.screen import PresentedScreen, ScreenReading, ScreenResult, screen_digest
from kiosk.core.standing import Standing
from kiosk.core.verdict import Outcome, Reason, Verdict

KEY = b"a fleet key for these worlds"
STEP = timedelta(minutes=15)
DAY = timedelta(days=1)
CODE, WORD = "TACO-7F3K", "SHRIMP20"
SCREEN, BLURRED, ANOTHER_DAY = "a screen", "a screen whose name was not read", "a screen of another day"
INTENT = bytes(16)
READINGS = {
    SCREEN: ScreenReading(ScreenResult.GREEN, "tacos", clock="21:14", handle="@zed.z"),
    BLURRED: ScreenReading(ScreenResult.AMBER, "tacos", clock="21:14"),
    ANOTHER_DAY: ScreenReading(ScreenResult.OTHER, "tacos", clock="21:14", handle="@zed.z", frames=2),
}
YES = {Reason.OK, Reason.LOOK_AT_SCREEN, Reason.SEEN_BEFORE}
GROUPS = {"north": ["coast"], "south": ["coast", "warm"], "far": []}
DAY_NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ZONES = ["America/New_York", "Europe/Lisbon", "Australia/Lord_Howe", "Africa/Lagos", "America/Los_Angeles"]
FIRST_DAYS = [  # a few days before a change of some zone's clock in 2026, and one plain week
    date(2026, 3, 6), date(2026, 10, 30), date(2026, 3, 27), date(2026, 10, 23),
    date(2026, 10, 2), date(2026, 4, 3), date(2026, 6, 10),
]  # fmt: skip


@dataclass(frozen=True)
class World:
    """What is published as plain fields, what was used where, and one question."""

    zones: Mapping[str, str]
    fields: Mapping[str, Any]
    uses: Sequence[tuple[str, str, bool]]  # kind, store, voided; oldest first
    text: str
    store: str
    now: datetime


# --- the model -----------------------------------------------------------------------------------


def takes_part(world: World, store: str) -> bool:
    names = world.fields.get("stores")
    return store in world.zones and (names is None or store in names or any(group in names for group in GROUPS[store]))


def runs(world: World, store: str, instant: datetime) -> bool:
    """Whether the clock on the wall of ``store`` shows a time at which the promotion runs."""
    wall = instant.astimezone(ZoneInfo(world.zones[store])).replace(tzinfo=None)
    valid = world.fields["valid"]
    for day in (wall.date(), wall.date() - DAY):
        if not valid["from"] <= day.isoformat() <= valid["until"] or day.isoformat() in valid.get("except", []):
            continue
        if valid.get("days") and DAY_NAMES[day.weekday()] not in valid["days"]:
            continue
        for hours in valid.get("hours") or ["00:00-24:00"]:
            begin, end = (hour_of(day, text) for text in hours.split("-"))
            if end <= begin:
                end += DAY
            if begin <= wall < end:
                return True
    return False


def hour_of(day: date, text: str) -> datetime:
    hour, minute = (int(part) for part in text.split(":"))
    return datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)  # noqa: DTZ001 - a wall clock


def steps_from(world: World) -> Iterator[datetime]:
    """Each instant from now to past the end of it all at which anything could change."""
    end = datetime.fromisoformat(world.fields["valid"]["until"]).replace(tzinfo=UTC) + 4 * DAY
    yield world.now
    instant = world.now - timedelta(minutes=world.now.minute % 15, seconds=world.now.second) + STEP
    while instant <= end:
        yield instant
        instant += STEP


def ever_runs(world: World, store: str) -> bool:
    return any(runs(world, store, instant) for instant in steps_from(world))


def kind_held_up(world: World) -> str | None:
    return {CODE: "listed", WORD: "word", SCREEN: "screen", BLURRED: "screen"}.get(world.text)


def counted_uses(world: World, counted: str = "listed") -> list[str]:
    """The stores of the uses of that kind that count against what is held up."""
    restored = world.fields.get("void_restores_use", True)
    return [store for kind, store, voided in world.uses if kind == counted and not (voided and restored)]


def yes_as(world: World) -> Reason:
    """What goes with a yes: nothing more, or that the clerk has to look."""
    if kind_held_up(world) != "screen":
        return Reason.OK
    return Reason.SEEN_BEFORE if world.text == SCREEN and counted_uses(world, "screen") else Reason.LOOK_AT_SCREEN


def live(world: World) -> int:
    return sum(not voided for _, _, voided in world.uses)


def reasons_against(world: World) -> set[Reason]:
    """All reasons that apply, each looked at by itself."""
    found = set()
    limits = world.fields.get("limits", {})
    kind = kind_held_up(world)
    if kind not in world.fields["credentials"]:
        found.add(Reason.WRONG_CREDENTIAL)
    uses = counted_uses(world)
    if kind == "listed" and len(uses) >= limits.get("per_code", 1):
        found.add(Reason.USED_HERE if world.store in uses else Reason.USED_ELSEWHERE)
    if world.fields.get("paused"):
        found.add(Reason.PAUSED)
    if live(world) >= limits.get("total", 10**9):
        found.add(Reason.LIMIT_TOTAL)
    return found | reasons_of_place_and_time(world)


def reasons_of_place_and_time(world: World) -> set[Reason]:
    found = set()
    partners = [store for store in world.zones if takes_part(world, store)]
    judged = [world.store] if world.store in partners else partners
    if judged and not any(ever_runs(world, store) for store in judged):
        found.add(Reason.OVER)
    if world.store not in partners:
        found.add(Reason.WRONG_STORE)
    if not runs(world, world.store, world.now):
        found.add(closed_because(world))
    return found


def closed_because(world: World) -> Reason:
    valid = world.fields["valid"]
    today = world.now.astimezone(ZoneInfo(world.zones[world.store])).date()
    if today.isoformat() < valid["from"]:
        return Reason.NOT_YET
    if today.isoformat() in valid.get("except", []):
        return Reason.BLACKOUT
    if today.isoformat() <= valid["until"] and valid.get("days") and DAY_NAMES[today.weekday()] not in valid["days"]:
        return Reason.WRONG_DAY
    return Reason.WRONG_HOUR


def is_announced(world: World) -> bool:
    announced = world.fields.get("announce_from")
    today = world.now.astimezone(ZoneInfo(world.zones[world.store])).date().isoformat()
    return announced is None or today >= announced


def expected_reason(world: World) -> Reason:
    if kind_held_up(world) is None or not is_announced(world):
        return Reason.UNKNOWN_CODE
    found = reasons_against(world)
    if found & {Reason.OVER, Reason.LIMIT_TOTAL}:
        found &= {Reason.USED_HERE, Reason.USED_ELSEWHERE, Reason.OVER, Reason.LIMIT_TOTAL}
    return min(found, key=list(Reason).index, default=yes_as(world))


def expected_next_ok(world: World) -> tuple[datetime, set[str]] | None:
    """When and where it passes next: here if it ever does, else the nearest; None where it passes now or never."""
    stuck = {
        Reason.WRONG_CREDENTIAL, Reason.USED_HERE, Reason.USED_ELSEWHERE, Reason.PAUSED, Reason.LIMIT_TOTAL,
    }  # fmt: skip
    partners = [store for store in world.zones if takes_part(world, store)]
    passes_now = world.store in partners and runs(world, world.store, world.now)
    if passes_now or reasons_against(world) & stuck:
        return None
    for stores in ([world.store], partners):
        for instant in steps_from(world):
            running = {store for store in stores if store in partners and runs(world, store, instant)}
            if running:
                return instant.replace(second=0), running
    return None


# --- worlds --------------------------------------------------------------------------------------


@st.composite
def hours(draw: st.DrawFn) -> str:
    begin, end = draw(st.lists(st.integers(0, 95), min_size=2, max_size=2, unique=True))
    return "-".join(f"{quarter // 4:02d}:{quarter % 4 * 15:02d}" for quarter in (begin, end))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    first = draw(st.sampled_from(FIRST_DAYS))
    days = [first + n * DAY for n in range(draw(st.integers(1, 5)))]
    valid: dict[str, Any] = {"from": first.isoformat(), "until": days[-1].isoformat()}
    week = sorted({DAY_NAMES[day.weekday()] for day in days}, key=DAY_NAMES.index)
    valid["days"] = draw(st.just([]) | st.lists(st.sampled_from(week), unique=True, max_size=3))
    valid["hours"] = draw(st.just([]) | st.lists(hours(), min_size=1, max_size=2))
    kept = draw(
        st.sampled_from([day for day in days if not valid["days"] or DAY_NAMES[day.weekday()] in valid["days"]])
    )
    outs = draw(st.lists(st.sampled_from(days), unique=True, max_size=2))
    valid["except"] = [day.isoformat() for day in outs if day != kept]
    fields = promotion_fields(draw, valid, first)
    zones = {store: draw(st.sampled_from(ZONES)) for store in GROUPS}
    uses = draw(
        st.lists(
            st.tuples(st.sampled_from(["listed", "word", "screen"]), st.sampled_from(list(GROUPS)), st.booleans()),
            max_size=3,
        )
    )
    minutes = draw(st.integers(-3 * 96, (len(days) + 2) * 96)) * 15 + draw(st.sampled_from([0, 0, 0, 7]))
    now = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(minutes=minutes)
    text = draw(st.sampled_from([CODE, CODE, WORD, SCREEN, SCREEN, BLURRED, ANOTHER_DAY, "NOBODY-KNOWS"]))
    return World(zones, fields, uses, text, draw(st.sampled_from(list(GROUPS))), now)


def promotion_fields(draw: st.DrawFn, valid: dict[str, Any], first: date) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": "tacos", "title": "Tacos", "gives": "Tacos", "words": [WORD], "valid": valid,
        "screen": {"offer": "Tacos"},
        "credentials": draw(st.sampled_from([["listed", "word", "screen"]] * 2 + [["listed", "screen"], ["word"]])),
        "paused": draw(st.sampled_from([False, False, False, True])),
        "void_restores_use": draw(st.booleans()),
        "limits": draw(st.fixed_dictionaries({}, optional={"total": st.integers(1, 3), "per_code": st.integers(1, 2)})),
    }  # fmt: skip
    if draw(st.booleans()):
        fields["stores"] = draw(st.lists(st.sampled_from(["north", "far", "coast", "warm"]), min_size=1, unique=True))
    if draw(st.booleans()):
        fields["announce_from"] = (first - draw(st.integers(0, 2)) * DAY).isoformat()
    return fields


def built(world: World) -> tuple[Catalogue, Standing]:
    """The same world as the core takes it."""
    stores = [{"id": id_, "name": id_, "time_zone": world.zones[id_], "groups": GROUPS[id_]} for id_ in world.zones]
    organisation = Organisation.model_validate({"name": "Model", "stores": stores})
    promotion = Promotion.model_validate(world.fields)
    digests = {
        "listed": digest(KEY, "listed", fold(CODE)),
        "word": digest(KEY, "word", fold_word(fold(WORD))),
        "screen": screen_digest(KEY, PresentedScreen(READINGS[SCREEN], INTENT)),
    }
    standing = Standing()
    for n, (kind, store, voided) in enumerate(world.uses, start=1):
        feed = FeedId(f"{store}/counter", 1)
        use = Redemption(
            at_ms=n, intent=bytes([n] * 16), promotion="tacos", credential=digests[kind], credential_kind=kind,
            store=store, clerk="ana", bundle_version=1, head_office_n=0,
        )  # fmt: skip
        standing.apply(feed, n, use)
        if voided:
            standing.apply(feed, n + 10, Void(at_ms=n, feed=str(feed), n=n, clerk="ana", reason="returned"))
    return Catalogue(1, 1, organisation, {"tacos": promotion}, {digests["listed"]: "tacos"}, KEY), standing


def answer(world: World) -> Verdict:
    catalogue, standing = built(world)
    return decide(held_up(world), catalogue, standing, Place(world.store, "counter"), world.now)


def held_up(world: World) -> Presented | PresentedScreen | None:
    reading = READINGS.get(world.text)
    return present(world.text) if reading is None else PresentedScreen(reading, INTENT)


# --- the properties ------------------------------------------------------------------------------


@settings(max_examples=250, deadline=None)
@given(worlds())
def test_the_reason_is_the_model_s(world: World) -> None:
    verdict = answer(world)
    assert verdict.reason is expected_reason(world)
    checked = Outcome.ACCEPT if verdict.reason is Reason.OK else Outcome.CHECK
    assert verdict.outcome is (checked if verdict.reason in YES else Outcome.REFUSE)
    assert verdict.facts.get("like") == ("tacos" if world.text == ANOTHER_DAY and is_announced(world) else None)
    told = verdict.facts.get("not_checked")
    assert told == (["seen-before"] if world.text == BLURRED and verdict.promotion else None)


@settings(max_examples=120, deadline=None)
@given(worlds())
def test_the_next_time_and_place_are_the_model_s(world: World) -> None:
    verdict = answer(world)
    told = verdict.facts.get("next_ok")
    if verdict.reason is Reason.UNKNOWN_CODE:
        assert told is None
        return
    expected = expected_next_ok(world)
    if expected is None:
        assert told is None
    else:
        assert isinstance(told, dict)
        assert (datetime.fromisoformat(str(told["at"])), set(told["stores"] or [])) == expected  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_whoever_comes_at_the_promised_time_and_place_passes_until_it_closes(world: World) -> None:
    told = answer(world).facts.get("next_ok")
    if not isinstance(told, dict):
        return
    opens, closes = (datetime.fromisoformat(str(told[name])) for name in ("at", "until"))
    names = told["stores"]
    assert isinstance(names, list)
    for name in names:
        for instant in (opens, closes - timedelta(seconds=1)):
            arrived = World(world.zones, world.fields, world.uses, world.text, str(name), instant)
            assert answer(arrived).reason in YES


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_deciding_changes_nothing_and_answers_the_same_again(world: World) -> None:
    catalogue, standing = built(world)
    before = copy.deepcopy(standing)
    promotions, listed = dict(catalogue.promotions), dict(catalogue.listed)
    shown, place = held_up(world), Place(world.store, "counter")
    first = decide(shown, catalogue, standing, place, world.now)
    assert decide(shown, catalogue, standing, place, world.now) == first
    assert standing == before
    assert (catalogue.promotions, catalogue.listed) == (promotions, listed)
