"""``stick export`` and ``stick import`` typed at both ends, over the real journal and the real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import run_kiosk
from kiosk.config import CounterFolder, write_private
from kiosk.core.entry import FeedId
from kiosk.journal import Journal
from kiosk.station import CameraPlan, Station
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from tests.head_office_world import ORGANISATION, PROMOTIONS, enrolled


@pytest.fixture(autouse=True)
def as_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_ENVIRONMENT", "as-is")


class Town:
    """A head office and a counter in their folders, and a stick between them."""

    def __init__(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.office, self.counter, self.stick = place / "office", CounterFolder(place / "counter"), place / "stick"
        self.stick.mkdir()
        self.said = ""
        self._capsys = capsys
        office = HeadOffice.open(self.office)
        publish(office, promotions=PROMOTIONS, organisation=ORGANISATION, by="test")
        front = enrolled(office)
        office.close()
        front.enrolment.save(self.counter.enrolment)
        write_private(self.counter.device_key, front.key.private_bytes_raw())

    def type(self, *typed: object, code: int = 0) -> dict[str, Any]:
        assert run_kiosk.main([str(one) for one in typed]) == code
        out, self.said = self._capsys.readouterr()
        answer: dict[str, Any] = json.loads(out.splitlines()[-1]) if out else {}
        return answer

    def counter_does(self, verb: str, *more: object, code: int = 0) -> dict[str, Any]:
        way = "--to" if verb == "export" else "--from"
        return self.type("stick", verb, "--data", self.counter.path, way, self.stick, *more, code=code)

    def office_does(self, verb: str, *more: object, code: int = 0) -> dict[str, Any]:
        way = "--to" if verb == "export" else "--from"
        return self.type("head-office", "stick", verb, "--data", self.office, way, self.stick, *more, code=code)


@pytest.fixture
def town(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Town:
    return Town(tmp_path, capsys)


def test_a_stick_goes_from_head_office_to_a_counter_and_back(town: Town) -> None:
    written = town.office_does("export")["written"]
    assert [one["recipient"] for one in written] == ["bayside/front"]
    (read,) = town.counter_does("import")["files"]
    assert (read["code"], read["bundle_version"], read["notes"]) == (None, 1, [])
    assert "promotions of version 1" in town.said
    (written,) = town.counter_does("export")["written"]
    assert written["entries"] >= 2  # opened, and that the promotions were installed
    answer = town.office_does("import")
    assert [(one["code"], one["entries"]) for one in answer["files"]] == [(None, written["entries"])]
    assert answer["others"] == 1
    office = HeadOffice.open(town.office)
    assert office.store.head(FeedId("bayside/front", 1)).n == written["entries"]
    assert office.store.enrolments()[0].bundle_version == 1
    office.close()


def test_all_entries_are_written_when_asked_for(town: Town) -> None:
    (first,) = town.counter_does("export")["written"]
    town.office_does("import")
    town.office_does("export")
    town.counter_does("import")
    (behind,) = town.counter_does("export")["written"]
    (whole,) = town.counter_does("export", "--all")["written"]
    assert whole["entries"] > behind["entries"] + first["entries"]  # head office's receipt too


def test_a_refused_file_ends_with_exit_code_1_and_its_cure(town: Town) -> None:
    (town.stick / "counterfoil-to-bayside.front-from-head-office.stick").write_bytes(b"holiday pictures")
    assert [one["code"] for one in town.counter_does("import", code=1)["files"]] == ["stick-not-one"]
    assert "Choose a file whose name begins" in town.said


def test_the_stick_of_a_running_counter_is_refused_by_its_lock(town: Town) -> None:
    journal = Journal.open(town.counter.journal)
    try:
        town.counter_does("export", code=3)
    finally:
        journal.close()
    assert "journal-busy" in town.said
    assert list(town.stick.iterdir()) == []


def test_an_empty_folder_is_told(town: Town) -> None:
    assert town.counter_does("import") == {"files": [], "others": 0}
    assert "No stick file" in town.said
    town.stick.rmdir()
    town.office_does("import", code=3)
    assert "stick-folder-missing" in town.said
    town.counter_does("export", code=3)
    assert "stick-folder-missing" in town.said


def test_a_counter_that_is_not_enrolled_gets_no_file(town: Town) -> None:
    town.office_does("export", "bayside/bar", code=3)
    assert "counter-not-enrolled" in town.said
    assert list(town.stick.iterdir()) == []


def test_a_running_counter_has_its_stick_beside_its_line(town: Town) -> None:
    station = Station.open(town.counter, CameraPlan(None))
    _, stick, stop = run_kiosk.link(station, stick_folder=town.stick)
    try:
        assert stick is not None
        assert stick.folder == town.stick
        entries = stick.write_to(town.stick).entries
    finally:
        stop()
        station.stop()
    assert [one["entries"] for one in town.office_does("import")["files"]] == [entries]
