"""Real programs on hosts of their own, cut off from each other and healed: what was promised holds, by the files."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.hosts import Loopback
from tests.e2e.partition import Partition


def test_cut_and_healed_the_promises_hold(tmp_path: Path) -> None:
    world = Partition.begin(tmp_path, seed=3)
    try:
        for _ in range(2):
            world.turn(25)
        world.heal()
        figures = world.judge()
    finally:
        world.close()
    assert figures["redemptions"] > 0
    assert len(world.acknowledged) <= figures["redemptions"]


# --- hosts on loopback -------------------------------------------------------------------------


@pytest.fixture
def hosts() -> Iterator[Loopback]:
    made = Loopback(["a", "b"])
    with socket.create_server(made.listens("b")) as listening:
        threading.Thread(target=_echo, args=(listening,), daemon=True).start()
        yield made
    made.close()


def _echo(listening: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            came, _ = listening.accept()
            with came:
                came.sendall(came.recv(10))


def echoed(hosts: Loopback) -> bytes:
    with contextlib.suppress(OSError), socket.create_connection(hosts.way(("a", "b")), timeout=10) as line:
        line.sendall(b"hello")
        return line.recv(10)
    return b""


def test_a_way_carries_until_it_is_cut_and_again_when_it_is_healed(hosts: Loopback) -> None:
    assert echoed(hosts) == b"hello"
    hosts.cut([("a", "b")])
    assert echoed(hosts) == b""
    hosts.cut([("b", "a")])
    assert echoed(hosts) == b"hello"
