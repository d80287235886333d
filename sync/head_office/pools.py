"""What head office may still grant of a right.

Rules of this module:

- ``pool = cap - granted + returned + refilled + freed``, over all incarnations of head office, where this one knows
  all that those before it granted.
- Where it does not (head office was restored from a backup, and not every counter has reported since), the pool is
  empty to begin with: only what comes back of this incarnation's own grants is in it, and what a person's decision
  advanced. So what an earlier one granted, and which was forgotten, is never granted again.
- The cap is the one published now. Lowered below what is granted, it leaves nothing to grant.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.core.rights import Right
from sync.head_office.records import RightPool


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
