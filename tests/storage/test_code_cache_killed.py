"""A real process is killed in the middle of installing code lists: the old state is there whole, or the new one is."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.storage.listed_bundles import ListedCounter

ROUNDS = 8

INSTALLER = """
import sys
from pathlib import Path
from tests.storage.listed_bundles import install_on_and_on

install_on_and_on(Path(sys.argv[1]))
"""


@pytest.mark.e2e
def test_a_counter_killed_while_it_installs_has_the_old_lists_whole_or_the_new_ones(tmp_path: Path) -> None:
    chance = random.Random(3)
    seen = 0
    for _ in range(ROUNDS):
        installed = install_until_killed(tmp_path, chance.randint(1, 60))
        found = ListedCounter(tmp_path)
        version = found.counter.catalogue.version
        assert version >= max(*installed, seen, 0), "what was said to be installed is"
        assert found.trouble == ()
        assert found.is_whole()
        assert found.take(version + 1), "and it goes on from there"
        seen = version + 1
        found.journal.close()
    assert seen > ROUNDS, "some installs got through"


def install_until_killed(folder: Path, lines: int) -> list[int]:
    """Start an installer, kill it once it has printed ``lines`` lines; the versions it said are installed."""
    command = [sys.executable, "-c", INSTALLER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as installer:
        assert installer.stdout is not None
        seen = [installer.stdout.readline() for _ in range(lines)]
        installer.kill()
        rest = installer.stdout.read().split("\n")[:-1]  # the last line may be cut
    said = [line.split() for line in [*seen, *rest]]
    return [int(words[1]) for words in said if words and words[0] == "installed"]
