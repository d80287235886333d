"""What a counter may still say yes to by itself: whether it reaches head office, how old its list is, its rights.

The protocol fills it; a counter that says nothing is online, fresh, sure of its clock, and limited by the caps alone.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Freshness(StrEnum):
    """How old the cached list of promotions is: within its fresh time, past it, or past its hard end."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Allowance:
    """The rights that a counter still has for one promotion. None: no such right is needed.

    ``uses`` of the total, ``store_uses`` of its store's cap, ``amount_minor`` of the budget, and ``risk_minor``: how
    much it may still give unseen for credentials that can be used once.
    """

    uses: int | None = None
    store_uses: int | None = None
    amount_minor: int | None = None
    risk_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ClockInterval:
    """What the time could be, aware: from ``earliest_at`` to ``latest_at``, both included."""

    earliest_at: datetime
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """How a counter stands. ``held`` are (promotion id, digest) of credentials whose one right it holds.

    ``clock`` is None where the clock is sane; ``fenced``: its journal was seen to fork, so that nothing it writes
    counts. ``owns_homes``: what is at home at this counter is its to give; a later life of a counter, which cannot know
    what the one before gave, has to hold the right. ``given_away``: as ``held``, the rights of what is at home here
    that were passed on to another counter.
    """

    online: bool = True
    fenced: bool = False
    freshness: Freshness = Freshness.FRESH
    clock: ClockInterval | None = None
    allowances: Mapping[str, Allowance] = field(default_factory=dict)
    held: Container[tuple[str, bytes]] = frozenset()
    owns_homes: bool = True
    given_away: Container[tuple[str, bytes]] = frozenset()


NO_ALLOWANCE_NEEDED = Allowance()
ORDINARY = Situation()
"""Online, fresh, and the caps are all there is."""
