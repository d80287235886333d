"""Cameras by name: a device, a video, a folder of pictures, an address, a page that films, the demo's scene."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kiosk.clock import Clock, SystemClock
from kiosk.errors import CameraError
from kiosk.vision import folder, live, scene
from kiosk.vision.frames import DEFAULT_FPS, Camera, CameraOptions, Frame
from kiosk.vision.page_film import PageFilm
from kiosk.vision.picture import SUFFIXES
from kiosk.vision.turned import TURNS, Turned

__all__ = ["Camera", "Frame", "open_camera"]

BROWSER = "browser"
_ADDRESSES = ("http://", "https://", "rtsp://", "rtsps://")


def open_camera(
    spec: str,
    *,
    fps: float | None = DEFAULT_FPS,
    loop: bool = True,
    hold_while: Callable[[], bool] | None = None,
    clock: Clock | None = None,
    turned: int = 0,
    film: PageFilm | None = None,
) -> Camera:
    """The camera that ``spec`` names; raises :class:`CameraError`.

    ``spec`` is what a person types: a device number or path, a video file, a picture or a folder of them, an http,
    https or rtsp address, ``browser`` for what a page of the counter films and posts to ``film``, or
    ``scene:FILE.json``.

    ``fps``, ``loop`` and ``hold_while`` concern folders, video files and scenes: see :class:`CameraOptions`.
    ``turned`` is by how many degrees clockwise its pictures are turned to stand upright: 0, 90, 180 or 270.
    """
    assert turned in TURNS, turned
    camera = _open(spec.strip(), CameraOptions(fps, loop, hold_while), clock or SystemClock(), film)
    return Turned(camera, turned) if turned else camera


def _open(spec: str, options: CameraOptions, clock: Clock, film: PageFilm | None) -> Camera:
    if spec == BROWSER:
        return _page_camera(film)
    if spec.startswith("scene:"):
        return scene.open_scene(Path(spec.removeprefix("scene:")), options, clock)
    if spec.isascii() and spec.isdigit():
        return live.open_device(int(spec), clock)
    if spec.lower().startswith(_ADDRESSES):
        return live.open_address(spec, clock)
    path = Path(spec).expanduser()
    if not spec or not path.exists():
        raise CameraError(
            "camera-missing",
            "There is no such camera",
            where=spec or "no name given",
            cure="Name a device number (0 is the first), a device, a video file, a folder of pictures or an address.",
        )
    if path.is_dir():
        return folder.Folder(path, options, clock)
    if path.is_char_device():
        return live.open_device(path, clock)
    if path.suffix.lower() in SUFFIXES:
        return folder.Folder(path, options, clock)
    return live.VideoFile(path, options, clock)


def _page_camera(film: PageFilm | None) -> Camera:
    if film is None:
        raise CameraError(
            "camera-missing",
            "A page films only for a counter that is at work",
            where=BROWSER,
            cure="Start one with: counter --camera browser.",
        )
    return film.camera()
