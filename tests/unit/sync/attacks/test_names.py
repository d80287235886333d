"""Each attack that the design names has its tests, under its name, wherever they lie."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[3]
ATTACKS = (
    "rollback", "freeze", "fast_forward", "mix_and_match", "endless_data", "key_compromise", "replayed_upload",
    "spliced_segment", "foreign_feed", "cloned_disk", "stolen_counter", "set_back_clock", "hostile_stick",
)  # fmt: skip


OWN_FILE = {"hostile_stick": "test_stick_hostile.py"}  # its tests are named after what is hostile about it


@cache
def named() -> list[tuple[str, str]]:
    """Each test by the name of its file and its own."""
    files = sorted(TESTS.rglob("test_*.py"))
    found = [
        (path.name, re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in files
    ]
    return [(name, test) for name, tests in found for test in tests]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_has_tests_of_its_name(attack: str) -> None:
    assert [test for name, test in named() if test.startswith(f"test_{attack}_") or name == OWN_FILE.get(attack)]
