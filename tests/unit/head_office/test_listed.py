"""Code files: whatever they hold becomes codes, or is named with its line."""

from __future__ import annotations

import json

import pytest

from sync.head_office.code_files import read_code_file
from sync.head_office.problems import RefusedPublication


def codes_in(content: bytes, name: str) -> tuple[str, ...]:
    return read_code_file(content, name).codes


def refused(content: bytes, name: str) -> list[tuple[int, str]]:
    with pytest.raises(RefusedPublication) as error:
        codes_in(content, name)
    return [(problem.line, problem.message) for problem in error.value.problems]


def test_one_code_a_line() -> None:
    assert codes_in(b"A-1\r\nB-2\n\n  \nC-3", "codes.txt") == ("A-1\r", "B-2", "C-3")


def test_the_first_column_of_a_csv() -> None:
    assert codes_in(b'code,note\n"A,1",x\nB-2\n\n', "Codes.CSV") == ("code", "A,1", "B-2")


def test_codes_of_several_lines_in_a_csv_or_json() -> None:
    assert codes_in(b'"line 1\nline 2",x\n', "a.csv") == ("line 1\nline 2",)
    assert codes_in(json.dumps(["line 1\nline 2"]).encode(), "a.json") == ("line 1\nline 2",)


def test_a_byte_order_mark_is_no_part_of_a_code() -> None:
    assert codes_in("\ufeffA-1\n".encode(), "a.txt") == ("A-1",)


def test_a_code_of_4296_characters_is_read_and_one_more_is_not() -> None:
    assert len(codes_in(("Ж" * 4_296).encode(), "a.txt")[0]) == 4_296
    assert refused(("A\n" + "Ж" * 4_297).encode(), "a.txt")[0][0] == 2


def test_a_line_of_hyphens_is_no_code() -> None:
    assert refused(b"A-1\n - - \nB-2", "a.txt")[0][0] == 2


def test_a_file_that_is_not_utf_8_is_named_with_its_line() -> None:
    assert refused(b"A-1\n\xff\n", "a.txt") == [(2, "a.txt is not UTF-8.")]


@pytest.mark.parametrize("content", [b"{", b'{"a": 1}', b"[1]", b"[" * 100_000])
def test_json_that_is_no_list_of_texts_is_refused(content: bytes) -> None:
    assert refused(content, "a.json")
