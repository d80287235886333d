"""Lines that lose, double, delay, cut short and flip what they carry, and parts of the network that are cut off.

Rules of this module:

- A cut has a direction: a request may arrive whose answer does not.
- One fault a step, on one message of it; a message that is late arrives at a later step, when nobody waits for it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from kiosk.errors import CounterfoilError, ExchangeError

MOST_HEARD = 40

Answer = Callable[[str, bytes], bytes]


@dataclass(slots=True)
class Late:
    """A message on its way: to be given to ``answer`` some steps from now."""

    path: str
    message: bytes
    answer: Answer


@dataclass
class Network:
    """``cut`` are the (from, to) pairs that do not pass. ``fault`` is what goes wrong in this step, where it can."""

    cut: set[tuple[str, str]] = field(default_factory=set)
    faults: Counter[str] = field(default_factory=Counter)
    late: list[Late] = field(default_factory=list)
    fault: str = ""
    after: int = 0
    draw: Random = field(default_factory=lambda: Random(0))
    doubled: Callable[[Callable[[], bytes]], None] = lambda again: None
    messages: int = 0
    heard: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)

    def plan(self, fault: str, draw: Random) -> None:
        """What goes wrong in the step that begins."""
        self.fault, self.draw, self.after = fault, draw, draw.randrange(3)

    def carry(self, sender: str, receiver: str, answer: Answer, path: str, message: bytes) -> bytes:
        """The answer to ``message``, if both ways are open and nothing goes wrong."""
        self.messages += 1
        if (sender, receiver) in self.cut:
            self._count("cut")
            raise _unreachable()
        fault = self._due()
        if fault == "request lost":
            raise _unreachable()
        if fault == "late":
            self.late.append(Late(path, message, answer))
            raise _unreachable()
        if fault in ("request cut short", "request flipped"):
            message = self._harmed(message, fault)
        answered = answer(path, message)
        heard = self.heard.setdefault(receiver, [])
        if len(heard) < MOST_HEARD:
            heard.append((path, message))
        if fault == "twice":
            self.doubled(lambda: answer(path, message))
        if fault == "answer lost":
            raise _unreachable()
        if (receiver, sender) in self.cut:
            self._count("cut one way")
            raise _unreachable()
        return self._harmed(answered, fault) if fault in ("answer cut short", "answer flipped") else answered

    def deliver_late(self) -> None:
        """What was late arrives now, in an order of its own."""
        while self.late:
            one = self.late.pop(self.draw.randrange(len(self.late)))
            self._count("late message")
            with contextlib.suppress(CounterfoilError):
                one.answer(one.path, one.message)

    def _due(self) -> str:
        if not self.fault or "power cut" in self.fault:
            return ""
        if self.after > 0:
            self.after -= 1
            return ""
        fault, self.fault = self.fault, ""
        self._count(fault)
        return fault

    def _count(self, name: str) -> None:
        self.faults[name] += 1

    def _harmed(self, message: bytes, how: str) -> bytes:
        at = self.draw.randrange(len(message))
        if how.endswith("short"):
            return message[:at]
        return message[:at] + bytes([message[at] ^ (1 << self.draw.randrange(8))]) + message[at + 1 :]


def _unreachable() -> ExchangeError:
    return ExchangeError("unreachable", "No answer")
