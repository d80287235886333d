"""From what is in view, typed or in a photo to the answer on display.

Rules of this module:

- Which code in view wants an answer, :mod:`kiosk.attention` says; what the answer is, :mod:`kiosk.answering`.
- An open verdict is replaced by another code only where the clerk has no more use for it (:meth:`Looks.may_replace`);
  what the clerk typed or scanned by hand was done on purpose.
- "Given?" and a stub that no page has shown stay.
- A check-in screen is never redeemed by itself.
- Not locked here: the counter's lock is held by whoever calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kiosk import answering
from kiosk.attention import Attention, Choice, Seen, Shown
from kiosk.core.credential import present
from kiosk.core.promotion import Promotion
from kiosk.core.rules import USED_ONCE
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Display, FilmedScreen, Showing, State
from kiosk.screens import PhoneInView, SeenScreen, filmed, says_more
from kiosk.single_rights import SingleRights
from kiosk.workplace import Workplace

ACCEPT_HELD_S = 45.0
"""An accept waits this long for the clerk after its code left the view, before another code may replace it."""

_BY_THE_LINE = (Reason.COUNTER_FENCED, Reason.NO_ALLOWANCE, Reason.PROMOTIONS_STALE, Reason.CLOCK_SUSPECT)


class Looks:
    """What the counter looks at. ``frames`` were seen since the start, and ``read`` codes of them were answered."""

    def __init__(self, work: Workplace, rights: SingleRights) -> None:
        self._work = work
        self._rights = rights
        self._board = work.board
        self._clock = work.clock
        self._attention = Attention(work.mint)
        self._phone = PhoneInView()
        self._last_in_view_s = work.clock.monotonic_s()
        self.frames = self.read = 0

    # --- what changed -------------------------------------------------------------------------

    def show_what_changed(self) -> None:
        """Idle lists what is on and asks for a pick; an open verdict whose promotion changed is given anew."""
        display = self._board.display
        if display.state is State.IDLE:
            self._board.show(State.IDLE)
        elif display.state is State.VERDICT and display.showing is not None and self._is_outdated(display.showing):
            self.answer_again(display.showing)
        else:
            self._board.poke()

    def _is_outdated(self, showing: Showing) -> bool:
        return showing.promotion is not None and self._work.promotion(showing.promotion.id) != showing.promotion

    def answer_again(self, showing: Showing) -> Display:
        """Its promotion was published anew. A screen that was read for other marks has to be read anew."""
        if showing.screen is None:
            return self._answer(showing.text, showing.source)
        now = None if showing.promotion is None else self._work.promotion(showing.promotion.id)
        if answering.has_same_marks(now, showing.promotion):
            return self._show_screen(showing.screen, in_view=self._phone.shows(showing.id))
        if self._phone.shows(showing.id):
            self._phone.forget()
        return self._board.show(State.IDLE)

    def decide_anew(self) -> None:
        """More is known, or the line has changed: what is shown is decided anew where that can make a difference.

        The showing stays, with its picture and its promise; what is shown of it may change.
        """
        display = self._board.display
        showing = display.showing
        if display.state is not State.VERDICT or showing is None or showing.screen is not None:
            return
        if showing.credential_kind not in USED_ONCE and showing.verdict.reason not in _BY_THE_LINE:
            return
        verdict = self._rights.verdict(showing, self._work.known())
        anew = self._rights.asked(replace(showing, verdict=verdict))
        if not answering.says_the_same(anew, showing) or anew.granted != showing.granted:
            self._board.show(State.VERDICT, anew)
        elif anew.asked_n != showing.asked_n:
            self._board.amend(anew)

    def may_replace(self, *, by_known_code: bool = False) -> bool:
        """Whether another code may take the place of what is on display."""
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

    # --- codes --------------------------------------------------------------------------------

    def in_view(self, sightings: Sequence[Seen]) -> None:
        """Told on each frame which codes are in view."""
        self.frames += 1
        now_s, offered = self._clock.monotonic_s(), self.choices
        texts = self._attention.steady([one.text for one in sightings], now_s, self._work.known().turning)
        known = any(self.promotion_of(text) is not None for text in texts)
        if known:
            self._phone.code_seen(now_s)
        display = self._board.display
        on_display = "" if display.showing is None else display.showing.text
        if on_display and on_display in texts:
            self._last_in_view_s = now_s
        shown = Shown(on_display, self.may_replace(by_known_code=known), display.state is State.REDEEMED)
        text = self._attention.turn(texts, now_s, lambda text: self.promotion_of(text) is not None, shown)
        if text is not None:
            self.read += 1
            self._answer(text, "camera")
        if self.choices != offered:
            self.show_what_changed()
        self._answer_screen_in_view()

    def promotion_of(self, text: str) -> Promotion | None:
        """The promotion that knows the code, if it may be told of by now."""
        return self._work.promotion(self._work.known().decide(present(text)).promotion)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The codes in view that wait for the clerk to pick one."""
        return () if self._board.display.state is State.GIVEN else self._attention.offered

    def pick(self, choice_id: str) -> Display:
        """Answer the code that is offered under ``choice_id``; one that was taken away since changes nothing."""
        text = self._attention.text_of(choice_id, self._clock.monotonic_s())
        return self._board.display if text is None else self.look(text, "camera")

    def look(self, shown: str | SeenScreen, source: str) -> Display:
        """Answer what was typed, scanned by hand or is in a photo, in place of an open verdict."""
        display = self._board.display
        if display.state is State.GIVEN or (display.state is State.REDEEMED and not self.may_replace()):
            return display
        if isinstance(shown, str):
            return self._answer(shown, source)
        self._work.till.turn_to(display, None)
        return self._show_screen(filmed(shown, source), in_view=False)

    def _answer(self, text: str, source: str) -> Display:
        self._last_in_view_s = self._clock.monotonic_s()
        self._work.till.turn_to(self._board.display, text)
        text = self._attention.answered(text, self._last_in_view_s)
        showing = answering.showing_of_text(text, source, self._work.mint().hex(), self._work.known())
        return self._board.show(State.VERDICT, self._rights.asked(showing))

    # --- screens ------------------------------------------------------------------------------

    def screen_in_view(self, sighting: SeenScreen | None) -> None:
        """Told when more was read of the phone in view, or (None) that it has left."""
        screen = None if sighting is None else filmed(sighting)
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
        if screen is not None and self.may_replace():
            self.read += 1
            self._work.till.turn_to(self._board.display, None)
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
        showing = self._screen_showing(screen, self._work.mint().hex())
        self._last_in_view_s = self._clock.monotonic_s()
        if in_view:
            self._phone.answered(screen.reading, showing.id)
        return self._board.show(State.VERDICT, showing)

    def _screen_showing(self, screen: FilmedScreen, showing_id: str) -> Showing:
        begun = replace(screen, since_s=self._clock.monotonic_s(), touched=False)
        return answering.showing_of_screen(begun, showing_id, self._work.known(), self._work.album)

    def touch(self, showing_id: str) -> None:
        """The clerk has touched the filmed picture: from now on it stays as it is."""
        showing = self._board.display.showing
        if showing is not None and showing.id == showing_id and showing.screen is not None:
            self._board.amend(replace(showing, screen=replace(showing.screen, touched=True)))
