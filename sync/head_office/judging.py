"""What head office says of a redemption on receipt: the same ``decide`` as at the counter, over all that has arrived.

Rules of this module:

- A redemption was given when it arrives; what is said of it here is kept beside it, and refuses nothing.
- It is judged by what was published in the version that its counter knew, at the counter's time, over the redemptions
  that arrived before it. A refusal here says: this counter could not have known, or broke the rule.
- Entries of one message are judged in their order, each over those before it.
- What cannot be judged (such as a time out of all bounds) is kept unjudged.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from kiosk.clock import from_ms
from kiosk.core.catalogue import Catalogue, Credential, Right
from kiosk.core.decide import Place, Sale, Taken, decide
from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption
from kiosk.core.question import Figures
from kiosk.core.situation import ORDINARY, Situation
from kiosk.core.standing import Standing
from kiosk.core.tally import Use
from kiosk.core.verdict import Outcome, Reason, Verdict
from sync.head_office.counted import Counted, Counts, brought_up
from sync.head_office.office import HeadOffice
from sync.head_office.published import catalogue_known_at
from sync.head_office.records import Count, RedemptionLine, Which
from sync.head_office.store import HeadOfficeStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Counted:
    """The figures of one promotion: those of the log, and of what is not in it yet."""

    store: HeadOfficeStore
    promotion: str
    pending: Figures
    counts: Counts

    def _count(self, **which: object) -> Count:
        asked = Which(promotion=self.promotion, **which)  # type: ignore[arg-type]  # names of Which
        if asked.holder is not None:
            return self.store.count(asked)
        if asked not in self.counts:
            self.counts[asked] = self.store.count(asked)
        return self.counts[asked]

    @property
    def live(self) -> int:
        return self._count().redemptions + self.pending.live

    @property
    def spent_minor(self) -> int:
        return self._count().amount_minor + self.pending.spent_minor

    def at_store(self, store: str) -> int:
        return self._count(store=store).redemptions + self.pending.at_store(store)

    def at_store_between(self, store: str, from_ms: int, until_ms: int) -> int:
        held = self._count(store=store, from_ms=from_ms, until_ms=until_ms).redemptions
        return held + self.pending.at_store_between(store, from_ms, until_ms)

    def by_clerk_between(self, clerk: str, from_ms: int, until_ms: int) -> int:
        held = self._count(clerk=clerk, from_ms=from_ms, until_ms=until_ms).redemptions
        return held + self.pending.by_clerk_between(clerk, from_ms, until_ms)

    def by_holder(self, holder: bytes, *, voided_too: bool) -> int:
        held = self._count(holder=holder, voided_too=voided_too).redemptions
        return held + self.pending.by_holder(holder, voided_too=voided_too)


@dataclass(slots=True)
class Books:
    """All that has arrived, as ``decide`` asks for it: the log, and the redemptions of the message being taken."""

    store: HeadOfficeStore
    pending: Standing = field(default_factory=Standing)
    catalogues: dict[int, Catalogue] = field(default_factory=dict)
    counted: Counted = field(default_factory=Counted)
    _lines: dict[tuple[str, bytes], Sequence[RedemptionLine]] = field(default_factory=dict)
    _sales: dict[bytes, Sequence[RedemptionLine]] = field(default_factory=dict)
    _in_sale: dict[bytes, list[Taken]] = field(default_factory=dict)

    @property
    def situation(self) -> Situation:
        return ORDINARY

    def live_uses(self, promotion: str, digest: bytes) -> Sequence[Use]:
        held = [_use(line) for line in self._held(promotion, digest) if line.void is None]
        return sorted([*held, *self.pending.live_uses(promotion, digest)])

    def uses(self, promotion: str, digest: bytes) -> Sequence[Use]:
        held = [_use(line) for line in self._held(promotion, digest)]
        return sorted([*held, *self.pending.uses(promotion, digest)])

    def look_up(self, spent: Collection[tuple[str, bytes]], sales: Collection[bytes] = ()) -> None:
        """Read at once the uses of credentials, as (promotion, digest), and the sales that will be asked for singly."""
        self._lines.update(self.store.uses_of(spent))
        self._sales.update(self.store.of_sales(sales))

    def _held(self, promotion: str, digest: bytes) -> Sequence[RedemptionLine]:
        spent = promotion, digest
        if spent not in self._lines:  # asked more than once for each redemption
            self._lines[spent] = self.store.uses(promotion, digest)
        return self._lines[spent]

    def tally(self, promotion: str) -> Figures:
        return _Counted(self.store, promotion, self.pending.tally(promotion), self.counted.counts)

    def redemption(self, feed: FeedId, n: int) -> Redemption | None:
        return self.pending.redemption(feed, n)

    def note(self, feed: FeedId, n: int, fact: Redemption) -> None:
        """``fact`` is on its way into the log."""
        self.pending.apply(feed, n, fact)
        if fact.sale is not None:
            self._in_sale.setdefault(fact.sale, []).append(Taken(fact.promotion, fact.amount_minor))

    def logged(self) -> None:
        """All that was on its way is in the log now."""
        self.pending = Standing()
        for kept in (self._lines, self._sales, self._in_sale):
            kept.clear()
        self.counted = brought_up(self.store, self.counted)  # others: what is not committed is not to be kept

    def redeemed_in(self, sale: bytes | None) -> tuple[Taken, ...]:
        """What was redeemed in one sale before, voided ones left out."""
        if sale is None:
            return ()
        lines = self._sales[sale] if sale in self._sales else self.store.of_sales([sale])[sale]
        held = [Taken(line.row.promotion, line.row.amount_minor) for line in lines if line.void is None]
        return (*held, *self._in_sale.get(sale, ()))


def _use(line: RedemptionLine) -> Use:
    row = line.row
    return Use(row.at_ms, row.feed, row.n, row.store, row.clerk, row.amount_minor or 0, row.holder or b"")


def judge(office: HeadOffice, books: Books, feed: FeedId, fact: Redemption) -> Verdict:
    """What ``decide`` says of a redemption that has arrived, before it is counted itself."""
    right = Right(face_minor=fact.amount_minor)
    credential = Credential(fact.credential_kind, fact.promotion, fact.credential, "", right, shared=fact.shared)
    place = Place(fact.store, feed.origin.partition("/")[2])
    sale = Sale(fact.clerk, fact.holder, fact.basket_minor, books.redeemed_in(fact.sale))
    if fact.bundle_version not in books.catalogues:  # looked up once a message
        books.catalogues[fact.bundle_version] = catalogue_known_at(office, fact.bundle_version)
    return decide(credential, books.catalogues[fact.bundle_version], books, place, from_ms(fact.at_ms), sale)


def word_for(office: HeadOffice, books: Books, feed: FeedId, n: int, fact: Redemption) -> str | None:
    """The word kept for redemption ``n`` of ``feed``; None where no verdict can be reached."""
    try:
        return judged(judge(office, books, feed, fact), fact)
    except Exception:  # what was given is taken in whatever it says, and whatever was published
        log.warning("redemption %d of %s is kept unjudged", n, feed, exc_info=True)
        return None


def judged(verdict: Verdict, fact: Redemption) -> str:
    """The word kept for a verdict: its reason's code; "ok" where a yes, or a manager's yes to an ask, was right."""
    yes = verdict.outcome in (Outcome.ACCEPT, Outcome.CHECK)
    approved = verdict.outcome is Outcome.ASK and fact.approved_by is not None
    seen_anyway = verdict.reason is Reason.SEEN_BEFORE and fact.anyway is None
    return Reason.OK.value if approved or (yes and not seen_anyway) else verdict.reason.value
