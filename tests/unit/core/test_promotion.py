import json
from datetime import UTC, date, datetime
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from kiosk.core.promotion import Promotion, PromotionFile, promotion_schema
from kiosk.core.schedule import Schedule, Span
from tests.core_world import located, promotion, promotion_fields
from tests.foreign_tickets import KEYS

WHOLE_FORMAT: dict[str, Any] = {
    "id": "shrimp-tacos-checkin",
    "title": "Free shrimp tacos",
    "channel": "check-in",
    "network": "Roundsquare",
    "venue": "Harbor Grill",
    "venue_aliases": ["Harbour Grill at Bayside Resort"],
    "stores": ["bayside", "pier-9"],
    "gives": "One shrimp tacos appetizer, free",
    "steps": ["Ring key 4711", "Keep the slip"],
    "say": "Welcome, and thanks for checking in!",
    "terms": "One per guest. Dine-in only.",
    "value": {"amount": "12.00", "currency": "USD"},
    "announce_from": "2026-10-28",
    "valid": {"from": "2026-11-01", "until": "2026-11-30", "days": ["fri", "sat"], "hours": ["17:00-22:00"],
              "except": ["2026-11-27"]},
    "grace_days": 1,
    "paused": False,
    "credentials": ["screen", "voucher", "listed", "word", "rotating", "gs1", "foreign"],
    "words": ["SHRIMP20"],
    "codes": ["TACO-7F3K-9HXM"],
    "screen": {"offer": "Free appetizer with any entree: shrimp tacos", "claims": ["special unlocked"],
               "dates_shown": "Nov 1 - Nov 30", "sample": "samples/shrimp.png"},
    "rotating": {"key": "tacos-2026"},
    "gs1": {"offer_codes": ["123456"]},
    "foreign": {"kind": "pretix_sig1", "key": KEYS[0], "items": [1]},
    "evidence": {"screen": "15.00"},
    "basket": {"min": "20.00", "max": "200.00"},
    "limits": {"total": 100, "per_store": 40, "per_store_day": 20, "per_clerk_day": 10, "per_customer": 1,
               "per_code": 1, "budget": "1200.00"},
    "offline": {"policy": "floor", "floor": "20.00", "risk": "200.00"},
    "stacks_with": ["other-promotion"],
    "stack_cap": "30.00",
    "void_restores_use": True,
}  # fmt: skip


def faults(**changes: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        promotion(**changes)
    return located(caught.value)


def file_faults(*promotions: dict[str, Any]) -> Any:
    with pytest.raises(ValidationError) as caught:
        PromotionFile.model_validate({"promotions": promotions})
    return located(caught.value)


def second(**changes: Any) -> dict[str, Any]:
    return promotion_fields(**({"id": "second", "codes": [], "words": ["OTHER"]} | changes))


# --- the whole format ----------------------------------------------------------------------------


def test_the_whole_format_survives_the_way_to_json_and_back() -> None:
    read = Promotion.model_validate(WHOLE_FORMAT)
    written = read.model_dump(mode="json")
    assert {name: written[name] for name in WHOLE_FORMAT} == WHOLE_FORMAT | {
        "value": {"amount": "12.00", "percent": None, "at_most": None, "currency": "USD"}
    }
    assert Promotion.model_validate(json.loads(json.dumps(written))) == read


def test_all_but_five_fields_are_optional() -> None:
    least = {"id": "a", "title": "A", "gives": "A", "valid": {"from": "2026-11-01", "until": "2026-11-01"},
             "credentials": ["listed"]}  # fmt: skip
    assert Promotion.model_validate(least).stores is None
    for name in least:
        with pytest.raises(ValidationError, match="Field required"):
            Promotion.model_validate({key: value for key, value in least.items() if key != name})


def test_a_promotion_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(promotion(), "title", "Free lunch")  # noqa: B010 - the type checker forbids the plain way


@pytest.mark.parametrize("place", [(), ("valid",), ("limits",), ("screen",), ("offline",), ("value",)])
def test_an_unknown_field_is_an_error_wherever_it_is(place: tuple[str, ...]) -> None:
    fields = json.loads(json.dumps(WHOLE_FORMAT))
    inner = fields
    for name in place:
        inner = inner[name]
    inner["perstore"] = 1
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Promotion.model_validate(fields)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"paused": "yes"}, ("paused",)), ({"paused": 1}, ("paused",)),
        ({"void_restores_use": "no"}, ("void_restores_use",)),
        ({"grace_days": "1"}, ("grace_days",)), ({"grace_days": True}, ("grace_days",)),
        ({"grace_days": -1}, ("grace_days",)),
        ({"limits": {"total": 1.0}}, ("limits", "total")), ({"limits": {"total": "100"}}, ("limits", "total")),
        ({"limits": {"total": 0}}, ("limits", "total")), ({"limits": {"per_code": -1}}, ("limits", "per_code")),
        ({"title": 7}, ("title",)), ({"title": "  "}, ("title",)), ({"title": ["x"]}, ("title",)),
        ({"stores": "bayside"}, ("stores",)), ({"stores": []}, ("stores",)), ({"codes": [4711]}, ("codes", 0)),
        ({"id": "Shrimp"}, ("id",)), ({"id": "shrimp_tacos"}, ("id",)), ({"id": "-shrimp"}, ("id",)),
        ({"id": ""}, ("id",)),
        ({"credentials": []}, ("credentials",)), ({"credentials": ["barcode"]}, ("credentials", 0)),
        ({"channel": "fax"}, ("channel",)), ({"offline": {"policy": "maybe"}}, ("offline", "policy")),
    ],
)  # fmt: skip
def test_a_wrong_type_or_word_is_an_error_at_its_place(changes: dict[str, Any], place: tuple[str | int, ...]) -> None:
    assert list(faults(**changes)) == [place]


# --- amounts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [12, 12.0, True])
def test_a_bare_number_is_no_amount(amount: object) -> None:
    assert "in quotes" in faults(value={"amount": amount, "currency": "USD"})["value", "amount"]


@pytest.mark.parametrize("amount", ["twelve", "-1.00", "$12", "1,200.00", "12.", ""])
def test_an_amount_is_plain_digits(amount: str) -> None:
    assert ("value", "amount") in faults(value={"amount": amount, "currency": "USD"})


def test_an_amount_has_its_currency_s_decimals() -> None:
    assert "no decimals" in faults(value={"amount": "12.00", "currency": "JPY"})["value", "amount"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [({"basket": {"min": "1.5"}}, ("basket", "min")), ({"limits": {"budget": "1.5"}}, ("limits", "budget")),
     ({"offline": {"policy": "floor", "risk": "1.5"}}, ("offline", "risk")), ({"stack_cap": "1.5"}, ("stack_cap",)),
     ({"evidence": {"screen": "1.5"}}, ("evidence", "screen"))],
)  # fmt: skip
def test_every_amount_is_in_the_currency_of_the_value(changes: dict[str, Any], place: tuple[str, ...]) -> None:
    assert list(faults(value={"amount": "1200", "currency": "JPY"}, **changes)) == [place]


def test_an_amount_is_reckoned_in_minor_units() -> None:
    value = promotion(value={"amount": "12.00", "currency": "USD"}).value
    assert value is not None
    assert value.amount_minor == 1200


def test_a_percentage_has_no_fixed_amount() -> None:
    value = promotion(value={"percent": 20, "at_most": "15.00", "currency": "USD"}).value
    assert value is not None
    assert value.amount_minor is None


@pytest.mark.parametrize(
    ("value", "place"),
    [({}, ("value",)), ({"amount": "1.00", "percent": 5, "currency": "USD"}, ("value",)),
     ({"amount": "1.00"}, ("value",)), ({"percent": 5, "at_most": "1.00"}, ("value",)),
     ({"amount": "1.00", "at_most": "1.00", "currency": "USD"}, ("value", "at_most")),
     ({"amount": "0.00", "currency": "USD"}, ("value", "amount")), ({"percent": 0}, ("value", "percent")),
     ({"percent": 101}, ("value", "percent")), ({"percent": 12.5}, ("value", "percent")),
     ({"amount": "1.00", "currency": "usd"}, ("value", "currency"))],
)  # fmt: skip
def test_a_value_is_one_clear_amount_or_percentage(value: dict[str, Any], place: tuple[str, ...]) -> None:
    assert list(faults(value=value)) == [place]


@pytest.mark.parametrize("percent", [1, 100])
def test_a_percentage_may_be_1_to_100(percent: int) -> None:
    assert promotion(value={"percent": percent}).value is not None


# --- when ----------------------------------------------------------------------------------------


def test_dates_may_come_as_text_or_as_dates() -> None:
    as_dates = promotion(valid={"from": date(2026, 11, 1), "until": date(2026, 11, 30)})
    assert as_dates == promotion()


@pytest.mark.parametrize(
    "day", ["2026-11-31", "2026-1-1", "1.11.2026", "20261101", 20261101, datetime(2026, 11, 1, tzinfo=UTC), ""]
)
def test_other_things_are_no_dates(day: object) -> None:
    assert list(faults(valid={"from": day, "until": "2026-12-31"})) == [("valid", "from")]


def test_until_may_be_the_same_day_as_from() -> None:
    assert promotion(valid={"from": "2026-11-01", "until": "2026-11-01"}).valid.until == date(2026, 11, 1)


def test_until_before_from_is_an_error_at_until() -> None:
    assert "before from" in faults(valid={"from": "2026-11-02", "until": "2026-11-01"})["valid", "until"]


@pytest.mark.parametrize("name", ["from", "until"])
def test_a_promotion_has_a_first_and_a_last_day(name: str) -> None:
    valid = {"from": "2026-11-01", "until": "2026-11-30"}
    del valid[name]
    assert list(faults(valid=valid)) == [("valid", name)]


@pytest.mark.parametrize("hours", ["17:00-17:00", "5pm-10pm", "17:00-25:00", "24:00-02:00"])
def test_hours_are_a_span_of_a_day(hours: str) -> None:
    assert list(faults(valid={"from": "2026-11-01", "until": "2026-11-30", "hours": [hours]})) == [
        ("valid", "hours", 0)
    ]


def test_days_are_named_by_three_letters() -> None:
    assert list(faults(valid={"from": "2026-11-01", "until": "2026-11-30", "days": ["friday"]})) == [
        ("valid", "days", 0)
    ]


def test_a_promotion_that_never_runs_is_an_error() -> None:
    never = {"from": "2026-11-02", "until": "2026-11-05", "days": ["fri"]}
    assert "never runs" in faults(valid=never)["valid",]
    assert promotion(valid=never | {"until": "2026-11-06"}).valid.days == ("fri",)


def test_a_promotion_excepted_on_all_its_days_is_an_error() -> None:
    assert (
        "never runs" in faults(valid={"from": "2026-11-02", "until": "2026-11-02", "except": ["2026-11-02"]})["valid",]
    )


def test_announcing_after_the_first_day_is_an_error() -> None:
    assert promotion(announce_from="2026-11-01").announce_from == date(2026, 11, 1)
    assert "announced" in faults(announce_from="2026-11-02")["valid", "from"]


def test_the_schedule_is_what_the_fields_say() -> None:
    valid = Promotion.model_validate(WHOLE_FORMAT).valid
    assert valid.schedule() == Schedule(
        date(2026, 11, 1), date(2026, 11, 30), frozenset({4, 5}), (Span(1020, 1320),), frozenset({date(2026, 11, 27)})
    )


# --- credentials ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["word", "screen", "rotating", "gs1", "foreign"])
def test_a_kind_with_nothing_to_recognise_it_by_is_an_error(kind: str) -> None:
    messages = faults(credentials=["listed", kind], words=[])
    assert f"of kind {kind}" in messages["credentials", 1]


@pytest.mark.parametrize("kind", ["listed", "voucher"])
def test_listed_codes_and_vouchers_may_come_from_elsewhere(kind: str) -> None:
    assert promotion(credentials=[kind], codes=[]).credentials == (kind,)


def test_a_code_may_have_4296_characters_of_any_script() -> None:
    assert promotion(codes=["界" * 4296]).codes == ("界" * 4296,)


@pytest.mark.parametrize("code", ["界" * 4297, "", "  ", "--", "a\ud800"])
def test_a_code_that_nobody_can_hold_up_is_an_error(code: str) -> None:
    assert list(faults(codes=[code])) == [("codes", 0)]


@pytest.mark.parametrize("offer", ["12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_an_offer_code_that_has_not_six_digits_is_an_error(offer: str) -> None:
    assert list(faults(gs1={"offer_codes": [offer]})) == [("gs1", "offer_codes", 0)]


def test_a_foreign_system_that_is_not_known_is_an_error_at_its_place() -> None:
    assert list(faults(foreign={"kind": "pretix_sig2", "key": KEYS[0]})) == [("foreign", "kind")]


# --- several promotions --------------------------------------------------------------------------


def test_two_promotions_with_one_id_are_an_error() -> None:
    assert "used twice" in file_faults(promotion_fields(), second(id="tacos"))["promotions", 1, "id"]


def test_ids_that_vouchers_could_not_tell_apart_are_refused() -> None:
    found = file_faults(promotion_fields(id="promotion-987723"), second(id="promotion-1666206"))
    assert found["promotions", 1, "id"] == (
        "Vouchers could not tell 'promotion-1666206' from 'promotion-987723'. Give one of the two another id."
    )


def test_one_code_in_two_promotions_is_an_error_after_folding() -> None:
    messages = file_faults(promotion_fields(), second(codes=["NEW-1", "taco 7f3k 9hxm"]))
    assert "'tacos'" in messages["promotions", 1, "codes", 1]


def test_codes_that_only_look_alike_are_two_codes() -> None:
    read = PromotionFile.model_validate({"promotions": [promotion_fields(), second(codes=["TAC0-7F3K-9HXM"])]})
    assert len(read.promotions) == 2


def test_words_that_look_alike_in_two_promotions_are_an_error() -> None:
    assert "'tacos'" in file_faults(promotion_fields(), second(words=["5HRlMP-2O"]))["promotions", 1, "words", 0]


def test_a_word_that_looks_like_another_promotion_s_code_is_an_error() -> None:
    assert "'tacos'" in file_faults(promotion_fields(), second(words=["TAC0 7F3K 9HXM"]))["promotions", 1, "words", 0]


def test_a_code_that_looks_like_another_promotion_s_word_is_an_error() -> None:
    assert "'tacos'" in file_faults(promotion_fields(), second(codes=["shrimp2o"]))["promotions", 1, "codes", 0]


def test_a_word_and_a_code_of_one_promotion_are_told_apart_too() -> None:
    assert ("promotions", 0, "words", 0) in file_faults(promotion_fields(codes=["shrimp-20"]))


def test_a_code_written_twice_in_one_promotion_is_one_code() -> None:
    assert PromotionFile.model_validate({"promotions": [promotion_fields(codes=["A-1", "a1"])]}).promotions


def test_all_collisions_are_told_at_once() -> None:
    messages = file_faults(promotion_fields(), second(id="tacos"), second(words=["shrimp20"], codes=["TACO7F3K9HXM"]))
    assert set(messages) == {("promotions", 1, "id"), ("promotions", 2, "words", 0), ("promotions", 2, "codes", 0)}


# --- the schema ----------------------------------------------------------------------------------


def test_the_schema_is_a_schema_and_takes_the_whole_format() -> None:
    schema = promotion_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"promotions": [WHOLE_FORMAT]}, schema)


@pytest.mark.parametrize(
    "changes",
    [{"paused": "yes"}, {"id": "Shrimp"}, {"colour": "red"}, {"value": {"amount": 12, "currency": "USD"}},
     {"credentials": ["barcode"]}, {"valid": {"from": "2026-11-01"}}, {"limits": {"total": 0}}],
)  # fmt: skip
def test_the_schema_refuses_what_the_program_refuses(changes: dict[str, Any]) -> None:
    faults(**changes)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"promotions": [WHOLE_FORMAT | changes]}, promotion_schema())


A_CODE_HAS = "A code has 1 to 4296 characters besides spaces and hyphens."


@pytest.mark.parametrize(
    ("changes", "place", "told"),
    [
        ({"stores": []}, ("stores",), "The list is empty. Name at least one."),
        (
            {"valid": {"from": "2026-11-01", "until": "2026-11-30", "hours": ["10:00-10:00"]}},
            ("valid", "hours", 0),
            "'10:00-10:00' has no length; the whole day is \"00:00-24:00\" or no hours at all.",
        ),
        (
            {"valid": {"from": "2026-11-31", "until": "2026-12-31"}},
            ("valid", "from"),
            "There is no day 2026-11-31.",
        ),
        (
            {"valid": {"from": "1 Nov", "until": "2026-12-31"}},
            ("valid", "from"),
            "'1 Nov' is no date. Write it as 2026-11-30.",
        ),
        (
            {"valid": {"from": "٢٠٢٦-11-01", "until": "2026-12-31"}},
            ("valid", "from"),
            "'٢٠٢٦-11-01' is no date. Write it as 2026-11-30.",
        ),
        ({"codes": ["-"]}, ("codes", 0), f"The code is empty. {A_CODE_HAS}"),
        ({"codes": [" " * 4296]}, ("codes", 0), f"The code is empty. {A_CODE_HAS}"),
        ({"codes": ["A" * 4297]}, ("codes", 0), f"The code has 4297 characters. {A_CODE_HAS}"),
    ],
)
def test_what_is_wrong_with_a_field_is_told(changes: dict[str, Any], place: tuple[str | int, ...], told: str) -> None:
    assert faults(**changes) == {place: told}


YEN = {"amount": "12", "currency": "JPY"}


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        (("value", "at_most"), {"value": {"percent": 20, "currency": "JPY", "at_most": "1.5"}}),
        (("basket", "min"), {"value": YEN, "basket": {"min": "1.5"}}),
        (("basket", "max"), {"value": YEN, "basket": {"max": "1.5"}}),
        (("limits", "budget"), {"value": YEN, "limits": {"budget": "1.5"}}),
        (("offline", "floor"), {"value": YEN, "offline": {"policy": "floor", "floor": "1.5"}}),
        (("offline", "risk"), {"value": YEN, "offline": {"policy": "floor", "risk": "1.5"}}),
        (("stack_cap",), {"value": YEN, "stack_cap": "1.5"}),
        (("evidence", "word"), {"value": YEN, "evidence": {"word": "1.5"}}),
    ],
)
def test_every_amount_is_held_against_the_currency(place: tuple[str, ...], changes: dict[str, Any]) -> None:
    assert faults(**changes) == {place: "JPY has no decimals, '1.5' has 1."}


@pytest.mark.parametrize("name", ["codes", "words"])
@pytest.mark.parametrize(("text", "shown"), [("A" * 40, f"'{'A' * 40}'"), ("A" * 41, f"'{'A' * 40}…'")])
def test_what_two_promotions_both_name_is_told_and_cut_after_40_characters(name: str, text: str, shown: str) -> None:
    both = [promotion_fields(id=one, **({"codes": None, "words": [one], name: [text]})) for one in ("pie", "soup")]
    what = f"{shown} is a code or word of 'pie' too (case, spaces, hyphens and look-alikes aside)."
    assert file_faults(*both) == {("promotions", 1, name, 0): f"{what} Change one of the two."}


def test_an_id_that_is_used_twice_is_told() -> None:
    assert file_faults(promotion_fields(codes=None), promotion_fields(codes=None)) == {
        ("promotions", 1, "id"): "The id 'tacos' is used twice. Give each its own."
    }


@pytest.mark.parametrize(("items", "taken"), [([], [0, 1, 2]), ([1, 2], [1, 2])])
def test_a_foreign_ticket_is_taken_for_the_items_that_are_named_or_for_any(items: list[int], taken: list[int]) -> None:
    foreign = promotion(foreign={"kind": "pretix_sig1", "key": KEYS[0], "items": items}).foreign
    assert foreign is not None
    assert [item for item in range(3) if foreign.takes(item)] == taken
