"""Issuer keys and serials in every database: kept, and never given twice by two at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sync.head_office.issuers import ledger
from sync.head_office.publish import publish
from sync.head_office.store import HeadOfficeStore
from sync.head_office.vouchers import Issued, Wanted, issue_vouchers, revoke_vouchers, rotate_key
from tests.head_office_world import PROMOTIONS, an_office

WITH_VOUCHERS = PROMOTIONS.replace("[listed]", "[listed, voucher]")


@pytest.fixture
def promotions() -> str:
    return WITH_VOUCHERS


def test_keys_serials_and_revocations_are_kept(store: HeadOfficeStore, tmp_path: Path, promotions: str) -> None:
    office = an_office(tmp_path, store=store)
    publish(office, promotions=promotions)
    first = issue_vouchers(office, Wanted("tacos"), 2)
    revoke_vouchers(office, first.key, 1, 1, "tacos")
    second = rotate_key(office, "2026-12-31")[-1]
    issue_vouchers(office, Wanted("tacos"), 4)
    kept = ledger(store)
    assert [(one.id, one.next_serial) for one in kept.keys] == [(first.key, 3), (second.id, 5)]
    assert kept.keys[0].trusted_until_ms is not None
    assert [(one.first, one.last, one.promotion) for one in kept.revoked] == [(1, 1, "tacos")]


def test_two_who_issue_at_once_get_serials_of_their_own(
    store: HeadOfficeStore, tmp_path: Path, promotions: str
) -> None:
    office = an_office(tmp_path, store=store)
    publish(office, promotions=promotions)
    got: list[Issued] = []

    def issue_some() -> None:
        got.extend(issue_vouchers(office, Wanted("tacos"), 3) for _ in range(5))

    threads = [threading.Thread(target=issue_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.first for one in got) == list(range(1, 46, 3))
