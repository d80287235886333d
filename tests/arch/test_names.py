"""The words of the design, and none that say nothing."""

from __future__ import annotations

import ast
import re

from tests.arch.source import modules

BANNED = {
    "util", "utils", "helper", "helpers", "manager", "service", "services", "process", "handle", "handler",
    "data", "info", "misc", "common",
}  # fmt: skip
THEIRS = {"handle_starttag", "handle_endtag", "handle_data"}  # html.parser calls these by name
OURS = {"handle"}  # by itself it is a word of the field: the name that a customer goes by (DESIGN section 1)


def named(tree: ast.Module) -> set[str]:
    """What the module itself names: functions, classes, arguments, variables, attributes."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return names - THEIRS - OURS


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def test_names_say_something() -> None:
    names = {(str(path), name) for path, tree in modules().items() for name in named(tree) | {path.stem}}
    assert not {(path, name) for path, name in names if words(name) & BANNED}


def test_words_are_found_in_every_spelling() -> None:
    assert words("shift_manager") == {"shift", "manager"}
    assert words("HTTPHandler") == {"http", "handler"}
