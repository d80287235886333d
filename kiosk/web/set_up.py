"""The pages of a counter that is not enrolled: it films head office's code, or is told it; then it starts by itself.

Rules of these pages:

- Nobody can sign in yet, so whoever stands before the device may use them. What admits it is the one-time code; what
  keeps an impostor out where it was enrolled before is :func:`kiosk.enrolling.check_office`.
- The page asks for ``/set-up`` each second. The counter that starts answers there too, and sends it on.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request

from kiosk.first_start import FirstStart
from kiosk.vision.page_film import PageFilm
from kiosk.vision.watch import CameraState, Watch
from kiosk.web import language as spoken
from kiosk.web.app import bare_app
from kiosk.web.camera_words import FILMING, hint_words
from kiosk.web.film_pages import tab_name, take_frame
from kiosk.web.respond import go, respond, wants_fragment
from kiosk.web.words_of_set_up import fault_words

MAX_TYPED = 400
NO_CAMERA = CameraState("no-camera", "")
BLOCKS = ("progress", "lamp")

set_up_pages = Blueprint("counter", __name__)  # its name is the counter's: the frame around the pages is the same


@dataclass(frozen=True, slots=True)
class Bench:
    """All that these pages work with; ``current_app.extensions["set-up"]``. ``address``: head office's, if known."""

    start: FirstStart
    watch: Watch | None
    film: PageFilm | None
    address: str
    boot: str


def create_set_up_app(  # noqa: PLR0913  (every part is named where the pages are put together)
    start: FirstStart,
    *,
    templates: Path,
    static: Path,
    secret_key: bytes,
    watch: Watch | None = None,
    film: PageFilm | None = None,
    names: Sequence[str] = (),
    language: str = "",
    address: str = "",
) -> Flask:
    """The pages around ``start``; parts as in :func:`kiosk.web.app.create_app`."""
    app, _csrf = bare_app(
        templates=templates, static=static, secret_key=secret_key, names=names, films=film is not None,
        language=language, clerks=False,
    )  # fmt: skip
    app.extensions["set-up"] = Bench(start, watch, film, address, os.urandom(4).hex())
    app.register_blueprint(set_up_pages)
    return app


def _bench() -> Bench:
    found = current_app.extensions["set-up"]
    assert isinstance(found, Bench)
    return found


@set_up_pages.app_context_processor
def _frame() -> dict[str, Any]:
    bench = _bench()
    desk = SimpleNamespace(boot=bench.boot, store_name="Counterfoil", counter_name="")
    status = _camera_status(bench)
    films = bench.film is not None
    return {"setting_up": True, "desk": desk, "clerk": None, "status": status, "films": films, "oob": False}


def _camera_status(bench: Bench) -> SimpleNamespace:
    """What the lamp shows of the camera."""
    state = NO_CAMERA if bench.watch is None else bench.watch.state
    return SimpleNamespace(
        camera_code=state.code,
        camera_words=state.words,
        filming=state.code in FILMING,
        camera_hint=None if state.hint is None else hint_words(state.hint),
    )


# --- pages ---------------------------------------------------------------------------------------


@set_up_pages.get("/")
def home() -> Response:
    """There is only one page."""
    return go("counter.set_up")


@set_up_pages.get("/set-up")
def set_up() -> Response:
    """How far it is, and what to do."""
    return _shown(oob=wants_fragment())


def _shown(*, oob: bool = False, code: str = "", address: str = "") -> Response:
    bench = _bench()
    progress, reason = bench.start.progress, bench.start.reason
    return respond(
        "set_up",
        *BLOCKS,
        step=progress.step,
        fault=None if progress.fault is None else fault_words(progress.fault),
        reason=None if reason is None else fault_words(reason),
        origin=progress.origin,
        code=code,
        address=address or bench.address,
        films_here=bench.watch is not None,
        oob=oob,
    )


@set_up_pages.post("/set-up")
def set_up_post() -> Response:
    """Try a code that was typed or scanned; what is wrong is told on the page, which keeps what was typed."""
    code, address = request.form.get("text"), request.form.get("address", "")
    if code is None or len(code) > MAX_TYPED or len(address) > MAX_TYPED:
        abort(422)
    progress = _bench().start.typed(code, address)
    if progress.step == "waiting":
        return _shown(code=code, address=address)
    return go("counter.set_up")


@set_up_pages.get("/set-up/ready")
def ready() -> Response:
    """Where a page of the counter that was left asks whether this one is there."""
    return go("counter.set_up")


@set_up_pages.post("/set-up/go-on")
def go_on() -> Response:
    """The clock was set; or, with ``anyway``, a person takes it upon themselves."""
    _bench().start.go_on(anyway=request.form.get("anyway") == "yes")
    return go("counter.set_up")


@set_up_pages.post("/set-up/give-up")
def give_up() -> Response:
    """Leave it as it was."""
    _bench().start.give_up()
    return go("counter.set_up")


@set_up_pages.post("/language")
def choose_language() -> Response:
    """Speak another language in this browser."""
    if not spoken.choose(request.form.get("language", "")):
        abort(422)
    return go("counter.set_up")


@set_up_pages.get("/healthz")
def healthz() -> Response:
    """For machines: it serves, and is no counter yet."""
    reason = _bench().start.reason
    return jsonify(ok=False, set_up="enrol-anew" if reason is None else reason.code)


# --- the camera ----------------------------------------------------------------------------------


@set_up_pages.get("/camera.jpg")
def camera() -> Response:
    """The newest picture after number ``after``, as at the counter; no outline is drawn."""
    watch = _bench().watch
    found = None if watch is None else watch.latest_jpeg(request.args.get("after", 0, int))
    if found is None:
        return Response(status=204)
    response = Response(found[1], mimetype="image/jpeg")
    response.headers["X-Frame"] = str(found[0])
    return response


@set_up_pages.post("/frame")
def frame() -> Response:
    """One picture that a tab of this page filmed."""
    return take_frame(_bench().film)


@set_up_pages.post("/frame/end")
def frame_end() -> Response:
    """A tab films no more."""
    film = _bench().film
    if film is not None:
        film.let_go(tab_name())
    return Response(status=204)
