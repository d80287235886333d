"""Words about when and where: over, too early, another day, another place. As in :mod:`kiosk.web.words`."""

from __future__ import annotations

from datetime import datetime, timedelta

from kiosk.web import times
from kiosk.web.asked import Asked, Way, Words, both, either
from kiosk.web.language import gettext as _
from kiosk.web.language import marked, ngettext
from kiosk.web.ways import MOST_NAMED, begins, come_back, ended_on, fitting, when_and_where, with_pin

_NOT_ON = (
    marked("Not on Mondays"), marked("Not on Tuesdays"), marked("Not on Wednesdays"), marked("Not on Thursdays"),
    marked("Not on Fridays"), marked("Not on Saturdays"), marked("Not on Sundays"),
)  # fmt: skip

# --- ended ---------------------------------------------------------------------------------------


def over(asked: Asked) -> Words:
    """Its last day has passed."""
    ended = ended_on(asked)
    if ended is None:
        headline, said = _("Over"), _("Thank you for coming with this. Sadly it has ended. I am sorry.")
    else:
        headline = fitting(_("Ended %(day)s", day=times.near_day(ended, asked.today)), _("Over"))
        on = times.on_day(ended, asked.today)
        said = _("Thank you for coming with this. Sadly it ended %(on_day)s. I am sorry.", on_day=on)
    sub = _("%(title)s. A real promotion, but it is over.", title=asked.title)
    return Words(headline, sub, said, when_and_where(asked))


def late_within_grace(asked: Asked) -> Words:
    """Over, but a shift manager may still honour it."""
    ended, until = ended_on(asked), times.parse_day(asked.facts.get("grace_until"))
    if ended is None:
        headline, said = _("Just over"), _("It has just ended. Let me ask.")
    else:
        headline = fitting(_("Ended %(day)s", day=times.near_day(ended, asked.today)), _("Just over"))
        said = _("It ended %(on_day)s. Let me ask.", on_day=times.on_day(ended, asked.today))
    last = "" if until is None else _(", to the end of %(day)s", day=times.near_day(until, asked.today))
    return Words(
        headline,
        _("%(title)s. A manager may say yes.", title=asked.title),
        said,
        (with_pin(last),),
    )


def paused(asked: Asked) -> Words:
    """For now, everywhere."""
    return Words(
        _("Paused for now"),
        _("%(title)s. Head office has paused it everywhere.", title=asked.title),
        _("We had to pause this one for a while. It is nothing you did, and I am sorry."),
        (Way("clock", _("The same code"), _(", once it is on again")),),
    )


# --- place ---------------------------------------------------------------------------------------


def wrong_store(asked: Asked) -> Words:
    """Honoured in other stores."""
    stores = asked.names("stores")
    where = both(stores[:MOST_NAMED]) if 0 < len(stores) <= MOST_NAMED else _("other stores of ours")
    ways = when_and_where(asked)
    if stores and not any(way.icon == "shop" for way in ways):
        ways = (Way("shop", either(stores[:MOST_NAMED])), *ways)
    return Words(
        _("Not at this store"),
        _("%(title)s. A real promotion, in another place.", title=asked.title),
        _("This one is honoured at %(where)s. They will be glad to see you.", where=where),
        ways,
    )


def wrong_counter(asked: Asked) -> Words:
    """Honoured at other counters."""
    counters = asked.names("counters")
    if not counters:
        return Words(
            _("At another counter"),
            _("%(title)s. A real promotion, at another counter.", title=asked.title),
            _("This one is honoured at another counter. Let me show you the way."),
        )
    where = either(counters[:MOST_NAMED])
    return Words(
        fitting(_("Only at %(where)s", where=where), _("At another counter")),
        _("%(title)s. A real promotion, at another counter.", title=asked.title),
        _("This one is honoured at %(where)s. Let me show you the way.", where=where),
        (Way("shop", where),),
    )


# --- time ----------------------------------------------------------------------------------------


def not_yet(asked: Asked) -> Words:
    """It has not begun."""
    at = asked.at("starts_at") or times.parse(asked.next_ok.get("at"))
    if at is None:
        sub = _("%(title)s. A real promotion, but early.", title=asked.title)
        return Words(_("Not on yet"), sub, _("It has not begun yet. I am sorry."))
    near, spoken = times.near(at, asked.zone, asked.now), times.spoken(at, asked.zone, asked.now)
    on = times.near_day(at.astimezone(asked.zone).date(), asked.today)
    return Words(
        fitting(_("Starts %(when)s", when=near), _("Starts %(when)s", when=on)),
        _("%(title)s. A real promotion, %(early)s.", title=asked.title, early=_early(at, asked)),
        _("Thank you for coming with this. It begins %(when)s, and I'd love to see you then.", when=spoken),
        when_and_where(asked),
    )


def _early(at: datetime, asked: Asked) -> str:
    days = (at.astimezone(asked.zone).date() - asked.today) // timedelta(days=1)
    if days == 0:
        return _("a little early")
    return ngettext("one day early", "%(num)d days early", days)


def blackout(asked: Asked) -> Words:
    """It takes a break today."""
    on = times.day(asked.today, asked.today)
    return Words(
        _("Not today"),
        _("%(title)s. It takes a break on %(day)s.", title=asked.title, day=on),
        _("This one takes a break today. %(come_back)s", come_back=come_back(asked)),
        when_and_where(asked),
    )


def wrong_day(asked: Asked) -> Words:
    """On other days of the week."""
    return Words(
        _(_NOT_ON[asked.today.weekday()]),
        _("%(title)s. Right promotion, wrong day.", title=asked.title),
        _("Thank you for coming with this. %(come_back)s", come_back=come_back(asked)),
        when_and_where(asked),
    )


def wrong_hour(asked: Asked) -> Words:
    """At other hours."""
    when = begins(asked)
    back = fitting(_("Back %(when)s", when=when), _("Not at this hour")) if when else _("Not at this hour")
    return Words(
        back,
        _("%(title)s. Right promotion, wrong hour.", title=asked.title),
        _("Thank you for coming with this. %(come_back)s", come_back=come_back(asked)),
        when_and_where(asked),
    )
