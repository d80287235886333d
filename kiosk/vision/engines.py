"""The two decoders of codes: zxing-cpp, which comes inside its package, and zbar, a library of the machine.

Either one takes a grey picture and gives sightings; neither raises for anything a picture holds.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import zxingcpp

from kiosk.errors import SetupError
from kiosk.vision.picture import Grey
from kiosk.vision.sighting import Corners, Sighting, text_of

_FORMAT = zxingcpp.BarcodeFormat
QR_FORMATS = zxingcpp.BarcodeFormats(
    [_FORMAT.QRCodeModel2]  # not QRCode: that reads Micro QR too, and then bogus texts now and then
)
ALL_FORMATS = zxingcpp.BarcodeFormats(
    [
        _FORMAT.QRCodeModel2,
        _FORMAT.QRCodeModel1,
        _FORMAT.Code128,
        _FORMAT.EANUPC,
        _FORMAT.DataBar,
        _FORMAT.DataMatrix,
        _FORMAT.Aztec,
        _FORMAT.PDF417,
    ]
)
_NAMES = {
    "QRCodeModel1": "QRCode",
    "QRCodeModel2": "QRCode",
    "UPCA": "EAN13",
    "AztecCode": "Aztec",
    "CompactPDF417": "PDF417",
    "DataBarOmni": "DataBar",
}

ZBAR_CURE = (
    "Install it: on Debian and Ubuntu `apt install libzbar0`, on Fedora `dnf install zbar`, "
    "on a Mac `brew install zbar`."
)


class Engine(Protocol):
    """Finds codes in a grey picture; ``turned`` also looks for 1D codes that stand upright."""

    def __call__(self, picture: Grey, *, turned: bool = False) -> list[Sighting]: ...


@dataclass(frozen=True, slots=True)
class Zxing:
    """zxing-cpp for some ``formats``. ``two_levels``: the picture is black and white already; ``pure``: it is drawn.

    2D codes are read at any angle whatever ``turned`` says.
    """

    formats: zxingcpp.BarcodeFormats
    two_levels: bool = False
    pure: bool = False

    def __call__(self, picture: Grey, *, turned: bool = False) -> list[Sighting]:
        binarizer = zxingcpp.Binarizer
        found = zxingcpp.read_barcodes(
            picture,
            formats=self.formats,
            try_rotate=turned,
            try_downscale=not self.pure,
            try_invert=not self.pure,
            text_mode=zxingcpp.TextMode.Plain,
            binarizer=binarizer.FixedThreshold if self.two_levels else binarizer.LocalAverage,
        )
        sightings = []
        for code in found:
            text = text_of(code.bytes, code.text)
            if text:
                name = _NAMES.get(code.format.name, code.format.name)
                corners = _zxing_corners(code.position)
                sightings.append(Sighting(text, name, corners, "zxing", code.symbology_identifier))
        return sightings


zxing = Zxing(ALL_FORMATS)


def _zxing_corners(position: zxingcpp.Position) -> Corners:
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    a, b, c, d = ((float(point.x), float(point.y)) for point in points)
    return a, b, c, d


class Zbar:
    """zbar through pyzbar's bindings, asked for the bytes as they stand in the code.

    zbar by itself guesses at encodings (it takes UTF-8 Chinese for Big5), so it is switched to binary where it
    is 0.23.1 or newer; what is then not UTF-8 is left to zxing, which guesses better.
    """

    _WANTED = ("QRCODE", "CODE128", "EAN13", "EAN8")
    _NAMES: dict[str, str] = {"QRCODE": "QRCode", "CODE128": "Code128"}  # noqa: RUF012  # read only
    _IDENTIFIERS: dict[str, str] = {"QRCode": "]Q1", "Code128": "]C0", "EAN13": "]E0", "EAN8": "]E4"}  # noqa: RUF012
    _CONFIG_BINARY = 4
    _GREY = int.from_bytes(b"Y800", "little")

    def __init__(self, wrapper: Any) -> None:
        self._zbar = wrapper
        self._names = {int(wrapper.ZBarSymbol[name]): self._NAMES.get(name, name) for name in self._WANTED}

    def __call__(self, picture: Grey, *, turned: bool = False) -> list[Sighting]:
        """The codes that zbar reads in ``picture``; 1D codes are always found lying and standing."""
        del turned
        zbar = self._zbar
        scanner, image = zbar.zbar_image_scanner_create(), zbar.zbar_image_create()
        try:
            self._configure(scanner)
            pixels = ctypes.create_string_buffer(picture.tobytes(), picture.size)
            zbar.zbar_image_set_format(image, self._GREY)
            zbar.zbar_image_set_size(image, picture.shape[1], picture.shape[0])
            zbar.zbar_image_set_data(image, ctypes.cast(pixels, ctypes.c_void_p), len(pixels), None)
            if zbar.zbar_scan_image(scanner, image) <= 0:
                return []
            return list(self._sightings(image))
        finally:
            zbar.zbar_image_destroy(image)
            zbar.zbar_image_scanner_destroy(scanner)

    def _configure(self, scanner: Any) -> None:
        wrapper = self._zbar
        for symbol in wrapper.ZBarSymbol:
            wanted = int(symbol) in self._names
            wrapper.zbar_image_scanner_set_config(scanner, symbol, wrapper.ZBarConfig.CFG_ENABLE, int(wanted))
        wrapper.zbar_image_scanner_set_config(scanner, wrapper.ZBarSymbol.QRCODE, self._CONFIG_BINARY, 1)

    def _sightings(self, image: Any) -> Iterator[Sighting]:
        zbar = self._zbar
        symbol = zbar.zbar_image_first_symbol(image)
        while symbol:
            raw = ctypes.string_at(zbar.zbar_symbol_get_data(symbol), zbar.zbar_symbol_get_data_length(symbol))
            text, name = text_of(raw, None), self._names.get(int(symbol.contents.type))
            points = [
                (float(zbar.zbar_symbol_get_loc_x(symbol, i)), float(zbar.zbar_symbol_get_loc_y(symbol, i)))
                for i in range(zbar.zbar_symbol_get_loc_size(symbol))
            ]
            if text and name and points:
                yield Sighting(text, name, _zbar_corners(points), "zbar", self._IDENTIFIERS.get(name, ""))
            symbol = zbar.zbar_symbol_next(symbol)


def _zbar_corners(points: list[tuple[float, float]]) -> Corners:
    """A QR code's four corners; a 1D code comes as many points, one or two to a scan line: then their box."""
    if len(points) == 4:
        return points[0], points[3], points[2], points[1]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def load_zbar(load: Callable[[str], Any] = importlib.import_module) -> Zbar:
    """The zbar library, ready to read; raises :class:`SetupError` ``zbar-missing`` where either is missing."""
    try:
        return Zbar(load("pyzbar.wrapper"))
    except (ImportError, OSError) as fault:
        raise SetupError(
            "zbar-missing",
            "The second code reader, libzbar, is not on this machine; codes are read by zxing alone",
            where=str(fault),
            cure=ZBAR_CURE,
        ) from fault
