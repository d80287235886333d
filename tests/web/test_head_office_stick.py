"""Head office's page of the stick: a file for each counter, and what counters wrote back, by the real path."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from sync.head_office import stick_page
from sync.head_office.office import HeadOffice
from sync.head_office.stick import OfficeStick
from tests.head_office_pages import Pages, signed_in
from tests.head_office_pages import pages as not_signed_in
from tests.head_office_world import SmallCounter, enrolled, twin
from tests.sticks import only, stick_of

FRONT = "counterfoil-to-head-office-from-bayside.front.stick"
ACTS = ("/counters/stick/files", "/counters/stick/write", "/counters/stick/read")


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    return signed_in(tmp_path)


@pytest.fixture
def office(pages: Pages) -> HeadOffice:
    return pages.office


@pytest.fixture
def front(office: HeadOffice) -> SmallCounter:
    return enrolled(office)


@pytest.fixture
def stick(pages: Pages, tmp_path: Path) -> Path:
    """A stick that head office knows the place of."""
    folder = tmp_path / "stick"
    folder.mkdir()
    pages.client.application.extensions["stick_folder"] = folder
    return folder


def upload(pages: Pages, *files: tuple[str, bytes]) -> TestResponse:
    form = {"csrf_token": pages.token(), "files": [(io.BytesIO(content), name) for name, content in files]}
    return pages.client.post("/counters/stick/files", data=form, content_type="multipart/form-data")


def written_by(counter: SmallCounter, place: Path) -> bytes:
    stick_of(counter, place).write_to(place)
    return (place / FRONT).read_bytes()


def test_the_page_of_counters_leads_to_the_stick(pages: Pages) -> None:
    assert 'href="/counters/stick"' in pages.get("/counters").text


def test_without_counters_the_page_says_how_they_come_in(pages: Pages) -> None:
    assert "No counter is enrolled yet" in pages.get("/counters/stick").text


def test_what_is_saved_for_a_counter_is_what_it_takes_in(pages: Pages, front: SmallCounter, tmp_path: Path) -> None:
    with pages.get("/counters/stick/bayside/front") as answer:
        content = answer.data
        assert answer.headers["Content-Length"] == str(len(content))
        assert "counterfoil-to-bayside.front-from-head-office.stick" in answer.headers["Content-Disposition"]
    read = stick_of(front, tmp_path).read(io.BytesIO(content), "saved")
    assert (read.refused, read.bundle_version) == (None, 1)


def test_no_file_is_made_for_a_counter_that_is_not_enrolled(pages: Pages) -> None:
    answer = pages.get("/counters/stick/bayside/bar")
    assert answer.mimetype == "text/html"
    assert "counter-not-enrolled" in answer.text


def test_an_uploaded_file_is_stored_and_told_by_the_counters_name(
    pages: Pages, front: SmallCounter, tmp_path: Path
) -> None:
    front.redeem()
    content = written_by(front, tmp_path)
    answer = upload(pages, (FRONT, content), ("again.stick", content)).text
    assert "Harbor Grill Bayside Front: 2 new entries." in answer
    assert "Harbor Grill Bayside Front: nothing new." in answer
    assert len(twin(pages.office).tables.log) == 1


def test_a_refused_file_is_told_beside_those_that_were_taken_in(
    pages: Pages, front: SmallCounter, tmp_path: Path
) -> None:
    content = written_by(front, tmp_path)
    answer = upload(pages, ("cut.stick", content[:-1]), (FRONT, content)).text
    assert "stick-cut-short" in answer
    assert "1 new entry" in answer
    assert 'role="alert"' in answer


def test_a_file_for_a_counter_is_none_for_head_office(pages: Pages, front: SmallCounter) -> None:
    with pages.get("/counters/stick/bayside/front") as answer:
        content = answer.data
    assert "There is nothing for head office." in upload(pages, ("x.stick", content)).text
    assert front.feed not in pages.office.store.heads()


def test_no_file_chosen_is_told(pages: Pages) -> None:
    assert "No file was chosen." in pages.post("/counters/stick/files").text


def test_one_tap_writes_for_all_and_one_takes_in(pages: Pages, front: SmallCounter, stick: Path) -> None:
    assert str(stick) in pages.get("/counters/stick").text
    assert "One file is on the stick." in pages.post("/counters/stick/write").text
    read = only(stick_of(front, stick).read_from(stick))
    assert read.bundle_version == 1
    stick_of(front, stick).write_to(stick)
    assert "2 new entries" in pages.post("/counters/stick/read").text


def test_a_stick_that_is_not_there_is_told(pages: Pages, stick: Path) -> None:
    stick.rmdir()
    enrolled(pages.office)
    for act in ("write", "read"):
        assert "stick-folder-missing" in pages.post(f"/counters/stick/{act}").text


def test_without_a_folder_there_is_nothing_to_tap(pages: Pages) -> None:
    assert "/counters/stick/write" not in pages.get("/counters/stick").text
    assert [pages.post(f"/counters/stick/{act}").status_code for act in ("write", "read")] == [404, 404]


def test_nobody_who_is_not_signed_in_gets_or_brings_a_file(tmp_path: Path) -> None:
    closed = not_signed_in(tmp_path)
    enrolled(closed.office)
    assert closed.get("/counters/stick/bayside/front").status_code == 303
    assert [closed.post(address).status_code for address in ACTS] == [303, 303, 303]


def test_an_endless_upload_is_cut(pages: Pages, front: SmallCounter, tmp_path: Path) -> None:
    content = written_by(front, tmp_path)
    pages.client.application.config["MAX_CONTENT_LENGTH"] = 400
    answer = upload(pages, (FRONT, content))
    assert answer.status_code == 413
    assert "have the stick read where it is put in" in answer.text
    assert front.feed not in pages.office.store.heads()


def test_what_the_page_does_is_what_the_command_does(pages: Pages, front: SmallCounter, tmp_path: Path) -> None:
    upload(pages, (FRONT, written_by(front, tmp_path)))
    before = twin(pages.office).tables.copy()
    OfficeStick(pages.office).read_from(tmp_path)
    assert twin(pages.office).tables == before


def test_a_clone_is_told_beside_its_name(pages: Pages, front: SmallCounter, tmp_path: Path) -> None:
    front.redeem()
    upload(pages, (FRONT, written_by(front, tmp_path)))
    clone = SmallCounter(front.enrolment, front.key, front.post)
    clone.redeem(clerk="mallory")
    answer = upload(pages, (FRONT, written_by(clone, tmp_path))).text
    assert "stick-two-histories" in answer
    assert "both are kept" in answer


def test_writing_without_counters_says_so(pages: Pages, stick: Path) -> None:
    assert "no counter is enrolled" in pages.post("/counters/stick/write").text


def test_too_many_files_at_once_are_told(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick_page, "MOST_FILES", 1)
    assert "2 files were chosen." in upload(pages, ("a.stick", b"x"), ("b.stick", b"x")).text
