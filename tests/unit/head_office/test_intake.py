"""What arrives from counters is stored, counted, told on and receipted, once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.entry import chain
from kiosk.core.fact import Answered, Receipt, Redemption, UseSeen, decode_fact
from kiosk.core.strict_cbor import decode, encode
from kiosk.errors import ExchangeError
from sync.head_office import intake
from sync.head_office.office import HeadOffice
from sync.head_office.sql.store import SqlStore
from sync.wire import EXCHANGE_PATH
from tests.head_office_world import SmallCounter, an_office, enrolled, key_number, line_to, twin
from tests.twins import MemoryFeedStore


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


def use_seen(counter: SmallCounter) -> list[UseSeen]:
    return [fact for fact in counter.told(UseSeen) if isinstance(fact, UseSeen)]


def receipts(counter: SmallCounter) -> list[Receipt]:
    return [fact for fact in counter.told(Receipt) if isinstance(fact, Receipt)]


def test_a_redemption_arrives_in_the_log(office: HeadOffice) -> None:
    counter = enrolled(office)
    n = counter.redeem(clerk="zoe")
    counter.exchange()
    (row,) = office.store.redemptions_after(0, 10)
    assert (row.kind, row.feed, row.n, row.store, row.counter) == ("redemption", counter.feed, n, "bayside", "front")
    assert (row.promotion, row.clerk, row.amount_minor, row.currency) == ("tacos", "zoe", 1200, "USD")


def test_a_redemption_sent_again_is_counted_once(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    counter.exchange()
    restarted = SmallCounter(counter.enrolment, counter.key, line_to(office), counter.journal, counter.cached)
    restarted.exchange()
    assert office.store.last_cursor() == 1
    assert len(use_seen(restarted)) == 1


def test_the_very_same_message_twice_changes_nothing(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    sent: list[bytes] = []
    straight = line_to(office)

    def record(path: str, message: bytes) -> bytes:
        if path == EXCHANGE_PATH:
            sent.append(message)
        return straight(path, message)

    SmallCounter(counter.enrolment, counter.key, record, counter.journal).exchange()
    before = office.store.heads(), office.store.last_cursor()
    for message in sent:
        intake.receive(office, message)
    assert (office.store.heads(), office.store.last_cursor()) == before


def test_a_lost_answer_costs_nothing(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    straight = line_to(office)
    losses = iter([True, True])

    def lossy(path: str, message: bytes) -> bytes:
        answered = straight(path, message)
        if path == EXCHANGE_PATH and next(losses, False):
            raise ExchangeError("unreachable", "No answer")
        return answered

    again = SmallCounter(counter.enrolment, counter.key, lossy, counter.journal)
    for _ in range(2):
        with pytest.raises(ExchangeError):
            again.exchange()
    again.exchange()
    assert office.store.last_cursor() == 1
    assert receipts(again)[-1].n >= 2


def test_a_receipt_names_the_last_entry_held(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    counter.exchange()
    head = counter.journal.heads()[counter.feed]
    last = receipts(counter)[-1]
    assert (last.feed, last.n, last.head) == (str(counter.feed), head.n, head.hash)


def test_a_quiet_exchange_writes_no_receipt(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    before = office.store.head(intake.receipts_feed(office, counter.feed.origin))
    counter.exchange()
    assert office.store.head(intake.receipts_feed(office, counter.feed.origin)) == before


def test_another_counter_is_told_of_the_use(office: HeadOffice) -> None:
    first, second = enrolled(office), enrolled(office, "pier-9", key=2)
    n = first.redeem(credential=b"x" * 16)
    first.exchange()
    second.exchange()
    (told,) = use_seen(second)
    assert (told.feed, told.n, told.credential, told.store) == (str(first.feed), n, b"x" * 16, "bayside")


def test_receipts_of_one_counter_do_not_reach_another(office: HeadOffice) -> None:
    first, second = enrolled(office), enrolled(office, "pier-9", key=2)
    first.exchange()  # the first one does: so that all know of this life
    first.redeem()
    first.exchange()
    second.exchange()
    assert [receipt.n for receipt in receipts(second) if receipt.feed == str(first.feed)] == [2]
    assert receipts(first)[-1].n == 3


def test_one_counters_journal_does_not_reach_another(office: HeadOffice) -> None:
    first, second = enrolled(office), enrolled(office, "pier-9", key=2)
    first.redeem()
    first.exchange()
    second.exchange()
    assert first.feed not in second.journal.heads()


def test_a_void_is_a_row_of_its_own_and_is_told(office: HeadOffice) -> None:
    counter = enrolled(office)
    n = counter.redeem()
    void_n = counter.undo(n)
    counter.exchange()
    redemption, void = office.store.redemptions_after(0, 10)
    assert (void.kind, void.n, void.void_of_n, void.reason) == ("void", void_n, n, "wrong guest")
    assert (void.promotion, void.amount_minor) == (redemption.promotion, redemption.amount_minor)
    assert [fact.void for fact in use_seen(counter)] == [False, True]


def test_a_void_that_comes_later_is_told_then(office: HeadOffice) -> None:
    counter = enrolled(office)
    n = counter.redeem()
    counter.exchange()
    counter.undo(n)
    counter.exchange()
    assert [(fact.n, fact.void) for fact in use_seen(counter)] == [(n, False), (n, True)]
    assert office.store.redemption_counts() == {"tacos": (1, 1)}


def test_a_second_void_of_the_same_redemption_counts_once(office: HeadOffice) -> None:
    counter = enrolled(office)
    n = counter.redeem()
    counter.undo(n)
    counter.undo(n)
    counter.exchange()
    assert office.store.redemption_counts() == {"tacos": (1, 1)}
    assert len([fact for fact in use_seen(counter) if fact.void]) == 1


def test_a_void_of_anothers_redemption_is_kept_and_counts_nothing(office: HeadOffice) -> None:
    first, second = enrolled(office), enrolled(office, "pier-9", key=2)
    n = first.redeem()
    first.exchange()
    second.undo(n, feed=first.feed)
    second.exchange()
    assert office.store.redemption_counts() == {"tacos": (1, 0)}
    assert [(one.kind, one.feed) for one in office.store.evidence()] == [("foreign-void", second.feed)]


def test_a_void_of_nothing_is_kept_and_counts_nothing(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.undo(77)
    counter.exchange()
    assert office.store.last_cursor() == 0
    assert office.store.head(counter.feed) == counter.journal.heads()[counter.feed]


def test_a_fact_of_a_newer_release_is_kept(office: HeadOffice) -> None:
    counter = enrolled(office)
    body = encode({0: 99, 1: "news"})
    held = counter.journal._feeds[counter.feed]
    held.extend(chain(counter.feed, counter.journal.heads()[counter.feed], [body]))
    counter.exchange()
    assert office.store.entries(counter.feed, 1, 1)[0].body == body
    assert office.store.last_cursor() == 0


def test_what_fails_while_it_is_counted_leaves_nothing_stored(
    office: HeadOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = enrolled(office)
    counter.redeem()
    before = office.store.heads()

    def broken(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr(office.store, "add_log_rows", broken)
    with pytest.raises(OSError, match="disk"):
        counter.exchange()
    assert office.store.heads() == before
    monkeypatch.undo()
    counter.exchange()
    assert office.store.last_cursor() == 1


def test_a_counter_that_was_never_enrolled_is_refused(office: HeadOffice) -> None:
    counter = enrolled(office)
    stranger = replace(counter.enrolment, origin="bayside/bar", counter="bar")
    with pytest.raises(ExchangeError) as refused:
        SmallCounter(stranger, counter.key, line_to(office)).exchange()
    assert refused.value.code == "party-unknown"


def test_a_message_in_anothers_name_is_refused(office: HeadOffice) -> None:
    first = enrolled(office)
    with pytest.raises(ExchangeError) as refused:
        SmallCounter(first.enrolment, key_number(66), line_to(office)).exchange()
    assert refused.value.code == "message-signature"


def test_a_feed_in_anothers_name_is_refused_and_not_stored(office: HeadOffice) -> None:
    first, second = enrolled(office), enrolled(office, "pier-9", key=2)
    second.journal.write(first.feed, Answered(at_ms=1, n=1, clerk="eve"))
    second.journal.sign(first.feed, second.key)
    side = replace(second.side.side, may_send=lambda _feed: True, quiet=lambda _feed: False)
    second.side.side = side
    with pytest.raises(ExchangeError) as refused:
        second.exchange()
    assert refused.value.code == "feed-foreign"
    assert first.feed not in office.store.heads()


def test_a_restored_counter_that_writes_on_is_fork_evidence_and_is_fenced(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    counter.exchange()
    clone = SmallCounter(counter.enrolment, counter.key, line_to(office))
    clone.redeem(credential=b"z" * 16)
    clone.redeem()
    clone.exchange()
    assert [(one.kind, one.feed) for one in office.store.evidence()] == [("fork", counter.feed)]
    assert [life.fenced for life in office.store.enrolments()] == [True]
    assert office.store.redemption_counts() == {"tacos": (1, 0)}


def copied(journal: MemoryFeedStore) -> MemoryFeedStore:
    """The same journal on another disk."""
    made = MemoryFeedStore()
    made._feeds = {feed: list(held) for feed, held in journal._feeds.items()}
    made._marks = dict(journal._marks)
    return made


def uses_in_evidence(office: HeadOffice) -> set[bytes]:
    """The credentials of all uses that are kept as evidence of a fork."""
    bodies = [body for one in office.store.evidence() for body in decode(one.content)[2]]
    facts = [decode_fact(body) for body in bodies]
    return {fact.credential for fact in facts if isinstance(fact, Redemption)}


def test_cloned_disk_that_wrote_less_than_the_first_hides_no_use(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    clone = SmallCounter(counter.enrolment, counter.key, line_to(office))
    for credential in (b"a" * 16, b"b" * 16, b"c" * 16):
        counter.redeem(credential=credential)
    counter.exchange()
    clone.redeem(credential=b"z" * 16)
    clone.exchange()
    assert uses_in_evidence(office) == {b"z" * 16}
    assert [life.fenced for life in office.store.enrolments()] == [True]
    assert office.store.redemption_counts() == {"tacos": (3, 0)}


def test_cloned_disk_sends_all_that_it_wrote_since_a_receipt_that_is_of_its_own_branch(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem(credential=b"s" * 16)
    counter.exchange()
    clone = SmallCounter(counter.enrolment, counter.key, line_to(office), copied(counter.journal))
    counter.redeem(credential=b"a" * 16)
    counter.exchange()
    clone.redeem(credential=b"y" * 16)
    clone.redeem(credential=b"z" * 16)
    clone.exchange()
    clone.exchange()  # it holds receipts of the other branch by now
    assert uses_in_evidence(office) == {b"y" * 16, b"z" * 16}
    assert len(office.store.evidence()) == 1


def test_a_counter_enrolled_again_is_another_feed_and_the_old_entries_stay(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.redeem()
    counter.exchange()
    again = enrolled(office, key=3)
    again.redeem()
    again.exchange()
    assert str(again.feed) == "bayside/front@2"
    assert [str(row.feed) for row in office.store.redemptions_after(0, 9)] == ["bayside/front@1", "bayside/front@2"]


def test_a_late_entry_of_an_old_life_is_still_taken(office: HeadOffice) -> None:
    old = enrolled(office)
    enrolled(office, key=3)
    old.redeem()
    old.exchange()
    assert office.store.last_cursor() == 1


def test_contact_and_bundle_version_are_noted(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    counter.exchange()
    (life,) = office.store.enrolments()
    assert life.last_contact_ms is not None
    assert life.bundle_version == counter.opened().version == 1


def test_a_long_absence_is_caught_up_in_one_exchange(office: HeadOffice) -> None:
    counter = enrolled(office)
    for k in range(300):
        counter.redeem(credential=k.to_bytes(16, "big"))
    counter.exchange()
    assert office.store.last_cursor() == 300
    assert [row.cursor for row in twin(office).tables.log] == list(range(1, 301))
    assert len([fact for fact in counter.told(UseSeen) if isinstance(fact, UseSeen)]) == 300


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": 2**63},
        {"at_ms": 2**63},
        {"at_ms": -(2**63) - 1},
        {"clerk": "a\0b"},
        {"store": "a\0b"},
        {"promotion": "\u00fc" * 301},
        {"store": "s" * 601},
        {"credential": bytes(601)},
        {"holder": bytes(601)},
        {"sale": bytes(601)},
    ],
)
def test_what_no_column_of_the_log_can_hold_is_kept_in_its_feed_and_stops_nothing(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    office = an_office(tmp_path, store=SqlStore.open(f"sqlite:///{tmp_path}/head-office.db"))
    counter = enrolled(office)
    counter.redeem(**changes)
    n = counter.redeem(amount_minor=2**63 - 1, sale=bytes(600), store="s" * 600)
    counter.exchange()
    assert [row.n for row in office.store.redemptions_after(0, 9)] == [n]
    assert office.store.head(counter.feed).n == counter.journal.heads()[counter.feed].n
