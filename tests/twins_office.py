"""A head office of a few lines for the tests of a counter's line: it speaks the real exchange over a function call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kiosk.config import Enrolment
from kiosk.core.bundle import content_parts, seal_bundle, sign_roles
from kiosk.core.entry import FeedId
from kiosk.core.fact import Receipt
from kiosk.core.organisation import Organisation
from kiosk.errors import ExchangeError
from kiosk.ports import CachedBundle
from sync.bundle import answer_parts
from sync.exchange import Result, Taken, answer
from sync.post import UNREACHABLE
from sync.wire import EXCHANGE_PATH, Party
from tests.twins import NOON_MS, Writer, key_of_seed

COUNTER_KEY, OFFICE_KEY, ROOT_KEY, PUBLISHING_KEY = (key_of_seed(seed) for seed in (1, 2, 3, 4))
COUNTER_FEED = FeedId("bayside/front", 1)
OFFICE_FEED = FeedId("head-office/bayside/front", 1)
ENROLMENT = Enrolment(
    origin="bayside/front",
    incarnation=1,
    key_epoch=1,
    store="bayside",
    counter="front",
    head_office_url="http://office",
    head_office_keys=((1, OFFICE_KEY.public_key().public_bytes_raw()),),
    root_key=ROOT_KEY.public_key().public_bytes_raw(),
    fleet_key=b"f" * 32,
)


class SmallOffice:
    """Takes a counter's journal, writes receipts, offers a bundle. ``down`` and ``harm`` are a test's to set."""

    def __init__(self) -> None:
        self.us = Party("head-office", 1, OFFICE_KEY)
        self.writer = Writer(OFFICE_FEED, OFFICE_KEY)
        self.writer.trust.trust(COUNTER_FEED, COUNTER_KEY)
        self.bundle: CachedBundle | None = None
        self.bundle_version = 0
        self.down = False
        self.harm: Callable[[str, bytes], bytes] = lambda _path, answered: answered
        self.posted: list[str] = []

    def key_of(self, origin: str, key_epoch: int) -> bytes | None:
        known = (origin, key_epoch) == ("bayside/front", 1)
        return COUNTER_KEY.public_key().public_bytes_raw() if known else None

    def post(self, path: str, message: bytes) -> bytes:
        self.posted.append(path)
        if self.down:
            raise ExchangeError(UNREACHABLE, "No answer from http://office (connection refused)")
        if path == EXCHANGE_PATH:
            answered = answer(
                message,
                us=self.us,
                key_of=self.key_of,
                side_of=lambda _sender: replace(
                    self.writer.side(), bundle_version=lambda: self.bundle_version, newer_bundle=self._newer
                ),
                at_ms=NOON_MS,
                settle=self._settle,
            )
        else:
            answered = answer_parts(message, us=self.us, key_of=self.key_of, find=self._find, at_ms=NOON_MS)
        return self.harm(path, answered)

    def publish(self, version: int, *, name: str = "Harbor Grill") -> None:
        """Offer a bundle of this version from now on."""
        public = PUBLISHING_KEY.public_key().public_bytes_raw()
        envelope, parts = seal_bundle(
            version=version,
            published_at_ms=NOON_MS,
            fresh_until_ms=NOON_MS,
            hard_until_ms=NOON_MS,
            parts=content_parts([], Organisation(name=name), [], {}),
            roles=sign_roles(version=1, publishing_keys=[public], root_key=ROOT_KEY),
            publishing_keys=[PUBLISHING_KEY],
        )
        self.bundle, self.bundle_version = CachedBundle(envelope, parts), version

    def _newer(self, their_version: int) -> bytes | None:
        return self.bundle.envelope if self.bundle and self.bundle_version > their_version else None

    def _find(self, wanted: Sequence[bytes]) -> dict[bytes, bytes]:
        held = self.bundle.parts if self.bundle else {}
        return {digest: held[digest] for digest in wanted if digest in held}

    def _settle(self, _sender: str, taken: Taken) -> None:
        for one in taken.applied:
            if one.result is Result.STORED:
                self.writer.write(Receipt(at_ms=NOON_MS, feed=str(one.feed), n=one.head.n, head=one.head.hash))
