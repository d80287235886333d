"""Hatchling's build hook: a wheel holds templates, static files and browser libraries inside ``kiosk``.

Where npm is missing the build asks for pip, which brings an npm along (:mod:`kiosk.setup.npm`).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelHook(BuildHookInterface[Any]):
    """Fetches what is not committed, then names what lies outside the packages."""

    def dependencies(self) -> list[str]:
        return [] if shutil.which("npm") else ["pip"]

    def initialize(self, version: str, content: dict[str, Any]) -> None:
        if version == "editable":
            return  # an editable install reads the checkout, which its own commands prepare
        root = Path(self.root)
        sys.path.insert(0, self.root)  # a build backend runs beside the checkout, not in it
        from kiosk.setup import browser_libraries, npm  # noqa: PLC0415 (only now can it be found)

        static = root / "static"
        if not browser_libraries.present(static):
            npm.fetch(static, Path(sys.executable))
        content["force_include"].update(
            {
                str(root / "templates"): "kiosk/templates",
                str(static): "kiosk/static",
                str(root / "run_kiosk.py"): "run_kiosk.py",
            }
        )
