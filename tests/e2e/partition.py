"""Three counters and a head office, real programs on hosts of their own, cut and healed by turns, then judged by files.

Two counters are neighbours in one store, the third is in another. When a turn ends is told in acknowledgements, never
in seconds. What is judged is read from the journals and the database after all have ended, by a count of its own.
"""

from __future__ import annotations

import os
import queue
import random
import shutil
import subprocess
import sys
import threading
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.config import CounterFolder, Enrolment
from kiosk.core.entry import Entry, FeedId
from kiosk.core.fact import BundleInstalled, Fact, Redemption, UseSeen, Void, decode_fact
from kiosk.journal import Journal, verify
from sync.demo_office import Seed, plant
from sync.head_office.desk import create_enrolment_code
from sync.head_office.office import HeadOffice
from sync.head_office.records import LogRow
from sync.samples import organisation
from tests.e2e.cut_off_counter import codes
from tests.e2e.hosts import Hosts, Pair, open_hosts

CHECKOUT = Path(__file__).parents[2]
OFFICE = "office"
COUNTERS: Mapping[str, tuple[str, str]] = {
    "one": ("bayside", "counter-1"),
    "two": ("bayside", "counter-2"),
    "three": ("pier-9", "bar"),
}
NEIGHBOURS: Mapping[str, str] = {"one": "two", "two": "one"}
STARTS_WITHIN_S, SAYS_WITHIN_S, DRAINS_WITHIN_S = 60, 60, 120
TOTAL, PER_STORE, BUDGET_MINOR, FACE_MINOR, RISK_MINOR = 150, 90, 40_000, 500, 6_000
PROMOTIONS = f"""promotions:
  - id: pie
    title: Free pie
    gives: One pie, free
    valid: {{from: 2020-01-01, until: 2099-12-31}}
    credentials: [word]
    words: [LIMEPIE]
    limits: {{total: {TOTAL}, per_store: {PER_STORE}}}
  - id: burger
    title: Burger for less
    gives: Five off a burger
    value: {{amount: "5.00", currency: USD}}
    valid: {{from: 2020-01-01, until: 2099-12-31}}
    credentials: [word]
    words: [BURGER]
    limits: {{budget: "{BUDGET_MINOR // 100}.00"}}
  - id: online
    title: Free soup
    gives: One soup, free
    value: {{amount: "5.00", currency: USD}}
    valid: {{from: 2020-01-01, until: 2099-12-31}}
    credentials: [listed]
    offline: {{policy: online}}
  - id: floor
    title: Free salad
    gives: One salad, free
    value: {{amount: "5.00", currency: USD}}
    valid: {{from: 2020-01-01, until: 2099-12-31}}
    credentials: [listed]
    offline: {{policy: floor, floor: "10.00", risk: "{RISK_MINOR // 100}.00"}}
"""


@dataclass
class Working:
    """One counter's program; what it says arrives in ``said`` with its host's name."""

    child: subprocess.Popen[str]
    reader: threading.Thread


@dataclass
class Partition:
    """The whole, as it runs. ``acknowledged`` are intents by feed and number."""

    folder: Path
    hosts: Hosts
    chance: random.Random
    code_count: int
    said: queue.Queue[tuple[str, str]] = field(default_factory=queue.Queue)
    working: dict[str, Working] = field(default_factory=dict)
    office: subprocess.Popen[bytes] | None = None
    acknowledged: dict[tuple[str, int, int], str] = field(default_factory=dict)
    turns: Counts[str] = field(default_factory=Counts)
    tried: int = 0

    @classmethod
    def begin(cls, folder: Path, seed: int, code_count: int = 100, hosts: Hosts | None = None) -> Partition:
        """Everything planted, enrolled and started; nothing cut."""
        names = [OFFICE, *COUNTERS]
        made = cls(folder, hosts or open_hosts(names), random.Random(seed), code_count)
        try:
            made._plant()
        except BaseException:
            made.close()
            raise
        return made

    def _plant(self) -> None:
        listed = {"online": codes("ONLINE", self.code_count), "floor": codes("FLOOR", self.code_count)}
        store, counter = COUNTERS["one"]
        plant(
            self.folder / OFFICE,
            Seed(organisation("America/New_York"), PROMOTIONS, listed, store, counter, "Ana Moreno"),
        )
        office = HeadOffice.open(self.folder / OFFICE)
        shown = {name: create_enrolment_code(office, *place).code for name, place in COUNTERS.items()}
        office.close()
        self._start_office()
        for name, code in shown.items():
            host, port = self.hosts.way((name, OFFICE))
            self._run(name, "--enrol", f"http://{host}:{port}", code)
            self._start(name)

    # --- programs --------------------------------------------------------------------------------

    def _start_office(self) -> None:
        host, port = self.hosts.listens(OFFICE)
        command = [
            *self.hosts.command(OFFICE), sys.executable, "run_kiosk.py", "head-office", "run",
            "--data", str(self.folder / OFFICE), "--host", host, "--port", str(port),
        ]  # fmt: skip
        with (self.folder / "office.log").open("ab") as log:
            self.office = subprocess.Popen(
                command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=log, env=_environment()
            )
        probe = (
            "import sys\nfrom sync.robot_clerk import wait_until_healthy\n"
            f"sys.exit(not wait_until_healthy('http://{host}:{port}', {STARTS_WITHIN_S}))"
        )
        command = [*self.hosts.command(OFFICE), sys.executable, "-c", probe]
        subprocess.run(command, cwd=CHECKOUT, check=True, timeout=STARTS_WITHIN_S + 20)

    def _arguments(self, name: str) -> list[str]:
        folder = str(self.folder / name)
        return [*self.hosts.command(name), sys.executable, "-m", "tests.e2e.cut_off_counter", folder]

    def _lan(self, name: str) -> list[str]:
        if name not in NEIGHBOURS:
            return []
        here, there = self.hosts.listens(name), self.hosts.way((name, NEIGHBOURS[name]))
        return ["--lan", f"{here[0]}:{here[1]}", "--neighbours", f"{there[0]}:{there[1]}"]

    def _run(self, name: str, *arguments: str) -> None:
        command = [*self._arguments(name), *arguments]
        done = subprocess.run(
            command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=DRAINS_WITHIN_S
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def _start(self, name: str, *arguments: str) -> None:
        command = [*self._arguments(name), *self._lan(name)]
        command += arguments or ["--seed", str(self.chance.randrange(10**9)), "--codes", str(self.code_count)]
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=log, text=True)
        reader = threading.Thread(target=self._hear, args=(name, child), daemon=True)
        reader.start()
        self.working[name] = Working(child, reader)

    def _hear(self, name: str, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        with child.stdout as lines:
            for line in lines:
                if line.endswith("\n"):  # the last one may be cut by the kill
                    self.said.put((name, line))

    def _kill(self, name: str) -> None:
        working = self.working.pop(name)
        working.child.kill()
        working.child.wait(20)
        working.reader.join(20)

    def _kill_office(self) -> None:
        if self.office is not None:
            self.office.kill()
            self.office.wait(20)
        self.office = None

    # --- turns -----------------------------------------------------------------------------------

    def read(self, many: int) -> None:
        """Hear of so many customers."""
        heard = 0
        while heard < many:
            name, line = self.said.get(timeout=SAYS_WITHIN_S)
            heard += self._note(name, line)

    def _note(self, name: str, line: str) -> bool:
        words = line.split()
        if words[0] == "redeemed":
            self.acknowledged[name, int(words[1]), int(words[2])] = words[3]
        self.tried += words[0] == "tried"
        return words[0] == "tried"

    def turn(self, customers: int) -> None:
        """Cut other ways than before, perhaps kill a program; hear of so many customers meanwhile."""
        self.hosts.cut(self._drawn_cut())
        if self.chance.random() < 0.3:
            victim = self.chance.choice([OFFICE, *COUNTERS])
            self.turns[f"kill {'office' if victim == OFFICE else 'counter'}"] += 1
            if victim == OFFICE:
                self._kill_office()
                self.read(customers // 2)
                self._start_office()
            else:
                self._kill(victim)
                self._start(victim)
        self.read(customers)

    def _drawn_cut(self) -> set[Pair]:
        ways = [(name, OFFICE) for name in COUNTERS] + [*NEIGHBOURS.items()]
        cut: set[Pair] = set()
        for here, there in ways:
            drawn = self.chance.random()
            if drawn < 0.4:
                cut |= {(here, there), (there, here)}
                self.turns["cut"] += 1
            elif drawn < 0.5:
                cut.add(self.chance.choice([(here, there), (there, here)]))
                self.turns["cut one way"] += 1
        return cut

    def heal(self) -> None:
        """All is connected, nobody redeems any more, until nothing waits; then all programs end."""
        self.hosts.cut(())
        for name in COUNTERS:
            self._kill(name)
        self._read_rest()
        for _ in range(2):  # what one brings in the first, the others hear in the second
            for name in COUNTERS:
                self._start(name, "--drain")
            for name in COUNTERS:
                working = self.working.pop(name)
                working.child.wait(DRAINS_WITHIN_S)
                assert working.child.returncode == 0, (self.folder / f"{name}.log").read_text()[-3000:]
                working.reader.join(20)
        self._kill_office()

    def _read_rest(self) -> None:
        while not self.said.empty():
            self._note(*self.said.get())

    def close(self) -> None:
        """End every program, take down the hosts."""
        for name in list(self.working):
            self._kill(name)
        self._kill_office()
        self.hosts.close()

    # --- judging ---------------------------------------------------------------------------------

    def judge(self) -> dict[str, int]:
        """Assert the invariants that files show; the figures."""
        journals = {name: self._entries(name) for name in COUNTERS}
        own = {feed: entries for name in COUNTERS for feed, entries in journals[name].items() if _is_of(feed, name)}
        books = _Books.of(own)
        for (name, incarnation, n), intent in self.acknowledged.items():  # I5
            feed = FeedId("/".join(COUNTERS[name]), incarnation)
            fact = books.redemptions.get((feed, n))
            assert fact is not None, f"{feed} {n} was acknowledged and is not in its journal"
            assert fact.intent.hex() == intent, f"{feed} {n} is another redemption than was acknowledged"
        self._judge_caps(books)
        office = HeadOffice.open(self.folder / OFFICE)
        try:
            self._judge_office(office, own, books)
        finally:
            office.close()
        for name, entries in journals.items():  # I7: what one holds of another's feed is what that one wrote
            for feed, held in entries.items():
                assert held == own.get(feed, held)[: len(held)], f"{name} holds {feed} otherwise"
        return {
            "tried": self.tried,
            "redemptions": len(books.redemptions),
            "voids": len(books.voided),
            "doubles": sum(count - 1 for count in books.live_once("floor").values() if count > 1),
            "entries": sum(map(len, own.values())),
        }

    def _entries(self, name: str) -> dict[FeedId, list[Entry]]:
        folder = CounterFolder(self.folder / name)
        report = verify(folder.journal)
        assert report.ok, report
        copied = self.folder / f"{name}-read"
        shutil.copytree(folder.path, copied, dirs_exist_ok=True)
        journal = Journal.open(CounterFolder(copied).journal)
        try:
            assert Enrolment.load(folder.enrolment).feed in journal.heads()
            return {feed: list(journal.entries(feed, 0, head.n)) for feed, head in journal.heads().items()}
        finally:
            journal.close()

    def _judge_caps(self, books: _Books) -> None:
        live = books.live()
        pies = [fact for fact in live if fact.promotion == "pie"]
        assert len(pies) <= TOTAL, "I1: total"
        assert all(count <= PER_STORE for count in Counts(fact.store for fact in pies).values()), "I1: per store"
        assert sum(fact.amount_minor or 0 for fact in live if fact.promotion == "burger") <= BUDGET_MINOR, "I1: budget"
        assert all(count == 1 for count in books.live_once("online").values()), "I2: online"
        doubles = sum(count - 1 for count in books.live_once("floor").values())
        assert doubles * FACE_MINOR <= RISK_MINOR, "I3: risk"

    def _judge_office(self, office: HeadOffice, own: Mapping[FeedId, list[Entry]], books: _Books) -> None:
        store = office.store
        for feed, entries in own.items():  # I6, I16: all that survives is there, byte for byte
            assert list(store.entries(feed, 0, len(entries) + 1)) == entries, f"head office holds {feed} otherwise"
        rows = list(_rows(office))
        assert len({(row.feed, row.n) for row in rows}) == len(rows), "I8: counted once"
        assert {(row.feed, row.n) for row in rows if row.kind == "redemption"} == set(books.redemptions)
        assert not store.evidence(), "I11, I13: nobody is accused"
        assert not any(life.fenced for life in store.enrolments())
        reported = {one.credential for one in store.twice(1_000)}
        doubled = {credential for credential, count in books.live_once("floor").items() if count > 1}
        assert doubled <= reported, "I10: every multi-redemption is reported"
        assert reported <= books.ever_twice(), "I10: and no false one"
        for promotion in ("pie", "burger", "floor"):  # I4
            for account in store.accounts_of_promotion(promotion):
                assert account.balance >= 0, f"I4: {account} is overspent"


@dataclass
class _Books:
    """A count of what truly happened, from the counters' own feeds alone."""

    redemptions: dict[tuple[FeedId, int], Redemption] = field(default_factory=dict)
    voided: set[tuple[FeedId, int]] = field(default_factory=set)

    @classmethod
    def of(cls, own: Mapping[FeedId, list[Entry]]) -> _Books:
        books = cls()
        for feed, entries in own.items():
            version = 0
            for entry in entries:
                fact: Fact = decode_fact(entry.body)
                if isinstance(fact, Redemption):
                    books.redemptions[feed, entry.n] = fact
                elif isinstance(fact, Void):
                    assert fact.feed == str(feed)
                    books.voided.add((feed, fact.n))
                elif isinstance(fact, BundleInstalled):
                    assert fact.version > version, "I12: the bundle's version never goes down"
                    version = fact.version
                assert not isinstance(fact, UseSeen), "I13: a counter speaks for itself alone"
        return books

    def live(self) -> list[Redemption]:
        return [fact for name, fact in self.redemptions.items() if name not in self.voided]

    def live_once(self, promotion: str) -> Counts[bytes]:
        return Counts(fact.credential for fact in self.live() if fact.promotion == promotion)

    def ever_twice(self) -> set[bytes]:
        """Credentials with two redemptions in different feeds, voided ones too."""
        feeds: dict[bytes, set[FeedId]] = defaultdict(set)
        for (feed, _), fact in self.redemptions.items():
            feeds[fact.credential].add(feed)
        return {credential for credential, where in feeds.items() if len(where) > 1}


def _is_of(feed: FeedId, name: str) -> bool:
    return feed.origin == "/".join(COUNTERS[name])


def _rows(office: HeadOffice) -> Iterator[LogRow]:
    cursor = 0
    while page := office.store.redemptions_after(cursor, 500):
        yield from page
        cursor = page[-1].cursor


def _environment() -> dict[str, str]:
    return os.environ | {"COUNTERFOIL_ENVIRONMENT": "as-is"}
