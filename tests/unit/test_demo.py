"""The demo's folder and manifest: nothing of a person's is deleted, and odd files are named."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.bundle import catalogue_of
from kiosk.errors import SetupError
from kiosk.vision.picture import picture_size
from sync.demo import MARKER, Plan, plan_of, prepare
from sync.demo_check import _work
from sync.demo_office import manifest_texts, plant, seed
from sync.head_office.office import HeadOffice
from sync.robot_clerk import Page
from tests.head_office_world import opened


def typed(folder: Path, *, fresh: bool = False) -> argparse.Namespace:
    return argparse.Namespace(data=folder, check=True, fresh=fresh, port=0, head_office_port=0, camera=None, codes=None)


def plan(folder: Path) -> Plan:
    return Plan(folder, folder, 1, 2, None, None, True)


def test_a_folder_of_somebody_s_own_is_not_taken_for_the_demo_s(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(SetupError) as refused:
        prepare(plan(tmp_path))
    assert refused.value.code == "folder-not-ours"
    assert (tmp_path / "thesis.txt").exists()


def test_fresh_deletes_nothing_but_a_demo_s_folder(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(SetupError) as refused:
        plan_of(typed(tmp_path, fresh=True), tmp_path, tmp_path)
    assert refused.value.code == "folder-not-ours"
    assert (tmp_path / "thesis.txt").exists()


def test_fresh_forgets_what_a_demo_kept(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / MARKER).touch()
    (folder / "demo.json").write_text("{}")
    plan_of(typed(folder, fresh=True), tmp_path, tmp_path)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('file,expected_all\na.png,"[""A-1"", ""B-2""]"\n', ["A-1", "B-2"]),
        ('\ufefffile,expected_all\r\na.png,"[""A-1""]"\r\nb.png,"[""A-1""]"\r\nc.png,\r\n', ["A-1"]),
    ],
)
def test_a_manifest_gives_each_text_once(tmp_path: Path, content: str, texts: list[str]) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(content, encoding="utf-8", newline="")
    assert manifest_texts(manifest) == texts


@pytest.mark.parametrize(
    "content",
    ["", "file\na.png\n", "file,expected_all\n", "expected_all\n5\n", 'expected_all\n"[5]"\n',
     'expected_all\n"""ABC"""\n', 'expected_all\n"{""a"": 1}"\n', "expected_all\n[\n",
     "expected_all\n" + "[" * 100_000 + "\n",
     "expected_all\n" + "x" * 2_000_000 + "\n"],
)  # fmt: skip
def test_a_manifest_that_is_none_is_told_in_a_sentence(tmp_path: Path, content: str) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(content)
    with pytest.raises(SetupError) as refused:
        manifest_texts(manifest)
    assert refused.value.code == "manifest-unreadable"


def test_the_demo_s_counters_have_the_sample_of_the_check_in_that_is_filmed(tmp_path: Path) -> None:
    office_folder = tmp_path / "office"
    plant(office_folder, seed(None))
    office = HeadOffice.open(office_folder)
    picture = catalogue_of(opened(office), office.keys.fleet_key).sample("clam-chowder")
    office.close()
    assert picture is not None
    width, height = picture_size(picture)
    assert height > 1.8 * width


class Desk:
    """A counter's pages as the robot meets them, one state after another."""

    def __init__(self, *states: str) -> None:
        self.page = Page()
        self.states = list(states)
        self.tapped: list[str] = []

    def look(self) -> Page:
        self.page = Page(state=self.states.pop(0) if self.states else "idle")
        return self.page

    def redeem(self) -> Page:
        self.tapped.append("redeem")
        return Page(state="redeemed")

    def next(self) -> Page:
        self.tapped.append("next")
        return Page(state="idle")

    def health(self) -> dict[str, str]:
        return {"camera": "live", "camera_words": ""}


@pytest.mark.parametrize("state", ["check", "alarm"])
def test_the_robot_leaves_a_screen_to_people_and_goes_on(state: str) -> None:
    desk: Any = Desk("accept", state, "accept", "accept")
    assert _work(desk, until_ended=False) == 3
    assert desk.tapped == ["redeem", "next", "redeem", "redeem"]
