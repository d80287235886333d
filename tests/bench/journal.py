"""What the journal costs a counter: journal [--entries N] [--pairs N] [--starts N]

``redeem_ratio`` is a durable redemption (decide, append, fold; WAL and FULL) over a bare commit of one row with the
same bytes through apsw, in turn, the median of the ratios of pairs; ``redeem_ms`` and ``bare_ms`` are both medians.
``verify_per_s`` is how many entries a second ``verify`` walks on one core, with a signed checkpoint behind every 64;
``verify_per_cpu_s`` the same by the time of this process alone, for a machine that has other things to do.
``restart_s`` is from the start of a process until a counter whose journal has so many entries gives its first answer;
half of them are its own redemptions and answers, each redemption taking a right, half are uses that head office tells.
``snapshot_s`` and ``snapshot_mb`` are the first snapshot, ``renew_s`` the next one, 10,000 entries later; to begin on
it takes ``restored_ms``, and ``compare_s`` is the full fold that it is compared with. A counter rests in between.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

import apsw
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import to_ms
from kiosk.config import CounterFolder, load_or_make_key
from kiosk.core.bundle import content_parts, seal_bundle, sign_roles
from kiosk.core.credential import present
from kiosk.core.decide import Place, decide
from kiosk.core.entry import EMPTY_HEAD, NO_ENTRIES, FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Answered, BundleInstalled, Fact, Granted, Opened, Redemption, Spent, UseSeen, encode_fact
from kiosk.core.organisation import StaffMember
from kiosk.core.promotion import Promotion
from kiosk.core.rights import RightKind
from kiosk.core.verdict import Outcome
from kiosk.journal import Journal, verify
from kiosk.ledger import Ledger
from kiosk.ports import CachedBundle
from kiosk.serving import bind
from kiosk.snapshots import Snapshots
from sync.robot_clerk import RobotClerk, wait_until_healthy
from tests.core_world import ORGANISATION, OWN, catalogue, promotion
from tests.counter_world import ENROLMENT
from tests.twins import key_of_seed

HEAD_OFFICE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD_OFFICE = FeedId("head-office", 1)
ELSEWHERE = [f"store-{k}/counter-{k % 3}@1" for k in range(40)]
PROMOTIONS = [f"promotion-{k}" for k in range(20)]
CLERKS = [f"clerk-{k}" for k in range(25)]
CHECKPOINT_ENTRIES = 64
BEGAN_MS = to_ms(datetime.now(UTC) - timedelta(days=26))
BETWEEN_MS = 4_000
"""Nothing is old enough to be pruned meanwhile, and nothing is of today: no page has much to list."""
RENEWED_AFTER = 10_000
WARM_PAIRS = 50
WORD, PIN = "SHRIMP20", "4711"
ROOT, PUBLISHER = key_of_seed(1), key_of_seed(2)
PROGRAM = Path(__file__).parents[2] / "run_kiosk.py"


def measure(arguments: Sequence[str]) -> dict[str, float]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench journal")
    parser.add_argument("--entries", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--pairs", type=int, default=1_000, metavar="N")
    parser.add_argument("--starts", type=int, default=3, metavar="N")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where the journal is made (default: a temporary one)"
    )
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=args.folder) as made:
        folder = CounterFolder(Path(made))
        replace(ENROLMENT, root_key=ROOT.public_key().public_bytes_raw()).save(folder.enrolment)
        return measure_in(folder, args.entries, args.pairs, args.starts)


def measure_in(folder: CounterFolder, entries: int, pairs: int, starts: int) -> dict[str, float]:
    """All figures, in one folder."""
    journal = written(folder, entries)
    figures = {"entries": entries, **snapshot_figures(folder, journal)}
    journal.close()
    figures |= verify_figures(folder.journal)
    figures["restart_s"] = round(restarts_s(folder, starts), 2)
    figures |= restored_figures(folder)
    figures |= redeem_figures(folder, pairs)
    return figures


# --- a journal of that size ------------------------------------------------------------------------


def written(folder: CounterFolder, entries: int) -> Journal:
    """A journal with so many entries, half its own and half head office's, and a checkpoint behind every 64."""
    key, journal = load_or_make_key(folder.device_key), Journal.open(folder.journal)
    public_key = key.public_key().public_bytes_raw()
    journal.start_feed(OWN, Opened(at_ms=1, store="bayside", counter="counter-1", public_key=public_key, key_epoch=1))
    folder.opened.write_text(f"{OWN}\n")
    publish(journal)
    own = own_facts(journal.heads()[OWN].n)
    for count in _batches(entries // 2 - 2):
        journal.append(list(islice(own, count)))
        journal.checkpoint_now(key, 1, BEGAN_MS)
    told, head = told_facts(), NO_ENTRIES
    for count in _batches(entries - entries // 2 - 1):
        segment = chain(HEAD_OFFICE, head, [encode_fact(fact) for fact in islice(told, count)])
        head = Head(segment[-1].n, segment[-1].hash)
        journal.store_segment(segment, sign_checkpoint(HEAD_OFFICE, head, 1, BEGAN_MS, HEAD_OFFICE_KEY))
    now = UseSeen(
        at_ms=to_ms(datetime.now(UTC)), feed=ELSEWHERE[0], n=1, promotion="pie", credential=bytes(16), store="pier-9",
        used_at_ms=BEGAN_MS,
    )  # fmt: skip
    last = chain(HEAD_OFFICE, head, [encode_fact(now)])  # by head office's time the clock is right
    mark = sign_checkpoint(HEAD_OFFICE, Head(last[-1].n, last[-1].hash), 1, BEGAN_MS, HEAD_OFFICE_KEY)
    journal.store_segment(last, mark)
    return journal


def _batches(entries: int) -> Iterator[int]:
    for done in range(0, entries, CHECKPOINT_ENTRIES):
        yield min(CHECKPOINT_ENTRIES, entries - done)


def own_facts(after_n: int, first: int = 0) -> Iterator[Fact]:
    """Redemptions that take a right each, and their answers, in turn, behind entry ``after_n``."""
    k = first
    while True:
        yield redemption(k)
        yield Answered(at_ms=_at_ms(k) + 900, n=after_n + 2 * (k - first) + 1, clerk=CLERKS[k % len(CLERKS)])
        k += 1


def redemption(k: int) -> Redemption:
    """Redemption ``k``, as a counter writes it."""
    return Redemption(
        at_ms=_at_ms(k),
        intent=_sixteen(1, k),
        promotion=PROMOTIONS[k % len(PROMOTIONS)],
        credential=_sixteen(2, k),
        credential_kind="listed",
        store="bayside",
        clerk=CLERKS[k % len(CLERKS)],
        bundle_version=7,
        head_office_n=k,
        amount_minor=1200,
        currency="USD",
        held_ms=1800,
        sale=_sixteen(3, k),
        spent=(Spent(RightKind.TOTAL, 1, 1),),
    )


def told_facts() -> Iterator[Fact]:
    """What head office tells: grants first, then the uses of other counters, a customer known of every third."""
    for one in PROMOTIONS:
        yield Granted(at_ms=1, feed=str(OWN), right=RightKind.TOTAL, promotion=one, amount=10_000_000)
    k = 0
    while True:
        yield UseSeen(
            at_ms=_at_ms(k),
            feed=ELSEWHERE[k % len(ELSEWHERE)],
            n=2 + k // len(ELSEWHERE),
            promotion=PROMOTIONS[k % 7],
            credential=_sixteen(4, k),
            store=ELSEWHERE[k % len(ELSEWHERE)].partition("/")[0],
            used_at_ms=_at_ms(k) - 5,
            clerk=CLERKS[k % len(CLERKS)],
            amount_minor=1200,
            holder=_sixteen(5, k) if k % 3 == 0 else None,
        )
        k += 1


def _at_ms(k: int) -> int:
    return BEGAN_MS + k % 1_000_000 * BETWEEN_MS


def _sixteen(what: int, k: int) -> bytes:
    """16 bytes that look like chance and are the same each time."""
    return ((k + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 * (2 * what + 1) % 2**128).to_bytes(16, "big")


def lasting() -> Promotion:
    """A promotion with a code word, which runs now."""
    today = datetime.now(UTC).date()
    valid = {"from": str(today - timedelta(days=9)), "until": str(today + timedelta(days=9))}
    return promotion(valid=valid, codes=None, credentials=["word"], words=[WORD])


def publish(journal: Journal) -> None:
    """Install a bundle with that promotion, and somebody who may sign in."""
    ana = StaffMember(id="ana", name="Ana", role="clerk", pin_hash=PasswordHasher(1, 8, 1).hash(PIN))
    roles = sign_roles(version=1, publishing_keys=[PUBLISHER.public_key().public_bytes_raw()], root_key=ROOT)
    now_ms = to_ms(datetime.now(UTC))
    envelope, parts = seal_bundle(
        version=7, published_at_ms=now_ms, fresh_until_ms=now_ms + 10**8, hard_until_ms=now_ms + 10**9,
        parts=content_parts([lasting()], ORGANISATION, [ana], {}), roles=roles, publishing_keys=[PUBLISHER],
    )  # fmt: skip
    bundle = BundleInstalled(at_ms=now_ms, version=7, manifest_hash=bytes(32))
    journal.install_bundle(CachedBundle(envelope, parts), bundle)


# --- snapshot, restart, verify ---------------------------------------------------------------------


def snapshots_of(folder: CounterFolder, journal: Journal) -> Snapshots:
    """The snapshot in ``folder``."""
    return Snapshots(folder.snapshot, journal, OWN, load_or_make_key(folder.device_key), 1, lambda: BEGAN_MS)


def snapshot_figures(folder: CounterFolder, journal: Journal) -> dict[str, float]:
    """Leave a snapshot, and renew it after some thousand entries; those are then in the journal too."""
    made = snapshots_of(folder, journal)
    began_s = time.perf_counter()
    made.renew()
    snapshot_s = time.perf_counter() - began_s
    own = own_facts(journal.heads()[OWN].n, 10_000_000)
    more = min(RENEWED_AFTER, sum(head.n for head in journal.heads().values()) // 2 * 2)
    journal.append(list(islice(own, more)))
    began_s = time.perf_counter()
    made.renew()
    renew_s = time.perf_counter() - began_s
    size_mb = folder.snapshot.stat().st_size / 1e6
    return {"snapshot_s": round(snapshot_s, 2), "snapshot_mb": round(size_mb, 1), "renew_s": round(renew_s, 2)}


def restored_figures(folder: CounterFolder) -> dict[str, float]:
    """Open the journal and begin on its snapshot, in this process; then compare it with the fold of everything."""
    began_s = time.perf_counter()
    journal = Journal.open(folder.journal)
    made = snapshots_of(folder, journal)
    ledger = Ledger(journal, OWN, made)
    restored_s = time.perf_counter() - began_s
    assert made.ignored is None
    assert ledger.trouble is None
    began_s = time.perf_counter()
    assert made.check() == []
    compare_s = time.perf_counter() - began_s
    journal.close()
    return {"restored_ms": round(1000 * restored_s, 1), "compare_s": round(compare_s, 2)}


def verify_figures(journal: Path) -> dict[str, float]:
    """Walk all of it on one core, its pages in the system's cache."""
    keys = {HEAD_OFFICE.origin: HEAD_OFFICE_KEY.public_key().public_bytes_raw()}
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if cores is not None:
        os.sched_setaffinity(0, {min(cores)})
    try:
        began_s, worked_s = time.perf_counter(), time.process_time()
        report = verify(journal, keys=keys)
        took_s, worked_s = time.perf_counter() - began_s, time.process_time() - worked_s
    finally:
        if cores is not None:
            os.sched_setaffinity(0, cores)
    assert report.ok, report.broken or report.trouble
    return {
        "verify_per_s": round(report.entries / took_s),
        "verify_per_cpu_s": round(report.entries / worked_s),
        "signatures": sum(feed.signatures_checked for feed in report.feeds),
    }


def restarts_s(folder: CounterFolder, starts: int) -> float:
    """Start a counter as a person does, and type a code at its page, until it is answered: the median of so many.

    The clerk has signed in at a start before these, and is known by the cookie.
    """
    with bind("127.0.0.1", 0) as found:
        url = f"http://127.0.0.1:{int(found.getsockname()[1])}"
    clerk = RobotClerk(url)
    with started(folder, url):
        clerk.sign_in("ana", PIN)
    took_s = []
    for _ in range(starts):
        began_s = time.perf_counter()
        with started(folder, url):
            answered = clerk.type_code(WORD).state
            took_s.append(time.perf_counter() - began_s)
        assert answered == "accept", answered
    clerk.close()
    return median(took_s)


@contextmanager
def started(folder: CounterFolder, url: str) -> Iterator[None]:
    """A counter in a process of its own, from when its pages are there."""
    where = ["--port", url.rpartition(":")[2], "--data", str(folder.path)]
    counter = subprocess.Popen(
        [sys.executable, str(PROGRAM), "counter", "--camera", "none", *where],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert wait_until_healthy(url, 120)
        yield
    finally:
        counter.send_signal(signal.SIGTERM)
        counter.wait(60)


# --- redeem ----------------------------------------------------------------------------------------


def redeem_figures(folder: CounterFolder, pairs: int) -> dict[str, float]:
    """A redemption and a bare commit of the same bytes, in turn, beside each other on the same disk."""
    journal = Journal.open(folder.journal)
    ledger = Ledger(journal, OWN, snapshots_of(folder, journal))
    bare = bare_table(folder.path / "bare.db")
    known, place, now = catalogue(lasting()), Place("bayside", "counter-1"), datetime.now(UTC)
    times_s: list[tuple[float, float]] = []
    for k in range(pairs + WARM_PAIRS):
        fact = replace(redemption(20_000_000 + k), promotion="tacos", spent=None)
        row = (journal.heads()[OWN].n + 1, EMPTY_HEAD, encode_fact(fact))
        began_s = time.perf_counter()
        verdict = decide(present(WORD), known, ledger.standing, place, now)
        ledger.append(fact)
        redeemed_s = time.perf_counter()
        bare.execute("INSERT INTO entry (n, hash, body) VALUES (?, ?, ?)", row)
        times_s.append((redeemed_s - began_s, time.perf_counter() - redeemed_s))
        assert verdict.outcome is Outcome.ACCEPT
    bare.close()
    journal.close()
    measured = times_s[WARM_PAIRS:]
    return {
        "redeem_ratio": round(median(redeem / commit for redeem, commit in measured), 3),
        "redeem_ms": round(1000 * median(redeem for redeem, _ in measured), 3),
        "bare_ms": round(1000 * median(commit for _, commit in measured), 3),
        "pairs": len(measured),
    }


def bare_table(path: Path) -> apsw.Connection:
    """A table of one kind of row, written as durably as the journal is."""
    db = apsw.Connection(str(path))
    db.pragma("journal_mode", "wal")
    db.pragma("synchronous", "full")
    db.execute("CREATE TABLE entry (n INTEGER PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL) STRICT")
    return db
