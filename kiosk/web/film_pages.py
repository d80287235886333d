"""A page that films for its counter, and a photo chosen from a file.

Rules of this module:

- A frame is a JPEG as the body of a post, its CSRF token in a header, the tab's own name in ``X-Tab``. It is answered
  at once: 204 with where the codes were; 409 where another tab films; 422 for what is no picture of a page. Where the
  clerk has signed out it is not looked at, and ``X-Signed-Out: 1`` says so.
- ``X-Behind: 1`` asks the tab to send fewer. It sends the next frame when this one was answered.
- A photo is a form like any other: a refusal is an answer (200), what is no picture is malformed (422).
"""

from __future__ import annotations

import contextlib
import re
from http import HTTPStatus

from flask import Flask, Response, abort, request, session

from kiosk.enrolment_text import is_enrolment_text
from kiosk.vision.page_film import MAX_FRAME_BYTES, PageFilm, Taking
from kiosk.vision.photo import MAX_PHOTO_BYTES, photo_picture
from kiosk.vision.picture import PictureError
from kiosk.web.app import floor
from kiosk.web.pages import pages, tell_outlines
from kiosk.web.respond import go, respond

FORM_ROOM_BYTES = 64 * 1024
"""What a form may need around the photo in it."""

_TAB = re.compile(r"[0-9a-f]{16,32}")
_LIMITS = {"counter.frame": MAX_FRAME_BYTES, "counter.photo": MAX_PHOTO_BYTES + FORM_ROOM_BYTES}


def install_limits(app: Flask, *, for_anyone: bool = False) -> None:
    """Let a clerk's page post pictures, though a form has to be small. Before the CSRF check, which reads the form.

    ``for_anyone``: no clerk can sign in yet.
    """

    @app.before_request
    def room_for_pictures() -> None:
        if (for_anyone or session.get("clerk")) and request.endpoint in _LIMITS:
            request.max_content_length = _LIMITS[request.endpoint]


@pages.app_context_processor
def filming() -> dict[str, bool]:
    """Whether a page may film, and whether a photo is read as a check-in screen too."""
    return {"films": floor().film is not None, "reads_screens": floor().read_photo is not None}


# --- a page that films ---------------------------------------------------------------------------


@pages.post("/frame")
def frame() -> Response:
    """Take one picture that a tab of this counter filmed."""
    response = take_frame(floor().film)
    watch = floor().watch
    if response.status_code == HTTPStatus.NO_CONTENT and watch is not None:
        tell_outlines(response, watch)
    return response


def take_frame(film: PageFilm | None) -> Response:
    """Hand the picture that was posted to ``film``, as the rules of this module say."""
    if film is None:
        return _word(404, "This counter films with a camera of its own. [camera-elsewhere]")
    try:
        taking = film.post(tab_name(), request.get_data(cache=False))
    except PictureError as fault:
        return _word(422, f"The picture {fault}. [frame-unreadable]")
    if taking is Taking.OTHER_PAGE:
        return _word(409, "Another page films for this counter. [other-page-films]")
    response = Response(status=204)
    if taking is Taking.BEHIND:
        response.headers["X-Behind"] = "1"
    return response


@pages.post("/frame/end")
def frame_end() -> Response:
    """A tab films no more: it was closed or hidden."""
    film = floor().film
    if film is not None:
        film.let_go(tab_name())
    return Response(status=204)


def tab_name() -> str:
    """Which tab posts; a request that names none is malformed."""
    tab = request.headers.get("X-Tab", "")
    if not _TAB.fullmatch(tab):
        abort(422)
    return tab


def _word(status: int, words: str) -> Response:
    return Response(words, status, mimetype="text/plain")


# --- a photo from a file -------------------------------------------------------------------------


@pages.get("/photo")
def photo_page() -> Response:
    """Choose a photo from a file, or take one where the device can."""
    return respond("photo", "photo")


@pages.post("/photo")
def photo() -> Response:
    """Answer the code in a photo; without one that a promotion knows, the check-in screen in it."""
    chosen = request.files.get("photo")
    if chosen is None:
        abort(422)
    if not chosen.filename:
        return respond("photo", "photo", wrong="photo-missing")
    try:
        with contextlib.closing(chosen):
            picture = photo_picture(chosen.read())
    except PictureError as fault:
        return respond("photo", "photo", status=422, wrong="photo-unreadable", why=str(fault))
    here = floor()
    texts = [text for text in here.photos.codes(picture) if not is_enrolment_text(text)]
    known = [text for text in texts if here.counter.knows(text)]
    if len(known) > 1:
        return respond("photo", "photo", wrong="photo-several-codes")
    if not known and here.read_photo is not None and here.read_photo(picture) is not None:
        return go("counter.home")
    if not texts:
        return respond("photo", "photo", wrong="photo-without-code")
    here.counter.look((known or texts)[0], "photo")
    return go("counter.home")
