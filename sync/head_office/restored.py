"""Head office restored from a backup: a new incarnation, which grants nothing that an earlier one may have granted.

Rules of this module:

- At start, a database behind the position file, or without one while it has granted, was restored. So was one whose own
  feed of the incarnation in force a counter holds further, or otherwise: the signature on it is our own.
- A restored head office begins the next incarnation, under a number that none before it can have had: new feeds, pools
  that are empty (:mod:`sync.head_office.pools`), and receipts written anew, so that counters send all that it lacks.
- Counters hand back the entries of its own older feeds that it lost. What they say counts again, once.
- *Forgotten* may be what its feed to a counter said past what is held. It is so no more when the feed is as far as the
  position file says, or when every life that wrote there at the time of the restore has reported: it knows of the new
  incarnation (so it takes nothing old any more), and all that it holds is here. A life that this database does not
  know of, or that never reports, leaves it forgotten: the rest is then a person's decision.
- A life that was enrolled since the backup is named in the position file. Where that is lost too, it is known by what
  our feed to all says of it, which any counter gives back: the first receipt of each life is written there as well.
  One of which no counter that reports has heard stays unknown then: this is what cannot be found out.
- When nothing is forgotten the incarnation is whole: the rest of each cap is in its pools again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kiosk.core.entry import Entry, FeedId, Head, MalformedEntryError
from kiosk.core.fact import Granted, Receipt, UseSeen, decode_fact
from kiosk.core.rights import HEAD_OFFICE, is_head_office
from sync.exchange import Result, Taken
from sync.head_office.incarnations import FORGOTTEN, NUMBER, Incarnation, incarnation_of
from sync.head_office.lives import ended_at
from sync.head_office.positions import Positions
from sync.head_office.records import Enrolment
from sync.head_office.store import HeadOfficeStore
from sync.offering import head_at

NOBODY_KNOWS = 2**53
"""The position of a feed of which nobody knows how far it went."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Forgotten:
    """What a restored head office waits for.

    ``feeds`` are its own older ones, by name, with the number that each had reached (None: nobody knows); ``lives`` the
    counters' feeds at the time of the restore, with whether each has reported. ``blind``: the position file was lost.
    """

    feeds: dict[str, int | None] = field(default_factory=dict)
    lives: dict[str, bool] = field(default_factory=dict)
    blind: bool = False

    @classmethod
    def read(cls, store: HeadOfficeStore) -> Forgotten:
        """As it was kept last; nothing where the incarnation is whole."""
        kept = json.loads(store.setting(FORGOTTEN) or "{}")
        return cls(kept.get("feeds", {}), kept.get("lives", {}), kept.get("blind", False))

    def keep(self, store: HeadOfficeStore) -> None:
        """Keep it; nothing forgotten makes the incarnation whole."""
        kept = {"feeds": self.feeds, "lives": self.lives, "blind": self.blind}
        store.put_setting(FORGOTTEN, json.dumps(kept) if self.feeds else "")

    def positions(self) -> dict[FeedId, int]:
        """What the position file has to say of it, so that a later restore from an older backup still knows."""
        return {FeedId.parse(feed): NOBODY_KNOWS if n is None else n for feed, n in self.feeds.items()}

    def silent(self, feed: str) -> list[str]:
        """The lives that would have to report about one of our feeds, by name."""
        origin = _origin_of(feed)
        return [life for life, reported in self.lives.items() if _origin(life) == origin and not reported]

    def drop_known(self, store: HeadOfficeStore) -> None:
        """Take out the feeds of which all is known by now."""
        for feed, n in list(self.feeds.items()):
            reached = n is not None and store.head(FeedId.parse(feed)).n >= n
            wrote = [life for life in self.lives if _origin(life) == _origin_of(feed)]
            if reached or (wrote and not self.silent(feed)):
                del self.feeds[feed]


def start(store: HeadOfficeStore, positions: Positions, at_s: int = 0) -> None:
    """Before head office does anything: find out whether its database was restored. ``at_s``: as in :func:`begin`."""
    held = positions.held()  # before the database is looked at: whoever writes it commits there first
    with store.together():
        incarnation = incarnation_of(store)
        heads = own_heads(store)
        if _is_restored(store, incarnation, held, heads):
            begin(store, held, at_s)
            heads = own_heads(store)
        positions.keep(
            {feed: head.n for feed, head in heads.items()}
            | positions_of(store.enrolments())
            | Forgotten.read(store).positions()
        )


def _is_restored(
    store: HeadOfficeStore, incarnation: Incarnation, held: Mapping[FeedId, int] | None, heads: Mapping[FeedId, Head]
) -> bool:
    if held is None:
        return store.has_granted()
    in_force = {feed: n for feed, n in held.items() if is_head_office(feed) and feed.incarnation >= incarnation.number}
    return any(n > (heads[feed].n if feed in heads else 0) for feed, n in in_force.items())


def positions_of(lives: Iterable[Enrolment]) -> dict[FeedId, int]:
    """That these lives are enrolled, for the position file."""
    return {life.feed: 1 for life in lives}


def own_heads(store: HeadOfficeStore) -> Mapping[FeedId, Head]:
    """How far head office's own feeds go, of every incarnation."""
    return {feed: head for feed, head in store.heads().items() if is_head_office(feed)}


def begin(store: HeadOfficeStore, held: Mapping[FeedId, int] | None, at_s: int = 0) -> Incarnation:
    """The next incarnation. ``held`` are the positions that were reached; None: nobody knows them.

    Then the same backup may have been put back before, and what that incarnation wrote must not be written otherwise:
    the number is the time, ``at_s`` in Unix seconds, which none before it had.
    """
    before = incarnation_of(store)
    ours = [*filter(is_head_office, held or ()), *own_heads(store)]
    number = max([before.number, *(feed.incarnation for feed in ours)]) + 1
    if held is None or NOBODY_KNOWS in held.values():  # or a file begun anew since, which names no number before it
        number = max(number, at_s)
    enrolled = store.enrolments()
    lives = [life for life in enrolled if ended_at(life) is None]
    lost = [feed for feed in held or () if not is_head_office(feed) and feed not in {life.feed for life in enrolled}]
    forgotten = Forgotten.read(store)
    forgotten.feeds |= _unknown(lives, before.number) if held is None else _behind(store, held)
    forgotten.lives |= {str(feed): False for feed in [*(life.feed for life in lives), *lost]}
    forgotten.blind = forgotten.blind or held is None or NOBODY_KNOWS in held.values()
    forgotten.drop_known(store)
    forgotten.keep(store)
    store.put_setting(NUMBER, str(number))
    log.warning("the database was restored from a backup: this is incarnation %d of head office", number)
    return incarnation_of(store)


def _unknown(lives: Iterable[Enrolment], number: int) -> dict[str, int | None]:
    return {f"{HEAD_OFFICE}/{life.feed.origin}@{number}": None for life in lives}


def _behind(store: HeadOfficeStore, held: Mapping[FeedId, int]) -> dict[str, int | None]:
    """The feeds to single counters, which are those that grant, that are behind."""
    to_one = {feed: n for feed, n in held.items() if is_head_office(feed) and feed.origin != HEAD_OFFICE}
    behind = {feed: n for feed, n in to_one.items() if store.head(feed).n < n}
    return {str(feed): None if n >= NOBODY_KNOWS else n for feed, n in behind.items()}


# --- hearing of what was lost --------------------------------------------------------------------


def after_taking(
    store: HeadOfficeStore, incarnation: Incarnation, lives: Sequence[Enrolment], taken: Taken, at_s: int = 0
) -> Incarnation:
    """The incarnation that is in force after what a counter with these ``lives`` sent, now that it is stored."""
    if any(_contradicts(incarnation, applied.feed, applied.result) for applied in taken.applied):
        # a database and its position file that were set back together
        incarnation = begin(store, None, at_s)
    if not incarnation.whole:
        _heard(store, incarnation, lives, taken)
    return incarnation_of(store)


def _contradicts(incarnation: Incarnation, feed: FeedId, result: Result) -> bool:
    ours = is_head_office(feed) and feed.incarnation >= incarnation.number
    return ours and result in (Result.STORED, Result.FORK)


def _heard(store: HeadOfficeStore, incarnation: Incarnation, lives: Sequence[Enrolment], taken: Taken) -> None:
    forgotten, vector = Forgotten.read(store), taken.exchange.vector
    _note_unknown_lives(store, forgotten, taken)
    ours = [(feed, head) for feed, head in vector.items() if is_head_office(feed) and head.n > 0]
    # one that holds what another head office of this number wrote, which was lost as well, knows nothing of this one
    knows_us = any(feed.incarnation == incarnation.number for feed, _ in ours) and all(
        head_at(store, feed, head.n) == head for feed, head in ours
    )
    if knows_us and all(store.head(feed).n >= head.n for feed, head in vector.items()):
        for life in lives:
            name = str(life.feed)
            if name in forgotten.lives and life.feed in vector:
                forgotten.lives[name] = True
    forgotten.drop_known(store)
    forgotten.keep(store)


def _note_unknown_lives(store: HeadOfficeStore, forgotten: Forgotten, taken: Taken) -> None:
    """Of a life that was enrolled since the backup we may have granted to, nobody knows how much."""
    known = {str(life.feed) for life in store.enrolments() if ended_at(life) is not None} | set(forgotten.lives)
    for applied in taken.applied:
        if is_head_office(applied.feed):
            for name in {life for entry in applied.entries if (life := _life_in(entry)) is not None} - known:
                forgotten.lives.setdefault(name, False)
                if forgotten.blind:
                    forgotten.feeds.setdefault(f"{HEAD_OFFICE}/{_origin(name)}@{applied.feed.incarnation}", None)


def _life_in(entry: Entry) -> str | None:
    """The counter's life that one of our own entries speaks of."""
    try:
        fact = decode_fact(entry.body)
        name = fact.feed if isinstance(fact, Receipt | Granted | UseSeen) else None
        return name if name is not None and not is_head_office(FeedId.parse(name)) else None
    except MalformedEntryError:
        return None


def _origin(life: str) -> str:
    return life.rpartition("@")[0]


def _origin_of(feed: str) -> str:
    """The counter to which one of our feeds goes."""
    return _origin(feed).removeprefix(f"{HEAD_OFFICE}/")
