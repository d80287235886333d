"""I14: contact details planted wherever a person can give them are in no file, message, log or crash dump of a counter.

Each place has a canary of its own, so that a failure says where it was let out.
"""

from __future__ import annotations

import base64
import faulthandler
import logging
import os
import re
import traceback
import zlib
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from kiosk import assets
from kiosk.config import CounterFolder
from kiosk.contact import ContactError
from kiosk.core.fact import ContactSealed, Redemption
from kiosk.enrolling import Admitted
from kiosk.setting_up import enrol_now
from kiosk.station import CameraPlan, Station
from sync import enrol as pact
from sync import stick_file
from sync.bundle import BundleFetcher
from sync.contacts import send_contacts
from sync.counter_side import CounterSide
from sync.counter_stick import CounterStick
from sync.head_office import contacts
from sync.head_office.desk import create_enrolment_code
from sync.head_office.office import HeadOffice
from sync.head_office.people import add_clerk
from sync.head_office.publish import publish
from sync.replicator import Chance, Replicator
from sync.wire import CONTACTS_PATH
from tests.counter_pages import HTMX
from tests.head_office_world import ORGANISATION, an_office, line_to
from tests.screen_world import sighting
from tests.twins import SetClock

PLACES = ("contact", "customer", "typed", "handle", "undo", "broken", "toolong")
PROMOTIONS = """
promotions:
  - id: pie
    title: Free pie
    gives: One pie, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [word]
    words: [LIMEPIE]
    limits: {per_customer: 2}
  - id: checkin
    title: Check-in tacos
    channel: check-in
    network: Roundsquare
    venue: Harbor Grill
    gives: One tacos, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [screen]
    screen: {offer: Free tacos with any entree, claims: [You've checked in], dates_shown: Nov 1 - Nov 30}
"""


def canary(place: str) -> str:
    """Contact details that nobody has, known by one word that stands nowhere else."""
    return f"quokka{place}@example.com +1 555 01{len(place)}"


def forms(place: str) -> list[bytes]:
    """That word as text, hex and base64 at each offset, in small letters."""
    word = f"quokka{place}"
    plain = [word.encode(), word.encode("utf-16-le"), word[::-1].encode(), word.encode().hex().encode()]
    whole = [base64.b64encode(b"x" * offset + word.encode())[4:-4].lower() for offset in range(3)]
    return [*plain, *whole]


def found_in(content: bytes, what: str) -> list[str]:
    small = content.lower()
    return [f"{place} in {what}" for place in PLACES if any(form in small for form in forms(place))]


@dataclass
class World:
    """A real counter on disk, a head office, and everything that passed between the two."""

    folder: CounterFolder
    office: HeadOffice
    station: Station
    clock: SetClock
    wire: list[bytes] = field(default_factory=list)
    client: FlaskClient | None = None

    def post(self, path: str, message: bytes) -> bytes:
        self.wire.append(message)
        answer = contacts.take_contacts if path == CONTACTS_PATH else None
        answered = answer(self.office, message) if answer else line_to(self.office)(path, message)
        self.wire.append(answered)
        return answered

    def exchange(self) -> None:
        """Everything there is goes to head office, as the line's thread does it."""
        fetcher, side = self._ends()
        replicator = Replicator(
            side, fetcher, self.post, self.station.counter.set_link, clock=self.clock,
            chance=Chance(os.urandom, lambda: 0.5),
        )  # fmt: skip
        replicator.beside = lambda: send_contacts(side, self.station.kept_contacts, self.post, os.urandom(16))
        replicator.turn()
        assert self.station.counter.status().link.trouble is None

    def put_on_stick(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same on a stick; what is in its file goes to ``wire`` before it is sealed."""
        fetcher, side = self._ends()
        seal = stick_file.write

        def overheard(out: BinaryIO, label: stick_file.Label, key: bytes, messages: Iterable[bytes]) -> int:
            kept = list(messages)
            self.wire.extend(kept)
            return seal(out, label, key, kept)

        folder.mkdir()
        monkeypatch.setattr(stick_file, "write", overheard)
        written = CounterStick(side, lambda: nullcontext(fetcher), self.folder.path).write_to(folder, everything=True)
        assert written.entries > 3

    def _ends(self) -> tuple[BundleFetcher, CounterSide]:
        station = self.station
        counter = station.counter
        fetcher = BundleFetcher(
            station.enrolment.root_key, station.journal.bundle, lambda: counter.standing.bundle_floor,
            counter.install_bundle, station.lists,
        )  # fmt: skip
        return fetcher, CounterSide(
            station.enrolment, station.device_key, station.journal, self.clock, take_checkpoint=station.checkpoint,
            on_entries=counter.learn, bundle_version=lambda: fetcher.version,
        )  # fmt: skip

    def page(self, address: str, **form: str) -> str:
        """A page, or what a form of it answers."""
        assert self.client is not None
        if not form:
            return self.client.get(address, follow_redirects=True).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/sale", follow_redirects=True).text)
        assert token is not None
        return self.client.post(address, data={"csrf_token": token[1], **form}, headers=HTMX).text


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    office = an_office(tmp_path / "office", published=False)
    publish(office, promotions=PROMOTIONS, organisation=ORGANISATION, by="test")
    pin = add_clerk(office, "Ana", ["bayside"]).pin
    folder, clock = CounterFolder(tmp_path / "counter"), SetClock()

    def enrol(url: str, code: str, key: Ed25519PrivateKey) -> Admitted:
        return Admitted(pact.enrol(code, key, post=line_to(office), chance=os.urandom).enrolment(url), key)

    enrol_now(folder, enrol, "http://office", create_enrolment_code(office, "bayside", "front").code)
    station = Station.open(folder, CameraPlan(None), clock)
    made = World(folder, office, station, clock)
    made.exchange()
    made.client = station.app(assets.templates(), assets.static()).test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', made.client.get("/sign-in?clerk=ana").text)
    assert token is not None
    made.client.post("/sign-in", data={"csrf_token": token[1], "clerk": "ana", "pin": pin})
    yield made
    if not station.journal.stopped:
        station.stop()


def give_everywhere(world: World) -> None:
    """A customer's details at every place where a person can give them."""
    counter = world.station.counter
    world.station.contacts.keep_contact(canary("contact").encode(), b"case-17")
    counter.look("LIMEPIE")
    sale = re.search(r'name="sale" value="([0-9a-f]{32})"', world.page("/sale"))
    assert sale is not None
    world.page("/sale", sale=sale[1], basket="12", customer=canary("customer"))
    world.page("/sale", sale=sale[1], basket=canary("customer"), customer=canary("customer"))  # in the wrong field
    assert counter.display.showing is not None
    world.page("/redeem", showing=counter.display.showing.id)
    world.page("/next", showing=counter.display.showing.id)
    world.page("/look", text=canary("typed"))
    assert counter.display.showing is not None
    assert counter.display.showing.text == canary("typed")  # on display, in memory
    world.page("/next", showing=counter.display.showing.id)
    world.page("/undo", n="2", reason=canary("undo"))
    counter.screen_in_view(sighting(handle="@" + canary("handle").split()[0]))
    showing = counter.display.showing
    assert showing is not None
    assert showing.screen is not None
    world.page("/touch", showing=showing.id)
    world.clock.advance(5)
    world.page("/redeem", showing=showing.id, looked="yes", touched="yes")


def wire_inside_out(messages: list[bytes]) -> Iterator[bytes]:
    """Each message as it is, and all in it that inflates."""
    for message in messages:
        yield message
        for header in (b"\x78\xda", b"\x78\x9c", b"\x78\x01"):  # zlib at its levels
            for found in re.finditer(re.escape(header), message):
                with suppress(zlib.error):
                    yield zlib.decompressobj().decompress(message[found.start() :])


def test_contact_details_are_in_no_file_message_log_or_crash_dump_of_a_counter(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    give_everywhere(world)
    dumps = tmp_path / "dumps"
    with dumps.open("w+") as file:
        with pytest.raises(ContactError) as refused:
            world.station.contacts.keep_contact(canary("toolong").encode() * 999, b"case-18")
        file.write("".join(traceback.format_exception(refused.value)))

        def breaks(*_: object) -> None:
            faulthandler.dump_traceback(file)
            raise OSError("the disk is gone")

        monkeypatch.setattr(world.station.journal, "append", breaks)
        with pytest.raises(OSError, match="gone") as broken:
            world.station.contacts.keep_contact(canary("broken").encode(), b"case-19")
        file.write("".join(traceback.format_exception(broken.value)))
        monkeypatch.undo()
    files = [path for path in world.folder.path.rglob("*") if path.is_file()]
    assert {"journal.db", "journal.db-wal"} <= {path.name for path in files}
    sealed_n = len(list(world.folder.contacts.iterdir()))
    leaks = [leak for path in [*files, dumps] for leak in found_in(path.read_bytes(), path.name)]
    world.put_on_stick(tmp_path / "stick", monkeypatch)
    leaks += [leak for path in (tmp_path / "stick").iterdir() for leak in found_in(path.read_bytes(), "the stick")]
    world.exchange()
    leaks += [leak for content in wire_inside_out(world.wire) for leak in found_in(content, "a message")]
    leaks += found_in(caplog.text.encode(), "the log")
    world.station.stop()
    files = [path for path in world.folder.path.rglob("*") if path.is_file()]
    leaks += [leak for path in files for leak in found_in(path.read_bytes(), path.name)]
    assert leaks == []
    # and yet everything was done: two redemptions with a holder, one entry, two ciphertexts that head office can open
    facts = [fact for _, _, fact in reopened(world)]
    assert [bool(fact.holder) for fact in facts if isinstance(fact, Redemption)] == [True, True]
    (entry,) = [fact for fact in facts if isinstance(fact, ContactSealed)]
    assert contacts.read_contact(world.office, entry.sha256, "marta") == canary("contact").encode()
    assert (sealed_n, len(world.office.store.contacts()), list(world.folder.contacts.iterdir())) == (2, 2, [])


def reopened(world: World) -> list[tuple[object, int, object]]:
    from kiosk.journal import Journal

    journal = Journal.open(world.folder.journal)
    try:
        return list(journal.replay())
    finally:
        journal.close()


def test_the_canary_is_found_where_it_is_let_out(tmp_path: Path) -> None:
    for content in (
        canary("typed").encode(), canary("typed").upper().encode(), canary("typed").encode("utf-16-le"),
        canary("typed").encode().hex().encode(), base64.b64encode(b"ab" + canary("typed").encode()),
    ):  # fmt: skip
        (tmp_path / "file").write_bytes(b"\0" * 5 + content)
        assert found_in((tmp_path / "file").read_bytes(), "file") == ["typed in file"]
    message = cbor2.dumps([1, 1, "a", "b", 1, b"", 1, 1, zlib.compress(canary("typed").encode() * 9), b""])
    assert [leak for content in wire_inside_out([message]) for leak in found_in(content, "it")] == ["typed in it"]
