"""Words for each reason on the customer's own screen: shorter, and only what they need. As in kiosk.web.words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.core.verdict import Reason
from kiosk.web import times
from kiosk.web.asked import Asked, both, either
from kiosk.web.language import gettext as _
from kiosk.web.language import marked, ngettext
from kiosk.web.ways import MOST_NAMED, begins, ended_on, fitting, may_ask

_MOMENT = marked("One moment, please")


def _plain(headline: str, sub: str) -> Callable[[Asked], tuple[str, str]]:
    return lambda asked: (_(headline), _(sub, title=asked.title))


def _ok(asked: Asked) -> tuple[str, str]:
    return _("It's yours"), asked.title if asked.promotion is None else asked.promotion.gives


def _unknown(asked: Asked) -> tuple[str, str]:
    if asked.facts.get("like"):
        return _("Is there a newer one?"), _("This is nearly our offer. Please show us the newest post or check-in.")
    return _("We can't find it"), _("Please show us the message that it came in.")


def _over(asked: Asked) -> tuple[str, str]:
    ended = ended_on(asked)
    if ended is None:
        return _("It is over"), _("%(title)s. Thank you for coming with it.", title=asked.title)
    on = times.on_day(ended, asked.today)
    return _("It is over"), _("%(title)s. It ended %(on_day)s.", title=asked.title, on_day=on)


def _time(asked: Asked) -> tuple[str, str]:
    when = begins(asked)
    headline = fitting(_("On %(when)s", when=when), _("Not right now")) if when else _("Not right now")
    return headline, _("%(title)s. We look forward to seeing you then.", title=asked.title)


def _place(asked: Asked) -> tuple[str, str]:
    stores = asked.names("stores")
    if not stores:
        return _("At another place"), _("%(title)s. Honoured at other stores of ours.", title=asked.title)
    where = either(stores[:MOST_NAMED])
    return _("At another place"), _("%(title)s. Honoured at %(where)s.", title=asked.title, where=where)


def _counter(asked: Asked) -> tuple[str, str]:
    counters = asked.names("counters")
    if not counters:
        return _("At another counter"), _("%(title)s. We will show you the way.", title=asked.title)
    where = either(counters[:MOST_NAMED])
    return _("At another counter"), _("%(title)s. Honoured at %(where)s.", title=asked.title, where=where)


def _per_guest(asked: Asked) -> tuple[str, str]:
    limit = asked.count("limit")
    headline = _("Enjoyed already") if limit is None else ngettext("One per guest", "%(num)d per guest", limit)
    return fitting(headline, _("Enjoyed already")), _("%(title)s. We hope that you enjoyed it.", title=asked.title)


def _small(asked: Asked) -> tuple[str, str]:
    least = asked.money("basket_min")
    if not least:
        return _("For a larger sale"), _("%(title)s. Would you like to add something?", title=asked.title)
    headline = fitting(_("From %(least)s up", least=least), _("For a larger sale"))
    return headline, _("%(title)s. Would you like to add something?", title=asked.title)


def _large(asked: Asked) -> tuple[str, str]:
    most = asked.money("basket_max")
    if not most:
        return _("For a smaller sale"), _("%(title)s. It goes with a smaller sale.", title=asked.title)
    headline = fitting(_("Up to %(most)s", most=most), _("For a smaller sale"))
    return headline, _("%(title)s. It goes with a sale of %(most)s at most.", title=asked.title, most=most)


def _together(asked: Asked) -> tuple[str, str]:
    others = asked.names("in_sale")
    if others:
        sub = _("%(title)s. It does not go with %(others)s.", title=asked.title, others=both(others[:MOST_NAMED]))
    else:
        sub = _("%(title)s. It is best kept for your next visit.", title=asked.title)
    return _("One or the other"), sub


def _stale(asked: Asked) -> tuple[str, str]:
    if may_ask(asked):
        return _(_MOMENT), _("%(title)s. We are asking a colleague.", title=asked.title)
    return _("A little later?"), _("%(title)s. Our list is too old to be sure. It is our side.", title=asked.title)


_SORRY = marked("%(title)s. We are sorry that you missed it.")
_WAITS_FOR_THE_LINE = _plain(
    marked("A little later?"), marked("%(title)s. Our line is down, and nothing of yours is used up.")
)
_NOT_NOW = _plain(marked("Not just now"), marked("%(title)s. It is our side, and nothing of yours is used up."))
_ASKING = _plain(_MOMENT, marked("%(title)s. We are asking a colleague."))
_USED = _plain(marked("Used already"), marked("%(title)s. If that was not you, please tell us."))


def _waits(asked: Asked) -> tuple[str, str]:
    """No line where there is none; where head office was asked, or had no more, it is not the line's fault."""
    up = ("online", "unanswered", "denied", "reserved")
    return (_NOT_NOW if any(name in asked.facts for name in up) else _WAITS_FOR_THE_LINE)(asked)


CUSTOMER: Mapping[Reason, Callable[[Asked], tuple[str, str]]] = {
    Reason.OK: _ok,
    Reason.LOOK_AT_SCREEN: _plain(marked("One moment"), marked("%(title)s. We are having a look at your screen.")),
    Reason.MALFORMED: _plain(marked("Once more, please"), marked("A little closer, with the screen bright.")),
    Reason.MISREAD_CODE: _plain(marked("Once more, please"), marked("One letter of the code did not come through.")),
    Reason.UNKNOWN_CODE: _unknown,
    Reason.UNKNOWN_ISSUER: _plain(marked("We can't find it"), marked("Please show us the message that it came in.")),
    Reason.UNKNOWN_PROMOTION: _plain(
        marked("Not known here yet"), marked("It is one of ours, but it has not reached this counter.")
    ),
    Reason.BAD_SIGNATURE: _plain(marked("Not all came through"), marked("Please show us the message that it came in.")),
    Reason.REVOKED: _plain(marked("Withdrawn by us"), marked("%(title)s. It is nothing you did, and we are sorry.")),
    Reason.WRONG_CREDENTIAL: _plain(marked("Another code?"), marked("%(title)s. It needs another code than this one.")),
    Reason.USED_HERE: _USED,
    Reason.USED_ELSEWHERE: _USED,
    Reason.OLD_CODE: _plain(marked("A fresh code?"), marked("%(title)s. Please open it once more in your wallet.")),
    Reason.SEEN_BEFORE: _plain(marked("A fresh screen?"), marked("%(title)s. Please open it once more in the app.")),
    Reason.OVER: _over,
    Reason.PAUSED: _plain(marked("Paused for now"), marked("%(title)s. It is nothing you did.")),
    Reason.WRONG_STORE: _place,
    Reason.WRONG_COUNTER: _counter,
    Reason.NOT_YET: _time,
    Reason.BLACKOUT: _time,
    Reason.WRONG_DAY: _time,
    Reason.WRONG_HOUR: _time,
    Reason.LATE_WITHIN_GRACE: _ASKING,
    Reason.LIMIT_TOTAL: _plain(marked("All given out"), _SORRY),
    Reason.LIMIT_STORE: _plain(marked("All given out here"), _SORRY),
    Reason.LIMIT_STORE_DAY: _plain(marked("All out for today"), _SORRY),
    Reason.LIMIT_CLERK_DAY: _plain(_MOMENT, marked("%(title)s. A colleague will do this one for you.")),
    Reason.LIMIT_CUSTOMER: _per_guest,
    Reason.BUDGET_SPENT: _plain(marked("All given out"), _SORRY),
    Reason.BASKET_TOO_SMALL: _small,
    Reason.BASKET_TOO_LARGE: _large,
    Reason.DOES_NOT_STACK: _together,
    Reason.VALUE_OVER_EVIDENCE: _plain(
        marked("Another code?"), marked("%(title)s. Please show us the message that it came in.")
    ),
    Reason.COUNTER_FENCED: _plain(_MOMENT, marked("This counter has to wait. It is our side, not yours.")),
    Reason.NEEDS_HEAD_OFFICE: _waits,
    Reason.NO_ALLOWANCE: _waits,
    Reason.OVER_FLOOR: _ASKING,
    Reason.PROMOTIONS_STALE: _stale,
    Reason.CLOCK_SUSPECT: _ASKING,
}
