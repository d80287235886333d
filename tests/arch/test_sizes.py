"""What a reader can take in: a module on a few pages, a function on one."""

from __future__ import annotations

import ast
from statistics import median

from tests.arch.source import ROOT, functions, modules

MODULE_LINES = 500
FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 12
ONE_SCRIPT = "migrations"  # a migration is one long statement of what the tables are


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_module_has_at_most_500_lines() -> None:
    lines = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert not {path: n for path, n in lines.items() if n > MODULE_LINES}


def test_function_has_at_most_60_lines() -> None:
    lines = {f"{path}: {f.name}": length(f) for path, tree in modules().items() for f in functions(tree)}
    assert not {name: n for name, n in lines.items() if n > FUNCTION_LINES and ONE_SCRIPT not in name}


def test_most_functions_are_short() -> None:
    lines = [length(f) for tree in modules().values() for f in functions(tree)]
    assert median(lines) <= MEDIAN_FUNCTION_LINES
