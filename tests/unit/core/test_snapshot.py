import hashlib
from dataclasses import replace

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import FeedId, Head
from kiosk.core.freezing import differing
from kiosk.core.settled import TABLES
from kiosk.core.snapshot import FORMAT, MAGIC, SnapshotError, read, write
from kiosk.core.standing import Standing
from tests.core_world import ELSEWHERE, HEAD_OFFICE, OWN, redemption, use_seen

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()
COVERED = {OWN: Head(3, b"a" * 32), HEAD_OFFICE: Head(1, b"b" * 32)}


def folded() -> Standing:
    standing = Standing(OWN)
    standing.apply(OWN, 2, redemption(1, amount_minor=700, holder=b"h" * 16))
    standing.apply(OWN, 3, redemption(2, credential=bytes(16)))
    standing.apply(HEAD_OFFICE, 1, use_seen(ELSEWHERE, 5, redemption(3, credential=b"c" * 16)))
    return standing


def made(key: Ed25519PrivateKey = KEY, feed: FeedId = OWN) -> bytes:
    return b"".join(write(folded().frozen(), COVERED, feed, 4, 99, key))


def why(octets: bytes, feed: FeedId = OWN, public_key: bytes = PUBLIC) -> str:
    with pytest.raises(SnapshotError) as refused:
        read(octets, {feed: public_key})
    return str(refused.value)


def test_what_is_written_is_read_back() -> None:
    snapshot = read(made(), {OWN: PUBLIC})
    assert (snapshot.feed, snapshot.key_epoch, snapshot.at_ms, snapshot.covered) == (OWN, 4, 99, COVERED)
    assert differing(snapshot.settled, folded().frozen().settled()) == []
    assert snapshot.settled.names == folded().frozen().names


def test_of_nothing_too() -> None:
    octets = b"".join(write(Standing(OWN).frozen(), {}, OWN, 1, 0, KEY))
    assert differing(read(octets, {OWN: PUBLIC}).settled, Standing(OWN).frozen().settled()) == []


def test_a_snapshot_without_a_used_mark_that_another_made_is_not_believed() -> None:
    assert why(made(OTHER_KEY)) == "this counter did not sign it"


def test_a_snapshot_of_an_earlier_life_is_not_believed() -> None:
    assert why(made(), replace(OWN, incarnation=2)) == "it is of bayside/counter-1@1"


def test_a_key_that_is_none_signs_nothing() -> None:
    assert why(made(), public_key=b"short") == "this counter did not sign it"


def test_a_snapshot_of_another_feed_by_a_key_that_is_believed_for_one_of_ours_is_not_believed() -> None:
    octets = made(feed=ELSEWHERE)
    with pytest.raises(SnapshotError, match="it is of pier-9"):
        read(octets, {OWN: PUBLIC})
    with pytest.raises(SnapshotError, match="it is of pier-9"):
        read(octets, {OWN: PUBLIC, ELSEWHERE: OTHER_KEY.public_key().public_bytes_raw()})


def test_a_table_that_was_altered_is_not_believed() -> None:
    octets = made()
    for at in (len(octets) - 1, len(octets) - sum(map(len, folded().frozen().sections.values()))):
        assert why(octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]) == "its tables are damaged"
    assert why(octets[:-1]) == "its tables are damaged"
    assert why(octets + b"\0") == "its tables are damaged"


def test_any_altered_byte_of_the_head_is_not_believed() -> None:
    octets = made()
    head = len(octets) - sum(map(len, folded().frozen().sections.values()))
    assert all(why(octets[:at] + bytes([octets[at] ^ 0x40]) + octets[at + 1 :]) for at in range(head))


@pytest.mark.parametrize("length", [0, 5, 8, 11, 12, 40, 200])
def test_a_snapshot_that_was_cut_short_is_not_believed(length: int) -> None:
    assert why(made()[:length])


def test_a_newer_format_and_what_is_no_snapshot_are_told_apart() -> None:
    octets = made()
    assert why(MAGIC + b"2" + octets[8:]) == "it is of another release's format"
    assert why(b"SQLite format 3\0") == "it is no snapshot"


def test_a_table_of_a_later_release_of_the_same_format_is_passed_over() -> None:
    frozen = folded().frozen()
    more = replace(frozen, sections={"later": b"xyz", **frozen.sections})
    snapshot = read(b"".join(write(more, COVERED, OWN, 4, 99, KEY)), {OWN: PUBLIC})
    assert set(snapshot.settled.tables) == set(TABLES)
    assert differing(snapshot.settled, frozen.settled()) == []


def test_one_of_an_older_release_that_folded_less_is_believed_only_where_nothing_else_is_to_be_had() -> None:
    frozen = folded().frozen()
    sections = {name: section for name, section in frozen.sections.items() if name != "moved"}
    octets = b"".join(write(replace(frozen, sections=sections), COVERED, OWN, 4, 99, KEY))
    assert why(octets) == "it is of another release's format: it has no moved"
    settled = read(octets, {OWN: PUBLIC}, older=True).settled
    assert (settled.tables["moved"].count, settled.tables["told"].count) == (0, 3)


def test_what_is_small_and_was_not_folded_by_an_older_release_is_as_at_the_beginning() -> None:
    octets = made()
    head_bytes = int.from_bytes(octets[8:12], "big")
    stated = cbor2.loads(cbor2.loads(octets[12 : 12 + head_bytes])[0])

    def restated() -> bytes:
        statement = cbor2.dumps(stated)
        head = cbor2.dumps([statement, KEY.sign(cbor2.dumps(["kj1-snapshot", statement]))])
        return octets[:8] + len(head).to_bytes(4, "big") + head + octets[12 + head_bytes :]

    del stated[8]["accounts"]
    older = restated()
    stated[8] = [1, 2]
    assert why(restated()) == "it is of another release's format"
    assert why(older) == "it is of another release's format: it has no accounts"
    assert read(older, {OWN: PUBLIC}, older=True).settled.small.accounts is None


def test_the_layout_is_as_the_module_says() -> None:
    octets = made()
    head_bytes = int.from_bytes(octets[8:12], "big")
    statement, signature = cbor2.loads(octets[12 : 12 + head_bytes])
    KEY.public_key().verify(signature, cbor2.dumps(["kj1-snapshot", statement]))
    stated = cbor2.loads(statement)
    tables = octets[12 + head_bytes :]
    assert octets[:8] == MAGIC + FORMAT == b"kj1snap1"
    assert stated[4] == [["bayside/counter-1@1", 3, b"a" * 32], ["head-office@1", 1, b"b" * 32]]
    assert (stated[6], sum(length for _, length in stated[5])) == (hashlib.sha256(tables).digest(), len(tables))
