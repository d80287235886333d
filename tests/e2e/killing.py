"""A real counter and a real head office, killed again and again at moments that a seed chooses, then judged.

When to kill is told in acknowledgements, never in seconds: after so many lines of what the counter says it has done.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections import Counter as Counts
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.config import CounterFolder, Enrolment
from kiosk.core.bundle import open_bundle
from kiosk.core.entry import (
    FeedId,
)
from kiosk.core.fact import (
    BundleInstalled,
    Redemption,
    Void,
)
from kiosk.journal import Journal, verify
from kiosk.setting_up import enrol_now
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from sync.head_office.records import LogRow
from sync.line import enrol_by_code
from tests.e2e.road import Road, codes

CHECKOUT = Path(__file__).parents[2]
LINES_AT_MOST = 40
FIRST_CODES = 60
PROMOTIONS = """promotions:
  - id: tacos
    title: Free tacos
    gives: One tacos, free
    value: {amount: "1.00", currency: USD}
    valid: {from: 2020-01-01, until: 2099-12-31}
    credentials: [listed]
    offline: {policy: floor, floor: "20.00", risk: "1000.00"}
  - id: pie
    title: Free pie
    gives: One pie, free
    valid: {from: 2020-01-01, until: 2099-12-31}
    credentials: [word]
    words: [LIMEPIE]
    limits: {total: 100000}
"""
"""Listed codes that need the counter's own risk right where head office is away, and a word with a promised cap."""


@dataclass
class Killing:
    """Rounds of it. ``acknowledged`` are the intents of redemptions, ``installed`` the newest version said to be."""

    road: Road
    chance: random.Random
    acknowledged: dict[str, int] = field(default_factory=dict)
    installed: int = 0
    published: int = 0
    kills: Counts[str] = field(default_factory=Counts)

    @classmethod
    def begin(cls, folder: Path, seed: int) -> Killing:
        """A counter enrolled with a head office that runs."""
        road = Road.plant(folder, listed=FIRST_CODES)
        made = cls(road, random.Random(seed))
        with made._office() as office:
            made.published = publish(office, promotions=PROMOTIONS, by="test").version
        road.head_office.start()
        enrol_now(made.folder, enrol_by_code, road.head_office.url, road.planted.code)
        return made

    @property
    def folder(self) -> CounterFolder:
        return CounterFolder(self.road.folder / "counter")

    def round(self) -> None:
        """One life of the counter; head office dies in it, or between two of them, or not; a bundle is published."""
        head_office_dies = self.chance.random() < 0.4
        with self._counter("--seed", str(self.chance.random())[2:10]) as lines:
            self._read(lines, self.chance.randint(1, LINES_AT_MOST))
            if head_office_dies:
                self.road.head_office.kill()
                self.kills["head office"] += 1
                self._read(lines, self.chance.randint(1, LINES_AT_MOST))
            if self.chance.random() < 0.7:
                self._publish()
            if head_office_dies and self.chance.random() < 0.5:
                self.road.head_office.start()
                head_office_dies = False
            self._read(lines, self.chance.randint(1, LINES_AT_MOST))
        self.kills["counter"] += 1
        if head_office_dies:
            self.road.head_office.start()
        self.judge_journal()

    @contextlib.contextmanager
    def _counter(self, *arguments: str) -> Iterator[Iterator[str]]:
        """A counter at work, killed at the end; what it had said until then is read."""
        command = [sys.executable, "-m", "tests.e2e.busy_counter", str(self.folder.path), *arguments]
        with (
            (self.road.folder / "counter.log").open("ab") as log,
            subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=log, text=True) as child,
        ):
            assert child.stdout is not None
            try:
                yield child.stdout
            finally:
                child.kill()
            for line in child.stdout.read().split("\n")[:-1]:  # the last line may be cut
                self._note(line)

    def _read(self, lines: Iterator[str], many: int) -> None:
        for _ in range(many):
            line = next(lines, None)
            assert line is not None, (self.road.folder / "counter.log").read_text()[-3000:]
            self._note(line)

    def _note(self, line: str) -> None:
        words = line.split()
        if words[0] == "redeemed":
            assert words[2] not in self.acknowledged
            self.acknowledged[words[2]] = int(words[1])
        else:
            assert int(words[1]) >= self.installed, "the bundle in force never goes back"
            self.installed = int(words[1])

    def _publish(self) -> None:
        with self._office() as office:
            listed = codes(FIRST_CODES + 10 * self.published)
            self.published = publish(office, codes={"tacos": listed}, by="test").version

    @contextlib.contextmanager
    def _office(self) -> Iterator[HeadOffice]:
        office = HeadOffice.open(self.road.folder / "head-office")
        try:
            yield office
        finally:
            office.close()

    # --- judging ---------------------------------------------------------------------------------

    def judge_journal(self) -> dict[int, Redemption | Void]:
        """Assert that the journal has all that was acknowledged, once, and one whole bundle; what it holds."""
        report = verify(self.folder.journal)
        assert report.ok, report
        enrolment = Enrolment.load(self.folder.enrolment)
        journal = Journal.open(self.folder.journal)
        try:
            facts = {n: fact for feed, n, fact in journal.replay() if feed == enrolment.feed}
            cached = journal.bundle()
        finally:
            journal.close()
        made = {n: fact for n, fact in facts.items() if isinstance(fact, Redemption)}
        intents = {fact.intent.hex(): n for n, fact in made.items()}
        assert len(intents) == len(made), "an intent was redeemed twice"
        assert self.acknowledged.items() <= intents.items(), "an acknowledged redemption is lost, or elsewhere"
        voided = {fact.n for fact in facts.values() if isinstance(fact, Void)}
        once = [fact.credential for n, fact in made.items() if not fact.shared and n not in voided]
        assert len(set(once)) == len(once), "a listed code is live twice"
        floor = max((fact.version for fact in facts.values() if isinstance(fact, BundleInstalled)), default=0)
        assert floor >= self.installed
        if floor:
            assert cached is not None
            held = _Anything()  # chunks of lists lie beside the journal
            assert open_bundle(cached.envelope, cached.parts, enrolment.root_key, floor, held=held).version == floor
        return {n: fact for n, fact in facts.items() if isinstance(fact, Redemption | Void)}

    def judge_all(self) -> int:
        """Let it drain, and assert that head office has every redemption and void exactly once. How many."""
        command = [sys.executable, "-m", "tests.e2e.busy_counter", str(self.folder.path)]
        command += ["--until", str(self.published)]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == 0, done.stderr[-3000:]
        self.road.head_office.kill()
        facts = self.judge_journal()
        feed = Enrolment.load(self.folder.enrolment).feed
        rows = self._rows(feed)
        assert [row.n for row in rows] == sorted(facts), "each once, in order"
        with self._office() as office:
            assert not office.store.evidence(), "nobody is accused"
            assert not any(life.fenced for life in office.store.enrolments())
        return len(rows)

    def _rows(self, feed: FeedId) -> list[LogRow]:
        with self._office() as office:
            rows: list[LogRow] = []
            while page := office.store.redemptions_after(rows[-1].cursor if rows else 0, 500):
                rows.extend(page)
        assert {row.feed for row in rows} <= {feed}
        return rows


class _Anything:
    def __contains__(self, _sha256: object) -> bool:
        return True
