"""Pictures: arrays of 8-bit pixels, read from files nobody vouches for.

Rules of this module:

- An *image* is a numpy uint8 array, height x width x 3 in BGR order; a *grey* one is height x width.
- A picture is shrunk to fit inside 1280x720 (or what else is asked for), never enlarged.
- A file's header is read before its pixels are: what claims to be absurdly large is never decoded.
- OpenCV's own messages stay off standard error; what went wrong is said by an exception here.
"""

from __future__ import annotations

import os
import re
import stat
import struct
from pathlib import Path
from typing import TypeAlias

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read once, when OpenCV first opens a video

import cv2
import numpy as np
from numpy.typing import NDArray

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

Image: TypeAlias = NDArray[np.uint8]
Grey: TypeAlias = NDArray[np.uint8]

FIT_WIDTH_PX = 1280
FIT_HEIGHT_PX = 720
FRAME_PX = (FIT_WIDTH_PX, FIT_HEIGHT_PX)
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 64_000_000
REDUCE_ABOVE_PIXELS = 24_000_000  # from here on a JPEG is decoded at half its size, to keep memory small
MAX_SIDE_PX = 20_000
MAX_PARTS = 50_000  # chunks of a PNG, segments of a JPEG
MAX_SCANS = 32  # of a progressive JPEG; each one costs as much as a picture, and cameras write about ten
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})


class PictureError(ValueError):
    """A file that is no picture we show; ``str()`` says why in a few words."""


def fit(image: Image, inside: tuple[int, int] = FRAME_PX) -> Image:
    """``image`` shrunk to fit ``inside`` (width, height) pixels; as it is when it fits already."""
    height, width = image.shape[:2]
    scale = min(inside[0] / width, inside[1] / height)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def grey(image: Image) -> Grey:
    """``image`` without its colours, laid out in one piece of memory."""
    if image.ndim == 2:
        return np.ascontiguousarray(image)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def jpeg(image: Image, quality: int = 80) -> bytes:
    """``image`` as a JPEG file."""
    ok, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise PictureError("cannot be written as JPEG")
    return encoded.tobytes()


def read_picture(path: Path, inside: tuple[int, int] = FRAME_PX) -> Image:
    """The picture in the file at ``path``, turned as its EXIF says, fitted ``inside`` (width, height) pixels.

    Raises :class:`PictureError` for what is broken, cut short, absurdly large or no picture.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PictureError("is not a file")
        if status.st_size > MAX_FILE_BYTES:
            raise PictureError(f"is larger than {MAX_FILE_BYTES // 2**20} MB")
        content = path.read_bytes()
    except OSError as fault:
        raise PictureError(f"cannot be read: {fault.strerror or fault}") from fault
    return decode_picture(content, inside)


def decode_picture(content: bytes, inside: tuple[int, int] = FRAME_PX) -> Image:
    """As :func:`read_picture`, for a file's ``content``."""
    return fit(decode_whole(content), inside)


def decode_whole(content: bytes) -> Image:
    """As :func:`decode_picture`, at the size it has (half of it above ``REDUCE_ABOVE_PIXELS``)."""
    width, height = picture_size(content)
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX) or width * height > MAX_PIXELS:
        raise PictureError(f"claims to be {width} x {height} pixels")
    flags = cv2.IMREAD_REDUCED_COLOR_2 if width * height > REDUCE_ABOVE_PIXELS else cv2.IMREAD_COLOR
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as fault:
        raise PictureError("is broken") from fault
    if decoded is None:
        raise PictureError("is broken")
    return np.asarray(decoded, np.uint8)


def picture_size(content: bytes) -> tuple[int, int]:
    """(width, height) in pixels as a file's header states them; the file is whole as far as its frame tells.

    Raises :class:`PictureError`. PNG: ISO 15948; JPEG: ITU-T T.81 annex B; WebP: RFC 9649; BMP: its info header.
    """
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png_size(content)
        if content.startswith(b"\xff\xd8"):
            return _jpeg_size(content)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp_size(content)
        if content.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", content, 18)
            return width, abs(height)
    except (struct.error, IndexError) as fault:
        raise PictureError("is cut short") from fault
    raise PictureError("is not a picture")


def _png_size(content: bytes) -> tuple[int, int]:
    """Walk the chunks to the last: OpenCV believes each chunk's length, and sets aside 4 GB for one of 60 bytes."""
    at, size = 8, (0, 0)
    for _ in range(MAX_PARTS):
        length, kind = struct.unpack_from(">I4s", content, at)
        if at + 12 + length > len(content):
            raise PictureError("is cut short")
        if (kind == b"IHDR") != (at == 8) or (at == 8 and length != 13):
            raise PictureError("is broken")
        if at == 8:
            size = struct.unpack_from(">II", content, 16)
        if kind == b"IEND":
            return size
        at += 12 + length
    raise PictureError("is broken")


_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Walk the segments to the first scan: the frame's size stands before it, the end of image must follow it."""
    at, size = 2, (0, 0)
    for _ in range(MAX_PARTS):
        mark, kind, length = struct.unpack_from(">BBH", content, at)
        if mark != 0xFF:
            raise PictureError("is broken")
        if kind in {0xFF, 0x01} or 0xD0 <= kind <= 0xD7:  # fill bytes and markers without a length
            at += 1 if kind == 0xFF else 2
            continue
        if kind in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = (width, height)
        if kind == 0xDA:
            _walk_scans(content, at)
            return size
        at += 2 + length
    raise PictureError("is broken")


_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in a scan 00 is stuffed behind FF; D0 to D7 restart it


def _walk_scans(content: bytes, at: int) -> None:
    """Follow the scans from the first one ``at`` to the end of image; what lies behind it (a film) is no part of it."""
    scans = 0
    for _ in range(MAX_PARTS):
        kind, length = struct.unpack_from(">xBH", content, at)
        scans += kind == 0xDA
        if scans > MAX_SCANS:
            raise PictureError("is drawn in too many passes")
        seek = _JPEG_MARKER.search if kind == 0xDA else _JPEG_MARKER.match
        found = seek(content, at + 2 + length)
        if found is None:
            raise PictureError("is cut short" if kind == 0xDA else "is broken")
        at = found.start()
        if content[at + 1] == 0xD9:
            return
    raise PictureError("is broken")


def _webp_size(content: bytes) -> tuple[int, int]:
    (length,) = struct.unpack_from("<I", content, 4)
    if len(content) < length + 8:
        raise PictureError("is cut short")
    kind = content[12:16]
    if kind == b"VP8X":
        packed = int.from_bytes(content[24:30], "little")
        return (packed & 0xFFFFFF) + 1, (packed >> 24) + 1
    if kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", content, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", content, 26)
    return width & 0x3FFF, height & 0x3FFF
