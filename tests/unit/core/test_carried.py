"""What coupons, tickets and rotating codes are known by: journals hold these digests, so they stay for ever."""

from __future__ import annotations

import base64
import hmac
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.carried import Coupons, RotatingCodes, Tickets
from kiosk.core.promotion import Promotion
from kiosk.core.recognised import Credential, Right, Unrecognised
from kiosk.core.rotating import RotatingKey, Turning
from kiosk.core.totp import hotp
from kiosk.core.verdict import Reason
from tests.core_world import FLEET_KEY, at, milliseconds, promotion
from tests.foreign_tickets import payload, sign

NOON_MS = milliseconds(at("2026-11-06T12:00"))
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SECRET = b"12345678901234567890"
STEP = NOON_MS // 30_000


def taking(kind: str, **tells: Any) -> Promotion:
    return promotion(credentials=[kind], words=None, codes=None, **tells)


def known_by(written: bytes) -> bytes:
    """The first 16 bytes of HMAC-SHA-256 under the fleet key."""
    return hmac.digest(FLEET_KEY, written, "sha256")[:16]


@pytest.mark.parametrize(
    ("text", "written", "right", "shared"),
    [
        ("(8112)001234561234560000001", b"gs1\x00123456:123456:000001", Right(), False),
        ("(8110)012345612345611110123", b"gs1\x00123456:123456:", Right(), True),
        (
            "(8110)0123456123456111101233261231426112750654321",
            b"gs1\x00123456:123456:654321",
            Right(starts_on=date(2026, 11, 27), last_on=date(2026, 12, 31)),
            False,
        ),
    ],
)
def test_a_coupon_is_known_by_funder_offer_and_serial(text: str, written: bytes, right: Right, shared: bool) -> None:
    found = Coupons([taking("gs1", gs1={"offer_codes": ["123456"]})], FLEET_KEY).identify(text, NOON_MS)
    assert found == Credential("gs1", "tacos", known_by(written), text, right, shared=shared)


def test_a_ticket_is_known_by_its_seed() -> None:
    public = base64.b64encode(SIGNER.public_key().public_bytes_raw()).decode()
    known = Tickets([taking("foreign", foreign={"kind": "pretix_sig1", "key": public})], FLEET_KEY)
    text = sign(SIGNER, payload(seed="FCTDtTWQz", item=1, valid_from=1, valid_until=2))
    right = Right(starts_at_ms=1_000, ends_at_ms=2_001)
    assert known.identify(text) == Credential("foreign", "tacos", known_by(b"foreign\x00FCTDtTWQz"), text, right)


def test_a_rotating_code_is_known_by_its_key_its_step_and_the_fixed_text() -> None:
    key = RotatingKey("tacos-2026", "TACOS-{totp_value_0}!", 30_000, (Turning(SECRET, 8),))
    known = RotatingCodes([taking("rotating", rotating={"key": "tacos-2026"})], {"tacos-2026": key}, FLEET_KEY)
    text = f"TACOS-{hotp(SECRET, STEP, 8)}!"
    written = f"rotating\x00tacos-2026\x00{STEP}\x00TACOS-\x00!".encode()
    assert known.identify(text, NOON_MS) == Credential("rotating", "tacos", known_by(written), text)


def test_a_ticket_that_names_no_times_holds_at_all_times() -> None:
    public = base64.b64encode(SIGNER.public_key().public_bytes_raw()).decode()
    known = Tickets([taking("foreign", foreign={"kind": "pretix_sig1", "key": public})], FLEET_KEY)
    found = known.identify(sign(SIGNER, payload(seed="s", item=1)))
    assert isinstance(found, Credential)
    assert found.right == Right()


def test_an_old_code_is_the_first_key_s_that_knows_it_and_says_of_when() -> None:
    keys = {name: RotatingKey(name, "{totp_value_0}", 30_000, (Turning(SECRET, 8),)) for name in ("a", "b")}
    promotions = [taking("rotating", id=name, rotating={"key": name}) for name in keys]
    known = RotatingCodes(promotions, keys, FLEET_KEY)
    assert known.identify(hotp(SECRET, STEP - 2, 8), NOON_MS) == Unrecognised(
        Reason.OLD_CODE, "a", shown_at_ms=(STEP - 2) * 30_000
    )
    assert known.identify("12345678", NOON_MS) is None
