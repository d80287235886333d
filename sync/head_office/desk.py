"""Counters and how they come in: one-time codes, enrolment, where each can be reached."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.errors import CounterfoilError, ExchangeError
from sync import enrol as pact
from sync.head_office.incarnations import incarnation_of
from sync.head_office.intake import ORIGIN
from sync.head_office.keys import KEY_EPOCH
from sync.head_office.office import HeadOffice
from sync.head_office.published import current
from sync.head_office.records import Enrolment, EnrolmentCode, Evidence
from sync.head_office.store import HeadOfficeStore

CODE_TTL_MS = 24 * 3_600_000
WRONG_TRIES = 5
LIVES_BETWEEN_RESTORES = 100
"""So many lives of one counter are never enrolled between a backup and its restore."""
LOWEST_TIME = 1_000_000
"""Above it, the incarnation of a restored head office is a time: it did not know the one before."""


class DeskError(CounterfoilError):
    """Something about a counter cannot be done; ``code`` names why."""


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A one-time code as it is shown, this once; only what checks it is kept."""

    store: str
    counter: str
    code: str
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class CounterState:
    """One counter: as published, and the device that works it. ``received_n``: entries of its feed held here."""

    store: str
    store_name: str
    counter: str
    counter_name: str
    enrolment: Enrolment | None
    code: EnrolmentCode | None
    received_n: int
    evidence: tuple[Evidence, ...]


def counters(office: HeadOffice) -> tuple[CounterState, ...]:
    """Every counter of the organisation, and any other that was ever enrolled, the newest device of each."""
    published, now_ms = current(office), to_ms(office.clock.now())
    names = {
        (store.id, place.id): (store.name, place.name)
        for store in (published.organisation.stores if published else ())
        for place in store.counters
    }
    newest = {(life.store, life.counter): life for life in office.store.enrolments()}
    codes = {(code.store, code.counter): code for code in office.store.codes() if _lives(code, now_ms)}
    heads, evidence = office.store.heads(), office.store.evidence()
    states = []
    for store, counter in {**names, **newest}:
        life = newest.get((store, counter))
        shown = names.get((store, counter), (store, counter))
        told = tuple(one for one in evidence if one.feed.origin == f"{store}/{counter}")
        held = heads.get(life.feed) if life else None
        code = codes.get((store, counter))
        states.append(CounterState(store, shown[0], counter, shown[1], life, code, held.n if held else 0, told))
    return tuple(states)


def _lives(code: EnrolmentCode, now_ms: int) -> bool:
    return not code.used and now_ms < code.expires_at_ms and code.wrong_tries < WRONG_TRIES


# --- one-time codes ----------------------------------------------------------------------------


def create_enrolment_code(office: HeadOffice, store: str, counter: str) -> ShownCode:
    """A code that admits one device to a counter within a day; the counter's code before it is dead.

    Raises :class:`DeskError` ``not-published``, ``counter-unknown`` or ``counter-name-long``.
    """
    _check_counter(office, store, counter)
    now_ms = to_ms(office.clock.now())
    expires_at_ms = now_ms + CODE_TTL_MS
    with office.store.together() as kept:
        _clear(kept, store, counter, now_ms)
        code, offered = pact.offer_code(f"{store}/{counter}", expires_at_ms, os.urandom)
        while kept.code(code.id) is not None:
            code, offered = pact.offer_code(f"{store}/{counter}", expires_at_ms, os.urandom)
        kept.put_code(
            EnrolmentCode(
                code_id=code.id,
                store=store,
                counter=counter,
                created_at_ms=now_ms,
                expires_at_ms=expires_at_ms,
                salt=offered.salt,
                stretched=offered.stretched,
                private_key=offered.private_key,
            )
        )
    return ShownCode(store, counter, str(code), expires_at_ms)


def _clear(store: HeadOfficeStore, of_store: str, counter: str, now_ms: int) -> None:
    """Drop codes that are over, and what is left of this counter's; a used one stays its day, for a lost answer."""
    for code in store.codes():
        replaced = (code.store, code.counter) == (of_store, counter) and not code.used
        if replaced or now_ms >= code.expires_at_ms:
            store.drop_code(code.code_id)


def _check_counter(office: HeadOffice, store: str, counter: str) -> None:
    published = current(office)
    if published is None:
        raise DeskError("not-published", "No organisation is published yet", cure="Publish organisation.yaml first.")
    found = published.organisation.store(store)
    if found is None:
        known = ", ".join(one.id for one in published.organisation.stores) or "none"
        raise DeskError("counter-unknown", f"There is no store {store!r}", cure=f"Stores here: {known}.")
    if all(place.id != counter for place in found.counters):
        known = ", ".join(place.id for place in found.counters) or "none"
        cure = f"Counters of {store}: {known}. Add it to organisation.yaml and publish that."
        raise DeskError("counter-unknown", f"{store} has no counter {counter!r}", cure=cure)
    try:
        FeedId(f"{ORIGIN}/{store}/{counter}", 1)
    except MalformedEntryError:
        cure = "Shorten one of them in organisation.yaml; both together have 82 characters at most."
        raise DeskError("counter-name-long", f"The ids {store}/{counter} are too long", cure=cure) from None


# --- enrolment ---------------------------------------------------------------------------------


def enrol(office: HeadOffice, message: bytes) -> bytes:
    """The answer to an enrolment message, of either kind. Raises ``ExchangeError``; a wrong try is counted."""
    contact = pact.read_contact(message)
    if contact.is_hello:
        return _answer_hello(office, contact.code_id)
    with office.store.together() as store:
        answered = _admit(office, store, contact.code_id, message)
    office.lives.keep(office.store.enrolments())  # before the answer leaves, whichever try it was that let it in
    if isinstance(answered, ExchangeError):  # raised only now: the try it counts is committed
        raise answered
    return answered


def _answer_hello(office: HeadOffice, code_id: str) -> bytes:
    code = office.store.code(code_id)
    if code is None or code.wrong_tries >= WRONG_TRIES:
        raise pact.code_wrong()
    if code.used:
        raise pact.code_used()
    if to_ms(office.clock.now()) >= code.expires_at_ms:
        raise pact.code_expired()
    return pact.answer_hello(_offered(code))


def _admit(office: HeadOffice, store: HeadOfficeStore, code_id: str, message: bytes) -> bytes | ExchangeError:
    code = store.code(code_id)
    if code is None or code.wrong_tries >= WRONG_TRIES:
        return pact.code_wrong()
    request_hash = hashlib.sha256(message).digest()
    if code.answer is not None:
        # a used code: the same request lost its answer; any other is somebody else's
        return code.answer if code.request_hash == request_hash else pact.code_used()
    now_ms = to_ms(office.clock.now())
    try:
        device_key = pact.open_request(_offered(code), message, now_ms)
    except ExchangeError as error:
        if error.code == "enrol-code-wrong":
            store.put_code(replace(code, wrong_tries=code.wrong_tries + 1))
        return error
    life = _new_life(store, code, device_key, now_ms)
    answered = pact.answer(_offered(code), message, _grant(office, life), os.urandom)
    store.put_enrolment(life)
    store.put_code(replace(code, request_hash=request_hash, answer=answered))
    return answered


def _new_life(store: HeadOfficeStore, code: EnrolmentCode, device_key: bytes, now_ms: int) -> Enrolment:
    """The counter's next life: above all that were enrolled, and above all whose feeds are held."""
    origin = f"{code.store}/{code.counter}"
    before: Sequence[int] = [
        *(life.incarnation for life in store.enrolments() if life.feed.origin == origin),
        *(feed.incarnation for feed in store.heads() if feed.origin == origin),
    ]
    # lives that a restored head office does not know of must not come twice
    number = incarnation_of(store).number
    lost = LIVES_BETWEEN_RESTORES * (number - 1) if number < LOWEST_TIME else number
    incarnation = max([*before, lost]) + 1
    address = next((life.address for life in reversed(store.enrolments()) if life.feed.origin == origin), None)
    return Enrolment(
        store=code.store,
        counter=code.counter,
        incarnation=incarnation,
        public_key=device_key,
        key_epoch=incarnation,
        enrolled_at_ms=now_ms,
        address=address,
    )


def _grant(office: HeadOffice, life: Enrolment) -> pact.Grant:
    keys = office.keys
    return pact.Grant(
        origin=life.feed.origin,
        incarnation=life.incarnation,
        key_epoch=life.key_epoch,
        store=life.store,
        counter=life.counter,
        head_office_keys=((KEY_EPOCH, keys.feed_public),),
        root_key=keys.root_public,
        fleet_key=keys.fleet_key,
        at_ms=to_ms(office.clock.now()),
    )


def _offered(code: EnrolmentCode) -> pact.OfferedCode:
    return pact.OfferedCode(
        code.code_id, f"{code.store}/{code.counter}", code.expires_at_ms, code.salt, code.stretched, code.private_key
    )


# --- where a counter can be reached ------------------------------------------------------------


def set_address(office: HeadOffice, store: str, counter: str, address: str | None) -> None:
    """Where head office can pull from a counter (``http://HOST:PORT``); None: nowhere. Raises :class:`DeskError`."""
    if address is not None and not _is_address(address):
        raise DeskError("address-wrong", f"{address!r} is no address", cure="Write it as http://HOST:PORT.")
    with office.store.together() as kept:
        lives = [life for life in kept.enrolments() if (life.store, life.counter) == (store, counter)]
        if not lives:
            raise DeskError("counter-not-enrolled", f"{store}/{counter} is not enrolled", cure="Enrol it first.")
        kept.put_enrolment(replace(lives[-1], address=address))


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
