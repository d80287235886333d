"""Atheris over the picture decoder and the engines that read codes. Run by hand; it is no test and no dependency.

In an environment of its own, beside the checkout's::

    python3.11 -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris
    PYTHONPATH=.:$(.venv/bin/python -c "import site; print(site.getsitepackages()[0])") \\
        /tmp/fuzz/bin/python tests/fuzz/pictures.py TARGET -max_total_time=120 -timeout=20 -rss_limit_mb=1500

TARGET is one of:

``file``     bytes as a picture file: decoded, or refused with a PictureError, never larger than 1280x720
``header``   bytes as a picture file's header alone, which is Python's own and so sees its branches
``engines``  bytes as the modules of a code, some turned over, enlarged, and read by every stage
``text``     bytes as what a code holds: text, printed, compared, none of it raising

A corpus may be named behind the options; ``file`` and ``header`` begin with small pictures made here. A finding is
written to ``crash-…`` in the folder it is started in, and played again by naming that file.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["kiosk.vision.picture", "kiosk.vision.sighting", "kiosk.core"]):
    import cv2
    import numpy as np
    import zxingcpp

    from kiosk.core.credential import present
    from kiosk.core.inert import shortened
    from kiosk.vision.codes import Decoder
    from kiosk.vision.picture import FIT_HEIGHT_PX, FIT_WIDTH_PX, PictureError, decode_picture, picture_size
    from kiosk.vision.sighting import MAX_TEXT_BYTES, text_of

DECODER = Decoder()
SYMBOLOGIES = ("QRCode", "Code128", "EAN13", "DataMatrix", "Aztec", "PDF417")


def file(content: bytes) -> None:
    """A picture file."""
    try:
        image = decode_picture(content)
    except PictureError:
        return
    assert image.shape[0] <= FIT_HEIGHT_PX
    assert image.shape[1] <= FIT_WIDTH_PX
    assert image.shape[2] == 3


def header(content: bytes) -> None:
    """Its header."""
    try:
        width, height = picture_size(content)
    except PictureError:
        return
    assert isinstance(width, int)
    assert isinstance(height, int)


def engines(content: bytes) -> None:
    """A code drawn from the first bytes, its modules turned over and its pixels shifted as the others say."""
    given = atheris.FuzzedDataProvider(content)
    symbology = SYMBOLOGIES[given.ConsumeIntInRange(0, len(SYMBOLOGIES) - 1)]
    scale, turned = given.ConsumeIntInRange(1, 4), given.ConsumeIntInRange(0, 60)
    payload = given.ConsumeBytes(given.ConsumeIntInRange(1, 60))
    try:
        made = zxingcpp.create_barcode(payload or b"x", getattr(zxingcpp.BarcodeFormat, symbology))
        picture = np.array(made.to_image(scale=1), np.uint8)
    except (ValueError, RuntimeError):
        return
    for _ in range(turned):
        y = given.ConsumeIntInRange(0, picture.shape[0] - 1)
        picture[y, given.ConsumeIntInRange(0, picture.shape[1] - 1)] ^= 255
    large = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST), np.uint8)
    framed = np.asarray(cv2.copyMakeBorder(large, 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=(255,)), np.uint8)
    for stage in DECODER.stages:
        for sighting in DECODER.look(framed, stage):
            assert len(sighting.text.encode()) <= MAX_TEXT_BYTES
            assert len(sighting.corners) == 4


def text(content: bytes) -> None:
    """What a code holds."""
    held = text_of(content, content.decode("latin-1"))
    for one in (held, content.decode("utf-16-le", errors="surrogatepass" if len(content) % 2 == 0 else "ignore")):
        shown = shortened(one or "")
        assert all(letter.isprintable() for letter in shown)
        present(one or "")
    assert held is None or len(held.encode()) <= MAX_TEXT_BYTES


TARGETS: dict[str, Callable[[bytes], None]] = {"file": file, "header": header, "engines": engines, "text": text}


def seeds(folder: Path) -> Path:
    """Small pictures of each kind."""
    drawn = np.random.default_rng(1).integers(0, 255, (24, 40, 3)).astype(np.uint8)
    for suffix in (".png", ".jpg", ".webp", ".bmp"):
        cv2.imwrite(str(folder / f"seed{suffix}"), drawn)
    return folder


def main() -> None:
    """Fuzz the target that is named first, with libFuzzer's options behind it."""
    target = TARGETS[sys.argv.pop(1)]
    with tempfile.TemporaryDirectory() as folder:
        corpus = [str(seeds(Path(folder)))] if target in (file, header) else []
        atheris.Setup([*sys.argv, *corpus], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
