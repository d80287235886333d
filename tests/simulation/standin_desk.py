"""A grant desk of a few lines, until the real one is here."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.clock import to_ms
from kiosk.core.entry import FeedId
from kiosk.core.fact import Asked, Denied, Fact, Granted, Redemption, UseSeen, decode_fact
from kiosk.core.rights import Lot, Right, RightKind, Term, credits_of, moves_of
from sync.head_office import intake
from sync.head_office.office import HeadOffice
from tests.simulation.published import Publication


def start(office: HeadOffice, position: dict[str, int]) -> None:
    heads = {str(feed): head.n for feed, head in office.store.heads().items()}
    behind = not position or any(heads.get(feed, 0) < n for feed, n in position.items() if feed.startswith("head"))
    if behind:
        office.store.put_setting("incarnation", str(int(office.store.setting("incarnation") or 1) + 1))


def refill(office: HeadOffice, publication: Publication) -> None:  # noqa: C901, PLR0912 - it goes soon
    incarnation = intake.own_feed(office).incarnation
    balances: dict[tuple[str, Lot], int] = {}
    pool = {Right(RightKind(kind), name, subject): cap for (kind, name, subject), cap in publication.caps().items()}
    asked: list[tuple[FeedId, int, Asked]] = []
    done: set[tuple[str, int]] = set()
    once: set[Right] = set()
    redemptions: dict[tuple[str, int], Redemption] = {}
    undone: set[tuple[str, int]] = set()
    for feed in sorted(office.store.heads()):
        for entry in office.store.entries(feed, 0, 1_000_000):
            fact = decode_fact(entry.body)
            for move in moves_of(feed, fact):
                key = (move.account, move.lot)
                balances[key] = balances.get(key, 0) + move.term.sign * move.amount
                right = move.lot.right
                if move.term is Term.GRANTED:
                    pool[right] = pool.get(right, 0) - move.amount
                elif move.term is Term.RETURNED and move.lot.granted_by == incarnation:
                    pool[right] = pool.get(right, 0) + move.amount
            if isinstance(fact, Asked):
                asked.append((feed, entry.n, fact))
            elif isinstance(fact, Redemption):
                redemptions[str(feed), entry.n] = fact
                if not fact.shared:
                    once.add(Right(RightKind.ONCE, fact.promotion, fact.credential))
            elif isinstance(fact, Granted | Denied):
                number = fact.asked_n if isinstance(fact, Granted) else fact.n
                if number is not None:
                    done.add((fact.feed, number))
            elif isinstance(fact, UseSeen) and fact.void and (fact.feed, fact.n) not in undone:
                undone.add((fact.feed, fact.n))
    for name in sorted(undone):
        if name in redemptions:
            for move in credits_of(FeedId.parse(name[0]), redemptions[name]):
                key = (move.account, move.lot)
                balances[key] = balances.get(key, 0) + move.amount
    newest = {life.feed.origin: life for life in office.store.enrolments()}
    lives = [life for life in newest.values() if not life.fenced]
    for life in lives:
        told: list[Fact] = []
        for right in sorted(pool):
            if right.kind is RightKind.ONCE:
                continue
            if right.kind is RightKind.STORE and right.subject != life.store.encode():
                continue
            have = sum(
                left for (account, lot), left in balances.items() if account == str(life.feed) and lot.right == right
            )
            share = max(1, publication.caps()[(int(right.kind), right.promotion, right.subject)] // (2 * len(lives)))
            amount = min(share - have, pool[right])
            if have * 2 <= share and amount > 0:
                pool[right] -= amount
                told.append(_granted(office, life.feed, right, amount))
        for feed, n, fact in asked:
            right = Right(RightKind.ONCE, fact.promotion, fact.credential)
            if feed == life.feed and (str(feed), n) not in done:
                held_by_all = any(left > 0 for (_, lot), left in balances.items() if lot.right == right)
                if right in once or held_by_all or publication.policies[fact.promotion] in ("owner", "home-store"):
                    told.append(Denied(at_ms=_now(office), feed=str(feed), n=n, why="used-elsewhere"))
                else:
                    once.add(right)
                    told.append(_granted(office, life.feed, right, 1, asked_n=n))
        _tell(office, life.feed, told)


def _granted(office: HeadOffice, feed: FeedId, right: Right, amount: int, asked_n: int | None = None) -> Granted:
    return Granted(
        at_ms=_now(office), feed=str(feed), right=int(right.kind), promotion=right.promotion, amount=amount,
        subject=right.subject or None, asked_n=asked_n,
    )  # fmt: skip


def _now(office: HeadOffice) -> int:
    return to_ms(office.clock.now())


def _tell(office: HeadOffice, feed: FeedId, facts: Sequence[Fact]) -> None:
    intake._tell(office, intake.receipts_feed(office, feed.origin), facts)
