"""What is installed is pinned and hashed, and no file says from where."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.arch.source import ROOT, committed

LOCKS = [ROOT / "requirements.lock", ROOT / "tests/requirements.lock", ROOT / "kiosk/setup/node.lock"]
NPM_LOCK = ROOT / "static/package-lock.json"
HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "debian" + ".org")
MACHINE = re.compile(r"/(?:home|root|Users|work)/[a-z]")
THIRD_PARTY = re.compile(r"(^|/)(vendor|node_modules)/|\.min\.(js|css)$|\.(whl|woff2?|onnx|ttf)$|^static/lib/")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.parent.name + "/" + path.name)
def test_every_package_is_pinned_and_hashed(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9][a-z0-9.-]*==[^ ]+ ", entry), entry.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]


@pytest.mark.parametrize("lock", [*LOCKS, NPM_LOCK], ids=lambda path: path.parent.name + "/" + path.name)
def test_lock_holds_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert '"resolved"' not in text
    assert "index-url" not in text


def test_every_npm_package_is_hashed() -> None:
    packages = {name: row for name, row in json.loads(NPM_LOCK.read_text())["packages"].items() if name}
    assert packages
    assert all(row["integrity"].startswith("sha512-") for row in packages.values())


def test_tests_install_what_the_counter_runs_with() -> None:
    ours = set((ROOT / "requirements.lock").read_text().splitlines())
    assert ours <= set((ROOT / "tests/requirements.lock").read_text().splitlines())


def test_no_third_party_file_is_committed() -> None:
    assert not [str(path) for path in committed() if THIRD_PARTY.search(path.as_posix())]


def test_no_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    found = []
    for path in committed():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{path}: {host}" for host in HOSTS if host in text]
        found += [
            f"{path}: {hit.group()}" for hit in MACHINE.finditer(text) if path != Path("tests/arch/test_locks.py")
        ]
    assert not found
