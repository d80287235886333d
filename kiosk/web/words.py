"""Words for each reason: for the clerk, and for the customer. English; the fact first, plain and kind.

Rules of this module:

- A headline has at most 22 characters ("Starts Friday 17:00"), beside the stub 15 ("Yes. Redeem it.").
- A headline says the fact, never "invalid"; the reason's code belongs in the stub.
- ``say`` assumes good faith, and may be read aloud as it stands.
- ``would_work`` names only what would really pass, as far as the verdict's facts tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from kiosk.core.verdict import Outcome, Reason
from kiosk.web import screen_words, times
from kiosk.web.asked import Asked, CustomerWords, Way, Words, both, either

WIDE_HEADLINE = 22
NARROW_HEADLINE = 15

WORD_OF_OUTCOME = {
    Outcome.ACCEPT: "Accept",
    Outcome.CHECK: "Check",
    Outcome.ASK: "Ask",
    Outcome.REFUSE: "Refuse",
}

KINDS = {
    "screen": "a check-in screen",
    "voucher": "a signed voucher",
    "listed": "a code from our list",
    "word": "a code word",
    "rotating": "a rotating code",
    "gs1": "a GS1 coupon",
    "foreign": "a partner's ticket",
}


def for_reason(reason: Reason, asked: Asked) -> Words:
    """What the clerk reads for ``reason``."""
    return _CLERK[reason](asked)


def for_customer(reason: Reason, asked: Asked) -> CustomerWords:
    """What the customer reads for ``reason``."""
    headline, sub = _CUSTOMER[reason](asked)
    return CustomerWords(headline, sub)


def _fitting(*headlines: str) -> str:
    """The first headline that fits; the last one where none does."""
    return next((one for one in headlines if len(one) <= WIDE_HEADLINE), headlines[-1])


# --- what would work -----------------------------------------------------------------------------


def _when_and_where(asked: Asked) -> tuple[Way, ...]:
    ways = []
    at = times.parse(asked.next_ok.get("at"))
    if at is not None and at > asked.now:
        until = times.parse(asked.next_ok.get("until"))
        ways.append(Way("calendar", times.stretch(at, until, asked.zone, asked.now), _each_week(asked)))
    listed = asked.next_ok.get("stores")
    there = [str(one) for one in listed] if isinstance(listed, list) else []
    same_hours = [one for one in asked.taking_part if one != asked.store]
    if asked.store not in there and there:
        ways.append(Way("shop", either(there[:3])))
    elif at is not None and same_hours:
        ways.append(Way("shop", either(same_hours[:3]), ", the same hours"))
    return tuple(ways)


def _each_week(asked: Asked) -> str:
    days = () if asked.promotion is None else asked.promotion.valid.days
    return f", then each {both([day.capitalize() for day in days])}" if 0 < len(days) < 4 else ""


def _begins(asked: Asked) -> str:
    at = times.parse(asked.next_ok.get("at"))
    return "" if at is None else times.near(at, asked.zone, asked.now)


def _come_back(asked: Asked) -> str:
    at = times.parse(asked.next_ok.get("at"))
    begins = "" if at is None else times.spoken(at, asked.zone, asked.now)
    return f"It is on again {begins}, and I'd love to see you then." if begins else "I am sorry."


_SHOW_AGAIN = Way("phone", "The screen brighter", ", flat, a hand's width away")
_TYPE_IT = Way("keys", "Type the code", ", letter by letter")
_ANOTHER = Way("phone", "Another code", ", where they have one")


# --- the clerk's words, one function a reason ----------------------------------------------------


def _ok(asked: Asked) -> Words:
    said = asked.promotion.say if asked.promotion is not None else None
    return Words("Yes. Redeem it.", "Then hand it over.", said or "Thank you for coming. Here you are!")


def _malformed(_asked: Asked) -> Words:
    return Words(
        "Nothing to read",
        "The code is empty, or far too long to be one of ours.",
        "I can't quite read this one. Could you show it to me once more?",
        (_SHOW_AGAIN, _TYPE_IT),
    )


def _unknown_code(asked: Asked) -> Words:
    if asked.facts.get("like"):
        return screen_words.another(asked)
    return Words(
        "Not one of our codes",
        "No promotion at this counter knows it.",
        "I can't find this one on our list. May I see the message it came in?",
        (Way("phone", "The message it came in", ": it may hold another code"), _TYPE_IT),
    )


def _wrong_credential(asked: Asked) -> Words:
    kinds = [KINDS.get(kind, kind) for kind in asked.names("credentials")]
    ways = (Way("phone", either(kinds[:3]).capitalize()),) if kinds else ()
    return Words(
        "Needs another code",
        f"{asked.title}. Ours, but not with a code of this kind.",
        "This is our offer, but it needs another code. May I see what else you have?",
        (*ways, *_when_and_where(asked)),
    )


def _used_here(asked: Asked) -> Words:
    at = asked.at("used_at")
    when = "before" if at is None else times.spoken(at, asked.zone, asked.now)
    near = "before" if at is None else times.near(at, asked.zone, asked.now)
    return Words(
        _fitting(f"Used {near}", "Used before"),
        f"{asked.title}. Honoured once already, at this store.",
        f"This one was used {when}. Could it have been someone with you?",
        (_ANOTHER,),
    )


def _used_elsewhere(asked: Asked) -> Words:
    at, store = asked.at("used_at"), str(asked.facts.get("used_store") or "another store")
    when = "" if at is None else f" {times.spoken(at, asked.zone, asked.now)}"
    return Words(
        _fitting(f"Used at {store}", "Used at another store"),
        f"{asked.title}. Honoured once already,{when} at {store}.",
        f"This one was used{when} at {store}. Could it have been someone in your family?",
        (_ANOTHER,),
    )


def _ended_on(asked: Asked) -> str:
    try:
        on = date.fromisoformat(str(asked.facts.get("ended_on")))
    except ValueError:
        return ""
    return times.near_day(on, asked.today)


def _over(asked: Asked) -> Words:
    ended = _ended_on(asked)
    spoken = ended if ended in ("today", "yesterday") else f"on {ended}"
    return Words(
        _fitting(f"Ended {ended}" if ended else "Over", "Over"),
        f"{asked.title}. A real promotion, but it is over.",
        f"Thank you for coming with this. Sadly it ended{' ' + spoken if ended else ''}. I am sorry.",
        _when_and_where(asked),
    )


def _paused(asked: Asked) -> Words:
    return Words(
        "Paused for now",
        f"{asked.title}. Head office has paused it everywhere.",
        "We had to pause this one for a while. It is nothing you did, and I am sorry.",
        (Way("clock", "The same code", ", once it is on again"),),
    )


def _wrong_store(asked: Asked) -> Words:
    stores = asked.names("stores")
    where = both(stores[:3]) if 0 < len(stores) <= 3 else "other stores of ours"
    ways = _when_and_where(asked)
    if stores and not any(way.icon == "shop" for way in ways):
        ways = (Way("shop", either(stores[:3])), *ways)
    return Words(
        "Not at this store",
        f"{asked.title}. A real promotion, in another place.",
        f"This one is honoured at {where}. They will be glad to see you.",
        ways,
    )


def _not_yet(asked: Asked) -> Words:
    at = asked.at("starts_at") or times.parse(asked.next_ok.get("at"))
    if at is None:
        return Words("Not on yet", f"{asked.title}. A real promotion, but early.", "It has not begun yet. I am sorry.")
    near, spoken = times.near(at, asked.zone, asked.now), times.spoken(at, asked.zone, asked.now)
    return Words(
        _fitting(f"Starts {near}", f"Starts {times.near_day(at.astimezone(asked.zone).date(), asked.today)}"),
        f"{asked.title}. A real promotion, {_early(at, asked)}.",
        f"Thank you for coming with this. It begins {spoken}, and I'd love to see you then.",
        _when_and_where(asked),
    )


def _early(at: datetime, asked: Asked) -> str:
    days = (at.astimezone(asked.zone).date() - asked.today).days
    return {0: "a little early", 1: "one day early"}.get(days, f"{days} days early")


def _blackout(asked: Asked) -> Words:
    return Words(
        "Not today",
        f"{asked.title}. It takes a break on {times.day(asked.today, asked.today)}.",
        f"This one takes a break today. {_come_back(asked)}",
        _when_and_where(asked),
    )


def _wrong_day(asked: Asked) -> Words:
    return Words(
        f"Not on {times.WEEKDAYS[asked.today.weekday()]}s",
        f"{asked.title}. Right promotion, wrong day.",
        f"Thank you for coming with this. {_come_back(asked)}",
        _when_and_where(asked),
    )


def _wrong_hour(asked: Asked) -> Words:
    begins = _begins(asked)
    return Words(
        _fitting(f"Back {begins}", "Not at this hour") if begins else "Not at this hour",
        f"{asked.title}. Right promotion, wrong hour.",
        f"Thank you for coming with this. {_come_back(asked)}",
        _when_and_where(asked),
    )


def _limit_total(asked: Asked) -> Words:
    limit = asked.facts.get("limit")
    return Words(
        "All given out",
        f"{asked.title}. All {limit} are gone." if limit else f"{asked.title}. None are left.",
        "Every one of these has been enjoyed already. I am so sorry that you missed it.",
    )


_CLERK: Mapping[Reason, Callable[[Asked], Words]] = {
    Reason.OK: _ok,
    Reason.LOOK_AT_SCREEN: screen_words.look_at_screen,
    Reason.MALFORMED: _malformed,
    Reason.UNKNOWN_CODE: _unknown_code,
    Reason.WRONG_CREDENTIAL: _wrong_credential,
    Reason.USED_HERE: _used_here,
    Reason.USED_ELSEWHERE: _used_elsewhere,
    Reason.SEEN_BEFORE: screen_words.seen_before,
    Reason.OVER: _over,
    Reason.PAUSED: _paused,
    Reason.WRONG_STORE: _wrong_store,
    Reason.NOT_YET: _not_yet,
    Reason.BLACKOUT: _blackout,
    Reason.WRONG_DAY: _wrong_day,
    Reason.WRONG_HOUR: _wrong_hour,
    Reason.LIMIT_TOTAL: _limit_total,
}

# --- the customer's words ------------------------------------------------------------------------


def _kind_words(headline: str, sub: str) -> Callable[[Asked], tuple[str, str]]:
    return lambda asked: (headline, sub.format(title=asked.title))


def _customer_time(asked: Asked) -> tuple[str, str]:
    begins = _begins(asked)
    headline = f"On {begins}" if begins else "Not right now"
    return headline, f"{asked.title}. We look forward to seeing you then."


def _customer_place(asked: Asked) -> tuple[str, str]:
    stores = asked.names("stores")
    return "At another place", f"{asked.title}. Honoured at {either(stores[:3])}." if stores else f"{asked.title}."


def _customer_unknown(asked: Asked) -> tuple[str, str]:
    if asked.facts.get("like"):
        return "Is there a newer one?", "This is nearly our offer. Please show us the newest post or check-in."
    return "We can't find it", "Please show us the message that it came in."


def _customer_over(asked: Asked) -> tuple[str, str]:
    ended = _ended_on(asked)
    return "It is over", f"{asked.title}. It ended {ended}." if ended else f"{asked.title}."


_CUSTOMER: Mapping[Reason, Callable[[Asked], tuple[str, str]]] = {
    Reason.OK: lambda asked: ("It's yours", asked.title if asked.promotion is None else asked.promotion.gives),
    Reason.LOOK_AT_SCREEN: _kind_words("One moment", "{title}. We are having a look at your screen."),
    Reason.MALFORMED: _kind_words("Once more, please", "A little closer, with the screen bright."),
    Reason.UNKNOWN_CODE: _customer_unknown,
    Reason.WRONG_CREDENTIAL: _kind_words("Another code?", "{title}. It needs another code than this one."),
    Reason.USED_HERE: _kind_words("Used already", "{title}. If that was not you, please tell us."),
    Reason.USED_ELSEWHERE: _kind_words("Used already", "{title}. If that was not you, please tell us."),
    Reason.SEEN_BEFORE: _kind_words("A fresh screen?", "{title}. Please open it once more in the app."),
    Reason.OVER: _customer_over,
    Reason.PAUSED: _kind_words("Paused for now", "{title}. It is nothing you did."),
    Reason.WRONG_STORE: _customer_place,
    Reason.NOT_YET: _customer_time,
    Reason.BLACKOUT: _customer_time,
    Reason.WRONG_DAY: _customer_time,
    Reason.WRONG_HOUR: _customer_time,
    Reason.LIMIT_TOTAL: _kind_words("All given out", "{title}. We are sorry that you missed it."),
}
