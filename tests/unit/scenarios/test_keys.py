"""Vouchers, rotating codes, coupons and tickets in scenarios: the keys that a line gives, and what they tell."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.voucher import Voucher, issue, key_id, reference
from kiosk.scenarios.fields import ScenarioFault, to_ms
from kiosk.scenarios.reading import read_scenario
from tests.foreign_tickets import payload, sign
from tests.scenario_world import ask, earlier, question, tacos, told

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = KEY.public_key().public_bytes_raw()
ISSUER = base64.b64encode(PUBLIC).decode()
ANY = tacos(credentials=["voucher", "rotating", "gs1", "foreign", "word"], screen=None, codes=[],
            rotating={"key": "tacos-2026"}, gs1={"offer_codes": ["123456"]},
            foreign={"kind": "pretix_sig1", "key": ISSUER, "items": [1]})  # fmt: skip
RFC_SECRET = "3132333435363738393031323334353637383930"
"""The secret of RFC 6238, appendix B: at 1111111111 seconds its 8 digits are 14050471, at 1111111109 07081804."""
ROTATING = {"tacos-2026": {"secret": RFC_SECRET, "digits": 8}}
THEN = "2005-03-18T01:58:31Z"
ALWAYS = {"from": "2005-01-01", "until": "2026-12-31"}


def voucher(serial: int = 7, promotion: str = "tacos", **changes: Any) -> str:
    return issue(Voucher(key_id(PUBLIC), reference(promotion), serial, **changes), KEY)


def held(text: str, kind: str = "voucher", **changes: Any) -> dict[str, Any]:
    return question(text, kind, **{"issuer_keys": [ISSUER], **changes})


# --- vouchers ------------------------------------------------------------------------------------


def test_a_voucher_holds_where_its_issuer_is_given() -> None:
    assert told(held(voucher()), ANY) == "accept ok"
    assert told(held(voucher(), issuer_keys=None), ANY) == "refuse unknown-issuer"
    assert told(held(voucher(), issuer_keys=[PUBLIC.hex()]), ANY) == "accept ok"


@pytest.mark.parametrize(
    ("trusted", "answer"),
    [
        ({"from": "2026-11-06T23:00:00Z"}, "accept ok"),
        ({"from": "2026-11-06T23:00:01Z"}, "refuse unknown-issuer"),
        ({"until": "2026-11-06T23:00:01Z"}, "accept ok"),
        ({"until": "2026-11-06T23:00:00Z"}, "refuse unknown-issuer"),
    ],
)
def test_a_key_may_be_trusted_for_a_time(trusted: dict[str, str], answer: str) -> None:
    assert told(held(voucher(), issuer_keys=[{"key": ISSUER, **trusted}]), ANY) == answer


@pytest.mark.parametrize(
    ("taken_back", "answer"),
    [
        ({"first": 7}, "refuse revoked"),
        ({"first": 1, "last": 6}, "accept ok"),
        ({"first": 1, "last": 7, "promotion": "tacos"}, "refuse revoked"),
        ({"first": 7, "promotion": "coffee"}, "accept ok"),
    ],
)
def test_a_voucher_may_be_taken_back(taken_back: dict[str, Any], answer: str) -> None:
    assert told(held(voucher(), revoked=[{"key": ISSUER, **taken_back}]), ANY) == answer


def test_a_voucher_is_used_once_and_its_own_window_face_and_owner_count() -> None:
    assert told(held(voucher(), history=[earlier(voucher())]), ANY) == "refuse used-here"
    assert told(held(voucher(), history=[earlier(voucher(8))]), ANY) == "accept ok"
    assert told(held(voucher(ends_at_ms=to_ms(read_scenario(question()).at))), ANY) == "refuse over"
    assert ask(held(voucher(face_minor=500)), ANY).facts["cost"] == {"amount": "5.00", "currency": "USD"}
    assert told(held(voucher(store=reference("pier-9"))), tacos(**{**ANY, "stores": ["bayside", "pier-9"]})) == (
        "refuse wrong-store"
    )


def test_what_an_earlier_voucher_took_off_is_its_face() -> None:
    small = {**ANY, "limits": {"budget": "15.00"}}
    past = [earlier(voucher(8, face_minor=300))]
    assert told(held(voucher(), history=past), small) == "accept ok"
    assert told(held(voucher(), history=[earlier(voucher(8, face_minor=301))]), small) == "refuse budget-spent"


def test_a_text_with_a_voucher_s_prefix_is_judged_as_one_whatever_it_is_called() -> None:
    broken = voucher()[:-1] + ("0" if voucher()[-1] != "0" else "1")
    assert told(held(broken), ANY).startswith("refuse ")
    assert told(held("CF1:", "word"), ANY) == "refuse malformed"
    assert told(held(voucher(promotion="gone")), ANY) == "refuse unknown-promotion"


# --- rotating codes, coupons, tickets --------------------------------------------------------------


def test_a_rotating_code_is_fresh_for_a_step_each_way_and_used_once() -> None:
    wide = {**ANY, "valid": ALWAYS}
    fields = question("14050471", "rotating", at=THEN, rotating_keys=ROTATING)
    assert told(fields, wide) == "accept ok"
    assert told({**fields, "at": "2005-03-18T01:59:29Z"}, wide) == "accept ok"
    assert told({**fields, "at": "2005-03-18T01:59:30Z"}, wide) == "refuse old-code"
    past = [earlier("14050471", at=THEN)]
    assert told({**fields, "history": past}, wide) == "refuse used-here"
    void = earlier("14050471", at="2005-03-18T03:00:00Z", void=True)  # undone when the code is long an old one
    assert told({**fields, "history": [*past, void]}, wide) == "accept ok"
    assert told({**fields, "rotating_keys": None}, wide) == "refuse unknown-code"


def test_a_rotating_key_may_be_what_google_wallet_is_given() -> None:
    barcode = {"type": "QR_CODE", "valuePattern": "TACO-{totp_value_0}", "totpDetails": {
        "periodMillis": "30000", "algorithm": "TOTP_SHA1", "parameters": [{"key": RFC_SECRET, "valueLength": 8}],
    }}  # fmt: skip
    for key in (barcode, {"rotatingBarcode": barcode}):
        fields = question("TACO-14050471", "rotating", at=THEN, rotating_keys={"tacos-2026": key})
        assert told(fields, {**ANY, "valid": ALWAYS}) == "accept ok"


def test_a_coupon_is_known_by_its_offer_code() -> None:
    assert told(question("(8112)001234561234560012345", "gs1"), ANY) == "accept ok"
    assert told(question("(8112)001234569999990012345", "gs1"), ANY) == "refuse unknown-code"
    assert told(question("(8112)0", "gs1"), ANY) == "refuse malformed"


def test_a_ticket_of_another_system_is_known_by_its_key() -> None:
    ticket = sign(KEY, payload(seed="one", item=1))
    assert told(question(ticket, "foreign"), ANY) == "accept ok"
    assert told(question(ticket, "foreign", history=[earlier(ticket)]), ANY) == "refuse used-here"
    assert told(question(sign(KEY, payload(seed="one", item=2)), "foreign"), ANY) == "refuse unknown-promotion"
    assert told(question(ticket, "foreign"), tacos()) == "refuse unknown-code"


def test_a_ticket_said_to_be_a_voucher_is_told_apart_as_a_ticket() -> None:
    ticket, forged = sign(KEY, payload(seed="one", item=1)), sign(OTHER_KEY, payload(seed="one", item=1))
    assert told(question(ticket, "voucher"), ANY) == "accept ok"
    assert told(question(forged, "voucher"), ANY) == "refuse bad-signature"
    assert told(question(sign(KEY, payload(seed="one", item=2)), "voucher"), ANY) == "refuse unknown-promotion"
    assert told(question(voucher(), "foreign"), ANY) == "refuse unknown-issuer"


# --- keys that cannot be read ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issuer_keys": ["AAAA"]}, "issuer_keys[0]"),
        ({"issuer_keys": [{"from": "2026-01-01T00:00:00Z"}]}, "issuer_keys[0].key"),
        ({"issuer_keys": [{"key": "?"}]}, "issuer_keys[0].key"),
        ({"issuer_keys": [5]}, "issuer_keys[0]"),
        ({"issuer_keys": ISSUER}, "issuer_keys"),
        ({"revoked": [{"key": ISSUER}]}, "revoked[0].first"),
        ({"revoked": [{"key": ISSUER, "first": 5, "last": 4}]}, "revoked[0].last"),
        ({"revoked": [{"key": ISSUER, "first": 2**32}]}, "revoked[0].last"),
        ({"rotating_keys": {"tacos-2026": {"digits": 6}}}, "rotating_keys.tacos-2026.secret"),
        ({"rotating_keys": {"tacos-2026": {"secret": "zz"}}}, "rotating_keys.tacos-2026"),
        ({"rotating_keys": {"tacos-2026": {"secret": RFC_SECRET, "pattern": "still"}}}, "rotating_keys.tacos-2026"),
        ({"rotating_keys": {"tacos-2026": {"rotatingBarcode": {}}}}, "rotating_keys.tacos-2026"),
    ],
)
def test_a_key_that_cannot_be_read_is_told_by_its_place(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioFault) as raised:
        ask(question(**changes), ANY)
    assert raised.value.field == field
    assert RFC_SECRET not in raised.value.what
