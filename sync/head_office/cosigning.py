"""Two people as a setting: a bundle that this server has signed waits until a second person has, too.

Rules of this module:

- The first publishing key is this server's. A second person's key lies elsewhere, under a passphrase; only its public
  half is kept here. The root key names both, and that both must sign: a counter refuses what one of them signed alone.
- What waits is in force nowhere: its texts are not those of now, and no counter is told of it. Until it is signed or
  withdrawn nothing else is published, so that a second person signs what the first one meant.
- Nothing is renewed by itself, since that needs the second person as well: what is published stays fresh for a week,
  and its renewal is laid by half a day before that.
- Who may sign, and how many must, has a version of its own, which only goes up: an old list of keys is refused.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.bundle import SignedRoles, cosigned, read_manifest, sign_roles
from kiosk.errors import CounterfoilError
from sync.head_office.keys import Keys
from sync.head_office.office import HeadOffice
from sync.head_office.records import SourceText, StoredBundle
from sync.head_office.store import HeadOfficeStore

ROLES = "publishing-roles"
WAITING = "waiting-bundle"
SERVER = "this server"


class CosigningError(CounterfoilError):
    """Of a second signature: ``publication-waits``, ``nothing-waits``, ``publisher-unknown``, ``publisher-known``."""


@dataclass(frozen=True, slots=True)
class Publishers:
    """Who may sign bundles: names by public key (hex), this server's first; ``threshold`` of them must."""

    version: int
    threshold: int
    names: dict[str, str]

    def signed(self, store: HeadOfficeStore, root: Ed25519PrivateKey) -> SignedRoles:
        """The list as the root key signs it, kept under its version."""
        store.put_setting(ROLES, json.dumps(asdict(self)))
        keys = [bytes.fromhex(key) for key in self.names]
        return sign_roles(version=self.version, publishing_keys=keys, root_key=root, threshold=self.threshold)


def publishers(store: HeadOfficeStore, keys: Keys) -> Publishers:
    """Who may sign now. Another publishing key of this server than before puts the old one out of force."""
    own = keys.publishing.public_key().public_bytes_raw().hex()
    kept = json.loads(store.setting(ROLES) or '{"version": 0, "key": ""}')
    if "key" in kept:  # of a release that knew one key only
        kept = {"version": kept["version"], "threshold": 1, "names": {kept["key"]: SERVER} if kept["key"] else {}}
    listed = Publishers(**kept)
    if own in listed.names:
        return listed
    others = {key: name for key, name in listed.names.items() if name != SERVER}
    return Publishers(listed.version + 1, listed.threshold, {own: SERVER, **others})


def require(office: HeadOffice, name: str, public_key: bytes) -> None:
    """From the next publication on ``name``, who has this key, must sign beside this server."""
    with office.store.together() as store:
        refuse_if_waiting(store)
        now = publishers(store, office.keys)
        if public_key.hex() in now.names:
            raise CosigningError("publisher-known", f"That key is {now.names[public_key.hex()]}'s already")
        own = {key: kept for key, kept in now.names.items() if kept == SERVER}
        after = Publishers(now.version + 1, 2, {**own, public_key.hex(): name})
        after.signed(store, office.keys.root)


def release(office: HeadOffice) -> None:
    """One signature is enough again: this server's."""
    with office.store.together() as store:
        refuse_if_waiting(store)
        now = publishers(store, office.keys)
        own = {key: kept for key, kept in now.names.items() if kept == SERVER}
        Publishers(now.version + 1, 1, own).signed(store, office.keys.root)


# --- what waits --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A bundle that one person has signed, and the texts that come into force with it."""

    bundle: StoredBundle
    sources: tuple[SourceText, ...] = ()


def waiting(store: HeadOfficeStore) -> Waiting | None:
    """What waits for a second signature."""
    text = store.setting(WAITING)
    return _read(json.loads(text)) if text else None


def refuse_if_waiting(store: HeadOfficeStore) -> None:
    """Raise ``publication-waits`` where something does."""
    held = waiting(store)
    if held is not None:
        raise CosigningError(
            "publication-waits",
            f"Version {held.bundle.version} waits for its second signature",
            cure="Have it signed (head-office publishers sign), or withdraw it (head-office publishers withdraw).",
        )


def lay_by(store: HeadOfficeStore, bundle: StoredBundle) -> None:
    """Keep a bundle until it is signed; inside a transaction, its parts are kept already."""
    _keep(store, Waiting(bundle))


def put_source(store: HeadOfficeStore, source: SourceText) -> None:
    """Keep a published text: in force now, or with the bundle that waits."""
    held = waiting(store)
    if held is None or held.bundle.version != source.version:
        store.put_source(source)
        return
    _keep(store, replace(held, sources=(*held.sources, source)))


def sign(office: HeadOffice, key: Ed25519PrivateKey) -> StoredBundle:
    """The second signature: what waited is in force when this returns. Raises :class:`CosigningError`."""
    with office.store.together() as store:
        held = waiting(store)
        if held is None:
            raise CosigningError("nothing-waits", "Nothing waits for a signature")
        if key.public_key().public_bytes_raw().hex() not in publishers(store, office.keys).names:
            raise CosigningError(
                "publisher-unknown",
                "That key may not sign what is published here",
                cure="Use the key that was named with head-office publishers require.",
            )
        bundle = replace(held.bundle, envelope=cosigned(held.bundle.envelope, key))
        # one key that signs twice is one
        read_manifest(bundle.envelope, office.keys.root_public, bundle.version)
        store.put_bundle(bundle, {})
        for source in held.sources:
            store.put_source(source)
        store.put_setting(WAITING, "")
    return bundle


def withdraw(office: HeadOffice) -> None:
    """What waits is not published; raises ``nothing-waits``."""
    with office.store.together() as store:
        if waiting(store) is None:
            raise CosigningError("nothing-waits", "Nothing waits for a signature")
        store.put_setting(WAITING, "")


def _keep(store: HeadOfficeStore, held: Waiting) -> None:
    bundle = asdict(held.bundle)
    bundle["envelope"] = base64.b64encode(held.bundle.envelope).decode()
    bundle["parts"] = [[name, digest.hex()] for name, digest in held.bundle.parts]
    store.put_setting(WAITING, json.dumps({"bundle": bundle, "sources": [asdict(one) for one in held.sources]}))


def _read(kept: Any) -> Waiting:
    bundle = kept["bundle"]
    bundle["envelope"] = base64.b64decode(bundle["envelope"])
    bundle["parts"] = tuple((name, bytes.fromhex(digest)) for name, digest in bundle["parts"])
    return Waiting(StoredBundle(**bundle), tuple(SourceText(**one) for one in kept["sources"]))
