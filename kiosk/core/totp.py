"""One-time values that a clock turns over: HOTP (RFC 4226) and TOTP (RFC 6238).

Rules of this module:

- A *step* is the number of whole periods since the Unix epoch; one step has one value.
- A value is text: its leading zeros are part of it.
- Six to ten digits: fewer can be guessed (RFC 4226, 5.3), and 31 bits fill no more than ten.
"""

from __future__ import annotations

import hmac
from typing import Literal, get_args

Algorithm = Literal["sha1", "sha256", "sha512"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
LEAST_DIGITS, MOST_DIGITS = 6, 10
_LATEST_STEP = 2**64


def hotp(secret: bytes, counter: int, digits: int, algorithm: Algorithm = "sha1") -> str:
    """The value for ``counter`` (0 to 2**64 - 1), ``digits`` long: HMAC, dynamically truncated (RFC 4226, 5.3)."""
    hashed = hmac.digest(secret, counter.to_bytes(8, "big"), algorithm)
    at = hashed[-1] & 0x0F
    number = int.from_bytes(hashed[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def step_at(at_ms: int, period_ms: int) -> int:
    """The step that ``at_ms`` (Unix milliseconds) falls into."""
    return at_ms // period_ms


def is_value(text: str, secret: bytes, step: int, digits: int, algorithm: Algorithm = "sha1") -> bool:
    """Whether ``text`` is the value of ``step``, in a time that does not tell how much of it is right."""
    if not 0 <= step < _LATEST_STEP or not text.isascii():
        return False
    return hmac.compare_digest(text, hotp(secret, step, digits, algorithm))
