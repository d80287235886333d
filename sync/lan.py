"""The two ends of a connection between counters of a store: HTTP/1.1 POST over mutual TLS, and nothing else.

Rules of this module:

- This is a door of its own, apart from the clerk's pages: it knows three paths, each with one signed message.
- A stranger reaches OpenSSL's handshake and no further; each connection has its own thread and its time limits, and
  there are few of them, few from one address, so that whoever only knocks takes little.
- The caller looks at the other side's certificate before it sends, the one who is called before it reads.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import h11

from kiosk.errors import CounterfoilError, ExchangeError
from sync.certificates import Certificate
from sync.lan_tls import handshake_failed, peer_certificate
from sync.post import MAX_REFUSAL_BYTES, UNREACHABLE, Post, read_refusal, refusal
from sync.wire import CONTENT_TYPE, MAX_MESSAGE_BYTES, too_large

CONNECT_S = 2.0
ANSWER_S = 10.0
IDLE_S = 15.0
HANDSHAKE_S = 3.0
LAST_WORD_S = 0.5
MOST_CONNECTIONS = 48
MOST_FROM_ONE_ADDRESS = 8
PIECE_BYTES = 65_536

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a neighbour may be reached; nothing is believed because of it."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Admit = Callable[[bytes], Certificate]
"""Who showed this certificate (DER); raises ``ExchangeError`` where this counter does not talk to it."""

# --- calling -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """An open connection to a neighbour that was admitted."""

    neighbour: Certificate
    post: Post


@contextlib.contextmanager
def call(address: Address, context: ssl.SSLContext, admit: Admit, *, limit_s: float | None = None) -> Iterator[Call]:
    """Connect, and look whom one has met; ``limit_s`` for that, and for each answer. Raises ``ExchangeError``."""
    with _connected(address, context, limit_s or CONNECT_S) as connection:
        neighbour = admit(peer_certificate(connection))
        connection.settimeout(limit_s or ANSWER_S)
        client = http.client.HTTPConnection(address.host, address.port)
        client.sock = connection
        yield Call(neighbour, lambda path, message: _post(client, address, path, message))


@contextlib.contextmanager
def _connected(address: Address, context: ssl.SSLContext, limit_s: float) -> Iterator[ssl.SSLSocket]:
    try:
        plain = socket.create_connection((address.host, address.port), timeout=limit_s)
    except OSError as error:
        raise _unreachable(address, error) from None
    with contextlib.closing(plain):
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = context.wrap_socket(plain)
        except ssl.SSLError as error:
            raise handshake_failed(error, str(address)) from None
        except OSError as error:
            raise _unreachable(address, error) from None
        with contextlib.closing(connection):
            yield connection


def _post(client: http.client.HTTPConnection, address: Address, path: str, message: bytes) -> bytes:
    try:
        client.request("POST", path, message, {"Content-Type": CONTENT_TYPE})
        answered = client.getresponse()
        cap = MAX_MESSAGE_BYTES if answered.status == http.client.OK else MAX_REFUSAL_BYTES
        body = answered.read(cap + 1)
    except ssl.SSLError as error:
        raise handshake_failed(error, str(address)) from None
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(address, error) from None
    if len(body) > cap:  # an endless answer
        raise too_large("An answer", len(body), cap)
    if answered.status != http.client.OK:
        raise read_refusal(answered.status, body, str(address))
    return body


def _unreachable(address: Address, error: Exception) -> ExchangeError:
    return ExchangeError(
        UNREACHABLE,
        f"No answer from {address} ({str(error) or type(error).__name__})",
        where=str(address),
        cure="See that the other counter is on and in the same network; what is to be sent is kept.",
    )


# --- being called ------------------------------------------------------------------------------

Answer = Callable[[Certificate, str, bytes], bytes]
"""The answer to a neighbour's message at a path; raises ``CounterfoilError`` to refuse it."""


class Door:
    """The listening end. ``open`` starts its thread, ``close`` ends it and all that came in."""

    def __init__(self, listening: socket.socket, context: ssl.SSLContext, admit: Admit, answer: Answer) -> None:
        self._listening = listening
        self._context = context
        self._admit = admit
        self._answer = answer
        self._lock = threading.Lock()
        self._inside: dict[int, tuple[str, socket.socket]] = {}
        self._numbers = itertools.count()
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self._listening.getsockname()[1])

    def open(self) -> None:
        """Begin to let neighbours in."""
        self._listening.settimeout(0.5)  # closing a socket does not wake an accept everywhere
        self._thread = threading.Thread(target=self._run, name="neighbours' door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let nobody in any more, and end what is under way."""
        self._closing = True
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the accept, where the system does that
        with self._lock:
            inside = list(self._inside.values())
        for _, connection in inside:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(3.0)
        self._listening.close()

    def _run(self) -> None:
        while not self._closing:
            try:
                connection, came_from = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:
                if not self._closing:
                    time.sleep(0.5)  # out of file descriptors: some connection will end
                continue
            number = self._note(connection, str(came_from[0]))
            if number is None:
                connection.close()  # a flood of connections
                continue
            threading.Thread(target=self._serve, args=(number, connection), name="neighbour", daemon=True).start()

    def _note(self, connection: socket.socket, host: str) -> int | None:
        with self._lock:
            from_there = sum(1 for other, _ in self._inside.values() if other == host)
            if len(self._inside) >= MOST_CONNECTIONS or from_there >= MOST_FROM_ONE_ADDRESS:
                return None
            number = next(self._numbers)
            self._inside[number] = host, connection
            return number

    def _serve(self, number: int, plain: socket.socket) -> None:
        beside = plain.dup()
        try:
            plain.settimeout(HANDSHAKE_S)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as connection:
                with self._lock:  # from here on it is this one that has to be closed
                    self._inside[number] = self._inside[number][0], connection
                try:
                    connection.do_handshake()
                except ssl.SSLError:
                    _let_hear(beside)
                    raise
                connection.settimeout(IDLE_S)
                self._converse(connection)
        except (OSError, h11.RemoteProtocolError, ExchangeError) as error:  # it hung up, is a stranger, talks nonsense
            log.info("a neighbour's connection ended: %s", error)
        except Exception:
            log.exception("a neighbour could not be answered")
        finally:
            with self._lock:
                self._inside.pop(number, None)
            plain.close()
            beside.close()

    def _converse(self, connection: ssl.SSLSocket) -> None:
        """Answer one request after the other until the neighbour hangs up."""
        der, spoken = peer_certificate(connection), h11.Connection(h11.SERVER)
        while (asked := _request(spoken, connection)) is not None:
            path, message = asked
            try:
                body, status = self._answer(self._admit(der), path, message), 200
            except CounterfoilError as error:
                body, status = refusal(error)
            kind = CONTENT_TYPE if status == http.client.OK else "application/json"
            head = h11.Response(
                status_code=status, headers=[("Content-Type", kind), ("Content-Length", str(len(body)))]
            )
            said = (head, h11.Data(data=body), h11.EndOfMessage())
            connection.sendall(b"".join(spoken.send(event) or b"" for event in said))
            if spoken.states[h11.SERVER] is not h11.DONE or spoken.states[h11.CLIENT] is not h11.DONE:
                return
            spoken.start_next_cycle()


def _let_hear(connection: socket.socket) -> None:
    """Give the other side a moment to read why it is not let in: unread bytes would take the alert back (RFC 9293)."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(LAST_WORD_S)
        for _ in range(4):
            if not connection.recv(PIECE_BYTES):
                return


def _request(spoken: h11.Connection, connection: ssl.SSLSocket) -> tuple[str, bytes] | None:
    """The path and the message of the next request; None: no more come."""
    path, message = "", bytearray()
    while True:
        event = spoken.next_event()
        if event is h11.NEED_DATA:
            spoken.receive_data(connection.recv(PIECE_BYTES))
        elif isinstance(event, h11.Request):
            path = event.target.decode("ascii", "replace") if event.method == b"POST" else ""
        elif isinstance(event, h11.Data):
            message += event.data
            if len(message) > MAX_MESSAGE_BYTES:  # an endless request
                raise too_large("A message", len(message), MAX_MESSAGE_BYTES)
        elif isinstance(event, h11.EndOfMessage):
            return path, bytes(message)
        else:  # closed, or paused
            return None
