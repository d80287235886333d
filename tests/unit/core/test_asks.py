"""What head office is asked for, and which questions are open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cbor2
import pytest

from kiosk.core.asks import Asks, wants_asking
from kiosk.core.catalogue import Credential, Right
from kiosk.core.entry import FeedId
from kiosk.core.fact import Asked, Denied, Fact, Granted, Receipt
from kiosk.core.question import Place, Question, question_of
from kiosk.core.rights import RightKind
from kiosk.core.situation import Situation
from kiosk.core.standing import Standing
from tests.core_world import HEAD_OFFICE, NEIGHBOUR, OWN, at, catalogue, code_digest, promotion

CODE = code_digest("TACO-7F3K-9HXM")
TACO = ("tacos", CODE)
GIVEN = frozenset({TACO})


def question(situation: Situation, policy: str = "online", **credential: Any) -> Question:
    offered = promotion(offline={"policy": policy}, value={"amount": "12.00", "currency": "USD"})
    known = catalogue(offered)
    terms = known.terms("tacos")
    assert terms is not None
    held_up = replace(Credential("listed", "tacos", CODE, "TACO-7F3K-9HXM"), **credential)
    standing = Standing(OWN, situation=situation)
    return question_of(held_up, terms, known, standing, Place("bayside", "counter-1"), at("2026-11-06T12:00"))


@pytest.mark.parametrize(
    ("situation", "policy", "credential", "wanted"),
    [
        (Situation(online=True), "online", {}, True),
        (Situation(online=False), "online", {}, False),
        (Situation(online=True, held=frozenset({TACO})), "online", {}, False),
        (Situation(online=True), "online", {"kind": "word"}, False),
        (Situation(online=True), "online", {"shared": True}, False),
        (Situation(online=True), "owner", {}, True),
        (Situation(online=True), "owner", {"right": Right(home="bayside/counter-1")}, False),
        (Situation(online=True, owns_homes=False), "owner", {"right": Right(home="bayside/counter-1")}, True),
        (Situation(online=True, given_away=GIVEN), "owner", {"right": Right(home="bayside/counter-1")}, True),
        (Situation(online=True), "owner", {"right": Right(home="bayside/counter-2")}, True),
        (Situation(online=True), "home-store", {"right": Right(home="bayside/counter-2")}, False),
        (Situation(online=True), "home-store", {"right": Right(home="pier-9")}, True),
    ],
)  # fmt: skip
def test_head_office_is_asked_for_what_can_be_used_once_unless_it_is_this_counter_s_to_give(
    situation: Situation, policy: str, credential: dict[str, Any], wanted: bool
) -> None:
    assert wants_asking(question(situation, policy, **credential)) is wanted


def test_at_a_floor_head_office_is_asked_while_the_line_is_up() -> None:
    offered = promotion(offline={"policy": "floor", "floor": "20.00"}, value={"amount": "12.00", "currency": "USD"})
    known = catalogue(offered)
    terms = known.terms("tacos")
    assert terms is not None
    held_up = Credential("listed", "tacos", CODE, "TACO-7F3K-9HXM")
    for online in (True, False):
        standing = Standing(OWN, situation=Situation(online=online))
        asked = question_of(held_up, terms, known, standing, Place("bayside", "counter-1"), at("2026-11-06T12:00"))
        assert wants_asking(asked) is online


# --- which are open ---------------------------------------------------------------------------------


def asked(credential: bytes = CODE) -> Asked:
    return Asked(at_ms=1, intent=bytes(16), promotion="tacos", credential=credential)


def granted(asked_n: int | None, feed: FeedId = OWN) -> Granted:
    return Granted(at_ms=1, feed=str(feed), right=int(RightKind.ONCE), promotion="tacos", amount=1, subject=CODE,
                   asked_n=asked_n)  # fmt: skip


def denied(n: int, feed: FeedId = OWN) -> Denied:
    return Denied(at_ms=1, feed=str(feed), n=n, why="used-elsewhere")


def folded(*entries: tuple[FeedId, int, Fact]) -> Asks:
    asks = Asks(OWN)
    for feed, n, fact in entries:
        asks.apply(feed, n, fact)
    return asks


def test_a_question_is_open_until_it_is_answered() -> None:
    asks = folded((OWN, 5, asked()))
    assert (asks.open_n(TACO), asks.is_open(5), asks.is_open(6)) == (5, True, False)
    assert asks.open_n(("tacos", bytes(16))) is None


@pytest.mark.parametrize("answer", [granted(5), denied(5)])
def test_an_answer_closes_it_whichever_feed_comes_first(answer: Fact) -> None:
    question, said = (OWN, 5, asked()), (HEAD_OFFICE, 1, answer)
    for entries in ([question, said], [said, question]):
        assert folded(*entries).open_n(TACO) is None
        assert not folded(*entries).is_open(5)


@pytest.mark.parametrize(
    ("teller", "answer"),
    [
        (HEAD_OFFICE, granted(4)),
        (HEAD_OFFICE, granted(None)),
        (HEAD_OFFICE, granted(5, NEIGHBOUR)),
        (HEAD_OFFICE, denied(5, NEIGHBOUR)),
        (NEIGHBOUR, denied(5)),
        (HEAD_OFFICE, Receipt(at_ms=1, feed=str(OWN), n=5, head=bytes(32))),
    ],
)
def test_what_answers_something_else_leaves_it_open(teller: FeedId, answer: Fact) -> None:
    assert folded((OWN, 5, asked()), (teller, 1, answer)).is_open(5)


def test_of_two_open_questions_for_one_credential_the_later_counts() -> None:
    assert folded((OWN, 5, asked()), (OWN, 8, asked())).open_n(TACO) == 8


def test_what_a_neighbour_asks_is_no_question_of_this_counter() -> None:
    assert folded((NEIGHBOUR, 5, asked())).open_n(TACO) is None


def test_what_comes_again_changes_nothing() -> None:
    entries: list[tuple[FeedId, int, Fact]] = [(OWN, 5, asked()), (HEAD_OFFICE, 1, denied(5))]
    assert folded(*entries, *entries) == folded(*entries)


def test_open_questions_are_frozen_and_thawed_whole() -> None:
    for asks in (folded(), folded((OWN, 5, asked()), (OWN, 6, asked(bytes(16))), (HEAD_OFFICE, 1, denied(9)))):
        assert Asks.thawed(OWN, cbor2.loads(cbor2.dumps(asks.frozen()))) == asks


@pytest.mark.parametrize("said", ["granted", "denied"])
def test_an_answer_that_comes_behind_a_later_one_of_its_feed_still_answers(said: str) -> None:
    to_own, asks = FeedId(f"head-office/{OWN.origin}", 1), Asks(OWN)
    for n in (3, 4):
        asks.apply(OWN, n, Asked(at_ms=1, intent=bytes(16), promotion="tacos", credential=CODE))
    late = Granted(at_ms=1, feed=str(OWN), right=int(RightKind.ONCE), promotion="tacos", amount=1, asked_n=3)
    no = Denied(at_ms=1, feed=str(OWN), n=3, why="over")
    asks.apply(to_own, 8, Denied(at_ms=1, feed=str(OWN), n=4, why="over"))
    asks.apply(to_own, 7, late if said == "granted" else no)  # another thread stored it first, and tells of it last
    assert not asks.is_open(3)
    asks.apply(OWN, 3, Asked(at_ms=1, intent=bytes(16), promotion="tacos", credential=CODE))
    assert asks.open_n(TACO) is None
    assert asks.frozen()[1] == []
