"""The port to head office's database. Contract tests hold every implementation to it.

Rules of this port:

- Each method is one transaction and is durable when it returns.
- ``with store.together() as one:`` makes everything done on ``one`` a single transaction: all of it
  commits when the block ends, none of it when an error leaves the block. Only one such block runs at a
  time in the whole of head office, whatever the number of threads or programs: so the order of
  cursors in the log is the order of commits, and a reader with a cursor misses nothing.
- What is asked for and not there is ``None`` or empty, never an error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from kiosk.core.entry import Checkpoint, Entry, FeedId, Head
from kiosk.core.fact import Fact
from kiosk.core.rights import Right
from kiosk.errors import CounterfoilError
from kiosk.ports import FeedStore
from sync.head_office.records import (
    Account,
    AccountKey,
    Clerk,
    Contact,
    Count,
    Enrolment,
    EnrolmentCode,
    Evidence,
    ListedCode,
    LogRow,
    RedemptionLine,
    RightAccount,
    RightPool,
    SourceKind,
    SourceText,
    StoredBundle,
    Token,
    Twice,
    WaitingVoid,
    Which,
)


class StoreError(CounterfoilError):
    """Head office's database cannot be used; codes: store-unreachable, store-newer, store-busy, store-url."""


class Feeds(FeedStore, Protocol):
    """All feeds: those of counters, and the ones head office writes itself."""

    def head(self, feed: FeedId) -> Head:
        """How far ``feed`` goes; ``NO_ENTRIES`` where nothing is held."""
        ...

    def append(self, feed: FeedId, facts: Sequence[Fact]) -> Sequence[Entry]:
        """Write ``facts`` behind the head of a feed that head office writes itself."""
        ...

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep ``checkpoint`` of a feed that head office writes itself, in place of an older one."""
        ...

    def add_evidence(self, evidence: Evidence) -> None:
        """Keep evidence; the same again changes nothing."""
        ...

    def evidence(self) -> Sequence[Evidence]:
        """All evidence, oldest first."""
        ...


class Log(Protocol):
    """The projection of redemptions and voids."""

    def add_log_rows(self, rows: Sequence[LogRow]) -> Sequence[LogRow]:
        """Add rows behind the last cursor and return them with theirs; the ``cursor`` given is ignored.

        A row whose (feed, n) is there already is left out.
        """
        ...

    def redemptions_after(self, cursor: int, limit: int) -> Sequence[LogRow]:
        """Up to ``limit`` rows above ``cursor`` (0: from the beginning), in order."""
        ...

    def log_row(self, feed: FeedId, n: int) -> LogRow | None:
        """The row of entry ``n`` of ``feed``."""
        ...

    def void_of(self, feed: FeedId, n: int) -> LogRow | None:
        """The first void of redemption ``n`` of ``feed``."""
        ...

    def latest_redemptions(
        self, limit: int, before: int | None = None, store: str | None = None, promotion: str | None = None
    ) -> Sequence[RedemptionLine]:
        """Redemptions, newest first: up to ``limit`` with cursors under ``before``."""
        ...

    def uses(self, promotion: str, credential: bytes) -> Sequence[RedemptionLine]:
        """The redemptions of one credential, with their voids, in the order of arrival."""
        ...

    def uses_of(self, spent: Collection[tuple[str, bytes]]) -> Mapping[tuple[str, bytes], Sequence[RedemptionLine]]:
        """As :meth:`uses`, of many credentials at once; one without any has an empty list."""
        ...

    def of_sales(self, sales: Collection[bytes]) -> Mapping[bytes, Sequence[RedemptionLine]]:
        """By sale, its redemptions with their voids, in the order of arrival; empty for one that is not known."""
        ...

    def count(self, which: Which) -> Count:
        """How many redemptions ``which`` means, and what they cost."""
        ...

    def last_cursor(self) -> int:
        """The newest cursor; 0 where the log is empty."""
        ...

    def redemption_counts(self, store: str | None = None) -> Mapping[str, tuple[int, int]]:
        """By promotion: how many redemptions were received (of one ``store`` only), and how many of them are void."""
        ...


class Counters(Protocol):
    """Devices and how they come in."""

    def enrolments(self) -> Sequence[Enrolment]:
        """Every enrolment ever, by store, counter and incarnation."""
        ...

    def put_enrolment(self, enrolment: Enrolment) -> None:
        """Add an enrolment, or replace the one with the same store, counter and incarnation."""
        ...

    def put_code(self, code: EnrolmentCode) -> None:
        """Keep a one-time code, or replace the one with its ``code_id``."""
        ...

    def code(self, code_id: str) -> EnrolmentCode | None:
        """The code with this public part, used or not."""
        ...

    def codes(self) -> Sequence[EnrolmentCode]:
        """All codes not dropped yet, by store, counter and age; expired and used ones may be among them."""
        ...

    def drop_code(self, code_id: str) -> None:
        """Forget a code."""
        ...


class Publications(Protocol):
    """What was published."""

    def latest_bundle(self) -> StoredBundle | None:
        """The bundle with the highest version."""
        ...

    def put_bundle(self, bundle: StoredBundle, parts: Mapping[bytes, bytes]) -> None:
        """Keep a bundle and its parts (by their SHA-256); parts that are there already are left."""
        ...

    def put_parts(self, parts: Mapping[bytes, bytes]) -> None:
        """Keep parts (by their SHA-256) of a bundle that is not in force yet; those that are there already are left."""
        ...

    def parts(self, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """Those of the parts named by SHA-256 that are held."""
        ...

    def put_source(self, source: SourceText) -> None:
        """Keep a published text beside those before it."""
        ...

    def latest_source(self, kind: SourceKind) -> SourceText | None:
        """The newest text of a kind."""
        ...

    def sources(self, kind: SourceKind) -> Sequence[SourceText]:
        """All texts of a kind, newest first."""
        ...

    def listed_codes(self, promotion: str) -> Sequence[ListedCode]:
        """Every code the promotion ever had, withdrawn ones too, by index 0, 1, 2 ..."""
        ...

    def listed_code(self, promotion: str, digest: bytes) -> ListedCode | None:
        """The promotion's code of that digest, while it is not withdrawn."""
        ...

    def live_codes(self, promotion: str) -> int:
        """How many of the promotion's codes are not withdrawn."""
        ...

    def put_listed_codes(self, promotion: str, codes: Sequence[ListedCode]) -> None:
        """Add codes by index, or replace those with the same index."""
        ...

    def used_indexes(self, promotion: str, uses: int, *, count_voided: bool) -> Sequence[int]:
        """The indexes of the promotion's codes that were redeemed ``uses`` times or more, voided ones if so asked."""
        ...


class People(Protocol):
    """Clerks, accounts, tokens."""

    def clerks(self) -> Sequence[Clerk]:
        """All clerks by name."""
        ...

    def clerk(self, clerk_id: str) -> Clerk | None:
        """One clerk."""
        ...

    def put_clerk(self, clerk: Clerk) -> None:
        """Add a clerk, or replace the one with this id."""
        ...

    def drop_clerk(self, clerk_id: str) -> None:
        """Forget a clerk; what they redeemed stays in the log under their id."""
        ...

    def accounts(self) -> Sequence[Account]:
        """All accounts by name."""
        ...

    def account(self, name: str) -> Account | None:
        """One account."""
        ...

    def put_account(self, account: Account) -> None:
        """Add an account, or replace the one with this name."""
        ...

    def tokens(self) -> Sequence[Token]:
        """All tokens by name."""
        ...

    def token_by_hash(self, token_hash: bytes) -> Token | None:
        """The token with this SHA-256."""
        ...

    def put_token(self, token: Token) -> None:
        """Add a token, or replace the one with this name."""
        ...

    def drop_token(self, name: str) -> None:
        """The token of this name opens nothing from now on."""
        ...


class Contacts(Protocol):
    """Sealed contact details."""

    def put_contact(self, contact: Contact) -> None:
        """Keep contact details, or replace those with the same SHA-256."""
        ...

    def contact(self, sha256: bytes) -> Contact | None:
        """Those with this SHA-256, erased or not."""
        ...

    def contacts(self) -> Sequence[Contact]:
        """All of them, oldest first."""
        ...


class Rights(Protocol):
    """The accounts of rights, and what else is kept so that each is counted once."""

    def right_accounts(self, keys: Collection[AccountKey]) -> Mapping[AccountKey, RightAccount]:
        """Those of the accounts that anything has moved."""
        ...

    def rights_of(self, account: str) -> Sequence[RightAccount]:
        """The accounts of one feed, those of single credentials left out."""
        ...

    def accounts_of(self, right: Right) -> Sequence[RightAccount]:
        """All accounts of one right, whoever granted it."""
        ...

    def accounts_of_credentials(self, rights: Collection[Right]) -> Sequence[RightAccount]:
        """All accounts of these rights of single credentials."""
        ...

    def accounts_of_promotion(self, promotion: str) -> Sequence[RightAccount]:
        """All accounts of a promotion's rights, those of single credentials left out."""
        ...

    def accounts_with_something(self, accounts: Collection[str]) -> Sequence[RightAccount]:
        """The accounts of these feeds that have something left, or less than nothing; single credentials too."""
        ...

    def put_right_accounts(self, rows: Sequence[RightAccount]) -> None:
        """Add accounts, or replace those of the same key."""
        ...

    def right_pools(self, promotion: str) -> Sequence[RightPool]:
        """The pools of a promotion's rights, of every incarnation."""
        ...

    def has_granted(self) -> bool:
        """Whether anything was ever granted."""
        ...

    def put_right_pools(self, rows: Sequence[RightPool]) -> None:
        """Add pools, or replace those of the same lot."""
        ...

    def waiting_voids(self, of_feed: FeedId) -> Sequence[WaitingVoid]:
        """The voids that wait for redemptions of a feed, in the order of their arrival."""
        ...

    def put_waiting_void(self, waiting: WaitingVoid) -> None:
        """Keep a void that arrived before what it undoes; a second one of the same is left out."""
        ...

    def drop_waiting_void(self, of_feed: FeedId, of_n: int) -> None:
        """What it waited for is here."""
        ...

    def put_lost(self, feed: FeedId, n: int) -> None:
        """The risk that redemption ``n`` of ``feed`` took is lost: its credential was used before."""
        ...

    def drop_lost(self, feed: FeedId, n: int) -> bool:
        """It is lost no more; whether it was."""
        ...

    def put_twice(self, twice: Twice) -> None:
        """Keep that a credential was used too often; the first time is the one kept."""
        ...

    def twice(self, limit: int, promotion: str | None = None) -> Sequence[Twice]:
        """The credentials that were used too often at some time (of one promotion), newest first."""
        ...


class HeadOfficeStore(Feeds, Log, Counters, Publications, People, Rights, Contacts, Protocol):
    """Everything head office keeps, on one database."""

    def together(self) -> AbstractContextManager[HeadOfficeStore]:
        """One transaction over several calls; see the rules of this module. Inside a block it is the block itself."""
        ...

    def setting(self, name: str) -> str | None:
        """A small named text."""
        ...

    def put_setting(self, name: str, value: str) -> None:
        """Keep a small named text in place of the one before."""
        ...

    def close(self) -> None:
        """Give back files and connections."""
        ...
