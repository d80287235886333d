"""Which codes are in view, frame by frame."""

from __future__ import annotations

import pytest

from kiosk.vision.presence import FORGET_S, Presence
from kiosk.vision.sighting import Sighting


def seen(text: str, symbology: str = "QRCode", left: float = 0.0) -> Sighting:
    """A code of 10 by 10 pixels whose left edge is at ``left``."""
    corners = ((left, 0.0), (left + 10, 0.0), (left + 10, 10.0), (left, 10.0))
    return Sighting(text, symbology, corners, "zxing")


TACO, COFFEE = seen("TACO"), seen("COFFEE", left=40)
STRIPES, SMEAR = seen("4006381333931", "EAN13"), seen("4006381333932", "EAN13")


# --- 2D: one frame --------------------------------------------------------------------------------


def test_a_2d_code_is_in_view_until_unseen_for_seven_tenths_of_a_second() -> None:
    presence = Presence()
    assert presence.update([TACO], 0.0) == (TACO,)
    assert presence.update([], 0.699) == (TACO,)
    assert presence.update([], 0.7) == ()


def test_a_code_seen_again_in_time_stays_in_view() -> None:
    presence = Presence()
    presence.update([TACO], 0.0)
    presence.update([TACO], 0.6)
    assert presence.update([], 1.2) == (TACO,)


def test_a_code_that_went_and_comes_back_is_in_view_again() -> None:
    presence = Presence()
    presence.update([TACO], 0.0)
    assert presence.update([], 1.0) == ()
    assert presence.update([TACO], 2.0) == (TACO,)


def test_two_codes_are_in_view_the_longer_seen_first() -> None:
    presence = Presence()
    presence.update([TACO], 0.0)
    assert presence.update([COFFEE], 0.1) == (TACO, COFFEE)
    assert presence.update([COFFEE], 0.75) == (COFFEE,)


def test_a_code_that_moved_is_where_it_was_last_seen() -> None:
    presence = Presence()
    presence.update([TACO], 0.0)
    moved = TACO.scaled(2)
    assert presence.update([moved], 0.1) == (moved,)


@pytest.mark.parametrize("symbology", ["QRCode", "DataMatrix", "Aztec", "PDF417"])
def test_codes_that_correct_their_errors_need_one_frame(symbology: str) -> None:
    assert len(Presence().update([seen("TACO", symbology)], 0.0)) == 1


# --- 1D: two frames that agree --------------------------------------------------------------------


@pytest.mark.parametrize("symbology", ["Code128", "EAN13", "EAN8", "UPCE", "DataBar", "DataBarExp", "DataBarLimited"])
def test_codes_with_a_check_digit_at_best_need_two_frames(symbology: str) -> None:
    presence, code = Presence(), seen("0112345", symbology)
    assert presence.update([code], 0.0) == ()
    assert presence.update([code], 0.1) == (code,)


def test_a_symbology_not_known_yet_is_doubted() -> None:
    assert Presence().update([seen("TACO", "Brand-new")], 0.0) == ()


def test_once_agreed_a_1d_code_stays_by_single_frames() -> None:
    presence = Presence()
    presence.update([STRIPES], 0.0)
    presence.update([STRIPES], 0.1)
    assert presence.update([], 0.5) == (STRIPES,)
    assert presence.update([STRIPES], 0.6) == (STRIPES,)
    assert presence.update([], 1.2) == (STRIPES,)


def test_two_frames_agree_if_less_than_seven_tenths_of_a_second_lie_between() -> None:
    presence = Presence()
    presence.update([STRIPES], 0.0)
    presence.update([], 0.3)
    assert presence.update([STRIPES], FORGET_S - 0.001) == (STRIPES,)


def test_two_frames_seven_tenths_of_a_second_apart_do_not_agree() -> None:
    presence = Presence()
    presence.update([STRIPES], 0.0)
    assert presence.update([STRIPES], FORGET_S) == ()


def test_one_text_in_two_symbologies_is_no_agreement() -> None:
    presence = Presence()
    presence.update([seen("12345670", "EAN8")], 0.0)
    assert presence.update([seen("12345670", "UPCE")], 0.1) == ()


def test_a_frame_that_reads_otherwise_in_that_place_starts_the_count_anew() -> None:
    presence = Presence()
    assert presence.update([STRIPES], 0.0) == ()
    assert presence.update([SMEAR], 0.1) == ()
    assert presence.update([STRIPES], 0.2) == ()
    assert presence.update([STRIPES], 0.3) == (STRIPES,)


def test_two_readings_that_take_turns_never_come_into_view() -> None:
    presence = Presence()
    assert all(not presence.update([STRIPES if i % 2 else SMEAR], i * 0.066) for i in range(60))


def test_another_1d_code_elsewhere_is_no_disagreement() -> None:
    presence, elsewhere = Presence(), seen("5901234123457", "EAN13", left=40)
    presence.update([STRIPES], 0.0)
    presence.update([elsewhere], 0.1)
    assert presence.update([STRIPES], 0.2) == (STRIPES,)


def test_a_1d_code_in_view_outlasts_one_frame_that_reads_it_otherwise() -> None:
    presence = Presence()
    presence.update([STRIPES], 0.0)
    presence.update([STRIPES], 0.1)
    assert presence.update([SMEAR], 0.2) == (STRIPES,)
    assert presence.update([STRIPES], 0.3) == (STRIPES,)


def test_a_1d_code_comes_into_view_behind_what_is_there() -> None:
    presence = Presence()
    presence.update([STRIPES], 0.0)
    presence.update([STRIPES, COFFEE], 0.1)
    stripes = seen("5901234123457", "EAN13", left=80)
    presence.update([stripes], 0.2)
    presence.update([TACO, stripes], 0.3)
    assert [one.text for one in presence.update([], 0.4)] == ["COFFEE", "TACO", "5901234123457"]


# --- one place, one code --------------------------------------------------------------------------


def test_a_coupon_swiped_into_the_place_of_another_puts_it_out_of_view_at_once() -> None:
    presence = Presence()
    presence.update([TACO], 0.0)
    swiped = seen("PIE", left=3)
    assert presence.update([swiped], 0.1) == (swiped,)


def test_two_codes_of_one_frame_are_both_in_view_however_close() -> None:
    presence, inside = Presence(), seen("PIE", left=1)
    assert presence.update([TACO, inside], 0.0) == (TACO, inside)
    assert presence.update([TACO, inside], 0.1) == (TACO, inside)
