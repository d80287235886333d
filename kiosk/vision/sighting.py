"""What a decoder saw: a text and where in the picture it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

MAX_TEXT_BYTES = 8 * 1024
MATRIX = frozenset({"QRCode", "DataMatrix", "Aztec", "PDF417"})  # PDF417 is stacked, and corrects errors as they do

Corners: TypeAlias = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One code in one picture.

    ``text`` is what it says, cut at 8 kB; ``symbology`` is QRCode, Code128, EAN13, EAN8, UPCE, DataBar and its
    variants (DataBarExp, ...), DataMatrix, Aztec or PDF417 (a UPC-A code is told as the EAN-13 code that it is, with a
    leading 0); ``corners`` are the four corners (x, y) in pixels of the picture, in order around the code; ``engine``
    is zxing, zbar or grid; ``identifier`` is the symbology identifier (ISO/IEC 15424: "]Q1", "]C1", "]e0"), empty
    where the engine knows none.
    """

    text: str
    symbology: str
    corners: Corners
    engine: str
    identifier: str = ""

    @property
    def linear(self) -> bool:
        """Whether it is a 1D code: those are misread now and then with a valid check digit."""
        return self.symbology not in MATRIX

    def scaled(self, factor: float, shift: float = 0.0) -> Sighting:
        """The same sighting in a picture ``factor`` times as large, then moved by ``shift`` both ways."""
        a, b, c, d = ((x * factor + shift, y * factor + shift) for x, y in self.corners)
        return replace(self, corners=(a, b, c, d))


def text_of(raw: bytes, otherwise: str | None) -> str | None:
    """The text that ``raw`` bytes of a code say: UTF-8 where they are that, else ``otherwise``; cut at 8 kB.

    Decoders guess at encodings and disagree; nearly every code made today that is not ASCII is UTF-8.
    """
    try:
        text = raw[:MAX_TEXT_BYTES].decode("utf-8", errors="strict" if len(raw) <= MAX_TEXT_BYTES else "ignore")
    except UnicodeDecodeError:
        if otherwise is None:
            return None
        text = otherwise
    encoded = text.encode("utf-8", errors="replace")
    return encoded[:MAX_TEXT_BYTES].decode("utf-8", errors="ignore")
