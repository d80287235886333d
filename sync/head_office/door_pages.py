"""The pages at the door: signing in, choosing a password, signing out."""

from __future__ import annotations

from flask import Response, redirect, request, session, url_for
from werkzeug.wrappers import Response as Answer

from sync.head_office.accounts import LEAST_CHARACTERS, AccountError, change_password, end_session, sign_in
from sync.head_office.respond import respond, send_to
from sync.head_office.seat import account, me, office, sit, way_back


def sign_in_form() -> Response:
    """``GET /sign-in``."""
    if account() is not None:
        return send_to(way_back(request.args.get("next", "")))
    return respond("head_office/sign_in.html", name="", next=request.args.get("next", ""), error=None)


def enter() -> Response:
    """``POST /sign-in``: in, or 422 with the name kept; 429 while too many wrong tries are waited out."""
    name, wanted = request.form.get("name", "").strip(), request.form.get("next", "")
    try:
        found = sign_in(office(), name, request.form.get("password", ""), request.remote_addr or "")
    except AccountError as error:
        answer = respond(
            "head_office/sign_in.html", status=429 if error.wait_s else 422, name=name, next=wanted, error=error
        )
        if error.wait_s:
            answer.headers["Retry-After"] = str(error.wait_s)
        return answer
    sit(found)
    return send_to(url_for("pages.new_password") if found.must_change else way_back(wanted))


def new_password_form() -> Response:
    """``GET /password``."""
    return _new_password(None)


def choose_password() -> Response:
    """``POST /password``: another password; every other session of the account ends."""
    new = request.form.get("password", "")
    try:
        if new != request.form.get("again", ""):
            raise AccountError("password-differs", "The two are not the same", cure="Type the new one twice.")
        changed = change_password(office(), me().name, request.form.get("old", ""), new, request.remote_addr or "")
    except AccountError as error:
        return _new_password(error)
    sit(changed)
    return send_to(url_for("pages.redemptions"))


def sign_out() -> Answer:
    """``POST /sign-out``."""
    end_session(session)
    return redirect(url_for("pages.sign_in"), 303)


def _new_password(error: AccountError | None) -> Response:
    return respond(
        "head_office/new_password.html",
        status=422 if error else 200,
        error=error,
        me=me().name,
        first=me().must_change,
        least=LEAST_CHARACTERS,
    )
