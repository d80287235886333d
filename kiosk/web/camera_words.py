"""What the pages say of the camera: one hint for the customer, a few words for each trouble, names of figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.vision.hints import Hint
from kiosk.vision.watch import CameraState

FILMING = ("live", "ended")
QUIET = (*FILMING, "starting", "no-camera")
WAITS = ("camera-waiting",)  # a tablet's own camera, until a page begins to film
HINTS: Mapping[Hint, tuple[str, str]] = {  # icon, words: the customer reads them too
    Hint.LIGHT: ("moon", "Too dark here: turn\nthe screen brighter"),
    Hint.BRIGHTER: ("sun", "Please turn the\nbrightness up"),
    Hint.TILT: ("tilt", "Tilt it a little,\naway from the light"),
    Hint.STILL: ("still", "Hold it still\nfor a moment"),
    Hint.CLOSER: ("closer", "A little closer,\nplease"),
    Hint.BACK: ("further", "A little further\naway, please"),
}
_CHIPS: Mapping[str, str] = {
    "camera-missing": "No camera",
    "camera-unplugged": "Camera unplugged",
    "camera-busy": "Camera taken",
    "camera-denied": "Camera not allowed",
    "camera-unreadable": "Camera fails",
    "camera-silent": "Camera silent",
    "camera-waiting": "Camera not started",
    "folder-empty": "No pictures",
    "reading-failed": "Reading fails",
    "camera-black": "Picture black",
    "camera-blank": "Lens covered",
    "camera-frozen": "Picture stands still",
    "camera-upside-down": "Upside down",
    "camera-coarse": "Picture small",
    "camera-slow": "Few pictures",
    "camera-dim": "Dark",
    "stopped": "Camera off",
}
FIGURES: Mapping[str, str] = {
    "camera": "Camera",
    "picture": "Picture",
    "light": "Light",
    "sharpness": "Sharpness",
    "pace": "Pace",
    "reading": "Reading",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A few words on the status line; ``tone`` is warn or bad."""

    words: str
    tone: str


def chip(camera: CameraState) -> Chip | None:
    """The camera's trouble in two or three words; None while all is well."""
    if camera.code not in QUIET:
        return Chip(_CHIPS.get(camera.code, "Camera trouble"), "warn" if camera.code in WAITS else "bad")
    if camera.concerns:
        return Chip(_CHIPS.get(camera.concerns[0].code, "Camera trouble"), "warn")
    return None
