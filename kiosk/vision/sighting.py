"""What a decoder saw: a text and where in the picture it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

MAX_TEXT_BYTES = 8 * 1024

Corners: TypeAlias = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One code in one picture.

    ``text`` is what it says, cut at 8 kB; ``symbology`` is QRCode, Code128, EAN13, EAN8, UPCE, DataMatrix or
    Aztec (a UPC-A code is told as the EAN-13 code that it is, with a leading 0); ``corners`` are the four
    corners (x, y) in pixels of the picture, in order around the code; ``engine`` is zxing or zbar.
    """

    text: str
    symbology: str
    corners: Corners
    engine: str

    def scaled(self, factor: float) -> Sighting:
        """The same sighting in a picture ``factor`` times as large."""
        (a, b), (c, d), (e, f), (g, h) = self.corners
        corners = (
            (a * factor, b * factor),
            (c * factor, d * factor),
            (e * factor, f * factor),
            (g * factor, h * factor),
        )
        return Sighting(self.text, self.symbology, corners, self.engine)


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
