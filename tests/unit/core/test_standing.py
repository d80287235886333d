from dataclasses import replace

import pytest

from kiosk.core.entry import FeedId
from kiosk.core.fact import (
    Answered,
    Asked,
    BundleInstalled,
    Denied,
    Fact,
    Granted,
    Receipt,
    Revoked,
    Spent,
    Ticked,
    Unknown,
    UseSeen,
    Void,
)
from kiosk.core.rights import Right, RightKind
from kiosk.core.standing import Standing
from kiosk.core.tally import Use
from tests.core_world import ELSEWHERE, HEAD_OFFICE, NEIGHBOUR, OWN, code_digest, redemption, use_seen

CODE = code_digest("TACO-7F3K-9HXM")
TO_OWN = FeedId("head-office/bayside/counter-1", 1)


def folded(*entries: tuple[FeedId, int, Fact]) -> Standing:
    standing = Standing(OWN)
    for feed, n, fact in entries:
        standing.apply(feed, n, fact)
    return standing


def void(feed: FeedId, n: int) -> Void:
    return Void(at_ms=9, feed=str(feed), n=n, clerk="ana", reason="returned")


def receipt(n: int) -> Receipt:
    return Receipt(at_ms=9, feed=str(OWN), n=n, head=bytes(32))


# --- uses ----------------------------------------------------------------------------------------


def test_nothing_is_known_at_first() -> None:
    standing = Standing()
    assert (standing.live_uses("tacos", CODE), standing.tally("tacos").live, standing.bundle_floor) == ([], 0, 0)
    assert (standing.receipted_n(OWN), standing.unanswered(OWN), standing.waiting(OWN)) == (0, [], 0)


def test_a_redemption_is_a_live_use_of_its_credential() -> None:
    fact = redemption()
    standing = folded((OWN, 2, fact))
    assert standing.live_uses("tacos", CODE) == [Use(fact.at_ms, OWN, 2, "bayside", "ana")]
    assert standing.live_uses("tacos", code_digest("OTHER")) == []
    assert standing.live_uses("burger", CODE) == []


def test_uses_are_told_oldest_first() -> None:
    standing = folded(
        (OWN, 2, redemption(1, at_ms=30)), (OWN, 3, redemption(2, at_ms=10)), (ELSEWHERE, 2, redemption(3, at_ms=20))
    )
    assert [use.at_ms for use in standing.live_uses("tacos", CODE)] == [10, 20, 30]


def test_every_redemption_of_a_promotion_counts_in_its_total() -> None:
    standing = folded(
        (OWN, 2, redemption(1)), (OWN, 3, redemption(2, credential=bytes(16))), (OWN, 4, redemption(3, promotion="x"))
    )
    assert standing.tally("tacos").live == 2


def test_an_entry_that_comes_twice_counts_once() -> None:
    standing = folded((OWN, 2, redemption()), (OWN, 2, redemption()))
    assert standing.tally("tacos").live == 1
    assert len(standing.live_uses("tacos", CODE)) == 1
    assert standing.waiting(OWN) == 1


@pytest.mark.parametrize("own_feed_first", [True, False])
def test_a_redemption_in_its_own_feed_and_told_by_head_office_counts_once(own_feed_first: bool) -> None:
    fact = redemption()
    entries: list[tuple[FeedId, int, Fact]] = [(OWN, 2, fact), (HEAD_OFFICE, 1, use_seen(OWN, 2, fact))]
    standing = folded(*entries if own_feed_first else reversed(entries))
    assert standing.tally("tacos").live == 1
    assert len(standing.live_uses("tacos", CODE)) == 1


def test_what_a_feed_says_of_itself_goes_before_what_is_told_of_it() -> None:
    fact = redemption(store="bayside")
    told = use_seen(OWN, 2, redemption(store="pier-9"))
    for standing in (folded((OWN, 2, fact), (HEAD_OFFICE, 1, told)), folded((HEAD_OFFICE, 1, told), (OWN, 2, fact))):
        assert [use.store for use in standing.live_uses("tacos", CODE)] == ["bayside"]
        assert standing.tally("tacos").live == 1


def test_a_restored_journal_does_not_forget_the_use_that_head_office_holds_under_the_same_number() -> None:
    told = use_seen(OWN, 81, redemption(credential=b"x" * 16))
    own = redemption(credential=b"y" * 16)
    for standing in (folded((HEAD_OFFICE, 1, told), (OWN, 81, own)), folded((OWN, 81, own), (HEAD_OFFICE, 1, told))):
        assert len(standing.live_uses("tacos", b"x" * 16)) == 1
        assert len(standing.live_uses("tacos", b"y" * 16)) == 1
        assert standing.tally("tacos").live == 2


def test_a_use_that_head_office_tells_of_counts() -> None:
    standing = folded((HEAD_OFFICE, 1, use_seen(ELSEWHERE, 5, redemption(store="pier-9"))))
    assert [(use.feed, use.n, use.store) for use in standing.live_uses("tacos", CODE)] == [(ELSEWHERE, 5, "pier-9")]
    assert standing.tally("tacos").live == 1


def test_a_counter_cannot_tell_of_another_s_use() -> None:
    assert folded((NEIGHBOUR, 1, use_seen(ELSEWHERE, 5, redemption()))).tally("tacos").live == 0


def test_a_use_of_a_feed_that_is_none_is_ignored() -> None:
    told = UseSeen(at_ms=1, feed="no feed", n=1, promotion="tacos", credential=CODE, store="bayside", used_at_ms=1)
    assert folded((HEAD_OFFICE, 1, told)).tally("tacos").live == 0


# --- voids ---------------------------------------------------------------------------------------


def test_a_void_undoes_its_redemption() -> None:
    standing = folded((OWN, 2, redemption()), (OWN, 3, void(OWN, 2)))
    assert standing.live_uses("tacos", CODE) == []
    assert standing.tally("tacos").live == 0
    assert standing.is_void(OWN, 2)


def test_a_void_undoes_no_other_redemption() -> None:
    standing = folded((OWN, 2, redemption(1)), (OWN, 3, redemption(2)), (OWN, 4, void(OWN, 2)))
    assert [use.n for use in standing.live_uses("tacos", CODE)] == [3]
    assert not standing.is_void(OWN, 3)


def test_a_void_before_its_redemption_undoes_it_too() -> None:
    assert folded((OWN, 3, void(OWN, 2)), (OWN, 2, redemption())).tally("tacos").live == 0


def test_a_void_that_comes_twice_undoes_once() -> None:
    standing = folded((OWN, 2, redemption(1)), (OWN, 3, redemption(2)), (OWN, 4, void(OWN, 2)), (OWN, 4, void(OWN, 2)))
    assert standing.tally("tacos").live == 1


def test_a_void_that_head_office_tells_of_undoes_the_use() -> None:
    fact = redemption()
    live, undone = use_seen(ELSEWHERE, 5, fact), use_seen(ELSEWHERE, 5, fact, void=True)
    for standing in (
        folded((HEAD_OFFICE, 1, live), (HEAD_OFFICE, 2, undone)),
        folded((HEAD_OFFICE, 2, undone), (HEAD_OFFICE, 1, live)),
    ):
        assert standing.tally("tacos").live == 0
        assert standing.live_uses("tacos", CODE) == []


def test_a_voided_use_is_still_a_use_that_was() -> None:
    standing = folded((OWN, 2, redemption()), (OWN, 3, void(OWN, 2)))
    assert [use.n for use in standing.uses("tacos", CODE)] == [2]


# --- redemptions and their answers ---------------------------------------------------------------


def test_a_redemption_is_found_by_its_intent() -> None:
    fact = redemption(7)
    standing = folded((OWN, 2, fact))
    assert standing.redemption_of(fact.intent) == (OWN, 2)
    assert standing.redemption_of(redemption(8).intent) is None


def test_of_two_redemptions_with_one_intent_the_first_is_found() -> None:
    fact = redemption(7)
    for standing in (folded((OWN, 2, fact), (OWN, 3, fact)), folded((OWN, 3, fact), (OWN, 2, fact))):
        assert standing.redemption_of(fact.intent) == (OWN, 2)


def test_a_redemption_is_found_by_its_name() -> None:
    fact = redemption()
    standing = folded((OWN, 2, fact), (HEAD_OFFICE, 1, use_seen(ELSEWHERE, 5, fact)))
    assert standing.redemption(OWN, 2) == fact
    assert standing.redemption(OWN, 3) is None
    assert standing.redemption(ELSEWHERE, 5) is None


def test_a_redemption_without_an_answer_is_unanswered() -> None:
    standing = folded((OWN, 4, redemption(2)), (OWN, 2, redemption(1)), (NEIGHBOUR, 9, redemption(3)))
    assert standing.unanswered(OWN) == [2, 4]


@pytest.mark.parametrize("answer_first", [True, False])
def test_an_answer_or_a_void_settles_it(answer_first: bool) -> None:
    entries: list[tuple[FeedId, int, Fact]] = [
        (OWN, 2, redemption(1)), (OWN, 3, redemption(2)), (OWN, 4, redemption(3)),
        (OWN, 5, Answered(at_ms=9, n=2, clerk="ana")), (OWN, 6, void(OWN, 3)),
    ]  # fmt: skip
    assert folded(*reversed(entries) if answer_first else entries).unanswered(OWN) == [4]


def test_an_answer_speaks_of_its_own_feed_alone() -> None:
    assert folded((OWN, 2, redemption()), (NEIGHBOUR, 5, Answered(at_ms=9, n=2, clerk="ana"))).unanswered(OWN) == [2]


# --- bundle, receipts, the rest ------------------------------------------------------------------


def installed(version: int) -> BundleInstalled:
    return BundleInstalled(at_ms=1, version=version, manifest_hash=bytes(32))


def test_the_bundle_floor_never_goes_down() -> None:
    assert folded((OWN, 2, installed(5)), (OWN, 3, installed(3))).bundle_floor == 5


def test_another_counter_s_bundle_is_no_floor_here() -> None:
    assert folded((OWN, 2, installed(5)), (NEIGHBOUR, 2, installed(9))).bundle_floor == 5


def test_a_receipt_covers_all_up_to_its_number() -> None:
    standing = folded((OWN, 2, redemption(1)), (OWN, 3, redemption(2)), (OWN, 4, void(OWN, 2)), (TO_OWN, 1, receipt(3)))
    assert standing.receipted_n(OWN) == 3
    assert standing.waiting(OWN) == 1


def test_an_older_receipt_takes_nothing_back() -> None:
    assert folded((TO_OWN, 2, receipt(5)), (TO_OWN, 1, receipt(3))).receipted_n(OWN) == 5


def test_receipts_of_a_newer_incarnation_replace_older_ones() -> None:
    restored = FeedId(TO_OWN.origin, 2)
    for standing in (
        folded((TO_OWN, 1, receipt(5)), (restored, 1, receipt(3))),
        folded((restored, 1, receipt(3)), (TO_OWN, 1, receipt(5))),
    ):
        assert standing.receipted_n(OWN) == 3


def test_a_counter_cannot_receipt() -> None:
    assert folded((NEIGHBOUR, 1, receipt(5))).receipted_n(OWN) == 0


def test_answers_and_bundles_do_not_wait_for_a_receipt() -> None:
    assert folded((OWN, 2, installed(1)), (OWN, 3, Answered(at_ms=1, n=2, clerk="ana"))).waiting(OWN) == 0


def test_a_fact_of_a_newer_release_changes_nothing() -> None:
    assert folded((OWN, 2, Unknown(kind=99, fields={0: 99}))) == Standing(OWN)


# --- rights, asking, revocation ---


def test_what_is_granted_is_in_the_account_of_its_own_feed() -> None:
    standing = Standing(OWN)
    standing.apply(TO_OWN, 1, Granted(at_ms=1, feed=str(OWN), right=1, promotion="tacos", amount=5))
    standing.apply(TO_OWN, 2, Granted(at_ms=1, feed=str(NEIGHBOUR), right=1, promotion="tacos", amount=5))
    assert standing.accounts.balance(Right(RightKind.TOTAL, "tacos")) == 5


@pytest.mark.parametrize("told_by_head_office", [False, True])
def test_an_own_void_and_head_offices_word_of_one_credit_once(told_by_head_office: bool) -> None:
    standing = Standing(OWN)
    standing.apply(TO_OWN, 1, Granted(at_ms=1, feed=str(OWN), right=1, promotion="tacos", amount=5))
    standing.apply(OWN, 2, replace(redemption(), spent=(Spent(1, 1, 1),)))
    if told_by_head_office:
        seen = UseSeen(at_ms=1, feed=str(OWN), n=2, promotion="tacos", credential=CODE,
                       store="bayside", used_at_ms=1, void=True)  # fmt: skip
        standing.apply(HEAD_OFFICE, 1, seen)
    standing.apply(OWN, 3, Void(at_ms=2, feed=str(OWN), n=2, clerk="ana", reason="returned"))
    assert standing.accounts.balance(Right(RightKind.TOTAL, "tacos")) == 5


def test_a_void_of_an_earlier_life_is_noted_and_undoes_once_head_office_says_so() -> None:
    later = replace(OWN, incarnation=2)
    standing = Standing(later)
    standing.apply(OWN, 2, redemption(1))
    standing.apply(later, 3, Void(at_ms=2, feed=str(OWN), n=2, clerk="ana", reason="returned"))
    standing.apply(later, 4, Void(at_ms=2, feed=str(NEIGHBOUR), n=2, clerk="ana", reason="returned"))
    assert standing.taken_back == {(str(OWN), 2)}
    assert not standing.is_void(OWN, 2)
    standing.apply(HEAD_OFFICE, 1, use_seen(OWN, 2, redemption(1), void=True))
    assert standing.is_void(OWN, 2)


def test_the_time_open_questions_and_what_was_taken_back_are_in_a_snapshot() -> None:
    later = replace(OWN, incarnation=2)
    standing = Standing(later)
    standing.apply(later, 2, Ticked(at_ms=1, floor_ms=77))
    standing.apply(later, 3, Asked(at_ms=2, intent=bytes(16), promotion="tacos", credential=CODE))
    standing.apply(later, 4, Void(at_ms=2, feed=str(OWN), n=2, clerk="ana", reason="returned"))
    thawed = Standing.on(standing.frozen().settled(), later)
    assert thawed.time.read(b"").floor_ms == 77
    assert thawed.asks.open_n(("tacos", CODE)) == 3
    assert thawed.taken_back == {(str(OWN), 2)}


def test_a_void_of_anothers_redemption_waits_for_head_office() -> None:
    standing = Standing(OWN)
    standing.apply(NEIGHBOUR, 2, redemption())
    standing.apply(OWN, 3, Void(at_ms=2, feed=str(NEIGHBOUR), n=2, clerk="ana", reason="returned"))
    assert not standing.is_void(NEIGHBOUR, 2)
    assert standing.live_uses("tacos", CODE)


def test_what_was_asked_is_found_by_its_intent_and_the_answer_by_its_number() -> None:
    standing = Standing(OWN)
    asked = Asked(at_ms=1, intent=b"i" * 16, promotion="tacos", credential=b"c" * 16)
    standing.apply(OWN, 4, asked)
    standing.apply(NEIGHBOUR, 9, replace(asked, intent=b"j" * 16))
    assert (standing.asked_n(b"i" * 16), standing.asked_n(b"j" * 16), standing.denied(4)) == (4, None, None)
    standing.apply(NEIGHBOUR, 10, Denied(at_ms=1, feed=str(OWN), n=4, why="used-elsewhere"))
    standing.apply(TO_OWN, 1, Denied(at_ms=1, feed=str(NEIGHBOUR), n=4, why="used-elsewhere"))
    assert standing.denied(4) is None
    standing.apply(TO_OWN, 2, Denied(at_ms=1, feed=str(OWN), n=4, why="used-elsewhere"))
    assert standing.denied(4) == "used-elsewhere"


def test_a_feed_is_revoked_by_head_office_alone_and_from_the_earliest_number_on() -> None:
    standing = Standing(OWN)
    standing.apply(NEIGHBOUR, 1, Revoked(at_ms=1, feed=str(OWN), n=1, why="stolen"))
    assert standing.revoked == {}
    for n, last in ((1, 7), (2, 5), (3, 9)):
        standing.apply(HEAD_OFFICE, n, Revoked(at_ms=1, feed=str(NEIGHBOUR), n=last, why="stolen"))
    assert standing.revoked == {str(NEIGHBOUR): 5}


def test_an_answer_may_be_to_a_redemption_of_the_life_before() -> None:
    before = FeedId(OWN.origin, 1)
    standing = Standing(FeedId(OWN.origin, 2))
    standing.apply(before, 2, redemption())
    assert standing.unanswered(before) == [2]
    standing.apply(FeedId(OWN.origin, 2), 2, Answered(at_ms=1, n=2, clerk="ana", feed=str(before)))
    assert standing.unanswered(before) == []


def test_neighbour_does_not_answer_for_another_counter() -> None:
    standing = Standing(OWN)
    standing.apply(OWN, 2, redemption())
    standing.apply(NEIGHBOUR, 1, Answered(at_ms=1, n=2, clerk="eve", feed=str(OWN)))
    assert standing.unanswered(OWN) == [2]


def test_neighbour_that_writes_an_intent_of_ours_first_does_not_take_it() -> None:
    """It is told of intents by reservations, before we have written them."""
    standing = Standing(OWN)
    ours = redemption()
    for feed in (FeedId("bayside/a", 1), FeedId("bayside/z", 1)):
        standing.apply(feed, 1, ours)
    assert standing.redemption_of(ours.intent) is None
    standing.apply(OWN, 2, ours)
    assert standing.redemption_of(ours.intent) == (OWN, 2)
