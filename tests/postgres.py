"""A PostgreSQL for tests: the one named by ``COUNTERFOIL_TEST_POSTGRES``, else one on loopback, else a throwaway.

Each test run has a database of its own there, dropped at the end.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

LOOPBACK = "postgresql://postgres@127.0.0.1:5432/postgres"
CURE = (
    "No PostgreSQL for the storage tests. Name one with COUNTERFOIL_TEST_POSTGRES=postgresql://USER@HOST:PORT/DATABASE "
    "(its user must be allowed to create databases), start one on 127.0.0.1:5432 that trusts the user postgres, "
    "or install the server's binaries (Debian: apt-get install postgresql)."
)


@contextlib.contextmanager
def database() -> Iterator[str]:
    """The address of a fresh database, dropped at the end."""
    with _server() as server:
        name = f"counterfoil_test_{uuid.uuid4().hex[:12]}"
        _run(server, f'CREATE DATABASE "{name}"')
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            _run(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(server: str, statement: str) -> None:
    with psycopg.connect(_plain(server), autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement.encode())


def _plain(server: str) -> str:
    return server.replace("postgresql+psycopg://", "postgresql://").replace("postgres://", "postgresql://")


@contextlib.contextmanager
def _server() -> Iterator[str]:
    named = os.environ.get("COUNTERFOIL_TEST_POSTGRES")
    if named:
        yield _plain(named)
    elif _answers(LOOPBACK):
        yield LOOPBACK
    else:
        with _throwaway(_binaries()) as server:
            yield server


def _answers(server: str) -> bool:
    try:
        psycopg.connect(server, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _binaries() -> Path:
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found or not (found[-1] / "initdb").exists():
        pytest.fail(CURE, pytrace=False)
    return found[-1]


@contextlib.contextmanager
def _throwaway(binaries: Path) -> Iterator[str]:
    """A cluster in a temporary folder; as root it runs as another user, since PostgreSQL refuses root."""
    with tempfile.TemporaryDirectory(prefix="counterfoil-postgres-") as folder:
        place, port = Path(folder) / "cluster", _free_port()
        user = _unprivileged(Path(folder))
        own = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
        _as(user, [binaries / "initdb", "-D", place, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
        server = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        started = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(place), *own],
            user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _await(server, started)
            yield server
        finally:
            started.terminate()
            started.wait(30)


def _await(server: str, started: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while not _answers(server):
        if started.poll() is not None or time.monotonic() > until:
            pytest.fail(f"The throwaway PostgreSQL did not start. {CURE}", pytrace=False)
        time.sleep(0.1)


def _unprivileged(folder: Path) -> int | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            os.chown(folder, user.pw_uid, user.pw_gid)
            return user.pw_uid
    pytest.fail(CURE, pytrace=False)


def _as(user: int | None, command: list[Path | str]) -> None:
    subprocess.run([str(part) for part in command], user=user, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
