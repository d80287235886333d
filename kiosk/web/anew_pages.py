"""Enrolling a counter anew, asked for by a shift manager; the pages that do it are those of :mod:`kiosk.web.set_up`."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort

from kiosk.web.app import floor
from kiosk.web.pages import clerk_here, pages
from kiosk.web.respond import go, respond

__all__ = ["pages"]

_MAY = ("shift-manager", "head-office")


@pages.app_context_processor
def anew() -> dict[str, bool]:
    """Whether whoever is signed in may enrol this counter anew."""
    return {"may_enrol_anew": _may() is not None}


def _may() -> Callable[[], None] | None:
    clerk = clerk_here()
    return floor().enrol_anew if clerk is not None and clerk.role in _MAY else None


@pages.get("/enrol-anew")
def enrol_anew_page() -> Response:
    """What it means, before it is done."""
    if _may() is None:
        return go("counter.status")
    return respond("enrol_anew")


@pages.post("/enrol-anew")
def enrol_anew() -> Response:
    """Leave the counter's work for the set-up page; what is enrolled now stays until another code was taken."""
    leave = _may()
    if leave is None:
        abort(403)
    leave()
    return respond("leaving")


@pages.get("/set-up")
def set_up() -> Response:
    """Where the set-up page asks whether the counter has started: it has."""
    return go("counter.home")


@pages.get("/set-up/ready")
def not_yet() -> Response:
    """Where a page asks whether the set-up page is there: the counter still is."""
    return Response(status=204)
