"""The small messages between counters of a store, and the asking for a certificate, as bytes (PROTOCOL.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.core.reservation import Answer, Reply
from kiosk.core.rights import MOST, Right, RightKind
from kiosk.core.strict_cbor import encode
from sync.wire import MAX_CERTIFICATE_BYTES, array, decode, malformed, mapping, octets, text, whole

INTENT_BYTES = 16
DIGEST_BYTES = 16
MAX_SUBJECT_BYTES = 256
MAX_AUTHORITIES = 16
MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reserve:
    """Keep this credential of a promotion for me, who am about to redeem it under ``intent`` (16 bytes each)."""

    promotion: str
    digest: bytes
    intent: bytes


@dataclass(frozen=True, slots=True)
class RightsAsked:
    """Transfer me ``amount`` of a right, if you can spare it."""

    right: Right
    amount: int


def encode_reserve(asked: Reserve) -> bytes:
    """The body of kind 9."""
    return encode({1: asked.promotion, 2: asked.digest, 3: asked.intent})


def decode_reserve(body: bytes) -> Reserve:
    """What the body of kind 9 asks; raises ``ExchangeError`` ``message-malformed``."""
    fields = mapping(decode(body, MAX_BYTES), cap=16, what="a reservation")
    return Reserve(
        text(fields.get(1), what="the promotion"),
        octets(fields.get(2), DIGEST_BYTES, what="the credential"),
        octets(fields.get(3), INTENT_BYTES, what="the intent"),
    )


_KINDS = frozenset(RightKind)
_ANSWERS = (Answer.YES, Answer.USED, Answer.RESERVED, Answer.BUSY)


def encode_reply(reply: Reply) -> bytes:
    """The body of kind 10."""
    fields: dict[int, object] = {1: _ANSWERS.index(reply.answer)}
    if reply.holder is not None:
        fields[2] = str(reply.holder)
    return encode(fields)


def decode_reply(body: bytes) -> Reply:
    """What a neighbour said to a reservation; raises ``ExchangeError`` ``message-malformed``."""
    fields = mapping(decode(body, MAX_BYTES), cap=16, what="an answer to a reservation")
    answer = _ANSWERS[whole(fields.get(1), most=len(_ANSWERS) - 1, what="the answer")]
    try:
        return Reply(answer, FeedId.parse(text(fields[2])) if 2 in fields else None)
    except MalformedEntryError as error:
        raise malformed(str(error)) from None


def encode_rights_asked(asked: RightsAsked) -> bytes:
    """The body of kind 7."""
    kind, promotion, subject = asked.right
    return encode({1: int(kind), 2: promotion, 3: subject, 4: asked.amount})


def decode_rights_asked(body: bytes) -> RightsAsked:
    """What the body of kind 7 asks; raises ``ExchangeError`` ``message-malformed``."""
    fields = mapping(decode(body, MAX_BYTES), cap=16, what="an asking for rights")
    kind = whole(fields.get(1), what="the kind of right")
    if kind not in _KINDS:
        raise malformed("it asks for a kind of right that this release does not know")
    promotion = text(fields.get(2), what="the promotion")
    subject = octets(fields.get(3), cap=MAX_SUBJECT_BYTES, what="the subject")
    return RightsAsked(Right(RightKind(kind), promotion, subject), whole(fields.get(4), most=MOST, what="the amount"))


def encode_rights_given(amount: int) -> bytes:
    """The body of kind 8."""
    return encode({1: amount})


def decode_rights_given(body: bytes) -> int:
    """How much was transferred: it is in the neighbour's feed. Raises ``ExchangeError`` ``message-malformed``."""
    return whole(mapping(decode(body, MAX_BYTES), cap=16, what="an answer about rights").get(1), what="the amount")


def encode_certificate(device: bytes, authorities: Sequence[bytes]) -> bytes:
    """The body of kind 6: the device's certificate, and head office's own (DER)."""
    return encode({1: device, 2: list(authorities)})


def decode_certificate(body: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """The certificates in an answer of kind 6; raises ``ExchangeError`` ``message-malformed``."""
    fields = mapping(decode(body, MAX_BYTES), cap=16, what="a certificate")
    device = octets(fields.get(1), cap=MAX_CERTIFICATE_BYTES, what="the certificate")
    given = array(fields.get(2), cap=MAX_AUTHORITIES, what="head office's certificates")
    return device, tuple(octets(der, cap=MAX_CERTIFICATE_BYTES) for der in given)
