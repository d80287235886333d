"""The browser libraries, fetched for real both ways: with npm, and without."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from kiosk.errors import SetupError
from kiosk.setup import browser_libraries, npm, packages

pytestmark = pytest.mark.e2e


@pytest.fixture
def static(checkout: Path, tmp_path: Path) -> Path:
    """A folder with our lock and nothing fetched yet."""
    folder = tmp_path / "static"
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(checkout / "static" / name, folder / name)
    return folder


def same_as_ours(checkout: Path, static: Path) -> bool:
    names = [*browser_libraries.WANTED, browser_libraries.STAMP]
    return all((checkout / "static/lib" / name).read_bytes() == (static / "lib" / name).read_bytes() for name in names)


def an_npm(folder: Path, does: str) -> str:
    """A PATH whose only program is an npm that does one thing."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{does}\n")
    (folder / "npm").chmod(0o755)
    return str(folder)


def test_machine_without_npm_takes_one_from_a_python_package(
    checkout: Path, static: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))
    npm.fetch(static, Path(sys.executable))
    assert browser_libraries.present(static)
    assert same_as_ours(checkout, static)


def test_npm_that_is_there_is_used(
    checkout: Path, static: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = tmp_path / "registry"
    for name, source in browser_libraries.WANTED.items():
        (registry / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / "static/lib" / name, registry / source)
    monkeypatch.setenv("PATH", an_npm(tmp_path / "bin", f"/bin/cp -r '{registry}' node_modules"))
    monkeypatch.setattr(npm, "_run_packaged", lambda *_: pytest.fail("the packaged npm was fetched"))
    npm.fetch(static, Path(sys.executable))
    assert same_as_ours(checkout, static)


def test_npm_that_fails_is_followed_by_the_packaged_one(
    static: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", an_npm(tmp_path / "bin", "exit 1"))
    asked: list[Path] = []
    monkeypatch.setattr(packages, "install", lambda *_, target, **__: asked.append(target))
    monkeypatch.setattr(npm, "_run_packaged", lambda *_: "no answer")
    with pytest.raises(SetupError, match="browser-libraries"):
        npm.fetch(static, Path(sys.executable))
    assert len(asked) == 1


def test_fetch_that_fails_leaves_what_was_there(static: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (static / "lib").mkdir()
    (static / "lib/htmx.js").write_text("the old one")
    monkeypatch.setenv("PATH", an_npm(tmp_path / "bin", "exit 1"))
    monkeypatch.setattr(packages, "install", lambda *_, **__: None)
    monkeypatch.setattr(npm, "_run_packaged", lambda *_: "no answer")
    with pytest.raises(SetupError):
        npm.fetch(static, Path(sys.executable))
    assert (static / "lib/htmx.js").read_text() == "the old one"
    assert not browser_libraries.present(static)
