"""The cached bundle's rows. The transaction around them is the journal's."""

from __future__ import annotations

import hashlib

import apsw

from kiosk.core.fact import BundleInstalled, decode_fact
from kiosk.errors import BundleError
from kiosk.ports import CachedBundle

# Deterministic CBOR begins with the map's one-byte header and then key 0, the kind; so the second and third
# bytes of a body tell an installed bundle, and only those few entries are decoded.
_INSTALLED = "SELECT body FROM entry WHERE feed IN (SELECT feed FROM own_feed) AND substr(body, 2, 2) = ?"


def floor(db: apsw.Connection) -> int:
    """The highest version that the own feeds say was installed, pruned entries too; 0 before the first."""
    pruned = db.execute("SELECT bundle_floor FROM standing_on").get
    facts = [decode_fact(body) for (body,) in db.execute(_INSTALLED, (bytes((0, BundleInstalled.KIND)),))]
    floors = [fact.version for fact in facts if isinstance(fact, BundleInstalled)]
    return max([*floors, pruned if isinstance(pruned, int) else 0])


def refuse_older(db: apsw.Connection, version: int) -> None:
    """Stops a roll-back: someone who replays an old, well-signed bundle to bring ended promotions back."""
    lowest = floor(db)
    if version < lowest:
        raise BundleError(
            "bundle-older",
            f"Bundle {version} is older than bundle {lowest}, which was installed before",
            cure="Publish again at head office; the promotions in force stay.",
        )


def replace(db: apsw.Connection, bundle: CachedBundle) -> None:
    """Keep ``bundle`` and nothing of the one before but the parts that both have."""
    for name, content in bundle.parts.items():
        if hashlib.sha256(content).digest() != name:
            raise BundleError(
                "bundle-malformed",
                f"The bundle's part {name.hex()[:16]} is not what its name says",
                cure="Fetch it again; the promotions in force stay.",
            )
    db.execute("INSERT OR REPLACE INTO bundle (slot, envelope) VALUES (1, ?)", (bundle.envelope,))
    held = dict(db.execute("SELECT hash, content FROM bundle_part"))
    db.executemany("DELETE FROM bundle_part WHERE hash = ?", [(name,) for name in held.keys() - bundle.parts.keys()])
    db.executemany(  # a held part that a bad disk altered is written anew
        "INSERT OR REPLACE INTO bundle_part (hash, content) VALUES (?, ?)",
        [(name, content) for name, content in bundle.parts.items() if held.get(name) != content],
    )


def read(db: apsw.Connection) -> CachedBundle | None:
    """The bundle in the cache. Its parts are as stored; whoever opens it verifies them."""
    envelope = db.execute("SELECT envelope FROM bundle").get
    if not isinstance(envelope, bytes):
        return None
    return CachedBundle(envelope, dict(db.execute("SELECT hash, content FROM bundle_part")))
