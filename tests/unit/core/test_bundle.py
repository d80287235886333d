"""The signed bundle, attack by attack. Opening is pure: what is refused changed nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core import bundle
from kiosk.core.bundle import (
    OpenedBundle,
    SignedRoles,
    catalogue_of,
    cosigned,
    open_bundle,
    read_manifest,
    seal_bundle,
    sign_roles,
)
from kiosk.core.code_homes import CodeHomes
from kiosk.core.code_lists import CODE_BYTES, CODES_IN_CHUNK, TOMBSTONE, FoundCode
from kiosk.core.credential import digest, fold, present
from kiosk.core.organisation import Floor, Organisation, StaffMember
from kiosk.core.promotion import Promotion
from kiosk.core.strict_cbor import decode, encode
from kiosk.core.used_codes import UsedCodes
from kiosk.errors import BundleError

DAY_MS = 86_400_000
PUBLISHED_MS = 1_793_966_400_000
FLEET_KEY = b"f" * 32


def key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def public(one: Ed25519PrivateKey) -> bytes:
    return one.public_key().public_bytes_raw()


ROOT, PUBLISHER, SECOND, THIEF = key(1), key(2), key(3), key(66)
ROLES = sign_roles(version=1, publishing_keys=[public(PUBLISHER)], root_key=ROOT)
PARTS = {"promotions": encode([]), "organisation": encode({"name": "Harbor Grill"}), "staff": encode([])}


@dataclass
class Sealed:
    envelope: bytes
    parts: dict[bytes, bytes]

    def open(self, floor: int = 0, *, roles_floor: int = 0) -> OpenedBundle:
        return open_bundle(self.envelope, self.parts, public(ROOT), floor, roles_floor=roles_floor)

    def refusal(self, floor: int = 0, *, roles_floor: int = 0) -> str:
        with pytest.raises(BundleError) as caught:
            self.open(floor, roles_floor=roles_floor)
        return caught.value.code


def sealed(
    version: int = 7,
    *,
    parts: Mapping[str, bytes] = PARTS,
    roles: SignedRoles = ROLES,
    keys: tuple[Ed25519PrivateKey, ...] = (PUBLISHER,),
) -> Sealed:
    return Sealed(
        *seal_bundle(
            version=version,
            published_at_ms=PUBLISHED_MS,
            fresh_until_ms=PUBLISHED_MS + DAY_MS,
            hard_until_ms=PUBLISHED_MS + 30 * DAY_MS,
            parts=parts,
            roles=roles,
            publishing_keys=keys,
        )
    )


def test_what_was_sealed_is_opened_with_its_times_and_parts() -> None:
    opened = sealed().open()
    assert (opened.version, opened.published_at_ms, opened.roles_version) == (7, PUBLISHED_MS, 1)
    assert (opened.fresh_until_ms, opened.hard_until_ms) == (PUBLISHED_MS + DAY_MS, PUBLISHED_MS + 30 * DAY_MS)
    assert opened.parts == PARTS
    assert opened.manifest_hash == hashlib.sha256(decode(sealed().envelope)[2]).digest()


def test_parts_of_other_bundles_in_the_cache_do_no_harm() -> None:
    one = sealed()
    one.parts[b"x" * 32] = b"left over"
    assert one.open().parts == PARTS


# --- attacks -----------------------------------------------------------------------------------------


def test_rollback_to_an_older_bundle_is_refused() -> None:
    assert sealed(6).refusal(floor=7) == "bundle-older"


def test_the_version_at_the_floor_opens() -> None:
    assert sealed(7).open(floor=7).version == 7


def test_fast_forward_is_refused_from_the_first_version_that_no_publishing_could_have_come_to() -> None:
    assert sealed(7 + bundle.MAX_VERSION_JUMP).open(floor=7).version == 7 + bundle.MAX_VERSION_JUMP
    assert sealed(8 + bundle.MAX_VERSION_JUMP).refusal(floor=7) == "bundle-jumps"
    assert sealed(8 + bundle.MAX_VERSION_JUMP).open(floor=0).version == 8 + bundle.MAX_VERSION_JUMP, "a first one"


def test_roles_rolled_back_to_a_stolen_key_are_refused() -> None:
    newer = sign_roles(version=2, publishing_keys=[public(SECOND)], root_key=ROOT)
    assert sealed(8, roles=newer, keys=(SECOND,)).open(roles_floor=2).roles_version == 2
    assert sealed(9).refusal(roles_floor=2) == "bundle-older"


def test_bundle_signed_by_a_key_of_no_role_is_refused() -> None:
    assert sealed(keys=(THIEF,)).refusal() == "bundle-signature"


def test_unsigned_bundle_is_refused() -> None:
    assert sealed(keys=()).refusal() == "bundle-signature"


def test_roles_signed_by_a_key_other_than_the_pinned_root_are_refused() -> None:
    roles = sign_roles(version=1, publishing_keys=[public(THIEF)], root_key=THIEF)
    assert sealed(roles=roles, keys=(THIEF,)).refusal() == "bundle-signature"


def test_manifest_altered_after_signing_is_refused() -> None:
    one = sealed()
    roles, roles_signatures, manifest, signatures = decode(one.envelope)
    later = encode({**decode(manifest), 2: 99})
    assert Sealed(encode([roles, roles_signatures, later, signatures]), one.parts).refusal() == "bundle-signature"


def test_what_was_signed_as_something_else_does_not_pass_for_a_manifest() -> None:
    assert resealed({}).open().parts == {}
    assert resealed({}, kind="counterfoil-roles").refusal() == "bundle-malformed"


def test_two_people_must_sign_where_the_roles_say_so() -> None:
    both = sign_roles(version=1, publishing_keys=[public(PUBLISHER), public(SECOND)], root_key=ROOT, threshold=2)
    assert sealed(roles=both, keys=(PUBLISHER, SECOND)).open().version == 7
    assert sealed(roles=both, keys=(PUBLISHER,)).refusal() == "bundle-signature"


def test_one_key_that_signs_twice_counts_once() -> None:
    both = sign_roles(version=1, publishing_keys=[public(PUBLISHER), public(SECOND)], root_key=ROOT, threshold=2)
    assert sealed(roles=both, keys=(PUBLISHER, PUBLISHER)).refusal() == "bundle-signature"


@pytest.mark.parametrize("threshold", [0, 2])
def test_roles_that_ask_for_no_signature_or_for_too_many_are_refused(threshold: int) -> None:
    roles = sign_roles(version=1, publishing_keys=[public(PUBLISHER)], root_key=ROOT, threshold=threshold)
    assert sealed(roles=roles).refusal() == "bundle-malformed"


def test_missing_part_is_named() -> None:
    one = sealed()
    del one.parts[hashlib.sha256(PARTS["organisation"]).digest()]
    with pytest.raises(BundleError, match="'organisation'") as caught:
        one.open()
    assert caught.value.code == "bundle-part-missing"


def test_altered_part_is_named() -> None:
    one = sealed()
    one.parts[hashlib.sha256(PARTS["organisation"]).digest()] = encode({"name": "Harbor Thief"})
    with pytest.raises(BundleError, match="'organisation'") as caught:
        one.open()
    assert caught.value.code == "bundle-part-altered"


def test_mix_and_match_of_two_signed_bundles_is_refused() -> None:
    old = sealed(6, parts={**PARTS, "organisation": encode({"name": "Last year's stores"})})
    new = sealed(7)
    assert Sealed(new.envelope, {**old.parts}).refusal() == "bundle-part-missing"
    wanted = hashlib.sha256(PARTS["organisation"]).digest()
    swapped = {**new.parts, wanted: encode({"name": "Last year's stores"})}
    assert Sealed(new.envelope, swapped).refusal() == "bundle-part-altered"


def test_endless_envelope_is_refused() -> None:
    assert Sealed(bytes(bundle.MAX_ENVELOPE_BYTES + 1), {}).refusal() == "bundle-too-large"


def resealed(
    marks: object,
    version: object = 7,
    fresh: object = PUBLISHED_MS + DAY_MS,
    kind: str = "counterfoil-manifest",
) -> Sealed:
    """A manifest that head office's own code would never write, truly signed."""
    fields = {1: kind, 2: version, 3: PUBLISHED_MS, 4: fresh, 5: PUBLISHED_MS + 2 * DAY_MS, 6: marks}
    manifest = encode(fields)
    pairs = [list(one) for one in ROLES.signatures]
    return Sealed(encode([ROLES.roles, pairs, manifest, [list(bundle._sign(PUBLISHER, manifest))]]), {})


def test_part_of_the_cap_passes_the_manifest_and_one_over_is_refused() -> None:
    assert resealed({"staff": [bytes(32), bundle.MAX_PART_BYTES]}).refusal() == "bundle-part-missing"
    assert resealed({"staff": [bytes(32), bundle.MAX_PART_BYTES + 1]}).refusal() == "bundle-too-large"


def test_endless_data_in_many_parts_is_refused() -> None:
    fit = bundle.MAX_BUNDLE_BYTES // bundle.MAX_PART_BYTES
    many = {f"part/{k}": [k.to_bytes(32, "big"), bundle.MAX_PART_BYTES] for k in range(fit)}
    assert resealed(many).refusal() == "bundle-part-missing"
    assert resealed({**many, "one-more": [bytes(32), 1]}).refusal() == "bundle-too-large"


def test_ten_million_listed_codes_fit_a_bundle() -> None:
    chunks = 10_000_000 // CODES_IN_CHUNK + 1
    many = {f"lists/p/{k}": [k.to_bytes(32, "big"), CODES_IN_CHUNK * CODE_BYTES] for k in range(chunks)}
    assert resealed(many).refusal() == "bundle-part-missing"


@pytest.mark.parametrize(
    ("name", "length"),
    [("lists/p/0", 0), ("lists/p/0", CODE_BYTES + 1), ("lists/p/0", (CODES_IN_CHUNK + 1) * CODE_BYTES),
     ("lists/p", CODE_BYTES), ("lists/p/01", CODE_BYTES), ("lists/p/4096", CODE_BYTES), ("lists/p/0/0", CODE_BYTES)],
)  # fmt: skip
def test_a_chunk_of_codes_with_a_name_or_a_length_that_none_has_is_refused(name: str, length: int) -> None:
    assert resealed({name: [bytes(32), length]}).refusal() == "bundle-malformed"


def test_a_chunk_of_codes_that_the_cache_has_need_not_come_again_and_any_other_part_must() -> None:
    made = sealed(parts=content(listed("A")))
    chunk = next(digest for digest, part in made.parts.items() if len(part) == CODE_BYTES)
    rest = {digest: part for digest, part in made.parts.items() if digest != chunk}
    opened = open_bundle(made.envelope, rest, public(ROOT), 0, held={chunk})
    assert [(name, mark.sha256) for name, mark in opened.chunks.items()] == [(f"lists/{PROMOTION.id}/0", chunk)]
    for missing in rest:
        fewer = {digest: part for digest, part in rest.items() if digest != missing}
        with pytest.raises(BundleError, match="is missing"):
            open_bundle(made.envelope, fewer, public(ROOT), 0, held=set(made.parts))


def test_more_parts_than_allowed_are_refused() -> None:
    many = {f"codes/p/{k}": [k.to_bytes(32, "big"), 16] for k in range(bundle.MAX_PARTS + 1)}
    assert resealed(many).refusal() == "bundle-too-large"


@pytest.mark.parametrize(
    "marks",
    [[], {"../staff": [bytes(32), 1]}, {"": [bytes(32), 1]}, {1: [bytes(32), 1]}, {"staff": [bytes(31), 1]},
     {"staff": [bytes(32)]}, {"staff": [bytes(32), -1]}, {"staff": [bytes(32), True]}],
)  # fmt: skip
def test_a_manifest_of_the_wrong_shape_is_refused(marks: object) -> None:
    assert resealed(marks).refusal() == "bundle-malformed"


@pytest.mark.parametrize(("version", "fresh"), [(0, PUBLISHED_MS), (7, PUBLISHED_MS - 1), (7, 2**60), ("7", 0)])
def test_a_manifest_that_makes_no_sense_is_refused(version: object, fresh: object) -> None:
    assert resealed({}, version, fresh).refusal() == "bundle-malformed"


def test_head_office_does_not_seal_what_no_counter_would_open() -> None:
    with pytest.raises(BundleError, match="'staff'"):
        sealed(parts={"staff": bytes(bundle.MAX_PART_BYTES + 1)})


def test_head_office_seals_an_envelope_of_the_cap_and_none_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(sealed().envelope)
    monkeypatch.setattr(bundle, "MAX_ENVELOPE_BYTES", size)
    assert sealed().open().version == 7
    monkeypatch.setattr(bundle, "MAX_ENVELOPE_BYTES", size - 1)
    with pytest.raises(BundleError, match=r"^The list of its parts: ") as caught:
        sealed()
    assert caught.value.code == "bundle-too-large"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_flipped_bit_or_a_cut_never_opens(data: st.DataObject) -> None:
    one = sealed()
    at = data.draw(st.integers(0, len(one.envelope) - 1))
    flipped = bytearray(one.envelope)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    assert Sealed(bytes(flipped), one.parts).refusal()
    assert Sealed(one.envelope[:at], one.parts).refusal() == "bundle-malformed"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_a_bundle_error(raw: bytes) -> None:
    assert Sealed(raw, {}).refusal() == "bundle-malformed"


# --- the catalogue in it -----------------------------------------------------------------------------


PROMOTION = Promotion.model_validate(
    {
        "id": "shrimp-tacos-checkin",
        "title": "Free shrimp tacos",
        "gives": "One shrimp tacos appetizer, free",
        "valid": {"from": "2026-11-01", "until": "2026-11-30", "days": ["fri", "sat"], "hours": ["17:00-22:00"]},
        "value": {"amount": "12.00", "currency": "USD"},
        "credentials": ["listed", "word"],
        "words": ["SHRIMP20"],
        "codes": ["TACO-7F3K-9HXM"],
        "limits": {"total": 100},
    }
)
ORGANISATION = Organisation.model_validate(
    {
        "name": "Harbor Grill",
        "stores": [
            {
                "id": "bayside",
                "name": "Bayside",
                "time_zone": "America/New_York",
                "counters": [{"id": "front", "name": "Front"}],
            }
        ],
    }
)
MIA = StaffMember(id="mia", name="Mia", role="clerk", stores=("bayside",), pin_hash="$argon2id$...")


def listed(*codes: str) -> bytes:
    return b"".join(digest(FLEET_KEY, "listed", fold(code))[:CODE_BYTES] for code in codes)


def content(codes: bytes = b"", samples: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    return bundle.content_parts([PROMOTION], ORGANISATION, [MIA], {PROMOTION.id: codes} if codes else {}, samples)


def test_the_catalogue_is_the_one_that_was_published() -> None:
    catalogue = catalogue_of(sealed(parts=content(listed("TACO-7F3K-9HXM"))).open(), FLEET_KEY)
    assert (catalogue.version, catalogue.published_at_ms) == (7, PUBLISHED_MS)
    assert catalogue.organisation == ORGANISATION
    assert catalogue.staff == (MIA,)
    assert catalogue.promotions == {PROMOTION.id: PROMOTION.model_copy(update={"codes": ()})}


def test_the_organisations_floor_travels_and_an_absent_one_names_no_field_that_older_counters_refuse() -> None:
    with_floor = ORGANISATION.model_copy(update={"floor": Floor(amount="20.00", currency="USD")})
    parts = bundle.content_parts([PROMOTION], with_floor, [MIA], {})
    assert catalogue_of(sealed(parts=parts).open(), FLEET_KEY).organisation == with_floor
    assert b"floor" not in content()["organisation"]


@pytest.mark.parametrize(("held_up", "kind"), [("taco 7f3k 9hxm", "listed"), ("shrimp-20", "word")])
def test_its_codes_and_words_are_recognised(held_up: str, kind: str) -> None:
    catalogue = catalogue_of(sealed(parts=content(listed("TACO-7F3K-9HXM"))).open(), FLEET_KEY)
    presented = present(held_up)
    assert presented is not None
    found = catalogue.credential(presented, 0)
    assert found is not None
    assert (found.kind, found.promotion) == (kind, PROMOTION.id)


def test_codes_do_not_travel_in_the_open() -> None:
    assert b"TACO" not in b"".join(content(listed("TACO-7F3K-9HXM")).values())


def test_a_long_code_list_is_cut_so_that_growth_changes_its_last_part_only() -> None:
    codes = b"".join(k.to_bytes(CODE_BYTES, "big") for k in range(1, CODES_IN_CHUNK + 3))
    before, after = content(codes[:-CODE_BYTES]), content(codes)
    assert [name for name in after if before.get(name) != after[name]] == [f"lists/{PROMOTION.id}/1"]
    catalogue = catalogue_of(sealed(parts=after).open(), FLEET_KEY)
    for index in (0, CODES_IN_CHUNK - 1, CODES_IN_CHUNK, CODES_IN_CHUNK + 1):
        assert catalogue.lists.find((index + 1).to_bytes(CODE_BYTES, "big")) == FoundCode(PROMOTION.id, index)


def test_a_withdrawn_code_is_nobodys() -> None:
    catalogue = catalogue_of(sealed(parts=content(TOMBSTONE + listed("A"))).open(), FLEET_KEY)
    assert catalogue.lists.find(bytes(16)) is None
    assert catalogue.lists.find(listed("A")) == FoundCode(PROMOTION.id, 1)


def test_a_list_of_a_bundle_from_before_there_were_chunks_is_still_read() -> None:
    code = digest(FLEET_KEY, "listed", fold("TACO-7F3K-9HXM"))
    made = catalogue_of(sealed(parts={**content(), f"codes/{PROMOTION.id}": code}).open(), FLEET_KEY)
    presented = present("TACO-7F3K-9HXM")
    assert presented is not None
    assert made.credential(presented, PUBLISHED_MS) is not None


@pytest.mark.parametrize("name", ["promotions", "organisation", "staff"])
def test_a_bundle_without_one_of_its_parts_is_no_catalogue(name: str) -> None:
    parts = content()
    del parts[name]
    with pytest.raises(BundleError) as caught:
        catalogue_of(sealed(parts=parts).open(), FLEET_KEY)
    assert (caught.value.code, caught.value.where) == ("bundle-part-missing", name)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("promotions", b"\xff"),
        ("promotions", encode({})),
        ("promotions", encode([{"id": "x"}])),
        ("organisation", encode([])),
        ("staff", encode([1])),
        ("codes/shrimp-tacos-checkin", b"15 bytes, no 16"),
        ("samples/shrimp-tacos-checkin", b"<script>alert(1)</script>"),
        ("used/shrimp-tacos-checkin", b"\x80"),
        ("homes/shrimp-tacos-checkin", b"\x80"),
    ],
)
def test_a_part_that_cannot_be_read_is_no_catalogue(name: str, part: bytes) -> None:
    with pytest.raises(BundleError) as caught:
        catalogue_of(sealed(parts={**content(), name: part}).open(), FLEET_KEY)
    assert caught.value.code == "bundle-malformed"


def test_what_head_office_says_of_codes_by_index_comes_with_the_credential() -> None:
    parts = content(listed("A", "B", "C"))
    parts[f"used/{PROMOTION.id}"] = UsedCodes([1]).encode()
    parts[f"homes/{PROMOTION.id}"] = CodeHomes.of({2: "bayside/front"}).encode()
    catalogue = catalogue_of(sealed(parts=parts).open(), FLEET_KEY)
    found = [catalogue.credential(present(code), PUBLISHED_MS) for code in ("A", "B", "C")]
    assert [one and (one.used_up, one.right and one.right.home) for one in found] == [
        (False, None), (True, None), (False, "bayside/front"),
    ]  # fmt: skip


JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


def test_a_sample_picture_travels_as_a_part_of_its_own() -> None:
    parts = content(samples={PROMOTION.id: JPEG})
    assert parts == {**content(), f"samples/{PROMOTION.id}": JPEG}
    catalogue = catalogue_of(sealed(parts=parts).open(), FLEET_KEY)
    assert (catalogue.sample(PROMOTION.id), catalogue.sample("another")) == (JPEG, None)


def test_a_bundle_from_before_there_were_samples_has_none() -> None:
    assert catalogue_of(sealed(parts=content()).open(), FLEET_KEY).sample(PROMOTION.id) is None


def test_a_sample_picture_of_the_largest_size_is_opened_and_none_larger() -> None:
    largest = JPEG.ljust(bundle.MAX_SAMPLE_BYTES, b"x")
    parts = content(samples={PROMOTION.id: largest})
    assert catalogue_of(sealed(parts=parts).open(), FLEET_KEY).sample(PROMOTION.id) == largest
    parts[f"samples/{PROMOTION.id}"] += b"x"
    with pytest.raises(BundleError) as caught:
        catalogue_of(sealed(parts=parts).open(), FLEET_KEY)
    assert caught.value.code == "bundle-too-large"


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (JPEG.ljust(bundle.MAX_SAMPLE_BYTES + 1, b"x"), "bundle-too-large"),
        (b"\x89PNG\r\n\x1a\n", "bundle-malformed"),
        (b"", "bundle-malformed"),
    ],
)
def test_head_office_makes_no_bundle_with_a_sample_that_counters_would_refuse(picture: bytes, code: str) -> None:
    with pytest.raises(BundleError) as caught:
        content(samples={PROMOTION.id: picture})
    assert caught.value.code == code


def test_a_second_signature_leaves_the_manifest_as_it_was_signed_and_counts_once() -> None:
    both = sign_roles(version=1, publishing_keys=[public(PUBLISHER), public(SECOND)], root_key=ROOT, threshold=2)
    first, _ = seal_bundle(
        version=7, published_at_ms=1, fresh_until_ms=2, hard_until_ms=3, parts={}, roles=both,
        publishing_keys=[PUBLISHER],
    )  # fmt: skip
    second = cosigned(first, SECOND)
    assert read_manifest(second, public(ROOT), 0).version == 7
    assert decode(second)[2] == decode(first)[2]
    assert cosigned(second, SECOND) == second
    for below in (first, cosigned(first, PUBLISHER), cosigned(first, THIEF)):
        with pytest.raises(BundleError, match="Fewer than 2"):
            read_manifest(below, public(ROOT), 0)
