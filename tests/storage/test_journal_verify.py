"""verify: each kind of damage is named, and nothing is changed by looking."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from kiosk.core.entry import Head
from kiosk.core.fact import encode_fact
from kiosk.errors import JournalError
from kiosk.journal import Broken, Journal, verify, verify_command
from tests.storage.journals import (
    HEAD_OFFICE,
    HEAD_OFFICE_PUBLIC_KEY,
    KEY,
    OWN,
    enrolled,
    redemption,
    segment,
    use_seen,
)

ENTRIES = 40
SEEN = 5


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal at rest with an own feed of 40 entries, two checkpoints, and a feed of head office's."""
    path = tmp_path_factory.mktemp("sound") / "journal.sqlite3"
    fill(enrolled(path)).close()
    return path


def fill(journal: Journal) -> Journal:
    journal.append([redemption(number) for number in range(2, 21)])
    journal.checkpoint_now(KEY, 1, 5)
    journal.append([redemption(number) for number in range(21, ENTRIES + 1)])
    journal.checkpoint_now(KEY, 1, 6)
    journal.store_segment(*segment([use_seen(n) for n in range(1, SEEN + 1)]))
    return journal


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sound, tmp_path / "journal.sqlite3"))


def tamper(path: Path, sql: str) -> None:
    """Change a journal at rest as somebody with the right tools would."""
    db = apsw.Connection(str(path))
    for (name,) in list(db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")):
        db.execute(f"DROP TRIGGER {name}")
    db.execute(sql)
    db.close()


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(JournalError) as refused:
        act()
    assert refused.value.what
    assert refused.value.cure
    return refused.value.code


_CONTENTS = """
import sys
from hashlib import sha256
from pathlib import Path
for file in sorted(Path(sys.argv[1]).iterdir()):
    print(file.name, file.stat().st_mtime_ns, sha256(file.read_bytes()).hexdigest())
"""


def contents(folder: Path) -> str:
    """Time and hash of each file, read by another program: reading here would drop this program's own locks."""
    return subprocess.run([sys.executable, "-c", _CONTENTS, folder], capture_output=True, text=True, check=True).stdout


# --- sound journals ---


def test_a_sound_journal_is_whole(path: Path) -> None:
    report = verify(path)
    assert report.ok
    assert report.broken is None
    assert report.entries == ENTRIES + SEEN
    own, head_office = report.feeds
    assert (own.feed, own.n, own.checkpoints, own.signatures_checked) == (str(OWN), ENTRIES, 2, 2)
    assert (head_office.feed, head_office.n, head_office.checkpoints) == (str(HEAD_OFFICE), SEEN, 1)
    assert head_office.signatures_checked == 0, "its feed names no key"


def test_the_heads_it_reports_are_the_journals_own(path: Path) -> None:
    report = verify(path)
    journal = Journal.open(path)
    assert [(feed.feed, Head(feed.n, feed.head)) for feed in report.feeds] == [
        (str(feed), head) for feed, head in journal.heads().items()
    ]
    journal.close()


def test_a_given_key_is_used_for_a_feed_that_names_none(path: Path) -> None:
    keys = {HEAD_OFFICE.origin: HEAD_OFFICE_PUBLIC_KEY}
    assert verify(path, keys=keys).feeds[1].signatures_checked == 1


def test_a_wrong_given_key_is_found(path: Path) -> None:
    broken = verify(path, keys={HEAD_OFFICE.origin: bytes(32)}).broken
    assert broken == Broken(str(HEAD_OFFICE), SEEN, "the signature of its checkpoint is not its writer's")


def test_a_journal_that_is_not_enrolled_is_whole(tmp_path: Path) -> None:
    Journal.open(tmp_path / "new.sqlite3").close()
    report = verify(tmp_path / "new.sqlite3")
    assert report.ok
    assert report.entries == 0


# --- looking changes nothing ---


def test_looking_at_a_journal_at_rest_changes_and_makes_no_file(path: Path) -> None:
    before = contents(path.parent)
    assert verify(path).ok
    assert contents(path.parent) == before


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """A journal that is open, its newest entries in the log alone."""
    path = tmp_path / "running" / "journal.sqlite3"
    path.parent.mkdir()
    journal = fill(enrolled(path))
    yield path
    journal.close()


def test_a_running_journal_is_read_with_what_its_log_holds(running: Path) -> None:
    before = contents(running.parent)
    script = "import sys; from pathlib import Path; from kiosk.journal import verify; print(verify(Path(sys.argv[1])))"
    told = subprocess.run([sys.executable, "-c", script, running], capture_output=True, text=True, check=True).stdout
    assert f"n={ENTRIES}" in told
    assert contents(running.parent) == before
    assert verify(running).entries == ENTRIES + SEEN, "and from within the same program"


@pytest.mark.parametrize("with_index", [False, True])
def test_a_copy_taken_with_its_log_is_read_with_what_the_log_holds(
    with_index: bool, running: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for suffix in ("", "-wal", "-shm") if with_index else ("", "-wal"):
        subprocess.run(["cp", "-p", f"{running}{suffix}", copy], check=True)
    before = contents(copy)
    assert verify(copy / running.name).entries == ENTRIES + SEEN
    assert contents(copy) == before


def test_a_counter_can_append_while_its_journal_is_walked(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = enrolled(path, 10)
    for number in range(30):
        assert verify(path).entries == 11 + number
        journal.append([redemption(100 + number)])
    journal.close()
    assert verify(path).entries == 41


_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)  # SQLite's range for readers
    except BlockingIOError:
        print("held")
"""


def test_looking_from_within_the_counter_leaves_its_locks_alone(running: Path) -> None:
    """Closing a plain file would drop them all (POSIX), and another program could then delete the log."""
    verify(running)
    told = subprocess.run([sys.executable, "-c", _LOCK, running], capture_output=True, text=True, check=True).stdout
    assert told == "held\n"


# --- damage ---

EDITED = {
    "edited body": ("UPDATE entry SET body = x'a0' WHERE feed = 1 AND n = 7", OWN, 7, "do not give its hash"),
    "edited first body": ("UPDATE entry SET body = x'a0' WHERE feed = 1 AND n = 1", OWN, 1, "do not give its hash"),
    "edited last body": ("UPDATE entry SET body = x'a0' WHERE feed = 1 AND n = 40", OWN, 40, "do not give its hash"),
    "emptied body": ("UPDATE entry SET body = x'' WHERE feed = 1 AND n = 7", OWN, 7, "do not give its hash"),
    "edited hash": ("UPDATE entry SET hash = zeroblob(32) WHERE feed = 1 AND n = 7", OWN, 7, "do not give its hash"),
    "deleted": ("DELETE FROM entry WHERE feed = 1 AND n = 7", OWN, 7, "missing; the next one found is 8"),
    "deleted first": ("DELETE FROM entry WHERE feed = 1 AND n = 1", OWN, 1, "missing"),
    "deleted last": ("DELETE FROM entry WHERE feed = 1 AND n = 40", OWN, 40, "missing; a checkpoint covers it"),
    "deleted all": ("DELETE FROM entry WHERE feed = 2", HEAD_OFFICE, 1, "missing"),
    "swapped": (
        "UPDATE entry SET n = 99 WHERE feed = 1 AND n = 7; UPDATE entry SET n = 7 WHERE feed = 1 AND n = 9;"
        "UPDATE entry SET n = 9 WHERE feed = 1 AND n = 99",
        OWN,
        7,
        "do not give its hash",
    ),
    "renumbered": ("UPDATE entry SET n = 400 WHERE feed = 1 AND n = 40", OWN, 40, "missing"),
    "moved to another feed": ("UPDATE entry SET feed = 2, n = 6 WHERE feed = 1 AND n = 40", OWN, 40, "missing"),
    "added": (
        "INSERT INTO entry SELECT feed, 6, hash, body FROM entry WHERE feed = 2 AND n = 5",
        HEAD_OFFICE,
        6,
        "do not give its hash",
    ),
    "feed renamed": ("UPDATE feed SET name = 'head-office@2' WHERE id = 2", "head-office@2", 1, "do not give its hash"),
    "feed name spoilt": ("UPDATE feed SET name = 'Head' WHERE id = 2", "Head", 1, "name is damaged"),
    "feed name gone": ("DELETE FROM feed WHERE id = 2", "(no name, row 2)", 1, "name is damaged"),
    "checkpoint's head": ("UPDATE checkpoint SET head = zeroblob(32) WHERE n = 20", OWN, 20, "its checkpoint covers"),
    "checkpoint's time": ("UPDATE checkpoint SET at_ms = 7 WHERE n = 20", OWN, 20, "signature"),
    "checkpoint's signature": ("UPDATE checkpoint SET signature = x'00' WHERE n = 40", OWN, 40, "signature"),
}


@pytest.mark.parametrize(("sql", "feed", "n", "why"), EDITED.values(), ids=EDITED.keys())
def test_what_was_edited_is_named(sql: str, feed: object, n: int, why: str, path: Path) -> None:
    tamper(path, sql)
    broken = verify(path).broken
    assert broken is not None
    assert (broken.feed, broken.n) == (str(feed), n)
    assert why in broken.why


def test_the_sound_feeds_beside_a_broken_one_are_reported(path: Path) -> None:
    tamper(path, "DELETE FROM entry WHERE feed = 1 AND n = 7")
    own, head_office = verify(path).feeds
    assert own.n == 6
    assert head_office.n == SEEN
    assert head_office.broken is None


def test_a_chain_rewritten_from_an_entry_on_breaks_its_checkpoint(path: Path) -> None:
    """Whoever has no key can hash anew, and cannot sign."""
    forged, _ = segment([use_seen(n) for n in (1, 2, 3, 4, 9)])
    tamper(path, "SELECT 1")
    db = apsw.Connection(str(path))
    for entry in forged:
        db.execute("UPDATE entry SET hash = ?, body = ? WHERE feed = 2 AND n = ?", (entry.hash, entry.body, entry.n))
    db.close()
    broken = verify(path).broken
    assert broken == Broken(str(HEAD_OFFICE), SEEN, "it is not the entry that its checkpoint covers")


def test_a_file_cut_short_is_named_with_an_entry(path: Path) -> None:
    journal = Journal.open(path)
    journal.append([redemption(number) for number in range(500)])
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    broken = verify(path).broken
    assert broken is not None
    assert broken.feed == str(OWN)
    assert 1 <= broken.n <= 540
    assert "cannot be read" in broken.why


def test_a_page_of_zeros_is_named_with_an_entry(path: Path) -> None:
    journal = Journal.open(path)
    journal.append([redemption(number) for number in range(500)])
    last = encode_fact(redemption(499))
    journal.close()
    whole = bytearray(path.read_bytes())
    page = whole.index(last) // 4096 * 4096
    whole[page : page + 4096] = bytes(4096)
    path.write_bytes(whole)
    broken = verify(path).broken
    assert broken is not None
    assert 450 < broken.n <= 540
    assert code_of(lambda: Journal.open(path)) == "journal-torn"


def test_a_damaged_page_of_the_bundle_cache_is_trouble_but_no_broken_entry(path: Path) -> None:
    tamper(path, "INSERT INTO bundle_part VALUES (zeroblob(32), zeroblob(20000))")
    whole = path.read_bytes()
    path.write_bytes(whole[:-4096])
    report = verify(path)
    assert report.trouble
    assert report.broken is None
    assert not report.ok


def test_a_missing_file_is_said_and_not_made(tmp_path: Path) -> None:
    assert code_of(lambda: verify(tmp_path / "journal.sqlite3")) == "journal-missing"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000, b"x"])
def test_a_file_that_is_no_journal_is_said(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    before = contents(path.parent)
    assert code_of(lambda: verify(path)) == "journal-foreign"
    assert contents(path.parent) == before


def test_another_programs_database_is_said(path: Path) -> None:
    path.unlink()
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE entry (feed, n, hash, body)")
    other.close()
    assert code_of(lambda: verify(path)) == "journal-foreign"


def test_a_journal_of_a_later_release_is_said(path: Path) -> None:
    later = apsw.Connection(str(path))
    later.pragma("user_version", 3)
    later.close()
    assert code_of(lambda: verify(path)) == "journal-newer"


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    assert code_of(lambda: verify(tmp_path)) == "journal-missing"


# --- the command ---


def test_the_command_answers_a_sound_journal_with_0(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = verify_command(path)
    assert code == 0
    assert answer["ok"] is True
    assert answer["entries"] == ENTRIES + SEEN
    assert answer["broken"] is None
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{OWN}: {ENTRIES} entries" in said.err


def test_the_command_answers_a_broken_journal_with_1(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(path, "UPDATE entry SET body = x'a0' WHERE feed = 1 AND n = 7")
    code, answer = verify_command(path)
    assert code == 1
    assert answer["broken"] == {"feed": str(OWN), "n": 7, "why": "its bytes do not give its hash"}
    assert f"{OWN}: broken at entry 7" in capsys.readouterr().err


def test_the_command_answers_no_journal_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = verify_command(tmp_path / "journal.sqlite3")
    assert code == 3
    assert answer["code"] == "journal-missing"
    assert "journal-missing" in capsys.readouterr().err
