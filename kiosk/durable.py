"""Names on disk: a file that was synced is found again after a power cut only if its folder was synced too."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make what was made, renamed or removed in ``folder`` durable. Raises ``OSError``."""
    if sys.platform == "win32":  # folders cannot be opened there, and renames are journalled
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def make_folder(folder: Path) -> None:
    """Make ``folder``, and those above it that are missing, durably. Raises ``OSError``."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
