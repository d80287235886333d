"""All that a counter knows now, folded from entries of its own feed and of others.

Rules of this module:

- Entries may come in any order, and twice; the standing they lead to is the same.
- A redemption is named by (feed, n) and what it spent. Told by its own feed and by head office it counts once, and
  what its own feed says goes before what is told of it. Where the two name different credentials (a journal that was
  restored or cloned), both count: a use that is known is never forgotten.
- A void may come before what it undoes. Voided is for good. A void of another's redemption undoes it only when head
  office says so: what is usable again is so because its own counter, or head office, took it back.
- Only head office speaks for others: receipts, uses seen, refusals and revocations are taken from its feeds alone.
  Receipts of its newest incarnation replace those of older ones (after a restore counters send again).
- Numbers are of 64 bits, credentials, intents and customers of 16 bytes. A redemption with others is none that any
  counter writes: it is ignored.
- A standing may begin on what a snapshot settled (:mod:`kiosk.core.settled`). The fields hold what came since; asked
  are first these, then what is settled.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from kiosk.core.asks import Asks
from kiosk.core.clock_floor import ClockHistory
from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.core.fact import Answered, Asked, BundleInstalled, Denied, Fact, Receipt, Redemption, Revoked, UseSeen, Void
from kiosk.core.freezing import Frozen, Late, freeze
from kiosk.core.packed import MOST, fits
from kiosk.core.rights import Accounts, is_head_office
from kiosk.core.settled import NOTHING, Name, Settled, Small, Spent
from kiosk.core.situation import ORDINARY, Situation
from kiosk.core.tally import EMPTY, Tally, Told, Use


@dataclass(slots=True)
class Standing:
    """A fold. ``own`` is the feed of this counter; None where nobody in particular asks.

    ``situation`` is not folded: whoever runs the protocol sets it. ``accounts`` are the rights of ``own``.
    ``revoked`` are the feeds that were ended, by name, each with the number of its last entry that counts.
    """

    own: FeedId | None = None
    bundle_floor: int = 0
    accounts: Accounts = field(init=False)
    revoked: dict[str, int] = field(default_factory=dict)
    taken_back: set[Name] = field(default_factory=set)
    time: ClockHistory = field(init=False, compare=False)
    asks: Asks = field(init=False, compare=False)
    situation: Situation = ORDINARY
    _settled: Settled = field(default=NOTHING, repr=False, compare=False)
    _told: dict[Name, dict[Spent, Told]] = field(default_factory=dict, repr=False)
    _redemptions: dict[Name, Redemption] = field(default_factory=dict, repr=False)
    _intents: dict[bytes, tuple[FeedId, int]] = field(default_factory=dict, repr=False)
    _voided: set[Name] = field(default_factory=set, repr=False)
    _answered: set[Name] = field(default_factory=set, repr=False)
    _by_credential: dict[Spent, set[Name]] = field(default_factory=dict, repr=False)
    _tallies: dict[str, Tally] = field(default_factory=dict, repr=False)
    _unanswered: dict[str, set[int]] = field(default_factory=dict, repr=False)
    _to_receipt: dict[str, list[int]] = field(default_factory=dict, repr=False)
    _receipts: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    _asked: dict[bytes, int] = field(default_factory=dict, repr=False)
    _denied: dict[int, str] = field(default_factory=dict, repr=False)
    _feeds: dict[str, FeedId] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.own)
        self.time = ClockHistory(self.own)
        self.asks = Asks(self.own)

    def apply(self, feed: FeedId, n: int, fact: Fact) -> None:
        """Fold entry ``n`` of ``feed``."""
        if isinstance(fact, Redemption | UseSeen) and not _fits(n, fact):
            return
        self.accounts.apply(feed, n, fact)
        self.time.apply(feed, n, fact)
        self.asks.apply(feed, n, fact)
        if isinstance(fact, Redemption):
            self._redeemed(feed, n, fact)
        elif isinstance(fact, UseSeen):
            self._seen(feed, fact)
        elif isinstance(fact, Void):
            self._note_to_receipt(str(feed), n)
            if fact.feed == str(feed):
                self._void((fact.feed, fact.n))
            elif fact.feed.rpartition("@")[0] == feed.origin:
                self.taken_back.add((fact.feed, fact.n))
        elif isinstance(fact, Answered):
            self._saw(feed, fact)
        elif isinstance(fact, BundleInstalled):
            if self.own is None or feed == self.own:
                self.bundle_floor = max(self.bundle_floor, fact.version)
        elif isinstance(fact, Receipt):
            self._receipt(feed, fact)
        elif isinstance(fact, Asked | Denied | Revoked):
            self._asked_and_said(feed, n, fact)

    # --- reading ---------------------------------------------------------------------------------

    def live_uses(self, promotion: str, digest: bytes) -> list[Use]:
        """The redemptions of one credential that are not voided, oldest first."""
        return self._uses((promotion, digest), live=True)

    def uses(self, promotion: str, digest: bytes) -> list[Use]:
        """All redemptions of one credential, voided ones too, oldest first."""
        return self._uses((promotion, digest), live=False)

    def _uses(self, spent: Spent, *, live: bool) -> list[Use]:
        told = dict(self._settled.uses(spent))
        for name in self._by_credential.get(spent, ()):
            told[name] = self._told[name][spent]
        return sorted(one.use for name, one in told.items() if not live or not self._is_void(name))

    def tally(self, promotion: str) -> Tally:
        """What the known redemptions of ``promotion`` come to; to be read only."""
        return self._tallies.get(promotion, EMPTY)

    def redemption_of(self, intent: bytes) -> tuple[FeedId, int] | None:
        """Which redemption was made under ``intent``."""
        return self._intents.get(intent) or self._settled.redemption_of(intent)

    def redemption(self, feed: FeedId, n: int) -> Redemption | None:
        """The redemption that is entry ``n`` of ``feed``."""
        name = (str(feed), n)
        return self._redemptions.get(name) or self._settled.redemption(name)

    def redemptions(self) -> Iterable[Redemption]:
        """Every redemption that is written here and not voided, in no order."""
        known = dict(self._settled.redemptions()) | self._redemptions
        return (fact for name, fact in known.items() if not self._is_void(name))

    def redemptions_since(self, feed: FeedId, since_ms: int) -> list[tuple[int, Redemption]]:
        """Those of ``feed`` from ``since_ms`` on (its clock), voided ones too, with their numbers, newest first."""
        known = dict(self._settled.redemptions_since(str(feed), since_ms)) | self._redemptions
        found = [(n, fact) for (name, n), fact in known.items() if name == str(feed) and fact.at_ms >= since_ms]
        return sorted(found, key=lambda one: one[0], reverse=True)

    def is_void(self, feed: FeedId, n: int) -> bool:
        """Whether redemption ``n`` of ``feed`` is undone."""
        return self._is_void((str(feed), n))

    def _is_void(self, name: Name) -> bool:
        return name in self._voided or self._settled.is_voided(name)

    def unanswered(self, feed: FeedId) -> list[int]:
        """The live redemptions of ``feed`` whose answer nobody saw, oldest first."""
        return sorted(self._unanswered.get(str(feed), ()))

    def receipted_n(self, feed: FeedId) -> int:
        """Up to which entry ``feed`` is on head office's disk; 0 for none."""
        return self._receipts.get(str(feed), (0, 0))[1]

    def asked_n(self, intent: bytes) -> int | None:
        """The own entry that asked head office under ``intent``."""
        return self._asked.get(intent)

    def denied(self, n: int) -> str | None:
        """Why head office does not give what own entry ``n`` asked for; None: it has not said so."""
        return self._denied.get(n)

    def waiting(self, feed: FeedId) -> int:
        """How many redemptions and voids of ``feed`` head office has not receipted."""
        numbers, receipted_n = self._to_receipt.get(str(feed), []), self.receipted_n(feed)
        earlier = self._settled.to_receipt_above(str(feed), receipted_n)
        return earlier + len(numbers) - bisect_right(numbers, receipted_n)

    # --- folding ---------------------------------------------------------------------------------

    def _asked_and_said(self, teller: FeedId, n: int, fact: Asked | Denied | Revoked) -> None:
        if isinstance(fact, Asked):
            if teller == self.own:
                self._asked[fact.intent] = n
        elif not is_head_office(teller):
            return
        elif isinstance(fact, Revoked):
            self.revoked[fact.feed] = min(fact.n, self.revoked.get(fact.feed, fact.n))
        elif fact.feed == str(self.own):
            self._denied[fact.n] = fact.why

    def _redeemed(self, feed: FeedId, n: int, fact: Redemption) -> None:
        name = (str(feed), n)
        if self._settled.redemption(name) != fact:
            self._redemptions[name] = fact
        if self.own is None or feed.origin == self.own.origin:  # a neighbour, told of an intent, writes it as its own
            first = self.redemption_of(fact.intent)
            if first is None or (feed, n) < first:
                self._intents[fact.intent] = (feed, n)
        self._note_to_receipt(*name)
        if not self._is_answered(name) and not self._is_void(name):
            self._unanswered.setdefault(name[0], set()).add(n)
        self._tell(name, Told(True, fact.promotion, fact.credential, _use_of(feed, n, fact)))

    def _seen(self, teller: FeedId, fact: UseSeen) -> None:
        feed = self._feed(fact.feed)
        if feed is None or not is_head_office(teller):
            return
        amount_minor, holder = fact.amount_minor or 0, fact.holder or b""
        use = Use(fact.used_at_ms, feed, fact.n, fact.store, fact.clerk or "", amount_minor, holder)
        self._tell((fact.feed, fact.n), Told(False, fact.promotion, fact.credential, use))
        if fact.void:
            self._void((fact.feed, fact.n))

    def _tell(self, name: Name, told: Told) -> None:
        spent = (told.promotion, told.credential)
        before = self._told.get(name, {}).get(spent) or self._settled.told(name, spent)
        if before is not None and told <= before:
            return
        voided = self._is_void(name)
        if before is not None:
            self._take_away(before, voided=voided)
        self._by_credential.setdefault(spent, set()).add(name)
        self._told.setdefault(name, {})[spent] = told
        self._add(told, voided=voided)

    def _add(self, told: Told, *, voided: bool) -> None:
        tally = self._tallies.setdefault(told.promotion, Tally())
        tally.add(told.use, voided=voided)
        self._drop_if_empty(told.promotion, tally)

    def _take_away(self, told: Told, *, voided: bool) -> None:
        tally = self._tallies.get(told.promotion)
        if tally is not None:
            tally.take_away(told.use, voided=voided)
            self._drop_if_empty(told.promotion, tally)

    def _drop_if_empty(self, promotion: str, tally: Tally) -> None:
        if tally.is_empty():
            del self._tallies[promotion]

    def _void(self, name: Name) -> None:
        if not 0 <= name[1] <= MOST or self._is_void(name):
            return
        told = dict(self._settled.told_of(name)) | self._told.get(name, {})
        self._voided.add(name)
        self.accounts.undone(*name)
        self._no_longer_unanswered(name)
        for one in told.values():
            self._take_away(one, voided=False)
            self._add(one, voided=True)

    def _saw(self, feed: FeedId, fact: Answered) -> None:
        name = (fact.feed or str(feed), fact.n)
        if name[0].rpartition("@")[0] != feed.origin:
            return  # a neighbour that answers "given?" for another counter
        if 0 <= name[1] <= MOST and not self._settled.is_answered(name):
            self._answered.add(name)
            self._no_longer_unanswered(name)

    def _is_answered(self, name: Name) -> bool:
        return name in self._answered or self._settled.is_answered(name)

    def _no_longer_unanswered(self, name: Name) -> None:
        feed, n = name
        numbers = self._unanswered.get(feed)
        if numbers is not None:
            numbers.discard(n)
            if not numbers:
                del self._unanswered[feed]

    def _receipt(self, teller: FeedId, fact: Receipt) -> None:
        if is_head_office(teller):
            self._receipts[fact.feed] = max(self._receipts.get(fact.feed, (0, 0)), (teller.incarnation, fact.n))

    def _note_to_receipt(self, feed: str, n: int) -> None:
        if self._settled.is_to_receipt((feed, n)):
            return
        numbers = self._to_receipt.setdefault(feed, [])
        if not numbers or numbers[-1] < n:
            numbers.append(n)
            return
        at = bisect_left(numbers, n)
        if numbers[at] != n:
            numbers.insert(at, n)

    def _feed(self, name: str) -> FeedId | None:
        """The feed of that name; None where a newer release wrote a name that is none here."""
        if name not in self._feeds:
            try:
                self._feeds[name] = FeedId.parse(name)
            except MalformedEntryError:
                return None
        return self._feeds[name]

    # --- snapshots -------------------------------------------------------------------------------

    @classmethod
    def on(cls, settled: Settled, own: FeedId | None = None) -> Standing:
        """The standing that what is settled comes to, ready to be folded on."""
        small = settled.small
        standing = cls(
            own,
            small.bundle_floor,
            dict(small.revoked),
            _settled=settled,
            _tallies={
                promotion: Tally(live, spent_minor, settled.figures(promotion))
                for promotion, (live, spent_minor) in small.figures.items()
            },
            _unanswered={feed: set(numbers) for feed, numbers in small.unanswered.items()},
            _receipts=dict(small.receipts),
            _asked=dict(small.asked),
            _denied=dict(small.denied),
        )
        standing.taken_back = {(feed, n) for feed, n in small.taken_back}
        if small.time is not None:
            standing.time = ClockHistory.thawed(own, small.time)
        if small.asks is not None:
            standing.asks = Asks.thawed(own, small.asks)
        if small.accounts is not None:
            standing.accounts = Accounts.thawed(own, small.accounts, settled)
        return standing

    def frozen(self) -> Frozen:
        """What is settled and what came since, as the tables of a snapshot. Nothing here changes."""
        late = Late(
            told=self._told,
            redemptions=self._redemptions,
            intents=self._intents,
            voided=self._voided,
            answered=self._answered,
            to_receipt=self._to_receipt,
            moved=self.accounts.moved,
            tallies=self._tallies,
        )
        promotions = [*self._settled.small.figures, *(promotion for promotion, _ in self._by_credential)]
        figures = {promotion: self.tally(promotion) for promotion in promotions}
        small = Small(
            bundle_floor=self.bundle_floor,
            unanswered={feed: sorted(numbers) for feed, numbers in self._unanswered.items()},
            receipts=dict(self._receipts),
            figures={promotion: (tally.live, tally.spent_minor) for promotion, tally in figures.items()},
            asked=dict(self._asked),
            denied=dict(self._denied),
            revoked=dict(self.revoked),
            accounts=self.accounts.frozen(),
            taken_back=[[feed, n] for feed, n in sorted(self.taken_back)],
            time=self.time.frozen(),
            asks=self.asks.frozen(),
        )
        return freeze(self._settled, late, small)


def _use_of(feed: FeedId, n: int, fact: Redemption) -> Use:
    return Use(fact.at_ms, feed, n, fact.store, fact.clerk, fact.amount_minor or 0, fact.holder or b"")


def _fits(n: int, fact: Redemption | UseSeen) -> bool:
    """Whether the tables of a snapshot can hold what ``fact``, entry ``n``, says."""
    if isinstance(fact, Redemption):
        named, at_ms, sixteen = n, fact.at_ms, (fact.intent, fact.credential)
    else:
        named, at_ms, sixteen = fact.n, fact.used_at_ms, (fact.credential, fact.credential)
    sizes = len(sixteen[0]) == len(sixteen[1]) == len(fact.holder or sixteen[0]) == 16
    return sizes and 0 <= named <= MOST and fits(at_ms, fact.amount_minor or 0)
