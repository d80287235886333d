"""The counter's line to head office: it catches up after any trouble, and never troubles anybody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import httpx
import pytest

from kiosk.core.entry import NO_ENTRIES, Entry, FeedId, chain
from kiosk.core.fact import BundleInstalled, Opened, Receipt, decode_fact, encode_fact
from kiosk.errors import ExchangeError, JournalError
from kiosk.ports import CachedBundle, LinkState
from sync.bundle import BundleFetcher
from sync.counter_side import CounterSide
from sync.exchange import compose, take
from sync.offering import Limits
from sync.post import Post, http_post, read_refusal, refusal
from sync.replicator import INTERVAL_S, LONGEST_BACKOFF_S, Chance, Replicator
from sync.wire import EXCHANGE_PATH, PARTS_PATH
from tests.twins import NOON_MS, MemoryFeedStore, SetClock, key_of_seed, use
from tests.twins_office import COUNTER_FEED, COUNTER_KEY, ENROLMENT, OFFICE_FEED, OFFICE_KEY, SmallOffice


class Counter:
    """One counter's journal, cache and line."""

    def __init__(self, post: Post) -> None:
        self.clock = SetClock()
        self.journal = MemoryFeedStore()
        self.cached: CachedBundle | None = None
        self.installed: list[BundleInstalled] = []
        self.learned: list[Entry] = []
        self.links: list[LinkState] = []
        self.told = threading.Event()
        self.fraction = 1.0
        fetcher = BundleFetcher(ENROLMENT.root_key, lambda: self.cached, lambda: 0, self.install)
        self.side = CounterSide(
            ENROLMENT, COUNTER_KEY, self.journal, self.clock,
            take_checkpoint=lambda: self.journal.sign(COUNTER_FEED, COUNTER_KEY),
            on_entries=self.learn,
            bundle_version=lambda: fetcher.version,
        )  # fmt: skip
        numbers = iter(range(10**9))
        chance = Chance(lambda n: next(numbers).to_bytes(n, "big"), lambda: self.fraction)
        self.line = Replicator(self.side, fetcher, post, self.tell, clock=self.clock, chance=chance)

    def install(self, bundle: CachedBundle, fact: BundleInstalled) -> None:
        self.cached = bundle
        self.installed.append(fact)

    def learn(self, entries: Sequence[Entry]) -> None:
        self.learned.extend(entries)

    def tell(self, link: LinkState) -> None:
        self.links.append(link)
        self.told.set()

    def redeem(self, *numbers: int) -> None:
        self.journal.write(COUNTER_FEED, *(use(n) for n in numbers))

    @property
    def link(self) -> LinkState:
        return self.links[-1]


@pytest.fixture
def office() -> SmallOffice:
    return SmallOffice()


@pytest.fixture
def counter(office: SmallOffice) -> Iterator[Counter]:
    one = Counter(office.post)
    yield one
    one.line.stop()


def received(office: SmallOffice) -> int:
    head = office.writer.store.heads().get(COUNTER_FEED)
    return head.n if head else 0


# --- one exchange ------------------------------------------------------------------------------------


def test_redemptions_go_up_and_the_receipt_comes_back_in_one_call(counter: Counter, office: SmallOffice) -> None:
    counter.redeem(1, 2)
    exchanged = counter.line.exchange_once()
    assert (exchanged.sent, exchanged.received, exchanged.trouble) == (2, 1, None)
    assert received(office) == 2
    fact = decode_fact(counter.learned[0].body)
    assert isinstance(fact, Receipt)
    assert fact.n == 2


def test_after_the_first_contact_one_round_trip_is_enough(counter: Counter, office: SmallOffice) -> None:
    counter.line.exchange_once()
    office.posted.clear()
    counter.redeem(1)
    counter.line.exchange_once()
    assert office.posted == [EXCHANGE_PATH]
    assert received(office) == 1


def test_nothing_new_is_one_round_trip_and_nothing_sent(counter: Counter, office: SmallOffice) -> None:
    counter.redeem(1)
    counter.line.exchange_once()
    exchanged = counter.line.exchange_once()
    assert (exchanged.sent, exchanged.received) == (0, 0)


def test_a_long_journal_goes_up_in_one_call_of_several_messages(counter: Counter, office: SmallOffice) -> None:
    counter.side.side = replace(counter.side.side, limits=Limits(entries=3))
    counter.redeem(*range(1, 11))
    assert counter.line.exchange_once().sent == 10
    assert received(office) == 10


def test_a_redemption_made_meanwhile_goes_up_in_the_same_call(counter: Counter, office: SmallOffice) -> None:
    counter.redeem(1)

    def redeem_meanwhile(_path: str, answered: bytes) -> bytes:
        if received(office) == 1:
            counter.redeem(2)
        return answered

    office.harm = redeem_meanwhile
    counter.line.exchange_once()
    assert received(office) == 2


def test_a_lost_answer_is_made_good_by_the_next_exchange(counter: Counter, office: SmallOffice) -> None:
    counter.redeem(1)
    counter.line.turn()
    counter.redeem(2)

    def lose(_path: str, _answered: bytes) -> bytes:
        raise ExchangeError("unreachable", "the line broke")

    office.harm = lose
    counter.line.turn()
    office.harm = lambda _path, answered: answered
    counter.line.turn()
    assert received(office) == 2
    assert [decode_fact(entry.body).n for entry in counter.learned] == [1, 2]  # type: ignore[union-attr]


def test_a_head_office_that_lost_everything_is_sent_everything(counter: Counter, office: SmallOffice) -> None:
    counter.redeem(1, 2)
    counter.line.exchange_once()
    office.writer.store._feeds.pop(COUNTER_FEED)
    counter.redeem(3)
    counter.line.exchange_once()
    counter.line.exchange_once()
    assert received(office) == 3


# --- trust -------------------------------------------------------------------------------------------


def test_answer_replayed_from_an_earlier_exchange_is_refused(counter: Counter, office: SmallOffice) -> None:
    kept: list[bytes] = []

    def keep(_path: str, answered: bytes) -> bytes:
        kept.append(answered)
        return answered

    office.harm = keep
    counter.line.exchange_once()
    counter.redeem(1)
    before = counter.journal.image()
    office.harm = lambda _path, _answered: kept[0]
    with pytest.raises(ExchangeError) as caught:
        counter.line.exchange_once()
    assert caught.value.code == "message-not-an-answer"
    assert (counter.journal.image(), counter.learned) == (before, [])


def test_a_head_office_with_another_key_is_refused(counter: Counter, office: SmallOffice) -> None:
    office.us = replace(office.us, key=key_of_seed(66))
    counter.redeem(1)
    before = counter.journal.image()
    with pytest.raises(ExchangeError) as caught:
        counter.line.exchange_once()
    assert caught.value.code == "message-signature"
    assert counter.journal.image() == before


@pytest.mark.parametrize("origin", ["head-office/pier-9/bar", "pier-9/bar", "head-office2"])
def test_a_feed_that_is_not_for_this_counter_is_refused(counter: Counter, office: SmallOffice, origin: str) -> None:
    office.writer.feed = FeedId(origin, 1)
    office.writer.write(use(1))
    with pytest.raises(ExchangeError) as caught:
        counter.line.exchange_once()
    assert caught.value.code == "feed-foreign"
    assert counter.journal.image() == {}


def test_head_offices_feed_for_all_is_accepted(counter: Counter, office: SmallOffice) -> None:
    office.writer.feed = FeedId("head-office", 1)
    office.writer.write(use(1))
    counter.line.exchange_once()
    assert set(counter.journal.image()) == {FeedId("head-office", 1)}


def test_a_feed_signed_in_an_epoch_that_was_not_pinned_is_refused(counter: Counter, office: SmallOffice) -> None:
    office.writer.store.write(OFFICE_FEED, use(1))
    office.writer.store.sign(OFFICE_FEED, OFFICE_KEY, key_epoch=2)
    with pytest.raises(ExchangeError) as caught:
        counter.line.exchange_once()
    assert caught.value.code == "key-epoch-unknown"


def test_a_journal_restored_to_less_than_head_office_holds_says_so(counter: Counter, office: SmallOffice) -> None:
    counter.redeem(1, 2, 3)
    counter.line.exchange_once()
    counter.journal._feeds.pop(COUNTER_FEED)
    counter.redeem(1)
    counter.line.turn()
    assert counter.link.online
    assert counter.link.trouble is not None
    assert "enrol this counter anew" in counter.link.trouble


def test_a_cloned_journal_that_head_office_does_not_take_is_sent_once_a_turn(
    counter: Counter, office: SmallOffice
) -> None:
    counter.redeem(1, 2)
    counter.line.exchange_once()
    counter.journal._feeds.pop(COUNTER_FEED)
    counter.redeem(1, 77, 78)
    before = office.writer.store.image()
    office.posted.clear()
    counter.line.turn()
    assert len(office.posted) <= 2
    assert office.writer.store.image() == before
    assert [fork.stored.n for fork in office.writer.forks][:1] == [2]


def test_an_earlier_life_of_this_counter_goes_up_too(counter: Counter, office: SmallOffice) -> None:
    earlier = FeedId("bayside/front", 1)
    later = replace(ENROLMENT, incarnation=2, key_epoch=2)
    public_key = COUNTER_KEY.public_key().public_bytes_raw()
    opened = Opened(at_ms=NOON_MS, store="bayside", counter="front", public_key=public_key, key_epoch=1)
    counter.journal.write(earlier, opened, use(1))
    counter.journal.write(later.feed, use(2))
    side = CounterSide(
        later, COUNTER_KEY, counter.journal, counter.clock,
        take_checkpoint=lambda: None, on_entries=counter.learn, bundle_version=lambda: 0,
    )  # fmt: skip
    office.writer.trust.trust(earlier, COUNTER_KEY)
    office.writer.trust.trust(later.feed, COUNTER_KEY, key_epoch=2)
    take(office.writer.side(), compose(side.side, {}))
    assert {feed: len(held) for feed, held in office.writer.store.image().items()} == {earlier: 2, later.feed: 1}
    counter.journal.prune(earlier, 1)  # whose key it had is still known then
    counter.journal.write(earlier, use(2))
    counter.line.exchange_once()
    assert len(office.writer.store.image()[earlier]) == 3


def test_an_earlier_life_with_another_key_is_not_signed_for(counter: Counter) -> None:
    public_key = key_of_seed(66).public_key().public_bytes_raw()
    opened = Opened(at_ms=NOON_MS, store="bayside", counter="front", public_key=public_key, key_epoch=1)
    counter.journal.write(FeedId("bayside/front", 7), opened)
    assert compose(counter.side.side, {}).segments == ()


def test_an_earlier_life_that_head_office_holds_more_of_is_no_trouble(counter: Counter, office: SmallOffice) -> None:
    earlier = FeedId("bayside/front", 7)
    for store, last in ((counter.journal, 1), (office.writer.store, 3)):
        store.write(earlier, *(use(n) for n in range(last)))
        store.sign(earlier, COUNTER_KEY)
    office.writer.trust.trust(earlier, COUNTER_KEY)
    counter.line.turn()
    assert counter.link.trouble is None


def test_a_head_office_that_lacks_what_is_pruned_is_named_and_sent_nothing_behind_it(
    counter: Counter, office: SmallOffice
) -> None:
    counter.redeem(1, 2, 3)
    counter.journal.prune(COUNTER_FEED, 2)
    counter.line.turn()
    counter.line.turn()
    assert counter.link.trouble is not None
    assert counter.link.trouble.startswith("Head office lacks entries 1 to 2 of bayside/front@")
    assert received(office) == 0


def test_a_head_office_that_tells_another_history_is_named(counter: Counter, office: SmallOffice) -> None:
    office.writer.write(use(1), use(2))
    counter.line.turn()
    before = counter.journal.image()
    office.writer.store._feeds.pop(OFFICE_FEED)
    office.writer.write(use(3), use(4), use(5))
    counter.line.turn()
    assert counter.journal.image() == before
    assert counter.link.trouble is not None
    assert "another history" in counter.link.trouble


# --- the bundle --------------------------------------------------------------------------------------


def test_a_newer_bundle_is_installed_once(counter: Counter, office: SmallOffice) -> None:
    office.publish(7)
    assert counter.line.exchange_once().bundle is not None
    assert counter.line.exchange_once().bundle is None
    assert [fact.version for fact in counter.installed] == [7]


def test_a_refused_bundle_is_told_and_the_journal_goes_up_all_the_same(counter: Counter, office: SmallOffice) -> None:
    office.publish(7)
    assert office.bundle is not None
    office.bundle = replace(office.bundle, parts={})
    counter.redeem(1)
    counter.line.turn()
    assert (counter.link.online, received(office), counter.installed) == (True, 1, [])
    assert counter.link.trouble is not None
    assert "Head office has no part" in counter.link.trouble


def test_a_refused_bundle_is_asked_for_again_after_a_minute_not_before(counter: Counter, office: SmallOffice) -> None:
    office.publish(7)
    assert office.bundle is not None
    whole = office.bundle
    office.bundle = replace(whole, parts={})
    counter.line.turn()
    office.posted.clear()
    office.bundle = whole
    counter.clock.advance(59)
    counter.line.turn()
    assert PARTS_PATH not in office.posted
    assert counter.link.trouble is not None
    counter.clock.advance(1)
    counter.line.turn()
    assert [fact.version for fact in counter.installed] == [7]
    assert counter.link.trouble is None


# --- the link ----------------------------------------------------------------------------------------


def test_while_nobody_answers_the_link_is_offline_since_the_first_failure(
    counter: Counter, office: SmallOffice
) -> None:
    counter.line.turn()
    contact = counter.link.last_contact_ms
    office.down = True
    counter.clock.advance(10)
    counter.line.turn()
    counter.clock.advance(10)
    counter.line.turn()
    assert not counter.link.online
    assert counter.link.last_contact_ms == contact
    assert contact is not None
    assert counter.link.offline_since_ms == contact + 10_000
    assert counter.link.trouble == "No answer from http://office (connection refused)"


def test_contact_clears_what_was_wrong(counter: Counter, office: SmallOffice) -> None:
    office.down = True
    counter.line.turn()
    office.down = False
    counter.line.turn()
    assert counter.link == LinkState(online=True, last_contact_ms=counter.side.now_ms())


def test_waits_grow_with_failures_up_to_half_a_minute_and_start_over(counter: Counter, office: SmallOffice) -> None:
    office.down = True
    waits = []
    for _ in range(12):
        counter.line.turn()
        waits.append(counter.line.wait_s())
    assert waits == sorted(waits)
    assert waits[0] < waits[1] < waits[-1] == LONGEST_BACKOFF_S
    office.down = False
    counter.line.turn()
    assert counter.line.wait_s() == INTERVAL_S


def test_counters_do_not_all_come_back_at_the_same_moment(counter: Counter, office: SmallOffice) -> None:
    office.down = True
    for _ in range(12):
        counter.line.turn()
    counter.fraction = 0.0
    assert counter.line.wait_s() == LONGEST_BACKOFF_S / 2


@pytest.mark.parametrize("error", [JournalError("journal-disk-full", "The disk is full"), ValueError("a bug")])
def test_any_trouble_becomes_a_sentence_and_ends_nothing(
    counter: Counter, office: SmallOffice, error: Exception
) -> None:
    def fail(_path: str, _answered: bytes) -> bytes:
        raise error

    office.harm = fail
    counter.line.turn()
    assert counter.link.trouble
    office.harm = lambda _path, answered: answered
    counter.line.turn()
    assert counter.link.online


def test_a_listener_that_fails_ends_nothing(counter: Counter, office: SmallOffice) -> None:
    def fail(_link: LinkState) -> None:
        raise ValueError("the page is gone")

    counter.line._on_link = fail
    counter.redeem(1)
    counter.line.turn()
    assert received(office) == 1


def test_the_thread_sends_when_woken_and_stops_when_told(counter: Counter, office: SmallOffice) -> None:
    arrived = threading.Event()

    def watch(_path: str, answered: bytes) -> bytes:
        if received(office):
            arrived.set()
        return answered

    office.harm = watch
    counter.line.start()
    assert counter.told.wait(5)
    counter.redeem(1)
    counter.line.wake()
    assert arrived.wait(2), "a redemption waits for the next turn of 3 s"
    counter.line.stop()
    assert counter.line._thread is not None
    assert not counter.line._thread.is_alive()


# --- over HTTP ---------------------------------------------------------------------------------------


def posting(answer: httpx.Response | Exception) -> Post:
    def respond(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://office/base/sync/v1/exchange"
        if isinstance(answer, Exception):
            raise answer
        return answer

    return http_post("http://office/base/", httpx.Client(transport=httpx.MockTransport(respond)))


def refused(answer: httpx.Response | Exception) -> ExchangeError:
    with pytest.raises(ExchangeError) as caught:
        posting(answer)(EXCHANGE_PATH, b"message")
    return caught.value


def test_an_answer_is_brought_back_as_it_is() -> None:
    assert posting(httpx.Response(200, content=b"answer"))(EXCHANGE_PATH, b"message") == b"answer"


def test_no_answer_says_what_to_check() -> None:
    error = refused(httpx.ConnectError("refused"))
    assert (error.code, error.where) == ("unreachable", "http://office/base/")


def test_endless_answer_is_refused() -> None:
    assert refused(httpx.Response(200, content=bytes(8 * 1024 * 1024 + 1))).code == "message-too-large"


def test_a_refusal_travels_with_its_words() -> None:
    said = ExchangeError("party-unknown", "Not enrolled", where="bayside/front", cure="Enrol anew.")
    body, status = refusal(said)
    told = refused(httpx.Response(status, content=body))
    assert (told.code, told.what, told.where, told.cure) == (said.code, said.what, said.where, said.cure)


@pytest.mark.parametrize("body", [b"<html>Log in to the hotel's network</html>", b"[]", b"{}", b"\xff", b"[" * 10_000])
def test_something_else_that_answers_is_no_head_office(body: bytes) -> None:
    assert read_refusal(502, body, "http://office").code == "unreachable"


def test_entries_of_a_later_release_are_stored_and_learned(counter: Counter, office: SmallOffice) -> None:
    body = encode_fact(use(1)).replace(b"\x00\x03", b"\x00\x17", 1)
    assert decode_fact(body).KIND == 0
    office.writer.store._feeds[OFFICE_FEED] = chain(OFFICE_FEED, NO_ENTRIES, [body])
    office.writer.store.sign(OFFICE_FEED, OFFICE_KEY)
    counter.line.exchange_once()
    assert [entry.body for entry in counter.learned] == [body]
