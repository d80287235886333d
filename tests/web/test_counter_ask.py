"""The pages where a shift manager says yes and where the sale is told of."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kiosk.core.verdict import FactValue, Outcome, Reason, Verdict
from kiosk.display import State
from kiosk.redeeming import Approval
from tests.counter_pages import Pages, signed_in
from tests.fakes_counter import PIN

LATE: dict[str, FactValue] = {"ended_on": "2026-11-19", "late_days": 1, "grace_until": "2026-11-20",
                              "cost": {"amount": "12.00", "currency": "USD"}}  # fmt: skip


def asking(**facts: FactValue) -> tuple[Pages, str]:
    pages = signed_in()
    showing = pages.counter.ask(Reason.LATE_WITHIN_GRACE, LATE | facts)
    pages.get("/")
    return pages, showing.id


def test_it_says_what_it_costs_until_when_and_whose_pin_it_needs() -> None:
    page = asking()[0].get("/").text
    assert "A manager may say yes" in page
    for words in ("$12.00", "Until Fri 20 Nov", "PIN, Ben", "late-within-grace", "Approve"):
        assert words in page


def test_the_manager_s_pin_approves() -> None:
    pages, showing = asking()
    pages.post("/approve", showing=showing, by="ben", pin=PIN, why="could-not-come")
    assert pages.counter.display.state is State.REDEEMED
    assert pages.counter.approvals == [Approval("ben", "could-not-come")]


def test_a_wrong_pin_is_told_beside_the_question() -> None:
    pages, showing = asking()
    answer = pages.post("/approve", htmx=True, showing=showing, by="ben", pin="0", why="good-faith")
    assert "That PIN does not fit" in answer.text
    assert pages.counter.display.state is State.VERDICT


def test_a_manager_who_has_to_wait_is_told_so() -> None:
    pages, showing = asking()
    pages.counter.locked = True
    answer = pages.post("/approve", htmx=True, showing=showing, by="ben", pin=PIN, why="good-faith")
    assert "wait 30 seconds" in answer.text


@pytest.mark.parametrize("missing", ["by", "pin", "why", "showing"])
def test_an_approval_without_its_fields_is_malformed(missing: str) -> None:
    pages, showing = asking()
    form: dict[str, Any] = {"showing": showing, "by": "ben", "pin": PIN, "why": "good-faith"}
    assert pages.post("/approve", **{**form, missing: ""}).status_code == 422
    assert pages.counter.approvals == []


def test_where_no_manager_has_a_pin_the_page_says_who_gives_them() -> None:
    pages, _ = asking()
    pages.counter.people = [one for one in pages.counter.people if one.role == "clerk"]
    page = pages.get("/").text
    assert "Head office gives them" in page
    assert "Approve" not in page


def test_an_asked_screen_that_was_seen_before_says_when() -> None:
    page = asking(used_at="2026-11-20T18:00:00-05:00", used_store="Harbor Grill Bayside", used_counter="counter-2",
                  stub=388, times=1)[0].get("/").text  # fmt: skip
    assert "Stub 0388" in page


def sale_in(pages: Pages) -> str:
    """Of which sale the form speaks."""
    found = re.search(r'name="sale" value="([0-9a-f]{32})"', pages.get("/sale").text)
    assert found is not None
    return found[1]


def test_a_screen_that_asks_is_shown_as_it_was_filmed() -> None:
    pages = signed_in()
    showing = pages.counter.ask_of_screen(Reason.LATE_WITHIN_GRACE, LATE)
    page = pages.get("/").text
    assert f"/screen/{showing.id}.jpg" in page
    assert "PIN, Ben" in page


def test_a_screen_whose_basket_is_not_known_asks_for_the_total() -> None:
    pages = signed_in()
    pages.counter.check({"not_checked": ["basket"]})
    assert "Sale total" in pages.get("/").text


# --- the sale ------------------------------------------------------------------------------------


def test_the_sale_s_total_and_customer_are_taken_and_the_page_turns_back() -> None:
    pages = signed_in()
    pages.get("/sale")
    answer = pages.post("/sale", sale=sale_in(pages), basket="24,50", customer="@zed")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert pages.counter.till.sale.basket_minor == 2450
    assert pages.counter.till.sale.holder is not None


def test_a_total_that_is_no_amount_stays_on_the_page_with_what_is_wrong() -> None:
    pages = signed_in()
    sale = sale_in(pages)
    pages.counter.end_sale()
    answer = pages.post("/sale", sale=sale, basket="a lot", customer="")
    assert answer.status_code == 200
    assert "is no amount" in answer.text
    assert 'value="a lot"' in answer.text
    assert f'name="sale" value="{sale}"' in answer.text


def test_a_total_that_does_not_say_of_which_sale_is_malformed() -> None:
    pages = signed_in()
    pages.get("/sale")
    assert pages.post("/sale", basket="24.50", customer="").status_code == 422


@pytest.mark.parametrize(
    ("address", "form"),
    [("/look", {"text": "TACO20"}), ("/pick", {"choice": "0" * 32}), ("/next", {"showing": "0" * 32}),
     ("/sale", {"sale": "0" * 32, "basket": "?"}), ("/sale/end", {})],
)  # fmt: skip
def test_whoever_acts_works_the_counter(address: str, form: dict[str, Any]) -> None:
    pages = signed_in()
    pages.get("/look")
    assert pages.counter.till.on_duty == "ana"
    pages.counter.till.on_duty = "ben"
    pages.post("/seen", showing="0" * 32)  # a page that is open somewhere says so by itself
    assert pages.counter.till.on_duty == "ben"
    pages.post(address, **form)
    assert pages.counter.till.on_duty == "ana"


def test_what_was_told_stands_in_the_field() -> None:
    pages = signed_in()
    pages.counter.till.tell(2450, "")
    assert 'value="24.50"' in pages.get("/sale").text


@pytest.mark.parametrize(
    ("facts", "words"),
    [({"not_checked": ["basket"]}, "Sale total"), ({"not_checked": ["per_customer"]}, "Who is it?"),
     ({"not_checked": ["budget", "per_customer"]}, "Sale total"), ({}, None), ({"not_checked": ["seen-before"]}, None)],
)  # fmt: skip
def test_an_accept_asks_for_what_was_not_checked(facts: dict[str, Any], words: str | None) -> None:
    pages = signed_in()
    showing = pages.counter._showing(Verdict(Outcome.ACCEPT, Reason.OK, "shrimp-tacos", facts), None)
    pages.counter.board.show(State.VERDICT, showing)
    page = pages.get("/").text
    assert [one for one in ("Sale total", "Who is it?") if one in page] == ([words] if words else [])


def test_another_code_of_the_same_customer_keeps_the_sale_and_next_customer_ends_it() -> None:
    pages = signed_in()
    showing = pages.counter.accept()
    pages.counter.redeem(showing.id, "ana")
    pages.counter.till.tell(2450, "")
    pages.get("/")
    pages.post("/next", showing=showing.id, same_sale="yes")
    assert pages.counter.till.sale.basket_minor == 2450
    pages.post("/sale/end")
    assert pages.counter.till.sale.basket_minor is None
