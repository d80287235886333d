"""The use cases of a counter: look, redeem, approve, next, given, undo. Read, decide, append, answer.

Rules of this module:

- Here is the lock, and the one door that web, camera and replicator come in by. What each use case does is in
  :mod:`kiosk.looking` (from a code to its answer), :mod:`kiosk.redemptions` (from the tap to "hand it over") and
  :mod:`kiosk.stubs` (what becomes of it); what they share, in :mod:`kiosk.workplace`; what is due by the time, in
  :mod:`kiosk.upkeep`.
- Everything that says yes goes through :func:`kiosk.core.decide.decide`, by way of :mod:`kiosk.answering`.
- A redemption is durable in the journal before the display says "hand it over".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from kiosk import sharing
from kiosk.attention import Choice, Seen
from kiosk.cached_bundle import open_cached
from kiosk.clerks import Clerk, PinDesk, clerks_at
from kiosk.clock import Clock, GuardedClock
from kiosk.code_lists import CodeCache
from kiosk.config import Enrolment
from kiosk.core.catalogue import Catalogue
from kiosk.core.decide import Place
from kiosk.core.entry import Entry, FeedId
from kiosk.core.fact import BundleInstalled
from kiosk.core.money import NO_CURRENCY
from kiosk.core.promotion import Promotion
from kiosk.core.reservation import YES
from kiosk.core.rights import Right
from kiosk.core.standing import Standing
from kiosk.display import CounterStatus, Display, State, Stub
from kiosk.errors import CounterfoilError
from kiosk.journal import Journal
from kiosk.looking import Looks
from kiosk.ports import CachedBundle, Carrier, LinkState, Neighbours
from kiosk.redeeming import MAY_APPROVE, NO_LOOK, NOT_APPROVED, Approval, Look
from kiosk.redemptions import Redemptions
from kiosk.sale import Till
from kiosk.screens import SeenScreen
from kiosk.single_rights import ANSWER_WITHIN_S, SingleRights
from kiosk.snapshots import Snapshots
from kiosk.stubs import Stubs
from kiosk.upkeep import Upkeep
from kiosk.vision.watch import CameraState
from kiosk.workplace import Workplace

BUSY_S = 0.1
"""A neighbour waits 300 ms for an answer; in a third of that this one says that it is busy, which is a no."""


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
        boot_ms: Callable[[], int] | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        """``mint`` gives 16 random bytes; ``notes`` are for the status line; ``lists`` None: they are in the bundle.

        ``boot_ms`` counts the machine's running time; None: as ``clock`` counts it.
        """
        self._journal = journal
        self._notes = tuple(notes)
        self._lists = lists
        self._lock = threading.RLock()
        self._learned = threading.Condition(self._lock)
        self._pins = PinDesk(clock)
        self._bundle_trouble: CounterfoilError | None = None
        self.enrolment = enrolment
        self.feed: FeedId = enrolment.feed
        self.camera_state: Callable[[], CameraState] = lambda: CameraState("no-camera", "No camera")
        self.answer_within_s = ANSWER_WITHIN_S
        self._work = work = Workplace(
            journal=journal, enrolment=enrolment, clock=clock, mint=mint, boot_ms=boot_ms, snapshots=snapshots
        )
        self._board = work.board
        self._rights = SingleRights(work)
        self._looks = Looks(work, self._rights)
        self._redemptions = Redemptions(work, self._looks, self._rights)
        self._stubs = Stubs(work)
        self._upkeep = Upkeep(work, self._looks, self._rights)
        self.reload_bundle()
        self._stubs.ask_given()
        self._rights.tidy()

    # --- what is known ------------------------------------------------------------------------

    @property
    def clock(self) -> GuardedClock:
        """The time at this counter, over the floor that head office's is."""
        return self._work.clock

    @property
    def standing(self) -> Standing:
        """All that is known of uses, folded."""
        return self._work.standing

    @property
    def place(self) -> Place:
        """Where this counter stands."""
        return self._work.place

    @property
    def till(self) -> Till:
        """The sale that is open, and who works here."""
        return self._work.till

    @property
    def catalogue(self) -> Catalogue:
        """The promotions in force."""
        return self._work.catalogue

    @catalogue.setter
    def catalogue(self, catalogue: Catalogue) -> None:
        self._work.catalogue = catalogue

    def learn(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are durable in the journal: this counter's own, or head office's."""
        with self._learned:
            self._work.learn(entries)
            self._upkeep.learned()
            self._learned.notify_all()

    def told_time(self, at_ms: int) -> None:
        """Head office's answer to what this counter asked just now says what time it is (Unix milliseconds)."""
        with self._lock:
            self._work.clock.saw(at_ms, answered=True)
            self._work.tick()

    def told_list(self, version: int) -> None:
        """These promotions are in force at head office; what it granted may be for some that are not known here yet."""
        with self._lock:
            self._work.newest_list = version

    def reload_bundle(self) -> None:
        """Read the cached bundle again; one that does not verify is reported and the last good one kept."""
        with self._lock:
            cached = self._journal.bundle()
            if cached is None:
                return
            floor = self.standing.bundle_floor
            try:
                published = open_cached(cached, self.enrolment, floor, self._lists)
                self._work.put_in_force(published)
                self._bundle_trouble = published.lacks
            except CounterfoilError as error:
                self._bundle_trouble = error
            self._show_what_changed()

    def _show_what_changed(self) -> None:
        self._looks.show_what_changed()

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
            return not self._looks.may_replace()

    def note(self, words: str) -> Display:
        """Say one sentence about the last act beside what is shown."""
        with self._lock:
            display = self._board.display
            return self._board.show(display.state, display.showing, note=words)

    # --- look ---------------------------------------------------------------------------------

    def in_view(self, sightings: Sequence[Seen]) -> None:
        """Told on each frame which codes are in view; which one wants an answer, ``kiosk.attention`` says."""
        with self._lock:
            self._looks.in_view(sightings)
            self._rights.tidy()

    def knows(self, text: str) -> bool:
        """Whether a promotion knows the code, and may be told of by now."""
        return self.promotion_of(text) is not None

    def promotion_of(self, text: str) -> Promotion | None:
        """The promotion that knows the code, if it may be told of by now."""
        with self._lock:
            return self._looks.promotion_of(text)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The codes in view that wait for the clerk to pick one."""
        return self._looks.choices

    def pick(self, choice_id: str) -> Display:
        """Answer the code that is offered under ``choice_id``; one that was taken away since changes nothing."""
        with self._lock:
            return self._tidied(self._looks.pick(choice_id))

    def screen_in_view(self, sighting: SeenScreen | None) -> None:
        """Told when more was read of the phone in view, or (None) that it has left. It is never redeemed by itself."""
        with self._lock:
            self._looks.screen_in_view(sighting)
            self._rights.tidy()

    def touch(self, showing_id: str) -> None:
        """The clerk has touched the filmed picture: from now on it stays as it is."""
        with self._lock:
            self._looks.touch(showing_id)

    def look(self, shown: str | SeenScreen, source: str = "typed") -> Display:
        """Answer what was typed, scanned by hand or is in a photo, in place of an open verdict: it was done on purpose.

        "Given?" and a stub that no page has shown stay.
        """
        with self._lock:
            return self._tidied(self._looks.look(shown, source))

    def _tidied(self, display: Display) -> Display:
        """Give back what was granted for a customer who is gone by now."""
        self._rights.tidy()
        return display

    # --- redeem -------------------------------------------------------------------------------

    def redeem(self, showing_id: str, clerk_id: str, look: Look = NO_LOOK, approval: Approval | None = None) -> Display:
        """Redeem what is shown under ``showing_id``: journal first, then "hand it over". A repeat changes nothing.

        Where the answer is "ask" it needs an ``approval``, whose PIN was checked. Where head office was asked, its
        answer is awaited for a short while, and not under the lock.
        """
        with self._learned:
            if self._rights.awaits(showing_id):
                self._work.wake()
                self._learned.wait_for(lambda: not self._rights.awaits(showing_id), self.answer_within_s)
            wanted, near = sharing.to_reserve(self._work, showing_id), self._work.neighbours
        reply = YES if wanted is None or near is None else near.reserve(*wanted)
        with self._lock:
            if reply.answer is not YES.answer:
                return self._redemptions.not_reserved(showing_id, reply)
            return self._redemptions.redeem(showing_id, clerk_id, look, approval)

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

    @property
    def currency(self) -> str:
        """The currency that the total of the sale is told in: that of what is shown."""
        showing = self._board.display.showing
        shown = None if showing is None or showing.promotion is None else self.catalogue.terms(showing.promotion.id)
        return NO_CURRENCY if shown is None else shown.currency

    def tell_sale(self, basket_minor: int | None, customer: str, sale: bytes | None = None) -> Display:
        """What ``sale`` (None: the open one) comes to, and its customer; what is shown is decided anew."""
        with self._lock:
            return self._redemptions.tell_sale(basket_minor, customer, sale)

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
            return self._tidied(self._board.show(State.IDLE))

    def end_sale(self) -> Display:
        """The next customer begins a sale of their own."""
        with self._lock:
            self.till.begin()
            display = self._board.display
            return self._board.show(State.IDLE) if display.state is State.IDLE else display

    def given(self, n: int, yes: bool, clerk_id: str, life: int | None = None) -> Display:
        """Answer "was it given?" for redemption ``n``: yes keeps the stub, no voids it. ``life`` None: the present."""
        with self._lock:
            return self._tidied(self._stubs.given(n, yes, clerk_id, life))

    def undo(self, n: int, clerk_id: str, reason: str, life: int | None = None) -> Display:
        """Void redemption ``n`` of this counter: the goods are back before this is called."""
        with self._lock:
            return self._tidied(self._stubs.undo(n, clerk_id, reason, life))

    def stubs_since(self, since: datetime) -> list[Stub]:
        """This counter's redemptions from ``since`` on, newest first."""
        with self._lock:
            return self._stubs.since(since, {clerk.id: clerk.name for clerk in self.clerks()})

    # --- how it stands, and who works here ----------------------------------------------------

    def status(self) -> CounterStatus:
        """What the status line tells now."""
        with self._lock:
            work, looks = self._work, self._looks
            work.reopen_if_stopped()
            near = None if work.neighbours is None else work.neighbours.trouble
            told = (self._bundle_trouble, work.ledger.trouble, near)
            trouble = tuple(str(one) for one in told if one is not None)
            return CounterStatus(
                link=work.link,
                bundle_version=self.catalogue.version,
                bundle_published_ms=self.catalogue.published_at_ms or None,
                waiting=work.ledger.waiting(),
                camera=self.camera_state(),
                notes=self._notes,
                trouble=trouble,
                neighbours=None if work.neighbours is None else work.neighbours.reached,
                frames=looks.frames,
                read=looks.read,
                online=work.is_online,
                freshness=work.freshness,
                clock=work.clock.between(),
                fenced=work.is_fenced,
            )

    @property
    def link(self) -> LinkState:
        """How the link to head office stands."""
        return self._work.link

    @property
    def carrier(self) -> Carrier | None:
        """What carries the journal to head office; None: nobody does."""
        return self._work.carrier

    @carrier.setter
    def carrier(self, carrier: Carrier | None) -> None:
        self._work.carrier = carrier

    @property
    def neighbours(self) -> Neighbours | None:
        """The other counters of this store; None: this counter does not look for any."""
        return self._work.neighbours

    @neighbours.setter
    def neighbours(self, neighbours: Neighbours | None) -> None:
        self._work.neighbours = neighbours

    def is_used(self, promotion: str, digest: bytes) -> bool | None:
        """Whether a live use of the credential is known here; None: this counter is too busy to say in time."""
        if not self._lock.acquire(timeout=BUSY_S):
            return None
        try:
            return sharing.is_used(self._work, promotion, digest)
        finally:
            self._lock.release()

    def give_rights(self, right: Right, amount: int, to: FeedId) -> int:
        """Transfer what of ``amount`` can be spared to the counter that writes ``to``; how much that is."""
        with self._lock:
            return sharing.give_rights(self._work, right, amount, to)

    def set_link(self, link: LinkState) -> None:
        """The replicator reports how the link stands; a change reaches the status line of every tab."""
        with self._learned:
            before = self._work.link
            self._work.linked(link)
            self._upkeep.show_how_it_stands()
            self._learned.notify_all()
            told = (link.online, link.trouble, link.fenced, link.doing)
            if told != (before.online, before.trouble, before.fenced, before.doing):
                self._board.poke()

    def tick(self) -> None:
        """What is due by the time: to be called every some seconds, and by nobody who holds a lock."""
        with self._lock:
            self._upkeep.tick()
            wanted, near = sharing.rights_wanted(self._work), self._work.neighbours
        if near is not None:
            for right, amount in wanted:
                near.ask_rights(right, amount)

    def close(self) -> None:
        """The counter stops: the floor under its clock is written down."""
        with self._lock:
            self._work.tick(closing=True)

    def clerks(self) -> list[Clerk]:
        """Those who may sign in at this counter's store, by name."""
        return clerks_at(self.catalogue.store(self.place.store), self.place.store, self.catalogue.staff)

    def check_pin(self, clerk_id: str, pin: str) -> Clerk | None:
        """The clerk whose PIN this is, or None; raises ``pin-locked`` while one has to wait."""
        return self._pins.check(self.clerks(), clerk_id, pin)

    def approvers(self) -> list[Clerk]:
        """The shift managers of this store, by name."""
        return [one for one in self.clerks() if one.role in MAY_APPROVE]
