"""How many small faults put into a module of the core its unit tests notice: mutation MODULE

Runs mutmut (configured in pyproject.toml, installed by hand: see tests/mutation/README.md) on ``kiosk/core/MODULE.py``,
one process at a time, in a copy below ``mutants/``. ``killed`` are faults that a test noticed, or that never end;
``survived`` and ``untested`` name the others: ``mutmut show NAME`` shows one.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kiosk.errors import SetupError

ROOT = Path(__file__).parents[2]
KILLED, ENDLESS, SURVIVED, UNTESTED = frozenset({1, 3}), frozenset({-24, 24, 36, 152, 255}), 0, frozenset({5, 33})


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The faults of one module by what became of them; raises :class:`SetupError` where mutmut is not installed."""
    parser = argparse.ArgumentParser(prog="bench mutation")
    parser.add_argument("module", metavar="MODULE", help="such as money, or kiosk/core/money.py")
    module = Path(parser.parse_args(arguments).module).stem
    if not (ROOT / f"kiosk/core/{module}.py").is_file():
        parser.error(f"there is no kiosk/core/{module}.py")
    if importlib.util.find_spec("mutmut") is None:
        raise SetupError("no-mutmut", "mutmut is not installed here", cure="Read tests/mutation/README.md.")
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", f"kiosk.core.{module}.*"]
    subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False)
    return counted(module, json.loads((ROOT / f"mutants/kiosk/core/{module}.py.meta").read_text(encoding="utf-8")))


def counted(module: str, meta: Mapping[str, Any]) -> dict[str, Any]:
    """What mutmut's record of a module says, in figures; a fault that was not tried at all is left out."""
    codes = {name: code for name, code in meta["exit_code_by_key"].items() if code is not None}
    became = Counter(
        "killed" if code in KILLED else "endless" if code in ENDLESS else "other" for code in codes.values()
    )
    killed = became["killed"] + became["endless"]
    return {
        "module": module,
        "faults": len(codes),
        "killed": killed,
        "killed_ratio": round(killed / len(codes), 3) if codes else None,
        "endless": became["endless"],
        "survived": sorted(name for name, code in codes.items() if code == SURVIVED),
        "untested": sorted(name for name, code in codes.items() if code in UNTESTED),
    }
