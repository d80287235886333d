"""From the tap on Redeem to "hand it over", and to the next customer.

Rules of this module:

- Order of acts: the entry is durable in the journal, and only then the display says "hand it over".
- The intent minted when a verdict is shown is written into the redemption: the same intent is answered from the
  standing, so double taps, two tabs, a reload and a lost answer redeem once.
- A yes takes its rights: they are written into the redemption, so that the same entry spends them. Where head office
  was asked and has not answered, the tap is decided as if the line were down (:mod:`kiosk.single_rights`).
- What a tap needs and what is written down: :mod:`kiosk.redeeming`. What becomes of it after: :mod:`kiosk.stubs`.
- Not locked here: the counter's lock is held by whoever calls.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk import answering, sharing
from kiosk.answering import Known
from kiosk.clock import from_ms
from kiosk.core.escrow import spends
from kiosk.core.fact import Redemption, Spent
from kiosk.core.reservation import Reply
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Display, Redeemed, Showing, State
from kiosk.errors import JournalError
from kiosk.ledger import StubName
from kiosk.looking import Looks
from kiosk.redeeming import Approval, Look, Occasion, hindrance, redemption
from kiosk.sale import NOT_THAT_SALE
from kiosk.single_rights import SingleRights
from kiosk.workplace import Workplace


class Redemptions:
    """The use cases of one showing: redeem it, tell what the sale comes to."""

    def __init__(self, work: Workplace, looks: Looks, rights: SingleRights) -> None:
        self._work = work
        self._rights = rights
        self._looks = looks
        self._board = work.board
        work.on_reopened = self._show_what_is_written

    def redeem(self, showing_id: str, clerk_id: str, look: Look, approval: Approval | None) -> Display:
        """Redeem what is shown under ``showing_id``. A repeat changes nothing."""
        work = self._work
        work.till.on_duty = clerk_id
        work.reopen_if_stopped()
        display = self._board.display
        showing = display.showing
        if showing is None or showing.id != showing_id or display.state is not State.VERDICT:
            return display
        known = self._rights.known(showing)
        verdict = self._rights.verdict(showing, known)
        published_anew = work.promotion(verdict.promotion) != showing.promotion
        if published_anew or answering.raises_an_alarm(showing, verdict):
            return self._looks.answer_again(showing)
        asks = verdict.outcome is Outcome.ASK
        if verdict.outcome is Outcome.REFUSE or (asks and approval is None):
            return self._board.show(State.VERDICT, replace(showing, verdict=verdict))
        missing = hindrance(showing, verdict, look, work.clock.monotonic_s())
        if missing is not None:
            return self._board.show(State.VERDICT, replace(showing, verdict=verdict), note=str(missing))
        spent = self._spends(showing, known)
        if spent is None:  # what a manager may say yes to beside the clock: not to a right that is not here
            without = replace(verdict, outcome=Outcome.REFUSE, reason=Reason.NO_ALLOWANCE, facts={})
            return self._board.show(State.VERDICT, replace(showing, verdict=without))
        credential = answering.credential_again(showing, known)
        version, told_n = work.catalogue.version, work.ledger.head_office_n()
        peers = work.ledger.neighbours_n()
        occasion = Occasion(work.place.store, clerk_id, known.now, version, told_n, work.till.sale, peers, spent)
        fact = redemption(showing, credential, verdict, occasion, look, approval if asks else None)
        return self._write(showing, fact)

    def _spends(self, showing: Showing, known: Known) -> tuple[Spent, ...] | None:
        """The rights that it takes; None where they are not here."""
        question = answering.question_again(showing, known)
        return None if question is None else spends(question, self._work.standing.accounts)

    def not_reserved(self, showing_id: str, reply: Reply) -> Display:
        """Another counter of the store objects to what is shown under ``showing_id``: nothing is redeemed."""
        display = self._board.display
        showing = display.showing
        if showing is None or showing.id != showing_id or display.state is not State.VERDICT:
            return display
        return self._board.show(State.VERDICT, replace(showing, verdict=sharing.not_reserved(showing.verdict, reply)))

    def tell_sale(self, basket_minor: int | None, customer: str, sale: bytes | None) -> Display:
        """What ``sale`` (None: the open one) comes to, and its customer; what is shown is decided anew."""
        till, display = self._work.till, self._board.display
        if sale not in (None, till.sale.id):
            return self._board.show(display.state, display.showing, note=NOT_THAT_SALE)
        till.tell(basket_minor, customer)
        if display.state is not State.VERDICT or display.showing is None:
            return self._board.show(display.state, display.showing)
        verdict = self._rights.verdict(display.showing, self._work.known())
        return self._board.show(State.VERDICT, self._rights.asked(replace(display.showing, verdict=verdict)))

    def _write(self, showing: Showing, fact: Redemption) -> Display:
        try:
            self._work.append(fact)
        except JournalError as error:
            return self._show_if_written(showing) or self._board.show(State.VERDICT, showing, note=str(error))
        shown = self._show_if_written(showing)
        assert shown is not None, "a redemption that was written is not in the standing"
        return shown

    def _show_if_written(self, showing: Showing) -> Display | None:
        """Say "hand it over" if the journal holds the redemption of this showing; None where it does not.

        It is durable then: whatever happens next, a restart finds it and asks "given?".
        """
        work = self._work
        found = work.standing.redemption_of(bytes.fromhex(showing.id))
        fact = None if found is None else work.ledger.stubs.get(StubName(found[0].incarnation, found[1]))
        if found is None or fact is None or found[0] != work.ledger.feed:
            return None
        work.wake()
        if showing.screen is not None:
            work.album.keep(fact.credential, showing.screen.jpeg)
        stub = Redeemed(found[1], from_ms(fact.at_ms), fact.clerk)
        work.till.redeemed(stub.n, fact)
        return self._board.show(State.REDEEMED, replace(showing, redeemed=stub))

    def _show_what_is_written(self) -> None:
        """If what is on display turns out to be written, show it as redeemed: a second tap would double it."""
        display = self._board.display
        if display.state is State.VERDICT and display.showing is not None:
            self._show_if_written(display.showing)
