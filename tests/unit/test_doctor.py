"""The doctor: each part looked at alone, each finding with a state, words and a cure."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kiosk import doctor
from kiosk.doctor import Finding, Patient, State


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)


def only(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_part_that_crashes_is_one_line_and_the_others_are_still_looked_at(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashes(_patient: Patient) -> Iterator[Finding]:
        raise ModuleNotFoundError("No module named 'cv2'")

    monkeypatch.setattr(doctor, "CHECKS", {"vision": crashes, "disk": doctor.disk})
    first, second = doctor.examine(patient)
    assert (first.name, first.state) == ("vision", State.BROKEN)
    assert "cv2" in first.words
    assert first.cure
    assert second.name == "disk"


@pytest.mark.parametrize(
    ("free", "state"),
    [
        (doctor.SPACE_LOW, State.GOOD),
        (doctor.SPACE_LOW - 1, State.LACKING),
        (doctor.SPACE_NONE, State.LACKING),
        (doctor.SPACE_NONE - 1, State.BROKEN),
    ],
)
def test_disk_is_judged_by_its_free_bytes(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))
    assert only(doctor.disk(patient)).state is state


def test_disk_of_a_folder_that_is_not_there_yet_is_the_one_it_will_lie_on(tmp_path: Path) -> None:
    assert str(tmp_path) in only(doctor.disk(Patient(tmp_path / "not" / "yet"))).words


def test_no_journal_yet_is_no_fault(patient: Patient) -> None:
    assert only(doctor.journal(patient)).state is State.LACKING


def test_file_that_is_no_journal_is_a_fault(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    patient.journal.write_bytes(b"not a journal" * 100)
    monkeypatch.setattr(doctor, "CHECKS", {"journal": doctor.journal})
    assert only(doctor.examine(patient)).state is State.BROKEN


def test_clock_before_the_journals_last_word_is_a_fault(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    patient.journal.touch()
    later = (datetime.now(UTC) + timedelta(days=400)).timestamp()
    os.utime(patient.journal, (later, later))
    assert only(doctor.clock(patient)).state is State.BROKEN


def test_clock_after_it_is_good(patient: Patient) -> None:
    patient.journal.touch()
    assert only(doctor.clock(patient)).state is State.GOOD


@pytest.fixture
def head_office() -> Iterator[Callable[[timedelta], str]]:
    """Starts a server whose clock is off by so much; it knows no page, and answers all the same."""
    servers: list[http.server.HTTPServer] = []

    def serve(off: timedelta) -> str:
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_error(404)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(datetime.now(UTC) + off, usegmt=True)

            def log_message(self, *_: Any) -> None:
                """No word: it is a test's."""

        server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_head_office_that_answers_is_good(tmp_path: Path, head_office: Callable[[timedelta], str]) -> None:
    url = head_office(timedelta())
    assert only(doctor.network(Patient(tmp_path, head_office=url))).state is State.GOOD


def test_head_office_whose_clock_is_elsewhere_is_told(tmp_path: Path, head_office: Callable[[timedelta], str]) -> None:
    finding = only(doctor.network(Patient(tmp_path, head_office=head_office(timedelta(minutes=-5)))))
    assert finding.state is State.LACKING
    assert "clock" in finding.words


def test_head_office_that_does_not_answer_stops_nothing(tmp_path: Path, free_port: int) -> None:
    finding = only(doctor.network(Patient(tmp_path, head_office=f"http://127.0.0.1:{free_port}")))
    assert finding.state is State.LACKING
    assert "does not answer" in finding.words


def test_what_is_no_address_is_not_opened(tmp_path: Path) -> None:
    finding = only(doctor.network(Patient(tmp_path, head_office="file:///etc/hostname")))
    assert finding.state is State.BROKEN


def test_counter_that_is_not_enrolled_has_no_head_office(patient: Patient) -> None:
    assert only(doctor.network(patient)).state is State.LACKING


def test_pages_without_their_libraries_are_a_fault(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.assets.static", lambda: tmp_path)
    finding = only(doctor.pages(patient))
    assert finding.state is State.BROKEN
    assert "htmx.js" in finding.words
