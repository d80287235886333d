"""What of the seeing works on this machine: for ``doctor``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import qrcode

from kiosk.clock import Clock, SystemClock
from kiosk.core.likeness import bare
from kiosk.errors import CameraError, SetupError
from kiosk.vision.camera import BROWSER, open_camera
from kiosk.vision.codes import Decoder
from kiosk.vision.condition import Trouble, is_black, measure
from kiosk.vision.engines import Engine, Zbar, load_zbar, zxing
from kiosk.vision.figures import Check, figures
from kiosk.vision.frames import Camera, Frame
from kiosk.vision.ocr import Ocr, load_ocr
from kiosk.vision.picture import Grey
from kiosk.vision.sighting import Sighting
from kiosk.vision.watch import CameraState, Watch, WatchStats

TRY_CAMERA_S = 5.0
FILM_S = 8.0  # a picture that stands still is told after five
PAGE_WORDS = (
    "a page films, so nothing is tried here: open the counter's page on the device with the camera and tap Start the "
    "camera; browsers allow it at https addresses, and at http://localhost on this machine itself"
)
_TEXT = "COUNTERFOIL"
_ANEW = "Install the environment anew."


def checks(
    camera_spec: str | None,
    *,
    load: Callable[[], Zbar] = load_zbar,
    open_: Callable[[str], Camera] = open_camera,
) -> list[Check]:
    """Both decoders, the camera that ``camera_spec`` names (None: not looked at), the reader of screens."""
    return [check_zxing(), check_zbar(load), check_camera(camera_spec, open_), check_screens()]


def check_zxing() -> Check:
    """Whether zxing reads a code made on the spot."""
    if not _reads(zxing):
        return Check("zxing", False, "zxing does not read a plain QR code", _ANEW)
    return Check("zxing", True, "zxing reads QR, Code 128, EAN/UPC, GS1 DataBar, Data Matrix, Aztec and PDF417 codes")


def check_zbar(load: Callable[[], Zbar] = load_zbar) -> Check:
    """Whether zbar is there and reads."""
    try:
        engine = load()
    except SetupError as fault:
        return Check("zbar", False, fault.what, fault.cure)
    if not _reads(engine):
        return Check("zbar", False, "zbar does not read a plain QR code", "Install libzbar 0.23 or newer.")
    return Check("zbar", True, "zbar reads what zxing does not: QR, Code 128 and EAN codes")


def check_camera(spec: str | None, open_: Callable[[str], Camera] = open_camera) -> Check:
    """Whether the camera opens and gives a picture, and what size and light it has."""
    if spec is None:
        return Check("camera", False, "no camera was named, so none was tried", "Name one: doctor 0 is the first.")
    if spec == BROWSER:
        return Check("camera", True, PAGE_WORDS)
    try:
        camera = open_(spec)
        try:
            frame = _first_frame(camera)
        finally:
            camera.close()
    except CameraError as fault:
        return Check("camera", False, f"{fault.what} ({fault.where})", fault.cure)
    if frame is None:
        return Check("camera", False, f"{camera.words} gives no picture", "Unplug it and plug it in again.")
    height, width = frame.image.shape[:2]
    if is_black(measure(frame.image)[0]):
        return Check("camera", False, f"{camera.words} films, but all is black", "Open its cover, or make light.")
    return Check("camera", True, f"{camera.words} films, {width} x {height} pixels")


def check_screens(load: Callable[[], Ocr] = load_ocr) -> Check:
    """Whether the reader of check-in screens is there and reads a few words drawn on the spot."""
    try:
        engine = load()
    except SetupError as fault:
        return Check("screens", False, fault.what, fault.cure)
    page = np.full((120, 480, 3), 255, np.uint8)
    cv2.putText(page, _TEXT, (20, 75), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3, cv2.LINE_AA)
    if all(bare(line.text) != bare(_TEXT) for line in engine.read(page, careful=False)):
        return Check("screens", False, "the reader of check-in screens does not read plain words", _ANEW)
    return Check("screens", True, "check-in screens without a code are read")


@dataclass(frozen=True, slots=True)
class Filmed:
    """What the loop made of a camera in a few seconds. ``codes`` were read; ``picture`` is the last, a JPEG file."""

    state: CameraState
    stats: WatchStats
    codes: int
    picture: bytes | None

    def checks(self) -> list[Check]:
        """The camera as a whole, then its figures."""
        live = self.state.code in ("live", "ended") and self.stats.frames > 0
        if not live and self.state.code not in set(Trouble):
            return [Check("camera", False, f"{self.state.words} [{self.state.code}]")]
        words = f"{self.state.words} {self.stats.frames} pictures, {self.codes} with a code"
        return [Check("camera", live, words), *figures(self.stats, self.state.concerns)]


def film(open_: Callable[[], Camera], seconds: float = FILM_S, clock: Clock | None = None) -> Filmed:
    """Film for ``seconds`` with the counter's own loop; a camera that fails, or has shown all, ends it sooner."""
    clock = clock or SystemClock()
    until_s = clock.monotonic_s() + seconds
    codes = 0
    states: list[CameraState] = []

    def see(sightings: Sequence[Sighting]) -> None:
        nonlocal codes
        codes += bool(sightings)
        if clock.monotonic_s() >= until_s:
            states.append(watch.state)
            watch.stop()

    def end(_seconds: float) -> bool:
        states.append(watch.state)
        return True

    watch = Watch(open_, Decoder(), see, clock, pause=end)
    watch.run()
    newest = watch.latest_jpeg()
    return Filmed(states[0], watch.stats, codes, newest and newest[1])


def _first_frame(camera: Camera) -> Frame | None:
    until_s = time.monotonic() + TRY_CAMERA_S
    while time.monotonic() < until_s and not camera.ended:
        frame = camera.read()
        if frame is not None:
            return frame
    return None


def _reads(engine: Engine) -> bool:
    return [sighting.text for sighting in engine(_sample())] == [_TEXT]


def _sample() -> Grey:
    code = qrcode.QRCode(border=4)
    code.add_data(_TEXT)
    modules = np.array(code.get_matrix(), bool)
    return np.where(np.kron(modules, np.ones((6, 6), bool)), 0, 255).astype(np.uint8)
