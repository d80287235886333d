"""Head office's web application, put together: pages, log, sync, and the headers that hold for all of them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from flask import Flask, Response, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from kiosk.errors import CounterfoilError
from sync.head_office.api import log_endpoints, sync_endpoints
from sync.head_office.office import HeadOffice

MAX_REQUEST_BYTES = 16 * 1024 * 1024
MAX_FORM_BYTES = 5 * 1024 * 1024  # a file of promotions has 2 MiB at most, and grows when it is sent as a form
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def create_app(
    office: HeadOffice, *, templates: Path, static: Path, secure_cookies: bool = False, stick_folder: Path | None = None
) -> Flask:
    """The application that serves ``office``. ``secure_cookies``: it is reached by https only.

    ``stick_folder`` is where a USB stick is put in; None: files are saved and chosen in the browser.
    """
    app = Flask("counterfoil-head-office", template_folder=templates.resolve(), static_folder=static.resolve())
    app.extensions["head_office"] = office
    app.config.update(
        SECRET_KEY=office.keys.session_key,
        SESSION_COOKIE_NAME="counterfoil-head-office",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure_cookies,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["stick_folder"] = stick_folder
    protect = CSRFProtect(app)
    signed = sync_endpoints(office)
    protect.exempt(signed)
    app.register_blueprint(signed)
    app.register_blueprint(log_endpoints(office))
    app.after_request(_secure)
    app.register_error_handler(CounterfoilError, _fault)
    app.register_error_handler(CSRFError, _not_from_here)
    _add_pages(app)
    return app


def _add_pages(app: Flask) -> None:
    if importlib.util.find_spec("sync.head_office.pages") is not None:
        from sync.head_office import pages  # noqa: PLC0415 (sync and log serve without them)

        app.register_blueprint(pages.blueprint)


def _secure(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _fault(error: CounterfoilError) -> Response:
    """A broken disk or database, told in words; nothing of the request was kept."""
    if request.path.startswith(("/sync/", "/api/")):
        said = {"code": error.code, "what": error.what, "where": "", "cure": error.cure}
        return Response(json.dumps(said), 503, content_type="application/json")
    return Response(f"{error.what}. {error.cure} [{error.code}]\n", 503, content_type="text/plain; charset=utf-8")


def _not_from_here(_error: CSRFError) -> Response:
    """A form that this site did not give out, or whose session is over."""
    words = "This form is no longer valid. Go back, reload the page and send it again. [form-stale]\n"
    return Response(words, 400, content_type="text/plain; charset=utf-8")
