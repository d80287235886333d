"""Head office's own keys: files of mode 0600 in its data directory, never in the database.

So a copy or a backup of the database can neither publish nor answer in head office's name.

| file | is | if it is lost |
|---|---|---|
| ``root.key`` | Ed25519; vouches for the publishing key; counters pin its public half | every counter must enrol anew |
| ``publishing.key`` | Ed25519; signs bundles | a new one, vouched for by the root key |
| ``feed.key`` | Ed25519; signs head office's feeds and its answers | every counter must enrol anew |
| ``fleet.key`` | 32 bytes; keys the hashes of codes | codes and rotating keys are added anew, old uses do not match |
| ``rotating-keys/`` | a file for each rotating key, sealed under the fleet key | rotating codes must be set up anew |
| ``contacts.key`` | X25519; opens customers' contact details | they can be read no more |
| ``session.key`` | 32 bytes; signs session cookies | everybody signs in again |
| ``issuer-ID.key`` | Ed25519; signs vouchers (``issuers.py``) | ``voucher rotate-key``; those issued before hold |
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.config import load_or_make_key, load_or_make_secret

KEY_EPOCH = 1


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys; ``repr`` shows none of their bytes."""

    root: Ed25519PrivateKey
    publishing: Ed25519PrivateKey
    feed: Ed25519PrivateKey
    fleet_key: bytes
    session_key: bytes
    contacts: bytes

    def __repr__(self) -> str:
        return "Keys(...)"

    @classmethod
    def open(cls, place: Path) -> Keys:
        """The keys in ``place``; missing ones are made there. Raises ``SetupError``."""
        return cls(
            root=load_or_make_key(place / "root.key"),
            publishing=load_or_make_key(place / "publishing.key"),
            feed=load_or_make_key(place / "feed.key"),
            fleet_key=load_or_make_secret(place / "fleet.key"),
            session_key=load_or_make_secret(place / "session.key"),
            contacts=load_or_make_secret(place / "contacts.key"),
        )

    @property
    def root_public(self) -> bytes:
        """The root key's public half, 32 bytes."""
        return self.root.public_key().public_bytes_raw()

    @property
    def contacts_public(self) -> bytes:
        """The public half of the key for contact details, 32 bytes."""
        return X25519PrivateKey.from_private_bytes(self.contacts).public_key().public_bytes_raw()

    @property
    def feed_public(self) -> bytes:
        """The feed key's public half, 32 bytes."""
        return self.feed.public_key().public_bytes_raw()
