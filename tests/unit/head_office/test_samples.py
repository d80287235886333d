"""Sample pictures of screens, from the file that a promotion names to what a counter shows beside a filmed one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.core.bundle import MAX_SAMPLE_BYTES, catalogue_of
from kiosk.vision.picture import picture_size
from sync.head_office.office import HeadOffice
from sync.head_office.people import add_clerk
from sync.head_office.problems import Problem, RefusedPublication
from sync.head_office.publish import check, publish
from sync.head_office.sample_files import QUALITIES, Samples, folder_samples, sent_samples
from tests.head_office_world import ORGANISATION, an_office, opened

TEXT = """promotions:
  - id: shrimp
    title: Free shrimp
    venue: Harbor Grill
    gives: One shrimp, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [screen]
    screen:
      offer: Free shrimp
      sample: samples/shrimp.png
"""


def tall(suffix: str = ".png") -> bytes:
    """A screenshot of a tall phone: 1080 x 2340."""
    drawn = np.full((2340, 1080, 3), 245, np.uint8)
    cv2.putText(drawn, "Free shrimp", (60, 700), cv2.FONT_HERSHEY_SIMPLEX, 4, (20, 20, 20), 9)
    return cv2.imencode(suffix, drawn)[1].tobytes()


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path / "office")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of promotions.yaml, with the picture it names."""
    (tmp_path / "texts" / "samples").mkdir(parents=True)
    (tmp_path / "texts" / "samples" / "shrimp.png").write_bytes(tall())
    return tmp_path / "texts"


def sample(office: HeadOffice, promotion: str = "shrimp") -> bytes | None:
    """The picture that a counter which opens the sealed bundle has."""
    return catalogue_of(opened(office), office.keys.fleet_key).sample(promotion)


def the_problem(office: HeadOffice, samples: Samples | None, named: str = "samples/shrimp.png") -> Problem:
    before = office.store.latest_bundle()
    with pytest.raises(RefusedPublication) as refused:
        publish(office, promotions=TEXT.replace("samples/shrimp.png", named), samples=samples)
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.path) == ("promotions", 10, "promotions[0].screen.sample")
    assert problem.column == 15
    assert problem.cure
    assert office.store.latest_bundle() == before
    return problem


def test_a_counter_has_the_picture_that_lies_beside_the_promotions(office: HeadOffice, folder: Path) -> None:
    publish(office, promotions=TEXT, samples=folder_samples(folder))
    picture = sample(office)
    assert picture is not None
    assert len(picture) <= MAX_SAMPLE_BYTES
    assert picture_size(picture) == (591, 1280)


def test_a_picture_full_of_detail_is_written_in_a_lower_quality(office: HeadOffice) -> None:
    grain = np.random.default_rng(1).integers(0, 256, (1280, 640, 3)).astype(np.uint8)
    noise = cv2.GaussianBlur(grain, (0, 0), 0.8)
    best = cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, QUALITIES[0]])[1]
    assert len(best) > MAX_SAMPLE_BYTES
    publish(office, promotions=TEXT, samples=sent_samples({"shrimp.png": cv2.imencode(".png", noise)[1].tobytes()}))
    picture = sample(office)
    assert picture is not None
    assert len(picture) <= MAX_SAMPLE_BYTES


@pytest.mark.parametrize("named", ["../secret.png", "/secret.png", "samples/../../secret.png", "..\\\\secret.png"])
def test_a_name_that_leads_out_of_the_folder_is_refused(office: HeadOffice, folder: Path, named: str) -> None:
    (folder.parent / "secret.png").write_bytes(tall())
    assert "outside" in the_problem(office, folder_samples(folder), f'"{named}"').message


def test_an_absolute_name_is_refused_even_below_the_folder(office: HeadOffice, folder: Path) -> None:
    assert "outside" in the_problem(office, folder_samples(folder), str(folder / "samples" / "shrimp.png")).message


@pytest.mark.parametrize("link", ["file", "folder"])
def test_a_link_that_leads_out_of_the_folder_is_refused(office: HeadOffice, folder: Path, link: str) -> None:
    away = folder.parent / "away"
    away.mkdir()
    (away / "shrimp.png").write_bytes(tall())
    (folder / "samples" / "shrimp.png").unlink()
    if link == "file":
        (folder / "samples" / "shrimp.png").symlink_to(away / "shrimp.png")
    else:
        (folder / "samples").rmdir()
        (folder / "samples").symlink_to(away, target_is_directory=True)
    assert "outside" in the_problem(office, folder_samples(folder)).message


def test_a_link_inside_the_folder_is_followed(office: HeadOffice, folder: Path) -> None:
    (folder / "link.png").symlink_to(folder / "samples" / "shrimp.png")
    publish(office, promotions=TEXT.replace("samples/shrimp.png", "link.png"), samples=folder_samples(folder))
    assert sample(office) is not None


def test_a_loop_of_links_is_a_problem_and_no_crash(office: HeadOffice, folder: Path) -> None:
    (folder / "round.png").symlink_to(folder / "round.png")
    the_problem(office, folder_samples(folder), "round.png")


def test_a_picture_that_is_missing_is_named_with_its_line(office: HeadOffice, folder: Path) -> None:
    problem = the_problem(office, folder_samples(folder), "samples/shrimps.png")
    assert "no sample picture 'samples/shrimps.png'" in problem.message


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg onload=alert(1)>", tall()[:500], b"\x89PNG\r\n\x1a\n" + b"\0" * 8 + b"\xff\xff\xff\xff" * 2 + b"IEND"],
)
def test_a_file_that_is_no_picture_is_refused(office: HeadOffice, folder: Path, content: bytes) -> None:
    (folder / "samples" / "shrimp.png").write_bytes(content)
    assert the_problem(office, folder_samples(folder)).cure.startswith("Choose a PNG")


def test_a_folder_is_no_picture(office: HeadOffice, folder: Path) -> None:
    assert "is not a file" in the_problem(office, folder_samples(folder), "samples").message


def test_checking_alone_finds_a_missing_picture_too(office: HeadOffice, tmp_path: Path) -> None:
    with pytest.raises(RefusedPublication):
        check(office, promotions=TEXT, samples=folder_samples(tmp_path))


# --- kept from one bundle to the next


def test_a_new_clerk_leaves_the_pictures_where_they_were(office: HeadOffice, folder: Path) -> None:
    publish(office, promotions=TEXT, samples=folder_samples(folder))
    before, version = sample(office), opened(office).version
    add_clerk(office, "Ana", ["bayside"], pin="2580")
    assert opened(office).version == version + 1
    assert before is not None
    assert sample(office) == before


def test_a_new_organisation_leaves_the_pictures_where_they_were(office: HeadOffice, folder: Path) -> None:
    publish(office, promotions=TEXT, samples=folder_samples(folder))
    before = sample(office)
    publish(office, organisation=ORGANISATION.replace("Harbor Group", "Harbour Group"))
    assert before is not None
    assert sample(office) == before


def test_a_picture_published_before_serves_whoever_names_it_still(office: HeadOffice, folder: Path) -> None:
    publish(office, promotions=TEXT, samples=folder_samples(folder))
    before = sample(office)
    publish(office, promotions=TEXT.replace("id: shrimp", "id: prawns"), samples=sent_samples({}))
    assert before is not None
    assert (sample(office, "prawns"), sample(office)) == (before, None)


def test_a_picture_published_before_does_not_serve_another_name(office: HeadOffice, folder: Path) -> None:
    publish(office, promotions=TEXT, samples=folder_samples(folder))
    problem = the_problem(office, sent_samples({}), "samples/prawn.png")
    assert problem.cure.startswith("Send prawn.png along")


def test_a_picture_whose_name_was_taken_out_is_in_no_bundle(office: HeadOffice, folder: Path) -> None:
    publish(office, promotions=TEXT, samples=folder_samples(folder))
    publish(office, promotions=TEXT.replace("      sample: samples/shrimp.png\n", ""))
    assert sample(office) is None
