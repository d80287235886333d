"""A real process is killed while it appends, again and again: what it acknowledged is there."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.core.fact import Redemption
from kiosk.journal import Journal, verify
from tests.storage.journals import enrolled

ROUNDS = 12

APPENDER = """
import sys
from pathlib import Path
from kiosk.journal import Journal
from tests.storage.journals import redemption

journal = Journal.open(Path(sys.argv[1]))
number = journal.heads()[journal.feed].n
while True:
    number += 1
    entry, = journal.append([redemption(number)])
    print(entry.n, flush=True)
"""


@pytest.mark.e2e
def test_a_writer_killed_in_a_loop_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    enrolled(path).close()
    chance = random.Random(2)
    for _ in range(ROUNDS):
        acknowledged = append_until_killed(path, chance.randint(1, 40))
        journal = Journal.open(path)
        facts = [(n, fact) for _, n, fact in journal.replay() if isinstance(fact, Redemption)]
        journal.close()
        assert facts[-1][0] >= acknowledged[-1]
        assert [int.from_bytes(fact.intent, "big") for _, fact in facts] == [n for n, _ in facts], "each once"
        assert verify(path).ok


def append_until_killed(path: Path, lines: int) -> list[int]:
    """Start a writer, kill it once it has acknowledged ``lines`` entries; all that it acknowledged."""
    with subprocess.Popen([sys.executable, "-c", APPENDER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        seen = [int(writer.stdout.readline()) for _ in range(lines)]
        writer.kill()
        rest = writer.stdout.read().split("\n")[:-1]  # the last line may be cut
    return seen + [int(line) for line in rest]
