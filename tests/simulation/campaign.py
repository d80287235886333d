"""Many seeds, on several processors; what fails is shrunk and told with the command that repeats it."""

from __future__ import annotations

import contextlib
import json
import logging
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.auditor import Violation
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.published import texts_read_once
from tests.simulation.shrink import shrunk
from tests.simulation.steps import Step, draw, schedule_of
from tests.simulation.world import World

ALONG = 5
"""Seeds that one processor takes at a time."""


@dataclass(slots=True)
class Seen:
    """What one or more histories came to."""

    seeds: int = 0
    redemptions: int = 0
    tries: int = 0
    exchanges: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failures: dict[int, list[Violation]] = field(default_factory=dict)
    traces: dict[int, str] = field(default_factory=dict)

    def add(self, other: Seen) -> None:
        """Take another's figures in."""
        self.seeds += other.seeds
        self.redemptions += other.redemptions
        self.tries += other.tries
        self.exchanges += other.exchanges
        self.faults.update(other.faults)
        self.failures.update(other.failures)
        self.traces.update(other.traces)


def play(seed: int, steps: Sequence[Step]) -> tuple[World, list[Violation]]:
    """One history. A program under test that breaks down has broken I15."""
    logging.disable(logging.CRITICAL)  # the code under test tells a person of each fork
    world = World(seed)
    try:
        with texts_read_once():
            world.run(steps)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding with a seed
        world.auditor.broken("I15", f"{type(error).__name__}: {error}")
    return world, world.auditor.violations


def play_seed(seed: int, schedule: str) -> Seen:
    """The history of a seed."""
    world, violations = play(seed, draw(seed, schedule_of(seed, schedule)))
    seen = Seen(1, world.auditor.redemptions, world.tries, world.network.messages, world.counted_faults())
    seen.traces[seed] = world.trace.hexdigest()
    if violations:
        seen.failures[seed] = violations
    return seen


def play_seeds(seeds: Iterable[int], schedule: str) -> Seen:
    """The histories of some seeds."""
    seen = Seen()
    for seed in seeds:
        seen.add(play_seed(seed, schedule))
    return seen


def play_all(seeds: Sequence[int], schedule: str, jobs: int) -> Seen:
    """The histories of all seeds, ``jobs`` at a time."""
    seen = Seen()
    parts = [seeds[at : at + ALONG] for at in range(0, len(seeds), ALONG)]
    with _pool(jobs, len(parts)) as played:
        for one in played(play_seeds, parts, [schedule] * len(parts)):
            seen.add(one)
    return seen


def hunt(mutant: Mutant) -> str:
    """``killed at SEED``, or ``alive``."""
    for seed in mutant.seeds:
        steps = draw(seed, schedule_of(seed, mutant.schedule))
        with mutant.at_work():
            _, violations = play(seed, steps)
        if violations and not play(seed, steps)[1]:  # the bug's own doing
            return f"killed at {seed}"
    return "alive"


def hunt_all(names: Sequence[str], jobs: int) -> dict[str, str]:
    """What became of each mutant."""
    with _pool(jobs, len(names)) as hunted:
        return dict(zip(names, hunted(_hunt_name, names), strict=True))


def _hunt_name(name: str) -> str:
    return hunt(MUTANTS[name])


@contextlib.contextmanager
def _pool(jobs: int, parts: int) -> Iterator[Any]:
    if jobs < 2 or parts < 2:
        yield map
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield pool.map


def history(seed: int, schedule: str) -> list[str]:
    """The history of one seed, step by step, and what was broken."""
    world, violations = play(seed, draw(seed, schedule_of(seed, schedule)))
    lines = [f"{number:4} {line}" for number, line in enumerate(world.history)]
    return [*lines, *(f"step {one.step}: {one.invariant} {one.what}" for one in violations)]


def told(seed: int, violations: Sequence[Violation], schedule: str) -> dict[str, Any]:
    """A failing seed: the command that repeats it, and the fewest steps that still break the same invariant."""
    steps = draw(seed, schedule_of(seed, schedule))
    first = violations[0]
    fewest = shrunk(steps, lambda some: any(one.invariant == first.invariant for one in play(seed, some)[1]))
    world, left = play(seed, fewest)
    return {
        "seed": seed,
        "invariant": first.invariant,
        "what": next((one.what for one in left if one.invariant == first.invariant), first.what),
        "repeat": f"python3 run_kiosk.py simulate --schedule {shlex.quote(schedule)} --trace {seed}",
        "steps": world.history,
    }


def as_json(seen: Seen, schedule: str, mutants: dict[str, str], most_told: int = 3) -> str:
    """The last line."""
    failures = sorted(seen.failures.items())
    violations = [told(seed, found, schedule) for seed, found in failures[:most_told]]
    violations += [{"seed": seed, "invariant": found[0].invariant} for seed, found in failures[most_told:]]
    return json.dumps(
        {
            "seeds": seen.seeds,
            "redemptions": seen.redemptions,
            "tries": seen.tries,
            "exchanges": seen.exchanges,
            "faults": dict(sorted(seen.faults.items())),
            "violations": violations,
            "mutants": mutants,
        }
    )
