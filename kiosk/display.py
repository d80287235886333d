"""What a counter shows now, and the board that every open tab follows."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from kiosk.core.promotion import Promotion
from kiosk.core.screen import ScreenReading
from kiosk.core.situation import ClockInterval, Freshness
from kiosk.core.verdict import Verdict
from kiosk.ports import LinkState
from kiosk.vision.watch import CameraState


class State(StrEnum):
    """The one thing the clerk is to do now."""

    IDLE = "idle"
    VERDICT = "verdict"
    REDEEMED = "redeemed"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The stub of a redemption: its number in this counter's feed, when and by whom.

    ``life`` is the incarnation of that feed, where it is an earlier one. ``seen`` says that the answer reached a page,
    ``voided`` that it was undone.
    """

    n: int
    at: datetime
    clerk: str
    seen: bool = False
    voided: bool = False
    life: int | None = None


@dataclass(frozen=True, slots=True)
class FilmedScreen:
    """A check-in screen on display: what was read, and its picture upright (JPEG, ``size`` in pixels).

    ``earlier`` is the picture of the screen that was redeemed before, where it is still in memory. ``since_s`` is
    when the showing began (monotonic), ``touched`` whether the clerk has touched the picture. ``source`` is
    camera or photo.
    """

    reading: ScreenReading
    jpeg: bytes = field(repr=False)
    size: tuple[int, int]
    earlier: bytes | None = field(default=None, repr=False)
    since_s: float = 0.0
    touched: bool = False
    source: str = "camera"


@dataclass(frozen=True, slots=True)
class Showing:
    """One credential and its answer. ``id`` (32 hex digits) is minted here and makes a second tap harmless.

    ``text`` is what a code says; a check-in screen has none, and ``screen`` instead. ``asked_n`` is the entry that
    asked head office for its one right, ``granted`` whether it is here since.
    """

    id: str
    text: str
    verdict: Verdict
    promotion: Promotion | None
    credential_kind: str | None
    shown_at: datetime
    source: str  # camera | typed | scanner | photo | after-restart
    redeemed: Redeemed | None = None
    screen: FilmedScreen | None = None
    asked_n: int | None = None
    granted: bool = False


@dataclass(frozen=True, slots=True)
class Display:
    """An immutable picture of the counter's state. ``version`` grows with every change.

    ``note`` is one sentence about something that went wrong with the last act, or None.
    """

    version: int
    state: State
    showing: Showing | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Stub:
    """A redemption of this counter, for the stub list. ``life``: the incarnation of the feed, where an earlier one.

    ``waits``: taken back in an earlier life's feed, which head office has to confirm.
    """

    n: int
    promotion: str
    title: str
    clerk: str
    clerk_name: str
    at: datetime
    voided: bool
    life: int | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class CounterStatus:
    """What the status line tells. ``waiting`` counts redemptions and voids that head office has not receipted.

    ``frames`` were looked at since the start, and ``read`` codes from them were answered. ``neighbours``: how many
    other counters of the store are reached; None: this counter does not look for any. ``online``: head office can be
    asked now. ``clock``: what the time could be where this counter's clock is suspect. ``fenced``: nothing that it
    writes counts.
    """

    link: LinkState
    bundle_version: int
    bundle_published_ms: int | None
    waiting: int
    camera: CameraState
    notes: tuple[str, ...]
    trouble: tuple[str, ...]
    frames: int = 0
    read: int = 0
    neighbours: int | None = None
    online: bool = False
    freshness: Freshness = Freshness.FRESH
    clock: ClockInterval | None = None
    fenced: bool = False


class Board:
    """Holds the current :class:`Display` and wakes those who wait for the next one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._display = Display(1, State.IDLE)
        self._pokes = 0

    @property
    def display(self) -> Display:
        return self._display

    def show(self, state: State, showing: Showing | None = None, note: str | None = None) -> Display:
        """Put something else on display."""
        with self._changed:
            self._display = Display(self._display.version + 1, state, showing, note)
            self._changed.notify_all()
            return self._display

    def amend(self, showing: Showing) -> Display:
        """Change what is known of the showing on display, without a new version: nothing to redraw."""
        with self._changed:
            self._display = replace(self._display, showing=showing)
            return self._display

    def wait(self, after_version: int, timeout_s: float) -> Display:
        """The display: at once if newer than ``after_version``, else when it changes, at a poke, or when time is up."""
        with self._changed:
            pokes = self._pokes
            self._changed.wait_for(lambda: self._display.version > after_version or self._pokes != pokes, timeout_s)
            return self._display

    def poke(self) -> None:
        """Wake those who wait though the display stays as it is: the status line has something new."""
        with self._changed:
            self._pokes += 1
            self._changed.notify_all()
