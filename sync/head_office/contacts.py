"""Contact details at head office: kept sealed, opened for a signed-in person, erased by one or by age.

Rules of this module:

- What lies in the database is sealed. It is opened when somebody reads it, and who did last is noted.
- Erasing takes the ciphertext away and leaves the row: so the same ciphertext that comes again is answered as held,
  and stays erased. The counters' chains are not touched; they name a SHA-256 and nothing else.
- What is older than ``contact_days`` (a setting; 180) is erased by itself, looked for once an hour at most.
- The private key is a file beside the database (``contacts.key``), so a copy of the database opens nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from kiosk.clock import to_ms
from kiosk.contact import open_sealed
from kiosk.errors import CounterfoilError
from sync.contacts import decode_contacts, encode_held
from sync.head_office import intake
from sync.head_office.office import HeadOffice
from sync.head_office.records import Contact
from sync.wire import Kind, seal, unseal

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
DAYS = 180
BY_AGE = "age"
_DAYS_SETTING = "contact_days"


class ContactGoneError(CounterfoilError):
    """No such contact details, or erased ones: ``contact-unknown``, ``contact-erased``."""


# --- from the counters -----------------------------------------------------------------------------


def take_contacts(office: HeadOffice, message: bytes) -> bytes:
    """The answer to a counter that brings sealed details: which of them are held. Raises ``ExchangeError``."""
    opened = unseal(
        message,
        kind=Kind.CONTACTS,
        recipient=intake.ORIGIN,
        key_of=lambda origin, key_epoch: intake.counter_key(office, origin, key_epoch),
    )
    at_ms = to_ms(office.clock.now())
    held = []
    with office.store.together() as store:
        for case, sealed in decode_contacts(opened.body):
            sha256 = hashlib.sha256(sealed).digest()
            if store.contact(sha256) is None:
                store.put_contact(
                    Contact(sha256=sha256, origin=opened.sender, case_ref=case, received_at_ms=at_ms, sealed=sealed)
                )
            held.append(sha256)
    return seal(
        Kind.CONTACTS_ANSWER, encode_held(held), party=intake.us(office), recipient=opened.sender, nonce=opened.nonce,
        at_ms=at_ms,
    )  # fmt: skip


# --- for a person ----------------------------------------------------------------------------------


def of_case(office: HeadOffice, case: bytes) -> Sequence[Contact]:
    """What there is, or was, for a case, oldest first; sealed."""
    return [one for one in office.store.contacts() if one.case_ref == case]


def read_contact(office: HeadOffice, sha256: bytes, by: str) -> bytes:
    """The details, for the account ``by``. Raises :class:`ContactGoneError` and ``ContactError``."""
    with office.store.together() as store:
        found = store.contact(sha256)
        if found is None:
            raise ContactGoneError("contact-unknown", "No such contact details are here", where=sha256.hex()[:16])
        if found.sealed is None:
            raise ContactGoneError("contact-erased", "These contact details were erased", where=sha256.hex()[:16])
        details = open_sealed(office.keys.contacts, found.origin, found.case_ref, found.sealed)
        store.put_contact(replace(found, read_at_ms=to_ms(office.clock.now()), read_by=by))
    return details


def erase_contact(office: HeadOffice, sha256: bytes, by: str) -> bool:
    """Take the ciphertext away for good; False where there was none to take."""
    with office.store.together() as store:
        found = store.contact(sha256)
        if found is None or found.sealed is None:
            return False
        store.put_contact(replace(found, sealed=None, erased_at_ms=to_ms(office.clock.now()), erased_by=by))
    return True


# --- by age ------------------------------------------------------------------------------------------


def set_days(office: HeadOffice, days: int) -> None:
    """After how many days contact details are erased by themselves: 1 to 3650."""
    if not 1 <= days <= 3650:
        raise CounterfoilError("days-wrong", f"{days} is no number of days from 1 to 3650")
    office.store.put_setting(_DAYS_SETTING, str(days))


def erase_old(office: HeadOffice) -> int:
    """Erase what is older than the days that were set; how many that were. At most once an hour."""
    now_ms = to_ms(office.clock.now())
    if abs(now_ms - office.parsed.get("contacts looked at", -HOUR_MS)) < HOUR_MS:
        return 0
    office.parsed["contacts looked at"] = now_ms
    before_ms = now_ms - int(office.store.setting(_DAYS_SETTING) or DAYS) * DAY_MS
    old = [one for one in office.store.contacts() if one.sealed is not None and one.received_at_ms <= before_ms]
    return sum(erase_contact(office, one.sha256, BY_AGE) for one in old)
