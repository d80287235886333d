"""Watches a simulated world and says where an invariant of the protocol is broken.

It knows nothing of the code under test. It is told what truly happened (an entry is on a disk for good, goods went over
a counter, head office committed) and keeps its own books of it (:mod:`tests.simulation.truth`). I1 to I16 are those of
``sync/INVARIANTS.md``; "time" is that no start loses the floor under a clock that is on the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from tests.simulation import truth
from tests.simulation.truth import BUDGET, ONCE, RISK, STORE, TOTAL, Fold, Name, RightKey, Use


class Line(Protocol):
    """An entry as it lies anywhere."""

    @property
    def n(self) -> int: ...
    @property
    def hash(self) -> bytes: ...
    @property
    def body(self) -> bytes: ...


class Violation(NamedTuple):
    """What is broken, at which step, in words."""

    invariant: str
    step: int
    what: str


class Given(NamedTuple):
    """Goods that went over the counter for one entry."""

    feed: str
    n: int
    hash: bytes


@dataclass
class Device:
    """What is known of one device: a fold over the entries that its disk holds, and those it told anyone of."""

    origin: str
    view: Fold = field(default_factory=Fold)
    acknowledged: dict[Name, bytes] = field(default_factory=dict)
    held: dict[Name, bytes] = field(default_factory=dict)
    ticked_ms: int = 0


@dataclass
class Auditor:
    """One auditor a world. ``caps`` are the highest that were ever published, by right."""

    violations: list[Violation] = field(default_factory=list)
    step: int = 0
    caps: dict[RightKey, int] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    fold: Fold = field(default_factory=Fold)
    feeds: dict[str, list[bytes]] = field(default_factory=dict)
    bodies: dict[bytes, bytes] = field(default_factory=dict)
    branches: dict[str, dict[int, set[bytes]]] = field(default_factory=dict)
    overrun: dict[RightKey, int] = field(default_factory=dict)
    received: list[tuple[str, truth.LotKey, int]] = field(default_factory=list)
    out: dict[Given, Use] = field(default_factory=dict)
    totals: dict[RightKey, int] = field(default_factory=dict)
    devices: dict[int, Device] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    left_office: dict[str, int] = field(default_factory=dict)
    redemptions: int = 0

    def broken(self, invariant: str, what: str) -> None:
        """Note a violation; the same one once."""
        if all((one.invariant, one.what) != (invariant, what) for one in self.violations):
            self.violations.append(Violation(invariant, self.step, what))

    # --- what lies on disks ----------------------------------------------------------------------

    def power_on(self, device: int, origin: str) -> None:
        """A device reads its disk anew; what follows through :meth:`durable` is what it found."""
        before = self.devices.get(device)
        self.devices[device] = Device(origin, acknowledged=before.acknowledged if before else {})

    def powered(self, device: int) -> None:
        """It has read all there is."""
        known = self.devices[device]
        for name, digest in known.acknowledged.items():
            if known.held.get(name) != digest:
                self.broken("I5", f"{name[0]} {name[1]} was acknowledged and is not on its disk any more")

    def durable(self, device: int, feed: str, entries: Iterable[Line]) -> None:
        """These entries are on the disk of ``device`` for good."""
        known = self.devices[device]
        own = truth.writer(feed)[0] == known.origin
        for entry in entries:
            if own:
                self._happened(feed, entry)
            elif not self.is_true(feed, entry.n, entry.hash):
                self.broken("I13", f"{feed} {entry.n} lies at {known.origin} and was never written by its writer")
            else:
                self.left_office[feed] = max(self.left_office.get(feed, 0), entry.n)
            known.held[feed, entry.n] = entry.hash
            fact = truth.read(entry.hash, entry.body)
            known.view.apply(feed, entry.n, fact)
            if own and fact.get(0) == truth.TICKED:
                known.ticked_ms = max(known.ticked_ms, fact[2])

    def clock_begins(self, device: int, floor_ms: int) -> None:
        """A device that starts puts this floor under its clock. In these worlds nobody resets one."""
        known = self.devices[device]
        if floor_ms < known.ticked_ms:
            self.broken("time", f"{known.origin} begins at {floor_ms}; its disk says {known.ticked_ms}")

    def is_true(self, feed: str, n: int, digest: bytes) -> bool:
        """Whether the writer of ``feed`` wrote that entry, in whatever branch."""
        main = self.feeds.get(feed, ())
        return (n <= len(main) and main[n - 1] == digest) or digest in self.branches.get(feed, {}).get(n, ())

    def _happened(self, feed: str, entry: Line) -> None:
        main = self.feeds.setdefault(feed, [])
        if self.is_true(feed, entry.n, entry.hash):
            return
        fact = truth.read(entry.hash, entry.body)
        self.bodies[entry.hash] = entry.body
        previous = main[-1] if main else bytes(32)
        if entry.n == len(main) + 1 and truth.hash_of(feed, entry.n, previous, entry.body) == entry.hash:
            main.append(entry.hash)
            self.fold.apply(feed, entry.n, fact)
            return
        self.branches.setdefault(feed, {}).setdefault(entry.n, set()).add(entry.hash)
        self._branched(feed, entry.n, fact)

    def _branched(self, feed: str, n: int, fact: dict[int, Any]) -> None:
        """An entry of a second branch: what it moves may be moved once more in the first."""
        moved: list[tuple[RightKey, int]] = []
        if fact.get(0) == truth.REDEMPTION:
            moved = [(lot[:3], amount) for lot, amount in truth.rights_spent(fact)]
            moved.append(((ONCE, fact[3], fact[4]), 1))
        elif fact.get(0) == truth.TRANSFERRED:
            lot = truth.lot_of(fact, by=fact[5], kind_at=3, promotion_at=4, subject_at=7)
            moved = [(lot[:3], fact[6])]
            self.received.append((fact[2], lot, fact[6]))
            self.fold._move(fact[2], lot, fact[6])
        elif fact.get(0) == truth.RETURNED:
            moved = [((fact[2], fact[3], fact.get(6) or b""), fact[5])]
        elif truth.is_head_office(feed):
            self.broken("I11", f"head office wrote {feed} {n} twice")
        for right, amount in moved:
            self.overrun[right] = self.overrun.get(right, 0) + amount

    @property
    def forked(self) -> set[str]:
        """The feeds with more than one branch."""
        return set(self.branches)

    # --- head office -----------------------------------------------------------------------------

    def committed(self, feed: str, entries: Iterable[Line], *, own: bool) -> None:
        """Head office committed these entries, of a feed of its ``own`` or of a counter's."""
        for entry in entries:
            if own:
                self._happened(feed, entry)
            elif not self.is_true(feed, entry.n, entry.hash):
                self.broken("I13", f"{feed} {entry.n} lies at head office and was never written by its writer")

    def office_restored(self, lengths: dict[str, int]) -> None:
        """Head office's disk is an older one, its feeds as long as ``lengths`` says; what nobody saw never was."""
        for feed in [name for name in self.feeds if truth.is_head_office(name)]:
            keep = max(lengths.get(feed, 0), self.left_office.get(feed, 0))
            del self.feeds[feed][keep:]
        self.fold = Fold()
        for feed, main in self.feeds.items():
            for at, digest in enumerate(main):
                self.fold.apply(feed, at + 1, truth.read(digest, self.bodies[digest]))
        for account, lot, amount in self.received:
            self.fold._move(account, lot, amount)

    def published(self, caps: dict[RightKey, int], policies: dict[str, str]) -> None:
        """What may be given out at most, of now."""
        for right, cap in caps.items():
            self.caps[right] = max(cap, self.caps.get(right, 0))
        self.policies.update(policies)

    # --- goods -----------------------------------------------------------------------------------

    def accepting(self, device: int, feed: str, fact: dict[int, Any]) -> None:
        """The entry is about to be written: I9, nobody accepts against what lies on the own disk."""
        view = self.devices[device].view
        promotion, credential = fact[3], fact[4]
        if not fact.get(22) and view.live(promotion, credential):
            self.broken("I9", f"{feed} accepts a credential of {promotion} that it knows to be used")
        if feed in view.revoked:
            self.broken("I9", f"{feed} accepts although it knows that it was ended")
        for right, amount in self._caps_of(fact):
            if view.right(feed, right) < amount:
                self.broken("I9", f"{feed} accepts without a right {right[0]} for {promotion}")

    def _caps_of(self, fact: dict[int, Any]) -> list[tuple[RightKey, int]]:
        wanted = [
            ((TOTAL, fact[3], b""), 1),
            ((BUDGET, fact[3], b""), fact.get(11) or 0),
            ((STORE, fact[3], fact[6].encode()), 1),
        ]
        return [(right, amount) for right, amount in wanted if right in self.caps and amount]

    def given(self, device: int, feed: str, entry: Line) -> None:
        """Goods went over the counter for this entry."""
        self.acknowledge(device, feed, entry)
        if self.devices[device].held.get((feed, entry.n)) != entry.hash:
            self.broken("I5", f"goods were given for {feed} {entry.n}, which is not on the disk")
        fact = truth.read(entry.hash, entry.body)
        self.redemptions += 1
        use = truth.use_of(fact)
        self.out[Given(feed, entry.n, entry.hash)] = use
        self._count(use, 1)

    def acknowledge(self, device: int, feed: str, entry: Line) -> None:
        """Somebody was told that this entry is written."""
        self.devices[device].acknowledged[feed, entry.n] = entry.hash

    def goods_back(self, feed: str, n: int, digest: bytes) -> None:
        """The goods of an entry came back."""
        use = self.out.pop(Given(feed, n, digest), None)
        if use is not None:
            self._count(use, -1)

    def _count(self, use: Use, sign: int) -> None:
        store = use.store.encode()
        for right, amount in (((TOTAL, use.promotion, b""), 1), ((BUDGET, use.promotion, b""), use.amount),
                              ((STORE, use.promotion, store), 1)):  # fmt: skip
            if right not in self.caps:
                continue
            out = self.totals[right] = self.totals.get(right, 0) + sign * amount
            most = self._most(right)
            if out > most:
                self.broken("I1", f"{out} of {right} went out; {most} are promised")
        if not use.shared:
            self._check_once(use)

    def _most(self, right: RightKey) -> int:
        return self.caps.get(right, 0) + self.overrun.get(right, 0) + self.fold.freed.get(right, 0)

    def _check_once(self, use: Use) -> None:
        policy = self.policies.get(use.promotion)
        live = [one for one in self.out.values()
                if (one.promotion, one.credential) == (use.promotion, use.credential)]  # fmt: skip
        if policy in ("online", "owner"):
            most = 1 + self.overrun.get((ONCE, use.promotion, use.credential), 0)
            if len(live) > most:
                self.broken("I2", f"a credential of {use.promotion} ({policy}) was honoured {len(live)} times")
        elif policy == "floor" and len(live) > 1:
            self._check_loss(use.promotion)

    def _check_loss(self, promotion: str) -> None:
        amounts: dict[bytes, list[int]] = {}
        for one in self.out.values():
            if one.promotion == promotion and not one.shared:
                amounts.setdefault(one.credential, []).append(one.amount)
        lost = sum(sum(each) - max(each) for each in amounts.values())
        right = (RISK, promotion, b"")
        if right in self.caps and lost > self._most(right):
            self.broken("I3", f"{lost} of {promotion} were lost to doubles; {self._most(right)} may be")

    # --- at every step ---------------------------------------------------------------------------

    def check(self) -> None:
        """What must hold between any two steps."""
        forked = self.forked
        for account, lot in self.fold.negative:
            left = self.fold.balances[account, lot]
            if account not in forked and not (lot[3] == 0 and left >= -1):
                self.broken("I4", f"{account} has {left} of {lot}")
        self._check_granted()
        for feed, versions in self.fold.installed.items():
            if versions != sorted(versions):
                self.broken("I12", f"{feed} installed the bundles {versions}")

    def _check_granted(self) -> None:
        granted: dict[RightKey, int] = {}
        for lot, amount in self.fold.granted.items():
            granted[lot[:3]] = granted.get(lot[:3], 0) + amount
        for lot, amount in self.fold.returned.items():
            if lot[3] and lot in self.fold.granted:
                granted[lot[:3]] -= amount
        for right, outstanding in granted.items():
            most = self._most(right)
            if right[0] not in (RISK, ONCE) and outstanding > most:
                self.broken("I4", f"{outstanding} of {right} are granted; the cap is {most}")
            if right[0] == RISK and outstanding > most and not self.forked:
                refilled = self._may_be_refilled(right[1])
                if outstanding > most + refilled:
                    self.broken("I3", f"{outstanding} of {right} are granted; {most} and {refilled} may be")

    def _may_be_refilled(self, promotion: str) -> int:
        """The most risk that head office may give out again: what was taken, but for live doubles of a credential."""
        taken: dict[Name, int] = {}
        for name, spent in self.fold.spent.items():
            amount = sum(part for lot, part in spent if lot[:2] == (RISK, promotion))
            if amount:
                taken[name] = amount
        live: dict[bytes, list[int]] = {}
        for name, use in self.fold.uses.items():
            if use.promotion == promotion and not use.shared and name not in self.fold.voided:
                live.setdefault(use.credential, []).append(taken.get(name, 0))
        return sum(taken.values()) - sum(sum(each) - max(each) if all(each) else sum(each) for each in live.values())

    def same_lots(self, device: int, feed: str, lots: dict[tuple[int, str, bytes, int], int]) -> None:
        """What a counter believes to have, against the books over the very entries that it holds."""
        mine = self.devices[device].view.lots(feed)
        if mine != lots:
            self.broken("I4", f"{feed} believes in {sorted(lots.items())}; its entries give {sorted(mine.items())}")

    def in_force(self, feed: str, version: int, floor: int) -> None:
        """What a counter that starts finds in its cache, whole (0: nothing is), and what its entries say."""
        if version not in (0, floor):
            self.broken("I12", f"{feed} starts with bundle {version}; its entries say {floor}")

    # --- after healing ---------------------------------------------------------------------------

    def healed(self, surviving: Mapping[str, Sequence[Line]], office: Mapping[str, Sequence[Line]]) -> None:
        """All is connected and quiet: head office holds what survives (I6), byte for byte (I7)."""
        for feed, entries in surviving.items():
            if feed in self.forked | self.revoked:
                continue
            held = office.get(feed, ())
            if len(held) < len(entries):
                self.broken("I6", f"head office holds {len(held)} of {len(entries)} entries of {feed}")
            if any(one.body != other.body for one, other in zip(entries, held, strict=False)):
                self.broken("I7", f"{feed} is not the same at head office")

    def second_branch(self, feed: str, mine: Sequence[Line], office: Sequence[Line], evidence: set[bytes]) -> None:
        """A device that wrote another branch than head office holds has exchanged: I11, its uses are evidence there."""
        held = {one.hash for one in office}
        for one in mine:
            uses = truth.read(one.hash, one.body).get(0) == truth.REDEMPTION
            if uses and one.hash not in held and one.body not in evidence:
                self.broken("I11", f"{feed} {one.n}, a use of a second branch, is unknown to head office")
