"""Each field of a scenario: what is taken, and what is said of one that cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kiosk.scenarios.fields import ScenarioFault
from kiosk.scenarios.reading import Scenario, Shown, read_scenario
from tests.scenario_world import earlier, question


def read(**changes: Any) -> Scenario:
    return read_scenario(question(**changes))


def fault(**changes: Any) -> ScenarioFault:
    with pytest.raises(ScenarioFault) as raised:
        read_scenario(question(**changes))
    return raised.value


def test_what_must_be_there_is_asked_for_by_name() -> None:
    for name in ("promotions", "store", "at", "credential"):
        missing = fault(**{name: None})
        assert (missing.field, missing.what) == (name, "The field is missing.")
        assert missing.cure.startswith("Write for example ")


def test_the_smallest_question_leaves_all_else_unknown_and_is_online() -> None:
    scenario = read()
    assert (scenario.holder, scenario.clerk, scenario.basket_minor, scenario.counter) == (None, None, None, None)
    assert (scenario.online, scenario.fenced, scenario.freshness, scenario.clock) == (True, False, "fresh", None)
    assert (scenario.in_sale, scenario.history, scenario.not_read) == ((), (), ())


def test_null_is_the_same_as_leaving_out() -> None:
    nulls = dict.fromkeys(("holder", "clerk", "basket_minor", "in_sale", "online", "history", "allowance", "risk"))
    assert read_scenario({**question(), **nulls}) == read()


@pytest.mark.parametrize(
    "text", ["2026-11-06T18:00:00-05:00", "2026-11-06T23:00:00Z", "2026-11-06T23:00Z", "2026-11-06 23:00:00+00:00"]
)
def test_an_instant_may_be_written_in_any_way_of_iso_8601(text: str) -> None:
    assert read(at=text).at == datetime(2026, 11, 6, 23, tzinfo=UTC)


@pytest.mark.parametrize(("text", "hour"), [("2026-11-06T18:00:00", 23), ("2026-11-06", 5)])
def test_an_instant_without_its_offset_is_by_the_clock_of_the_time_zone(text: str, hour: int) -> None:
    scenario = read(at=text, history=[earlier(at=text)])
    assert scenario.at == scenario.history[0].at == datetime(2026, 11, 6, hour, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-06T18:00:00", "2026-11-06"])
def test_without_an_offset_and_a_time_zone_an_instant_is_none(text: str) -> None:
    naive = fault(at=text, time_zone=None)
    assert (naive.field, naive.what) == ("at", f'"{text}" does not say its offset from UTC.')
    assert "2026-11-06T18:00:00-05:00" in naive.cure


def test_of_the_hour_that_comes_twice_a_time_without_an_offset_means_the_first() -> None:
    assert read(at="2026-11-01T01:30:00").at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert read(history=[earlier(at="2026-11-01T03:00:00")]).history[0].at == datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:00:00Z"])
def test_what_is_no_point_in_time_is_told(text: str) -> None:
    assert fault(at=text).what == f'"{text}" is no point in time.'


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("store", 9, "9 is no text."),
        ("store", " ", "The text is empty or holds half a character."),
        ("holder", "\ud800", "The text is empty or holds half a character."),
        ("time_zone", "Bayside", '"Bayside" is no time zone.'),
        ("time_zone", "../etc/passwd", '"../etc/passwd" is no time zone.'),
        ("basket_minor", -1, "-1 is no whole number from 0."),
        ("basket_minor", 20.5, "20.5 is no whole number from 0."),
        ("basket_minor", True, "true is no whole number from 0."),
        ("basket_minor", "20.00", '"20.00" is no whole number from 0.'),
        ("online", "false", '"false" is neither true nor false.'),
        ("fenced", 1, "1 is neither true nor false."),
        ("freshness", "old", '"old" is none of those known here.'),
        ("in_sale", "coffee", '"coffee" is no list.'),
        ("history", {"promotion": "tacos"}, '{"promotion": "tacos"} is no list.'),
        ("clock", ["2026-11-06T18:00:00Z"], '["2026-11-06T18:00:00Z"] is no pair of times.'),
        ("clock", ["2026-11-06T18:00:00Z", "2026-11-06T17:00:00Z"], "The second time lies before the first."),
        ("credential", 5, "5 is no JSON object."),
        ("listed", ["A"], '["A"] is no JSON object.'),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_form_is_told_by_name(name: str, value: Any, what: str) -> None:
    wrong = fault(**{name: value})
    assert (wrong.field, wrong.what) == (name, what)
    assert wrong.cure


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credential": {"kind": "badge", "text": "A"}}, "credential.kind"),
        ({"credential": {"kind": "word"}}, "credential.text"),
        ({"credential": {"kind": "word", "text": 20}}, "credential.text"),
        ({"in_sale": ["coffee", 3]}, "in_sale[1]"),
        ({"in_sale": [{"amount_minor": 3}]}, "in_sale[0].promotion"),
        ({"history": [earlier(), 5]}, "history[1]"),
        ({"history": [earlier(promotion=None)]}, "history[0].promotion"),
        ({"history": [earlier(at=None)]}, "history[0].at"),
        ({"history": [earlier(at="now")]}, "history[0].at"),
        ({"history": [earlier({"kind": "badge", "text": "A"})]}, "history[0].credential.kind"),
        ({"history": [earlier(void="yes")]}, "history[0].void"),
        ({"listed": {"tacos": "A"}}, "listed.tacos"),
        ({"listed": {"tacos": ["A", 5]}}, "listed.tacos[1]"),
    ],
)
def test_a_fault_deeper_inside_is_told_by_its_path(changes: dict[str, Any], field: str) -> None:
    assert fault(**changes).field == field


def test_a_line_that_is_no_object_is_told() -> None:
    with pytest.raises(ScenarioFault, match="is no JSON object"):
        read_scenario(["promotions.yaml"])


@pytest.mark.parametrize("kind", ["word", "listed", "voucher", "rotating", "gs1", "foreign", "screen"])
def test_each_kind_of_credential_is_taken(kind: str) -> None:
    assert read(credential={"kind": kind, "text": "A"}).credential == Shown(kind, "A")


def test_a_credential_may_be_a_text_alone_and_a_screen_a_list_of_lines() -> None:
    assert read(credential="SHRIMP20").credential == Shown(None, "SHRIMP20")
    assert read(credential={"kind": "screen", "text": ["21:14", "@zed.z"]}).credential == Shown(
        "screen", "21:14\n@zed.z"
    )


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"store": "bayside", "counter": "front"}, ("bayside", "front")),
        ({"store": "bayside/front"}, ("bayside", "front")),
        ({"store": "bayside/front", "counter": "back"}, ("bayside", "back")),
        ({"store": "bayside"}, ("bayside", None)),
    ],
)
def test_a_counter_is_named_by_itself_or_behind_its_store(fields: Any, place: tuple[str, str | None]) -> None:
    scenario = read(**fields)
    assert (scenario.store, scenario.counter) == place
    item = read(history=[earlier(**fields)]).history[0]
    assert (item.store, item.counter) == place


def test_an_item_of_the_history_takes_its_store_and_a_void_its_time_from_the_question() -> None:
    redeemed, void = read(history=[earlier(store=None), earlier(store=None, at=None, void=True)]).history
    assert (redeemed.store, redeemed.void) == ("bayside", False)
    assert (void.store, void.at, void.void) == ("bayside", datetime(2026, 11, 6, 23, tzinfo=UTC), True)


def test_what_was_redeemed_in_the_sale_may_say_what_it_took_off() -> None:
    sale = read(in_sale=["coffee", {"promotion": "tea", "amount_minor": 250.0}]).in_sale
    assert sale == (("coffee", None), ("tea", 250))


def test_listed_and_codes_are_two_names_for_the_same() -> None:
    assert read(listed={"tacos": ["A1"]}).listed == read(codes={"tacos": ["A1"]}).listed == {"tacos": ("A1",)}


def test_fields_that_nobody_reads_are_named() -> None:
    scenario = read(expect="ok", history=[earlier(), earlier(note="the twin")])
    assert scenario.not_read == ("expect", "history[1].note")
