"""A wheel built from the checkout, installed, and used in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from kiosk.setup.browser_libraries import WANTED

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the hatchling that is here; nothing is fetched for it but what the build hook fetches."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), "."]
    subprocess.run([sys.executable, *build], cwd=checkout, check=True, capture_output=True)
    (built,) = folder.glob("counterfoil-*.whl")
    return built


@pytest.fixture(scope="module")
def counterfoil(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command, in an environment of its own that sees the packages of this one."""
    root = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root], check=True)
    programs = root / ("Scripts" if os.name == "nt" else "bin")
    install = ["-m", "pip", "--python", str(programs / "python"), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, *install], check=True, capture_output=True)
    (site,) = [path.parent for path in root.glob("[Ll]ib/**/site-packages/run_kiosk.py")]
    (site / "our-packages.pth").write_text(sysconfig.get_path("purelib"))
    return programs / "counterfoil"


def run(command: Path, empty: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("COUNTERFOIL", "PYTHON"))}
    return subprocess.run(
        [str(command), *arguments], cwd=empty, env=environment, capture_output=True, text=True, check=False
    )


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_holds_templates_static_files_and_browser_libraries(wheel: Path, checkout: Path) -> None:
    templates = {f"kiosk/{path.relative_to(checkout).as_posix()}" for path in (checkout / "templates").rglob("*.html")}
    ours = {f"kiosk/{path.relative_to(checkout).as_posix()}" for path in (checkout / "static").glob("*.*")}
    fetched = {f"kiosk/static/lib/{name}" for name in WANTED}
    assert templates
    catalogues = {path.relative_to(checkout).as_posix() for path in (checkout / "kiosk/translations").rglob("*.po")}
    assert catalogues
    assert templates | ours | fetched | catalogues <= names(wheel)


def test_wheel_holds_what_both_sides_read_beside_their_modules(wheel: Path, checkout: Path) -> None:
    beside = [path for folder in ("kiosk", "sync") for path in (checkout / folder).rglob("*") if path.is_file()]
    needed = {path.relative_to(checkout).as_posix() for path in beside if path.suffix not in {".pyc", ".md"}}
    assert needed <= names(wheel)


def test_nothing_lies_loose_in_site_packages(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names(wheel)}
    assert tops == {"kiosk", "sync", "run_kiosk.py"} | {top for top in tops if top.endswith(".dist-info")}


def test_installed_command_says_what_to_type(counterfoil: Path, tmp_path: Path) -> None:
    ran = run(counterfoil, tmp_path)
    assert ran.returncode == 0
    assert "counterfoil demo" in ran.stdout
    assert not list(tmp_path.iterdir())


def test_installed_doctor_finds_pages_and_decoder(counterfoil: Path, tmp_path: Path) -> None:
    ran = run(counterfoil, tmp_path, "doctor")
    checks = {row["name"]: row["state"] for row in json.loads(ran.stdout.splitlines()[-1])["checks"]}
    assert checks["pages"] == "good"
    assert checks["packages"] == "good"
    assert "broken" not in checks.values()
    assert not list(tmp_path.iterdir())


@pytest.mark.timeout(300)
def test_installed_demo_walks_the_whole_road(counterfoil: Path, tmp_path: Path) -> None:
    ran = run(counterfoil, tmp_path, "demo", "--check")
    assert ran.returncode == 0, ran.stderr
    counted = json.loads(ran.stdout.splitlines()[-1])
    assert counted["redeemed"] == counted["received"] > 0
    assert not list(tmp_path.iterdir())


def test_installed_command_has_no_tests_and_says_where_they_are(counterfoil: Path, tmp_path: Path) -> None:
    ran = run(counterfoil, tmp_path, "test")
    assert ran.returncode == 3
    assert "[no-tests-here]" in ran.stderr
