"""What the mutation bench makes of mutmut's record."""

from __future__ import annotations

import pytest

from kiosk.errors import SetupError
from tests.bench import mutation


def test_faults_are_counted_by_what_became_of_them() -> None:
    codes = {"a": 1, "b": 3, "c": -24, "d": 36, "e": 0, "f": 33, "g": -9, "not tried": None}
    assert mutation.counted("money", {"exit_code_by_key": codes}) == {
        "module": "money",
        "faults": 7,
        "killed": 4,
        "killed_ratio": 0.571,
        "endless": 2,
        "survived": ["e"],
        "untested": ["f"],
    }


def test_of_a_module_without_faults_there_is_no_ratio() -> None:
    assert mutation.counted("empty", {"exit_code_by_key": {}})["killed_ratio"] is None


def test_a_module_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        mutation.measure(["kiosk/core/nothing.py"])
    assert "there is no kiosk/core/nothing.py" in capsys.readouterr().err


def test_where_mutmut_is_not_installed_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SetupError, match="tests/mutation/README") as caught:
        mutation.measure(["kiosk/core/money.py"])
    assert caught.value.code == "no-mutmut"
