"""The counter's pages as one Flask application, put together around a :class:`~kiosk.counter.Counter`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol

from flask import Blueprint, Flask, Response, current_app
from flask_wtf.csrf import CSRFError, CSRFProtect
from htmx_flask import Htmx
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException

from kiosk.clock import Clock
from kiosk.counter import Counter
from kiosk.display import Display
from kiosk.errors import CounterfoilError
from kiosk.vision.codes import Decoder
from kiosk.vision.page_film import PageFilm
from kiosk.vision.photo import PhotoReader
from kiosk.vision.picture import Image
from kiosk.vision.watch import WatchStats
from kiosk.web import guard
from kiosk.web import language as spoken
from kiosk.web.language import gettext as _
from kiosk.web.printed import initials
from kiosk.web.respond import respond, wants_fragment
from kiosk.web.stream import Streams
from kiosk.web.views import Desk

MAX_FORM_BYTES = 128 * 1024
STATIC_AGE_S = 3600


class Outlines(Protocol):
    """Where codes are in the newest picture: (text, four corners), corners as parts of its width and height."""

    @property
    def number(self) -> int: ...

    @property
    def outlines(self) -> Sequence[tuple[str, Sequence[tuple[float, float]]]]: ...


class Filming(Protocol):
    """What the pages need of the camera's loop."""

    def latest_jpeg(self, after: int = 0) -> tuple[int, bytes] | None: ...

    def overlay(self) -> Outlines: ...

    @property
    def stats(self) -> WatchStats: ...


@dataclass(frozen=True, slots=True)
class Floor:
    """All that the routes work with; ``current_app.extensions["counterfoil"]``.

    ``film`` takes what a page films; None where the camera is elsewhere. ``read_photo`` reads a photo without a code
    as a check-in screen and gives what the counter shows then; None where it recognises nothing. ``enrol_anew`` ends
    these pages and shows those of :mod:`kiosk.web.set_up`; None where nobody can. ``signed_out`` are the sessions that
    ended: a stream that one of them left open tells nothing more.
    """

    counter: Counter
    desk: Desk
    watch: Filming | None
    streams: Streams
    clock: Clock
    film: PageFilm | None = None
    photos: PhotoReader = field(default_factory=lambda: PhotoReader(Decoder().read))
    read_photo: Callable[[Image], Display | None] | None = None
    enrol_anew: Callable[[], None] | None = None
    signed_out: set[str] = field(default_factory=set)


class InMemory:
    """What a request needs so that its files stay in memory, whatever their size: a photo shows a customer's name."""

    def _get_file_stream(self, *_lengths: object, **_named: object) -> IO[bytes]:  # the name is Werkzeug's
        return BytesIO()


def floor() -> Floor:
    """The floor of the application that answers now."""
    found = current_app.extensions["counterfoil"]
    assert isinstance(found, Floor)
    return found


def create_app(  # noqa: PLR0913  (every part is named where the pages are put together)
    counter: Counter,
    *,
    templates: Path,
    static: Path,
    secret_key: bytes,
    watch: Filming | None = None,
    extra_blueprints: Sequence[Blueprint] = (),
    clock: Clock | None = None,
    names: Sequence[str] = (),
    film: PageFilm | None = None,
    read_photo: Callable[[Image], Display | None] | None = None,
    language: str = "",
    enrol_anew: Callable[[], None] | None = None,
) -> Flask:
    """The pages of ``counter``. ``extra_blueprints`` authenticate themselves; ``names`` are further host names.

    ``film``, ``read_photo`` and ``enrol_anew`` as in :class:`Floor`; ``language`` as in
    :func:`kiosk.web.language.install`.
    """
    app, csrf = bare_app(
        templates=templates,
        static=static,
        secret_key=secret_key,
        names=names,
        films=film is not None,
        language=language,
    )
    desk = Desk(counter, boot=os.urandom(4).hex())
    clock = clock or counter.clock
    app.extensions["counterfoil"] = Floor(
        counter, desk, watch, Streams(), clock, film=film, read_photo=read_photo, enrol_anew=enrol_anew
    )
    from kiosk.web import anew_pages, camera_page  # noqa: PLC0415  (the pages need floor() from here)

    assert anew_pages.pages is camera_page.pages
    app.register_blueprint(camera_page.pages)
    for blueprint in extra_blueprints:
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint)
    return app


def bare_app(
    *,
    templates: Path,
    static: Path,
    secret_key: bytes,
    names: Sequence[str],
    films: bool,
    language: str,
    clerks: bool = True,
) -> tuple[Flask, CSRFProtect]:
    """An application with all that stands before every page, and no page yet. ``clerks``: only they post pictures."""
    app = Flask("kiosk.web", template_folder=str(templates), static_folder=str(static))
    app.config.update(
        SECRET_KEY=secret_key,
        SESSION_COOKIE_NAME="counter",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=16),
        SESSION_REFRESH_EACH_REQUEST=False,  # a picture that arrives late must not sign the clerk in again
        WTF_CSRF_TIME_LIMIT=None,  # a page may lie open for a whole shift; the token lives as long as the session
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_AGE_S,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["strong_numbers"] = strong_numbers
    app.jinja_env.filters["initials"] = initials
    app.jinja_env.globals["static_version"] = _static_version(static)
    spoken.install(app, language)
    guard.install(app, names, films=films)
    from kiosk.web import film_pages, stick_page  # noqa: PLC0415  (pages need floor() from here)

    film_pages.install_limits(app, for_anyone=not clerks)
    if clerks:
        stick_page.install(app)
    csrf = CSRFProtect(app)
    Htmx(app)
    app.request_class = type("Asked", (InMemory, app.request_class), {})  # over what htmx has put there
    app.register_error_handler(CSRFError, _stale_page)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CounterfoilError, _fault)
    return app, csrf


def strong_numbers(text: str) -> Markup:
    """``text`` with each number of two digits or more set off, since a clerk has to key it in."""
    parts = re.split(r"(\d{2,})", text)
    return Markup("").join(Markup("<b>{}</b>").format(part) if part.isdigit() else escape(part) for part in parts)


def _static_version(static: Path) -> str:
    """Changes with our own files, so that no browser keeps the sheets of the release before."""
    newest = max((file.stat().st_mtime_ns for file in static.glob("*.*")), default=0)
    return f"{newest:x}"[-8:]


def _stale_page(_error: Exception) -> Response:
    """The page is older than its session: have it loaded anew, nothing was done."""
    response = _told(400, _("This page is too old"), _("Nothing was done. Load it again and repeat."), "page-stale")
    response.headers["HX-Refresh"] = "true"
    return response


def _http_error(error: HTTPException) -> Response:
    words = {
        404: (_("There is no such page"), _("Go back to the counter."), "no-such-page"),
        413: (_("That is too much"), _("A code has 4,296 characters at most. Nothing was done."), "payload-too-large"),
        421: (_("This is another machine"), _("Open the counter by its own address."), "host-unknown"),
        422: (_("The page sent something odd"), _("Nothing was done. Load it again and repeat."), "form-malformed"),
    }
    status = error.code or 500
    what, cure, code = words.get(status, (error.name, _("Go back to the counter."), f"http-{status}"))
    return _told(status, what, cure, code)


def _fault(error: Exception) -> Response:
    assert isinstance(error, CounterfoilError)
    return _told(503, error.what, error.cure, error.code)


def _told(status: int, what: str, cure: str, code: str) -> Response:
    if wants_fragment():
        return Response(f"{what}. {cure} [{code}]", status, mimetype="text/plain")
    return respond("error", status=status, what=what, cure=cure, code=code)
