"""Contact details, sealed to head office the moment they are given: a counter can write them and never read them.

Rules of this module:

- HPKE, base mode, single shot (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. The library
  draws the one-time key itself, which is why this is not in the core.
- ``info`` is CBOR ``["counterfoil-contact", 1, origin, case]``: what is sealed for one case of one counter opens as
  nothing else (a ciphertext moved under another's case).
- ``sealed`` = version (1) | key id (8) | encapsulated key (32) | ciphertext. *key id*: the first bytes of the SHA-256
  of the raw public key, so that head office may renew its key.
- The plaintext is length u16 | details | zeros up to a multiple of 256 bytes: how long a name is tells of whom.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kiosk.core.strict_cbor import encode
from kiosk.errors import CounterfoilError

VERSION = 1
KEY_ID_BYTES = 8
PAD_BYTES = 256
MAX_DETAILS_BYTES = 4096
MAX_CASE_BYTES = 64
MAX_SEALED_BYTES = 8192
PART = "contacts"
"""The part of the bundle that is head office's public key for contacts: 32 raw bytes."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_HEAD_BYTES = 1 + KEY_ID_BYTES


class ContactError(CounterfoilError):
    """Contact details cannot be sealed, kept or opened; what was typed is in no message of this error."""


def key_id(public_key: bytes) -> bytes:
    """Names a raw X25519 public key."""
    return hashlib.sha256(public_key).digest()[:KEY_ID_BYTES]


def seal(public_key: bytes, origin: str, case: bytes, details: bytes) -> bytes:
    """``details`` of ``case`` at the counter ``origin``, for head office only.

    Raises :class:`ContactError` ``contact-too-long``, ``contact-key-wrong``.
    """
    if not 0 < len(details) <= MAX_DETAILS_BYTES or not 0 < len(case) <= MAX_CASE_BYTES:
        raise ContactError(
            "contact-too-long",
            f"Contact details have 1 to {MAX_DETAILS_BYTES} bytes",
            cure="Write down what is needed to reach the customer, and no more.",
        )
    padded = len(details).to_bytes(2, "big") + details
    padded += bytes(-len(padded) % PAD_BYTES)
    try:
        sealed = _SUITE.encrypt(padded, X25519PublicKey.from_public_bytes(public_key), info=_bound_to(origin, case))
    except ValueError:  # not 32 bytes, or a key that agrees on nothing
        raise ContactError(
            "contact-key-wrong", "Head office's key for contact details is none", cure="Call head office."
        ) from None
    return bytes([VERSION]) + key_id(public_key) + sealed


def open_sealed(private_key: bytes, origin: str, case: bytes, sealed: bytes) -> bytes:
    """The details in ``sealed``. Raises :class:`ContactError` ``contact-unreadable``."""
    key = X25519PrivateKey.from_private_bytes(private_key)
    if sealed[:_HEAD_BYTES] == bytes([VERSION]) + key_id(key.public_key().public_bytes_raw()):
        try:
            padded = _SUITE.decrypt(sealed[_HEAD_BYTES:], key, info=_bound_to(origin, case))
            return padded[2 : 2 + int.from_bytes(padded[:2], "big")]
        except (InvalidTag, ValueError):  # altered, or sealed for another case or counter
            pass
    raise ContactError(
        "contact-unreadable",
        "These contact details cannot be opened: altered, or sealed to another key",
        where=hashlib.sha256(sealed).hexdigest()[:16],
        cure="Put contacts.key back into head office's folder, if it was lost.",
    )


def _bound_to(origin: str, case: bytes) -> bytes:
    return encode(["counterfoil-contact", VERSION, origin, case])
