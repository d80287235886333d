"""Asking head office for the one right of a credential: when, and what became of it. Pure; decision 0027.

Rules of this module:

- While the line is up head office is asked for what can be used once, unless its right is here already, or its policy
  makes it this counter's (or store's) own to give.
- A credential is asked for by one entry at a time. No answer is not a no: the entry stays, and reaches head office
  whenever there is a line; until it is granted or denied, nobody asks again.
- What was granted and not redeemed is given back once the customer is gone, in an entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kiosk.core.entry import FeedId
from kiosk.core.fact import Asked, Denied, Fact, Granted
from kiosk.core.question import Question
from kiosk.core.rights import is_head_office
from kiosk.core.rules import holds_its_right, is_at_home, is_used_once

Credential = tuple[str, bytes]
"""A promotion's id and the 16 bytes of a credential."""


def wants_asking(question: Question) -> bool:
    """Whether head office is to be asked before this is redeemed."""
    if not question.known.situation.online or not is_used_once(question):
        return False
    return not holds_its_right(question) and not is_at_home(question)


@dataclass(slots=True)
class Asks:
    """What the counter that writes ``own`` asked for and has no answer to. A fold.

    Feeds may come in any order, the entries of one feed in theirs; what comes again changes nothing. An answer that
    comes behind later ones of its feed (two threads bring them) still answers.
    """

    own: FeedId | None = None
    _open: dict[int, Credential] = field(default_factory=dict)
    _answered: set[int] = field(default_factory=set)
    _last_n: dict[FeedId, int] = field(default_factory=dict)

    def apply(self, feed: FeedId, n: int, fact: Fact) -> None:
        """Fold entry ``n`` of ``feed``."""
        if not isinstance(fact, Asked | Granted | Denied):
            return
        again = n <= self._last_n.get(feed, 0)
        self._last_n[feed] = max(n, self._last_n.get(feed, 0))
        if isinstance(fact, Asked):
            if feed == self.own and not again:
                self._ask(n, (fact.promotion, fact.credential))
        elif is_head_office(feed) and fact.feed == str(self.own):
            asked_n = fact.n if isinstance(fact, Denied) else fact.asked_n
            if asked_n is not None and self._open.pop(asked_n, None) is None and not again:
                self._answered.add(asked_n)

    def _ask(self, n: int, credential: Credential) -> None:
        if n in self._answered:
            self._answered.discard(n)
        else:
            self._open[n] = credential

    def open_n(self, credential: Credential) -> int | None:
        """The own entry that asks for ``credential`` and has no answer yet; the latest, if there are several."""
        return max((n for n, one in self._open.items() if one == credential), default=None)

    def is_open(self, n: int) -> bool:
        """Whether own entry ``n`` asks and has no answer yet."""
        return n in self._open

    # --- frozen and thawed -----------------------------------------------------------------------

    def frozen(self) -> Any:
        """All of it as arrays and numbers that CBOR can hold, for a snapshot."""
        opened = [[n, *one] for n, one in sorted(self._open.items())]
        return [opened, sorted(self._answered), [[str(feed), n] for feed, n in sorted(self._last_n.items())]]

    @classmethod
    def thawed(cls, own: FeedId | None, frozen: Any) -> Asks:
        """What :meth:`frozen` gave."""
        opened, answered, last_n = frozen
        asked = {n: (promotion, digest) for n, promotion, digest in opened}
        return cls(own, asked, set(answered), {FeedId.parse(feed): n for feed, n in last_n})
