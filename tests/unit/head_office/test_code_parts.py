"""What the bundle says of listed codes by index: used ones, and homes; as a counter finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.code_lists import CodeCache
from kiosk.core.bundle import catalogue_of, open_bundle
from kiosk.core.code_lists import FoundCode
from kiosk.core.credential import digest, fold, present
from kiosk.core.fact import BundleInstalled
from kiosk.core.recognised import Credential
from kiosk.ports import CachedBundle
from sync.head_office.code_files import Home, read_code_file
from sync.head_office.office import HeadOffice
from sync.head_office.problems import RefusedPublication
from sync.head_office.publish import NewCodes, publish
from sync.head_office.sealing import renew
from tests.head_office_world import PROMOTIONS, SmallCounter, an_office, enrolled, line_to, opened


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return an_office(tmp_path)


@pytest.fixture
def counter(office: HeadOffice) -> SmallCounter:
    return enrolled(office)


def found(office: HeadOffice, code: str) -> Credential:
    credential = catalogue_of(opened(office), office.keys.fleet_key).credential(present(code), 0)
    assert credential is not None
    return credential


def redeem(office: HeadOffice, counter: SmallCounter, code: str, **changes: Any) -> int:
    n = counter.redeem(credential=digest(office.keys.fleet_key, "listed", fold(code)), **changes)
    counter.exchange()
    return n


def renewed(office: HeadOffice) -> None:
    bundle = office.store.latest_bundle()
    assert bundle is not None
    renew(office, office.store, bundle)


def used(office: HeadOffice) -> list[bool]:
    return [found(office, code).used_up for code in ("TACO-1", "TACO-2", "TACO-3")]


def test_a_redeemed_code_is_marked_in_the_next_bundle(office: HeadOffice, counter: SmallCounter) -> None:
    redeem(office, counter, "TACO-2")
    assert used(office) == [False, False, False]
    renewed(office)
    assert used(office) == [False, True, False]


def test_a_voided_use_is_marked_only_where_a_void_restores_nothing(office: HeadOffice, counter: SmallCounter) -> None:
    counter.undo(redeem(office, counter, "TACO-2"))
    counter.exchange()
    renewed(office)
    assert used(office) == [False, False, False]
    publish(office, promotions=PROMOTIONS.replace("    codes:", "    void_restores_use: false\n    codes:"))
    assert used(office) == [False, True, False]


def test_a_code_of_two_uses_is_marked_after_the_second(office: HeadOffice, counter: SmallCounter) -> None:
    publish(office, promotions=PROMOTIONS.replace("    codes:", "    limits: {per_code: 2}\n    codes:"))
    redeem(office, counter, "TACO-3")
    renewed(office)
    assert used(office) == [False, False, False]
    redeem(office, counter, "TACO-3")
    renewed(office)
    assert used(office) == [False, False, True]


def test_a_use_of_another_promotion_or_kind_marks_nothing(office: HeadOffice, counter: SmallCounter) -> None:
    redeem(office, counter, "TACO-1", promotion="pie")
    redeem(office, counter, "TACO-1", credential_kind="word")
    renewed(office)
    assert used(office) == [False, False, False]


# --- over the line, into the cache of codes


class Caching(SmallCounter):
    """A counter with a cache of codes, which puts in force what it installs."""

    def _install(self, bundle: CachedBundle, fact: BundleInstalled) -> None:
        super()._install(bundle, fact)
        root, cache = self.enrolment.root_key, self.cache
        cache.use(open_bundle(bundle.envelope, bundle.parts, root, 0, held=cache.held()).chunks)

    @property
    def cache(self) -> CodeCache:
        assert isinstance(self.chunks, CodeCache)
        return self.chunks

    def find(self, code: str) -> FoundCode | None:
        return self.cache.find(digest(self.enrolment.fleet_key, "listed", fold(code)))


@pytest.fixture
def caching(office: HeadOffice, tmp_path: Path) -> Caching:
    small = enrolled(office)
    return Caching(small.enrolment, small.key, line_to(office), chunks=CodeCache(tmp_path / "lists"))


def test_a_counter_takes_lists_into_its_cache_and_fetches_what_changed(office: HeadOffice, caching: Caching) -> None:
    caching.exchange()
    assert caching.find("TACO-2") == FoundCode("tacos", 1)
    assert caching.cached is not None
    assert not any(digest(office.keys.fleet_key, "listed", "taco2")[:9] in one for one in caching.cached.parts.values())
    publish(office, codes={"tacos": ["NEW-1"]})
    caching.exchange()
    assert caching.find("NEW-1") == FoundCode("tacos", 3)


def test_what_takes_its_time_is_told_while_it_is_done(office: HeadOffice, caching: Caching) -> None:
    caching.replicator.turn()
    assert [link.doing for link in caching.links if link.doing] == [
        "Fetching listed codes: part 1 of 1", "Taking in listed codes: 0 of 3", "Taking in listed codes: 3 of 3",
    ]  # fmt: skip
    assert caching.links[-1].doing is None
    assert caching.links[-1].online


def test_a_damaged_cache_is_filled_again_at_the_next_exchange(
    office: HeadOffice, caching: Caching, tmp_path: Path
) -> None:
    caching.exchange()
    assert caching.find("TACO-2")
    (path,) = (tmp_path / "lists").glob("*.codes")
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    for code in ("TACO-1", "TACO-2", "TACO-3"):
        caching.find(code)
    assert caching.fetcher.version == 0
    caching.exchange()
    assert caching.find("TACO-2") == FoundCode("tacos", 1)
    assert caching.fetcher.version == 1


# --- homes


def test_a_code_comes_with_the_home_that_its_file_gave_it(office: HeadOffice) -> None:
    file = read_code_file(b"code,home\nX-1,bayside\nX-2,bayside/bar\nX-3,\n", "codes.csv")
    publish(office, codes=NewCodes({"tacos": file.codes}, {"tacos": file.homes}))
    rights = [found(office, code).right for code in ("X-1", "X-2", "X-3", "TACO-1")]
    assert [right and right.home for right in rights] == ["bayside", "bayside/bar", None, None]
    publish(office, promotions=PROMOTIONS)
    assert found(office, "X-1").right is not None, "another publication leaves homes as they are"
    publish(office, codes={"tacos": ["X-1"]})
    assert found(office, "X-1").right is None, "another import takes the place of this one"


def test_a_home_that_is_no_store_and_no_counter_is_told_with_its_line(office: HeadOffice) -> None:
    file = read_code_file(b"X-1,bayside\nX-2,moon\nX-3,bayside/cellar\n", "codes.csv")
    with pytest.raises(RefusedPublication) as refused:
        publish(office, codes=NewCodes({"tacos": file.codes}, {"tacos": file.homes}))
    assert [(one.line, one.message) for one in refused.value.problems] == [
        (2, "'moon' is no store and no counter."),
        (3, "'bayside/cellar' is no store and no counter."),
    ]


@pytest.mark.parametrize(
    ("content", "homes"),
    [
        (b"A,bayside\nB\nC, \n", {"A": Home(1, "bayside")}),
        (b"Code,Home\nA,bayside\n", {"A": Home(2, "bayside")}),
        (b"code,note\nA,bayside\n", {}),
        (b"A\n", {}),
    ],
)
def test_the_second_column_of_a_csv_is_the_home_but_for_a_heading_that_says_otherwise(
    content: bytes, homes: dict[str, Home]
) -> None:
    assert read_code_file(content, "codes.csv").homes == homes


def test_a_file_of_lines_has_no_homes() -> None:
    assert read_code_file(b"A,bayside\n", "codes.txt").homes == {}
