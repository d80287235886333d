"""Counters that spend rights and a head office that can be set back to a backup, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.core.entry import FeedId
from kiosk.core.fact import Asked, Denied, Fact, Granted, Spent, decode_fact
from kiosk.core.rights import Accounts, Right, RightKind
from kiosk.core.standing import Standing
from sync.head_office import restored
from sync.head_office.decisions import recall
from sync.head_office.kept_lives import LivesInMemory, put_back
from sync.head_office.office import HeadOffice
from sync.head_office.positions import KeptPositions
from sync.head_office.publish import publish
from sync.head_office.store import HeadOfficeStore
from tests.head_office_world import ORGANISATION, SmallCounter, an_office, enrolled, line_to
from tests.twins_head_office import HeadOfficeTwin, Tables

TOTAL = Right(RightKind.TOTAL, "tacos")
BUDGET = Right(RightKind.BUDGET, "tacos")
STORE = Right(RightKind.STORE, "tacos", b"bayside")
RISK = Right(RightKind.RISK, "tacos")
PLACES = (("bayside", "front"), ("bayside", "bar"), ("pier-9", "front"))
_TACOS = """
promotions:
  - id: tacos
    title: Free shrimp tacos
    gives: One shrimp tacos appetizer, free
    value: {amount: "12.00", currency: USD}
    valid: {from: 2026-11-01, until: 2026-11-30}
"""


def tacos(*lines: str) -> str:
    """The promotion tacos with more lines; words unless they name other credentials."""
    if not any(line.startswith("credentials") for line in lines):
        lines = ("credentials: [word]", "words: [TACOS]", *lines)
    return _TACOS + "".join(f"    {line}\n" for line in lines)


def office_with(place: Path, *lines: str, store: HeadOfficeStore | None = None) -> HeadOffice:
    """A head office that has published tacos."""
    office = an_office(place, store=store, published=False)
    publish(office, promotions=tacos(*lines), organisation=ORGANISATION, by="test")
    return office


def three_counters(office: HeadOffice) -> list[SmallCounter]:
    """The three counters of the organisation, enrolled."""
    return [enrolled(office, *place, key=k) for k, place in enumerate(PLACES, 1)]


def standing(counter: SmallCounter) -> Standing:
    """What a counter knows, as it folds it itself."""
    folded = Standing(own=counter.feed)
    for feed in sorted(counter.journal.heads()):
        for entry in counter.journal.entries(feed, 0, 100_000):
            folded.apply(feed, entry.n, decode_fact(entry.body))
    return folded


def accounts(counter: SmallCounter) -> Accounts:
    """The rights of a counter, as it folds them itself."""
    return standing(counter).accounts


def balance(counter: SmallCounter, right: Right = TOTAL) -> int:
    return accounts(counter).balance(right)


def spend(counter: SmallCounter, times: int = 1) -> list[int]:
    """Redemptions of a word that each take one use of the total, as the counter has them."""
    made = []
    for _ in range(times):
        (granted_by, _), *_ = accounts(counter).lots(TOTAL)
        made.append(counter.redeem(credential_kind="word", shared=True, spent=(Spent(1, granted_by, 1),)))
    return made


def held_here(office: HeadOffice, counter: SmallCounter, right: Right = TOTAL) -> int:
    """What head office's books say that a counter has."""
    return sum(one.balance for one in office.store.rights_of(str(counter.feed)) if one.lot.right == right)


def ask_for(counter: SmallCounter, credential: bytes = b"c" * 16, *, intent: bytes = b"i" * 16) -> int:
    """Ask for the right of a credential and exchange; the number of the asking entry."""
    (entry,) = counter.write(Asked(at_ms=1, intent=intent, promotion="tacos", credential=credential))
    counter.exchange()
    return entry.n


def answer_to(counter: SmallCounter, n: int) -> str | None:
    """ "granted", or why not; None: nothing was answered to entry ``n``."""
    for fact in counter.told(Granted):
        assert isinstance(fact, Granted)
        if fact.asked_n == n:
            return "granted"
    denials: Sequence[Any] = counter.told(Denied)
    return next((fact.why for fact in denials if fact.n == n), None)


def use(counter: SmallCounter, credential: bytes = b"c" * 16, **changes: Any) -> int:
    """Redeem a listed code with the right that was granted for it."""
    return counter.redeem(credential=credential, spent=(Spent(5, 1, 1),), **changes)


def at_risk(counter: SmallCounter, credential: bytes, amount: int = 1200, *, granted_by: int = 1) -> int:
    """Redeem a listed code unseen."""
    return counter.redeem(credential=credential, spent=(Spent(4, granted_by, amount),))


@dataclass
class Backups:
    """A head office that can be set back, its counters, and the line between them that follows it."""

    place: Path
    lines: tuple[str, ...] = ("limits: {total: 100}",)
    file: KeptPositions = field(default_factory=KeptPositions)
    lives: LivesInMemory = field(default_factory=LivesInMemory)

    def __post_init__(self) -> None:
        made = office_with(self.place, *self.lines)
        self.store = made.store
        restored.start(self.store, self.file)
        self.office = self._opened(made)

    def _opened(self, before: HeadOffice) -> HeadOffice:
        office = HeadOffice(
            before.place, self.store, before.keys, before.clock, before.attempts, positions=self.file, lives=self.lives
        )
        recall(office)
        return office

    @property
    def tables(self) -> Tables:
        assert isinstance(self.store, HeadOfficeTwin)
        return self.store.tables

    def enrolled(self, store: str = "bayside", counter: str = "front", *, key: int = 1) -> SmallCounter:
        made = enrolled(self.office, store, counter, key=key)
        self.lives.keep(self.store.enrolments())
        return SmallCounter(made.enrolment, made.key, self._post)

    def _post(self, path: str, message: bytes) -> bytes:
        return line_to(self.office)(path, message)  # whichever is in force

    def three(self) -> list[SmallCounter]:
        return [self.enrolled(*place, key=k) for k, place in enumerate(PLACES, 1)]

    def backup(self) -> Tables:
        return self.tables.copy()

    def restore(self, backup: Tables, *, file_too: KeptPositions | None = None, file_lost: bool = False) -> None:
        """Put the database back, and start head office on it."""
        assert isinstance(self.store, HeadOfficeTwin)
        self.store.tables = backup.copy()
        if file_lost:
            self.file = KeptPositions()
        if file_too is not None:
            self.file = file_too
        with self.store.together() as store:
            put_back(store, self.lives.held())
        restored.start(self.store, self.file)
        self.office = self._opened(self.office)

    def incarnation(self) -> int:
        return int(self.store.setting("incarnation") or 1)


def feeds_of_head_office(counter: SmallCounter) -> list[FeedId]:
    """What a counter holds of head office's feeds."""
    return [feed for feed in sorted(counter.journal.heads()) if feed.origin.startswith("head-office")]


def facts(counter: SmallCounter, feed: FeedId) -> list[Fact]:
    """All that one feed says at a counter."""
    return [decode_fact(entry.body) for entry in counter.journal.entries(feed, 0, 100_000)]
