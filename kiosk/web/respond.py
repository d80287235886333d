"""One page, or one fragment of it: the only place that looks whether htmx asked."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, url_for
from htmx_flask import request
from jinja2_fragments.flask import render_blocks


def respond(page: str, *blocks: str, status: int = 200, **context: Any) -> Response:
    """The blocks of ``page`` for htmx, else the whole page; told apart for caches by ``Vary``."""
    if wants_fragment() and blocks:
        html = render_blocks(f"counter/{page}.html", list(blocks), **context)
    else:
        html = render_template(f"counter/{page}.html", **context)
    response = make_response(html, status)
    response.vary.add("HX-Request")
    return response


def wants_fragment() -> bool:
    """Whether htmx asked, and not for a page it lost from its history."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def go(endpoint: str, **values: Any) -> Response:
    """Send the browser to a page: 303 for a form, a header for htmx (which would follow a 303 by itself)."""
    address = url_for(endpoint, **values)
    if not wants_fragment():
        return make_response(redirect(address, 303))
    response = make_response("", 200)
    response.headers["HX-Redirect"] = address
    return response
