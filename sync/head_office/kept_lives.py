"""The counters that were let in, and those that were revoked, kept on disk outside the database.

Rules of this module:

- A life is in the file before the answer that lets it in leaves, and a revocation before the page says that it is done.
  So a database that was restored from a backup forgets no counter, gives no incarnation twice, lets no thief in again.
- The file only grows: a life is never taken out, a revocation never back, its last good entry never forward.
- Nothing is written where nothing is new.
- Without the file a restored head office knows the lives of its backup only: a counter enrolled since must be enrolled
  anew, and what its life before wrote stays on its own disk.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from kiosk.config import write_private
from kiosk.core.entry import FeedId
from sync.head_office.records import Enrolment
from sync.head_office.store import HeadOfficeStore

LIVES_FILE = "lives.json"


@dataclass(frozen=True, slots=True)
class KeptLife:
    """What is kept of a life: who it is, and how it ended."""

    store: str
    counter: str
    incarnation: int
    public_key: str
    key_epoch: int
    enrolled_at_ms: int
    counts_to: int | None = None
    revoked_at_ms: int | None = None
    revoked_why: str | None = None
    revoked_by: str | None = None

    @property
    def feed(self) -> FeedId:
        """The feed that it writes."""
        return FeedId(f"{self.store}/{self.counter}", self.incarnation)

    @classmethod
    def of(cls, life: Enrolment) -> KeptLife:
        """Of a fork nothing is kept: a restored head office finds it again, or knows no more of it than anybody."""
        ended = (life.counts_to, life.revoked_at_ms, life.revoked_why, life.revoked_by)
        return cls(
            life.store,
            life.counter,
            life.incarnation,
            life.public_key.hex(),
            life.key_epoch,
            life.enrolled_at_ms,
            *(ended if life.revoked else ()),
        )

    def enrolment(self) -> Enrolment:
        """The record as it was when it was let in."""
        return Enrolment(**{**asdict(self), "public_key": bytes.fromhex(self.public_key)})

    def joined(self, other: KeptLife) -> KeptLife:
        """The one that ended, and of two that did the one that ended sooner."""
        ends = [one for one in (self, other) if one.counts_to is not None]
        return min(ends, key=lambda one: one.counts_to or 0, default=self)


class Lives(Protocol):
    """Where lives are kept."""

    def held(self) -> Sequence[KeptLife]:
        """All that are kept."""
        ...

    def keep(self, lives: Iterable[Enrolment]) -> None:
        """They are on disk when this returns."""
        ...


class LivesInMemory:
    """Lives of a head office of tests and simulations; lost with it."""

    def __init__(self) -> None:
        self._kept: Mapping[FeedId, KeptLife] = {}

    def held(self) -> Sequence[KeptLife]:
        return list(self._kept.values())

    def keep(self, lives: Iterable[Enrolment]) -> None:
        self._kept = joined(self._kept, lives)


class LivesFile:
    """Lives in a file of head office's data folder."""

    def __init__(self, place: Path) -> None:
        self._path = place / LIVES_FILE
        self._turn = threading.Lock()
        self._known: Mapping[FeedId, KeptLife] = {}

    def held(self) -> Sequence[KeptLife]:
        with self._turn:
            self._known = self._read()
            return list(self._known.values())

    def keep(self, lives: Iterable[Enrolment]) -> None:
        lives = list(lives)
        if joined(self._known, lives) == self._known:
            return
        with self._turn:
            # another program of head office may have written since
            after = joined(self._read(), lives)
            text = json.dumps([asdict(one) for _, one in sorted(after.items())], indent=0) + "\n"
            write_private(self._path, text.encode())
            self._known = after

    def _read(self) -> Mapping[FeedId, KeptLife]:
        try:
            read: list[dict[str, Any]] = json.loads(self._path.read_bytes())
            kept = [KeptLife(**one) for one in read]
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError):
            return {}  # what nobody can read says nothing: it is as if it were missing
        return {one.feed: one for one in kept}


def joined(kept: Mapping[FeedId, KeptLife], lives: Iterable[Enrolment]) -> Mapping[FeedId, KeptLife]:
    """What is kept, and ``lives``. A key under a name that another key has already is left."""
    after = dict(kept)
    for life in lives:
        new = KeptLife.of(life)
        before = after.get(life.feed, new)
        if before.public_key == new.public_key:
            after[life.feed] = before.joined(new)
    return after


def put_back(store: HeadOfficeStore, kept: Iterable[KeptLife]) -> Sequence[KeptLife]:
    """Put the lives that the database lacks back into it, inside a transaction.

    Returns the revoked ones that it has but does not know to be revoked.
    """
    known = {life.feed: life for life in store.enrolments()}
    unheard = []
    for one in kept:
        life = known.get(one.feed)
        if life is None:
            store.put_enrolment(one.enrolment())
        elif one.counts_to is not None and not (life.revoked and (life.counts_to or 0) <= one.counts_to):
            unheard.append(one)
    return unheard
