import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.shown_dates import Span, day_of, month_of, spans

NOVEMBER = (frozenset({(11, 1)}), frozenset({(11, 30)}))
UNTIL_THE_END: tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]] = (frozenset(), frozenset({(11, 30)}))


def ends(text: str) -> list[tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]]:
    return [(span.first, span.last) for span in spans(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Nov 1 - Nov 30",
        "Nov 1 - 30",
        "Nov 1–30",
        "1-30 November",
        "November 1st to 30th",
        "Valid Nov 1 -Nov 30. In store only",
        "Nov1-Nov30",
        "Noy 1 - Nov 30",
        "Nov l1 to Nov 30".replace("l1", "1"),
        "Nov 1, 2026 - Nov 30, 2026",
        "1. bis 30. November",
        "del 1 al 30 de noviembre",
        "du 1er au 30 novembre",
        "dal 1 al 30 novembre",
        "de 1 a 30 de novembro",
        "NOV 1 — NOV 30",
    ],
)
def test_a_span_is_read_in_the_forms_that_posts_use(text: str) -> None:
    assert ends(text) == [NOVEMBER]


@pytest.mark.parametrize(
    "text",
    [
        "until Nov 30",
        "OFFER · EXPIRES NOV 30",
        "OFFEREXPIRES NOV 30",
        "through November 30th",
        "bis 30. November",
        "hasta el 30 de noviembre",
    ],
)
def test_a_last_day_alone_is_a_span_without_a_first(text: str) -> None:
    assert ends(text) == [UNTIL_THE_END]


def test_numbers_fit_with_the_month_first_or_second() -> None:
    assert ends("11/01-11/30") == [(frozenset({(1, 11), (11, 1)}), frozenset({(11, 30)}))]
    assert ends("01.11.-30.11.") == ends("11/01-11/30")
    assert ends("valid until 11/30/2026") == [UNTIL_THE_END]


@pytest.mark.parametrize(
    "text",
    [
        "Nov 21, 2026",
        "6h · Sat, Nov 21",
        "4:25 · Nov 21 · 78.0K Views",
        "Free for you and 3 friends",
        "Buy 2 - get 3",
        "",
        "until Sunday",
        "99/99-98/98",
        "11/21/2026",
        "posted 11/21",
    ],
)
def test_what_is_no_span_is_none(text: str) -> None:
    assert ends(text) == []


def test_a_span_over_two_months() -> None:
    assert ends("Nov 18 - Dec 2") == [(frozenset({(11, 18)}), frozenset({(12, 2)}))]


@pytest.mark.parametrize(
    ("token", "month"),
    [("nov", 11), ("noy", 11), ("novem", 11), ("dez", 12), ("now", None), ("del", None), ("jux", None), ("no", None)],
)
def test_a_month_is_known_by_its_first_letters_one_of_them_misread(token: str, month: int | None) -> None:
    assert month_of(token) == month


@pytest.mark.parametrize(
    ("token", "day"),
    [
        ("1", 1),
        ("31", 31),
        ("32", None),
        ("0", None),
        ("z8", 28),
        ("2o", 20),
        ("oo", None),
        ("zz", None),
        ("123", None),
    ],
)
def test_a_day_is_a_number_up_to_31_whose_letters_stand_beside_a_digit(token: str, day: int | None) -> None:
    assert day_of(token) == day


def span(first: tuple[int, int] | None, last: tuple[int, int] | None) -> Span:
    return Span(frozenset({first} if first else ()), frozenset({last} if last else ()))


def test_spans_agree_contradict_or_only_support_each_other() -> None:
    whole = span((11, 1), (11, 30))
    assert whole.agrees(span((11, 1), (11, 30)))
    assert not whole.agrees(span(None, (11, 30)))
    assert whole.supports(span(None, (11, 30)))
    assert not whole.supports(span(None, None))
    assert whole.contradicts(span((11, 1), (11, 29)))
    assert not whole.contradicts(span(None, (11, 30)))
    assert not whole.supports(span((11, 1), (11, 29)))


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = st.tuples(st.integers(1, 12), st.integers(1, 28))


@given(DAYS, DAYS, st.sampled_from([" - ", "-", " – ", " to "]))
def test_any_two_days_written_out_are_read_back(first: tuple[int, int], last: tuple[int, int], join: str) -> None:
    text = f"Valid {MONTHS[first[0] - 1]} {first[1]}{join}{MONTHS[last[0] - 1]} {last[1]}"
    assert ends(text) == [(frozenset({first}), frozenset({last}))]


@given(st.text(max_size=60))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert all(isinstance(one, Span) for one in spans(text))
