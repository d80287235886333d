"""More of what is fuzzed: what comes by a stick or from a neighbour, and what lies on the counter's own disk."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from kiosk.clock import to_ms
from kiosk.core import snapshot
from kiosk.core.entry import FeedId, Head
from kiosk.core.fact import _KINDS, Unknown, encode_fact
from kiosk.core.reservation import Answer, Reply
from kiosk.core.rights import Right, RightKind
from kiosk.core.standing import Standing
from kiosk.errors import ExchangeError
from sync import certificates, neighbour_messages, stick, stick_file
from sync.head_office.stick import OfficeStick
from tests.head_office_world import NOON, an_office, enrolled
from tests.sticks import stick_of
from tests.storage.journals import KEY, OWN, PUBLIC_KEY, redemption, use_seen
from tests.twins import key_of_seed

_SCRATCH = Path(tempfile.mkdtemp(prefix="counterfoil-fuzz-nearby-"))
_SIZES = {"int": 5, "str": "bayside/front@1", "bytes": b"b" * 16, "bool": True}


# --- facts of every kind ---------------------------------------------------------------------------


def each_fact() -> list[bytes]:
    """A body of each kind of fact, with all its fields and with those alone that it must have."""
    made = []
    for kind in _KINDS.values():
        if kind is Unknown:
            continue
        for whole in (True, False):
            given: dict[str, Any] = {
                one.name: _value(str(one.type).removesuffix(" | None"))
                for one in fields(kind)
                if whole or one.default is MISSING
            }
            made.append(encode_fact(kind(**{name: value for name, value in given.items() if value is not None})))
    return made


def _value(kind: str) -> Any:
    if kind in _SIZES:
        return _SIZES[kind]
    return {"a@1": 3} if kind.startswith("Mapping") else None


# --- sticks ------------------------------------------------------------------------------------------


class _Sticks:
    """A head office and a counter's file for it."""

    def __init__(self) -> None:
        self.office = OfficeStick(an_office(_SCRATCH / "office"))
        self.front = enrolled(self.office.office)
        self.front.redeem()
        out = io.BytesIO()
        stick_of(self.front, _SCRATCH).write(out)
        self.file = out.getvalue()
        self.label, sealed = stick_file.read_label(read := io.BytesIO(self.file))
        key = stick_file.open_key(self.label, sealed, self.office.office.keys.feed)
        self.contents = [content for _, content in stick_file.records(read, key)]

    @property
    def reader(self) -> stick.Reader:
        keys = self.office.office.keys
        public = self.front.key.public_key().public_bytes_raw()
        return stick.Reader("head-office", keys.feed, keys.root_public, lambda _origin, _epoch: public)

    def survey(self, raw: bytes) -> object:
        """The file whole."""
        surveyed = stick.survey(io.BytesIO(raw), self.reader)
        return list(surveyed.each_exchange())

    def record(self, raw: bytes) -> object:
        """One record of a file that is truly sealed for head office."""
        out = io.BytesIO()
        keys = self.office.office.keys
        stick_file.write(out, self.label, keys.feed.public_key().public_bytes_raw(), [raw or b"\0", *self.contents[1:]])
        return self.survey(out.getvalue())

    def header(self, raw: bytes) -> object:
        """The header behind the right beginning."""
        begun = stick_file.MAGIC + stick_file.VERSION + len(raw[:65_535]).to_bytes(2, "big") + raw[:65_535]
        return stick_file.read_label(io.BytesIO(begun))

    def read(self, raw: bytes) -> object:
        """What head office does with a file: what is wrong with it is in the answer, never raised."""
        told = self.office.read(io.BytesIO(raw), "hostile.stick")
        if told.refused is not None:
            raise told.refused
        return told


STICKS = _Sticks()
_HEADER_AT = len(stick_file.MAGIC + stick_file.VERSION) + 2
_HEADER_BYTES = int.from_bytes(STICKS.file[_HEADER_AT - 2 : _HEADER_AT], "big")


# --- neighbours --------------------------------------------------------------------------------------

_OFFICE_KEY = key_of_seed(4)
_OFFICE_PUBLIC = _OFFICE_KEY.public_key().public_bytes_raw()
_RIGHT = Right(RightKind(1), "tacos", b"")
_CERTIFICATE = certificates.issue(FeedId("bayside/front", 1), 1, PUBLIC_KEY, _OFFICE_KEY)


def certificate(raw: bytes) -> object:
    return certificates.read(raw, [_OFFICE_PUBLIC])


RESERVES = [
    neighbour_messages.encode_reserve(neighbour_messages.Reserve("tacos", b"d" * 16, b"i" * 16)),
    neighbour_messages.encode_reply(Reply(Answer.RESERVED, FeedId("bayside/bar", 1))),
    neighbour_messages.encode_rights_asked(neighbour_messages.RightsAsked(_RIGHT, 5)),
    neighbour_messages.encode_rights_given(5),
    neighbour_messages.encode_certificate(_CERTIFICATE, [certificates.authority(_OFFICE_KEY)]),
]


def neighbour_message(raw: bytes) -> object:
    """Read as each kind of message; at least one must refuse it."""
    read: list[object] = []
    for decoded in (
        neighbour_messages.decode_reserve,
        neighbour_messages.decode_reply,
        neighbour_messages.decode_rights_asked,
        neighbour_messages.decode_rights_given,
        neighbour_messages.decode_certificate,
    ):
        try:
            read.append(decoded(raw))
        except ExchangeError:
            continue
    if not read:
        raise ExchangeError("message-malformed", "none of them")
    return read


# --- the snapshot --------------------------------------------------------------------------------------


def _snapshot() -> bytes:
    standing = Standing(OWN)
    for n in range(1, 40):
        standing.apply(OWN, n, redemption(n))
        standing.apply(FeedId("head-office", 1), n, use_seen(n))
    covered = {OWN: Head(39, b"h" * 32), FeedId("head-office", 1): Head(39, b"o" * 32)}
    return b"".join(snapshot.write(standing.frozen(), covered, OWN, 1, to_ms(NOON), KEY))


def read_snapshot(raw: bytes) -> object:
    """A snapshot of a disk that turns bits, or of somebody who has no key."""
    found = snapshot.read(raw, {OWN: PUBLIC_KEY})
    standing = Standing.on(found.settled, OWN)
    return standing.unanswered(OWN), standing.waiting(OWN), standing.uses("shrimp-tacos", bytes(16))


SNAPSHOTS: Sequence[bytes] = [_snapshot()]
STICK_HEADER = STICKS.file[_HEADER_AT : _HEADER_AT + _HEADER_BYTES]
