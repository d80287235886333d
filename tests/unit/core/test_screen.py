"""A check-in screen as it was read: its clock, and by what it is known when it is shown again."""

from __future__ import annotations

import hmac
from dataclasses import replace

import pytest

from kiosk.core.screen import (
    PresentedScreen,
    ScreenReading,
    ScreenResult,
    can_be_told_apart,
    clock_minutes,
    screen_digest,
)

KEY = b"k" * 32
INTENT = bytes(range(16))
READING = ScreenReading(ScreenResult.GREEN, "tacos", clock="9:10", handle="@Zed.Z")


def digest_of(reading: ScreenReading, intent: bytes = INTENT) -> bytes:
    return screen_digest(KEY, PresentedScreen(reading, intent))


@pytest.mark.parametrize(
    ("clock", "minutes"),
    [("0:00", 0), ("00:01", 1), ("9:10", 550), ("09:10", 550), (" 21.14 ", 1274), ("19:59", 1199), ("23:59", 1439)],
)
def test_a_clock_is_read_as_the_minute_of_the_day(clock: str, minutes: int) -> None:
    assert clock_minutes(clock) == minutes


@pytest.mark.parametrize("clock", ["", "24:00", "9:60", "9:1", "109:10", "9-10", "9:10 pm", "noon"])
def test_another_text_is_no_clock(clock: str) -> None:
    assert clock_minutes(clock) is None


@pytest.mark.parametrize(
    ("result", "promotion", "is_for_one"),
    [(ScreenResult.GREEN, "tacos", True), (ScreenResult.AMBER, "tacos", True), (ScreenResult.OTHER, "tacos", False),
     (ScreenResult.NONE, None, False), (ScreenResult.GREEN, None, False)],
)  # fmt: skip
def test_green_and_amber_are_for_their_promotion(result: ScreenResult, promotion: str | None, is_for_one: bool) -> None:
    assert ScreenReading(result, promotion).is_for_one is is_for_one


@pytest.mark.parametrize("unread", [{"clock": ""}, {"clock": "99:99"}, {"handle": ""}, {"handle": " - "}])
def test_a_screen_is_told_apart_only_by_both_name_and_clock(unread: dict[str, str]) -> None:
    assert can_be_told_apart(READING)
    assert not can_be_told_apart(replace(READING, **unread))  # type: ignore[arg-type]


def test_a_screen_is_known_by_promotion_name_and_minute_under_the_fleet_key() -> None:
    """Journals hold this digest for ever: another one would forget every screen that was seen."""
    assert digest_of(READING) == hmac.digest(KEY, b"screen\x00tacos\x00@zed.z\x00550", "sha256")[:16]


def test_the_same_screen_is_known_however_its_name_and_clock_were_spelt() -> None:
    again = replace(READING, result=ScreenResult.AMBER, clock="09.10", handle="@ZED.Z", frames=3)
    assert digest_of(again, bytes(16)) == digest_of(READING)


@pytest.mark.parametrize("other", [{"promotion": "soup"}, {"handle": "@mia"}, {"clock": "9:11"}, {"clock": "21:10"}])
def test_another_promotion_name_or_minute_is_another_screen(other: dict[str, str]) -> None:
    assert digest_of(replace(READING, **other)) != digest_of(READING)  # type: ignore[arg-type]


def test_a_screen_without_a_name_is_known_by_its_showing_alone() -> None:
    nameless = replace(READING, handle="")
    assert digest_of(nameless) == hmac.digest(KEY, b"screen-once\x00" + INTENT.hex().encode(), "sha256")[:16]
    assert digest_of(nameless) != digest_of(nameless, bytes(16))


def test_a_screen_of_no_promotion_has_an_empty_one() -> None:
    none = replace(READING, result=ScreenResult.NONE, promotion=None)
    assert digest_of(none) == hmac.digest(KEY, b"screen\x00\x00@zed.z\x00550", "sha256")[:16]
