"""Each attack that the design names has its tests, under its name, wherever they lie."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[3]
ATTACKS = (
    "rollback", "freeze", "fast_forward", "mix_and_match", "endless_data", "key_compromise", "replayed_upload",
    "spliced_segment", "foreign_feed", "cloned_disk", "stolen_counter", "set_back_clock", "hostile_stick",
)  # fmt: skip


OWN_FILE = {"hostile_stick": "test_stick_hostile.py"}  # its tests are named after what is hostile about it


def found(attack: str) -> list[str]:
    return [
        node.name
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and (node.name.startswith(f"test_{attack}_") or path.name == OWN_FILE.get(attack))
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_has_tests_of_its_name(attack: str) -> None:
    assert found(attack)
