"""Signed envelopes and strict decoding: what is not exactly ours is refused, by name, before it costs anything."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from kiosk.core.strict_cbor import encode
from kiosk.errors import ExchangeError
from sync import wire
from sync.wire import Envelope, Exchange, Kind, Party, seal, unseal
from tests.twins import NOON_MS, key_of_seed

US = Party("bayside/front", 3, key_of_seed(1))
PUBLIC = US.key.public_key().public_bytes_raw()
NONCE = b"n" * 16


def key_of(origin: str, key_epoch: int) -> bytes | None:
    return PUBLIC if (origin, key_epoch) == (US.origin, US.key_epoch) else None


def sealed(body: bytes = b"body", *, party: Party = US, kind: Kind = Kind.EXCHANGE) -> bytes:
    return seal(kind, body, party=party, recipient="head-office", nonce=NONCE, at_ms=NOON_MS)


def opened(message: bytes, *, kind: Kind = Kind.EXCHANGE, recipient: str = "head-office") -> Envelope:
    return unseal(message, kind=kind, recipient=recipient, key_of=key_of, nonce=NONCE)


def refusal_of(message: bytes) -> str:
    with pytest.raises(ExchangeError) as caught:
        opened(message)
    return caught.value.code


def test_what_was_sealed_is_opened_with_who_and_when() -> None:
    assert opened(sealed()) == Envelope(Kind.EXCHANGE, US.origin, "head-office", 3, NONCE, NOON_MS, b"body")


def test_a_body_that_deflates_is_carried_deflated() -> None:
    body = b"tacos " * 1000
    assert len(sealed(body)) < 400
    assert opened(sealed(body)).body == body


def test_a_body_that_does_not_deflate_is_carried_as_it_is() -> None:
    body = zlib.compress(bytes(range(256)) * 8, 9) * 2
    assert opened(sealed(body)).body == body


def test_a_message_for_someone_else_is_refused() -> None:
    with pytest.raises(ExchangeError, match="meant for someone else"):
        opened(sealed(), recipient="pier-9/bar")


def test_a_message_of_another_kind_is_refused() -> None:
    assert refusal_of(sealed(kind=Kind.PARTS)) == "message-not-for-us"


def test_a_party_that_is_not_enrolled_is_refused() -> None:
    assert refusal_of(sealed(party=Party("bayside/front", 2, US.key))) == "party-unknown"


def test_a_message_signed_by_another_key_is_refused() -> None:
    assert refusal_of(sealed(party=Party(US.origin, 3, key_of_seed(2)))) == "message-signature"


@pytest.mark.parametrize("field", range(9))
def test_each_field_is_under_the_signature(field: int) -> None:
    fields = wire.decode(sealed(b"x" * 10))
    changed = fields[field]
    fields[field] = changed + 1 if isinstance(changed, int) else changed[:-1] + type(changed)(
        "f" if isinstance(changed, str) else b"y"
    )  # fmt: skip
    assert refusal_of(encode(fields)).startswith(("message-", "party-unknown"))


def test_a_later_protocol_says_so() -> None:
    fields = wire.decode(sealed())
    assert refusal_of(encode([2, *fields[1:]])) == "message-version"


def test_a_message_over_the_cap_is_refused_before_it_is_read() -> None:
    assert refusal_of(bytes(wire.MAX_MESSAGE_BYTES + 1)) == "message-too-large"


def test_a_decompression_bomb_is_refused_before_it_unfolds() -> None:
    bomb = zlib.compress(bytes(20 * 1024 * 1024), 9)
    tracemalloc.start()
    try:
        with pytest.raises(ExchangeError) as caught:
            wire.inflate(bomb, cap=1024 * 1024)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "message-too-large"
    assert peak_bytes < 4 * 1024 * 1024


def test_a_body_of_exactly_the_inflated_cap_passes() -> None:
    assert len(wire.inflate(zlib.compress(bytes(1000), 9), cap=1000)) == 1000


def test_a_body_one_over_the_inflated_cap_is_refused() -> None:
    with pytest.raises(ExchangeError, match="1,000 are allowed"):
        wire.inflate(zlib.compress(bytes(1001), 9), cap=1000)


@pytest.mark.parametrize("harm", [lambda b: b[:-1], lambda b: b + b"\x00", lambda b: b""])
def test_a_deflated_body_cut_short_or_too_long_is_refused(harm: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ExchangeError) as caught:
        wire.inflate(harm(zlib.compress(b"tacos", 9)))
    assert caught.value.code == "message-malformed"


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {1: {}, 2: [], 3: -1},
        {1: {}, 2: [], 3: True},
        {1: [], 2: [], 3: 0},
        {1: {"no feed": [1, bytes(32)]}, 2: [], 3: 0},
        {1: {"bayside/front@1": [1, bytes(31)]}, 2: [], 3: 0},
        {1: {"bayside/front@1": [1]}, 2: [], 3: 0},
        {1: {}, 2: [["bayside/front@1", 0, bytes(32), [b""]]], 3: 0},
        {1: {}, 2: [["bayside/front@1", 0, bytes(32), ["text"], [1, bytes(32), 1, 1, bytes(64)]]], 3: 0},
        {1: {}, 2: [["bayside/front@1", 0, bytes(32), [bytes(65_537)], [1, bytes(32), 1, 1, bytes(64)]]], 3: 0},
        {1: {}, 2: [["bayside/front@1", 0, bytes(32), [b""], [1, bytes(32), 1, 1, bytes(63)]]], 3: 0},
        {1: {}, 2: [], 3: 0, 4: "text"},
    ],
)
def test_an_exchange_of_the_wrong_shape_is_refused(fields: object) -> None:
    with pytest.raises(ExchangeError) as caught:
        wire.decode_exchange(encode(fields))
    assert caught.value.code == "message-malformed"


def test_a_field_from_a_later_release_is_ignored() -> None:
    assert wire.decode_exchange(encode({1: {}, 2: [], 3: 7, 15: "new"})) == Exchange({}, bundle_version=7)


def test_parts_are_asked_for_and_answered() -> None:
    assert wire.decode_parts_request(wire.encode_parts_request([bytes(32)])) == [bytes(32)]
    assert wire.decode_parts(wire.encode_parts({bytes(32): b"part"})) == {bytes(32): b"part"}


def test_a_private_key_is_not_in_a_partys_repr() -> None:
    assert "Ed25519" not in repr(US)
