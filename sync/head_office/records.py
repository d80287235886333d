"""What head office keeps, as plain frozen records. Instants are Unix milliseconds (``_at_ms``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kiosk.core.entry import FeedId
from kiosk.core.rights import Lot, Right, RightKind

Role = Literal["clerk", "shift-manager", "head-office"]
ROLES: tuple[Role, ...] = ("clerk", "shift-manager", "head-office")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One row of the log for machines: a redemption, or the void of one, in the order of arrival.

    ``cursor`` grows in commit order, so a reader that asks for what is above its last cursor misses
    none. ``at_ms`` is the counter's clock, ``received_at_ms`` head office's. A void's row repeats its
    redemption's promotion, credential and amount, names it by ``void_of_n`` and ``void_of_feed`` (None: the void's
    own feed), and has the clerk and time of the void. ``judged`` is the reason that ``decide`` gave here on receipt
    ("ok", "used-elsewhere"); ``holder`` and ``sale`` are 16 bytes that tell customers and sales apart.
    """

    cursor: int
    kind: Literal["redemption", "void"]
    feed: FeedId
    n: int
    store: str
    counter: str
    promotion: str
    clerk: str
    credential_kind: str
    credential: bytes
    at_ms: int
    received_at_ms: int
    amount_minor: int | None = None
    currency: str | None = None
    void_of_n: int | None = None
    reason: str | None = None
    judged: str | None = None
    holder: bytes | None = None
    sale: bytes | None = None
    approved_by: str | None = None
    void_of_feed: FeedId | None = None

    @property
    def undone(self) -> tuple[FeedId, int] | None:
        """The redemption that a void undoes."""
        return None if self.void_of_n is None else (self.void_of_feed or self.feed, self.void_of_n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many redemptions, and what they cost together in minor units."""

    redemptions: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Redemptions of one promotion; None: whichever. Instants of the counters' clocks, the end excluded."""

    promotion: str
    store: str | None = None
    clerk: str | None = None
    holder: bytes | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    voided_too: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionLine:
    """One redemption as the page shows it: its row, and its void where it has one."""

    row: LogRow
    void: LogRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One life of a counter's device. ``fenced``: a fork of its feed was seen; enrol that counter anew.

    ``key_epoch`` is never used twice for one counter. Entries behind ``counts_to`` are in quarantine; None: all count.
    A life with ``revoked_at_ms`` is over, as ``revoked_by`` decided.
    """

    store: str
    counter: str
    incarnation: int
    public_key: bytes
    key_epoch: int
    enrolled_at_ms: int
    last_contact_ms: int | None = None
    bundle_version: int | None = None
    address: str | None = None
    fenced: bool = False
    counts_to: int | None = None
    revoked_at_ms: int | None = None
    revoked_why: str | None = None
    revoked_by: str | None = None

    @property
    def feed(self) -> FeedId:
        """The feed that this device writes."""
        return FeedId(f"{self.store}/{self.counter}", self.incarnation)

    @property
    def revoked(self) -> bool:
        """Whether a person ended this life."""
        return self.revoked_at_ms is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentCode:
    """What is kept of a one-time code that admits one device to one counter; never the code itself.

    ``code_id`` is its public part. Once used, ``request_hash`` (SHA-256) and ``answer`` are there, so that
    the very same request, whose answer was lost, gets the very same answer.
    """

    code_id: str
    store: str
    counter: str
    created_at_ms: int
    expires_at_ms: int
    salt: bytes
    stretched: bytes = field(repr=False)
    private_key: bytes = field(repr=False)
    wrong_tries: int = 0
    request_hash: bytes | None = None
    answer: bytes | None = field(default=None, repr=False)

    @property
    def used(self) -> bool:
        """Whether a device came in with it."""
        return self.answer is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBundle:
    """A sealed bundle: the signed envelope and the SHA-256 of each part, by the part's name."""

    version: int
    published_at_ms: int
    fresh_until_ms: int
    envelope: bytes
    parts: tuple[tuple[str, bytes], ...]


SourceKind = Literal["promotions", "organisation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A text as somebody published it. ``version`` is that of the first bundle made from it."""

    kind: SourceKind
    version: int
    at_ms: int
    by: str
    text: str


ListedSource = Literal["inline", "imported", "generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCode:
    """A listed code as a keyed hash. ``index`` is stable for good; withdrawn codes keep theirs."""

    index: int
    digest: bytes
    source: ListedSource
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """A person who works a counter. Without ``pin_hash`` they cannot sign in there yet."""

    id: str
    name: str
    role: Role
    stores: tuple[str, ...]
    pin_hash: str | None
    from_organisation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who signs in to head office. Raising ``session_version`` ends all their sessions."""

    name: str
    password_hash: str
    must_change: bool
    session_version: int
    created_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A machine's key to the log; only its SHA-256 is kept."""

    name: str
    token_hash: bytes
    created_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Authentic bytes that contradict what is held: kept as a fact, counted in no figure.

    ``kind`` is "fork" (another entry n of the same feed), or "foreign-void" (a void of another's redemption).
    """

    kind: Literal["fork", "foreign-void"]
    feed: FeedId
    n: int
    at_ms: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Contact details as a counter sealed them (:mod:`kiosk.contact`); without ``sealed`` they are erased for good.

    ``case_ref`` is the case's reference, ``erased_by`` an account or "age"; ``read_by`` read them last.
    """

    sha256: bytes
    origin: str
    case_ref: bytes
    received_at_ms: int
    sealed: bytes | None = field(default=None, repr=False)
    read_at_ms: int | None = None
    read_by: str | None = None
    erased_at_ms: int | None = None
    erased_by: str | None = None


# --- rights --------------------------------------------------------------------------------------


AccountKey = tuple[str, Lot]
"""An account: a feed's name, and the lot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RightAccount:
    """One account, as all that arrived says: the sums of its terms (:mod:`kiosk.core.rights`).

    ``freed`` is what was freed of it by a person's decision. ``level`` is what its feed had of the right after the last
    grant, ``pace_milli`` its spending of late in thousandths, as of ``paced_at_ms``.
    """

    account: str
    kind: int
    promotion: str
    subject: bytes
    granted_by: int
    granted: int = 0
    received: int = 0
    credited: int = 0
    sent: int = 0
    returned: int = 0
    spent: int = 0
    freed: int = 0
    level: int = 0
    pace_milli: int = 0
    paced_at_ms: int = 0

    @property
    def lot(self) -> Lot:
        """What it is an account of."""
        return Lot(Right(RightKind(self.kind), self.promotion, self.subject), self.granted_by)

    @property
    def key(self) -> AccountKey:
        """By what it is found."""
        return self.account, self.lot

    @property
    def balance(self) -> int:
        """What it has; under 0 where more was spent or sent than it ever got."""
        return self.granted + self.received + self.credited - self.sent - self.returned - self.spent

    @property
    def freed_now(self) -> int:
        """What of the freed amount is still here: what was spent or given back after all is counted there."""
        return max(min(self.freed, self.balance), 0)

    @classmethod
    def empty(cls, key: AccountKey) -> RightAccount:
        """An account that nothing moved yet."""
        account, (right, granted_by) = key
        return cls(
            account=account, kind=int(right.kind), promotion=right.promotion, subject=right.subject,
            granted_by=granted_by,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RightPool:
    """What one incarnation of head office has given of a right, and what came back of it.

    ``refilled`` is risk that proved unique, ``freed`` what is free by decision of what stranded; ``advanced`` what is
    free by decision of what earlier incarnations may have granted (see :mod:`sync.head_office.pools`).
    """

    kind: int
    promotion: str
    subject: bytes
    granted_by: int
    granted: int = 0
    returned: int = 0
    refilled: int = 0
    freed: int = 0
    advanced: int = 0

    @property
    def lot(self) -> Lot:
        """What it is the pool of."""
        return Lot(Right(RightKind(self.kind), self.promotion, self.subject), self.granted_by)

    @classmethod
    def empty(cls, lot: Lot) -> RightPool:
        """A pool that nothing was given of yet."""
        right = lot.right
        return cls(kind=int(right.kind), promotion=right.promotion, subject=right.subject, granted_by=lot.granted_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingVoid:
    """A void that arrived before what it undoes: entry ``n`` of ``feed`` undoes entry ``of_n`` of ``of_feed``."""

    of_feed: FeedId
    of_n: int
    feed: FeedId
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    """A credential that had more live redemptions than it may have; whether it still has is asked of the log."""

    promotion: str
    credential: bytes
    at_ms: int


# --- orders: the same in every store, whatever its database thinks of letters ---------------------


def enrolment_order(one: Enrolment) -> tuple[str, str, int]:
    """By store, counter and incarnation."""
    return one.store, one.counter, one.incarnation


def code_order(one: EnrolmentCode) -> tuple[str, str, int, str]:
    """By store, counter and age."""
    return one.store, one.counter, one.created_at_ms, one.code_id


def clerk_order(one: Clerk) -> tuple[str, str]:
    """By name."""
    return one.name.casefold(), one.id


def contact_order(one: Contact) -> tuple[int, bytes]:
    """Oldest first."""
    return one.received_at_ms, one.sha256


def evidence_order(one: Evidence) -> tuple[int, str, int, str, bytes]:
    """Oldest first."""
    return one.at_ms, str(one.feed), one.n, one.kind, one.content
