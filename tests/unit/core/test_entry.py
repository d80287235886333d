"""The entry's format: feed names, the hash over stored bytes, checkpoints, facts."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import (
    MAX_BODY_BYTES,
    MAX_ORIGIN_CHARACTERS,
    NO_ENTRIES,
    BrokenChainError,
    FeedId,
    Head,
    MalformedEntryError,
    chain,
    entry_hash,
    follow,
    sign_checkpoint,
)
from kiosk.core.fact import (
    Answered,
    Asked,
    BundleInstalled,
    ClockReset,
    ContactSealed,
    Denied,
    Freed,
    Granted,
    Opened,
    Receipt,
    Redemption,
    Returned,
    Revoked,
    Spent,
    Ticked,
    Transferred,
    Unknown,
    UseSeen,
    Void,
    decode_fact,
    encode_fact,
)

FEED = FeedId("bayside/1", 1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = KEY.public_key().public_bytes_raw()
USE = UseSeen(at_ms=1, feed="a@1", n=2, promotion="p", credential=b"c", store="s", used_at_ms=3)
ANSWERED = Answered(at_ms=1, n=2, clerk="maria")


# --- feed names ---


@pytest.mark.parametrize("name", ["bayside/1@1", "head-office@4294967295", "head-office/bayside/1@7", "a@1", "0.a_b@2"])
def test_a_feed_name_is_read_as_it_was_written(name: str) -> None:
    assert str(FeedId.parse(name)) == name


@pytest.mark.parametrize(
    "name",
    ["", "a", "a@", "@1", "a@0", "a@01", "a@+1", "a@ 1", "a@1 ", "a@4294967296", "a@99999999999", "a@1@1", "A@1",
     "a b@1", "/a@1", "é@1", "a@\u0661", "a\n@1"],
)  # fmt: skip
def test_a_wrong_feed_name_is_refused(name: str) -> None:
    with pytest.raises(MalformedEntryError, match=r"^(not a feed name: '|a feed's (origin|incarnation) .*, not )"):
        FeedId.parse(name)


def test_a_refusal_of_a_feed_name_says_what_is_wrong_with_it() -> None:
    with pytest.raises(MalformedEntryError, match=r"^not a feed name: 'a@01'$"):
        FeedId.parse("a@01")
    with pytest.raises(MalformedEntryError, match=r"^not a feed name: 'a'$"):
        FeedId.parse("a")
    with pytest.raises(MalformedEntryError, match=r"^not a feed name: 'a@10000000000'$"):
        FeedId.parse("a@10000000000")
    with pytest.raises(MalformedEntryError, match=r"^a feed's incarnation is 1 to 4294967295, not 0$"):
        FeedId("a", 0)
    with pytest.raises(MalformedEntryError, match=r"^a feed's origin has a-z, 0-9, / \. _ - only, not 'a@1'$"):
        FeedId.parse("a@1@1")


def test_an_origin_has_96_characters_at_most() -> None:
    assert FeedId("a" * MAX_ORIGIN_CHARACTERS, 1).incarnation == 1
    with pytest.raises(MalformedEntryError):
        FeedId("a" * (MAX_ORIGIN_CHARACTERS + 1), 1)


# --- the chain ---


def test_the_hash_is_of_the_bytes_that_the_format_says() -> None:
    spelt_out = (
        b"kj1" + b"\x00\x0b" + b"bayside/1@1" + b"\x00\x00\x00\x00\x00\x00\x00\x05" + b"\x11" * 32
        + b"\x00\x00\x00\x04" + b"body"
    )  # fmt: skip
    assert entry_hash(FEED, 5, b"\x11" * 32, b"body") == hashlib.sha256(spelt_out).digest()


def test_the_first_entry_follows_zeros() -> None:
    assert Head(0, bytes(32)) == NO_ENTRIES
    assert chain(FEED, NO_ENTRIES, [b"body"])[0].hash == entry_hash(FEED, 1, bytes(32), b"body")


def test_a_chain_may_be_written_in_parts() -> None:
    whole = chain(FEED, NO_ENTRIES, [b"1", b"2", b"3"])
    first = chain(FEED, NO_ENTRIES, [b"1"])
    rest = chain(FEED, Head(1, first[0].hash), [b"2", b"3"])
    assert first + rest == whole
    assert [(one.feed, one.n, one.body) for one in whole] == [(FEED, 1, b"1"), (FEED, 2, b"2"), (FEED, 3, b"3")]


def test_a_body_has_64_kib_at_most() -> None:
    assert chain(FEED, NO_ENTRIES, [bytes(MAX_BODY_BYTES)])
    with pytest.raises(MalformedEntryError, match=r"^entry 2 of bayside/1@1 has 65537 bytes; 65536 are allowed$"):
        chain(FEED, NO_ENTRIES, [b"1", bytes(MAX_BODY_BYTES + 1)])


def test_following_a_chain_gives_its_head() -> None:
    entries = chain(FEED, NO_ENTRIES, [b"1", b"2", b"3"])
    rows = [(entry.n, entry.hash, entry.body) for entry in entries]
    assert follow(FEED, NO_ENTRIES, rows) == Head(3, entries[2].hash)
    assert follow(FEED, Head(1, entries[0].hash), rows[1:]) == Head(3, entries[2].hash)
    assert follow(FEED, NO_ENTRIES, []) == NO_ENTRIES


@pytest.mark.parametrize(
    ("change", "n", "why"),
    [
        (lambda rows: [rows[0], rows[2]], 2, "it is missing; the next one found is 3"),
        (lambda rows: rows[1:], 1, "it is missing; the next one found is 2"),
        (lambda rows: [rows[1], rows[0], rows[2]], 1, "it is missing; the next one found is 2"),
        (lambda rows: [rows[0], (2, rows[1][1], b"x"), rows[2]], 2, "its bytes do not give its hash"),
        (lambda rows: [rows[0], (2, bytes(32), rows[1][2]), rows[2]], 2, "its bytes do not give its hash"),
        (lambda rows: [rows[0], (2, rows[1][1], "2"), rows[2]], 2, "its body is not bytes"),
        (lambda rows: [rows[0], (2, rows[1][1], None), rows[2]], 2, "its body is not bytes"),
        (lambda rows: [*rows, rows[2]], 4, "it is missing; the next one found is 3"),
    ],
    ids=["gap", "beginning", "swapped", "body", "hash", "text", "null", "twice"],
)
def test_following_a_chain_names_the_first_entry_that_is_not_its_writers(change, n: int, why: str) -> None:  # type: ignore[no-untyped-def]
    rows = [(entry.n, entry.hash, entry.body) for entry in chain(FEED, NO_ENTRIES, [b"1", b"2", b"3"])]
    with pytest.raises(BrokenChainError) as broken:
        follow(FEED, NO_ENTRIES, change(rows))
    assert (broken.value.n, broken.value.why) == (n, why)
    assert broken.value.torn is (why == "its body is not bytes")
    assert str(broken.value) == f"entry {n}: {why}"


def test_a_chain_holds_for_its_own_feed_only() -> None:
    rows = [(entry.n, entry.hash, entry.body) for entry in chain(FEED, NO_ENTRIES, [b"1"])]
    with pytest.raises(BrokenChainError):
        follow(FeedId("bayside/1", 2), NO_ENTRIES, rows)


# --- checkpoints ---


def test_a_checkpoint_is_signed_over_each_of_its_fields() -> None:
    checkpoint = sign_checkpoint(FEED, Head(3, b"h" * 32), 1, 9, KEY)
    assert checkpoint.is_signed_by(PUBLIC_KEY)
    for other in (
        replace(checkpoint, feed=FeedId("bayside/1", 2)),
        replace(checkpoint, n=4),
        replace(checkpoint, head=b"i" * 32),
        replace(checkpoint, key_epoch=2),
        replace(checkpoint, at_ms=10),
        replace(checkpoint, signature=bytes(64)),
        replace(checkpoint, signature=b""),
    ):
        assert not other.is_signed_by(PUBLIC_KEY)


def test_what_a_checkpoint_signs_stays_as_it_is_for_ever() -> None:
    """Head office checks these signatures years later: a change of this test is a new format."""
    checkpoint = sign_checkpoint(FEED, Head(3, b"h" * 32), 1, 9, KEY)
    assert checkpoint.signed_bytes() == (
        b"\x86" + b"\x6ekj1-checkpoint" + b"\x6bbayside/1@1" + b"\x03" + b"\x58\x20" + b"h" * 32 + b"\x01" + b"\x09"
    )


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), b"\xff" * 32, bytes(33)])
def test_a_checkpoint_is_not_signed_by_another_key(key: bytes) -> None:
    assert not sign_checkpoint(FEED, Head(3, b"h" * 32), 1, 9, KEY).is_signed_by(key)


# --- facts ---


def test_the_body_of_a_fact_stays_as_it_is_for_ever() -> None:
    """These bytes lie on counters' disks: a change of this test is a new format."""
    assert encode_fact(ANSWERED).hex() == "a400040101020203656d61726961"
    assert decode_fact(bytes.fromhex("a40004010102020365" + b"maria".hex())) == ANSWERED


@pytest.mark.parametrize(
    ("kind", "number", "keys"),
    [
        (Opened, 1, "at_ms store counter public_key key_epoch"),
        (BundleInstalled, 2, "at_ms version manifest_hash"),
        (Redemption, 3,
         "at_ms intent promotion credential credential_kind store clerk bundle_version head_office_n peers "
         "amount_minor currency holder basket_minor held_ms screen not_read anyway approved_by approved_why sale "
         "shared spent"),
        (Answered, 4, "at_ms n clerk feed"),
        (Void, 5, "at_ms feed n clerk reason"),
        (Transferred, 6, "at_ms to right promotion granted_by amount subject"),
        (Returned, 7, "at_ms right promotion granted_by amount subject"),
        (Asked, 8, "at_ms intent promotion credential"),
        (Ticked, 9, "at_ms floor_ms reset_ms"),
        (ContactSealed, 10, "at_ms sha256 case"),
        (Receipt, 16, "at_ms feed n head"),
        (UseSeen, 17, "at_ms feed n promotion credential store used_at_ms void clerk amount_minor holder"),
        (Granted, 18, "at_ms feed right promotion amount subject asked_n"),
        (Denied, 19, "at_ms feed n why"),
        (Revoked, 20, "at_ms feed n why by"),
        (Freed, 21, "at_ms feed right promotion granted_by amount by why subject"),
        (ClockReset, 22, "at_ms floor_ms signature feed"),
    ],
)  # fmt: skip
def test_the_number_of_a_kind_and_of_each_of_its_fields_stays_for_ever(kind: Any, number: int, keys: str) -> None:
    """Fields are numbered from 1 in this order: a new one goes to the end."""
    typed = {"int": 7, "str": "text", "bytes": b"bytes", "bool": True, "Mapping": {"pier-9/1@1": 9},
             "tuple": (Spent(1, 2, 3),)}  # fmt: skip
    values = {field.name: typed[str(field.type).split(" |")[0].split("[")[0]] for field in fields(kind)}
    assert list(values) == keys.split()
    body = cbor2.loads(encode_fact(kind(**values)))
    as_read = values | ({"spent": [[1, 2, 3]]} if "spent" in values else {})
    assert body == {0: number} | {k: as_read[name] for k, name in enumerate(keys.split(), 1)}
    assert decode_fact(encode_fact(kind(**values))) == kind(**values)


def test_a_fact_is_the_same_bytes_in_whatever_order_its_peers_were_named() -> None:
    fact = {"at_ms": 1, "intent": b"i", "promotion": "p", "credential": b"c", "credential_kind": "word", "store": "s",
            "clerk": "k", "bundle_version": 7, "head_office_n": 8}  # fmt: skip
    one, other = Redemption(**fact, peers={"b@1": 1, "a@1": 2}), Redemption(**fact, peers={"a@1": 2, "b@1": 1})  # type: ignore[arg-type]
    assert encode_fact(one) == encode_fact(other)


def test_absent_fields_are_left_out() -> None:
    assert 8 not in cbor2.loads(encode_fact(USE))
    assert cbor2.loads(encode_fact(replace(USE, void=True)))[8] is True
    assert decode_fact(encode_fact(replace(USE, void=True))) == replace(USE, void=True)


@pytest.mark.parametrize("spent", [[1], [[1, 2]], [[1, 2, "3"]], [[1, 2, True]], [[1, 2, 3, 4]], ["123"]])
def test_what_a_redemption_spent_is_three_numbers_each(spent: Any) -> None:
    body = {0: 3, 1: 1, 2: b"i", 3: "p", 4: b"c", 5: "word", 6: "s", 7: "k", 8: 7, 9: 8}
    assert isinstance(decode_fact(cbor2.dumps(body | {23: [[1, 2, 3]]})), Redemption)
    with pytest.raises(MalformedEntryError, match=r"^Redemption\.spent has something that is not three numbers$"):
        decode_fact(cbor2.dumps(body | {23: spent}))


def test_an_unknown_kind_is_read_and_cannot_be_written() -> None:
    fact = decode_fact(cbor2.dumps({0: 999, 1: "later"}))
    assert fact == Unknown(kind=999, fields={0: 999, 1: "later"})
    with pytest.raises(MalformedEntryError, match=r"^a fact of the unknown kind 999 can be kept but not written$"):
        encode_fact(fact)


def test_an_unknown_field_of_a_known_kind_is_ignored() -> None:
    body = {**cbor2.loads(encode_fact(ANSWERED)), 40: "later"}
    assert decode_fact(cbor2.dumps(body, canonical=True)) == ANSWERED


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "a body that is not CBOR: premature end"), (b"\xff", "a body that is not CBOR: "),
        (b"\x01", "a body without a kind$"), (b"\x80", "a body without a kind$"), (b"\xa0", "a body without a kind$"),
        (cbor2.dumps({0: "4"}), "a body without a kind$"), (cbor2.dumps({0: True}), "a body without a kind$"),
        (cbor2.dumps({0: None}), "a body without a kind$"), (cbor2.dumps({1: 1}), "a body without a kind$"),
        (cbor2.dumps({0: 4, 1: 1, 2: 2}), "Answered without clerk$"),
        (cbor2.dumps({0: 4, 1: "1", 2: 2, 3: "maria"}), "Answered.at_ms is str$"),
        (cbor2.dumps({0: 4, 1: True, 2: 2, 3: "maria"}), "Answered.at_ms is bool$"),
        (cbor2.dumps({0: 4, 1: 1.0, 2: 2, 3: "maria"}), "Answered.at_ms is float$"),
        (cbor2.dumps({0: 4, 1: 1, 2: 2, 3: b"maria"}), "Answered.clerk is bytes$"),
        (bytes(MAX_BODY_BYTES + 1), "a body of 65537 bytes; 65536 are allowed$"),
        (b"\x81" * 60_000, "a body that is not CBOR: "),
    ],
    ids=range(16),
)  # fmt: skip
def test_a_body_that_holds_no_fact_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(MalformedEntryError, match=f"^{why}"):
        decode_fact(body)


def test_a_body_of_64_kib_is_read() -> None:
    padding = "x" * (MAX_BODY_BYTES - len(cbor2.dumps({0: 999, 1: "x" * 60_000})) + 60_000)
    body = cbor2.dumps({0: 999, 1: padding})
    assert len(body) == MAX_BODY_BYTES
    assert decode_fact(body) == Unknown(kind=999, fields={0: 999, 1: padding})


def test_half_a_surrogate_pair_cannot_be_written() -> None:
    with pytest.raises(MalformedEntryError, match=r"^a fact that cannot be written: .*surrogates"):
        encode_fact(replace(ANSWERED, clerk="\ud800"))


def test_the_fields_of_what_the_counter_knew_are_kept() -> None:
    fact = Redemption(
        at_ms=1, intent=b"i", promotion="p", credential=b"c", credential_kind="word", store="s", clerk="k",
        bundle_version=7, head_office_n=8, peers={"pier-9/1@1": 9},
    )  # fmt: skip
    read = decode_fact(encode_fact(fact))
    assert isinstance(read, Redemption)
    assert (read.bundle_version, read.head_office_n, read.peers) == (7, 8, {"pier-9/1@1": 9})
