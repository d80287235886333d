"""HOTP and TOTP against the values in their RFCs."""

from __future__ import annotations

import pytest

from kiosk.core.totp import Algorithm, hotp, is_value, step_at

SECRET = b"12345678901234567890"

# RFC 4226, appendix D
HOTP_VALUES = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]

# RFC 6238, appendix B; the secrets of SHA-256 and SHA-512 are as long as their hashes (errata 2866)
SECRETS: dict[Algorithm, bytes] = {
    "sha1": SECRET,
    "sha256": (SECRET * 2)[:32],
    "sha512": (SECRET * 4)[:64],
}
TOTP_VALUES: list[tuple[int, dict[Algorithm, str]]] = [
    (59, {"sha1": "94287082", "sha256": "46119246", "sha512": "90693936"}),
    (1111111109, {"sha1": "07081804", "sha256": "68084774", "sha512": "25091201"}),
    (1111111111, {"sha1": "14050471", "sha256": "67062674", "sha512": "99943326"}),
    (1234567890, {"sha1": "89005924", "sha256": "91819424", "sha512": "93441116"}),
    (2000000000, {"sha1": "69279037", "sha256": "90698825", "sha512": "38618901"}),
    (20000000000, {"sha1": "65353130", "sha256": "77737706", "sha512": "47863826"}),
]


@pytest.mark.parametrize(("count", "value"), list(enumerate(HOTP_VALUES)))
def test_the_values_of_rfc_4226_come_out(count: int, value: str) -> None:
    assert hotp(SECRET, count, 6) == value


@pytest.mark.parametrize(
    ("at_s", "algorithm", "value"),
    [(at_s, algorithm, value) for at_s, values in TOTP_VALUES for algorithm, value in values.items()],
)
def test_the_values_of_rfc_6238_come_out(at_s: int, algorithm: Algorithm, value: str) -> None:
    step = step_at(at_s * 1000, 30_000)
    assert hotp(SECRETS[algorithm], step, 8, algorithm) == value
    assert is_value(value, SECRETS[algorithm], step, 8, algorithm)
    assert not is_value(value, SECRETS[algorithm], step + 1, 8, algorithm)


def test_a_step_begins_on_its_millisecond() -> None:
    assert step_at(29_999, 30_000) == 0
    assert step_at(30_000, 30_000) == 1


@pytest.mark.parametrize("text", ["", "75522", "7552240", "75522é", "٧٥٥٢٢٤"])
def test_what_is_not_the_value_is_told_without_an_error(text: str) -> None:
    assert not is_value(text, SECRET, 0, 6)


def test_the_first_and_the_last_step_have_a_value() -> None:
    assert is_value("755224", SECRET, 0, 6)
    assert is_value(hotp(SECRET, 2**64 - 1, 6), SECRET, 2**64 - 1, 6)


@pytest.mark.parametrize("step", [-1, 2**64])
def test_a_step_that_no_counter_can_hold_has_no_value(step: int) -> None:
    assert not is_value("755224", SECRET, step, 6)
