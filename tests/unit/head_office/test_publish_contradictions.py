"""Contradictions and notes in real texts: each at its line and column, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.core.rotating import RotatingKey, Turning
from sync.head_office import rotating_keys
from sync.head_office.office import HeadOffice
from sync.head_office.problems import Note, Problem, RefusedPublication
from sync.head_office.publish import check, current, publish
from tests.head_office_world import ORGANISATION, an_office

TEXT = """\
promotions:
  - id: tacos
    title: Free shrimp tacos
    stores: [bayside]
    gives: Tacos
    value: {amount: "12.00", currency: USD}
    valid: {from: 2026-11-05, until: 2026-11-30, days: [fri, sat]}
    credentials: [listed, word, screen]
    words: [SHRIMP20]
    codes: [TACO-1]
    screen: {offer: "Free shrimp tacos", dates_shown: "Nov 5 - Nov 30"}
    evidence: {screen: "15.00"}
    basket: {min: "20.00", max: "200.00"}
    limits: {total: 100, per_store: 100, budget: "1200.00"}
    offline: {policy: floor, floor: "20.00", risk: "200.00"}
    stacks_with: [pie]
    stack_cap: "30.00"
  - id: pie
    title: Pie
    gives: Pie
    value: {amount: "7.50", currency: USD}
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [gs1]
    gs1:
      offer_codes:
        - "123456"
        - "123457"
    stacks_with: [tacos]
  - id: cake
    title: Cake
    gives: Cake
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [foreign, rotating, gs1]
    foreign: {kind: pretix_sig1, key: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=, items: [1, 2]}
    rotating: {key: cake-2026}
    gs1: {offer_codes: ["999999"]}
"""


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    office = an_office(tmp_path)
    rotating_keys.add(
        office, RotatingKey("cake-2026", "{totp_value_0}", 30_000, (Turning(b"12345678901234567890", 8),))
    )
    return office


def the_problem(office: HeadOffice, text: str, organisation: str | None = None) -> Problem:
    with pytest.raises(RefusedPublication) as refused:
        publish(office, promotions=text, organisation=organisation)
    (problem,) = refused.value.problems
    return problem


def placed_notes(office: HeadOffice, text: str, organisation: str | None = None) -> set[tuple[int, int, str, str]]:
    done = check(office, promotions=text, organisation=organisation)
    return {(note.line, note.column, note.promotion, note.message) for note in done.notes if note.line}


def test_a_text_without_contradictions_is_published(office: HeadOffice) -> None:
    assert publish(office, promotions=TEXT).version == 2


@pytest.mark.parametrize(
    ("written", "instead", "line", "column", "message", "cure"),
    [
        ("stores: [bayside]", "stores: [bayside, moon]", 4, 23, "There is no store and no group 'moon'.",
         "Add it to organisation.yaml, or correct the name."),
        ("stores: [bayside]", "stores: [bayside/bar, bayside/door]", 4, 27,
         "The store 'bayside' has no counter 'door'.",
         "Known here: bayside/front, bayside/bar."),
        ("per_store: 100", "per_store: 101", 14, 37, "per_store 101 can never be reached: total is 100.",
         "Write 100 or less, or raise total."),
        ('budget: "1200.00"', 'budget: "11.00"', 14, 50,
         "The budget of 11.00 USD does not cover one redemption of 12.00 USD.", 'Write "12.00" or more.'),
        ('screen: "15.00"', 'screen: "10.00"', 12, 24,
         "A screen may be worth 10.00 USD, each redemption is 12.00 USD: none passes.",
         'Write "12.00" or more, or remove screen from credentials.'),
        ('screen: "15.00"', 'voucher: "15.00"', 12, 25, "It takes no credential of kind voucher.",
         "Add voucher to credentials, or remove it here."),
        ('min: "20.00"', 'min: "300.00"', 13, 34, "No basket is 300.00 USD at least and 200.00 USD at most.",
         "Swap min and max, or remove one."),
        ('risk: "200.00"', 'risk: "2.00"', 15, 52, "The floor of 20.00 USD is above the risk of 2.00 USD.",
         'Write "20.00" or more; ten times that is usual.'),
        ("stacks_with: [pie]", "stacks_with: [pie, pies]", 16, 24, "There is no promotion 'pies'.",
         "Correct the id, or remove it."),
        ('stack_cap: "30.00"', 'stack_cap: "10.00"', 17, 16,
         "The stack_cap of 10.00 USD is less than what this alone takes off, 12.00 USD.", 'Write "12.00" or more.'),
        ("[listed, word, screen]", "[word, screen]", 10, 12, "It has codes, but takes no listed ones.",
         "Add listed to credentials, or remove codes."),
        ('screen: {offer: "Free shrimp tacos", ', "screen: {", 11, 13, "No screen can be told by these marks.",
         "Add offer, or claims, as they are posted."),
        ('["999999"]', '["999999", "123457"]', 36, 35, "'123457' is an offer code of 'pie' too.",
         "Take it out of one of the two."),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused_at_its_place(
    office: HeadOffice, written: str, instead: str, line: int, column: int, message: str, cure: str
) -> None:
    assert TEXT.count(written) == 1
    problem = the_problem(office, TEXT.replace(written, instead))
    assert (problem.file, problem.line, problem.column) == ("promotions", line, column)
    assert (problem.message, problem.cure) == (message, cure)
    published = current(office)
    assert published is not None
    assert published.version == 1


def test_amounts_without_a_value_are_each_told_what_to_add(office: HeadOffice) -> None:
    text = TEXT.replace('    value: {amount: "12.00", currency: USD}\n', "")
    with pytest.raises(RefusedPublication) as refused:
        publish(office, promotions=text)
    places = [(one.line, one.path.partition(".")[2]) for one in refused.value.problems]
    assert places == [
        (11, "evidence.screen"), (13, "limits.budget"), (14, "offline.floor"), (14, "offline.risk"), (16, "stack_cap"),
    ]  # fmt: skip
    assert {one.cure for one in refused.value.problems} == {
        'Add value: {amount: "12.00", currency: USD}, with what one redemption is worth.'
    }


def test_a_promotion_that_cannot_be_read_can_still_be_stacked_with(office: HeadOffice) -> None:
    problem = the_problem(office, TEXT.replace("    title: Pie\n", ""))
    assert (problem.line, problem.message) == (18, "The field 'title' is missing.")


def test_a_rotating_key_and_a_foreign_key_mean_one_promotion(office: HeadOffice) -> None:
    twin = TEXT[TEXT.index("  - id: cake") :].replace("id: cake", "id: torte").replace("999999", "999998")
    with pytest.raises(RefusedPublication) as refused:
        publish(office, promotions=TEXT + twin)
    assert [(one.line, one.column, one.path) for one in refused.value.problems] == [
        (42, 92, "promotions[3].foreign.items"),
        (43, 21, "promotions[3].rotating.key"),
    ]


def test_taking_the_floor_out_of_the_organisation_is_refused_where_a_promotion_needs_it(office: HeadOffice) -> None:
    with_floor = f'{ORGANISATION}floor: {{amount: "20.00", currency: USD}}\n'
    publish(office, promotions=TEXT.replace(' floor: "20.00",', ""), organisation=with_floor)
    with pytest.raises(RefusedPublication) as refused:
        publish(office, organisation=ORGANISATION)
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.path) == ("promotions", 15, "promotions[0].offline.policy")


def test_a_floor_in_the_organisation_with_too_many_decimals_has_its_place(office: HeadOffice) -> None:
    with pytest.raises(RefusedPublication) as refused:
        publish(office, organisation=f'{ORGANISATION}floor: {{amount: "20.00", currency: JPY}}\n')
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.column) == ("organisation", 16, 17)
    assert "JPY has no decimals" in problem.message


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        ("total: 100, per_store: 100", "total: 100, per_store: 60",
         (14, 21, "tacos", "The total of 100 can never be reached: 60 in the one store are 60.")),
        ('budget: "1200.00"', 'budget: "1300.00"',
         (14, 50, "tacos", "The budget can never be reached: 100 times 12.00 USD is 1200.00 USD at most.")),
        ("days: [fri, sat]", "days: [fri, sat], except: [2026-11-26]",
         (7, 77, "tacos", "2026-11-26 is a thu, on which it does not run anyway.")),
        ("Nov 5 - Nov 30", "Nov 5 - Nov 29",
         (11, 55, "tacos", "It runs from 2026-11-05 until 2026-11-30, but a customer sees 'Nov 5 - Nov 29'.")),
        ("[SHRIMP20]", "[SHRIMP20, S2]",
         (9, 23, "tacos", "'S2' has only 2 characters: a slip of the finger can hit it.")),
        ("stacks_with: [tacos]", "stacks_with: []",
         (16, 19, "tacos", "pie does not name tacos: in the other order, pie second, it is refused."
          " Add tacos to the stacks_with of pie, if either order is meant.")),
        ("total: 100, per_store: 100", "total: 100, per_store_day: 8",
         (14, 41, "tacos", "per_store_day is best effort: each part of the network that is cut off may give 8 more.")),
        ('floor: "20.00", risk', 'floor: "10.00", risk',
         (15, 37, "tacos", "Each redemption is 12.00 USD, above the floor of 10.00 USD: offline, a shift manager is"
          " asked every time.")),
    ],
)  # fmt: skip
def test_what_may_be_meant_is_published_and_noted_at_its_place(
    office: HeadOffice, written: str, instead: str, expected: tuple[int, int, str, str]
) -> None:
    assert TEXT.count(written) == 1
    assert expected not in placed_notes(office, TEXT)
    assert expected in placed_notes(office, TEXT.replace(written, instead))


def test_what_is_filled_in_for_listed_codes_is_shown_before_publishing(office: HeadOffice) -> None:
    text = TEXT.replace('    offline: {policy: floor, floor: "20.00", risk: "200.00"}\n', "")
    with_floor = f'{ORGANISATION}floor: {{amount: "25.00", currency: USD}}\n'
    assert (
        2, 5, "tacos",
        "Offline, listed codes pass up to 25.00 USD each; codes used twice cost 250.00 USD at most in all"
        " (nothing is said here: it is the organisation's floor, and a risk of 10 times that).",
    ) in placed_notes(office, text, with_floor)  # fmt: skip
    about_tacos = [one for one in check(office, promotions=text).notes if one.promotion == "tacos"]
    (note,) = [one for one in about_tacos if "offline" in one.message]
    assert note.message.startswith("Nothing is said about listed codes offline: without head office they are refused.")


def test_notes_come_in_the_order_of_the_file_and_those_without_a_place_last(office: HeadOffice) -> None:
    over = TEXT.replace("2026-11", "2025-11").replace("[SHRIMP20]", "[S2]")
    notes = check(office, promotions=over).notes
    lines = [note.line for note in notes]
    assert lines == [*sorted(line for line in lines if line), 0]
    assert len(lines) > 3


def test_a_note_is_told_on_one_line_with_its_file_and_promotion() -> None:
    assert Note("Best effort.", "tacos", 12, 7).told("nov.yaml") == "nov.yaml:12:7: tacos: Best effort."
    assert Note("There is no store yet.").told("nov.yaml") == "There is no store yet."
