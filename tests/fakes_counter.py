"""A counter without a journal: the same interface as ``kiosk.counter.Counter``, and any state at a word."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from kiosk.attention import Choice
from kiosk.clerks import Clerk
from kiosk.core.catalogue import Catalogue
from kiosk.core.credential import digest, present
from kiosk.core.decide import Place
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.situation import ClockInterval, Freshness
from kiosk.core.verdict import FactValue, Outcome, Reason, Verdict
from kiosk.display import Board, CounterStatus, Display, Redeemed, Showing, State, Stub
from kiosk.errors import CounterfoilError
from kiosk.ports import LinkState
from kiosk.redeeming import MAY_APPROVE, NO_LOOK, NOT_APPROVED, Approval, Look
from kiosk.sale import Till
from kiosk.screens import filmed as filmed_screen
from kiosk.vision.codes import Decoder
from kiosk.vision.condition import Measure
from kiosk.vision.picture import Image, jpeg
from kiosk.vision.props import SceneItem
from kiosk.vision.scene import Tabletop
from kiosk.vision.sighting import Corners
from kiosk.vision.watch import CameraState, Overlay, WatchStats
from tests.screen_world import drawn, reading, screen_promotion, sighting

FRIDAY = datetime(2026, 11, 21, 0, 4, 12, tzinfo=UTC)  # Friday 20 November 2026, 19:04:12 in New York
FLEET_KEY = bytes(32)
PIN = "4711"

ORGANISATION = Organisation.model_validate({
    "name": "Harbor Group",
    "stores": [
        {"id": "bayside", "name": "Harbor Grill Bayside", "time_zone": "America/New_York",
         "counters": [{"id": "counter-2", "name": "Counter 2"}]},
        {"id": "pier-9", "name": "Harbor Grill Pier 9", "time_zone": "America/New_York",
         "counters": [{"id": "bar", "name": "Bar"}]},
    ],
})  # fmt: skip


def promotion(**changes: Any) -> Promotion:
    """The shrimp tacos of the design, with what is to be different."""
    tacos: dict[str, Any] = {
        "id": "shrimp-tacos", "title": "Free shrimp tacos", "channel": "check-in", "network": "Roundsquare",
        "stores": ["bayside", "pier-9"], "gives": "One shrimp tacos appetizer, free",
        "steps": ["Ring key 4711", "Keep the slip"], "say": "Welcome, and thanks for checking in!",
        "terms": "With any entree. Dine-in only.", "value": {"amount": "12.00", "currency": "USD"},
        "valid": {"from": "2026-11-01", "until": "2026-11-30", "days": ["fri", "sat"], "hours": ["17:00-22:00"]},
        "credentials": ["listed"], "limits": {"total": 100},
    }  # fmt: skip
    return Promotion.model_validate(tacos | changes)


PROMOTIONS = (
    promotion(),
    promotion(id="pie", title="Free key lime pie", network="Placely", gives="One key lime pie", limits={},
              valid={"from": "2026-11-01", "until": "2026-12-30"}),
    promotion(id="platter", title="20% off shrimp platter", channel="email", network=None, credentials=["word"],
              words=["SHRIMP20"], gives="20 % off a shrimp platter", value={"percent": 20}, limits={},
              valid={"from": "2026-11-21", "until": "2026-12-30", "hours": ["12:00-22:00"]}),
    promotion(id="rings", title="Free onion rings", channel="post", network="Chirp", gives="Onion rings", limits={},
              valid={"from": "2026-11-01", "until": "2026-11-18"}),
)  # fmt: skip


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = FRIDAY) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.at.timestamp()


def catalogue(*promotions: Promotion) -> Catalogue:
    """The sample promotions, and the listed code TACO-7F3K-9QXM for the first."""
    chosen = promotions or PROMOTIONS
    code = present("TACO-7F3K-9QXM")
    assert code is not None
    listed = {digest(FLEET_KEY, "listed", code.folded): chosen[0].id}
    published_ms = round((FRIDAY - timedelta(minutes=2)).timestamp() * 1000)
    return Catalogue(4, published_ms, ORGANISATION, {one.id: one for one in chosen}, listed, FLEET_KEY)


class FakeCounter:
    """Shows what a test tells it to; redeems without a journal, once for each showing."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.place = Place("bayside", "counter-2")
        self.catalogue = catalogue()
        self.link = LinkState(online=True, last_contact_ms=round(FRIDAY.timestamp() * 1000) - 120_000)
        self.camera = CameraState("live", "Filming: a test.", FRIDAY, 15.0)
        self.notes: tuple[str, ...] = ()
        self.trouble: tuple[str, ...] = ()
        self.freshness = Freshness.FRESH
        self.neighbours: int | None = None
        self.clock_between: ClockInterval | None = None
        self.fenced = False
        self.lives: list[int | None] = []
        self.waiting = 0
        self.redemptions: list[str] = []
        self.choices: tuple[Choice, ...] = ()
        self.picked: list[str] = []
        self.looked_at: list[tuple[str, str]] = []
        self.given_answers: list[tuple[int, bool]] = []
        self.undone: list[int] = []
        self.seen_showings: list[str] = []
        self.people = [Clerk("ana", "Ana Marta", "clerk", ""), Clerk("ben", "Ben Keller", "shift-manager", "")]
        self.locked = False
        self.touched: list[str] = []
        self.looks: list[Look] = []
        self.approvals: list[Approval] = []
        self.till = Till(lambda: bytes(16), FLEET_KEY)
        self.board = Board()
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        self.stubs = [
            self._stub(3, "Free shrimp tacos", "Ana", 3), self._stub(2, "Free key lime pie", "Ben", 17),
            self._stub(1, "Free shrimp tacos", "Ana", 33),
        ]  # fmt: skip

    def _stub(self, n: int, title: str, clerk: str, minutes_ago: int, *, voided: bool = False) -> Stub:
        return Stub(n, "shrimp-tacos", title, clerk.lower(), clerk, self.clock.now() - timedelta(minutes=minutes_ago),
                    voided)  # fmt: skip

    # --- put on display ----------------------------------------------------------------------

    def accept(self, **changes: Any) -> Showing:
        """Show an accept of the shrimp tacos."""
        verdict = Verdict(Outcome.ACCEPT, Reason.OK, "shrimp-tacos", {"limit": 100, "used": 37, "left": 63})
        showing = self._showing(verdict, promotion(**changes))
        self.board.show(State.VERDICT, showing)
        return showing

    def refuse(self, reason: Reason, facts: Mapping[str, FactValue] | None = None, **changes: Any) -> Showing:
        """Show a refusal."""
        known = reason not in (Reason.MALFORMED, Reason.UNKNOWN_CODE)
        verdict = Verdict(Outcome.REFUSE, reason, "shrimp-tacos" if known else None, facts or {})
        showing = self._showing(verdict, promotion(**changes) if known else None)
        self.board.show(State.VERDICT, showing)
        return showing

    def ask(self, reason: Reason, facts: Mapping[str, FactValue] | None = None, **changes: Any) -> Showing:
        """Show what a shift manager may decide."""
        verdict = Verdict(Outcome.ASK, reason, "shrimp-tacos", facts or {})
        showing = self._showing(verdict, promotion(**changes))
        self.board.show(State.VERDICT, showing)
        return showing

    def ask_of_screen(self, reason: Reason, facts: Mapping[str, FactValue] | None = None) -> Showing:
        """Show a screen that a shift manager may decide on."""
        about = screen_promotion(value={"amount": "12.00", "currency": "USD"})
        return self._screen(Verdict(Outcome.ASK, reason, about.id, dict(facts or {})), about, None)

    def check(self, facts: Mapping[str, FactValue] | None = None, **changes: Any) -> Showing:
        """Show a screen to be compared, with ``changes`` of what was read."""
        left: dict[str, FactValue] = {"limit": 20, "used": 11, "left": 9}
        about = screen_promotion(value={"amount": "12.00", "currency": "USD"}, evidence={"screen": "15.00"})
        verdict = Verdict(Outcome.CHECK, Reason.LOOK_AT_SCREEN, about.id, left | dict(facts or {}))
        return self._screen(verdict, about, None, **changes)

    def alarm(self, *, with_picture: bool = True) -> Showing:
        """Show a screen that was seen before."""
        facts: dict[str, FactValue] = {
            "used_at": (self.clock.now() - timedelta(minutes=22)).isoformat(), "used_store": "Harbor Grill Bayside",
            "used_counter": "counter-2", "stub": 388, "times": 1, "clerk": "ben",
        }  # fmt: skip
        verdict = Verdict(Outcome.CHECK, Reason.SEEN_BEFORE, "checkin", facts)
        about = screen_promotion(evidence={"screen": "15.00"})
        return self._screen(verdict, about, jpeg(drawn()) if with_picture else None)

    def nearly(self, **differs: str) -> Showing:
        """Show the refusal of a screen that is nearly of the check-in promotion."""
        about = screen_promotion()
        self.catalogue = catalogue(*PROMOTIONS[:3], about)
        shown = reading(differs=differs or {"dates": "Valid Oct 3 - Oct 10"})
        told: list[FactValue] = [
            {"mark": mark.kind, "wanted": mark.wanted, "found": mark.found} for mark in shown.marks if mark.found
        ]
        verdict = Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE, None, {"like": about.id, "differs": told})
        return self._screen(verdict, None, None, differs=differs or {"dates": "Valid Oct 3 - Oct 10"})

    def _screen(self, verdict: Verdict, about: Promotion | None, earlier: bytes | None, **changes: Any) -> Showing:
        """``clock`` is four minutes ago by the store's, unless it is changed."""
        shown = filmed_screen(sighting(**({"clock": "7:00"} | changes)))
        showing = replace(
            self._showing(verdict, about), text="", credential_kind="screen", screen=replace(shown, earlier=earlier)
        )
        self.board.show(State.VERDICT, showing)
        return showing

    def touch(self, showing_id: str) -> None:
        self.touched.append(showing_id)

    def ask_given(self, n: int = 391) -> None:
        """Show the question of the restart."""
        stub = Redeemed(n, self.clock.now() - timedelta(minutes=4), "ben")
        showing = self._showing(Verdict(Outcome.ACCEPT, Reason.OK, "shrimp-tacos"), promotion())
        self.board.show(State.GIVEN, replace(showing, text="", source="after-restart", redeemed=stub))

    def _showing(self, verdict: Verdict, about: Promotion | None) -> Showing:
        return Showing(
            id=f"{next(self._ids):032x}",
            text="TACO-7F3K-9QXM",
            verdict=verdict,
            promotion=about,
            credential_kind=None if about is None else "listed",
            shown_at=self.clock.now() - timedelta(seconds=7),
            source="camera",
        )

    # --- the interface of Counter ------------------------------------------------------------

    @property
    def display(self) -> Display:
        return self.board.display

    def wait(self, after_version: int, timeout_s: float) -> Display:
        return self.board.wait(after_version, timeout_s)

    def look(self, text: str, source: str = "typed") -> Display:
        self.looked_at.append((text, source))
        credential = present(text)
        if credential is None:
            self.refuse(Reason.MALFORMED)
        elif credential.folded == "taco7f3k9qxm":
            self.accept()
        else:
            showing = self.refuse(Reason.UNKNOWN_CODE)
            self.board.show(State.VERDICT, replace(showing, text=text))
        return self.display

    def pick(self, choice_id: str) -> Display:
        self.picked.append(choice_id)
        text = next((one.text for one in self.choices if one.id == choice_id), None)
        return self.display if text is None else self.look(text, "camera")

    def knows(self, text: str) -> bool:
        return self.promotion_of(text) is not None

    def promotion_of(self, text: str) -> Promotion | None:
        credential = self.catalogue.credential(present(text), 0)
        return None if credential is None else self.catalogue.promotions.get(credential.promotion)

    def redeem(self, showing_id: str, clerk_id: str, look: Look = NO_LOOK) -> Display:
        with self._lock:
            self.looks.append(look)
            showing = self.display.showing
            if self.display.state is not State.VERDICT or showing is None or showing.id != showing_id:
                return self.display
            self.redemptions.append(showing_id)
            self.waiting += 1
            stub = Redeemed(411 + len(self.redemptions), self.clock.now(), clerk_id)
            return self.board.show(State.REDEEMED, replace(showing, redeemed=stub))

    def seen(self, showing_id: str) -> None:
        showing = self.display.showing
        if showing is not None and showing.id == showing_id and showing.redeemed is not None:
            self.seen_showings.append(showing_id)
            self.board.amend(replace(showing, redeemed=replace(showing.redeemed, seen=True)))

    def approve(self, showing_id: str, clerk_id: str, approval: Approval, pin: str) -> Display:
        if self.check_pin(approval.by, pin) is None or approval.by not in {one.id for one in self.approvers()}:
            return self.note(NOT_APPROVED)
        self.approvals.append(approval)
        return self.redeem(showing_id, clerk_id)

    def approvers(self) -> list[Clerk]:
        return [one for one in self.people if one.role in MAY_APPROVE]

    def note(self, words: str) -> Display:
        return self.board.show(self.display.state, self.display.showing, note=words)

    @property
    def currency(self) -> str:
        return "USD"

    def tell_sale(self, basket_minor: int | None, customer: str, sale: bytes | None = None) -> Display:
        assert sale == self.till.sale.id
        self.till.tell(basket_minor, customer)
        return self.board.show(self.display.state, self.display.showing)

    def end_sale(self) -> Display:
        self.till.begin()
        return self.board.show(State.IDLE)

    def next(self, showing_id: str, *, same_sale: bool = False) -> Display:
        showing = self.display.showing
        if showing is None or showing.id != showing_id or self.display.state is State.GIVEN:
            return self.display
        if not same_sale:
            self.till.begin()
        return self.board.show(State.IDLE)

    def given(self, n: int, yes: bool, clerk_id: str, life: int | None = None) -> Display:
        self.given_answers.append((n, yes))
        self.lives.append(life)
        return self.board.show(State.IDLE)

    def undo(self, n: int, clerk_id: str, reason: str, life: int | None = None) -> Display:
        self.undone.append(n)
        self.lives.append(life)
        self.stubs = [replace(stub, voided=stub.voided or stub.n == n) for stub in self.stubs]
        showing = self.display.showing
        if showing is not None and showing.redeemed is not None and showing.redeemed.n == n:
            showing = replace(showing, redeemed=replace(showing.redeemed, voided=True, seen=True))
        return self.board.show(self.display.state, showing)

    def stubs_since(self, since: datetime) -> list[Stub]:
        return [stub for stub in self.stubs if stub.at >= since]

    def status(self) -> CounterStatus:
        return CounterStatus(
            link=self.link,
            bundle_version=self.catalogue.version,
            bundle_published_ms=self.catalogue.published_at_ms or None,
            waiting=self.waiting,
            camera=self.camera,
            notes=self.notes,
            trouble=self.trouble,
            online=self.link.online,
            freshness=self.freshness,
            clock=self.clock_between,
            fenced=self.fenced,
            neighbours=self.neighbours,
        )

    def clerks(self) -> list[Clerk]:
        return self.people

    def check_pin(self, clerk_id: str, pin: str) -> Clerk | None:
        if self.locked:
            raise CounterfoilError("pin-locked", "Too many wrong PINs; wait 30 seconds", cure="Then try again.")
        return next((one for one in self.people if one.id == clerk_id and pin == PIN), None)

    # --- states of the world -----------------------------------------------------------------

    def go_offline(self, *, hours: float = 2, waiting: int = 17) -> None:
        """The line went down some hours ago."""
        since_ms = round((self.clock.now() - timedelta(hours=hours)).timestamp() * 1000)
        self.link = LinkState(online=False, last_contact_ms=since_ms, offline_since_ms=since_ms)
        self.waiting = waiting
        self.board.poke()


class FakeWatch:
    """A camera that holds one picture of the filmed scene; while ``moving`` it is a new one each time it is asked.

    Without ``code`` nobody is there.
    """

    def __init__(self, code: str = "TACO-7F3K-9QXM") -> None:
        self.moving = False
        self.asked = 0
        self.fps = 15.0
        self.measure: Measure | None = Measure(1280, 720, 112.0, 230.0, 31.0, 0.02, 640.0)
        self._code = code
        self._number = 1
        self._filmed: tuple[bytes, tuple[tuple[str, Corners], ...]] | None = None

    def film(self, picture: Image, outlines: Sequence[tuple[str, Corners]]) -> None:
        """Film ``picture`` from now on, with codes (text, corners as parts of it) where ``outlines`` says."""
        self._filmed = jpeg(picture), tuple(outlines)
        self._number += 1

    @property
    def code(self) -> str:
        return self._code

    @code.setter
    def code(self, code: str) -> None:
        self._code = code
        self._number += 1

    def latest_jpeg(self, after: int = 0) -> tuple[int, bytes] | None:
        self.asked += 1
        self._number += self.moving
        content = filmed(self.code)[0] if self._filmed is None else self._filmed[0]
        return (self._number, content) if self._number > after else None

    @property
    def stats(self) -> WatchStats:
        return WatchStats(self.fps, self._number, 7.6, 0, 1, 18.4, self.measure)

    def overlay(self) -> Overlay:
        if self._filmed is not None:
            return Overlay(self._number, self._filmed[1])
        return Overlay(self._number, tuple((self.code, corners) for corners in filmed(self.code)[1]))


@functools.cache
def filmed(code: str) -> tuple[bytes, tuple[Corners, ...]]:
    """A JPEG of the scene with a phone that shows ``code``, and where the decoder finds the code in it."""
    item = SceneItem(text=code or "nobody", venue="Harbor Grill", caption="One shrimp tacos, free",
                     small="Fri and Sat, 17:00 to 22:00")  # fmt: skip
    picture = Tabletop([item]).frame(0, 3.0 if code else 0.0, 3.0)
    height, width = picture.shape[:2]
    found = [tuple((x / width, y / height) for x, y in one.corners) for one in Decoder().read(picture)] if code else []
    return jpeg(picture), tuple(cast("list[Corners]", found))
