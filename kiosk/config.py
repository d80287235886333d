"""What a counter knows of itself before it reads a journal: its folder, its keys, who it is enrolled with.

Keys lie beside the journal and outside it, so that a copied journal holds none (DESIGN, Keys and people).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.entry import FeedId
from kiosk.durable import make_folder, sync_folder
from kiosk.errors import SetupError


@dataclass(frozen=True, slots=True)
class CounterFolder:
    """The files of one counter's data folder."""

    path: Path

    @property
    def journal(self) -> Path:
        return self.path / "journal.db"

    @property
    def snapshot(self) -> Path:
        """The fold of most of the journal, for a quick start; it can be thrown away."""
        return self.path / "journal.snapshot"

    @property
    def device_key(self) -> Path:
        return self.path / "device.key"

    @property
    def new_key(self) -> Path:
        """The key of an enrolment that is being taken up (:mod:`kiosk.enrolling`)."""
        return self.path / "device.key.new"

    def earlier_key(self, key_epoch: int) -> Path:
        """The key of an earlier life: it signs what is left of that life's feed, and nothing else."""
        return self.path / f"device-{key_epoch}.key"

    def earlier_keys(self) -> list[Ed25519PrivateKey]:
        """The keys of all earlier lives that are still there."""
        return [load_or_make_key(path) for path in sorted(self.path.glob("device-*.key"))]

    @property
    def enrolment(self) -> Path:
        return self.path / "enrolment.json"

    @property
    def opened(self) -> Path:
        """Names the feed that this folder's journal was begun for: a journal that is gone is noticed."""
        return self.path / "journal.feed"

    @property
    def fence(self) -> Path:
        """Names the feed of which head office holds another history (:mod:`kiosk.fence`)."""
        return self.path / "fenced.feed"

    @property
    def lists(self) -> Path:
        """The folder with the files of listed codes; all of it can be fetched again."""
        return self.path / "lists"

    @property
    def contacts(self) -> Path:
        """The folder of sealed contact details that head office does not have yet."""
        return self.path / "contacts"

    @property
    def certificates(self) -> Path:
        """Certificates of this device and of its neighbours; all of it can be had again."""
        return self.path / "certificates.cbor"

    @property
    def web_key(self) -> Path:
        return self.path / "web.key"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Who this counter is to head office, and whom it believes; pinned at first contact.

    Keys are raw bytes: Ed25519 public keys of 32 bytes, the fleet key of 32 bytes.
    ``head_office_keys`` are by key epoch, as pairs. ``public_key`` is of the key that was enrolled; empty where an
    earlier release did not note it.
    """

    origin: str
    incarnation: int
    key_epoch: int
    store: str
    counter: str
    head_office_url: str
    head_office_keys: tuple[tuple[int, bytes], ...]
    root_key: bytes
    fleet_key: bytes
    public_key: bytes = b""

    @property
    def feed(self) -> FeedId:
        """The feed that this counter writes."""
        return FeedId(self.origin, self.incarnation)

    def save(self, path: Path) -> None:
        """Write this to ``path``, readable by its owner only, whole or not at all."""
        shown = {name: _to_json(value) for name, value in asdict(self).items()}
        write_private(path, (json.dumps(shown, indent=2) + "\n").encode())

    @classmethod
    def load(cls, path: Path) -> Enrolment:
        """The enrolment in ``path``; raises :class:`SetupError` ``not-enrolled`` or ``enrolment-unreadable``."""
        try:
            read = json.loads(path.read_text())
            kept = {spec.name: read[spec.name] for spec in fields(cls) if spec.name in read or spec.default is MISSING}
            for name in {"root_key", "fleet_key", "public_key"} & kept.keys():
                kept[name] = bytes.fromhex(kept[name])
            kept["head_office_keys"] = tuple((int(n), bytes.fromhex(key)) for n, key in kept["head_office_keys"])
            return cls(**kept)
        except FileNotFoundError:
            raise SetupError(
                "not-enrolled",
                "This counter is not enrolled with a head office yet",
                where=str(path),
                cure="Ask head office for a one-time code and start with --head-office URL --code CODE.",
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SetupError(
                "enrolment-unreadable",
                f"The enrolment file cannot be read: {error}",
                where=str(path),
                cure="Enrol anew with a one-time code from head office; the journal is kept.",
            ) from None


def load_or_make_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key in ``path`` (a raw seed of 32 bytes); made there when the file is missing."""
    if not path.exists():
        write_private(path, Ed25519PrivateKey.generate().private_bytes_raw())
    seed = path.read_bytes()
    if len(seed) != 32:
        raise SetupError(
            "key-unreadable",
            f"A key file has {len(seed)} bytes instead of 32",
            where=str(path),
            cure="Move it away and enrol anew; the journal is kept.",
        )
    return Ed25519PrivateKey.from_private_bytes(seed)


def load_or_make_secret(path: Path) -> bytes:
    """32 random bytes kept in ``path``; made there when the file is missing."""
    if not path.exists():
        write_private(path, os.urandom(32))
    return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` with mode 0600: durable, and whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make_folder(path.parent)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Power fails before the rename: the file is as it was, or missing. After it: one of the two, whole; the
        # folder's sync settles which before anybody relies on it.
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):  # half a secret lies about nowhere
            beside.unlink(missing_ok=True)
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise SetupError(
            "disk-full" if full else "folder-not-writable",
            f"Cannot write {path.name}: {error.strerror}",
            where=str(path.parent),
            cure="Free some space, then start again."
            if full
            else "Choose a folder you may write to with --data, or give yourself the right to write there.",
        ) from None


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return value
