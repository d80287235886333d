"""One answer for a page and its fragments: the only place that asks whether htmx is calling.

Rules:

- A page is one file; a fragment is a named block in it; block name = element id = htmx target.
- The same address answers both, so every answer says ``Vary: HX-Request``.
- After a post a browser is sent on with 303; a caller that is not signed in is sent to the sign-in
  page, htmx included (it follows ``HX-Redirect``, or a sign-in form would land inside a table).
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block


def asked_for_fragment() -> bool:
    """Whether htmx asks for a fragment; a restore of its history wants the whole page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def respond(page: str, block: str = "", *, status: int = 200, **context: Any) -> Response:
    """``page`` whole, or only its ``block`` where htmx asks for one. ``page`` is a path below ``templates/``."""
    if block and asked_for_fragment():
        answer = make_response(render_block(page, block, **context), status)
    else:
        answer = make_response(render_template(page, **context), status)
    answer.vary.add("HX-Request")
    return answer


def send_to(address: str) -> Response:
    """Send the browser to ``address`` of ours: 303, or ``HX-Redirect`` where htmx is calling."""
    if not asked_for_fragment():
        sent = make_response(redirect(address, code=303))
    else:
        sent = make_response("", 401)
        sent.headers["HX-Redirect"] = address
    sent.vary.add("HX-Request")
    return sent
