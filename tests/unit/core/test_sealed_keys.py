"""Rotating keys in the bundle: who can read them, and what they look like to everybody else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kiosk.core.rotating import RotatingKey, Turning
from kiosk.core.sealed_keys import open_keys, seal_keys
from kiosk.core.strict_cbor import encode
from kiosk.errors import BundleError

FLEET_KEY = bytes(range(32))
TACOS = RotatingKey("tacos", "T-{totp_value_0}", 30_000, (Turning(b"12345678901234567890", 8),), "sha256")
PIE = RotatingKey("pie", "{totp_value_1}{totp_value_0}", 3_000, (Turning(bytes(16), 6), Turning(bytes(20), 10)))


def refused(part: bytes, fleet_key: bytes = FLEET_KEY) -> str:
    with pytest.raises(BundleError) as caught:
        open_keys(part, fleet_key)
    assert caught.value.where == "rotating-keys"
    return caught.value.code


def sealed_well(told: object) -> bytes:
    """A part that this fleet's key opens, with anything in it."""
    purpose = b"counterfoil-rotating-keys-1"
    cipher = AESSIV(HKDF(SHA256(), 64, salt=None, info=purpose).derive(FLEET_KEY))
    return cipher.encrypt(encode(told), [purpose])


def test_what_was_sealed_is_opened_by_the_fleet() -> None:
    assert open_keys(seal_keys([TACOS, PIE], FLEET_KEY), FLEET_KEY) == {"tacos": TACOS, "pie": PIE}


def test_another_fleet_opens_nothing() -> None:
    assert refused(seal_keys([TACOS], FLEET_KEY), bytes(32)) == "bundle-sealed"


def test_an_altered_or_cut_part_is_refused() -> None:
    part = seal_keys([TACOS], FLEET_KEY)
    for other in (part[:-1] + bytes([part[-1] ^ 1]), bytes([part[0] ^ 1]) + part[1:], part[:-1], part[:16], b""):
        assert refused(other) == "bundle-sealed"


def test_the_same_keys_in_any_order_give_the_same_part_and_others_another() -> None:
    assert seal_keys([TACOS, PIE], FLEET_KEY) == seal_keys([PIE, TACOS], FLEET_KEY)
    assert seal_keys([TACOS], FLEET_KEY) != seal_keys([PIE], FLEET_KEY)


def test_nothing_of_a_key_can_be_read_off_the_part() -> None:
    part = seal_keys([TACOS], FLEET_KEY)
    assert b"12345678901234567890" not in part
    assert b"tacos" not in part


@pytest.mark.parametrize(
    "told",
    [
        {}, [["tacos"]], ["tacos"], [[1, "{totp_value_0}", 30_000, "sha1", [[bytes(20), 6]]]],
        [["t", "{totp_value_0}", True, "sha1", [[bytes(20), 6]]]],
        [["t", "{totp_value_0}", 30_000, "sha1", [["12345678901234567890", 6]]]],
        [["t", "{totp_value_0}", 30_000, "sha1", [[bytes(20), True]]]],
        [["t", "{totp_value_0}", 30_000, ["sha1"], [[bytes(20), 6]]]],
        [["t", "{totp_value_0}", 30_000, "sha1", 7]],
        [["t", "no value", 30_000, "sha1", [[bytes(20), 6]]]],
    ],
)  # fmt: skip
def test_what_is_sealed_well_but_is_no_list_of_keys_is_malformed(told: object) -> None:
    assert refused(sealed_well(told)) == "bundle-malformed"


def words_of(part: bytes, fleet_key: bytes = FLEET_KEY) -> tuple[str, str]:
    with pytest.raises(BundleError) as caught:
        open_keys(part, fleet_key)
    return caught.value.what, caught.value.cure


def test_who_holds_another_fleets_key_is_told_to_enrol() -> None:
    assert words_of(seal_keys([TACOS], FLEET_KEY), bytes(32)) == (
        "The bundle's rotating keys are not sealed for this counter",
        "The bundle installed before stays in force. Enrol this counter anew if head office has a new fleet key.",
    )


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "it is no list of keys"),
        ([[1, "{totp_value_0}", 30_000, "sha1", [[bytes(20), 6]]]], "a key has a field of the wrong type"),
        ([["t", "{totp_value_0}", 30_000, "sha1", [["20", 6]]]], "a secret has a field of the wrong type"),
        (
            [["t", "TACOS", 30_000, "sha1", [[bytes(20), 6]]]],
            "The pattern has no {totp_value_0}: its codes would never turn.",
        ),
    ],
)
def test_what_is_wrong_with_sealed_keys_is_told(told: object, why: str) -> None:
    assert words_of(sealed_well(told)) == (
        f"The bundle's rotating keys cannot be read: {why}",
        "The bundle installed before stays in force.",
    )


@pytest.mark.parametrize("wrong", [("t", 7, 30_000), ("t", "{totp_value_0}", 30_000.0)])
def test_each_field_of_a_key_has_its_own_type(wrong: tuple[object, ...]) -> None:
    assert refused(sealed_well([[*wrong, "sha1", [[bytes(20), 6]]]])) == "bundle-malformed"
