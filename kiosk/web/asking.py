"""What the ticket says where a shift manager may say yes, and where the sale has to be told of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from kiosk.core.verdict import FactValue, Outcome, Reason, Verdict
from kiosk.display import Showing
from kiosk.web import printed, times
from kiosk.web.language import gettext as _
from kiosk.web.language import ngettext
from kiosk.web.ticket import Fact, Why

_BASKET = frozenset({Reason.BASKET_TOO_SMALL, Reason.BASKET_TOO_LARGE})
_WANT_TOTAL = frozenset({"basket", "budget", "evidence", "stack_cap"})


def whys(reason: Reason) -> tuple[Why, ...]:
    """The reasons to choose from, the likeliest first."""
    late = reason is Reason.LATE_WITHIN_GRACE
    return (
        Why("good-faith", _("A little late, good faith") if late else _("In good faith")),
        Why("could-not-come", _("Could not come earlier")) if late else Why("could-not-come", _("Came a long way")),
        Why("our-mistake", _("Our sign was still up") if late else _("Our mistake")),
    )


def facts(showing: Showing, now: datetime, zone: tzinfo) -> tuple[Fact, ...]:
    """What whoever decides has to know."""
    told = showing.verdict.facts
    lines = []
    if (until := times.parse_day(told.get("grace_until"))) is not None:
        lines.append(Fact(_("Grace"), _("Until %(day)s", day=times.day(until, now.astimezone(zone).date()))))
    if (cost := money(told.get("cost"))) is not None:
        lines.append(Fact(_("It would cost"), cost))
    if (floor := money(told.get("floor"))) is not None:
        lines.append(Fact(_("Without asking, up to"), floor))
    lines.append(Fact(_("Reason"), showing.verdict.reason.value, mono=True))
    return tuple(lines)


def money(fact: FactValue) -> str | None:
    """A money fact of a verdict as it is printed."""
    if not isinstance(fact, Mapping):
        return None
    currency = fact.get("currency")
    return printed.amount(str(fact.get("amount")), None if currency is None else str(currency))


def wants_sale(verdict: Verdict) -> str:
    """What the clerk is to tell of the sale so that all can be checked; empty where nothing is missing."""
    names = verdict.facts.get("not_checked")
    missing = set(names) if isinstance(names, list) else set()
    if verdict.outcome is Outcome.REFUSE and verdict.reason not in _BASKET:
        return ""
    if verdict.reason in _BASKET or missing & _WANT_TOTAL:
        return _("Sale total")
    return _("Who is it?") if "per_customer" in missing else ""


def same_sale(redeemed: int) -> str:
    """What idle says while a sale goes on."""
    return ngettext("Same sale: one redeemed so far.", "Same sale: %(num)d redeemed so far.", redeemed)
