"""What reads the bytes of others ends with the documented error, within a second, in little memory.

A short run; ``bench fuzz`` is the long one.
"""

from __future__ import annotations

import random

import cbor2
import pytest

from kiosk.core.strict_cbor import encode
from tests.fuzz import parsers, targets
from tests.fuzz.mutations import mutated, rewritten
from tests.fuzz.parsers import Tally, in_a_child, run


def test_no_reader_is_brought_down_by_hostile_bytes() -> None:
    told = in_a_child("--cases", "500", timeout_s=100)
    assert set(told) == {one.name for one in targets.ALL}
    assert [finding for tally in told.values() for finding in tally.findings] == []
    assert all(tally.cases for tally in told.values())
    refused = sum(tally.refused for tally in told.values())
    assert 0.5 < refused / sum(tally.cases for tally in told.values()) < 0.99, "some are still readable"


# --- what judges them would notice ------------------------------------------------------------------


def found(feed: targets.Feed) -> Tally:
    tally = Tally()
    run(targets.Target("made-up", [encode([1, "text"])], feed, (ValueError,)), 1, 0, 3, tally)
    return tally


def test_an_error_that_is_not_documented_is_a_finding_with_the_words_that_repeat_it() -> None:
    def crashes(raw: bytes) -> None:
        raise KeyError(len(raw))

    assert found(lambda _raw: int("x")).refused == 3
    tally = found(crashes)
    assert len(tally.findings) == 3
    assert "--target made-up --seed 1 --first 2 --cases 1" in tally.findings[2]


def test_too_slow_and_too_much_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers, "SLOW_S", 0.0)
    assert "s at --target" in found(lambda _raw: sum(range(1000))).findings[0]
    monkeypatch.setattr(parsers, "SLOW_S", 60.0)
    monkeypatch.setattr(parsers, "MORE_MEMORY_KB", -1)
    assert "kB at --target" in found(len).findings[0]


def test_the_same_case_is_the_same_bytes_and_others_are_others() -> None:
    target = targets.ALL[0]
    cases = [parsers.case_of(target, 1, number) for number in range(200)]
    assert cases == [parsers.case_of(target, 1, number) for number in range(200)]
    assert len(set(cases)) > 150


def test_what_is_rewritten_is_mostly_another_value_in_deterministic_cbor() -> None:
    sample = encode({1: [1, 2, {3: b"bytes"}], 2: "text"})
    made = [rewritten(sample, random.Random(seed)) for seed in range(200)]
    assert sum(one != sample for one in made) > 150
    assert sum(cbor2.dumps(cbor2.loads(one), canonical=True) == one for one in made) > 190, "but for a NaN"
    assert any(mutated(sample, random.Random(seed)) != sample for seed in range(3))
