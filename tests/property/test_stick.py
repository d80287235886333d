"""Sticks at random: any order of carrying counts each use once; no damage is taken in, and none is a crash."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.fact import UseSeen
from sync.head_office.stick import OfficeStick
from tests.head_office_world import SmallCounter, an_office, enrolled, twin
from tests.sticks import stick_of

CUTS = st.tuples(st.integers(0, 2_000), st.integers(0, 40), st.binary(max_size=40))  # where, how much goes, what comes
ACTS = ("front redeems", "bar redeems", "front writes", "bar writes", "front reads", "bar reads", "office writes",
        "office reads", "front calls", "keep a copy", "put the copy back")  # fmt: skip


class Round:
    """One stick, two counters, a head office; and a drawer in which an old copy of the stick's files lies."""

    def __init__(self, place: Path) -> None:
        self.stick = place / "stick"
        self.stick.mkdir()
        self.office = OfficeStick(an_office(place / "office"))
        self.front = enrolled(self.office.office)
        self.bar = enrolled(self.office.office, counter="bar", key=2)
        self.drawer: dict[str, bytes] = {}
        self.redeemed = 0

    def act(self, what: str) -> None:
        who, _, verb = what.partition(" ")
        if verb == "redeems":
            self.counter(who).redeem()
            self.redeemed += 1
        elif verb == "calls":
            self.counter(who).exchange()
        elif what == "keep a copy":
            self.drawer = {path.name: path.read_bytes() for path in self.stick.iterdir()}
        elif what == "put the copy back":
            for name, content in self.drawer.items():
                (self.stick / name).write_bytes(content)
        elif who == "office":
            self.office_acts(verb)
        elif verb == "writes":
            stick_of(self.counter(who), self.stick).write_to(self.stick)
        else:
            read = stick_of(self.counter(who), self.stick).read_from(self.stick)
            assert not [one for one in read.files if one.refused or one.notes]

    def office_acts(self, verb: str) -> None:
        if verb == "writes":
            self.office.write_to(self.stick)
        else:
            read = self.office.read_from(self.stick)
            assert not [one for one in read.files if one.refused or one.notes]

    def counter(self, who: str) -> SmallCounter:
        return self.front if who == "front" else self.bar


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(ACTS), max_size=25))
def test_whatever_way_a_stick_goes_each_use_arrives_once(acts: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        told = Round(Path(place))
        for act in acts:
            told.act(act)
        for act in ("front writes", "bar writes", "office reads", "office writes", "front reads", "bar reads"):
            told.act(act)
        for counter in (told.front, told.bar):
            uses = [(use.feed, use.n) for use in counter.told(UseSeen) if isinstance(use, UseSeen)]
            assert sorted(uses) == sorted((str(row.feed), row.n) for row in twin(told.office.office).tables.log)
        assert len(twin(told.office.office).tables.log) == told.redeemed


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[OfficeStick, bytes]:
    """A head office, and a file for it."""
    place = tmp_path_factory.mktemp("hostile")
    office = OfficeStick(an_office(place))
    front = enrolled(office.office)
    front.redeem()
    out = io.BytesIO()
    stick_of(front, place).write(out)
    return office, out.getvalue()


@settings(max_examples=300, deadline=1_000)
@given(st.lists(CUTS, min_size=1, max_size=4))
def test_no_damage_is_taken_in_and_none_is_a_crash(
    written: tuple[OfficeStick, bytes], cuts: list[tuple[int, int, bytes]]
) -> None:
    office, content = written
    damaged = content
    for at, length, put in cuts:
        damaged = damaged[:at] + put + damaged[at + length :]
    heads = office.office.store.heads()
    read = office.read(io.BytesIO(damaged), "damaged")
    if damaged == content:
        assert read.refused is None
    else:
        assert read.refused is not None
        assert office.office.store.heads() == heads


@settings(max_examples=200, deadline=1_000)
@given(st.binary(max_size=400), st.booleans())
def test_noise_is_refused(written: tuple[OfficeStick, bytes], noise: bytes, headed: bool) -> None:
    office, _ = written
    read = office.read(io.BytesIO((b"counterfoil-stick 1\n" if headed else b"") + noise), "noise")
    assert read.refused is not None
