"""PINs at the counter."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from kiosk.clerks import FIRST_WAIT_S, TRIES_BEFORE_WAIT, Clerk, PinDesk
from kiosk.errors import CounterfoilError
from tests.counter_world import MovedClock

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ANA = Clerk("ana", "Ana", "clerk", CHEAP.hash("4711"))


def wrong(desk: PinDesk, times: int) -> None:
    for _ in range(times):
        assert desk.check([ANA], "ana", "0000") is None


def test_the_right_pin_lets_in_and_a_wrong_one_does_not() -> None:
    desk = PinDesk(MovedClock())
    assert desk.check([ANA], "ana", "4711") == ANA
    assert desk.check([ANA], "ana", "4712") is None


def test_four_wrong_pins_are_forgiven() -> None:
    desk = PinDesk(MovedClock())
    wrong(desk, TRIES_BEFORE_WAIT - 1)
    assert desk.check([ANA], "ana", "4711") == ANA


@pytest.mark.parametrize(("waited_s", "let_in"), [(FIRST_WAIT_S - 0.5, False), (FIRST_WAIT_S, True)])
def test_five_wrong_pins_make_even_the_right_one_wait(waited_s: float, let_in: bool) -> None:
    clock = MovedClock()
    desk = PinDesk(clock)
    wrong(desk, TRIES_BEFORE_WAIT)
    clock.move(waited_s)
    if let_in:
        assert desk.check([ANA], "ana", "4711") == ANA
        return
    with pytest.raises(CounterfoilError) as refused:
        desk.check([ANA], "ana", "4711")
    assert refused.value.code == "pin-locked"


def test_the_wait_doubles_with_each_further_wrong_pin() -> None:
    clock = MovedClock()
    desk = PinDesk(clock)
    wrong(desk, TRIES_BEFORE_WAIT)
    clock.move(FIRST_WAIT_S)
    wrong(desk, 1)
    clock.move(FIRST_WAIT_S)
    with pytest.raises(CounterfoilError):
        desk.check([ANA], "ana", "4711")


def test_one_clerk_who_has_to_wait_does_not_keep_another_out() -> None:
    desk = PinDesk(MovedClock())
    wrong(desk, TRIES_BEFORE_WAIT)
    ben = Clerk("ben", "Ben", "clerk", CHEAP.hash("2580"))
    assert desk.check([ANA, ben], "ben", "2580") == ben
