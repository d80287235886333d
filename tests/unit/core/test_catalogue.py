import random
from datetime import UTC

from kiosk.core.catalogue import EMPTY, Catalogue, Credential, Unrecognised
from kiosk.core.credential import Presented, present
from kiosk.core.generated import ALPHABET, make, printed
from kiosk.core.verdict import Reason
from tests.core_world import FLEET_KEY, NEW_YORK, catalogue, code_digest, promotion


def presented(raw: str) -> Presented:
    found = present(raw)
    assert found is not None
    return found


def identified(known: Catalogue, raw: str) -> Credential | None:
    return known.credential(presented(raw), 0)


def test_a_listed_code_is_known_by_its_digest() -> None:
    found = identified(catalogue(promotion()), "taco 7f3k 9hxm")
    assert found == Credential("listed", "tacos", code_digest("TACO-7F3K-9HXM"), "taco 7f3k 9hxm")


def test_a_look_alike_of_a_listed_code_is_not_known() -> None:
    assert identified(catalogue(promotion()), "TAC0-7F3K-9HXM") is None


def test_a_code_word_is_known_by_its_look_alikes() -> None:
    found = identified(catalogue(promotion()), "shr1mp-2o")
    assert found is not None
    assert (found.kind, found.promotion, found.digest) == ("word", "tacos", code_digest("5hr1mp20", "word"))


def test_a_text_that_no_promotion_knows_is_not_identified() -> None:
    assert identified(catalogue(promotion()), "SHRIMP21") is None


def test_a_listed_code_goes_before_a_code_word() -> None:
    found = identified(catalogue(promotion(codes=["SHRIMP20"])), "SHRIMP20")
    assert found is not None
    assert found.kind == "listed"


def unrecognised(known: Catalogue, raw: str) -> Unrecognised | None:
    found = known.identify(presented(raw), 0)
    return found if isinstance(found, Unrecognised) else None


RIGHT = printed(make(random.Random(4).randrange))
WRONG = RIGHT[:-1] + next(one for one in ALPHABET.upper() if one != RIGHT[-1])


def test_a_generated_code_that_was_misread_is_told_from_one_that_nobody_knows() -> None:
    known = catalogue(promotion())
    assert unrecognised(known, WRONG) == Unrecognised(Reason.MISREAD_CODE)
    assert unrecognised(known, RIGHT) == Unrecognised(Reason.UNKNOWN_CODE)


def test_a_code_with_the_shape_of_a_generated_one_that_a_list_holds_is_not_misread() -> None:
    found = identified(catalogue(promotion(codes=[WRONG])), WRONG)
    assert found is not None
    assert found.kind == "listed"


def test_a_code_under_another_fleet_key_is_not_known() -> None:
    mine = catalogue(promotion())
    other = Catalogue(1, 1, mine.organisation, mine.promotions, mine.listed, b"another key")
    assert identified(other, "TACO-7F3K-9HXM") is None


def test_a_code_of_a_promotion_that_is_not_published_is_not_known() -> None:
    mine = catalogue(promotion())
    other = Catalogue(1, 1, mine.organisation, {}, mine.listed, FLEET_KEY)
    assert identified(other, "TACO-7F3K-9HXM") is None


def test_nothing_is_known_before_anything_is_published() -> None:
    assert identified(EMPTY, "TACO-7F3K-9HXM") is None
    assert EMPTY.version == 0


def test_the_stores_of_a_promotion_are_those_its_groups_name() -> None:
    terms = catalogue(promotion(stores=["coast"])).terms("tacos")
    assert terms is not None
    assert list(terms.stores) == ["bayside", "pier-9"]


def test_a_promotion_without_stores_is_for_all() -> None:
    terms = catalogue(promotion()).terms("tacos")
    assert terms is not None
    assert len(terms.stores) == 3


def test_a_published_store_has_its_own_time_zone() -> None:
    assert catalogue().zone("bayside") == NEW_YORK


def test_a_store_that_is_not_published_has_universal_time() -> None:
    assert catalogue().zone("moon") is UTC


def test_the_fleet_key_is_not_shown() -> None:
    assert FLEET_KEY.hex() not in repr(catalogue())
    assert repr(FLEET_KEY) not in repr(catalogue())
