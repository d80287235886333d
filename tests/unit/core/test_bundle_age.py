"""How old a list of promotions is, on both sides of each boundary."""

from __future__ import annotations

import pytest

from kiosk.core.bundle_age import freshness
from kiosk.core.situation import Freshness

FRESH_UNTIL_MS, HARD_UNTIL_MS = 1000, 2000


@pytest.mark.parametrize(
    ("now_ms", "age"),
    [(999, Freshness.FRESH), (1000, Freshness.STALE), (1999, Freshness.STALE), (2000, Freshness.EXPIRED)],
)
def test_a_list_is_fresh_then_stale_then_expired(now_ms: int, age: Freshness) -> None:
    assert freshness(FRESH_UNTIL_MS, HARD_UNTIL_MS, now_ms) is age
