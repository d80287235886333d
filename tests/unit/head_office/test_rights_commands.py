"""``head-office rights``: what is stranded, what freeing it risks, and the decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import CounterfoilError
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from tests.head_office_shell import Shell
from tests.head_office_world import ORGANISATION, enrolled
from tests.rights_world import tacos


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A counter that has 25 of a total, and whose place another device took."""
    shell = Shell(tmp_path, capsys)
    office = HeadOffice.open(shell.data)
    running = tacos("limits: {total: 100}").replace("2026-11-30", "2099-12-31")
    publish(office, promotions=running, organisation=ORGANISATION, by="test")
    enrolled(office).exchange()
    enrolled(office, key=9)
    office.close()
    return shell


def free(shell: Shell, *more: str, exits: int = 0) -> object:
    return shell.run("rights", "free", 1, "--by", "marta", "--why", "lost", *more, exits=exits)


def test_the_list_says_what_is_stranded(shell: Shell) -> None:
    (one,) = shell.run("rights", "list")["stranded"]
    assert (one["feed"], one["right"], one["amount"], one["words"]) == ("bayside/front@1", "total", 25, "25 uses")
    assert "another device took its place" in shell.said


def test_without_yes_only_the_risk_is_told(shell: Shell) -> None:
    free(shell, exits=1)
    assert "may be exceeded by at most 25 uses / 300.00 USD" in shell.said
    assert len(shell.run("rights", "list")["stranded"]) == 1


def test_a_decision_frees_once(shell: Shell) -> None:
    free(shell, "--yes")
    assert shell.run("rights", "list")["stranded"] == []
    assert "Nothing is stranded" in shell.said
    with pytest.raises(CounterfoilError) as refused:
        free(shell, "--yes")
    assert refused.value.code == "not-stranded"


def test_publishing_tells_the_worst_case_before(shell: Shell) -> None:
    (shell.place / "capped.yaml").write_text(tacos("limits: {total: 100}"), encoding="utf-8")
    checked = shell.run("publish", shell.place / "capped.yaml", "--check")
    assert checked["worst_cases"] == {"tacos": "0 over the limits"}
    assert "Worst case of tacos if every counter is cut off: 0 over the limits." in shell.said
