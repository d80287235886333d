"""The contract of head office's database, held against the twin, SQLite and PostgreSQL."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine, inspect, text

from kiosk.core.entry import NO_ENTRIES, Entry, FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Answered, encode_fact
from kiosk.errors import ExchangeError
from sync.head_office.records import (
    Account,
    Clerk,
    Enrolment,
    EnrolmentCode,
    Evidence,
    ListedCode,
    LogRow,
    SourceText,
    StoredBundle,
    Token,
    Which,
)
from sync.head_office.sql.database import Database, parse_url
from sync.head_office.sql.store import SqlStore
from sync.head_office.sql.tables import metadata
from sync.head_office.store import HeadOfficeStore, StoreError
from tests import postgres

FEED = FeedId("bayside/front", 1)
OWN = FeedId("head-office", 1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def sql_url(url: str | None, tmp_path: Path) -> str:
    """As ``url``, with an SQLite file in the twin's place."""
    return url or f"sqlite:///{tmp_path}/again.db"


def answers(n: int, after: Head = NO_ENTRIES, feed: FeedId = FEED, clerk: str = "ana") -> list[Entry]:
    """``n`` entries behind ``after``."""
    facts = [Answered(at_ms=1_000 + i, n=1, clerk=clerk) for i in range(n)]
    return chain(feed, after, map(encode_fact, facts))


def keep(store: HeadOfficeStore, entries: list[Entry]) -> None:
    last = entries[-1]
    store.store_segment(entries, sign_checkpoint(last.feed, Head(last.n, last.hash), 1, 5_000, KEY))


def row(n: int = 1, **changes: object) -> LogRow:
    base = LogRow(
        cursor=0, kind="redemption", feed=FEED, n=n, store="bayside", counter="front", promotion="tacos", clerk="ana",
        credential_kind="listed", credential=b"c" * 16, at_ms=1_000 + n, received_at_ms=2_000,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # the tests' own keywords


def void(n: int, of: int, **changes: object) -> LogRow:
    return row(n, kind="void", void_of_n=of, reason="wrong guest", **changes)


# --- feeds


def test_a_feed_nobody_wrote_is_empty(store: HeadOfficeStore) -> None:
    assert store.head(FEED) == NO_ENTRIES
    assert store.heads() == {}
    assert store.entries(FEED, 0, 10) == []
    assert store.checkpoint(FEED) is None


def test_a_segment_is_held_byte_for_byte(store: HeadOfficeStore) -> None:
    entries = answers(3)
    keep(store, entries)
    assert store.entries(FEED, 0, 10) == entries
    assert store.heads() == {FEED: Head(3, entries[-1].hash)}


def test_entries_come_after_a_number_and_up_to_a_limit(store: HeadOfficeStore) -> None:
    keep(store, answers(5))
    assert [entry.n for entry in store.entries(FEED, 1, 2)] == [2, 3]
    assert [entry.n for entry in store.entries(FEED, 5, 2)] == []


def test_a_segments_checkpoint_replaces_the_one_before(store: HeadOfficeStore) -> None:
    first = answers(2)
    keep(store, first)
    keep(store, answers(1, Head(2, first[-1].hash)))
    mark = store.checkpoint(FEED)
    assert mark is not None
    assert mark.n == 3
    assert mark.is_signed_by(KEY.public_key().public_bytes_raw())


def test_a_segment_with_a_gap_is_refused_and_nothing_of_it_stored(store: HeadOfficeStore) -> None:
    entries = answers(4)
    keep(store, entries[:2])
    with pytest.raises(ExchangeError) as refused:
        keep(store, entries[3:])
    assert refused.value.code == "segment-gap"
    assert store.head(FEED).n == 2


def test_a_segment_that_is_there_already_is_refused(store: HeadOfficeStore) -> None:
    keep(store, answers(2))
    with pytest.raises(ExchangeError):
        keep(store, answers(2))
    assert store.head(FEED).n == 2


def test_a_segment_on_another_branch_is_refused(store: HeadOfficeStore) -> None:
    keep(store, answers(2))
    other = answers(2, clerk="bob")
    with pytest.raises(ExchangeError):
        keep(store, answers(1, Head(2, other[-1].hash)))
    assert store.head(FEED).n == 2


def test_own_facts_are_chained_behind_the_head(store: HeadOfficeStore) -> None:
    fact = Answered(at_ms=1, n=1, clerk="head office")
    first, second = store.append(OWN, [fact, fact])
    (third,) = store.append(OWN, [fact])
    assert [first, second, third] == chain(OWN, NO_ENTRIES, [encode_fact(fact)] * 3)


def test_two_lives_of_one_counter_are_two_feeds(store: HeadOfficeStore) -> None:
    keep(store, answers(2))
    keep(store, answers(1, feed=FeedId("bayside/front", 2)))
    assert {str(feed): head.n for feed, head in store.heads().items()} == {"bayside/front@1": 2, "bayside/front@2": 1}


def test_a_large_body_survives(store: HeadOfficeStore) -> None:
    body = encode_fact(Answered(at_ms=1, n=1, clerk="\U0001f32e" * 15_000))
    entries = chain(FEED, NO_ENTRIES, [body])
    keep(store, entries)
    assert store.entries(FEED, 0, 1)[0].body == body


def test_the_same_evidence_twice_is_kept_once(store: HeadOfficeStore) -> None:
    evidence = Evidence(kind="fork", feed=FEED, n=2, at_ms=10, content=b"other")
    store.add_evidence(evidence)
    store.add_evidence(replace(evidence, at_ms=20))
    store.add_evidence(replace(evidence, at_ms=30, content=b"a third branch"))
    assert [(one.at_ms, one.content) for one in store.evidence()] == [(10, b"other"), (30, b"a third branch")]


# --- the log


def test_cursors_count_up_in_the_order_of_arrival(store: HeadOfficeStore) -> None:
    added = store.add_log_rows([row(1), row(2)])
    added = [*added, *store.add_log_rows([row(3)])]
    assert [one.cursor for one in added] == [1, 2, 3]
    assert store.redemptions_after(0, 10) == added
    assert store.last_cursor() == 3


def test_a_redemption_is_in_the_log_once_however_often_it_is_added(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(1)])
    assert [one.n for one in store.add_log_rows([row(1), row(2), row(2)])] == [2]
    assert [one.n for one in store.redemptions_after(0, 10)] == [1, 2]


def test_a_reader_who_stops_and_goes_on_misses_none(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(n) for n in range(1, 8)])
    read: list[int] = []
    cursor = 0
    while page := store.redemptions_after(cursor, 3):
        read += [one.n for one in page]
        cursor = page[-1].cursor
    assert read == [1, 2, 3, 4, 5, 6, 7]


def test_every_field_of_a_row_survives(store: HeadOfficeStore) -> None:
    whole = void(2, of=1, promotion="tacos é", amount_minor=1_200, currency="USD", at_ms=2**41)
    (added,) = store.add_log_rows([whole])
    assert added == replace(whole, cursor=1)
    assert store.log_row(FEED, 2) == added


def test_an_entry_that_is_not_in_the_log_has_no_row(store: HeadOfficeStore) -> None:
    assert store.log_row(FEED, 1) is None
    assert store.void_of(FEED, 1) is None
    assert store.last_cursor() == 0


def test_the_newest_redemptions_come_first_with_their_voids(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(1), row(2), void(3, of=1)])
    lines = store.latest_redemptions(10)
    assert [(line.row.n, line.void.n if line.void else None) for line in lines] == [(2, None), (1, 3)]


def test_older_redemptions_are_asked_for_by_cursor(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(n) for n in range(1, 6)])
    assert [line.row.n for line in store.latest_redemptions(2)] == [5, 4]
    assert [line.row.n for line in store.latest_redemptions(2, before=4)] == [3, 2]


def test_redemptions_are_shown_by_store_and_promotion(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(1), row(2, store="pier-9"), row(3, promotion="coffee")])
    assert [line.row.n for line in store.latest_redemptions(9, store="pier-9")] == [2]
    assert [line.row.n for line in store.latest_redemptions(9, store="bayside", promotion="coffee")] == [3]


def test_counts_say_how_many_were_received_and_how_many_are_void(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(1), row(2), row(3, promotion="coffee"), void(4, of=2), void(5, of=2)])
    assert store.redemption_counts() == {"tacos": (2, 1), "coffee": (1, 0)}


def test_counts_can_be_of_one_store(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(1), row(2, store="pier-9"), row(3), void(4, of=3)])
    assert store.redemption_counts("bayside") == {"tacos": (2, 1)}
    assert store.redemption_counts("pier-9") == {"tacos": (1, 0)}
    assert store.redemption_counts("elm-street") == {}


def test_the_uses_of_a_credential_come_with_their_voids(store: HeadOfficeStore) -> None:
    store.add_log_rows([row(1), row(2, credential=b"d" * 16), row(3, promotion="coffee"), row(4), void(5, of=4)])
    lines = store.uses("tacos", b"c" * 16)
    assert [(line.row.n, line.void.n if line.void else None) for line in lines] == [(1, None), (4, 5)]


def test_the_redemptions_of_a_sale_come_with_their_voids(store: HeadOfficeStore) -> None:
    sale = b"s" * 16
    store.add_log_rows([row(1, sale=sale), row(2, sale=b"t" * 16), row(3), row(4, sale=sale), void(5, of=1, sale=sale)])
    lines = store.of_sales([sale, b"u" * 16])[sale]
    assert store.of_sales([b"u" * 16]) == {b"u" * 16: []}
    assert [(line.row.n, line.void.n if line.void else None) for line in lines] == [(1, 5), (4, None)]


def test_what_was_judged_and_approved_is_kept(store: HeadOfficeStore) -> None:
    (kept,) = store.add_log_rows([row(1, judged="used-here", holder=b"h" * 16, sale=b"s" * 16, approved_by="dora")])
    assert store.log_row(FEED, 1) == kept
    assert (kept.judged, kept.holder, kept.sale, kept.approved_by) == ("used-here", b"h" * 16, b"s" * 16, "dora")


@pytest.mark.parametrize(
    ("which", "expected"),
    [({}, (4, 3100)), ({"voided_too": True}, (5, 5500)), ({"store": "pier-9"}, (1, 100)), ({"clerk": "ben"}, (1, 1500)),
     ({"holder": b"h" * 16}, (1, 1500)), ({"holder": b"h" * 16, "voided_too": True}, (2, 3900)),
     ({"from_ms": 1_002}, (3, 1600)), ({"until_ms": 1_002}, (1, 1500)),
     ({"from_ms": 1_002, "until_ms": 1_003, "store": "bayside"}, (1, 1500)), ({"clerk": "nobody"}, (0, 0))],
)  # fmt: skip
def test_redemptions_are_counted_by_store_clerk_customer_and_time(
    store: HeadOfficeStore, which: dict[str, Any], expected: tuple[int, int]
) -> None:
    store.add_log_rows([
        row(1, amount_minor=1500), row(2, amount_minor=1500, clerk="ben", holder=b"h" * 16),
        row(3, amount_minor=100, store="pier-9"), row(4), row(5, amount_minor=2400, holder=b"h" * 16),
        void(6, of=5), void(7, of=5), row(8, promotion="coffee", amount_minor=9),
    ])  # fmt: skip
    found = store.count(Which(promotion="tacos", **which))
    assert (found.redemptions, found.amount_minor) == expected


def test_more_rows_than_one_query_holds(store: HeadOfficeStore) -> None:
    many = 1_001
    store.add_log_rows([row(n) for n in range(1, many + 1)])
    assert store.add_log_rows([row(n) for n in range(1, many + 1)]) == []
    assert len(store.latest_redemptions(2_000)) == many


# --- transactions


def test_what_fails_together_leaves_nothing(store: HeadOfficeStore) -> None:
    store.put_setting("kept", "yes")

    def fail(one: HeadOfficeStore) -> None:
        one.add_log_rows([row(1)])
        one.append(OWN, [Answered(at_ms=1, n=1, clerk="x")])
        one.put_setting("kept", "no")
        raise LookupError

    with pytest.raises(LookupError), store.together() as one:
        fail(one)
    assert store.last_cursor() == 0
    assert store.head(OWN) == NO_ENTRIES
    assert store.setting("kept") == "yes"


def test_what_is_done_together_is_seen_inside_at_once(store: HeadOfficeStore) -> None:
    with store.together() as one:
        one.add_log_rows([row(1)])
        assert one.last_cursor() == 1
        assert store.last_cursor() == 1
    assert store.last_cursor() == 1


def test_one_block_inside_another_commits_with_the_outer_one(store: HeadOfficeStore) -> None:
    def fail() -> None:
        with store.together() as outer:
            with outer.together() as inner:
                inner.put_setting("a", "1")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert store.setting("a") is None


def test_writers_in_many_threads_take_turns_and_a_reader_sees_no_gap(store: HeadOfficeStore) -> None:
    writers, each = 3, 6
    seen: list[int] = []
    done = threading.Event()

    def write(which: int) -> None:
        for n in range(1, each + 1):
            with store.together() as one:
                one.add_log_rows([row(n, feed=FeedId(f"bayside/c{which}", 1))])

    def follow() -> None:
        last_round = False
        while not last_round:
            last_round = done.is_set()
            seen.extend(one.cursor for one in store.redemptions_after(seen[-1] if seen else 0, 5))
            last_round = last_round and store.last_cursor() == (seen[-1] if seen else 0)
            done.wait(0.005)

    reader = threading.Thread(target=follow)
    threads = [threading.Thread(target=write, args=(which,)) for which in range(writers)]
    for thread in [reader, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join(20)
    assert seen == list(range(1, writers * each + 1))


# --- counters


def enrolment(**changes: object) -> Enrolment:
    base = Enrolment(
        store="bayside", counter="front", incarnation=1, public_key=b"k" * 32, key_epoch=1, enrolled_at_ms=5
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # the tests' own keywords


def test_enrolments_are_kept_by_counter_and_incarnation(store: HeadOfficeStore) -> None:
    store.put_enrolment(enrolment(incarnation=2))
    store.put_enrolment(enrolment())
    store.put_enrolment(enrolment(counter="bar"))
    assert [str(one.feed) for one in store.enrolments()] == ["bayside/bar@1", "bayside/front@1", "bayside/front@2"]


def test_an_enrolment_is_replaced_by_its_newer_self(store: HeadOfficeStore) -> None:
    store.put_enrolment(enrolment())
    newer = enrolment(last_contact_ms=9, bundle_version=3, address="http://127.0.0.1:8600", fenced=True)
    store.put_enrolment(newer)
    assert store.enrolments() == [newer]


def one_time_code(**changes: object) -> EnrolmentCode:
    base = EnrolmentCode(
        code_id="7K3M", store="bayside", counter="front", created_at_ms=1, expires_at_ms=2, salt=b"s", stretched=b"t",
        private_key=b"p",
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # the tests' own keywords


def test_a_one_time_code_counts_its_wrong_tries(store: HeadOfficeStore) -> None:
    store.put_code(one_time_code())
    store.put_code(one_time_code(wrong_tries=4))
    assert store.code("7K3M") == one_time_code(wrong_tries=4)


def test_a_used_code_keeps_its_answer_until_it_is_dropped(store: HeadOfficeStore) -> None:
    used = one_time_code(request_hash=b"h", answer=b"a")
    store.put_code(used)
    store.put_code(one_time_code(code_id="9XTA", counter="bar"))
    assert [code.code_id for code in store.codes()] == ["9XTA", "7K3M"]
    assert store.code("7K3M") == used
    store.drop_code("7K3M")
    assert store.code("7K3M") is None


# --- publications


def bundle(version: int, **parts: bytes) -> StoredBundle:
    return StoredBundle(
        version=version, published_at_ms=version, fresh_until_ms=version + 1, envelope=b"e%d" % version,
        parts=tuple(sorted(parts.items())),
    )  # fmt: skip


def test_the_bundle_with_the_highest_version_is_the_latest(store: HeadOfficeStore) -> None:
    assert store.latest_bundle() is None
    store.put_bundle(bundle(2, staff=b"2" * 32), {b"2" * 32: b"staff"})
    store.put_bundle(bundle(1), {})
    assert store.latest_bundle() == bundle(2, staff=b"2" * 32)


def test_a_part_is_kept_once_for_all_bundles_that_name_it(store: HeadOfficeStore) -> None:
    store.put_bundle(bundle(1, staff=b"1" * 32), {b"1" * 32: b"staff"})
    store.put_bundle(bundle(2, staff=b"1" * 32, promotions=b"2" * 32), {b"1" * 32: b"staff", b"2" * 32: b"p"})
    assert store.parts([b"1" * 32, b"2" * 32, b"3" * 32]) == {b"1" * 32: b"staff", b"2" * 32: b"p"}


def test_published_texts_are_kept_beside_those_before(store: HeadOfficeStore) -> None:
    texts = [SourceText(kind="promotions", version=v, at_ms=v, by="admin", text=f"# {v} \U0001f32e\n") for v in (1, 3)]
    for one in texts:
        store.put_source(one)
    store.put_source(SourceText(kind="organisation", version=2, at_ms=2, by="admin", text="name: Harbor"))
    assert store.sources("promotions") == texts[::-1]
    assert store.latest_source("promotions") == texts[1]


def test_listed_codes_keep_their_index(store: HeadOfficeStore) -> None:
    codes = [ListedCode(index=i, digest=bytes([i % 256, i // 256]) * 8, source="inline") for i in range(1_200)]
    store.put_listed_codes("tacos", codes)
    withdrawn = replace(codes[700], live=False)
    fresh = ListedCode(index=1_200, digest=b"new" + bytes(13), source="imported")
    store.put_listed_codes("tacos", [withdrawn, fresh])
    assert store.listed_codes("tacos") == [*codes[:700], withdrawn, *codes[701:], fresh]
    assert store.listed_codes("coffee") == []
    assert [store.live_codes(one) for one in ("tacos", "coffee")] == [1_200, 0]


def test_used_codes_are_told_by_their_index_as_often_as_they_were_redeemed(store: HeadOfficeStore) -> None:
    codes = [ListedCode(index=i, digest=bytes([i]) * 16, source="imported") for i in range(5)]
    store.put_listed_codes("tacos", codes)
    uses = [3, 1, 1, 4, 9]  # twice the second; the last is of no code
    rows = [
        row(n, promotion="tacos", credential_kind="listed", credential=bytes([use]) * 16)
        for n, use in enumerate(uses, 1)
    ]
    rows += [
        replace(rows[0], n=10, promotion="coffee", credential=bytes([0]) * 16),
        replace(rows[0], n=11, credential_kind="word", credential=bytes([0]) * 16),
        replace(rows[3], n=12, kind="void", void_of_n=4),
    ]
    store.add_log_rows(rows)
    assert store.used_indexes("tacos", 1, count_voided=False) == [1, 3]
    assert store.used_indexes("tacos", 2, count_voided=False) == [1]
    assert store.used_indexes("tacos", 1, count_voided=True) == [1, 3, 4]
    assert store.used_indexes("coffee", 1, count_voided=True) == []


# --- people and settings


def test_clerks_are_kept_changed_and_forgotten(store: HeadOfficeStore) -> None:
    ana = Clerk(id="ana", name="Ana", role="clerk", stores=("bayside", "pier-9"), pin_hash=None)
    bob = Clerk(id="bob", name="bob", role="shift-manager", stores=(), pin_hash="$argon2", from_organisation=True)
    zoe = Clerk(id="zoe", name="Zoé", role="clerk", stores=("bayside",), pin_hash=None)
    for clerk in (zoe, bob, ana):
        store.put_clerk(clerk)
    store.put_clerk(replace(ana, pin_hash="$x"))
    assert store.clerks() == [replace(ana, pin_hash="$x"), bob, zoe]
    store.drop_clerk("bob")
    assert store.clerk("bob") is None
    assert store.clerk("zoe") == zoe


def test_accounts_are_kept_and_changed(store: HeadOfficeStore) -> None:
    admin = Account(name="admin", password_hash="$a", must_change=True, session_version=1, created_at_ms=1)
    store.put_account(admin)
    store.put_account(replace(admin, must_change=False, session_version=2))
    assert store.account("admin") == replace(admin, must_change=False, session_version=2)
    assert store.account("eve") is None
    assert [one.name for one in store.accounts()] == ["admin"]


def test_a_token_opens_by_its_hash_until_it_is_dropped(store: HeadOfficeStore) -> None:
    token = Token(name="till", token_hash=b"h" * 32, created_at_ms=1)
    store.put_token(token)
    assert store.token_by_hash(b"h" * 32) == token
    assert store.token_by_hash(b"i" * 32) is None
    store.drop_token("till")
    assert store.token_by_hash(b"h" * 32) is None


def test_settings_are_replaced(store: HeadOfficeStore) -> None:
    assert store.setting("a") is None
    store.put_setting("a", "1")
    store.put_setting("a", "2")
    assert store.setting("a") == "2"


# --- databases


def test_what_was_stored_is_there_after_a_restart(sql_url: str) -> None:
    first = SqlStore.open(sql_url)
    keep(first, answers(2))
    first.add_log_rows([row(1)])
    first.close()
    again = SqlStore.open(sql_url)
    assert again.head(FEED).n == 2
    assert [one.n for one in again.redemptions_after(0, 9)] == [1]
    again.close()


def test_the_migrations_make_the_tables_that_the_code_uses(sql_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    SqlStore.open(sql_url).close()
    database = Database(parse_url(sql_url))
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_a_database_of_a_newer_release_is_refused_and_left_alone(sql_url: str) -> None:
    SqlStore.open(sql_url).close()
    engine = create_engine(parse_url(sql_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError) as refused:
        SqlStore.open(sql_url)
    assert refused.value.code == "store-newer"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    engine.dispose()


def test_two_programs_that_start_at_once_both_find_the_schema(sql_url: str) -> None:
    opened: list[SqlStore] = []
    threads = [threading.Thread(target=lambda: opened.append(SqlStore.open(sql_url))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 3
    for store in opened:
        store.close()


def test_two_programs_write_in_turn(sql_url: str) -> None:
    stores = [SqlStore.open(sql_url) for _ in range(2)]

    def write(which: int) -> None:
        for n in range(1, 11):
            stores[which].add_log_rows([row(n, feed=FeedId(f"bayside/c{which}", 1))])

    threads = [threading.Thread(target=write, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.cursor for one in stores[0].redemptions_after(0, 99)] == list(range(1, 21))
    for store in stores:
        store.close()


def test_sqlite_keeps_a_write_ahead_log_and_syncs_each_commit(tmp_path: Path) -> None:
    database = Database(parse_url(f"sqlite:///{tmp_path}/a.db"))
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()


@pytest.mark.parametrize("spelled", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_spelling_of_postgresql_means_psycopg(spelled: str) -> None:
    assert parse_url(spelled).drivername == "postgresql+psycopg"


@pytest.mark.parametrize("wrong", ["mysql://u@h/d", "head-office.db", "sqlite://", "sqlite:///:memory:", ""])
def test_an_address_that_is_neither_is_refused_with_a_cure(wrong: str) -> None:
    with pytest.raises(StoreError) as refused:
        parse_url(wrong)
    assert refused.value.code == "store-url"
    assert "sqlite:///" in refused.value.cure


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as refused:
        SqlStore.open("postgresql://eve:s3cret@127.0.0.1:1/nowhere")
    assert refused.value.code == "store-unreachable"
    assert "s3cret" not in str(refused.value)


def test_a_file_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as refused:
        SqlStore.open(f"sqlite:///{tmp_path}/file/a.db")
    assert refused.value.code == "store-unreachable"


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(os.urandom(4_096))
    with pytest.raises(StoreError) as refused:
        SqlStore.open(f"sqlite:///{tmp_path}/a.db")
    assert refused.value.code == "store-unreachable"


def test_the_tests_can_start_a_postgresql_of_their_own() -> None:
    with postgres._throwaway(postgres._binaries()) as server:
        assert postgres._answers(server)


def test_parts_that_wait_are_kept_in_every_database(store: HeadOfficeStore) -> None:
    store.put_parts({b"a" * 32: b"one"})
    store.put_parts({b"a" * 32: b"one", b"b" * 32: b"two"})
    assert store.parts([b"a" * 32, b"b" * 32]) == {b"a" * 32: b"one", b"b" * 32: b"two"}


def test_voids_of_an_older_release_still_name_what_they_undo(sql_url: str) -> None:
    """The step from schema 0002: a void named a redemption of its own feed and said no feed."""
    from alembic import command

    from sync.head_office.sql.schema import _config

    database = Database(parse_url(sql_url))
    with database.engine.connect() as connection:
        connection.execution_options(counterfoil_writes=True)
        with connection.begin():
            for table in inspect(connection).get_table_names():
                connection.execute(text(f'DROP TABLE "{table}"'))
            command.upgrade(_config(connection), "0002")
            for cursor, kind, of in ((1, "redemption", "NULL"), (2, "void", "1")):
                connection.execute(
                    text(
                        "INSERT INTO log (cursor, kind, feed, n, store, counter, promotion, clerk, credential_kind,"
                        " credential, at_ms, received_at_ms, void_of_n) VALUES"
                        f" ({cursor}, '{kind}', '{FEED}', {cursor}, 'bayside', 'front', 'tacos', 'ana', 'listed',"
                        f" :credential, 1, 1, {of})"
                    ),
                    {"credential": b"c" * 16},
                )
    database.close()
    store = SqlStore.open(sql_url)
    found = store.void_of(FEED, 1)
    assert found is not None
    assert found.undone == (FEED, 1)
    assert store.redemption_counts() == {"tacos": (1, 1)}
    store.close()
