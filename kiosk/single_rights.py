"""The one right of a credential: asked for at a look, awaited at the tap, given back when the customer is gone.

Rules of this module:

- What is asked, and when, :mod:`kiosk.core.asks` says. The question is an entry: it is durable, and goes to head office
  as all entries do.
- An answer is awaited at the tap for a short while. None in that time is not a no: it is decided as if the line were
  down, and the question stays open.
- What head office refused is refused here, whatever this counter would say by itself.
- A right that was granted is given back as soon as its credential is not the one on display.
- Not locked here: the counter's lock is held by whoever calls.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk import answering
from kiosk.answering import Known
from kiosk.core.asks import Credential, wants_asking
from kiosk.core.escrow import returned
from kiosk.core.fact import Asked
from kiosk.core.rights import RightKind
from kiosk.core.verdict import FactValue, Outcome, Reason, Verdict
from kiosk.display import Showing, State
from kiosk.errors import JournalError
from kiosk.workplace import Workplace

ANSWER_WITHIN_S = 2.0
"""A tap waits this long for head office: the guest stands there, and the clerk's finger is on the glass."""

_TOLD = {
    reason.value: reason
    for reason in (
        Reason.USED_HERE, Reason.USED_ELSEWHERE, Reason.UNKNOWN_CODE, Reason.OVER, Reason.PAUSED, Reason.WRONG_STORE,
        Reason.WRONG_COUNTER, Reason.COUNTER_FENCED,
    )
}  # fmt: skip
"""What head office refuses with, and is told as if it had been found here. The rest is told as its refusal."""


class SingleRights:
    """What this counter asks head office for, one credential at a time."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._asked: set[Credential] = set()

    # --- asking -------------------------------------------------------------------------------

    def asked(self, showing: Showing) -> Showing:
        """``showing``, which is (or will be) on display, with head office asked where it has to be."""
        if showing.verdict.outcome not in (Outcome.ACCEPT, Outcome.ASK) or showing.screen is not None:
            return showing
        known = self._work.known()
        credential = answering.credential_of(showing, known)
        if credential is not None and self._lacks(showing, known):
            showing = replace(showing, asked_n=self._ask((credential.promotion, credential.digest), showing))
        return replace(showing, granted=showing.asked_n is not None and self._holds(showing, known))

    def _ask(self, credential: Credential, showing: Showing) -> int | None:
        """The entry that asks for it; one that has no answer yet, or a new one. None: it could not be written."""
        self._asked.add(credential)
        asking_n = self._work.standing.asks.open_n(credential)
        if asking_n is not None or (showing.asked_n is not None and self._denied(showing) is not None):
            return asking_n or showing.asked_n
        intent, (promotion, digest) = bytes.fromhex(showing.id), credential
        try:
            self._work.append(Asked(at_ms=self._work.now_ms(), intent=intent, promotion=promotion, credential=digest))
        except JournalError:  # told on the status line
            return None
        self._work.wake()
        return self._work.standing.asked_n(intent)

    def _lacks(self, showing: Showing, known: Known) -> bool:
        question = answering.question_again(showing, known)
        return question is not None and wants_asking(question)

    def _holds(self, showing: Showing, known: Known) -> bool:
        credential = answering.credential_of(showing, known)
        accounts = self._work.standing.accounts
        return credential is not None and accounts.holds(credential.promotion, credential.digest)

    # --- what the answer was ------------------------------------------------------------------

    def awaits(self, showing_id: str) -> bool:
        """Whether what is shown under ``showing_id`` was asked for, and head office may still answer."""
        display = self._work.board.display
        showing = display.showing
        if display.state is not State.VERDICT or showing is None or showing.id != showing_id:
            return False
        is_open = showing.asked_n is not None and self._work.standing.asks.is_open(showing.asked_n)
        return is_open and self._work.is_online

    def known(self, showing: Showing) -> Known:
        """What a tap on ``showing`` rests on: where its right is not here by now, as if the line were down."""
        known = self._work.known()
        return self._work.known(alone=True) if showing.screen is None and self._lacks(showing, known) else known

    def verdict(self, showing: Showing, known: Known) -> Verdict:
        """The verdict on what is shown, over what is known now."""
        verdict = answering.decide_again(showing, known)
        why, waits = self._denied(showing), verdict.reason is Reason.NEEDS_HEAD_OFFICE
        if why is None or self._holds(showing, known):
            return replace(verdict, facts={"unanswered": True}) if waits and self._work.is_online else verdict
        if verdict.outcome is Outcome.REFUSE and not waits:
            return verdict
        told = _TOLD.get(why)
        facts: dict[str, FactValue] = {} if told is not None else {"denied": why}
        return Verdict(Outcome.REFUSE, told or Reason.NEEDS_HEAD_OFFICE, verdict.promotion, facts)

    def _denied(self, showing: Showing) -> str | None:
        return None if showing.asked_n is None else self._work.standing.denied(showing.asked_n)

    # --- giving back --------------------------------------------------------------------------

    def tidy(self) -> None:
        """Give back what was granted for a customer who is gone."""
        work = self._work
        for lot, amount in work.standing.accounts.all_lots().items():
            credential = lot.right.promotion, lot.right.subject
            if lot.right.kind is not RightKind.ONCE or credential == self._on_display() or self._keeps(credential):
                continue
            try:
                work.append(returned(lot, amount, work.now_ms()))
            except JournalError:  # told on the status line; it is tried again
                return
            self._asked.discard(credential)
            work.wake()

    def _keeps(self, credential: Credential) -> bool:
        """Whether its right stays here though nobody asks: it has an owner, and this counter became it.

        Of a promotion that is not known (a list that could not be read) nothing is given back yet.
        """
        terms = self._work.catalogue.terms(credential[0])
        return terms is None or (terms.offline.policy == "owner" and credential not in self._asked)

    def _on_display(self) -> Credential | None:
        display = self._work.board.display
        if display.state is not State.VERDICT or display.showing is None or display.showing.screen is not None:
            return None
        credential = answering.credential_of(display.showing, self._work.known())
        return None if credential is None else (credential.promotion, credential.digest)
