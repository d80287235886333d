"""A counter's redemptions after the tap: was the answer seen, was it given, what is taken back, what is listed.

Rules of this module:

- An answer that no page has shown is asked about ("given?") at the next start; so is one of an earlier life of this
  counter, which was enrolled anew since.
- Order of acts: the goods are back (or were never given), and only then the void is written. The page asks for the
  first before it sends the second.
- A void in this life's own feed undoes at once, and the rights that were spent are back. One of an earlier life names
  the old feed, and undoes once head office says so.
- Not locked here: the counter's lock is held by whoever calls.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from kiosk import answering
from kiosk.clock import to_ms
from kiosk.core.fact import Answered, Redemption, Void
from kiosk.core.question import instant
from kiosk.display import Display, State, Stub
from kiosk.errors import JournalError
from kiosk.ledger import Ledger, StubName
from kiosk.workplace import Workplace


class Stubs:
    """The stubs of one counter. ``life`` None is its present one."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._board = work.board

    @property
    def _ledger(self) -> Ledger:
        return self._work.ledger

    def _name(self, n: int, life: int | None) -> StubName:
        return StubName(self._ledger.feed.incarnation if life is None else life, n)

    def _old_feed(self, name: StubName) -> str | None:
        """The feed of an earlier life; None for the present one."""
        feed = self._ledger.life(name.life)
        return None if feed == self._ledger.feed else str(feed)

    def seen(self, showing_id: str) -> None:
        """A page has shown the answer to ``showing_id``. Written down once; not being able to is no trouble now."""
        display = self._board.display
        showing = display.showing
        if display.state is not State.REDEEMED or showing is None or showing.id != showing_id:
            return
        stub = showing.redeemed
        if stub is None or stub.seen:
            return
        with contextlib.suppress(JournalError):  # told on the status line, and asked about at the next start
            self._answered(self._name(stub.n, None), stub.clerk)
        self._board.amend(replace(showing, redeemed=replace(stub, seen=True)))

    def _answered(self, name: StubName, clerk_id: str) -> None:
        self._work.append(
            Answered(at_ms=self._work.now_ms(), n=name.n, clerk=clerk_id, feed=self._old_feed(name)),
        )

    # --- given? -------------------------------------------------------------------------------

    def given(self, n: int, yes: bool, clerk_id: str, life: int | None) -> Display:
        """Answer "was it given?" for redemption ``n``: yes keeps the stub, no voids it."""
        display, name = self._board.display, self._name(n, life)
        try:
            if name not in self._ledger.unanswered():
                pass  # settled already, by another tab or by head office
            elif yes:
                self._answered(name, clerk_id)
            else:
                self._void(name, clerk_id, "not given")
        except JournalError as error:
            if name in self._ledger.unanswered():
                return self._board.show(display.state, display.showing, note=str(error))
        if display.state is not State.GIVEN:
            return display
        self._board.show(State.IDLE)
        return self.ask_given()

    def ask_given(self) -> Display:
        """Put the oldest redemption whose answer nobody saw on display, if there is one."""
        for name in self._ledger.unanswered():
            fact = self._ledger.stubs.get(name)
            if fact is not None:
                life = None if self._old_feed(name) is None else name.life
                showing = answering.showing_of_stub(name.n, fact, self._work.promotion(fact.promotion), life)
                return self._board.show(State.GIVEN, showing)
        return self._board.display

    # --- undo ---------------------------------------------------------------------------------

    def undo(self, n: int, clerk_id: str, reason: str, life: int | None) -> Display:
        """Void redemption ``n`` of this counter: the goods are back before this is called."""
        display, name = self._board.display, self._name(n, life)
        if self._ledger.stubs.get(name) is None or self._ledger.is_taken_back(name):
            return display
        try:
            self._void(name, clerk_id, reason)
        except JournalError as error:
            if not self._ledger.is_taken_back(name):
                return self._board.show(display.state, display.showing, note=str(error))
            self._after_void(name)  # written after all
        showing = display.showing
        stub = None if showing is None else showing.redeemed
        if showing is not None and stub is not None and self._name(stub.n, stub.life) == name:
            undone = replace(stub, voided=True, seen=True)
            return self._board.show(State.REDEEMED, replace(showing, redeemed=undone))
        return self._board.show(display.state, showing)

    def _void(self, name: StubName, clerk_id: str, reason: str) -> None:
        feed = str(self._ledger.life(name.life))
        self._work.append(Void(at_ms=self._work.now_ms(), feed=feed, n=name.n, clerk=clerk_id, reason=reason))
        self._after_void(name)

    def _after_void(self, name: StubName) -> None:
        if self._old_feed(name) is None:
            self._work.till.taken_back(name.n)
        self._work.wake()

    # --- the list -----------------------------------------------------------------------------

    def since(self, since: datetime, names: Mapping[str, str]) -> list[Stub]:
        """The redemptions from ``since`` on, newest first; ``names`` of clerks by id."""
        return [self._stub(name, fact, names) for name, fact in self._ledger.stubs.since(to_ms(since))]

    def _stub(self, name: StubName, fact: Redemption, names: Mapping[str, str]) -> Stub:
        promotion = self._work.promotion(fact.promotion)
        taken_back, void = self._ledger.is_taken_back(name), self._ledger.is_void(name)
        return Stub(
            n=name.n,
            promotion=fact.promotion,
            title=fact.promotion if promotion is None else promotion.title,
            clerk=fact.clerk,
            clerk_name=names.get(fact.clerk, fact.clerk),
            at=instant(fact.at_ms),
            voided=taken_back,
            life=None if self._old_feed(name) is None else name.life,
            waits=taken_back and not void,
        )
