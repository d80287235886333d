"""Who sits at head office's screen: the office behind the pages, the account that is signed in, and its gate.

A session is a signed cookie with an account's name and its ``session_version``; raising that version in
the database ends every session of the account. An account with a one-time password gets no further than
choosing its own.
"""

from __future__ import annotations

from flask import Response, current_app, g, request, session, url_for

from kiosk.clock import to_ms
from sync.head_office.office import HeadOffice
from sync.head_office.records import Account
from sync.head_office.respond import asked_for_fragment, send_to

OPEN_PAGES = frozenset({"pages.sign_in"})
FIRST_PAGES = frozenset({"pages.new_password", "pages.sign_out"})


def office() -> HeadOffice:
    """The head office that the running app serves."""
    found = current_app.extensions["head_office"]
    assert isinstance(found, HeadOffice)
    return found


def now_ms() -> int:
    """Now, on head office's clock."""
    return to_ms(office().clock.now())


def account() -> Account | None:
    """The account that is signed in, looked up once a request."""
    if "account" not in g:
        g.account = _of_session()
    found: Account | None = g.account
    return found


def _of_session() -> Account | None:
    name = session.get("name")
    found = office().store.account(name) if isinstance(name, str) else None
    return found if found is not None and found.session_version == session.get("version") else None


def me() -> Account:
    """The account that is signed in; only behind the gate."""
    found = account()
    assert found is not None
    return found


def sit(found: Account) -> None:
    """Sign ``found`` in, in a session of its own."""
    session.clear()
    session.permanent = True
    session["name"], session["version"] = found.name, found.session_version
    g.account = found


def gate() -> Response | None:
    """Before each page: nobody signed in goes to the sign-in page, a one-time password to choosing another."""
    if request.endpoint in OPEN_PAGES:
        return None
    found = account()
    if found is None:
        back = request.full_path.rstrip("?") if request.method == "GET" and not asked_for_fragment() else ""
        return send_to(url_for("pages.sign_in", next=back or None))
    if found.must_change and request.endpoint not in FIRST_PAGES:
        return send_to(url_for("pages.new_password"))
    return None


def way_back(wanted: str) -> str:
    """``wanted`` where it is a path of ours, else the first page. Stops a link that signs in and leads elsewhere."""
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if plain else url_for("pages.redemptions")
