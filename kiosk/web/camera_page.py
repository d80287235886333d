"""The page of the camera: what it sees, how well, what is wrong and what to do. For a clerk who has signed in."""

from __future__ import annotations

from flask import Response

from kiosk.vision.figures import figures
from kiosk.web.app import floor
from kiosk.web.camera_words import QUIET, figure_names, hint_words
from kiosk.web.pages import pages
from kiosk.web.respond import respond

__all__ = ["pages"]


@pages.get("/camera")
def camera_page() -> Response:
    """The picture and its figures; asked again each second as a fragment."""
    here = floor()
    camera = here.counter.status().camera
    stats = None if here.watch is None else here.watch.stats
    rows = [] if stats is None else figures(stats, camera.concerns)
    return respond(
        "camera",
        "figures",
        camera=camera,
        films=camera.code in QUIET,
        since="" if camera.since is None else here.desk.clock(camera.since),
        stats=stats,
        rows=rows,
        names=figure_names(),
        hint=None if camera.hint is None else hint_words(camera.hint),
    )
