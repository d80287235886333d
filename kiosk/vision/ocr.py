"""Reading text off a picture: the port, and the one engine behind it.

Rules of this module:

- An engine reads an upright picture, quickly (a small model) or carefully (a larger one), and gives lines with
  confidences; it never raises for anything that a picture holds.
- Its weights come inside its package. Only the two models that do are ever asked for: nothing is downloaded.
- A counter without the package reads codes alone, and says so (``screens-missing``).
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Callable
from typing import Any, Protocol

import cv2

from kiosk.core.marks import Line
from kiosk.errors import SetupError
from kiosk.vision.picture import Image

OCR_CURE = "Install it: pip install faster-paddle (Linux, macOS and Windows, 64 bit)."
LARGEST_SIDE_PX = 1120
MAX_LINES = 200
MAX_LINE_CHARACTERS = 200

_log = logging.getLogger(__name__)


class Ocr(Protocol):
    """Reads the text of an upright picture (BGR). Used by one thread at a time."""

    def read(self, picture: Image, *, careful: bool) -> list[Line]:
        """The lines on ``picture``, their boxes as parts of it; ``careful`` costs two to three times as much."""
        ...


class FasterPaddle:
    """PP-OCRv6 tiny and small through ONNX Runtime, as the package faster-paddle brings them."""

    def __init__(self, package: Any, threads: int | None = None) -> None:
        options: dict[str, Any] = {"det_max_side": LARGEST_SIDE_PX}
        if threads is not None:
            options["threads"] = threads
        self._quick = package.OcrEngine(model_size="tiny", **options)
        self._careful = package.OcrEngine(model_size="small", **options)

    def read(self, picture: Image, *, careful: bool) -> list[Line]:
        ok, encoded = cv2.imencode(".bmp", picture)
        if not ok:
            return []
        try:
            found = (self._careful if careful else self._quick).ocr(encoded.tobytes())
        except Exception as fault:  # noqa: BLE001  # a native library's errors have no common class
            _log.warning("Reading text failed (%s)", type(fault).__name__, exc_info=fault)
            return []
        height, width = picture.shape[:2]
        return [_line(one, width, height) for one in list(found["bounds"].values())[:MAX_LINES]]


def _line(found: Any, width: int, height: int) -> Line:
    (left, top), (right, bottom) = found["topLeftCoord"], found["bottomRightCoord"]
    box = (left / width, top / height, right / width, bottom / height)
    return Line(str(found["text"])[:MAX_LINE_CHARACTERS], float(found["confidence"]), box)


def ocr_note() -> tuple[str, ...]:
    """What the status line says where the engine's package is not there; nothing where it is. Loads nothing."""
    if importlib.util.find_spec("faster_paddle") is not None:
        return ()
    return (f"Check-in screens are not read here: their reader is not on this machine. {OCR_CURE}",)


def load_ocr(threads: int | None = None, load: Callable[[str], Any] = importlib.import_module) -> Ocr:
    """The engine, warm; raises :class:`SetupError` ``screens-missing`` where its package is not there."""
    try:
        return FasterPaddle(load("faster_paddle"), threads)
    except (ImportError, OSError, RuntimeError) as fault:
        raise SetupError(
            "screens-missing",
            "The reader of check-in screens is not on this machine; codes are read without it",
            where=str(fault),
            cure=OCR_CURE,
        ) from fault
