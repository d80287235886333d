"""The cache of listed codes: what is installed is found, a delta is small, and what is damaged is never an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.code_lists import CodeCache, segment
from kiosk.code_lists import cache as cache_module
from kiosk.code_lists.segment import MANY_ROWS, Segment, SegmentDamagedError
from kiosk.core.code_lists import CODES_IN_CHUNK, FoundCode
from kiosk.errors import BundleError
from tests.code_worlds import code, codes, files, install, marks, opened, parts, quiet, ready

SOME = parts(tacos=codes(range(300)), pie=codes(range(5), "pie"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lists"


def test_every_code_is_found_with_its_promotion_and_index(folder: Path) -> None:
    cache = CodeCache(folder)
    assert install(cache, SOME) == list(SOME)
    for found in (cache, opened(folder, SOME)):
        assert all(found.find(code(n) + bytes(7)) == FoundCode("tacos", n) for n in range(300))
        assert all(found.find(code(n, "pie")) == FoundCode("pie", n) for n in range(5))
        assert found.find(code(300)) is None
        assert found.find(bytes(16)) is None


def test_nothing_is_in_force_before_the_journal_says_so(folder: Path) -> None:
    cache = CodeCache(folder)
    ready(cache, SOME)
    assert cache.find(code(1)) is None
    assert cache.complete, "nothing is asked for yet"
    cache.use(marks(SOME))
    assert cache.find(code(1)) == FoundCode("tacos", 1)


@pytest.mark.parametrize("many", [MANY_ROWS - 1, MANY_ROWS, MANY_ROWS + 1, CODES_IN_CHUNK * 2])
def test_codes_are_found_on_both_sides_of_where_the_file_changes_its_form(folder: Path, many: int) -> None:
    made = parts(tacos=codes(range(many)))
    cache = CodeCache(folder)
    install(cache, made)
    for n in (0, 1, CODES_IN_CHUNK - 1, CODES_IN_CHUNK, many - 1):
        assert cache.find(code(n)) == (FoundCode("tacos", n) if n < many else None)
    assert cache.find(code(many)) is None


def test_rows_are_found_in_the_same_way_when_they_are_sorted_in_many_passes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.code_lists.build.ROWS_IN_PASS", 1000)
    made = parts(tacos=codes(range(MANY_ROWS + 500)))
    told: list[tuple[int, int]] = []
    cache = CodeCache(folder)
    for name, mark in marks(made).items():
        cache.stage(mark.sha256, made[name])
    cache.build(marks(made), lambda done, of: told.append((done, of)))
    cache.use(marks(made))
    assert all(cache.find(code(n)) == FoundCode("tacos", n) for n in range(0, MANY_ROWS + 500, 7))
    assert told[0] == (0, MANY_ROWS + 500)
    assert told[-1] == (MANY_ROWS + 500, MANY_ROWS + 500)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_delta_fetches_the_chunks_that_changed_only_and_leaves_the_large_file_as_it_is(folder: Path) -> None:
    many = 2 * CODES_IN_CHUNK + 10
    before, after = parts(tacos=codes(range(many))), parts(tacos=codes(range(many + 1000)))
    cache = CodeCache(folder)
    install(cache, before)
    large = files(folder)[0].read_bytes()
    assert install(cache, after) == ["lists/tacos/2"]
    assert [path.read_bytes() == large for path in files(folder)] == [True, False]
    for n in (0, many - 1, many, many + 999):
        assert cache.find(code(n)) == FoundCode("tacos", n)


def test_a_withdrawn_code_is_nobodys_and_comes_back_with_its_index(folder: Path) -> None:
    cache = CodeCache(folder)
    install(cache, SOME)
    without = parts(tacos=codes(range(300), withdrawn=frozenset({0, 299})), pie=codes(range(5), "pie"))
    install(cache, without)
    assert [cache.find(code(n)) for n in (0, 1, 299)] == [None, FoundCode("tacos", 1), None]
    install(cache, SOME)
    assert cache.find(code(299)) == FoundCode("tacos", 299)


def test_a_promotion_that_is_gone_takes_its_codes_along(folder: Path) -> None:
    cache = CodeCache(folder)
    install(cache, SOME)
    install(cache, parts(pie=codes(range(5), "pie")))
    assert cache.find(code(1)) is None
    assert cache.find(code(1, "pie")) == FoundCode("pie", 1)


def test_many_small_changes_are_merged_into_one_file(folder: Path) -> None:
    cache = CodeCache(folder)
    many = []
    for n in range(1, 3 * cache_module.MAX_FILES):
        made = parts(**{f"p{k}": codes(range(20), f"p{k}") for k in range(n)})
        install(cache, made)
        many.append(len(files(folder)))
    assert max(many) == cache_module.MAX_FILES
    assert many.count(1) > 1, "merged now and then"
    assert all(cache.find(code(7, f"p{k}")) == FoundCode(f"p{k}", 7) for k in range(n))


def test_dead_rows_are_dropped_when_there_are_too_many(folder: Path) -> None:
    big, cache = 3 * CODES_IN_CHUNK, CodeCache(folder)
    install(cache, parts(tacos=codes(range(big)), pie=codes(range(5), "pie")))
    size = files(folder)[0].stat().st_size
    install(cache, parts(pie=codes(range(6), "pie")))
    assert [path.stat().st_size < size // 100 for path in files(folder)] == [True]
    assert cache.find(code(5, "pie")) == FoundCode("pie", 5)


def test_what_was_fetched_before_a_restart_is_not_fetched_again(folder: Path) -> None:
    told = marks(SOME)
    CodeCache(folder).stage(told["lists/tacos/0"].sha256, SOME["lists/tacos/0"])
    assert ready(CodeCache(folder), SOME) == ["lists/pie/0"]


def test_a_fetched_chunk_that_the_disk_altered_is_fetched_again(folder: Path) -> None:
    told = marks(SOME)
    CodeCache(folder).stage(told["lists/tacos/0"].sha256, SOME["lists/tacos/0"])
    files(folder)[0].write_bytes(bytes(2700))
    assert install(CodeCache(folder), SOME) == list(SOME)


def test_what_was_not_fetched_is_not_built(folder: Path) -> None:
    with pytest.raises(BundleError) as caught:
        CodeCache(folder).build(marks(SOME), quiet)
    assert caught.value.code == "bundle-part-missing"


def test_a_disk_that_takes_nothing_is_a_refusal_and_what_is_in_force_stays(folder: Path) -> None:
    cache = CodeCache(folder)
    install(cache, SOME)
    (folder / "fetched").write_text("a file where the folder should be")
    with pytest.raises(BundleError) as caught:
        cache.stage(bytes(32), b"")
    assert caught.value.code == "lists-not-written"
    assert cache.find(code(1)) == FoundCode("tacos", 1)


# --- damage


def test_any_damaged_byte_of_a_file_is_noticed_and_never_an_answer(folder: Path) -> None:
    """Each byte in turn: at opening, or when its bucket is read; what is answered is right or nothing."""
    made = parts(tacos=codes(range(40)))
    install(CodeCache(folder), made)
    (path,) = files(folder)
    whole = path.read_bytes()
    directory_end = len(whole) - 40 * segment.row_bytes(1)
    for at in (*range(80), *range(80, directory_end, 13), *range(directory_end, len(whole))):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        cache = opened(folder, made)
        answers = [cache.find(code(n)) for n in range(40)]
        assert all(answer in (None, FoundCode("tacos", n)) for n, answer in enumerate(answers))
        assert not cache.complete, f"byte {at} was trusted"
        assert not cache.held()


@pytest.mark.parametrize("length", [0, 10, 52, 53, 100, -1])
def test_a_file_cut_short_or_grown_is_dropped_at_opening(folder: Path, length: int) -> None:
    install(CodeCache(folder), SOME)
    (path,) = files(folder)
    whole = path.read_bytes()
    path.write_bytes(whole[:length] if length >= 0 else whole + b"x")
    cache = opened(folder, SOME)
    assert cache.missing == {mark.sha256 for mark in marks(SOME).values()}
    assert not path.exists()


def test_a_damaged_file_is_fetched_again_and_works_then(folder: Path) -> None:
    install(CodeCache(folder), SOME)
    (path,) = files(folder)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    cache = opened(folder, SOME)
    for n in range(300):
        cache.find(code(n))
    assert not cache.complete
    assert install(cache, SOME) == list(SOME)
    assert all(cache.find(code(n)) == FoundCode("tacos", n) for n in range(300))


def test_damage_found_while_merging_is_a_refusal_and_the_next_try_fetches_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = CodeCache(folder)
    install(cache, SOME)
    (path,) = files(folder)
    with path.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)[0]
        file.seek(-1, 2)
        file.write(bytes([last ^ 1]))
    monkeypatch.setattr(cache_module, "MAX_FILES", 1)
    more = SOME | parts(coffee=codes(range(3), "coffee"))
    with pytest.raises(BundleError) as caught:
        ready(cache, more)
    assert caught.value.code == "lists-damaged"
    assert install(cache, more) == ["lists/tacos/0", "lists/pie/0"]
    assert cache.find(code(2, "coffee")) == FoundCode("coffee", 2)


def test_a_folder_of_other_files_is_no_trouble(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.codes").write_text("not one of ours")
    (folder / "README").write_text("left alone")
    cache = CodeCache(folder)
    install(cache, SOME)
    assert cache.find(code(1)) == FoundCode("tacos", 1)
    assert (folder / "README").read_text() == "left alone"


def test_a_missing_file_is_damage_like_any_other(folder: Path) -> None:
    with pytest.raises(SegmentDamagedError):
        Segment(folder / "none.codes")
