"""What only a person may decide of a counter's life: that it is revoked, and what counts of a journal that forked.

Rules of this module:

- A decision is one transaction: the enrolment, what is struck or counted, what the counters are told, the checkpoint.
- Revoking names the last good entry. It may be moved back later, never forward: counters keep the lowest they heard of.
- A redemption behind it that was counted is struck: the log gets a void of it by head office, with the number ``-n``
  (it is no entry of that feed), and the counters are told. A void behind it that was counted stays, since a reader of
  the log was told of it already; :class:`Struck` counts those, so that the page can say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId
from kiosk.core.fact import Fact, Revoked
from sync.head_office import intake, quarantine
from sync.head_office.balances import Balances
from sync.head_office.counting import credit, undone_use
from sync.head_office.desk import DeskError
from sync.head_office.kept_lives import put_back
from sync.head_office.office import HeadOffice
from sync.head_office.records import Enrolment, LogRow
from sync.head_office.store import HeadOfficeStore

MOST_WHY = 200
PAGE_ENTRIES = 512
STRUCK = "revoked"


@dataclass(frozen=True, slots=True)
class Struck:
    """What revoking came to: redemptions struck from the figures, and voids that could not be taken back."""

    redemptions: int
    voids_that_stay: int


def revoke(office: HeadOffice, feed: FeedId, n: int, *, why: str, by: str) -> Struck:
    """End a life of a counter: of ``feed`` only entries 1 to ``n`` count.

    Raises :class:`DeskError` ``counter-not-enrolled``, ``entry-unknown`` (``n`` is not between 0 and what is held),
    ``revoked-already`` (at an earlier entry) or ``reason-missing``.
    """
    why = " ".join(why.split())[:MOST_WHY]
    if not why:
        raise DeskError("reason-missing", "Why it is revoked is not said", cure="Say it in a few words.")
    with office.store.together() as store:
        life = _life(store, feed)
        held_n = store.head(feed).n
        if not 0 <= n <= held_n:
            raise DeskError("entry-unknown", f"{feed} has {held_n} entries here", cure=f"Choose one up to {held_n}.")
        if life.revoked and life.counts_to is not None and n >= life.counts_to:
            cure = "What counters were told cannot be taken back; only an earlier entry can be chosen."
            raise DeskError("revoked-already", f"{feed} is revoked behind entry {life.counts_to}", cure=cure)
        struck = _end(office, store, life, n, why=why, by=by)
    office.lives.keep(office.store.enrolments())
    return struck


def _end(office: HeadOffice, store: HeadOfficeStore, life: Enrolment, n: int, *, why: str, by: str) -> Struck:
    """End ``life`` behind entry ``n``, held here or not; inside a transaction."""
    feed, at_ms = life.feed, to_ms(office.clock.now())
    held_n = store.head(feed).n
    counted_to = held_n if life.counts_to is None else min(held_n, life.counts_to)
    rows = list(_log_rows(store, feed, n, counted_to))
    struck = [row for row in rows if row.kind == "redemption" and store.void_of(feed, row.n) is None]
    counts_to = n if life.counts_to is None else min(n, life.counts_to)
    store.add_log_rows([_void_row(row, by, at_ms) for row in struck])
    balances = Balances(store, at_ms)
    for row in struck:
        credit(store, balances, feed, row.n)  # it stays with that life: stranded, until a person frees it
    balances.flush()
    store.put_enrolment(replace(life, counts_to=counts_to, revoked_at_ms=at_ms, revoked_why=why, revoked_by=by))
    told: list[Fact] = [Revoked(at_ms=at_ms, feed=str(feed), n=n, why=why, by=by)]
    intake.tell_all(office, told + [undone_use(row, at_ms) for row in struck])
    return Struck(len(struck), sum(row.kind == "void" for row in rows))


def recall(office: HeadOffice) -> None:
    """At start: what is kept of lives outside the database, and a restored one does not know, is so again."""
    with office.store.together() as store:
        for one in put_back(store, office.lives.held()):
            # a thief's device, which a backup from before the theft would let in again
            why, by = one.revoked_why or STRUCK, one.revoked_by or "-"
            _end(office, store, _life(store, one.feed), one.counts_to or 0, why=why, by=by)
    office.lives.keep(office.store.enrolments())


def count_forked(office: HeadOffice, feed: FeedId, n: int) -> int:
    """Of a journal that forked, let entries up to ``n`` of the branch held here count; how many that lets out.

    Raises :class:`DeskError` ``counter-not-enrolled``, ``not-forked`` or ``entry-unknown``.
    """
    with office.store.together() as store:
        life = _life(store, feed)
        if not life.fenced or life.revoked or life.counts_to is None:
            raise DeskError("not-forked", f"Nothing of {feed} waits for a decision")
        held_n = store.head(feed).n
        if not life.counts_to < n <= held_n:
            cure = f"Choose one of {life.counts_to + 1} to {held_n}."
            raise DeskError("entry-unknown", f"Entry {n} of {feed} does not wait for a decision", cure=cure)
        entries = [
            entry
            for after_n in range(life.counts_to, n, PAGE_ENTRIES)
            for entry in store.entries(feed, after_n, min(PAGE_ENTRIES, n - after_n))
        ]
        store.put_enrolment(replace(life, counts_to=n))
        intake.count_released(office, feed, entries)
    return len(entries)


def _life(store: HeadOfficeStore, feed: FeedId) -> Enrolment:
    life = quarantine.life_of(store, feed)
    if life is None:
        raise DeskError("counter-not-enrolled", f"{feed} was never enrolled", cure="Look at the page of counters.")
    return life


def _log_rows(store: HeadOfficeStore, feed: FeedId, after_n: int, until_n: int) -> Iterator[LogRow]:
    rows: Sequence[LogRow | None] = [store.log_row(feed, n) for n in range(after_n + 1, until_n + 1)]
    return (row for row in rows if row is not None)


def _void_row(row: LogRow, by: str, at_ms: int) -> LogRow:
    return replace(
        row, kind="void", n=-row.n, clerk=by, at_ms=at_ms, received_at_ms=at_ms, void_of_n=row.n, reason=STRUCK,
        judged=None,
    )  # fmt: skip
