"""The use cases of a counter where a check-in screen without a code is held up, over a real journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.answering import held_up
from kiosk.core.fact import Redemption
from kiosk.core.screen import ScreenReading, ScreenResult
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Display, FilmedScreen, Showing, State
from kiosk.looking import ACCEPT_HELD_S
from kiosk.redeeming import LOOK_S, Look
from kiosk.screens import BACK_WITHIN_S, CODE_SPEAKS_FOR_S, MOST_PICTURES, Album
from tests.core_world import HEAD_OFFICE, catalogue, use_seen
from tests.counter_world import PIE, TACO, Floor, open_floor
from tests.screen_world import reading, screen_promotion, sighting

CODE, WORD = "TACO-7F3K-9HXM", "LIMEPIE"
LOOKED = Look(looked=True)
TOUCHED = Look(looked=True, touched=True)
GONE_S = 10.0


@dataclass(frozen=True)
class InView:
    text: str


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = open_floor(tmp_path)
    publish(made, screen_promotion())
    yield made
    made.journal.close()


def publish(floor: Floor, *promotions: Any) -> None:
    floor.catalogue = floor.counter.catalogue = catalogue(TACO, PIE, *promotions)


def show(floor: Floor, **changes: Any) -> Display:
    """The phone in view reads like this."""
    floor.counter.screen_in_view(sighting(**changes))
    return floor.counter.display


def take_away(floor: Floor, seconds: float = GONE_S) -> None:
    floor.counter.screen_in_view(None)
    floor.clock.move(seconds)


def film(floor: Floor, *codes: str) -> Display:
    floor.counter.in_view([InView(code) for code in codes])
    return floor.counter.display


def showing(floor: Floor) -> Showing:
    found = floor.counter.display.showing
    assert found is not None
    return found


def screen(floor: Floor) -> FilmedScreen:
    found = showing(floor).screen
    assert found is not None
    return found


def reason(floor: Floor) -> Reason:
    return showing(floor).verdict.reason


def redeemed(floor: Floor) -> list[Redemption]:
    return [fact for _, _, fact in floor.journal.replay() if isinstance(fact, Redemption)]


def redeem(floor: Floor, look: Look = TOUCHED) -> Display:
    return floor.counter.redeem(showing(floor).id, "ana", look)


# --- one answer a showing ------------------------------------------------------------------------


def test_a_screen_is_shown_with_its_picture_and_redeems_nothing(floor: Floor) -> None:
    display = show(floor)
    assert (display.state, showing(floor).verdict.outcome) == (State.VERDICT, Outcome.CHECK)
    assert screen(floor).jpeg.startswith(b"\xff\xd8")
    assert screen(floor).size == (480, 1000)
    assert redeemed(floor) == []


def test_the_same_phone_staying_in_view_gives_one_verdict(floor: Floor) -> None:
    show(floor)
    floor.counter.next(showing(floor).id)
    assert show(floor, frames=3).state is State.IDLE


@pytest.mark.parametrize(
    ("away_s", "state"), [(BACK_WITHIN_S, State.IDLE), (BACK_WITHIN_S + 0.1, State.VERDICT)]
)  # fmt: skip
def test_taken_away_and_shown_again_it_gives_another(floor: Floor, away_s: float, state: State) -> None:
    show(floor)
    floor.counter.next(showing(floor).id)
    take_away(floor, away_s)
    assert show(floor).state is state


def test_another_name_is_another_phone_however_soon_it_comes(floor: Floor) -> None:
    show(floor)
    floor.counter.next(showing(floor).id)
    take_away(floor, 0.1)
    assert show(floor, handle="@lena_w").state is State.VERDICT


def test_another_offer_on_the_same_phone_is_answered_in_its_place(floor: Floor) -> None:
    publish(floor, screen_promotion(), screen_promotion(id="other", title="Other"))
    show(floor)
    first = showing(floor).id
    show(floor, promotion="other")
    assert (showing(floor).verdict.promotion, showing(floor).id == first) == ("other", False)


def test_what_is_for_nothing_here_is_not_shown_at_all(floor: Floor) -> None:
    floor.counter.screen_in_view(replace(sighting(), reading=ScreenReading(ScreenResult.NONE)))
    assert floor.counter.display.state is State.IDLE


@pytest.mark.parametrize(("frames", "state"), [(1, State.IDLE), (2, State.VERDICT)])
def test_that_it_is_another_day_s_is_said_only_when_two_frames_agree(floor: Floor, frames: int, state: State) -> None:
    assert show(floor, differs={"dates": "Oct 3"}, frames=frames).state is state


def test_a_refused_screen_that_reads_better_is_compared_after_all(floor: Floor) -> None:
    show(floor, differs={"dates": "Oct 3"})
    assert reason(floor) is Reason.UNKNOWN_CODE
    show(floor)
    assert reason(floor) is Reason.LOOK_AT_SCREEN


def test_the_counter_says_how_many_it_answered(floor: Floor) -> None:
    show(floor)
    show(floor, frames=3)
    assert floor.counter.status().read == 1


# --- reading on ----------------------------------------------------------------------------------


def test_a_better_reading_is_shown_in_place_under_the_same_id(floor: Floor) -> None:
    show(floor, not_read=("dates",), frames=1)
    before, since_s = showing(floor).id, screen(floor).since_s
    floor.clock.move(0.4)
    show(floor)
    assert (showing(floor).id, screen(floor).since_s) == (before, since_s)
    assert screen(floor).reading.result is ScreenResult.GREEN


def test_a_worse_reading_and_one_that_says_no_more_change_nothing(floor: Floor) -> None:
    before = show(floor)
    assert show(floor, not_read=("dates",)) == before
    assert show(floor, frames=5) == before


def test_once_the_picture_was_touched_it_stays(floor: Floor) -> None:
    show(floor, not_read=("dates",))
    floor.counter.touch(showing(floor).id)
    before = floor.counter.display
    assert show(floor) == before


def test_even_then_another_answer_is_shown_and_has_to_be_looked_at_anew(floor: Floor) -> None:
    show(floor, not_read=("dates",))
    touched = showing(floor).id
    floor.counter.touch(touched)
    show(floor, differs={"dates": "Oct 3 - Oct 10"})
    assert (reason(floor), screen(floor).touched) == (Reason.UNKNOWN_CODE, False)
    assert floor.counter.redeem(touched, "ana", TOUCHED).state is State.VERDICT
    assert redeemed(floor) == []


def test_a_name_that_is_read_late_raises_the_alarm_late(floor: Floor) -> None:
    show(floor)
    redeem(floor)
    floor.counter.next(showing(floor).id)
    take_away(floor)
    show(floor, handle="")
    assert reason(floor) is Reason.LOOK_AT_SCREEN
    floor.counter.touch(showing(floor).id)
    show(floor)
    assert (reason(floor), screen(floor).touched) == (Reason.SEEN_BEFORE, False)


def test_touching_what_is_not_on_display_changes_nothing(floor: Floor) -> None:
    show(floor)
    floor.counter.touch("0" * 32)
    assert not screen(floor).touched


# --- beside codes --------------------------------------------------------------------------------


def test_an_open_check_waits_for_the_clerk(floor: Floor) -> None:
    before = show(floor)
    floor.clock.move(ACCEPT_HELD_S + 1)
    assert floor.counter.awaits_clerk
    assert film(floor, "SOME-OTHER-CODE") == before


@pytest.mark.parametrize(("after_s", "replaced"), [(ACCEPT_HELD_S, False), (ACCEPT_HELD_S + 0.1, True)])
def test_after_its_phone_left_it_is_held_as_long_as_an_accept(floor: Floor, after_s: float, replaced: bool) -> None:
    before = show(floor)
    floor.clock.move(100)
    take_away(floor, after_s)
    assert (film(floor, CODE) != before) is replaced


def test_the_next_phone_does_not_push_an_open_check_away_but_comes_after_it(floor: Floor) -> None:
    before = show(floor)
    take_away(floor)
    assert show(floor, handle="@lena_w") == before
    floor.counter.next(showing(floor).id)
    film(floor)
    assert screen(floor).reading.handle == "@lena_w"


def test_a_known_code_on_the_same_phone_goes_before_its_screen(floor: Floor) -> None:
    show(floor)
    film(floor, CODE)
    assert showing(floor).text == CODE


def test_but_not_once_the_clerk_has_touched_the_picture(floor: Floor) -> None:
    show(floor)
    floor.counter.touch(showing(floor).id)
    film(floor, CODE)
    assert showing(floor).text == ""


def test_a_phone_whose_code_was_redeemed_is_not_redeemed_by_its_screen_as_well(floor: Floor) -> None:
    film(floor, CODE)
    redeem(floor)
    floor.counter.next(showing(floor).id)
    assert show(floor).state is State.IDLE
    floor.clock.move(60)
    assert film(floor).state is State.IDLE


@pytest.mark.parametrize(
    ("after_s", "state"), [(CODE_SPEAKS_FOR_S, State.IDLE), (CODE_SPEAKS_FOR_S + 0.1, State.VERDICT)]
)
def test_a_screen_that_comes_later_is_another_guest_s(floor: Floor, after_s: float, state: State) -> None:
    film(floor, CODE)
    floor.counter.next(showing(floor).id)
    floor.clock.move(after_s)
    assert show(floor).state is state


def test_a_code_that_nobody_knows_gives_way_to_the_screen(floor: Floor) -> None:
    film(floor, "https://example.com/app")
    show(floor)
    assert film(floor, "https://example.com/app").showing is not None
    assert reason(floor) is Reason.LOOK_AT_SCREEN


def test_a_typed_code_replaces_an_open_check(floor: Floor) -> None:
    show(floor)
    floor.counter.look(WORD)
    assert showing(floor).text == WORD


# --- redeemed by a clerk who looked --------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "wait_s", "given"),
    [
        (Look(), 60, False),
        (Look(touched=True), 60, False),
        (LOOKED, LOOK_S - 0.01, False),
        (LOOKED, LOOK_S, True),
        (TOUCHED, 0, True),
    ],
)
def test_it_is_redeemed_only_by_who_had_the_picture_a_second_or_touched_it(
    floor: Floor, look: Look, wait_s: float, given: bool
) -> None:
    show(floor)
    floor.clock.move(wait_s)
    display = redeem(floor, look)
    assert (display.state is State.REDEEMED, len(redeemed(floor))) == (given, int(given))
    assert given or (display.note is not None and "[not-looked]" in display.note)


def test_a_touch_that_the_counter_was_told_of_will_do(floor: Floor) -> None:
    show(floor)
    floor.counter.touch(showing(floor).id)
    assert redeem(floor, LOOKED).state is State.REDEEMED


def test_a_refused_screen_is_not_redeemed_however_long_it_was_looked_at(floor: Floor) -> None:
    publish(floor, screen_promotion(paused=True))
    show(floor)
    assert redeem(floor).state is State.VERDICT
    assert redeemed(floor) == []


def test_the_entry_says_what_was_read_and_no_name(floor: Floor) -> None:
    show(floor, not_read=("dates", "claim"))
    redeem(floor)
    (fact,) = redeemed(floor)
    assert (fact.credential_kind, fact.screen, fact.not_read, fact.anyway) == ("screen", "amber", "dates,claim", None)
    assert b"zed" not in b"".join(entry.body for entry in floor.journal.entries(floor.counter.feed, 0, 100))


def test_a_reason_that_nobody_asked_for_is_not_written_down(floor: Floor) -> None:
    show(floor)
    redeem(floor, replace(TOUCHED, anyway="other"))
    assert [fact.anyway for fact in redeemed(floor)] == [None]


def test_a_code_s_entry_says_nothing_of_screens(floor: Floor) -> None:
    floor.counter.look(CODE)
    redeem(floor, Look())
    (fact,) = redeemed(floor)
    assert (fact.screen, fact.not_read, fact.anyway) == (None, None, None)


def test_a_double_tap_redeems_once(floor: Floor) -> None:
    show(floor)
    assert redeem(floor) == redeem(floor)
    assert len(redeemed(floor)) == 1


# --- seen before ---------------------------------------------------------------------------------


def again(floor: Floor) -> None:
    """The screen is redeemed, and shown again."""
    show(floor)
    redeem(floor)
    floor.counter.next(showing(floor).id)
    take_away(floor)
    show(floor)


def test_the_alarm_has_the_picture_of_the_first_use(floor: Floor) -> None:
    show(floor)
    first = screen(floor).jpeg
    redeem(floor)
    floor.counter.next(showing(floor).id)
    take_away(floor)
    show(floor)
    assert (reason(floor), screen(floor).earlier) == (Reason.SEEN_BEFORE, first)


def test_after_a_restart_there_is_the_alarm_but_no_picture(floor: Floor) -> None:
    show(floor)
    redeem(floor)
    floor.counter.seen(showing(floor).id)
    floor.restart()
    show(floor)
    assert (reason(floor), screen(floor).earlier) == (Reason.SEEN_BEFORE, None)


@pytest.mark.parametrize("anyway", [None, "because"])
def test_without_a_reason_it_is_not_redeemed_again(floor: Floor, anyway: str | None) -> None:
    again(floor)
    display = redeem(floor, replace(TOUCHED, anyway=anyway))
    assert display.state is State.VERDICT
    assert display.note is not None
    assert "[reason-missing]" in display.note
    assert len(redeemed(floor)) == 1


def test_with_a_reason_it_is_and_the_reason_is_written_down(floor: Floor) -> None:
    again(floor)
    assert redeem(floor, replace(TOUCHED, anyway="two-guests")).state is State.REDEEMED
    assert [fact.anyway for fact in redeemed(floor)] == [None, "two-guests"]


def test_a_use_that_head_office_tells_of_before_the_tap_raises_the_alarm_instead(floor: Floor) -> None:
    show(floor)
    fact = Redemption(
        at_ms=1, intent=bytes(16), promotion="checkin", credential=digest_shown(floor),
        credential_kind="screen", store="pier-9", clerk="cleo", bundle_version=1, head_office_n=0,
    )  # fmt: skip
    floor.counter.standing.apply(HEAD_OFFICE, 1, use_seen(replace(floor.counter.feed, origin="pier-9/bar"), 9, fact))
    assert redeem(floor).state is State.VERDICT
    assert (reason(floor), redeemed(floor)) == (Reason.SEEN_BEFORE, [])


def digest_shown(floor: Floor) -> bytes:
    held = held_up(showing(floor))
    assert held is not None
    credential = floor.counter.catalogue.credential(held, 0)
    assert credential is not None
    return credential.digest


def test_only_the_last_few_pictures_are_kept() -> None:
    album = Album()
    for n in range(MOST_PICTURES + 1):
        album.keep(bytes([n]), b"picture")
    assert album.find(bytes([0])) is None
    assert album.find(bytes([1])) == album.find(bytes([MOST_PICTURES])) == b"picture"


# --- published anew ------------------------------------------------------------------------------


def test_a_promotion_that_is_paused_meanwhile_is_answered_anew_with_the_same_picture(floor: Floor) -> None:
    show(floor)
    picture = screen(floor).jpeg
    publish(floor, screen_promotion(paused=True))
    floor.counter._show_what_changed()
    assert (reason(floor), screen(floor).jpeg) == (Reason.PAUSED, picture)


def test_a_promotion_whose_words_are_others_now_has_to_be_read_anew(floor: Floor) -> None:
    show(floor)
    publish(floor, screen_promotion(venue="Harbor House"))
    floor.counter._show_what_changed()
    assert floor.counter.display.state is State.IDLE
    assert show(floor, frames=3).state is State.VERDICT


def test_a_reading_of_the_words_before_is_not_redeemed_under_the_new_ones(floor: Floor) -> None:
    show(floor)
    publish(floor, screen_promotion(venue="Harbor House"))
    redeem(floor)
    assert redeemed(floor) == []


def test_pictures_touch_no_disk(floor: Floor, tmp_path: Path) -> None:
    again(floor)
    redeem(floor, replace(TOUCHED, anyway="other"))
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"\xff\xd8\xff" not in written
    assert reading().handle.encode() not in written


# --- another guest's phone, and what a screen is known by --------------------------------------------


def test_another_name_in_place_is_never_redeemed_under_what_the_clerk_looked_at(floor: Floor) -> None:
    show(floor, handle="@ann")
    looked_at = showing(floor).id
    floor.clock.move(LOOK_S)
    show(floor, handle="@bob")
    assert screen(floor).reading.handle == "@ann"
    floor.counter.redeem(looked_at, "ana", LOOKED)
    floor.counter.next(looked_at)
    show(floor, handle="@bob")
    assert (floor.counter.display.state, screen(floor).reading.handle) == (State.VERDICT, "@bob")
    assert len(redeemed(floor)) == 1


def test_a_guest_whose_name_is_read_late_is_answered_after_the_one_before(floor: Floor) -> None:
    show(floor, handle="@ann")
    floor.counter.next(showing(floor).id)
    take_away(floor, BACK_WITHIN_S / 2)
    show(floor, handle="")
    show(floor, handle="@bob")
    assert screen(floor).reading.handle == "@bob"


def test_a_touched_picture_stays_but_takes_over_the_name_that_it_is_known_by(floor: Floor) -> None:
    show(floor, handle="", clock="")
    picture = screen(floor).jpeg
    floor.counter.touch(showing(floor).id)
    show(floor, handle="@zed.z", clock="11:56")
    assert screen(floor).jpeg == picture
    floor.counter.redeem(showing(floor).id, "ana", LOOKED)
    floor.counter.next(showing(floor).id)
    take_away(floor)
    show(floor, handle="@zed.z", clock="11:56")
    assert reason(floor) is Reason.SEEN_BEFORE


def test_a_photo_says_that_it_is_one(floor: Floor) -> None:
    floor.counter.look(sighting(), "photo")
    assert showing(floor).source == "photo"


def test_a_promotion_that_is_not_announced_yet_is_known_to_nobody(floor: Floor) -> None:
    secret = screen_promotion(id="secret", credentials=["word"], words=["SECRETW"], screen=None, venue=None)
    publish(floor, secret)
    assert floor.counter.knows("SECRETW")
    later = secret.model_copy(update={"announce_from": secret.valid.until})
    publish(floor, later)
    assert not floor.counter.knows("SECRETW")
