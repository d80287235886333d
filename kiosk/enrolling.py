"""Taking up an enrolment, the first or a later one, so that a power cut leaves the counter whole.

Rules of this module:

- A counter is enrolled when its folder holds an enrolment and the private key that it names. A restored disk has
  neither (keys are outside backups): it is set up anew, as the next life, with a key of its own.
- Each enrolment has a key that was made for it. The key before stays as ``device-EPOCH.key``, since only it can sign
  what head office has not fetched yet of the life before.
- The journal is kept. What it holds of head office, and the keys pinned before, must fit the head office that answers.
- Nothing here gives a right: rights are head office's entries for one feed, and a new life is a new feed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.config import CounterFolder, Enrolment, load_or_make_key, write_private
from kiosk.core.entry import Checkpoint, FeedId
from kiosk.errors import SetupError
from kiosk.ports import FeedStore

MAX_CLOCK_OFF_MS = 5 * 60 * 1000
"""By how much this machine's clock may differ from head office's (DESIGN, Time)."""

HEAD_OFFICE = "head-office"


class Kept(FeedStore, Protocol):
    """The journal, as far as enrolling needs it."""

    @property
    def feed(self) -> FeedId:
        """The feed that it writes."""
        ...

    def checkpoint_now(self, key: Ed25519PrivateKey, key_epoch: int, at_ms: int) -> Checkpoint:
        """Sign the head of that feed."""
        ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """What head office said yes to. ``at_ms`` is its clock then; None where it did not say."""

    enrolment: Enrolment
    key: Ed25519PrivateKey = field(repr=False)
    at_ms: int | None = None


Enrol = Callable[[str, str, Ed25519PrivateKey], Admitted]
"""First contact: head office's address, the one-time code, the key to be enrolled. Raises ``CounterfoilError``."""


# --- what there is -----------------------------------------------------------------------------


def why_not_enrolled(folder: CounterFolder) -> SetupError | None:
    """Why this folder's counter has to be enrolled before it can work; None where it can. Ends a switch cut short."""
    try:
        enrolment = Enrolment.load(folder.enrolment)
    except SetupError as error:
        return error
    _end_switch(folder, enrolment)
    if not folder.device_key.exists():
        return _key_missing(folder)
    if enrolment.public_key and _public(load_or_make_key(folder.device_key)) != enrolment.public_key:
        # a key file put back from another life would sign entries that head office takes for a forger's
        return _key_missing(folder)
    return None


def _key_missing(folder: CounterFolder) -> SetupError:
    return SetupError(
        "device-key-missing",
        "The key of this counter is not here: the disk was restored or copied",
        where=str(folder.device_key),
        cure="Enrol it anew with a one-time code from head office; the journal is kept.",
    )


def _end_switch(folder: CounterFolder, enrolment: Enrolment) -> None:
    """Power failed while an enrolment was taken up: the enrolment file says which of two keys counts."""
    if not folder.new_key.exists():
        return
    if enrolment.public_key and _public(load_or_make_key(folder.new_key)) == enrolment.public_key:
        folder.new_key.replace(folder.device_key)
    else:
        folder.new_key.unlink()


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


# --- whether it may be taken up ------------------------------------------------------------------


def check_counter(folder: CounterFolder, journal: Kept, enrolment: Enrolment) -> None:
    """Raise ``other-counter`` where the journal was written for another counter: its entries would never be sent."""
    own = [feed for feed in journal.heads() if not _is_head_office(feed.origin)]
    if own and all(feed.origin != enrolment.origin for feed in own):
        raise SetupError(
            "other-counter",
            f"This code is for {enrolment.origin}, but the journal here is {own[0].origin}'s",
            where=str(folder.journal),
            cure=f"Ask for a code for {own[0].origin}, or start the other counter in a folder of its own (--data).",
        )


def check_office(folder: CounterFolder, journal: Kept, enrolment: Enrolment) -> None:
    """Raise ``other-head-office`` where the keys pinned before, or head office's own entries here, do not fit.

    Stops an impostor head office: one that hands a counter at work a code of its own, to be told its redemptions
    and to publish to it.
    """
    keys = dict(enrolment.head_office_keys)
    if not (_pins_fit(folder, enrolment, keys) and _entries_fit(journal, keys)):
        raise SetupError(
            "other-head-office",
            "This is not the head office that this counter has worked with",
            where=enrolment.head_office_url,
            cure="Call head office. Only where it was set up anew, with new keys, may this counter believe it.",
        )


def _pins_fit(folder: CounterFolder, enrolment: Enrolment, keys: dict[int, bytes]) -> bool:
    try:
        before = Enrolment.load(folder.enrolment)
    except SetupError:  # none, or one that nobody can read: then the journal alone bears witness
        return True
    changed = any(keys.get(epoch, key) != key for epoch, key in before.head_office_keys)
    return before.root_key == enrolment.root_key and not changed


def _entries_fit(journal: Kept, keys: dict[int, bytes]) -> bool:
    """Whether head office's newest checkpoints in the journal are by the keys that are to be pinned now."""
    marks = [journal.checkpoint(feed) for feed in journal.heads() if _is_head_office(feed.origin)]
    return all(mark is None or mark.is_signed_by(keys.get(mark.key_epoch, b"")) for mark in marks)


def _is_head_office(origin: str) -> bool:
    return origin.partition("/")[0] == HEAD_OFFICE


def check_clock(admitted: Admitted, at_ms: int) -> None:
    """Raise ``clock-wrong`` where this machine's clock and head office's differ by more than five minutes."""
    if admitted.at_ms is not None and abs(admitted.at_ms - at_ms) > MAX_CLOCK_OFF_MS:
        raise SetupError(
            "clock-wrong",
            f"This machine's clock is {_minutes(abs(admitted.at_ms - at_ms))} "
            + ("slow" if at_ms < admitted.at_ms else "fast"),
            cure="Set its date, its time and its time zone, then go on.",
        )


def _minutes(off_ms: int) -> str:
    minutes = off_ms // 60_000
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours" if minutes < 2880 else "days"


# --- taking it up --------------------------------------------------------------------------------


def take_up(folder: CounterFolder, journal: Kept, admitted: Admitted, at_ms: int) -> None:
    """Make ``admitted`` this counter's identity; durable, whole or not at all. Raises ``SetupError``, ``JournalError``.

    The journal's next life begins when the counter starts.
    """
    _sign_off(folder, journal, at_ms)
    write_private(folder.new_key, admitted.key.private_bytes_raw())
    enrolment = replace(admitted.enrolment, public_key=_public(admitted.key))
    # Power fails before this line: the counter is who it was, and the new key is dropped at the next start.
    # Power fails after it: the enrolment names the new key, which the next start puts in its place.
    enrolment.save(folder.enrolment)
    folder.new_key.replace(folder.device_key)


def _sign_off(folder: CounterFolder, journal: Kept, at_ms: int) -> None:
    """Sign the end of the life before with its own key and keep that key: nobody else can sign it later."""
    if why_not_enrolled(folder) is not None:
        return  # no enrolment, or no key: what is not signed yet stays unsigned
    before, key = Enrolment.load(folder.enrolment), load_or_make_key(folder.device_key)
    if before.feed in journal.heads():
        write_private(folder.earlier_key(before.key_epoch), key.private_bytes_raw())
        if journal.feed == before.feed:
            journal.checkpoint_now(key, before.key_epoch, at_ms)
