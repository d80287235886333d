"""Each way a bundle is refused says what is wrong, where, and what comes of it; and what is just allowed is opened."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.core.bundle import (
    HOMES,
    MAX_BUNDLE_BYTES,
    MAX_KEYS,
    MAX_PART_BYTES,
    MAX_PARTS,
    MAX_SAMPLE_BYTES,
    USED,
    OpenedBundle,
    catalogue_of,
    decode_part,
    open_bundle,
    read_manifest,
)
from kiosk.core.code_homes import CodeHomes
from kiosk.core.code_lists import CODE_BYTES, LISTS, ListsInMemory
from kiosk.core.issuers import Doubt, Issuer, issuers_part
from kiosk.core.rotating import RotatingKey, Turning
from kiosk.core.sealed_keys import PART, seal_keys
from kiosk.core.strict_cbor import encode
from kiosk.core.used_codes import UsedCodes
from kiosk.core.voucher import Voucher, issue, key_id, reference
from kiosk.errors import BundleError

KEPT = "The bundle installed before stays in force."
AGAIN = f"{KEPT} It is fetched again by itself when head office can be reached."
TELL = f"{KEPT} Tell head office: somebody may be in between."
UNREADABLE = "A bundle cannot be read: "
LATEST_MS = 2**48
CHUNK = f"{LISTS}tacos/0"


def key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def public(one: Ed25519PrivateKey) -> bytes:
    return one.public_key().public_bytes_raw()


ROOT, PUBLISHER, SECOND = key(1), key(2), key(3)


def signed(raw: bytes, *keys: Ed25519PrivateKey) -> list[Any]:
    return [[public(one), one.sign(raw)] for one in keys]


def roles(version: object = 1, threshold: object = 1, keys: object = (public(PUBLISHER),)) -> bytes:
    return encode({1: "counterfoil-roles", 2: version, 3: threshold, 4: keys})


def manifest(version: object = 7, times: tuple[object, object, object] = (1, 2, 3), parts: object = None) -> bytes:
    published, fresh, hard = times
    named = {} if parts is None else parts
    return encode({1: "counterfoil-manifest", 2: version, 3: published, 4: fresh, 5: hard, 6: named})


def envelope(who: bytes | None = None, what: bytes | None = None, *, signatures: object = None) -> bytes:
    """Signed by root and publisher, whatever it holds; ``signatures`` of the manifest stand in for the true ones."""
    who, what = who or roles(), what or manifest()
    return encode([who, signed(who, ROOT), what, signed(what, PUBLISHER) if signatures is None else signatures])


def refusal(raw: bytes, floor: int = 0, **floors: int) -> BundleError:
    with pytest.raises(BundleError) as caught:
        read_manifest(raw, public(ROOT), floor, **floors)
    return caught.value


def mark(part: bytes) -> list[object]:
    return [hashlib.sha256(part).digest(), len(part)]


def numbered(count: int, length: int) -> dict[str, object]:
    return {f"p/{k}": [k.to_bytes(32, "big"), length] for k in range(count)}


def keys_of(count: int) -> list[bytes]:
    """As many publishing keys, the first of them ours."""
    return [public(PUBLISHER), *(bytes([k]) * 32 for k in range(1, count))]


# --- malformed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\x18\x01", "it is not in the deterministic encoding"),
        (encode([roles(), [], manifest(), [], 5]), "a list has the wrong length"),
        (encode([roles(), [], manifest()]), "a list has the wrong length"),
        (encode([1, [], manifest(), []]), "a byte string has the wrong length"),
        (envelope(signatures=[[public(PUBLISHER), bytes(64), 3]]), "a list has the wrong length"),
        (envelope(signatures=[[bytes(31), bytes(64)]]), "a byte string has the wrong length"),
        (envelope(signatures=[[bytes(32), bytes(63)]]), "a byte string has the wrong length"),
        (envelope(signatures=signed(b"", PUBLISHER) * (MAX_KEYS + 1)), "a list has the wrong length"),
        (envelope(encode([])), "it holds no counterfoil-roles"),
        (envelope(roles(keys=keys_of(MAX_KEYS + 1))), "a list has the wrong length"),
        (envelope(roles(keys=[public(PUBLISHER), bytes(31)])), "a byte string has the wrong length"),
        (envelope(roles(threshold=0)), "its list of publishing keys can never be satisfied"),
        (envelope(roles(threshold=2)), "its list of publishing keys can never be satisfied"),
        (envelope(roles(threshold=MAX_KEYS + 1)), "a number is out of range"),
        (envelope(roles(version=-1)), "a number is out of range"),
        (envelope(what=encode({1: "another", 2: 7})), "it holds no counterfoil-manifest"),
        (envelope(what=manifest(version=0)), "its version or its times make no sense"),
        (envelope(what=manifest(version=True)), "a number is out of range"),
        (envelope(what=manifest(times=(2, 1, 3))), "its version or its times make no sense"),
        (envelope(what=manifest(times=(1, 3, 2))), "its version or its times make no sense"),
        (envelope(what=manifest(times=(1, 2, LATEST_MS + 1))), "a number is out of range"),
        (envelope(what=manifest(parts=[])), "its parts are no map"),
        (envelope(what=manifest(parts={"../x": mark(b"")})), "a part has the name '../x'"),
        (envelope(what=manifest(parts={"X" + "y" * 60: mark(b"")})), f"a part has the name 'X{'y' * 39}'"),
        (envelope(what=manifest(parts={7: mark(b"")})), "a part has the name '7'"),
        (envelope(what=manifest(parts={f"{LISTS}x": mark(b"")})), f"the part '{LISTS}x' names no chunk of a code list"),
        (envelope(what=manifest(parts={"x": [bytes(31), 1]})), "a byte string has the wrong length"),
        (envelope(what=manifest(parts={"x": [bytes(32), 1, 1]})), "a list has the wrong length"),
        (envelope(what=manifest(parts={"x": [bytes(32), -1]})), "a number is out of range"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(raw: bytes, why: str) -> None:
    refused = refusal(raw)
    assert (refused.code, refused.what, refused.cure) == ("bundle-malformed", UNREADABLE + why, AGAIN)


# --- too large -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (bytes(1024 * 1024 + 1), "The list of its parts: 1,048,577; 1,048,576 are allowed"),
        (envelope(what=manifest(parts=numbered(MAX_PARTS + 1, 0))), "A bundle of parts: 4,097; 4,096 are allowed"),
        (envelope(what=manifest(parts=numbered(1, MAX_PART_BYTES + 1))),
         "The part 'p/0': 4,194,305; 4,194,304 are allowed"),
        (envelope(what=manifest(parts=numbered(64, MAX_PART_BYTES) | {"q": [bytes(32), 1]})),
         "A bundle: 268,435,457; 268,435,456 are allowed"),
    ],
)  # fmt: skip
def test_what_is_too_large_is_told_with_how_much_is_allowed(raw: bytes, what: str) -> None:
    refused = refusal(raw)
    assert (refused.code, refused.what, refused.cure) == ("bundle-too-large", what, KEPT)


def test_as_many_parts_and_bytes_as_are_allowed_are_read() -> None:
    assert len(read_manifest(envelope(what=manifest(parts=numbered(MAX_PARTS, 0))), public(ROOT), 0).parts) == MAX_PARTS
    full = read_manifest(envelope(what=manifest(parts=numbered(64, MAX_PART_BYTES))), public(ROOT), 0)
    assert sum(one.length for one in full.parts.values()) == MAX_BUNDLE_BYTES


# --- signatures, versions ------------------------------------------------------------------------


def test_roles_that_the_root_did_not_sign_are_told() -> None:
    who, what = roles(), manifest()
    refused = refusal(encode([who, signed(who, SECOND), what, signed(what, PUBLISHER)]))
    assert (refused.code, refused.cure) == ("bundle-signature", TELL)
    assert refused.what == "The list of publishing keys is not signed by the root key that this counter knows"


def test_too_few_signatures_are_told() -> None:
    refused = refusal(envelope(roles(threshold=2, keys=[public(PUBLISHER), public(SECOND)])))
    assert (refused.code, refused.cure) == ("bundle-signature", TELL)
    assert refused.what == "Fewer than 2 publishing keys signed the bundle"


def test_a_false_signature_does_not_hide_a_true_one_behind_it() -> None:
    both, what = roles(keys=[public(PUBLISHER), public(SECOND)]), manifest()
    signatures = [[public(PUBLISHER), bytes(64)], *signed(what, SECOND)]
    assert read_manifest(envelope(both, what, signatures=signatures), public(ROOT), 0).version == 7


def test_as_many_keys_and_signatures_as_are_allowed_are_read() -> None:
    what = manifest()
    signatures = [*([bytes(32), bytes(64)] for _ in range(MAX_KEYS - 1)), *signed(what, PUBLISHER)]
    raw = envelope(roles(keys=keys_of(MAX_KEYS)), what, signatures=signatures)
    assert read_manifest(raw, public(ROOT), 0).version == 7


def test_an_older_bundle_or_list_of_keys_is_told_with_both_versions() -> None:
    older = refusal(envelope(), floor=8)
    assert (older.code, older.cure) == ("bundle-older", TELL)
    assert older.what == "A bundle of version 7 is older than version 8, which was in force"
    stolen = refusal(envelope(), roles_floor=2)
    assert (stolen.code, stolen.cure) == ("bundle-older", TELL)
    assert stolen.what == "A list of publishing keys of version 1 is older than version 2, which was in force"


def test_the_first_versions_and_times_that_make_sense_are_read() -> None:
    raw = envelope(roles(version=0), manifest(version=1, times=(LATEST_MS,) * 3))
    read = read_manifest(raw, public(ROOT), 0)
    assert (read.version, read.roles_version) == (1, 0)
    assert (read.published_at_ms, read.fresh_until_ms, read.hard_until_ms) == (LATEST_MS,) * 3
    assert open_bundle(raw, {}, public(ROOT), 1).version == 1


# --- parts ---------------------------------------------------------------------------------------


def opened(**parts: object) -> OpenedBundle:
    raw = {name: one if isinstance(one, bytes) else encode(one) for name, one in parts.items()}
    what = manifest(parts={name: mark(part) for name, part in raw.items()})
    by_digest = {hashlib.sha256(part).digest(): part for part in raw.values()}
    return open_bundle(envelope(what=what), by_digest, public(ROOT), 0)


def test_a_part_of_no_bytes_is_a_part() -> None:
    assert opened(empty=b"").parts == {"empty": b""}


@pytest.mark.parametrize(
    ("parts", "code", "what"),
    [({}, "bundle-part-missing", "The bundle's part 'staff' is missing"),
     ({hashlib.sha256(b"mia").digest(): b"max"}, "bundle-part-altered", "The bundle's part 'staff' was altered")],
)  # fmt: skip
def test_a_part_that_is_not_the_one_meant_is_told_by_its_name(parts: dict[bytes, bytes], code: str, what: str) -> None:
    with pytest.raises(BundleError) as caught:
        open_bundle(envelope(what=manifest(parts={"staff": mark(b"mia")})), parts, public(ROOT), 0)
    refused = caught.value
    assert (refused.code, refused.what, refused.where, refused.cure) == (code, what, "staff", AGAIN)


def test_a_part_that_a_bundle_does_not_name_is_told() -> None:
    with pytest.raises(BundleError) as caught:
        decode_part(opened(), "staff")
    refused = caught.value
    assert (refused.code, refused.where, refused.cure) == ("bundle-part-missing", "staff", AGAIN)
    assert refused.what == "The bundle has no part 'staff'"


def said_of(kind: type[UsedCodes | CodeHomes]) -> str:
    """What is said of a part of one byte that is none of its kind."""
    with pytest.raises(ValueError, match=r"..") as caught:
        kind.decode(b"?")
    return str(caught.value)


def test_codes_of_bundles_from_before_lists_were_cut_are_known_by_their_promotion() -> None:
    digests = [bytes([k]) * 16 for k in range(5)]
    parts = {"codes/tacos": b"".join(digests[:2]), "codes/tacos/1": digests[2], "codes/soup": b"".join(digests[3:])}
    whole = opened(**{"promotions": [], "organisation": {"name": "Harbor Grill"}, "staff": []} | parts)
    listed = catalogue_of(whole, b"k" * 32).listed
    assert listed == dict(zip(digests, ["tacos"] * 3 + ["soup"] * 2, strict=True))


def test_rotating_keys_are_opened_with_the_fleet_key_and_left_alone_without() -> None:
    turning = RotatingKey("tacos", "T-{totp_value_0}", 30_000, (Turning(bytes(20), 8),), "sha256")
    parts: dict[str, object] = {"promotions": [], "organisation": {"name": "Harbor Grill"}, "staff": []}
    whole = opened(**parts, **{PART: seal_keys([turning], b"k" * 32)})
    assert catalogue_of(whole, b"k" * 32).rotating == {"tacos": turning}
    assert catalogue_of(whole, b"").rotating == {}
    assert catalogue_of(opened(**parts), b"k" * 32).rotating == {}


def test_the_issuers_of_a_bundle_check_vouchers() -> None:
    parts: dict[str, object] = {"promotions": [], "organisation": {"name": "Harbor Grill"}, "staff": []}
    text = issue(Voucher(key_id(public(PUBLISHER)), reference("tacos"), 7), PUBLISHER)
    whole = opened(**parts, issuers=issuers_part([Issuer(public(PUBLISHER), 0)], []))
    assert not isinstance(catalogue_of(whole, b"k" * 32).issuers.check(text, 1), Doubt)
    assert isinstance(catalogue_of(opened(**parts), b"k" * 32).issuers.check(text, 1), Doubt)


def test_the_lists_that_a_counter_has_cached_are_the_catalogue_s() -> None:
    cached = ListsInMemory({})
    whole = opened(promotions=[], organisation={"name": "Harbor Grill"}, staff=[])
    assert catalogue_of(whole, b"k" * 32, cached).lists is cached


def test_a_chunk_that_the_cache_holds_hides_no_part_behind_it() -> None:
    chunk, picture, name = bytes(CODE_BYTES), b"picture", "samples/shrimp-tacos"  # longer names come later
    raw = envelope(what=manifest(parts={CHUNK: mark(chunk), name: mark(picture)}))
    parts, held = {hashlib.sha256(picture).digest(): picture}, [hashlib.sha256(chunk).digest()]
    assert open_bundle(raw, parts, public(ROOT), 0, held=held).parts == {name: picture}
    with pytest.raises(BundleError, match=f"'{name}' is missing"):
        open_bundle(raw, {}, public(ROOT), 0, held=held)


def catalogue_refusal(**parts: object) -> BundleError:
    whole = {"promotions": [], "organisation": {"name": "Harbor Grill"}, "staff": []} | parts
    with pytest.raises(BundleError) as caught:
        catalogue_of(opened(**whole), b"k" * 32)
    return caught.value


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"organisation": {"name": "Harbor Grill", "stores": [{"id": "bayside"}]}}, "stores.0.name: Field required"),
        ({"promotions": {}}, "a list has the wrong length"),
        ({"samples/tacos": b"<svg>"}, "the sample picture of 'tacos' is no JPEG"),
        ({"codes/tacos": bytes(31)}, "the part 'codes/tacos' is no list of 16-byte digests"),
        ({f"{USED}tacos": b"?"}, f"the part '{USED}tacos': {said_of(UsedCodes)}"),
        ({f"{HOMES}tacos": b"?"}, f"the part '{HOMES}tacos': {said_of(CodeHomes)}"),
    ],
)
def test_a_part_that_does_not_fit_is_told_with_its_place(parts: dict[str, object], why: str) -> None:
    refused = catalogue_refusal(**parts)
    assert (refused.code, refused.what, refused.cure) == ("bundle-malformed", UNREADABLE + why, AGAIN)


def test_a_sample_picture_that_is_too_large_is_told_with_whose_it_is() -> None:
    refused = catalogue_refusal(**{"samples/tacos": bytes(MAX_SAMPLE_BYTES + 1)})
    assert refused.what == "The sample picture of 'tacos': 200,001; 200,000 are allowed"


def test_a_house_of_more_people_than_a_bundle_has_parts_is_read() -> None:
    staff = [{"id": f"c-{k}", "name": "Clerk", "pin_hash": "$argon2id$..."} for k in range(MAX_PARTS + 1)]
    whole = opened(promotions=[], organisation={"name": "Harbor Grill"}, staff=staff)
    assert len(catalogue_of(whole, b"k" * 32).staff) == MAX_PARTS + 1
