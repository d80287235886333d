"""Rotating codes: what a named key's codes look like (Google Wallet's rotating barcode) and whether one is fresh.

Rules of this module:

- A pattern is fixed text with ``{totp_value_n}`` at least once, and ``{totp_timestamp_seconds}`` or
  ``{totp_timestamp_millis}`` at most once; fixed text is compared exactly.
- A timestamp must agree with the value: it is only believed where the value is that of its step.
- Within one step each way of now a code is fresh. Of another step it is stale, in whichever direction a clock is
  wrong; without a timestamp the search for that step ends ``SEARCHED_MS`` or ``SEARCHED_STEPS`` away.
- A text is no code of the key where neither says so.
- The secrets are never shown: ``repr`` leaves them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kiosk.core.totp import ALGORITHMS, LEAST_DIGITS, MOST_DIGITS, Algorithm, is_value, step_at

DRIFT_STEPS = 1
SEARCHED_MS = 10 * 60 * 1000
SEARCHED_STEPS = 60
LEAST_SECRET_BYTES, MOST_SECRET_BYTES = 16, 128  # RFC 4226, R6
LEAST_PERIOD_MS, MOST_PERIOD_MS = 1_000, 24 * 3_600_000
MOST_VALUES = 8
LATEST_MS = 32_503_680_000_000  # the year 3000: no code is made later, and no calendar ends there
MAX_PATTERN_CHARACTERS = 1_000

_PART = re.compile(r"\{(totp_timestamp_millis|totp_timestamp_seconds|totp_value_([0-9]{1,2}))\}")
_UNIT_MS = {"totp_timestamp_millis": 1, "totp_timestamp_seconds": 1000}


class RotatingKeyError(ValueError):
    """A rotating key that could not work: what is wrong with it, and what to do, in one or two sentences."""


@dataclass(frozen=True, slots=True)
class Turning:
    """The secret of one ``{totp_value_n}`` and how many digits it shows."""

    secret: bytes = field(repr=False)
    digits: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A code of the key: its ``step``, when it was made (known where the pattern says, else when its step began)."""

    step: int
    shown_at_ms: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class RotatingKey:
    """A named key as head office keeps it; making one raises :class:`RotatingKeyError` where it could not work."""

    name: str
    pattern: str
    period_ms: int
    values: tuple[Turning, ...]
    algorithm: Algorithm = "sha1"
    _shape: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _parts: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self)
        parts, shape = _read_pattern(self)
        object.__setattr__(self, "_parts", parts)
        object.__setattr__(self, "_shape", shape)

    @property
    def fixed_text(self) -> str:
        """What of the pattern stays the same in each code, with a NUL where it turns."""
        return _PART.sub("\x00", self.pattern)

    def recognise(self, text: str, now_ms: int) -> Shown | None:
        """What ``text`` is to this key at ``now_ms`` (Unix milliseconds); None: no code of it."""
        found = self._shape.fullmatch(text)
        if found is None:
            return None
        named = list(zip(self._parts, found.groups(), strict=True))
        values = [(self.values[int(part)], said) for part, said in named if part.isdigit()]
        now = step_at(now_ms, self.period_ms)
        told = next((int(said) * _UNIT_MS[part] for part, said in named if not part.isdigit()), None)
        if told is not None and told > LATEST_MS:
            return None
        steps = _near(now, self.period_ms) if told is None else iter((step_at(told, self.period_ms),))
        for step in steps:
            if self._all_of(values, step):
                shown_at_ms = step * self.period_ms if told is None else told
                return Shown(step, shown_at_ms, fresh=abs(step - now) <= DRIFT_STEPS)
        return None

    def _all_of(self, values: list[tuple[Turning, str]], step: int) -> bool:
        checked = [is_value(said, one.secret, step, one.digits, self.algorithm) for one, said in values]
        return all(checked)  # a list first: how long it takes does not tell which value is wrong


def _near(now: int, period_ms: int) -> Iterator[int]:
    """The steps to try, the likeliest first: now, one back, one on, two back ..."""
    yield now
    for away in range(1, min(SEARCHED_STEPS, max(DRIFT_STEPS, SEARCHED_MS // period_ms)) + 1):
        yield now - away
        yield now + away


def _read_pattern(key: RotatingKey) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """What turns, in order ("0" for ``{totp_value_0}``), and the shape of a code with a group for each."""
    parts: list[str] = []
    shape = ""
    at = 0
    for found in _PART.finditer(key.pattern):
        shape += re.escape(key.pattern[at : found.start()])
        index = found.group(2)
        parts.append(found.group(1) if index is None else str(int(index)))
        shape += r"(0|[1-9][0-9]{0,14})" if index is None else f"([0-9]{{{key.values[int(index)].digits}}})"
        at = found.end()
    return tuple(parts), re.compile(shape + re.escape(key.pattern[at:]))


def _check(key: RotatingKey) -> None:
    faults = [
        (not 1 <= len(key.values) <= MOST_VALUES, f"A key has 1 to {MOST_VALUES} secrets"),
        (key.algorithm not in ALGORITHMS, f"The algorithm is one of {', '.join(ALGORITHMS)}"),
        (
            not LEAST_PERIOD_MS <= key.period_ms <= MOST_PERIOD_MS,
            f"The period is {LEAST_PERIOD_MS // 1000} second to {MOST_PERIOD_MS // 3_600_000} hours",
        ),
        (
            any(not LEAST_DIGITS <= one.digits <= MOST_DIGITS for one in key.values),
            f"A value has {LEAST_DIGITS} to {MOST_DIGITS} digits",
        ),
        (
            any(not LEAST_SECRET_BYTES <= len(one.secret) <= MOST_SECRET_BYTES for one in key.values),
            f"A secret has {LEAST_SECRET_BYTES} to {MOST_SECRET_BYTES} bytes",
        ),
        _pattern_fault(key),
    ]
    what = next((what for wrong, what in faults if wrong), None)
    if what is not None:
        raise RotatingKeyError(f"{what}.")


def _pattern_fault(key: RotatingKey) -> tuple[bool, str]:
    """Whether the pattern cannot work, and what to say of it."""
    pattern = key.pattern
    turning = [found.group(2) for found in _PART.finditer(pattern)]
    indexes = [int(index) for index in turning if index is not None]
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        return True, f"The pattern has {len(pattern):,} characters; {MAX_PATTERN_CHARACTERS:,} are allowed"
    if pattern != pattern.strip() or not pattern.isprintable():
        return True, "The pattern begins or ends with a space, or has a character that cannot be seen"
    if "{totp" in _PART.sub("", pattern):
        return True, "The pattern has a {totp…} that is none of {totp_value_n} and {totp_timestamp_seconds|millis}"
    if not indexes:
        return True, "The pattern has no {totp_value_0}: its codes would never turn"
    if max(indexes) >= len(key.values):
        return True, f"The pattern has {{totp_value_{max(indexes)}}}, but no secret is given for it"
    return turning.count(None) > 1, "The pattern has two timestamps"
