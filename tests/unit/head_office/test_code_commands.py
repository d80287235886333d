"""Generated codes: never twice the same, in a file once, added to what was imported; and what a thief needs is told."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from kiosk.core.credential import fold
from kiosk.core.generated import checks, keyspace
from kiosk.errors import SetupError
from sync.head_office.code_commands import new_codes
from tests.head_office_shell import Shell


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    made = Shell(tmp_path, capsys)
    made.run("publish", made.place / "promotions.yaml", "--organisation", made.place / "organisation.yaml")
    return made


def generate(shell: Shell, name: str, count: int = 5, *more: object) -> list[str]:
    shell.run("codes", "generate", "tacos", "--count", count, "--out", shell.place / name, *more)
    return (shell.place / name).read_text(encoding="ascii").split("\n")[:-1]


def test_generated_codes_are_written_for_the_owner_and_published(shell: Shell) -> None:
    out = shell.place / "new.txt"
    answer = shell.run("codes", "generate", "tacos", "--count", 5, "--out", out)
    codes = out.read_text(encoding="ascii").split("\n")[:-1]
    assert len(codes) == answer["count"] == 5
    assert all(checks(fold(code)) and len(code) == 19 and code == code.upper() for code in codes)
    assert out.stat().st_mode & 0o777 == 0o600
    assert answer["version"] == 2
    office = shell.office()
    assert sum(row.source == "generated" for row in office.store.listed_codes("tacos")) == 5
    office.close()


def test_more_generated_codes_and_an_import_leave_those_before_in_force(shell: Shell) -> None:
    first = generate(shell, "one.txt")
    second = generate(shell, "two.txt", 3, "--length", 24)
    assert not set(first) & set(second)
    assert len(second[0]) == 29
    (shell.place / "imported.txt").write_text("X-1\n")
    shell.run("publish", "--codes", f"tacos={shell.place / 'imported.txt'}")
    office = shell.office()
    assert sum(row.live for row in office.store.listed_codes("tacos")) == 3 + 5 + 3 + 1
    office.close()


def test_a_code_that_is_listed_already_is_not_made_again() -> None:
    chance = [random.Random(7).randrange, random.Random(7).randrange]
    first = new_codes(20, 16, chance[0], lambda _: False)
    taken = {fold(code) for code in first[:10]}
    again = new_codes(20, 16, chance[1], taken.__contains__)
    assert again[:10] == first[10:]
    assert not {fold(code) for code in again} & taken


def test_one_code_drawn_twice_is_one() -> None:
    drawn = itertools.cycle([0] * 15 + [1] * 15)
    made = new_codes(2, 16, lambda _below: next(drawn), lambda _: False)
    assert len(set(made)) == 2


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("--count", 0), "codes-count"), (("--count", 1_000_001), "codes-count"),
        (("--count", 1, "--length", 15), "codes-length"), (("--count", 1, "--length", 25), "codes-length"),
    ],
)  # fmt: skip
def test_a_count_or_length_that_cannot_be_is_told_and_nothing_is_written(
    shell: Shell, typed: tuple[object, ...], code: str
) -> None:
    out = shell.place / "new.txt"
    with pytest.raises(SetupError) as caught:
        shell.run("codes", "generate", "tacos", *typed, "--out", out)
    assert caught.value.code == code
    assert not out.exists()


@pytest.mark.parametrize("promotion", ["pie", "none"])
def test_codes_of_a_promotion_that_takes_none_are_not_left_in_a_file(shell: Shell, promotion: str) -> None:
    out = shell.place / "new.txt"
    with pytest.raises(SetupError) as caught:
        shell.run("codes", "generate", promotion, "--count", 1, "--out", out)
    assert caught.value.code == "codes-not-published"
    assert not out.exists()


def test_a_file_that_is_there_is_not_written_over(shell: Shell) -> None:
    codes = generate(shell, "one.txt")
    with pytest.raises(SetupError) as caught:
        generate(shell, "one.txt")
    assert caught.value.code == "file-exists"
    assert (shell.place / "one.txt").read_text(encoding="ascii").split("\n")[:-1] == codes


def test_a_folder_that_is_not_there_is_told(shell: Shell) -> None:
    with pytest.raises(SetupError) as caught:
        generate(shell, "none/one.txt")
    assert caught.value.code == "file-unwritable"


def test_how_many_guesses_a_thief_needs_is_told_when_codes_are_made_and_at_each_publication(shell: Shell) -> None:
    (shell.place / "promotions.yaml").write_text(
        (shell.place / "promotions.yaml").read_text().replace("    codes: [TACO-1, TACO-2, TACO-3]\n", "")
    )
    shell.run("publish", shell.place / "promotions.yaml")
    answer = shell.run("codes", "generate", "tacos", "--count", 5, "--out", shell.place / "one.txt")
    assert (answer["guesses"], answer["at_most"]) == (min(keyspace(16) // 5, 2**72 // 5), False)
    assert "A thief with a counter's device needs about 10 to the power of 19 guesses" in shell.said
    (shell.place / "weak.txt").write_text("".join(f"WIN-{n:04}\n" for n in range(100)))
    weak = shell.run("publish", "--codes", f"tacos={shell.place / 'weak.txt'}")
    assert weak["guesses"] == {"tacos": {"guesses": 1, "at_most": True}}
    assert "needs at most 1 guess for one of its codes. That is few" in shell.said
