"""What arrives from counters: stored, counted, told on and receipted in one transaction.

Rules of this module:

- One message is one transaction: entries, log rows, balances, what other counters are told (UseSeen on the feed
  "head-office"), the receipt and the grants (on "head-office/<store>/<counter>"), and the checkpoints over both. If
  power fails before it commits, nothing of it is there, and the counter, which has no receipt, sends it again.
- Each redemption is in the log once: the log's key is (feed, n), and entries are stored once.
- Messages are taken one at a time, so the order of cursors is the order of commits.
- A counter is sent the feed "head-office" and the one to itself, of every incarnation; it may send the feeds of its own
  lives, and carry those of the other counters of its store. A receipt goes to the writer, whoever carried; the carrier
  is sent it if it asks. A counter gives back what a restored head office lost of its own feeds.
- How far our feeds go is on disk outside the database before an answer with them leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from kiosk.clock import to_ms
from kiosk.core.entry import Checkpoint, Entry, FeedId, Head, sign_checkpoint
from kiosk.core.fact import Fact, Receipt, decode_fact
from kiosk.core.rights import HEAD_OFFICE, is_head_office
from kiosk.core.strict_cbor import encode
from sync.bundle import answer_parts
from sync.exchange import Fork, Side, Taken, answer, take
from sync.head_office import quarantine
from sync.head_office.asks import answers
from sync.head_office.balances import Balances
from sync.head_office.counted import counts_so_far
from sync.head_office.counting import Counting
from sync.head_office.grants import grants_due
from sync.head_office.heard import note_heard
from sync.head_office.incarnations import incarnation_of
from sync.head_office.judging import Books
from sync.head_office.keys import KEY_EPOCH
from sync.head_office.office import HeadOffice
from sync.head_office.records import Enrolment, Evidence
from sync.head_office.restored import Forgotten, after_taking, positions_of
from sync.head_office.sealing import in_force
from sync.head_office.store import HeadOfficeStore
from sync.wire import Exchange, KeyOf, Kind, Party, unseal

ORIGIN = HEAD_OFFICE


def own_feed(office: HeadOffice) -> FeedId:
    """The feed to all counters."""
    return incarnation_of(office.store).to_all


def receipts_feed(office: HeadOffice, origin: str) -> FeedId:
    """The feed to the counter ``origin`` ("store/counter")."""
    return incarnation_of(office.store).feed_to(origin)


def us(office: HeadOffice) -> Party:
    """Head office as a party of the exchange."""
    return Party(ORIGIN, KEY_EPOCH, office.keys.feed)


# --- trust -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CounterTrust:
    """What head office accepts from one counter: the feeds of its store's lives, each signed with that life's key.

    And of our own feeds, those that its store is sent, as we signed them: a backup may have lost them.
    """

    lives: tuple[Enrolment, ...]
    audience: frozenset[str]
    own_key: bytes

    def accepts(self, feed: FeedId) -> bool:
        # a counter of another store, which has no business with this one's feeds
        return any(life.feed == feed for life in self.lives) or feed.origin in self.audience

    def public_key(self, feed: FeedId, key_epoch: int) -> bytes | None:
        if feed.origin in self.audience:
            # grants that a counter writes to itself
            return self.own_key if key_epoch == KEY_EPOCH else None
        # one life's key does not sign another's feed: a counter that writes in another's name
        found = (life.public_key for life in self.lives if life.feed == feed and life.key_epoch == key_epoch)
        return next(found, None)


def lives_of(office: HeadOffice, origin: str) -> tuple[Enrolment, ...]:
    """Every enrolment of the counter ``origin``, by incarnation."""
    return tuple(life for life in office.store.enrolments() if life.feed.origin == origin)


def lives_near(office: HeadOffice, origin: str) -> tuple[Enrolment, ...]:
    """Every enrolment of the store of the counter ``origin``."""
    store = origin.partition("/")[0]
    return tuple(life for life in office.store.enrolments() if life.store == store)


def counter_key(office: HeadOffice, origin: str, key_epoch: int) -> bytes | None:
    """The public key of a counter in a key epoch; None: it was never enrolled with that one.

    It signs messages; raises ``ExchangeError`` ``counter-revoked`` where it may do so no more.
    """
    life = next((life for life in lives_of(office, origin) if life.key_epoch == key_epoch), None)
    if life is None:
        return None
    quarantine.refuse_if_revoked(life)
    return life.public_key


def side_towards(office: HeadOffice, origin: str) -> Side:
    """Head office's side of the exchange with the counter ``origin``."""
    near = lives_near(office, origin)
    usual = {ORIGIN, f"{ORIGIN}/{origin}", origin}
    audience = frozenset({ORIGIN, f"{ORIGIN}/{origin}", *(f"{ORIGIN}/{life.feed.origin}" for life in near)})

    def is_for_them(feed: FeedId) -> bool:
        return feed.origin in audience

    return Side(
        store=office.store,
        trust=CounterTrust(near, audience, office.keys.feed_public),
        may_send=is_for_them,
        keep_fork=lambda fork: _keep_fork(office, fork),
        sign=lambda feed, head: _sign(office, feed, head) if is_for_them(feed) else None,
        quiet=lambda feed: feed.origin not in usual,
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
    life = quarantine.life_of(office.store, fork.feed)
    if life is not None:
        quarantine.fence(office.store, life)


# --- taking ------------------------------------------------------------------------------------


def receive(office: HeadOffice, message: bytes) -> bytes:
    """The answer to a counter's message: all that it brought is stored when this returns. Raises ``ExchangeError``."""
    key_of, senders = _key_of(office), list[str]()
    unseal(message, kind=Kind.EXCHANGE, recipient=ORIGIN, key_of=key_of)  # what nobody signed waits for no turn
    with office.store.together():
        answered = answer(
            message,
            us=us(office),
            key_of=key_of,
            side_of=lambda origin: side_towards(office, origin),
            at_ms=to_ms(office.clock.now()),
            settle=lambda origin, taken: settle(office, origin, taken, senders.append),
        )
    before_leaving(office, senders)
    return answered


def before_leaving(office: HeadOffice, origins: Iterable[str]) -> None:
    """What has been written to these counters ("store/counter") leaves after this, in whatever way.

    If power fails before it returns, the database is as far as any counter can have heard, or further.
    """
    incarnation, store = incarnation_of(office.store), office.store
    stores = {origin.partition("/")[0] for origin in origins}  # one counter carries for the others of its store
    near = [life for life in store.enrolments() if life.store in stores]
    feeds = [incarnation.to_all, *map(incarnation.feed_to, sorted({life.feed.origin for life in near}))]
    positions = {feed: head.n for feed in feeds if (head := store.head(feed)).n > 0}
    positions |= positions_of(near) | Forgotten.read(store).positions()
    if office.positions.lacks(positions):
        with store.together():  # programs of head office take turns
            office.positions.keep(positions)


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


def settle(
    office: HeadOffice, origin: str, taken: Taken, settled: Callable[[str], None] = lambda _origin: None
) -> None:
    """After the entries of one message are stored, in the same transaction: count, tell on, receipt, grant, sign."""
    store, at_ms = office.store, to_ms(office.clock.now())
    lives = lives_of(office, origin)
    incarnation = after_taking(store, incarnation_of(store), lives, taken, at_ms // 1000)
    balances = Balances(store, at_ms)
    counting = Counting(office, Books(store, counted=counts_so_far(office)), balances, at_ms)
    for_it = incarnation.feed_to(origin)
    told: dict[FeedId, list[Fact]] = {for_it: []}
    for applied in taken.applied:
        counting.count(quarantine.counted(store, applied.feed, applied.entries))
        if is_head_office(applied.feed):
            continue  # what a backup had lost of our own
        to_writer = incarnation.feed_to(applied.feed.origin)
        written = told.setdefault(to_writer, [])
        good = quarantine.good_head(store, applied.feed, applied.head)
        receipted_n = _receipted(store, to_writer, applied.feed, written)
        if good.n > receipted_n:
            receipt = Receipt(at_ms=at_ms, feed=str(applied.feed), n=good.n, head=good.hash)
            written.append(receipt)
            counting.told += [receipt] if receipted_n == 0 else []  # so that all know of this life
    told[for_it] += _receipts_anew(store, for_it, lives, at_ms) if not told[for_it] else []
    balances.flush()
    for asker in sorted({one.feed.origin for one in counting.asked}):  # whoever carried it here
        asked = [one for one in counting.asked if one.feed.origin == asker]
        given = answers(office, balances, lives_of(office, asker), incarnation, asked, at_ms)
        told.setdefault(incarnation.feed_to(asker), []).extend(given)
    told[for_it] += grants_due(office, balances, counting.books, lives, incarnation, at_ms)
    tell(office, incarnation.to_all, counting.told)
    for feed, facts in told.items():
        tell(office, feed, facts)
    _note_contact(office, lives, taken, at_ms)
    settled(origin)


def _receipts_anew(store: HeadOfficeStore, for_it: FeedId, lives: Sequence[Enrolment], at_ms: int) -> Iterable[Receipt]:
    """The receipts of a new incarnation; those of the one before are void."""
    if store.head(for_it).n > 0:
        return
    for life in lives:
        good = quarantine.good_head(store, life.feed, store.head(life.feed))
        if good.n > 0:
            yield Receipt(at_ms=at_ms, feed=str(life.feed), n=good.n, head=good.hash)


def tell_all(office: HeadOffice, facts: Sequence[Fact]) -> None:
    """Write ``facts`` to every counter, and sign; inside a transaction."""
    tell(office, incarnation_of(office.store).to_all, facts)


def count_released(office: HeadOffice, feed: FeedId, entries: Sequence[Entry]) -> None:
    """Count entries of ``feed`` that a person let out of quarantine, the last of them the new good head."""
    store, at_ms, last = office.store, to_ms(office.clock.now()), entries[-1]
    balances = Balances(store, at_ms)
    counting = Counting(office, Books(store, counted=counts_so_far(office)), balances, at_ms)
    counting.count(entries)
    balances.flush()
    tell_all(office, counting.told)
    receipt = Receipt(at_ms=at_ms, feed=str(feed), n=last.n, head=last.hash)
    tell(office, incarnation_of(store).feed_to(feed.origin), [receipt])


def tell(office: HeadOffice, feed: FeedId, facts: Sequence[Fact]) -> None:
    """Write to one of our own feeds, and sign; inside a transaction."""
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


def _note_contact(office: HeadOffice, lives: Sequence[Enrolment], taken: Taken, at_ms: int) -> None:
    if lives:
        note_heard(office.store, lives[-1].feed, taken.exchange.vector)
        version = taken.exchange.bundle_version or None
        office.store.put_enrolment(replace(lives[-1], last_contact_ms=at_ms, bundle_version=version))
