"""The pages of rights: what is stranded and what was used too often, and of one promotion who has how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import Response, abort, request, url_for

from kiosk.core.escrow import cap_minor
from kiosk.core.promotion import Promotion
from kiosk.core.rights import Lot, Right, RightKind
from kiosk.core.terms import DEFAULT_PER_CODE, Terms
from kiosk.core.worst_cases import exposure_words
from kiosk.errors import CounterfoilError
from sync.head_office.accounts import sign_in
from sync.head_office.grants import catalogue_now, rights_for
from sync.head_office.incarnations import Incarnation, incarnation_of
from sync.head_office.instants import Instant, instant
from sync.head_office.judging import Books
from sync.head_office.names import Names
from sync.head_office.pools import cap_left, pool_of
from sync.head_office.records import RightAccount, Twice
from sync.head_office.redemption_lines import Line, line_of
from sync.head_office.respond import respond, send_to
from sync.head_office.restored import Forgotten
from sync.head_office.rights_words import WHY, amount_words, overrun_words, right_words
from sync.head_office.seat import me, names, now_ms, office, published
from sync.head_office.stranded import Held, Stranded, StrandedError, free, held_back, stranded

PAGE = "head_office/rights.html"
MOST_TWICE = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that a person may free. The fields from ``feed`` on are those of the form."""

    promotion: str
    promotion_id: str
    what: str
    much: str
    whose: str
    why: str
    since: Instant | None
    overrun: str
    feed: str
    kind: int
    subject: str
    granted_by: int
    amount: int


@dataclass(frozen=True, slots=True)
class UsedTwice:
    """A credential with more live redemptions than it may have."""

    promotion: str
    promotion_id: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CounterShare:
    """What one life of a counter has of a right, in words. ``flag``: something a person should look at."""

    whose: str
    feed: str
    has: str
    spent: str
    flag: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class RightSheet:
    """One right of a promotion: its cap, and where it is."""

    what: str
    cap: str
    pool: str
    spent: str
    out: str
    over: bool
    counters: tuple[CounterShare, ...]


def rights(error: CounterfoilError | None = None) -> Response:
    """``GET /rights``."""
    now, known = now_ms(), names()
    waits = Forgotten.read(office().store)
    return respond(
        PAGE,
        status=422 if error else 200,
        stranded=[_stranded(one, known, now) for one in stranded(office())],
        held=[_held(one, known) for one in held_back(office())],
        silent=sorted({_whose(life, known) for feed in waits.feeds for life in waits.silent(feed)}),
        waits=bool(waits.feeds),
        twice=_used_twice(office().store.twice(MOST_TWICE), known, now),
        sheets=_with_rights(),
        error=error,
    )


def free_rights() -> Response:
    """``POST /rights/free``: a decision, with its reason and the password of who takes it."""
    try:
        wanted = _wanted()
        who = sign_in(office(), me().name, request.form.get("password", ""), request.remote_addr or "")
        free(office(), wanted[0], wanted[1], wanted[2], by=who.name, why=request.form.get("why", ""))
    except CounterfoilError as error:
        return rights(error)
    return send_to(url_for("pages.rights"))


def _wanted() -> tuple[str, Lot, int]:
    form = request.form
    try:
        kind, subject = RightKind(int(form["kind"])), bytes.fromhex(form["subject"])
        return form["feed"], Lot(Right(kind, form["promotion"], subject), int(form["granted_by"])), int(form["amount"])
    except ValueError:
        cure = "Open the page again and send it once more."
        raise StrandedError("not-stranded", "That form names nothing", cure=cure) from None


def promotion_rights(promotion_id: str) -> Response:
    """``GET /promotions/<id>/rights``."""
    found = _promotion(promotion_id)
    terms = catalogue_now(office()).terms(promotion_id)
    if found is None or terms is None:
        abort(404)
    now, known = now_ms(), names()
    accounts = office().store.accounts_of_promotion(promotion_id)
    lost = {(one.feed, one.lot.right): one for one in stranded(office())}
    return respond(
        "head_office/promotion_rights.html",
        promotion=found,
        worst=exposure_words(found, published().organisation),
        sheets=[_sheet(terms, right, accounts, lost, known) for right in _rights_of(terms)],
        twice=_used_twice(office().store.twice(MOST_TWICE, promotion_id), known, now),
    )


# --- what is freed -----------------------------------------------------------------------------


def _stranded(one: Stranded, known: Names, now: int) -> Decision:
    right, found = one.lot.right, _promotion(one.lot.right.promotion)
    return Decision(
        promotion=known.promotion(right.promotion), promotion_id=right.promotion, what=right_words(right, known),
        much=amount_words(found, right, one.amount), whose=_whose(one.feed, known), why=WHY[one.why],
        since=instant(one.since_ms, now, known.zone), overrun=overrun_words(found, right, one.amount),
        feed=one.feed, kind=int(right.kind), subject=right.subject.hex(), granted_by=one.lot.granted_by,
        amount=one.amount,
    )  # fmt: skip


def _held(one: Held, known: Names) -> Decision:
    right, found = one.right, _promotion(one.right.promotion)
    return Decision(
        promotion=known.promotion(right.promotion), promotion_id=right.promotion, what=right_words(right, known),
        much=amount_words(found, right, one.amount), whose="", why="", since=None,
        overrun=overrun_words(found, right, one.amount), feed=one.feed, kind=int(right.kind),
        subject=right.subject.hex(), granted_by=incarnation_of(office().store).number, amount=one.amount,
    )  # fmt: skip


def _promotion(promotion_id: str) -> Promotion | None:
    return next((one for one in published().promotions if one.id == promotion_id), None)


def _whose(feed: str, known: Names) -> str:
    store, _, counter = feed.rpartition("@")[0].partition("/")
    return known.places().get((store, counter), f"{store} {counter}")


# --- what was used too often -------------------------------------------------------------------


def _used_twice(found: Iterable[Twice], known: Names, now: int) -> list[UsedTwice]:
    """Those that still have too many live redemptions: what was settled by a void since is none."""
    catalogue, listed = catalogue_now(office()), []
    for one in found:
        terms = catalogue.terms(one.promotion)
        lines = [line for line in office().store.uses(one.promotion, one.credential) if line.void is None]
        if len(lines) > (terms.per_code if terms is not None else DEFAULT_PER_CODE):
            rows = tuple(line_of(line, known, now) for line in lines)
            listed.append(UsedTwice(known.promotion(one.promotion), one.promotion, rows))
    return listed


# --- who has how much --------------------------------------------------------------------------


def _with_rights() -> list[tuple[str, str]]:
    """The promotions with limits that are shared out: id and title."""
    catalogue = catalogue_now(office())
    found = [(one, catalogue.terms(one.id)) for one in published().promotions]
    return [(one.id, one.title) for one, terms in found if terms is not None and _rights_of(terms)]


def _rights_of(terms: Terms) -> list[Right]:
    return list(dict.fromkeys(right for store in terms.stores for right in rights_for(terms, store)))


def _sheet(
    terms: Terms,
    right: Right,
    accounts: Sequence[RightAccount],
    lost: Mapping[tuple[str, Right], Stranded],
    known: Names,
) -> RightSheet:
    def much(amount: int) -> str:
        return amount_words(terms.promotion, right, amount)

    mine = [row for row in accounts if row.lot.right == right]
    cap = cap_left(terms, right, Books(office().store).tally(terms.promotion.id), mine)
    pool = _pool(right, cap, incarnation_of(office().store))
    by_feed: dict[str, list[RightAccount]] = {}
    for row in mine:
        by_feed.setdefault(row.account, []).append(row)
    net = sum(row.spent - row.credited for row in mine)
    return RightSheet(
        what=right_words(right, known),
        cap=much(cap_minor(terms, right)),
        pool=much(max(pool, 0)),
        spent=much(net),
        out=much(sum(max(row.balance, 0) for row in mine)),
        over=right.kind is not RightKind.RISK and net > cap,
        counters=tuple(
            _share(feed, rows, lost.get((feed, right)), known, terms) for feed, rows in sorted(by_feed.items())
        ),
    )


def _pool(right: Right, cap: int, incarnation: Incarnation) -> int:
    pools = office().store.right_pools(right.promotion)
    return pool_of(right, cap, pools, incarnation.number, whole=incarnation.whole)


def _share(feed: str, rows: Sequence[RightAccount], lost: Stranded | None, known: Names, terms: Terms) -> CounterShare:
    right = rows[0].lot.right
    missing = -sum(min(row.balance, 0) for row in rows)
    flag, tone = "", ""
    if missing:
        flag, tone = f"spent {amount_words(terms.promotion, right, missing)} more than it had", "refuse"
    elif lost is not None:
        flag, tone = f"stranded: {WHY[lost.why]}", "check"
    return CounterShare(
        whose=_whose(feed, known),
        feed=feed,
        has=amount_words(terms.promotion, right, sum(max(row.balance, 0) for row in rows)),
        spent=amount_words(terms.promotion, right, sum(row.spent - row.credited for row in rows)),
        flag=flag,
        tone=tone,
    )
