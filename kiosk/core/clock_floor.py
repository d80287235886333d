"""The floor under a counter's clock: the latest head-office time that it has seen. Pure; decision 0026.

Rules of this module:

- Head-office time is what head office's authenticated answers and the entries of its feeds say. The latest that was
  seen is a floor: the time is that or later.
- While the machine runs the floor rises with its boot-time clock, which nobody can set. Over reboots it is carried by
  an odometer in the journal (:class:`~kiosk.core.fact.Ticked`): time that the machine was off is not in it.
- It never goes down, but by an entry of head office that the root key signed (:class:`~kiosk.core.fact.ClockReset`).
  What was seen before such a reset counts no more: of the own feed, what does not name it; of a head-office feed, what
  stands before it there, and all of a feed that does not hold it (yet). In force is the reset with the highest
  ``at_ms``.
- A clock is sane from 5 minutes before the floor to 7 days after it. Else it is *suspect*, and the time could be
  anything in between; but only up to 5 minutes after it where the floor is an answer that this run had of late.

Instants are Unix milliseconds; ``boot_ms`` counts the machine's running time, sleep included, from any beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.core.entry import FeedId
from kiosk.core.fact import ClockReset, Fact, Ticked, Unknown
from kiosk.core.rights import is_head_office

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
TOLERANCE_MS = 5 * MINUTE_MS
AHEAD_MS = 7 * DAY_MS
ANSWER_COUNTS_MS = DAY_MS
"""An answer says what time it is for this long: a crystal drifts by seconds a day, and a paused machine by more."""
TICK_MS = 10 * MINUTE_MS
JUMP_MS = MINUTE_MS
LATEST_MS = 2**47
"""The year 6429. A later time is nonsense that no calendar could add a week to."""


# --- resets ------------------------------------------------------------------------------------


def signed_bytes(feed: str | None, floor_ms: int, at_ms: int) -> bytes:
    """What the root key signs; ``feed`` None: for every counter."""
    return cbor2.dumps(["counterfoil-clock", feed or "all", floor_ms, at_ms], canonical=True)


def sign_reset(root_key: Ed25519PrivateKey, feed: str | None, floor_ms: int, at_ms: int) -> ClockReset:
    """The fact that sets the floor under the clock of the counter that writes ``feed``; None: of all counters."""
    signature = root_key.sign(signed_bytes(feed, floor_ms, at_ms))
    return ClockReset(at_ms=at_ms, floor_ms=floor_ms, signature=signature, feed=feed)


@lru_cache(maxsize=64)
def is_signed(reset: ClockReset, root_key: bytes) -> bool:
    """Whether the 32-byte Ed25519 ``root_key`` signed it."""
    try:
        public = Ed25519PublicKey.from_public_bytes(root_key)
        public.verify(reset.signature, signed_bytes(reset.feed, reset.floor_ms, reset.at_ms))
    except (InvalidSignature, ValueError):
        return False
    return True


class Told(NamedTuple):
    """What a journal tells of the time: the floor (None: nothing), and the ``at_ms`` of the reset in force."""

    floor_ms: int | None = None
    reset_ms: int | None = None


class _Stretch(NamedTuple):
    """What a head-office feed says from a reset (None: from its beginning) to the next: the latest time in it."""

    reset: ClockReset | None = None
    latest_ms: int | None = None


@dataclass(slots=True)
class ClockHistory:
    """A fold over the journal of the counter ``own`` (None: nobody's). The root key is needed only to read it.

    Feeds may come in any order, the entries of one feed in theirs; what comes again changes nothing.
    """

    own: FeedId | None = None
    _ticked: dict[int | None, int] = field(default_factory=dict)
    _stated: dict[FeedId, tuple[int, list[_Stretch]]] = field(default_factory=dict)

    def apply(self, feed: FeedId, n: int, fact: Fact) -> None:
        """Fold entry ``n`` of ``feed``."""
        if isinstance(fact, Ticked):
            if self.own is not None and feed.origin == self.own.origin and is_time(fact.floor_ms):
                before_ms = self._ticked.get(fact.reset_ms, fact.floor_ms)
                self._ticked[fact.reset_ms] = max(before_ms, fact.floor_ms)
        elif is_head_office(feed):
            last_n, stretches = self._stated.get(feed, (0, [_Stretch()]))
            if n > last_n:
                self._stated[feed] = (n, _stretched(stretches, fact))

    def read(self, root_key: bytes) -> Told:
        """The floor that the entries give; a reset has to be signed by ``root_key`` (32 bytes)."""
        resets = [
            (one.reset.at_ms, one.reset.floor_ms, feed.incarnation)
            for feed, (_, stretches) in self._stated.items()
            for one in stretches
            if one.reset is not None and self._counts(one.reset, root_key)
        ]
        at_ms, floor_ms, incarnation = max(resets, default=(None, None, None))
        found = [] if floor_ms is None else [floor_ms]
        found += [ticked_ms for since_ms, ticked_ms in self._ticked.items() if since_ms == at_ms]
        for feed, (_, stretches) in self._stated.items():
            since_ms, latest_ms = self._since(stretches, root_key)
            later = incarnation is not None and feed.incarnation > incarnation
            if latest_ms is not None and (later or since_ms == at_ms):
                found.append(latest_ms)
        return Told(max(found, default=None), at_ms)

    def _since(self, stretches: list[_Stretch], root_key: bytes) -> tuple[int | None, int | None]:
        """The ``at_ms`` of the last reset of one feed that counts, and the latest time behind it."""
        since_ms, latest_ms = None, None
        for reset, stretch_ms in stretches:
            # an old reset, truly signed, played back: it takes nothing away from what a later one let stand
            if reset is not None and reset.at_ms > (since_ms or 0) and self._counts(reset, root_key):
                since_ms, latest_ms = reset.at_ms, stretch_ms
            elif stretch_ms is not None:
                latest_ms = max(latest_ms or 0, stretch_ms)
        return since_ms, latest_ms

    def _counts(self, reset: ClockReset, root_key: bytes) -> bool:
        for_us = reset.feed in (None, str(self.own)) and is_time(reset.floor_ms) and reset.at_ms > 0
        # a stolen feed key that sets the clock back, so that an old list of promotions passes for a fresh one
        return for_us and is_signed(reset, root_key)

    # --- frozen and thawed -----------------------------------------------------------------------

    def frozen(self) -> Any:
        """All of it as arrays and numbers that CBOR can hold, for a snapshot."""
        ticked = sorted(([since_ms, floor_ms] for since_ms, floor_ms in self._ticked.items()), key=str)
        stated = [[str(feed), n, [_flat(one) for one in said]] for feed, (n, said) in sorted(self._stated.items())]
        return [ticked, stated]

    @classmethod
    def thawed(cls, own: FeedId | None, frozen: Any) -> ClockHistory:
        """What :meth:`frozen` gave."""
        ticked, stated = frozen
        told = {FeedId.parse(feed): (n, [_stretch(*one) for one in said]) for feed, n, said in stated}
        return cls(own, dict(ticked), told)


def _stretched(stretches: list[_Stretch], fact: Fact) -> list[_Stretch]:
    if isinstance(fact, ClockReset):
        return [*stretches, _Stretch(fact)]
    if isinstance(fact, Unknown) or not is_time(fact.at_ms):
        return stretches
    last = stretches[-1]
    stretches[-1] = last._replace(latest_ms=max(last.latest_ms or 0, fact.at_ms))
    return stretches


def _flat(stretch: _Stretch) -> list[Any]:
    reset = stretch.reset
    told = None if reset is None else [reset.at_ms, reset.floor_ms, reset.signature, reset.feed]
    return [told, stretch.latest_ms]


def _stretch(told: Any, latest_ms: int | None) -> _Stretch:
    if told is None:
        return _Stretch(None, latest_ms)
    at_ms, floor_ms, signature, feed = told
    return _Stretch(ClockReset(at_ms=at_ms, floor_ms=floor_ms, signature=signature, feed=feed), latest_ms)


def is_time(at_ms: int) -> bool:
    """Whether a calendar has that time, and a week after it."""
    return 0 < at_ms <= LATEST_MS


# --- while the machine runs --------------------------------------------------------------------


class _Anchor(NamedTuple):
    """The floor at one moment of this run, and since when an answer says what time it is (``boot_ms``)."""

    floor_ms: int
    boot_ms: int
    answered_ms: int | None = None


class ClockFloor:
    """The floor while a counter runs. Not locked here; each change replaces one immutable value."""

    def __init__(self, floor_ms: int | None, boot_ms: int) -> None:
        """``floor_ms`` is what the journal gives (:class:`ClockHistory`); None: nothing is known yet."""
        self._anchor = None if floor_ms is None else _Anchor(floor_ms, boot_ms)
        self._ticked_ms = floor_ms
        self._jumped = False

    def at(self, boot_ms: int) -> int | None:
        """The floor now; None: no head-office time is known."""
        anchor = self._anchor
        return None if anchor is None else anchor.floor_ms + max(0, boot_ms - anchor.boot_ms)

    def saw(self, at_ms: int, boot_ms: int, *, answered: bool) -> None:
        """Head office said ``at_ms``: in an answer to what was just asked, or in what it wrote at some time."""
        if not is_time(at_ms):
            return
        floor_ms = self.at(boot_ms)
        rise_ms = JUMP_MS if floor_ms is None else at_ms - floor_ms
        if rise_ms >= JUMP_MS:
            self._jumped = True
        answered_ms = None if self._anchor is None or rise_ms > TOLERANCE_MS else self._anchor.answered_ms
        if answered:  # one that is far below the floor says that the floor is wrong, not what time it is
            answered_ms = boot_ms if rise_ms >= -TOLERANCE_MS else None
        self._anchor = _Anchor(max(at_ms, floor_ms or 0), boot_ms, answered_ms)

    def reset(self, floor_ms: int | None, boot_ms: int) -> None:
        """The root key says what the floor is: the one way down."""
        self._anchor = None if floor_ms is None else _Anchor(floor_ms, boot_ms)
        self._jumped = True

    def between(self, reading_ms: int, boot_ms: int) -> tuple[int, int] | None:
        """What the time could be, both ends included, where the clock says ``reading_ms``; None: the clock is sane."""
        floor_ms = self.at(boot_ms)
        if floor_ms is None or floor_ms - TOLERANCE_MS <= reading_ms <= floor_ms + AHEAD_MS:
            return None
        answered_ms = None if self._anchor is None else self._anchor.answered_ms
        certain = answered_ms is not None and boot_ms - answered_ms <= ANSWER_COUNTS_MS
        return floor_ms - TOLERANCE_MS, floor_ms + (TOLERANCE_MS if certain else AHEAD_MS)

    def guarded_ms(self, reading_ms: int, boot_ms: int) -> int:
        """What is taken for the time: the clock's, where it is sane, else the floor."""
        suspect = self.between(reading_ms, boot_ms) is not None
        return (self.at(boot_ms) or 0) if suspect else reading_ms

    # --- the odometer ------------------------------------------------------------------------

    def due(self, boot_ms: int, *, closing: bool = False) -> int | None:
        """The floor to be written down now: it jumped, or rose by 10 minutes (``closing``: by one)."""
        floor_ms = self.at(boot_ms)
        if floor_ms is None:
            return None
        rise_ms = floor_ms - (self._ticked_ms or 0)
        return floor_ms if self._jumped or rise_ms >= (JUMP_MS if closing else TICK_MS) else None

    def ticked(self, floor_ms: int) -> None:
        """``floor_ms`` is in the journal."""
        self._ticked_ms, self._jumped = floor_ms, False
