"""The small messages between neighbours: what is written is read, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.core.entry import FeedId
from kiosk.core.reservation import BUSY, USED, YES, Answer, Reply
from kiosk.core.rights import MOST, Right, RightKind
from kiosk.core.strict_cbor import encode
from kiosk.errors import ExchangeError
from sync.neighbour_messages import (
    Reserve,
    RightsAsked,
    decode_certificate,
    decode_reply,
    decode_reserve,
    decode_rights_asked,
    decode_rights_given,
    encode_certificate,
    encode_reply,
    encode_reserve,
    encode_rights_asked,
    encode_rights_given,
)

D16 = b"d" * 16


@pytest.mark.parametrize("reply", [YES, USED, BUSY, Reply(Answer.RESERVED, FeedId("bayside/bar", 2))])
def test_every_answer_to_a_reservation_is_read_as_it_was_written(reply: Reply) -> None:
    assert decode_reply(encode_reply(reply)) == reply


def test_what_is_asked_and_given_is_read_as_it_was_written() -> None:
    reserve = Reserve("tacos", D16, b"i" * 16)
    assert decode_reserve(encode_reserve(reserve)) == reserve
    for right in (Right(RightKind.TOTAL, "tacos"), Right(RightKind.ONCE, "tacos", D16)):
        assert decode_rights_asked(encode_rights_asked(RightsAsked(right, MOST))) == RightsAsked(right, MOST)
    assert decode_rights_given(encode_rights_given(7)) == 7
    assert decode_certificate(encode_certificate(b"device", [b"one", b"two"])) == (b"device", (b"one", b"two"))


@pytest.mark.parametrize(
    ("read", "fields"),
    [
        (decode_reserve, {1: "tacos", 2: D16}),
        (decode_reserve, {1: "tacos", 2: D16[1:], 3: D16}),
        (decode_reserve, {1: "t" * 129, 2: D16, 3: D16}),
        (decode_reserve, {1: 7, 2: D16, 3: D16}),
        (decode_reply, {1: 4}),
        (decode_reply, {1: -1}),
        (decode_reply, {1: True}),
        (decode_reply, {1: 2, 2: "no feed"}),
        (decode_reply, {}),
        (decode_rights_asked, {1: 99, 2: "tacos", 3: b"", 4: 1}),
        (decode_rights_asked, {1: 1, 2: "tacos", 3: b"s" * 257, 4: 1}),
        (decode_rights_asked, {1: 1, 2: "tacos", 3: b"", 4: MOST + 1}),
        (decode_rights_asked, {1: 1, 2: "tacos", 3: b"", 4: -1}),
        (decode_rights_given, {1: -1}),
        (decode_rights_given, {1: "7"}),
        (decode_certificate, {1: b"c" * 2049, 2: []}),
        (decode_certificate, {1: b"c", 2: [b"a"] * 17}),
        (decode_certificate, {1: b"c"}),
    ],
)
def test_what_is_no_message_is_refused(read: Callable[[bytes], object], fields: dict[int, Any]) -> None:
    with pytest.raises(ExchangeError) as refused:
        read(encode(fields))
    assert refused.value.code == "message-malformed"


def test_what_a_newer_release_adds_is_left() -> None:
    assert decode_reply(encode({1: 0, 9: "new"})) == YES
