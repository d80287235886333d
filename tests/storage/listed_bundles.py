"""Bundles with listed codes, version after version, installed by a real counter the way the line does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kiosk.code_lists import CodeCache
from kiosk.core.bundle import content_parts, seal_bundle, sign_roles
from kiosk.core.code_lists import FoundCode
from kiosk.core.fact import Opened
from kiosk.counter import Counter
from kiosk.journal import Journal
from sync.bundle import AskParts, BundleFetcher
from tests.code_worlds import code, codes
from tests.core_world import ORGANISATION, OWN, promotion
from tests.counter_world import ENROLMENT, MovedClock
from tests.twins import NOON_MS, key_of_seed

ROOT, PUBLISHER = key_of_seed(1), key_of_seed(2)
_HERE = replace(ENROLMENT, root_key=ROOT.public_key().public_bytes_raw())
_ROLES = sign_roles(version=1, publishing_keys=[PUBLISHER.public_key().public_bytes_raw()], root_key=ROOT)
_LISTS_AT_MOST = 12


def lists_of(version: int) -> dict[str, range]:
    """Which codes each promotion has in that version: every one of them changes something, and some much."""
    many = 1 + version % _LISTS_AT_MOST
    return {f"tacos-{k}": range(50 + (version if k == many - 1 else 0)) for k in range(many)}


def sealed(version: int, lists: Mapping[str, range] | None = None) -> tuple[bytes, dict[bytes, bytes]]:
    """The bundle of that version: its envelope and its parts by SHA-256."""
    known = lists_of(version) if lists is None else lists
    return sealed_with(version, {name: codes(many, name) for name, many in known.items()})


def sealed_with(version: int, lists: Mapping[str, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """A bundle with these lists, by promotion."""
    promotions = [promotion(id=name, words=None, codes=None, credentials=["listed"]) for name in lists]
    made = content_parts(promotions, ORGANISATION, [], lists)
    return seal_bundle(
        version=version, published_at_ms=NOON_MS, fresh_until_ms=NOON_MS, hard_until_ms=NOON_MS,
        parts=made, roles=_ROLES, publishing_keys=[PUBLISHER],
    )  # fmt: skip


class ListedCounter:
    """A counter over a journal and a cache of codes in one folder, and what fetches its bundles."""

    def __init__(self, folder: Path, open_journal: Callable[[Path], Journal] = Journal.open) -> None:
        self.journal = open_journal(folder / "journal.db")
        try:
            self._begin(folder)
        except BaseException:
            self.journal.close()
            raise
        self.asked: list[bytes] = []
        self.did: list[str] = []

    def _begin(self, folder: Path) -> None:
        if OWN not in self.journal.heads():
            opened = Opened(at_ms=1, store="bayside", counter="counter-1", public_key=bytes(32), key_epoch=1)
            self.journal.start_feed(OWN, opened)
        self.lists = CodeCache(folder / "lists")  # behind the journal, as a station does
        self.counter = Counter(
            journal=self.journal, enrolment=_HERE, clock=MovedClock(), mint=lambda: bytes(16), lists=self.lists
        )
        self.fetcher = BundleFetcher(
            _HERE.root_key,
            self.journal.bundle,
            lambda: self.counter.standing.bundle_floor,
            self.counter.install_bundle,
            self.lists,
        )

    def take(self, version: int, lists: Mapping[str, range] | None = None) -> bool:
        """Fetch and install that version, if it is wanted."""
        envelope, at_head_office = sealed(version, lists)
        return self.fetcher.take(envelope, self._ask_of(at_head_office), NOON_MS, self.did.append) is not None

    def _ask_of(self, at_head_office: Mapping[bytes, bytes]) -> AskParts:
        def ask(wanted: Sequence[bytes]) -> Mapping[bytes, bytes]:
            self.asked.extend(wanted)
            return {digest: at_head_office[digest] for digest in wanted}

        return ask

    def is_whole(self) -> bool:
        """Whether the lists in force are those of the bundle in force, code by code."""
        version = self.counter.catalogue.version
        right = lists_of(version) if version else {}
        return self.lists.complete and all(
            self.lists.find(code(n, name)) == (FoundCode(name, n) if n in right.get(name, ()) else None)
            for name in (f"tacos-{k}" for k in range(_LISTS_AT_MOST + 1))
            for n in (0, 49, 50, 49 + version, 50 + version)
        )

    @property
    def trouble(self) -> tuple[str, ...]:
        """What the status line tells."""
        return self.counter.status().trouble


def install_on_and_on(folder: Path) -> None:
    """Install version after version, and print a line whenever something was done; until killed."""
    at_work = ListedCounter(folder)
    at_work.did = _Printed()
    while True:
        at_work.take(at_work.counter.catalogue.version + 1)
        print(f"installed {at_work.counter.catalogue.version}", flush=True)


class _Printed(list[str]):
    def append(self, words: str) -> None:
        print(words, flush=True)
