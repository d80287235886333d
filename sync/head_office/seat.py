"""Who sits at head office's screen: the office behind the pages, the account that is signed in, and its gate.

An account with a one-time password gets no further than choosing its own.
"""

from __future__ import annotations

from flask import Response, current_app, g, request, session, url_for

from kiosk.clock import to_ms
from kiosk.core.organisation import Organisation
from sync.head_office.accounts import session_account, start_session
from sync.head_office.freshness import Freshness, freshness
from sync.head_office.names import Names, names_of
from sync.head_office.office import HeadOffice
from sync.head_office.published import Current, current
from sync.head_office.records import Account
from sync.head_office.respond import asked_for_fragment, send_to

OPEN_PAGES = frozenset({"pages.sign_in", "pages.enter"})
FIRST_PAGES = frozenset({"pages.new_password", "pages.choose_password", "pages.sign_out"})


def office() -> HeadOffice:
    """The head office that the running app serves."""
    found = current_app.extensions["head_office"]
    assert isinstance(found, HeadOffice)
    return found


def now_ms() -> int:
    """Now, on head office's clock."""
    return to_ms(office().clock.now())


def published() -> Current:
    """What is published now; empty, version 0, where nothing is."""
    return current(office()) or Current(0, 0, (), Organisation(name="Head office"), "", "", {})


def names() -> Names:
    """What everything is called, as published and as the clerks are listed."""
    state = published()
    return names_of(state.organisation, state.promotions, office().store.clerks())


def how_fresh(known: Names, at_ms: int) -> Freshness:
    """How far the counters have reported by ``at_ms``."""
    return freshness(office().store.enrolments(), known.places(), at_ms)


def account() -> Account | None:
    """The account that is signed in, looked up once a request."""
    if "account" not in g:
        g.account = session_account(office(), session)
    found: Account | None = g.account
    return found


def me() -> Account:
    """The account that is signed in; only behind the gate."""
    found = account()
    assert found is not None
    return found


def sit(found: Account) -> None:
    """Sign ``found`` in, in a session of its own."""
    start_session(session, found)
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
