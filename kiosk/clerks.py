"""Who may sign in at this counter. A PIN attributes; it does not protect (DESIGN, Keys and people)."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from kiosk.clock import Clock
from kiosk.core.organisation import StaffMember, Store
from kiosk.errors import CounterfoilError

TRIES_BEFORE_WAIT = 5
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 900.0


@dataclass(frozen=True, slots=True)
class Clerk:
    """A person who works this counter."""

    id: str
    name: str
    role: str
    pin_hash: str


def clerks_at(store: Store | None, store_id: str, staff: Iterable[StaffMember]) -> list[Clerk]:
    """Those of ``staff`` who may sign in at a store, by name; ``store`` is what is published of it, if anything."""
    groups = set() if store is None else set(store.groups)
    here = (one for one in staff if not one.stores or store_id in one.stores or groups.intersection(one.stores))
    return sorted((Clerk(one.id, one.name, one.role, one.pin_hash) for one in here), key=lambda clerk: clerk.name)


class PinDesk:
    """Checks PINs; after five wrong ones a clerk waits 30 s, then twice as long each time, 15 minutes at most."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, int] = {}
        self._locked_until_s: dict[str, float] = {}
        self._hasher = PasswordHasher()

    def check(self, clerks: Iterable[Clerk], clerk_id: str, pin: str) -> Clerk | None:
        """The clerk whose PIN this is, or None; raises ``pin-locked`` while one has to wait."""
        with self._lock:
            self._raise_while_locked(clerk_id)
            clerk = next((one for one in clerks if one.id == clerk_id), None)
            if clerk is not None and self._fits(clerk, pin):
                self._wrong.pop(clerk_id, None)
                return clerk
            self._count_wrong(clerk_id)
            return None

    def _fits(self, clerk: Clerk, pin: str) -> bool:
        try:
            return self._hasher.verify(clerk.pin_hash, pin)
        except (Argon2Error, InvalidHashError):
            return False

    def _raise_while_locked(self, clerk_id: str) -> None:
        wait_s = self._locked_until_s.get(clerk_id, 0.0) - self._clock.monotonic_s()
        if wait_s > 0:
            raise CounterfoilError(
                "pin-locked",
                f"Too many wrong PINs; wait {int(wait_s) + 1} seconds",
                cure="Then try again, or ask the shift manager.",
            )

    def _count_wrong(self, clerk_id: str) -> None:
        wrong = self._wrong.get(clerk_id, 0) + 1
        self._wrong[clerk_id] = wrong
        if wrong >= TRIES_BEFORE_WAIT:
            wait_s = min(FIRST_WAIT_S * 2.0 ** (wrong - TRIES_BEFORE_WAIT), LONGEST_WAIT_S)
            self._locked_until_s[clerk_id] = self._clock.monotonic_s() + wait_s
