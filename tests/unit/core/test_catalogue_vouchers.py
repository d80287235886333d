"""Vouchers as a counter recognises them, and what decide makes of what they say themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.catalogue import Catalogue, Credential, Right, Unrecognised
from kiosk.core.credential import digest, present
from kiosk.core.decide import Place, decide
from kiosk.core.issuers import Issuer, Issuers, RevokedRange
from kiosk.core.promotion import Promotion
from kiosk.core.standing import Standing
from kiosk.core.verdict import Outcome, Reason, Verdict
from kiosk.core.voucher import Voucher, counter_reference, issue, key_id, reference
from tests.core_world import FLEET_KEY, OWN, at, catalogue, code_digest, milliseconds, promotion, redemption

KEY, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes((n,)) * 32) for n in (1, 2))
PUBLIC = KEY.public_key().public_bytes_raw()
KEY_ID = key_id(PUBLIC)
NOW = at("2026-11-06T18:00")
NOW_MS = milliseconds(NOW)
TACO = Voucher(KEY_ID, reference("tacos"), 7)
BAYSIDE = Place("bayside", "counter-1")
ISSUERS = Issuers([Issuer(PUBLIC, 0)])


def a_promotion(**changes: Any) -> Promotion:
    return promotion(
        **{"credentials": ["voucher"], "codes": None, "words": None, "value": {"amount": "12.00", "currency": "USD"}}
        | changes
    )


def known(*promotions: Promotion, issuers: Issuers = ISSUERS) -> Catalogue:
    made = catalogue(*(promotions or (a_promotion(),)))
    return Catalogue(
        made.version, made.published_at_ms, made.organisation, made.promotions, made.listed, FLEET_KEY, issuers=issuers
    )


def found(text: str, among: Catalogue) -> Credential | Unrecognised:
    held_up = present(text)
    assert held_up is not None
    return among.identify(held_up, NOW_MS)


def answer(
    voucher: Voucher, *, place: Place = BAYSIDE, now: datetime = NOW, standing: Standing | None = None, **changes: Any
) -> Verdict:
    return decide(present(issue(voucher, KEY)), known(a_promotion(**changes)), standing or Standing(OWN), place, now)


# --- recognised ------------------------------------------------------------------------------------


def test_a_voucher_is_known_with_what_it_says() -> None:
    voucher = replace(
        TACO, starts_at_ms=1000, ends_at_ms=2000, face_minor=5, store=reference("bayside"),
        counter=counter_reference("counter-2"),
    )  # fmt: skip
    text = issue(voucher, KEY)
    credential = found(text, known())
    assert isinstance(credential, Credential)
    assert (credential.kind, credential.promotion, credential.text) == ("voucher", "tacos", text)
    assert credential.right == Right(1000, 2000, 5, "bayside", "counter-2")
    assert not credential.shared


def test_a_voucher_is_the_same_one_however_it_is_written() -> None:
    text = issue(TACO, KEY)
    among = known()
    spellings = {found(one, among).digest for one in (text, text.lower(), f"  {text}\r\n")}  # type: ignore[union-attr]
    assert spellings == {digest(FLEET_KEY, "voucher", f"{KEY_ID.hex()}/tacos/7")}


def test_serials_keys_and_promotions_tell_vouchers_apart() -> None:
    other = STRANGER.public_key().public_bytes_raw()
    among = known(
        a_promotion(), a_promotion(id="pie"), issuers=Issuers([Issuer(PUBLIC, 0), Issuer(other, 0)])
    )  # fmt: skip
    texts = [
        issue(TACO, KEY),
        issue(replace(TACO, serial=8), KEY),
        issue(replace(TACO, promotion=reference("pie")), KEY),
        issue(replace(TACO, key_id=key_id(other)), STRANGER),
    ]
    assert len({found(one, among).digest for one in texts}) == len(texts)  # type: ignore[union-attr]


def test_an_imported_code_that_looks_like_a_voucher_is_a_listed_code() -> None:
    among = known(a_promotion(credentials=["listed", "voucher"], codes=["CF1:0815"]))
    assert found("CF1:0815", among) == Credential("listed", "tacos", code_digest("CF1:0815"), "CF1:0815")


@pytest.mark.parametrize(
    ("text", "issuers", "expected"),
    [
        ("CF1:", ISSUERS, Unrecognised(Reason.MALFORMED)),
        (issue(TACO, KEY), Issuers(), Unrecognised(Reason.UNKNOWN_ISSUER, None, {"issuer": KEY_ID.hex()})),
        (
            issue(TACO, KEY)[:-3] + "000", ISSUERS,
            Unrecognised(Reason.BAD_SIGNATURE, None, {"issuer": KEY_ID.hex()}),
        ),
        (
            issue(TACO, KEY), Issuers([Issuer(PUBLIC, 0)], [RevokedRange(KEY_ID, 7, 7)]),
            Unrecognised(Reason.REVOKED, None, {"issuer": KEY_ID.hex()}),
        ),
        (
            issue(replace(TACO, promotion=reference("sushi")), KEY), ISSUERS,
            Unrecognised(Reason.UNKNOWN_PROMOTION, None, {"issuer": KEY_ID.hex()}),
        ),
    ],
)  # fmt: skip
def test_a_voucher_that_does_not_hold_says_why(text: str, issuers: Issuers, expected: Unrecognised) -> None:
    among = known(issuers=issuers)
    assert found(text, among) == expected
    verdict = decide(present(text), among, Standing(OWN), BAYSIDE, NOW)
    assert (verdict.outcome, verdict.reason, verdict.facts) == (Outcome.REFUSE, expected.reason, expected.facts)


def test_a_voucher_holds_while_its_key_is_trusted_at_the_time_of_asking() -> None:
    text, among = issue(TACO, KEY), known(issuers=Issuers([Issuer(PUBLIC, 0, NOW_MS)]))
    verdicts = [
        decide(present(text), among, Standing(OWN), BAYSIDE, at_)
        for at_ in (NOW - timedelta(milliseconds=1), NOW)
    ]  # fmt: skip
    assert [one.reason for one in verdicts] == [Reason.OK, Reason.UNKNOWN_ISSUER]


# --- decided ---------------------------------------------------------------------------------------


def test_a_voucher_is_worth_its_face() -> None:
    assert answer(TACO).facts["cost"] == {"amount": "12.00", "currency": "USD"}
    assert answer(replace(TACO, face_minor=300)).facts["cost"] == {"amount": "3.00", "currency": "USD"}


@pytest.mark.parametrize(
    ("starts_s", "ends_s", "reason"),
    [
        (0, None, Reason.OK),
        (1, None, Reason.NOT_YET),
        (None, 1, Reason.OK),
        (None, 0, Reason.OVER),
    ],
)
def test_a_voucher_holds_from_its_start_until_just_before_its_end(
    starts_s: int | None, ends_s: int | None, reason: Reason
) -> None:
    starts_ms, ends_ms = (None if one is None else NOW_MS + one * 1000 for one in (starts_s, ends_s))
    assert answer(replace(TACO, starts_at_ms=starts_ms, ends_at_ms=ends_ms)).reason is reason


@pytest.mark.parametrize(
    ("place", "counter", "reason"),
    [
        (BAYSIDE, None, Reason.OK),
        (Place("pier-9", "counter-1"), None, Reason.WRONG_STORE),
        (BAYSIDE, "counter-1", Reason.OK),
        (Place("bayside", "counter-2"), "counter-1", Reason.WRONG_COUNTER),
        (BAYSIDE, "counter-9", Reason.WRONG_COUNTER),
        (Place("pier-9", "counter-1"), "counter-1", Reason.WRONG_STORE),
    ],
)
def test_a_voucher_of_one_store_or_counter_is_good_there_only(
    place: Place, counter: str | None, reason: Reason
) -> None:
    owned = None if counter is None else counter_reference(counter)
    assert answer(replace(TACO, store=reference("bayside"), counter=owned), place=place).reason is reason


def test_a_voucher_of_a_store_that_is_not_published_is_good_nowhere() -> None:
    verdict = answer(replace(TACO, store=reference("closed-long-ago")))
    assert (verdict.reason, verdict.facts["stores"]) == (Reason.WRONG_STORE, [])


def test_a_voucher_is_used_once() -> None:
    standing = Standing(OWN)
    credential = found(issue(TACO, KEY), known())
    assert isinstance(credential, Credential)
    standing.apply(OWN, 1, redemption(credential=credential.digest, credential_kind="voucher"))
    assert answer(TACO, standing=standing).reason is Reason.USED_HERE
    assert answer(replace(TACO, serial=8), standing=standing).reason is Reason.OK


def test_a_promotion_that_takes_no_vouchers_takes_none() -> None:
    assert answer(TACO, credentials=["word"], words=["SHRIMP20"]).reason is Reason.WRONG_CREDENTIAL


def test_a_voucher_of_what_is_not_announced_yet_tells_nothing_of_it() -> None:
    verdict = answer(TACO, announce_from="2026-11-07", valid={"from": "2026-11-07", "until": "2026-11-30"})
    assert (verdict.reason, verdict.promotion) == (Reason.UNKNOWN_PROMOTION, None)
