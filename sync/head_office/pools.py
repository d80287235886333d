"""What head office may still grant of a right.

Rules of this module:

- ``pool = cap - granted + returned + refilled + freed``, over all incarnations of head office, where this one knows
  all that those before it granted.
- Where it does not (head office was restored from a backup, and not every counter has reported since), the pool is
  empty to begin with: only what comes back of this incarnation's own grants is in it, and what a person's decision
  advanced. So what an earlier one granted, and which was forgotten, is never granted again.
- The cap is the one published now. Lowered below what is granted, it leaves nothing to grant.
- What was redeemed without the right comes off the cap: it was made before the cap was declared, or by a counter that
  did not know of it yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kiosk.core.escrow import cap_minor
from kiosk.core.question import Figures
from kiosk.core.rights import Right, RightKind
from kiosk.core.terms import Terms
from sync.head_office.records import RightAccount, RightPool


def cap_left(terms: Terms, right: Right, figures: Figures, accounts: Iterable[RightAccount]) -> int:
    """The cap of ``right`` without what was redeemed beside it; below 0 where that was more.

    ``figures`` are those of its promotion in the log, ``accounts`` all of the right.
    """
    cap = cap_minor(terms, right)
    if right.kind is RightKind.TOTAL:
        redeemed = figures.live
    elif right.kind is RightKind.BUDGET:
        redeemed = figures.spent_minor
    elif right.kind is RightKind.STORE:
        redeemed = figures.at_store(right.subject.decode())
    else:
        return cap
    return cap - max(redeemed - sum(one.spent - one.credited for one in accounts), 0)


def pool_of(right: Right, cap: int, pools: Sequence[RightPool], incarnation: int, *, whole: bool) -> int:
    """How much of ``right`` may be granted now; below 0 where more was given than the cap is now."""
    mine = [one for one in pools if one.lot.right == right and one.granted_by <= incarnation]
    if whole:
        return cap + sum(came_back(one) - one.granted for one in mine)
    # a right of an older incarnation that comes back must not be granted twice
    return sum(came_back(one) - one.granted + one.advanced for one in mine if one.granted_by == incarnation)


def came_back(pool: RightPool) -> int:
    """What was given and is in the pool again."""
    return pool.returned + pool.refilled + pool.freed
