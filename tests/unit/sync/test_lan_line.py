"""A counter's place on the local network as a whole: certificate, door, listed addresses, and what multicast finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import run_kiosk
from kiosk.config import CounterFolder
from kiosk.display import State
from kiosk.errors import SetupError
from kiosk.ports import LinkState
from kiosk.serving import bind
from sync.head_office.office import HeadOffice
from sync.lan import Address
from sync.lan_discovery import Discovery, own_addresses, tag
from sync.lan_line import LanLine, LanPlan, fetch_papers, parse_addresses
from sync.line import Ends, Nearby, open_line
from sync.neighbour_link import NeighbourLink
from sync.neighbourhood import Neighbourhood, OwnPapers
from tests.head_office_world import enrolled
from tests.lan_world import NearCounter

Arrive = Callable[..., NearCounter]
PATIENCE_S = 20.0


def until(holds: Callable[[], object]) -> None:
    """Wait for what other threads do; the limit is for a machine under load."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)  # between two looks; the deadline above decides


def lan_of(counter: NearCounter, *listed: Address, discover: bool = False) -> LanLine:
    plan = LanPlan(bind("127.0.0.1", 0), listed, discover, counter.folder / "certificates.cbor")
    return LanLine(
        plan,
        counter.side,
        counter.near,
        counter.neighbours,
        lambda: fetch_papers(counter.side, counter.line.post, counter.chance),
    )


@pytest.fixture
def opened() -> Iterator[Callable[[LanLine], LanLine]]:
    lines: list[LanLine] = []

    def start(line: LanLine) -> LanLine:
        lines.append(line)
        line.start()
        until(lambda: line.is_open)
        return line

    yield start
    for line in lines:
        line.stop()


def test_counters_at_listed_addresses_tell_each_other_by_themselves(
    front: NearCounter, bar: NearCounter, opened: Callable[[LanLine], LanLine]
) -> None:
    """Only one of the two lists the other: an exchange goes both ways."""
    opened(lan_of(front, bar.address))
    until(lambda: bar.neighbours.reached == 1 and front.counter.status().neighbours == 1)
    front.line.up = bar.line.up = False
    assert front.redeem("TACO-1").state is State.REDEEMED  # which wakes the link
    until(lambda: bar.counter.standing.tally("tacos").live == 1)
    assert bar.redeem("TACO-1").state is State.VERDICT


def test_counter_that_is_gone_is_no_longer_counted(front: NearCounter, bar: NearCounter) -> None:
    front.meet(bar)
    assert (front.neighbours.reached, bar.neighbours.reached) == (1, 1)
    front.clock.advance(30.0)
    assert front.neighbours.reached == 0


def test_certificate_is_asked_for_once_in_a_life(office: HeadOffice, front: NearCounter) -> None:
    path = front.folder / "certificates.cbor"
    anew = Neighbourhood(front.enrolment, path, lambda _feed: None)
    assert anew.papers == front.near.papers
    other = enrolled(office, "bayside", "front", key=1).enrolment  # the same counter's next life
    assert Neighbourhood(other, path, lambda _feed: None).papers is None


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"\xa1\x01\x41x", b"\xa1\x03\x81\x41x"])
def test_damaged_file_of_certificates_is_begun_anew(front: NearCounter, content: bytes) -> None:
    path = front.folder / "certificates.cbor"
    path.write_bytes(content)
    near = Neighbourhood(front.enrolment, path, lambda _feed: None)
    assert near.papers is None
    assert front.near.papers is not None
    near.take_papers(front.near.papers)
    assert Neighbourhood(front.enrolment, path, lambda _feed: None).papers == front.near.papers


def test_certificate_of_another_device_is_not_taken_for_ones_own(front: NearCounter, bar: NearCounter) -> None:
    assert bar.near.papers is not None
    with pytest.raises(Exception, match="certificate-foreign"):
        front.near.take_papers(OwnPapers(bar.near.papers.certificate, ()))
    assert front.near.papers is not None
    assert front.near.papers.certificate != bar.near.papers.certificate


def test_addresses_as_they_are_typed() -> None:
    assert parse_addresses("10.0.0.1:9000, till.local ,[fe80::1]:7,[fe80::2]") == (
        Address("10.0.0.1", 9000), Address("till.local", 8711), Address("fe80::1", 7), Address("fe80::2", 8711),
    )  # fmt: skip


@pytest.mark.parametrize("typed", ["10.0.0.1:", ":8711", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:x"])
def test_address_that_is_none_is_told(typed: str) -> None:
    with pytest.raises(SetupError, match="neighbours-malformed"):
        parse_addresses(typed)


# --- multicast -----------------------------------------------------------------------------------


def test_counters_of_one_store_find_each_other_and_no_one_elses(front: NearCounter, bar: NearCounter) -> None:
    """On loopback, where multicast passes without a network."""
    found: dict[str, list[Address]] = {}
    others = enrolled(front.line._office, "pier-9", "front", key=9).enrolment
    discoveries = [
        Discovery(one, "127.0.0.1", port, lambda seen, name=one.origin: found.__setitem__(name, seen))  # type: ignore[misc]
        for one, port in ((front.enrolment, 4001), (bar.enrolment, 4002), (others, 4003))
    ]
    for one in discoveries:
        one.start()
    try:
        until(lambda: found.get("bayside/front") and found.get("bayside/bar") and "pier-9/front" in found)
        assert found["bayside/front"] == [Address("127.0.0.1", 4002)]
        assert found["bayside/bar"] == [Address("127.0.0.1", 4001)]
        assert found["pier-9/front"] == []
        discoveries[1].stop()
        until(lambda: found["bayside/front"] == [])
    finally:
        for one in discoveries:
            one.stop()


def test_what_is_announced_names_neither_store_nor_counter(front: NearCounter, bar: NearCounter) -> None:
    said = {tag(front.enrolment, "bayside"), tag(front.enrolment, str(front.feed)), tag(bar.enrolment, str(bar.feed))}
    assert len(said) == 3
    assert all(len(one) == 16 and set(one) <= set("0123456789abcdef") for one in said)
    assert tag(front.enrolment, "bayside") == tag(bar.enrolment, "bayside")


def test_machine_is_announced_at_what_it_listens_on() -> None:
    assert own_addresses("192.0.2.7") == ["192.0.2.7"]
    assert "127.0.0.1" not in own_addresses("0.0.0.0")


# --- put together --------------------------------------------------------------------------------


def test_line_of_a_counter_opens_its_door_without_head_office_once_it_has_a_certificate(
    front: NearCounter, bar: NearCounter
) -> None:
    """As run_kiosk.py puts it together: nobody answers at head office's address."""
    listening = bind("127.0.0.1", 0)
    here = Address("127.0.0.1", listening.getsockname()[1])
    links: list[LinkState] = []
    line = open_line(
        Ends(
            enrolment=replace(front.enrolment, head_office_url="http://127.0.0.1:9"),
            device_key=front.key,
            journal=front.journal,
            clock=front.clock,
            checkpoint=front.side.take_checkpoint,
            learn=front.counter.learn,
            bundle_floor=lambda: 0,
            install=front.counter.install_bundle,
            tell=links.append,
            place=front.folder,
            nearby=Nearby(
                LanPlan(listening, (), False, front.folder / "certificates.cbor"),
                front.counter,
                lambda _feed: 0,
                lambda _feed: None,
            ),
        )
    )
    try:
        front.line.up = False
        front.redeem("TACO-1")
        bar.neighbours.follow([here])
        (link,) = bar.neighbours.links
        until(lambda: met(link))
        assert bar.counter.standing.tally("tacos").live == 1
        assert line.neighbours is not None
        assert line.neighbours.reached == 1
        until(lambda: links)
        assert not links[0].online
    finally:
        line.stop()


def met(link: NeighbourLink) -> bool:
    link.turn()
    return link.trouble is None


def test_door_is_shut_unless_it_is_asked_for(front: NearCounter) -> None:
    station: Any = SimpleNamespace(counter=front.counter, folder=CounterFolder(front.folder))
    assert run_kiosk.nearby(station, None, None) is None


def test_what_was_typed_is_what_is_opened(front: NearCounter) -> None:
    station: Any = SimpleNamespace(counter=front.counter, folder=CounterFolder(front.folder))
    with closing(bind("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match="choose another port with --lan"):
            run_kiosk.nearby(station, f"127.0.0.1:{port}", None)
    near = run_kiosk.nearby(station, f"127.0.0.1:{port}", "10.0.0.1:1,10.0.0.2")
    assert near is not None
    with closing(near.plan.listening):
        assert near.plan.listening.getsockname() == ("127.0.0.1", port)
        assert near.plan.listed == (Address("10.0.0.1", 1), Address("10.0.0.2", 8711))
        assert not near.plan.discover
    assert near.receipted_n(front.feed) == front.counter.standing.receipted_n(front.feed) > 0
    assert near.revoked_n(front.feed) is None
    alone = run_kiosk.nearby(station, f"127.0.0.1:{port}", None)
    assert alone is not None
    with closing(alone.plan.listening):
        assert alone.plan.discover
