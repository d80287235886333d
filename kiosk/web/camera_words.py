"""What the pages say of the camera: one hint for the customer, a few words for each trouble, names of figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.vision.hints import Hint
from kiosk.vision.watch import CameraState
from kiosk.web.language import gettext as _
from kiosk.web.language import marked

FILMING = ("live", "ended")
QUIET = (*FILMING, "starting", "no-camera")
WAITS = ("camera-waiting",)  # a tablet's own camera, until a page begins to film
HINTS: Mapping[Hint, tuple[str, str]] = {  # icon, words: the customer reads them too
    Hint.LIGHT: ("moon", marked("Too dark here: turn\nthe screen brighter")),
    Hint.BRIGHTER: ("sun", marked("Please turn the\nbrightness up")),
    Hint.TILT: ("tilt", marked("Tilt it a little,\naway from the light")),
    Hint.STILL: ("still", marked("Hold it still\nfor a moment")),
    Hint.CLOSER: ("closer", marked("A little closer,\nplease")),
    Hint.BACK: ("further", marked("A little further\naway, please")),
}
_CHIPS: Mapping[str, str] = {
    "camera-missing": marked("No camera"),
    "camera-unplugged": marked("Camera unplugged"),
    "camera-busy": marked("Camera taken"),
    "camera-denied": marked("Camera not allowed"),
    "camera-unreadable": marked("Camera fails"),
    "camera-silent": marked("Camera silent"),
    "camera-waiting": marked("Camera not started"),
    "folder-empty": marked("No pictures"),
    "reading-failed": marked("Reading fails"),
    "camera-black": marked("Picture black"),
    "camera-blank": marked("Lens covered"),
    "camera-frozen": marked("Picture stands still"),
    "camera-upside-down": marked("Upside down"),
    "camera-coarse": marked("Picture small"),
    "camera-slow": marked("Few pictures"),
    "camera-dim": marked("Dark"),
    "stopped": marked("Camera off"),
}
FIGURES: Mapping[str, str] = {
    "camera": marked("Camera"),
    "picture": marked("Picture"),
    "light": marked("Light"),
    "sharpness": marked("Sharpness"),
    "pace": marked("Pace"),
    "reading": marked("Reading"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A few words on the status line; ``tone`` is warn or bad."""

    words: str
    tone: str


def chip(camera: CameraState) -> Chip | None:
    """The camera's trouble in two or three words; None while all is well."""
    if camera.code not in QUIET:
        return Chip(_chip_words(camera.code), "warn" if camera.code in WAITS else "bad")
    if camera.concerns:
        return Chip(_chip_words(camera.concerns[0].code), "warn")
    return None


def _chip_words(code: str) -> str:
    return _(_CHIPS[code]) if code in _CHIPS else _("Camera trouble")


def hint_words(hint: Hint) -> tuple[str, str]:
    """An icon, and what the customer is told."""
    icon, words = HINTS[hint]
    return icon, _(words)


def figure_names() -> dict[str, str]:
    """What each figure of the camera is called."""
    return {name: _(words) for name, words in FIGURES.items()}
