"""What works on this machine, what does not, what to do.

Each check stands alone: a library that is missing or broken makes one line of the report, never a crash.
A finding is *good*, *lacking* (the counter serves without it; the words say what is lost) or *broken*.
"""

from __future__ import annotations

import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

from kiosk import assets

SPACE_LOW = 1_000_000_000  # bytes: a year of a busy counter's journal, with room
SPACE_NONE = 100_000_000
CLOCK_OFF_S = 60
MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)  # no honest clock stands before this program
ANSWER_LIMIT_S = 3.0
FIRST_CAMERA = "0"


class State(StrEnum):
    """How a part stands."""

    GOOD = "good"
    LACKING = "lacking"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One part of the machine: its state, one sentence, and what to do where something is to be done."""

    name: str
    state: State
    words: str
    cure: str = ""


@dataclass(frozen=True)
class Patient:
    """What is looked at. ``camera`` None: the first device, which a counter with a hand-held scanner may lack."""

    folder: Path
    camera: str | None = None
    head_office: str | None = None

    @property
    def journal(self) -> Path:
        from kiosk.config import CounterFolder

        return CounterFolder(self.folder).journal


def examine(patient: Patient) -> Iterator[Finding]:
    """Every check's findings, in the order in which a counter needs the parts."""
    for name, check in CHECKS.items():
        try:
            yield from check(patient)
        except Exception as fault:
            words = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
            yield Finding(name, State.BROKEN, words, getattr(fault, "cure", "") or REPAIR)


REPAIR = "Remove the folder .venv and start again, or install the package anew; then ask the doctor once more."


def packages(_patient: Patient) -> Iterator[Finding]:
    """The compiled packages load."""
    import apsw
    import cryptography

    try:
        import cv2
    except ImportError as missing:
        cure = "On Debian: apt install libgl1 libglib2.0-0; or install opencv-python-headless in opencv-python's place."
        yield Finding("packages", State.BROKEN, f"OpenCV does not load: {missing}", cure)
        return

    versions = f"SQLite {apsw.sqlite_lib_version()}, OpenCV {cv2.__version__}, cryptography {cryptography.__version__}"
    yield Finding("packages", State.GOOD, f"Python {sys.version.split()[0]}, {versions}")


def pages(_patient: Patient) -> Iterator[Finding]:
    """What the clerk's page loads is there."""
    from kiosk.setup.browser_libraries import WANTED

    missing = [name for name in WANTED if not (assets.static() / "lib" / name).is_file()]
    if missing or not assets.templates().is_dir():
        words = f"The pages lack {', '.join(missing) or 'their templates'}"
        yield Finding("pages", State.BROKEN, words, "Start `python3 run_kiosk.py demo` with a network, or reinstall.")
    else:
        yield Finding("pages", State.GOOD, "templates, htmx and fonts are here; no page loads anything from elsewhere")


def vision(patient: Patient) -> Iterator[Finding]:
    """The camera, the two decoders and the reader of screens."""
    from kiosk.vision.doctor import checks

    needed = {"zxing"} if patient.camera is None else {"zxing", "camera"}  # a camera that was named is expected
    for check in checks(patient.camera or FIRST_CAMERA):
        state = State.GOOD if check.ok else State.BROKEN if check.name in needed else State.LACKING
        yield Finding(check.name, state, check.words, check.cure)


def journal(patient: Patient) -> Iterator[Finding]:
    """The journal verifies from its first entry to its last."""
    if not patient.journal.exists():
        words = f"No journal in {patient.folder} yet; the counter makes one when it is enrolled"
        yield Finding("journal", State.LACKING, words, "For another folder say --data DIR.")
        return
    from kiosk.journal import verify

    report = verify(patient.journal)
    if report.ok:
        yield Finding("journal", State.GOOD, f"{report.entries} entries, every one as it was written")
    else:
        broken = report.broken
        words = f"broken at entry {broken.n} of {broken.feed}: {broken.why}" if broken else f"damaged: {report.trouble}"
        yield Finding("journal", State.BROKEN, words, "Keep the file aside and call head office.")


def disk(patient: Patient) -> Iterator[Finding]:
    """There is room for the journal, and it can be written."""
    folder = next(folder for folder in (patient.folder.resolve(), *patient.folder.resolve().parents) if folder.is_dir())
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free at {folder}"
    cure = "Free some space: a redemption that cannot be written is refused."
    state = State.BROKEN if free < SPACE_NONE else State.LACKING if free < SPACE_LOW else State.GOOD
    yield Finding("disk", state, words, "" if state is State.GOOD else cure)


def clock(patient: Patient) -> Iterator[Finding]:
    """The clock does not stand before what was already written."""
    now = datetime.now(UTC)
    latest = MADE_AT
    if patient.journal.exists():
        latest = max(latest, datetime.fromtimestamp(patient.journal.stat().st_mtime, UTC))
    if now < latest:
        words = f"The clock says {now:%Y-%m-%d %H:%M} UTC, but something here is from {latest:%Y-%m-%d %H:%M}"
        yield Finding("clock", State.BROKEN, words, "Set the clock; promotions are judged by it.")
    else:
        yield Finding("clock", State.GOOD, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def network(patient: Patient) -> Iterator[Finding]:
    """Head office answers, and its clock agrees with ours."""
    url = patient.head_office or _enrolled_at(patient)
    if url is None:
        words = "No head office is known: this counter is not enrolled"
        yield Finding("network", State.LACKING, words, "For a look at one say --head-office URL.")
        return
    if not url.startswith(("http://", "https://")):
        yield Finding("network", State.BROKEN, f"Not an address: {url}", "It begins with http:// or https://.")
        return
    answered = _date_at(url)
    if isinstance(answered, str):
        words = f"Head office at {url} does not answer: {answered}"
        cure = "The counter goes on by itself. Look at cable, Wi-Fi and address; nothing is lost meanwhile."
        yield Finding("network", State.LACKING, words, cure)
        return
    off_s = abs((datetime.now(UTC) - answered).total_seconds()) if answered else 0.0
    if off_s > CLOCK_OFF_S:
        yield Finding("network", State.LACKING, f"Head office's clock is {off_s:.0f} s from ours", "Set the clock.")
    else:
        yield Finding("network", State.GOOD, f"head office answers at {url}")


def _enrolled_at(patient: Patient) -> str | None:
    from kiosk.config import CounterFolder, Enrolment

    path = CounterFolder(patient.folder).enrolment
    return Enrolment.load(path).head_office_url if path.exists() else None


def _date_at(url: str) -> datetime | str | None:
    """The instant that the server at ``url`` says it is; None when it does not say; words when it does not answer."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 (http or https only: looked at above)
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_LIMIT_S) as answer:  # noqa: S310 (as above)
            date = answer.headers.get("Date")
    except urllib.error.HTTPError as refusal:  # it answers, and that is what was asked
        date = refusal.headers.get("Date")
        refusal.close()
    except (OSError, ValueError) as fault:
        return str(getattr(fault, "reason", fault))
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None


CHECKS: dict[str, Callable[[Patient], Iterator[Finding]]] = {
    "packages": packages,
    "pages": pages,
    "vision": vision,
    "journal": journal,
    "disk": disk,
    "clock": clock,
    "network": network,
}
