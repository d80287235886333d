"""Sealed contact details in every database: kept, replaced by the SHA-256, told oldest first."""

from __future__ import annotations

from dataclasses import replace

from sync.head_office.records import Contact
from sync.head_office.store import HeadOfficeStore

FIRST = Contact(sha256=b"1" * 32, origin="bayside/front", case_ref=b"17", received_at_ms=1, sealed=b"s" * 300)


def test_contacts_are_kept_oldest_first_and_replaced_by_their_hash(store: HeadOfficeStore) -> None:
    second = replace(FIRST, sha256=b"2" * 32, received_at_ms=2)
    store.put_contact(second)
    store.put_contact(FIRST)
    assert store.contacts() == [FIRST, second]
    erased = replace(FIRST, sealed=None, erased_at_ms=3, erased_by="marta", read_at_ms=2, read_by="ben")
    store.put_contact(erased)
    assert store.contact(FIRST.sha256) == erased
    assert store.contacts() == [erased, second]
    assert store.contact(b"3" * 32) is None
