"""Which risk comes back: the one rule that keeps what codes used twice can cost within a promotion's risk.

Rules of this module:

- A redemption that took risk gives it back into the pool of the incarnation that granted it when it arrives and is the
  only live one of its credential known here, and no other counter holds the credential's right. It gives it back once.
- Any later one of the same credential is the one that is lost. It gives its risk back once, if it is ever undone.
- Undoing one whose risk came back gives nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption
from kiosk.core.rights import Move, RightKind, moves_of
from sync.head_office.balances import Balances
from sync.head_office.store import HeadOfficeStore


def risk_taken(feed: FeedId, fact: Redemption) -> Iterator[Move]:
    """The moves by which a redemption took risk."""
    return (move for move in moves_of(feed, fact) if move.lot.right.kind is RightKind.RISK)


def arrived(
    store: HeadOfficeStore, balances: Balances, feed: FeedId, n: int, fact: Redemption, *, unique: bool
) -> None:
    """Redemption ``n`` of ``feed`` is here; ``unique``: no other can be live."""
    risk = list(risk_taken(feed, fact))
    if risk and unique:
        refill(balances, risk)
    elif risk:
        store.put_lost(feed, n)


def undone(store: HeadOfficeStore, balances: Balances, feed: FeedId, n: int, fact: Redemption) -> None:
    """Redemption ``n`` of ``feed`` is undone."""
    risk = list(risk_taken(feed, fact))
    if risk and store.drop_lost(feed, n):
        refill(balances, risk)


def refill(balances: Balances, risk: list[Move]) -> None:
    """The risk of these moves is none any more."""
    for move in risk:
        balances.refill(move.lot, move.amount)
