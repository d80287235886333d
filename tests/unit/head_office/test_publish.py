"""Publishing: all problems at once, each with its place and cure; or a bundle that a counter opens."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.core.bundle import catalogue_of
from kiosk.core.credential import present
from sync.head_office.office import HeadOffice
from sync.head_office.problems import Problem, RefusedPublication
from sync.head_office.publish import check, current, publish
from sync.head_office.sealing import FRESH_MS, RENEW_BEFORE_MS, in_force
from tests.head_office_world import ORGANISATION, PROMOTIONS, an_office, clock, opened, twin

ONE = """
promotions:
  - id: tacos
    title: Tacos
    gives: Tacos
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [listed]
"""


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


def problems(office: HeadOffice, promotions: str | None = None, **more: object) -> tuple[Problem, ...]:
    with pytest.raises(RefusedPublication) as refused:
        publish(office, promotions=promotions, **more)  # type: ignore[arg-type]  # the tests' own keywords
    return refused.value.problems


def the_problem(office: HeadOffice, promotions: str | None = None, **more: object) -> Problem:
    (problem,) = problems(office, promotions, **more)
    return problem


def known_as(office: HeadOffice, text: str) -> str | None:
    """The promotion that a counter would take ``text`` for."""
    presented = present(text)
    assert presented is not None
    found = catalogue_of(opened(office), office.keys.fleet_key).credential(presented, 0)
    return found.promotion if found else None


# --- what a counter gets


def test_a_counter_opens_what_was_published(office: HeadOffice) -> None:
    catalogue = catalogue_of(opened(office), office.keys.fleet_key)
    assert list(catalogue.promotions) == ["tacos", "pie"]
    assert [store.id for store in catalogue.organisation.stores] == ["bayside", "pier-9"]
    assert known_as(office, "taco 2") == "tacos"
    assert known_as(office, "lime-pie") == "pie"


def test_inline_codes_travel_as_digests_only(office: HeadOffice) -> None:
    assert not any(b"TACO-2" in part or b"taco2" in part for part in opened(office).parts.values())


def test_each_publication_has_the_next_version(office: HeadOffice) -> None:
    assert publish(office, promotions=ONE).version == 2
    assert opened(office).version == 2


def test_what_is_published_again_unchanged_says_so(office: HeadOffice) -> None:
    assert publish(office, promotions=PROMOTIONS, organisation=ORGANISATION).changes == ()


def test_changes_are_named(office: HeadOffice) -> None:
    later = PROMOTIONS.replace(
        "until: 2026-11-30}\n    credentials: [word]", "until: 2026-12-01}\n    credentials: [word]"
    )
    later = later.replace("TACO-1, ", "")
    changes = publish(office, promotions=later).changes
    assert [(one.kind, one.what, one.id, one.words) for one in changes] == [
        ("changed", "promotion", "pie", "valid.until"),
        ("changed", "codes", "tacos", "1 withdrawn"),
    ]


def test_added_and_removed_promotions_are_named(office: HeadOffice) -> None:
    changes = publish(office, promotions=ONE.replace("tacos", "rings")).changes
    assert {(one.kind, one.id) for one in changes} == {("added", "rings"), ("removed", "tacos"), ("removed", "pie")}


def test_the_organisation_alone_can_be_published_again(office: HeadOffice) -> None:
    publish(office, organisation=ORGANISATION.replace("Harbor Group", "Pier Group"))
    state = current(office)
    assert state is not None
    assert state.organisation.name == "Pier Group"
    assert [one.id for one in state.promotions] == ["tacos", "pie"]


def test_a_check_stores_nothing(office: HeadOffice) -> None:
    before = replace(twin(office).tables.copy())
    assert check(office, promotions=ONE).version == 2
    assert twin(office).tables == before


def test_what_is_published_is_read_once_for_each_version(office: HeadOffice) -> None:
    assert current(office) is current(office)


def test_texts_are_kept_as_they_were_published(office: HeadOffice) -> None:
    publish(office, promotions=ONE, by="ana")
    assert [(one.version, one.by, one.text) for one in office.store.sources("promotions")] == [
        (2, "ana", ONE),
        (1, "test", PROMOTIONS),
    ]


def test_json_is_read_as_well(office: HeadOffice) -> None:
    text = json.dumps({"promotions": [{
        "id": "tacos", "title": "Tacos \U0001f32e", "gives": "x", "credentials": ["word"], "words": ["A\u2028B"],
        "valid": {"from": "2026-11-01", "until": "2026-11-30"},
    }]}, indent="\t")  # fmt: skip
    publish(office, promotions=text)
    state = current(office)
    assert state is not None
    assert state.promotions[0].title == "Tacos \U0001f32e"


def test_an_organisation_may_lie_under_its_name(office: HeadOffice) -> None:
    indented = "organisation:\n" + "\n".join(f"  {line}" for line in ORGANISATION.splitlines())
    assert publish(office, organisation=indented).changes == ()


def test_a_person_without_an_id_gets_one_from_the_name(office: HeadOffice) -> None:
    publish(office, organisation=ORGANISATION.replace("id: zoe, name: Zoé", "name: Zoé Brandt"))
    assert [clerk.id for clerk in office.store.clerks()] == ["zoe-brandt"]


def test_a_person_taken_out_of_the_organisation_is_taken_off(office: HeadOffice) -> None:
    publish(office, organisation=ORGANISATION[: ORGANISATION.index("people:")])
    assert office.store.clerks() == []


def test_people_without_a_pin_are_named(office: HeadOffice) -> None:
    assert any("Zoé" in note.message for note in check(office).notes)


def test_a_promotion_that_takes_codes_but_has_none_is_noted(office: HeadOffice) -> None:
    assert any("tacos: It takes listed codes" in str(note) for note in publish(office, promotions=ONE).notes)


# --- freshness


def test_a_bundle_is_not_renewed_while_it_is_fresh(office: HeadOffice) -> None:
    clock(office).advance((FRESH_MS - RENEW_BEFORE_MS) / 1000 - 1)
    bundle = in_force(office)
    assert bundle is not None
    assert bundle.version == 1


def test_a_bundle_is_renewed_before_it_stops_being_fresh(office: HeadOffice) -> None:
    before = opened(office)
    clock(office).advance((FRESH_MS - RENEW_BEFORE_MS) / 1000)
    in_force(office)
    after = opened(office)
    assert after.version == 2
    assert after.parts == before.parts
    assert after.fresh_until_ms == before.fresh_until_ms + FRESH_MS - RENEW_BEFORE_MS


def test_another_publishing_key_puts_the_one_before_out_of_force(office: HeadOffice, tmp_path: Path) -> None:
    first = opened(office).roles_version
    (tmp_path / "publishing.key").unlink()
    again = an_office(tmp_path, store=office.store, published=False)
    publish(again, promotions=ONE)
    assert opened(again).roles_version == first + 1


# --- codes


def test_a_code_keeps_its_index_when_others_are_taken_out_and_put_in(office: HeadOffice) -> None:
    before = opened(office).parts["lists/tacos/0"]
    publish(office, promotions=PROMOTIONS.replace("TACO-1, TACO-2", "TACO-9"))
    after = opened(office).parts["lists/tacos/0"]
    assert after[18:27] == before[18:27]
    assert after[:18] == bytes(18)
    assert len(after) == 36


def test_a_withdrawn_code_is_no_longer_known(office: HeadOffice) -> None:
    publish(office, promotions=PROMOTIONS.replace("TACO-1, ", ""))
    assert known_as(office, "TACO-1") is None
    assert known_as(office, "TACO-2") == "tacos"


def test_a_code_put_in_again_has_its_old_index(office: HeadOffice) -> None:
    before = opened(office).parts["lists/tacos/0"]
    publish(office, promotions=PROMOTIONS.replace("TACO-1, ", ""))
    publish(office, promotions=PROMOTIONS)
    assert opened(office).parts["lists/tacos/0"] == before


def test_imported_codes_lie_beside_inline_ones(office: HeadOffice) -> None:
    publish(office, codes={"tacos": ["IMPORTED-1", "IMPORTED-2"]})
    assert {known_as(office, text) for text in ("TACO-1", "IMPORTED-1", "imported 2")} == {"tacos"}


def test_imported_codes_stay_when_the_promotions_are_published_again(office: HeadOffice) -> None:
    publish(office, codes={"tacos": ["IMPORTED-1"]})
    publish(office, promotions=PROMOTIONS)
    assert known_as(office, "IMPORTED-1") == "tacos"


def test_an_imported_list_replaces_the_one_before(office: HeadOffice) -> None:
    publish(office, codes={"tacos": ["IMPORTED-1", "IMPORTED-2"]})
    publish(office, codes={"tacos": ["IMPORTED-2", "IMPORTED-3"]})
    assert [known_as(office, f"IMPORTED-{k}") for k in (1, 2, 3)] == [None, "tacos", "tacos"]


def test_an_inline_code_that_is_imported_too_survives_the_loss_of_either(office: HeadOffice) -> None:
    publish(office, codes={"tacos": ["TACO-1"]})
    publish(office, codes={"tacos": []})
    assert known_as(office, "TACO-1") == "tacos"


def test_the_same_code_twice_in_one_list_is_one(office: HeadOffice) -> None:
    publish(office, codes={"tacos": ["A-1", "a1", "A 1"]})
    state = current(office)
    assert state is not None
    assert state.code_counts["tacos"] == 4


def test_codes_of_any_script_and_length_are_known(office: HeadOffice) -> None:
    codes = ["Ж" * 4_296, "line one\nline two", "\U0001f32e\U0001f32e", "été"]
    publish(office, codes={"tacos": codes})
    assert {known_as(office, code) for code in [*codes, "E\u0301TE\u0301"]} == {"tacos"}


def test_codes_for_a_promotion_that_is_not_there_are_refused(office: HeadOffice) -> None:
    problem = the_problem(office, codes={"taco": ["A1"]})
    assert problem.file == "codes"
    assert "tacos" in problem.cure


def test_codes_for_a_promotion_that_takes_none_are_refused(office: HeadOffice) -> None:
    assert "takes no listed codes" in the_problem(office, codes={"pie": ["A1"]}).message


def test_a_code_imported_for_two_promotions_is_refused(office: HeadOffice) -> None:
    text = ONE + ONE.replace("promotions:\n", "").replace("id: tacos", "id: rings")
    problem = the_problem(office, text, codes={"tacos": ["SAME-1"], "rings": ["same 1"]})
    assert "'tacos'" in problem.message
    assert "'rings'" in problem.message


def test_an_imported_code_that_another_promotion_had_before_is_refused(office: HeadOffice) -> None:
    publish(office, codes={"tacos": ["SAME-1"]})
    text = PROMOTIONS + ONE.replace("promotions:\n", "").replace("id: tacos", "id: rings")
    text += "    codes: [SAME-1]\n"
    assert "SAME-1" in the_problem(office, text).message


def test_an_imported_code_that_looks_like_anothers_word_is_refused(office: HeadOffice) -> None:
    assert "word of 'pie'" in the_problem(office, codes={"tacos": ["L1MEP1E"]}).message


def test_a_word_that_was_imported_as_a_code_is_refused_in_its_line(office: HeadOffice) -> None:
    publish(office, codes={"tacos": ["SUMMER"]})
    problem = the_problem(office, PROMOTIONS.replace("[LIMEPIE]", "[LIMEPIE, SUMMER]"))
    assert (problem.file, problem.path) == ("promotions", "promotions[1].words[1]")


def test_codes_without_listed_among_the_credentials_are_refused(office: HeadOffice) -> None:
    problem = the_problem(office, PROMOTIONS.replace("[listed]", "[word]\n    words: [TACOWORD]"))
    assert problem.path == "promotions[0].codes"


def test_ten_thousand_codes_are_published_in_a_few_seconds(tmp_path: Path) -> None:
    office = HeadOffice.open(tmp_path)
    publish(office, promotions=ONE, organisation=ORGANISATION)
    begun = time.process_time()
    publish(office, codes={"tacos": [f"CODE-{k:06}" for k in range(10_000)]})
    text = ONE + "    codes: [" + ", ".join(f"INLINE-{k:06}" for k in range(10_000)) + "]\n"
    publish(office, promotions=text)
    assert time.process_time() - begun < 8  # 1.7 s measured
    assert len(opened(office).parts["lists/tacos/0"]) == 20_000 * 9
    office.close()


# --- problems


def test_nothing_changes_when_a_publication_is_refused(office: HeadOffice) -> None:
    before = twin(office).tables.copy()
    problems(office, ONE.replace("title", "titel"))
    assert twin(office).tables == before


@pytest.mark.parametrize(
    ("wrong", "right", "line", "column", "path", "cure"),
    [
        ("titel: Tacos", "title: Tacos", 4, 5, "promotions[0].titel", "title"),
        ("gives: 12", "gives: Tacos", 5, 12, "promotions[0].gives", "quotes"),
        ("id: Tacos!", "id: tacos", 3, 9, "promotions[0].id", "shrimp-tacos"),
        ("[listd]", "[listed]", 7, 19, "promotions[0].credentials[0]", "listed"),
        ("from: 2026-11-31", "from: 2026-11-01", 6, 19, "promotions[0].valid.from", ""),
        ("until: 2026-10-30", "until: 2026-11-30", 6, 38, "promotions[0].valid.until", "Swap"),
        ("[word]", "[listed]", 7, 19, "promotions[0].credentials[0]", "Add words"),
        ("[listed]\n    paused: yes", "[listed]", 8, 13, "promotions[0].paused", "true or false"),
        ("[listed]\n    value: {amount: 12.0, currency: USD}", "[listed]", 8, 21, "promotions[0].value.amount", "12."),
        ('[listed]\n    value: {amount: "12.00"}', "[listed]", 8, 12, "promotions[0].value", "currency"),
        ("[listed]\n    stores: [bayside, elm]", "[listed]", 8, 23, "promotions[0].stores[1]", "organisation.yaml"),
        ("[listed]\n    limits: {total: 0}", "[listed]", 8, 21, "promotions[0].limits.total", ""),
        ("[listed]\n    codes: [1234]", "[listed]", 8, 13, "promotions[0].codes[0]", "quotes"),
        ("[listed]\n    codes: TACO-1", "[listed]", 8, 12, "promotions[0].codes", "brackets"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_line_column_and_cure(
    office: HeadOffice, wrong: str, right: str, line: int, column: int, path: str, cure: str
) -> None:
    found = [one for one in problems(office, ONE.replace(right, wrong, 1)) if one.path == path]
    assert [(one.line, one.column) for one in found] == [(line, column)]
    assert cure in found[0].cure


def test_a_missing_field_is_told_where_it_belongs(office: HeadOffice) -> None:
    problem = the_problem(office, ONE.replace("    gives: Tacos\n", ""))
    assert (problem.line, problem.path) == (3, "promotions[0].gives")
    assert "'gives' is missing" in problem.message


def test_all_problems_are_told_at_once_in_the_order_of_the_file(office: HeadOffice) -> None:
    two = (
        ONE.replace("titel", "x").replace("gives: Tacos", "gives: 1")
        + """
  - id: tacos
    title: Again
    gives: Tacos
    valid: {from: 2026-11-01, until: 2026-10-01}
    credentials: [listed]
  - {id: rings, title: R, gives: R, valid: {from: 2026-11-01, until: 2026-11-02}, credentials: [word], words: [LUNCH]}
  - {id: pasta, title: R, gives: R, valid: {from: 2026-11-01, until: 2026-11-02}, credentials: [word], words: [1unch]}
"""
    )
    assert [one.path for one in problems(office, two)] == [
        "promotions[0].gives", "promotions[1].valid.until", "promotions[3].words[0]",
    ]  # fmt: skip


def test_an_id_used_twice_is_told_at_the_second(office: HeadOffice) -> None:
    problem = the_problem(office, ONE + ONE.replace("promotions:\n", ""))
    assert (problem.path, problem.line) == ("promotions[1].id", 9)


def test_a_code_in_two_promotions_is_told_at_the_second(office: HeadOffice) -> None:
    text = ONE + "    codes: [A-1]\n" + ONE.replace("promotions:\n", "").replace("id: tacos", "id: rings")
    assert the_problem(office, text + "    codes: [x, a 1]\n").path == "promotions[1].codes[1]"


def test_problems_of_both_files_are_told_together(office: HeadOffice) -> None:
    found = problems(office, ONE.replace("title", "titel"), organisation=ORGANISATION.replace("America/", "Amerika/"))
    assert {one.file for one in found} == {"promotions", "organisation"}


def test_a_time_zone_that_is_none_is_told(office: HeadOffice) -> None:
    found = problems(office, organisation=ORGANISATION.replace("America/New_York", "New York", 1))
    assert [(one.path, one.line, one.column) for one in found] == [("stores[0].time_zone", 6, 16)]


def test_a_store_that_promotions_need_cannot_be_taken_away(office: HeadOffice) -> None:
    publish(office, promotions=ONE + "    stores: [pier-9]\n")
    begin, end = ORGANISATION.index("  - id: pier-9"), ORGANISATION.index("people:")
    problem = the_problem(office, organisation=ORGANISATION[:begin] + ORGANISATION[end:])
    assert (problem.file, problem.path) == ("promotions", "promotions[0].stores[0]")


def test_promotions_without_any_organisation_are_refused(tmp_path: Path) -> None:
    problem = the_problem(an_office(tmp_path, published=False), ONE)
    assert problem.file == "organisation"
    assert "organisation.yaml" in problem.cure


def test_the_refusal_says_how_many_and_lists_the_first(office: HeadOffice) -> None:
    with pytest.raises(RefusedPublication) as refused:
        publish(office, promotions=ONE.replace("title", "titel"))
    assert refused.value.code == "publication-refused"
    assert "2 problems" in str(refused.value)
    assert "line 4, column 5" in str(refused.value)


@pytest.mark.parametrize("text", ["[]", "promotions", "promotion: []", "promotions: {}", "", "# nothing\n", "- a"])
def test_a_file_of_another_shape_is_refused(office: HeadOffice, text: str) -> None:
    assert problems(office, text)


def test_a_file_with_no_promotions_is_right(office: HeadOffice) -> None:
    assert publish(office, promotions="promotions: []").version == 2
