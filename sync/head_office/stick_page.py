"""The page of the stick: a file for each counter, and what counters wrote back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from flask import Response, abort, current_app, request

from kiosk.errors import CounterfoilError
from kiosk.ports import FolderRead, StickRead, StickWritten
from sync.head_office.instants import Instant, instant
from sync.head_office.names import Names
from sync.head_office.respond import respond
from sync.head_office.seat import names, now_ms, office
from sync.head_office.stick import OfficeStick, counters_with_sticks
from sync.stick_folder import FOR_SOMEBODY_ELSE, shown

PAGE = "head_office/stick.html"
PIECE_BYTES = 256 * 1024
MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class StickRow:
    """One counter whose file can be written. ``address`` is its store and counter."""

    store: str
    counter: str
    name: str
    feed: str
    contact: Instant | None


@dataclass(frozen=True, slots=True)
class Told:
    """One line about what was done."""

    tone: str
    what: str
    cure: str = ""
    code: str = ""
    file: str = ""


def stick_here() -> OfficeStick:
    """The stick of the head office that the running app serves."""
    folder = current_app.extensions.get("stick_folder")
    return OfficeStick(office(), folder)


def stick_page() -> Response:
    """``GET /counters/stick``."""
    return _page([])


def _page(told: list[Told]) -> Response:
    now, known, folder = now_ms(), names(), stick_here().folder
    places = known.places()
    rows = [
        StickRow(
            one.store,
            one.counter,
            places.get((one.store, one.counter), one.feed.origin),
            str(one.feed),
            None if one.last_contact_ms is None else instant(one.last_contact_ms, now, known.zone_of(one.store)),
        )
        for one in counters_with_sticks(office())
    ]
    return respond(PAGE, told=told, rows=rows, folder="" if folder is None else str(folder))


def download(store: str, counter: str) -> Response:
    """``GET /counters/stick/<store>/<counter>``: one counter's file, written whole before it leaves."""
    stick = stick_here()
    file = stick.room()
    try:
        written = stick.write(file, f"{store}/{counter}")
        file.seek(0)
    except CounterfoilError as error:
        file.close()
        return _page([_fault(error)])
    except BaseException:
        file.close()
        raise
    answer = Response(_pieces(file), mimetype="application/octet-stream")
    answer.content_length = written.size_bytes
    answer.headers["Content-Disposition"] = f'attachment; filename="{written.name}"'
    answer.call_on_close(file.close)
    return answer


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


def upload() -> Response:
    """``POST /counters/stick/files``: take in the files that were chosen."""
    chosen = [file for file in request.files.getlist("files") if file.filename]
    if len(chosen) > MOST_FILES:
        return _page([Told("bad", f"{len(chosen)} files were chosen.", f"Choose {MOST_FILES} at most.")])
    if not chosen:
        return _page([Told("warn", "No file was chosen.", "Choose those whose names begin with counterfoil-to-.")])
    stick = stick_here()
    read = [stick.read(cast(BinaryIO, file.stream), shown(file.filename or "")) for file in chosen]
    mine = tuple(one for one in read if one.refused is None or one.refused.code != FOR_SOMEBODY_ELSE)
    return _page(_of_read(FolderRead(mine, len(read) - len(mine)), names()))


def write() -> Response:
    """``POST /counters/stick/write``: a file for each counter onto the stick."""
    stick, folder = _in_folder()
    try:
        return _page(_of_written(stick.write_to(folder)))
    except CounterfoilError as error:
        return _page([_fault(error)])


def read() -> Response:
    """``POST /counters/stick/read``: take in what counters wrote onto the stick."""
    stick, folder = _in_folder()
    try:
        return _page(_of_read(stick.read_from(folder), names()))
    except CounterfoilError as error:
        return _page([_fault(error)])


def _in_folder() -> tuple[OfficeStick, Path]:
    stick = stick_here()
    if stick.folder is None:
        abort(404)
    return stick, stick.folder


# --- words -------------------------------------------------------------------------------------


def _fault(error: CounterfoilError, tone: str = "bad", file: str = "") -> Told:
    return Told(tone, f"{error.what}.", error.cure, error.code, file)


def _of_written(written: list[StickWritten]) -> list[Told]:
    if not written:
        return [Told("warn", "Nothing was written: no counter is enrolled.")]
    many = "One file is" if len(written) == 1 else f"{len(written)} files are"
    told = [Told("ok", f"{many} on the stick.", "Wait for its light to rest, then take it out.")]
    more = [one.recipient for one in written if one.more]
    if more:
        told.append(Told("warn", f"Not all fitted for {', '.join(more)}.", "The next file brings the rest."))
    return told


def _of_read(found: FolderRead, known: Names) -> list[Told]:
    told = [line for one in found.files for line in _of_one(one, known)]
    if found.others and not told:
        return [Told("warn", "There is nothing for head office.", "All files there are for counters.")]
    return told or [
        Told("warn", "There is nothing for head office.", "Write each counter's file first, at the counter.")
    ]


def _of_one(one: StickRead, known: Names) -> list[Told]:
    if one.refused is not None:
        return [_fault(one.refused, file=one.name)]
    store, _, counter = one.sender.partition("/")
    name = known.places().get((store, counter), one.sender)
    came = "nothing new" if not one.entries else "1 new entry" if one.entries == 1 else f"{one.entries:,} new entries"
    return [
        Told("ok", f"{name}: {came}.", "The receipt goes back by the next stick, or by the line.", file=one.name),
        *(_fault(note, "warn") for note in one.notes),
    ]
