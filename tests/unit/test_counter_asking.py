"""A counter that asks head office for what can be used once: at the look, at the tap, and when the customer is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.cached_bundle import InForce
from kiosk.clock import to_ms
from kiosk.core.clock_floor import LATEST_MS
from kiosk.core.entry import FeedId
from kiosk.core.fact import Asked, Denied, Fact, Redemption, Returned, Revoked, Spent, UseSeen, Void, decode_fact
from kiosk.core.reservation import USED, YES, Reply
from kiosk.core.rights import Right, RightKind
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Display, Showing, State
from kiosk.ports import LinkState
from tests.core_world import ELSEWHERE, NEIGHBOUR, OWN, catalogue, code_digest, promotion
from tests.counter_world import NOON, PIE, Floor, open_floor

CODE, OTHER, WORD = "TACO-7F3K-9HXM", "TACO-2M8R-5JWD", "LIMEPIE"
DIGEST = code_digest(CODE)
NOON_MS = to_ms(NOON)
USD = {"amount": "12.00", "currency": "USD"}


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    opened = open_floor(tmp_path)
    yield opened
    opened.journal.close()


def publish(floor: Floor, **changes: Any) -> None:
    """The tacos as they are from now on."""
    offered = promotion(codes=[CODE, OTHER], words=None, credentials=["listed"], **changes)
    floor.catalogue = floor.counter.catalogue = catalogue(offered, PIE)


def written(floor: Floor, kind: type[Fact]) -> list[Any]:
    facts = (decode_fact(entry.body) for entry in floor.journal.entries(OWN, 0, 1000))
    return [fact for fact in facts if isinstance(fact, kind)]


def shown(display: Display) -> Showing:
    assert display.showing is not None
    return display.showing


def look(floor: Floor, text: str = CODE) -> Showing:
    return shown(floor.counter.look(text))


def tap(floor: Floor, showing: Showing) -> Display:
    return floor.counter.redeem(showing.id, "ana")


# --- asking -----------------------------------------------------------------------------------------


def test_a_look_asks_once_and_the_grant_is_spent_by_the_tap(floor: Floor) -> None:
    showing = look(floor)
    assert (showing.verdict.outcome, showing.granted) == (Outcome.ACCEPT, False)
    (asked,) = written(floor, Asked)
    assert (asked.promotion, asked.credential, asked.intent.hex()) == ("tacos", DIGEST, showing.id)
    floor.office.answer()
    assert shown(floor.counter.display).granted
    assert tap(floor, showing).state is State.REDEEMED
    (redeemed,) = written(floor, Redemption)
    assert redeemed.spent == (Spent(int(RightKind.ONCE), 1, 1),)
    assert not floor.counter.standing.accounts.holds("tacos", DIGEST)
    assert len(written(floor, Asked)) == 1


def test_what_many_share_is_not_asked_for(floor: Floor) -> None:
    assert tap(floor, look(floor, WORD)).state is State.REDEEMED
    assert written(floor, Asked) == []
    assert written(floor, Redemption)[0].spent is None


def test_nobody_is_asked_about_what_is_refused_anyway_or_while_the_line_is_down(floor: Floor) -> None:
    publish(floor, paused=True)
    look(floor)
    publish(floor)
    floor.cut()
    assert look(floor).verdict.reason is Reason.NEEDS_HEAD_OFFICE
    assert written(floor, Asked) == []


def test_no_answer_is_not_a_no_and_the_same_question_stays(floor: Floor) -> None:
    floor.office.silent = True
    first = look(floor)
    refused = shown(tap(floor, first))
    assert (refused.verdict.outcome, refused.verdict.reason) == (Outcome.REFUSE, Reason.NEEDS_HEAD_OFFICE)
    assert refused.verdict.facts == {"unanswered": True}
    assert written(floor, Redemption) == []
    again = look(floor)
    assert len(written(floor, Asked)) == 1
    floor.office.answer()
    assert tap(floor, again).state is State.REDEEMED


def test_an_answer_that_comes_after_the_tap_turns_the_refusal_into_a_yes(floor: Floor) -> None:
    floor.office.silent = True
    refused = shown(tap(floor, look(floor)))
    floor.office.answer()
    now = shown(floor.counter.display)
    assert (now.id, now.verdict.outcome, now.granted) == (refused.id, Outcome.ACCEPT, True)


def test_without_an_answer_a_floor_is_given_at_a_risk(floor: Floor) -> None:
    publish(floor, value=USD, offline={"policy": "floor", "floor": "20.00", "risk": "200.00"})
    floor.office.grant(RightKind.RISK, "tacos", 1500)
    floor.office.silent = True
    assert tap(floor, look(floor)).state is State.REDEEMED
    assert written(floor, Redemption)[0].spent == (Spent(int(RightKind.RISK), 1, 1200),)
    floor.counter.next(shown(floor.counter.display).id)
    assert shown(tap(floor, look(floor, OTHER))).verdict.reason is Reason.NO_ALLOWANCE  # 3.00 of it are left


@pytest.mark.parametrize(
    ("why", "reason", "facts"),
    [
        ("used-elsewhere", Reason.USED_ELSEWHERE, {}),
        ("over", Reason.OVER, {}),
        ("no-allowance", Reason.NEEDS_HEAD_OFFICE, {"denied": "no-allowance"}),
        ("something-newer", Reason.NEEDS_HEAD_OFFICE, {"denied": "something-newer"}),
    ],
)
def test_what_head_office_refuses_is_refused_even_at_a_floor(
    floor: Floor, why: str, reason: Reason, facts: dict[str, str]
) -> None:
    publish(floor, value=USD, offline={"policy": "floor", "floor": "20.00", "risk": "200.00"})
    floor.office.grant(RightKind.RISK, "tacos", 20_000)
    floor.office.why = why
    showing = look(floor)
    floor.office.answer()
    refused = shown(floor.counter.display)
    assert (refused.id, refused.verdict.outcome, refused.verdict.reason) == (showing.id, Outcome.REFUSE, reason)
    assert refused.verdict.facts == facts
    assert tap(floor, showing).state is State.VERDICT
    assert written(floor, Redemption) == []
    floor.office.why = None
    look(floor)
    assert len(written(floor, Asked)) == 2  # a new look asks anew


@pytest.mark.parametrize(
    ("why", "reason", "facts"),
    [
        ("wrong-counter", Reason.WRONG_COUNTER, {}),
        ("no-allowance", Reason.NEEDS_HEAD_OFFICE, {"denied": "no-allowance"}),
        ("needs-head-office", Reason.NEEDS_HEAD_OFFICE, {"denied": "needs-head-office"}),
    ],
)
def test_a_no_of_head_office_is_told_at_the_tap_and_not_as_no_answer_yet(
    floor: Floor, why: str, reason: Reason, facts: dict[str, str]
) -> None:
    publish(floor, value=USD, offline={"policy": "owner"})
    floor.office.why = why
    showing = look(floor)
    floor.office.answer()
    tapped = shown(tap(floor, showing)).verdict
    assert (tapped.outcome, tapped.reason, tapped.facts) == (Outcome.REFUSE, reason, facts)


def test_a_use_that_head_office_tells_of_refuses_what_is_on_display(floor: Floor) -> None:
    floor.office.silent = True
    look(floor)
    seen = UseSeen(
        at_ms=NOON_MS,
        feed=str(ELSEWHERE),
        n=9,
        promotion="tacos",
        credential=DIGEST,
        store="pier-9",
        used_at_ms=NOON_MS,
    )
    floor.office.write(seen)
    assert shown(floor.counter.display).verdict.reason is Reason.USED_ELSEWHERE


def test_a_line_that_comes_back_asks_for_what_is_on_display(floor: Floor) -> None:
    floor.cut()
    assert look(floor).verdict.reason is Reason.NEEDS_HEAD_OFFICE
    floor.online = True
    floor.tell_link()
    showing = shown(floor.counter.display)
    assert showing.verdict.outcome is Outcome.ACCEPT
    assert len(written(floor, Asked)) == 1
    assert tap(floor, showing).state is State.REDEEMED


@pytest.mark.parametrize(("seconds", "online"), [(10.0, True), (10.1, False)])
def test_an_exchange_says_for_ten_seconds_that_head_office_can_be_asked(
    floor: Floor, seconds: float, online: bool
) -> None:
    floor.clock.moved = lambda: None  # nobody tells the counter of another
    floor.clock.move(seconds)
    assert floor.counter.status().online is online
    assert (look(floor).verdict.outcome is Outcome.ACCEPT) is online


# --- giving back ------------------------------------------------------------------------------------


def held(floor: Floor) -> bool:
    return floor.counter.standing.accounts.holds("tacos", DIGEST)


def test_a_right_that_was_granted_stays_while_its_code_is_on_display(floor: Floor) -> None:
    look(floor)
    floor.office.answer()
    floor.counter.tick()
    assert held(floor)
    assert written(floor, Returned) == []


@pytest.mark.parametrize("gone", ["next", "replaced", "restart", "late"])
def test_a_right_is_given_back_when_the_customer_is_gone(floor: Floor, gone: str) -> None:
    showing = look(floor)
    if gone != "late":
        floor.office.answer()
    if gone in ("next", "late"):
        floor.counter.next(showing.id)
    elif gone == "replaced":
        look(floor, WORD)
    else:
        floor.restart()
    if gone == "late":
        floor.office.answer()
    floor.counter.tick()
    (back,) = written(floor, Returned)
    assert (back.right, back.promotion, back.subject, back.amount) == (int(RightKind.ONCE), "tacos", DIGEST, 1)
    assert not held(floor)
    floor.counter.tick()
    assert len(written(floor, Returned)) == 1


def test_a_right_that_a_void_brought_back_is_given_back(floor: Floor) -> None:
    showing = look(floor)
    n = shown(tap(floor, showing)).redeemed
    assert n is not None
    floor.counter.undo(n.n, "ana", "goods back")
    (void,), (back,) = written(floor, Void), written(floor, Returned)
    assert (void.n, back.subject) == (n.n, DIGEST)


def test_a_right_that_came_to_its_owner_stays(floor: Floor) -> None:
    publish(floor, offline={"policy": "owner"})
    floor.office.grant(RightKind.ONCE, "tacos", 1, DIGEST)
    floor.restart()
    floor.counter.tick()
    assert held(floor)
    floor.cut()
    assert tap(floor, look(floor)).state is State.REDEEMED


def test_what_is_left_of_a_promotion_that_is_over_goes_back_once_and_by_no_clock_that_is_suspect(floor: Floor) -> None:
    publish(floor, limits={"total": 9})
    floor.office.grant(RightKind.TOTAL, "tacos", 4)
    floor.counter._work.put_in_force(InForce(floor.catalogue, LATEST_MS, LATEST_MS))
    floor.clock.set(NOON + timedelta(days=40))  # somebody sets the clock: nothing says that as much time has passed
    floor.counter.tick()
    assert written(floor, Returned) == []
    floor.counter.told_time(to_ms(floor.clock.now()))
    floor.counter.tick()
    floor.counter.tick()
    (back,) = written(floor, Returned)
    assert (back.right, back.amount) == (int(RightKind.TOTAL), 4)


def test_a_clock_that_runs_ahead_gives_nothing_back_before_head_office_sees_it_over(floor: Floor) -> None:
    publish(floor, limits={"total": 9})
    floor.office.grant(RightKind.TOTAL, "tacos", 4)
    floor.counter._work.put_in_force(InForce(floor.catalogue, LATEST_MS, LATEST_MS))
    floor.clock.set(NOON + timedelta(days=24))
    floor.counter.told_time(to_ms(floor.clock.now()))
    floor.clock.set(NOON + timedelta(days=30))  # six days ahead of what head office says, which would grant them again
    floor.counter.tick()
    assert floor.counter.status().clock is None
    assert written(floor, Returned) == []


def test_what_head_office_granted_by_a_newer_list_is_kept_until_that_list_is_here(floor: Floor) -> None:
    floor.office.grant(RightKind.TOTAL, "soup", 4)  # published since: the list is on its way
    floor.counter._work.put_in_force(InForce(floor.catalogue, LATEST_MS, LATEST_MS))
    floor.counter.told_list(floor.catalogue.version + 1)
    floor.counter.tick()
    assert written(floor, Returned) == []
    floor.counter.told_list(floor.catalogue.version)
    floor.counter.tick()
    (back,) = written(floor, Returned)
    assert (back.promotion, back.amount) == ("soup", 4)


# --- allowances -------------------------------------------------------------------------------------


def test_a_promised_cap_is_spent_as_a_right_and_a_void_brings_it_back(floor: Floor) -> None:
    floor.catalogue = floor.counter.catalogue = catalogue(
        promotion(
            id="pie", title="Pie", gives="Pie", codes=None, words=[WORD], credentials=["word"], limits={"total": 9}
        )
    )
    assert look(floor, WORD).verdict.reason is Reason.NO_ALLOWANCE
    floor.office.grant(RightKind.TOTAL, "pie", 1)
    showing = shown(floor.counter.display)
    assert showing.verdict.outcome is Outcome.ACCEPT  # more is known: it is decided anew
    stub = shown(tap(floor, showing)).redeemed
    assert stub is not None
    assert written(floor, Redemption)[0].spent == (Spent(int(RightKind.TOTAL), 1, 1),)
    right = Right(RightKind.TOTAL, "pie")
    assert floor.counter.standing.accounts.balance(right) == 0
    floor.counter.undo(stub.n, "ana", "goods back")
    assert floor.counter.standing.accounts.balance(right) == 1


# --- fenced -----------------------------------------------------------------------------------------


def test_a_counter_whose_feed_was_ended_redeems_nothing_more(floor: Floor) -> None:
    floor.office.write(Revoked(at_ms=NOON_MS, feed=str(OWN), n=2, why="stolen"))
    assert floor.counter.status().fenced
    assert look(floor, WORD).verdict.reason is Reason.COUNTER_FENCED
    floor.restart()
    assert look(floor, WORD).verdict.reason is Reason.COUNTER_FENCED


def test_one_that_another_feed_was_ended_goes_on(floor: Floor) -> None:
    floor.office.write(Revoked(at_ms=NOON_MS, feed=str(ELSEWHERE), n=2, why="stolen"))
    assert tap(floor, look(floor, WORD)).state is State.REDEEMED


# --- neighbours -------------------------------------------------------------------------------------


class Near:
    """A neighbour with an opinion."""

    trouble = None
    reached = 1

    def __init__(self, floor: Floor, reply: Reply) -> None:
        self.floor, self.reply = floor, reply
        self.reserved: list[tuple[str, bytes, bytes]] = []
        self.wanted: list[tuple[Right, int]] = []

    def wake(self) -> None:
        pass

    def reserve(self, promotion: str, digest: bytes, intent: bytes, limit_s: float = 0.3) -> Reply:
        self.reserved.append((promotion, digest, intent))
        return self.reply

    def ask_rights(self, right: Right, amount: int, limit_s: float = 0.3) -> int:
        self.wanted.append((right, amount))
        self.floor.office.grant(right.kind, right.promotion, 1)
        return 1


@pytest.mark.parametrize(("reply", "state"), [(YES, State.REDEEMED), (USED, State.VERDICT)])
def test_what_is_at_home_in_the_store_is_reserved_at_the_neighbours_before_it_is_redeemed(
    floor: Floor, reply: Reply, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.core.rules._homes", lambda _question: iter(["bayside/counter-2"]))
    publish(floor, offline={"policy": "home-store"})
    near = floor.counter.neighbours = Near(floor, reply)
    floor.cut()
    showing = look(floor)
    display = tap(floor, showing)
    assert near.reserved == [("tacos", DIGEST, bytes.fromhex(showing.id))]
    assert display.state is state
    if state is State.VERDICT:
        refused = shown(display).verdict
        assert (refused.reason, refused.facts) == (Reason.NEEDS_HEAD_OFFICE, {"reserved": "used"})
        assert written(floor, Redemption) == []


def test_a_counter_that_is_out_asks_its_neighbours_and_the_refusal_becomes_a_yes(floor: Floor) -> None:
    floor.catalogue = floor.counter.catalogue = catalogue(
        promotion(
            id="pie", title="Pie", gives="Pie", codes=None, words=[WORD], credentials=["word"], limits={"total": 9}
        )
    )
    near = floor.counter.neighbours = Near(floor, YES)
    floor.cut()
    look(floor, WORD)
    floor.counter.tick()
    assert near.wanted == [(Right(RightKind.TOTAL, "pie"), 3)]
    assert shown(floor.counter.display).verdict.outcome is Outcome.ACCEPT
    floor.counter.tick()
    assert len(near.wanted) == 1


def test_a_denial_for_another_counter_is_none_of_ours(floor: Floor) -> None:
    floor.office.silent = True
    showing = look(floor)
    floor.office.write(
        Denied(at_ms=NOON_MS, feed=str(FeedId("bayside/counter-2", 1)), n=showing.asked_n or 0, why="used-here")
    )
    assert shown(floor.counter.display).verdict.outcome is Outcome.ACCEPT


def test_a_fenced_counter_passes_no_rights_on(floor: Floor) -> None:
    right = Right(RightKind.TOTAL, "tacos")
    floor.office.grant(RightKind.TOTAL, "tacos", 4)
    assert floor.counter.give_rights(right, 1, NEIGHBOUR) == 1
    floor.counter.set_link(LinkState(online=True, fenced=True))
    assert floor.counter.give_rights(right, 1, NEIGHBOUR) == 0
    assert floor.counter.standing.accounts.balance(right) == 3
