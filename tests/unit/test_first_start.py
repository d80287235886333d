"""A counter that comes in, or comes in anew: what is tried, what is refused by name, and what stays as it was."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.config import CounterFolder, Enrolment, load_or_make_key
from kiosk.core.entry import FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Opened, Receipt, encode_fact
from kiosk.enrolling import MAX_CLOCK_OFF_MS, Admitted, check_clock, take_up, why_not_enrolled
from kiosk.enrolment_text import enrolment_text
from kiosk.errors import ExchangeError, SetupError
from kiosk.first_start import AGAIN_AFTER_S, FirstStart, Progress
from kiosk.journal import Journal
from tests.twins import NOON_MS, SetClock, key_of_seed

CODE = "7K3M9XTA4PWDH2RC"
URL = "http://192.168.1.20:8700"
FILMED = enrolment_text(CODE, URL)
HEAD_OFFICE, IMPOSTOR = key_of_seed(50), key_of_seed(51)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def life(number: int, *, office: Ed25519PrivateKey = HEAD_OFFICE, counter: str = "front") -> Enrolment:
    return Enrolment(
        origin=f"bayside/{counter}", incarnation=number, key_epoch=number, store="bayside", counter=counter,
        head_office_url=URL, head_office_keys=((1, public(office)),), root_key=public(office), fleet_key=bytes(32),
    )  # fmt: skip


@dataclass
class Counter:
    """A folder with its journal, and a head office that answers as it is told."""

    folder: CounterFolder
    journal: Journal
    clock: SetClock = field(default_factory=SetClock)
    grants: Enrolment = field(default_factory=lambda: life(1))
    at_ms: int | None = NOON_MS
    refuses: ExchangeError | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    done: int = 0

    def enrol(self, url: str, code: str, key: Ed25519PrivateKey) -> Admitted:
        self.asked.append((url, code))
        if self.refuses is not None:
            raise self.refuses
        return Admitted(self.grants, key, self.at_ms)

    def _count(self) -> None:
        self.done += 1

    def start(self) -> FirstStart:
        return FirstStart(self.folder, self.journal, self.clock, self.enrol, self._count)

    def live(self, number: int = 1) -> Enrolment:
        """Enrol, and begin the life as a station does."""
        take_up(self.folder, self.journal, Admitted(life(number), key_of_seed(number)), NOON_MS)
        kept = Enrolment.load(self.folder.enrolment)
        fact = Opened(
            at_ms=NOON_MS, store="bayside", counter="front", public_key=kept.public_key, key_epoch=kept.key_epoch
        )
        self.journal.start_feed(kept.feed, fact)
        return kept

    def hear(self, office: Ed25519PrivateKey = HEAD_OFFICE) -> None:
        """Hold one entry of head office."""
        feed = FeedId("head-office", 1)
        body = encode_fact(Receipt(at_ms=NOON_MS, feed="bayside/front@1", n=1, head=bytes(32)))
        entries = chain(feed, Head(0, bytes(32)), [body])
        mark = sign_checkpoint(feed, Head(1, entries[0].hash), 1, NOON_MS, office)
        self.journal.store_segment(entries, mark)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    folder = CounterFolder(tmp_path)
    with closing(Journal.open(folder.journal)) as journal:
        yield Counter(folder, journal)


def until_settled(act: Callable[[], None], start: FirstStart) -> Progress:
    """Do ``act``, and wait for the thread that it started."""
    act()
    for thread in threading.enumerate():
        if thread.name == "first-start":
            thread.join(10)
    return start.progress


def fault(progress: Progress) -> str:
    assert progress.fault is not None
    return progress.fault.code


# --- coming in -----------------------------------------------------------------------------------


def test_a_filmed_code_enrols_with_a_key_made_for_it(counter: Counter) -> None:
    start = counter.start()
    assert start.reason is not None
    assert start.reason.code == "not-enrolled"
    progress = until_settled(lambda: start.in_view(["TACO-1", FILMED]), start)
    assert (progress.step, progress.origin, counter.done) == ("done", "bayside/front", 1)
    assert counter.asked == [(URL, CODE)]
    assert why_not_enrolled(counter.folder) is None
    assert Enrolment.load(counter.folder.enrolment).public_key == public(load_or_make_key(counter.folder.device_key))


def test_a_typed_code_enrols_and_a_scanned_text_needs_no_address(counter: Counter) -> None:
    assert counter.start().typed(CODE, f" {URL} ").step == "done"
    assert counter.start().typed(FILMED, "").step == "done"
    assert counter.asked == [(URL, CODE), (URL, CODE)]


@pytest.mark.parametrize(("code", "address"), [(CODE, ""), (CODE, "office"), ("CFE1:7K3M", URL)])
def test_without_an_address_nobody_is_asked(counter: Counter, code: str, address: str) -> None:
    assert fault(counter.start().typed(code, address)) == "address-malformed"
    assert counter.asked == []


def test_a_wrong_code_in_view_is_tried_once_and_the_folder_stays_as_it_was(counter: Counter) -> None:
    counter.refuses = ExchangeError("enrol-code-wrong", "That one-time code is not right")
    start = counter.start()
    assert fault(until_settled(lambda: start.in_view([FILMED]), start)) == "enrol-code-wrong"
    counter.clock.advance(AGAIN_AFTER_S * 100)
    until_settled(lambda: start.in_view([FILMED]), start)
    assert len(counter.asked) == 1
    assert (counter.folder.enrolment.exists(), counter.folder.device_key.exists()) == (False, False)


def test_a_code_that_nobody_answered_is_tried_again_after_a_while(counter: Counter) -> None:
    counter.refuses = ExchangeError("unreachable", "No answer")
    start = counter.start()
    until_settled(lambda: start.in_view([FILMED]), start)
    counter.clock.advance(AGAIN_AFTER_S - 0.1)
    until_settled(lambda: start.in_view([FILMED]), start)
    assert len(counter.asked) == 1
    counter.clock.advance(0.1)
    counter.refuses = None
    assert until_settled(lambda: start.in_view([FILMED]), start).step == "done"
    assert len(counter.asked) == 2


# --- a wrong clock -------------------------------------------------------------------------------


@pytest.mark.parametrize("off_ms", [MAX_CLOCK_OFF_MS, -MAX_CLOCK_OFF_MS])
def test_a_clock_is_right_at_five_minutes_and_wrong_above(off_ms: int) -> None:
    admitted = Admitted(life(1), HEAD_OFFICE, NOON_MS)
    check_clock(admitted, NOON_MS + off_ms)
    with pytest.raises(SetupError, match="clock-wrong"):
        check_clock(admitted, NOON_MS + off_ms + (1 if off_ms > 0 else -1))


def test_a_wrong_clock_holds_it_until_the_clock_is_set_and_the_code_is_not_lost(counter: Counter) -> None:
    counter.at_ms = NOON_MS + 2 * MAX_CLOCK_OFF_MS
    start = counter.start()
    assert fault(start.typed(CODE, URL)) == "clock-wrong"
    assert (start.go_on(anyway=False).step, counter.folder.enrolment.exists()) == ("held", False)
    counter.clock.at += timedelta(milliseconds=2 * MAX_CLOCK_OFF_MS)
    assert start.go_on(anyway=False).step == "done"
    assert len(counter.asked) == 1


# --- anew ----------------------------------------------------------------------------------------


def test_enrolled_anew_the_journal_goes_on_as_the_next_life_with_another_key(counter: Counter) -> None:
    before = counter.live(1)
    counter.grants = life(2)
    assert counter.start().typed(CODE, URL).step == "done"
    after = Enrolment.load(counter.folder.enrolment)
    assert (after.feed.incarnation, after.key_epoch) == (2, 2)
    assert after.public_key != before.public_key
    # the end of the life before is signed by its own key, which stays for what is left of that feed
    mark = counter.journal.checkpoint(before.feed)
    assert mark is not None
    assert mark.is_signed_by(before.public_key)
    assert [public(key) for key in counter.folder.earlier_keys()] == [before.public_key]


def test_a_restored_disk_has_no_key_and_asks_for_a_code(counter: Counter) -> None:
    counter.live(1)
    assert why_not_enrolled(counter.folder) is None
    counter.folder.device_key.unlink()
    reason = why_not_enrolled(counter.folder)
    assert reason is not None
    assert reason.code == "device-key-missing"
    assert not counter.folder.device_key.exists()  # asking makes no key


def test_a_key_file_of_another_life_is_no_key(counter: Counter) -> None:
    counter.live(1)
    counter.folder.device_key.write_bytes(IMPOSTOR.private_bytes_raw())
    reason = why_not_enrolled(counter.folder)
    assert reason is not None
    assert reason.code == "device-key-missing"


def test_an_impostor_head_office_is_refused_and_the_old_identity_stays(counter: Counter) -> None:
    before = counter.live(1)
    counter.grants = life(2, office=IMPOSTOR)
    start = counter.start()
    assert fault(start.typed(CODE, URL)) == "other-head-office"
    assert fault(start.go_on(anyway=False)) == "other-head-office"
    assert start.give_up().step == "done"
    assert Enrolment.load(counter.folder.enrolment) == before
    assert why_not_enrolled(counter.folder) is None


def test_an_impostor_is_known_by_head_offices_entries_where_the_pins_are_gone(counter: Counter) -> None:
    counter.live(1)
    counter.hear()
    counter.folder.enrolment.unlink()
    counter.folder.device_key.unlink()
    counter.grants = life(2, office=IMPOSTOR)
    start = counter.start()
    assert fault(start.typed(CODE, URL)) == "other-head-office"
    assert start.give_up().step == "waiting"  # there is nothing to go back to
    assert not counter.folder.enrolment.exists()
    counter.grants = life(2)
    assert start.typed(CODE, URL).step == "done"


def test_a_person_may_say_that_head_office_was_set_up_anew(counter: Counter) -> None:
    counter.live(1)
    counter.grants = life(2, office=IMPOSTOR)
    counter.at_ms = NOON_MS + 2 * MAX_CLOCK_OFF_MS
    start = counter.start()
    start.typed(CODE, URL)
    assert fault(start.go_on(anyway=True)) == "clock-wrong"  # one yes is for one thing
    assert start.go_on(anyway=True).step == "done"
    assert Enrolment.load(counter.folder.enrolment).root_key == public(IMPOSTOR)


def test_a_code_for_another_counter_is_refused(counter: Counter) -> None:
    before = counter.live(1)
    counter.grants = life(1, counter="bar")
    assert fault(counter.start().typed(CODE, URL)) == "other-counter"
    assert Enrolment.load(counter.folder.enrolment) == before


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_power_cut_while_it_is_taken_up_leaves_one_identity_whole(counter: Counter, cut: str) -> None:
    before = counter.live(1)
    new = key_of_seed(9)
    counter.folder.new_key.write_bytes(new.private_bytes_raw())
    if cut == "after":
        replace(life(2), public_key=public(new)).save(counter.folder.enrolment)
    assert why_not_enrolled(counter.folder) is None
    assert not counter.folder.new_key.exists()
    expected = before.public_key if cut == "before" else public(new)
    assert public(load_or_make_key(counter.folder.device_key)) == expected
    assert Enrolment.load(counter.folder.enrolment).public_key == expected


def test_an_enrolment_of_an_earlier_release_counts_with_whatever_key_lies_there(counter: Counter) -> None:
    life(1).save(counter.folder.enrolment)
    text = counter.folder.enrolment.read_text()
    counter.folder.enrolment.write_text(text.replace('",\n  "public_key": ""', '"'))
    load_or_make_key(counter.folder.device_key)
    assert Enrolment.load(counter.folder.enrolment).public_key == b""
    assert why_not_enrolled(counter.folder) is None
