"""Every statement of an intake fails once, the commit too: the message is refused or counted whole, and once.

Python's own SQLite takes no disk of ours, so faults come in above it, at each statement that head office sends; what
SQLite itself does when a disk fails is in ``test_power_cuts`` (the counter's), and head office is killed for real in
``tests/e2e/test_killed``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from sync.head_office.office import HeadOffice
from sync.head_office.sql.store import SqlStore
from sync.head_office.store import StoreError
from tests.head_office_world import SmallCounter, an_office, enrolled

SAID = {"error": "disk I/O error", "full": "database or disk is full"}
EVERY = 5


@pytest.fixture
def office(tmp_path: Path) -> Iterator[HeadOffice]:
    made = an_office(tmp_path, store=SqlStore.open(f"sqlite:///{tmp_path}/head-office.db"))
    yield made
    made.store.close()


class Faulty:
    """Fails the ``k``-th statement from now on; counts them all."""

    def __init__(self, office: HeadOffice, k: int = 0, said: str = "") -> None:
        assert isinstance(office.store, SqlStore)
        self._engine = office.store._database.engine
        self._k, self._said = k, said
        self.count = 0

    def __enter__(self) -> Faulty:  # noqa: PYI034 - it is used as itself
        event.listen(self._engine, "before_cursor_execute", self._statement)
        event.listen(self._engine, "commit", self._commit)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._statement)
        event.remove(self._engine, "commit", self._commit)

    def _statement(self, *_: Any) -> None:
        self._next()

    def _commit(self, _connection: Any) -> None:
        self._next()

    def _next(self) -> None:
        self.count += 1
        if self.count == self._k:
            raise sqlite3.OperationalError(self._said)


def image(office: HeadOffice) -> object:
    store = office.store
    rows = store.redemptions_after(0, 1000)
    return store.heads(), [(row.feed, row.n, row.kind) for row in rows], store.enrolments(), store.evidence()


def busy(counter: SmallCounter) -> None:
    """Two redemptions and a void to be sent."""
    n = counter.redeem()
    counter.redeem(credential=b"d" * 16)
    counter.undo(n)


@pytest.mark.parametrize("manner", SAID)
def test_whichever_statement_fails_an_upload_is_refused_whole_and_counted_once_when_sent_again(
    office: HeadOffice, manner: str
) -> None:
    counter = enrolled(office)
    counter.exchange()
    busy(counter)
    with Faulty(office) as counting:
        counter.exchange()
    for done, k in enumerate(range(1, counting.count + 1, EVERY), start=2):
        busy(counter)
        before = image(office)
        with Faulty(office, k, SAID[manner]), pytest.raises((StoreError, SQLAlchemyError, sqlite3.Error)):
            counter.exchange()
        told = office.store.head(counter.feed) == counter.journal.heads()[counter.feed]
        assert told or image(office) == before, f"statement {k}: neither as it was nor all of it"
        counter.exchange()
        rows = [(row.feed, row.n) for row in office.store.redemptions_after(0, 1000)]
        assert len(set(rows)) == len(rows) == 3 * done, f"statement {k}: each once"
        assert office.store.head(counter.feed) == counter.journal.heads()[counter.feed]
