"""Hosts that can be cut off from each other: network namespaces where they are to be had, else loopback and relays.

A cut is of one direction, from one host to another. In a namespace it is a black hole in the routing table: packets
vanish, and both ends wait for what never comes, as with a pulled cable. On loopback a relay drops the connections that
were opened in that direction and answers none; what was asked the other way goes on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

Pair = tuple[str, str]
"""From which host to which."""

PORT = 8700
_PIECE = 65_536


class Hosts(Protocol):
    """The hosts of one test, by name."""

    def command(self, host: str) -> list[str]:
        """What to put before a command so that it runs on ``host``."""
        ...

    def listens(self, host: str) -> tuple[str, int]:
        """Where the program of ``host`` is to listen."""
        ...

    def way(self, pair: Pair) -> tuple[str, int]:
        """The address at which the one host reaches the other's program."""
        ...

    def cut(self, pairs: Iterable[Pair]) -> None:
        """These ways are cut from now on, and no others."""
        ...

    def close(self) -> None:
        """Take everything down."""
        ...


def open_hosts(names: Sequence[str]) -> Hosts:
    """Namespaces if this user may make them, else loopback."""
    if os.geteuid() == 0 and shutil.which("ip"):
        with contextlib.suppress(subprocess.CalledProcessError):
            return Namespaces(names)
    return Loopback(names)


class Namespaces:
    """Each host in a network namespace of its own, all on one bridge, which has a namespace too."""

    def __init__(self, names: Sequence[str]) -> None:
        self._mark = f"cf{os.getpid() % 10_000}"
        self._addresses = {name: f"10.77.0.{k}" for k, name in enumerate(names, 1)}
        self._cut: set[Pair] = set()
        try:
            self._make(names)
        except subprocess.CalledProcessError:
            self.close()
            raise

    def _make(self, names: Sequence[str]) -> None:
        switch = self._space("switch")
        _run("ip", "netns", "add", switch)
        _run("ip", "-n", switch, "link", "add", "br0", "type", "bridge")
        _run("ip", "-n", switch, "link", "set", "br0", "up")
        for name in names:
            space, here, there = self._space(name), f"{self._mark}{name[:4]}", f"p{self._mark[2:]}{name[:4]}"
            _run("ip", "netns", "add", space)
            _run("ip", "link", "add", here, "netns", space, "type", "veth", "peer", "name", there, "netns", switch)
            _run("ip", "-n", switch, "link", "set", there, "master", "br0", "up")
            _run("ip", "-n", space, "addr", "add", f"{self._addresses[name]}/24", "dev", here)
            _run("ip", "-n", space, "link", "set", here, "up")
            _run("ip", "-n", space, "link", "set", "lo", "up")

    def _space(self, name: str) -> str:
        return f"{self._mark}-{name}"

    def command(self, host: str) -> list[str]:
        return ["ip", "netns", "exec", self._space(host)]

    def listens(self, host: str) -> tuple[str, int]:
        return self._addresses[host], PORT

    def way(self, pair: Pair) -> tuple[str, int]:
        return self._addresses[pair[1]], PORT

    def cut(self, pairs: Iterable[Pair]) -> None:
        wanted = set(pairs)
        for verb, changed in (("add", wanted - self._cut), ("del", self._cut - wanted)):
            for here, there in sorted(changed):
                _run("ip", "-n", self._space(here), "route", verb, "blackhole", f"{self._addresses[there]}/32")
        self._cut = wanted

    def close(self) -> None:
        for name in ("switch", *self._addresses):
            subprocess.run(["ip", "netns", "del", self._space(name)], check=False, capture_output=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


class Loopback:
    """All on this machine's loopback, each way through a relay of its own."""

    def __init__(self, names: Sequence[str]) -> None:
        self._ports = {name: _free_port() for name in names}
        self._relays = {(a, b): _Relay(self._ports[b]) for a in names for b in names if a != b}

    def command(self, host: str) -> list[str]:
        assert host in self._ports
        return []

    def listens(self, host: str) -> tuple[str, int]:
        return "127.0.0.1", self._ports[host]

    def way(self, pair: Pair) -> tuple[str, int]:
        return "127.0.0.1", self._relays[pair].port

    def cut(self, pairs: Iterable[Pair]) -> None:
        wanted = set(pairs)
        for pair, relay in self._relays.items():
            relay.cut(pair in wanted)

    def close(self) -> None:
        for relay in self._relays.values():
            relay.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class _Relay:
    """Carries what connects here to a port of loopback, unless it is cut."""

    def __init__(self, to_port: int) -> None:
        self._to = ("127.0.0.1", to_port)
        self._is_cut = self._closed = False
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, is_cut: bool) -> None:
        with self._guard:
            self._is_cut = is_cut
            if is_cut:
                self._drop()

    def close(self) -> None:
        with self._guard:
            self._closed = True
            self._drop()
        self._listening.close()

    def _drop(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while not self._closed:
            try:
                came, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(came,), daemon=True).start()

    def _carry(self, came: socket.socket) -> None:
        with came, contextlib.suppress(OSError), socket.create_connection(self._to, timeout=5) as onward:
            onward.settimeout(None)
            with self._guard:
                if self._is_cut or self._closed:
                    return
                self._open |= {came, onward}
            back = threading.Thread(target=_pump, args=(onward, came), daemon=True)
            back.start()
            _pump(came, onward)
            back.join()
            with self._guard:
                self._open -= {came, onward}


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for piece in _pieces(source):
            sink.sendall(piece)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _pieces(source: socket.socket) -> Iterator[bytes]:
    while piece := source.recv(_PIECE):
        yield piece
