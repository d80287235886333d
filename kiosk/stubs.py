"""A counter's own redemptions after the tap: was the answer seen, was it given, what is taken back, what is listed.

Rules of this module:

- An answer that no page has shown is asked about ("given?") at the next start.
- Goods are back before their redemption is voided.
- Not locked here: the counter's lock is held by whoever calls.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from kiosk import answering
from kiosk.clock import from_ms, to_ms
from kiosk.core.fact import Answered, Redemption, Void
from kiosk.display import Display, State, Stub
from kiosk.errors import JournalError
from kiosk.ledger import Ledger
from kiosk.workplace import Workplace


class Stubs:
    """The stubs of one counter."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._board = work.board

    @property
    def _ledger(self) -> Ledger:
        return self._work.ledger

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
            self._answered(stub.n, stub.clerk)
        self._board.amend(replace(showing, redeemed=replace(stub, seen=True)))

    def _answered(self, n: int, clerk_id: str) -> None:
        self._work.append(Answered(at_ms=to_ms(self._work.clock.now()), n=n, clerk=clerk_id))

    def _unanswered(self) -> list[int]:
        return self._ledger.standing.unanswered(self._ledger.feed)

    def given(self, n: int, yes: bool, clerk_id: str) -> Display:
        """Answer "was it given?" for redemption ``n``: yes keeps the stub, no voids it."""
        display = self._board.display
        try:
            if n not in self._unanswered():
                pass  # settled already, by another tab or by head office
            elif yes:
                self._answered(n, clerk_id)
            else:
                self._void(n, clerk_id, "not given")
        except JournalError as error:
            if n in self._unanswered():
                return self._board.show(display.state, display.showing, note=str(error))
        if display.state is not State.GIVEN:
            return display
        self._board.show(State.IDLE)
        return self.ask_given()

    def ask_given(self) -> Display:
        """Put the oldest redemption whose answer nobody saw on display, if there is one."""
        for n in self._unanswered():
            fact = self._ledger.stubs.get(n)
            if fact is not None:
                showing = answering.showing_of_stub(n, fact, self._work.promotion(fact.promotion))
                return self._board.show(State.GIVEN, showing)
        return self._board.display

    def undo(self, n: int, clerk_id: str, reason: str) -> Display:
        """Void redemption ``n`` of this counter: the goods are back before this is called."""
        display, feed = self._board.display, self._ledger.feed
        if self._ledger.standing.redemption(feed, n) is None or self._ledger.standing.is_void(feed, n):
            return display
        try:
            self._void(n, clerk_id, reason)
        except JournalError as error:
            if not self._ledger.standing.is_void(feed, n):
                return self._board.show(display.state, display.showing, note=str(error))
            self._taken_back(n)  # written after all
        showing = display.showing
        if showing is not None and showing.redeemed is not None and showing.redeemed.n == n:
            undone = replace(showing.redeemed, voided=True, seen=True)
            return self._board.show(State.REDEEMED, replace(showing, redeemed=undone))
        return self._board.show(display.state, showing)

    def _void(self, n: int, clerk_id: str, reason: str) -> None:
        feed = str(self._ledger.feed)
        self._work.append(Void(at_ms=to_ms(self._work.clock.now()), feed=feed, n=n, clerk=clerk_id, reason=reason))
        self._taken_back(n)

    def _taken_back(self, n: int) -> None:
        self._work.till.taken_back(n)
        self._work.wake()

    def since(self, since: datetime, names: Mapping[str, str]) -> list[Stub]:
        """The redemptions from ``since`` on, newest first; ``names`` of clerks by id."""
        found = self._ledger.stubs.since(to_ms(since))
        return [self._stub(n, fact, names) for n, fact in found if from_ms(fact.at_ms) >= since]

    def _stub(self, n: int, fact: Redemption, names: Mapping[str, str]) -> Stub:
        promotion = self._work.promotion(fact.promotion)
        return Stub(
            n=n,
            promotion=fact.promotion,
            title=fact.promotion if promotion is None else promotion.title,
            clerk=fact.clerk,
            clerk_name=names.get(fact.clerk, fact.clerk),
            at=from_ms(fact.at_ms),
            voided=self._ledger.standing.is_void(self._ledger.feed, n),
        )
