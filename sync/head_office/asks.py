"""What head office answers a counter that asks for the one right of a credential.

Rules of this module:

- The right is granted where no use of the credential is known (void ones count where a void restores nothing), no other
  counter holds the right, the promotion can be redeemed at that counter, and its offline policy allows it. Else the
  answer is a reason. Credits count: what is undone is held by the counter that spent it until it gives it back.
- Each asking entry is answered once, in the transaction that stores it; sent again, it is not new, and its answer is in
  the counter's feed already. A counter that holds the right is granted nothing more, and told so: a question without
  an answer stays open there.
- ``owner``: the counter where a credential is at home may give it without asking, so nobody else is granted it, and a
  later life of that counter only once the earlier lives are over and all their entries are here.
  ``home-store``: likewise the counters of that store.
- Head office knows the home of a listed code. Of a voucher it knows a hash; whether it is at home at the counter that
  asks stands in the voucher, so the counter is taken at its word. A counter that lies could as well redeem it unasked:
  the word gives it nothing that its key does not.
- A restored head office that does not know yet what it granted before grants none.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from kiosk.clock import from_ms
from kiosk.core.code_homes import CodeHomes
from kiosk.core.escrow import is_over
from kiosk.core.fact import Asked, Denied, Granted
from kiosk.core.rights import Right, RightKind
from kiosk.core.rules import USED_ONCE
from kiosk.core.terms import Terms
from kiosk.core.verdict import Reason
from sync.head_office.balances import Balances
from sync.head_office.code_parts import homes_setting
from sync.head_office.counting import Asking
from sync.head_office.grants import catalogue_now, takes_part
from sync.head_office.incarnations import Incarnation
from sync.head_office.lives import ended_at, may_hold_rights
from sync.head_office.office import HeadOffice
from sync.head_office.records import Enrolment


def answers(
    office: HeadOffice,
    balances: Balances,
    lives: Sequence[Enrolment],
    incarnation: Incarnation,
    asked: Sequence[Asking],
    at_ms: int,
) -> list[Granted | Denied]:
    """The answers to what a counter with these ``lives`` asks; the accounts have what is granted when this returns."""
    said: list[Granted | Denied] = []
    for one in asked:
        answer = _answer(office, lives, incarnation, one, at_ms)
        if isinstance(answer, Granted):
            balances.apply(incarnation.feed_to(one.feed.origin), answer)
            balances.flush()  # the next one may ask for the same
        said.append(answer)
    return said


def _answer(
    office: HeadOffice, lives: Sequence[Enrolment], incarnation: Incarnation, asking: Asking, at_ms: int
) -> Granted | Denied:
    fact, account = asking.fact, str(asking.feed)
    right = Right(RightKind.ONCE, fact.promotion, fact.credential)
    holders = {row.account for row in office.store.accounts_of(right) if row.balance > row.freed_now}
    if account in holders:  # what it is told of beside: it got it back by a void that another counter wrote
        why: Reason | None = Reason.NO_ALLOWANCE
    else:
        why = _against(office, lives, incarnation, asking, len(holders), at_ms)
    if why is not None:
        return Denied(at_ms=at_ms, feed=account, n=asking.n, why=why.value)
    return Granted(
        at_ms=at_ms,
        feed=account,
        right=int(RightKind.ONCE),
        promotion=fact.promotion,
        amount=1,
        subject=fact.credential,
        asked_n=asking.n,
    )


def _against(
    office: HeadOffice, lives: Sequence[Enrolment], incarnation: Incarnation, asking: Asking, held: int, at_ms: int
) -> Reason | None:
    """Why the right is not granted; None: it is."""
    life = next((one for one in lives if one.feed == asking.feed), None)
    if life is None or life != lives[-1] or not may_hold_rights(life):
        return Reason.COUNTER_FENCED
    terms = catalogue_now(office).terms(asking.fact.promotion)
    if terms is None:
        return Reason.UNKNOWN_PROMOTION
    return (
        _not_here(terms, life, at_ms)
        or _used(office, terms, life, asking.fact, held)
        or (None if incarnation.whole else Reason.NEEDS_HEAD_OFFICE)
        or _against_policy(office, terms, lives, asking.fact)
    )


def _not_here(terms: Terms, life: Enrolment, at_ms: int) -> Reason | None:
    if is_over(terms, from_ms(at_ms).date()):
        return Reason.OVER
    if terms.promotion.paused:
        return Reason.PAUSED
    if not takes_part(terms, life):
        return Reason.WRONG_COUNTER if life.store in terms.stores else Reason.WRONG_STORE
    return None


def _used(office: HeadOffice, terms: Terms, life: Enrolment, fact: Asked, held: int) -> Reason | None:
    lines = office.store.uses(fact.promotion, fact.credential)
    uses = [line.row for line in lines if line.void is None or not terms.promotion.void_restores_use]
    if len(uses) >= terms.per_code:
        return Reason.USED_HERE if any(row.store == life.store for row in uses) else Reason.USED_ELSEWHERE
    return Reason.NO_ALLOWANCE if len(uses) + held >= terms.per_code else None


def _against_policy(office: HeadOffice, terms: Terms, lives: Sequence[Enrolment], fact: Asked) -> Reason | None:
    code, policy = office.store.listed_code(fact.promotion, fact.credential), terms.offline.policy
    if code is None and terms.kinds & USED_ONCE == {"listed"}:
        return Reason.UNKNOWN_CODE  # it was withdrawn since
    if policy not in ("owner", "home-store"):
        return None
    home = None if code is None else _homes(office, fact.promotion).home(code.index)
    life = lives[-1]
    if home is not None and home.partition("/")[0] != life.store:
        return Reason.WRONG_STORE  # its own store gives it; told so, the guest is not sent to wait here
    if policy == "home-store":
        return None
    if home not in (None, life.feed.origin):
        return Reason.WRONG_COUNTER
    return None if all(_is_all_here(office, one) for one in lives[:-1]) else Reason.NEEDS_HEAD_OFFICE


def _is_all_here(office: HeadOffice, life: Enrolment) -> bool:
    """Whether an earlier life can give nothing any more, and all that it gave is known."""
    over_at = ended_at(life)
    return over_at is not None and office.store.head(life.feed).n >= over_at


def _homes(office: HeadOffice, promotion: str) -> CodeHomes:
    """The homes of a promotion's codes, read once for each version of what is published."""
    bundle = office.store.latest_bundle()
    version = bundle.version if bundle is not None else 0
    held: tuple[int, dict[str, CodeHomes]] = office.parsed.get("homes", (-1, {}))
    homes = dict(held[1]) if held[0] == version else {}
    if promotion not in homes:
        raw = base64.b64decode(office.store.setting(homes_setting(promotion)) or "")
        homes[promotion] = CodeHomes.decode(raw) if raw else CodeHomes((), ())
        office.parsed["homes"] = (version, homes)
    return homes[promotion]
