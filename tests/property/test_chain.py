"""The chain and the facts in it, over whatever bytes and values there are."""

from __future__ import annotations

import contextlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import apsw
import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.entry import NO_ENTRIES, BrokenChainError, FeedId, Head, MalformedEntryError, chain, follow
from kiosk.core.fact import _KINDS, Fact, Spent, Unknown, decode_fact, encode_fact
from kiosk.errors import JournalError
from kiosk.journal import Journal, verify
from tests.storage.journals import KEY, OWN, enrolled, redemption, segment, use_seen

FEED = FeedId("bayside/1", 1)
ORIGINS = st.from_regex(r"[a-z0-9][a-z0-9/._-]{0,95}", fullmatch=True)
BODIES = st.lists(st.binary(max_size=200), min_size=1, max_size=12)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**63), 2**63 - 1),
    "str": st.text(),
    "bytes": st.binary(),
    "bool": st.booleans(),
    "Mapping[str, int]": st.dictionaries(st.text(), st.integers(0, 2**32)),
    "tuple[Spent, ...]": st.lists(st.builds(Spent, *[st.integers(-(2**63), 2**63 - 1)] * 3)).map(tuple),
}


def _value(kind: str) -> st.SearchStrategy[Any]:
    present = VALUES[kind.removesuffix(" | None")]
    return present | st.none() if kind.endswith(" | None") else present


FACTS: st.SearchStrategy[Fact] = st.one_of(
    *(st.builds(kind, **{spec.name: _value(str(spec.type)) for spec in fields(kind)}) for kind in _KINDS.values())
)


def rows(bodies: list[bytes], feed: FeedId = FEED) -> list[tuple[int, bytes, bytes]]:
    return [(entry.n, entry.hash, entry.body) for entry in chain(feed, NO_ENTRIES, bodies)]


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(ORIGINS, st.integers(1, 2**32 - 1))
def test_feed_names_round_trip(origin: str, incarnation: int) -> None:
    feed = FeedId(origin, incarnation)
    assert FeedId.parse(str(feed)) == feed


@given(st.text())
def test_a_name_is_a_feeds_or_malformed(text: str) -> None:
    with contextlib.suppress(MalformedEntryError):
        assert str(FeedId.parse(text)) == text


@given(BODIES, st.integers(0, 12))
def test_a_chain_is_followed_to_its_head_from_any_entry(bodies: list[bytes], start: int) -> None:
    chained = rows(bodies)
    start = min(start, len(chained))
    after = Head(start, chained[start - 1][1]) if start else NO_ENTRIES
    assert follow(FEED, after, chained[start:]) == Head(len(bodies), chained[-1][1])


@given(BODIES, st.data())
def test_a_bit_flipped_in_any_body_or_hash_is_named(bodies: list[bytes], data: st.DataObject) -> None:
    chained = rows(bodies)
    at = data.draw(st.integers(0, len(chained) - 1))
    n, digest, body = chained[at]
    if body and data.draw(st.booleans()):
        chained[at] = (n, digest, flipped(body, data.draw(st.integers(0, len(body) * 8 - 1))))
    else:
        chained[at] = (n, flipped(digest, data.draw(st.integers(0, 255))), body)
    with pytest.raises(BrokenChainError) as broken:
        follow(FEED, NO_ENTRIES, chained)
    assert broken.value.n == n


@given(BODIES, st.data())
def test_no_other_order_and_no_gap_is_a_chain(bodies: list[bytes], data: st.DataObject) -> None:
    chained = rows(bodies)
    other = data.draw(st.lists(st.sampled_from(chained), max_size=len(chained) + 1))
    if other == chained[: len(other)]:
        assert follow(FEED, NO_ENTRIES, other).n == len(other)
    else:
        with pytest.raises(BrokenChainError):
            follow(FEED, NO_ENTRIES, other)


@given(FACTS)
def test_facts_round_trip(fact: Fact) -> None:
    body = encode_fact(fact)
    assert decode_fact(body) == fact
    assert encode_fact(decode_fact(body)) == body


@given(FACTS)
def test_bodies_are_deterministic_cbor(fact: Fact) -> None:
    body = encode_fact(fact)
    assert cbor2.dumps(cbor2.loads(body), canonical=True) == body


@given(
    st.integers(-(2**63), 2**63 - 1).filter(lambda kind: kind not in _KINDS),
    st.dictionaries(st.integers(1, 100), st.text() | st.integers() | st.binary() | st.lists(st.text())),
)
def test_unknown_kinds_survive(kind: int, other: dict[int, Any]) -> None:
    body = cbor2.dumps({0: kind, **other}, canonical=True)
    fact = decode_fact(body)
    assert isinstance(fact, Unknown)
    assert fact.kind == kind
    assert fact.fields == {0: kind, **other}
    chained = rows([body])
    assert follow(FEED, NO_ENTRIES, chained) == Head(1, chained[0][1])


@settings(max_examples=500)
@given(st.binary() | st.tuples(st.integers(1, 17), st.binary()).map(lambda kb: bytes((0xA8, 0, kb[0])) + kb[1]))
def test_any_bytes_hold_a_fact_or_are_malformed(body: bytes) -> None:
    with contextlib.suppress(MalformedEntryError):
        decode_fact(body)


@given(FACTS, st.data())
def test_a_damaged_body_holds_a_fact_or_is_malformed(fact: Fact, data: st.DataObject) -> None:
    body = encode_fact(fact)
    with contextlib.suppress(MalformedEntryError):
        decode_fact(flipped(body, data.draw(st.integers(0, len(body) * 8 - 1))))


# --- in a file ---


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "journal.sqlite3"
    journal = enrolled(path, 30)
    journal.checkpoint_now(KEY, 1, 1)
    journal.store_segment(*segment([use_seen(n) for n in range(1, 10)]))
    journal.close()
    return path


@pytest.fixture(scope="module")
def unguarded(sound: Path) -> Path:
    """The same journal, its triggers dropped, to be changed and changed back."""
    path = sound.with_name("unguarded.sqlite3")
    path.write_bytes(sound.read_bytes())
    db = apsw.Connection(str(path))
    db.execute("DROP TRIGGER entry_update")
    db.close()
    return path


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 31), bit=st.integers(min_value=0))
def test_verify_names_the_entry_whose_body_has_a_bit_flipped(unguarded: Path, n: int, bit: int) -> None:
    db = apsw.Connection(str(unguarded))
    body = db.execute("SELECT body FROM entry WHERE feed = 1 AND n = ?", (n,)).get
    try:
        changed = flipped(body, bit % (len(body) * 8))
        db.execute("UPDATE entry SET body = ? WHERE feed = 1 AND n = ?", (changed, n))
        broken = verify(unguarded).broken
        assert broken is not None
        assert (broken.feed, broken.n) == (str(OWN), n)
    finally:
        db.execute("UPDATE entry SET body = ? WHERE feed = 1 AND n = ?", (body, n))
        db.close()
    assert verify(unguarded).ok


@settings(max_examples=120, deadline=None)
@given(at=st.integers(min_value=0), flip=st.integers(1, 255))
def test_a_byte_changed_anywhere_in_the_file_is_named_or_touches_no_entry(sound: Path, at: int, flip: int) -> None:
    """Neither verify nor opening may fail in a way that has no words, whatever the disk has done."""
    whole = sound.read_bytes()
    damaged = sound.with_name("damaged.sqlite3")
    content = bytearray(whole)
    content[at % len(content)] ^= flip
    damaged.write_bytes(content)
    with contextlib.suppress(JournalError):
        report = verify(damaged)
        assert not report.ok or report.feeds == verify(sound).feeds
    with contextlib.suppress(JournalError), contextlib.closing(Journal.open(damaged)) as journal:
        list(journal.replay())
        if OWN in journal.heads():
            journal.append([redemption(99)])
    for leftover in sound.parent.glob("damaged.sqlite3-*"):
        leftover.unlink()
