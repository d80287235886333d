"""The routes of the counter. Each post is a real form; htmx gets the fragment, a plain browser a 303.

Refusals are answers (200); a form without its fields is malformed (422) and does nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request, session, stream_with_context
from jinja2_fragments.flask import render_block, render_blocks
from werkzeug.wrappers import Response as AnyResponse

from kiosk.clerks import Clerk
from kiosk.core.money import from_minor
from kiosk.display import Display, FilmedScreen
from kiosk.enrolment_text import is_enrolment_text
from kiosk.errors import CounterfoilError
from kiosk.redeeming import ANYWAY, APPROVED_WHY, Approval, Look
from kiosk.sale import basket_minor
from kiosk.web import language as spoken
from kiosk.web.app import Filming, floor
from kiosk.web.language import gettext as _
from kiosk.web.picking import choices_header, picking
from kiosk.web.respond import go, respond, wants_fragment
from kiosk.web.stream import follow
from kiosk.web.words import NARROW_HEADLINE
from kiosk.web.words_of_link import trouble_words

pages = Blueprint("counter", __name__)

MAX_PIN = 16
STATUS_BLOCKS = ("status", "lamp", "note", "choice")
_OPEN = {"counter.sign_in", "counter.sign_in_post", "counter.choose_language", "counter.healthz", "counter.set_up"}
_BY_CLERK = {"counter.look", "counter.pick", "counter.sale", "counter.next_customer", "counter.end_sale"}
"""Whoever does one of these works the counter now; redeeming says so itself."""
_SHOWING = re.compile(r"[0-9a-f]{32}")


# --- who is here ---------------------------------------------------------------------------------


def clerk_here() -> Clerk | None:
    """The clerk who signed in with this browser, if still on the staff list."""
    clerk_id = session.get("clerk")
    return next((one for one in floor().counter.clerks() if one.id == clerk_id), None)


def acting() -> str:
    """The id of the clerk who acts; without one the request ends."""
    clerk = clerk_here()
    if clerk is None:
        abort(403)
    return clerk.id


@pages.before_request
def only_clerks() -> Response | None:
    """Everything but signing in and the health check needs a clerk."""
    clerk = clerk_here()
    if clerk is not None and request.endpoint in _BY_CLERK:
        floor().counter.till.on_duty = clerk.id
    if request.endpoint in _OPEN or clerk is not None:
        return None
    if request.endpoint in ("counter.events", "counter.camera"):
        return Response(status=204)  # no picture; and it tells an event source not to come back
    if request.endpoint in ("counter.frame", "counter.frame_end"):
        return Response(status=204, headers={"X-Signed-Out": "1"})  # a page outlives its clerk for a moment: no fault
    return go("counter.sign_in")


@pages.app_context_processor
def frame() -> dict[str, Any]:
    """What the frame around every page shows."""
    here = floor()
    clerk = clerk_here() if request.endpoint is not None else None
    status = here.desk.status(here.clock.now())
    return {"desk": here.desk, "clerk": clerk, "status": status, "picking": picking(here.counter), "oob": False}


@pages.get("/sign-in")
def sign_in() -> Response:
    """The names, and the PIN pad once one is tapped."""
    return respond("sign_in", "pad", **_pad(request.args.get("clerk", "")))


@pages.post("/sign-in")
def sign_in_post() -> Response:
    """Check a PIN. A wrong one is answered on the page."""
    clerk_id, pin = request.form.get("clerk"), request.form.get("pin")
    if clerk_id is None or pin is None or len(pin) > MAX_PIN:
        abort(422)
    wrong = _("That PIN does not fit. Try again.")
    try:
        clerk = floor().counter.check_pin(clerk_id, pin)
    except CounterfoilError as error:
        clerk, wrong = None, f"{error.what}. {error.cure}"
    if clerk is None:
        return respond("sign_in", "pad", **_pad(clerk_id), wrong=wrong)
    session.pop("clerk", None)
    session.permanent = True
    session["clerk"] = clerk.id
    session["shift"] = os.urandom(8).hex()
    floor().counter.till.on_duty = clerk.id
    people = floor().counter.catalogue.organisation.people
    spoken.know_clerk(next((one.languages for one in people if one.id == clerk.id), ()))
    return go("counter.home")


def _pad(clerk_id: str) -> dict[str, Any]:
    clerks = floor().counter.clerks()
    chosen = next((one for one in clerks if one.id == clerk_id), clerks[0] if len(clerks) == 1 else None)
    return {"clerks": clerks, "chosen": chosen}


@pages.post("/sign-out")
def sign_out() -> Response:
    """Leave the counter to the next clerk."""
    session.pop("clerk", None)
    spoken.forget()
    floor().signed_out.add(session.pop("shift", ""))
    return go("counter.sign_in")


@pages.post("/language")
def choose_language() -> Response:
    """Speak another language in this browser, whoever signs in; its pages are loaded anew."""
    if not spoken.choose(request.form.get("language", "")):
        abort(422)
    return go("counter.sign_in" if clerk_here() is None else "counter.home")


# --- the counter page ----------------------------------------------------------------------------


@pages.get("/")
def home() -> Response:
    """The counter: camera, ticket, status line."""
    return _shown(floor().counter.display)


@pages.get("/ticket")
def ticket() -> Response:
    """The ticket as it stands."""
    return _shown(floor().counter.display)


@pages.get("/status")
def status() -> Response:
    """The status line; as a page: all that is behind it."""
    if wants_fragment():
        return respond("counter", *STATUS_BLOCKS, **_ticket_context(floor().counter.display), oob=True)
    known = floor().counter.status()
    return respond("status", counter_status=known, line_trouble=trouble_words(known.link.trouble))


def _shown(display: Display) -> Response:
    response = respond("counter", "ticket", **_ticket_context(display))
    response.headers["X-Ticket"] = floor().desk.key(display)
    return response


def _ticket_context(display: Display) -> dict[str, Any]:
    here = floor()
    shown = here.desk.ticket(display, here.clock.now())
    return {"ticket": shown, "long": len(shown.headline) > NARROW_HEADLINE}


def _after(display: Display) -> Response:
    """The answer to an act: the ticket for htmx, else the counter page by a 303."""
    return _shown(display) if wants_fragment() else go("counter.home")


@pages.get("/events")
def events() -> AnyResponse:
    """The one long connection."""
    here = floor()

    def ticket_event(display: Display) -> tuple[str, str]:
        return here.desk.key(display), render_block("counter/counter.html", "ticket", **_ticket_context(display))

    def status_event() -> str:
        return render_blocks("counter/counter.html", list(STATUS_BLOCKS), **frame() | {"oob": True})

    clerk_id, shift = session.get("clerk"), session.get("shift", "-")

    def stays() -> bool:
        """Whoever left the page open may be gone: screens show customers' names."""
        return shift not in here.signed_out and any(clerk.id == clerk_id for clerk in here.counter.clerks())

    def flow() -> Iterator[str]:
        yield from follow(here.streams, here.counter.wait, ticket_event, status_event, stays)

    response = Response(stream_with_context(flow()), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


@pages.get("/camera.jpg")
def camera() -> Response:
    """The newest picture after number ``after``: JPEG, its number, the codes' corners and ids in headers; else 204."""
    watch = floor().watch
    after = request.args.get("after", 0, int)
    found = None if watch is None else watch.latest_jpeg(after)
    if watch is None or found is None:
        return Response(status=204)
    response = Response(found[1], mimetype="image/jpeg")
    response.headers["X-Frame"] = str(found[0])
    tell_outlines(response, watch)
    return response


def tell_outlines(response: Response, watch: Filming) -> None:
    """Where the codes in view are, and the ids of those that may be picked, as headers for the page's script."""
    outlines = watch.overlay().outlines
    places = (" ".join(f"{x:.4f},{y:.4f}" for x, y in corners) for _, corners in outlines)
    response.headers["X-Corners"] = ";".join(places)
    response.headers["X-Choices"] = choices_header([text for text, _ in outlines], floor().counter.choices)


# --- acts ----------------------------------------------------------------------------------------


@pages.get("/look")
def look_page() -> Response:
    """Type a code with large keys."""
    return respond("look", "keys")


@pages.post("/look")
def look() -> Response:
    """Answer a code that was typed, or scanned by a hand-held scanner."""
    text, source = request.form.get("text"), request.form.get("source", "typed")
    if text is None or source not in ("typed", "scanner"):
        abort(422)
    if is_enrolment_text(text):  # it admits a device: it is neither answered nor shown
        return _after(floor().counter.note(_("That is head office's code for setting up a counter. Nothing was done.")))
    return _after(floor().counter.look(text, source))


@pages.post("/pick")
def pick() -> Response:
    """Answer one of several codes in view: the one that the clerk tapped in the picture."""
    choice = request.form.get("choice", "")
    if not _SHOWING.fullmatch(choice):
        abort(422)
    return _after(floor().counter.pick(choice))


@pages.post("/redeem")
def redeem() -> Response:
    """Redeem what is shown. The same showing twice redeems once; a screen only from a page that had its picture."""
    anyway = request.form.get("anyway")
    if anyway is not None and anyway not in ANYWAY:
        abort(422)
    look = Look(request.form.get("looked") == "yes", request.form.get("touched") == "yes", anyway)
    return _after(floor().counter.redeem(_showing(), acting(), look))


@pages.post("/approve")
def approve() -> Response:
    """A shift manager says yes, on that manager's PIN."""
    by, pin, why = (request.form.get(name, "") for name in ("by", "pin", "why"))
    if why not in APPROVED_WHY or not by or not pin or len(pin) > MAX_PIN:
        abort(422)
    counter = floor().counter
    try:
        return _after(counter.approve(_showing(), acting(), Approval(by, why), pin))
    except CounterfoilError as error:
        return _after(counter.note(f"{error.what}. {error.cure}"))


@pages.get("/sale")
def sale_page() -> Response:
    """What the sale comes to, and who the customer is."""
    return _sale_form("")


def _sale_form(wrong: str, typed: str | None = None) -> Response:
    counter = floor().counter
    told = counter.till.sale.basket_minor
    if typed is None:
        typed = "" if told is None else from_minor(told, counter.currency)
    sale_id = request.form.get("sale") or counter.till.sale.id.hex()
    known = counter.till.sale.holder is not None
    return respond("sale", "main", sale=sale_id, basket=typed, known=known, wrong=wrong)


@pages.post("/sale")
def sale() -> Response:
    """Take them, and answer what is shown anew."""
    counter, typed, sale_id = floor().counter, request.form.get("basket", ""), request.form.get("sale", "")
    if not _SHOWING.fullmatch(sale_id):
        abort(422)
    try:
        told = basket_minor(typed, counter.currency)
    except CounterfoilError as error:
        return _sale_form(f"{error.what}. {error.cure}", typed)
    counter.tell_sale(told, request.form.get("customer", ""), bytes.fromhex(sale_id))
    return go("counter.home")


@pages.post("/sale/end")
def end_sale() -> Response:
    """The next customer is here."""
    return _after(floor().counter.end_sale())


@pages.post("/touch")
def touch() -> Response:
    """The clerk has touched the filmed picture."""
    floor().counter.touch(_showing())
    return Response(status=204) if wants_fragment() else go("counter.home")


@pages.get("/screen/<showing>.jpg")
def screen(showing: str) -> Response:
    """The filmed screen on display now, and no other."""
    return _picture(None if (shown := _screen_of(showing)) is None else shown.jpeg)


@pages.get("/screen/<showing>/earlier.jpg")
def earlier(showing: str) -> Response:
    """The same screen as it was redeemed before, where its picture is still in memory."""
    return _picture(None if (shown := _screen_of(showing)) is None else shown.earlier)


@pages.get("/sample/<promotion>.jpg")
def sample(promotion: str) -> Response:
    """How the screen of a promotion looks, as head office published it."""
    return _picture(floor().counter.catalogue.sample(promotion))


def _screen_of(showing_id: str) -> FilmedScreen | None:
    showing = floor().counter.display.showing
    return showing.screen if showing is not None and showing.id == showing_id else None


def _picture(jpeg: bytes | None) -> Response:
    """A picture, or nothing where it has left the display meanwhile: a page may ask late, and that is no fault."""
    return Response(status=204) if jpeg is None else Response(jpeg, mimetype="image/jpeg")


@pages.post("/next")
def next_customer() -> Response:
    """Leave what is shown; the same customer may have another code."""
    same_sale = request.form.get("same_sale") == "yes"
    return _after(floor().counter.next(_showing(), same_sale=same_sale))


@pages.post("/seen")
def seen() -> Response:
    """A page that somebody looks at has shown the answer."""
    floor().counter.seen(_showing())
    return Response(status=204) if wants_fragment() else go("counter.home")


@pages.post("/given")
def given() -> Response:
    """Answer whether a redemption from before the restart was handed over."""
    answer = request.form.get("answer")
    if answer not in ("yes", "no"):
        abort(422)
    return _after(floor().counter.given(_number(), answer == "yes", acting(), _life()))


@pages.get("/undo")
def undo_page() -> Response:
    """Today's stubs, of which one came back; with ``n`` only that one, and the question whether it is back."""
    here = floor()
    now = here.clock.now().astimezone(here.desk.zone)
    stubs = here.counter.stubs_since(now.replace(hour=0, minute=0, second=0, microsecond=0))
    n, life = request.args.get("n", 0, int), request.args.get("life", 0, int)
    shown = [one for one in stubs if n == 0 or (one.n, one.life or 0) == (n, life)]
    return respond("undo", "stubs", stubs=shown, asked=n)


@pages.post("/undo")
def undo() -> Response:
    """Void a redemption of this counter whose goods are back: first the goods, and whoever asks says so."""
    if request.form.get("back") != "yes":
        abort(422)
    return _after(floor().counter.undo(_number(), acting(), "goods back", _life()))


@pages.get("/healthz")
def healthz() -> Response:
    """For machines: whether this counter answers, and what it knows."""
    known = floor().counter.status()
    return jsonify(
        ok=not known.trouble,
        version=known.bundle_version,
        waiting=known.waiting,
        online=known.link.online,
        camera=known.camera.code,
        camera_words=known.camera.words,
        frames=known.frames,
        read=known.read,
    )


def _showing() -> str:
    showing = request.form.get("showing", "")
    if not _SHOWING.fullmatch(showing):
        abort(422)
    return showing


def _life() -> int | None:
    """Which of this counter's lives a stub is of; None: the present one."""
    return request.form.get("life", 0, int) or None


def _number() -> int:
    n = request.form.get("n", 0, int)
    if n < 1:
        abort(422)
    return n
