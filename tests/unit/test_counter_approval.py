"""Where the answer is "ask": a shift manager's PIN says yes, and is written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from kiosk import answering
from kiosk.answering import held_up
from kiosk.clerks import TRIES_BEFORE_WAIT
from kiosk.core.decide import UNKNOWN_SALE
from kiosk.core.fact import Redemption
from kiosk.core.organisation import StaffMember
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Display, State
from kiosk.errors import CounterfoilError
from kiosk.redeeming import NOT_APPROVED, Approval
from tests.core_world import HEAD_OFFICE, at, catalogue, promotion, redemption, use_seen
from tests.counter_world import Floor, open_floor
from tests.screen_world import screen_promotion, sighting

LATE = promotion(codes=None, words=["LATE1"], credentials=["word"], grace_days=1)
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash
STAFF = (
    StaffMember(id="ana", name="Ana", role="clerk", pin_hash=_HASH("1111")),
    StaffMember(id="dora", name="Dora", role="shift-manager", pin_hash=_HASH("4711")),
)
YES = Approval("dora", "good-faith")


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = open_floor(tmp_path)
    made.counter.catalogue = replace(catalogue(LATE), staff=STAFF)
    made.clock._now = at("2026-12-01T12:00")
    yield made
    made.journal.close()


def asked(floor: Floor) -> str:
    display = floor.counter.look("LATE1")
    assert display.showing is not None
    assert (display.showing.verdict.outcome, display.showing.verdict.reason) == (
        Outcome.ASK, Reason.LATE_WITHIN_GRACE,
    )  # fmt: skip
    return display.showing.id


def written(floor: Floor) -> list[Redemption]:
    return [fact for _, _, fact in floor.journal.replay() if isinstance(fact, Redemption)]


def test_a_manager_s_pin_redeems_it_and_who_and_why_are_written_down(floor: Floor) -> None:
    display = floor.counter.approve(asked(floor), "ana", YES, "4711")
    assert display.state is State.REDEEMED
    (fact,) = written(floor)
    assert (fact.clerk, fact.approved_by, fact.approved_why) == ("ana", "dora", "good-faith")


def refused(floor: Floor, display: Display) -> bool:
    return (display.state, display.note, written(floor)) == (State.VERDICT, NOT_APPROVED, [])


def test_a_wrong_pin_redeems_nothing_and_says_so(floor: Floor) -> None:
    assert refused(floor, floor.counter.approve(asked(floor), "ana", YES, "0000"))


def test_a_clerk_s_own_pin_is_not_enough(floor: Floor) -> None:
    assert refused(floor, floor.counter.approve(asked(floor), "ana", Approval("ana", "good-faith"), "1111"))


def test_a_plain_tap_on_redeem_does_not_approve(floor: Floor) -> None:
    display = floor.counter.redeem(asked(floor), "ana")
    assert (display.state, written(floor)) == (State.VERDICT, [])


def test_a_manager_cannot_approve_what_is_refused(floor: Floor) -> None:
    showing = asked(floor)
    floor.clock.move(24 * 3600)
    display = floor.counter.approve(showing, "ana", YES, "4711")
    assert display.showing is not None
    assert (display.showing.verdict.reason, written(floor)) == (Reason.OVER, [])


def test_an_approval_is_not_written_down_where_none_was_needed(floor: Floor) -> None:
    floor.clock._now = at("2026-11-20T12:00")
    display = floor.counter.look("LATE1")
    assert display.showing is not None
    floor.counter.approve(display.showing.id, "ana", YES, "4711")
    (fact,) = written(floor)
    assert (fact.approved_by, fact.approved_why) == (None, None)


def test_an_approval_of_another_showing_changes_nothing(floor: Floor) -> None:
    showing = asked(floor)
    floor.counter.next(showing)
    assert floor.counter.approve(showing, "ana", YES, "0000").state is State.IDLE
    assert floor.counter.approve(showing, "ana", YES, "4711").state is State.IDLE


def test_a_manager_who_mistypes_too_often_has_to_wait(floor: Floor) -> None:
    showing = asked(floor)
    for _ in range(TRIES_BEFORE_WAIT):
        floor.counter.approve(showing, "ana", YES, "0000")
    with pytest.raises(CounterfoilError, match="pin-locked"):
        floor.counter.approve(showing, "ana", YES, "4711")
    assert written(floor) == []


def test_a_screen_that_was_redeemed_elsewhere_meanwhile_is_asked_anew_with_what_is_known_of_that(floor: Floor) -> None:
    floor.counter.catalogue = replace(catalogue(screen_promotion(grace_days=1)), staff=STAFF)
    floor.counter.screen_in_view(sighting())
    shown = floor.counter.display.showing
    assert shown is not None
    assert shown.verdict.reason is Reason.LATE_WITHIN_GRACE
    known = answering.Known(
        floor.counter.catalogue, floor.counter.standing, floor.counter.place, floor.clock.now(), UNKNOWN_SALE
    )
    found = known.credential(held_up(shown))
    assert found is not None
    use = redemption(promotion="checkin", credential=found.digest, store="pier-9")
    floor.counter.standing.apply(HEAD_OFFICE, 1, use_seen(replace(floor.counter.feed, origin="pier-9/bar"), 9, use))
    display = floor.counter.approve(shown.id, "ana", YES, "4711")
    assert display.note is not None
    assert "asked-anew" in display.note
    assert display.showing is not None
    assert display.showing.verdict.facts["stub"] == 9
    assert written(floor) == []
    assert floor.counter.approve(shown.id, "ana", YES, "4711").state is State.REDEEMED
