"""The floor under counters' clocks, set anew after head office's own clock was once wrong.

Rules of this module:

- The root key signs it, over whom it is for, the floor and the number (:mod:`kiosk.core.clock_floor`): whoever has head
  office's feed key alone cannot set a counter's clock back.
- Its time is its number too: it only goes up, even where an earlier reset was made while the clock was wrong.
- It is written behind whatever told the wrong time: in the feed to all counters and in the feed to each one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.clock import to_ms
from kiosk.core.clock_floor import is_time, sign_reset
from kiosk.errors import SetupError
from sync.head_office.freshness import living
from sync.head_office.incarnations import incarnation_of
from sync.head_office.intake import tell
from sync.head_office.office import HeadOffice

_NUMBER = "clock-reset"


@dataclass(frozen=True, slots=True)
class Reset:
    """What was written: the floor (Unix milliseconds), and in which feeds."""

    floor_ms: int
    feeds: Sequence[str]


def reset_clocks(office: HeadOffice, floor_ms: int | None = None, counter: str | None = None) -> Reset:
    """Set the floor under the clock of ``counter`` ("store/counter"; None: of all) to ``floor_ms`` (None: now).

    Raises ``counter-unknown`` and ``time-unreadable``.
    """
    now_ms = to_ms(office.clock.now())
    floor_ms = now_ms if floor_ms is None else floor_ms
    if not is_time(floor_ms):
        raise unreadable(str(floor_ms))
    with office.store.together() as store:
        lives = [one for one in living(store.enrolments()).values() if counter in (None, one.feed.origin)]
        if counter is not None and not lives:
            raise SetupError("counter-unknown", f"No counter {counter} is enrolled", cure="Name it as STORE/COUNTER.")
        at_ms = max(now_ms, int(store.setting(_NUMBER) or 0) + 1)
        store.put_setting(_NUMBER, str(at_ms))
        incarnation, for_whom = incarnation_of(store), str(lives[0].feed) if counter is not None else None
        feeds = [incarnation.feed_to(one.feed.origin) for one in lives]
        if counter is None:
            feeds.insert(0, incarnation.to_all)
        fact = sign_reset(office.keys.root, for_whom, floor_ms, at_ms)
        for feed in feeds:
            tell(office, feed, [fact])
    return Reset(floor_ms, [str(feed) for feed in feeds])


def unreadable(typed: str) -> SetupError:
    """A time that cannot be read, or that no calendar has."""
    cure = "Write it with its offset, such as 2026-11-06T12:00:00+00:00."
    return SetupError("time-unreadable", f"{typed[:40]!r} is no time to go by", cure=cure)
