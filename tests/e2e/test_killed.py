"""Counter and head office are real programs, killed at any moment: what was acknowledged is there, once, at both."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.core.fact import Redemption
from tests.e2e.killing import Killing

ROUNDS = 3


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_what_was_acknowledged_before_any_kill_is_in_the_journal_and_once_at_head_office(tmp_path: Path) -> None:
    """A few rounds; ``bench kills`` plays many."""
    killing = Killing.begin(tmp_path, seed=3)
    try:
        for _ in range(ROUNDS):
            killing.round()
        assert killing.judge_all() >= len(killing.acknowledged)
        made = [fact for fact in killing.judge_journal().values() if isinstance(fact, Redemption)]
    finally:
        killing.road.stop()
    assert killing.kills["counter"] == ROUNDS
    assert killing.kills["head office"] >= 1
    assert killing.published > 2
    assert {fact.promotion for fact in made} == {"tacos", "pie"}
    assert len(killing.acknowledged) > ROUNDS
