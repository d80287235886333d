"""The use cases of a counter: look, redeem, approve, next, given, undo. Read, decide, append, answer.

Rules of this module:

- Everything that says yes goes through :func:`kiosk.core.decide.decide`, by way of :mod:`kiosk.answering`.
- A redemption is durable in the journal before the display says "hand it over".
- The intent minted when a verdict is shown is written into the redemption: the same intent is
  answered from the standing, so double taps, two tabs, a reload and a lost answer redeem once.
- What becomes of a redemption after the tap is in :mod:`kiosk.stubs`, whose sale it belongs to in :mod:`kiosk.sale`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from kiosk import answering
from kiosk.attention import Attention, Choice, Seen, Shown
from kiosk.cached_bundle import open_cached
from kiosk.clerks import Clerk, PinDesk, clerks_at
from kiosk.clock import Clock, from_ms
from kiosk.code_lists import CodeCache
from kiosk.config import Enrolment
from kiosk.core.catalogue import Catalogue
from kiosk.core.credential import present
from kiosk.core.decide import Place
from kiosk.core.entry import Entry, FeedId
from kiosk.core.fact import (
    Answered,
    BundleInstalled,
    Redemption,
    Void,
)
from kiosk.core.money import NO_CURRENCY
from kiosk.core.promotion import Promotion
from kiosk.core.standing import Standing
from kiosk.core.verdict import Outcome
from kiosk.display import Board, CounterStatus, Display, FilmedScreen, Redeemed, Showing, State, Stub
from kiosk.errors import AppendUnknownError, CounterfoilError, JournalError
from kiosk.journal import Journal
from kiosk.ledger import Ledger
from kiosk.ports import CachedBundle, Carrier, LinkState
from kiosk.redeeming import MAY_APPROVE, NO_LOOK, NOT_APPROVED, Approval, Look, Occasion, hindrance, redemption
from kiosk.sale import NOT_THAT_SALE, Till
from kiosk.screens import Album, PhoneInView, SeenScreen, filmed, says_more
from kiosk.stubs import Stubs
from kiosk.vision.watch import CameraState

ACCEPT_HELD_S = 45.0
"""An accept waits this long for the clerk after its code left the view, before another code may replace it."""


class Counter:
    """One counter at work. Safe to call from the web threads, the camera's and the replicator's alike."""

    def __init__(
        self,
        *,
        journal: Journal,
        enrolment: Enrolment,
        clock: Clock,
        mint: Callable[[], bytes],
        notes: Sequence[str] = (),
        lists: CodeCache | None = None,
    ) -> None:
        """``mint`` gives 16 random bytes; ``notes`` are for the status line; ``lists`` None: they are in the bundle."""
        self._journal = journal
        self._clock = clock
        self._mint = mint
        self._notes = tuple(notes)
        self._lists = lists
        self._lock = threading.RLock()
        self._attention = Attention(mint)
        self._phone = PhoneInView()
        self._album = Album()
        self._pins = PinDesk(clock)
        self._board = Board()
        self._last_in_view_s = clock.monotonic_s()
        self._frames = self._read = 0
        self._bundle_trouble: CounterfoilError | None = None
        self.enrolment = enrolment
        self.place = Place(enrolment.store, enrolment.counter)
        self.feed: FeedId = enrolment.feed
        self.link = LinkState()
        self.carrier: Carrier | None = None
        self.camera_state: Callable[[], CameraState] = lambda: CameraState("no-camera", "No camera")
        self.catalogue = Catalogue.empty(enrolment.fleet_key)
        self._ledger = Ledger(journal, self.feed)
        self._stubs = Stubs(self._ledger, self._board, clock, self._append, self._taken_back)
        self.till = Till(mint, enrolment.fleet_key)
        self.reload_bundle()
        self._stubs.ask_given(self.catalogue.promotions)

    # --- what is known ------------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        """All that is known of uses, folded."""
        return self._ledger.standing

    def learn(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are durable in the journal: this counter's own, or head office's."""
        with self._lock:
            self._ledger.learn(entries)

    def reload_bundle(self) -> None:
        """Read the cached bundle again; one that does not verify is reported and the last good one kept."""
        with self._lock:
            cached = self._journal.bundle()
            if cached is None:
                return
            floor = self.standing.bundle_floor
            try:
                self.catalogue, self._bundle_trouble = open_cached(cached, self.enrolment, floor, self._lists)
            except CounterfoilError as error:
                self._bundle_trouble = error
            self._show_what_changed()

    def _show_what_changed(self) -> None:
        """Idle lists what is on and asks for a pick; an open verdict whose promotion changed is given anew."""
        display = self._board.display
        if display.state is State.IDLE:
            self._board.show(State.IDLE)
        elif display.state is State.VERDICT and display.showing is not None and self._is_outdated(display.showing):
            self._answer_again(display.showing)
        else:
            self._board.poke()

    def _is_outdated(self, showing: Showing) -> bool:
        return showing.promotion is not None and self._promotion(showing.promotion.id) != showing.promotion

    def install_bundle(self, bundle: CachedBundle, fact: BundleInstalled) -> None:
        """Install a verified bundle with its entry in one transaction, and use it from now on."""
        with self._lock:
            self.learn([self._journal.install_bundle(bundle, fact)])
            self.reload_bundle()
            if self._bundle_trouble is not None:
                raise self._bundle_trouble  # so that it is fetched again

    # --- the display --------------------------------------------------------------------------

    @property
    def display(self) -> Display:
        """What the counter shows now."""
        return self._board.display

    def wait(self, after_version: int, timeout_s: float) -> Display:
        """The display: at once if newer than ``after_version``, else when it or the status changes, or time is up."""
        return self._board.wait(after_version, timeout_s)

    @property
    def awaits_clerk(self) -> bool:
        """Whether the display must not be replaced by another code yet."""
        with self._lock:
            return not self._may_replace()

    def _may_replace(self, *, by_known_code: bool = False) -> bool:
        display = self._board.display
        if display.state is State.IDLE:
            return True
        if display.state is State.GIVEN or display.showing is None:
            return False
        if display.state is State.REDEEMED:
            return display.showing.redeemed is not None and display.showing.redeemed.seen
        screen = display.showing.screen
        if screen is not None and self._phone.shows(display.showing.id):
            return by_known_code and not screen.touched  # a code on the same phone says more than its screen
        if display.showing.verdict.outcome is Outcome.REFUSE:
            return True
        return self._clock.monotonic_s() - self._last_in_view_s > ACCEPT_HELD_S

    # --- look ---------------------------------------------------------------------------------

    def in_view(self, sightings: Sequence[Seen]) -> None:
        """Told on each frame which codes are in view; which one wants an answer, ``kiosk.attention`` says."""
        with self._lock:
            self._frames += 1
            now_s, offered = self._clock.monotonic_s(), self.choices
            texts = self._attention.steady([one.text for one in sightings], now_s, self._known().turning)
            known = any(self.knows(text) for text in texts)
            if known:
                self._phone.code_seen(now_s)
            display = self._board.display
            on_display = "" if display.showing is None else display.showing.text
            if on_display and on_display in texts:
                self._last_in_view_s = now_s
            shown = Shown(on_display, self._may_replace(by_known_code=known), display.state is State.REDEEMED)
            text = self._attention.turn(texts, now_s, self.knows, shown)
            if text is not None:
                self._read += 1
                self._answer(text, "camera")
            if self.choices != offered:
                self._show_what_changed()
            self._answer_screen_in_view()

    def knows(self, text: str) -> bool:
        """Whether a promotion knows the code, and may be told of by now."""
        return self.promotion_of(text) is not None

    def promotion_of(self, text: str) -> Promotion | None:
        """The promotion that knows the code, if it may be told of by now."""
        with self._lock:
            return self._promotion(self._known().decide(present(text)).promotion)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The codes in view that wait for the clerk to pick one."""
        return () if self._board.display.state is State.GIVEN else self._attention.offered

    def pick(self, choice_id: str) -> Display:
        """Answer the code that is offered under ``choice_id``; one that was taken away since changes nothing."""
        with self._lock:
            text = self._attention.text_of(choice_id, self._clock.monotonic_s())
            return self._board.display if text is None else self.look(text, "camera")

    def screen_in_view(self, sighting: SeenScreen | None) -> None:
        """Told when more was read of the phone in view, or (None) that it has left. It is never redeemed by itself."""
        screen = None if sighting is None else filmed(sighting)
        with self._lock:
            now_s = self._clock.monotonic_s()
            display = self._board.display
            if display.showing is not None and self._phone.shows(display.showing.id):
                self._last_in_view_s = now_s
            self._phone.told(screen, now_s)
            if screen is None:
                return
            if display.state is State.VERDICT and display.showing and self._phone.shows(display.showing.id):
                self._read_on(display.showing, screen)
            self._answer_screen_in_view()

    def _answer_screen_in_view(self) -> None:
        screen = self._phone.unanswered()
        if screen is not None and self._may_replace():
            self._read += 1
            self.till.turn_to(self._board.display, None)
            self._show_screen(screen)

    def _read_on(self, showing: Showing, screen: FilmedScreen) -> None:
        """More was read of the screen on display: it is shown in its place, unless the clerk has touched the picture.

        Another answer is another showing, and has to be looked at anew.
        """
        if showing.screen is None or not says_more(screen.reading, showing.screen.reading):
            return
        anew = self._screen_showing(screen, showing.id)
        if not answering.says_the_same(anew, showing):
            self._show_screen(screen)
        elif (kept := answering.in_place(showing, anew)) is not None:
            self._board.show(State.VERDICT, kept)

    def _show_screen(self, screen: FilmedScreen, *, in_view: bool = True) -> Display:
        showing = self._screen_showing(screen, self._mint().hex())
        self._last_in_view_s = self._clock.monotonic_s()
        if in_view:
            self._phone.answered(screen.reading, showing.id)
        return self._board.show(State.VERDICT, showing)

    def _screen_showing(self, screen: FilmedScreen, showing_id: str) -> Showing:
        begun = replace(screen, since_s=self._clock.monotonic_s(), touched=False)
        return answering.showing_of_screen(begun, showing_id, self._known(), self._album)

    def touch(self, showing_id: str) -> None:
        """The clerk has touched the filmed picture: from now on it stays as it is."""
        with self._lock:
            showing = self._board.display.showing
            if showing is not None and showing.id == showing_id and showing.screen is not None:
                self._board.amend(replace(showing, screen=replace(showing.screen, touched=True)))

    def look(self, shown: str | SeenScreen, source: str = "typed") -> Display:
        """Answer what was typed, scanned by hand or is in a photo, in place of an open verdict: it was done on purpose.

        "Given?" and a stub that no page has shown stay.
        """
        with self._lock:
            display = self._board.display
            if display.state is State.GIVEN or (display.state is State.REDEEMED and not self._may_replace()):
                return display
            if isinstance(shown, str):
                return self._answer(shown, source)
            self.till.turn_to(display, None)
            return self._show_screen(filmed(shown, source), in_view=False)

    def _answer_again(self, showing: Showing) -> Display:
        """Its promotion was published anew. A screen that was read for other marks has to be read anew."""
        if showing.screen is None:
            return self._answer(showing.text, showing.source)
        now = None if showing.promotion is None else self._promotion(showing.promotion.id)
        if answering.has_same_marks(now, showing.promotion):
            return self._show_screen(showing.screen, in_view=self._phone.shows(showing.id))
        if self._phone.shows(showing.id):
            self._phone.forget()
        return self._board.show(State.IDLE)

    def _answer(self, text: str, source: str) -> Display:
        self._last_in_view_s = self._clock.monotonic_s()
        self.till.turn_to(self._board.display, text)
        text = self._attention.answered(text, self._last_in_view_s)
        return self._board.show(
            State.VERDICT, answering.showing_of_text(text, source, self._mint().hex(), self._known())
        )

    def _known(self) -> answering.Known:
        return answering.Known(self.catalogue, self.standing, self.place, self._clock.now(), self.till.asked())

    def _promotion(self, promotion_id: str | None) -> Promotion | None:
        return None if promotion_id is None else self.catalogue.promotions.get(promotion_id)

    # --- redeem -------------------------------------------------------------------------------

    def redeem(self, showing_id: str, clerk_id: str, look: Look = NO_LOOK, approval: Approval | None = None) -> Display:
        """Redeem what is shown under ``showing_id``: journal first, then "hand it over". A repeat changes nothing.

        Where the answer is "ask" it needs an ``approval``, whose PIN was checked.
        """
        with self._lock:
            self.till.on_duty = clerk_id
            self._reopen_if_stopped()
            display = self._board.display
            showing = display.showing
            if showing is None or showing.id != showing_id or display.state is not State.VERDICT:
                return display
            known = self._known()
            verdict = answering.decide_again(showing, known)
            published_anew = self._promotion(verdict.promotion) != showing.promotion
            if published_anew or answering.raises_an_alarm(showing, verdict):
                return self._answer_again(showing)
            asks = verdict.outcome is Outcome.ASK
            if verdict.outcome is Outcome.REFUSE or (asks and approval is None):
                return self._board.show(State.VERDICT, replace(showing, verdict=verdict))
            missing = hindrance(showing, verdict, look, self._clock.monotonic_s())
            if missing is not None:
                return self._board.show(State.VERDICT, replace(showing, verdict=verdict), note=str(missing))
            credential = answering.credential_again(showing, known)
            version, told_n = self.catalogue.version, self._ledger.head_office_n()
            occasion = Occasion(self.place.store, clerk_id, known.now, version, told_n, self.till.sale)
            fact = redemption(showing, credential, verdict, occasion, look, approval if asks else None)
            return self._write(showing, fact)

    def approve(self, showing_id: str, clerk_id: str, approval: Approval, pin: str) -> Display:
        """Redeem what a shift manager may decide, on that manager's PIN; a wrong one is told on the display.

        Raises ``pin-locked`` while the manager has to wait.
        """
        fits = approval.by in {one.id for one in self.approvers()} and self.check_pin(approval.by, pin) is not None
        if fits:
            return self.redeem(showing_id, clerk_id, NO_LOOK, approval)
        with self._lock:
            display = self._board.display
            shown = display.showing is not None and display.showing.id == showing_id
            return self.note(NOT_APPROVED) if shown else display

    def note(self, words: str) -> Display:
        """Say one sentence about the last act beside what is shown."""
        with self._lock:
            display = self._board.display
            return self._board.show(display.state, display.showing, note=words)

    @property
    def currency(self) -> str:
        """The currency that the total of the sale is told in: that of what is shown."""
        showing = self._board.display.showing
        shown = None if showing is None or showing.promotion is None else self.catalogue.terms(showing.promotion.id)
        return NO_CURRENCY if shown is None else shown.currency

    def tell_sale(self, basket_minor: int | None, customer: str, sale: bytes | None = None) -> Display:
        """What ``sale`` (None: the open one) comes to, and its customer; what is shown is decided anew."""
        with self._lock:
            if sale not in (None, self.till.sale.id):
                return self.note(NOT_THAT_SALE)
            self.till.tell(basket_minor, customer)
            display = self._board.display
            if display.state is not State.VERDICT or display.showing is None:
                return self._board.show(display.state, display.showing)
            verdict = answering.decide_again(display.showing, self._known())
            return self._board.show(State.VERDICT, replace(display.showing, verdict=verdict))

    def _write(self, showing: Showing, fact: Redemption) -> Display:
        try:
            self._append(fact)
        except JournalError as error:
            return self._show_if_written(showing) or self._board.show(State.VERDICT, showing, note=str(error))
        shown = self._show_if_written(showing)
        assert shown is not None, "a redemption that was written is not in the standing"
        return shown

    def _show_if_written(self, showing: Showing) -> Display | None:
        """Say "hand it over" if the journal holds the redemption of this showing; None where it does not.

        It is durable then: whatever happens next, a restart finds it and asks "given?".
        """
        found = self.standing.redemption_of(bytes.fromhex(showing.id))
        fact = None if found is None else self._ledger.stubs.get(found[1])
        if found is None or fact is None:
            return None
        if self.carrier is not None:
            self.carrier.wake()
        if showing.screen is not None:
            self._album.keep(fact.credential, showing.screen.jpeg)
        stub = Redeemed(found[1], from_ms(fact.at_ms), fact.clerk)
        self.till.redeemed(stub.n, fact)
        return self._board.show(State.REDEEMED, replace(showing, redeemed=stub))

    def _append(self, fact: Redemption | Answered | Void) -> None:
        try:
            self._ledger.append(fact)
        except AppendUnknownError:
            self._show_what_is_written()
            raise

    def _reopen_if_stopped(self) -> None:
        if self._journal.stopped and self._ledger.reopen():
            self._show_what_is_written()

    def _show_what_is_written(self) -> None:
        """If what is on display turns out to be written, show it as redeemed: a second tap would double it."""
        display = self._board.display
        if display.state is State.VERDICT and display.showing is not None:
            self._show_if_written(display.showing)

    # --- after it -----------------------------------------------------------------------------

    def seen(self, showing_id: str) -> None:
        """A page has shown the answer to ``showing_id``."""
        with self._lock:
            self._stubs.seen(showing_id)

    def next(self, showing_id: str, *, same_sale: bool = False) -> Display:
        """Leave what is shown under ``showing_id``; if something else is on display by now, that stays.

        ``same_sale``: the same customer has another code, and what was redeemed in this sale counts.
        """
        with self._lock:
            display = self._board.display
            if display.state is State.GIVEN or display.showing is None or display.showing.id != showing_id:
                return display
            self._stubs.seen(showing_id)
            if not same_sale:
                self.till.begin()
            return self._board.show(State.IDLE)

    def end_sale(self) -> Display:
        """The next customer begins a sale of their own."""
        with self._lock:
            self.till.begin()
            display = self._board.display
            return self._board.show(State.IDLE) if display.state is State.IDLE else display

    def given(self, n: int, yes: bool, clerk_id: str) -> Display:
        """Answer "was it given?" for redemption ``n``: yes keeps the stub, no voids it."""
        with self._lock:
            return self._stubs.given(n, yes, clerk_id, self.catalogue.promotions)

    def undo(self, n: int, clerk_id: str, reason: str) -> Display:
        """Void redemption ``n`` of this counter: the goods are back before this is called."""
        with self._lock:
            return self._stubs.undo(n, clerk_id, reason)

    def _taken_back(self, n: int) -> None:
        self.till.taken_back(n)
        if self.carrier is not None:
            self.carrier.wake()

    # --- reading ------------------------------------------------------------------------------

    def stubs_since(self, since: datetime) -> list[Stub]:
        """This counter's redemptions from ``since`` on, newest first."""
        with self._lock:
            return self._stubs.since(since, self.catalogue, {clerk.id: clerk.name for clerk in self.clerks()})

    def status(self) -> CounterStatus:
        """What the status line tells now."""
        with self._lock:
            self._reopen_if_stopped()  # another thread may have met an unknown outcome
            trouble = tuple(str(one) for one in (self._bundle_trouble, self._ledger.trouble) if one is not None)
            return CounterStatus(
                link=self.link,
                bundle_version=self.catalogue.version,
                bundle_published_ms=self.catalogue.published_at_ms or None,
                waiting=self._ledger.waiting(),
                camera=self.camera_state(),
                notes=self._notes,
                trouble=trouble,
                frames=self._frames,
                read=self._read,
            )

    def set_link(self, link: LinkState) -> None:
        """The replicator reports how the link stands; a change reaches the status line of every tab."""
        with self._lock:
            before, self.link = self.link, link
            if (link.online, link.trouble, link.doing) != (before.online, before.trouble, before.doing):
                self._board.poke()

    def clerks(self) -> list[Clerk]:
        """Those who may sign in at this counter's store, by name."""
        return clerks_at(self.catalogue.store(self.place.store), self.place.store, self.catalogue.staff)

    def check_pin(self, clerk_id: str, pin: str) -> Clerk | None:
        """The clerk whose PIN this is, or None; raises ``pin-locked`` while one has to wait."""
        return self._pins.check(self.clerks(), clerk_id, pin)

    def approvers(self) -> list[Clerk]:
        """The shift managers of this store, by name."""
        return [one for one in self.clerks() if one.role in MAY_APPROVE]
