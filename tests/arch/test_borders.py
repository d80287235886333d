"""Imports run one way, and the core touches nothing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from tests.arch.source import ROOT, modules

CORE_PACKAGES = {"cbor2", "cryptography", "pydantic", "pydantic_core"}
CORE_OWN = ("kiosk.core", "kiosk.errors")
UNPURE = {  # of the standard library: the machine, its clock, its chance, its files, its threads
    "asyncio", "glob", "http", "io", "locale", "logging", "multiprocessing", "os", "pathlib", "platform", "random",
    "secrets", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
    "uuid",
}  # fmt: skip
UNPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input", "urandom", "getenv"}

CORE = {path: tree for path, tree in modules().items() if path.parts[:2] == ("kiosk", "core")}


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(("." * node.level) + (node.module or ""))
    return names


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def test_import_borders_hold() -> None:
    programs = Path(sys.executable).parent
    ran = subprocess.run(
        [str(programs / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_core_imports_only_what_cannot_touch_the_world() -> None:
    pure = {*CORE_PACKAGES, *(set(sys.stdlib_module_names) - UNPURE)}
    found = [(path, name) for path, tree in CORE.items() for name in imported(tree) if not name.startswith(CORE_OWN)]
    assert not [(str(path), name) for path, name in found if name.split(".")[0] not in pure]


def test_core_reads_no_clock_no_file_and_no_chance() -> None:
    calls = [(path, node) for path, tree in CORE.items() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [f"{path}:{node.lineno}" for path, node in calls if called(node) in UNPURE_CALLS]


def test_kiosk_never_imports_sync() -> None:
    kiosk = [path for path in modules() if path.parts[0] == "kiosk"]
    assert not [str(path) for path in kiosk if any(name.split(".")[0] == "sync" for name in imported(modules()[path]))]


def test_setup_needs_nothing_installed() -> None:
    ours = set(sys.stdlib_module_names) | {"kiosk"}
    setup = [path for path in modules() if path.parts[:2] == ("kiosk", "setup") and path.name != "wheel.py"]
    assert setup
    assert not [(str(p), name) for p in setup for name in imported(modules()[p]) if name.split(".")[0] not in ours]
