"""The cache of listed codes against a dict, over any history of lists that grow, lose codes, and go."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.code_lists import CodeCache
from kiosk.code_lists import cache as cache_module
from kiosk.core import code_lists
from kiosk.core.code_lists import FoundCode, ListsInMemory
from tests.code_worlds import code, codes, install, marks, opened, parts

PROMOTIONS = ("tacos", "pie", "coffee")
LISTS = st.dictionaries(
    st.sampled_from(PROMOTIONS), st.tuples(st.integers(0, 40), st.frozensets(st.integers(0, 40), max_size=6))
)
HISTORY = st.lists(st.tuples(LISTS, st.booleans()), min_size=1, max_size=8)

Lists = Mapping[str, tuple[int, frozenset[int]]]


def expected(lists: Lists) -> dict[bytes, FoundCode]:
    return {
        code(n, name): FoundCode(name, n)
        for name, (many, withdrawn) in lists.items() for n in range(many) if n not in withdrawn
    }  # fmt: skip


def made(lists: Lists) -> dict[str, bytes]:
    return parts(**{name: codes(range(many), name, withdrawn) for name, (many, withdrawn) in lists.items()})


ALL = [code(n, name) for name in PROMOTIONS for n in range(42)]


@given(HISTORY)
@settings(max_examples=60, deadline=None)
def test_the_cache_says_what_a_dict_says_after_any_history_and_restarts(history: list[tuple[Lists, bool]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for module in (cache_module, code_lists):  # chunks of a few codes, so that lists have several
            patch.setattr(module, "CODES_IN_CHUNK", 8)
        patch.setattr(code_lists, "CHUNK_BYTES", 8 * code_lists.CODE_BYTES)
        cache = CodeCache(Path(folder))
        for lists, restarts in history:
            now = made(lists)
            fetched = install(cache, now)
            if restarts:
                cache = opened(Path(folder), now)
            right = expected(lists)
            assert {one: cache.find(one) for one in ALL} == {one: right.get(one) for one in ALL}
            assert set(fetched) <= set(now)
            assert not [mark for mark in marks(now).values() if mark.sha256 not in cache.held()]


@given(LISTS)
@settings(deadline=None)
def test_lists_in_memory_say_what_a_dict_says(lists: Lists) -> None:
    right, found = expected(lists), ListsInMemory(made(lists))
    assert {one: found.find(one) for one in ALL} == {one: right.get(one) for one in ALL}
