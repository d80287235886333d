"""The program's own source, as the arch tests read it."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def modules() -> dict[Path, ast.Module]:
    """Every module of kiosk, sync and run_kiosk.py, parsed; paths from the root."""
    files = [ROOT / "run_kiosk.py", *(ROOT / "kiosk").rglob("*.py"), *(ROOT / "sync").rglob("*.py")]
    return {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(files)}


@cache
def committed() -> tuple[Path, ...]:
    """Every file that git holds here, from the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return tuple(Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
