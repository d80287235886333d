"""What the use cases and the exchange need of the world, as protocols.

A port's real implementation lies at the edge (``kiosk.journal``, ``sync.head_office.store``); its
in-memory twin lies in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk.core.bundle import PartMark
from kiosk.core.entry import Checkpoint, Entry, FeedId, Head
from kiosk.core.fact import Fact


class FeedStore(Protocol):
    """Where feeds lie: a counter's journal and head office's database alike. Safe to call from any thread."""

    def heads(self) -> Mapping[FeedId, Head]:
        """Every feed held, and how far it goes."""
        ...

    def entries(self, feed: FeedId, after_n: int, limit: int) -> Sequence[Entry]:
        """Up to ``limit`` entries of ``feed`` with numbers above ``after_n``, in order."""
        ...

    def checkpoint(self, feed: FeedId) -> Checkpoint | None:
        """The newest checkpoint of ``feed``."""
        ...

    def store_segment(self, entries: Sequence[Entry], checkpoint: Checkpoint) -> None:
        """Append verified ``entries`` of one foreign feed with their checkpoint, in one transaction.

        The first entry follows the feed's head; anything else raises ``ExchangeError`` and stores nothing.
        """
        ...


class Appender(Protocol):
    """The writing end of one's own feed."""

    @property
    def feed(self) -> FeedId:
        """The feed that this one writes."""
        ...

    def append(self, facts: Sequence[Fact]) -> Sequence[Entry]:
        """Write ``facts`` behind the head in one transaction; durable when this returns."""
        ...


@dataclass(frozen=True, slots=True)
class CachedBundle:
    """A bundle as it lies in the cache: the signed envelope as received and its parts by SHA-256."""

    envelope: bytes
    parts: Mapping[bytes, bytes]


class ChunkCache(Protocol):
    """Where the chunks of code lists go, instead of into :class:`CachedBundle`; in force is what is installed."""

    @property
    def complete(self) -> bool:
        """Whether all that is in force is there; a damaged file is noticed at any time."""
        ...

    def held(self) -> Container[bytes]:
        """The SHA-256 of the chunks that need not be fetched."""
        ...

    def stage(self, sha256: bytes, chunk: bytes) -> None:
        """Keep a verified chunk until :meth:`build`. Raises ``BundleError``."""
        ...

    def build(self, chunks: Mapping[str, PartMark], progress: Callable[[int, int], None]) -> None:
        """Make ready for installing a bundle with these chunks (by the names of their parts). Raises ``BundleError``.

        ``progress`` is told how many codes are done, out of how many.
        """
        ...

    def tidy(self) -> None:
        """Let go of what is no longer in force; called when a bundle was installed."""
        ...


class Carrier(Protocol):
    """What the counter sees of the link to head office; filled by ``sync`` when it is there."""

    def wake(self) -> None:
        """There is something to send."""
        ...


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the link to head office stands. Instants are Unix milliseconds; None: never."""

    online: bool = False
    last_contact_ms: int | None = None
    offline_since_ms: int | None = None
    trouble: str | None = None  # one sentence, or None
    fenced: bool = False  # head office holds another history of this counter's feed
    doing: str | None = None  # what takes its time just now, in a few words
