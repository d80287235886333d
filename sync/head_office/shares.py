"""How much of a pool one counter is given.

Rules of this module:

- A quarter of a pool stays back with each grant, so that the next counter that asks finds something.
- Of what is left of a cap and can still be used (the pool, and what the counters that take part hold), a counter is to
  hold its part of three quarters. Half of that is parted equally, so that a new or quiet one has some; half by pace.
- A counter with half of what it had after its last grant, or with less than one redemption needs, is given the rest up
  to its part. Grants of money are multiples of what one redemption costs.
- A counter that cannot make one redemption is given one, while the pool has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Need:
    """One counter and one right. ``unit`` is what one redemption takes of it, 1 where that is not known.

    ``held`` is what the counter has, ``level`` what it had after its last grant (0: it never had one). ``elsewhere``
    is what the other counters that take part have; ``share`` this one's part of all.
    """

    pool: int
    held: int
    level: int
    elsewhere: int
    unit: int
    share: Fraction


def is_due(held: int, level: int, unit: int) -> bool:
    """Whether a counter has so little that it is to be given more."""
    return level <= 0 or 2 * held <= level or held < unit


def amount(need: Need) -> int:
    """What to grant; 0: nothing."""
    if need.pool <= 0 or not is_due(need.held, need.level, need.unit):
        return 0
    usable = need.pool + need.held + need.elsewhere
    target = int(Fraction(3, 4) * need.share * usable)
    wanted = min(max(target - need.held, 0), need.pool * 3 // 4)
    wanted -= wanted % need.unit
    if wanted == 0 and need.held < need.unit:
        return need.unit if need.pool >= need.unit else 0
    return wanted


def share(paces: Mapping[str, int], counter: str) -> Fraction:
    """The part of ``counter``, by the paces of all that take part; it is one of them."""
    equal = Fraction(1, len(paces))
    total = sum(paces.values())
    return equal if total == 0 else (equal + Fraction(paces[counter], total)) / 2
