"""What the catalogue makes of what is held up: a listed code's index, mark and home, and all else as it was shown."""

from dataclasses import replace

import pytest

from kiosk.core.catalogue import Catalogue, Credential, Right, Unrecognised
from kiosk.core.code_homes import CodeHomes
from kiosk.core.code_lists import CODE_BYTES, TOMBSTONE, ListsInMemory
from kiosk.core.credential import present
from kiosk.core.promotion import Promotion
from kiosk.core.screen import PresentedScreen, ScreenReading, ScreenResult, screen_digest
from kiosk.core.used_codes import UsedCodes
from kiosk.core.verdict import Reason
from tests.core_world import FLEET_KEY, catalogue, code_digest, promotion

FIRST, SECOND, THIRD = "LISTED-0001", "LISTED-0002", "LISTED-0003"
INLINE = "TACO-7F3K-9HXM"


def listing(
    *codes: str | None,
    used: tuple[int, ...] = (),
    homes: dict[int, str] | None = None,
    of: str = "tacos",
    also: tuple[Promotion, ...] = (),
) -> Catalogue:
    """What a counter has cached where ``codes`` are listed by their index; None was withdrawn."""
    chunk = b"".join(TOMBSTONE if code is None else code_digest(code)[:CODE_BYTES] for code in codes)
    known = catalogue(promotion(), *also)
    return replace(
        known,
        lists=ListsInMemory({f"lists/{of}/0": chunk}),
        used={of: UsedCodes(used)} if used else {},
        homes={} if homes is None else {of: CodeHomes.of(homes)},
    )


def found(known: Catalogue, raw: str) -> Credential | Unrecognised:
    shown = present(raw)
    assert shown is not None
    return known.identify(shown, 0)


def test_a_listed_code_is_known_by_its_own_digest_and_as_it_was_held_up() -> None:
    known = listing(FIRST, SECOND)
    assert found(known, "listed 0002") == Credential("listed", "tacos", code_digest(SECOND), "listed 0002")
    assert isinstance(found(known, THIRD), Unrecognised)


def test_a_withdrawn_code_is_not_known() -> None:
    assert isinstance(found(listing(FIRST, None), SECOND), Unrecognised)


def test_a_code_is_marked_as_used_by_its_index_alone() -> None:
    known = listing(FIRST, SECOND, THIRD, used=(1,))
    marks = [found(known, code) for code in (FIRST, SECOND, THIRD)]
    assert [isinstance(mark, Credential) and mark.used_up for mark in marks] == [False, True, False]


def test_a_code_is_at_home_where_its_index_says() -> None:
    known = listing(FIRST, SECOND, THIRD, homes={0: "bayside", 2: "pier-9/counter-1"})
    rights = [getattr(found(known, code), "right", "unknown") for code in (FIRST, SECOND, THIRD)]
    assert rights == [Right(home="bayside"), None, Right(home="pier-9/counter-1")]


def test_another_promotion_s_marks_and_homes_are_not_this_one_s() -> None:
    known = replace(listing(FIRST), used={"soup": UsedCodes([0])}, homes={"soup": CodeHomes.of({0: "bayside"})})
    assert found(known, FIRST) == Credential("listed", "tacos", code_digest(FIRST), FIRST)


def test_a_code_of_a_few_has_no_index_and_so_no_mark_and_no_home() -> None:
    known = listing(FIRST, used=(0,), homes={0: "bayside"})
    assert found(known, INLINE) == Credential("listed", "tacos", code_digest(INLINE), INLINE)


def test_a_list_goes_before_the_few_and_a_list_of_nothing_published_is_not_known() -> None:
    soup = promotion(id="soup", words=["SOUP"], codes=None)
    both = found(listing(INLINE, of="soup", also=(soup,)), INLINE)
    assert isinstance(both, Credential)
    assert both.promotion == "soup"
    assert isinstance(found(listing(FIRST, of="gone"), FIRST), Unrecognised)


# --- all else ------------------------------------------------------------------------------------


def test_a_code_word_is_known_as_it_was_held_up() -> None:
    word = found(catalogue(promotion()), "shrimp 2O")
    assert isinstance(word, Credential)
    assert (word.kind, word.text, word.shared, word.right) == ("word", "shrimp 2O", True, None)


@pytest.mark.parametrize(
    ("result", "of", "known"),
    [
        (ScreenResult.GREEN, "tacos", True),
        (ScreenResult.AMBER, "tacos", True),
        (ScreenResult.OTHER, "tacos", False),
        (ScreenResult.GREEN, "gone", False),
        (ScreenResult.NONE, None, False),
    ],
)
def test_a_screen_is_known_where_it_is_for_a_promotion_that_is_published(
    result: ScreenResult, of: str | None, known: bool
) -> None:
    screen = PresentedScreen(ScreenReading(result, of, clock="21:14", handle="@zed.z"), bytes(16))
    credential = catalogue(promotion()).identify(screen, 0)
    assert credential == (
        Credential("screen", "tacos", screen_digest(FLEET_KEY, screen), "")
        if known
        else Unrecognised(Reason.UNKNOWN_CODE)
    )


def test_what_is_not_known_for_what_it_is_is_no_credential() -> None:
    known = catalogue(promotion())
    assert known.credential(None, 0) is None
    assert known.credential(present("NOBODY-KNOWS"), 0) is None
    assert known.credential(present(INLINE), 0) == found(known, INLINE)


def test_before_anything_is_published_there_is_a_key_and_nothing_else() -> None:
    nothing = Catalogue.empty(FLEET_KEY)
    assert (nothing.version, nothing.published_at_ms, nothing.fleet_key) == (0, 0, FLEET_KEY)
    assert (nothing.organisation.name, nothing.organisation.stores) == ("Nothing published yet", ())
    assert (nothing.promotions, nothing.listed) == ({}, {})
    assert Catalogue.empty().fleet_key == b""


def test_a_sample_is_its_promotion_s() -> None:
    known = replace(catalogue(promotion()), samples={"tacos": b"a picture"})
    assert (known.sample("tacos"), known.sample("soup")) == (b"a picture", None)
