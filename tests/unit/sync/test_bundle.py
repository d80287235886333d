"""Fetching a bundle: nothing is installed but a whole, newer, truly signed one; the one in force stays otherwise.

Attacks by name: ``tests/unit/sync/attacks``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core import bundle as core
from kiosk.core.bundle import content_parts, seal_bundle, sign_roles
from kiosk.core.fact import BundleInstalled
from kiosk.core.organisation import Organisation
from kiosk.core.strict_cbor import encode
from kiosk.errors import BundleError, ExchangeError
from kiosk.ports import CachedBundle
from sync.bundle import BundleFetcher, answer_parts, ask_parts, read_parts
from sync.wire import MAX_MESSAGE_BYTES, Party
from tests.twins import NOON_MS, key_of_seed

ROOT, PUBLISHER, THIEF = key_of_seed(1), key_of_seed(2), key_of_seed(66)
PUBLISHER_PUBLIC = PUBLISHER.public_key().public_bytes_raw()
ROLES = sign_roles(version=1, publishing_keys=[PUBLISHER_PUBLIC], root_key=ROOT)


def published(
    version: int, *, name: str = "Harbor Grill", codes: bytes = b"", key: Ed25519PrivateKey = PUBLISHER
) -> CachedBundle:
    parts = content_parts([], Organisation(name=name), [], {"tacos": codes} if codes else {})
    envelope, by_digest = seal_bundle(
        version=version, published_at_ms=NOON_MS, fresh_until_ms=NOON_MS, hard_until_ms=NOON_MS,
        parts=parts, roles=ROLES, publishing_keys=[key],
    )  # fmt: skip
    return CachedBundle(envelope, by_digest)


class Counter:
    """The cache and the floor of one counter, and head office's parts with a count of what was asked for."""

    def __init__(self, in_force: CachedBundle | None = None, floor: int = 0) -> None:
        self.cached = in_force
        self.floor = floor
        self.installed: list[BundleInstalled] = []
        self.parts: dict[bytes, bytes] = {}
        self.asked: list[bytes] = []
        self.fetcher = BundleFetcher(
            ROOT.public_key().public_bytes_raw(), lambda: self.cached, lambda: self.floor, self.install
        )

    def install(self, bundle: CachedBundle, fact: BundleInstalled) -> None:
        self.cached, self.floor = bundle, fact.version
        self.installed.append(fact)

    def ask(self, wanted: Sequence[bytes]) -> Mapping[bytes, bytes]:
        self.asked.extend(wanted)
        return {digest: self.parts[digest] for digest in wanted if digest in self.parts}

    def take(self, bundle: CachedBundle) -> bool:
        self.parts |= bundle.parts
        return self.fetcher.take(bundle.envelope, self.ask, NOON_MS) is not None

    def refusal(self, bundle: CachedBundle) -> str:
        """The code of the refusal, after making sure that the bundle in force is still the same."""
        before = (self.cached, self.floor, self.fetcher.version, list(self.installed))
        with pytest.raises(BundleError) as caught:
            self.fetcher.take(bundle.envelope, self.ask, NOON_MS)
        assert (self.cached, self.floor, self.fetcher.version, self.installed) == before
        return caught.value.code


def test_the_first_bundle_is_fetched_whole_and_installed_with_its_entry() -> None:
    counter = Counter()
    assert counter.take(published(7))
    assert counter.cached == published(7)
    assert [(fact.version, fact.at_ms) for fact in counter.installed] == [(7, NOON_MS)]
    assert counter.fetcher.version == 7


def test_only_the_parts_that_changed_are_asked_for() -> None:
    counter = Counter(published(7))
    assert counter.take(published(8, name="Harbor Grill and Bar"))
    assert len(counter.asked) == 1


def test_parts_of_the_bundle_before_are_not_kept_in_the_cache() -> None:
    counter = Counter(published(7))
    counter.take(published(8, name="Harbor Grill and Bar"))
    assert counter.cached == published(8, name="Harbor Grill and Bar")


def test_the_bundle_in_force_is_not_fetched_again() -> None:
    counter = Counter(published(7))
    assert not counter.take(published(7))
    assert counter.asked == []


def test_a_fetch_that_broke_off_goes_on_where_it_was() -> None:
    counter, wanted = Counter(), published(7, codes=bytes(18))
    counter.parts = dict(list(wanted.parts.items())[:1])
    assert counter.refusal(wanted) == "bundle-part-missing"
    counter.asked.clear()
    assert counter.take(wanted)
    assert len(counter.asked) == len(wanted.parts) - 1


def test_a_line_that_breaks_leaves_the_bundle_in_force() -> None:
    counter = Counter(published(7))

    def broken(_wanted: Sequence[bytes]) -> Mapping[bytes, bytes]:
        raise ExchangeError("unreachable", "the line broke")

    with pytest.raises(ExchangeError):
        counter.fetcher.take(published(8, name="Bar").envelope, broken, NOON_MS)
    assert (counter.cached, counter.fetcher.version) == (published(7), 7)


def test_a_damaged_cache_is_mended_with_the_same_version() -> None:
    whole = published(7)
    counter = Counter(CachedBundle(whole.envelope, dict(list(whole.parts.items())[1:])), floor=7)
    assert counter.fetcher.version == 0
    assert counter.take(whole)
    assert counter.cached == whole


def test_bundle_with_a_bad_signature_is_refused_before_a_part_is_asked_for() -> None:
    counter = Counter(published(7))
    assert counter.refusal(published(8, key=THIEF)) == "bundle-signature"
    assert counter.asked == []


def test_an_altered_part_is_not_kept_so_the_next_try_succeeds() -> None:
    counter, newer = Counter(published(7)), published(8, name="Bar")
    counter.parts = dict.fromkeys(newer.parts, b"altered")
    counter.refusal(newer)
    assert counter.take(newer)


def test_parts_nobody_asked_for_are_dropped() -> None:
    counter, newer = Counter(), published(7)
    stray = hashlib.sha256(b"stray").digest()
    counter.fetcher.take(newer.envelope, lambda wanted: {**newer.parts, stray: b"stray"}, NOON_MS)
    assert counter.cached == newer


def test_a_bundle_this_release_cannot_read_is_not_installed() -> None:
    counter = Counter(published(7))
    parts = {"promotions": encode([{"id": "from-the-future"}]), "organisation": encode({"name": "x"}), "staff": b"\x80"}
    envelope, by_digest = seal_bundle(
        version=8, published_at_ms=NOON_MS, fresh_until_ms=NOON_MS, hard_until_ms=NOON_MS,
        parts=parts, roles=ROLES, publishing_keys=[PUBLISHER],
    )  # fmt: skip
    counter.parts = by_digest
    assert counter.refusal(CachedBundle(envelope, by_digest)) == "bundle-malformed"


# --- parts over the wire -----------------------------------------------------------------------------


COUNTER, OFFICE = Party("bayside/front", 1, key_of_seed(3)), Party("head-office", 1, key_of_seed(4))
NONCE = b"n" * 16


def key_of(origin: str, key_epoch: int) -> bytes | None:
    keys = {one.origin: one.key.public_key().public_bytes_raw() for one in (COUNTER, OFFICE)}
    return keys.get(origin) if key_epoch == 1 else None


def fetched(parts: Mapping[bytes, bytes], wanted: Sequence[bytes]) -> dict[bytes, bytes]:
    asked = ask_parts(wanted, us=COUNTER, recipient="head-office", nonce=NONCE, at_ms=NOON_MS)
    answered = answer_parts(asked, us=OFFICE, key_of=key_of, find=lambda _wanted: parts, at_ms=NOON_MS)
    assert len(answered) <= MAX_MESSAGE_BYTES
    return read_parts(answered, us=COUNTER, key_of=key_of, nonce=NONCE)


def test_parts_that_are_there_are_answered_and_others_left_out() -> None:
    assert fetched({b"1" * 32: b"one"}, [b"1" * 32, b"2" * 32]) == {b"1" * 32: b"one"}


def test_as_many_parts_are_answered_as_fit_one_message_and_at_least_one() -> None:
    largest = bytes(core.MAX_PART_BYTES)
    parts = {bytes([k]) * 32: largest for k in range(3)}
    assert list(fetched(parts, list(parts))) == [bytes(32)]


def test_an_old_answer_with_parts_is_refused() -> None:
    asked = ask_parts([], us=COUNTER, recipient="head-office", nonce=NONCE, at_ms=NOON_MS)
    old = answer_parts(asked, us=OFFICE, key_of=key_of, find=lambda _wanted: {}, at_ms=NOON_MS)
    with pytest.raises(ExchangeError, match="another request"):
        read_parts(old, us=COUNTER, key_of=key_of, nonce=b"m" * 16)
