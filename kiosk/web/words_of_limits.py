"""Words about how much: limits, the budget, the sale it is for, what it may be worth. As in :mod:`kiosk.web.words`."""

from __future__ import annotations

from kiosk.web.asked import Asked, Way, Words, both, either
from kiosk.web.language import gettext as _
from kiosk.web.language import ngettext
from kiosk.web.ways import MOST_NAMED, another_sale, capital, come_back, fitting, kinds, when_and_where

# --- counts --------------------------------------------------------------------------------------


def limit_total(asked: Asked) -> Words:
    """None are left anywhere."""
    limit = asked.count("limit")
    if limit is None:
        sub = _("%(title)s. None are left.", title=asked.title)
    else:
        sub = ngettext("%(title)s. The only one is gone.", "%(title)s. All %(num)d are gone.", limit, title=asked.title)
    return Words(
        _("All given out"),
        sub,
        _("Every one of these has been enjoyed already. I am so sorry that you missed it."),
        when_and_where(asked),
    )


def limit_store(asked: Asked) -> Words:
    """None are left in this store."""
    limit = asked.count("limit")
    if limit is None:
        sub = _("%(title)s. None are left at this store.", title=asked.title)
    else:
        sub = ngettext(
            "%(title)s. The only one of this store is gone.",
            "%(title)s. All %(num)d of this store are gone.",
            limit,
            title=asked.title,
        )
    return Words(
        _("All given out here"),
        sub,
        _("All that this store had are gone. I am so sorry that you missed it."),
        when_and_where(asked),
    )


def limit_store_day(asked: Asked) -> Words:
    """None are left in this store today."""
    limit = asked.count("limit")
    if limit is None:
        sub = _("%(title)s. Today's are gone at this store.", title=asked.title)
    else:
        sub = ngettext(
            "%(title)s. Today's only one at this store is gone.",
            "%(title)s. Today's %(num)d at this store are gone.",
            limit,
            title=asked.title,
        )
    return Words(
        _("All out for today"),
        sub,
        _("Today's are all gone. %(come_back)s", come_back=come_back(asked)),
        when_and_where(asked),
    )


def limit_clerk_day(asked: Asked) -> Words:
    """This clerk has given their share of today."""
    limit = asked.count("limit")
    if limit is None:
        headline, sub = _("Your share is given"), _("%(title)s. A colleague may go on.", title=asked.title)
    else:
        headline = fitting(ngettext("You gave one today", "You gave %(num)d today", limit), _("Your share is given"))
        sub = ngettext(
            "%(title)s. Each of us may give one a day; a colleague may go on.",
            "%(title)s. Each of us may give %(num)d a day; a colleague may go on.",
            limit,
            title=asked.title,
        )
    return Words(
        headline,
        sub,
        _("One moment, please: a colleague will do this one for you."),
        (Way("people", _("A colleague"), _(", signed in with their own PIN")), *when_and_where(asked)),
    )


def limit_customer(asked: Asked) -> Words:
    """This guest has had as many as a guest may."""
    limit = asked.count("limit")
    if limit is None:
        headline, said = _("Had before"), _("You have had this one before, and we hope that you enjoyed it.")
    else:
        headline = fitting(ngettext("One per guest", "%(num)d per guest", limit), _("Had before"))
        said = ngettext(
            "You have had this one before, and we hope that you enjoyed it. It is one per guest.",
            "You have had this one before, and we hope that you enjoyed it. It is %(num)d per guest.",
            limit,
        )
    return Words(headline, _had(asked, limit), said, when_and_where(asked))


def _had(asked: Asked, limit: int | None) -> str:
    used = asked.count("used")
    if used is None or limit is None:
        return _("%(title)s. This guest has had it.", title=asked.title)
    return ngettext(
        "%(title)s. This guest has had one already.",
        "%(title)s. This guest has had %(num)d already.",
        used,
        title=asked.title,
    )


def budget_spent(asked: Asked) -> Words:
    """The money set aside for it does not cover one more."""
    cost, left, budget = asked.money("cost"), asked.money("budget_left"), asked.money("budget")
    sub = _("%(title)s. What was set aside for it is spent.", title=asked.title)
    if cost and asked.is_some("budget_left"):
        sub = _("%(title)s. It costs %(cost)s, and %(left)s is left.", title=asked.title, cost=cost, left=left)
    elif budget:
        sub = _("%(title)s. The %(budget)s set aside for it is spent.", title=asked.title, budget=budget)
    return Words(
        _("Its budget is spent"),
        sub,
        _("All that was set aside for this one has been given. I am so sorry that you missed it."),
        when_and_where(asked),
    )


# --- the sale ------------------------------------------------------------------------------------


def basket_too_small(asked: Asked) -> Words:
    """The sale comes to less than it is for."""
    least, more = asked.money("basket_min"), asked.missing("basket", "basket_min")
    if not least:
        headline, said = _("For a larger sale"), _("This one goes with a larger sale. Would you like to add something?")
    else:
        headline = fitting(_("From %(least)s up", least=least), _("For a larger sale"))
        said = _("This one begins at %(least)s. Would you like to add something?", least=least)
    ways = (Way("plus", more, _(" more in this sale")),) if more else ()
    return Words(headline, _sale_comes_to(asked), said, (*ways, another_sale()) if least else ways)


def basket_too_large(asked: Asked) -> Words:
    """The sale comes to more than it is for."""
    most = asked.money("basket_max")
    if not most:
        headline, said = _("For a smaller sale"), _("This one goes with a smaller sale. I am sorry.")
    else:
        headline = fitting(_("Up to %(most)s", most=most), _("For a smaller sale"))
        said = _("This one goes with a sale of %(most)s at most. I am sorry.", most=most)
    ways = (Way("tag", _("A sale of %(most)s or less", most=most)),) if most else ()
    return Words(headline, _sale_comes_to(asked), said, ways)


def _sale_comes_to(asked: Asked) -> str:
    basket = asked.money("basket")
    if not basket:
        return _("%(title)s. A real promotion, for another sale.", title=asked.title)
    return _("%(title)s. This sale comes to %(basket)s.", title=asked.title, basket=basket)


def does_not_stack(asked: Asked) -> Words:
    """Something in this sale does not go with it, or the sale has enough off."""
    cap, off, others = asked.money("stack_cap"), asked.money("already_off"), asked.names("in_sale")
    if cap and not others:
        sub = _("%(title)s. This sale has %(off)s off already.", title=asked.title, off=off or cap)
        said = _("This sale has nearly all the savings that it may have. Shall we keep this one for next time?")
        return Words(fitting(_("%(cap)s off at most", cap=cap), _("Enough off already")), sub, said, (another_sale(),))
    if not others:
        sub = _("%(title)s. It does not go with what is in this sale.", title=asked.title)
        said = _("It does not go with the other one in this sale. Which would you like?")
        return Words(_("Not both in one sale"), sub, said, (another_sale(),))
    names = both(others[:MOST_NAMED])
    return Words(
        _("Not both in one sale"),
        _("%(title)s. It does not go with %(others)s.", title=asked.title, others=names),
        _("This one does not go with %(others)s. Which would you like?", others=names),
        (another_sale(), Way("tag", _("This one alone"), _(", without %(others)s", others=names))),
    )


# --- evidence ------------------------------------------------------------------------------------


def value_over_evidence(asked: Asked) -> Words:
    """Worth more than a credential of this kind may be."""
    cap, cost, enough = asked.money("evidence_cap"), asked.money("cost"), asked.names("credentials")[:MOST_NAMED]
    if cap and cost:
        sub = _(
            "%(title)s. Worth %(cost)s; this kind of code is good for %(cap)s.", title=asked.title, cost=cost, cap=cap
        )
    else:
        sub = _("%(title)s. Worth more than this kind of code is good for.", title=asked.title)
    ways = (Way("phone", capital(either(kinds(enough)))),) if enough else ()
    headline = _("Needs a stronger code")
    return Words(
        fitting(_("Up to %(cap)s this way", cap=cap), headline) if cap else headline,
        sub,
        _("For this one I need another code. May I see the message it came in?"),
        ways,
    )
