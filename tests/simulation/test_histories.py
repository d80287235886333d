"""No history breaks an invariant, and each bug of one line is found: what CI plays of the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation import campaign
from tests.simulation.disk import Cut, Disk, PowerCut
from tests.simulation.mutants import MUTANTS
from tests.simulation.shrink import shrunk
from tests.simulation.steps import draw, schedule_of

JOBS = 1  # the other core has a browser
BLOCK = 25
TRACES = """
import sys
from tests.simulation.campaign import play_seeds
print(sorted(play_seeds([3, 4, 7], "mixed").traces.items()))
"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, 300, BLOCK))
def test_no_history_breaks_an_invariant(first: int) -> None:
    seen = campaign.play_all(range(first, first + BLOCK), "mixed", JOBS)  # some 6 s of two idle cores
    assert seen.failures == {}
    assert seen.redemptions > 10 * BLOCK


@pytest.mark.timeout(600)
def test_each_bug_of_one_line_is_found() -> None:
    found = campaign.hunt_all(list(MUTANTS), JOBS)
    assert {name for name, word in found.items() if not word.startswith("killed at ")} == set()


def test_one_seed_is_one_history_whatever_the_hash_seed(checkout: Path) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", TRACES],
            cwd=checkout,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(checkout)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].startswith("[(3, ")


def test_what_fails_is_told_in_under_thirty_steps_with_the_command_that_repeats_it() -> None:
    mutant = MUTANTS["void credited twice"]
    seed = mutant.seeds[0]
    with mutant.at_work():
        seen = campaign.play_seed(seed, "mixed")
        told = json.loads(campaign.as_json(seen, "mixed", {}))["violations"]
    assert [one["invariant"] for one in told] == ["I4"]
    assert len(told[0]["steps"]) < 30
    assert f"simulate --schedule mixed --trace {seed}" in told[0]["repeat"]


def test_counters_prune_and_start_on_what_stands_for_what_is_gone() -> None:
    world, violations = campaign.play(0, draw(0, schedule_of(0, "old entries")))
    pruned = [one for one in world.counters if one.journal.beginning(one.feed).after.n]
    assert violations == []
    assert pruned
    for one in pruned:
        again = world.restart(one)
        begin = again.journal.beginning(again.feed)
        assert begin.opened is not None
        assert again.journal.entries(again.feed, 0, 1)[0].n == begin.after.n + 1
        assert (again.standing.accounts.all_lots(), again.standing.bundle_floor) == (
            one.standing.accounts.all_lots(), one.standing.bundle_floor,
        )  # fmt: skip


def test_a_quarter_of_a_mixed_run_is_biased() -> None:
    biased = [seed for seed in range(40) if schedule_of(seed, "mixed") is not schedule_of(0, "uniform")]
    assert biased == list(range(3, 40, 4))


def test_steps_follow_from_the_seed_and_stay_the_same_where_others_are_left_out() -> None:
    steps = draw(5, schedule_of(5, "mixed"))
    assert steps == draw(5, schedule_of(5, "mixed"))
    assert steps != draw(6, schedule_of(6, "mixed"))


def test_a_list_is_shrunk_to_what_makes_it_fail() -> None:
    assert shrunk(range(100), lambda some: {13, 57} <= set(some)) == [13, 57]


@pytest.mark.parametrize(("leaves", "left"), [("kept", ["a", "b"]), ("lost", ["a"]), ("torn", ["a"])])
def test_a_disk_keeps_what_was_synced_and_of_the_rest_what_luck_leaves(leaves: str, left: list[str]) -> None:
    disk = Disk()
    disk.write("a")
    disk.sync()
    disk.cut = Cut(1, leaves)
    with pytest.raises(PowerCut):
        disk.write("b")
    assert disk.power_on() == left
