"""The messages of the exchange, as bytes. ``PROTOCOL.md`` says the same for the writer of another client.

Rules of this module:

- All is deterministic CBOR (RFC 8949 section 4.2.1) without tags; bytes that are not what we would
  have written ourselves are refused (``message-malformed``), so that one value has one spelling.
- Sizes are capped before anything is built from them; a body is inflated only after its signature held.
- A message is signed by its sender for one recipient and one kind; an answer repeats the nonce of its
  request, so an old answer cannot be played back, and a request cannot be played back as an answer.
- A request may be played back: it is idempotent, so that changes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.core import strict_cbor
from kiosk.core.bundle import MAX_ENVELOPE_BYTES
from kiosk.core.entry import HASH_BYTES, MAX_BODY_BYTES, Checkpoint, FeedId, Head, MalformedEntryError
from kiosk.core.strict_cbor import encode
from kiosk.errors import ExchangeError

VERSION = 1
CONTENT_TYPE = "application/cbor"
EXCHANGE_PATH = "/sync/v1/exchange"
PARTS_PATH = "/sync/v1/parts"
ENROL_PATH = "/sync/v1/enrol"
CONTACTS_PATH = "/sync/v1/contacts"
CERTIFICATE_PATH = "/sync/v1/certificate"
RIGHTS_PATH = "/sync/v1/rights"
RESERVE_PATH = "/sync/v1/reserve"

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
MAX_INFLATED_BYTES = 16 * 1024 * 1024
MAX_FEEDS = 20_000
MAX_SEGMENTS = 4_096
MAX_SEGMENT_ENTRIES = 65_536
MAX_PARTS_ASKED = 1_024
MAX_NAME_CHARACTERS = 128
MAX_CERTIFICATE_BYTES = 2048
NONCE_BYTES = 16
SIGNATURE_BYTES = 64
PLAIN, DEFLATED = 0, 1
DEFLATE_FROM_BYTES = 256


class Kind(IntEnum):
    """What a message is. Signed, so that one kind cannot be passed off as another."""

    EXCHANGE = 1
    EXCHANGE_ANSWER = 2
    PARTS = 3
    PARTS_ANSWER = 4
    CONTACTS = 17
    CONTACTS_ANSWER = 18
    CERTIFICATE = 5
    CERTIFICATE_ANSWER = 6
    RIGHTS = 7
    RIGHTS_ANSWER = 8
    RESERVE = 9
    RESERVE_ANSWER = 10
    STICK = 11
    STICK_PARTS = 12


@dataclass(frozen=True, slots=True)
class Party:
    """One's own name (a feed's origin) and the key that signs for it. ``key_epoch`` is never reused for an origin."""

    origin: str
    key_epoch: int
    key: Ed25519PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message opened: who sent it, when by its clock, and the body (inflated)."""

    kind: Kind
    sender: str
    recipient: str
    key_epoch: int
    nonce: bytes
    at_ms: int
    body: bytes


KeyOf = Callable[[str, int], bytes | None]
"""The 32-byte Ed25519 public key of (origin, key epoch); None where there is none, or no longer."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of one feed behind ``after``, complete up to ``checkpoint``. Hashes follow from the bodies."""

    feed: FeedId
    after: Head
    bodies: tuple[bytes, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Exchange:
    """What each side tells the other: how far it holds each feed, and what the other lacks.

    ``bundle_version`` is the one the sender has in force (0: none); ``bundle`` the signed envelope of a
    newer one than the other side has. ``more``: there was more to send than fits one message.
    ``certificates`` (DER) are of those who wrote the segments, where the other side may not know them.
    """

    vector: Mapping[FeedId, Head]
    segments: tuple[Segment, ...] = ()
    bundle_version: int = 0
    bundle: bytes | None = None
    more: bool = False
    certificates: tuple[bytes, ...] = ()


# --- strict CBOR -------------------------------------------------------------------------------


def malformed(why: str) -> ExchangeError:
    """The refusal of bytes that are no message of this protocol."""
    return ExchangeError(
        "message-malformed",
        f"A message that cannot be read: {why}",
        cure="If it happens again, check that both sides run the same release.",
    )


def too_large(what: str, size: int, cap: int) -> ExchangeError:
    """The refusal of more than is ever sent; stops an endless stream and a decompression bomb."""
    return ExchangeError(
        "message-too-large",
        f"{what} of {size:,} bytes; {cap:,} are allowed",
        cure="If it happens again, check that both sides run the same release.",
    )


def decode(raw: bytes, cap: int = MAX_MESSAGE_BYTES) -> Any:
    """The value that ``raw`` spells in deterministic CBOR; raises ``message-too-large`` or ``message-malformed``."""
    if len(raw) > cap:
        raise too_large("A message", len(raw), cap)
    try:
        return strict_cbor.decode(raw)
    except strict_cbor.StrictCborError as error:
        raise malformed(str(error)) from None


def array(value: Any, length: int | None = None, *, cap: int = MAX_SEGMENTS, what: str = "array") -> list[Any]:
    """``value`` as a list (of exactly ``length``, or at most ``cap``)."""
    if not isinstance(value, list) or len(value) > cap or (length is not None and len(value) != length):
        raise malformed(f"{what} is not a list of the right length")
    return value


def whole(value: Any, *, most: int = 2**63 - 1, what: str = "number") -> int:
    """``value`` as an integer of 0 to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise malformed(f"{what} is not an integer of 0 to {most}")
    return value


def octets(value: Any, length: int | None = None, *, cap: int = MAX_INFLATED_BYTES, what: str = "bytes") -> bytes:
    """``value`` as bytes (of exactly ``length``, or at most ``cap``)."""
    if not isinstance(value, bytes) or len(value) > cap or (length is not None and len(value) != length):
        raise malformed(f"{what} is not a byte string of the right length")
    return value


def text(value: Any, *, cap: int = MAX_NAME_CHARACTERS, what: str = "text") -> str:
    """``value`` as text of at most ``cap`` characters."""
    if not isinstance(value, str) or len(value) > cap:
        raise malformed(f"{what} is not a text of at most {cap} characters")
    return value


def mapping(value: Any, *, cap: int, what: str) -> dict[Any, Any]:
    """``value`` as a map of at most ``cap`` pairs."""
    if not isinstance(value, dict) or len(value) > cap:
        raise malformed(f"{what} is not a map of at most {cap} pairs")
    return value


def _feed(value: Any) -> FeedId:
    try:
        return FeedId.parse(text(value, what="a feed's name"))
    except MalformedEntryError as error:
        raise malformed(str(error)) from None


# --- signed envelopes --------------------------------------------------------------------------


def _signed_bytes(fields: Sequence[object]) -> bytes:
    return encode(["counterfoil-wire", *fields])


def seal(
    kind: Kind, body: bytes, *, party: Party, recipient: str, nonce: bytes, at_ms: int, deflate: bool = True
) -> bytes:
    """The message that carries ``body`` to ``recipient``, signed; deflated where that is shorter and worth a try."""
    coding, carried = PLAIN, body
    if deflate and len(body) >= DEFLATE_FROM_BYTES:
        deflated = zlib.compress(body, 9)
        if len(deflated) < len(body):
            coding, carried = DEFLATED, deflated
    fields = [VERSION, int(kind), party.origin, recipient, party.key_epoch, nonce, at_ms, coding, carried]
    message = encode([*fields, party.key.sign(_signed_bytes(fields))])
    if len(message) > MAX_MESSAGE_BYTES:
        raise too_large("A message", len(message), MAX_MESSAGE_BYTES)
    return message


def unseal(message: bytes, *, kind: Kind, recipient: str, key_of: KeyOf, nonce: bytes | None = None) -> Envelope:
    """Open a message for ``recipient``. With ``nonce``, it must be the answer to that request.

    Raises :class:`ExchangeError`: ``message-too-large``, ``message-malformed``, ``message-version``,
    ``message-not-for-us``, ``message-not-an-answer``, ``party-unknown``, ``message-signature``.
    """
    fields = array(decode(message), what="the envelope", cap=32)
    if not fields or fields[0] != VERSION or isinstance(fields[0], bool):
        raise ExchangeError(
            "message-version",
            f"A message of a protocol version that this release does not know: {str(fields[:1])[:40]}",
            cure="Update the older of the two sides.",
        )
    _, said, sender, addressed, key_epoch, said_nonce, at_ms, coding, carried, signature = array(fields, 10)
    opened = Envelope(
        kind, text(sender), text(addressed), whole(key_epoch), octets(said_nonce, NONCE_BYTES), whole(at_ms),
        octets(carried, cap=MAX_MESSAGE_BYTES),
    )  # fmt: skip
    whole(coding, most=DEFLATED, what="the coding")
    if whole(said) != kind or opened.recipient != recipient:
        # a message for another party, or of another kind, passed on to us
        raise ExchangeError("message-not-for-us", f"A message from {opened.sender!r} that is meant for someone else")
    public_key = key_of(opened.sender, opened.key_epoch)
    if public_key is None:
        raise ExchangeError(
            "party-unknown",
            f"{opened.sender!r} is not enrolled with key {opened.key_epoch}, or its enrolment was ended",
            where=opened.sender,
            cure="Enrol that counter anew with a one-time code from head office.",
        )
    if not is_signed(public_key, octets(signature, SIGNATURE_BYTES), _signed_bytes(fields[:-1])):
        # a forged or altered message
        raise ExchangeError("message-signature", f"A message not signed by {opened.sender!r}", where=opened.sender)
    if nonce is not None and opened.nonce != nonce:
        # an old answer played back
        raise ExchangeError("message-not-an-answer", "An answer to another request than ours", where=opened.sender)
    if coding == PLAIN:
        return opened
    return Envelope(kind, opened.sender, recipient, opened.key_epoch, opened.nonce, opened.at_ms, inflate(opened.body))


def inflate(deflated: bytes, cap: int = MAX_INFLATED_BYTES) -> bytes:
    """Undo zlib, never building more than ``cap`` bytes (a decompression bomb)."""
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(deflated, cap + 1)
    except zlib.error as error:
        raise malformed(f"its body does not inflate ({error})") from None
    if len(body) > cap:
        raise too_large("An inflated body", len(body), cap)
    if not inflater.eof or inflater.unused_data:
        raise malformed("its body is cut short or too long")
    return body


def is_signed(public_key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether the 32-byte Ed25519 ``public_key`` signed these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- bodies ------------------------------------------------------------------------------------


def encode_exchange(exchange: Exchange) -> bytes:
    """The body of an exchange, either way."""
    fields: dict[int, object] = {
        1: {str(feed): [head.n, head.hash] for feed, head in exchange.vector.items()},
        2: [_segment_fields(segment) for segment in exchange.segments],
        3: exchange.bundle_version,
    }
    if exchange.bundle is not None:
        fields[4] = exchange.bundle
    if exchange.more:
        fields[5] = True
    if exchange.certificates:
        fields[6] = list(exchange.certificates)
    return encode(fields)


def decode_exchange(body: bytes) -> Exchange:
    """The exchange that ``body`` holds; raises :class:`ExchangeError` ``message-malformed``."""
    fields = mapping(decode(body, MAX_INFLATED_BYTES), cap=16, what="an exchange")
    vector = mapping(fields.get(1), cap=MAX_FEEDS, what="the vector")
    return Exchange(
        vector={_feed(name): _head(head) for name, head in vector.items()},
        segments=tuple(_segment(item) for item in array(fields.get(2), what="the segments")),
        bundle_version=whole(fields.get(3), what="the bundle's version"),
        bundle=octets(fields[4], cap=MAX_ENVELOPE_BYTES, what="the bundle") if 4 in fields else None,
        more=fields.get(5) is True,
        certificates=tuple(
            octets(der, cap=MAX_CERTIFICATE_BYTES, what="a certificate")
            for der in array(fields.get(6, []), what="the certificates")
        ),
    )


def _head(value: Any) -> Head:
    n, digest = array(value, 2, what="a head")
    return Head(whole(n), octets(digest, HASH_BYTES, what="a head's hash"))


def _segment_fields(segment: Segment) -> list[object]:
    mark = segment.checkpoint
    return [
        str(segment.feed), segment.after.n, segment.after.hash, list(segment.bodies),
        [mark.n, mark.head, mark.key_epoch, mark.at_ms, mark.signature],
    ]  # fmt: skip


def _segment(value: Any) -> Segment:
    name, n, digest, bodies, mark = array(value, 5, what="a segment")
    feed = _feed(name)
    last_n, last_head, key_epoch, at_ms, signature = array(mark, 5, what="a checkpoint")
    return Segment(
        feed,
        _head([n, digest]),
        tuple(octets(body, cap=MAX_BODY_BYTES, what="an entry") for body in array(bodies, cap=MAX_SEGMENT_ENTRIES)),
        Checkpoint(
            feed, whole(last_n), octets(last_head, HASH_BYTES), whole(key_epoch, most=2**32), whole(at_ms),
            octets(signature, SIGNATURE_BYTES),
        ),
    )  # fmt: skip


def encode_parts_request(wanted: Sequence[bytes]) -> bytes:
    """Ask for the bundle parts with these SHA-256."""
    return encode({1: list(wanted)})


def decode_parts_request(body: bytes) -> list[bytes]:
    """The SHA-256 asked for."""
    fields = mapping(decode(body), cap=16, what="a request for parts")
    return [octets(item, HASH_BYTES) for item in array(fields.get(1), cap=MAX_PARTS_ASKED, what="the parts")]


def encode_parts(parts: Mapping[bytes, bytes]) -> bytes:
    """Bundle parts by SHA-256."""
    return encode({1: dict(parts)})


def decode_parts(body: bytes) -> dict[bytes, bytes]:
    """Bundle parts by the SHA-256 that their sender claims; ``sync.bundle`` checks each."""
    fields = mapping(decode(body, MAX_INFLATED_BYTES), cap=16, what="parts")
    parts = mapping(fields.get(1), cap=MAX_PARTS_ASKED, what="parts")
    return {octets(name, HASH_BYTES): octets(part) for name, part in parts.items()}
