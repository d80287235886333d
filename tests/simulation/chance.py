"""All chance of a simulated world comes from its seed."""

from __future__ import annotations

import hashlib
import random
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Dice:
    """Bytes and fractions out of one generator. ``draw`` is the generator itself."""

    def __init__(self, *seed: int) -> None:
        self.draw = random.Random(":".join(map(str, seed)))

    def octets(self, count: int) -> bytes:
        return self.draw.randbytes(count)

    def fraction(self) -> float:
        return self.draw.random()


@lru_cache(maxsize=4096)
def key_of(*name: str) -> Ed25519PrivateKey:
    """The key of that name, the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256("/".join(name).encode()).digest())
