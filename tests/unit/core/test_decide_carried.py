"""Verdicts on credentials that carry in themselves whose they are: coupons, foreign tickets, rotating codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.catalogue import Catalogue
from kiosk.core.credential import present
from kiosk.core.decide import Place, decide
from kiosk.core.entry import FeedId
from kiosk.core.promotion import Promotion
from kiosk.core.rotating import RotatingKey, Turning
from kiosk.core.situation import ClockInterval, Situation
from kiosk.core.standing import Standing
from kiosk.core.totp import hotp
from kiosk.core.verdict import Outcome, Reason, Verdict
from tests.core_world import ELSEWHERE, OWN, at, catalogue, milliseconds, promotion, redemption
from tests.foreign_tickets import CODES, KEYS, payload, sign

NOON = at("2026-11-06T12:00")
ALL_YEARS = {"from": "2000-01-01", "until": "2099-12-31"}
PLAIN: dict[str, Any] = {"words": None, "codes": None}


def asked(
    known: Catalogue, raw: str, *, standing: Standing | None = None, store: str = "bayside", now: datetime = NOON
) -> Verdict:
    return decide(present(raw), known, standing or Standing(OWN), Place(store, "counter-1"), now)


def after_use(
    known: Catalogue, raw: str, *, feed: FeedId = OWN, store: str = "bayside", now: datetime = NOON
) -> Standing:
    """A standing with one redemption of what ``raw`` is."""
    credential = known.credential(present(raw), milliseconds(now))
    assert credential is not None
    standing = Standing(OWN)
    standing.apply(
        feed,
        1,
        redemption(
            promotion=credential.promotion, credential=credential.digest, credential_kind=credential.kind, store=store
        ),
    )
    return standing


# --- coupons -------------------------------------------------------------------------------------

SERIAL_1, SERIAL_2 = "(8112)001234561234560000001", "(8112)001234561234560000002"
OTHER_FUNDER = "(8112)006543211234560000001"
MANY_ALIKE = "(8110)012345612345611110123"


def coupons(**changes: Any) -> Promotion:
    fields = {"credentials": ["gs1"], "gs1": {"offer_codes": ["123456"]}, "valid": ALL_YEARS} | PLAIN
    return promotion(**(fields | changes))


def dated(fields: str) -> str:
    return f"{MANY_ALIKE}{fields}"


@pytest.mark.parametrize("raw", [SERIAL_1, MANY_ALIKE, f"]C1{SERIAL_1[1:5]}{SERIAL_1[6:]}"])
def test_a_coupon_of_an_offer_is_accepted(raw: str) -> None:
    assert asked(catalogue(coupons()), raw) == Verdict(Outcome.ACCEPT, Reason.OK, "tacos", {})


def test_a_coupon_of_another_offer_is_unknown() -> None:
    verdict = asked(catalogue(coupons(gs1={"offer_codes": ["123457"]})), SERIAL_1)
    assert verdict == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)


def test_a_broken_coupon_is_malformed_and_says_why() -> None:
    verdict = asked(catalogue(coupons()), "(8112)00123456")
    assert verdict == Verdict(Outcome.REFUSE, Reason.MALFORMED, None, {"why": "truncated-offer-code"})


def test_a_promotion_that_takes_no_coupons_says_what_it_takes() -> None:
    verdict = asked(catalogue(coupons(credentials=["word"], words=["TACO"])), SERIAL_1)
    assert verdict.reason is Reason.WRONG_CREDENTIAL
    assert verdict.facts["credentials"] == ["word"]


def test_a_serial_number_is_used_once_however_it_is_written() -> None:
    known = catalogue(coupons())
    standing = after_use(known, SERIAL_1)
    for again in (SERIAL_1, "8112001234561234560000001", "]C18112101234561234560000001"):
        assert asked(known, again, standing=standing).reason is Reason.USED_HERE
    for other in (SERIAL_2, OTHER_FUNDER, MANY_ALIKE):
        assert asked(known, other, standing=standing).reason is Reason.OK


def test_a_serial_number_used_in_another_store_is_used_elsewhere() -> None:
    known = catalogue(coupons())
    standing = after_use(known, SERIAL_1, feed=ELSEWHERE, store="pier-9")
    assert asked(known, SERIAL_1, standing=standing).reason is Reason.USED_ELSEWHERE


def test_a_coupon_without_a_serial_number_is_shared_and_one_with_it_is_not() -> None:
    known = catalogue(coupons())
    with_serial = dated("50123456")
    assert asked(known, MANY_ALIKE, standing=after_use(known, MANY_ALIKE)).reason is Reason.OK
    assert asked(known, with_serial, standing=after_use(known, with_serial)).reason is Reason.USED_HERE


@pytest.mark.parametrize(
    ("fields", "now", "reason"),
    [
        ("3261106", "2026-11-06T23:59:59", Reason.OK),
        ("3261106", "2026-11-07T00:00", Reason.OVER),
        ("4261106", "2026-11-05T23:59:59", Reason.NOT_YET),
        ("4261106", "2026-11-06T00:00", Reason.OK),
        ("32611074261106", "2026-11-07T12:00", Reason.OK),
    ],
)
def test_the_dates_on_a_coupon_are_days_at_the_store(fields: str, now: str, reason: Reason) -> None:
    assert asked(catalogue(coupons()), dated(fields), now=at(now)).reason is reason


def test_a_day_on_a_coupon_ends_later_further_west() -> None:
    known = catalogue(coupons(stores=["bayside", "sunset"]))
    at_midnight_in_the_east = at("2026-11-07T00:30")
    coupon = dated("3261106")
    assert asked(known, coupon, store="sunset", now=at_midnight_in_the_east).reason is Reason.OK
    verdict = asked(known, coupon, now=at_midnight_in_the_east)
    assert verdict.reason is Reason.OVER
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T21:30:00-08:00", "until": "2026-11-07T00:00:00-08:00", "stores": ["Sunset"],
    }  # fmt: skip


def test_when_a_coupon_starts_is_told() -> None:
    verdict = asked(catalogue(coupons()), dated("4261110"))
    assert verdict.facts["next_ok"]["at"] == "2026-11-10T00:00:00-05:00"  # type: ignore[index, call-overload]


# --- foreign tickets -----------------------------------------------------------------------------


def foreign(key: str, *items: int, **changes: Any) -> Promotion:
    named = {"kind": "pretix_sig1", "key": key, "items": list(items)}
    return promotion(**({"credentials": ["foreign"], "foreign": named, "valid": ALL_YEARS} | PLAIN | changes))


BOTH = (foreign(KEYS[0]), foreign(KEYS[1], 1, 42, id="pie"))


@pytest.mark.parametrize(
    ("name", "now", "outcome", "reason", "whose"),
    [
        ("signed_valid", NOON, Outcome.ACCEPT, Reason.OK, "tacos"),
        ("signed_valid_server_item_id", NOON, Outcome.ACCEPT, Reason.OK, "pie"),
        ("signed_not_before", datetime(2023, 2, 3, 22, 59, 59, tzinfo=UTC), Outcome.REFUSE, Reason.NOT_YET, "pie"),
        ("signed_not_before", datetime(2023, 2, 3, 23, 0, tzinfo=UTC), Outcome.ACCEPT, Reason.OK, "pie"),
        ("signed_not_before", datetime(2023, 2, 3, 23, 1, 1, tzinfo=UTC), Outcome.ACCEPT, Reason.OK, "pie"),
        ("signed_not_after", datetime(2023, 2, 3, 10, 59, 59, tzinfo=UTC), Outcome.ACCEPT, Reason.OK, "pie"),
        ("signed_not_after", datetime(2023, 2, 3, 11, 0, tzinfo=UTC), Outcome.ACCEPT, Reason.OK, "pie"),
        ("signed_not_after", datetime(2023, 2, 3, 11, 0, 0, 1000, tzinfo=UTC), Outcome.REFUSE, Reason.OVER, "pie"),
        ("signed_not_after", datetime(2023, 2, 3, 11, 1, 1, tzinfo=UTC), Outcome.REFUSE, Reason.OVER, "pie"),
        ("signed_bad_signature", NOON, Outcome.REFUSE, Reason.BAD_SIGNATURE, None),
    ],
)
def test_the_real_tickets_get_the_answers_that_pretix_gives(
    name: str, now: datetime, outcome: Outcome, reason: Reason, whose: str | None
) -> None:
    verdict = asked(catalogue(*BOTH), CODES[name], now=now)
    assert (verdict.outcome, verdict.reason, verdict.promotion) == (outcome, reason, whose)


def test_a_real_ticket_for_an_item_that_no_promotion_takes_is_for_an_unknown_promotion() -> None:
    known = catalogue(foreign(KEYS[0], 1, 99), foreign(KEYS[0], 14, id="pie"))
    assert asked(known, CODES["signed_unknown_product"]) == Verdict(Outcome.REFUSE, Reason.UNKNOWN_PROMOTION)
    assert asked(known, CODES["signed_valid"]).promotion == "tacos"


def test_tickets_of_one_key_go_to_the_promotion_that_takes_the_item() -> None:
    known = catalogue(foreign(KEYS[0], 1), foreign(KEYS[0], 100, id="pie"))
    assert asked(known, CODES["signed_valid"]).promotion == "tacos"
    assert asked(known, CODES["signed_unknown_product"]).promotion == "pie"


def test_a_ticket_of_a_key_that_no_promotion_names_is_not_signed_for_us() -> None:
    assert asked(catalogue(foreign(KEYS[1])), CODES["signed_valid"]).reason is Reason.BAD_SIGNATURE


def test_where_no_promotion_names_a_key_a_ticket_is_an_unknown_code() -> None:
    assert asked(catalogue(promotion(valid=ALL_YEARS)), CODES["signed_valid"]).reason is Reason.UNKNOWN_CODE


OURS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_where_the_key_named_is_no_key_a_ticket_is_an_unknown_code() -> None:
    named = foreign("base64 public key", credentials=["foreign", "word"], words=["SHRIMP20"])
    assert asked(catalogue(named), CODES["signed_valid"]).reason is Reason.UNKNOWN_CODE
    assert asked(catalogue(named), "SHRIMP20").reason is Reason.OK


def test_a_ticket_is_used_once_by_its_seed() -> None:
    known = catalogue(foreign(public(OURS)))
    first, again = sign(OURS, payload(seed="one", item=1)), sign(OURS, payload(seed="one", item=2))
    other = sign(OURS, payload(seed="two", item=1))
    standing = after_use(known, first)
    assert asked(known, first, standing=standing).reason is Reason.USED_HERE
    assert asked(known, again, standing=standing).reason is Reason.USED_HERE
    assert asked(known, other, standing=standing).reason is Reason.OK


def test_what_is_signed_well_and_is_no_ticket_is_malformed() -> None:
    verdict = asked(catalogue(foreign(public(OURS))), sign(OURS, b"\x10\x01"))
    assert verdict == Verdict(Outcome.REFUSE, Reason.MALFORMED, None, {"why": "not-a-ticket"})


def public(key: Ed25519PrivateKey) -> str:
    from base64 import b64encode

    return b64encode(key.public_key().public_bytes_raw()).decode()


# --- rotating codes ------------------------------------------------------------------------------

SECRET = b"12345678901234567890"
KEY = RotatingKey("tacos-2026", "TACOS-{totp_value_0}", 30_000, (Turning(SECRET, 8),))
STEP = milliseconds(NOON) // 30_000


def turning(key: RotatingKey = KEY, **changes: Any) -> Catalogue:
    """What a counter has cached of a promotion with a rotating key."""
    fields = {"credentials": ["rotating"], "rotating": {"key": "tacos-2026"}} | PLAIN
    return replace_keys(catalogue(promotion(**(fields | changes))), key)


def replace_keys(known: Catalogue, *keys: RotatingKey) -> Catalogue:
    return Catalogue(
        known.version, known.published_at_ms, known.organisation, known.promotions, known.listed, known.fleet_key,
        rotating={key.name: key for key in keys},
    )  # fmt: skip


def code(away: int = 0, secret: bytes = SECRET) -> str:
    return f"TACOS-{hotp(secret, STEP + away, 8)}"


@pytest.mark.parametrize("away", [-1, 0, 1])
def test_a_rotating_code_of_now_or_a_step_each_way_is_accepted(away: int) -> None:
    assert asked(turning(), code(away)) == Verdict(Outcome.ACCEPT, Reason.OK, "tacos", {})


@pytest.mark.parametrize("away", [-2, 2])
def test_a_rotating_code_two_steps_away_is_an_old_one_and_says_of_when(away: int) -> None:
    verdict = asked(turning(), code(away))
    assert (verdict.outcome, verdict.reason, verdict.promotion) == (Outcome.REFUSE, Reason.OLD_CODE, "tacos")
    shown_at = datetime.fromisoformat(str(verdict.facts["shown_at"]))
    assert milliseconds(shown_at) == (STEP + away) * 30_000
    assert shown_at.utcoffset() == NOON.astimezone(catalogue().zone("bayside")).utcoffset()


def test_an_old_rotating_code_tells_nothing_of_what_is_not_announced_yet() -> None:
    later: dict[str, Any] = {"valid": ALL_YEARS | {"from": "2026-11-07"}}
    verdict = asked(turning(announce_from="2026-11-07", **later), code(-2))
    assert verdict == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)
    assert asked(turning(announce_from="2026-11-06", **later), code(-2)).reason is Reason.OLD_CODE


def test_a_rotating_code_of_another_key_is_unknown() -> None:
    assert asked(turning(), code(secret=SECRET[::-1])) == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)


def test_a_step_is_used_once_and_the_next_is_another() -> None:
    known = turning()
    standing = after_use(known, code())
    assert asked(known, code(), standing=standing).reason is Reason.USED_HERE
    assert asked(known, code(1), standing=standing).reason is Reason.OK


def test_a_step_is_used_once_whatever_the_limit_per_code() -> None:
    known = turning(limits={"per_code": 2})
    assert asked(known, code(), standing=after_use(known, code())).reason is Reason.USED_HERE


def test_a_step_used_in_another_store_is_used_elsewhere() -> None:
    known = turning()
    standing = after_use(known, code(), feed=ELSEWHERE, store="pier-9")
    assert asked(known, code(), standing=standing).reason is Reason.USED_ELSEWHERE


def test_the_fixed_text_of_a_pattern_tells_two_codes_of_one_step_apart() -> None:
    before, after = turning(), turning(replace(KEY, pattern="PIES-{totp_value_0}"))
    standing = after_use(before, code())
    assert asked(after, code().replace("TACOS", "PIES"), standing=standing).reason is Reason.OK


def test_a_fresh_code_of_one_key_goes_before_an_old_one_of_another() -> None:
    fields = {"credentials": ["rotating"], "rotating": {"key": "slow"}, "id": "pie"} | PLAIN
    first = promotion(**({"credentials": ["rotating"], "rotating": {"key": "tacos-2026"}} | PLAIN))
    slow = replace(KEY, name="slow", period_ms=60_000)
    known = replace_keys(catalogue(first, promotion(**fields)), KEY, slow)
    minute = milliseconds(NOON) // 60_000
    text = f"TACOS-{hotp(SECRET, minute, 8)}"
    assert asked(known, text).promotion == "pie"


def test_without_its_key_a_rotating_code_is_unknown() -> None:
    known = replace_keys(turning())
    assert asked(known, code()).reason is Reason.UNKNOWN_CODE


def unsure(earliest_s: int, latest_s: int) -> Standing:
    """A standing whose clock could be anywhere between these seconds from noon."""
    standing = Standing(OWN)
    clock = ClockInterval(NOON + timedelta(seconds=earliest_s), NOON + timedelta(seconds=latest_s))
    standing.situation = Situation(clock=clock)
    return standing


@pytest.mark.parametrize(
    ("earliest_s", "latest_s", "outcome", "reason"),
    [
        (-30, 30, Outcome.ACCEPT, Reason.OK),
        (0, 60, Outcome.ASK, Reason.CLOCK_SUSPECT),
        (-60, 0, Outcome.ASK, Reason.CLOCK_SUSPECT),
        (60, 120, Outcome.REFUSE, Reason.OLD_CODE),
        (60, 86_400, Outcome.REFUSE, Reason.OLD_CODE),
    ],
)
def test_where_the_clock_is_unsure_a_rotating_code_is_asked_about_only_if_it_could_be_fresh(
    earliest_s: int, latest_s: int, outcome: Outcome, reason: Reason
) -> None:
    verdict = asked(turning(), code(), standing=unsure(earliest_s, latest_s))
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_an_old_code_of_a_promotion_that_is_not_announced_is_unknown() -> None:
    verdict = asked(turning(announce_from="2026-10-30"), code(-2), now=at("2026-10-29T12:00"))
    assert verdict == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)


# --- which goes first ----------------------------------------------------------------------------


def test_an_imported_code_may_look_like_a_coupon_or_a_ticket() -> None:
    listing = promotion(codes=[SERIAL_1, CODES["signed_valid"]], valid=ALL_YEARS)
    known = catalogue(listing, coupons(id="pie"), foreign(KEYS[0], id="rings"))
    for raw in (SERIAL_1, CODES["signed_valid"]):
        assert asked(known, raw).promotion == "tacos"


def test_a_code_word_goes_before_a_rotating_code() -> None:
    word = promotion(words=[code()], codes=None, id="pie")
    turns = promotion(**({"credentials": ["rotating"], "rotating": {"key": "tacos-2026"}} | PLAIN))
    assert asked(replace_keys(catalogue(word, turns), KEY), code()).promotion == "pie"
