"""All that reads what others wrote, fed with valid bytes made hostile and with bytes that were never anything.

Each target says which errors it may raise: those that are documented. Any other error, a case that takes over a
second, or one that takes more than 200 MB, is a finding, told with the words that repeat it::

    python -m tests.fuzz.parsers --target intake --seed 1 --first 412 --cases 1

A process of its own with a cap on its memory: :func:`in_a_child`.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz import targets
from tests.fuzz.mutations import mutated, random_bytes, rewritten

SLOW_S = 1.0
HANGS_S = 20.0
MORE_MEMORY_KB = 200_000
ADDRESS_SPACE_BYTES = 4 * 1024**3


@dataclass
class Tally:
    """What was tried, and what was found."""

    cases: int = 0
    refused: int = 0
    findings: list[str] = field(default_factory=list)


def case_of(target: targets.Target, seed: int, number: int) -> bytes:
    """The bytes of one case."""
    chance = random.Random(f"{target.name}/{seed}/{number}")
    sample = chance.choice(target.samples)
    way = chance.random()
    if way < 0.08:
        return random_bytes(chance)
    if target.is_cbor and way < 0.6:
        return rewritten(sample, chance)
    return mutated(sample, chance, target.samples)


def run(target: targets.Target, seed: int, first: int, cases: int, tally: Tally) -> None:
    """Feed ``cases`` of them."""
    for number in range(first, first + cases):
        raw = case_of(target, seed, number)
        words = f"--target {target.name} --seed {seed} --first {number} --cases 1 ({len(raw)} bytes {raw[:40].hex()})"
        faulthandler.dump_traceback_later(HANGS_S, exit=True)
        before_kb, begun_s = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
        try:
            target.feed(raw)
        except target.refusals:
            tally.refused += 1
        except Exception as error:  # noqa: BLE001 - any error that is not documented is what is looked for
            tally.findings.append(f"{type(error).__name__}: {error!s:.200} at {words}")
        taken_s = time.thread_time() - begun_s
        more_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
        if taken_s > SLOW_S:
            tally.findings.append(f"{taken_s:.1f} s at {words}")
        if more_kb > MORE_MEMORY_KB:
            tally.findings.append(f"{more_kb} kB at {words}")
        tally.cases += 1
    faulthandler.cancel_dump_traceback_later()


def main(arguments: Sequence[str]) -> None:
    """Feed the targets that are named, or all; the findings are one JSON line."""
    parser = argparse.ArgumentParser(prog="parsers")
    parser.add_argument("--target", action="append", choices=[one.name for one in targets.ALL])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int, default=1000, help="of each target")
    parser.add_argument("--seconds", type=float, default=0.0, help="go on with seed after seed for so long")
    args = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    chosen = [one for one in targets.ALL if not args.target or one.name in args.target]
    tallies = {one.name: Tally() for one in chosen}
    until_s, seed = time.monotonic() + args.seconds, args.seed
    while True:
        for one in chosen:
            run(one, seed, args.first, max(1, args.cases // one.costs), tallies[one.name])
        seed += 1
        if time.monotonic() >= until_s:
            break
    print(json.dumps({name: vars(tally) for name, tally in tallies.items()}))


def in_a_child(*arguments: str, timeout_s: float) -> dict[str, Tally]:
    """Run it apart, its memory capped; raises where it hung or died."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.parsers", *arguments],
        capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip
    if ran.returncode:
        raise AssertionError(f"the parsers' child ended with {ran.returncode}: {ran.stderr[-3000:]}")
    read: dict[str, dict[str, Any]] = json.loads(ran.stdout.splitlines()[-1])
    return {name: Tally(**told) for name, told in read.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
