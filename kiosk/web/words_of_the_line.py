"""Words about what this counter may not say yes to alone: head office, its list, its clock. As in kiosk.web.words."""

from __future__ import annotations

from kiosk.core.verdict import Reason
from kiosk.web import times
from kiosk.web.asked import Asked, Way, Words
from kiosk.web.language import gettext as _
from kiosk.web.language import ngettext
from kiosk.web.ways import fitting, may_ask, newest_list, once_online, when_and_where, with_pin


def neighbours(reached: int) -> str:
    """How many other counters of the store are reached, as on the status line."""
    return ngettext("%(num)d neighbour", "%(num)d neighbours", reached)


def how_neighbours_stand(reached: int | None, counters: int) -> str:
    """The same in a sentence; None: this counter does not look for any. Empty in a store with one counter."""
    if reached is None:
        return "" if counters < 2 else _("Not looked for. Start this counter with --lan, and they tell each other.")
    if reached == 0:
        return _("None is reached. What another counter takes is known here once head office tells of it.")
    return ngettext(
        "%(num)d other counter is reached: what it takes is known here, also while the line is down.",
        "%(num)d other counters are reached: what they take is known here, also while the line is down.",
        reached,
    )


def counter_fenced(_asked: Asked) -> Words:
    """Head office has shut this counter off."""
    return Words(
        _("This counter must wait"),
        _("Nothing is wrong with the code. Please call head office."),
        _("This counter has to wait for head office. It is our side, not yours, and I am sorry."),
        (
            Way("speech", _("Call head office"), _(", and read out the reason in the stub")),
            Way("shop", _("Another counter"), _(" can take the same code")),
        ),
    )


def needs_head_office(asked: Asked) -> Words:
    """Only head office can say yes to it, and cannot be asked, does not answer, or says no."""
    if asked.facts.get("unanswered"):
        return Words(
            _("No answer yet"),
            _("%(title)s. Head office was asked, and has not answered.", title=asked.title),
            _("We are still waiting for an answer about this one. May I try again in a minute?"),
            (Way("refresh", _("The same code"), _(", a moment later")), *when_and_where(asked)),
        )
    if "reserved" in asked.facts:
        return _at_a_neighbour(asked)
    if asked.facts.get("denied", Reason.NO_ALLOWANCE) != Reason.NO_ALLOWANCE:
        return Words(
            _("Head office says no"),
            _("%(title)s. Head office cannot give it to this counter now.", title=asked.title),
            _("Head office has to look into this one first. It is our side, not yours, and I am sorry."),
            (Way("speech", _("Call head office"), _(", and read out the reason in the stub")), *when_and_where(asked)),
        )
    if "denied" in asked.facts:
        return Words(
            _("In use elsewhere"),
            _("%(title)s. Head office says that another counter has it.", title=asked.title),
            _("Another counter is just looking at this very code. May I try again in a minute?"),
            (Way("refresh", _("The same code"), _(", a moment later")), Way("speech", _("Call head office"))),
        )
    return Words(
        _("The line is down"),
        _("%(title)s. This one needs head office.", title=asked.title),
        _("Our line is down, and this one has to wait for it. It is our side, and I am sorry."),
        (once_online(), *when_and_where(asked)),
    )


def _at_a_neighbour(asked: Asked) -> Words:
    """Another counter of this store objects."""
    if asked.facts.get("reserved") == "used":
        return Words(
            _("Used next to us"),
            _("%(title)s. Another counter of this store has redeemed it.", title=asked.title),
            _("This one was used at another counter of ours. Shall we ask there together?"),
            (Way("shop", _("Another counter"), _(" of this store can show the stub")),),
        )
    return Words(
        _("In use elsewhere"),
        _("%(title)s. Another counter of this store is looking at it.", title=asked.title),
        _("Another counter is just looking at this very code. May I try again in a minute?"),
        (Way("refresh", _("The same code"), _(", a moment later")),),
    )


def no_allowance(asked: Asked) -> Words:
    """This counter has given all that it had been given; over the line it would have got more, had there been any."""
    if asked.facts.get("online"):
        return Words(
            _("This counter is out"),
            _("%(title)s. Head office has no more for this counter now.", title=asked.title),
            _("This counter has given all it had of these. Let me ask whether another counter has one left."),
            (
                Way("shop", _("Another counter"), _(" may have some left")),
                Way("refresh", _("The same code"), _(", a moment later")),
                *when_and_where(asked),
            ),
        )
    return Words(
        _("This counter is out"),
        _("%(title)s. For more, it needs the line to head office.", title=asked.title),
        _("This counter has given all it had for now. There may be more once our line is back."),
        (once_online(), *when_and_where(asked)),
    )


def over_floor(asked: Asked) -> Words:
    """Worth more than this counter may give unseen."""
    floor, cost = asked.money("floor"), asked.money("cost")
    if floor and cost:
        sub = _("%(title)s. Worth %(cost)s. A manager may say yes.", title=asked.title, cost=cost)
    else:
        sub = _("%(title)s. A manager may say yes.", title=asked.title)
    headline = _("More than we may alone")
    return Words(
        fitting(_("Over %(floor)s, offline", floor=floor), headline) if floor else headline,
        sub,
        _("Our line is down, so let me ask."),
        (with_pin(), once_online()),
    )


def promotions_stale(asked: Asked) -> Words:
    """The list of promotions is too old to go by; for some a manager may still say yes."""
    at = asked.at("published_at")
    when = "" if at is None else times.near_day(at.astimezone(asked.zone).date(), asked.today)
    if may_ask(asked):
        sub = _("%(title)s. A manager may say yes.", title=asked.title)
        said = _("Our list is a little old, so let me ask.")
    else:
        sub = _("%(title)s. It has to wait for a newer list.", title=asked.title)
        said = _("Our list of offers is too old to be sure. It is our side, and I am sorry.")
    old = _("Our list is too old")
    ways = (with_pin(), newest_list()) if may_ask(asked) else (newest_list(),)
    return Words(fitting(_("List of %(day)s", day=when), old) if when else old, sub, said, ways)


def clock_suspect(asked: Asked) -> Words:
    """This counter cannot tell the time well enough."""
    start, end = asked.at("clock_from"), asked.at("clock_until")
    sub = _("%(title)s. Look at another clock; a manager may say yes.", title=asked.title)
    if start is not None and end is not None:
        first, last = (times.near(at, asked.zone, asked.now) for at in (start, end))
        sub = _(
            "%(title)s. It is %(first)s to %(last)s. A manager may say yes.", title=asked.title, first=first, last=last
        )
    return Words(
        _("Our clock may be wrong"),
        sub,
        _("Our clock is not sure of the time, so let me ask."),
        (with_pin(),),
    )
