"""The page of the stick at a counter: for shift managers, by a folder or by the browser, each refusal in words."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.errors import BundleError, ExchangeError, JournalError
from kiosk.ports import FolderRead, StickRead
from kiosk.web import stick_page
from kiosk.web.words_of_the_stick import WORDS
from tests.counter_pages import CHECKOUT, Pages
from tests.fakes_stick import FROM_OFFICE, NAME, FakeStick

HERE = Path("/media/stick")
ACTS = ("/stick/write", "/stick/read", "/stick/file")


def browser(stick: FakeStick | None, clerk: str) -> Pages:
    pages = Pages()
    pages.app.extensions["stick"] = stick
    assert pages.sign_in(clerk).status_code == 303
    pages.get("/")
    return pages


@pytest.fixture
def stick() -> FakeStick:
    return FakeStick(HERE)


@pytest.fixture
def ben(stick: FakeStick) -> Iterator[Pages]:
    """A shift manager."""
    pages = browser(stick, "ben")
    yield pages
    pages.app.extensions["stick"] = None


def upload(pages: Pages, content: bytes, name: str = FROM_OFFICE) -> TestResponse:
    form = {"csrf_token": pages.token, "file": (io.BytesIO(content), name)}
    return pages.client.post("/stick/file", data=form, content_type="multipart/form-data")


def refused(code: str) -> StickRead:
    return StickRead(FROM_OFFICE, refused=ExchangeError(code, "What it said itself", cure="Its own cure."))


def test_how_it_stands_leads_to_the_stick(ben: Pages) -> None:
    assert 'href="/stick"' in ben.get("/status").text


def test_a_counter_that_nothing_carries_for_has_no_such_page(ben: Pages) -> None:
    ben.app.extensions["stick"] = None
    assert 'href="/stick"' not in ben.get("/status").text
    assert ben.get("/stick").status_code == 404


def test_a_clerk_is_told_who_may_and_may_not(stick: FakeStick) -> None:
    ana = browser(stick, "ana")
    page = ana.get("/stick")
    assert "A shift manager does this" in page.text
    assert "/stick/write" not in page.text
    assert [ana.post(address).status_code for address in ACTS] == [403, 403, 403]
    assert ana.get("/stick/file").status_code == 403
    assert stick.done == []
    ana.app.extensions["stick"] = None


def test_nobody_who_is_not_signed_in_gets_a_file(stick: FakeStick) -> None:
    pages = Pages()
    pages.app.extensions["stick"] = stick
    answer = pages.get("/stick/file")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert stick.done == []
    pages.app.extensions["stick"] = None


def test_one_tap_writes_onto_the_stick(ben: Pages, stick: FakeStick) -> None:
    assert str(HERE) in ben.get("/stick").text
    answer = ben.post("/stick/write")
    assert "Written, with 12 new entries of this counter." in answer.text
    assert NAME in answer.text
    assert stick.done == ["write to stick"]


def test_what_did_not_fit_is_told(ben: Pages, stick: FakeStick) -> None:
    stick.more = True
    assert "Not all fitted." in ben.post("/stick/write").text


def test_one_tap_takes_in_what_is_on_the_stick(ben: Pages, stick: FakeStick) -> None:
    answer = ben.post("/stick/read")
    assert "Taken in: 3 new entries. Promotions: version 5." in answer.text
    assert stick.done == ["read from stick"]


def test_the_same_stick_again_says_that_nothing_is_new(ben: Pages, stick: FakeStick) -> None:
    stick.found = FolderRead((StickRead(FROM_OFFICE, "head-office", 1),), others=0)
    assert "nothing that was not here before" in ben.post("/stick/read").text


def test_a_stick_with_nothing_for_this_counter_says_so(ben: Pages, stick: FakeStick) -> None:
    stick.found = FolderRead((), others=3)
    assert "There is nothing for this counter." in ben.post("/stick/read").text


def test_without_a_folder_there_is_nothing_to_tap_but_files(ben: Pages, stick: FakeStick) -> None:
    stick.folder = None
    page = ben.get("/stick").text
    assert "/stick/write" not in page
    assert 'href="/stick/file"' in page
    assert ben.post("/stick/write").status_code == 404
    assert ben.post("/stick/read").status_code == 404


def test_the_file_for_head_office_is_downloaded_whole_under_its_name(ben: Pages) -> None:
    with ben.get("/stick/file") as answer:
        assert answer.data == b"sealed" * 100_000
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{NAME}"'
        assert answer.headers["Content-Length"] == "600000"


def test_a_download_that_fails_is_a_page_and_no_broken_file(ben: Pages, stick: FakeStick) -> None:
    stick.fault = JournalError("journal-disk-full", "The disk is full", cure="Free some space.")
    answer = ben.get("/stick/file")
    assert answer.mimetype == "text/html"
    assert "The disk of this counter is full" in answer.text


def test_a_file_that_the_browser_chose_is_taken_in(ben: Pages, stick: FakeStick) -> None:
    content = bytes(range(256)) * 1_000  # larger than any other form may be
    assert "3 new entries" in upload(ben, content).text
    assert stick.uploaded == [(FROM_OFFICE, content)]


def test_a_name_from_outside_carries_no_control_characters_and_no_markup(ben: Pages, stick: FakeStick) -> None:
    upload(ben, b"x", "a\x1b[2J" + "n" * 300)
    name = stick.uploaded[0][0]
    assert name.isprintable()
    assert len(name) <= stick_page.SHOWN_NAME
    stick.found = FolderRead((StickRead("<script>.stick"),), 0)
    assert "<script>.stick" not in upload(ben, b"x").text


def test_an_upload_without_a_file_is_malformed(ben: Pages, stick: FakeStick) -> None:
    assert ben.post("/stick/file").status_code == 422
    assert stick.uploaded == []


def test_an_endless_upload_is_cut(ben: Pages, stick: FakeStick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick_page, "MAX_UPLOAD_BYTES", 1_000)
    monkeypatch.setattr(stick_page, "FORM_ROOM_BYTES", 1_000)
    assert upload(ben, bytes(3_000)).status_code == 413
    assert stick.uploaded == []


def test_a_large_form_stays_refused_for_everybody_else(stick: FakeStick) -> None:
    ana = browser(stick, "ana")
    assert upload(ana, bytes(300_000)).status_code == 413
    ana.app.extensions["stick"] = None


@pytest.mark.parametrize("code", sorted(WORDS))
def test_each_refusal_is_told_in_words_with_its_code(ben: Pages, stick: FakeStick, code: str) -> None:
    stick.found = FolderRead((refused(code),), 0)
    answer = ben.post("/stick/read").text
    assert answer.count(code) == 1
    assert "What it said itself" not in answer
    assert 'role="alert"' in answer


def test_an_unknown_refusal_comes_in_its_own_words(ben: Pages, stick: FakeStick) -> None:
    stick.found = FolderRead((refused("message-signature"),), 0)
    assert "What it said itself.</b> Its own cure." in ben.post("/stick/read").text


def test_older_promotions_are_a_note_beside_what_was_taken_in(ben: Pages, stick: FakeStick) -> None:
    note = BundleError("bundle-older", "Bundle 3 is older than bundle 5", cure="-")
    stick.found = FolderRead((StickRead(FROM_OFFICE, "head-office", 1, entries=1, notes=(note,)),), 0)
    answer = ben.post("/stick/read").text
    assert "Taken in: 1 new entry." in answer
    assert "Its promotions are older than those here" in answer
    assert 'role="status"' in answer


def test_every_refusal_of_a_stick_has_its_words_here() -> None:
    sources = [*(CHECKOUT / "sync").glob("*stick*.py")]
    raised = {code for path in sources for code in re.findall(r'"(stick-[a-z-]+)"', path.read_text(encoding="utf-8"))}
    assert raised
    assert raised - set(WORDS) == set()


@pytest.mark.parametrize("act", ["write", "read"])
def test_a_stick_that_is_not_there_is_told(ben: Pages, stick: FakeStick, act: str) -> None:
    stick.fault = ExchangeError("stick-folder-missing", "-", cure="-")
    assert "There is no stick." in ben.post(f"/stick/{act}").text
