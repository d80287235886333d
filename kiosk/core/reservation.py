"""Reserving a credential at one's neighbours before it is redeemed: who yields to whom (policy home-store).

Rules of this module:

- A counter first reserves with itself, then asks every neighbour it reaches, all at once. It redeems only if none that
  answered says no; one that is silent is in a part of the network that is cut off, which is the policy's worst case.
- Two that ask each other at once: the smaller feed says no to the greater one and goes on; the greater one says yes,
  and has lost by that: it does not redeem, whatever the others say.
- A reservation that has won says no to everyone until its use is known, or ``WON_TTL_S`` where that failed.
- One who keeps a reservation for a third says no and names it. That no counts for nothing where the third itself said
  yes in the same round: it has lost by that. So of two that ask at once one wins, and never both.
- A reservation is kept ``TTL_S``: longer than an exchange takes, short enough for a clerk to try again.

Seconds are those of a monotonic clock; ``now_s`` is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.core.entry import FeedId

TTL_S = 5.0
WON_TTL_S = 60.0
MOST_KEPT = 4_096

Spent = tuple[str, bytes]
"""A promotion's id and the digest of a credential (16 bytes)."""


class Answer(StrEnum):
    """What a neighbour says."""

    YES = "yes"
    USED = "used"
    RESERVED = "reserved"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Reply:
    """A neighbour's answer; of ``RESERVED``, ``holder`` is for whom."""

    answer: Answer
    holder: FeedId | None = None


YES = Reply(Answer.YES)
USED = Reply(Answer.USED)
BUSY = Reply(Answer.BUSY)


@dataclass(frozen=True, slots=True)
class _Kept:
    holder: FeedId
    intent: bytes
    until_s: float
    won: bool = False


@dataclass(slots=True)
class Reservations:
    """What one counter has reserved for itself and keeps for others. Not locked here."""

    own: FeedId
    _kept: dict[Spent, _Kept] = field(default_factory=dict, repr=False)

    def begin(self, spent: Spent, intent: bytes, now_s: float) -> Reply:
        """Reserve with oneself, before anyone is asked. Not YES: somebody else is at it.

        Another intent of this counter takes the place of the one before, which has lost by that.
        """
        kept = self._live(spent, now_s)
        if kept is not None and kept.holder != self.own:
            return Reply(Answer.RESERVED, kept.holder)
        return self._keep(spent, _Kept(self.own, intent, now_s + TTL_S), now_s)

    def ask(self, spent: Spent, asker: FeedId, intent: bytes, *, used: bool, now_s: float) -> Reply:
        """The answer to ``asker``; ``used``: a live use of the credential is known here."""
        if used:
            return USED
        kept = self._live(spent, now_s)
        yields = kept is not None and kept.holder == self.own and not kept.won and asker < self.own
        if kept is None or yields or (kept.holder, kept.intent) == (asker, intent):
            return self._keep(spent, _Kept(asker, intent, now_s + TTL_S), now_s)
        return Reply(Answer.RESERVED, kept.holder)

    def end(self, spent: Spent, intent: bytes, replies: Mapping[FeedId, Reply], now_s: float) -> Reply:
        """How one's own round ended: YES and it may be redeemed, else a no. Who was silent is not in ``replies``."""
        kept = self._live(spent, now_s)
        if kept is None or (kept.holder, kept.intent) != (self.own, intent):
            return Reply(Answer.RESERVED, kept.holder) if kept is not None else BUSY  # we yielded, or took too long
        no = next((reply for reply in replies.values() if not _agrees(reply, replies)), None)
        if no is not None:
            del self._kept[spent]
            return no
        self._kept[spent] = _Kept(self.own, intent, now_s + WON_TTL_S, won=True)
        return YES

    def _live(self, spent: Spent, now_s: float) -> _Kept | None:
        kept = self._kept.get(spent)
        return kept if kept is not None and now_s < kept.until_s else None

    def _keep(self, spent: Spent, kept: _Kept, now_s: float) -> Reply:
        if spent not in self._kept and len(self._kept) >= MOST_KEPT:
            self._kept = {name: one for name, one in self._kept.items() if now_s < one.until_s}
            if len(self._kept) >= MOST_KEPT:
                return BUSY  # a neighbour that reserves everything
        self._kept[spent] = kept
        return YES


def _agrees(reply: Reply, replies: Mapping[FeedId, Reply]) -> bool:
    if reply.answer is Answer.RESERVED and reply.holder is not None:
        holders = replies.get(reply.holder)
        return holders is not None and holders.answer is Answer.YES
    return reply.answer is Answer.YES
