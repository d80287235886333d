"""Try it at head office: the form, what is answered, what is said of what cannot be read; nothing is written."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from werkzeug.test import TestResponse

from kiosk.core.verdict import Outcome, Reason, Verdict
from sync.head_office import trial_words, tried
from sync.head_office.publish import publish
from sync.head_office.vouchers import Wanted, issue_vouchers, revoke_vouchers
from tests.head_office_pages import Pages, pages, signed_in
from tests.head_office_world import PROMOTIONS, twin

TRY = "/promotions/tacos/try"
TYPED = {"kind": "listed", "held_up": "TACO-1", "place": "bayside/front", "on": "2026-11-06", "clock": "18:00",
         "online": "yes"}  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Pages:
    return signed_in(tmp_path)


def words(page: TestResponse) -> str:
    """What the page says, without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def verdict(page: TestResponse) -> str:
    return words(page).partition("As the counter answers ")[2]


def test_a_promotion_s_page_leads_to_its_form(desk: Pages) -> None:
    assert f'href="{TRY}"' in desk.get("/promotions/tacos").text


def test_the_form_holds_up_a_code_of_the_promotion_at_its_first_store_now(desk: Pages) -> None:
    page = desk.get(TRY)
    assert page.status_code == 200
    assert '<option value="listed" selected>' in page.text
    assert "TACO-1</textarea>" in page.text
    assert '<option value="bayside/front" selected>' in page.text
    assert 'name="on" value="2026-11-06"' in page.text
    assert 'name="clock" value="07:00"' in page.text  # noon UTC on the store's clock
    assert "Nothing is redeemed, and nobody is told." in words(page)


def test_a_yes_shows_what_is_handed_over_and_what_it_takes_off(desk: Pages) -> None:
    page = desk.post(TRY, **TYPED)
    assert page.status_code == 200
    assert verdict(page).startswith(
        "Accept ok It can be redeemed. Hand over One shrimp tacos appetizer, free Takes off $12.00"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"on": "2026-10-31"}, "Refuse not-yet It has not begun. Begins 1 Nov 00:00 It would pass 1 Nov 00:00 at"),
        ({"on": "2026-12-01"}, "Refuse over The promotion is over. Ended 30 Nov"),
        ({"held_up": "LIMEPIE", "kind": "word"}, "Accept ok It can be redeemed. Hand over One pie, free"),
        ({"held_up": "NOBODY"}, "Refuse unknown-code No promotion knows it."),
        ({"held_up": " "}, "Refuse malformed Nothing that could be read was held up."),
        ({"in_sale": "pie"}, "Refuse does-not-stack It does not go with what was redeemed in this sale. Not with Free"),
    ],
)
def test_a_no_says_why_and_what_would_pass(desk: Pages, changes: dict[str, str], said: str) -> None:
    assert verdict(desk.post(TRY, **{**TYPED, **changes})).startswith(said)


def test_time_is_the_store_s_own(desk: Pages) -> None:
    assert verdict(desk.post(TRY, **{**TYPED, "on": "2026-11-30", "clock": "23:59"})).startswith("Accept ok")
    assert verdict(desk.post(TRY, **{**TYPED, "on": "2026-12-01", "clock": "00:00"})).startswith("Refuse over")


def test_a_box_that_is_not_ticked_is_a_counter_without_head_office(desk: Pages) -> None:
    offline = {name: value for name, value in TYPED.items() if name != "online"}
    page = desk.post(TRY, **offline)
    assert verdict(page).startswith("Refuse needs-head-office")
    assert 'name="online" value="yes">' in page.text


def test_what_was_typed_stays_in_the_form(desk: Pages) -> None:
    typed = {**TYPED, "clerk": "zoe", "holder": "Ana & Bo", "basket": "25.00", "in_sale": "pie"}
    page = desk.post(TRY, **typed)
    assert 'name="clerk" value="zoe"' in page.text
    assert 'name="holder" value="Ana &amp; Bo"' in page.text
    assert 'name="basket" value="25.00"' in page.text
    assert 'value="pie" checked' in page.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"basket": "25,00"}, "The sale comes to: an amount is plain digits"),
        ({"on": "2026-02-30"}, "When: There is no such day or time. Choose both again."),
        ({"clock": ""}, "When: There is no such day or time."),
        ({"kind": "badge"}, 'Kind: "badge" is none of those known here.'),
        ({"place": ""}, "Where: The text is empty"),
        ({"place": "quay"}, "time_zone: The field is missing."),
    ],
)
def test_what_cannot_be_read_is_told_by_the_field_s_name(desk: Pages, changes: dict[str, str], said: str) -> None:
    page = desk.post(TRY, **{**TYPED, **changes})
    assert page.status_code == 422
    assert verdict(page).startswith(said)
    assert "TACO-1</textarea>" in page.text


def test_a_text_that_is_not_published_is_tried_and_published_nowhere(desk: Pages) -> None:
    text = PROMOTIONS.replace("TACO-1", "PREVIEW-1")
    version = twin(desk.office).latest_source("promotions")
    form = desk.post("/publish/promotions/try", text=text)
    assert form.status_code == 200
    assert "PREVIEW-1</textarea>" in form.text
    assert "a text that is not published" in words(form)
    answer = desk.post("/publish/promotions/try", text=text, **{**TYPED, "held_up": "PREVIEW-1"})
    assert verdict(answer).startswith("Accept ok")
    assert html.escape(text.strip()[:30]) in answer.text
    assert twin(desk.office).latest_source("promotions") == version


def test_a_text_that_cannot_be_read_comes_back_with_its_problems(desk: Pages) -> None:
    page = desk.post("/publish/promotions/try", text="promotions:\n  - id: 5\n")
    assert page.status_code == 422
    assert "Line 2, column 9" in words(page)


def test_a_text_is_tried_before_any_store_is_published(tmp_path: Path) -> None:
    desk = signed_in(tmp_path, published=False)
    text = PROMOTIONS.replace("    stores: [harbor]\n", "")
    page = desk.post("/publish/promotions/try", text=text, **{**TYPED, "place": "any-store"})
    assert verdict(page).startswith("Accept ok")
    assert "Any store" in page.text


def test_a_text_without_promotions_can_be_asked_too(desk: Pages) -> None:
    assert desk.post("/publish/promotions/try", text="promotions: []").status_code == 200


def test_a_screen_s_marks_are_held_up_line_by_line(desk: Pages) -> None:
    screen = """
  - id: chowder
    title: Free clam chowder
    venue: Harbor Grill
    gives: One cup
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [screen]
    screen: {offer: Free clam chowder}
"""
    text = "promotions:" + screen
    form = desk.post("/publish/promotions/try", text=text)
    assert "Harbor Grill\nFree clam chowder</textarea>" in form.text
    typed = {**TYPED, "kind": "screen", "held_up": "Harbor Grill\r\nFree clam chowder"}
    page = desk.post("/publish/promotions/try", text=text, **typed)
    assert verdict(page).startswith("Check look-at-screen The clerk compares the screen with the sample.")


def test_nobody_tries_what_is_not_there_or_without_signing_in(desk: Pages, tmp_path: Path) -> None:
    assert desk.get("/promotions/nothing/try").status_code == 404
    assert desk.post("/promotions/nothing/try", **TYPED).status_code == 404
    stranger = pages(tmp_path / "stranger")
    assert stranger.get(TRY).status_code == 303
    assert stranger.client.post(TRY, data=TYPED).status_code in {303, 400}


# --- what counters know beside the promotions ------------------------------------------------------


def test_imported_codes_are_tried_as_counters_know_them(desk: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(desk.office, codes={"tacos": ["IMPORTED-1"]})
    imported = {**TYPED, "held_up": "imported 1"}
    assert verdict(desk.post(TRY, **imported)).startswith("Accept ok")
    monkeypatch.setattr(tried, "MOST_CODES", 3)
    publish(desk.office, codes={"tacos": ["IMPORTED-1", "IMPORTED-2"]})
    page = desk.post(TRY, **imported)
    assert verdict(page).startswith("Refuse unknown-code")
    assert "Imported codes are too many to be tried here." in words(page)
    assert verdict(desk.post(TRY, **TYPED)).startswith("Accept ok")  # one of the promotion's own


def test_beside_a_text_its_own_codes_count_and_imported_ones(desk: Pages) -> None:
    publish(desk.office, codes={"tacos": ["IMPORTED-1"]})
    text = PROMOTIONS.replace("TACO-1", "PREVIEW-1")
    answers = {
        code: verdict(desk.post("/publish/promotions/try", text=text, **{**TYPED, "held_up": code}))
        for code in ("PREVIEW-1", "IMPORTED-1", "TACO-1")
    }
    assert {code: answer.split()[1] for code, answer in answers.items()} == {
        "PREVIEW-1": "ok", "IMPORTED-1": "ok", "TACO-1": "unknown-code",
    }  # fmt: skip


def test_vouchers_that_head_office_signed_are_tried_and_taken_back(desk: Pages) -> None:
    text = PROMOTIONS.replace("credentials: [word]", "credentials: [word, voucher]")
    publish(desk.office, promotions=text)
    issued = issue_vouchers(desk.office, Wanted("pie"), 1)
    shown = {**TYPED, "kind": "voucher", "held_up": issued.texts[0]}
    assert verdict(desk.post("/promotions/pie/try", **shown)).startswith("Accept ok")
    revoke_vouchers(desk.office, issued.key, issued.first, issued.first)
    assert verdict(desk.post("/promotions/pie/try", **shown)).startswith("Refuse revoked It was taken back.")


# --- the words -----------------------------------------------------------------------------------


def test_every_reason_and_outcome_has_words() -> None:
    assert set(trial_words.WORDS_OF_REASON) == set(Reason)
    assert set(trial_words.WORD_OF_OUTCOME) == set(trial_words.SYMBOL_OF_OUTCOME) == set(Outcome)


def test_facts_are_told_in_words_on_the_store_s_clock() -> None:
    facts = {
        "used_at": "2026-11-06T23:30:00+00:00", "ended_on": "2025-11-30", "used": 1200, "in_sale": ["Tea", "Pie"],
        "cost": {"amount": "12.00", "currency": "USD"}, "floor": {"amount": "5.00", "currency": None},
        "differs": [{"mark": "dates", "wanted": "Nov 1", "found": "Oct 1"}],
        "not_read": [{"mark": "word", "wanted": "X"}],
        "next_ok": {"at": "2026-11-07T05:00:00+00:00", "until": "2026-11-08T05:00:00+00:00", "stores": ["Quay"]},
        "stub": 5, "left": None,
    }  # fmt: skip
    rows = trial_words.fact_rows(
        Verdict(Outcome.REFUSE, Reason.USED_HERE, "tacos", facts),  # type: ignore[arg-type]
        ZoneInfo("America/New_York"),
        datetime(2026, 11, 6, tzinfo=UTC),
    )
    assert [(row.label, row.words) for row in rows] == [
        ("Used", "6 Nov 18:30"), ("Ended", "30 Nov 2025"), ("Given out", "1,200"), ("Not with", "Tea, Pie"),
        ("Takes off", "$12.00"), ("Unseen up to", "5.00"), ("Differs", "dates “Nov 1”, shows “Oct 1”"),
        ("Not read", "word “X”"), ("It would pass", "7 Nov 00:00 at Quay"),
    ]  # fmt: skip
