"""A counter that is being enrolled, put together: camera, pages, and head office at the other end of ``enrol``."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import assets
from kiosk.clock import Clock, SystemClock, to_ms
from kiosk.config import CounterFolder, load_or_make_secret
from kiosk.durable import make_folder
from kiosk.enrolling import Enrol, check_clock, check_counter, check_office, take_up
from kiosk.first_start import FirstStart
from kiosk.journal import Journal
from kiosk.serving import Switch, serve
from kiosk.station import CameraPlan
from kiosk.vision.camera import BROWSER, open_camera
from kiosk.vision.codes import Decoder
from kiosk.vision.page_film import PageFilm
from kiosk.vision.sighting import Sighting
from kiosk.vision.watch import Watch
from kiosk.web.set_up import create_set_up_app


def enrol_now(
    folder: CounterFolder, enrol: Enrol, head_office_url: str, code: str, *, new_head_office: bool = False
) -> str:
    """Enrol with a code that was typed at the start; the origin that it gave. Raises ``CounterfoilError``.

    ``new_head_office``: somebody says that head office was set up anew, with new keys.
    """
    make_folder(folder.path)
    # a counter at work here keeps its identity, and the code
    with contextlib.closing(Journal.open(folder.journal)) as journal:
        clock = SystemClock()
        admitted = enrol(head_office_url, code, Ed25519PrivateKey.generate())
        check_counter(folder, journal, admitted.enrolment)
        if not new_head_office:
            check_office(folder, journal, admitted.enrolment)
        check_clock(admitted, to_ms(clock.now()))
        take_up(folder, journal, admitted, to_ms(clock.now()))
    return admitted.enrolment.origin


def serve_set_up(
    folder: CounterFolder,
    plan: CameraPlan,
    enrol: Enrol,
    listening: socket.socket,
    *,
    language: str = "",
    address: str = "",
    clock: Clock | None = None,
) -> bool:
    """Serve the set-up pages until the counter can start (True) or somebody stops it (False)."""
    clock, switch = clock or SystemClock(), Switch()
    make_folder(folder.path)
    with contextlib.closing(Journal.open(folder.journal)) as journal:
        start = FirstStart(folder, journal, clock, enrol, switch.ask)
        film = PageFilm(clock) if plan.spec == BROWSER else None
        watch = _watch(plan, film, start, clock)
        app = create_set_up_app(
            start, templates=assets.templates(), static=assets.static(), watch=watch, film=film, language=language,
            address=address, secret_key=load_or_make_secret(folder.web_key),
        )  # fmt: skip
        if watch is not None:
            watch.start()
        try:
            serve(app, listening, switch=switch)
        finally:
            if film is not None:
                film.end()
            if watch is not None:
                watch.stop()
    return switch.asked


def _watch(plan: CameraPlan, film: PageFilm | None, start: FirstStart, clock: Clock) -> Watch | None:
    """The camera, which here looks for head office's code only."""
    spec = plan.spec
    if spec is None:
        return None

    def in_view(seen: Sequence[Sighting]) -> None:
        start.in_view([one.text for one in seen])

    return Watch(
        lambda: open_camera(spec, loop=not plan.once, fps=plan.fps, turned=plan.turned, film=film),
        Decoder(),
        in_view,
        clock,
        pause=None if film is None else film.pause,
    )
