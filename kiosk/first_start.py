"""A counter that is not enrolled, or is to be enrolled anew: what it films or is told, until head office admits it.

Rules of this module:

- One try at a time. A text that was filmed is tried once; again after a while only where nobody answered.
- What head office admitted is held back, not thrown away, where a person has to say something first (another head
  office, a wrong clock): the one-time code is used up by then.
- The code stays in memory, and in no log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import Clock, to_ms
from kiosk.config import CounterFolder
from kiosk.enrolling import Admitted, Enrol, Kept, check_clock, check_counter, check_office, take_up, why_not_enrolled
from kiosk.enrolment_text import EnrolmentText, is_address, is_enrolment_text, read_enrolment_text
from kiosk.errors import CounterfoilError, SetupError

UNREACHABLE = "unreachable"
AGAIN_AFTER_S = 10.0

Step = Literal["waiting", "trying", "held", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. ``fault``: what went wrong last, or why it is held. ``origin``: who it is admitted as."""

    step: Step
    fault: CounterfoilError | None = None
    origin: str = ""


class FirstStart:
    """Safe from any thread. ``on_done`` is called once, when the counter can start; nothing is tried after that."""

    def __init__(
        self, folder: CounterFolder, journal: Kept, clock: Clock, enrol: Enrol, on_done: Callable[[], None]
    ) -> None:
        self._folder, self._journal, self._clock, self._enrol, self._on_done = folder, journal, clock, enrol, on_done
        self._turn = threading.Lock()
        self._progress = Progress("waiting")
        self._held: tuple[Admitted, float] | None = None
        self._overruled: set[str] = set()
        self._tried: dict[str, float] = {}
        self.reason = why_not_enrolled(folder)
        """Why it cannot work as it is; None where it could, and is enrolled anew because somebody wishes it."""

    @property
    def progress(self) -> Progress:
        return self._progress

    # --- what comes in ---------------------------------------------------------------------------

    def in_view(self, texts: Iterable[str]) -> None:
        """Told on each frame which codes are in view; starts a try in the background."""
        if self._progress.step != "waiting":
            return
        now_s = self._clock.monotonic_s()
        for text in texts:
            found = read_enrolment_text(text)
            if found is not None and now_s >= self._tried.get(text, now_s):
                self._tried[text] = now_s + AGAIN_AFTER_S
                threading.Thread(target=self._try, args=(found,), name="first-start", daemon=True).start()
                return

    def typed(self, code: str, address: str) -> Progress:
        """Try a code that was typed, or the text of the QR code that a scanner typed; waits until it is answered."""
        found = read_enrolment_text(code)
        if found is None and is_enrolment_text(code):
            return self._wrong("address-malformed", "That QR code names no address of a head office")
        if found is None and not is_address(address.strip()):
            return self._wrong("address-malformed", "That is no address of a head office")
        self._try(found or EnrolmentText(code, address.strip()))
        return self._progress

    def _wrong(self, code: str, what: str) -> Progress:
        cure = "Write it as head office shows it, such as http://192.168.1.20:8700."
        if self._progress.step == "waiting":
            self._progress = Progress("waiting", SetupError(code, what, cure=cure))
        return self._progress

    # --- one try ---------------------------------------------------------------------------------

    def _try(self, wanted: EnrolmentText) -> None:
        if not self._turn.acquire(blocking=False):
            return
        try:
            if self._progress.step != "waiting":
                return
            self._progress = Progress("trying")
            admitted = self._enrol(wanted.head_office_url, wanted.code, Ed25519PrivateKey.generate())
            check_counter(self._folder, self._journal, admitted.enrolment)
            self._held = (admitted, self._clock.monotonic_s())
            self._go_on()
        except CounterfoilError as error:
            self._back_to_waiting(error)
        except Exception:
            self._back_to_waiting(None)
            raise
        finally:
            self._turn.release()

    def _back_to_waiting(self, error: CounterfoilError | None) -> None:
        self._held = None
        self._overruled.clear()
        self._progress = Progress("waiting", error)
        if error is not None and error.code != UNREACHABLE:
            self._tried = dict.fromkeys(self._tried, float("inf"))  # the same code will not be right later

    def go_on(self, *, anyway: bool) -> Progress:
        """A person has set the clock, or (``anyway``) says that what was told is as it should be."""
        with self._turn:
            fault = self._progress.fault
            if self._progress.step == "held" and fault is not None:
                if anyway:
                    self._overruled.add(fault.code)
                try:
                    self._go_on()
                except CounterfoilError as error:
                    self._back_to_waiting(error)
        return self._progress

    def _go_on(self) -> None:
        assert self._held is not None
        admitted, heard_s = self._held
        now_ms = to_ms(self._clock.now())
        then_ms = now_ms - round((self._clock.monotonic_s() - heard_s) * 1000)
        try:
            check_office(self._folder, self._journal, admitted.enrolment)
        except SetupError as error:
            if self._hold(error):
                return
        try:
            check_clock(admitted, then_ms)
        except SetupError as error:
            if self._hold(error):
                return
        take_up(self._folder, self._journal, admitted, now_ms)
        self._finish(Progress("done", None, admitted.enrolment.origin))

    def _hold(self, error: SetupError) -> bool:
        if error.code in self._overruled or self._held is None:
            return False
        self._progress = Progress("held", error, self._held[0].enrolment.origin)
        return True

    # --- ends ------------------------------------------------------------------------------------

    def give_up(self) -> Progress:
        """Go on as before, where the counter can: nothing was changed. What is held back is dropped."""
        with self._turn:
            if self.reason is None and self._progress.step != "done":
                self._finish(Progress("done"))
            elif self._progress.step == "held":
                self._back_to_waiting(None)
        return self._progress

    def _finish(self, progress: Progress) -> None:
        self._held = None
        self._tried.clear()
        self._progress = progress
        self._on_done()
