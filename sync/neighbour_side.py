"""One counter's end of the exchange with the other counters of its store, whoever starts it.

Rules of this module:

- It sends the feeds of its store's counters, its own and others', and head office's to any of them: so what one has,
  and what is for one, is carried by all. Never a feed to its own writer, and none without its writer's certificate.
- Behind the last good entry of a life that was revoked nothing is sent, and nothing is taken from whoever carries it.
- It accepts the same, except feeds of its own: a longer one of those is told to a person (this disk was restored).
- Little goes in one message, and is folded in small pieces: a neighbour's past is never in the way of a redemption.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.core.entry import Entry
from sync.certificates import Certificate
from sync.counter_side import CounterSide, overtaken
from sync.exchange import KeepFork, Side
from sync.neighbourhood import Neighbourhood, NeighbourTrust
from sync.offering import Limits, MarkOf

LIMITS = Limits(entries=512, body_bytes=256 * 1024)
FOLDED_AT_ONCE = 64


def side_towards(
    neighbour: Certificate,
    counter: CounterSide,
    near: Neighbourhood,
    *,
    learn: Callable[[Sequence[Entry]], None],
    keep_fork: KeepFork,
    mark_of: MarkOf,
) -> Side:
    """Our side of the exchange with ``neighbour``, who was admitted. ``learn`` folds entries that are durable."""

    def in_pieces(entries: tuple[Entry, ...]) -> None:
        for at in range(0, len(entries), FOLDED_AT_ONCE):
            learn(entries[at : at + FOLDED_AT_ONCE])

    return Side(
        store=counter.side.store,
        trust=NeighbourTrust(near, counter.enrolment.head_office_keys),
        may_send=lambda feed: (
            near.is_told_here(feed)
            or (
                near.is_store_feed(feed)
                and feed.origin != neighbour.feed.origin
                and near.certificate_of(feed) is not None
                and not near.is_over(feed, counter.side.store.heads()[feed].n)
            )
        ),
        keep_fork=keep_fork,
        sign=counter.side.sign,
        bundle_version=counter.side.bundle_version,
        limits=LIMITS,
        learned=in_pieces,
        vouch=near.certificate_of,
        meet=near.meet,
        mark_of=mark_of,
        # entries that a thief wrote with a stolen device, which a neighbour took before it had heard of that
        ignores=lambda segment: near.is_over(segment.feed, segment.checkpoint.n),
        closed=overtaken(counter.side.store),
    )
