"""Contact details at the counter: sealed at once, kept as files beside the journal until head office has them.

Rules of this module:

- Order of acts: the sealed file is durable, then the journal's entry with its SHA-256. If power fails between the two,
  head office gets a ciphertext that no entry names; the other way round, an entry would promise what is not there.
- Nothing here can be read by this counter, or by who takes it away: it has the public key only.
- A file is deleted when head office has it (or has erased it). The chain stays as it is.
- What was typed is held in memory for the call and named in no log line or error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from kiosk.clock import Clock, to_ms
from kiosk.config import Enrolment, write_private
from kiosk.contact import MAX_CASE_BYTES, MAX_SEALED_BYTES, PART, ContactError, seal
from kiosk.core.bundle import read_manifest
from kiosk.core.fact import ContactSealed
from kiosk.errors import BundleError
from kiosk.ports import CachedBundle


class KeptContacts:
    """The folder of sealed contact details; one file each, named by its SHA-256. Safe from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, case: bytes, sealed: bytes) -> bytes:
        """Keep ``sealed`` of ``case``; durable when this returns. Its SHA-256. Raises ``SetupError``."""
        sha256 = hashlib.sha256(sealed).digest()
        write_private(self._folder / sha256.hex(), bytes([len(case)]) + case + sealed)
        return sha256

    def waiting(self, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """Up to ``limit`` of (case, sealed) that head office does not have yet."""
        found = []
        for path in sorted(self._folder.glob("?" * 64))[:limit]:
            kept = _read(path)
            if kept is None:
                path.unlink(missing_ok=True)  # bytes that the disk has damaged open for nobody
            else:
                found.append(kept)
        return found

    def drop(self, sha256: bytes) -> None:
        """Head office has it."""
        (self._folder / sha256.hex()).unlink(missing_ok=True)


def _read(path: Path) -> tuple[bytes, bytes] | None:
    with path.open("rb") as file:
        content = file.read(1 + MAX_CASE_BYTES + MAX_SEALED_BYTES + 1)
    case, sealed = content[1 : 1 + content[0]] if content else b"", content[1 + content[0] :] if content else b""
    return (case, sealed) if hashlib.sha256(sealed).hexdigest() == path.name else None


class ContactDesk:
    """The use case: keep somebody's contact details for a case.

    ``bundle`` is the one in force; ``append`` writes a fact to the own feed, durable when it returns.
    """

    def __init__(
        self,
        kept: KeptContacts,
        enrolment: Enrolment,
        clock: Clock,
        *,
        bundle: Callable[[], CachedBundle | None],
        append: Callable[[ContactSealed], object],
    ) -> None:
        self._kept, self._enrolment, self._clock = kept, enrolment, clock
        self._bundle, self._append = bundle, append

    def keep_contact(self, details: bytes, case: bytes) -> bytes:
        """Seal ``details`` (UTF-8, as the pages agree) for ``case``, and write down that they are there; their SHA-256.

        Raises :class:`ContactError` (``contact-key-missing``, ``contact-too-long``), ``SetupError``, ``JournalError``;
        then nothing of what was typed is kept.
        """
        sealed = seal(self._public_key(), self._enrolment.origin, case, details)
        sha256 = self._kept.put(case, sealed)
        self._append(ContactSealed(at_ms=to_ms(self._clock.now()), sha256=sha256, case=case))
        return sha256

    def _public_key(self) -> bytes:
        """Head office's key for contacts, out of the bundle in force: its publisher signed it."""
        cached = self._bundle()
        key = None if cached is None else _part(cached, self._enrolment.root_key)
        if key is None:
            raise ContactError(
                "contact-key-missing",
                "Head office has not told its key for contact details yet",
                cure="Wait until this counter has been online once; write nothing down on paper.",
            )
        return key


def _part(cached: CachedBundle, root_key: bytes) -> bytes | None:
    try:
        mark = read_manifest(cached.envelope, root_key, 0).parts.get(PART)
    except BundleError:
        return None
    part = None if mark is None else cached.parts.get(mark.sha256)
    # a part that somebody changed on this disk, to have details sealed to a key of their own
    return part if part is not None and mark is not None and hashlib.sha256(part).digest() == mark.sha256 else None
