"""Hashing passwords is slow on purpose; the tests of what is done with them need not be."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher


@pytest.fixture(autouse=True)
def _hash_lightly(monkeypatch: pytest.MonkeyPatch) -> None:
    light = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr("sync.head_office.accounts._HASHER", light)
    monkeypatch.setattr("sync.head_office.people._HASHER", light)
