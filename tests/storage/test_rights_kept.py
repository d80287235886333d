"""What is kept of rights, on every database."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core.entry import FeedId
from kiosk.core.rights import Lot, Right, RightKind
from sync.head_office.records import ListedCode, RightAccount, RightPool, Twice, WaitingVoid
from sync.head_office.store import HeadOfficeStore
from tests.storage.test_head_office_store import FEED, row, void

TOTAL = Lot(Right(RightKind.TOTAL, "tacos"), 1)
STORE = Lot(Right(RightKind.STORE, "tacos", "Zoé".encode()), 1)
ONCE = Lot(Right(RightKind.ONCE, "tacos", b"\x00" * 16), 1)
FRONT, BAR = "bayside/front@1", "bayside/bar@1"


def account(name: str, lot: Lot, **sums: int) -> RightAccount:
    return replace(RightAccount.empty((name, lot)), **sums)  # type: ignore[arg-type]  # the sums of an account


def test_accounts_are_added_and_replaced_by_their_key(store: HeadOfficeStore) -> None:
    first, other = account(FRONT, TOTAL, granted=5, pace_milli=7), account(BAR, TOTAL, granted=2)
    store.put_right_accounts([first, other])
    store.put_right_accounts([replace(first, spent=3), account(FRONT, STORE, granted=2**62)])
    assert store.right_accounts([(FRONT, TOTAL), (FRONT, ONCE)]) == {(FRONT, TOTAL): replace(first, spent=3)}
    assert store.accounts_of(TOTAL.right) == [other, replace(first, spent=3)]
    assert [one.lot for one in store.rights_of(FRONT)] == [TOTAL, STORE]
    assert store.right_accounts([]) == {}


def test_one_right_granted_by_two_incarnations_is_two_accounts(store: HeadOfficeStore) -> None:
    rows = [account(FRONT, TOTAL, granted=1), account(FRONT, TOTAL._replace(granted_by=2), granted=2)]
    store.put_right_accounts(rows)
    assert store.rights_of(FRONT) == rows


def test_accounts_of_single_credentials_are_asked_for_by_themselves(store: HeadOfficeStore) -> None:
    rows = [account(FRONT, ONCE, granted=1), account(FRONT, TOTAL, granted=1)]
    store.put_right_accounts(rows)
    assert store.rights_of(FRONT) == store.accounts_of_promotion("tacos") == rows[1:]
    assert store.accounts_of_credentials({ONCE.right}) == rows[:1]
    assert store.accounts_of_credentials(set()) == []


def test_many_accounts_are_written_and_read_at_once(store: HeadOfficeStore) -> None:
    rights = [Lot(Right(RightKind.ONCE, "tacos", k.to_bytes(16, "big")), 1) for k in range(350)]
    rows = [account(FRONT, lot, granted=1) for lot in rights]
    store.put_right_accounts(rows)
    store.put_right_accounts([replace(one, spent=1) for one in rows])
    assert len(store.right_accounts([(FRONT, lot) for lot in rights])) == 350
    assert {one.spent for one in store.accounts_of_credentials({lot.right for lot in rights})} == {1}


def test_only_accounts_with_something_or_less_than_nothing_are_listed(store: HeadOfficeStore) -> None:
    left, none = account(FRONT, TOTAL, granted=2, spent=1), account(FRONT, STORE, granted=1, returned=1)
    less = account(BAR, TOTAL, spent=1)
    store.put_right_accounts([left, none, less])
    assert store.accounts_with_something([FRONT, BAR]) == [less, left]
    assert store.accounts_with_something([BAR]) == [less]


def test_whether_anything_was_granted(store: HeadOfficeStore) -> None:
    store.put_right_accounts([account(FRONT, TOTAL, spent=1)])
    assert not store.has_granted()
    store.put_right_accounts([account(FRONT, TOTAL, spent=1, granted=1)])
    assert store.has_granted()


def test_pools_are_kept_by_right_and_incarnation_and_may_be_overdrawn(store: HeadOfficeStore) -> None:
    first, second = RightPool.empty(TOTAL), RightPool.empty(TOTAL._replace(granted_by=2))
    other = RightPool.empty(Lot(Right(RightKind.TOTAL, "pie"), 1))
    store.put_right_pools([first, second, other])
    store.put_right_pools([replace(first, granted=5, returned=-2)])
    assert store.right_pools("tacos") == [replace(first, granted=5, returned=-2), second]


def test_a_void_waits_once_until_what_it_undoes_is_here(store: HeadOfficeStore) -> None:
    waiting = WaitingVoid(of_feed=FEED, of_n=3, feed=FeedId("bayside/bar", 1), n=9)
    store.put_waiting_void(waiting)
    store.put_waiting_void(replace(waiting, n=10))
    assert store.waiting_voids(FEED) == [waiting]
    assert store.waiting_voids(waiting.feed) == []
    store.drop_waiting_void(FEED, 3)
    assert store.waiting_voids(FEED) == []


def test_what_is_lost_comes_back_once(store: HeadOfficeStore) -> None:
    store.put_lost(FEED, 3)
    store.put_lost(FEED, 3)
    assert not store.drop_lost(FEED, 4)
    assert store.drop_lost(FEED, 3)
    assert not store.drop_lost(FEED, 3)


def test_a_credential_used_too_often_is_kept_with_the_first_time(store: HeadOfficeStore) -> None:
    early, late = Twice(promotion="tacos", credential=b"a", at_ms=1), Twice(promotion="pie", credential=b"b", at_ms=2)
    for one in (early, replace(early, at_ms=5), late):
        store.put_twice(one)
    assert store.twice(10) == [late, early]
    assert store.twice(1) == [late]
    assert store.twice(10, "tacos") == [early]


def test_uses_of_many_credentials_come_with_their_voids(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(1, credential=b"a"), row(2, credential=b"b"), void(3, of=1, credential=b"a")])
    found = store.uses_of({("tacos", b"a"), ("tacos", b"b"), ("tacos", b"c")})
    assert {key: [(line.row.n, line.void is not None) for line in lines] for key, lines in found.items()} == {
        ("tacos", b"a"): [(1, True)], ("tacos", b"b"): [(2, False)], ("tacos", b"c"): [],
    }  # fmt: skip


def test_a_void_in_another_feed_is_the_void_of_what_it_names(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(1), replace(void(7, of=1), feed=FeedId("bayside/bar", 1), void_of_feed=FEED)])
    found = store.void_of(FEED, 1)
    assert found is not None
    assert (found.feed, found.n, found.undone) == (FeedId("bayside/bar", 1), 7, (FEED, 1))
    assert store.void_of(FeedId("bayside/bar", 1), 1) is None
    assert store.redemption_counts() == {"tacos": (1, 1)}


def test_a_listed_code_is_found_by_its_digest_while_it_is_not_withdrawn(store: HeadOfficeStore) -> None:
    live, gone = (ListedCode(index=k, digest=bytes([k]) * 16, source="inline", live=k == 0) for k in range(2))
    store.put_listed_codes("tacos", [live, gone])
    assert store.listed_code("tacos", live.digest) == live
    assert store.listed_code("tacos", gone.digest) is None
    assert store.listed_code("pie", live.digest) is None
