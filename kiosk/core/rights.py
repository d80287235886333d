"""Rights: permission for one more use, or for an amount of money, granted by head office and moved by entries only.

Rules of this module:

- ``balance = granted + received + credited - sent - returned - spent`` of an account; an account is one feed's, of one
  right, of one incarnation of head office that granted it. Every term moves and is never copied.
- Only head office's feeds grant; only its own feed spends, sends and returns what an account holds. What is received
  is told by the entry of who sends it.
- A redemption that is undone credits the account that spent, once, whoever tells of it and how often: it is named by
  (feed, n). It never credits risk: head office's reconciliation does, once the redemption proved unique.
- The right of a credential that is at home at a counter was never granted: its lot is :data:`AT_HOME`. The counter has
  it until it sends it away.
- A right is never reclaimed by a clock. Amounts under 1 and kinds of another release move nothing.
- The order of entries does not matter.

Escrow: P. O'Neil, "The Escrow Transactional Method", ACM TODS 11(4), 1986; the bounded counter of V. Balegas et al.,
"Extending Eventually Consistent Cloud Databases for Enforcing Numeric Invariants", SRDS 2015.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, NamedTuple, Protocol

from kiosk.core.entry import FeedId
from kiosk.core.fact import Fact, Granted, Redemption, Returned, Transferred

HEAD_OFFICE = "head-office"
AT_HOME = 0
"""The lot of rights that nobody granted: the counter where a credential is at home may give it once."""
MOST = 2**53
"""More than any cap can be; what claims more moves nothing."""


class RightKind(IntEnum):
    """What a right is for.

    TOTAL: one use; BUDGET: minor units of money; STORE: one use at one store; RISK: minor units that may be lost to
    credentials used twice; ONCE: the one use of one credential.
    """

    TOTAL = 1
    BUDGET = 2
    STORE = 3
    RISK = 4
    ONCE = 5


class Right(NamedTuple):
    """A right of a promotion. ``subject``: a store's id (UTF-8) for STORE, the credential's 16 bytes for ONCE."""

    kind: RightKind
    promotion: str
    subject: bytes = b""


class Lot(NamedTuple):
    """What one incarnation of head office granted of a right; lots are not mixed."""

    right: Right
    granted_by: int


class Term(Enum):
    """A term of the balance, and its sign."""

    GRANTED = ("granted", 1)
    RECEIVED = ("received", 1)
    CREDITED = ("credited", 1)
    SENT = ("sent", -1)
    RETURNED = ("returned", -1)
    SPENT = ("spent", -1)

    @property
    def sign(self) -> int:
        """1 where it adds to the balance, -1 where it takes away."""
        return self.value[1]


class Move(NamedTuple):
    """What an entry does to one account. ``account`` is a feed's name."""

    account: str
    lot: Lot
    term: Term
    amount: int


def is_head_office(feed: FeedId) -> bool:
    """Whether head office writes ``feed``."""
    return feed.origin == HEAD_OFFICE or feed.origin.startswith(f"{HEAD_OFFICE}/")


def moves_of(feed: FeedId, fact: Fact) -> Iterator[Move]:
    """The moves that ``fact``, an entry of ``feed``, makes by itself. Credits: see :func:`credits_of`."""
    if isinstance(fact, Redemption):
        yield from _spends(str(feed), fact)
    elif isinstance(fact, Granted):
        # a counter that grants itself rights
        lot = _lot(fact.right, fact.promotion, fact.subject, feed.incarnation) if is_head_office(feed) else None
        if lot is not None and _counts(fact.amount):
            yield Move(fact.feed, lot, Term.GRANTED, fact.amount)
    elif isinstance(fact, Returned | Transferred):
        lot = _lot(fact.right, fact.promotion, fact.subject, fact.granted_by)
        if lot is None or not _counts(fact.amount):
            return
        if isinstance(fact, Returned):
            yield Move(str(feed), lot, Term.RETURNED, fact.amount)
        else:
            yield Move(str(feed), lot, Term.SENT, fact.amount)
            yield Move(fact.to, lot, Term.RECEIVED, fact.amount)


def credits_of(feed: FeedId, redemption: Redemption) -> Iterator[Move]:
    """The moves that undoing ``redemption``, an entry of ``feed``, makes: all that it spent comes back but risk."""
    for move in _spends(str(feed), redemption):
        if move.lot.right.kind is not RightKind.RISK:
            yield move._replace(term=Term.CREDITED)


def right_spent(kind: int, redemption: Redemption) -> Right | None:
    """Which right of that kind a redemption takes; None: a kind of another release."""
    if kind not in _KINDS:
        return None
    known = RightKind(kind)
    subject = b""
    if known is RightKind.STORE:
        subject = redemption.store.encode("utf-8", "replace")
    elif known is RightKind.ONCE:
        subject = redemption.credential
    return Right(known, redemption.promotion, subject)


_KINDS = frozenset(RightKind)


def _spends(account: str, fact: Redemption) -> Iterator[Move]:
    for kind, granted_by, amount in fact.spent or ():
        right = right_spent(kind, fact)
        if right is not None and _counts(amount):
            yield Move(account, Lot(right, granted_by), Term.SPENT, amount)


def _lot(kind: int, promotion: str, subject: bytes | None, granted_by: int) -> Lot | None:
    return Lot(Right(RightKind(kind), promotion, subject or b""), granted_by) if kind in _KINDS else None


def _counts(amount: int) -> bool:
    return 0 < amount <= MOST


MOVING = (Redemption, Granted, Returned, Transferred)
"""The kinds of facts that move rights."""


# --- one account -------------------------------------------------------------------------------


class Before(Protocol):
    """What a snapshot settled: which entries moved rights, and the redemptions among them."""

    def has_moved(self, name: tuple[str, int], /) -> bool:
        """Whether that entry (its feed's name, its number) moved rights of the feed whose accounts these are."""
        ...

    def is_voided(self, name: tuple[str, int], /) -> bool:
        """Whether that redemption was undone."""
        ...

    def redemption(self, name: tuple[str, int], /) -> Redemption | None:
        """The redemption that is written under ``name``."""
        ...


@dataclass(slots=True)
class Accounts:
    """The balances of the accounts of one feed, ``own``. A fold: see :class:`kiosk.core.standing.Standing`."""

    own: FeedId | None = None
    _balances: dict[Right, dict[int, int]] = field(default_factory=dict)
    _spent: dict[int, tuple[Move, ...]] = field(default_factory=dict)
    _credited: set[int] = field(default_factory=set)
    _moved: set[tuple[str, int]] = field(default_factory=set)
    _before: Before | None = field(default=None, repr=False, compare=False)

    def apply(self, feed: FeedId, n: int, fact: Fact) -> None:
        """Fold entry ``n`` of ``feed``; the same again changes nothing."""
        if not isinstance(fact, MOVING):
            return
        account, name = str(self.own), (str(feed), n)
        moves = [move for move in moves_of(feed, fact) if move.account == account]
        if not moves or name in self._moved or (self._before is not None and self._before.has_moved(name)):
            return
        self._moved.add(name)
        for move in moves:
            self._move(move)
        if isinstance(fact, Redemption):
            back = tuple(credits_of(feed, fact))
            if self._is_credited(n):
                self._credit(back)
            else:
                self._spent[n] = back

    def undone(self, feed: FeedId | str, n: int) -> None:
        """Redemption ``n`` of ``feed`` is undone: what it spent comes back, once."""
        if str(feed) != str(self.own) or self._is_credited(n):
            return
        self._credited.add(n)
        self._credit(self._spent.pop(n, ()) or self._spent_before(n))

    def _is_credited(self, n: int) -> bool:
        return n in self._credited or (self._before is not None and self._before.is_voided((str(self.own), n)))

    def _spent_before(self, n: int) -> Iterable[Move]:
        name = (str(self.own), n)
        if self.own is None or self._before is None or not self._before.has_moved(name):
            return ()
        fact = self._before.redemption(name)
        return () if fact is None else credits_of(self.own, fact)

    def balance(self, right: Right) -> int:
        """How much of ``right`` there is, of whatever incarnation's grants; never under 0."""
        return sum(amount for _, amount in self.lots(right))

    def lots(self, right: Right) -> list[tuple[int, int]]:
        """What there is of ``right`` as (granted by, amount), older incarnations first."""
        return sorted(lot for lot in self._balances.get(right, {}).items() if lot[1] > 0)

    def all_lots(self) -> Mapping[Lot, int]:
        """Every lot with something left in it."""
        return {Lot(right, by): amount for right in self._balances for by, amount in self.lots(right)}

    def holds(self, promotion: str, digest: bytes) -> bool:
        """Whether the one right of a credential is here."""
        return self.balance(Right(RightKind.ONCE, promotion, digest)) > 0

    def gave_away(self, promotion: str, digest: bytes) -> bool:
        """Whether the right of a credential that is at home here was sent to another counter."""
        return self._balances.get(Right(RightKind.ONCE, promotion, digest), {}).get(AT_HOME, 0) < 0

    def _credit(self, moves: Iterable[Move]) -> None:
        for move in moves:
            self._move(move)

    def _move(self, move: Move) -> None:
        right, granted_by = move.lot
        lots = self._balances.setdefault(right, {})
        lots[granted_by] = lots.get(granted_by, 0) + move.term.sign * move.amount
        if not lots[granted_by]:
            del lots[granted_by]
        if not lots:
            del self._balances[right]

    # --- frozen and thawed -----------------------------------------------------------------------

    @property
    def moved(self) -> frozenset[tuple[str, int]]:
        """The entries that moved rights here, but those that were settled before."""
        return frozenset(self._moved)

    def frozen(self) -> Any:
        """The balances as arrays and numbers that CBOR can hold, for a snapshot. With :attr:`moved` that is all."""
        lots = {Lot(right, by): amount for right, lots in self._balances.items() for by, amount in lots.items()}
        return [[*_flat(lot), amount] for lot, amount in sorted(lots.items())]

    @classmethod
    def thawed(cls, own: FeedId | None, frozen: Any, before: Before) -> Accounts:
        """What :meth:`frozen` gave; ``before`` is what else was settled then."""
        made = cls(own, _before=before)
        for one in frozen:
            made._balances.setdefault(_lot_of(one[:4]).right, {})[one[3]] = one[4]
        return made


def _flat(lot: Lot) -> list[Any]:
    return [int(lot.right.kind), lot.right.promotion, lot.right.subject, lot.granted_by]


def _lot_of(flat: Any) -> Lot:
    kind, promotion, subject, granted_by = flat
    return Lot(Right(RightKind(kind), promotion, subject), granted_by)
