"""What head office answers a counter that asks for the one right of a credential."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.escrow import returns_of
from kiosk.core.fact import Granted, Transferred
from kiosk.core.rights import AT_HOME, Lot, Right, RightKind
from sync.head_office.code_files import Home
from sync.head_office.decisions import revoke
from sync.head_office.listed import digests_of
from sync.head_office.new_codes import NewCodes
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from tests.head_office_world import ORGANISATION, SmallCounter, clock, enrolled
from tests.rights_world import accounts, answer_to, ask_for, office_with, tacos, use

CODES = ("credentials: [listed]", "codes: [TACO-1, TACO-2]")
VOUCHERS = ("credentials: [voucher]",)


def code(office: HeadOffice, text: str = "TACO-1") -> bytes:
    (known_by,) = digests_of(office.keys.fleet_key, [text])
    return known_by


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return office_with(tmp_path, *CODES, "offline: {policy: online}")


@pytest.fixture
def front(office: HeadOffice) -> SmallCounter:
    return enrolled(office)


@pytest.fixture
def other(office: HeadOffice) -> SmallCounter:
    return enrolled(office, "pier-9", key=2)


def holds(counter: SmallCounter, known_by: bytes) -> bool:
    return accounts(counter).holds("tacos", known_by)


def test_the_right_of_an_unused_credential_is_granted_in_the_very_answer(
    office: HeadOffice, front: SmallCounter
) -> None:
    n = ask_for(front, code(office))
    assert answer_to(front, n) == "granted"
    assert holds(front, code(office))


def test_the_same_asking_again_gives_the_same_answer_and_nothing_twice(office: HeadOffice, front: SmallCounter) -> None:
    n = ask_for(front, code(office))
    front.exchange()
    ask_for(front, code(office))  # the intent in another entry
    assert [fact.asked_n for fact in front.told(Granted) if isinstance(fact, Granted)] == [n]


def test_a_right_that_another_counter_holds_is_not_granted(
    office: HeadOffice, front: SmallCounter, other: SmallCounter
) -> None:
    ask_for(front, code(office))
    assert answer_to(other, ask_for(other, code(office))) == "no-allowance"


def test_a_right_that_was_given_back_is_granted_to_another(
    office: HeadOffice, front: SmallCounter, other: SmallCounter
) -> None:
    ask_for(front, code(office))
    front.write(*returns_of(accounts(front), Right(RightKind.ONCE, "tacos", code(office)), 1))
    front.exchange()
    assert answer_to(other, ask_for(other, code(office))) == "granted"


def test_a_used_credential_is_told_used_here_or_elsewhere(
    office: HeadOffice, front: SmallCounter, other: SmallCounter
) -> None:
    ask_for(front, code(office))
    use(front, code(office))
    front.exchange()
    assert answer_to(front, ask_for(front, code(office), intent=b"j" * 16)) == "used-here"
    assert answer_to(other, ask_for(other, code(office))) == "used-elsewhere"


def test_what_is_undone_stays_with_the_counter_that_spent_it(
    office: HeadOffice, front: SmallCounter, other: SmallCounter
) -> None:
    ask_for(front, code(office))
    front.undo(use(front, code(office)))
    front.exchange()
    assert holds(front, code(office))
    assert answer_to(other, ask_for(other, code(office))) == "no-allowance"


def test_where_a_void_restores_nothing_a_void_use_is_a_use(tmp_path: Path) -> None:
    office = office_with(tmp_path, *CODES, "offline: {policy: online}", "void_restores_use: false")
    front, other = enrolled(office), enrolled(office, "pier-9", key=2)
    front.undo(front.redeem(credential=code(office)))
    front.exchange()
    assert answer_to(other, ask_for(other, code(office))) == "used-elsewhere"


def test_a_use_that_was_undone_unspent_is_free_again(
    office: HeadOffice, front: SmallCounter, other: SmallCounter
) -> None:
    front.undo(front.redeem(credential=code(office)))
    front.exchange()
    assert answer_to(other, ask_for(other, code(office))) == "granted"


def test_a_code_that_may_be_used_twice_is_granted_twice_and_not_three_times(tmp_path: Path) -> None:
    office = office_with(tmp_path, *CODES, "offline: {policy: online}", "limits: {per_code: 2}")
    counters = [enrolled(office), enrolled(office, "pier-9", key=2), enrolled(office, "bayside", "bar", key=3)]
    said = [answer_to(counter, ask_for(counter, code(office))) for counter in counters]
    assert said == ["granted", "granted", "no-allowance"]


def test_a_code_that_is_not_listed_is_unknown(office: HeadOffice, front: SmallCounter) -> None:
    assert answer_to(front, ask_for(front, b"x" * 16)) == "unknown-code"


def test_of_a_promotion_that_nobody_published_nothing_is_granted(office: HeadOffice, front: SmallCounter) -> None:
    publish(office, promotions="promotions: []", by="test")
    assert answer_to(front, ask_for(front, code(office))) == "unknown-promotion"


@pytest.mark.parametrize(("days", "said"), [(25, "granted"), (26, "over")])  # until the day after the last one
def test_of_what_is_over_nothing_is_granted(office: HeadOffice, front: SmallCounter, days: int, said: str) -> None:
    clock(office).at += timedelta(days=days)
    assert answer_to(front, ask_for(front, code(office))) == said


def test_of_what_is_paused_nothing_is_granted(office: HeadOffice, front: SmallCounter) -> None:
    publish(office, promotions=tacos(*CODES, "paused: true"), by="test")
    assert answer_to(front, ask_for(front, code(office))) == "paused"


@pytest.mark.parametrize(("stores", "said"), [("[pier-9]", "wrong-store"), ("[bayside/bar]", "wrong-counter")])
def test_where_it_cannot_be_redeemed_nothing_is_granted(
    office: HeadOffice, front: SmallCounter, stores: str, said: str
) -> None:
    publish(office, promotions=tacos(*CODES, f"stores: {stores}"), by="test")
    assert answer_to(front, ask_for(front, code(office))) == said


def test_a_fenced_life_is_granted_nothing(office: HeadOffice, front: SmallCounter) -> None:
    (life,) = office.store.enrolments()
    office.store.put_enrolment(replace(life, fenced=True))
    assert answer_to(front, ask_for(front, code(office))) == "counter-fenced"


def test_a_life_that_was_replaced_is_granted_nothing(office: HeadOffice, front: SmallCounter) -> None:
    enrolled(office, key=4)
    assert answer_to(front, ask_for(front, code(office))) == "counter-fenced"


# --- owner and home-store: the home decides ------------------------------------------------------


def at_home(office: HeadOffice, policy: str, home: str) -> bytes:
    """An imported code that is at home at ``home``."""
    publish(
        office,
        promotions=tacos("credentials: [listed]", f"offline: {{policy: {policy}}}"),
        organisation=ORGANISATION,
        codes=NewCodes({"tacos": ["HOMED-1"]}, {"tacos": {"HOMED-1": Home(1, home)}}),
        by="test",
    )
    return code(office, "HOMED-1")


@pytest.mark.parametrize(
    ("policy", "home", "said"),
    [
        ("owner", "bayside/front", "granted"),
        ("owner", "bayside/bar", "wrong-counter"),
        ("owner", "pier-9/front", "wrong-store"),
        ("home-store", "bayside/bar", "granted"),
        ("home-store", "bayside", "granted"),
        ("home-store", "pier-9", "wrong-store"),
        ("online", "pier-9", "granted"),
    ],
)
def test_only_where_it_is_at_home(office: HeadOffice, front: SmallCounter, policy: str, home: str, said: str) -> None:
    known_by = at_home(office, policy, home)
    assert answer_to(front, ask_for(front, known_by)) == said


def test_of_a_voucher_the_counter_is_taken_at_its_word(tmp_path: Path) -> None:
    office = office_with(tmp_path, *VOUCHERS, "offline: {policy: owner}")
    front = enrolled(office)
    assert answer_to(front, ask_for(front, b"v" * 16)) == "granted"


def test_a_right_at_home_that_was_passed_on_is_held_there(office: HeadOffice, front: SmallCounter) -> None:
    known_by = at_home(office, "owner", "bayside/front")
    lot = Lot(Right(RightKind.ONCE, "tacos", known_by), AT_HOME)
    front.write(
        Transferred(
            at_ms=1, to="bayside/bar@1", right=5, promotion="tacos", granted_by=AT_HOME, amount=1,
            subject=lot.right.subject,
        )
    )  # fmt: skip
    assert answer_to(front, ask_for(front, known_by)) == "no-allowance"


def test_a_later_life_of_the_home_waits_for_the_end_of_the_one_before(office: HeadOffice) -> None:
    known_by = at_home(office, "owner", "bayside/front")
    first = enrolled(office)
    first.redeem()
    later = enrolled(office, key=4)
    assert answer_to(later, ask_for(later, known_by)) == "needs-head-office"


def test_a_later_life_of_the_home_is_granted_once_the_one_before_is_revoked(office: HeadOffice) -> None:
    known_by = at_home(office, "owner", "bayside/front")
    first = enrolled(office)
    first.redeem()
    first.exchange()
    later = enrolled(office, key=4)
    revoke(office, first.feed, 2, why="it fell into the harbour", by="marta")
    assert answer_to(later, ask_for(later, known_by)) == "granted"


def test_one_that_holds_the_right_by_a_void_it_has_not_heard_of_is_answered_too(
    office: HeadOffice, front: SmallCounter
) -> None:
    ask_for(front, code(office))
    n = use(front, code(office))
    front.exchange()
    bar = enrolled(office, "bayside", "bar", key=3)
    bar.undo(n, feed=front.feed)
    bar.exchange()
    asked_n = ask_for(front, code(office), intent=b"j" * 16)
    assert answer_to(front, asked_n) == "no-allowance"  # it is told of the void beside that, and holds the right
    assert holds(front, code(office))
