"""The signed bundle: what head office publishes, sealed there and opened at a counter. Pure.

Rules of this module (after The Update Framework; decision record 0005):

- ``envelope = CBOR [roles, [[key, signature]...], manifest, [[key, signature]...]]``; roles and manifest are
  byte strings that hold CBOR themselves, so that what is signed is what was sent.
- *Roles* are signed by the root key, which a counter pins at enrolment. They name the publishing keys and
  how many of them must sign. The *manifest* is signed by those; it names each part with SHA-256 and length.
- Nothing of a part is read before its digest is right, nothing of a manifest before its signatures are.
- A bundle is opened whole or not at all. The version never goes down, and neither does that of the roles.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from kiosk.core.catalogue import Catalogue
from kiosk.core.code_homes import CodeHomes
from kiosk.core.code_lists import CodeLists, ListsInMemory, chunk_parts, is_chunk, why_no_chunk
from kiosk.core.issuers import PART as ISSUERS
from kiosk.core.issuers import read_issuers
from kiosk.core.organisation import Organisation, StaffMember
from kiosk.core.promotion import Promotion
from kiosk.core.rotating import RotatingKey
from kiosk.core.sealed_keys import PART as ROTATING_KEYS
from kiosk.core.sealed_keys import open_keys
from kiosk.core.strict_cbor import StrictCborError, decode, encode
from kiosk.core.used_codes import UsedCodes
from kiosk.errors import BundleError

MAX_ENVELOPE_BYTES = 1024 * 1024
MAX_PARTS = 4_096
MAX_PART_BYTES = 4 * 1024 * 1024
MAX_BUNDLE_BYTES = 256 * 1024 * 1024  # ten million listed codes are 90 MB of it
MAX_VERSION_JUMP = 1024 * 1024
"""How far above the version in force a bundle may be: a century of publishing every hour."""
MAX_KEYS = 16
MAX_RECORDS = 100_000
MAX_SAMPLE_BYTES = 200_000
DIGEST_BYTES = 16

_ROLES, _MANIFEST = "counterfoil-roles", "counterfoil-manifest"
_CODES = "codes/"
SAMPLES = "samples/"
USED = "used/"
HOMES = "homes/"
_JPEG_BEGINS = b"\xff\xd8\xff"
_PART_NAME = re.compile(r"[a-z0-9][A-Za-z0-9/._-]{0,127}")
_LATEST_MS = 2**48

_Told = TypeVar("_Told")

Signatures = Sequence[tuple[bytes, bytes]]
"""Pairs of a 32-byte Ed25519 public key and its 64-byte signature."""


@dataclass(frozen=True, slots=True)
class SignedRoles:
    """Who may publish, as signed by the root key; made when the keys change, kept by head office."""

    roles: bytes
    signatures: Signatures


@dataclass(frozen=True, slots=True)
class PartMark:
    """What a part must be: its SHA-256 and its length in bytes."""

    sha256: bytes
    length: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest whose signatures held. ``hash`` is the SHA-256 of its bytes as signed."""

    version: int
    published_at_ms: int
    fresh_until_ms: int
    hard_until_ms: int
    parts: Mapping[str, PartMark]
    roles_version: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class OpenedBundle:
    """A bundle that verified whole; ``parts`` by name. Instants are Unix milliseconds.

    ``chunks`` are its code lists' parts, of which those that are held elsewhere are not in ``parts``.
    """

    version: int
    published_at_ms: int
    fresh_until_ms: int
    hard_until_ms: int
    parts: Mapping[str, bytes]
    roles_version: int
    manifest_hash: bytes
    chunks: Mapping[str, PartMark] = field(default_factory=dict)


# --- sealing, at head office -------------------------------------------------------------------


def sign_roles(
    *, version: int, publishing_keys: Sequence[bytes], root_key: Ed25519PrivateKey, threshold: int = 1
) -> SignedRoles:
    """Name the publishing keys (raw public, 32 bytes) and how many of them must sign; ``version`` only goes up."""
    roles = encode({1: _ROLES, 2: version, 3: threshold, 4: list(publishing_keys)})
    return SignedRoles(roles, [_sign(root_key, roles)])


def seal_bundle(
    *,
    version: int,
    published_at_ms: int,
    fresh_until_ms: int,
    hard_until_ms: int,
    parts: Mapping[str, bytes],
    roles: SignedRoles,
    publishing_keys: Sequence[Ed25519PrivateKey],
) -> tuple[bytes, dict[bytes, bytes]]:
    """The signed envelope and its parts by SHA-256; raises ``bundle-too-large`` for what no counter would open."""
    by_digest = {hashlib.sha256(part).digest(): part for part in parts.values()}
    marks = {name: [hashlib.sha256(part).digest(), len(part)] for name, part in parts.items()}
    manifest = encode({1: _MANIFEST, 2: version, 3: published_at_ms, 4: fresh_until_ms, 5: hard_until_ms, 6: marks})
    signatures = [_sign(key, manifest) for key in publishing_keys]
    envelope = encode([roles.roles, [list(one) for one in roles.signatures], manifest, [list(s) for s in signatures]])
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise _too_large("The list of its parts", len(envelope), MAX_ENVELOPE_BYTES)
    _marks_of(decode(manifest)[6])
    return envelope, by_digest


def cosigned(envelope: bytes, key: Ed25519PrivateKey) -> bytes:
    """The envelope with one signature more; the manifest stays byte for byte. One's own again changes nothing."""
    roles, roles_signatures, manifest, signatures = _list(_decode(envelope), 4)
    own = _sign(key, _bytes(manifest))
    others = [one for one in _signatures(signatures) if one[0] != own[0]]
    return encode([roles, roles_signatures, manifest, [list(one) for one in (*others, own)]])


def content_parts(
    promotions: Iterable[Promotion],
    organisation: Organisation,
    staff: Iterable[StaffMember],
    codes: Mapping[str, bytes],
    samples: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The parts of a bundle by name, for :func:`seal_bundle`.

    ``codes`` are, by promotion id, digests of 9 bytes in stable-index order, one behind the other.
    ``samples`` are JPEG files by promotion id; raises ``bundle-too-large`` or ``bundle-malformed`` for another.

    Codes written in the file are left out: they travel as digests like imported ones.
    """
    parts = {
        "promotions": encode([one.model_dump(mode="json", by_alias=True, exclude={"codes"}) for one in promotions]),
        # what is not set is left out: counters of the release before refuse a field that they do not know
        "organisation": encode(organisation.model_dump(mode="json", by_alias=True, exclude_none=True)),
        "staff": encode([one.model_dump(mode="json", by_alias=True) for one in staff]),
    }
    for promotion, digests in codes.items():
        parts |= chunk_parts(promotion, digests)
    for promotion, picture in (samples or {}).items():
        parts[f"{SAMPLES}{promotion}"] = _checked_sample(promotion, picture)
    return parts


def _sign(key: Ed25519PrivateKey, signed: bytes) -> tuple[bytes, bytes]:
    return key.public_key().public_bytes_raw(), key.sign(signed)


# --- opening, at a counter ---------------------------------------------------------------------


def read_manifest(envelope: bytes, root_key: bytes, floor: int, *, roles_floor: int = 0) -> Manifest:
    """The manifest of an envelope that is signed as it must be and no older than ``floor``.

    Raises :class:`BundleError`: ``bundle-too-large``, ``bundle-malformed``, ``bundle-signature``,
    ``bundle-older``, ``bundle-jumps``.
    """
    if len(envelope) > MAX_ENVELOPE_BYTES:  # endless data
        raise _too_large("The list of its parts", len(envelope), MAX_ENVELOPE_BYTES)
    roles, roles_signatures, manifest, signatures = _list(_decode(envelope), 4)
    roles, manifest = _bytes(roles), _bytes(manifest)
    if not _signers(roles, _signatures(roles_signatures), [root_key]):  # keys of an attacker's choice
        raise _unsigned("The list of publishing keys is not signed by the root key that this counter knows")
    roles_version, threshold, keys = _roles(roles)
    if roles_version < roles_floor:  # an old list that still names a stolen publishing key
        raise _older("list of publishing keys", roles_version, roles_floor)
    # distinct keys are counted: one key that signs twice is still one
    if len(_signers(manifest, _signatures(signatures), keys)) < threshold:  # a manifest of an attacker's making
        raise _unsigned(f"Fewer than {threshold} publishing keys signed the bundle")
    read = _manifest(manifest, roles_version)
    if read.version < floor:  # rollback: an old bundle, truly signed, played back
        raise _older("bundle", read.version, floor)
    if 0 < floor < read.version - MAX_VERSION_JUMP:
        # fast-forward: a stolen key that signs so high a version that all later ones would be refused as older
        raise BundleError(
            "bundle-jumps", f"A bundle of version {read.version} cannot follow version {floor}", cure=_TELL
        )
    return read


def open_bundle(
    envelope: bytes,
    parts: Mapping[bytes, bytes],
    root_key: bytes,
    floor: int,
    *,
    roles_floor: int = 0,
    held: Container[bytes] = (),
) -> OpenedBundle:
    """Verify a bundle whole; ``parts`` are by SHA-256, more than it names do no harm.

    ``held`` are the SHA-256 of code lists' chunks that were verified when they were taken into the cache of codes.

    Raises :class:`BundleError` as :func:`read_manifest`, and ``bundle-part-missing`` or
    ``bundle-part-altered`` with the part's name.
    """
    manifest = read_manifest(envelope, root_key, floor, roles_floor=roles_floor)
    found = {}
    chunks = {name: mark for name, mark in manifest.parts.items() if is_chunk(name)}
    for name, mark in manifest.parts.items():
        part = parts.get(mark.sha256)
        if part is None and name in chunks and mark.sha256 in held:
            continue
        if part is None:  # mix-and-match: a part of another bundle does not stand in for this one
            raise BundleError("bundle-part-missing", f"The bundle's part {name!r} is missing", where=name, cure=_AGAIN)
        if not part_matches(mark, part):
            raise BundleError("bundle-part-altered", f"The bundle's part {name!r} was altered", where=name, cure=_AGAIN)
        found[name] = part
    return OpenedBundle(
        manifest.version,
        manifest.published_at_ms,
        manifest.fresh_until_ms,
        manifest.hard_until_ms,
        found,
        manifest.roles_version,
        manifest.hash,
        chunks,
    )


def part_matches(mark: PartMark, part: bytes) -> bool:
    """Whether ``part`` is the one meant: the length first, which is cheap, then SHA-256."""
    return len(part) == mark.length and hashlib.sha256(part).digest() == mark.sha256


def decode_part(opened: OpenedBundle, name: str) -> Any:
    """The value in a CBOR part; raises ``bundle-part-missing`` or ``bundle-malformed``."""
    part = opened.parts.get(name)
    if part is None:
        raise BundleError("bundle-part-missing", f"The bundle has no part {name!r}", where=name, cure=_AGAIN)
    return _decode(part)


def catalogue_of(opened: OpenedBundle, fleet_key: bytes, lists: CodeLists | None = None) -> Catalogue:
    """The catalogue that a bundle holds; raises ``bundle-part-missing``, ``bundle-malformed`` or ``bundle-sealed``.

    ``lists`` knows its listed codes; None: they are read from the chunks among its parts, into memory.
    """
    promotions, staff = (_list(decode_part(opened, name), None, MAX_RECORDS) for name in ("promotions", "staff"))
    try:
        read = [Promotion.model_validate(one) for one in promotions]
        members = tuple(StaffMember.model_validate(one) for one in staff)
        organisation = Organisation.model_validate(decode_part(opened, "organisation"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _malformed(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return Catalogue(
        opened.version,
        opened.published_at_ms,
        organisation,
        {one.id: one for one in read},
        dict(_listed(opened)),
        fleet_key,
        members,
        _samples(opened),
        rotating=_rotating(opened, fleet_key),
        issuers=read_issuers(opened.parts.get(ISSUERS)),
        lists=ListsInMemory(opened.parts) if lists is None else lists,
        used=_told_of_codes(opened, USED, UsedCodes.decode),
        homes=_told_of_codes(opened, HOMES, CodeHomes.decode),
    )


def _listed(opened: OpenedBundle) -> Iterable[tuple[bytes, str]]:
    """Codes in a bundle from before lists were cut into chunks: whole 16-byte digests, no index."""
    for name, part in opened.parts.items():
        if not name.startswith(_CODES):
            continue
        if len(part) % DIGEST_BYTES:
            raise _malformed(f"the part {name!r} is no list of {DIGEST_BYTES}-byte digests")
        promotion = name.split("/")[1]
        for at in range(0, len(part), DIGEST_BYTES):
            yield part[at : at + DIGEST_BYTES], promotion


def _told_of_codes(opened: OpenedBundle, prefix: str, read: Callable[[bytes], _Told]) -> dict[str, _Told]:
    """What is said of listed codes by their stable index, by promotion id."""
    told = {}
    for name, part in opened.parts.items():
        if name.startswith(prefix):
            try:
                told[name.removeprefix(prefix)] = read(part)
            except ValueError as error:  # used codes and homes have each their own
                raise _malformed(f"the part {name!r}: {error}") from None
    return told


def _rotating(opened: OpenedBundle, fleet_key: bytes) -> Mapping[str, RotatingKey]:
    """Rotating keys by name; none without the fleet key, as where a bundle is only looked through."""
    part = opened.parts.get(ROTATING_KEYS)
    return {} if part is None or not fleet_key else open_keys(part, fleet_key)


def _samples(opened: OpenedBundle) -> dict[str, bytes]:
    """Sample pictures by promotion id; none in a bundle from before there were any."""
    named = {name.removeprefix(SAMPLES): part for name, part in opened.parts.items() if name.startswith(SAMPLES)}
    return {promotion: _checked_sample(promotion, picture) for promotion, picture in named.items()}


def _checked_sample(promotion: str, picture: bytes) -> bytes:
    if len(picture) > MAX_SAMPLE_BYTES:  # endless data, or a picture that costs each page dearly
        raise _too_large(f"The sample picture of {promotion!r}", len(picture), MAX_SAMPLE_BYTES)
    if not picture.startswith(_JPEG_BEGINS):  # a page served as a picture: counters hand these bytes to a browser
        raise _malformed(f"the sample picture of {promotion!r} is no JPEG")
    return picture


def _signers(signed: bytes, signatures: Signatures, trusted: Sequence[bytes]) -> set[bytes]:
    """Which of the ``trusted`` keys truly signed."""
    good = set()
    for key, signature in signatures:
        if key in trusted and key not in good:
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
            except (InvalidSignature, ValueError):
                continue
            good.add(key)
    return good


# --- reading, strictly -------------------------------------------------------------------------


def _roles(raw: bytes) -> tuple[int, int, list[bytes]]:
    read = _map(_decode(raw), _ROLES)
    keys = _list(read.get(4), None, MAX_KEYS)
    threshold = _whole(read.get(3), MAX_KEYS)
    if not 1 <= threshold <= len(keys):
        raise _malformed("its list of publishing keys can never be satisfied")
    return _whole(read.get(2)), threshold, [_bytes(key, 32) for key in keys]


def _manifest(raw: bytes, roles_version: int) -> Manifest:
    read = _map(_decode(raw), _MANIFEST)
    version, published, fresh, hard = (_whole(read.get(key), _LATEST_MS) for key in (2, 3, 4, 5))
    if version < 1 or not published <= fresh <= hard:
        raise _malformed("its version or its times make no sense")
    return Manifest(
        version, published, fresh, hard, _marks_of(read.get(6)), roles_version, hashlib.sha256(raw).digest()
    )


def _marks_of(read: Any) -> dict[str, PartMark]:
    if not isinstance(read, dict):
        raise _malformed("its parts are no map")
    if len(read) > MAX_PARTS:  # endless data
        raise _too_large("A bundle of parts", len(read), MAX_PARTS)
    marks = {}
    for name, mark in read.items():
        if not isinstance(name, str) or not _PART_NAME.fullmatch(name):
            raise _malformed(f"a part has the name {str(name)[:40]!r}")
        digest, length = _list(mark, 2)
        marks[name] = PartMark(_bytes(digest, 32), _whole(length))
        if marks[name].length > MAX_PART_BYTES:  # endless data
            raise _too_large(f"The part {name!r}", marks[name].length, MAX_PART_BYTES)
        if is_chunk(name) and (why_not := why_no_chunk(name, marks[name].length)):
            raise _malformed(why_not)
    total = sum(mark.length for mark in marks.values())
    if total > MAX_BUNDLE_BYTES:  # endless data, in many parts
        raise _too_large("A bundle", total, MAX_BUNDLE_BYTES)
    return marks


def _signatures(read: Any) -> list[tuple[bytes, bytes]]:
    pairs = [_list(pair, 2) for pair in _list(read, None, MAX_KEYS)]
    return [(_bytes(key, 32), _bytes(signature, 64)) for key, signature in pairs]


def _decode(raw: bytes) -> Any:
    try:
        return decode(raw)
    except StrictCborError as error:
        raise _malformed(str(error)) from None


def _map(read: Any, kind: str) -> dict[Any, Any]:
    # the kind is signed with the rest: signed roles can never pass for a manifest, nor the other way round
    if not isinstance(read, dict) or read.get(1) != kind:
        raise _malformed(f"it holds no {kind}")
    return read


def _list(read: Any, length: int | None, cap: int = MAX_PARTS) -> list[Any]:
    if not isinstance(read, list) or len(read) > cap or (length is not None and len(read) != length):
        raise _malformed("a list has the wrong length")
    return read


def _bytes(read: Any, length: int | None = None) -> bytes:
    if not isinstance(read, bytes) or (length is not None and len(read) != length):
        raise _malformed("a byte string has the wrong length")
    return read


def _whole(read: Any, most: int = 2**53) -> int:
    if isinstance(read, bool) or not isinstance(read, int) or not 0 <= read <= most:
        raise _malformed("a number is out of range")
    return read


# --- words -------------------------------------------------------------------------------------

_KEPT = "The bundle installed before stays in force."
_AGAIN = f"{_KEPT} It is fetched again by itself when head office can be reached."
_TELL = f"{_KEPT} Tell head office: somebody may be in between."


def _malformed(why: str) -> BundleError:
    return BundleError("bundle-malformed", f"A bundle cannot be read: {why}", cure=_AGAIN)


def _unsigned(what: str) -> BundleError:
    return BundleError("bundle-signature", what, cure=_TELL)


def _older(what: str, version: int, floor: int) -> BundleError:
    return BundleError(
        "bundle-older", f"A {what} of version {version} is older than version {floor}, which was in force", cure=_TELL
    )


def _too_large(what: str, size: int, cap: int) -> BundleError:
    return BundleError("bundle-too-large", f"{what}: {size:,}; {cap:,} are allowed", cure=_KEPT)
