"""Power cuts and failing calls over what lies beside the journal: keys, an enrolment, head office's positions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.config import CounterFolder, Enrolment, load_or_make_key, write_private
from kiosk.core.entry import FeedId
from kiosk.core.fact import Opened
from kiosk.enrolling import Admitted, take_up, why_not_enrolled
from kiosk.errors import CounterfoilError
from sync.head_office.positions import PositionFile
from tests.counter_world import ENROLMENT
from tests.storage.faulty_vfs import FaultyDisk
from tests.storage.power import Judged, failing, faults, found, lay, unsynced
from tests.storage.tapped_files import FILE_CALLS, tapped

PRIVATE = "device.key"
POSITION_OF = FeedId("head-office", 1)


# --- a file of secrets ---------------------------------------------------------------------------------


def cut_private(folder: Path, *, seeds: int) -> Judged:
    """Cut the power while a key is written, and written anew: the old one whole or the new one."""
    disk, judged = FaultyDisk(lay(folder / "run", {})), Judged()
    contents = [bytes([k]) * (32 + 600 * k) for k in range(3)]
    with tapped(disk):
        for content in contents:
            write_private(folder / "run" / "keys" / PRIVATE, content)
            disk.mark()
    for cut, words, files in found(disk, judged, seeds, 1):
        with failing(words):
            left = files.get(f"keys/{PRIVATE}")
            assert left in [*contents[max(cut.marks - 1, 0) : cut.marks + 1], *([] if cut.marks else [None])]
    return judged


def fail_private(folder: Path) -> int:
    """Let each call fail while a key is written anew: refused in words, the old one whole or the new one; no scraps."""
    disk = FaultyDisk(lay(folder / "run", {PRIVATE: b"old"}))
    _write_tapped(disk)
    met = 0
    for fault in faults(disk, FILE_CALLS, 1):
        disk = FaultyDisk(lay(folder / "run", {PRIVATE: b"old"}))
        fault.arm(disk)
        with failing(str(fault)):
            said = _write_tapped(disk)
            content = (folder / "run" / PRIVATE).read_bytes()
            assert content == b"new" or (content == b"old" and said)
            assert [path.name for path in (folder / "run").iterdir()] == [PRIVATE]
            met += disk.fired
    return met


def _write_tapped(disk: FaultyDisk) -> str:
    """The code of the refusal, or nothing."""
    assert disk.root is not None
    try:
        with tapped(disk):
            write_private(disk.root / PRIVATE, b"new")
    except CounterfoilError as error:
        return error.code
    return ""


# --- an enrolment taken up -----------------------------------------------------------------------------------


def cut_enrolling(folder: Path, *, seeds: int) -> Judged:
    """Cut the power while a counter is enrolled anew: it is who it was or who it is to be, with that one's key."""
    place = CounterFolder(lay(folder / "run", {}))
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
    publics = [key.public_key().public_bytes_raw() for key in keys]
    first = replace(ENROLMENT, public_key=publics[0])
    write_private(place.device_key, keys[0].private_bytes_raw())
    first.save(place.enrolment)
    journal = unsynced(place.journal)
    journal.start_feed(
        first.feed, Opened(at_ms=1, store="bayside", counter="counter-1", public_key=publics[0], key_epoch=1)
    )
    disk, judged = FaultyDisk(folder / "run"), Judged()
    for path in place.path.iterdir():
        disk.named(path)
    with tapped(disk):
        second = replace(first, incarnation=2, key_epoch=2)
        take_up(place, journal, Admitted(second, keys[1], None), 5)
        disk.mark()
    journal.close()
    for cut, words, files in found(disk, judged, seeds, 1):
        with failing(words):
            left = CounterFolder(lay(folder / "cut", files))
            assert why_not_enrolled(left) is None
            enrolment = Enrolment.load(left.enrolment)
            public = load_or_make_key(left.device_key).public_key().public_bytes_raw()
            assert (enrolment.key_epoch, public) in {(1, publics[0]), (2, publics[1])}
            assert enrolment.key_epoch == 2 or not cut.marks
            assert (
                enrolment.key_epoch == 1 or load_or_make_key(left.earlier_key(1)).private_bytes_raw() == bytes([1]) * 32
            )
    return judged


# --- head office's file of positions ---------------------------------------------------------------------


def cut_positions(folder: Path, *, seeds: int) -> Judged:
    """Cut the power while head office writes down how far its feeds went: never less than what has left since."""
    disk, judged = FaultyDisk(lay(folder / "run", {})), Judged()
    kept = PositionFile(folder / "run")
    with tapped(disk):
        for n in range(1, 8):
            kept.keep({POSITION_OF: n})
            disk.mark()
    for cut, words, files in found(disk, judged, seeds, 1):
        with failing(words):
            held = PositionFile(lay(folder / "cut", files)).held() or {}
            assert cut.marks <= held.get(POSITION_OF, 0) <= cut.marks + 1
    return judged


def fail_positions(folder: Path) -> int:
    """Let each call fail while a position is kept: refused in words, and the one before or the new one is there."""
    met = 0

    def keep() -> tuple[FaultyDisk, PositionFile]:
        place = lay(folder / "run", {})
        kept = PositionFile(place)
        kept.keep({POSITION_OF: 1})
        return FaultyDisk(place), kept

    disk, kept = keep()
    with tapped(disk):
        kept.keep({POSITION_OF: 2})
    for fault in faults(disk, FILE_CALLS, 1):
        disk, kept = keep()
        fault.arm(disk)
        with failing(str(fault)):
            refused = False
            try:
                with tapped(disk):
                    kept.keep({POSITION_OF: 2})
            except CounterfoilError:
                refused = True
            found_n = (PositionFile(folder / "run").held() or {}).get(POSITION_OF)
            assert found_n == 2 or (refused and found_n == 1)
            assert not kept.lacks({POSITION_OF: 1})
            met += disk.fired
    return met
