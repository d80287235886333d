"""A counter put together from its parts: journal, camera, use cases, pages. ``sync`` is not needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Blueprint, Flask

from kiosk.clock import Clock, SystemClock, boot_ms, to_ms
from kiosk.code_lists import CodeCache
from kiosk.config import CounterFolder, Enrolment, load_or_make_key, load_or_make_secret, write_private
from kiosk.core.catalogue import Catalogue
from kiosk.core.fact import ContactSealed, Opened
from kiosk.core.marks import Marks
from kiosk.core.screen import ScreenResult
from kiosk.counter import Counter
from kiosk.display import Display
from kiosk.enrolment_text import is_enrolment_text
from kiosk.errors import SetupError
from kiosk.fence import Fence
from kiosk.journal import Journal
from kiosk.kept_contacts import ContactDesk, KeptContacts
from kiosk.snapshots import Snapshots
from kiosk.upkeep import SlowTick
from kiosk.vision.camera import BROWSER, Camera, open_camera
from kiosk.vision.codes import Decoder
from kiosk.vision.ocr import load_ocr, ocr_note
from kiosk.vision.page_film import PageFilm
from kiosk.vision.picture import Image
from kiosk.vision.screen_sighting import ScreenSighting
from kiosk.vision.screen_watch import ScreenWatch
from kiosk.vision.watch import Watch
from kiosk.web import create_app


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """Which camera, and how a folder of pictures is played (``fps`` None: as fast as it is read).

    ``turned``: by how many degrees clockwise its pictures have to be turned to stand upright.
    """

    spec: str | None
    once: bool = False
    fps: float | None = 15.0
    wait_for_clerk: bool = False
    turned: int = 0


@dataclass(slots=True)
class Station:
    """A counter at work. ``start()`` starts the camera; the pages are served from ``app``."""

    folder: CounterFolder
    enrolment: Enrolment
    journal: Journal
    counter: Counter
    decoder: Decoder
    watch: Watch | None
    clock: Clock
    screens: ScreenWatch
    lists: CodeCache
    upkeep: SlowTick
    snapshots: Snapshots
    film: PageFilm | None = None
    enrol_anew: Callable[[], None] | None = None
    """Ends the serving, so that the set-up pages come; set by whoever can show them."""

    @classmethod
    def open(cls, folder: CounterFolder, camera: CameraPlan, clock: Clock | None = None) -> Station:
        """Open the journal (made at first) and fold it; raises SetupError ``not-enrolled`` and JournalError."""
        counts_boots = boot_ms if clock is None else None
        machine = clock or SystemClock()
        enrolment = Enrolment.load(folder.enrolment)
        journal = Journal.open(folder.journal)
        _start_feed(journal, enrolment, folder, machine)
        decoder = Decoder()
        notes = (*decoder.notes, *ocr_note())
        lists = CodeCache(folder.lists)
        snapshots = Snapshots(
            folder.snapshot,
            journal,
            enrolment.feed,
            load_or_make_key(folder.device_key),
            enrolment.key_epoch,
            lambda: to_ms(counter.clock.now()),
        )
        counter = Counter(
            journal=journal,
            enrolment=enrolment,
            clock=machine,
            mint=lambda: os.urandom(16),
            notes=notes,
            lists=lists,
            boot_ms=counts_boots,
            snapshots=snapshots,
        )
        counter.fence_by(Fence(enrolment.feed, folder.fence))
        guarded = counter.clock  # from here on, nobody goes by what the machine's clock says
        screens = ScreenWatch(load_ocr, CurrentMarks(lambda: counter.catalogue), counter.screen_in_view, guarded)
        upkeep = SlowTick(counter.tick)
        station = cls(folder, enrolment, journal, counter, decoder, None, guarded, screens, lists, upkeep, snapshots)
        if camera.spec is not None:
            station.watch = station._watch(camera)
        return station

    def _watch(self, plan: CameraPlan) -> Watch:
        counter, screens = self.counter, self.screens
        if plan.spec == BROWSER:
            self.film = PageFilm(self.clock)
        watch = Watch(
            _camera_factory(plan, counter, self.film),
            self.decoder,
            lambda seen: counter.in_view([one for one in seen if not is_enrolment_text(one.text)]),
            self.clock,
            also=screens,
            glimpse=lambda: screens.glimpse,
            enough=lambda seen: any(counter.knows(one.text) for one in seen),
            pause=None if self.film is None else self.film.pause,
        )
        screens.on_screen = lambda sighting: self._tell_screen(sighting, watch)
        counter.camera_state = lambda: watch.state
        return watch

    def _tell_screen(self, sighting: ScreenSighting | None, watch: Watch) -> None:
        """A screen in view goes to the counter; one that was read for certain also tells which way up the camera is."""
        self.counter.screen_in_view(sighting)
        if sighting is not None and sighting.reading.result is ScreenResult.GREEN:
            upside_down = sighting.is_upside_down
            if upside_down is not None:
                watch.told_upside_down(upside_down)

    def _read_photo(self, picture: Image) -> Display | None:
        """Answer the check-in screen in a photo; None where there is none of a promotion's."""
        sighting = self.screens.read(picture)
        return None if sighting is None else self.counter.look(sighting, "photo")

    def app(
        self, templates: Path, static: Path, extra_blueprints: Sequence[Blueprint] = (), language: str = ""
    ) -> Flask:
        """The pages of this counter; in ``language`` (a code) where a browser has not chosen another."""
        return create_app(
            self.counter,
            templates=templates,
            static=static,
            secret_key=load_or_make_secret(self.folder.web_key),
            watch=self.watch,
            extra_blueprints=extra_blueprints,
            film=self.film,
            read_photo=self._read_photo,
            language=language,
            enrol_anew=self.enrol_anew,
        )

    def start(self) -> None:
        """Start filming, what is done by the time, and looking after the snapshot of the journal."""
        self.upkeep.start()
        self.snapshots.start()
        if self.watch is not None:
            self.screens.start()
            self.watch.start()

    def stop(self) -> None:
        """Stop filming, leave a snapshot, write down the floor under the clock, sign the journal's head, close it."""
        self.upkeep.stop()
        if self.film is not None:
            self.film.end()
        if self.watch is not None:
            self.watch.stop()
            self.screens.stop()
        self.counter.close()
        self.snapshots.finish()
        self.checkpoint()
        self.journal.close()

    @property
    def kept_contacts(self) -> KeptContacts:
        """Sealed contact details that wait for head office."""
        return KeptContacts(self.folder.contacts)

    @property
    def contacts(self) -> ContactDesk:
        """Where contact details are given."""
        return ContactDesk(
            self.kept_contacts, self.enrolment, self.clock, bundle=self.journal.bundle, append=self._append
        )

    def _append(self, fact: ContactSealed) -> None:
        self.counter.learn(self.journal.append([fact]))
        if self.counter.carrier is not None:
            self.counter.carrier.wake()

    @property
    def device_key(self) -> Ed25519PrivateKey:
        """The key that signs this journal."""
        return load_or_make_key(self.folder.device_key)

    def checkpoint(self) -> None:
        """Sign the head of the journal as it stands."""
        self.journal.checkpoint_now(self.device_key, self.enrolment.key_epoch, to_ms(self.clock.now()))


class CurrentMarks:
    """The marks of the promotions that are cached now, made anew only when a bundle was installed."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        self._catalogue = catalogue
        self._made: tuple[Catalogue, Marks] | None = None

    def __call__(self) -> Marks:
        catalogue = self._catalogue()
        if self._made is None or self._made[0] is not catalogue:
            self._made = (catalogue, Marks(catalogue.promotions.values()))
        return self._made[1]


def _start_feed(journal: Journal, enrolment: Enrolment, folder: CounterFolder, clock: Clock) -> None:
    if enrolment.feed in journal.heads():
        if journal.feed != enrolment.feed:
            raise SetupError(
                "journal-of-another-life",
                f"The journal is written as {journal.feed}, but this counter is enrolled as {enrolment.feed}",
                where=str(folder.path),
                cure="Ask head office for a new one-time code, and start once more with --code.",
            )
        _note_feed(enrolment, folder)
        return
    if folder.opened.exists() and folder.opened.read_text().strip() == str(enrolment.feed):
        # a second history under the same name would be a fork, which head office does not count
        raise SetupError(
            "journal-missing",
            f"The journal of {enrolment.feed} is gone",
            where=str(folder.journal),
            cure="Put it back, or ask head office for a new one-time code and start once more with --code.",
        )
    public_key: Any = load_or_make_key(folder.device_key).public_key()
    opened = Opened(
        at_ms=to_ms(clock.now()),
        store=enrolment.store,
        counter=enrolment.counter,
        public_key=public_key.public_bytes_raw(),
        key_epoch=enrolment.key_epoch,
    )
    journal.start_feed(enrolment.feed, opened)
    _note_feed(enrolment, folder)


def _note_feed(enrolment: Enrolment, folder: CounterFolder) -> None:
    name = f"{enrolment.feed}\n"
    if not folder.opened.exists() or folder.opened.read_text() != name:
        write_private(folder.opened, name.encode())


def _camera_factory(plan: CameraPlan, counter: Counter, film: PageFilm | None = None) -> Callable[[], Camera]:
    spec = plan.spec or ""
    hold_while = (lambda: counter.awaits_clerk) if plan.wait_for_clerk else None
    return lambda: open_camera(
        spec, loop=not plan.once, fps=plan.fps, hold_while=hold_while, turned=plan.turned, film=film
    )
