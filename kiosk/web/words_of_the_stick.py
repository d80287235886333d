"""What became of a stick, in the clerk's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.errors import CounterfoilError
from kiosk.ports import FolderRead, StickRead, StickWritten
from kiosk.web.language import gettext as _
from kiosk.web.language import marked, ngettext

AGAIN = marked("Nothing of it was taken in. Have it written anew, and leave the stick in until it is done.")
KEPT = marked("What is here stays as it is.")

WORDS: Mapping[str, tuple[str, str]] = {
    "stick-not-one": (marked("This is no stick file"), marked("Choose one whose name begins with counterfoil-to-.")),
    "stick-newer": (
        marked("This file was written by a newer release"),
        marked("Have this counter updated; nothing of the file was taken in."),
    ),
    "stick-cut-short": (marked("The file ends too early"), AGAIN),
    "stick-altered": (marked("The file is not as it was written"), AGAIN),
    "stick-too-large": (marked("The file is larger than any that is written"), AGAIN),
    "stick-other-fleet": (
        marked("This file belongs to another organisation"),
        marked("Bring the stick of your own head office; nothing of this one was taken in."),
    ),
    "stick-not-for-us": (
        marked("This file is for somebody else"),
        marked("Here it changes nothing; bring it to the one that its name tells."),
    ),
    "stick-other-key": (
        marked("This file was written for the device that was here before"),
        marked("Ask head office to write it anew."),
    ),
    "stick-not-a-file": (
        marked("Under this name is no file but a link, a folder or a device"),
        marked("Delete it; it was not written by Counterfoil."),
    ),
    "stick-unreadable": (
        marked("The stick cannot be read"),
        marked("Put it in again; if this stays, use another one and have the files written anew."),
    ),
    "stick-folder-missing": (
        marked("There is no stick"),
        marked("Put it in, wait until it is there, then try again."),
    ),
    "stick-folder-crowded": (
        marked("There are too many files on the stick"),
        marked("Use an empty one, or put ours into a folder of their own."),
    ),
    "stick-full": (
        marked("The stick is full: nothing was written"),
        marked("Delete something on it, or use another one."),
    ),
    "stick-not-writable": (
        marked("The stick cannot be written"),
        marked("See that it is still in and not locked against writing."),
    ),
    "stick-gap": (
        marked("What head office sent begins later than what is here ends"),
        marked("Ask head office to write it anew with all entries."),
    ),
    "stick-two-histories": (
        marked("Head office and this counter tell different histories"),
        marked("Tell head office; what is here stays as it is."),
    ),
    "bundle-older": (marked("Its promotions are older than those here"), KEPT),
    "bundle-signature": (marked("Its promotions are not signed by head office"), KEPT),
    "line-busy": (
        marked("The line is fetching something large just now"),
        marked("Try again in a minute."),
    ),
    "journal-disk-full": (
        marked("The disk of this counter is full"),
        marked("Free some space, then take the file in once more."),
    ),
}  # fmt: skip
"""By code: what, and the cure. What is not in here comes in the words of whoever refused it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line about what was done. ``tone`` is ok, warn or bad; ``code`` is to be read out on the phone."""

    tone: str
    what: str
    cure: str = ""
    code: str = ""
    name: str = ""


def fault(error: CounterfoilError, tone: str = "bad", name: str = "") -> Line:
    """A refusal, or a note, in words."""
    words = WORDS.get(error.code)
    what, cure = (_(words[0]), _(words[1])) if words is not None else (error.what, error.cure)
    return Line(tone, f"{what}.", cure, error.code, name)


def written(one: StickWritten) -> list[Line]:
    """A file that lies on the stick now."""
    what = ngettext(
        "Written, with %(num)d new entry of this counter.",
        "Written, with %(num)d new entries of this counter.",
        one.entries,
    )
    lines = [Line("ok", what, _("Wait for the light of the stick to rest, then take it out."), name=one.name)]
    if one.more:
        lines.append(Line("warn", _("Not all fitted."), _("Write the rest when head office's answer has come back.")))
    return lines


def read(found: FolderRead) -> list[Line]:
    """What was on the stick."""
    lines = [line for one in found.files for line in read_one(one)]
    if not lines:
        return [
            Line("warn", _("There is nothing for this counter."), _("Ask head office to write this counter's file."))
        ]
    return lines


def read_one(one: StickRead) -> list[Line]:
    """One file, and what is to be known about it."""
    if one.refused is not None:
        return [fault(one.refused, name=one.name)]
    what = ngettext("Taken in: %(num)d new entry.", "Taken in: %(num)d new entries.", one.entries)
    if not one.entries:
        what = _("Taken in: nothing that was not here before.")
    if one.bundle_version:
        what += " " + _("Promotions: version %(version)s.", version=one.bundle_version)
    return [Line("ok", what, name=one.name), *(fault(note, "warn") for note in one.notes)]
