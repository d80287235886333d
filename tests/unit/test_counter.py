"""The use cases of a counter, over a real journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.answering import AS_SHOWN_FOR_S
from kiosk.attention import FORGOTTEN_AFTER_S
from kiosk.core.entry import Entry, FeedId
from kiosk.core.fact import Answered, Fact, Redemption, UseSeen, Void, encode_fact
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Display, State
from kiosk.errors import AppendUnknownError, JournalError
from kiosk.journal import Journal
from kiosk.looking import ACCEPT_HELD_S
from tests.core_world import OWN, at, catalogue, code_digest, promotion
from tests.counter_world import TACO, Floor, open_floor

CODE, OTHER_CODE, WORD = "TACO-7F3K-9HXM", "TACO-2M8R-5JWD", "LIMEPIE"


@dataclass(frozen=True)
class InView:
    text: str


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = open_floor(tmp_path)
    yield made
    made.journal.close()


def facts(floor: Floor, kind: type) -> list[object]:
    return [fact for _, _, fact in floor.journal.replay() if isinstance(fact, kind)]


def shown_id(display: Display) -> str:
    assert display.showing is not None
    return display.showing.id


def reason(display: Display) -> Reason:
    assert display.showing is not None
    return display.showing.verdict.reason


def redeemed(floor: Floor, text: str) -> Display:
    return floor.counter.redeem(shown_id(floor.counter.look(text)), "ana")


def test_an_accepted_code_is_in_the_journal_before_the_display_says_hand_it_over(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_append: list[State] = []
    append = floor.journal.append

    def watched(written: Sequence[Fact]) -> Sequence[Entry]:
        if isinstance(written[0], Redemption):
            at_append.append(floor.counter.display.state)
        return append(written)

    monkeypatch.setattr(floor.journal, "append", watched)
    display = redeemed(floor, CODE)
    assert display.state is State.REDEEMED
    assert at_append == [State.VERDICT]
    (fact,) = facts(floor, Redemption)
    assert isinstance(fact, Redemption)
    assert (fact.promotion, fact.clerk, fact.bundle_version, fact.intent.hex()) == (
        "tacos",
        "ana",
        7,
        shown_id(display),
    )


def test_what_is_only_looked_at_is_not_written_down(floor: Floor) -> None:
    floor.counter.look(CODE)
    assert facts(floor, Redemption) == []


def test_a_double_tap_redeems_once(floor: Floor) -> None:
    showing = shown_id(floor.counter.look(CODE))
    first, second = floor.counter.redeem(showing, "ana"), floor.counter.redeem(showing, "ana")
    assert first == second
    assert len(facts(floor, Redemption)) == 1


def test_a_code_redeemed_here_is_refused_the_second_time(floor: Floor) -> None:
    floor.counter.next(shown_id(redeemed(floor, CODE)))
    assert reason(floor.counter.look(CODE)) is Reason.USED_HERE


def test_a_tap_that_names_another_showing_redeems_nothing(floor: Floor) -> None:
    old = shown_id(floor.counter.look(CODE))
    floor.counter.next(old)
    now = floor.counter.look(OTHER_CODE)
    assert floor.counter.redeem(old, "ana") == now
    assert facts(floor, Redemption) == []


def test_a_use_told_by_head_office_between_look_and_tap_is_refused(floor: Floor) -> None:
    showing = shown_id(floor.counter.look(CODE))
    told = UseSeen(
        at_ms=1, feed="pier-9/counter-1@1", n=9, promotion="tacos",
        credential=code_digest(CODE), store="pier-9", used_at_ms=1,
    )  # fmt: skip
    floor.counter.standing.apply(FeedId("head-office", 1), 1, told)
    display = floor.counter.redeem(showing, "ana")
    assert (display.state, reason(display)) == (State.VERDICT, Reason.USED_ELSEWHERE)
    assert facts(floor, Redemption) == []


@pytest.mark.parametrize(("wait_s", "kept"), [(AS_SHOWN_FOR_S, True), (AS_SHOWN_FOR_S + 1, False)])
def test_a_promise_on_the_display_is_kept_past_the_window_for_two_minutes(
    floor: Floor, wait_s: float, kept: bool
) -> None:
    end_s = (at("2026-12-01T00:00") - floor.clock.now()).total_seconds()
    floor.clock.move(end_s - 1)
    showing = shown_id(floor.counter.look(WORD))
    floor.clock.move(wait_s)
    display = floor.counter.redeem(showing, "ana")
    assert (display.state is State.REDEEMED) is kept
    assert kept or reason(display) is Reason.OVER


# --- the camera ----------------------------------------------------------------------------------


def test_a_code_that_stays_in_view_gets_one_verdict(floor: Floor) -> None:
    floor.counter.in_view([InView(CODE)])
    first = floor.counter.display
    floor.counter.next(shown_id(first))
    floor.counter.in_view([InView(CODE)])
    assert floor.counter.display.state is State.IDLE


@pytest.mark.parametrize(
    ("away_s", "state"), [(FORGOTTEN_AFTER_S, State.IDLE), (FORGOTTEN_AFTER_S + 0.1, State.VERDICT)]
)
def test_a_code_taken_away_and_shown_again_gets_another_verdict(floor: Floor, away_s: float, state: State) -> None:
    floor.counter.in_view([InView(CODE)])
    floor.counter.next(shown_id(floor.counter.display))
    floor.counter.in_view([])
    floor.clock.move(away_s)
    floor.counter.in_view([InView(CODE)])
    assert floor.counter.display.state is state


def test_a_shaking_hand_does_not_turn_the_stub_into_used_today(floor: Floor) -> None:
    floor.counter.in_view([InView(CODE)])
    showing = shown_id(floor.counter.display)
    floor.counter.redeem(showing, "ana")
    floor.counter.seen(showing)
    for _ in range(5):
        floor.clock.move(1.5)
        floor.counter.in_view([])
        floor.counter.in_view([InView(CODE)])
    assert floor.counter.display.state is State.REDEEMED


def test_the_same_voucher_held_up_by_the_next_guest_is_refused(floor: Floor) -> None:
    floor.counter.in_view([InView(CODE)])
    showing = shown_id(floor.counter.display)
    floor.counter.redeem(showing, "ana")
    floor.counter.seen(showing)
    floor.clock.move(FORGOTTEN_AFTER_S + 0.1)
    floor.counter.in_view([InView(CODE)])
    assert reason(floor.counter.display) is Reason.USED_HERE


def test_of_two_codes_in_view_the_one_that_a_promotion_knows_is_answered(floor: Floor) -> None:
    floor.counter.in_view([InView("https://example.org/menu"), InView(CODE)])
    assert reason(floor.counter.display) is Reason.OK


def test_an_accept_stays_while_another_code_comes_into_view(floor: Floor) -> None:
    floor.counter.in_view([InView(CODE)])
    before = floor.counter.display
    floor.counter.in_view([InView(CODE), InView(OTHER_CODE)])
    floor.counter.in_view([InView(OTHER_CODE)])
    assert floor.counter.display == before


@pytest.mark.parametrize(("gone_s", "replaced"), [(ACCEPT_HELD_S, False), (ACCEPT_HELD_S + 0.5, True)])
def test_an_accept_left_alone_gives_way_only_after_its_code_is_gone_for_long(
    floor: Floor, gone_s: float, replaced: bool
) -> None:
    floor.counter.in_view([InView(CODE)])
    before = shown_id(floor.counter.display)
    floor.clock.move(gone_s)
    floor.counter.in_view([InView(OTHER_CODE)])
    assert (shown_id(floor.counter.display) != before) is replaced


def test_a_refusal_gives_way_to_the_next_code_at_once(floor: Floor) -> None:
    floor.counter.in_view([InView("nobody knows this")])
    assert reason(floor.counter.display) is Reason.UNKNOWN_CODE
    floor.counter.in_view([InView("nobody knows this"), InView(CODE)])
    assert reason(floor.counter.display) is Reason.OK


def test_the_next_phone_is_read_behind_a_stub_that_was_seen_and_not_before(floor: Floor) -> None:
    display = redeemed(floor, CODE)
    floor.counter.in_view([InView(OTHER_CODE)])
    assert shown_id(floor.counter.display) == shown_id(display)
    floor.counter.seen(shown_id(display))
    floor.counter.in_view([InView(OTHER_CODE)])
    assert shown_id(floor.counter.display) != shown_id(display)


# --- after the answer ------------------------------------------------------------------------------


def test_an_answer_that_was_seen_is_written_down_once(floor: Floor) -> None:
    showing = shown_id(redeemed(floor, CODE))
    floor.counter.seen(showing)
    floor.counter.seen(showing)
    assert len(facts(floor, Answered)) == 1


def test_an_answer_nobody_saw_is_asked_about_at_the_next_start(floor: Floor) -> None:
    n = redeemed(floor, CODE).showing.redeemed.n  # type: ignore[union-attr]
    floor.restart()
    display = floor.counter.display
    assert display.state is State.GIVEN
    assert display.showing is not None
    assert display.showing.redeemed is not None
    assert display.showing.redeemed.n == n


def test_an_answer_that_was_seen_is_not_asked_about(floor: Floor) -> None:
    floor.counter.seen(shown_id(redeemed(floor, CODE)))
    floor.restart()
    assert floor.counter.display.state is State.IDLE


def test_nothing_is_read_or_redeemed_while_given_is_open(floor: Floor) -> None:
    redeemed(floor, CODE)
    floor.restart()
    before = floor.counter.display
    floor.counter.in_view([InView(OTHER_CODE)])
    floor.counter.look(WORD)
    floor.counter.redeem(shown_id(before), "ana")
    assert floor.counter.display == before
    assert len(facts(floor, Redemption)) == 1


def test_given_yes_keeps_the_redemption(floor: Floor) -> None:
    n = redeemed(floor, CODE).showing.redeemed.n  # type: ignore[union-attr]
    floor.restart()
    assert floor.counter.given(n, True, "ben").state is State.IDLE
    assert reason(floor.counter.look(CODE)) is Reason.USED_HERE


def test_given_no_makes_the_code_usable_again(floor: Floor) -> None:
    n = redeemed(floor, CODE).showing.redeemed.n  # type: ignore[union-attr]
    floor.restart()
    floor.counter.given(n, False, "ben")
    assert reason(floor.counter.look(CODE)) is Reason.OK
    (void,) = facts(floor, Void)
    assert isinstance(void, Void)
    assert (void.feed, void.n, void.clerk) == (str(OWN), n, "ben")


def test_two_unanswered_redemptions_are_asked_about_one_after_the_other(floor: Floor) -> None:
    first = redeemed(floor, CODE).showing.redeemed.n  # type: ignore[union-attr]
    floor.counter._board.show(State.IDLE)  # the page died between the two, and another customer came
    floor.counter.end_sale()
    second = redeemed(floor, OTHER_CODE).showing.redeemed.n  # type: ignore[union-attr]
    floor.restart()
    display = floor.counter.given(first, True, "ana")
    assert display.showing is not None
    assert display.showing.redeemed is not None
    assert display.showing.redeemed.n == second
    assert floor.counter.given(second, True, "ana").state is State.IDLE


def test_an_undone_redemption_can_be_made_again_and_is_undone_once(floor: Floor) -> None:
    display = redeemed(floor, CODE)
    n = display.showing.redeemed.n  # type: ignore[union-attr]
    floor.counter.undo(n, "ana", "goods back")
    floor.counter.undo(n, "ana", "goods back")
    assert len(facts(floor, Void)) == 1
    floor.counter.next(shown_id(display))
    assert reason(floor.counter.look(CODE)) is Reason.OK


def test_what_head_office_has_not_receipted_is_waiting(floor: Floor) -> None:
    assert floor.counter.status().waiting == 0
    redeemed(floor, CODE)
    assert floor.counter.status().waiting == 1


# --- when the disk fails ---------------------------------------------------------------------------


def test_a_full_disk_means_no_hand_over_and_a_note_with_its_cure(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    showing = shown_id(floor.counter.look(CODE))

    def full(_facts: object) -> None:
        raise JournalError("journal-disk-full", "The disk is full", cure="Free some space.")

    with monkeypatch.context() as broken:
        broken.setattr(floor.journal, "append", full)
        display = floor.counter.redeem(showing, "ana")
    assert display.state is State.VERDICT
    assert display.note is not None
    assert "journal-disk-full" in display.note
    assert floor.counter.redeem(showing, "ana").state is State.REDEEMED


@pytest.mark.parametrize("written", [True, False])
def test_an_unknown_append_is_settled_by_what_the_journal_holds(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    showing = shown_id(floor.counter.look(CODE))
    append = floor.journal.append

    def unknown(facts: list[Redemption]) -> None:
        if written:
            append(facts)
        raise AppendUnknownError("journal-unknown", "Whether it was written is unknown")

    with monkeypatch.context() as broken:
        broken.setattr(floor.journal, "append", unknown)
        display = floor.counter.redeem(showing, "ana")
    assert (display.state is State.REDEEMED) is written
    assert len(facts(floor, Redemption)) == int(written)
    assert floor.counter.redeem(showing, "ana").state is State.REDEEMED
    assert len(facts(floor, Redemption)) == 1


@pytest.mark.parametrize("yes", [True, False])
def test_given_goes_on_when_its_unknown_append_was_written(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, yes: bool
) -> None:
    n = redeemed(floor, CODE).showing.redeemed.n  # type: ignore[union-attr]
    floor.restart()
    append = floor.journal.append

    def unknown(facts: list[Redemption]) -> None:
        append(facts)
        raise AppendUnknownError("journal-unknown", "Whether it was written is unknown")

    with monkeypatch.context() as broken:
        broken.setattr(floor.journal, "append", unknown)
        assert floor.counter.given(n, yes, "ana").state is State.IDLE


def test_given_that_could_not_be_written_is_asked_again(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    n = redeemed(floor, CODE).showing.redeemed.n  # type: ignore[union-attr]
    floor.restart()

    def full(_facts: object) -> None:
        raise JournalError("journal-disk-full", "The disk is full", cure="Free some space.")

    with monkeypatch.context() as broken:
        broken.setattr(floor.journal, "append", full)
        display = floor.counter.given(n, True, "ana")
    assert display.state is State.GIVEN
    assert display.note is not None
    assert floor.counter.given(n, True, "ana").state is State.IDLE


@pytest.mark.parametrize("text", [CODE, WORD])
def test_an_unknown_append_that_could_not_be_settled_at_once_is_not_made_a_second_time(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """The disk is gone for a moment: the entry is there, but neither the commit nor the reopening says so."""
    showing = shown_id(floor.counter.look(text))
    append = floor.journal.append

    def unknown(facts: list[Redemption]) -> None:
        append(facts)
        raise AppendUnknownError("journal-unknown", "Whether it was written is unknown")

    def gone() -> None:
        raise JournalError("journal-unreadable", "The disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(floor.journal, "append", unknown)
        broken.setattr(floor.journal, "reopen", gone)
        assert floor.counter.redeem(showing, "ana").state is State.VERDICT
    monkeypatch.setattr(Journal, "stopped", property(lambda _self: True))  # as the real one says until it is reopened
    display = floor.counter.redeem(showing, "ana")
    assert display.state is State.REDEEMED
    assert len(facts(floor, Redemption)) == 1


def test_a_code_that_was_published_for_another_promotion_since_is_shown_anew_before_it_is_redeemed(
    floor: Floor,
) -> None:
    showing = shown_id(floor.counter.look(WORD))
    floor.counter.catalogue = catalogue(TACO, promotion(id="cake", codes=None, words=["LIMEPIE"], credentials=["word"]))
    display = floor.counter.redeem(showing, "ana")
    assert display.state is State.VERDICT
    assert shown_id(display) != showing
    assert display.showing is not None
    assert display.showing.verdict.promotion == "cake"
    assert facts(floor, Redemption) == []


def test_an_entry_of_a_newer_release_does_not_hide_those_behind_it(floor: Floor) -> None:
    feed = FeedId("head-office", 1)
    told = UseSeen(
        at_ms=1, feed="pier-9/counter-1@1", n=9, promotion="tacos",
        credential=code_digest(CODE), store="pier-9", used_at_ms=1,
    )  # fmt: skip
    floor.counter.learn([Entry(feed, 1, bytes(32), b"not a fact"), Entry(feed, 2, bytes(32), encode_fact(told))])
    assert reason(floor.counter.look(CODE)) is Reason.USED_ELSEWHERE


def test_a_full_disk_is_forgotten_once_a_write_succeeds(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    display = redeemed(floor, CODE)

    def full(_facts: object) -> None:
        raise JournalError("journal-disk-full", "The disk is full", cure="Free some space.")

    with monkeypatch.context() as broken:
        broken.setattr(floor.journal, "append", full)
        floor.counter.seen(shown_id(display))
    assert "journal-disk-full" in floor.counter.status().trouble[0]
    redeemed(floor, WORD)
    assert floor.counter.status().trouble == ()


def test_the_journal_never_holds_the_code_itself(floor: Floor) -> None:
    redeemed(floor, CODE)
    bodies = b"".join(entry.body for entry in floor.journal.entries(OWN, 0, 100))
    assert CODE.encode() not in bodies


def test_a_verdict_wakes_whoever_waits(floor: Floor) -> None:
    version = floor.counter.display.version
    floor.counter.look(CODE)
    assert floor.counter.wait(version, 5.0).showing is not None
    assert floor.counter.display.showing.verdict.outcome is Outcome.ACCEPT  # type: ignore[union-attr]


def test_a_promotion_withdrawn_while_its_accept_is_on_display_is_answered_anew(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    showing = shown_id(floor.counter.look(WORD))
    floor.counter.catalogue = catalogue(TACO)
    floor.counter._show_what_changed()
    assert shown_id(floor.counter.display) != showing
    assert reason(floor.counter.display) is Reason.UNKNOWN_CODE


def test_an_open_verdict_stays_when_a_bundle_leaves_its_promotion_alone(floor: Floor) -> None:
    before = floor.counter.look(WORD)
    floor.counter._show_what_changed()
    assert floor.counter.display == before
