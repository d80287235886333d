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
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.core.fact import Answered, Asked, BundleInstalled, Denied, Fact, Receipt, Redemption, Revoked, UseSeen, Void
from kiosk.core.rights import Accounts, is_head_office
from kiosk.core.situation import ORDINARY, Situation
from kiosk.core.tally import EMPTY, Tally, Use

_Name = tuple[str, int]  # a redemption, by its feed's name and its number; strings keep their hash


class _Told(NamedTuple):
    by_own_feed: bool
    promotion: str
    credential: bytes
    use: Use


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
    situation: Situation = ORDINARY
    _told: dict[_Name, dict[tuple[str, bytes], _Told]] = field(default_factory=dict, repr=False)
    _redemptions: dict[_Name, Redemption] = field(default_factory=dict, repr=False)
    _intents: dict[bytes, tuple[FeedId, int]] = field(default_factory=dict, repr=False)
    _voided: set[_Name] = field(default_factory=set, repr=False)
    _answered: set[_Name] = field(default_factory=set, repr=False)
    _by_credential: dict[tuple[str, bytes], set[_Name]] = field(default_factory=dict, repr=False)
    _tallies: dict[str, Tally] = field(default_factory=dict, repr=False)
    _unanswered: dict[str, set[int]] = field(default_factory=dict, repr=False)
    _to_receipt: dict[str, list[int]] = field(default_factory=dict, repr=False)
    _receipts: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    _asked: dict[bytes, int] = field(default_factory=dict, repr=False)
    _denied: dict[int, str] = field(default_factory=dict, repr=False)
    _feeds: dict[str, FeedId] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.own)

    def apply(self, feed: FeedId, n: int, fact: Fact) -> None:
        """Fold entry ``n`` of ``feed``."""
        self.accounts.apply(feed, n, fact)
        if isinstance(fact, Redemption):
            self._redeemed(feed, n, fact)
        elif isinstance(fact, UseSeen):
            self._seen(feed, fact)
        elif isinstance(fact, Void):
            self._note_to_receipt(str(feed), n)
            if fact.feed == str(feed):
                self._void((fact.feed, fact.n))
        elif isinstance(fact, Answered):
            self._answer((fact.feed or str(feed), fact.n))
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
        return self._uses(promotion, digest, live=True)

    def uses(self, promotion: str, digest: bytes) -> list[Use]:
        """All redemptions of one credential, voided ones too, oldest first."""
        return self._uses(promotion, digest, live=False)

    def _uses(self, promotion: str, digest: bytes, *, live: bool) -> list[Use]:
        spent = (promotion, digest)
        names = self._by_credential.get(spent, ())
        return sorted(self._told[name][spent].use for name in names if not live or name not in self._voided)

    def tally(self, promotion: str) -> Tally:
        """What the known redemptions of ``promotion`` come to; to be read only."""
        return self._tallies.get(promotion, EMPTY)

    def redemption_of(self, intent: bytes) -> tuple[FeedId, int] | None:
        """Which redemption was made under ``intent``."""
        return self._intents.get(intent)

    def redemption(self, feed: FeedId, n: int) -> Redemption | None:
        """The redemption that is entry ``n`` of ``feed``."""
        return self._redemptions.get((str(feed), n))

    def redemptions(self) -> Iterable[Redemption]:
        """Every redemption that is written here and not voided, in no order."""
        return (fact for name, fact in self._redemptions.items() if name not in self._voided)

    def is_void(self, feed: FeedId, n: int) -> bool:
        """Whether redemption ``n`` of ``feed`` is undone."""
        return (str(feed), n) in self._voided

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
        numbers = self._to_receipt.get(str(feed), [])
        return len(numbers) - bisect_right(numbers, self.receipted_n(feed))

    # --- folding ---------------------------------------------------------------------------------

    def _answer(self, name: _Name) -> None:
        self._answered.add(name)
        self._no_longer_unanswered(name)

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
        self._redemptions[name] = fact
        first = self._intents.setdefault(fact.intent, (feed, n))
        if first != (feed, n):
            self._intents[fact.intent] = min(first, (feed, n))
        self._note_to_receipt(*name)
        if name not in self._answered and name not in self._voided:
            self._unanswered.setdefault(name[0], set()).add(n)
        self._tell(name, _Told(True, fact.promotion, fact.credential, _use_of(feed, n, fact)))

    def _seen(self, teller: FeedId, fact: UseSeen) -> None:
        feed = self._feed(fact.feed)
        if feed is None or not is_head_office(teller):
            return
        amount_minor, holder = fact.amount_minor or 0, fact.holder or b""
        use = Use(fact.used_at_ms, feed, fact.n, fact.store, fact.clerk or "", amount_minor, holder)
        self._tell((fact.feed, fact.n), _Told(False, fact.promotion, fact.credential, use))
        if fact.void:
            self._void((fact.feed, fact.n))

    def _tell(self, name: _Name, told: _Told) -> None:
        spent = (told.promotion, told.credential)
        known = self._told.setdefault(name, {})
        before = known.get(spent)
        if before is not None and told <= before:
            return
        voided = name in self._voided
        if before is None:
            self._by_credential.setdefault(spent, set()).add(name)
        else:
            self._take_away(before, voided=voided)
        known[spent] = told
        self._add(told, voided=voided)

    def _add(self, told: _Told, *, voided: bool) -> None:
        tally = self._tallies.setdefault(told.promotion, Tally())
        tally.add(told.use, voided=voided)
        self._drop_if_empty(told.promotion, tally)

    def _take_away(self, told: _Told, *, voided: bool) -> None:
        tally = self._tallies.get(told.promotion)
        if tally is not None:
            tally.take_away(told.use, voided=voided)
            self._drop_if_empty(told.promotion, tally)

    def _drop_if_empty(self, promotion: str, tally: Tally) -> None:
        if tally.is_empty():
            del self._tallies[promotion]

    def _void(self, name: _Name) -> None:
        if name in self._voided:
            return
        self._voided.add(name)
        self.accounts.undone(*name)
        self._no_longer_unanswered(name)
        for told in self._told.get(name, {}).values():
            self._take_away(told, voided=False)
            self._add(told, voided=True)

    def _no_longer_unanswered(self, name: _Name) -> None:
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


def _use_of(feed: FeedId, n: int, fact: Redemption) -> Use:
    return Use(fact.at_ms, feed, n, fact.store, fact.clerk, fact.amount_minor or 0, fact.holder or b"")
