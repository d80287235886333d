"""How old a list of promotions is. Pure.

``fresh_until_ms`` and ``hard_until_ms`` are the manifest's, Unix milliseconds, exclusive: at that instant it is over.
"""

from __future__ import annotations

from kiosk.core.situation import Freshness


def freshness(fresh_until_ms: int, hard_until_ms: int, latest_ms: int) -> Freshness:
    """The worst that the list can be where the time is ``latest_ms`` at most.

    ``latest_ms`` comes from a guarded clock (:mod:`kiosk.core.clock_floor`): one that is set back does not make an old
    list young.
    """
    if latest_ms < fresh_until_ms:
        return Freshness.FRESH
    return Freshness.STALE if latest_ms < hard_until_ms else Freshness.EXPIRED
