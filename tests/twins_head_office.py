"""Head office's database in memory: implements the port, and tests may look at and edit its tables directly."""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace

from kiosk.core.entry import NO_ENTRIES, Checkpoint, Entry, FeedId, Head, chain
from kiosk.core.fact import Fact, encode_fact
from kiosk.core.rights import Lot, Right, RightKind
from kiosk.ports import Beginning, unpruned
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
    clerk_order,
    code_order,
    contact_order,
    enrolment_order,
    evidence_order,
)
from sync.head_office.sql.feeds import check_follows


@dataclass
class Tables:
    """All that is kept; copied when a transaction begins, put back when it fails."""

    feeds: dict[FeedId, list[Entry]] = field(default_factory=dict)
    checkpoints: dict[FeedId, Checkpoint] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    log: list[LogRow] = field(default_factory=list)
    enrolments: dict[tuple[str, str, int], Enrolment] = field(default_factory=dict)
    codes: dict[str, EnrolmentCode] = field(default_factory=dict)
    bundles: list[StoredBundle] = field(default_factory=list)
    parts: dict[bytes, bytes] = field(default_factory=dict)
    sources: dict[tuple[SourceKind, int], SourceText] = field(default_factory=dict)
    listed: dict[str, dict[int, ListedCode]] = field(default_factory=dict)
    clerks: dict[str, Clerk] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    contacts: dict[bytes, Contact] = field(default_factory=dict)
    right_accounts: dict[AccountKey, RightAccount] = field(default_factory=dict)
    right_pools: dict[Lot, RightPool] = field(default_factory=dict)
    waiting_voids: dict[tuple[FeedId, int], WaitingVoid] = field(default_factory=dict)
    lost: set[tuple[FeedId, int]] = field(default_factory=set)
    twice: dict[tuple[str, bytes], Twice] = field(default_factory=dict)

    def copy(self) -> Tables:
        """The same rows in containers of its own; rows are frozen."""
        copied = Tables(**{spec.name: copy.copy(getattr(self, spec.name)) for spec in fields(self)})
        copied.feeds = {feed: list(held) for feed, held in self.feeds.items()}
        copied.listed = {promotion: dict(codes) for promotion, codes in self.listed.items()}
        return copied


class HeadOfficeTwin:
    """:class:`sync.head_office.store.HeadOfficeStore` in memory."""

    def __init__(self) -> None:
        self.tables = Tables()
        self._lock = threading.RLock()
        self._depth = 0

    @contextmanager
    def together(self) -> Iterator[HeadOfficeTwin]:
        with self._lock:
            before = None if self._depth else self.tables.copy()
            self._depth += 1
            try:
                yield self
            except BaseException:
                if before is not None:
                    self.tables = before
                raise
            finally:
                self._depth -= 1

    # --- feeds

    def heads(self) -> Mapping[FeedId, Head]:
        with self._lock:
            return {feed: self.head(feed) for feed, held in self.tables.feeds.items() if held}

    def head(self, feed: FeedId) -> Head:
        with self._lock:
            held = self.tables.feeds.get(feed)
            return Head(held[-1].n, held[-1].hash) if held else NO_ENTRIES

    def entries(self, feed: FeedId, after_n: int, limit: int) -> Sequence[Entry]:
        with self._lock:
            return list(self.tables.feeds.get(feed, [])[after_n : after_n + limit])

    def beginning(self, feed: FeedId) -> Beginning:
        return unpruned(self, feed)

    def checkpoint(self, feed: FeedId) -> Checkpoint | None:
        with self._lock:
            return self.tables.checkpoints.get(feed)

    def store_segment(self, entries: Sequence[Entry], checkpoint: Checkpoint) -> None:
        with self.together():
            check_follows(self.head(entries[0].feed), entries)
            self.tables.feeds.setdefault(entries[0].feed, []).extend(entries)
            self.put_checkpoint(checkpoint)

    def append(self, feed: FeedId, facts: Sequence[Fact]) -> Sequence[Entry]:
        with self.together():
            entries = chain(feed, self.head(feed), map(encode_fact, facts))
            if entries:
                self.tables.feeds.setdefault(feed, []).extend(entries)
            return entries

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        with self.together():
            if checkpoint.feed in self.tables.feeds:
                self.tables.checkpoints[checkpoint.feed] = checkpoint

    def add_evidence(self, evidence: Evidence) -> None:
        with self.together():
            if not any(replace(one, at_ms=evidence.at_ms) == evidence for one in self.tables.evidence):
                self.tables.evidence.append(evidence)

    def evidence(self) -> Sequence[Evidence]:
        with self._lock:
            return sorted(self.tables.evidence, key=evidence_order)

    # --- the log

    def add_log_rows(self, rows: Sequence[LogRow]) -> Sequence[LogRow]:
        with self.together():
            there = {(row.feed, row.n) for row in self.tables.log}
            added = []
            for row in rows:
                if (row.feed, row.n) not in there:
                    there.add((row.feed, row.n))
                    added.append(replace(row, cursor=len(self.tables.log) + 1))
                    self.tables.log.append(added[-1])
            return added

    def redemptions_after(self, cursor: int, limit: int) -> Sequence[LogRow]:
        with self._lock:
            return [row for row in self.tables.log if row.cursor > cursor][:limit]

    def log_row(self, feed: FeedId, n: int) -> LogRow | None:
        with self._lock:
            return next((row for row in self.tables.log if (row.feed, row.n) == (feed, n)), None)

    def void_of(self, feed: FeedId, n: int) -> LogRow | None:
        with self._lock:
            return next((row for row in self.tables.log if row.undone == (feed, n)), None)

    def latest_redemptions(
        self, limit: int, before: int | None = None, store: str | None = None, promotion: str | None = None
    ) -> Sequence[RedemptionLine]:
        with self._lock:
            found = [
                RedemptionLine(row=row, void=self.void_of(row.feed, row.n))
                for row in reversed(self.tables.log)
                if row.kind == "redemption"
                and (before is None or row.cursor < before)
                and (store is None or row.store == store)
                and (promotion is None or row.promotion == promotion)
            ]
            return found[:limit]

    def last_cursor(self) -> int:
        with self._lock:
            return self.tables.log[-1].cursor if self.tables.log else 0

    def uses(self, promotion: str, credential: bytes) -> Sequence[RedemptionLine]:
        return self._lines(lambda row: (row.promotion, row.credential) == (promotion, credential))

    def uses_of(self, spent: Collection[tuple[str, bytes]]) -> Mapping[tuple[str, bytes], Sequence[RedemptionLine]]:
        found: dict[tuple[str, bytes], list[RedemptionLine]] = {one: [] for one in spent}
        for line in self._lines(lambda row: (row.promotion, row.credential) in found):
            found[line.row.promotion, line.row.credential].append(line)
        return found

    def of_sales(self, sales: Collection[bytes]) -> Mapping[bytes, Sequence[RedemptionLine]]:
        return {sale: self._lines(lambda row, sale=sale: row.sale == sale) for sale in sales}  # type: ignore[misc]

    def _lines(self, wanted: Callable[[LogRow], bool]) -> list[RedemptionLine]:
        with self._lock:
            rows = [row for row in self.tables.log if row.kind == "redemption" and wanted(row)]
            return [RedemptionLine(row=row, void=self.void_of(row.feed, row.n)) for row in rows]

    def count(self, which: Which) -> Count:
        def meant(row: LogRow) -> bool:
            same = all(
                wanted in (None, found)
                for wanted, found in ((which.store, row.store), (which.clerk, row.clerk), (which.holder, row.holder))
            )
            after = which.from_ms is None or row.at_ms >= which.from_ms
            before = which.until_ms is None or row.at_ms < which.until_ms
            live = which.voided_too or self.void_of(row.feed, row.n) is None
            return row.promotion == which.promotion and same and after and before and live

        lines = self._lines(meant)
        return Count(redemptions=len(lines), amount_minor=sum(line.row.amount_minor or 0 for line in lines))

    def redemption_counts(self, store: str | None = None) -> Mapping[str, tuple[int, int]]:
        counts: dict[str, tuple[int, int]] = {}
        with self._lock:
            for row in self.tables.log:
                if row.kind == "redemption" and store in {None, row.store}:
                    received, voided = counts.get(row.promotion, (0, 0))
                    is_void = self.void_of(row.feed, row.n) is not None
                    counts[row.promotion] = (received + 1, voided + is_void)
        return counts

    # --- counters

    def enrolments(self) -> Sequence[Enrolment]:
        with self._lock:
            return sorted(self.tables.enrolments.values(), key=enrolment_order)

    def put_enrolment(self, enrolment: Enrolment) -> None:
        with self.together():
            self.tables.enrolments[enrolment.store, enrolment.counter, enrolment.incarnation] = enrolment

    def put_code(self, code: EnrolmentCode) -> None:
        with self.together():
            self.tables.codes[code.code_id] = code

    def code(self, code_id: str) -> EnrolmentCode | None:
        with self._lock:
            return self.tables.codes.get(code_id)

    def codes(self) -> Sequence[EnrolmentCode]:
        with self._lock:
            return sorted(self.tables.codes.values(), key=code_order)

    def drop_code(self, code_id: str) -> None:
        with self.together():
            self.tables.codes.pop(code_id, None)

    # --- publications

    def latest_bundle(self) -> StoredBundle | None:
        with self._lock:
            return max(self.tables.bundles, key=lambda one: one.version, default=None)

    def put_bundle(self, bundle: StoredBundle, parts: Mapping[bytes, bytes]) -> None:
        with self.together():
            self.tables.bundles.append(replace(bundle, parts=tuple(sorted(bundle.parts))))
            self.tables.parts = {**parts, **self.tables.parts}

    def put_parts(self, parts: Mapping[bytes, bytes]) -> None:
        with self.together():
            self.tables.parts = {**parts, **self.tables.parts}

    def parts(self, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        with self._lock:
            return {digest: self.tables.parts[digest] for digest in digests if digest in self.tables.parts}

    def put_source(self, source_text: SourceText) -> None:
        with self.together():
            self.tables.sources[source_text.kind, source_text.version] = source_text

    def latest_source(self, kind: SourceKind) -> SourceText | None:
        return next(iter(self.sources(kind)), None)

    def sources(self, kind: SourceKind) -> Sequence[SourceText]:
        with self._lock:
            return sorted(
                (one for one in self.tables.sources.values() if one.kind == kind), key=lambda one: -one.version
            )

    def listed_codes(self, promotion: str) -> Sequence[ListedCode]:
        with self._lock:
            return [code for _, code in sorted(self.tables.listed.get(promotion, {}).items())]

    def listed_code(self, promotion: str, digest: bytes) -> ListedCode | None:
        return next((code for code in self.listed_codes(promotion) if code.live and code.digest == digest), None)

    def live_codes(self, promotion: str) -> int:
        return sum(code.live for code in self.listed_codes(promotion))

    def put_listed_codes(self, promotion: str, codes: Sequence[ListedCode]) -> None:
        with self.together():
            self.tables.listed.setdefault(promotion, {}).update({code.index: code for code in codes})

    def used_indexes(self, promotion: str, uses: int, *, count_voided: bool) -> Sequence[int]:
        with self._lock:
            redeemed = Counter(
                row.credential
                for row in self.tables.log
                if (row.kind, row.credential_kind, row.promotion) == ("redemption", "listed", promotion)
                and (count_voided or self.void_of(row.feed, row.n) is None)
            )
            return [code.index for code in self.listed_codes(promotion) if 0 < uses <= redeemed[code.digest]]

    # --- rights

    def right_accounts(self, keys: Collection[AccountKey]) -> Mapping[AccountKey, RightAccount]:
        with self._lock:
            return {key: self.tables.right_accounts[key] for key in keys if key in self.tables.right_accounts}

    def rights_of(self, account: str) -> Sequence[RightAccount]:
        return self._accounts(lambda one: one.account == account and one.kind != RightKind.ONCE)

    def accounts_of(self, right: Right) -> Sequence[RightAccount]:
        return self._accounts(lambda one: one.lot.right == right)

    def accounts_of_credentials(self, rights: Collection[Right]) -> Sequence[RightAccount]:
        return self._accounts(lambda one: one.lot.right in rights)

    def accounts_of_promotion(self, promotion: str) -> Sequence[RightAccount]:
        return self._accounts(lambda one: one.promotion == promotion and one.kind != RightKind.ONCE)

    def accounts_with_something(self, accounts: Collection[str]) -> Sequence[RightAccount]:
        return self._accounts(lambda one: one.account in accounts and one.balance != 0)

    def _accounts(self, wanted: Callable[[RightAccount], bool]) -> list[RightAccount]:
        with self._lock:
            return [one for _, one in sorted(self.tables.right_accounts.items()) if wanted(one)]

    def put_right_accounts(self, rows: Sequence[RightAccount]) -> None:
        with self.together():
            self.tables.right_accounts.update({row.key: row for row in rows})

    def right_pools(self, promotion: str) -> Sequence[RightPool]:
        with self._lock:
            return [one for lot, one in sorted(self.tables.right_pools.items()) if lot.right.promotion == promotion]

    def has_granted(self) -> bool:
        with self._lock:
            return any(one.granted for one in self.tables.right_accounts.values())

    def put_right_pools(self, rows: Sequence[RightPool]) -> None:
        with self.together():
            self.tables.right_pools.update({row.lot: row for row in rows})

    def waiting_voids(self, of_feed: FeedId) -> Sequence[WaitingVoid]:
        with self._lock:
            return [one for one in self.tables.waiting_voids.values() if one.of_feed == of_feed]

    def put_waiting_void(self, waiting: WaitingVoid) -> None:
        with self.together():
            self.tables.waiting_voids.setdefault((waiting.of_feed, waiting.of_n), waiting)

    def drop_waiting_void(self, of_feed: FeedId, of_n: int) -> None:
        with self.together():
            self.tables.waiting_voids.pop((of_feed, of_n), None)

    def put_lost(self, feed: FeedId, n: int) -> None:
        with self.together():
            self.tables.lost.add((feed, n))

    def drop_lost(self, feed: FeedId, n: int) -> bool:
        with self.together():
            was = (feed, n) in self.tables.lost
            self.tables.lost.discard((feed, n))
            return was

    def put_twice(self, twice: Twice) -> None:
        with self.together():
            self.tables.twice.setdefault((twice.promotion, twice.credential), twice)

    def twice(self, limit: int, promotion: str | None = None) -> Sequence[Twice]:
        with self._lock:
            found = [one for one in self.tables.twice.values() if promotion in (None, one.promotion)]
            return sorted(found, key=lambda one: (-one.at_ms, one.promotion, one.credential))[:limit]

    # --- people

    def clerks(self) -> Sequence[Clerk]:
        with self._lock:
            return sorted(self.tables.clerks.values(), key=clerk_order)

    def clerk(self, clerk_id: str) -> Clerk | None:
        with self._lock:
            return self.tables.clerks.get(clerk_id)

    def put_clerk(self, clerk: Clerk) -> None:
        with self.together():
            self.tables.clerks[clerk.id] = clerk

    def drop_clerk(self, clerk_id: str) -> None:
        with self.together():
            self.tables.clerks.pop(clerk_id, None)

    def accounts(self) -> Sequence[Account]:
        with self._lock:
            return [account for _, account in sorted(self.tables.accounts.items())]

    def account(self, name: str) -> Account | None:
        with self._lock:
            return self.tables.accounts.get(name)

    def put_account(self, account: Account) -> None:
        with self.together():
            self.tables.accounts[account.name] = account

    def tokens(self) -> Sequence[Token]:
        with self._lock:
            return [token for _, token in sorted(self.tables.tokens.items())]

    def token_by_hash(self, token_hash: bytes) -> Token | None:
        with self._lock:
            return next((one for one in self.tables.tokens.values() if one.token_hash == token_hash), None)

    def put_token(self, token: Token) -> None:
        with self.together():
            self.tables.tokens[token.name] = token

    def drop_token(self, name: str) -> None:
        with self.together():
            self.tables.tokens.pop(name, None)

    # --- settings

    # --- contacts

    def put_contact(self, contact: Contact) -> None:
        with self.together():
            self.tables.contacts[contact.sha256] = contact

    def contact(self, sha256: bytes) -> Contact | None:
        with self._lock:
            return self.tables.contacts.get(sha256)

    def contacts(self) -> Sequence[Contact]:
        with self._lock:
            return sorted(self.tables.contacts.values(), key=contact_order)

    def setting(self, name: str) -> str | None:
        with self._lock:
            return self.tables.settings.get(name)

    def put_setting(self, name: str, value: str) -> None:
        with self.together():
            self.tables.settings[name] = value

    def close(self) -> None:
        pass
