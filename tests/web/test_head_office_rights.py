"""The pages of rights: what is stranded, the decision that frees it and what it risks, what was used too often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from kiosk.core.fact import Freed, decode_fact
from sync.head_office import accounts
from sync.head_office.publish import publish
from sync.head_office.stranded import stranded
from tests.head_office_pages import Pages, signed_in
from tests.head_office_world import ORGANISATION, SmallCounter, clock, enrolled
from tests.rights_world import RISK, TOTAL, balance, held_here, spend, tacos

PASSWORD = "four plain words now"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
WORDS = ("limits: {total: 100}",)


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    monkeypatch.setattr(accounts, "_HASHER", QUICK)
    found = signed_in(tmp_path)
    marta = found.office.store.account("marta")
    assert marta is not None
    found.office.store.put_account(replace(marta, password_hash=QUICK.hash(PASSWORD)))
    publish(found.office, promotions=tacos(*WORDS), organisation=ORGANISATION, by="test")
    return found


def gone(at: Pages) -> SmallCounter:
    """A counter that has 25 uses, of which it spent 4, and whose place another device took."""
    counter = enrolled(at.office)
    counter.exchange()
    spend(counter, 4)
    counter.exchange()
    enrolled(at.office, key=9)
    return counter


def free(at: Pages, much: int, **changes: object) -> str:
    (one,) = stranded(at.office)
    form = {
        "feed": one.feed, "kind": int(one.lot.right.kind), "promotion": "tacos", "subject": "", "granted_by": 1,
        "amount": much, "why": "It fell into the harbour", "password": PASSWORD,
    }  # fmt: skip
    return at.post("/rights/free", **(form | changes)).text


def decisions(at: Pages) -> list[Freed]:
    read = [
        decode_fact(entry.body)
        for feed in at.office.store.heads()
        for entry in at.office.store.entries(feed, 0, 1000)
        if feed.origin == "head-office"
    ]
    return [fact for fact in read if isinstance(fact, Freed)]


def pool(at: Pages) -> int:
    (one,) = at.office.store.right_pools("tacos")
    return 100 - one.granted + one.returned + one.freed


def test_what_a_replaced_device_had_is_listed_with_what_freeing_it_risks(at: Pages) -> None:
    gone(at)
    page = at.get("/rights").text
    assert "Harbor Grill Bayside Front" in page
    assert "another device took its place" in page
    assert "21 uses" in page
    assert "exceeded by at most 21 uses / 252.00 USD" in page


def test_a_counter_that_is_in_touch_strands_nothing(at: Pages) -> None:
    enrolled(at.office).exchange()
    assert stranded(at.office) == []
    assert "Nothing is." in at.get("/rights").text


@pytest.mark.parametrize(("days", "many"), [(7, 0), (8, 1)])
def test_a_counter_that_is_silent_for_longer_than_a_week_strands_what_it_has(at: Pages, days: int, many: int) -> None:
    enrolled(at.office).exchange()
    clock(at.office).at += timedelta(days=days)
    assert len(stranded(at.office)) == many


def test_what_is_over_strands_nothing(at: Pages) -> None:
    gone(at)
    clock(at.office).at += timedelta(days=40)
    assert stranded(at.office) == []


def test_a_decision_adds_to_the_pool_once_and_is_kept_with_who_and_why(at: Pages) -> None:
    gone(at)
    before = pool(at)
    free(at, 21)
    assert pool(at) == before + 21
    (fact,) = decisions(at)
    assert (fact.by, fact.why, fact.amount, fact.granted_by) == ("marta", "It fell into the harbour", 21, 1)
    assert stranded(at.office) == []


def test_the_same_decision_sent_twice_frees_once(at: Pages) -> None:
    gone(at)
    (one,) = stranded(at.office)
    form = {
        "feed": one.feed, "kind": 1, "promotion": "tacos", "subject": "", "granted_by": 1, "amount": 21,
        "why": "lost", "password": PASSWORD,
    }  # fmt: skip
    before = pool(at)
    assert at.post("/rights/free", **form).status_code == 303
    again = at.post("/rights/free", **form)
    assert again.status_code == 422
    assert "not-stranded" in again.text
    assert pool(at) == before + 21


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "wrong"}, "login-wrong"),
        ({"why": " "}, "freed-why"),
        ({"why": "x" * 301}, "freed-why"),
        ({"amount": 22}, "not-stranded"),
        ({"amount": 0}, "not-stranded"),
        ({"amount": -5}, "not-stranded"),
        ({"feed": "pier-9/front@1"}, "not-stranded"),
        ({"kind": 99}, "not-stranded"),
        ({"subject": "zz"}, "not-stranded"),
    ],
)
def test_a_decision_that_cannot_be_taken_changes_nothing(at: Pages, changes: dict[str, object], code: str) -> None:
    gone(at)
    before = pool(at)
    assert code in free(at, 21, **changes)
    assert pool(at) == before
    assert decisions(at) == []


def test_what_was_freed_and_comes_back_after_all_is_not_pooled_twice(at: Pages) -> None:
    from kiosk.core.escrow import returns_of
    from tests.rights_world import accounts as rights_of

    counter = gone(at)
    before = pool(at)
    free(at, 21)
    counter.write(*returns_of(rights_of(counter), TOTAL, 1))
    counter.exchange()
    (row,) = at.office.store.rights_of(str(counter.feed))
    assert (row.returned, row.freed, row.freed_now) == (21, 21, 0)
    assert sum(one.balance - one.freed_now for one in at.office.store.accounts_of(TOTAL)) + 4 + pool(at) == 100
    assert pool(at) <= before + 21


def test_a_freed_right_that_is_spent_after_all_overruns_the_cap_by_no_more_than_was_told(at: Pages) -> None:
    counter = gone(at)
    free(at, 21)
    spend(counter, 21)
    counter.exchange()
    other, spent = enrolled(at.office, "pier-9", key=4), 25
    for _ in range(60):
        other.exchange()
        some = balance(other)
        spend(other, some)
        spent += some
    assert spent <= 121


def test_a_restored_head_office_lists_what_it_holds_back_and_a_decision_grants_it(at: Pages) -> None:
    from sync.head_office import restored

    counter = enrolled(at.office)
    counter.exchange()
    with at.office.store.together() as store:
        restored.begin(store, None)
    page = at.get("/rights").text
    assert "restored from a backup" in page
    assert "Harbor Grill Bayside Front" in page
    assert "75 uses" in page
    form = {
        "feed": "head-office@2", "kind": 1, "promotion": "tacos", "subject": "", "granted_by": 2, "amount": 75,
        "why": "all that was lost is known", "password": PASSWORD,
    }  # fmt: skip
    assert at.post("/rights/free", **form).status_code == 303
    other = enrolled(at.office, "pier-9", key=4)
    other.exchange()
    assert balance(other) > 0
    assert "75 uses" not in at.get("/rights").text


def test_a_credential_used_twice_is_listed_until_it_is_settled(at: Pages) -> None:
    publish(at.office, promotions=tacos("credentials: [listed]", "codes: [TACO-1]"), by="test")
    first, second = enrolled(at.office), enrolled(at.office, "pier-9", key=2)
    n = first.redeem()
    first.exchange()
    assert "None: each credential" in at.get("/rights").text
    second.redeem()
    second.exchange()
    page = at.get("/rights").text
    assert "more often than allowed (1)" in page
    assert "Harbor Grill Pier 9" in page
    first.undo(n)
    first.exchange()
    assert "None: each credential" in at.get("/rights").text


def test_a_word_that_many_use_is_no_double(at: Pages) -> None:
    counter = enrolled(at.office)
    counter.exchange()
    spend(counter, 3)
    counter.exchange()
    assert at.office.store.twice(10) == []


def test_the_page_of_one_promotion_shows_cap_pool_and_who_has_how_much(at: Pages) -> None:
    counter = enrolled(at.office)
    counter.exchange()
    spend(counter, 3)
    counter.exchange()
    page = at.get("/promotions/tacos/rights").text
    for words in ("100 uses", "75 uses", "22 uses", "3 uses", "Harbor Grill Bayside Front"):
        assert words in page


def test_a_counter_that_spent_more_than_it_had_is_flagged(at: Pages) -> None:
    from kiosk.core.fact import Spent

    counter = enrolled(at.office)
    counter.exchange()
    counter.redeem(credential_kind="word", shared=True, spent=(Spent(1, 1, 30),))
    counter.exchange()
    assert held_here(at.office, counter) == -5
    assert "spent 5 uses more than it had" in at.get("/promotions/tacos/rights").text


def test_a_promotion_without_caps_says_so(at: Pages) -> None:
    publish(at.office, promotions=tacos(), by="test")
    assert "no limit that is shared out" in at.get("/promotions/tacos/rights").text


def test_risk_is_shown_as_money(at: Pages) -> None:
    lines = ("credentials: [listed]", "codes: [TACO-1]", 'offline: {policy: floor, floor: "20.00", risk: "96.00"}')
    publish(at.office, promotions=tacos(*lines), by="test")
    counter = enrolled(at.office)
    counter.exchange()
    assert balance(counter, RISK) == 2400
    page = at.get("/promotions/tacos/rights").text
    assert "Risk of codes used twice" in page
    assert "96.00 USD" in page
    assert "24.00 USD" in page


def test_nobody_who_is_not_signed_in_frees_anything(at: Pages) -> None:
    gone(at)
    at.post("/sign-out")
    assert at.post("/rights/free", feed="bayside/front@1").status_code == 303
    assert decisions(at) == []
