"""What a counter answers the other counters of its store: whether something is used here, and rights it can spare."""

from __future__ import annotations

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId
from kiosk.core.escrow import transfer
from kiosk.core.rights import Right
from kiosk.workplace import Workplace


def is_used(work: Workplace, promotion: str, digest: bytes) -> bool:
    """Whether a live use of the credential (16 bytes) is known here."""
    return bool(work.standing.live_uses(promotion, digest))


def give_rights(work: Workplace, right: Right, amount: int, to: FeedId) -> int:
    """Write the transfer of what of ``amount`` can be spared to the feed ``to``; how much that is."""
    entries = transfer(work.standing.accounts, right, amount, str(to), to_ms(work.clock.now()))
    if entries:
        work.ledger.append(*entries)
    return sum(entry.amount for entry in entries)
