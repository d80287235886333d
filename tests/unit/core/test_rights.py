"""Rights move by entries only: the balance of an account, what a void credits, what moves nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cbor2
import pytest

from kiosk.core.entry import FeedId
from kiosk.core.fact import Answered, Fact, Granted, Redemption, Returned, Spent, Transferred
from kiosk.core.rights import MOST, Accounts, Lot, Move, Right, RightKind, Term, credits_of, moves_of

A = FeedId("bayside/a", 1)
B = FeedId("bayside/b", 1)
OFFICE = FeedId("head-office", 1)
TO_A = FeedId("head-office/bayside/a", 1)
TOTAL = Right(RightKind.TOTAL, "tacos")
RISK = Right(RightKind.RISK, "tacos")
ONCE = Right(RightKind.ONCE, "tacos", b"c" * 16)
GRANTED = Granted(at_ms=1, feed=str(A), right=1, promotion="tacos", amount=10)
SENT = Transferred(at_ms=1, to=str(B), right=1, promotion="tacos", granted_by=1, amount=3)
BACK = Returned(at_ms=1, right=1, promotion="tacos", granted_by=1, amount=2)
USE = Redemption(
    at_ms=1, intent=b"i" * 16, promotion="tacos", credential=b"c" * 16, credential_kind="listed", store="bayside",
    clerk="ana", bundle_version=1, head_office_n=1, spent=(Spent(1, 1, 1), Spent(4, 1, 1200)),
)  # fmt: skip


def accounts(own: FeedId, *entries: tuple[FeedId, int, Fact]) -> Accounts:
    made = Accounts(own)
    for entry in entries:
        made.apply(*entry)
    return made


def test_what_is_granted_is_there_and_what_is_spent_sent_and_returned_is_not() -> None:
    mine = accounts(A, (TO_A, 1, GRANTED), (A, 2, USE), (A, 3, SENT), (A, 4, BACK))
    assert mine.balance(TOTAL) == 10 - 1 - 3 - 2
    assert mine.lots(TOTAL) == [(1, 4)]
    assert mine.all_lots() == {Lot(TOTAL, 1): 4}


def test_who_receives_has_what_was_sent_and_the_rest_of_the_world_has_nothing() -> None:
    assert accounts(B, (A, 3, SENT)).balance(TOTAL) == 3
    assert accounts(FeedId("bayside/b", 2), (A, 3, SENT)).balance(TOTAL) == 0


def test_the_same_entry_twice_moves_once() -> None:
    mine = accounts(A, (TO_A, 1, GRANTED), (TO_A, 1, GRANTED), (A, 2, USE), (A, 2, USE))
    assert mine.balance(TOTAL) == 9


def test_lots_of_different_incarnations_are_not_mixed_and_the_oldest_comes_first() -> None:
    mine = accounts(A, (replace(TO_A, incarnation=2), 1, GRANTED), (TO_A, 1, replace(GRANTED, amount=4)))
    assert mine.lots(TOTAL) == [(1, 4), (2, 10)]
    assert mine.balance(TOTAL) == 14


def test_a_counter_that_grants_rights_moves_none() -> None:
    assert accounts(A, (A, 1, GRANTED)).balance(TOTAL) == 0
    assert accounts(A, (FeedId("head-officer", 1), 1, GRANTED)).balance(TOTAL) == 0
    assert accounts(A, (OFFICE, 1, GRANTED)).balance(TOTAL) == 10


@pytest.mark.parametrize("amount", [0, -1, MOST + 1])
def test_an_amount_that_no_cap_can_be_moves_nothing(amount: int) -> None:
    assert list(moves_of(TO_A, replace(GRANTED, amount=amount))) == []
    assert list(moves_of(A, replace(BACK, amount=amount))) == []
    assert list(moves_of(A, replace(SENT, amount=amount))) == []
    assert list(moves_of(A, replace(USE, spent=(Spent(1, 1, amount),)))) == []
    assert list(moves_of(TO_A, replace(GRANTED, amount=MOST))) == [Move(str(A), Lot(TOTAL, 1), Term.GRANTED, MOST)]


def test_a_kind_of_another_release_moves_nothing() -> None:
    assert list(moves_of(TO_A, replace(GRANTED, right=99))) == []
    assert list(moves_of(A, replace(BACK, right=99))) == []
    assert list(moves_of(A, replace(USE, spent=(Spent(99, 1, 1),)))) == []
    assert list(moves_of(A, Answered(at_ms=1, n=2, clerk="ana"))) == []


def test_what_a_redemption_spends_is_of_its_own_store_and_credential() -> None:
    spent = replace(USE, spent=(Spent(3, 1, 1), Spent(5, 2, 1)))
    assert [move.lot for move in moves_of(A, spent)] == [
        Lot(Right(RightKind.STORE, "tacos", b"bayside"), 1),
        Lot(ONCE, 2),
    ]


def test_a_void_credits_what_was_spent_but_never_risk() -> None:
    mine = accounts(A, (TO_A, 1, GRANTED), (TO_A, 2, replace(GRANTED, right=4, amount=2000)), (A, 2, USE))
    mine.undone(A, 2)
    assert (mine.balance(TOTAL), mine.balance(RISK)) == (10, 800)
    assert [move.term for move in credits_of(A, USE)] == [Term.CREDITED]


def test_a_void_credits_once_whoever_tells_of_it_and_in_whatever_order() -> None:
    late = accounts(A, (TO_A, 1, GRANTED))
    late.undone(A, 2)
    late.undone(str(A), 2)
    late.apply(A, 2, USE)
    late.undone(A, 2)
    assert late.balance(TOTAL) == 10


def test_another_feeds_void_credits_nothing_here() -> None:
    mine = accounts(A, (TO_A, 1, GRANTED), (A, 2, USE))
    mine.undone(B, 2)
    assert mine.balance(TOTAL) == 9


def test_a_balance_that_was_overspent_is_nothing_and_is_filled_up_first() -> None:
    mine = accounts(A, (A, 2, replace(USE, spent=(Spent(1, 1, 3),))))
    assert (mine.balance(TOTAL), mine.all_lots()) == (0, {})
    mine.apply(TO_A, 1, GRANTED)
    assert mine.balance(TOTAL) == 7


def test_the_one_right_of_a_credential_is_held_until_it_is_given_back() -> None:
    mine = accounts(A, (TO_A, 1, replace(GRANTED, right=5, amount=1, subject=b"c" * 16)))
    assert mine.holds("tacos", b"c" * 16)
    assert not mine.holds("tacos", b"d" * 16)
    mine.apply(A, 2, replace(BACK, right=5, amount=1, subject=b"c" * 16))
    assert not mine.holds("tacos", b"c" * 16)


def test_frozen_and_thawed_it_goes_on_as_before() -> None:
    spent = replace(USE, spent=(Spent(1, 1, 2), Spent(3, 1, 1)))
    mine = accounts(A, (TO_A, 1, GRANTED), (A, 2, USE), (A, 3, spent), (A, 4, SENT))
    mine.undone(A, 3)
    frozen = cbor2.loads(cbor2.dumps(mine.frozen(), canonical=True))
    thawed = Accounts.thawed(A, frozen, Settled(mine.moved, {(str(A), 3)}, {(str(A), 2): USE, (str(A), 3): spent}))
    assert (thawed.frozen(), thawed.balance(TOTAL), thawed.moved) == (mine.frozen(), mine.balance(TOTAL), frozenset())
    thawed.apply(A, 4, SENT)
    thawed.undone(A, 3)
    assert thawed.frozen() == mine.frozen()
    for _ in range(2):
        thawed.undone(A, 2)
        assert thawed.balance(TOTAL) == 10 - 3
    thawed.undone(A, 9)
    assert thawed.balance(TOTAL) == 10 - 3
    thawed.apply(A, 9, USE)
    assert (thawed.balance(TOTAL), sorted(thawed.moved)) == (10 - 3, [(str(A), 9)])


def test_a_redemption_whose_void_was_settled_is_credited_when_it_comes() -> None:
    thawed = Accounts.thawed(A, [], Settled(frozenset(), {(str(A), 2)}, {}))
    thawed.apply(A, 2, USE)
    risk_alone = [[4, "tacos", b"", 1, -1200]]
    assert thawed.frozen() == risk_alone
    thawed.undone(A, 2)
    assert thawed.frozen() == risk_alone


@dataclass(frozen=True)
class Settled:
    """What a snapshot settled, by hand."""

    moved: frozenset[tuple[str, int]]
    voided: set[tuple[str, int]]
    written: dict[tuple[str, int], Redemption]

    def has_moved(self, name: tuple[str, int]) -> bool:
        return name in self.moved

    def is_voided(self, name: tuple[str, int]) -> bool:
        return name in self.voided

    def redemption(self, name: tuple[str, int]) -> Redemption | None:
        return self.written.get(name)
