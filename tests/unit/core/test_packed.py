import pytest

from kiosk.core.packed import LEAST, MOST, Changes, Rows, fits, moved, moved_back


def rows(*each: bytes, before: bytes = b"") -> Rows:
    octets = before + b"".join(each)
    return Rows(octets, len(before), len(octets) - len(before), 3)


SOME = rows(b"aa1", b"ab1", b"ab2", b"ad1", before=b"head")


def test_rows_are_found_by_what_they_begin_with() -> None:
    assert SOME.count == 4
    assert [SOME[i] for i in range(4)] == [b"aa1", b"ab1", b"ab2", b"ad1"]
    assert list(SOME.with_prefix(b"ab")) == [b"ab1", b"ab2"]
    assert list(SOME.with_prefix(b"ad")) == [b"ad1"]
    assert list(SOME.with_prefix(b"ac")) == list(SOME.with_prefix(b"b")) == []
    assert len(list(SOME.with_prefix(b"a"))) == 4


def test_what_stands_behind_a_key_is_told() -> None:
    assert (SOME.get(b"ab"), SOME.get(b"ac"), SOME.get(b"b"), SOME.get(b"ad1")) == (b"1", None, None, b"")
    assert b"ab2" in SOME
    assert b"ab3" not in SOME


def test_rows_are_counted_below_and_up_to_a_prefix() -> None:
    assert [SOME.below(prefix) for prefix in (b"", b"aa", b"ab", b"ac", b"b")] == [0, 0, 1, 3, 4]
    assert [SOME.up_to(prefix) for prefix in (b"", b"aa", b"ab", b"ac", b"b")] == [4, 1, 3, 3, 4]


@pytest.mark.parametrize(
    ("changes", "merged"),
    [
        ({}, b"aa1ab1ab2ad1"),
        ({b"ab": []}, b"aa1ad1"),
        ({b"ab": [b"ab7"]}, b"aa1ab7ad1"),
        ({b"ac1": [b"ac1", b"ac1"]}, b"aa1ab1ab2ac1ac1ad1"),
        ({b"zz1": [b"zz1"], b"a01": [b"a01"]}, b"a01aa1ab1ab2ad1zz1"),
        ({b"ab2": [b"ab2"], b"ab1": [], b"ad1": []}, b"aa1ab2"),
    ],
)
def test_changes_are_merged_in_their_order(changes: dict[bytes, list[bytes]], merged: bytes) -> None:
    assert SOME.merged(Changes(changes)) == merged


def test_rows_come_beside_those_that_there_are() -> None:
    beside = {b"ab1": [b"ab1", b"ab1"], b"zz1": [b"zz1"], b"zz2": [b"zz2"], b"a00": [b"a00"]}
    assert SOME.merged(Changes({b"ad": []}, beside)) == b"a00aa1ab1ab1ab1ab2zz1zz2"


def test_changes_are_merged_into_nothing() -> None:
    assert rows().merged(Changes({b"b": [b"bb1"], b"a": [b"aa1"], b"c": []})) == b"aa1bb1"


def test_rows_that_are_cut_off_are_none() -> None:
    with pytest.raises(ValueError, match="no rows of 3"):
        Rows(b"aa1ab", 0, 5, 3)
    with pytest.raises(ValueError, match="no rows of 3"):
        Rows(b"aa1", 0, 6, 3)


def test_numbers_fit_to_their_ends_and_rise_as_bytes_when_moved() -> None:
    assert fits(LEAST, MOST)
    assert fits(MOST)
    assert not fits(MOST + 1)
    assert not fits(0, MOST + 1)
    assert not fits(0, LEAST - 1)
    numbers = [LEAST, -1, 0, 1, MOST]
    octets = [moved(number).to_bytes(8, "big") for number in numbers]
    assert octets == sorted(octets)
    assert [moved_back(moved(number)) for number in numbers] == numbers
