"""What stands before every page: own names only, a strict content policy, and a clerk who signed in.

The attacks it stops: a web page elsewhere that points its own name at this machine (DNS rebinding) meets the
host check; one that posts a form here meets the CSRF token and the Strict cookie; one that frames the counter, or
smuggles a script into a promotion's text, meets the content policy.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from flask import Flask, Response, abort, request

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def own_names() -> frozenset[str]:
    """The names under which a browser may rightly ask for this machine, besides its addresses."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name}.local", socket.getfqdn().lower()})


def is_own(host: str, names: Iterable[str]) -> bool:
    """Whether a Host header names this machine. An address cannot be rebound, so any address will do."""
    bare = host.strip().lower()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return bare in names or bare.endswith(".localhost")
    return True


def permissions(*, films: bool) -> str:
    """What a page may ask the browser for: its camera where the page films, else nothing."""
    return f"camera=({'self' if films else ''}), microphone=(), geolocation=()"


def install(app: Flask, names: Iterable[str] = (), *, films: bool = False) -> None:
    """Put the host check before, and the headers behind, every answer of ``app``; ``films``: a page may film."""
    headers = _HEADERS | {"Permissions-Policy": permissions(films=films)}
    allowed = own_names() | frozenset(name.lower() for name in names)

    @app.before_request
    def only_own_names() -> None:
        if not is_own(request.headers.get("Host", ""), allowed):
            abort(421)

    @app.after_request
    def with_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
