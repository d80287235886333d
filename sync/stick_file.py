"""A stick file: signed messages in a row, sealed so that only one party can read them. ``PROTOCOL.md`` has the bytes.

Rules of this module:

- Who finds a stick learns from whom to whom it is and how large; who alters one is noticed at the record he altered.
- A file has a key of its own (32 random bytes), sealed to its recipient by HPKE (RFC 9180). The header is bound to it.
- Records are sealed one by one (STREAM: Hoang, Reyhanitabar, Rogaway, Vizar 2015): number and "this is the last" are in
  the nonce, so that none can be left out, moved, repeated or cut off at the end.
- The seal says who may read, not who wrote: that, the signature of each message says (``wire``).
- One record is in memory at a time, and its length is looked at before it is read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kiosk.core.strict_cbor import encode
from kiosk.errors import ExchangeError
from sync.wire import MAX_MESSAGE_BYTES, NONCE_BYTES, array, decode, octets, text, whole

MAGIC = b"counterfoil-stick "
VERSION = b"1\n"
KEY_BYTES = 32
ID_BYTES = 8
SEALED_KEY_BYTES = 32 + KEY_BYTES + 16
TAG_BYTES = 16
MAX_HEADER_BYTES = 1024
MAX_RECORD_BYTES = 1 + MAX_MESSAGE_BYTES + TAG_BYTES
MAX_FILE_BYTES = 512 * 1024 * 1024
MAX_RECORDS = 4_096

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_PURPOSE = b"counterfoil-stick-1"
_P = 2**255 - 19

AGAIN = "Nothing of it was taken in. Have it written anew, and leave the stick in until it is done."


class StickError(ExchangeError):
    """A stick file, or the folder for it, was refused; what was here before is as it was."""


@dataclass(frozen=True, slots=True)
class Label:
    """What can be read on a file without its key: from whom, to whom and to which of its keys, of which fleet.

    ``nonce`` (16 bytes) is the file's own and stands in each of its messages; ``at_ms`` is the writer's clock.
    """

    sender: str
    recipient: str
    recipient_key: bytes
    fleet: bytes
    nonce: bytes
    at_ms: int

    def fields(self) -> list[object]:
        """As in the header."""
        return [self.sender, self.recipient, self.recipient_key, self.fleet, self.nonce, self.at_ms]


@dataclass(frozen=True, slots=True)
class Record:
    """One sealed record: ``number`` from 0, the offset where it begins, whether it is the last."""

    number: int
    offset: int
    last: bool


def short_id(public_key: bytes) -> bytes:
    """What names a public key on a label: the first 8 bytes of its SHA-256."""
    return hashlib.sha256(public_key).digest()[:ID_BYTES]


# --- keys --------------------------------------------------------------------------------------


def agreement_public(ed25519_public: bytes) -> X25519PublicKey:
    """The X25519 key of whoever holds that Ed25519 key: u = (1 + y) / (1 - y) (RFC 7748 section 4.1)."""
    y = int.from_bytes(ed25519_public, "little") & (2**255 - 1)
    if (1 - y) % _P == 0:
        raise ValueError("a public key that agrees on nothing")
    return X25519PublicKey.from_public_bytes(((1 + y) * pow(1 - y, -1, _P) % _P).to_bytes(KEY_BYTES, "little"))


def agreement_private(key: Ed25519PrivateKey) -> X25519PrivateKey:
    """Its private half: the first half of SHA-512 of the seed (RFC 8032 section 5.1.5; X25519 clamps it)."""
    return X25519PrivateKey.from_private_bytes(hashlib.sha512(key.private_bytes_raw()).digest()[:KEY_BYTES])


def _bound(label: Label) -> bytes:
    return _PURPOSE + encode(label.fields())


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


# --- writing -----------------------------------------------------------------------------------


def write(
    out: BinaryIO,
    label: Label,
    recipient: bytes,
    contents: Iterable[bytes],
    chance: Callable[[int], bytes] = os.urandom,
) -> int:
    """Write a file with a record for each of ``contents`` (one at least); how many bytes that were.

    ``recipient`` is the Ed25519 public key of who may read it.
    """
    key = chance(KEY_BYTES)
    sealed = _SUITE.encrypt(key, agreement_public(recipient), _bound(label))
    header = encode([*label.fields(), sealed])
    size = out.write(MAGIC + VERSION + len(header).to_bytes(2, "big") + header)
    cipher, number, waiting = ChaCha20Poly1305(key), 0, None
    for content in contents:
        if waiting is not None:
            size += _put(out, cipher.encrypt(_nonce(number, last=False), waiting, None))
            number += 1
        waiting = content
    if waiting is None:
        raise ValueError("a stick file without a record")
    return size + _put(out, cipher.encrypt(_nonce(number, last=True), waiting, None))


def _put(out: BinaryIO, sealed: bytes) -> int:
    return out.write(len(sealed).to_bytes(4, "big")) + out.write(sealed)


# --- reading -----------------------------------------------------------------------------------


def read_label(file: BinaryIO) -> tuple[Label, bytes]:
    """The label of the file that begins here, and its sealed key; the file then stands at its first record."""
    start = file.read(len(MAGIC) + len(VERSION))
    if start and start != MAGIC + VERSION and (MAGIC + VERSION).startswith(start):
        raise cut_short()
    if start[: len(MAGIC)] != MAGIC:
        # any other file under a name of ours
        raise StickError(
            "stick-not-one", "This is no stick file", cure="Choose a file whose name begins with counterfoil-to-."
        )
    if start[len(MAGIC) :] != VERSION:
        raise StickError(
            "stick-newer",
            "A stick file of a format that this release does not know",
            cure="Update this side; until then, have it written by the release that runs here.",
        )
    length = int.from_bytes(_exactly(file, 2), "big")
    if length > MAX_HEADER_BYTES:
        raise altered("its header is too long")
    return _parsed(_exactly(file, length))


def _parsed(header: bytes) -> tuple[Label, bytes]:
    try:
        sender, recipient, key_id, fleet, nonce, at_ms, sealed = array(decode(header), 7, what="a stick's header")
        label = Label(
            text(sender), text(recipient), octets(key_id, ID_BYTES), octets(fleet, ID_BYTES),
            octets(nonce, NONCE_BYTES), whole(at_ms),
        )  # fmt: skip
        return label, octets(sealed, SEALED_KEY_BYTES)
    except StickError:
        raise
    except ExchangeError:
        raise altered("its header cannot be read") from None


def open_key(label: Label, sealed: bytes, key: Ed25519PrivateKey) -> bytes:
    """The file's key, for whom it was sealed. Stops a label that was exchanged, and a seal for somebody else."""
    try:
        return _SUITE.decrypt(sealed, agreement_private(key), _bound(label))
    except (InvalidTag, ValueError):
        raise altered("its seal does not fit its label") from None


def records(file: BinaryIO, key: bytes) -> Iterator[tuple[Record, bytes]]:
    """The records from here to the end of the file, with what is in them.

    Raises where one was altered, or the end is missing.
    """
    cipher, number, offset = ChaCha20Poly1305(key), 0, file.tell()
    length: int | None = _length(_exactly(file, 4))
    while length is not None:
        sealed, following = _exactly(file, length), file.read(4)
        if 0 < len(following) < 4:
            raise cut_short()
        last = not following
        if number >= MAX_RECORDS or offset + 4 + length > MAX_FILE_BYTES:
            raise too_large()
        yield Record(number, offset, last), _open(cipher, number, sealed, last=last)
        offset += 4 + length
        number, length = number + 1, None if last else _length(following)


def record_at(file: BinaryIO, key: bytes, record: Record) -> bytes:
    """What is in a record that was met before, read once more. What a stick changed in between is noticed."""
    file.seek(record.offset)
    length = _length(_exactly(file, 4))
    return _open(ChaCha20Poly1305(key), record.number, _exactly(file, length), last=record.last)


def _length(told: bytes) -> int:
    length = int.from_bytes(told, "big")
    if not TAG_BYTES < length <= MAX_RECORD_BYTES:
        # a length that would fill the memory
        raise altered("a record has an impossible length")
    return length


def _open(cipher: ChaCha20Poly1305, number: int, sealed: bytes, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_nonce(number, last=last), sealed, None)
    except InvalidTag:
        if last and _fits(cipher, number, sealed):  # whole records, and then none that says it is the last
            raise cut_short() from None
        # bits changed, records moved, left out or put in from another file
        raise altered(f"record {number + 1} is not as it was written") from None


def _fits(cipher: ChaCha20Poly1305, number: int, sealed: bytes) -> bool:
    try:
        cipher.decrypt(_nonce(number, last=False), sealed, None)
    except InvalidTag:
        return False
    return True


def _exactly(file: BinaryIO, count: int) -> bytes:
    read = file.read(count)
    if len(read) < count:
        raise cut_short()
    return read


def cut_short() -> StickError:
    """A stick pulled out in the middle, or a copy that was broken off."""
    return StickError("stick-cut-short", "The stick file ends too early", cure=AGAIN)


def altered(why: str) -> StickError:
    """A stick with bad cells, or in bad hands."""
    return StickError("stick-altered", f"The stick file is not as it was written: {why}", cure=AGAIN)


def too_large() -> StickError:
    """More than is ever written: a file without end."""
    return StickError(
        "stick-too-large",
        f"The stick file is larger than the {MAX_FILE_BYTES // 2**20} MB that are ever written",
        cure=AGAIN,
    )
