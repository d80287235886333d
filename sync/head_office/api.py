"""Where machines meet head office: counters (signed messages) and those who read the log (a token or a session)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request, session
from werkzeug.exceptions import RequestEntityTooLarge

from kiosk import __version__
from kiosk.errors import CounterfoilError, ExchangeError
from sync.head_office import certify, contacts, desk, intake
from sync.head_office.accounts import session_account, token_of
from sync.head_office.log_export import as_csv, ndjson
from sync.head_office.office import HeadOffice
from sync.post import refusal
from sync.wire import (
    CERTIFICATE_PATH,
    CONTACTS_PATH,
    CONTENT_TYPE,
    ENROL_PATH,
    EXCHANGE_PATH,
    MAX_MESSAGE_BYTES,
    PARTS_PATH,
    too_large,
)

NEXT = "Counterfoil-Next"
DEFAULT_LIMIT, MOST_ROWS = 1_000, 10_000
_MOST_CURSOR = 2**62


class QueryError(CounterfoilError):
    """A request for the log that makes no sense: ``query-wrong``."""


def sync_endpoints(office: HeadOffice) -> Blueprint:
    """``POST /sync/v1/...``: messages that their sender signed. Exempt from CSRF protection: no cookie counts here."""
    blueprint = Blueprint("sync", __name__)
    answers: dict[str, Callable[[HeadOffice, bytes], bytes]] = {
        ENROL_PATH: desk.enrol,
        EXCHANGE_PATH: intake.receive,
        PARTS_PATH: intake.give_parts,
        CONTACTS_PATH: contacts.take_contacts,
        CERTIFICATE_PATH: certify.give_certificate,
    }
    for path, answer in answers.items():
        view = _signed(office, answer)
        blueprint.add_url_rule(path, path.rpartition("/")[2], view, methods=["POST"])
    return blueprint


def _signed(office: HeadOffice, answer: Callable[[HeadOffice, bytes], bytes]) -> Callable[[], Response]:
    def view() -> Response:
        request.max_content_length = MAX_MESSAGE_BYTES
        try:
            answered = answer(office, _message())
            contacts.erase_old(office)  # here, because counters come every few seconds and nothing else does
            return Response(answered, content_type=CONTENT_TYPE)
        except ExchangeError as error:
            body, status = refusal(error)
            return Response(body, status, content_type="application/json")

    return view


def _message() -> bytes:
    try:
        return request.get_data()
    except RequestEntityTooLarge:  # an endless message
        raise too_large("A message", request.content_length or 0, MAX_MESSAGE_BYTES) from None


def log_endpoints(office: HeadOffice) -> Blueprint:
    """``GET /api/v1/redemptions.ndjson`` and ``.csv``, and ``GET /healthz``."""
    blueprint = Blueprint("api", __name__)

    @blueprint.get("/healthz")
    def healthz() -> dict[str, Any]:
        bundle = office.store.latest_bundle()
        return {"ok": True, "release": __version__, "bundle_version": bundle.version if bundle else 0}

    @blueprint.get("/api/v1/redemptions.ndjson")
    def redemptions_ndjson() -> Response:
        return _log(office, ndjson, "application/x-ndjson")

    @blueprint.get("/api/v1/redemptions.csv")
    def redemptions_csv() -> Response:
        return _log(office, as_csv, "text/csv; charset=utf-8")

    return blueprint


def _log(office: HeadOffice, write: Callable[[Any], str], content_type: str) -> Response:
    if not _may_read(office):
        said = ExchangeError(
            "not-allowed",
            "The log is for those who have a token or are signed in",
            cure="Send Authorization: Bearer TOKEN; head-office token add NAME makes one.",
        )
        body, _ = refusal(said)
        headers = {"WWW-Authenticate": 'Bearer realm="counterfoil"'}
        return Response(body, 401, headers, content_type="application/json")
    try:
        after, limit = _number("after", 0, 0, _MOST_CURSOR), _number("limit", DEFAULT_LIMIT, 1, MOST_ROWS)
    except QueryError as error:
        return Response(refusal(error)[0], 422, content_type="application/json")
    rows = office.store.redemptions_after(after, limit)
    answered = Response(write(rows), content_type=content_type)
    answered.headers[NEXT] = str(rows[-1].cursor if rows else after)
    return answered


def _may_read(office: HeadOffice) -> bool:
    if token_of(office, request.headers.get("Authorization")) is not None:
        return True
    account = session_account(office, session)
    return account is not None and not account.must_change


def _number(name: str, default: int, least: int, most: int) -> int:
    typed = request.args.get(name)
    if typed is None or typed == "":
        return default
    if not (typed.isascii() and typed.isdigit() and len(typed) < 20 and least <= int(typed) <= most):
        raise QueryError(
            "query-wrong", f"{name}={typed[:40]!r} is not a whole number of {least} to {most}", where=name,
            cure=f"Leave {name} out, or send back what {NEXT} said." if name == "after" else f"Leave {name} out.",
        )  # fmt: skip
    return int(typed)
