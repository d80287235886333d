"""Texts that someone put into a code to see what happens."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.attention import Attention, Shown
from kiosk.core.inert import CUT, DOT, inert, shortened
from kiosk.display import State
from kiosk.vision.codes import Decoder
from kiosk.vision.presence import Presence
from kiosk.vision.sighting import MAX_TEXT_BYTES, Sighting, text_of
from kiosk.web.picking import picking
from kiosk.web.views import Desk
from tests.counter_world import Floor, open_floor
from tests.unit.vision.made import code

NASTY = st.sampled_from([
    "\u202e", "\u202a", "\u2066", "\u2067", "\u2069", "\u200b", "\u200d", "\ufeff", "\u0301", "\u0489", "\ud800",
    "\udfff", "\ufe0f", "\x00", "\x1b[2J", "\n", "\x1d", "\u3164", "\U000e0001", "<script>",
    "</title>", "&#x202e;", "'\"", "javascript:",
    "🏳️‍🌈", "ﷺ", "{{7*7}}", "%s", "\u2028",
])  # fmt: skip
ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates included
TEXTS = st.one_of(
    ANY_TEXT,
    st.lists(st.one_of(NASTY, st.text(max_size=4)), max_size=30).map("".join),
    st.builds(lambda one, n: one * n, NASTY, st.integers(1, 7000)),
)


@given(TEXTS, st.integers(3, 60))
def test_what_is_printed_is_short_and_nothing_in_it_acts_hides_or_reorders(text: str, most: int) -> None:
    shown = shortened(text, most)
    assert all(one.isprintable() for one in shown)
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for one in shown)
    assert len([one for one in shown if unicodedata.category(one) not in ("Mn", "Me")]) <= most
    assert "\u0301\u0301\u0301" not in shown
    shown.encode()


@given(st.text("ABCdef0189-/:.?=", max_size=200))
def test_a_plain_code_is_printed_as_it_is_or_cut_with_a_mark(text: str) -> None:
    shown = shortened(text)
    assert shown == text or (CUT in shown and len(shown) == 20 and len(text) > 20)
    assert shown.startswith(text[:10])
    assert shown.endswith(text[-7:])


@given(TEXTS)
def test_printing_twice_is_printing_once(text: str) -> None:
    assert inert(inert(text)) == inert(text)


@given(TEXTS)
def test_a_text_that_holds_something_prints_something(text: str) -> None:
    assert bool(shortened(text)) == bool(text.strip())
    assert DOT in shortened(f"A\u202e{text}")


@given(st.binary(max_size=9000), st.none() | TEXTS)
def test_any_bytes_of_a_code_become_a_text_of_eight_kilobytes_at_most_or_none(
    raw: bytes, otherwise: str | None
) -> None:
    text = text_of(raw, otherwise)
    assert text is None or len(text.encode()) <= MAX_TEXT_BYTES


@given(TEXTS)
def test_what_is_valid_utf_8_stays_as_it_was_written(text: str) -> None:
    raw = text.encode("utf-8", errors="ignore")
    if len(raw) <= MAX_TEXT_BYTES:
        assert text_of(raw, "a decoder's guess") == raw.decode()


# --- through presence, attention, counter and page --------------------------------------------------

FRAMES = st.lists(st.tuples(st.lists(TEXTS, max_size=4, unique=True), st.floats(0.01, 3.0)), max_size=12)
SYMBOLOGIES = st.sampled_from(["QRCode", "EAN13", "DataBar", "PDF417", ""])


@given(FRAMES, SYMBOLOGIES, st.floats(-1e6, 1e6))
def test_presence_holds_no_more_than_what_was_seen_lately(
    frames: list[tuple[list[str], float]], symbology: str, at: float
) -> None:
    presence, now_s, seen_s = Presence(), 0.0, dict[str, float]()
    for texts, after_s in frames:
        now_s += after_s
        corners = ((at, 0.0), (at + 1, 0.0), (at + 1, 1.0), (at, 1.0))
        in_view = presence.update([Sighting(text, symbology, corners, "zxing") for text in texts], now_s)
        seen_s |= dict.fromkeys(texts, now_s)
        assert all(now_s - seen_s[one.text] < 0.7 for one in in_view)


@given(FRAMES, st.booleans())
def test_attention_answers_what_is_in_view_and_never_twice_in_a_showing(
    frames: list[tuple[list[str], float]], may_replace: bool
) -> None:
    attention, now_s, answered_s = Attention(lambda: bytes(16)), 0.0, dict[str, float]()
    for texts, after_s in frames:
        now_s += after_s
        text = attention.turn(texts, now_s, lambda text: len(text) % 2 == 0, Shown(may_replace=may_replace))
        if text is not None:
            assert may_replace
            assert text in texts
            assert text not in answered_s or now_s - answered_s[text] > 2.0
            attention.answered(text, now_s)
        for one in texts:  # seen again in time, its showing goes on
            if one == text or (one in answered_s and now_s - answered_s[one] <= 2.0):
                answered_s[one] = now_s
        assert all(one.text not in ("", text) or one.text == "" for one in attention.offered)


@dataclass(frozen=True)
class InView:
    text: str


@pytest.fixture(scope="module")
def floor() -> Iterator[Floor]:
    with tempfile.TemporaryDirectory() as folder:
        made = open_floor(Path(folder))
        yield made
        made.journal.close()


@pytest.mark.parametrize(
    "held",
    [
        "7" * 7089,
        b"\xff\xfe\x80A\xc3",
        b"\x00\x01\x1b[2J",
        "\u202e<script>alert(1)</script>\u2066".encode(),
        b"\xed\xa0\x80",
    ],
)
def test_a_real_code_that_holds_it_is_answered_and_printed_inert(floor: Floor, held: str | bytes) -> None:
    sightings = Decoder().read(code(held, scale=4))
    floor.counter.in_view(sightings)
    ticket = Desk(floor.counter, boot="boot").ticket(floor.counter.display, floor.clock.now())
    assert bool(sightings) == (ticket.state == "refuse")
    assert all(len(fact.text) <= 20 and fact.text.isprintable() for fact in ticket.facts if fact.mono)
    if ticket.showing:
        floor.counter.next(ticket.showing)
    floor.clock.move(3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
def test_no_text_before_the_camera_or_typed_stops_the_counter_or_its_page(floor: Floor, texts: Sequence[str]) -> None:
    desk = Desk(floor.counter, boot="boot")
    for _ in range(3):
        floor.counter.in_view([InView(text) for text in texts])
        floor.clock.move(0.2)
    for offer in picking(floor.counter).offers:
        offer.caption.encode()
        floor.counter.pick(offer.id)
    for display in (floor.counter.display, floor.counter.look(texts[0])):
        ticket = desk.ticket(display, floor.clock.now())
        printed = [*(fact.text for fact in ticket.facts), *ticket.foot, ticket.headline, ticket.sub, ticket.say]
        assert all(one.isprintable() for one in printed)
    showing = floor.counter.display.showing
    assert showing is not None
    assert floor.counter.next(showing.id).state is State.IDLE
    floor.clock.move(timedelta(seconds=3).total_seconds())
