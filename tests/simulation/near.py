"""The local network of a store: the real neighbours' side, over calls that a simulated network carries or cuts.

Only two things are not the real ones: who is dialled is found in the world instead of by TLS (both show their
certificates all the same, and each admits the other), and all are asked one after another instead of at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from kiosk.core.entry import FeedId
from kiosk.core.reservation import Reply
from kiosk.errors import CounterfoilError, ExchangeError
from sync.carrying import Carrying
from sync.lan import Address, Call
from sync.neighbour_link import NeighbourLink
from sync.neighbour_messages import decode_reply
from sync.neighbourhood import Neighbourhood
from sync.neighbours import Neighbours, Parts
from sync.wire import RESERVE_PATH, Kind

if TYPE_CHECKING:
    from tests.simulation.counter import SimCounter

Dial = Callable[["SimCounter", int], "SimCounter"]
"""The device of that number, as one calls it over the local network; raises ``ExchangeError`` where it is not there."""
Carry = Callable[["SimCounter", "SimCounter", str, bytes], bytes]


class SimNeighbours(Neighbours):
    """As the real one, without threads and sockets. An address's host is the number of a device."""

    def __init__(self, parts: Parts, counter: SimCounter, dial: Dial, carry: Carry) -> None:
        super().__init__(parts)
        self._me, self._reach, self._carry = counter, dial, carry

    @contextlib.contextmanager
    def _dial(self, address: Address, limit_s: float | None = None) -> Iterator[Call]:
        there = self._reach(self._me, int(address.host))
        if self._me.near.papers is None or there.near.papers is None:
            raise ExchangeError("certificate-none", "A counter has no certificate yet")
        neighbour = self._me.near.admit(there.near.papers.certificate)
        yield Call(neighbour, lambda path, message: self._carry(self._me, there, path, message))

    def _ask_all(self, body: bytes, limit_s: float) -> dict[FeedId, Reply]:
        found = {}
        for link in self.links:
            with contextlib.suppress(CounterfoilError), self._dial(link.address, limit_s) as call:
                found[call.neighbour.feed] = decode_reply(self._ask(call, Kind.RESERVE, RESERVE_PATH, body))
        return found

    def link_to(self, number: int) -> NeighbourLink | None:
        """The link to a device."""
        return next((link for link in self.links if link.address.host == str(number)), None)

    def take_call(self, caller: SimCounter, path: str, message: bytes) -> bytes:
        """What the door does: admit who calls, then answer."""
        papers = caller.near.papers
        assert papers is not None
        return self.answer(self._me.near.admit(papers.certificate), path, message)


def carrying(counter: SimCounter, near: Neighbourhood) -> Carrying:
    """What a counter carries to head office for others."""
    return Carrying(
        counter.journal.heads,
        lambda feed: near.is_store_feed(feed) and not near.is_own(feed),
        counter.standing.receipted_n,
        counter.journal.checkpoint_between,
    )
