"""Head office's pages: which address is which page. Each page is a file in ``templates/head_office``.

Rules of these pages:

- Everything but signing in lies behind :func:`sync.head_office.seat.gate`.
- A post answers 303; a text or form that cannot be taken answers 422 and keeps what was typed.
- No inline script or style; each form carries the CSRF token.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Answer

from sync.head_office import (
    counters_page,
    door_pages,
    life_page,
    people_page,
    promotions_page,
    publish_page,
    redemptions_page,
    rights_page,
    stick_page,
    try_page,
)
from sync.head_office.respond import respond, send_to
from sync.head_office.seat import account, gate, published

RAIL = (
    ("pages.promotions", "tag", "Promotions"),
    ("pages.redemptions", "list", "Redemptions"),
    ("pages.counters", "shop", "Counters"),
    ("pages.rights", "tray", "Rights"),
    ("pages.people", "people", "People"),
)
_UNDER = {
    "pages.promotion": "pages.promotions",
    "pages.try_promotion": "pages.promotions",
    "pages.try_published": "pages.promotions",
    "pages.try_text": "pages.promotions",
    "pages.publish": "pages.promotions",
    "pages.send": "pages.promotions",
    "pages.published_version": "pages.promotions",
    "pages.promotion_rights": "pages.promotions",
    "pages.free_rights": "pages.rights",
    "pages.make_code": "pages.counters",
    "pages.stick": "pages.counters",
    "pages.stick_download": "pages.counters",
    "pages.stick_upload": "pages.counters",
    "pages.stick_write": "pages.counters",
    "pages.stick_read": "pages.counters",
    "pages.life": "pages.counters",
    "pages.revoke_life": "pages.counters",
    "pages.count_life": "pages.counters",
    "pages.add_clerk": "pages.people",
    "pages.new_pin": "pages.people",
    "pages.remove_clerk": "pages.people",
}

blueprint = Blueprint("pages", __name__)
blueprint.before_request(gate)


@blueprint.context_processor
def _rail() -> dict[str, Any]:
    """What every page's rail shows. ``here`` is the endpoint of its marked row."""
    found = account()
    endpoint = request.endpoint or ""
    return {
        "rail": RAIL,
        "here": _UNDER.get(endpoint, endpoint),
        "me": found.name if found else "",
        "house": published().organisation.name if published().version else "",
    }


@blueprint.get("/")
def first() -> Answer:
    """The first page is the redemptions."""
    return redirect(url_for("pages.redemptions"), 303)


@blueprint.errorhandler(CSRFError)
def _form_too_old(_error: CSRFError) -> Response:
    return respond(
        "head_office/trouble.html",
        status=400,
        title="This form is too old",
        what="The page was open for too long, or you signed in anew since. Nothing was done.",
        cure="Open the page again and send it once more.",
        code="form-too-old",
    )


@blueprint.errorhandler(404)
def _not_there(_error: HTTPException) -> Response:
    if account() is None:
        return send_to(url_for("pages.sign_in"))
    return respond(
        "head_office/trouble.html",
        status=404,
        title="Nothing is here",
        what="This address leads to no page; what it named may have been withdrawn.",
        cure="Choose from the list beside.",
        code="page-unknown",
    )


@blueprint.errorhandler(413)
def _too_large(_error: HTTPException) -> Response:
    return respond(
        "head_office/trouble.html",
        status=413,
        title="That is too much at once",
        what="What was sent has more than 16 MB together. Nothing was done.",
        cure="Go back and send fewer pictures, or smaller ones; those published before need not be sent again. "
        "Of a stick's files choose fewer at once, or have the stick read where it is put in.",
        code="form-too-large",
    )


_ROUTES: tuple[tuple[str, str, str, Any], ...] = (
    ("GET", "/sign-in", "sign_in", door_pages.sign_in_form),
    ("POST", "/sign-in", "enter", door_pages.enter),
    ("GET", "/password", "new_password", door_pages.new_password_form),
    ("POST", "/password", "choose_password", door_pages.choose_password),
    ("POST", "/sign-out", "sign_out", door_pages.sign_out),
    ("GET", "/redemptions", "redemptions", redemptions_page.redemptions),
    ("GET", "/promotions", "promotions", promotions_page.promotions),
    ("GET", "/promotions/<promotion_id>", "promotion", promotions_page.promotion),
    ("GET", "/promotions/<promotion_id>/sample.jpg", "sample", promotions_page.sample),
    ("GET", "/promotions/<promotion_id>/rights", "promotion_rights", rights_page.promotion_rights),
    ("GET", "/rights", "rights", rights_page.rights),
    ("POST", "/rights/free", "free_rights", rights_page.free_rights),
    ("GET", "/promotions/<promotion_id>/try", "try_promotion", try_page.try_promotion),
    ("POST", "/promotions/<promotion_id>/try", "try_published", try_page.try_published),
    ("POST", "/publish/promotions/try", "try_text", try_page.try_text),
    ("GET", "/publish/<kind>", "publish", publish_page.publish_form),
    ("POST", "/publish/<kind>", "send", publish_page.send),
    ("GET", "/published/<kind>/<int:version>", "published_version", publish_page.published_version),
    ("GET", "/counters", "counters", counters_page.counters),
    ("POST", "/counters/<store>/<counter>/code", "make_code", counters_page.make_code),
    ("GET", "/counters/stick", "stick", stick_page.stick_page),
    ("GET", "/counters/stick/<store>/<counter>", "stick_download", stick_page.download),
    ("POST", "/counters/stick/files", "stick_upload", stick_page.upload),
    ("POST", "/counters/stick/write", "stick_write", stick_page.write),
    ("POST", "/counters/stick/read", "stick_read", stick_page.read),
    ("GET", "/counters/<store>/<counter>/<int:incarnation>", "life", life_page.life),
    ("POST", "/counters/<store>/<counter>/<int:incarnation>/revoke", "revoke_life", life_page.revoke_life),
    ("POST", "/counters/<store>/<counter>/<int:incarnation>/count", "count_life", life_page.count_life),
    ("GET", "/people", "people", people_page.people),
    ("POST", "/people", "add_clerk", people_page.add),
    ("POST", "/people/<clerk_id>/pin", "new_pin", people_page.renew_pin),
    ("POST", "/people/<clerk_id>/remove", "remove_clerk", people_page.remove),
)
for _method, _address, _name, _view in _ROUTES:
    blueprint.add_url_rule(_address, _name, _view, methods=[_method])
