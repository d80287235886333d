"""What is fuzzed: each reader with valid samples of what it reads, and the errors that it may raise.

Where a signature guards a reader, the hostile bytes are truly signed as well: a stolen counter signs what it likes,
and a reader must not need the signature to be safe.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.clock import to_ms
from kiosk.code_lists.segment import Segment as CodeSegment
from kiosk.code_lists.segment import SegmentDamagedError
from kiosk.core.bundle import catalogue_of, content_parts, open_bundle, read_manifest, seal_bundle, sign_roles
from kiosk.core.catalogue import Catalogue
from kiosk.core.clock_floor import ClockFloor, ClockHistory
from kiosk.core.code_homes import CodeHomes, CodeHomesError
from kiosk.core.credential import present
from kiosk.core.decide import Place, Sale, decide
from kiosk.core.entry import (
    MAX_BODY_BYTES,
    NO_ENTRIES,
    FeedId,
    Head,
    MalformedEntryError,
    chain,
    sign_checkpoint,
)
from kiosk.core.fact import (
    Answered,
    BundleInstalled,
    Opened,
    Receipt,
    Void,
    decode_fact,
    encode_fact,
)
from kiosk.core.issuers import Issuer, issuers_part
from kiosk.core.rotating import RotatingKey, Turning
from kiosk.core.sealed_keys import PART as ROTATING_KEYS
from kiosk.core.sealed_keys import open_keys, seal_keys
from kiosk.core.snapshot import SnapshotError
from kiosk.core.standing import Standing
from kiosk.core.strict_cbor import StrictCborError, decode, encode
from kiosk.core.used_codes import UsedCodes, UsedCodesError
from kiosk.core.voucher import MalformedVoucherError, Voucher, issue, key_id, parse, reference
from kiosk.errors import BundleError, CounterfoilError, ExchangeError
from sync import enrol
from sync.exchange import apply, take
from sync.head_office import desk, intake
from sync.head_office.sql.store import SqlStore
from sync.post import read_refusal
from sync.wire import (
    Kind,
    Party,
    Segment,
    decode_exchange,
    decode_parts,
    decode_parts_request,
    encode_exchange,
    encode_parts,
    encode_parts_request,
    inflate,
    seal,
    unseal,
)
from tests.code_worlds import codes, install, parts
from tests.core_world import (
    FLEET_KEY,
    ORGANISATION,
    OWN,
    at,
    catalogue,
    code_digest,
    promotion,
    redemption,
    use_seen,
)
from tests.fuzz import targets_nearby as nearby
from tests.head_office_world import an_office, enrolled
from tests.twins import NOON_MS, Writer, key_of_seed, use

Feed = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """``feed`` reads one case and raises nothing but ``refusals``. ``costs``: it gets so many times fewer cases."""

    name: str
    samples: Sequence[bytes]
    feed: Feed
    refusals: tuple[type[Exception], ...]
    is_cbor: bool = True
    costs: int = 1


ROOT, PUBLISHER, COUNTER_KEY, OFFICE_KEY = (key_of_seed(n) for n in (1, 2, 3, 4))
ROOT_PUBLIC = ROOT.public_key().public_bytes_raw()
COUNTER, HEAD_OFFICE = FeedId("bayside/front", 1), FeedId("head-office", 1)
US = Party("bayside/front", 1, COUNTER_KEY)
NONCE = b"n" * 16


def _key_of(_origin: str, _epoch: int) -> bytes:
    return COUNTER_KEY.public_key().public_bytes_raw()


# --- the wire --------------------------------------------------------------------------------------


def _writer() -> Writer:
    one = Writer(COUNTER, COUNTER_KEY)
    one.write(*(use(n) for n in range(1, 6)))
    return one


def _office() -> Writer:
    one = Writer(HEAD_OFFICE, OFFICE_KEY)
    one.trust.trust(COUNTER, COUNTER_KEY)
    return one


_WRITER = _writer()
_SEGMENT = _WRITER.store.segment(COUNTER)
_EXCHANGE = decode_exchange(
    encode_exchange(
        replace(decode_exchange(encode({1: {}, 2: [], 3: 7, 4: b"e" * 40, 5: True})), segments=(_SEGMENT,),
                vector={COUNTER: Head(5, b"h" * 32), HEAD_OFFICE: Head(1, b"o" * 32)})
    )
)  # fmt: skip
_BODIES = [encode_exchange(_EXCHANGE), encode_exchange(replace(_EXCHANGE, segments=(), bundle=None))]


def _sealed(body: bytes, kind: Kind = Kind.EXCHANGE) -> bytes:
    return seal(kind, body, party=US, recipient="head-office", nonce=NONCE, at_ms=NOON_MS)


def _message(raw: bytes) -> object:
    return unseal(raw, kind=Kind.EXCHANGE, recipient="head-office", key_of=_key_of)


def _exchange(raw: bytes) -> object:
    """The body of a truly signed exchange, taken by a head office that holds part of the feed."""
    opened = unseal(_sealed(raw), kind=Kind.EXCHANGE, recipient="head-office", key_of=_key_of)
    office = _office()
    apply(office.store, _SEGMENT, office.trust, office.forks.append)
    before = office.store.image()[COUNTER]
    try:
        return take(office.side(), decode_exchange(opened.body))
    finally:
        assert office.store.image()[COUNTER][: len(before)] == before
        assert set(office.store.image()) == {COUNTER}


def _segment(raw: bytes) -> object:
    """The fields of a segment, its checkpoint signed anew over whatever it says where it can be."""
    decoded = decode_exchange(encode({1: {}, 2: [decode(raw)], 3: 0}))
    (segment,) = decoded.segments
    office = _office()
    try:
        return apply(office.store, _signed_anew(segment), office.trust, office.forks.append)
    finally:
        assert set(office.store.image()) <= {COUNTER}


def _signed_anew(segment: Segment) -> Segment:
    try:
        last = chain(segment.feed, segment.after, segment.bodies)[-1]
    except (MalformedEntryError, IndexError):
        return segment
    mark = sign_checkpoint(segment.feed, Head(last.n, last.hash), segment.checkpoint.key_epoch, NOON_MS, COUNTER_KEY)
    return replace(segment, checkpoint=mark)


def _segment_fields() -> bytes:
    return encode(decode(encode_exchange(_EXCHANGE))[2][0])


def _checkpoint(raw: bytes) -> object:
    """A checkpoint that its writer did not sign, in a segment that is right otherwise."""
    fields = decode(_segment_fields())
    body = encode({1: {}, 2: [[*fields[:4], decode(raw)]], 3: 0})
    (segment,) = decode_exchange(body).segments
    office = _office()
    return apply(office.store, segment, office.trust, office.forks.append)


# --- bundles -----------------------------------------------------------------------------------------


_ROLES = sign_roles(version=1, publishing_keys=[PUBLISHER.public_key().public_bytes_raw()], root_key=ROOT)
_TURNING = RotatingKey("tacos", "T-{totp_value_0}", 30_000, (Turning(bytes(20), 8),), "sha256")
_PARTS = {
    **content_parts(
        [promotion(), promotion(id="pie", title="Pie", words=["PIE"], codes=None, credentials=["word"],
                                value={"amount": "3.00", "currency": "USD"}, limits={"total": 9})],
        ORGANISATION, [], {"tacos": codes(range(40))}, {"tacos": b"\xff\xd8\xff" + bytes(30)},
    ),
    "issuers": issuers_part([Issuer(PUBLISHER.public_key().public_bytes_raw(), 0)], []),
    "used/tacos": UsedCodes([1, 2, 39]).encode(),
    "homes/tacos": CodeHomes.of({1: "bayside", 2: "bayside", 9: "pier-9/counter-1"}).encode(),
    ROTATING_KEYS: seal_keys([_TURNING], FLEET_KEY),
}  # fmt: skip


def _bundle_of(made: dict[str, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    return seal_bundle(
        version=7, published_at_ms=1, fresh_until_ms=2, hard_until_ms=3, parts=made, roles=_ROLES,
        publishing_keys=[PUBLISHER],
    )  # fmt: skip


_ENVELOPE, _BY_DIGEST = _bundle_of(_PARTS)


def _opened_envelope(raw: bytes) -> object:
    return open_bundle(raw, _BY_DIGEST, ROOT_PUBLIC, 7)


def _signed_envelope(who: bytes, what: bytes) -> bytes:
    signed = [[key.public_key().public_bytes_raw(), key.sign(raw)] for key, raw in ((ROOT, who), (PUBLISHER, what))]
    return encode([who, signed[:1], what, signed[1:]])


def _roles(raw: bytes) -> object:
    return read_manifest(_signed_envelope(raw, decode(_ENVELOPE)[2]), ROOT_PUBLIC, 0)


def _manifest(raw: bytes) -> object:
    return open_bundle(_signed_envelope(_ROLES.roles, raw), _BY_DIGEST, ROOT_PUBLIC, 0)


def _part(name: str) -> Feed:
    """A part of a truly signed bundle, read and used: a code and a word looked up, decided upon."""

    def feed(raw: bytes) -> object:
        envelope, by_digest = _bundle_of(_PARTS | {name: raw})
        known = catalogue_of(open_bundle(envelope, by_digest, ROOT_PUBLIC, 0), FLEET_KEY)
        return [_asked(text, known, Standing(OWN)) for text in ("TACO-7F3K-9HXM", "PIE", _VOUCHER)]

    return feed


def _asked(text: str, known: Catalogue, standing: Standing) -> object:
    """What a counter answers to a text."""
    sale = Sale(clerk="ana", holder=b"h" * 16, basket_minor=2500)
    return decide(present(text), known, standing, Place("bayside", "counter-1"), at("2026-11-06T18:00"), sale)


def _code_file(raw: bytes) -> object:
    path = _SCRATCH / "hostile.codes"
    path.write_bytes(raw)
    read = CodeSegment(path)
    return [list(read.positions(code)) for code in (bytes(9), b"\xff" * 9, codes(range(1)))]


def _code_files() -> list[bytes]:
    from kiosk.code_lists import CodeCache

    install(CodeCache(_SCRATCH / "lists"), parts(tacos=codes(range(300)), pie=codes(range(5), "pie")))
    return [path.read_bytes() for path in (_SCRATCH / "lists").glob("*.codes")]


# --- vouchers, enrolment, refusals ---------------------------------------------------------------------

_SCRATCH = Path(tempfile.mkdtemp(prefix="counterfoil-fuzz-"))
_VOUCHER = issue(
    Voucher(key_id(PUBLISHER.public_key().public_bytes_raw()), reference("tacos"), 7, 1_000, 2_000_000_000_000, 500),
    PUBLISHER,
)
_KNOWN = catalogue_of(open_bundle(_ENVELOPE, _BY_DIGEST, ROOT_PUBLIC, 0), FLEET_KEY)


def _voucher(raw: bytes) -> object:
    text = raw.decode("utf-8", "surrogateescape")
    _KNOWN.issuers.check(text, NOON_MS)
    _asked(text, _KNOWN, Standing(OWN))
    return parse(text)


class _Pact:
    """One code offered at head office, and a counter's part of it."""

    def __init__(self) -> None:
        dice = iter(range(1, 10_000))
        self.chance = lambda count: next(dice).to_bytes(count, "big")
        self.code, self.offered = enrol.offer_code("bayside/front", NOON_MS + 1, self.chance)
        self.hello_answer = enrol.answer_hello(self.offered)
        self.pending = enrol.request(self.code, self.hello_answer, COUNTER_KEY, self.chance)
        grant = enrol.Grant("bayside/front", 1, 1, "bayside", "front", ((1, b"h" * 32),), b"r" * 32, b"f" * 32)
        self.answered = enrol.answer(self.offered, self.pending.message, grant, self.chance)

    def contact(self, raw: bytes) -> object:
        contact = enrol.read_contact(raw)
        return contact if contact.is_hello else enrol.open_request(self.offered, raw, NOON_MS)

    def request(self, raw: bytes) -> object:
        return enrol.request(self.code, raw, COUNTER_KEY, self.chance)

    def finish(self, raw: bytes) -> object:
        return enrol.finish(self.pending, raw)

    def granted(self, raw: bytes) -> object:
        """The grant itself, as a pretended head office that knows the code may word it."""
        locked = enrol._lock(self.pending.answer_key, b"n" * 12, raw)
        return enrol.finish(self.pending, encode([enrol.VERSION, enrol.ANSWER, locked]))

    def asked(self, raw: bytes) -> object:
        return enrol.parse_code(raw.decode("utf-8", "replace"))


def _pact() -> _Pact:
    stretch = enrol.SCRYPT_N
    enrol.SCRYPT_N = 2  # what it costs to stretch is no part of reading
    try:
        return _Pact()
    finally:
        enrol.SCRYPT_N = stretch


_PACT = _pact()


def _quick(feed: Feed) -> Feed:
    def quick(raw: bytes) -> object:
        stretch, enrol.SCRYPT_N = enrol.SCRYPT_N, 2
        try:
            return feed(raw)
        finally:
            enrol.SCRYPT_N = stretch

    return quick


def _refusal(raw: bytes) -> object:
    raise read_refusal(400, raw, "http://head-office.test")


# --- facts: read, folded, told on -----------------------------------------------------------------------

_FACTS = [
    encode_fact(fact)
    for fact in (
        Opened(at_ms=1, store="bayside", counter="counter-1", public_key=bytes(32), key_epoch=1),
        BundleInstalled(at_ms=1, version=7, manifest_hash=bytes(32)),
        redemption(1),
        redemption(2, holder=b"h" * 16, amount_minor=1200, currency="USD", sale=b"s" * 16, peers={"pier-9/bar@1": 3}),
        redemption(3, screen="amber", not_read="clock", anyway="two-guests", approved_by="zoe", approved_why="other"),
        Answered(at_ms=2, n=3, clerk="ana"),
        Void(at_ms=3, feed=str(OWN), n=3, clerk="ana", reason="wrong guest"),
        Receipt(at_ms=4, feed=str(OWN), n=3, head=bytes(32)),
        use_seen(FeedId("pier-9/counter-1", 1), 9, redemption(4)),
        use_seen(FeedId("pier-9/counter-1", 1), 9, redemption(4), void=True),
    )
] + nearby.each_fact()
_CATALOGUE = catalogue(
    promotion(value={"amount": "12.00", "currency": "USD"}, limits={"total": 9, "per_store_day": 3, "budget": "99.00"}),
    promotion(id="pie", title="Pie", words=["PIE"], codes=None, credentials=["word"], limits={"per_clerk_day": 1}),
)


def _fact(raw: bytes) -> object:
    """A fact, folded as this counter's own, as head office's and as another's; then every question is asked."""
    fact = decode_fact(raw)
    standing, clock = Standing(OWN), ClockHistory(OWN)
    for n, feed in enumerate((OWN, FeedId("head-office", 1), FeedId("pier-9/counter-1", 1)), start=1):
        standing.apply(feed, n, fact)
        clock.apply(feed, n, fact)
    guarded = ClockFloor(clock.read(ROOT_PUBLIC).floor_ms, 0)
    guarded.between(NOON_MS, 1000)
    assert ClockHistory.thawed(OWN, clock.frozen()) == clock
    standing.frozen()
    for text in ("TACO-7F3K-9HXM", "SHRIMP20", "PIE"):
        _asked(text, _CATALOGUE, standing)
    standing.uses("tacos", code_digest("TACO-7F3K-9HXM"))
    return standing.waiting(OWN), standing.unanswered(OWN), list(standing.redemptions())


class _Told:
    """A stolen counter at a real head office, and an honest one that is told of what it wrote."""

    def __init__(self, *, on_disk: bool = False) -> None:
        place = Path(tempfile.mkdtemp(dir=_SCRATCH))
        self.office = an_office(place, store=SqlStore.open(f"sqlite:///{place}/fuzz.db") if on_disk else None)
        self.thief = enrolled(self.office)
        self.honest = enrolled(self.office, "pier-9", key=2)

    def feed(self, raw: bytes) -> object:
        if len(raw) > MAX_BODY_BYTES:  # no journal holds it; what the wire says to it is the target "segment"
            return None
        kept = self.thief.journal._feeds[self.thief.feed]
        kept.extend(chain(self.thief.feed, Head(kept[-1].n, kept[-1].hash) if kept else NO_ENTRIES, [raw]))
        self.thief.exchange()
        self.honest.exchange()
        standing = Standing(OWN)
        for feed, head in self.honest.journal.heads().items():
            for entry in self.honest.journal.entries(feed, max(0, head.n - 3), 3):
                standing.apply(feed, entry.n, decode_fact(entry.body))
        assert self.office.store.head(self.thief.feed).n == kept[-1].n, (
            "authentic entries are stored, whatever is in them"
        )
        return standing


_TOLD: dict[bool, _Told] = {}
_GROWN = 64
"""A journal that has grown long makes each case dear."""


def _at_head_office(*, on_disk: bool = False) -> _Told:
    held = _TOLD.get(on_disk)
    if held is None or held.office.store.head(held.thief.feed).n > _GROWN:
        if held is not None:
            held.office.store.close()
        _TOLD[on_disk] = held = _Told(on_disk=on_disk)
    return held


def _told(raw: bytes) -> object:
    return _at_head_office().feed(raw)


def _told_on_disk(raw: bytes) -> object:
    """The same over a real database, whose columns hold less than a journal does."""
    try:
        return _at_head_office(on_disk=True).feed(raw)
    except BaseException:
        _TOLD.pop(True).office.store.close()  # what stops one exchange stops all that follow
        raise


def _received(raw: bytes) -> object:
    """The body of a message truly signed by an enrolled counter, at a real head office."""
    office, thief = _at_head_office().office, _at_head_office().thief
    message = seal(Kind.EXCHANGE, raw, party=thief.side.us, recipient="head-office", nonce=NONCE, at_ms=to_ms(
        office.clock.now()))  # fmt: skip
    return intake.receive(office, message)


def _enrolling(raw: bytes) -> object:
    return desk.enrol(_at_head_office().office, raw)


ALL: Sequence[Target] = (
    Target("message", [_sealed(body) for body in (*_BODIES, b"plain")], _message, (ExchangeError,)),
    Target("inflated", [zlib.compress(body) for body in _BODIES], inflate, (ExchangeError,), is_cbor=False),
    Target("exchange", _BODIES, _exchange, (ExchangeError,), costs=3),
    Target("segment", [_segment_fields()], _segment, (ExchangeError, StrictCborError), costs=3),
    Target("checkpoint", [encode([5, b"h" * 32, 1, NOON_MS, b"s" * 64])], _checkpoint,
           (ExchangeError, StrictCborError)),
    Target("parts", [encode_parts({b"1" * 32: b"part"})], decode_parts, (ExchangeError,)),
    Target("parts-request", [encode_parts_request([b"1" * 32])], decode_parts_request, (ExchangeError,)),
    Target("envelope", [_ENVELOPE], _opened_envelope, (BundleError,), costs=2),
    Target("roles", [_ROLES.roles], _roles, (BundleError,), costs=2),
    Target("manifest", [decode(_ENVELOPE)[2]], _manifest, (BundleError,), costs=2),
    *(Target(f"part-{name.split('/')[0]}", [made], _part(name), (BundleError,), costs=6)
      for name, made in _PARTS.items() if not name.startswith(("lists/", "samples/"))),
    Target("used", [_PARTS["used/tacos"]], UsedCodes.decode, (UsedCodesError,)),
    Target("homes", [_PARTS["homes/tacos"]], CodeHomes.decode, (CodeHomesError,)),
    Target("sealed-keys", [_PARTS[ROTATING_KEYS]], lambda raw: open_keys(raw, FLEET_KEY), (BundleError,),
           is_cbor=False),
    Target("code-file", _code_files(), _code_file, (SegmentDamagedError,), is_cbor=False),
    Target("voucher", [_VOUCHER.encode(), _VOUCHER.lower().encode(), b"TACO-7F3K-9HXM"], _voucher,
           (MalformedVoucherError,), is_cbor=False),
    Target("enrol-contact", [enrol.hello(_PACT.code), _PACT.pending.message], _PACT.contact, (ExchangeError,)),
    Target("enrol-hello-answer", [_PACT.hello_answer], _quick(_PACT.request), (ExchangeError,)),
    Target("enrol-answer", [_PACT.answered], _PACT.finish, (ExchangeError,)),
    Target("enrol-grant", [encode(["bayside/front", 1, 1, "bayside", "front", [[1, b"h" * 32]], b"r" * 32, b"f" * 32])],
           _PACT.granted, (ExchangeError,)),
    Target("enrol-code", [str(_PACT.code).encode()], _PACT.asked, (ExchangeError,), is_cbor=False),
    Target("enrolling", [enrol.hello(_PACT.code), _PACT.pending.message], _quick(_enrolling), (ExchangeError,)),
    Target("refusal", [b'{"code": "a", "what": "b", "where": "c", "cure": "d"}'], _refusal,
           (ExchangeError,), is_cbor=False),
    Target("stick", [nearby.STICKS.file], nearby.STICKS.survey, (CounterfoilError,), is_cbor=False, costs=2),
    Target("stick-read", [nearby.STICKS.file], nearby.STICKS.read, (CounterfoilError,), is_cbor=False, costs=6),
    Target("stick-record", nearby.STICKS.contents, nearby.STICKS.record, (CounterfoilError,), is_cbor=False, costs=2),
    Target("stick-header", [nearby.STICK_HEADER], nearby.STICKS.header, (CounterfoilError,)),
    Target("neighbour", nearby.RESERVES, nearby.neighbour_message, (ExchangeError,)),
    Target("certificate", [nearby._CERTIFICATE], nearby.certificate, (ExchangeError,), is_cbor=False),
    Target("snapshot", nearby.SNAPSHOTS, nearby.read_snapshot, (SnapshotError,), is_cbor=False),
    Target("fact", _FACTS, _fact, (MalformedEntryError,), costs=2),
    Target("told", _FACTS[2:], _told, (), costs=20),
    Target("told-on-disk", _FACTS[2:], _told_on_disk, (), costs=40),
    Target("received", _BODIES, _received, (ExchangeError,), costs=6),
)  # fmt: skip
