"""A one-time code as a QR code: the path of an SVG picture, one unit a module, with the quiet zone around it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """``path`` (SVG path data) draws the dark modules in a square of ``side`` units."""

    side: int
    path: str


def picture_of(text: str) -> Picture:
    """``text`` as a QR code of correction level M, of the smallest version that holds it."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_MODULES)
    code.add_data(text)
    rows = code.get_matrix()
    return Picture(len(rows), "".join(_run(row, y) for y, row in enumerate(rows)))


def _run(row: list[bool], y: int) -> str:
    """The dark runs of one row."""
    path, x = "", 0
    for dark, run in groupby(row):
        width = len(list(run))
        if dark:
            path += f"M{x} {y}h{width}v1h-{width}z"
        x += width
    return path
