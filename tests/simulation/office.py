"""Head office of a simulated world: the real intake over tables in memory, which crash, are backed up and restored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kiosk.clock import to_ms
from kiosk.config import Enrolment
from kiosk.core import strict_cbor
from kiosk.core.entry import FeedId
from kiosk.errors import ExchangeError
from sync.certificates import issue
from sync.head_office import desk, intake, restored
from sync.head_office.attempts import Attempts
from sync.head_office.office import HeadOffice
from sync.head_office.positions import KeptPositions
from sync.head_office.records import EnrolmentCode, Which
from sync.wire import EXCHANGE_PATH, PARTS_PATH
from tests.simulation.auditor import Auditor
from tests.simulation.disk import PowerCut
from tests.simulation.figures import Figures
from tests.simulation.published import KEYS, Publication, first_published, publish_in
from tests.twins import SetClock
from tests.twins_head_office import HeadOfficeTwin, Tables


class SimStore(HeadOfficeTwin):
    """Tables that lose what was not committed when power fails at the k-th instant, before or behind a commit."""

    def __init__(self, tables: Tables) -> None:
        super().__init__()
        self.tables = tables
        self.cut_at: int | None = None

    @contextmanager
    def together(self) -> Iterator[HeadOfficeTwin]:
        with super().together():
            self.instant()
            yield self
            self.instant()
        if not self._depth:
            self.instant()

    def instant(self) -> None:
        """A moment at which power may fail."""
        if self.cut_at is None:
            return
        if self.cut_at > 0:
            self.cut_at -= 1
            return
        self.cut_at = None
        raise PowerCut


class SimPositions(KeptPositions):
    """The position file: power may fail before it is written, and behind."""

    def __init__(self, store: SimStore) -> None:
        super().__init__({})
        self._store = store

    def keep(self, positions: Mapping[FeedId, int]) -> None:
        self._store.instant()
        super().keep(positions)
        self._store.instant()

    def set_to(self, positions: Mapping[FeedId, int] | None) -> None:
        """Put the file back to an older one; None: it is gone."""
        self._positions = None if positions is None else dict(positions)


class SimOffice:
    """One head office. ``up`` is False from a crash to the next start."""

    def __init__(self, publication: Publication, clock: SetClock, auditor: Auditor) -> None:
        self.publication, self.clock, self.auditor = publication, clock, auditor
        tables, parsed = first_published(publication)
        self.store = SimStore(tables)
        self.positions = SimPositions(self.store)
        self.backup: tuple[Tables, Mapping[FeedId, int] | None] | None = None
        self.up = True
        self.was_restored = False
        self.faults: Counter[str] = Counter()
        self._told: dict[FeedId, int] = {}
        self.office = HeadOffice(Path("/nowhere"), self.store, KEYS, clock, Attempts(clock), parsed, self.positions)
        auditor.published(publication.caps(), publication.policies)

    # --- messages

    def answer(self, path: str, message: bytes) -> bytes:
        """What head office answers; everything of it is committed and audited when this returns."""
        if not self.up:
            raise ExchangeError("unreachable", "Head office does not answer")
        try:
            if path == PARTS_PATH:
                return intake.give_parts(self.office, message)
            assert path == EXCHANGE_PATH
            answered = intake.receive(self.office, message)
        except PowerCut:
            self.faults["office power cut"] += 1
            self.crash()
            raise ExchangeError("unreachable", "Head office went dark") from None
        finally:
            self.audit()
        return answered

    def audit(self) -> None:
        """Tell the auditor what was committed since it was told last."""
        for feed, held in self.store.tables.feeds.items():
            before = self._told.get(feed, 0)
            if len(held) > before:
                own = feed.origin.startswith("head-office")
                self.auditor.committed(str(feed), held[before:], own=own)
                self._told[feed] = len(held)

    def figures(self) -> Figures:
        """What head office counts: live redemptions of each promotion, and what they cost."""
        found = {}
        for promotion in self.publication.promotions:
            count = self.store.count(Which(promotion=promotion))
            found[promotion] = count.redemptions, count.amount_minor
        return found

    def ended(self) -> dict[str, int]:
        """The feeds of which only the beginning counts."""
        return {str(one.feed): one.counts_to for one in self.store.enrolments() if one.counts_to is not None}

    def evidence_bodies(self) -> set[bytes]:
        """The bodies of all entries that are kept as evidence."""
        forks = [strict_cbor.decode(one.content) for one in self.store.evidence() if one.kind == "fork"]
        return {body for fork in forks for body in fork[2]}

    # --- life

    def crash(self) -> None:
        """Power fails: what is not committed is lost, and all that was only in memory."""
        self.up = False
        self.store.cut_at = None
        self.office.parsed.clear()

    def start(self) -> None:
        """Start (again)."""
        self.up = True
        self.office.parsed.clear()
        restored.start(self.store, self.positions, to_ms(self.clock.now()) // 1000)
        self.audit()

    def back_up(self) -> None:
        """Copy the database."""
        self.backup = self.store.tables.copy(), self.positions.held()

    def restore(self, *, position: str) -> None:
        """Put the last backup in place of the database; the position file is ``kept``, ``missing`` or ``old``."""
        if self.backup is None:
            return
        tables, positions = self.backup
        self.store.tables = tables.copy()
        self.was_restored = True
        if position != "kept":
            self.positions.set_to(None if position == "missing" else positions)
        self._told = {feed: len(held) for feed, held in self.store.tables.feeds.items()}
        self.auditor.office_restored({str(feed): n for feed, n in self._told.items()})
        self.start()

    # --- decisions of people

    def publish(self, publication: Publication) -> None:
        """Publish other caps."""
        self.publication = publication
        self.auditor.published(publication.caps(), publication.policies)
        publish_in(self.office, publication)

    def enrol(self, store: str, counter: str, public_key: bytes) -> tuple[Enrolment, bytes]:
        """Let a device in, and certify it; without the code, whose stretching takes longer than a whole history."""
        code = EnrolmentCode(
            code_id="0000", store=store, counter=counter, created_at_ms=0, expires_at_ms=0, salt=b"", stretched=b"",
            private_key=b"",
        )  # fmt: skip
        with self.store.together() as kept:
            life = replace(desk._new_life(kept, code, public_key, to_ms(self.clock.now())))
            kept.put_enrolment(life)
        certificate = issue(life.feed, life.key_epoch, life.public_key, self.office.keys.feed)
        return desk._grant(self.office, life).enrolment("http://head-office.simulated"), certificate
