"""Hostile sticks, each attack by its name: refused with a code and a cure, and what was here before is as it was."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from kiosk.core.entry import FeedId, Head, chain, sign_checkpoint
from kiosk.core.fact import Answered, encode_fact
from kiosk.core.strict_cbor import encode
from kiosk.errors import CounterfoilError
from kiosk.ports import StickRead
from sync import stick, stick_file, stick_folder
from sync.counter_stick import CounterStick
from sync.head_office.publish import publish
from sync.head_office.stick import OfficeStick
from sync.stick_file import Label
from sync.wire import DEFLATED, Exchange, Kind, Party, Segment, _signed_bytes, encode_exchange, seal
from tests.head_office_world import PROMOTIONS, SmallCounter, an_office, enrolled, key_number, twin
from tests.sticks import changed, only, stick_of, to_counter

OUT = "counterfoil-to-head-office-from-bayside.front.stick"
BACK = "counterfoil-to-bayside.front-from-head-office.stick"
NONCE = b"n" * 16


@dataclass
class Town:
    """A head office and a counter that have met before, a redemption that head office lacks, and a stick."""

    office: OfficeStick
    front: SmallCounter
    stick: Path

    @property
    def own(self) -> CounterStick:
        return stick_of(self.front, self.stick)

    def state(self) -> Any:
        """All that either side holds."""
        tables = twin(self.office.office).tables.copy()
        return tables, dict(self.front.journal.heads()), self.front.cached, self.front.fetcher.version

    def office_refuses(self, code: str) -> StickRead:
        """Head office reads the stick and refuses its one file; both sides are as before."""
        before = self.state()
        read = only(self.office.read_from(self.stick))
        return self._refused(read, code, before)

    def counter_refuses(self, code: str) -> StickRead:
        before = self.state()
        read = only(self.own.read_from(self.stick))
        return self._refused(read, code, before)

    def _refused(self, read: StickRead, code: str, before: Any) -> StickRead:
        assert read.refused is not None
        assert read.refused.code == code
        assert read.refused.what
        assert read.refused.cure or not code.startswith("stick-")
        assert self.state() == before
        return read

    def label(self, **changes: Any) -> Label:
        """What the counter writes on a file for head office."""
        keys = self.office.office.keys
        label = Label(
            "bayside/front", "head-office", stick_file.short_id(keys.feed_public),
            stick_file.short_id(keys.root_public), NONCE, 1,
        )  # fmt: skip
        return replace(label, **changes)

    def put(self, *contents: bytes, label: Label | None = None, name: str = OUT) -> None:
        """A file as whoever knows head office's public key can make one."""
        with (self.stick / name).open("wb") as out:
            stick_file.write(out, label or self.label(), self.office.office.keys.feed_public, contents)

    def message(self, exchange: Exchange, party: Party | None = None, nonce: bytes = NONCE) -> bytes:
        us = party or self.front.side.us
        body = encode_exchange(exchange)
        return bytes([Kind.STICK]) + seal(
            Kind.STICK, body, party=us, recipient="head-office", nonce=nonce, at_ms=1
        )  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Town:
    folder = tmp_path / "stick"
    folder.mkdir()
    office = OfficeStick(an_office(tmp_path / "office"))
    front = enrolled(office.office)
    front.exchange()
    front.redeem()
    return Town(office, front, folder)


@pytest.fixture
def written(town: Town) -> Town:
    """The counter has written its file."""
    town.own.write_to(town.stick)
    return town


@pytest.fixture
def answered(town: Town) -> Town:
    """Head office has written the counter's file, with something new on it."""
    publish(town.office.office, promotions=PROMOTIONS.replace("shrimp", "prawn"), by="test")
    town.office.write_to(town.stick)
    return town


# --- what is no file of ours ---------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"holiday pictures", b"\0" * 5_000, b"counterfoil-sticky", b"PK\x03\x04"])
def test_wrong_magic(town: Town, content: bytes) -> None:
    (town.stick / BACK).write_bytes(content)
    town.counter_refuses("stick-not-one")


def test_newer_version(answered: Town) -> None:
    changed(answered.stick / BACK, lambda content: content.replace(b"counterfoil-stick 1\n", b"counterfoil-stick 2\n"))
    answered.counter_refuses("stick-newer")


def test_empty_file(town: Town) -> None:
    (town.stick / BACK).write_bytes(b"")
    town.counter_refuses("stick-not-one")


# --- cut, altered, endless -----------------------------------------------------------------------


def lengths(content: bytes) -> Iterator[int]:
    """Cuts in the header, around each record's border, and within records."""
    yield from range(1, 60)
    yield from (len(content) // 2, len(content) - 17, len(content) - 1)
    file = io.BytesIO(content)
    stick_file.read_label(file)
    at = file.tell()
    while at < len(content):
        yield from (at, at + 3, at + 4, at + 5)
        at += 4 + int.from_bytes(content[at : at + 4], "big")


def test_cut_short_anywhere(answered: Town) -> None:
    path = answered.stick / BACK
    whole = path.read_bytes()
    for length in sorted(set(lengths(whole))):
        path.write_bytes(whole[:length])
        answered.counter_refuses("stick-cut-short")


def test_cut_short_between_records_is_told_from_the_end(town: Town) -> None:
    one, two = (town.message(Exchange({}, bundle_version=n)) for n in (1, 2))
    town.put(one, two)
    size = (town.stick / OUT).stat().st_size
    changed(town.stick / OUT, lambda content: content[: size - 4 - len(two) - 16])
    town.office_refuses("stick-cut-short")


def test_altered_anywhere(written: Town) -> None:
    path = written.stick / OUT
    whole = path.read_bytes()
    before = written.state()
    codes: set[str] = set()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found = written.office.read_from(written.stick)
        refused = [one.refused for one in found.files]
        assert len(refused) + found.others == 1
        codes.update(one.code if one else "taken" for one in refused)
    assert "taken" not in codes
    assert "stick-altered" in codes
    assert written.state() == before


def test_something_behind_the_end(written: Town) -> None:
    for more in (b"x", b"\0\0\0\x11" + b"x" * 17):
        whole = (written.stick / OUT).read_bytes()
        (written.stick / OUT).write_bytes(whole + more)
        read = only(written.office.read_from(written.stick))
        assert read.refused is not None
        assert read.refused.code in {"stick-altered", "stick-cut-short"}
        (written.stick / OUT).write_bytes(whole)


def test_records_moved_left_out_or_repeated(town: Town) -> None:
    town.put(*(town.message(Exchange({}, bundle_version=n)) for n in (1, 2, 3)))
    whole = (town.stick / OUT).read_bytes()
    file = io.BytesIO(whole)
    stick_file.read_label(file)
    start = file.tell()
    sealed = []
    while (length := file.read(4)) != b"":
        sealed.append(length + file.read(int.from_bytes(length, "big")))
    for chosen in ((1, 0, 2), (0, 2), (1, 2), (0, 0, 1, 2), (0, 1, 1, 2), (2,)):
        (town.stick / OUT).write_bytes(whole[:start] + b"".join(sealed[n] for n in chosen))
        town.office_refuses("stick-altered")


def test_endless_file(town: Town) -> None:
    with (town.stick / BACK).open("wb") as file:
        file.truncate(stick_file.MAX_FILE_BYTES + 1)
    town.counter_refuses("stick-too-large")


class Endless(io.RawIOBase):
    """Begins as a real file does and goes on for ever."""

    def __init__(self, begins: bytes) -> None:
        self._left = io.BytesIO(begins)
        self.given = 0

    def read(self, count: int = -1) -> bytes:
        assert count >= 0
        content = self._left.read(count)
        self.given += count
        return content + bytes(count - len(content))

    def tell(self) -> int:
        return self.given


def test_endless_stream_is_given_up_at_its_first_record(town: Town) -> None:
    town.put(town.message(Exchange({})))
    whole = (town.stick / OUT).read_bytes()
    file: Any = Endless(whole)
    read = town.office.read(file, "endless")
    assert read.refused is not None
    assert read.refused.code == "stick-altered"
    assert file.given < len(whole) + 1_000


def test_record_length_that_would_fill_the_memory(written: Town) -> None:
    path = written.stick / OUT
    with path.open("rb") as file:
        stick_file.read_label(file)
        start = file.tell()
    changed(path, lambda content: content[:start] + b"\xff\xff\xff\xff" + content[start + 4 :])
    written.office_refuses("stick-altered")


def test_more_records_than_are_ever_written(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick_file, "MAX_RECORDS", 2)
    messages = [town.message(Exchange({}, bundle_version=n)) for n in range(3)]
    town.put(*messages)
    town.office_refuses("stick-too-large")
    town.put(*messages[:2])
    assert only(town.office.read_from(town.stick)).refused is None


def test_compressed_bomb(town: Town) -> None:
    us, bomb = town.front.side.us, zlib.compress(bytes(17 * 1024 * 1024), 9)
    fields = [1, int(Kind.STICK), us.origin, "head-office", us.key_epoch, NONCE, 1, DEFLATED, bomb]
    town.put(bytes([Kind.STICK]) + encode([*fields, us.key.sign(_signed_bytes(fields))]))
    town.office_refuses("message-too-large")


# --- by somebody else, for somebody else ------------------------------------------------------------


def test_another_fleets_stick(town: Town, tmp_path: Path) -> None:
    theirs = OfficeStick(an_office(tmp_path / "theirs"))
    enrolled(theirs.office)
    theirs.write_to(town.stick)
    town.counter_refuses("stick-other-fleet")


def test_a_stick_for_another_counter(answered: Town) -> None:
    bar = enrolled(answered.office.office, counter="bar", key=2)
    before = answered.state()
    own = stick_of(bar, answered.stick)
    found = own.read_from(answered.stick)
    assert (found.files, found.others) == ((), 1)
    with (answered.stick / BACK).open("rb") as file:
        read = own.read(file, BACK)
    assert read.refused is not None
    assert read.refused.code == "stick-not-for-us"
    assert answered.state() == before
    assert bar.cached is None


def test_a_stick_for_another_counter_under_our_name(answered: Town) -> None:
    enrolled(answered.office.office, counter="bar", key=2)
    answered.office.write_to(answered.stick, ["bayside/bar"])
    (answered.stick / BACK).unlink()
    path = answered.stick / BACK.replace("front", "bar")
    path.rename(answered.stick / BACK)
    assert answered.own.read_from(answered.stick).others == 1
    changed(answered.stick / BACK, lambda content: relabelled(content, recipient="bayside/front"))
    answered.counter_refuses("stick-other-key")
    us = stick_file.short_id(answered.front.key.public_key().public_bytes_raw())
    changed(answered.stick / BACK, lambda content: relabelled(content, recipient_key=us))
    answered.counter_refuses("stick-altered")


def relabelled(content: bytes, **changes: Any) -> bytes:
    """The same file with another label."""
    file = io.BytesIO(content)
    label, sealed = stick_file.read_label(file)
    header = encode([*replace(label, **changes).fields(), sealed])
    return content[:20] + len(header).to_bytes(2, "big") + header + content[file.tell() :]


def test_a_stick_for_the_device_that_was_here_before(answered: Town) -> None:
    new = enrolled(answered.office.office, key=3)
    new_stick = stick_of(new, answered.stick)
    read = only(new_stick.read_from(answered.stick))
    assert read.refused is not None
    assert read.refused.code == "stick-other-key"
    answered.office.write_to(answered.stick)
    assert only(new_stick.read_from(answered.stick)).refused is None


def test_a_stick_by_nobody_who_is_enrolled(town: Town) -> None:
    stranger = Party("bayside/front", 9, key_number(9))
    town.put(town.message(Exchange({}), stranger))
    town.office_refuses("party-unknown")


def test_a_forged_signature(town: Town) -> None:
    forger = replace(town.front.side.us, key=key_number(9))
    town.put(town.message(Exchange({}), forger))
    town.office_refuses("message-signature")


def test_one_counters_messages_under_the_name_of_another(town: Town) -> None:
    enrolled(town.office.office, counter="bar", key=2)
    town.put(town.message(Exchange({})), label=town.label(sender="bayside/bar"))
    town.office_refuses("stick-altered")


def test_old_messages_under_a_label_of_today(town: Town) -> None:
    town.put(town.message(Exchange({})), label=town.label(at_ms=2))
    town.office_refuses("stick-altered")


def test_a_message_of_another_file_put_into_this_one(town: Town) -> None:
    town.put(town.message(Exchange({}), nonce=b"m" * 16))
    town.office_refuses("message-not-an-answer")


def test_a_message_of_the_line_put_onto_a_stick(town: Town) -> None:
    body = encode_exchange(Exchange({}))
    line = seal(Kind.EXCHANGE, body, party=town.front.side.us, recipient="head-office", nonce=NONCE, at_ms=1)
    town.put(bytes([Kind.STICK]) + line)
    town.office_refuses("message-not-for-us")
    town.put(bytes([Kind.EXCHANGE]) + line)
    town.office_refuses("stick-altered")


def test_an_empty_record(town: Town) -> None:
    town.put(bytes([Kind.STICK]))
    town.office_refuses("message-malformed")


# --- entries and promotions -----------------------------------------------------------------------


def segment(feed: FeedId, key_epoch: int, signer: Any, *bodies: bytes) -> Segment:
    entries = chain(feed, Head(0, bytes(32)), bodies)
    last = Head(entries[-1].n, entries[-1].hash)
    return Segment(feed, Head(0, bytes(32)), bodies, sign_checkpoint(feed, last, key_epoch, 1, signer))


def test_foreign_feed(town: Town) -> None:
    pier = enrolled(town.office.office, "pier-9", "front", key=2)
    body = encode_fact(Answered(at_ms=1, n=1, clerk="mallory"))
    town.put(town.message(Exchange({}, (segment(pier.feed, 1, pier.key, body),))))
    town.office_refuses("feed-foreign")
    assert pier.feed not in town.office.office.store.heads()


def test_a_neighbours_feed_that_its_writer_did_not_sign(town: Town) -> None:
    bar = enrolled(town.office.office, counter="bar", key=2)
    body = encode_fact(Answered(at_ms=1, n=1, clerk="mallory"))
    town.put(town.message(Exchange({}, (segment(bar.feed, 1, town.front.key, body),))))
    town.office_refuses("segment-signature")


def test_what_is_wrong_with_a_neighbours_entries_does_not_lose_ones_own(town: Town) -> None:
    bar = enrolled(town.office.office, counter="bar", key=2)
    body = encode_fact(Answered(at_ms=1, n=1, clerk="mallory"))
    own = stick.Pages([(town.front.side.side, {})])
    forged = Exchange({}, (segment(bar.feed, 1, town.front.key, body),))
    town.put(*stick.contents(town.front.side.us, town.label(), [*own, forged]))
    read = only(town.office.read_from(town.stick))
    assert (read.refused, read.entries) == (None, 1)
    assert [note.code for note in read.notes] == ["segment-signature"]
    assert bar.feed not in town.office.office.store.heads()


def test_a_counter_takes_no_feed_but_its_own_head_offices(town: Town) -> None:
    office, bar = town.office.office, enrolled(town.office.office, counter="bar", key=2)
    body = encode_fact(Answered(at_ms=1, n=1, clerk="mallory"))
    us = Party("head-office", 1, office.keys.feed)
    label = Label(
        "head-office", "bayside/front", stick_file.short_id(town.front.key.public_key().public_bytes_raw()),
        stick_file.short_id(office.keys.root_public), NONCE, 1,
    )  # fmt: skip
    told = Exchange({}, (segment(bar.feed, 1, bar.key, body),))
    with (town.stick / BACK).open("wb") as out:
        public = town.front.key.public_key().public_bytes_raw()
        stick_file.write(out, label, public, stick.contents(us, label, [told]))
    town.counter_refuses("feed-foreign")


def test_cloned_disk(town: Town) -> None:
    """Two histories under one name: both are kept as evidence, that life is fenced, and nothing more is counted."""
    clone = SmallCounter(town.front.enrolment, town.front.key, town.front.post)
    clone.redeem()
    clone.redeem()
    town.own.write_to(town.stick)
    assert only(town.office.read_from(town.stick)).refused is None
    counted = list(twin(town.office.office).tables.log)
    stick_of(clone, town.stick).write_to(town.stick, everything=True)
    read = only(town.office.read_from(town.stick))
    assert [note.code for note in read.notes] == ["stick-two-histories"]
    (device,) = town.office.office.store.enrolments()
    assert device.fenced
    assert [one.kind for one in town.office.office.store.evidence()] == ["fork"]
    assert twin(town.office.office).tables.log == counted


def test_revoked_life_brings_what_it_wrote_before_and_nothing_that_counts_after(town: Town) -> None:
    """A stolen counter: what came before the theft is not lost, what came after is kept and counted in no figure."""
    store = town.office.office.store
    (life,) = store.enrolments()
    good_n = town.front.journal.heads()[town.front.feed].n
    store.put_enrolment(replace(life, revoked_at_ms=1, counts_to=good_n))
    town.front.redeem()
    town.own.write_to(town.stick)
    assert only(town.office.read_from(town.stick)).entries == 2
    assert [row.n for row in twin(town.office.office).tables.log] == [good_n]
    assert store.enrolments()[0].last_contact_ms == life.last_contact_ms


def test_revoked_device_gets_no_stick(town: Town) -> None:
    store = town.office.office.store
    store.put_enrolment(replace(store.enrolments()[0], revoked_at_ms=1))
    assert town.office.write_to(town.stick) == []
    with pytest.raises(CounterfoilError, match="counter-revoked"):
        town.office.write_to(town.stick, ["bayside/front"])
    assert list(town.stick.iterdir()) == []


def test_fenced_life_brings_its_entries_and_stays_fenced(town: Town) -> None:
    """Head office classifies, never rejects, what is authentic: by the stick as by the line."""
    store = town.office.office.store
    store.put_enrolment(replace(store.enrolments()[0], fenced=True))
    town.own.write_to(town.stick)
    assert only(town.office.read_from(town.stick)).entries == 1
    assert store.enrolments()[0].fenced


def test_entries_left_out_are_a_gap_and_told(town: Town) -> None:
    front = town.front
    front.journal.sign(front.feed, front.key, 1)
    head = front.journal.heads()[front.feed]
    front.redeem()
    town.put(*stick.contents(front.side.us, town.label(), stick.Pages([(front.side.side, {front.feed: head})])))
    before = town.state()[0].feeds
    read = only(town.office.read_from(town.stick))
    assert [note.code for note in read.notes] == ["stick-gap"]
    assert twin(town.office.office).tables.feeds == before
    town.own.write_to(town.stick)
    assert only(town.office.read_from(town.stick)).notes == ()


def test_rollback_to_older_promotions(answered: Town) -> None:
    old = (answered.stick / BACK).read_bytes()
    publish(answered.office.office, promotions=PROMOTIONS, by="test")
    assert only(to_counter(answered.office, answered.stick, answered.front)).bundle_version == 3
    (answered.stick / BACK).write_bytes(old)
    before = answered.state()
    read = only(answered.own.read_from(answered.stick))
    assert [note.code for note in read.notes] == ["bundle-older"]
    assert (read.refused, read.bundle_version) == (None, 0)
    assert answered.state() == before
    assert answered.front.opened().version == 3


def test_mix_and_match_promotions_whose_parts_are_missing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(town.office.office, promotions=PROMOTIONS.replace("shrimp", "prawn"), by="test")
    with monkeypatch.context() as without:
        without.setattr(OfficeStick, "_parts", lambda _office, _bundle: iter(()))
        town.office.write_to(town.stick)
    before = town.front.cached
    read = only(town.own.read_from(town.stick))
    assert [note.code for note in read.notes] == ["bundle-part-missing"]
    assert town.front.cached is before


# --- the folder ------------------------------------------------------------------------------------


def test_symlinks_are_not_followed(written: Town, tmp_path: Path) -> None:
    path = written.stick / OUT
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    written.office_refuses("stick-not-a-file")
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    written.office_refuses("stick-not-a-file")


def test_pipes_folders_and_devices_are_not_waited_for(town: Town) -> None:
    os.mkfifo(town.stick / OUT)
    town.office_refuses("stick-not-a-file")
    (town.stick / OUT).unlink()
    (town.stick / OUT).mkdir()
    town.office_refuses("stick-not-a-file")


def test_path_tricks_in_names(written: Town) -> None:
    """Only direct files with our names are looked at, and a name does no harm where it is shown."""
    whole = (written.stick / OUT).read_bytes()
    (written.stick / OUT).unlink()
    for name in ("other.stick", ".counterfoil-to-x.stick.part", "counterfoil-to-x.stick.exe", "counterfoil-to-x"):
        (written.stick / name).write_bytes(whole)
    nested = written.stick / "counterfoil"
    nested.mkdir()
    (nested / OUT).write_bytes(whole)
    assert written.office.read_from(written.stick).files == ()
    (written.stick / "counterfoil-to-\x1b[2J\n..%2f.stick").write_bytes(b"no")
    assert written.office_refuses("stick-not-one").name.isprintable()


def test_names_of_counters_lead_nowhere_else() -> None:
    assert "/" not in stick_folder.name_of("bayside/../../etc", "head-office/x")


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_written_through(town: Town, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    for name in (OUT, f".{OUT}.part"):
        (town.stick / name).symlink_to(precious)
    town.own.write_to(town.stick)
    assert precious.read_bytes() == b"precious"
    assert not (town.stick / OUT).is_symlink()
    assert only(town.office.read_from(town.stick)).entries == 1


def test_a_hundred_thousand_files(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        name = "IMG_0001.jpg"

    looked_at = []

    def names() -> Iterator[Entry]:
        for n in range(100_000):
            looked_at.append(n)
            yield Entry()

    monkeypatch.setattr(os, "scandir", lambda _folder: nullcontext(names()))
    before = town.state()
    for read_from in (town.office.read_from, town.own.read_from):
        with pytest.raises(CounterfoilError) as refused:
            read_from(town.stick)
        assert refused.value.code == "stick-folder-crowded"
        assert "folder of their own" in refused.value.cure
    assert len(looked_at) <= 2 * (stick_folder.MOST_NAMES + 1)
    assert town.state() == before


def test_more_of_our_files_than_there_are_counters(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick_folder, "MOST_FILES", 3)
    for n in range(3):
        (town.stick / f"counterfoil-to-{n}.stick").write_bytes(b"no")
    assert len(town.office.read_from(town.stick).files) == 3
    (town.stick / "counterfoil-to-3.stick").write_bytes(b"no")
    with pytest.raises(CounterfoilError, match="stick-folder-crowded"):
        town.office.read_from(town.stick)


def test_one_bad_file_is_in_nobodys_way(written: Town) -> None:
    (written.stick / "counterfoil-to-a.stick").write_bytes(b"no")
    first, second = written.office.read_from(written.stick).files
    assert first.refused is not None
    assert (second.refused, second.entries) == (None, 1)


# --- the stick itself --------------------------------------------------------------------------------


class Turning(io.BytesIO):
    """Changes what is on it once it was read to its end."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.ended = False

    def read(self, count: int | None = -1) -> bytes:
        content = super().read(count)
        self.ended = self.ended or content == b""
        return bytes(len(content)) if self.ended else content


def test_a_stick_that_changes_between_two_readings(answered: Town) -> None:
    before = answered.state()
    file: BinaryIO = Turning((answered.stick / BACK).read_bytes())
    read = answered.own.read(file, "turning")
    assert read.refused is not None
    assert read.refused.code == "stick-altered"
    assert answered.state() == before


def fails(code: int) -> Callable[..., Any]:
    def fail(*_arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("errno", "code"), [(28, "stick-full"), (27, "stick-full"), (5, "stick-not-writable"), (30, "stick-not-writable")]
)
def test_a_stick_that_is_full_or_pulled_out_keeps_the_file_before(
    written: Town, monkeypatch: pytest.MonkeyPatch, errno: int, code: str
) -> None:
    before = (written.stick / OUT).read_bytes()
    written.front.redeem()
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fails(errno))
        with pytest.raises(CounterfoilError) as refused:
            written.own.write_to(written.stick)
    assert refused.value.code == code
    assert (written.stick / OUT).read_bytes() == before
    assert [path.name for path in written.stick.iterdir()] == [OUT]


def test_what_a_stick_pulled_out_leaves_behind_is_not_read_and_in_nobodys_way(written: Town) -> None:
    whole = (written.stick / OUT).read_bytes()
    (written.stick / OUT).unlink()
    (written.stick / f".{OUT}.part").write_bytes(whole[:-40])
    assert written.office.read_from(written.stick).files == ()
    written.own.write_to(written.stick)
    assert [path.name for path in written.stick.iterdir()] == [OUT]


def test_a_stick_that_cannot_be_read_is_told(written: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick, "survey", fails(5))
    written.office_refuses("stick-unreadable")


def test_lost_stick_tells_no_promotion_no_clerk_and_no_code(answered: Town) -> None:
    answered.own.write_to(answered.stick)
    for name in (OUT, BACK):
        content = (answered.stick / name).read_bytes()
        assert not [word for word in (b"tacos", b"zoe", b"LIMEPIE", b"prawn", b"bayside/front@") if word in content]


def test_lost_stick_opens_for_nobody_else(answered: Town) -> None:
    with (answered.stick / BACK).open("rb") as file:
        label, sealed = stick_file.read_label(file)
    with pytest.raises(CounterfoilError, match="stick-altered"):
        stick_file.open_key(label, sealed, key_number(7))
