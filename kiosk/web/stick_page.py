"""The page of the stick: to head office and back where there is no line. For shift managers.

Rules of this module:

- A file for head office is written whole before the first byte of it leaves, so that what was downloaded is whole.
- A file from a browser comes whole into memory before anybody looks at it, so it is small; a larger one is read where
  the stick is put in, or by the command.
- What is refused is an answer (200), in words, with its code; nothing is lost by it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from flask import Flask, Response, abort, current_app, request

from kiosk.errors import CounterfoilError
from kiosk.ports import Stick
from kiosk.redeeming import MAY_APPROVE
from kiosk.web import words_of_the_stick as words
from kiosk.web.pages import clerk_here, pages
from kiosk.web.respond import respond

MAX_UPLOAD_BYTES = 16 * 1024 * 1024
FORM_ROOM_BYTES = 64 * 1024
PIECE_BYTES = 256 * 1024
SHOWN_NAME = 120

_UPLOAD = "counter.stick_upload"


def stick_here() -> Stick | None:
    """The stick of this counter; None where nothing carries its journal."""
    found: Stick | None = current_app.extensions.get("stick")
    return found


def may_use_stick() -> bool:
    """Whether who signed in here answers for what leaves the counter."""
    clerk = clerk_here()
    return clerk is not None and clerk.role in MAY_APPROVE


def install(app: Flask) -> None:
    """Let a shift manager upload a stick file, though a form has to be small. Before the CSRF check."""

    @app.before_request
    def room_for_a_stick() -> None:
        if request.endpoint == _UPLOAD and may_use_stick():
            request.max_content_length = MAX_UPLOAD_BYTES + FORM_ROOM_BYTES


@pages.app_context_processor
def carried() -> dict[str, bool]:
    """Whether the page of the stick leads anywhere."""
    return {"has_stick": stick_here() is not None}


@pages.get("/stick")
def stick_page() -> Response:
    """What can be done with a stick here."""
    _stick()
    return _page([])


def _page(lines: list[words.Line]) -> Response:
    stick = _stick()
    folder = "" if stick.folder is None else str(stick.folder)
    return respond("stick", "stick", lines=lines, folder=folder, allowed=may_use_stick())


def _stick() -> Stick:
    found = stick_here()
    if found is None:
        abort(404)
    return found


def _used() -> tuple[Stick, Path]:
    """The stick in its folder, for a shift manager."""
    stick = _for_managers()
    if stick.folder is None:
        abort(404)
    return stick, stick.folder


def _for_managers() -> Stick:
    if not may_use_stick():
        abort(403)
    return _stick()


@pages.post("/stick/write")
def stick_write() -> Response:
    """Write the file for head office onto the stick."""
    stick, folder = _used()
    try:
        return _page(words.written(stick.write_to(folder)))
    except CounterfoilError as error:
        return _page([words.fault(error)])


@pages.post("/stick/read")
def stick_read() -> Response:
    """Take in what head office wrote onto the stick."""
    stick, folder = _used()
    try:
        return _page(words.read(stick.read_from(folder)))
    except CounterfoilError as error:
        return _page([words.fault(error)])


@pages.get("/stick/file")
def stick_download() -> Response:
    """The file for head office, to be kept by the browser."""
    stick = _for_managers()
    file = stick.room()
    try:
        written = stick.write(file)
        file.seek(0)
    except CounterfoilError as error:
        file.close()
        return _page([words.fault(error)])
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


@pages.post("/stick/file")
def stick_upload() -> Response:
    """Take in a file that the browser chose."""
    stick = _for_managers()
    chosen = request.files.get("file")
    if chosen is None:
        abort(422)
    name = "".join(one for one in (chosen.filename or "")[:SHOWN_NAME] if one.isprintable())
    with contextlib.closing(chosen):
        return _page(words.read_one(stick.read(chosen.stream, name)))  # type: ignore[arg-type]  # a BytesIO
