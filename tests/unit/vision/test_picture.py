from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.vision import picture
from kiosk.vision.picture import PictureError, decode_picture, fit, jpeg, picture_size, read_picture
from tests.unit.vision.made import blank, save

FORMATS = [".png", ".jpg", ".webp", ".bmp"]


def textured(width: int, height: int) -> picture.Image:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3)).astype(np.uint8)


def encoded(suffix: str, width: int = 200, height: int = 100) -> bytes:
    ok, content = cv2.imencode(suffix, textured(width, height))
    assert ok
    return content.tobytes()


def test_a_picture_of_1280_by_720_stays_as_it_is() -> None:
    image = blank(1280, 720)
    assert fit(image) is image


@pytest.mark.parametrize(("width", "height", "fitted"), [(1281, 720, (719, 1280)), (1280, 721, (720, 1278))])
def test_one_pixel_more_is_shrunk(width: int, height: int, fitted: tuple[int, int]) -> None:
    assert fit(blank(width, height)).shape[:2] == fitted


def test_a_small_picture_is_not_enlarged() -> None:
    assert fit(blank(20, 10)).shape[:2] == (10, 20)


def test_a_very_flat_picture_keeps_a_pixel_of_height() -> None:
    assert fit(blank(9000, 1)).shape[:2] == (1, 1280)


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_is_read_in_its_size(suffix: str) -> None:
    content = encoded(suffix)
    assert picture_size(content) == (200, 100)
    assert decode_picture(content).shape == (100, 200, 3)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_picture_cut_short_is_refused_and_nothing_is_printed(
    suffix: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    content = encoded(suffix)
    with pytest.raises(PictureError):
        decode_picture(content[: int(len(content) * share)])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", [b"", b"BM", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF", b"hello", b"<svg/>"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(PictureError):
        decode_picture(content)


def png_claiming(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(b""), b"IEND"]
    framed = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def test_a_header_of_100_megapixels_is_refused_before_its_pixels_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("its pixels were read"))
    with pytest.raises(PictureError, match="10000 x 10000"):
        decode_picture(png_claiming(10_000, 10_000))


def test_60_bytes_that_promise_four_gigabytes_are_refused_before_room_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("room was made"))
    found_by_fuzzing = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200003f0000000a00ffd8ffff01ffd0ffd0ffffffd149454e44ae0000ffd1ffffff01ffd0ffffffd1ffffffff"
    )
    with pytest.raises(PictureError, match="cut short"):
        decode_picture(found_by_fuzzing)


def test_a_png_is_walked_from_its_header_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = png_claiming(8, 8)
    assert picture_size(whole + b"what cameras put behind") == (8, 8)
    without_header = whole[:8] + whole[33:]
    twice = whole[:33] + whole[8:]
    for broken in (without_header, twice):
        with pytest.raises(PictureError, match="broken"):
            picture_size(broken)
    monkeypatch.setattr(picture, "MAX_PARTS", 2)
    with pytest.raises(PictureError, match="broken"):
        picture_size(whole)


def test_a_jpeg_drawn_in_more_than_32_passes_is_refused() -> None:
    whole = encoded(".jpg")
    scan = b"\xff\xda\0\2"
    assert picture_size(whole[:-2] + scan * 31 + whole[-2:]) == (200, 100)
    with pytest.raises(PictureError, match="passes"):
        picture_size(whole[:-2] + scan * 32 + whole[-2:])


def test_passes_do_not_hide_behind_an_end_inside_a_comment() -> None:
    whole = encoded(".jpg")
    comment = b"\xff\xfe\0\4\xff\xd9"
    with pytest.raises(PictureError, match="passes"):
        picture_size(whole[:-2] + comment + b"\xff\xda\0\2" * 32 + whole[-2:])


def test_a_film_behind_a_photo_is_no_part_of_it() -> None:
    film = np.random.default_rng(1).integers(0, 256, 4_000_000, dtype=np.uint8).tobytes()
    assert picture_size(encoded(".jpg") + film) == (200, 100)


def test_64_megapixels_are_decoded_and_more_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def decode(content: bytes, flags: int) -> picture.Image:
        read.append(content)
        return blank()

    monkeypatch.setattr(cv2, "imdecode", decode)
    decode_picture(png_claiming(8000, 8000))
    with pytest.raises(PictureError):
        decode_picture(png_claiming(8000, 8001))
    assert len(read) == 1


def test_exif_orientation_is_obeyed() -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    plain = encoded(".jpg")
    turned = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]
    assert decode_picture(turned).shape[:2] == (200, 100)


def test_broken_exif_does_not_matter() -> None:
    plain = encoded(".jpg")
    broken = plain[:2] + b"\xff\xe1\x00\x10Exif\0\0" + b"\xff" * 8 + plain[2:]
    assert decode_picture(broken).shape[:2] == (100, 200)


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.png", blank())
    monkeypatch.setattr(picture, "MAX_FILE_BYTES", path.stat().st_size)
    read_picture(path)
    monkeypatch.setattr(picture, "MAX_FILE_BYTES", path.stat().st_size - 1)
    with pytest.raises(PictureError, match="larger"):
        read_picture(path)


def test_a_pipe_with_a_pictures_name_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(PictureError, match="not a file"):
        read_picture(tmp_path / "a.png")


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="cannot be read"):
        read_picture(tmp_path / "gone.png")


def test_a_jpeg_is_written_and_read_again() -> None:
    assert decode_picture(jpeg(blank(64, 48))).shape == (48, 64, 3)
