"""A history as a list of steps, each a value that can be left out without changing what the others draw.

Rules of this module:

- A step names what happens, to whom by numbers that fit any world (they are taken modulo), and has its own ``salt``,
  from which all chance within it comes.
- The list is drawn from the seed and the schedule alone.
- A biased schedule weighs some kinds more, and plays *patterns*: kinds in a row, at one counter, that break a protocol
  that gets their order wrong.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

STEPS = 240
NAMED = 12_000
"""No ``what`` is drawn as high: one from here on names a code, number ``what // NAMED - 1``."""


class Step(NamedTuple):
    """One step: ``who`` and ``other`` are counters, ``what`` chooses among things, ``fault`` is what goes wrong."""

    kind: str
    who: int
    other: int
    what: int
    salt: int
    fault: str = ""


WEIGHTS: dict[str, int] = {
    "redeem": 110, "exchange": 45, "undo": 12, "answer": 4, "cut": 8, "heal": 7, "reboot": 4, "jump": 2,
    "office crash": 2, "office start": 9, "back up": 2, "restore": 1, "publish": 2, "enrol": 1, "clone": 1, "revoke": 1,
    "old disk": 1, "give back": 2, "pass on": 5, "lan": 12, "stick": 3, "undo other's": 2, "disk full": 1,
    "disk freed": 2, "old bundle": 2, "damage bundle": 1, "newer fact": 2, "forge": 3, "replay": 3,
}  # fmt: skip

FAULTS: dict[str, int] = {
    "": 60, "request lost": 4, "answer lost": 5, "twice": 5, "late": 4, "request cut short": 2, "request flipped": 3,
    "answer cut short": 2, "answer flipped": 3, "power cut": 8, "office power cut": 4,
}  # fmt: skip
MAY_FAIL = frozenset({"redeem", "exchange", "undo", "lan", "give back", "pass on", "answer", "old bundle"})


class Play(NamedTuple):
    """A step of a pattern; ``who`` counts from the counter where the pattern is played, the rest is fixed if given."""

    kind: str
    who: int = 0
    what: int | None = None
    fault: str | None = None


Pattern = Sequence[Play]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a history is drawn: weights, faults, ``whats`` to choose from by kind, ``patterns`` played now and then."""

    weights: Mapping[str, int]
    faults: Mapping[str, int] = field(default_factory=lambda: FAULTS)
    whats: Mapping[str, Sequence[int]] = field(default_factory=dict)
    patterns: Sequence[Pattern] = ()
    play: float = 0.0


UNIFORM = Schedule(WEIGHTS)
_FORGOTTEN_GRANT = (
    Play("back up"), Play("exchange"), Play("redeem"), Play("redeem"), Play("exchange"), Play("restore"),
    Play("exchange"),
)  # fmt: skip
_RETURNED_TWICE = (
    Play("heal"), Play("heal", 1), Play("office start"), Play("exchange", fault=""), Play("back up"),
    Play("give back", what=1, fault=""), Play("exchange", fault=""), Play("redeem", 1, 0, ""), Play("redeem", 1, 0, ""),
    Play("exchange", 1, fault=""), Play("redeem", 1, 0, ""), Play("exchange", 1, fault=""), Play("restore", what=1),
    Play("exchange", fault=""), Play("exchange", fault=""), Play("redeem", 0, 0, ""), Play("exchange", fault=""),
)  # fmt: skip
_OLD_AND_LATE = (
    Play("cut", what=1), Play("redeem", fault=""), Play("redeem", fault=""), Play("month"), Play("heal"),
    Play("office start"), Play("back up"), Play("exchange", fault=""), Play("restore", what=1),
    Play("exchange", fault=""), Play("prune"), Play("reboot"),
)  # fmt: skip
_OLD_AND_RECEIPTED = (
    Play("heal"), Play("office start"), Play("redeem"), Play("exchange", fault=""), Play("exchange", fault=""),
    Play("month"), Play("redeem"), Play("exchange", fault=""), Play("exchange", fault=""), Play("prune"),
    Play("reboot"), Play("redeem"),
)  # fmt: skip
_SAME_CODE_CUT_OFF = tuple(  # 7: of the promotion whose codes are honoured under a floor
    (
        Play("office start"), Play("exchange", fault=""), Play("exchange", 1, fault=""),
        Play("cut", what=1), Play("cut", 1, 1),
        Play("redeem", 0, NAMED * (1 + number) + 7, ""), Play("redeem", 1, NAMED * (1 + number) + 7, ""),
        Play("heal"), Play("heal", 1), Play("exchange", fault=""), Play("exchange", 1, fault=""),
    )
    for number in range(12)
)  # fmt: skip
BIASES: Mapping[str, Schedule] = {
    "restore after a grant": Schedule(WEIGHTS | {"cut": 4}, patterns=(_FORGOTTEN_GRANT, _RETURNED_TWICE), play=0.05),
    "void then crash": Schedule(
        WEIGHTS | {"redeem": 160, "undo": 25, "cut": 2, "publish": 0, "office crash": 0, "restore": 0, "jump": 0},
        FAULTS | {"power cut": 15},
        {"redeem": (0, 1, 2)},
        ((Play("redeem"), Play("undo", fault="power cut"), Play("exchange"), Play("redeem")),),
        0.08,
    ),
    "cut off": Schedule(WEIGHTS | {"cut": 30, "heal": 4, "lan": 30}),
    "doubles": Schedule(
        WEIGHTS | {"redeem": 130, "cut": 20, "heal": 20, "lan": 2, "exchange": 80, "jump": 0, "publish": 0},
        whats={"redeem": (7, 31, 7, 19)},
        patterns=_SAME_CODE_CUT_OFF,
        play=0.1,
    ),
    "forks": Schedule(WEIGHTS | {"clone": 6, "old disk": 6, "enrol": 4}),
    "bad line": Schedule(WEIGHTS | {"exchange": 90}, {"": 20} | {name: 10 for name in FAULTS if name}),
    "bad bundles": Schedule(
        WEIGHTS | {"publish": 20, "old bundle": 25, "damage bundle": 10, "reboot": 10, "exchange": 80},
        FAULTS | {"power cut": 40},
        {},
        ((Play("publish"), Play("exchange"), Play("damage bundle"), Play("old bundle")),),
        0.03,
    ),
    "set clocks": Schedule(WEIGHTS | {"jump": 20, "reboot": 20}),
    "old entries": Schedule(  # no clock is set: head office's, wrong by years, makes what is young old
        WEIGHTS | {"month": 1, "prune": 12, "reboot": 12, "restore": 0, "jump": 0, "clone": 0, "old disk": 0},
        patterns=(_OLD_AND_LATE, _OLD_AND_RECEIPTED),
        play=0.05,
    ),
    "old forks": Schedule(
        WEIGHTS | {"month": 1, "prune": 12, "reboot": 12, "restore": 0, "jump": 0, "clone": 6, "old disk": 6},
        patterns=(_OLD_AND_LATE, _OLD_AND_RECEIPTED),
        play=0.05,
    ),
    "dark office": Schedule(
        WEIGHTS | {"office crash": 8, "office start": 30, "back up": 10, "restore": 8, "exchange": 90},
        FAULTS | {"office power cut": 40, "late": 15},
    ),
}  # fmt: skip
"""By name; a biased run takes one by the seed, and a mutant has its own."""


SCHEDULES = ("uniform", "biased", "mixed", *sorted(BIASES))
"""All names that a history can be asked for by."""


def schedule_of(seed: int, name: str) -> Schedule:
    """The schedule of a seed: ``uniform``, ``biased`` (one of the biases by the seed), ``mixed`` (a quarter biased)."""
    biases = sorted(BIASES)
    if name == "biased" or (name == "mixed" and seed % 4 == 3):
        return BIASES[biases[seed // 4 % len(biases)]]
    return BIASES.get(name, UNIFORM)


def draw(seed: int, schedule: Schedule, count: int = STEPS) -> list[Step]:
    """The steps of a history."""
    chance = random.Random(f"steps:{seed}")
    kinds, weights = list(schedule.weights), list(schedule.weights.values())
    faults, fault_weights = list(schedule.faults), list(schedule.faults.values())
    steps: list[Step] = []
    while len(steps) < count:
        who = chance.randrange(60)
        row: Pattern = [Play(chance.choices(kinds, weights)[0])]
        if schedule.patterns and chance.random() < schedule.play:
            row = chance.choice(schedule.patterns)
        for play in row:
            fault = chance.choices(faults, fault_weights)[0] if play.kind in MAY_FAIL else ""
            what, choices = chance.randrange(10_000), schedule.whats.get(play.kind)
            if choices:
                what = choices[what % len(choices)]
            steps.append(
                Step(
                    play.kind,
                    who + play.who,
                    chance.randrange(60),
                    what if play.what is None else play.what,
                    chance.randrange(2**32),
                    fault if play.fault is None else play.fault,
                )
            )
    return steps
