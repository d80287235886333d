"""Which code lists are in force is decided with the bundle in the journal; a counter says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.core.code_lists import FoundCode
from kiosk.core.fact import BundleInstalled
from kiosk.errors import BundleError, JournalError
from kiosk.ports import CachedBundle
from tests.code_worlds import code, files
from tests.storage.listed_bundles import ListedCounter

ONE, TWO = {"tacos": range(3)}, {"tacos": range(4)}


@pytest.fixture
def counter(tmp_path: Path) -> ListedCounter:
    made = ListedCounter(tmp_path)
    made.take(1, ONE)
    return made


def reopened(counter: ListedCounter, folder: Path) -> ListedCounter:
    counter.journal.close()
    return ListedCounter(folder)


def test_a_bundle_puts_its_lists_in_force_and_the_journal_keeps_no_chunk(
    counter: ListedCounter, tmp_path: Path
) -> None:
    cached = counter.journal.bundle()
    assert cached is not None
    assert not any(code(0, "tacos") in part for part in cached.parts.values())
    for reopens in (False, True):
        one = reopened(counter, tmp_path) if reopens else counter
        assert one.counter.catalogue.version == one.fetcher.version == 1
        assert one.lists.find(code(2, "tacos")) == FoundCode("tacos", 2)
        assert one.trouble == ()


def test_what_is_done_meanwhile_is_told(counter: ListedCounter) -> None:
    assert counter.did[0] == "Fetching listed codes: part 1 of 1"
    assert counter.did[-1] == "Taking in listed codes: 3 of 3"


def test_only_the_chunks_that_the_cache_lacks_are_asked_for(counter: ListedCounter) -> None:
    counter.take(2, ONE)
    asked_once = set(counter.asked)
    counter.take(3, TWO)
    assert len(set(counter.asked) - asked_once) == 1


@pytest.mark.parametrize("fails", ["install", "build"])
def test_a_bundle_that_is_not_installed_leaves_the_old_lists_in_force(
    counter: ListedCounter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def broken(_bundle: CachedBundle, _fact: BundleInstalled) -> None:
        raise JournalError("journal-disk-full", "The disk is full")

    def unwritable(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if fails == "install":
        monkeypatch.setattr(counter.journal, "install_bundle", broken)
    else:
        monkeypatch.setattr("kiosk.code_lists.cache.build", unwritable)
    with pytest.raises((JournalError, BundleError)):
        counter.take(2, TWO)
    monkeypatch.undo()
    for one in (counter, reopened(counter, tmp_path)):
        assert one.counter.catalogue.version == one.fetcher.version == 1
        assert one.lists.find(code(2, "tacos")) == FoundCode("tacos", 2)
        assert one.lists.find(code(3, "tacos")) is None
    assert one.take(2, TWO)
    assert one.lists.find(code(3, "tacos")) == FoundCode("tacos", 3)


def test_a_missing_list_is_told_the_rest_works_on_and_it_is_fetched_again(
    counter: ListedCounter, tmp_path: Path
) -> None:
    files(tmp_path / "lists")[0].unlink()
    again = reopened(counter, tmp_path)
    assert again.counter.catalogue.version == 1
    assert again.fetcher.version == 0, "so that even the same version is sent again"
    assert [trouble.rpartition("[")[2] for trouble in again.trouble] == ["lists-missing]"]
    assert again.take(1, ONE)
    assert again.trouble == ()
    assert again.fetcher.version == 1
    assert again.lists.find(code(2, "tacos")) == FoundCode("tacos", 2)


def test_a_list_that_goes_bad_while_it_is_used_is_fetched_again(counter: ListedCounter, tmp_path: Path) -> None:
    (path,) = files(tmp_path / "lists")
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    assert {counter.lists.find(code(n, "tacos")) for n in range(3)} >= {None}
    assert counter.fetcher.version == 0
    assert counter.take(1, ONE)
    assert all(counter.lists.find(code(n, "tacos")) == FoundCode("tacos", n) for n in range(3))
