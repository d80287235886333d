"""Where templates and static files lie: inside the installed package, else at the checkout's top level."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def templates() -> Path:
    """The folder with ``counter/``, ``head_office/`` and ``public/``."""
    return _folder("templates")


def static() -> Path:
    """The folder with our CSS and scripts; the fetched libraries and fonts are in its ``lib/``."""
    return _folder("static")


def translations() -> Path:
    """The folder with a catalogue for each language but English: ``es/LC_MESSAGES/messages.po``."""
    return _PACKAGE / "translations"


def _folder(name: str) -> Path:
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
