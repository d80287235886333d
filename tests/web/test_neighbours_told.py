"""How the other counters of the store stand, on the status line and on the page of how this counter stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.ports import LinkState
from tests.counter_pages import Pages, signed_in


def at_work(neighbours: int | None, *, online: bool = False) -> Pages:
    pages = signed_in()
    pages.counter.neighbours = neighbours
    pages.counter.link = replace(LinkState(), online=online)
    return pages


@pytest.mark.parametrize(("neighbours", "words"), [(1, "1 neighbour"), (2, "2 neighbours")])
def test_status_line_says_how_many_are_reached_while_the_line_is_down(neighbours: int, words: str) -> None:
    assert f'<span class="near">{words}</span>' in at_work(neighbours).get("/").text


@pytest.mark.parametrize(("neighbours", "online"), [(0, False), (None, False), (2, True)])
def test_status_line_says_nothing_of_them_where_that_helps_nobody(neighbours: int | None, online: bool) -> None:
    assert 'class="near"' not in at_work(neighbours, online=online).get("/").text


@pytest.mark.parametrize(
    ("neighbours", "sentence"),
    [
        (0, "None is reached."),
        (1, "1 other counter is reached: what it takes is known here"),
        (3, "3 other counters are reached: what they take is known here"),
    ],
)
def test_page_says_how_they_stand(neighbours: int, sentence: str) -> None:
    assert sentence in at_work(neighbours).get("/status").text


def test_page_says_what_to_type_where_a_store_with_several_counters_does_not_look_for_them() -> None:
    pages = at_work(None)
    assert "Neighbours" not in pages.get("/status").text  # one counter here
    both = [place for store in pages.counter.catalogue.organisation.stores for place in store.counters]
    assert "Start this counter with --lan" in with_counters(pages, both[:2]).get("/status").text


def with_counters(pages: Pages, counters: object) -> Pages:
    """The same store with these counters only."""
    catalogue = pages.counter.catalogue
    stores = [one.model_copy(update={"counters": counters}) for one in catalogue.organisation.stores]
    organisation = catalogue.organisation.model_copy(update={"stores": stores})
    pages.counter.catalogue = replace(catalogue, organisation=organisation)
    return pages


def test_both_are_told_in_spanish() -> None:
    pages = at_work(2)
    pages.post("/language", language="es")
    assert "2 vecinas" in pages.get("/").text
    assert "Se alcanzan 2 cajas" in pages.get("/status").text
