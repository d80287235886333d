"""What arrives from counters: stored, counted, told on and receipted in one transaction.

Rules of this module:

- One message is one transaction: entries, log rows, what other counters are told (UseSeen on the feed
  "head-office"), the receipt (on "head-office/<store>/<counter>"), and the checkpoints over both. If power
  fails before it commits, nothing of it is there, and the counter, which has no receipt, sends it again.
- Each redemption is in the log once: the log's key is (feed, n), and entries are stored once.
- Messages are taken one at a time, so the order of cursors is the order of commits.
- A counter is sent the feed "head-office" and its own receipts; it may send the feeds of its own lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

from kiosk.clock import to_ms
from kiosk.core.entry import (
    Checkpoint,
    Entry,
    Fact,
    FeedId,
    Head,
    MalformedEntryError,
    Receipt,
    Redemption,
    UseSeen,
    Void,
    decode_fact,
    sign_checkpoint,
)
from kiosk.core.strict_cbor import encode
from sync.bundle import answer_parts
from sync.exchange import Fork, Side, Taken, answer, take
from sync.head_office.counted import counts_so_far
from sync.head_office.heard import note_heard
from sync.head_office.judging import Books, word_for
from sync.head_office.keys import KEY_EPOCH
from sync.head_office.office import HeadOffice
from sync.head_office.records import Enrolment, Evidence, LogRow
from sync.head_office.sealing import in_force
from sync.head_office.store import HeadOfficeStore
from sync.wire import Exchange, KeyOf, Kind, Party, unseal

ORIGIN = "head-office"


def own_feed(office: HeadOffice) -> FeedId:
    """The feed to all counters."""
    return FeedId(ORIGIN, _incarnation(office.store))


def receipts_feed(office: HeadOffice, origin: str) -> FeedId:
    """The feed to the counter ``origin`` ("store/counter")."""
    return FeedId(f"{ORIGIN}/{origin}", _incarnation(office.store))


def us(office: HeadOffice) -> Party:
    """Head office as a party of the exchange."""
    return Party(ORIGIN, KEY_EPOCH, office.keys.feed)


def _incarnation(store: HeadOfficeStore) -> int:
    return int(store.setting("incarnation") or 1)


# --- trust -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CounterTrust:
    """What head office accepts from one counter: the feeds of its lives, each signed with that life's key."""

    lives: tuple[Enrolment, ...]

    def accepts(self, feed: FeedId) -> bool:
        # a counter that writes in another's name
        return any(life.feed == feed for life in self.lives)

    def public_key(self, feed: FeedId, key_epoch: int) -> bytes | None:
        # one life's key does not sign another's feed
        found = (life.public_key for life in self.lives if life.feed == feed and life.key_epoch == key_epoch)
        return next(found, None)


def lives_of(office: HeadOffice, origin: str) -> tuple[Enrolment, ...]:
    """Every enrolment of the counter ``origin``, by incarnation."""
    return tuple(life for life in office.store.enrolments() if life.feed.origin == origin)


def counter_key(office: HeadOffice, origin: str, key_epoch: int) -> bytes | None:
    """The public key of a counter in a key epoch; None: it was never enrolled with that one."""
    return next((life.public_key for life in lives_of(office, origin) if life.key_epoch == key_epoch), None)


def side_towards(office: HeadOffice, origin: str) -> Side:
    """Head office's side of the exchange with the counter ``origin``."""
    audience = {own_feed(office), receipts_feed(office, origin)}
    return Side(
        store=office.store,
        trust=CounterTrust(lives_of(office, origin)),
        may_send=audience.__contains__,
        keep_fork=lambda fork: _keep_fork(office, fork),
        sign=lambda feed, head: _sign(office, feed, head) if feed in audience else None,
        bundle_version=lambda: bundle.version if (bundle := in_force(office)) else 0,
        newer_bundle=lambda theirs: _newer_bundle(office, theirs),
    )


def _sign(office: HeadOffice, feed: FeedId, head: Head) -> Checkpoint:
    return sign_checkpoint(feed, head, KEY_EPOCH, to_ms(office.clock.now()), office.keys.feed)


def _newer_bundle(office: HeadOffice, their_version: int) -> bytes | None:
    bundle = in_force(office)
    return bundle.envelope if bundle is not None and bundle.version > their_version else None


def _keep_fork(office: HeadOffice, fork: Fork) -> None:
    """Keep the other branch as it was signed, and fence that life of the counter."""
    mark, first = fork.checkpoint, fork.other[0]
    content = encode(
        [str(fork.feed), first.n, [entry.body for entry in fork.other],
         [mark.n, mark.head, mark.key_epoch, mark.at_ms, mark.signature]]
    )  # fmt: skip
    at_ms = to_ms(office.clock.now())
    office.store.add_evidence(Evidence(kind="fork", feed=fork.feed, n=fork.stored.n, at_ms=at_ms, content=content))
    for life in lives_of(office, fork.feed.origin):
        if life.feed == fork.feed and not life.fenced:
            office.store.put_enrolment(replace(life, fenced=True))


# --- taking ------------------------------------------------------------------------------------


def receive(office: HeadOffice, message: bytes) -> bytes:
    """The answer to a counter's message: all that it brought is stored when this returns. Raises ``ExchangeError``."""
    key_of = _key_of(office)
    unseal(message, kind=Kind.EXCHANGE, recipient=ORIGIN, key_of=key_of)  # what nobody signed waits for no turn
    with office.store.together():
        return answer(
            message,
            us=us(office),
            key_of=key_of,
            side_of=lambda origin: side_towards(office, origin),
            at_ms=to_ms(office.clock.now()),
            settle=lambda origin, taken: settle(office, origin, taken),
        )


def give_parts(office: HeadOffice, message: bytes) -> bytes:
    """The answer to a counter that asks for parts of a bundle. Raises ``ExchangeError``."""
    return answer_parts(
        message, us=us(office), key_of=_key_of(office), find=office.store.parts, at_ms=to_ms(office.clock.now())
    )


def take_answer(office: HeadOffice, origin: str, exchange: Exchange) -> Taken:
    """Store what a counter answered when head office asked it."""
    with office.store.together():
        taken = take(side_towards(office, origin), exchange)
        settle(office, origin, taken)
    return taken


def _key_of(office: HeadOffice) -> KeyOf:
    return lambda origin, key_epoch: counter_key(office, origin, key_epoch)


# --- settling ----------------------------------------------------------------------------------


def settle(office: HeadOffice, origin: str, taken: Taken) -> None:
    """After the entries of one message are stored, in the same transaction: log, tell on, receipt, sign."""
    store, at_ms = office.store, to_ms(office.clock.now())
    told: list[Fact] = []
    receipts: list[Fact] = []
    books = Books(store, counted=counts_so_far(office))
    for applied in taken.applied:
        told += _count(office, books, applied.entries, at_ms)
        if applied.head.n > _receipted(store, receipts_feed(office, origin), applied.feed, receipts):
            receipts.append(Receipt(at_ms=at_ms, feed=str(applied.feed), n=applied.head.n, head=applied.head.hash))
    _tell(office, own_feed(office), told)
    _tell(office, receipts_feed(office, origin), receipts)
    _note_contact(office, origin, taken, at_ms)


def _tell(office: HeadOffice, feed: FeedId, facts: Sequence[Fact]) -> None:
    if facts:
        last = office.store.append(feed, facts)[-1]
        office.store.put_checkpoint(_sign(office, feed, Head(last.n, last.hash)))


def _receipted(store: HeadOfficeStore, feed: FeedId, about: FeedId, now: Sequence[Fact]) -> int:
    """How far ``about`` is receipted: in what is being written now, or in the last receipts on ``feed``."""
    for fact in reversed(now):
        if isinstance(fact, Receipt) and fact.feed == str(about):
            return fact.n
    head = store.head(feed)
    after = head.n
    while after > 0:  # receipts grow with each message, so the last page nearly always has it
        after = max(0, after - 64)
        for entry in reversed(store.entries(feed, after, 64)):
            fact = decode_fact(entry.body)
            if isinstance(fact, Receipt) and fact.feed == str(about):
                return fact.n
    return 0


def _note_contact(office: HeadOffice, origin: str, taken: Taken, at_ms: int) -> None:
    lives = lives_of(office, origin)
    if lives:
        sent = frozenset({own_feed(office), receipts_feed(office, origin)})
        note_heard(office.store, lives[-1].feed, sent, taken.exchange.vector)
        version = taken.exchange.bundle_version or None
        office.store.put_enrolment(replace(lives[-1], last_contact_ms=at_ms, bundle_version=version))


# --- counting ----------------------------------------------------------------------------------


def _count(office: HeadOffice, books: Books, entries: Sequence[Entry], at_ms: int) -> list[UseSeen]:
    """Put redemptions and voids in the log, each redemption judged; what other counters are to be told."""
    store = office.store
    rows: list[LogRow] = []
    told: list[UseSeen] = []
    for entry in entries:
        fact = _readable(entry)
        if isinstance(fact, Redemption):
            word = word_for(office, books, entry.feed, entry.n, fact)
            books.note(entry.feed, entry.n, fact)
            rows.append(_redemption_row(entry, fact, word, at_ms))
            told.append(_use_seen(entry.feed, entry.n, fact, at_ms))
        elif isinstance(fact, Void):
            store.add_log_rows(rows)  # what it undoes may be among them
            rows = []
            told += _void(store, entry, fact, at_ms)
            books.logged()
    store.add_log_rows(rows)
    books.logged()
    return told


def _readable(entry: Entry) -> Fact | None:
    """The entry's fact; None for one that is authentic, so it is kept, but that no fold can read."""
    try:
        fact = decode_fact(entry.body)
    except MalformedEntryError:
        return None
    return fact if all(_fits(one.name, getattr(fact, one.name)) for one in fields(fact)) else None


_INDEXED = frozenset({"promotion", "store", "credential", "holder", "sale"})
_MOST_INDEXED_BYTES = 600
"""PostgreSQL refuses to index much longer ones; three may be in one index."""


def _fits(name: str, value: object) -> bool:
    """Whether the log can hold it: numbers of 64 bits with sign, texts without a NUL, nothing too long to index."""
    if name in _INDEXED and isinstance(value, str | bytes):
        size = len(value.encode() if isinstance(value, str) else value)
        return size <= _MOST_INDEXED_BYTES and (isinstance(value, bytes) or "\0" not in value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not (isinstance(value, str) and "\0" in value)


def _redemption_row(entry: Entry, fact: Redemption, word: str | None, at_ms: int) -> LogRow:
    return LogRow(
        cursor=0,
        kind="redemption",
        feed=entry.feed,
        n=entry.n,
        store=fact.store,
        counter=entry.feed.origin.partition("/")[2],
        promotion=fact.promotion,
        clerk=fact.clerk,
        credential_kind=fact.credential_kind,
        credential=fact.credential,
        at_ms=fact.at_ms,
        received_at_ms=at_ms,
        amount_minor=fact.amount_minor,
        currency=fact.currency,
        judged=word,
        holder=fact.holder,
        sale=fact.sale,
        approved_by=fact.approved_by,
    )


def _use_seen(feed: FeedId, n: int, fact: Redemption, at_ms: int) -> UseSeen:
    return UseSeen(
        at_ms=at_ms,
        feed=str(feed),
        n=n,
        promotion=fact.promotion,
        credential=fact.credential,
        store=fact.store,
        used_at_ms=fact.at_ms,
        clerk=fact.clerk,
        amount_minor=fact.amount_minor,
        holder=fact.holder,
    )


def _void(store: HeadOfficeStore, entry: Entry, fact: Void, at_ms: int) -> Iterator[UseSeen]:
    if fact.feed != str(entry.feed):
        # a counter that undoes another's redemption: kept, and counted in no figure
        evidence = Evidence(kind="foreign-void", feed=entry.feed, n=entry.n, at_ms=at_ms, content=entry.body)
        store.add_evidence(evidence)
        return
    undone = store.log_row(entry.feed, fact.n)
    if undone is None or undone.kind != "redemption":
        return
    first = store.void_of(entry.feed, fact.n) is None
    store.add_log_rows([_void_row(entry, fact, undone, at_ms)])
    if first:
        yield UseSeen(
            at_ms=at_ms,
            feed=str(entry.feed),
            n=fact.n,
            promotion=undone.promotion,
            credential=undone.credential,
            store=undone.store,
            used_at_ms=undone.at_ms,
            void=True,
            clerk=undone.clerk,
            amount_minor=undone.amount_minor,
            holder=undone.holder,
        )


def _void_row(entry: Entry, fact: Void, undone: LogRow, at_ms: int) -> LogRow:
    return replace(
        undone,
        kind="void",
        n=entry.n,
        clerk=fact.clerk,
        at_ms=fact.at_ms,
        received_at_ms=at_ms,
        void_of_n=fact.n,
        reason=fact.reason,
    )
