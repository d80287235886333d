"""YAML read into values that know where they stand; nothing hostile is built."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sync.head_office.problems import Problem
from sync.head_office.yaml_text import MAX_BYTES, MAX_DEPTH, Node, read_yaml


def read(text: str) -> Any:
    node, problems = read_yaml(text, "promotions")
    assert problems == []
    assert node is not None
    return node.plain()


def node_of(text: str) -> Node:
    node, _ = read_yaml(text, "promotions")
    assert node is not None
    return node


def problem_in(text: str) -> Problem:
    _, problems = read_yaml(text, "promotions")
    assert len(problems) == 1
    return problems[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-7", -7), ("1.50", 1.5), ("true", True), ("false", False), ("null", None), ("~", None),
        ("yes", "yes"), ("NO", "NO"), ("on", "on"), ("0123", "0123"), ("0x1F", "0x1F"), ("1_000", "1_000"),
        ("22:30", "22:30"), ("2026-11-01", "2026-11-01"), ("'1'", "1"), ('"true"', "true"), (".5", ".5"),
        ("123456789012345678901", "123456789012345678901"), ("!!str 12", "12"),
    ],
)  # fmt: skip
def test_plain_words_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert read(f"a: {text}") == {"a": value}


def test_values_know_where_they_stand() -> None:
    node = node_of("a:\n  - b: 1\n    c: [x, y]\n")
    assert node.place(("a", 0, "b")) == (2, 8)
    assert node.place(("a", 0, "c", 1)) == (3, 12)
    assert node.key_place(("a", 0, "c")) == (3, 5)


def test_a_place_that_is_not_there_is_told_by_the_nearest_that_is() -> None:
    assert node_of("a:\n  - b: 1\n").place(("a", 0, "missing")) == (2, 5)


def test_a_key_twice_is_told_at_the_second_and_reading_goes_on() -> None:
    node, problems = read_yaml("a: 1\nb: 2\na: 3\nb: 4\n", "promotions")
    assert [(one.line, one.path) for one in problems] == [(3, "a"), (4, "b")]
    assert node is not None


def test_aliases_are_read() -> None:
    assert read("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_billion_laughs_are_refused_at_once() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 12)]
    begun = time.process_time()
    assert "values" in problem_in("\n".join(lines)).message
    assert time.process_time() - begun < 2


def test_depth_up_to_the_limit_is_read() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100_000])
def test_depth_beyond_the_limit_is_refused(depth: int) -> None:
    assert "levels" in problem_in("[" * depth + "]" * depth).message


def test_text_up_to_the_limit_is_read() -> None:
    assert read("a: " + "x" * (MAX_BYTES - 3))


def test_text_beyond_the_limit_is_refused() -> None:
    assert "2 MiB" in problem_in("a: " + "x" * (MAX_BYTES - 2)).message


def test_an_alias_of_itself_is_refused() -> None:
    assert "stands for nothing" in problem_in("a: &a [*a]").message


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [id]", "!!binary aGk=", "!x 1", "!!set {a}"])
def test_a_tag_builds_nothing(tag: str) -> None:
    assert "tag" in problem_in(f"a: {tag}").message


def test_merge_keys_are_refused() -> None:
    assert "Merge" in problem_in("a: &x {b: 1}\nc:\n  <<: *x\n").message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: b: c\n", 1, "colon"),
        ("a:\n\tb: 1\n", 2, "begin"),
        ("a: [1, 2\nb: 3\n", 2, "closed"),
        ('a: "open\n', 2, "quotes"),
        ("a: *nobody\n", 1, "stands for nothing"),
        ("a: @b\n", 1, "begin"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: \x07\n", 1, "control character"),
        ("? [a, b]\n: 1\n", 1, "key"),
    ],
)
def test_a_slip_is_told_with_its_line_in_plain_words(text: str, line: int, words: str) -> None:
    problem = problem_in(text)
    assert problem.line == line
    assert words in problem.message
    assert problem.cure
