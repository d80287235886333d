"""What would work, and other parts that the words of many reasons share. As in :mod:`kiosk.web.words`."""

from __future__ import annotations

from datetime import date

from kiosk.core.verdict import Outcome
from kiosk.web import times
from kiosk.web.asked import Asked, Way, both, either
from kiosk.web.language import gettext as _
from kiosk.web.language import marked

WIDE_HEADLINE = 22
MOST_NAMED = 3

_KINDS = {
    "screen": marked("a check-in screen"),
    "voucher": marked("a signed voucher"),
    "listed": marked("a code from our list"),
    "word": marked("a code word"),
    "rotating": marked("a rotating code"),
    "gs1": marked("a GS1 coupon"),
    "foreign": marked("a partner's ticket"),
}


_COUNTS = (
    marked("no"), marked("one"), marked("two"), marked("three"), marked("four"), marked("five"), marked("six"),
    marked("seven"), marked("eight"), marked("nine"), marked("ten"),
)  # fmt: skip


def in_words(count: int) -> str:
    """As "two"; above ten in digits."""
    return _(_COUNTS[count]) if count < len(_COUNTS) else str(count)


def fitting(*headlines: str) -> str:
    """The first headline that fits; the last one where none does."""
    return next((one for one in headlines if len(one) <= WIDE_HEADLINE), headlines[-1])


def kinds(names: list[str]) -> list[str]:
    """The kinds of credential as they are called aloud: "a signed voucher"."""
    return [_(_KINDS[name]) if name in _KINDS else name for name in names]


def capital(words: str) -> str:
    """``words`` as a sentence begins; the rest of it stays as it is."""
    return words[:1].upper() + words[1:]


# --- ways on -------------------------------------------------------------------------------------


def when_and_where(asked: Asked) -> tuple[Way, ...]:
    """The nearest time and place at which it would pass, as far as the facts tell."""
    ways = []
    at = times.parse(asked.next_ok.get("at"))
    if at is not None and at > asked.now:
        until = times.parse(asked.next_ok.get("until"))
        ways.append(Way("calendar", capital(times.stretch(at, until, asked.zone, asked.now)), _each_week(asked)))
    listed = asked.next_ok.get("stores")
    there = [str(one) for one in listed] if isinstance(listed, list) else []
    same_hours = [one for one in asked.taking_part if one != asked.store]
    if asked.store not in there and there:
        ways.append(Way("shop", either(there[:MOST_NAMED])))
    elif at is not None and same_hours:
        ways.append(Way("shop", either(same_hours[:MOST_NAMED]), _(", the same hours")))
    return tuple(ways)


def _each_week(asked: Asked) -> str:
    days = () if asked.promotion is None else asked.promotion.valid.days
    return _(", then each %(days)s", days=both([times.short_weekday(one) for one in days])) if 0 < len(days) < 4 else ""


def begins(asked: Asked) -> str:
    """When it would pass next: "tomorrow 17:00"; empty where that is not known."""
    at = times.parse(asked.next_ok.get("at"))
    return "" if at is None else times.near(at, asked.zone, asked.now)


def come_back(asked: Asked) -> str:
    """Words to say: when to come again, or that one is sorry."""
    at = times.parse(asked.next_ok.get("at"))
    if at is None:
        return _("I am sorry.")
    return _("It is on again %(when)s, and I'd love to see you then.", when=times.spoken(at, asked.zone, asked.now))


def show_again() -> Way:
    """Hold it up once more."""
    return Way("phone", _("The screen brighter"), _(", flat, a hand's width away"))


def type_it() -> Way:
    """With the keyboard."""
    return Way("keys", _("Type the code"), _(", letter by letter"))


def another() -> Way:
    """Another code of the guest's."""
    return Way("phone", _("Another code"), _(", where they have one"))


def its_message() -> Way:
    """What it came in."""
    return Way("phone", _("The message it came in"), _(": it may hold another code"))


def once_online() -> Way:
    """The line comes back by itself."""
    return Way("online", _("The same code"), _(", once the line is back"))


def newest_list() -> Way:
    """The list comes by itself, too."""
    return Way("refresh", _("The same code"), _(", once this counter has the newest list"))


def another_sale() -> Way:
    """Not together, but one after the other."""
    return Way("tag", _("The same code"), _(", in another sale"))


def with_pin(rest: str = "") -> Way:
    """A shift manager decides."""
    return Way("key", _("A manager's PIN"), rest)


# --- parts of sentences --------------------------------------------------------------------------


def ended_on(asked: Asked) -> date | None:
    """The last day of its window."""
    return times.parse_day(asked.facts.get("ended_on"))


def may_ask(asked: Asked) -> bool:
    """Whether a shift manager may decide."""
    return asked.outcome is Outcome.ASK
