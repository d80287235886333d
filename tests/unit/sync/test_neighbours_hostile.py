"""Who is on a shop's network and is no neighbour, and what a neighbour cannot do: refused by name, nothing changed.

Attacks: stranger, self-signed certificate, another store's counter, revoked device, replaced device, set-back clock,
passed-on message, foreign feed, forged segment, spliced segment, cloned disk, endless data, flood.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.core.entry import NO_ENTRIES, Entry, FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Answered, Revoked, Void, encode_fact
from kiosk.display import State
from kiosk.errors import ExchangeError
from sync.certificates import authority, issue
from sync.exchange import ask
from sync.head_office import certify, intake
from sync.head_office.office import HeadOffice
from sync.lan import MOST_FROM_ONE_ADDRESS, call
from sync.lan_line import fetch_papers
from sync.lan_tls import client_context
from sync.neighbourhood import OwnPapers
from sync.wire import EXCHANGE_PATH, MAX_MESSAGE_BYTES, Exchange, Kind, Party, Segment, encode_exchange, seal
from tests.head_office_world import enrolled, key_number
from tests.lan_world import NearCounter
from tests.twins import NOON_MS

Arrive = Callable[..., NearCounter]
NONCE = b"n" * 16
STRANGER = key_number(66)


def image(counter: NearCounter) -> dict[FeedId, tuple[Head, int]]:
    """All that a counter holds and has folded."""
    heads = counter.journal.heads()
    return {feed: (head, counter.counter.standing.waiting(feed)) for feed, head in heads.items()}


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(ExchangeError) as error:
        act()
    return error.value.code


def sent(to: NearCounter, papers: OwnPapers, key: Any, message: bytes, path: str = EXCHANGE_PATH) -> bytes:
    """What ``to`` answers to a message of one who shows these papers and believes whoever answers."""
    with call(to.address, client_context(papers, key), to.near.meet) as open_call:
        return open_call.post(path, message)


def said_by(feed: FeedId, key: Any, *bodies: bytes, after: Head = NO_ENTRIES) -> Segment:
    """A segment with a checkpoint by ``key``, whoever that is."""
    last: Entry = chain(feed, after, bodies)[-1]
    mark = sign_checkpoint(feed, Head(last.n, last.hash), 1, NOON_MS, key)
    return Segment(feed, after, bodies, mark)


def message_of(counter: NearCounter, to: NearCounter, *segments: Segment) -> bytes:
    body = encode_exchange(Exchange({}, segments))
    return seal(
        Kind.EXCHANGE, body, party=counter.side.us, recipient=to.feed.origin, nonce=NONCE, at_ms=NOON_MS
    )  # fmt: skip


ANSWERED = encode_fact(Answered(at_ms=NOON_MS, n=1, clerk="eve"))


# --- who it is -----------------------------------------------------------------------------------


def test_stranger_with_a_certificate_of_his_own_making_is_not_let_in(
    office: HeadOffice, front: NearCounter, bar: NearCounter
) -> None:
    before = image(front)
    feed = FeedId("bayside/bar", 1)
    self_signed = issue(feed, 1, STRANGER.public_key().public_bytes_raw(), STRANGER)
    papers = OwnPapers(self_signed, (authority(office.keys.feed),))
    message = ask(
        bar.side.side, {}, us=Party("bayside/bar", 1, STRANGER), recipient="bayside/front", nonce=NONCE, at_ms=1
    )
    assert refused(lambda: sent(front, papers, STRANGER, message)) == "neighbour-refuses"
    assert image(front) == before
    assert bar.meet(front)  # and the door is open for others


def test_stranger_that_answers_at_a_neighbours_address_is_told_nothing(front: NearCounter, bar: NearCounter) -> None:
    strangers = OwnPapers(
        issue(bar.feed, 1, STRANGER.public_key().public_bytes_raw(), STRANGER), (authority(STRANGER),)
    )
    before = image(bar)
    assert bar.door is not None
    bar.door.close()
    bar.key = STRANGER
    bar.open_door(strangers)
    assert refused(lambda: front.meet(bar)) == "neighbour-untrusted"
    assert image(bar) == before


def test_caller_without_a_certificate_is_not_let_in(front: NearCounter) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place = (front.address.host, front.address.port)
    refusal = pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED")
    with socket.create_connection(place, 3) as plain, context.wrap_socket(plain) as connection, refusal:
        connection.recv(1)


def test_older_tls_is_not_spoken(front: NearCounter) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((front.address.host, front.address.port), 3) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain)


def test_counter_of_another_store_is_refused_by_whoever_is_called_and_by_whoever_calls(
    front: NearCounter, arrive: Arrive
) -> None:
    pier = arrive("front", 7, store="pier-9")
    before = image(front), image(pier)
    assert refused(lambda: front.meet(pier)) == "neighbour-elsewhere"
    assert pier.near.papers is not None
    with call(front.address, client_context(pier.near.papers, pier.key), front.near.meet) as way:
        assert refused(lambda: way.post(EXCHANGE_PATH, message_of(pier, front))) == "neighbour-elsewhere"
    assert (image(front), image(pier)) == before


def test_revoked_device_is_refused_as_soon_as_head_office_has_said_so(
    office: HeadOffice, front: NearCounter, bar: NearCounter
) -> None:
    front.meet(bar)
    told = Revoked(at_ms=NOON_MS, feed=str(bar.feed), n=1, why="stolen")
    intake.tell(office, intake.own_feed(office), [told])
    front.replicator.exchange_once()
    before = image(front)
    bar.line.up = False
    bar.redeem("TACO-1")
    assert refused(lambda: front.meet(bar)) == "neighbour-revoked"
    assert refused(lambda: bar.meet(front)) == "neighbour-revoked"
    assert image(front) == before


def test_revocation_reaches_a_counter_without_a_line_by_its_neighbours(
    office: HeadOffice, front: NearCounter, bar: NearCounter, arrive: Arrive
) -> None:
    grill = arrive("grill", 3)
    front.line.up = False
    intake.tell(office, intake.own_feed(office), [Revoked(at_ms=NOON_MS, feed=str(bar.feed), n=1, why="stolen")])
    grill.replicator.exchange_once()
    front.meet(grill)
    assert refused(lambda: front.meet(bar)) == "neighbour-revoked"


def test_entries_of_a_stolen_device_are_taken_from_nobody_and_the_carrier_is_not_refused_for_them(
    office: HeadOffice, front: NearCounter, bar: NearCounter, arrive: Arrive
) -> None:
    grill = arrive("grill", 3)
    front.meet(bar)
    good_n = front.journal.heads()[bar.feed].n
    grill.line.up = bar.line.up = False
    bar.redeem("TACO-1")  # by a thief
    grill.meet(bar)
    intake.tell(office, intake.own_feed(office), [Revoked(at_ms=NOON_MS, feed=str(bar.feed), n=good_n, why="stolen")])
    front.replicator.exchange_once()
    grill.redeem("TACO-2")
    grill.meet(front)
    assert front.journal.heads()[bar.feed].n == good_n
    assert front.journal.heads()[grill.feed] == grill.journal.heads()[grill.feed]
    assert grill.counter.standing.revoked == {str(bar.feed): good_n}
    assert front.redeem("TACO-1").state is State.REDEEMED


def test_device_that_was_replaced_is_refused(office: HeadOffice, front: NearCounter, arrive: Arrive) -> None:
    old = arrive("bar", 2)
    front.meet(old)
    new = arrive("bar", 8)
    assert new.feed.incarnation == 2
    front.meet(new)
    before = image(front)
    assert refused(lambda: front.meet(old)) == "neighbour-replaced"
    assert refused(lambda: old.meet(front)) == "neighbour-replaced"
    assert image(front) == before


def test_replaced_or_fenced_device_gets_no_certificate(office: HeadOffice, front: NearCounter, arrive: Arrive) -> None:
    old, _new = arrive("bar", 2), arrive("bar", 8)
    assert refused(lambda: fetch_papers(old.side, old.line.post, old.chance)) == "certificate-refused"
    (life,) = intake.lives_of(office, "bayside/front")
    office.store.put_enrolment(replace(life, fenced=True))
    assert refused(lambda: fetch_papers(front.side, front.line.post, front.chance)) == "certificate-refused"


def test_stranger_gets_no_certificate_of_head_office(office: HeadOffice) -> None:
    enrolled(office)
    message = seal(
        Kind.CERTIFICATE,
        b"\xa0",
        party=Party("bayside/front", 1, STRANGER),
        recipient="head-office",
        nonce=NONCE,
        at_ms=1,
    )
    assert refused(lambda: certify.give_certificate(office, message)) == "message-signature"


def test_counter_that_lists_its_own_address_talks_to_nobody(front: NearCounter) -> None:
    assert refused(lambda: front.meet(front)) == "neighbour-self"


# --- clocks --------------------------------------------------------------------------------------


def test_set_back_clock_locks_no_counter_out(front: NearCounter, bar: NearCounter) -> None:
    front.line.up = False
    front.clock.at = datetime(1990, 1, 1, tzinfo=UTC)
    front.meet(bar)
    bar.redeem("TACO-1")
    bar.meet(front)
    assert bar.feed in front.journal.heads()


def test_certificate_whose_dates_are_over_is_taken_all_the_same(
    office: HeadOffice, front: NearCounter, bar: NearCounter
) -> None:
    """Its dates say nothing: it ends by head office's word. So no clock, right or wrong, can shut a store's door."""
    made = x509.load_der_x509_certificate(issue(bar.feed, 1, bar.key.public_key().public_bytes_raw(), office.keys.feed))
    builder = x509.CertificateBuilder(
        made.issuer, made.subject, made.public_key(), made.serial_number,
        datetime(2001, 1, 1, tzinfo=UTC), datetime(2002, 1, 1, tzinfo=UTC), list(made.extensions),
    )  # fmt: skip
    over = builder.sign(office.keys.feed, None).public_bytes(Encoding.DER)
    assert bar.door is not None
    bar.door.close()
    bar.open_door(OwnPapers(over, (authority(office.keys.feed),)))
    front.redeem("TACO-1")
    assert front.meet(bar)[0] > 0
    assert bar.meet(front)


# --- what a neighbour cannot do ------------------------------------------------------------------


def test_neighbour_cannot_pass_on_anothers_message(front: NearCounter, bar: NearCounter, arrive: Arrive) -> None:
    grill = arrive("grill", 3)
    assert bar.near.papers is not None
    papers = bar.near.papers
    assert refused(lambda: sent(front, papers, bar.key, message_of(grill, front))) == "party-unknown"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("pier-9/front@1", "feed-foreign"),
        ("head-office/pier-9/front@1", "feed-foreign"),
        ("bayside/front@1", "feed-foreign"),  # its reader's own
        ("bayside/grill@1", "segment-signature"),
        ("bayside/grill@2", "key-epoch-unknown"),
        ("head-office@1", "segment-signature"),
        ("head-office/bayside/front@1", "segment-signature"),
    ],
)
def test_neighbour_cannot_write_in_anothers_name(
    front: NearCounter, bar: NearCounter, arrive: Arrive, name: str, code: str
) -> None:
    grill = arrive("grill", 3)
    front.meet(grill)
    before = image(front)
    assert bar.near.papers is not None
    papers, forged = bar.near.papers, said_by(FeedId.parse(name), bar.key, ANSWERED)
    assert refused(lambda: sent(front, papers, bar.key, message_of(bar, front, forged))) == code
    assert image(front) == before


def test_neighbour_cannot_leave_out_an_entry_of_anothers(front: NearCounter, bar: NearCounter, arrive: Arrive) -> None:
    grill = arrive("grill", 3)
    front.meet(grill)
    grill.redeem("TACO-1")
    grill.side.take_checkpoint()
    head = front.journal.heads()[grill.feed]
    entries = grill.journal.entries(grill.feed, head.n, 9)
    mark = grill.journal.checkpoint(grill.feed)
    assert mark is not None
    spliced = Segment(grill.feed, head, tuple(entry.body for entry in entries[1:]), mark)
    before = image(front)
    assert bar.near.papers is not None
    papers = bar.near.papers
    assert refused(lambda: sent(front, papers, bar.key, message_of(bar, front, spliced))) == "segment-chain"
    assert image(front) == before


def test_neighbour_cannot_undo_what_it_did_not_redeem(front: NearCounter, bar: NearCounter) -> None:
    front.redeem("TACO-1")
    n = front.journal.heads()[front.feed].n
    bar.meet(front)
    bar.journal.append([Void(at_ms=NOON_MS, feed=str(front.feed), n=n, clerk="eve", reason="mine now")])
    bar.meet(front)
    assert front.counter.standing.tally("tacos").live == 1
    assert front.redeem("TACO-1").state is State.VERDICT


def test_copied_disk_is_told_to_a_person_and_nothing_of_it_is_applied(front: NearCounter, bar: NearCounter) -> None:
    front.redeem("TACO-1")
    front.meet(bar)
    head = bar.journal.heads()[front.feed]
    second = said_by(front.feed, front.key, ANSWERED, after=Head(head.n - 1, _hash(bar, front.feed, head.n - 1)))
    front.side.take_checkpoint()
    assert front.near.papers is not None
    sent(bar, front.near.papers, front.key, message_of(front, bar, second))
    assert [fork.feed for fork in bar.forks] == [front.feed]
    assert bar.journal.heads()[front.feed] == head


def test_restored_journal_hears_of_it_from_its_neighbour(
    front: NearCounter, bar: NearCounter, office: HeadOffice
) -> None:
    front.redeem("TACO-1")
    front.meet(bar)
    longer = bar.journal.heads()[front.feed]
    front.leave()
    (front.folder / "journal.db").unlink()
    front._open()
    front.open_door()
    front.meet(bar)
    assert bar.journal.heads()[front.feed] == longer
    assert front.neighbours.trouble is not None
    (trouble,) = front.counter.status().trouble
    assert "another history of this journal" in trouble


def _hash(counter: NearCounter, feed: FeedId, n: int) -> bytes:
    return counter.journal.entries(feed, n - 1, 1)[0].hash


# --- the door ------------------------------------------------------------------------------------


def test_endless_message_is_cut_and_the_door_stays_open(front: NearCounter, bar: NearCounter) -> None:
    assert bar.near.papers is not None
    papers = bar.near.papers
    message = bytes(MAX_MESSAGE_BYTES + 1)
    assert refused(lambda: sent(front, papers, bar.key, message)) in {"message-too-large", "unreachable"}
    assert bar.meet(front)


def test_clerks_pages_are_not_behind_this_door(front: NearCounter, bar: NearCounter) -> None:
    assert bar.near.papers is not None
    papers = bar.near.papers
    for path in ("/", "/redeem", "/sync/v1/parts", "/sync/v1/certificate"):
        assert refused(partial(sent, front, papers, bar.key, b"x", path)) == "path-unknown"


def test_flood_of_connections_from_one_address_does_not_lock_the_door_for_good(
    front: NearCounter, bar: NearCounter
) -> None:
    place = (front.address.host, front.address.port)
    flood = [socket.create_connection(place, 3) for _ in range(MOST_FROM_ONE_ADDRESS + 1)]
    flood[-1].settimeout(3)
    assert flood[-1].recv(1) == b""  # turned away
    for one in flood:
        one.close()
    for _ in range(20):
        try:
            assert bar.meet(front)
            break
        except ExchangeError:
            continue
    else:
        raise AssertionError("the door stayed shut")
