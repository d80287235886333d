"""A counter's place on the local network, put together: certificate, door, discovery, links.

Rules of this module:

- Nothing is opened before head office has given this device its certificate; that is asked for once in each life of a
  counter, and kept. A counter that has it needs no line any more to meet its neighbours.
- Listed addresses are tried always; what is found by itself, beside them.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiosk.errors import CounterfoilError, ExchangeError, SetupError
from sync.counter_side import HEAD_OFFICE, CounterSide
from sync.lan import Address, Door
from sync.lan_discovery import Discovery
from sync.lan_tls import client_context, server_context
from sync.neighbour_messages import decode_certificate
from sync.neighbourhood import Neighbourhood, OwnPapers
from sync.neighbours import Neighbours
from sync.post import Post
from sync.replicator import Chance
from sync.wire import CERTIFICATE_PATH, NONCE_BYTES, Kind, seal, unseal

PORT = 8711
AGAIN_S = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LanPlan:
    """What was typed: a bound socket, the addresses listed, whether others are looked for. ``papers`` is a file."""

    listening: socket.socket
    listed: tuple[Address, ...]
    discover: bool
    papers: Path


def parse_addresses(typed: str) -> tuple[Address, ...]:
    """The addresses in ``host:port,host:port``; without a port, the usual one. Raises ``SetupError``."""
    return tuple(parse_address(one) for one in typed.split(",") if one.strip())


def parse_address(typed: str) -> Address:
    """The address in ``host:port`` or ``[v6]:port``; raises ``SetupError`` ``neighbours-malformed``."""
    host, colon, port = typed.strip().rpartition(":")
    if not colon or typed.strip().endswith("]"):
        host, port = typed.strip(), str(PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65_536:
        raise SetupError(
            "neighbours-malformed",
            f"{typed.strip()!r} is no address of a counter",
            cure="Write host:port, for example 192.168.1.20:8711, several with commas in between.",
        )
    return Address(host, int(port))


def fetch_papers(counter: CounterSide, post: Post, chance: Chance) -> OwnPapers:
    """Ask head office for this device's certificate. Raises ``ExchangeError``."""
    nonce = chance.octets(NONCE_BYTES)
    message = seal(
        Kind.CERTIFICATE, b"\xa0", party=counter.us, recipient=HEAD_OFFICE, nonce=nonce, at_ms=counter.now_ms()
    )
    answered = post(CERTIFICATE_PATH, message)
    opened = unseal(
        answered,
        kind=Kind.CERTIFICATE_ANSWER,
        recipient=counter.us.origin,
        key_of=counter.trust.key_of,
        nonce=nonce,
    )
    return OwnPapers(*decode_certificate(opened.body))


class LanLine:
    """A counter on the local network. ``start`` and ``stop`` all of it."""

    def __init__(
        self,
        plan: LanPlan,
        counter: CounterSide,
        near: Neighbourhood,
        neighbours: Neighbours,
        ask: Callable[[], OwnPapers],
    ) -> None:
        """``ask`` gets this device's certificate from head office; raises ``ExchangeError``."""
        self._plan = plan
        self._counter = counter
        self._near = near
        self._ask = ask
        self._door: Door | None = None
        self._discovery: Discovery | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.neighbours = neighbours

    def start(self) -> None:
        """Open the door and look for neighbours, as soon as there is a certificate."""
        self._thread = threading.Thread(target=self._run, name="local network", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave the local network."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)
        if self._discovery is not None:
            self._discovery.stop()
        self.neighbours.stop()
        if self._door is not None:
            self._door.close()
        else:
            self._plan.listening.close()

    @property
    def is_open(self) -> bool:
        """Whether neighbours can come in."""
        return self._door is not None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._open(self._near.papers or self._asked())
            except CounterfoilError as error:
                log.info("no certificate yet: %s", error)
            except Exception:
                log.exception("the local network could not be entered")
            else:
                return
            self._stopping.wait(AGAIN_S)

    def _asked(self) -> OwnPapers:
        papers = self._ask()
        self._near.take_papers(papers)
        return papers

    def _open(self, papers: OwnPapers) -> None:
        plan, key = self._plan, self._counter.us.key
        host, port = plan.listening.getsockname()[:2]
        try:
            calling = client_context(papers, key)
            door = Door(plan.listening, server_context(papers, key), self._near.admit, self.neighbours.answer)
        except (ValueError, OSError) as error:
            raise ExchangeError("certificate-unusable", f"The certificate cannot be used: {error}") from error
        self._door = door
        door.open()
        self.neighbours.dress(calling)
        self.neighbours.follow(plan.listed)
        self.neighbours.start()
        if plan.discover:
            found = Discovery(
                self._counter.enrolment, host, port, lambda seen: self.neighbours.follow([*plan.listed, *seen])
            )
            self._discovery = found
            found.start()
