"""The journal as its users see it: what is appended is there, what is refused is not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import apsw
import pytest

from kiosk.core.entry import NO_ENTRIES, Entry, FeedId, Head, MalformedEntryError, chain, sign_checkpoint
from kiosk.core.fact import BundleInstalled, Fact, Redemption, Unknown, Void, encode_fact
from kiosk.errors import BundleError, ExchangeError, JournalError
from kiosk.journal import Journal, verify
from kiosk.journal.journal import CHECKED_AT_OPENING, REPLAY_ENTRIES
from kiosk.journal.schema import APPEND_ONLY
from kiosk.ports import Appender, CachedBundle, FeedStore
from tests.storage.journals import (
    HEAD_OFFICE,
    HEAD_OFFICE_KEY,
    KEY,
    OWN,
    PUBLIC_KEY,
    answered,
    enrolled,
    opened,
    own_bodies,
    redemption,
    segment,
    use_seen,
)

Refusal = Callable[[], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = enrolled(path)
    yield journal
    journal.close()


def code_of(act: Refusal) -> str:
    with pytest.raises((JournalError, ExchangeError, BundleError)) as refused:
        act()
    assert refused.value.what
    assert refused.value.cure
    return refused.value.code


def installed(version: int) -> BundleInstalled:
    return BundleInstalled(at_ms=4, version=version, manifest_hash=bytes(32))


def bundle(*parts: bytes, envelope: bytes = b"envelope") -> CachedBundle:
    return CachedBundle(envelope, {sha256(part).digest(): part for part in parts})


# --- the own feed ---


def test_it_is_both_ports(journal: Journal) -> None:
    store: FeedStore = journal
    appender: Appender = journal
    assert store.heads()[appender.feed].n == 1


def test_it_has_no_feed_before_it_is_enrolled(path: Path) -> None:
    journal = Journal.open(path)
    assert code_of(lambda: journal.feed) == "not-enrolled"
    assert code_of(lambda: journal.append([redemption(1)])) == "not-enrolled"
    journal.close()


def test_appended_facts_come_back_in_order_after_reopening(journal: Journal, path: Path) -> None:
    facts: list[Fact] = [redemption(1), answered(2), redemption(2)]
    entries = journal.append(facts)
    assert [entry.n for entry in entries] == [2, 3, 4]
    journal.close()
    again = Journal.open(path)
    assert list(again.replay()) == [(OWN, n, fact) for n, fact in enumerate([opened(), *facts], start=1)]
    assert again.heads() == {OWN: Head(4, entries[-1].hash)}
    assert again.feed == OWN
    again.close()


def test_appending_nothing_writes_nothing(journal: Journal) -> None:
    assert list(journal.append([])) == []
    assert journal.heads()[OWN].n == 1


def test_a_fact_that_cannot_be_written_leaves_those_beside_it_unwritten(journal: Journal) -> None:
    lost = Void(at_ms=1, feed=str(OWN), n=2, clerk="maria", reason="x" * 70_000)
    with pytest.raises(MalformedEntryError):
        journal.append([redemption(1), lost])
    assert journal.heads()[OWN].n == 1
    assert journal.append([redemption(1)])[0].n == 2


def test_entries_are_read_behind_a_number_and_up_to_a_limit(journal: Journal) -> None:
    journal.append([redemption(number) for number in range(9)])
    assert [entry.n for entry in journal.entries(OWN, 3, 4)] == [4, 5, 6, 7]
    assert [entry.n for entry in journal.entries(OWN, 9, 4)] == [10]
    assert list(journal.entries(OWN, 10, 4)) == []
    assert list(journal.entries(OWN, 0, 0)) == []
    assert list(journal.entries(FeedId("nobody", 1), 0, 5)) == []


def test_a_second_enrolment_begins_a_new_feed_and_keeps_the_first(journal: Journal, path: Path) -> None:
    journal.append([redemption(1)])
    second = FeedId(OWN.origin, 2)
    journal.start_feed(second, opened())
    journal.append([redemption(2)])
    journal.close()
    again = Journal.open(path)
    assert again.feed == second
    assert {feed: head.n for feed, head in again.heads().items()} == {OWN: 2, second: 2}
    again.close()


def test_a_feed_is_begun_once(journal: Journal) -> None:
    assert code_of(lambda: journal.start_feed(OWN, opened())) == "already-enrolled"
    assert journal.heads()[OWN].n == 1


def test_appends_from_many_threads_make_one_chain(journal: Journal, path: Path) -> None:
    def append(first: int) -> None:
        for number in range(first, first + 20):
            journal.append([redemption(number)])

    threads = [threading.Thread(target=append, args=(100 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.heads()[OWN].n == 81
    assert verify(path).ok


def test_replay_reads_all_of_a_feed_longer_than_one_page(journal: Journal) -> None:
    journal.append([redemption(number) for number in range(REPLAY_ENTRIES + 1)])
    assert [n for _, n, _ in journal.replay()] == list(range(1, REPLAY_ENTRIES + 3))


def test_replay_lets_others_append_meanwhile(journal: Journal) -> None:
    replay = journal.replay()
    next(replay)
    journal.append([redemption(1)])
    assert len(list(replay)) <= 1


# --- checkpoints ---


def test_a_checkpoint_covers_the_head_and_is_signed(journal: Journal) -> None:
    last = journal.append([redemption(1)])[-1]
    checkpoint = journal.checkpoint_now(KEY, 1, 77)
    assert (checkpoint.feed, checkpoint.n, checkpoint.head, checkpoint.at_ms) == (OWN, 2, last.hash, 77)
    assert checkpoint.is_signed_by(PUBLIC_KEY)
    assert journal.checkpoint(OWN) == checkpoint


def test_a_checkpoint_is_made_once_for_a_head(journal: Journal) -> None:
    first = journal.checkpoint_now(KEY, 1, 77)
    assert journal.checkpoint_now(KEY, 1, 78) == first
    journal.append([redemption(1)])
    assert journal.checkpoint_now(KEY, 1, 79).n == 2


def test_a_new_key_signs_the_same_head_again(journal: Journal) -> None:
    journal.checkpoint_now(KEY, 1, 77)
    assert journal.checkpoint_now(HEAD_OFFICE_KEY, 2, 78).key_epoch == 2
    newest = journal.checkpoint(OWN)
    assert newest is not None
    assert newest.key_epoch == 2


def test_there_is_no_checkpoint_before_the_first(journal: Journal) -> None:
    assert journal.checkpoint(OWN) is None
    assert journal.checkpoint(HEAD_OFFICE) is None


# --- feeds of others ---


def test_a_segment_is_kept_with_its_checkpoint(journal: Journal, path: Path) -> None:
    entries, checkpoint = segment([use_seen(1), use_seen(2)])
    journal.store_segment(entries, checkpoint)
    journal.close()
    again = Journal.open(path)
    assert again.entries(HEAD_OFFICE, 0, 10) == entries
    assert again.checkpoint(HEAD_OFFICE) == checkpoint
    assert again.feed == OWN
    again.close()


def test_a_segment_continues_where_the_one_before_ended(journal: Journal) -> None:
    first, checkpoint = segment([use_seen(1)])
    journal.store_segment(first, checkpoint)
    more, checkpoint = segment([use_seen(2)], after=Head(1, first[-1].hash))
    journal.store_segment(more, checkpoint)
    assert journal.entries(HEAD_OFFICE, 0, 10) == first + more


def _gap() -> object:
    first, _ = segment([use_seen(1)])
    return segment([use_seen(2)], after=Head(1, first[-1].hash))


def _edited() -> object:
    entries, checkpoint = segment([use_seen(1), use_seen(2)])
    return [replace(entries[0], body=encode_fact(use_seen(9))), entries[1]], checkpoint


def _wrong_hash() -> object:
    entries, _ = segment([use_seen(1)])
    wrong = replace(entries[0], hash=bytes(32))
    return [wrong], sign_checkpoint(HEAD_OFFICE, Head(1, wrong.hash), 1, 9, HEAD_OFFICE_KEY)


def _short_checkpoint() -> object:
    entries, _ = segment([use_seen(1), use_seen(2)])
    return entries, segment([use_seen(1)])[1]


def _other_checkpoint() -> object:
    entries, _ = segment([use_seen(1)])
    return entries, segment([use_seen(2)])[1]


def _mixed() -> object:
    entries, checkpoint = segment([use_seen(1), use_seen(2)])
    return [entries[0], replace(entries[1], feed=FeedId("head-office", 2))], checkpoint


def _own() -> object:
    entries = chain(OWN, NO_ENTRIES, [encode_fact(opened())])
    return entries, sign_checkpoint(OWN, Head(1, entries[0].hash), 1, 9, KEY)


def _huge_time() -> object:
    entries, checkpoint = segment([use_seen(1)])
    return entries, replace(checkpoint, at_ms=2**64)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (_gap, "segment-gap"),
        (_edited, "segment-chain"),
        (_wrong_hash, "segment-chain"),
        (_short_checkpoint, "segment-checkpoint"),
        (_other_checkpoint, "segment-checkpoint"),
        (_huge_time, "segment-checkpoint"),
        (_mixed, "segment-mixed"),
        (lambda: ([], segment([use_seen(1)])[1]), "segment-mixed"),
        (_own, "segment-own-feed"),
    ],
    ids=["gap", "edited", "wrong-hash", "short-checkpoint", "other-checkpoint", "huge-time", "mixed", "empty", "own"],
)
def test_a_wrong_segment_is_refused_and_nothing_of_it_is_stored(
    sent: Callable[[], tuple[list[Entry], object]], code: str, journal: Journal
) -> None:
    before = journal.heads()
    entries, checkpoint = sent()
    assert code_of(lambda: journal.store_segment(entries, checkpoint)) == code  # type: ignore[arg-type]
    assert journal.heads() == before
    assert journal.checkpoint(HEAD_OFFICE) is None


def test_a_segment_sent_twice_is_refused_the_second_time_and_changes_nothing(journal: Journal) -> None:
    entries, checkpoint = segment([use_seen(1)])
    journal.store_segment(entries, checkpoint)
    assert code_of(lambda: journal.store_segment(entries, checkpoint)) == "segment-gap"
    assert journal.entries(HEAD_OFFICE, 0, 10) == entries


def test_an_entry_that_holds_no_fact_is_kept_and_replayed_as_unknown(journal: Journal) -> None:
    entries = chain(HEAD_OFFICE, NO_ENTRIES, [b"\xff not CBOR", encode_fact(use_seen(1))])
    journal.store_segment(entries, sign_checkpoint(HEAD_OFFICE, Head(2, entries[-1].hash), 1, 9, HEAD_OFFICE_KEY))
    assert list(journal.replay())[1:] == [
        (HEAD_OFFICE, 1, Unknown(kind=0, fields={})),
        (HEAD_OFFICE, 2, use_seen(1)),
    ]


# --- the bundle ---


def test_there_is_no_bundle_before_the_first(journal: Journal) -> None:
    assert journal.bundle() is None


def test_a_bundle_is_installed_with_its_entry(journal: Journal, path: Path) -> None:
    entry = journal.install_bundle(bundle(b"one", b"two"), installed(1))
    assert entry.n == 2
    journal.close()
    again = Journal.open(path)
    assert again.bundle() == bundle(b"one", b"two")
    assert list(again.replay())[-1] == (OWN, 2, installed(1))
    again.close()


def test_a_newer_bundle_takes_the_place_of_the_one_before(journal: Journal) -> None:
    journal.install_bundle(bundle(b"one", b"two"), installed(1))
    journal.install_bundle(bundle(b"two", b"three", envelope=b"second"), installed(2))
    assert journal.bundle() == bundle(b"two", b"three", envelope=b"second")


def test_an_older_bundle_is_refused_and_the_one_before_stays(journal: Journal) -> None:
    journal.install_bundle(bundle(b"new"), installed(5))
    assert code_of(lambda: journal.install_bundle(bundle(b"old"), installed(4))) == "bundle-older"
    assert journal.bundle() == bundle(b"new")
    assert journal.heads()[OWN].n == 2


def test_the_same_version_may_be_installed_again(journal: Journal) -> None:
    journal.install_bundle(bundle(b"new"), installed(5))
    assert journal.install_bundle(bundle(b"new"), installed(5)).n == 3


def test_the_floor_outlives_a_restart_and_a_new_enrolment(journal: Journal, path: Path) -> None:
    journal.install_bundle(bundle(b"new"), installed(5))
    journal.append([redemption(number) for number in range(30)])
    journal.close()
    again = Journal.open(path)
    again.start_feed(FeedId(OWN.origin, 2), opened())
    assert code_of(lambda: again.install_bundle(bundle(b"old"), installed(4))) == "bundle-older"
    again.close()


def test_what_another_feed_says_of_bundles_does_not_move_the_floor(journal: Journal) -> None:
    journal.store_segment(*segment([installed(100)]))
    journal.install_bundle(bundle(b"new"), installed(5))
    assert journal.bundle() == bundle(b"new")


def test_a_bundle_with_a_part_under_a_wrong_name_is_refused(journal: Journal) -> None:
    journal.install_bundle(bundle(b"new"), installed(5))
    wrong = CachedBundle(b"wrong", {bytes(32): b"content"})
    assert code_of(lambda: journal.install_bundle(wrong, installed(6))) == "bundle-malformed"
    assert journal.bundle() == bundle(b"new")
    assert journal.heads()[OWN].n == 2


# --- the file ---


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_the_database_itself_refuses_change(table: str, change: str, journal: Journal) -> None:
    journal.checkpoint_now(KEY, 1, 1)
    assert journal._db is not None
    column = {"feed": "id", "own_feed": "feed"}.get(table, "n")
    with pytest.raises(apsw.ConstraintError, match="append-only"):
        journal._db.execute(change.format(table).replace("rowid", column))


@pytest.mark.parametrize("n", [1, 2, 4, -1])
def test_the_database_itself_refuses_an_entry_out_of_turn(n: int, journal: Journal) -> None:
    journal.append([redemption(1)])
    assert journal._db is not None
    for verb in ("INSERT", "INSERT OR REPLACE"):
        with pytest.raises(apsw.ConstraintError):
            journal._db.execute(f"{verb} INTO entry (feed, n, hash, body) VALUES (1, ?, zeroblob(32), x'')", (n,))
    assert own_bodies(journal) == [encode_fact(opened()), encode_fact(redemption(1))]


def test_a_second_writer_is_told_who_holds_the_journal(journal: Journal, path: Path) -> None:
    open_it = (
        "import sys\nfrom pathlib import Path\n"
        "from kiosk.errors import JournalError\nfrom kiosk.journal import Journal\n"
        "try: Journal.open(Path(sys.argv[1]))\n"
        "except JournalError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", open_it, path], capture_output=True, text=True, check=True).stdout
    assert "journal-busy" in told
    assert str(path) in told
    assert str(os.getpid()) in told
    assert "Stop the other one" in told


def test_a_second_writer_within_one_program_is_refused_too(journal: Journal, path: Path) -> None:
    assert code_of(lambda: Journal.open(path)) == "journal-busy"
    assert journal.append([redemption(1)])[0].n == 2


def test_the_journal_is_free_again_after_closing(journal: Journal, path: Path) -> None:
    journal.close()
    journal.close()
    Journal.open(path).close()


def test_a_failed_opening_lets_the_next_one_in(path: Path) -> None:
    path.write_bytes(b"garbage" * 100)
    assert code_of(lambda: Journal.open(path)) == "journal-foreign"
    path.unlink()
    Journal.open(path).close()


def test_a_closed_journal_refuses(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError) as refused:
        journal.append([redemption(1)])
    assert type(refused.value) is JournalError, "nothing is unknown"
    assert code_of(lambda: journal.append([redemption(1)])) == "journal-stopped"
    assert code_of(journal.reopen) == "journal-stopped"


def test_an_entry_written_behind_its_back_is_noticed_at_the_next_append(journal: Journal, path: Path) -> None:
    entry = chain(OWN, journal.heads()[OWN], [encode_fact(redemption(1))])[0]
    other = apsw.Connection(str(path))
    other.execute("INSERT INTO entry VALUES (1, ?, ?, ?)", (entry.n, entry.hash, entry.body))
    other.close()
    assert code_of(lambda: journal.append([redemption(2)])) == "journal-edited"
    assert journal.append([redemption(2)])[0].n == 3, "it has opened the file again"
    assert verify(path).ok


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE songs (title)")
    other.close()
    before = path.read_bytes()
    assert code_of(lambda: Journal.open(path)) == "journal-foreign"
    assert path.read_bytes() == before


def test_a_journal_of_a_later_release_is_refused_and_left_alone(journal: Journal, path: Path) -> None:
    journal.close()
    later = apsw.Connection(str(path))
    later.pragma("user_version", 3)
    later.close()
    before = path.read_bytes()
    assert code_of(lambda: Journal.open(path)) == "journal-newer"
    assert path.read_bytes() == before


def test_a_journal_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert code_of(lambda: Journal.open(tmp_path / "nowhere" / "journal.sqlite3")) == "journal-unreadable"


def test_opening_names_an_edited_entry_among_the_newest(journal: Journal, path: Path) -> None:
    journal.append([redemption(number) for number in range(5)])
    journal.close()
    tampered = apsw.Connection(str(path))
    tampered.execute("DROP TRIGGER entry_update; UPDATE entry SET body = x'a0' WHERE n = 4")
    tampered.close()
    with pytest.raises(JournalError) as refused:
        Journal.open(path)
    assert refused.value.code == "journal-edited"
    assert f"feed {OWN}, entry 4" in refused.value.where


@pytest.mark.parametrize(("n", "found"), [(2, False), (3, True)])
def test_opening_checks_the_newest_thousand(n: int, found: bool, journal: Journal, path: Path) -> None:
    journal.append([redemption(number) for number in range(CHECKED_AT_OPENING + 1)])
    journal.close()
    tampered = apsw.Connection(str(path))
    tampered.execute("DROP TRIGGER entry_update; UPDATE entry SET body = x'a0' WHERE n = ?", (n,))
    tampered.close()
    if found:
        assert code_of(lambda: Journal.open(path)) == "journal-edited"
    else:
        Journal.open(path).close()
    assert not verify(path).ok


def test_entries_cut_off_below_a_checkpoint_are_missed_at_opening(journal: Journal, path: Path) -> None:
    journal.append([redemption(number) for number in range(5)])
    journal.checkpoint_now(KEY, 1, 1)
    journal.close()
    tampered = apsw.Connection(str(path))
    tampered.execute("DROP TRIGGER entry_delete; DELETE FROM entry WHERE n > 3")
    tampered.close()
    with pytest.raises(JournalError) as refused:
        Journal.open(path)
    assert refused.value.code == "journal-edited"
    assert "entry 6" in refused.value.where


def test_disk_space_is_told(journal: Journal) -> None:
    assert journal.disk_free_bytes() > 0


def test_redemptions_read_back_equal(journal: Journal) -> None:
    full = Redemption(
        at_ms=1, intent=bytes(16), promotion="p", credential=bytes(16), credential_kind="word", store="s", clerk="c",
        bundle_version=3, head_office_n=4, peers={"a@1": 2}, amount_minor=-5, currency="USD", holder=b"h",
        basket_minor=0, held_ms=1,
    )  # fmt: skip
    journal.append([full])
    assert list(journal.replay())[-1][2] == full
