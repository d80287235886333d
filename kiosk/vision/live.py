"""Live cameras and video files, through OpenCV."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from kiosk.clock import Clock
from kiosk.errors import CameraError
from kiosk.vision.frames import CameraOptions, Frame, Pace
from kiosk.vision.picture import FIT_HEIGHT_PX, FIT_WIDTH_PX, Image, fit

READ_WAIT_S = 0.5
SILENT_AFTER_S = 10.0
_LOST_READS = 5  # reads in a row without a picture: a single one is a hiccup
_OPEN_LIMIT_MS = 5000


class Source(Protocol):
    """What OpenCV's VideoCapture does for us, narrowly typed; a test has its own."""

    def read(self) -> tuple[bool, Image | None]: ...

    def release(self) -> None: ...


class Capture:
    """A :class:`Source` over ``cv2.VideoCapture``."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def read(self) -> tuple[bool, Image | None]:
        ok, image = self._capture.read()
        return (True, np.asarray(image, np.uint8)) if ok else (False, None)

    def release(self) -> None:
        self._capture.release()


class Live:
    """A source that films whether or not it is read: a thread grabs, and ``read`` gives the newest frame.

    Raises :class:`CameraError` ``camera-unplugged`` when the source gives nothing any more, ``camera-silent``
    when it has not answered for ``SILENT_AFTER_S``.
    """

    note = ""
    ended = False

    def __init__(self, source: Source, words: str, clock: Clock) -> None:
        self.words = words
        self._source = source
        self._clock = clock
        self._fresh = threading.Condition()
        self._newest: Frame | None = None
        self._given = 0
        self._lost = False
        self._heard_s = clock.monotonic_s()
        self._closing = threading.Event()
        self._grabber = threading.Thread(target=self._grab, name="camera", daemon=True)
        self._grabber.start()

    def read(self) -> Frame | None:
        with self._fresh:
            self._fresh.wait_for(lambda: self._lost or self._news(), READ_WAIT_S)
            frame = self._newest
            if frame is not None and frame.number > self._given:
                self._given = frame.number
                return frame
        if self._lost:
            raise CameraError(
                "camera-unplugged",
                "The camera stopped giving pictures",
                where=self.words,
                cure="Check its cable; it is taken up again by itself.",
            )
        if self._clock.monotonic_s() - self._heard_s > SILENT_AFTER_S:
            raise CameraError(
                "camera-silent",
                f"The camera has given no picture for {SILENT_AFTER_S:.0f} seconds",
                where=self.words,
                cure="Unplug it and plug it in again.",
            )
        return None

    def close(self) -> None:
        """Let go of the source. A grabber that is stuck in its driver lets go when it comes out."""
        self._closing.set()
        self._grabber.join(timeout=2)

    def _news(self) -> bool:
        return self._newest is not None and self._newest.number > self._given

    def _grab(self) -> None:
        number = missed = 0
        try:
            while not self._closing.is_set() and missed < _LOST_READS:
                ok, image = self._source.read()
                if not ok or image is None:
                    missed += 1
                    self._closing.wait(0.05)
                    continue
                missed, number = 0, number + 1
                at_s = self._clock.monotonic_s()
                with self._fresh:
                    self._newest, self._heard_s = Frame(fit(image), number, at_s, live=True), at_s
                    self._fresh.notify_all()
        except cv2.error:
            pass  # a driver that fails in the middle of a picture is a camera that is gone
        finally:
            self._source.release()
            with self._fresh:
                self._lost = True
                self._fresh.notify_all()


class VideoFile:
    """A video file, at its own pace and over again; raises :class:`CameraError` ``camera-unreadable``."""

    note = ""

    def __init__(self, path: Path, options: CameraOptions, clock: Clock) -> None:
        self._path = path
        self._loop = options.loop
        self._capture = self._open()
        own_fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._pace = Pace(options.fps and (own_fps if 1 <= own_fps <= 60 else options.fps), clock)
        self._number = 0
        self.words = f"video {path.name}"
        self.ended = False

    def read(self) -> Frame | None:
        if self.ended:
            return None
        at_s = self._pace.wait()
        ok, image = self._capture.read()
        if not ok:
            if not self._loop:
                self.ended = True
                return None
            self._capture.release()
            self._capture = self._open()
            ok, image = self._capture.read()
            if not ok:
                raise self._unreadable()
        self._number += 1
        return Frame(fit(np.asarray(image, np.uint8)), self._number, at_s, self._path.name)

    def close(self) -> None:
        self.ended = True
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise self._unreadable()
        return capture

    def _unreadable(self) -> CameraError:
        return CameraError(
            "camera-unreadable",
            "This is no video that can be played, nor a picture",
            where=str(self._path),
            cure="Give a video that plays elsewhere (MP4, MKV, AVI, WebM), or a folder of pictures.",
        )


def open_device(device: int | Path, clock: Clock) -> Live:
    """A camera plugged into this machine, by number or path; raises :class:`CameraError`."""
    path = Path(f"/dev/video{device}") if isinstance(device, int) else device
    if sys.platform == "linux":
        _check_device(path)
    backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    where = str(path) if sys.platform == "linux" else f"camera {device}"
    capture = _capture(lambda: cv2.VideoCapture(device if isinstance(device, int) else str(device), backend), where)
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, FIT_WIDTH_PX)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, FIT_HEIGHT_PX)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if not capture.grab():
        capture.release()
        raise _busy(where)
    return Live(Capture(capture), where, clock)


def open_address(address: str, clock: Clock) -> Live:
    """A camera on the network; raises :class:`CameraError` ``camera-missing``. A password in it is not shown."""
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_LIMIT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _OPEN_LIMIT_MS]
    shown = without_password(address)
    capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        raise CameraError(
            "camera-missing",
            "No camera answers at this address",
            where=shown,
            cure="Check the address, that the camera is on, and the network between.",
        )
    return Live(Capture(capture), shown, clock)


def without_password(address: str) -> str:
    """``address`` with what stands before its @ left out."""
    scheme, _, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def _check_device(path: Path) -> None:
    """Ask the kernel before OpenCV does, since it says why not."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except OSError as fault:
        if fault.errno == errno.EBUSY:
            raise _busy(str(path)) from fault
        if fault.errno in {errno.EACCES, errno.EPERM}:
            raise CameraError(
                "camera-denied",
                "This user may not use the camera",
                where=str(path),
                cure="Add the user to the group video, then sign in again.",
            ) from fault
        raise CameraError(
            "camera-missing",
            "There is no such camera",
            where=str(path),
            cure=_which_else(),
        ) from fault


def _which_else() -> str:
    present = ", ".join(sorted(_present(), key=int))
    return f"Plug it in, or choose another number; here are {present}." if present else "Plug it in: none is here."


def _present() -> list[str]:
    """The numbers of the cameras on this machine. Some are seen twice, since a camera has a second device beside."""
    return [number for path in Path("/dev").glob("video*") if (number := path.name.removeprefix("video")).isdecimal()]


def _capture(make: Callable[[], cv2.VideoCapture], where: str) -> cv2.VideoCapture:
    capture = make()
    if not capture.isOpened():
        raise CameraError(
            "camera-unreadable",
            "The camera is there but does not open",
            where=where,
            cure="Another program may be using it, or it is no camera: try another number.",
        )
    return capture


def _busy(where: str) -> CameraError:
    return CameraError(
        "camera-busy",
        "The camera is there but gives no picture",
        where=where,
        cure="Close the other program that is using it, or unplug it and plug it in again.",
    )
