"""A counter put together: what it does when its journal and its enrolment do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.config import CounterFolder
from kiosk.core.entry import FeedId
from kiosk.errors import SetupError
from kiosk.station import CameraPlan, CurrentMarks, Station
from tests.core_world import catalogue, promotion
from tests.counter_world import ENROLMENT
from tests.unit.vision.made import blank, save

NO_CAMERA = CameraPlan(None)


@pytest.fixture
def folder(tmp_path: Path) -> CounterFolder:
    """A counter that has been at work."""
    made = CounterFolder(tmp_path)
    ENROLMENT.save(made.enrolment)
    Station.open(made, NO_CAMERA).stop()
    return made


def refusal(folder: CounterFolder) -> str:
    with pytest.raises(SetupError) as refused:
        Station.open(folder, NO_CAMERA)
    return refused.value.code


def test_a_counter_goes_on_with_its_journal(folder: CounterFolder) -> None:
    station = Station.open(folder, NO_CAMERA)
    assert station.journal.feed == ENROLMENT.feed
    station.stop()


def test_a_journal_that_is_gone_is_not_begun_a_second_time_under_the_same_name(folder: CounterFolder) -> None:
    for file in folder.path.glob("journal.db*"):
        file.unlink()
    assert refusal(folder) == "journal-missing"


def test_a_counter_enrolled_anew_begins_its_next_life_without_its_old_journal(folder: CounterFolder) -> None:
    for file in folder.path.glob("journal.db*"):
        file.unlink()
    replace(ENROLMENT, incarnation=2).save(folder.enrolment)
    station = Station.open(folder, NO_CAMERA)
    assert station.journal.feed == FeedId(ENROLMENT.origin, 2)
    station.stop()


def test_an_enrolment_older_than_the_journal_is_refused(folder: CounterFolder) -> None:
    replace(ENROLMENT, incarnation=2).save(folder.enrolment)
    Station.open(folder, NO_CAMERA).stop()
    ENROLMENT.save(folder.enrolment)
    assert refusal(folder) == "journal-of-another-life"


def test_the_marks_are_made_anew_only_when_a_bundle_was_installed() -> None:
    cached = [catalogue(promotion())]
    marks = CurrentMarks(lambda: cached[-1])
    before = marks()
    assert marks() is before
    cached.append(catalogue(promotion(venue="Pier", screen={"offer": "Free tea"})))
    assert list(marks().marked) == ["tacos"]


def test_a_camera_brings_the_reader_of_screens_along_and_both_stop(folder: CounterFolder, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    save(pictures / "1.png", blank())
    station = Station.open(folder, CameraPlan(str(pictures)))
    station.start()
    assert station.screens is not None
    station.stop()
    assert station.screens.faults == 0


def test_a_counter_that_was_never_enrolled_says_how_to(tmp_path: Path) -> None:
    assert refusal(CounterFolder(tmp_path)) == "not-enrolled"


def test_a_counter_whose_page_films_waits_for_one_and_stops_at_once(folder: CounterFolder) -> None:
    station = Station.open(folder, CameraPlan("browser"))
    assert station.film is not None
    assert station.watch is not None
    station.start()
    while station.watch.state.code == "starting":
        station.film.pause(0.01)
    assert station.watch.state.code == "camera-waiting"
    assert "Start the camera" in station.watch.state.words
    station.stop()
    assert station.watch._thread is not None
    assert not station.watch._thread.is_alive()


def test_a_counter_with_a_camera_of_its_own_takes_nothing_from_a_page(folder: CounterFolder) -> None:
    station = Station.open(folder, CameraPlan("97"))
    assert station.film is None
    station.stop()
