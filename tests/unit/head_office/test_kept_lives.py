"""Who was let in is kept outside the database: whole, growing only, and never with another key under the same name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sync.head_office.kept_lives import LIVES_FILE, LivesFile
from sync.head_office.records import Enrolment

LIFE = Enrolment(
    store="bayside", counter="front", incarnation=1, public_key=b"k" * 32, key_epoch=1, enrolled_at_ms=5
)  # fmt: skip
ENDED = replace(LIFE, counts_to=7, revoked_at_ms=9, revoked_why="stolen", revoked_by="ana")


def kept(place: Path) -> list[tuple[int, int | None]]:
    return [(one.incarnation, one.counts_to) for one in LivesFile(place).held()]


def test_what_is_kept_is_there_for_the_next_start(tmp_path: Path) -> None:
    lives = LivesFile(tmp_path)
    assert lives.held() == []
    lives.keep([LIFE])
    lives.keep([replace(LIFE, incarnation=2, key_epoch=2)])
    assert kept(tmp_path) == [(1, None), (2, None)]
    assert LivesFile(tmp_path).held()[0].enrolment() == LIFE
    assert (tmp_path / LIVES_FILE).stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_where_nothing_is_new(tmp_path: Path) -> None:
    lives = LivesFile(tmp_path)
    lives.keep([LIFE])
    (tmp_path / LIVES_FILE).unlink()
    lives.keep([replace(LIFE, last_contact_ms=8)])
    assert not (tmp_path / LIVES_FILE).exists()


def test_a_revocation_stays_and_only_moves_back(tmp_path: Path) -> None:
    lives = LivesFile(tmp_path)
    lives.keep([ENDED])
    lives.keep([LIFE])
    lives.keep([replace(ENDED, counts_to=9)])
    assert kept(tmp_path) == [(1, 7)]
    lives.keep([replace(ENDED, counts_to=0)])
    assert kept(tmp_path) == [(1, 0)]


def test_what_a_fork_put_in_quarantine_is_not_a_revocation(tmp_path: Path) -> None:
    LivesFile(tmp_path).keep([replace(LIFE, fenced=True, counts_to=7)])
    assert kept(tmp_path) == [(1, None)]


def test_another_key_under_the_same_name_is_left(tmp_path: Path) -> None:
    LivesFile(tmp_path).keep([LIFE])
    LivesFile(tmp_path).keep([replace(LIFE, public_key=b"x" * 32)])
    assert [one.public_key for one in LivesFile(tmp_path).held()] == [LIFE.public_key.hex()]


def test_a_file_that_nobody_can_read_is_as_if_it_were_missing(tmp_path: Path) -> None:
    for spoilt in (b"", b"{", b'[{"store": 1}]', b"[1]"):
        (tmp_path / LIVES_FILE).write_bytes(spoilt)
        assert LivesFile(tmp_path).held() == []
