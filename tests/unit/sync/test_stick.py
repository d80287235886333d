"""The stick between counters and head office: what arrives, in any order and twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.core.entry import NO_ENTRIES, FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Answered, Receipt, UseSeen
from kiosk.core.rights import is_head_office
from sync import replicator
from sync import stick as sticks
from sync.counter_stick import CounterStick
from sync.head_office.stick import OfficeStick
from tests.head_office_world import NOON, SmallCounter, an_office, clock, enrolled, twin
from tests.sticks import only, receipted_n, stick_of, to_counter, to_office
from tests.twins import MemoryFeedStore, Writer


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def office(tmp_path: Path) -> OfficeStick:
    return OfficeStick(an_office(tmp_path / "office"))


@pytest.fixture
def front(office: OfficeStick) -> SmallCounter:
    return enrolled(office.office)


@pytest.fixture
def bar(office: OfficeStick) -> SmallCounter:
    return enrolled(office.office, counter="bar", key=2)


def test_a_redemption_reaches_head_office_and_its_receipt_comes_back(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    n = front.redeem()
    read = only(to_office(front, stick, office))
    assert (read.refused, read.entries, read.sender) == (None, 2, "bayside/front")
    assert [row.n for row in twin(office.office).tables.log] == [n]
    back = only(to_counter(office, stick, front))
    assert (back.refused, back.notes) == (None, ())
    assert receipted_n(front) == n


def test_promotions_come_by_the_stick_with_all_their_parts(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    read = only(to_counter(office, stick, front))
    assert read.bundle_version == front.opened().version == 1
    assert only(stick_of(front, stick).read_from(stick)).bundle_version == 0


def test_a_stick_that_goes_around_tells_each_counter_what_the_other_did(
    office: OfficeStick, front: SmallCounter, bar: SmallCounter, stick: Path
) -> None:
    front.redeem()
    for _ in range(2):
        office.write_to(stick)
        for counter in (front, bar):
            own = stick_of(counter, stick)
            read = own.read_from(stick)
            assert only(read).refused is None
            assert read.others > 0
            own.write_to(stick)
        assert [one.refused for one in office.read_from(stick).files] == [None, None]
    assert len(bar.told(UseSeen)) == 1
    assert sorted(path.name for path in stick.iterdir()) == [
        "counterfoil-to-bayside.bar-from-head-office.stick",
        "counterfoil-to-bayside.front-from-head-office.stick",
        "counterfoil-to-head-office-from-bayside.bar.stick",
        "counterfoil-to-head-office-from-bayside.front.stick",
    ]


def test_the_same_file_twice_changes_nothing(office: OfficeStick, front: SmallCounter, stick: Path) -> None:
    front.redeem()
    to_office(front, stick, office)
    before = twin(office.office).tables.copy()
    assert only(office.read_from(stick)).entries == 0
    assert twin(office.office).tables == before


def test_what_head_office_has_receipted_does_not_travel_again(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    front.redeem()
    to_office(front, stick, office)
    assert stick_of(front, stick).write_to(stick).entries == 2
    to_counter(office, stick, front)
    assert stick_of(front, stick).write_to(stick).entries == 1  # that the bundle was installed
    assert stick_of(front, stick).write_to(stick, everything=True).entries == 6  # three of them head office's own


def test_what_a_counter_holds_does_not_travel_to_it_again(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    front.redeem()
    to_office(front, stick, office)
    assert [one.entries for one in office.write_to(stick)] == [3]
    to_counter(office, stick, front)
    to_office(front, stick, office)
    assert [one.entries for one in office.write_to(stick)] == [1]  # the receipt for what came just now
    assert [one.entries for one in office.write_to(stick, everything=True)] == [4]


def test_old_files_are_harmless_and_the_line_and_the_stick_may_be_mixed(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    front.redeem()
    own = stick_of(front, stick)
    own.write_to(stick)
    old = (stick / own.name).read_bytes()
    front.redeem()
    front.exchange()
    clock(office.office).advance(60)
    front.exchange()
    contact = office.office.store.enrolments()[0].last_contact_ms
    (stick / own.name).write_bytes(old)
    assert only(office.read_from(stick)).entries == 0
    device = office.office.store.enrolments()[0]
    assert (device.last_contact_ms, device.bundle_version) == (contact, 1)
    assert len(twin(office.office).tables.log) == 2


def test_the_last_contact_is_when_the_file_was_written(office: OfficeStick, front: SmallCounter, stick: Path) -> None:
    stick_of(front, stick).write_to(stick)
    clock(office.office).advance(86_400)
    office.read_from(stick)
    assert office.office.store.enrolments()[0].last_contact_ms == round(NOON.timestamp() * 1000)


def test_more_entries_than_one_message_holds_arrive_by_one_file(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    front.write(*(Answered(at_ms=n, n=n, clerk="zoe") for n in range(9_000)))
    written = stick_of(front, stick).write_to(stick)
    assert (written.entries, written.more) == (9_001, False)
    assert only(office.read_from(stick)).entries == 9_001


def test_a_file_by_the_device_that_was_there_before_says_nothing_of_the_one_that_is_there_now(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    front.exchange()
    stick_of(front, stick).write_to(stick)
    new = enrolled(office.office, key=3)
    assert only(office.read_from(stick)).refused is None
    device = office.office.store.enrolments()[-1]
    assert (device.feed, device.last_contact_ms, device.bundle_version) == (new.feed, None, None)
    read = only(to_counter(office, stick, new))
    assert (read.refused, read.notes) == (None, ())
    assert new.opened().version == 1


def brought(store: MemoryFeedStore, feed: FeedId, journal: MemoryFeedStore) -> None:
    """Something else than a stick has brought what ``store`` holds of ``feed`` into ``journal``."""
    mark = store.checkpoint(feed)
    assert mark is not None
    held = journal.heads().get(feed, NO_ENTRIES).n
    journal.store_segment(store.entries(feed, held, 1_000), mark)


def told_by(near: SmallCounter, journal: MemoryFeedStore) -> None:
    """The local network has brought a neighbour's entries into ``journal``."""
    near.journal.sign(near.feed, near.key, near.enrolment.key_epoch)
    brought(near.journal, near.feed, journal)


def test_one_counters_stick_brings_what_its_neighbours_told_it_and_their_receipts_back(
    office: OfficeStick, front: SmallCounter, bar: SmallCounter, stick: Path
) -> None:
    bar.redeem()
    told_by(bar, front.journal)
    read = only(to_office(front, stick, office))
    assert (read.entries, read.notes) == (3, ())
    assert [row.feed for row in twin(office.office).tables.log] == [bar.feed]
    assert only(to_counter(office, stick, front)).notes == ()
    receipts = [fact for fact in front.told(Receipt) if isinstance(fact, Receipt)]
    assert {one.feed for one in receipts} == {str(front.feed), str(bar.feed)}
    assert stick_of(front, stick).write_to(stick).entries == 1  # its own, that the bundle was installed
    bar.redeem()
    told_by(bar, front.journal)
    assert only(to_office(front, stick, office)).entries == 2


def test_another_stores_entries_are_not_carried(office: OfficeStick, front: SmallCounter, stick: Path) -> None:
    pier = enrolled(office.office, "pier-9", "front", key=5)
    told_by(pier, front.journal)
    assert stick_of(front, stick).write_to(stick).entries == 1


def test_a_restored_head_office_is_sent_everything_again(office: OfficeStick, front: SmallCounter, stick: Path) -> None:
    """Its own lost entries too, where a counter may send them, until it answers."""
    front.redeem()
    front.exchange()
    front.exchange()
    front.side.side = replace(front.side.side, may_send=lambda feed: feed == front.feed or is_head_office(feed))
    assert stick_of(front, stick).write_to(stick).entries == 0
    lost = sum(head.n for feed, head in front.journal.heads().items() if feed.incarnation == 1)
    newer = Writer(FeedId("head-office/bayside/front", 2), office.office.keys.feed)
    newer.write(Answered(at_ms=1, n=1, clerk="-"))
    brought(newer.store, newer.feed, front.journal)
    assert stick_of(front, stick).write_to(stick).entries == lost
    head = front.journal.heads()[front.feed]
    newer.write(Receipt(at_ms=1, feed=str(front.feed), n=head.n, head=head.hash))
    brought(newer.store, newer.feed, front.journal)
    assert stick_of(front, stick).write_to(stick).entries == 0


def test_a_stick_waits_for_the_exchange_under_way_and_says_so_when_it_lasts(
    office: OfficeStick, front: SmallCounter, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write_to(stick)
    running = CounterStick(front.side, front.replicator.between_exchanges, stick)
    monkeypatch.setattr(replicator, "WAITS_FOR_EXCHANGE_S", 0.01)
    with front.replicator.between_exchanges():
        read = only(running.read_from(stick))
        assert read.refused is not None
        assert read.refused.code == "line-busy"
    assert front.cached is None
    assert only(running.read_from(stick)).bundle_version == 1
    front.exchange()
    assert front.opened().version == 1


def test_a_counter_that_a_stick_told_goes_on_over_the_line_where_it_is(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    front.redeem()
    to_office(front, stick, office)
    to_counter(office, stick, front)
    front.redeem()
    front.exchange()
    assert front.links == []
    assert receipted_n(front) == front.journal.heads()[front.feed].n
    assert len(twin(office.office).tables.log) == 2


def test_what_did_not_fit_goes_with_the_next_file(
    office: OfficeStick, front: SmallCounter, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sticks, "MOST_ENTRY_BYTES", 1)
    front.write(*(Answered(at_ms=n, n=n, clerk="zoe") for n in range(9_000)))
    written = stick_of(front, stick).write_to(stick)
    assert written.more
    assert only(office.read_from(stick)).entries == written.entries < 9_001
    to_counter(office, stick, front)
    rest = stick_of(front, stick).write_to(stick)
    assert not rest.more
    only(office.read_from(stick))
    assert office.office.store.head(front.feed) == front.journal.heads()[front.feed]


def test_what_a_newer_head_office_writes_is_no_receipt_and_no_trouble(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    front.exchange()
    feed = FeedId("head-office/bayside/front", 1)
    chained = chain(feed, front.journal.heads().get(feed, NO_ENTRIES), [b"\xff"])
    mark = sign_checkpoint(feed, Head(chained[-1].n, chained[-1].hash), 1, 1, office.office.keys.feed)
    front.journal.store_segment(chained, mark)
    front.redeem()
    assert stick_of(front, stick).write_to(stick).entries == 1


def test_parts_in_many_records_are_found_in_whatever_order_they_are_wanted(
    office: OfficeStick, front: SmallCounter, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sticks, "PARTS_BYTES", 1)
    assert only(to_counter(office, stick, front)).bundle_version == 1
    assert len(front.opened().parts) > 3


def test_before_anything_is_published_a_stick_brings_what_there_is(tmp_path: Path, stick: Path) -> None:
    office = OfficeStick(an_office(tmp_path / "office", published=False))
    front = enrolled(office.office)
    front.redeem()
    to_office(front, stick, office)
    read = only(to_counter(office, stick, front))
    assert (read.refused, read.bundle_version, receipted_n(front)) == (None, 0, 2)


def test_a_counter_whose_disk_was_restored_is_told_of(office: OfficeStick, front: SmallCounter, stick: Path) -> None:
    front.redeem()
    front.exchange()
    restored = SmallCounter(front.enrolment, front.key, front.post)
    restored.write(Answered(at_ms=1, n=1, clerk="zoe"))
    stick_of(restored, stick).write_to(stick)
    read = only(office.read_from(stick))
    assert [note.code for note in read.notes] == ["stick-two-histories"]


def test_what_is_pruned_at_a_counter_stays_away_and_the_rest_travels(
    office: OfficeStick, front: SmallCounter, stick: Path
) -> None:
    front.redeem()
    to_office(front, stick, office)
    front.journal.prune(front.feed, 2)
    front.redeem()
    assert stick_of(front, stick).write_to(stick, everything=True).entries == 1
    assert only(office.read_from(stick)).entries == 1
