"""Revoking with a last good entry, and journals that forked: what counts, who is told, what is refused by name."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from kiosk.core.fact import Receipt, Revoked, UseSeen, decode_fact
from kiosk.core.standing import Standing
from kiosk.errors import ExchangeError
from sync.exchange import answer, compose
from sync.head_office import decisions, intake, quarantine
from sync.head_office.decisions import Struck, count_forked, revoke
from sync.head_office.desk import DeskError
from sync.head_office.office import HeadOffice
from sync.head_office.pull import pull
from sync.head_office.records import Which
from tests.head_office_world import SmallCounter, an_office, enrolled, line_to
from tests.twins import MemoryFeedStore


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


def live(office: HeadOffice) -> int:
    """How many redemptions are in the figures."""
    return office.store.count(Which(promotion="tacos")).redemptions


def refused(office: HeadOffice, counter: SmallCounter) -> str:
    with pytest.raises(ExchangeError) as error:
        counter.exchange()
    return error.value.code


def carried(office: HeadOffice, counter: SmallCounter) -> None:
    """Its feed comes all the same, as it would on a stick or by a neighbour: without its own signed message."""
    feed = counter.feed
    counter.journal.sign(feed, counter.key, counter.enrolment.key_epoch)
    told = compose(counter.side.side, office.store.heads())
    intake.take_answer(office, feed.origin, told)


def receipted(office: HeadOffice, counter: SmallCounter) -> int:
    entries = office.store.entries(intake.receipts_feed(office, counter.feed.origin), 0, 1000)
    facts = [decode_fact(entry.body) for entry in entries]
    return max((fact.n for fact in facts if isinstance(fact, Receipt)), default=0)


# --- a stolen counter ------------------------------------------------------------------------------


def test_stolen_counter_after_revocation_its_message_is_refused_in_words_and_nothing_is_stored(
    office: HeadOffice,
) -> None:
    counter = enrolled(office)
    counter.redeem()
    counter.exchange()
    held_n = office.store.head(counter.feed).n
    assert revoke(office, counter.feed, held_n, why="stolen", by="marta") == Struck(0, 0)
    counter.redeem()
    assert refused(office, counter) == "counter-revoked"
    assert (office.store.head(counter.feed).n, live(office)) == (held_n, 1)
    side = counter.side

    def asked(_path: str, message: bytes) -> bytes:
        return answer(message, us=side.us, key_of=side.trust.key_of, side_of=lambda _: side.side, at_ms=side.now_ms())

    with pytest.raises(ExchangeError, match="counter-revoked"):
        pull(office, "bayside", "front", post=asked)


def test_stolen_counter_what_it_wrote_before_counts_when_it_comes_late_and_what_is_behind_is_in_no_figure(
    office: HeadOffice,
) -> None:
    counter, other = enrolled(office), enrolled(office, counter="bar", key=2)
    good_n = counter.redeem(credential=b"1" * 16)
    counter.exchange()
    revoke(office, counter.feed, good_n, why="stolen", by="marta")
    before_n = receipted(office, counter)
    for n in range(3):
        counter.redeem(credential=bytes([n]) * 16)
    carried(office, counter)
    assert office.store.head(counter.feed).n == good_n + 1 + 3  # stored, behind the bundle that it installed
    assert live(office) == 1
    assert receipted(office, counter) == before_n
    other.exchange()
    assert [fact.n for fact in other.told(UseSeen) if isinstance(fact, UseSeen)] == [good_n]


def test_an_earlier_entry_can_be_chosen_and_what_was_counted_behind_it_is_struck_and_told(office: HeadOffice) -> None:
    counter, other = enrolled(office), enrolled(office, counter="bar", key=2)
    good_n = counter.redeem(credential=b"1" * 16)
    bad_n = counter.redeem(credential=b"2" * 16)
    counter.undo(good_n)
    counter.exchange()
    assert live(office) == 1  # the first is undone, the second counts
    assert revoke(office, counter.feed, good_n, why="stolen", by="marta") == Struck(redemptions=1, voids_that_stay=1)
    assert live(office) == 0
    other.exchange()
    seen = [(fact.n, fact.void) for fact in other.told(UseSeen) if isinstance(fact, UseSeen)]
    assert (bad_n, True) in seen
    (row,) = [row for row in office.store.redemptions_after(0, 100) if row.kind == "void" and row.n < 0]
    assert (row.n, row.void_of_n, row.clerk, row.reason) == (-bad_n, bad_n, "marta", decisions.STRUCK)


def test_every_counter_is_told_of_the_last_good_entry_and_its_standing_knows_it(office: HeadOffice) -> None:
    counter, other = enrolled(office), enrolled(office, counter="bar", key=2)
    n = counter.redeem()
    counter.exchange()
    revoke(office, counter.feed, n, why="  stolen \n on Friday ", by="marta")
    other.exchange()
    (told,) = other.told(Revoked)
    assert isinstance(told, Revoked)
    assert (told.feed, told.n, told.why, told.by) == (str(counter.feed), n, "stolen on Friday", "marta")
    standing = Standing()
    standing.apply(intake.own_feed(office), 1, told)
    assert standing.revoked == {str(counter.feed): n}


def test_the_last_good_entry_moves_back_and_never_forward(office: HeadOffice) -> None:
    counter = enrolled(office)
    first, second = counter.redeem(credential=b"1" * 16), counter.redeem(credential=b"2" * 16)
    counter.exchange()
    revoke(office, counter.feed, second, why="stolen", by="marta")
    for n in (second, second - 1 + 1):
        with pytest.raises(DeskError, match="revoked-already"):
            revoke(office, counter.feed, n, why="stolen", by="marta")
    assert revoke(office, counter.feed, first, why="earlier", by="marta").redemptions == 1
    assert live(office) == 1
    with pytest.raises(DeskError, match="revoked-already"):
        revoke(office, counter.feed, second, why="later", by="marta")


@pytest.mark.parametrize(("n", "why", "code"), [(-1, "x", "entry-unknown"), (4, "x", "entry-unknown"),
                                                (1, " ", "reason-missing")])  # fmt: skip
def test_a_decision_that_makes_no_sense_changes_nothing(office: HeadOffice, n: int, why: str, code: str) -> None:
    counter = enrolled(office)
    counter.redeem()
    counter.exchange()
    assert office.store.head(counter.feed).n == 3
    with pytest.raises(DeskError, match=code):
        revoke(office, counter.feed, n, why=why, by="marta")
    assert [life.revoked for life in office.store.enrolments()] == [False]
    assert office.store.head(intake.own_feed(office)).n == 2  # the use, and that this life is there


def test_the_next_life_of_a_revoked_counter_works(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    revoke(office, counter.feed, 1, why="stolen", by="marta")
    again = enrolled(office, key=3)
    again.redeem()
    again.exchange()
    assert live(office) == 1


def test_key_epoch_is_checked_one_lifes_key_does_not_sign_anothers_feed(office: HeadOffice) -> None:
    before = enrolled(office)
    before.redeem()
    enrolled(office, key=3)
    before.journal.sign(before.feed, before.key, 2)  # the old key under the new life's epoch
    with pytest.raises(ExchangeError, match="key-epoch-unknown"):
        intake.take_answer(office, before.feed.origin, compose(before.side.side, {}))
    assert office.store.head(before.feed).n == 0


# --- a cloned disk -------------------------------------------------------------------------------


def cloned(office: HeadOffice) -> tuple[SmallCounter, SmallCounter]:
    """A counter and a copy of its disk, both at work with one key."""
    counter = enrolled(office)
    counter.redeem(credential=b"1" * 16)
    counter.exchange()
    assert office.store.head(counter.feed).n == 3
    clone = SmallCounter(counter.enrolment, counter.key, line_to(office), journal=copied(counter.journal))
    return counter, clone


def copied(journal: MemoryFeedStore) -> MemoryFeedStore:
    made = MemoryFeedStore()
    made._feeds = copy.deepcopy(journal._feeds)
    made._marks = dict(journal._marks)
    return made


def fork(office: HeadOffice) -> tuple[SmallCounter, SmallCounter]:
    """Both wrote entry 4; the first one's is held and counted."""
    counter, clone = cloned(office)
    counter.redeem(credential=b"2" * 16)
    counter.exchange()
    clone.redeem(credential=b"3" * 16)
    clone.exchange()
    return counter, clone


def test_cloned_disk_what_is_counted_stays_and_nothing_more_counts_without_a_person(office: HeadOffice) -> None:
    counter, clone = fork(office)
    (life,) = office.store.enrolments()
    assert (life.fenced, life.counts_to, live(office)) == (True, 4, 2)
    counter.redeem(credential=b"4" * 16)
    counter.exchange()
    clone.redeem(credential=b"5" * 16)
    clone.exchange()
    assert (office.store.head(counter.feed).n, live(office), receipted(office, counter)) == (5, 2, 4)
    trouble = clone.links[-1].trouble if clone.links else None
    clone.replicator.turn()
    trouble = clone.links[-1].trouble
    assert trouble is not None
    assert "enrol this counter anew" in trouble


def test_a_person_lets_the_branch_that_is_held_count(office: HeadOffice) -> None:
    counter, _ = fork(office)
    counter.redeem(credential=b"4" * 16)
    last_n = counter.redeem(credential=b"5" * 16)
    counter.exchange()
    assert count_forked(office, counter.feed, last_n - 1) == 1
    assert (live(office), receipted(office, counter)) == (3, last_n - 1)
    for n in (last_n - 1, last_n + 1):
        with pytest.raises(DeskError, match="entry-unknown"):
            count_forked(office, counter.feed, n)
    assert count_forked(office, counter.feed, last_n) == 1
    assert live(office) == 4
    other = enrolled(office, counter="bar", key=2)
    other.exchange()
    assert len(other.told(UseSeen)) == 4


def test_of_a_journal_that_did_not_fork_or_is_revoked_nothing_is_let_out(office: HeadOffice) -> None:
    counter, _ = fork(office)
    other = enrolled(office, counter="bar", key=2)
    other.exchange()
    with pytest.raises(DeskError, match="not-forked"):
        count_forked(office, other.feed, 1)
    revoke(office, counter.feed, 3, why="copied", by="marta")
    with pytest.raises(DeskError, match="not-forked"):
        count_forked(office, counter.feed, 3)


def test_a_life_that_nobody_enrolled_is_unknown(office: HeadOffice) -> None:
    counter = enrolled(office)
    feed = type(counter.feed)("bayside/front", 7)
    assert quarantine.life_of(office.store, feed) is None
    with pytest.raises(DeskError, match="counter-not-enrolled"):
        revoke(office, feed, 0, why="x", by="marta")
