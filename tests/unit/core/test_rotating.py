"""What a text is to a rotating key: fresh, stale, or no code of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.core.rotating import RotatingKey, RotatingKeyError, Shown, Turning
from kiosk.core.totp import hotp

SECRET = b"12345678901234567890"
PERIOD_MS = 30_000
NOW_MS = 1_111_111_109_000
STEP = NOW_MS // PERIOD_MS
PLAIN = RotatingKey("tacos-2026", "TACOS-{totp_value_0}", PERIOD_MS, (Turning(SECRET, 8),))
# the example of https://developers.google.com/wallet/generic/resources/rotating-barcodes
GOOGLE = RotatingKey(
    "google", "MyRotatingBarcode-{totp_timestamp_seconds}-{totp_value_0}", 3_000, (Turning(SECRET, 8),)
)
GOOGLE_CODES = [
    (59, "MyRotatingBarcode-59-21578337"),
    (1111111109, "MyRotatingBarcode-1111111109-32442993"),
    (1234567890, "MyRotatingBarcode-1234567890-40202519"),
    (2000000000, "MyRotatingBarcode-2000000000-65353130"),
]


def plain(steps_away: int) -> str:
    return f"TACOS-{hotp(SECRET, STEP + steps_away, 8)}"


def google(at_s: int, *, value_of_s: int | None = None) -> str:
    return f"MyRotatingBarcode-{at_s}-{hotp(SECRET, (at_s if value_of_s is None else value_of_s) // 3, 8)}"


@pytest.mark.parametrize(("at_s", "text"), GOOGLE_CODES)
def test_googles_example_is_fresh_when_it_was_made(at_s: int, text: str) -> None:
    assert GOOGLE.recognise(text, at_s * 1000) == Shown(at_s // 3, at_s * 1000, fresh=True)


def test_with_googles_pattern_and_thirty_seconds_the_values_are_those_of_the_rfc() -> None:
    key = replace(GOOGLE, period_ms=30_000)
    assert key.recognise("MyRotatingBarcode-59-94287082", 59_000) == Shown(1, 59_000, fresh=True)


@pytest.mark.parametrize("away", [-1, 0, 1])
def test_a_step_each_way_is_fresh(away: int) -> None:
    assert PLAIN.recognise(plain(away), NOW_MS) == Shown(STEP + away, (STEP + away) * PERIOD_MS, fresh=True)


@pytest.mark.parametrize("away", [-2, 2])
def test_two_steps_away_is_stale_and_says_when_it_was_fresh(away: int) -> None:
    assert PLAIN.recognise(plain(away), NOW_MS) == Shown(STEP + away, (STEP + away) * PERIOD_MS, fresh=False)


def test_the_search_for_an_old_step_ends() -> None:
    for away in (-20, 20):  # ten minutes
        assert PLAIN.recognise(plain(away), NOW_MS) is not None
    for away in (-21, 21):
        assert PLAIN.recognise(plain(away), NOW_MS) is None


def test_steps_of_a_second_are_searched_no_further_than_can_be_afforded() -> None:
    key = replace(PLAIN, period_ms=1_000)
    step = NOW_MS // 1_000
    assert key.recognise(f"TACOS-{hotp(SECRET, step - 60, 8)}", NOW_MS) is not None
    assert key.recognise(f"TACOS-{hotp(SECRET, step - 61, 8)}", NOW_MS) is None


def test_a_period_longer_than_the_search_still_drifts_a_step() -> None:
    key = replace(PLAIN, period_ms=3_600_000)
    step = NOW_MS // 3_600_000
    found = key.recognise(f"TACOS-{hotp(SECRET, step - 1, 8)}", NOW_MS)
    assert found is not None
    assert found.fresh


def test_a_timestamp_says_how_old_a_code_is_however_old() -> None:
    assert GOOGLE.recognise(google(1000), NOW_MS) == Shown(333, 1_000_000, fresh=False)


def test_a_timestamp_beyond_every_calendar_is_none() -> None:
    last_s = 32_503_680_000  # 1 January 3000
    assert GOOGLE.recognise(google(last_s), NOW_MS) is not None
    assert GOOGLE.recognise(google(last_s + 1), NOW_MS) is None


def test_a_timestamp_that_does_not_go_with_the_value_makes_it_no_code() -> None:
    now_s = NOW_MS // 1000
    assert GOOGLE.recognise(google(now_s, value_of_s=now_s - 3), NOW_MS) is None


def test_a_timestamp_in_milliseconds_is_read_as_such() -> None:
    key = replace(PLAIN, pattern="{totp_timestamp_millis}.{totp_value_0}")
    found = key.recognise(f"{NOW_MS + 123}.{hotp(SECRET, STEP, 8)}", NOW_MS)
    assert found == Shown(STEP, NOW_MS + 123, fresh=True)


def test_a_key_s_codes_are_those_of_its_algorithm() -> None:
    key = replace(PLAIN, algorithm="sha256")
    assert key.recognise(f"TACOS-{hotp(SECRET, STEP, 8, 'sha256')}", NOW_MS) == Shown(
        STEP, STEP * PERIOD_MS, fresh=True
    )
    assert key.recognise(plain(0), NOW_MS) is None


def test_another_key_another_text_or_a_digit_more_is_no_code_of_it() -> None:
    value = hotp(SECRET, STEP, 8)
    assert replace(PLAIN, values=(Turning(SECRET[::-1], 8),)).recognise(plain(0), NOW_MS) is None
    for text in (f"TACO-{value}", f"tacos-{value}", f"TACOS-{value}0", f"TACOS-{value[:-1]}", "", f" TACOS-{value}"):
        assert PLAIN.recognise(text, NOW_MS) is None


def test_digits_of_another_script_are_no_digits() -> None:
    assert PLAIN.recognise(plain(0).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), NOW_MS) is None


def test_each_value_of_a_pattern_must_be_right() -> None:
    other = b"another secret of 26 bytes"
    key = replace(PLAIN, pattern="{totp_value_1}/{totp_value_0}", values=(Turning(SECRET, 8), Turning(other, 6)))
    right, also_right = hotp(SECRET, STEP, 8), hotp(other, STEP, 6)
    assert key.recognise(f"{also_right}/{right}", NOW_MS) is not None
    assert key.recognise(f"{hotp(other, STEP + 1, 6)}/{right}", NOW_MS) is None
    assert key.recognise(f"{also_right}/{hotp(SECRET, STEP + 1, 8)}", NOW_MS) is None


def test_what_regular_expressions_mean_means_nothing_in_a_pattern() -> None:
    key = replace(PLAIN, pattern="(a+)+$.{totp_value_0}")
    value = hotp(SECRET, STEP, 8)
    assert key.recognise(f"(a+)+$.{value}", NOW_MS) is not None
    assert key.recognise(f"aa.{value}", NOW_MS) is None


NO_SUCH_PART = "The pattern has a {totp…} that is none of {totp_value_n} and {totp_timestamp_seconds|millis}."
HARD_TO_SEE = "The pattern begins or ends with a space, or has a character that cannot be seen."


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"pattern": "TACOS"}, "The pattern has no {totp_value_0}: its codes would never turn."),
        ({"pattern": "{totp_value_1}"}, "The pattern has {totp_value_1}, but no secret is given for it."),
        ({"pattern": "{totp_value_0}{totp_time}"}, NO_SUCH_PART),
        ({"pattern": "{totp{totp_value_0}_value_1}"}, NO_SUCH_PART),
        (
            {"pattern": "{totp_timestamp_seconds}{totp_timestamp_millis}{totp_value_0}"},
            "The pattern has two timestamps.",
        ),
        ({"pattern": " {totp_value_0}"}, HARD_TO_SEE),
        ({"pattern": "a\x07{totp_value_0}"}, HARD_TO_SEE),
        ({"pattern": "a" * 987 + "{totp_value_0}"}, "The pattern has 1,001 characters; 1,000 are allowed."),
        ({"values": ()}, "A key has 1 to 8 secrets."),
        ({"values": (Turning(SECRET, 8),) * 9}, "A key has 1 to 8 secrets."),
        ({"values": (Turning(SECRET, 5),)}, "A value has 6 to 10 digits."),
        ({"values": (Turning(SECRET, 11),)}, "A value has 6 to 10 digits."),
        ({"values": (Turning(SECRET[:15], 6),)}, "A secret has 16 to 128 bytes."),
        ({"values": (Turning(bytes(129), 6),)}, "A secret has 16 to 128 bytes."),
        ({"period_ms": 999}, "The period is 1 second to 24 hours."),
        ({"period_ms": 86_400_001}, "The period is 1 second to 24 hours."),
        ({"algorithm": "md5"}, "The algorithm is one of sha1, sha256, sha512."),
    ],
)
def test_a_key_that_could_not_work_is_refused_with_its_reason(changes: dict[str, object], what: str) -> None:
    with pytest.raises(RotatingKeyError) as caught:
        replace(PLAIN, **changes)  # type: ignore[arg-type]
    assert str(caught.value) == what


@pytest.mark.parametrize(
    "changes",
    [
        {"values": (Turning(SECRET, 6),)},
        {"values": (Turning(SECRET, 10),)},
        {"values": (Turning(SECRET[:16], 8),)},
        {"values": (Turning(bytes(128), 8),)},
        {"period_ms": 1_000},
        {"period_ms": 86_400_000},
        {"pattern": "a" * 986 + "{totp_value_0}"},
        {"values": (Turning(SECRET, 8),) * 8},
    ],
)
def test_a_key_at_the_edge_of_what_works_is_taken(changes: dict[str, object]) -> None:
    replace(PLAIN, **changes)  # type: ignore[arg-type]


def test_a_key_shows_no_secret() -> None:
    assert "12345" not in repr(PLAIN)
