"""What goes on a stick and what comes off it: the exchange of ``sync.exchange``, with days between question and answer.

Rules of this module:

- A file has one message of kind STICK or more (vector, segments, bundle), each as the exchange would send it, and from
  head office the bundle's parts in messages of kind STICK_PARTS. Each is signed, and has the file's nonce.
- There is no answer that tells what the other side holds, so what is sent starts behind what it is *known* to hold.
  Sent too much, it is known there already; started too late, there is a gap, told to a person, and asked for again by
  the vector that goes back.
- A file is read whole before anything of it is taken in: one that was cut or altered changes nothing. Then it is read
  once more, and each record opened again, since a stick may change what is on it in between.
- All that is authentic may come late, twice and in any order, as by the line.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import FeedId, Head
from kiosk.errors import CounterfoilError, ExchangeError
from sync.bundle import AskParts
from sync.exchange import Result, Side, Taken, compose
from sync.stick_file import Label, Record, StickError, altered, open_key, read_label, record_at, records, short_id
from sync.wire import (
    Envelope,
    Exchange,
    KeyOf,
    Kind,
    Party,
    decode_exchange,
    decode_parts,
    encode_exchange,
    encode_parts,
    seal,
    unseal,
)

MOST_ENTRY_BYTES = 192 * 1024 * 1024
"""A file stops before this much of entries; the next one goes on."""

PARTS_BYTES = 4 * 1024 * 1024


class Pages:
    """The exchanges of one file. Once gone through: how many ``entries`` they carry, and whether there is ``more``."""

    def __init__(self, sides: Sequence[tuple[Side, Mapping[FeedId, Head]]], their_bundle_version: int | None = None):
        """Each of ``sides`` has messages of its own; with it, what the other party is known to hold.

        ``their_bundle_version`` None: no bundle goes along.
        """
        self._sides = sides
        self._their_bundle_version = their_bundle_version
        self.entries = 0
        self.more = False

    def __iter__(self) -> Iterator[Exchange]:
        version, size = self._their_bundle_version, 0
        for side, known in self._sides:
            theirs = dict(known)
            while True:
                told = compose(side, theirs, their_bundle_version=version)
                yield told
                version = None  # the bundle goes once
                for segment in told.segments:
                    theirs[segment.feed] = Head(segment.checkpoint.n, segment.checkpoint.head)
                    self.entries += len(segment.bodies)
                    size += sum(map(len, segment.bodies))
                if not told.more or not told.segments or size >= MOST_ENTRY_BYTES:
                    self.more = self.more or told.more
                    break


def contents(
    us: Party, label: Label, exchanges: Iterable[Exchange], parts: Iterable[tuple[bytes, bytes]] = ()
) -> Iterator[bytes]:
    """The records of a file: its exchanges, then bundle parts given as (SHA-256, part), some to a record."""
    for exchange in exchanges:
        yield _record(us, label, Kind.STICK, encode_exchange(exchange))
    held: dict[bytes, bytes] = {}
    size = 0
    for digest, part in parts:
        if held and size + len(part) > PARTS_BYTES:
            yield _record(us, label, Kind.STICK_PARTS, encode_parts(held))
            held, size = {}, 0
        held[digest] = part
        size += len(part)
    if held:
        yield _record(us, label, Kind.STICK_PARTS, encode_parts(held))


def _record(us: Party, label: Label, kind: Kind, body: bytes) -> bytes:
    # parts are mostly keyed hashes, which no packing makes shorter
    message = seal(
        kind, body, party=us, recipient=label.recipient, nonce=label.nonce, at_ms=label.at_ms,
        deflate=kind is Kind.STICK,
    )  # fmt: skip
    return bytes([kind]) + message


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: our name and key, the fleet's root key, and the keys of those who may have written."""

    origin: str
    key: Ed25519PrivateKey = field(repr=False)
    root_key: bytes
    key_of: KeyOf

    def expect(self, label: Label) -> None:
        """Raise unless a file with this label is for us."""
        if label.fleet != short_id(self.root_key):
            # another fleet's stick, whose head office and counters may be called as ours are
            raise StickError(
                "stick-other-fleet",
                "The stick file belongs to another organisation's Counterfoil",
                where=label.sender[:96],
                cure="Nothing of it was taken in. Bring the stick of your own head office.",
            )
        if label.recipient != self.origin:
            # a file for another counter
            raise StickError(
                "stick-not-for-us",
                f"The stick file is for {label.recipient[:96]}, and this is {self.origin}",
                where=label.sender[:96],
                cure="Bring it there. Here nothing of it was taken in.",
            )
        if label.recipient_key != short_id(self.key.public_key().public_bytes_raw()):
            # a file for a device, or a head office, that was here before
            raise StickError(
                "stick-other-key",
                "The stick file was sealed for another key than this device has",
                where=label.sender[:96],
                cure="Have it written anew, now that this counter is enrolled as it is.",
            )


@dataclass(frozen=True, slots=True)
class Survey:
    """A file that was read whole and is as its writer signed it: where its exchanges and its parts are."""

    file: BinaryIO
    reader: Reader
    label: Label
    file_key: bytes = field(repr=False)
    key_epoch: int
    exchanges: tuple[Record, ...]
    parts: Mapping[bytes, Record]

    def each_exchange(self) -> Iterator[Exchange]:
        """The exchanges, in order, each read and checked once more."""
        for record in self.exchanges:
            yield decode_exchange(self._body(record, Kind.STICK))

    @property
    def ask(self) -> AskParts:
        """Where :class:`sync.bundle.BundleFetcher` gets parts from, instead of a line."""
        return self._some_of

    def _some_of(self, wanted: Sequence[bytes]) -> dict[bytes, bytes]:
        """What the first record has that holds one of them: one record is in memory at a time."""
        found = next((self.parts[digest] for digest in wanted if digest in self.parts), None)
        return {} if found is None else decode_parts(self._body(found, Kind.STICK_PARTS))

    def _body(self, record: Record, kind: Kind) -> bytes:
        content = record_at(self.file, self.file_key, record)
        if content[:1] != bytes([kind]):
            raise altered("a record changed its kind")
        return _opened(self.reader, self.label, kind, content[1:]).body


def survey(file: BinaryIO, reader: Reader) -> Survey:
    """Read a file whole and check all of it: seal, signatures, forms. Nothing is taken in yet.

    Raises :class:`StickError` and the refusals of ``sync.wire``.
    """
    label, sealed = read_label(file)
    reader.expect(label)
    file_key = open_key(label, sealed, reader.key)
    exchanges: list[Record] = []
    parts: dict[bytes, Record] = {}
    key_epoch = 0
    for record, content in records(file, file_key):
        kind = content[0]
        if kind == Kind.STICK:
            opened = _opened(reader, label, Kind.STICK, content[1:])
            decode_exchange(opened.body)
            exchanges.append(record)
        elif kind == Kind.STICK_PARTS:
            opened = _opened(reader, label, Kind.STICK_PARTS, content[1:])
            parts.update(dict.fromkeys(decode_parts(opened.body), record))
        else:
            raise altered("a record of no known kind")
        key_epoch = opened.key_epoch
    return Survey(file, reader, label, file_key, key_epoch, tuple(exchanges), parts)


def _opened(reader: Reader, label: Label, kind: Kind, message: bytes) -> Envelope:
    opened = unseal(message, kind=kind, recipient=reader.origin, key_of=reader.key_of, nonce=label.nonce)
    if (opened.sender, opened.at_ms) != (label.sender, label.at_ms):
        # one party's messages under the name of another, or of another day
        raise altered("its messages are not by the party, or not of the time, that its label names")
    return opened


# --- what became of it -------------------------------------------------------------------------


class Outcome:
    """What the exchanges of one file came to, added up one by one so that none of them has to be kept."""

    def __init__(self) -> None:
        self.entries = 0
        self.bundle: bytes | None = None
        self._taken = False
        self._notes: dict[str, CounterfoilError] = {}

    @property
    def notes(self) -> tuple[CounterfoilError, ...]:
        """What a person must know, each kind of it once."""
        return tuple(self._notes.values())

    def note(self, error: CounterfoilError) -> None:
        """Have ``error`` told; of each code the first."""
        self._notes.setdefault(error.code, error)

    @contextlib.contextmanager
    def unless_first(self) -> Iterator[None]:
        """Have a message that is refused told; raise where none before it was taken in.

        A neighbour's entries, which a counter carries behind its own, are no reason to lose those.
        """
        try:
            yield
        except ExchangeError as error:
            if not self._taken:
                raise
            self.note(error)

    def add(self, taken: Taken, two_histories: str | None) -> None:
        """Count an exchange that was taken in. ``two_histories``: a sentence about a fork or a restored disk."""
        self._taken = True
        self.entries += len(taken.entries)
        self.bundle = self.bundle or taken.exchange.bundle
        if two_histories is not None:
            cure = "Tell head office; what was here before is as it was."
            self.note(StickError("stick-two-histories", two_histories, cure=cure))
        for gap in (applied for applied in taken.applied if applied.result is Result.GAP):
            self.note(
                StickError(
                    "stick-gap",
                    f"What is on the stick begins behind what is here, entry {gap.head.n} of {gap.feed}",
                    where=str(gap.feed),
                    cure="Have it written there with all entries: stick export --all.",
                )
            )
