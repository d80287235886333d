"""The stick at head office: receipts, uses and promotions to each counter; the counters' journals back.

Rules of this module:

- What comes off a stick is stored by the very path of the line (:func:`sync.head_office.intake.take_answer`): stored
  and judged whatever it says, receipted, and the receipts go with the next stick or by the line.
- A file tells how its counter stood when it was written. One older than the last contact, or by a device that was
  there before, changes nothing of that.
- Each counter's file is sealed to the device that is in force there; files for many counters lie side by side.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from kiosk.clock import to_ms
from kiosk.core.code_lists import is_chunk
from kiosk.core.entry import NO_ENTRIES
from kiosk.errors import CounterfoilError
from kiosk.ports import FolderRead, StickRead, StickWritten
from sync import stick, stick_file, stick_folder
from sync.exchange import Result, Taken
from sync.head_office.desk import DeskError
from sync.head_office.heard import heard, note_heard
from sync.head_office.intake import ORIGIN, before_leaving, lives_of, side_towards, take_answer, us
from sync.head_office.office import HeadOffice
from sync.head_office.quarantine import refuse_if_revoked
from sync.head_office.records import Enrolment, StoredBundle
from sync.head_office.sealing import in_force
from sync.stick_file import Label
from sync.wire import NONCE_BYTES, Exchange


def counters_with_sticks(office: HeadOffice) -> list[Enrolment]:
    """The device in force at each counter, by store and counter: one file each. None for one that is revoked."""
    newest = {life.feed.origin: life for life in office.store.enrolments()}
    return [life for life in newest.values() if not life.revoked]


@dataclass(frozen=True, slots=True)
class OfficeStick:
    """Writes and reads stick files for head office. ``folder`` is where a stick is put in; None: nowhere."""

    office: HeadOffice
    folder: Path | None = None

    def room(self) -> BinaryIO:
        """An empty file without a name, on this machine's disk, that goes when it is closed."""
        return tempfile.TemporaryFile(dir=self.office.place)

    # --- out --------------------------------------------------------------------------------------

    def write(self, out: BinaryIO, origin: str, *, everything: bool = False) -> StickWritten:
        """Write the file for the counter ``origin`` ("store/counter").

        ``everything``: whatever the counter is known to hold. Raises ``counter-not-enrolled`` and ``counter-revoked``.
        """
        office, lives = self.office, lives_of(self.office, origin)
        if not lives:
            raise DeskError("counter-not-enrolled", f"{origin} is not enrolled", cure="Enrol it first.")
        device = lives[-1]
        refuse_if_revoked(device)
        label = Label(
            ORIGIN, origin, stick_file.short_id(device.public_key), stick_file.short_id(office.keys.root_public),
            os.urandom(NONCE_BYTES), to_ms(office.clock.now()),
        )  # fmt: skip
        side, bundle = side_towards(office, origin), in_force(office)
        if bundle is not None:  # one and the same for the envelope and the parts
            side = replace(side, bundle_version=lambda: bundle.version, newer_bundle=lambda _theirs: bundle.envelope)
        known = heard(office.store, device.feed)
        theirs = dict.fromkeys(known, NO_ENTRIES) if everything else known
        pages = stick.Pages([(side, theirs)], their_bundle_version=0)
        written = stick.contents(us(office), label, pages, self._parts(bundle))
        size = stick_file.write(out, label, device.public_key, written)
        before_leaving(office, [origin])  # it is a file of ours until this returns
        return StickWritten(stick_folder.name_of(ORIGIN, origin), origin, pages.entries, size, pages.more)

    def _parts(self, bundle: StoredBundle | None) -> Iterator[tuple[bytes, bytes]]:
        """The bundle's parts one by one; those that a counter needs first come first."""
        named = () if bundle is None else sorted(bundle.parts, key=lambda one: (is_chunk(one[0]), one[0]))
        for digest in dict.fromkeys(digest for _, digest in named):
            yield digest, self.office.store.parts([digest])[digest]

    def write_to(
        self, folder: Path, origins: Sequence[str] | None = None, *, everything: bool = False
    ) -> list[StickWritten]:
        """Write the files for these counters (None: all) into ``folder``, each whole or not at all."""
        chosen = [one.feed.origin for one in counters_with_sticks(self.office)] if origins is None else origins
        return [self._write_one(folder, origin, everything=everything) for origin in chosen]

    def _write_one(self, folder: Path, origin: str, *, everything: bool) -> StickWritten:
        written: list[StickWritten] = []

        def write(out: BinaryIO) -> int:
            written.append(self.write(out, origin, everything=everything))
            return written[0].size_bytes

        stick_folder.put(folder, stick_folder.name_of(ORIGIN, origin), write)
        return written[0]

    # --- in ---------------------------------------------------------------------------------------

    def read_from(self, folder: Path) -> FolderRead:
        """Take in what counters wrote into ``folder``; each file by itself."""
        return stick_folder.read_each(folder, self.read)

    def read(self, file: BinaryIO, name: str) -> StickRead:
        """Take in a file from a counter; what is wrong with it is in the answer, never raised."""
        office = self.office
        reader = stick.Reader(
            ORIGIN, office.keys.feed, office.keys.root_public, lambda origin, epoch: _key_of(office, origin, epoch)
        )
        try:
            with stick_folder.told_of_reading(name):
                return self._take(stick.survey(file, reader), name)
        except CounterfoilError as error:
            return StickRead(name, refused=error)

    def _take(self, survey: stick.Survey, name: str) -> StickRead:
        label, outcome = survey.label, stick.Outcome()
        for exchange in survey.each_exchange():
            with outcome.unless_first():
                taken = self._take_one(survey, exchange)
                outcome.add(taken, _two_histories(taken))
        return StickRead(name, label.sender, label.at_ms, outcome.entries, notes=outcome.notes)

    def _take_one(self, survey: stick.Survey, exchange: Exchange) -> Taken:
        """Store one exchange; what it tells of its counter counts only where it is the newest word of that device."""
        label = survey.label
        with self.office.store.together() as store:
            before = lives_of(self.office, label.sender)[-1]
            known = heard(store, before.feed)
            taken = take_answer(self.office, label.sender, exchange)
            if before.revoked or survey.key_epoch != before.key_epoch or label.at_ms < (before.last_contact_ms or 0):
                note_heard(store, before.feed, known)
                self._contact(before, before.last_contact_ms, before.bundle_version)
            else:
                at_ms = min(label.at_ms, to_ms(self.office.clock.now()))
                self._contact(before, at_ms, taken.exchange.bundle_version or None)
        return taken

    def _contact(self, device: Enrolment, at_ms: int | None, bundle_version: int | None) -> None:
        now = next(life for life in lives_of(self.office, device.feed.origin) if life.feed == device.feed)
        self.office.store.put_enrolment(replace(now, last_contact_ms=at_ms, bundle_version=bundle_version))


def _key_of(office: HeadOffice, origin: str, key_epoch: int) -> bytes | None:
    """The key of a counter in a key epoch, a revoked one too.

    Unlike the line, a stick gives no answer to whoever holds that key; and what was written before a theft must not be
    lost with the thief. What came after the last good entry is in quarantine.
    """
    return next((life.public_key for life in lives_of(office, origin) if life.key_epoch == key_epoch), None)


def _two_histories(taken: Taken) -> str | None:
    forked = [str(one.feed) for one in taken.applied if one.result is Result.FORK]
    if forked:
        return f"{forked[0]} tells another history than before: its disk was copied; both are kept, and it is fenced"
    if taken.divergences:
        return f"{taken.divergences[0].feed} does not hold what it held before: its disk was restored; enrol it anew"
    return None
