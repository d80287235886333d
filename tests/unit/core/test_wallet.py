"""A rotating key out of the file that Google Wallet is given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kiosk.core.rotating import RotatingKey, RotatingKeyError, Turning
from kiosk.core.wallet import read_wallet

# the example of https://developers.google.com/wallet/generic/resources/rotating-barcodes
SECRET_HEX = "3132333435363738393031323334353637383930"
BARCODE: dict[str, Any] = {
    "type": "QR_CODE",
    "valuePattern": "MyRotatingBarcode-{totp_timestamp_seconds}-{totp_value_0}",
    "alternateText": "Ticket#: 1234567890",
    "totpDetails": {
        "algorithm": "TOTP_SHA1",
        "periodMillis": "3000",
        "parameters": [{"key": SECRET_HEX, "valueLength": "8"}],
    },
}
KEY = RotatingKey("tickets", BARCODE["valuePattern"], 3_000, (Turning(b"12345678901234567890", 8),))


def changed(**changes: Any) -> str:
    return json.dumps({**BARCODE, "totpDetails": {**BARCODE["totpDetails"], **changes}})


def test_a_pass_and_its_barcode_alone_are_read_alike() -> None:
    assert read_wallet("tickets", json.dumps({"id": "1.a", "rotatingBarcode": BARCODE})) == KEY
    assert read_wallet("tickets", json.dumps(BARCODE)) == KEY


def test_numbers_may_stand_without_quotes() -> None:
    content = changed(periodMillis=3000, parameters=[{"key": SECRET_HEX, "valueLength": 8}])
    assert read_wallet("tickets", content) == KEY


def test_a_file_of_just_the_size_that_is_allowed_is_read() -> None:
    content = json.dumps(BARCODE)
    assert read_wallet("tickets", content + " " * (1_000_000 - len(content))) == KEY


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "The file is no JSON."),
        ("[" * 100_000, "The file is no JSON."),
        ("[]", "The file has no rotatingBarcode, or it is of another type."),
        ("{}", "The file has no totpDetails, or it is of another type."),
        (
            json.dumps({"totpDetails": BARCODE["totpDetails"]}),
            "The file has no valuePattern, or it is of another type.",
        ),
        (
            changed(algorithm="TOTP_ALGORITHM_UNSPECIFIED"),
            "The algorithm is not TOTP_SHA1, the one that Google Wallet knows.",
        ),
        (changed(periodMillis=True), "The file has no periodMillis, or it is of another type."),
        (changed(periodMillis="3 s"), "periodMillis is no whole number."),
        (changed(periodMillis="٣٠٠٠"), "periodMillis is no whole number."),
        (changed(periodMillis="9" * 16), "periodMillis is no whole number."),
        (changed(periodMillis="9" * 15), "The period is 1 second to 24 hours."),
        (changed(periodMillis="0"), "The period is 1 second to 24 hours."),
        (changed(parameters={}), "The file has no parameters, or it is of another type."),
        (changed(parameters=["a"]), "The file has no key, or it is of another type."),
        (changed(parameters=[{"key": "xyz", "valueLength": 8}]), "The secret is not written in base 16 (0-9, a-f)."),
        (changed(parameters=[{"key": SECRET_HEX, "valueLength": "8x"}]), "valueLength is no whole number."),
        (changed(parameters=[{"key": SECRET_HEX}]), "The file has no valueLength, or it is of another type."),
        (" " * 1_000_001, "The file has 1,000,001 characters; 1,000,000 are allowed."),
    ],
)
def test_a_file_that_holds_no_key_says_what_it_lacks(content: str, what: str) -> None:
    with pytest.raises(RotatingKeyError) as caught:
        read_wallet("tickets", content)
    assert str(caught.value) == what
    assert SECRET_HEX not in str(caught.value)
