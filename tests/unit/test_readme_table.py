"""The README's tables say what the program answers, and leave out no kind of credential and no rule."""

from __future__ import annotations

from typing import get_args

import pytest
import yaml

from kiosk.core.promotion import Basket, CredentialKind, Limits, Valid
from tests import readme_table
from tests.readme_examples import CREDENTIALS, RULES, Example
from tests.readme_table import BEGIN, END, README, answer, standing, tables, with_tables


def test_the_readme_s_tables_are_what_comes_out() -> None:
    readme = README.read_text(encoding="utf-8")
    assert standing(readme) == tables(), "write them anew: python -m tests.readme_table"


def test_writing_them_anew_changes_nothing_else() -> None:
    readme = f"before\n{BEGIN}old\n{END}after\n"
    assert with_tables(readme) == f"before\n{BEGIN}{tables()}{END}after\n"
    assert with_tables(with_tables(readme)) == with_tables(readme)


def written(examples: tuple[Example, ...]) -> set[str]:
    """Every field that examples write, inner ones behind their outer one."""
    found = set()
    for example in examples:
        for name, value in yaml.safe_load(example.written).items():
            found.add(name)
            found |= {f"{name}.{inner}" for inner in value} if isinstance(value, dict) else set()
    return found


def test_each_kind_of_credential_has_an_example() -> None:
    kinds = {kind for one in CREDENTIALS for kind in yaml.safe_load(one.written).get("credentials", ())}
    assert kinds == set(get_args(CredentialKind))


def test_each_rule_has_an_example() -> None:
    inner = {
        *(f"limits.{name}" for name in Limits.model_fields),
        *(f"basket.{name}" for name in Basket.model_fields),
        *(f"valid.{one.alias or name}" for name, one in Valid.model_fields.items()),
    }
    outer = {"stores", "announce_from", "grace_days", "paused", "credentials", "evidence", "offline", "stacks_with",
             "stack_cap", "void_restores_use"}  # fmt: skip
    assert inner | outer <= written(RULES)


@pytest.mark.parametrize("example", [*CREDENTIALS, *RULES], ids=lambda one: f"{one.written} {one.held_up}")
def test_a_headline_fits_where_the_clerk_reads_it(example: Example) -> None:
    _, headline = answer(example)
    assert 0 < len(headline) <= 22


def test_the_no_of_a_rule_s_first_example_comes_of_what_it_writes() -> None:
    """But for those whose no needs nothing written: together with nothing, and an allowance of nothing."""
    unwritten = {"", "stacking", "offline: caps"}
    for example in (one for one in RULES if one.name not in unwritten):
        verdict, _ = answer(example)
        bare, _ = answer(Example("", "{}", "", example.question))
        assert verdict.outcome in {"accept", "check"} or verdict.reason != bare.reason


def test_the_marks_stand_in_the_readme_once() -> None:
    readme = README.read_text(encoding="utf-8")
    assert (readme.count(BEGIN), readme.count(END)) == (1, 1)
    assert readme_table.README.name == "README.md"
