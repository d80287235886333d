"""Sealed contact details on their way to head office, beside the exchange.

Rules of this module:

- The counter sends what waits, ``{1: [[case, sealed], ...]}``; head office answers with the SHA-256 of each that it
  has, or had and erased, ``{1: [sha256, ...]}``. Only what is named there is deleted at the counter.
- So a message may come twice, late or not at all: a ciphertext is known by its SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from kiosk.contact import MAX_CASE_BYTES, MAX_SEALED_BYTES
from kiosk.core.strict_cbor import encode
from kiosk.ports import ContactStore
from sync.counter_side import HEAD_OFFICE, CounterSide
from sync.post import Post
from sync.wire import CONTACTS_PATH, Kind, array, decode, mapping, octets, seal, unseal

MAX_CONTACTS = 64
HASH_BYTES = 32


def encode_contacts(contacts: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The body that carries (case, sealed)."""
    return encode({1: [[case, sealed] for case, sealed in contacts]})


def decode_contacts(body: bytes) -> list[tuple[bytes, bytes]]:
    """What :func:`encode_contacts` wrote; raises ``ExchangeError``."""
    fields = mapping(decode(body), cap=16, what="contacts")
    pairs = [array(pair, 2, what="a contact") for pair in array(fields.get(1), cap=MAX_CONTACTS, what="contacts")]
    return [(octets(case, cap=MAX_CASE_BYTES), octets(sealed, cap=MAX_SEALED_BYTES)) for case, sealed in pairs]


def encode_held(held: Sequence[bytes]) -> bytes:
    """The body that names what is held, by SHA-256."""
    return encode({1: list(held)})


def decode_held(body: bytes) -> list[bytes]:
    """What :func:`encode_held` wrote; raises ``ExchangeError``."""
    fields = mapping(decode(body), cap=16, what="contacts held")
    return [octets(one, HASH_BYTES) for one in array(fields.get(1), cap=MAX_CONTACTS, what="contacts held")]


def send_contacts(counter: CounterSide, waiting: ContactStore, post: Post, nonce: bytes) -> int:
    """Send what waits, a message at most; how many head office has now. Raises ``ExchangeError``; then all stays."""
    contacts = waiting.waiting(MAX_CONTACTS)
    if not contacts:
        return 0
    message = seal(
        Kind.CONTACTS, encode_contacts(contacts), party=counter.us, recipient=HEAD_OFFICE, nonce=nonce,
        at_ms=counter.now_ms(),
    )  # fmt: skip
    answered = post(CONTACTS_PATH, message)
    opened = unseal(
        answered, kind=Kind.CONTACTS_ANSWER, recipient=counter.us.origin, key_of=counter.trust.key_of, nonce=nonce
    )
    sent = {hashlib.sha256(sealed).digest() for _, sealed in contacts}
    held = [one for one in decode_held(opened.body) if one in sent]
    for sha256 in held:
        waiting.drop(sha256)
    return len(held)
