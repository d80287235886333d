"""Which life of head office this is, and the feeds that it writes.

Rules of this module:

- A head office that was restored from a backup writes new feeds, under the next number: what the lost ones said is
  never contradicted.
- *Whole* is an incarnation that knows all that those before it granted (:mod:`sync.head_office.restored`); the first
  one always is.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.entry import FeedId
from kiosk.core.rights import HEAD_OFFICE
from sync.head_office.store import HeadOfficeStore

NUMBER = "incarnation"
FORGOTTEN = "forgotten"
"""The setting that says what a restored head office still waits for; empty where it is whole."""


@dataclass(frozen=True, slots=True)
class Incarnation:
    """One life of head office."""

    number: int = 1
    whole: bool = True

    @property
    def to_all(self) -> FeedId:
        """The feed to all counters."""
        return FeedId(HEAD_OFFICE, self.number)

    def feed_to(self, origin: str) -> FeedId:
        """The feed to the counter ``origin`` ("store/counter")."""
        return FeedId(f"{HEAD_OFFICE}/{origin}", self.number)


def incarnation_of(store: HeadOfficeStore) -> Incarnation:
    """The life that this database is in."""
    number = int(store.setting(NUMBER) or 1)
    return Incarnation(number, whole=number == 1 or not store.setting(FORGOTTEN))
