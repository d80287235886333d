"""What the tests need of the machine: installed where that can be done, named where not, demanded in CI."""

from __future__ import annotations

import pytest

from kiosk.errors import SetupError
from kiosk.setup import components
from kiosk.setup.components import Component


class Machine:
    """Has what is in ``there``; apt, where it works, brings the rest."""

    def __init__(self, *there: str, apt_brings: bool = True) -> None:
        self.there = set(there)
        self.apt_brings = apt_brings
        self.asked: list[str] = []

    def install(self, names: list[str]) -> None:
        self.asked += names
        if self.apt_brings:
            self.there |= set(names)

    def components(self) -> list[Component]:
        wanted = ("libzbar0", "chromium")
        return [Component(f"the {name}", name, lambda name=name: name in self.there, "elsewhere") for name in wanted]  # type: ignore[misc]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


def put(on: pytest.MonkeyPatch, machine: Machine, *, root: bool) -> None:
    on.setattr(components, "COMPONENTS", machine.components())
    on.setattr(components, "_install", machine.install)
    on.setattr(components, "_can_install", lambda: root)


def test_what_is_there_is_not_installed_again(on: pytest.MonkeyPatch) -> None:
    machine = Machine("libzbar0", "chromium")
    put(on, machine, root=True)
    components.bring()
    assert machine.asked == []


def test_what_is_missing_is_installed_where_that_can_be_done(on: pytest.MonkeyPatch) -> None:
    machine = Machine("libzbar0")
    put(on, machine, root=True)
    components.bring()
    assert machine.asked == ["chromium"]


def test_what_cannot_be_installed_is_named_with_the_way_to_get_it(
    on: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine()
    put(on, machine, root=False)
    components.bring()
    said = capsys.readouterr().err
    assert machine.asked == []
    assert "apt install libzbar0" in said
    assert "apt install chromium" in said


def test_what_is_missing_in_ci_is_a_failure(on: pytest.MonkeyPatch) -> None:
    put(on, Machine("libzbar0", apt_brings=False), root=True)
    on.setenv("CI", "true")
    with pytest.raises(SetupError, match="chromium") as caught:
        components.bring()
    assert caught.value.code == "component-missing"


def test_browser_that_is_named_is_taken(on: pytest.MonkeyPatch) -> None:
    on.setenv("COUNTERFOIL_CHROMIUM", "/opt/browser")
    assert components.chromium() == "/opt/browser"
