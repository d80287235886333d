"""Every listed code that a counter knows, in a few mapped files beside its journal.

Rules of this module:

- A file holds the codes of some chunks and says by SHA-256 of which. Which chunks are in force, and what their codes
  are, the bundle says that the journal has installed: :meth:`CodeCache.use`. So after a crash at any moment the old
  state is there whole, or the new one is.
- New chunks make a small file beside the large one; when too much of the files is dead, all become one file.
- A file that is missing or damaged, at opening or on a later reading, is dropped, and its chunks are missing: they are
  fetched again. Nothing of a damaged file is ever an answer.
- Files go only after the journal has said that they are no longer in force (:meth:`CodeCache.tidy`).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kiosk.code_lists.build import ChunkSource, Progress, SegmentSource, Source, build
from kiosk.code_lists.segment import CHUNK_BITS, IN_CHUNK, Segment, SegmentDamagedError
from kiosk.core.bundle import PartMark
from kiosk.core.code_lists import CODE_BYTES, CODES_IN_CHUNK, FoundCode, place_of
from kiosk.durable import make_folder
from kiosk.errors import BundleError

MAX_FILES = 8
DEAD_SHARE = 16
"""Of all rows one in so many may be dead or beside the large file, and two chunks' worth."""

_Places = Sequence[tuple[str, int] | None]
"""For each chunk of a file: whose it is, and the index of its first code; None: not in force."""
Wanted = Mapping[bytes, int]
"""Chunks by SHA-256, and how many codes each has."""

log = logging.getLogger(__name__)


class CodeCache:
    """A :class:`kiosk.core.code_lists.CodeLists` and :class:`kiosk.ports.ChunkCache` in a folder of its own.

    ``find`` is for any thread; building is for one.
    """

    def __init__(self, folder: Path) -> None:
        """Open what is in ``folder``, which is made. Nothing is in force before :meth:`use`."""
        self._folder = folder
        self._staged = folder / "fetched"
        self._good: dict[bytes, None] = {}
        self._guard = threading.RLock()
        self._segments: list[Segment] = []
        self._places: Mapping[bytes, tuple[str, int]] = {}
        self._view: tuple[tuple[Segment, _Places], ...] = ()
        self.missing: frozenset[bytes] = frozenset()
        """The SHA-256 of chunks that are in force and not here."""
        with contextlib.suppress(OSError):  # a full disk stops no counter: it starts, without its lists, and says so
            make_folder(folder)  # durably: what the journal puts in force must be found in it after a power cut
        for path in sorted(folder.glob("*.codes")):
            try:
                self._segments.append(Segment(path))
            except SegmentDamagedError as error:
                self._remove(path, error)

    # --- answers ------------------------------------------------------------------------------

    def find(self, digest: bytes) -> FoundCode | None:
        """The live code with this digest; None also where the file that had it turns out to be damaged."""
        code = digest[:CODE_BYTES]
        for segment, places in self._view:
            try:
                for position in segment.positions(code):
                    place = places[position >> CHUNK_BITS]
                    if place is not None:
                        return FoundCode(place[0], place[1] + (position & IN_CHUNK))
            except (SegmentDamagedError, IndexError) as error:
                self._distrust(segment, error)
        return None

    @property
    def complete(self) -> bool:
        """Whether all that is in force is here."""
        return not self.missing

    def use(self, chunks: Mapping[str, PartMark]) -> None:
        """Put the chunks of the installed bundle in force, by the names of their parts."""
        places = {mark.sha256: place for name, mark in chunks.items() if (place := place_of(name)) is not None}
        with self._guard:
            self._places = {sha: (promotion, k * CODES_IN_CHUNK) for sha, (promotion, k) in places.items()}
            self._arrange()

    def _arrange(self) -> None:
        view: list[tuple[Segment, _Places]] = []
        left = dict(self._places)
        for segment in sorted(self._segments, key=lambda one: one.rows, reverse=True):
            places = [left.pop(sha, None) for sha in segment.chunks]
            if any(places):
                view.append((segment, places))
        self._view, self.missing = tuple(view), frozenset(left)

    def _distrust(self, segment: Segment, error: Exception) -> None:
        with self._guard:
            if segment in self._segments:
                self._segments.remove(segment)
                self._arrange()
                self._remove(segment.path, error)

    def _remove(self, path: Path, error: Exception) -> None:
        log.warning("a list of codes is damaged and is fetched again: %s", error)
        with contextlib.suppress(OSError):  # one that stays is found out again
            path.unlink()

    # --- taking in ----------------------------------------------------------------------------

    def held(self) -> frozenset[bytes]:
        """The SHA-256 of all chunks whose codes are here, in force or not, or that were fetched."""
        with self._guard:
            return frozenset(sha for segment in self._segments for sha in segment.chunks) | self._fetched()

    def stage(self, sha256: bytes, chunk: bytes) -> None:
        """Keep a verified chunk until :meth:`build`. Raises ``BundleError`` ``lists-not-written``."""
        with self._writing():
            make_folder(self._folder)
            self._staged.mkdir(exist_ok=True)
            beside = self._staged / "new"
            beside.write_bytes(chunk)
            beside.replace(self._staged / sha256.hex())
            self._good[sha256] = None

    def _fetched(self) -> frozenset[bytes]:
        """Chunks staged before; after a crash they are hashed again before they count."""
        if not self._staged.is_dir():
            return frozenset()
        for path in self._staged.iterdir():
            with contextlib.suppress(OSError, ValueError):
                named = bytes.fromhex(path.name)
                if named not in self._good and hashlib.sha256(path.read_bytes()).digest() == named:
                    self._good[named] = None
        return frozenset(self._good)

    def build(self, chunks: Mapping[str, PartMark], progress: Progress) -> None:
        """Make the files that hold these chunks, out of those fetched and those there; in force they are not yet.

        Raises ``BundleError``: ``lists-not-written``, ``lists-damaged`` (what was damaged is fetched again),
        ``bundle-part-missing``; what is in force stays so.
        """
        wanted = {mark.sha256: mark.length // CODE_BYTES for mark in chunks.values()}
        there = {sha for segment in self._segments for sha in segment.chunks}
        fresh = [sha for sha in wanted if sha not in there]
        gone = [sha for sha in fresh if sha not in self._fetched()]
        if gone:
            raise BundleError("bundle-part-missing", f"{len(gone)} parts of code lists were not fetched", cure=_STAYS)
        if self._too_much_is_dead(wanted, fresh):
            numbered, sources, rows = self._everything(wanted, fresh)
        elif fresh:
            numbered, rows = fresh, sum(wanted[sha] for sha in fresh)
            sources = [ChunkSource(self._staged / sha.hex(), number) for number, sha in enumerate(fresh)]
        else:
            return
        self._write(numbered, sources, rows, progress)

    def _too_much_is_dead(self, wanted: Wanted, fresh: Sequence[bytes]) -> bool:
        used = [one for one in self._segments if any(sha in wanted for sha in one.chunks)]
        rows = sum(one.rows for one in used) + sum(wanted[sha] for sha in fresh)
        total = sum(wanted.values())
        return len(used) >= MAX_FILES or rows > total + total // DEAD_SHARE + 2 * CODES_IN_CHUNK

    def _everything(self, wanted: Wanted, fresh: Sequence[bytes]) -> tuple[list[bytes], list[Source], int]:
        """All that is wanted, from the files there are and from the chunks fetched."""
        numbered: dict[bytes, int] = {}
        sources: list[Source] = []
        for segment in tuple(self._segments):  # a damaged one may be dropped meanwhile
            numbers = {}
            for old, sha in enumerate(segment.chunks):
                if sha in wanted and sha not in numbered:
                    numbers[old] = numbered[sha] = len(numbered)
            if numbers:
                sources.append(SegmentSource(segment, numbers))
        for sha in fresh:
            numbered[sha] = len(numbered)
            sources.append(ChunkSource(self._staged / sha.hex(), numbered[sha]))
        return list(numbered), sources, sum(wanted.values())

    def _write(self, numbered: Sequence[bytes], sources: Sequence[Source], rows: int, progress: Progress) -> None:
        path = self._folder / f"{hashlib.sha256(b''.join(numbered)).hexdigest()[:32]}.codes"
        try:
            with self._writing():
                build(path, numbered, sources, rows, progress)
            made = Segment(path)
        except SegmentDamagedError as error:
            self._drop_damaged()
            raise BundleError("lists-damaged", f"A list of codes is damaged: {error}", cure=_STAYS) from None
        with self._guard:
            self._segments = [one for one in self._segments if one.path != path] + [made]

    def _drop_damaged(self) -> None:
        for segment in list(self._segments):
            try:
                for number in range(256**segment.bucket_bytes):
                    segment.bucket(number)
            except SegmentDamagedError as error:
                self._distrust(segment, error)

    def tidy(self) -> None:
        """Remove what is no longer in force; to be called when the journal has installed what is."""
        with self._guard:
            used = {segment.path for segment, _ in self._view}
            self._segments = [one for one in self._segments if one.path in used]
            for path in (*self._folder.glob("*.codes"), *self._folder.glob("*.new")):
                if path not in used:
                    with contextlib.suppress(OSError):  # Windows keeps a file that is mapped: the next time
                        path.unlink()
            self._good.clear()
            shutil.rmtree(self._staged, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BundleError(
                "lists-not-written",
                f"The lists of codes cannot be written: {error.strerror or error}",
                where=str(self._folder),
                cure=f"Make room on that disk. {_STAYS}",
            ) from None


_STAYS = "The bundle installed before stays in force; this one is fetched again by itself."
