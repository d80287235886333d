"""Words about what was held up, and whether it was used before. As in :mod:`kiosk.web.words`."""

from __future__ import annotations

from kiosk.web import screen_words, times
from kiosk.web.asked import Asked, Way, Words, either
from kiosk.web.language import gettext as _
from kiosk.web.ways import (
    MOST_NAMED,
    another,
    capital,
    fitting,
    its_message,
    kinds,
    newest_list,
    show_again,
    type_it,
    when_and_where,
)


def ok(asked: Asked) -> Words:
    """Yes."""
    said = asked.promotion.say if asked.promotion is not None else None
    return Words(_("Yes. Redeem it."), _("Then hand it over."), said or _("Thank you for coming. Here you are!"))


# --- what it is ----------------------------------------------------------------------------------


def malformed(_asked: Asked) -> Words:
    """Nothing to decide about."""
    return Words(
        _("Nothing to read"),
        _("It is empty or cut off: none of our codes looks like this."),
        _("I can't quite read this one. Could you show it to me once more?"),
        (show_again(), type_it()),
    )


def misread_code(_asked: Asked) -> Words:
    """Its check character does not fit."""
    return Words(
        _("One letter is off"),
        _("Nearly one of our codes: type it once more."),
        _("One letter does not fit yet. Could you read it to me once more?"),
        (type_it(), show_again()),
    )


def unknown_code(asked: Asked) -> Words:
    """No promotion here has it; a screen may be nearly ours."""
    if asked.facts.get("like"):
        return screen_words.another(asked)
    return Words(
        _("Not one of our codes"),
        _("No promotion at this counter knows it."),
        _("I can't find this one on our list. May I see the message it came in?"),
        (its_message(), type_it()),
    )


def unknown_issuer(asked: Asked) -> Words:
    """Signed with a key that is not on this counter's list."""
    issuer = asked.facts.get("issuer")
    signer = "" if issuer is None else _(" (key %(issuer)s)", issuer=issuer)
    return Words(
        _("Signer not known here"),
        _("A signed voucher, but its signer%(signer)s is not on our list.", signer=signer),
        _("This counter does not know yet who issued this one. May I see the message it came in?"),
        (its_message(), newest_list()),
    )


def unknown_promotion(_asked: Asked) -> Words:
    """Signed by us, for what this counter has not heard of."""
    return Words(
        _("Ours, not known here"),
        _("We signed it, for a promotion that has not reached this counter."),
        _("This one is real, but it has not reached this counter yet. I am sorry."),
        (newest_list(), another()),
    )


def bad_signature(_asked: Asked) -> Words:
    """Its letters are not those that were signed; a poor copy does that too."""
    return Words(
        _("Not as it was issued"),
        _("Something in it has changed on its way. That happens to copies."),
        _("This one did not come through whole. May I see the message it came in?"),
        (Way("phone", _("The message it came in"), _(", rather than a copy")), show_again()),
    )


def revoked(asked: Asked) -> Words:
    """Head office took it back."""
    return Words(
        _("Withdrawn by us"),
        _("%(title)s. Head office has taken this voucher back.", title=asked.title),
        _("We had to take this voucher back. It is nothing you did, and I am sorry."),
        (another(),),
    )


def wrong_credential(asked: Asked) -> Words:
    """The promotion is ours, but does not take a code of this kind."""
    taken = kinds(asked.names("credentials")[:MOST_NAMED])
    ways = (Way("phone", capital(either(taken))),) if taken else ()
    return Words(
        _("Needs another code"),
        _("%(title)s. Ours, but not with a code of this kind.", title=asked.title),
        _("This is our offer, but it needs another code. May I see what else you have?"),
        (*ways, *when_and_where(asked)),
    )


# --- use -----------------------------------------------------------------------------------------


def used_here(asked: Asked) -> Words:
    """Once already, in this store."""
    at = asked.at("used_at")
    if at is None:
        headline, said = _("Used before"), _("This one was used before. Could it have been someone with you?")
    else:
        near, spoken = times.near(at, asked.zone, asked.now), times.spoken(at, asked.zone, asked.now)
        headline = fitting(_("Used %(when)s", when=near), _("Used before"))
        said = _("This one was used %(when)s. Could it have been someone with you?", when=spoken)
    return Words(headline, _("%(title)s. Honoured once already, at this store.", title=asked.title), said, (another(),))


def used_elsewhere(asked: Asked) -> Words:
    """Once already, in another store."""
    at, named = asked.at("used_at"), asked.facts.get("used_store")
    store = str(named) if named else _("another store")
    headline = fitting(_("Used at %(store)s", store=store), _("Used at another store"))
    if at is None:
        sub = _("%(title)s. Honoured once already, at %(store)s.", title=asked.title, store=store)
        said = _("This one was used at %(store)s. Could it have been someone in your family?", store=store)
    else:
        when = times.spoken(at, asked.zone, asked.now)
        sub = _("%(title)s. Honoured once already, %(when)s at %(store)s.", title=asked.title, when=when, store=store)
        said = _(
            "This one was used %(when)s at %(store)s. Could it have been someone in your family?",
            when=when,
            store=store,
        )
    return Words(headline, sub, said, (another(),))


def old_code(asked: Asked) -> Words:
    """A rotating code that has moved on."""
    at = asked.at("shown_at")
    if at is None:
        sub = _("%(title)s. This code renews itself, and has moved on.", title=asked.title)
    else:
        when = times.near(at, asked.zone, asked.now)
        sub = _("%(title)s. It was fresh %(when)s, and renews itself.", title=asked.title, when=when)
    return Words(
        _("The code has moved on"),
        sub,
        _("Your code renews itself. Could you open it once more in your wallet?"),
        (Way("refresh", _("The code opened anew"), _(", in the wallet, not in a picture")),),
    )
