"""What truly happened, told apart from the code under test: bodies read by PROTOCOL.md alone, and a fold of its own.

Nothing here imports ``kiosk`` or ``sync``. The numbers are those of the wire.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cbor2

REDEMPTION, ANSWERED, VOID, TRANSFERRED, RETURNED, ASKED = 3, 4, 5, 6, 7, 8
OPENED, INSTALLED, TICKED = 1, 2, 9
RECEIPT, USE_SEEN, GRANTED, DENIED, REVOKED, FREED = 16, 17, 18, 19, 20, 21
TOTAL, BUDGET, STORE, RISK, ONCE = 1, 2, 3, 4, 5

RightKey = tuple[int, str, bytes]
LotKey = tuple[int, str, bytes, int]
Name = tuple[str, int]

_READ: dict[bytes, dict[int, Any]] = {}


def read(digest: bytes, body: bytes) -> dict[int, Any]:
    """What a body says; the same body is read once."""
    found = _READ.get(digest)
    if found is None:
        if len(_READ) > 200_000:
            _READ.clear()
        decoded = cbor2.loads(body)
        found = _READ[digest] = decoded if isinstance(decoded, dict) else {}
    return found


def hash_of(feed: str, n: int, previous: bytes, body: bytes) -> bytes:
    """The hash of an entry, written down once more."""
    name = feed.encode()
    framed = struct.pack(">H", len(name)) + name + struct.pack(">Q", n) + previous + struct.pack(">I", len(body))
    return hashlib.sha256(b"kj1" + framed + body).digest()


def writer(feed: str) -> tuple[str, int]:
    """Who writes a feed, and in which life."""
    origin, _, life = feed.rpartition("@")
    return origin, int(life)


def is_head_office(feed: str) -> bool:
    origin = writer(feed)[0]
    return origin == "head-office" or origin.startswith("head-office/")


def rights_spent(fact: dict[int, Any]) -> Iterator[tuple[LotKey, int]]:
    """The lots that a redemption took from."""
    for kind, by, amount in fact.get(23) or ():
        subject = {STORE: fact[6].encode(), ONCE: fact[4]}.get(kind, b"")
        yield (kind, fact[3], subject, by), amount


def lot_of(fact: dict[int, Any], *, by: int, kind_at: int, promotion_at: int, subject_at: int) -> LotKey:
    return (fact[kind_at], fact[promotion_at], fact.get(subject_at) or b"", by)


@dataclass(slots=True)
class Use:
    """A redemption: of what, how much, where."""

    promotion: str
    credential: bytes
    amount: int
    store: str
    shared: bool


def use_of(fact: dict[int, Any]) -> Use:
    """What a redemption used."""
    return Use(fact[3], fact[4], fact.get(11) or 0, fact[6], bool(fact.get(22)))


@dataclass
class Fold:
    """Accounts and uses over any set of entries, in any order, each once.

    ``seen`` says which entries; what is told by head office of a use counts only where its own entry is not here.
    """

    balances: dict[tuple[str, LotKey], int] = field(default_factory=dict)
    granted: dict[LotKey, int] = field(default_factory=dict)
    returned: dict[LotKey, int] = field(default_factory=dict)
    freed: dict[RightKey, int] = field(default_factory=dict)
    uses: dict[Name, Use] = field(default_factory=dict)
    told: dict[Name, Use] = field(default_factory=dict)
    voided: set[Name] = field(default_factory=set)
    spent: dict[Name, list[tuple[LotKey, int]]] = field(default_factory=dict)
    installed: dict[str, list[int]] = field(default_factory=dict)
    receipts: dict[str, tuple[int, int]] = field(default_factory=dict)
    revoked: dict[str, int] = field(default_factory=dict)
    negative: set[tuple[str, LotKey]] = field(default_factory=set)
    by_credential: dict[tuple[str, bytes], list[Name]] = field(default_factory=dict)
    _seen: set[Name] = field(default_factory=set)

    def apply(self, feed: str, n: int, fact: dict[int, Any]) -> None:
        """Fold entry ``n`` of ``feed``."""
        if (feed, n) in self._seen:
            return
        self._seen.add((feed, n))
        fold = _FOLDS.get(fact.get(0, 0))
        if fold is not None:
            fold(self, feed, n, fact)

    def live(self, promotion: str, credential: bytes) -> list[Name]:
        """The uses of a credential that are known and not void, by whoever told."""
        names = self.by_credential.get((promotion, credential), ())
        return sorted(name for name in names if name not in self.voided)

    def right(self, account: str, right: RightKey) -> int:
        """What an account has of a right, over all lots."""
        return sum(
            left for (owner, lot), left in self.balances.items() if owner == account and lot[:3] == right and left > 0
        )

    def lots(self, account: str) -> dict[LotKey, int]:
        """What an account has, by lot."""
        return {lot: left for (owner, lot), left in self.balances.items() if owner == account and left > 0}

    # --- each kind

    def _redemption(self, feed: str, n: int, fact: dict[int, Any]) -> None:
        use = use_of(fact)
        self.uses[feed, n] = use
        self._know(feed, n, use)
        spent = self.spent[feed, n] = list(rights_spent(fact))
        for lot, amount in spent:
            self._move(feed, lot, -amount)
        if (feed, n) in self.voided:
            self._credit(feed, n)

    def _know(self, feed: str, n: int, use: Use) -> None:
        names = self.by_credential.setdefault((use.promotion, use.credential), [])
        if (feed, n) not in names:
            names.append((feed, n))

    def _void(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        if fact[2] == feed:
            self._undo(feed, fact[3])

    def _use_seen(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        if not is_head_office(feed):
            return
        use = Use(fact[4], fact[5], fact.get(10) or 0, fact[6], shared=False)
        self.told[fact[2], fact[3]] = use
        self._know(fact[2], fact[3], use)
        if fact.get(8):
            self._undo(fact[2], fact[3])

    def _undo(self, feed: str, n: int) -> None:
        if (feed, n) not in self.voided:
            self.voided.add((feed, n))
            if (feed, n) in self.uses:
                self._credit(feed, n)

    def _credit(self, feed: str, n: int) -> None:
        for lot, amount in self.spent[feed, n]:
            if lot[0] != RISK:
                self._move(feed, lot, amount)

    def _granted(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        if is_head_office(feed):
            lot = lot_of(fact, by=writer(feed)[1], kind_at=3, promotion_at=4, subject_at=6)
            self.granted[lot] = self.granted.get(lot, 0) + fact[5]
            self._move(fact[2], lot, fact[5])

    def _returned(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        lot = lot_of(fact, by=fact[4], kind_at=2, promotion_at=3, subject_at=6)
        self.returned[lot] = self.returned.get(lot, 0) + fact[5]
        self._move(feed, lot, -fact[5])

    def _transferred(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        lot = lot_of(fact, by=fact[5], kind_at=3, promotion_at=4, subject_at=7)
        self._move(feed, lot, -fact[6])
        self._move(fact[2], lot, fact[6])

    def _freed(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        if is_head_office(feed):
            right = (fact[3], fact[4], fact.get(9) or b"")
            self.freed[right] = self.freed.get(right, 0) + fact[6]

    def _installed(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        self.installed.setdefault(feed, []).append(fact[2])

    def _receipt(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        if is_head_office(feed):
            told = (writer(feed)[1], fact[3])
            self.receipts[fact[2]] = max(self.receipts.get(fact[2], (0, 0)), told)

    def _revoked(self, feed: str, _n: int, fact: dict[int, Any]) -> None:
        if is_head_office(feed):
            self.revoked[fact[2]] = min(fact[3], self.revoked.get(fact[2], fact[3]))

    def _move(self, account: str, lot: LotKey, amount: int) -> None:
        key = (account, lot)
        left = self.balances[key] = self.balances.get(key, 0) + amount
        if left < 0:
            self.negative.add(key)
        else:
            self.negative.discard(key)


_FOLDS = {
    REDEMPTION: Fold._redemption, VOID: Fold._void, USE_SEEN: Fold._use_seen, GRANTED: Fold._granted,
    RETURNED: Fold._returned, TRANSFERRED: Fold._transferred, FREED: Fold._freed, INSTALLED: Fold._installed,
    RECEIPT: Fold._receipt, REVOKED: Fold._revoked,
}  # fmt: skip
