"""Head office's pages: who gets in, each route as page and fragment, what a form answers."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from sync.head_office import accounts, people
from sync.head_office.accounts import make_first_account
from sync.head_office.publish import publish
from tests.head_office_pages import HTMX, NOON_MS, Pages, device, pages, redemption, signed_in, void
from tests.head_office_world import ORGANISATION, PROMOTIONS, clock, twin

BEHIND_THE_DOOR = (
    "/redemptions", "/promotions", "/promotions/tacos", "/publish/promotions", "/publish/organisation",
    "/published/promotions/1", "/counters", "/people", "/password", "/rights",
    "/promotions/tacos/rights",
)  # fmt: skip
POSTS = (
    "/sign-out",
    "/publish/promotions",
    "/rights/free",
    "/counters/bayside/front/code",
    "/people",
    "/people/zoe/pin",
)


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed for real, but in a millisecond: what is tested here is the door, not the lock."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_HASHER", quick)
    monkeypatch.setattr(people, "_HASHER", quick)


def first_start(place: Path) -> tuple[Pages, str]:
    """Head office as its first start leaves it, with the one-time password that was printed."""
    found = pages(place)
    twin(found.office).tables.accounts.clear()
    password = make_first_account(found.office)
    assert password is not None
    return found, password


# --- the door


@pytest.mark.parametrize("address", BEHIND_THE_DOOR)
def test_each_page_sends_a_stranger_to_the_sign_in_page(tmp_path: Path, address: str) -> None:
    answer = pages(tmp_path).get(address)
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?next=")


def test_a_poll_whose_session_is_over_leads_the_whole_page_to_the_door(tmp_path: Path) -> None:
    answer = pages(tmp_path).get("/redemptions?after=3", htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


def test_the_one_time_password_leads_to_choosing_another_and_nowhere_else(tmp_path: Path) -> None:
    found, password = first_start(tmp_path)
    assert found.post("/sign-in", name="admin", password=password).location == "/password"
    assert found.get("/redemptions").location == "/password"
    assert found.client.get("/redemptions", headers=HTMX).headers["HX-Redirect"] == "/password"


def test_the_chosen_password_opens_head_office_and_the_one_time_one_no_more(tmp_path: Path) -> None:
    found, password = first_start(tmp_path)
    found.post("/sign-in", name="admin", password=password)
    new = "four plain words now"
    assert found.post("/password", old=password, password=new, again=new).location == "/redemptions"
    assert found.get("/redemptions").status_code == 200
    found.post("/sign-out")
    assert found.post("/sign-in", name="admin", password=password).status_code == 422
    assert found.post("/sign-in", name="admin", password=new).status_code == 303


@pytest.mark.parametrize(("new", "again", "code"), [
    ("eleven char", "eleven char", "password-short"),
    ("four plain words", "four plain world", "password-differs"),
])  # fmt: skip
def test_a_password_that_will_not_do_is_refused_with_why(tmp_path: Path, new: str, again: str, code: str) -> None:
    found, password = first_start(tmp_path)
    found.post("/sign-in", name="admin", password=password)
    answer = found.post("/password", old=password, password=new, again=again)
    assert answer.status_code == 422
    assert code in answer.text


def test_a_wrong_password_keeps_the_name_and_says_nothing_of_which_was_wrong(tmp_path: Path) -> None:
    answer = first_start(tmp_path)[0].post("/sign-in", name="admin", password="guess")
    assert answer.status_code == 422
    assert 'value="admin"' in answer.text
    assert "That name or password is not right" in answer.text


def test_too_many_wrong_passwords_are_told_how_long_to_wait(tmp_path: Path) -> None:
    found, password = first_start(tmp_path)
    for _ in range(5):
        found.post("/sign-in", name="admin", password="guess")
    answer = found.post("/sign-in", name="admin", password=password)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert "Too many wrong tries; wait 30 s" in answer.text


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test/", "/\\evil.test", "/\tevil", "evil"])
def test_signing_in_leads_to_no_foreign_address(tmp_path: Path, wanted: str) -> None:
    assert signed_in(tmp_path).client.get("/sign-in", query_string={"next": wanted}).location == "/redemptions"


def test_signing_in_leads_back_to_the_page_that_was_wanted(tmp_path: Path) -> None:
    assert signed_in(tmp_path).get("/sign-in?next=/promotions/tacos").location == "/promotions/tacos"


def test_raising_the_session_version_signs_out_everywhere(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    assert found.get("/people").status_code == 200
    found.office.store.put_account(
        type(twin(found.office).tables.accounts["marta"])(
            name="marta", password_hash="-", must_change=False, session_version=2, created_at_ms=NOON_MS
        )
    )
    assert found.get("/people").status_code == 303


@pytest.mark.parametrize("address", POSTS)
def test_a_post_without_the_token_of_a_form_does_nothing(tmp_path: Path, address: str) -> None:
    found = signed_in(tmp_path)
    before = twin(found.office).tables.__dict__.copy()
    answer = found.client.post(address, data={"name": "Eve", "role": "clerk", "text": "promotions: []"})
    assert answer.status_code == 400
    assert "form-too-old" in answer.text
    assert twin(found.office).tables.__dict__ == before


@pytest.mark.parametrize("address", ["/sign-in", *BEHIND_THE_DOOR])
def test_no_page_has_a_script_a_style_or_a_handler_of_its_own(tmp_path: Path, address: str) -> None:
    answer = (pages if address == "/sign-in" else signed_in)(tmp_path).get(address)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]+src=)", answer.text)


def test_the_rail_leads_only_to_pages_that_exist(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/[^"#]*)"', found.get("/promotions").text)}
    assert {"/promotions", "/redemptions", "/counters", "/people"} < links
    for link in links:
        with found.get(link) as answer:
            assert answer.status_code in {200, 303}, link


# --- redemptions


def test_redemptions_show_where_who_and_both_times_the_newest_first(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.office.store.add_log_rows([redemption(1), redemption(2, store="pier-9", promotion="pie")])
    page = found.get("/redemptions").text
    rows = re.findall(r'<tr id="r-(\d+)"', page)
    assert rows == ["2", "1"]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index('id="r-2"') : page.index('id="r-1"')]))
    for part in ("06:59:02", "06:59:03", "Harbor Grill Pier 9", "Front", "Free pie", "Zoé", "0002"):
        assert part in words


def test_a_fragment_brings_what_came_after_the_cursor_and_the_next_one(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.office.store.add_log_rows([redemption(n) for n in (1, 2, 3)])
    fragment = found.get("/redemptions?after=1", htmx=True)
    assert re.findall(r'<tr id="r-(\d+)"', fragment.text) == ["3", "2"]
    assert 'hx-swap-oob="afterbegin:#rows"' in fragment.text
    assert "after=3" in fragment.text
    assert "<html" not in fragment.text
    assert "HX-Request" in fragment.headers["Vary"]


def test_a_fragment_with_nothing_new_brings_no_row(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.office.store.add_log_rows([redemption(1)])
    fragment = found.get("/redemptions?after=1", htmx=True).text
    assert "<tr" not in fragment
    assert "after=1" in fragment


def test_a_void_changes_the_row_of_its_redemption_on_the_page(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    first = redemption(1)
    found.office.store.add_log_rows([first, redemption(2), void(3, first)])
    fragment = found.get("/redemptions?after=2&lowest=0", htmx=True).text
    assert re.search(r'<tr id="r-1" class="void[^"]*" hx-swap-oob="true"', fragment)
    assert "void 06:59" in fragment


def test_a_void_of_a_row_that_is_not_on_the_page_changes_no_row(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    first = redemption(1)
    found.office.store.add_log_rows([first, redemption(2), void(3, first)])
    assert "<tr" not in found.get("/redemptions?after=2&lowest=2", htmx=True).text


def test_a_redemption_that_came_with_its_void_arrives_as_void(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    first = redemption(1)
    found.office.store.add_log_rows([first, void(2, first)])
    fragment = found.get("/redemptions?after=0&lowest=0", htmx=True).text
    assert len(re.findall(r'<tr id="r-1"', fragment)) == 1
    assert "void 06:59" in fragment


def test_the_count_leaves_out_what_was_undone_and_says_so(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    first = redemption(1)
    found.office.store.add_log_rows([first, redemption(2), redemption(3, promotion="pie"), void(4, first)])
    assert "<b>2</b> <span>redemptions</span>" in found.get("/redemptions").text
    assert "and 1 undone" in found.get("/redemptions").text
    assert "<b>1</b> <span>redemption</span>" in found.get("/redemptions?promotion=tacos").text


def test_a_filter_holds_for_rows_count_and_what_arrives(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.office.store.add_log_rows([redemption(1), redemption(2, store="pier-9"), redemption(3, promotion="pie")])
    for query, rows in (("store=pier-9", ["2"]), ("promotion=pie", ["3"]), ("store=pier-9&promotion=pie", [])):
        assert re.findall(r'<tr id="r-(\d+)"', found.get(f"/redemptions?{query}").text) == rows
        assert re.findall(r'<tr id="r-(\d+)"', found.get(f"/redemptions?{query}&after=0", htmx=True).text) == rows


def test_older_redemptions_are_a_page_on_and_stand_still(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.office.store.add_log_rows([redemption(n) for n in range(1, 53)])
    newest = found.get("/redemptions").text
    assert len(re.findall(r'<tr id="r-', newest)) == 50
    assert "lowest=3" in newest
    older = found.get("/redemptions?before=3").text
    assert re.findall(r'<tr id="r-(\d+)"', older) == ["2", "1"]
    assert "hx-get" not in older


def test_a_redemption_that_came_late_says_how_late(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    early, late = redemption(1), redemption(2)
    found.office.store.add_log_rows([
        replace(early, received_at_ms=early.at_ms + 60_000), replace(late, received_at_ms=late.at_ms + 3 * 3_600_000),
    ])  # fmt: skip
    page = found.get("/redemptions").text
    assert page.count("late</span>") == 1
    assert "3 h late" in page


@pytest.mark.parametrize("at_ms", [2**60, -(2**60), -62_135_596_800_000])
def test_a_redemption_at_a_time_that_no_calendar_has_stops_no_page(tmp_path: Path, at_ms: int) -> None:
    found = signed_in(tmp_path)
    found.office.store.add_log_rows([replace(redemption(1), at_ms=at_ms)])
    assert "at no time" in found.get("/redemptions").text


def test_the_count_says_how_fresh_it_is_and_who_is_silent(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    for one in (device(), device(counter="bar", silent_s=301), device(store="pier-9", silent_s=None)):
        found.office.store.put_enrolment(one)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found.get("/redemptions").text))
    assert "As of 06:59 from 1 of 3 counters; " in words
    assert "Harbor Grill Bayside Bar not since 06:54" in words
    assert "Harbor Grill Pier 9 Front not once yet" in words


def test_a_counter_is_not_silent_before_five_minutes(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.office.store.put_enrolment(device(silent_s=300))
    assert "As of" in found.get("/redemptions").text
    assert "not since" not in found.get("/redemptions").text


def test_an_empty_page_says_what_to_do_next(tmp_path: Path) -> None:
    page = signed_in(tmp_path, published=False).get("/redemptions").text
    assert "No redemption has arrived yet" in page
    assert '<a href="/publish/organisation">Publish your stores and counters</a>' in page


# --- promotions


def test_the_preview_of_what_only_a_screen_shows_says_that_the_clerk_compares(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    text = PROMOTIONS.replace("credentials: [word]", "credentials: [screen]").replace(
        "words: [LIMEPIE]", 'screen: {offer: "Free pie"}'
    )
    assert found.post("/publish/promotions", text=text).status_code == 303
    assert "Compare first" in found.get("/promotions/pie").text
    assert "Compare first" not in found.get("/promotions/tacos").text


def test_promotions_say_what_they_do_now(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    assert found.post("/publish/promotions", text=PROMOTIONS + "    paused: true\n").status_code == 303
    page = found.get("/promotions").text
    assert re.search(r"running</span>", page)
    assert re.search(r"paused</span>", page)


@pytest.mark.parametrize(("day", "words"), [
    ("2026-10-30", "starts 1 Nov"), ("2026-11-30", "running"), ("2026-12-01", "over since 30 Nov"),
])  # fmt: skip
def test_a_promotion_starts_runs_and_is_over(tmp_path: Path, day: str, words: str) -> None:
    from datetime import UTC, datetime

    found = signed_in(tmp_path)
    clock(found.office).at = datetime.fromisoformat(f"{day}T15:00:00").replace(tzinfo=UTC)
    assert f"{words}</span>" in found.get("/promotions/tacos").text


def test_a_promotions_page_shows_the_ticket_its_versions_and_its_count(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.office.store.add_log_rows([redemption(1), redemption(2), redemption(3, promotion="pie")])
    found.post(
        "/publish/promotions",
        text=PROMOTIONS.replace(
            "until: 2026-11-30}\n    credentials: [listed]", "until: 2026-12-24}\n    credentials: [listed]"
        ),
    )
    page = found.get("/promotions/tacos").text
    assert "One shrimp tacos appetizer, free" in page
    assert "1 Nov to 24 Dec" in page
    assert "valid.until" in page
    assert "<b>2</b>" in page
    assert "version 2</span>" in page


def test_reach_counts_the_counters_that_know_the_version(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    for one in (device(knows=1), device(counter="bar", knows=0), device(store="pier-9", knows=0, silent_s=None)):
        found.office.store.put_enrolment(one)
    page = found.get("/promotions/tacos").text
    assert "Reach: 1 of 3 counters know version 1" in page
    assert "Bar: nothing yet" in page
    assert "Front silent" in page


def test_a_promotion_that_is_not_published_is_not_there(tmp_path: Path) -> None:
    answer = signed_in(tmp_path).get("/promotions/none-such")
    assert answer.status_code == 404
    assert "page-unknown" in answer.text


# --- publishing


def test_the_text_in_force_is_there_to_be_changed(tmp_path: Path) -> None:
    assert "title: Free shrimp tacos" in signed_in(tmp_path).get("/publish/promotions").text
    assert "name: Harbor Group" in signed_in(tmp_path / "b").get("/publish/organisation").text


def test_a_text_with_faults_answers_each_with_line_column_and_cure_and_keeps_the_text(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    text = PROMOTIONS.replace("    title: Free pie", "    titel: Free <pie>").replace('"12.00"', "12.00")
    answer = found.post("/publish/promotions", text=text.replace("\n", "\r\n"))
    assert answer.status_code == 422
    assert "Not published: 3 things to put right" in answer.text
    assert re.search(r'data-line="7" data-column="21"', answer.text)
    assert "Write it in quotes, with its decimals" in answer.text
    assert "titel: Free &lt;pie&gt;" in answer.text
    assert "\r" not in answer.text
    assert '<span class="marked">7</span>' in answer.text
    bundle = found.office.store.latest_bundle()
    assert bundle is not None
    assert bundle.version == 1


def test_a_text_without_faults_is_published_and_says_what_changed(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    answer = found.post("/publish/promotions", text=PROMOTIONS.replace("Free pie", "Free key lime pie"))
    assert (answer.status_code, answer.location) == (303, "/published/promotions/2")
    page = found.get(answer.location).text
    assert "Version 2 is published" in page
    assert re.search(r"Free key lime pie <b>changed</b>: <span class=\"mono\">title</span>", page)


LIMITED = PROMOTIONS.replace(
    "    words: [LIMEPIE]", "    words: [LIMEPIE]\n    limits: {per_store_day: 8, per_customer: 1}"
)


def test_a_text_is_checked_without_publishing_it_and_its_notes_lead_to_their_lines(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    answer = found.post("/publish/promotions", text=LIMITED, only="check")
    assert answer.status_code == 200
    assert "Nothing is published yet. It would be version 2." in answer.text
    assert re.search(r"Free pie <b>changed</b>: <span class=\"mono\">limits", answer.text)
    told = (
        r'data-line="17" data-column="29">Line 17, column 29</a> per_store_day is best effort: each part of the network'
    )
    assert re.search(told, answer.text)
    assert "per_store_day: 8" in answer.text
    bundle = found.office.store.latest_bundle()
    assert bundle is not None
    assert bundle.version == 1


def test_a_text_with_faults_that_is_only_checked_answers_as_if_it_were_published(tmp_path: Path) -> None:
    text = LIMITED.replace("limits: {", "limits: {total: 5, ")
    answer = signed_in(tmp_path).post("/publish/promotions", text=text, only="check")
    assert answer.status_code == 422
    assert "per_store_day 8 can never be reached: total is 5." in answer.text
    assert "Write 5 or less, or raise total." in answer.text


def test_an_organisation_is_checked_alone_and_notes_on_promotions_name_their_file(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    publish(found.office, promotions=LIMITED)
    page = found.post("/publish/organisation", text=ORGANISATION, only="check").text
    assert "Nothing would change." in page
    assert '<span class="second">promotions.yaml, line 17</span> per_store_day is best effort' in page
    assert 'class="problem-at"' not in page


def test_what_was_published_tells_its_notes_by_promotion(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    page = found.get(found.post("/publish/promotions", text=LIMITED).location).text
    assert re.search(r"<summary>Free pie <span class=\"second\">2 notes</span></summary>", page)
    assert re.search(r"<summary>Stores and people</summary>\s*<ul>\s*<li>Without a PIN", page)


@pytest.mark.parametrize(("count", "opened"), [(3, True), (4, False)])
def test_many_notes_are_folded_promotion_by_promotion(tmp_path: Path, count: int, opened: bool) -> None:
    more = "".join(LIMITED[LIMITED.index("  - id: pie") :].replace("pie", f"pie-{n}").replace("PIE", f"PIE{n}")
                   for n in range(count - 1))  # fmt: skip
    without_a_code = (
        (LIMITED + more).replace("[listed]", "[word]").replace("codes: [TACO-1, TACO-2, TACO-3]", "words: [TACO]")
    )
    page = signed_in(tmp_path).post("/publish/promotions", text=without_a_code, only="check").text
    assert f"Worth knowing ({2 * count + 1})" in page
    assert ("<details open>" in page) is opened
    assert page.count("<details") == count + 1


def test_a_text_in_force_that_today_would_be_refused_still_has_its_page(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    kept = found.office.store.latest_source("promotions")
    assert kept is not None
    text = kept.text.replace(
        "    credentials: [listed]", "    credentials: [listed]\n    limits: {total: 1, per_store: 2}"
    )
    found.office.store.put_source(replace(kept, version=2, text=text))
    page = found.get("/published/promotions/2")
    assert page.status_code == 200
    assert "per_store 2 can never be reached: total is 1." in page.text


def test_a_chosen_file_is_published_in_place_of_the_text(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    file = (io.BytesIO(ORGANISATION.replace("Bar}", "Long bar}").encode("utf-8-sig")), "organisation.yaml")
    assert found.post("/publish/organisation", text="not: this", file=file).status_code == 303
    assert "Long bar" in found.get("/counters").text


def test_a_file_that_is_no_text_is_refused_and_the_text_stays(tmp_path: Path) -> None:
    answer = signed_in(tmp_path).post(
        "/publish/promotions", text="kept: words", file=(io.BytesIO(b"\xff\xfe\x00"), "a.yaml")
    )
    assert answer.status_code == 422
    assert "a.yaml is not UTF-8 text" in answer.text
    assert "kept: words" in answer.text


def test_a_fault_in_the_other_file_says_which_file(tmp_path: Path) -> None:
    answer = signed_in(tmp_path).post(
        "/publish/organisation",
        text=ORGANISATION.replace("groups: [harbor]", "groups: []").replace("stores: [harbor]", "stores: [bayside]"),
    )
    assert answer.status_code == 422
    assert "In promotions.yaml" in answer.text


def test_a_text_of_two_megabytes_arrives_whole(tmp_path: Path) -> None:
    long = PROMOTIONS + "# " + "x" * 1_900_000 + "\n"
    assert signed_in(tmp_path).post("/publish/promotions", text=long).status_code == 303


@pytest.mark.parametrize("address", ["/publish/codes", "/published/promotions/99", "/published/none/1"])
def test_what_cannot_be_published_is_no_page(tmp_path: Path, address: str) -> None:
    assert signed_in(tmp_path).get(address).status_code == 404


# --- counters


def test_counters_say_whether_they_are_enrolled_and_what_they_know(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.office.store.put_enrolment(device(knows=1))
    found.office.store.put_enrolment(device(counter="bar", silent_s=3600, knows=0))
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found.get("/counters").text))
    assert re.search(r"Front bayside/front@1 in touch .* 06:59 .* version 1", words)
    assert re.search(r"Bar bayside/bar@1 silent .* 06:00", words)
    assert re.search(r"Front pier-9/front not enrolled", words)
    assert "all enrolled" in words
    assert "0 of 1 enrolled" in words


def test_a_code_is_shown_once_in_groups_with_its_end(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    answer = found.post("/counters/bayside/front/code")
    assert (answer.status_code, answer.location) == (303, "/counters#once")
    page = found.get("/counters").text
    assert "One-time code for Harbor Grill Bayside Front" in page
    assert re.search(r'class="secret mono"[^>]*>(<span>[0-9A-Z]{4}</span>){3,}</p>', page)
    assert "until <time" in page
    again = found.get("/counters").text
    assert "secret" not in again
    assert "a code is out until" in again


def test_a_code_for_a_counter_that_is_not_published_is_refused(tmp_path: Path) -> None:
    answer = signed_in(tmp_path).post("/counters/bayside/cellar/code")
    assert answer.status_code == 422
    assert "counter-unknown" in answer.text


def test_without_stores_the_page_leads_to_publishing_them(tmp_path: Path) -> None:
    page = signed_in(tmp_path, published=False).get("/counters").text
    assert "No store is published yet" in page
    assert 'href="/publish/organisation"' in page


# --- people


def test_a_clerk_is_added_and_the_pin_that_was_made_is_shown_once(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    answer = found.post("/people", name="Ben Okafor", role="clerk", stores="pier-9", pin="")
    assert (answer.status_code, answer.location) == (303, "/people#once")
    page = found.get("/people").text
    assert re.search(r"PIN of Ben Okafor.*<span>\d{4}</span>", page, re.DOTALL)
    assert "secret" not in found.get("/people").text
    (ben,) = [one for one in found.office.store.clerks() if one.name == "Ben Okafor"]
    assert ben.stores == ("pier-9",)


def test_a_typed_pin_is_not_shown(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    assert found.post("/people", name="Ben", role="clerk", pin="80713").status_code == 303
    assert "80713" not in found.get("/people").text


@pytest.mark.parametrize(("form", "code"), [
    ({"name": "Ben", "role": "clerk", "pin": "1234"}, "pin-weak"),
    ({"name": "Ben", "role": "clerk", "pin": "12"}, "pin-form"),
    ({"name": "Ben", "role": "owner", "pin": ""}, "clerk-role"),
    ({"name": " ", "role": "clerk", "pin": ""}, "clerk-name"),
    ({"name": "Ben", "role": "clerk", "stores": "moon", "pin": ""}, "clerk-store-unknown"),
])  # fmt: skip
def test_a_clerk_who_cannot_be_added_keeps_the_form(tmp_path: Path, form: dict[str, str], code: str) -> None:
    found = signed_in(tmp_path)
    answer = found.post("/people", **form)
    assert answer.status_code == 422
    assert code in answer.text
    assert f'value="{form["name"]}"' in answer.text
    assert all(one.name != form["name"] for one in found.office.store.clerks())


def test_a_person_of_the_file_without_a_pin_is_named_as_such(tmp_path: Path) -> None:
    page = signed_in(tmp_path).get("/people").text
    assert "none yet" in page
    assert "Shift manager" in page


def test_a_new_pin_is_made_and_shown_once(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    assert found.post("/people/zoe/pin").location == "/people#once"
    assert "PIN of Zoé" in found.get("/people").text


def test_a_clerk_who_was_added_here_can_be_removed(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.post("/people", name="Ben", role="clerk", pin="80713")
    assert found.post("/people/ben/remove").location == "/people"
    assert [one.name for one in found.office.store.clerks()] == ["Zoé"]


def test_a_clerk_whom_nobody_knows_gets_no_pin(tmp_path: Path) -> None:
    answer = signed_in(tmp_path).post("/people/nobody/pin")
    assert answer.status_code == 422
    assert "clerk-unknown" in answer.text


def test_names_are_written_as_text_never_as_markup(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.post("/people", name="<b>Ben</b>", role="clerk", pin="80713")
    assert "&lt;b&gt;Ben&lt;/b&gt;" in found.get("/people").text
    assert "<b>Ben</b>" not in found.get("/people").text
