"""Which entries of a counter's life count: those up to where it was revoked, or up to where its journal forked.

Rules of this module:

- All that authenticates is stored. Entries behind a life's ``counts_to`` are in quarantine: they are in no figure, no
  other counter is told of them, and no receipt says that they are good.
- A life is revoked by a person, who names its last good entry. A fork sets ``counts_to`` by itself, to what was counted
  when it was found; from then on a person decides (:mod:`sync.head_office.decisions`).
- A message by a revoked key is refused in words. Its feed may still come, carried by others or on a stick: what was
  written before the theft must not be lost with the thief.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kiosk.core.entry import Entry, FeedId, Head
from kiosk.errors import ExchangeError
from sync.head_office.records import Enrolment
from sync.head_office.store import HeadOfficeStore
from sync.offering import head_at


def life_of(store: HeadOfficeStore, feed: FeedId) -> Enrolment | None:
    """The enrolment that ``feed`` is written under."""
    return next((life for life in store.enrolments() if life.feed == feed), None)


def refuse_if_revoked(life: Enrolment) -> None:
    """Raise ``counter-revoked`` for a message by a key that was revoked (a stolen counter)."""
    if life.revoked:
        raise ExchangeError(
            "counter-revoked",
            "Head office has revoked this counter: nothing that it does counts any more",
            where=str(life.feed),
            cure="Call head office. If the counter is where it belongs, enrol it anew with a one-time code.",
        )


def counted(store: HeadOfficeStore, feed: FeedId, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Those of ``entries`` that count."""
    last = _counts_to(store, feed)
    return entries if last is None else [entry for entry in entries if entry.n <= last]


def good_head(store: HeadOfficeStore, feed: FeedId, head: Head) -> Head:
    """How far ``feed`` may be receipted when its head here is ``head``."""
    last = _counts_to(store, feed)
    if last is None or last >= head.n:
        return head
    found = head_at(store, feed, last)
    assert found is not None  # entries are never dropped
    return found


def _counts_to(store: HeadOfficeStore, feed: FeedId) -> int | None:
    life = life_of(store, feed)
    return None if life is None else life.counts_to


def fence(store: HeadOfficeStore, life: Enrolment) -> None:
    """A fork of the life's feed was found: what is counted stays, and nothing more is counted by itself."""
    if not life.fenced:
        held_n = store.head(life.feed).n
        counts_to = held_n if life.counts_to is None else min(life.counts_to, held_n)
        store.put_enrolment(replace(life, fenced=True, counts_to=counts_to))
