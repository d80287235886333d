"""What the use cases and the exchange need of the world, as protocols.

A port's real implementation lies at the edge (``kiosk.journal``, ``sync.head_office.store``); its
in-memory twin lies in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from kiosk.core.bundle import PartMark
from kiosk.core.entry import NO_ENTRIES, Checkpoint, Entry, FeedId, Head
from kiosk.core.fact import Fact
from kiosk.core.reservation import Reply
from kiosk.core.rights import Right
from kiosk.errors import CounterfoilError

RESERVE_LIMIT_S = 0.3
RIGHTS_LIMIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a feed begins here: behind ``after`` (older entries were pruned). ``opened``: the body of its entry 1."""

    after: Head
    opened: bytes | None


class FeedStore(Protocol):
    """Where feeds lie: a counter's journal and head office's database alike. Safe to call from any thread."""

    def heads(self) -> Mapping[FeedId, Head]:
        """Every feed held, and how far it goes."""
        ...

    def entries(self, feed: FeedId, after_n: int, limit: int) -> Sequence[Entry]:
        """Up to ``limit`` entries of ``feed`` with numbers above ``after_n``, in order."""
        ...

    def beginning(self, feed: FeedId) -> Beginning:
        """Where ``feed`` begins here."""
        ...

    def checkpoint(self, feed: FeedId) -> Checkpoint | None:
        """The newest checkpoint of ``feed``."""
        ...

    def store_segment(self, entries: Sequence[Entry], checkpoint: Checkpoint) -> None:
        """Append verified ``entries`` of one foreign feed with their checkpoint, in one transaction.

        The first entry follows the feed's head; anything else raises ``ExchangeError`` and stores nothing.
        """
        ...


def unpruned(store: FeedStore, feed: FeedId) -> Beginning:
    """Where a feed begins in a store that prunes nothing."""
    first = store.entries(feed, 0, 1)
    return Beginning(NO_ENTRIES, first[0].body if first else None)


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


class ContactStore(Protocol):
    """Where sealed contact details wait for head office."""

    def waiting(self, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """Up to ``limit`` of (case, sealed)."""
        ...

    def drop(self, sha256: bytes) -> None:
        """Head office has the one with this SHA-256."""
        ...


class Carrier(Protocol):
    """What the counter sees of the link to head office; filled by ``sync`` when it is there."""

    def wake(self) -> None:
        """There is something to send."""
        ...


class Neighbours(Protocol):
    """What the counter sees of the other counters of its store; filled by ``sync`` when it is there.

    Never ask while holding a lock that answering needs: two counters that ask each other would both find silence.
    """

    def wake(self) -> None:
        """There is something to tell them."""
        ...

    @property
    def reached(self) -> int:
        """How many were heard of in the last half minute."""
        ...

    @property
    def trouble(self) -> str | None:
        """What a person must know, in a sentence; None: nothing."""
        ...

    def reserve(self, promotion: str, digest: bytes, intent: bytes, limit_s: float = RESERVE_LIMIT_S) -> Reply:
        """Reserve a credential (16 bytes) at every neighbour, to redeem it under ``intent`` (16 bytes).

        YES: nobody who answered within ``limit_s`` objects; decide once more, then write. Else why not.
        """
        ...

    def ask_rights(self, right: Right, amount: int, limit_s: float = RIGHTS_LIMIT_S) -> int:
        """Ask for ``amount`` of a right, one neighbour after the other; what came is in the journal and folded."""
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


@dataclass(frozen=True, slots=True)
class StickRead:
    """What became of one stick file: taken in, or ``refused`` with nothing changed.

    ``entries`` are those newly stored, ``bundle_version`` the promotions installed from it (0: none), ``notes`` what a
    person must know of a file that was taken in. ``written_at_ms`` is its writer's clock, Unix milliseconds.
    """

    name: str
    sender: str = ""
    written_at_ms: int = 0
    entries: int = 0
    bundle_version: int = 0
    notes: tuple[CounterfoilError, ...] = ()
    refused: CounterfoilError | None = None


@dataclass(frozen=True, slots=True)
class FolderRead:
    """What became of the stick files in a folder; ``others`` is how many are meant for somebody else."""

    files: tuple[StickRead, ...]
    others: int


@dataclass(frozen=True, slots=True)
class StickWritten:
    """A stick file that was written. ``more``: not all fitted; the rest goes once this one has arrived."""

    name: str
    recipient: str
    entries: int
    size_bytes: int
    more: bool = False


class Stick(Protocol):
    """Going to head office and back on a stick (USB), where there is no line; filled by ``sync`` when it is there."""

    @property
    def folder(self) -> Path | None:
        """Where the stick is; None: files are downloaded and uploaded by the browser."""
        ...

    def write(self, out: BinaryIO) -> StickWritten:
        """Write the file for head office. Raises ``CounterfoilError``."""
        ...

    def read(self, file: BinaryIO, name: str) -> StickRead:
        """Take in a file from head office; what is wrong with it is in the answer, never raised."""
        ...

    def write_to(self, folder: Path) -> StickWritten:
        """Write it into ``folder``, whole or not at all. Raises ``CounterfoilError``."""
        ...

    def read_from(self, folder: Path) -> FolderRead:
        """Take in what is for us in ``folder``. Raises ``CounterfoilError`` where the folder itself is wrong."""
        ...

    def room(self) -> BinaryIO:
        """An empty file without a name, on this machine's disk, that goes when it is closed."""
        ...
