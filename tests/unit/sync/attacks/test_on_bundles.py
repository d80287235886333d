"""Attacks on what is published, by name, against a real counter: the promotions in force stay, and so does the floor.

Whoever attacks here has got past the line (head office's feed key is his, or head office's server): what stands between
him and a counter is what the bundle itself proves. What opening alone refuses, spelling by spelling, is in
``tests/unit/core/test_bundle.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import apsw
import pytest

from kiosk.core.bundle import MAX_PART_BYTES, MAX_VERSION_JUMP, read_manifest, sign_roles
from kiosk.core.strict_cbor import decode, encode
from kiosk.errors import BundleError
from sync.head_office.publish import publish
from tests.attack_world import World, public
from tests.head_office_world import key_number, line_to

THIEF = key_number(66)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World.open(tmp_path)
    publish(made.office, promotions=None, organisation=None, by="test")
    made.settle()
    return made


def take(world: World, envelope: bytes, ask: Callable[[Sequence[bytes]], Mapping[bytes, bytes]]) -> str:
    """The code with which the counter refuses a bundle; "" where it is installed."""
    try:
        world.front.fetcher.take(envelope, ask, 1)
    except BundleError as error:
        return error.code
    return ""


def offered(world: World, sealed: tuple[bytes, dict[bytes, bytes]]) -> str:
    envelope, parts = sealed
    return take(world, envelope, lambda wanted: {digest: parts[digest] for digest in wanted if digest in parts})


# --- rollback ----------------------------------------------------------------------------------------


def test_rollback_to_an_older_bundle_is_refused(world: World) -> None:
    old = world.sealed(world.version - 1)
    with world.unharmed():
        assert offered(world, old) == "bundle-older"


def test_rollback_is_refused_by_a_counter_that_has_started_again_with_its_cache_of_bundles_destroyed(
    world: World,
) -> None:
    old = world.sealed(world.version - 1)
    world.front.journal.close()
    with_tools = apsw.Connection(str(world.front.folder / "journal.db"))
    with_tools.execute("DELETE FROM bundle; DELETE FROM bundle_part")
    with_tools.close()
    world.front.start()
    with world.unharmed():
        assert offered(world, old) == "bundle-older", "the floor is in the journal, not in the cache"


def test_rollback_of_the_roles_to_a_publishing_key_that_was_stolen_and_replaced_is_refused(world: World) -> None:
    keys = world.office.keys
    renewed = sign_roles(
        version=2, publishing_keys=[keys.publishing.public_key().public_bytes_raw()], root_key=keys.root
    )
    stolen = sign_roles(version=1, publishing_keys=[THIEF.public_key().public_bytes_raw()], root_key=keys.root)
    assert offered(world, world.sealed(world.version + 1, roles=renewed)) == ""
    before = world.front.image()
    for _ in range(2):
        assert offered(world, world.sealed(world.version + 2, roles=stolen, publishing_keys=[THIEF])) == "bundle-older"
        assert world.front.image() == before
        world.front.restart()


# --- freeze ------------------------------------------------------------------------------------------


def test_freeze_by_answers_of_yesterday_played_back_is_refused_and_told(world: World) -> None:
    straight, kept = line_to(world.office), dict[str, bytes]()

    def keeping(path: str, message: bytes) -> bytes:
        return kept.setdefault(path, straight(path, message))

    world.front.post = keeping
    world.front.exchange()
    with world.unharmed():
        link = world.front.exchange()
        assert not link.online
        assert link.trouble == "An answer to another request than ours"


# --- fast-forward --------------------------------------------------------------------------------------


def test_fast_forward_without_a_publishing_key_is_refused(world: World) -> None:
    with world.unharmed():
        assert offered(world, world.sealed(2**40, publishing_keys=[THIEF])) == "bundle-signature"


def test_fast_forward_to_where_no_later_version_could_go_is_refused_though_truly_signed(world: World) -> None:
    floor = world.front.counter.standing.bundle_floor
    for version in (floor + MAX_VERSION_JUMP + 1, 2**48):
        before = world.front.image()
        assert offered(world, world.sealed(version)) == "bundle-jumps"
        assert world.front.image() == before
    with world.unharmed():
        assert offered(world, world.sealed(2**48)) == "bundle-jumps"


def test_fast_forward_within_what_is_believed_is_overtaken_by_head_office(world: World) -> None:
    """A stolen publishing key was used; the next bundle of head office, by whatever key, goes beyond."""
    floor = world.front.counter.standing.bundle_floor
    assert offered(world, world.sealed(floor + MAX_VERSION_JUMP)) == ""
    world.front.exchange()
    publish(world.office, promotions=None, organisation=None, by="test")
    assert world.version == floor + MAX_VERSION_JUMP + 1
    world.front.clock.advance(120)
    assert world.front.exchange().trouble is None
    assert world.front.counter.catalogue.version == world.version


def test_fast_forward_of_head_office_by_a_counter_that_claims_any_version_is_ignored(world: World) -> None:
    before = world.version
    world.pier.fetcher._version = 2**47
    world.pier.exchange()
    publish(world.office, promotions=None, organisation=None, by="test")
    assert world.version == before + 1


# --- mix-and-match ---------------------------------------------------------------------------------------


def test_mix_and_match_of_the_parts_of_two_signed_bundles_is_refused_by_name(world: World) -> None:
    old = world.parts()["organisation"]
    new = {**world.parts(), "organisation": encode({**decode(old), "name": "Harbor Group and Bar"})}
    envelope, parts = world.sealed(world.version + 1, new)
    wanted = hashlib.sha256(new["organisation"]).digest()
    del parts[wanted]
    with world.unharmed():
        assert offered(world, (envelope, parts | {hashlib.sha256(old).digest(): old})) == "bundle-part-missing"
        assert offered(world, (envelope, parts | {wanted: old})) == "bundle-part-altered"


def test_mix_and_match_of_the_manifest_of_one_with_the_signatures_of_another_is_refused(world: World) -> None:
    (one, parts), (other, _) = world.sealed(world.version + 1), world.sealed(world.version + 2)
    mixed = [*decode(one)[:3], decode(other)[3]]
    with world.unharmed():
        assert offered(world, (encode(mixed), parts)) == "bundle-signature"


# --- endless data --------------------------------------------------------------------------------------


def test_endless_data_as_a_part_is_refused(world: World) -> None:
    envelope, parts = world.sealed(world.version + 1, {**world.parts(), "extra": b"small"})
    endless = dict.fromkeys(parts, bytes(MAX_PART_BYTES + 1))
    with world.unharmed():
        assert offered(world, (envelope, endless)) == "bundle-part-altered"


def test_endless_data_in_parts_that_nobody_asked_for_is_dropped(world: World) -> None:
    envelope, _ = world.sealed(world.version + 1, {**world.parts(), "extra": b"small"})
    right_but_not_asked_for = world.parts()["staff"]
    stray = {hashlib.sha256(one).digest(): one for one in (right_but_not_asked_for, *(bytes([n]) for n in range(99)))}
    with world.unharmed():
        assert take(world, envelope, lambda _wanted: stray) == "bundle-part-altered"
        assert take(world, envelope, lambda _wanted: {}) == "bundle-part-missing"
    held = world.front.journal.bundle()
    assert held is not None
    manifest = read_manifest(held.envelope, public(world.office.keys.root), 0)
    assert set(held.parts) <= {mark.sha256 for mark in manifest.parts.values()}


# --- key compromise below the threshold ------------------------------------------------------------------


def test_key_compromise_below_the_threshold_publishes_nothing(world: World) -> None:
    """Two people must sign. One of their keys is stolen; then it signs alone, twice, and with a stranger's."""
    keys, second = world.office.keys, key_number(67)
    both = sign_roles(
        version=2, threshold=2, root_key=keys.root,
        publishing_keys=[public(keys.publishing), public(second)],
    )  # fmt: skip
    assert offered(world, world.sealed(world.version + 1, roles=both, publishing_keys=[keys.publishing, second])) == ""
    before = world.front.image()
    for signers in ([second], [second, second], [second, THIEF]):
        assert (
            offered(world, world.sealed(world.version + 2, roles=both, publishing_keys=signers)) == "bundle-signature"
        )
    assert world.front.image() == before
    assert offered(world, world.sealed(world.version + 2, roles=both, publishing_keys=[second, keys.publishing])) == ""


@pytest.mark.parametrize("whose", ["feed", "counter"])
def test_key_compromise_of_a_key_that_has_another_role_publishes_nothing(world: World, whose: str) -> None:
    stolen = world.office.keys.feed if whose == "feed" else world.front.key
    named = sign_roles(version=9, publishing_keys=[stolen.public_key().public_bytes_raw()], root_key=stolen)
    with world.unharmed():
        assert offered(world, world.sealed(world.version + 1, publishing_keys=[stolen])) == "bundle-signature"
        assert (
            offered(world, world.sealed(world.version + 1, roles=named, publishing_keys=[stolen])) == "bundle-signature"
        )


def test_an_attackers_bundle_on_head_offices_own_answer_is_told_and_the_journal_goes_up(world: World) -> None:
    """The whole road: whoever holds the server and not the publishing key stops no redemption from being sent."""
    envelope, _ = world.sealed(world.version + 1, publishing_keys=[THIEF])
    before = world.front.counter.catalogue.version
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sync.head_office.intake._newer_bundle", lambda _office, _version: envelope)
        assert world.front.redeem("LIMEPIE")
        assert "publishing keys" in (world.front.exchange().trouble or "")
    assert world.front.counter.catalogue.version == before
    assert world.arrived
