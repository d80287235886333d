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
        "Nov. 1 - Nov. 30",
        "1 Nov - 30 Nov",
        "In store. Nov 1 - Nov 30",
        "Posted Nov 3. Seen Nov 20, valid Nov 1 - Nov 30",
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
        "bis Nov. 30",
        "jusqu'au 30 novembre",
        "jusqu’au 30 novembre",
        "ends this Monday: Nov 30",
        "Posted Nov 3, ends on Nov 30",
        "Posted 11/21, valid until 11/30",
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
        "until 13/32",
        "until 12/32",
        "until 13/14",
        "Nov 1 sale - Nov 30",
        "Nov 1 Nov 30",
        "until you are full: Nov 30",
        "until Nov.",
    ],
)
def test_what_is_no_span_is_none(text: str) -> None:
    assert ends(text) == []


def test_the_last_day_and_month_that_numbers_can_name() -> None:
    assert ends("until 12/31") == [(frozenset(), frozenset({(12, 31)}))]
    assert ends("until 1/1") == [(frozenset(), frozenset({(1, 1)}))]


@pytest.mark.parametrize(
    "text",
    [
        "Nov 1 - 7 and Nov 15 - 21 and Dec 2 - 6",
        "1-7 Nov and 15-21 Nov and 2-6 Dec",
        "11/01-11/07 or 15/11-21/11 or 12/02-12/06",
    ],
)
def test_several_spans_are_read_in_order(text: str) -> None:
    found = [(max(first), max(last)) for first, last in ends(text)]
    assert found == [((11, 1), (11, 7)), ((11, 15), (11, 21)), ((12, 2), (12, 6))]


@pytest.mark.parametrize(
    "text", ["until Nov 30 or until Dec 24 or until Jan 16", "until 11/30, until 12/24 and until 1/16"]
)
def test_several_last_days_are_read_in_order(text: str) -> None:
    assert ends(text) == [(frozenset(), frozenset({day})) for day in ((11, 30), (12, 24), (1, 16))]


def test_dates_that_stand_alone_do_not_hide_the_span_behind_them() -> None:
    assert ends("Posted 11/03, 11/20, 11/21: 11/22-11/30") == [(frozenset({(11, 22)}), frozenset({(11, 30)}))]


@pytest.mark.parametrize("text", ["Nov 1 - Nov 30!", "ENDS NOV 30", "11/22 - 11/30", "until 11/30"])
def test_a_span_keeps_the_text_it_was_read_from(text: str) -> None:
    assert [span.text for span in spans(text)] == [text]


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("Nov 1 - Nov 30", set()),
        ("Nov 1, 2026 - Nov 30, 2026", {2026}),
        ("Nov 1 2025 - Nov 30 2026", {2025, 2026}),
        ("11/22/26-11/30/26", {2026}),
        ("until 11/30/2027", {2027}),
        ("until 11/30, call 120265", set()),
        ("until 11/30, since 1926", set()),
    ],
)
def test_the_years_of_a_span_are_those_that_its_text_names(text: str, years: set[int]) -> None:
    assert [span.years for span in spans(text)] == [years]


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
        ("012", None),
        ("1²", None),
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
    assert not span(None, (11, 30)).agrees(whole)
    assert span(None, (11, 30)).agrees(span(None, (11, 30)))
    assert whole.supports(span((11, 1), None))
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
