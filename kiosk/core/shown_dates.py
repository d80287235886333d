"""Dates as posts show them: "Nov 1 - Nov 30", "1-30 November", "11/01-11/30", "until Nov 30", "until Sunday".

Rules of this module:

- A *span* is when an offer runs as far as a text says so: the first and last day as (month, day), either of which
  may be missing. A date that stands alone, with no word such as "until", is a post's own date and no span.
- Months are known in English, Spanish, French, German, Italian and Portuguese, by their first letters, one of which
  may be misread. In numbers the month may come first or second; what fits either way fits.
- In a place for a number, letters that look like digits are digits (Z8 is 28).
- A span keeps the years that its text names, so that last year's coupon does not pass for this year's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

MonthDay: TypeAlias = tuple[int, int]

_MONTHS = (
    "january enero janvier januar gennaio janeiro",
    "february febrero fevrier februar febbraio fevereiro",
    "march marzo mars marz maerz marco",
    "april abril avril aprile",
    "may mayo mai maggio maio",
    "june junio juin juni giugno junho",
    "july julio juillet juli luglio julho",
    "august agosto aout",
    "september septiembre septembre settembre setembro setiembre",
    "october octubre octobre oktober ottobre outubro",
    "november noviembre novembre novembro",
    "december diciembre decembre dezember dicembre dezembro",
)
_NAMES: dict[str, int] = {}
for _number, _words in enumerate(_MONTHS, 1):
    for _name in _words.split():
        for _length in range(3, len(_name) + 1):
            _NAMES.setdefault(_name[:_length], _number)
_SHORT = {name: month for name, month in _NAMES.items() if len(name) == 3}
_UNTIL_WORDS = (
    "until till til thru through expires expire ends end by before",
    "bis hasta jusquau jusqua au fino ate vence",
)
_UNTIL = frozenset(word for words in _UNTIL_WORDS for word in words.split())
_UNTIL_GLUED = ("expires", "until", "through")  # readers drop spaces: OFFEREXPIRES
_JOINS = frozenset({"-", "to", "bis", "al", "a", "au", "ate", "until", "through", "thru", "und", "and"})
_DIGIT_OF = str.maketrans("oqilszbg", "00115286")
_TOKEN = re.compile(r"[^\W_]+|[-/.,]")
_GLUED = re.compile(r"(?<=[^\W\d_]{3})(?=\d)|(?<=\d)(?=[^\W\d_]{2})")
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "de", "of", ".", ","})
_SHORT_WORDS = (  # one letter from a month's name, and no month
    "act ads all any are art bar bay bug can day del fan far for fun gun had ham has hat her his hug its jam jar job",
    "lay mad man map mas met mug net new not now off oil old one our out pan pay ran run sat say sea see set sun two",
    "van way",
)
_NOT_MONTHS = frozenset(word for words in _SHORT_WORDS for word in words.split())
_NUMERIC = re.compile(r"(?<!\d)([0-3]?\d)[./]([0-3]?\d)(?:[./](\d{4}|\d{2}))?(?!\d)")
_DASHES = str.maketrans("–—~−", "----")


@dataclass(frozen=True, slots=True)
class Span:
    """When something runs: ``first`` and ``last`` day as sets of what they may be read as; empty where not said.

    ``text`` is what it was read from.
    """

    first: frozenset[MonthDay]
    last: frozenset[MonthDay]
    text: str = ""
    years: frozenset[int] = frozenset()

    def agrees(self, read: Span) -> bool:
        """Whether ``read`` says the same, both ends of it."""
        return _same(self.first, read.first) and _same(self.last, read.last) and not self.contradicts(read)

    def contradicts(self, read: Span) -> bool:
        """Whether ``read`` says another day where both say one."""
        ends = ((self.first, read.first), (self.last, read.last), (self.years, read.years))
        return any(mine and theirs and mine.isdisjoint(theirs) for mine, theirs in ends)

    def supports(self, read: Span) -> bool:
        """Whether an end of ``read`` is one of this, and none is another."""
        shared = bool(self.first & read.first) or bool(self.last & read.last)
        return shared and not self.contradicts(read)


def _same(mine: frozenset[MonthDay], theirs: frozenset[MonthDay]) -> bool:
    return bool(mine & theirs) or (not mine and not theirs)


def spans(text: str) -> list[Span]:
    """The spans that ``text`` shows, in order."""
    plain = _plain(text)
    years = _years(plain)
    numeric = list(_numeric_spans(plain, text))
    found = numeric or _worded_spans(_TOKEN.findall(_GLUED.sub(" ", plain)), text)
    return [replace(one, years=years) for one in found]


def _years(plain: str) -> frozenset[int]:
    """The years that a text names, in full or at the end of a date in numbers."""
    full = {int(year) for year in re.findall(r"(?<!\d)20\d\d(?!\d)", plain)}
    return frozenset(full | {2000 + int(one[3]) for one in _NUMERIC.finditer(plain) if one[3] and len(one[3]) == 2})


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_DASHES).casefold())
    return "".join(one for one in decomposed if not unicodedata.combining(one)).replace("'", "").replace("’", "")


def _numeric_spans(plain: str, text: str) -> Iterator[Span]:
    found = [(one.start(), one.end(), _readings(one[1], one[2])) for one in _NUMERIC.finditer(plain)]
    found = [one for one in found if one[2]]
    at = 0
    while at < len(found):
        start, end, days = found[at]
        if at + 1 < len(found) and _joined(plain[end : found[at + 1][0]]):
            yield Span(days, found[at + 1][2], text)
            at += 2
            continue
        words = re.findall(r"[a-z]+", plain[:start])
        if words and words[-1] in _UNTIL:
            yield Span(frozenset(), days, text)
        at += 1


def _joined(between: str) -> bool:
    return between.strip(" .") in _JOINS


def _readings(one: str, other: str) -> frozenset[MonthDay]:
    a, b = int(one), int(other)
    return frozenset((month, day) for month, day in ((a, b), (b, a)) if 1 <= month <= 12 and 1 <= day <= 31)


@dataclass(slots=True)
class _Part:
    """One date or bare day number among the tokens, from ``start`` to before ``end``."""

    start: int
    end: int
    month: int | None
    day: int


def _worded_spans(tokens: Sequence[str], text: str) -> Iterator[Span]:
    parts = _parts(tokens)
    at = 0
    while at < len(parts):
        part = parts[at]
        following = parts[at + 1] if at + 1 < len(parts) else None
        if following is not None and _joins(tokens[part.end : following.start]):
            month, last_month = part.month or following.month, following.month or part.month
            if month and last_month:
                yield Span(frozenset({(month, part.day)}), frozenset({(last_month, following.day)}), text)
                at += 2
                continue
        if part.month and part.start and _says_until(tokens[max(0, part.start - 3) : part.start]):
            yield Span(frozenset(), frozenset({(part.month, part.day)}), text)
        at += 1


def _joins(between: Sequence[str]) -> bool:
    """Whether tokens between two dates make them one span: a dash or such a word, with a year or dots around it."""
    kept = [one for one in between if one not in _ORDINALS and not (one.isdigit() and len(one) == 4)]
    return len(kept) == 1 and kept[0] in _JOINS


def _says_until(before: Sequence[str]) -> bool:
    return any(one in _UNTIL or one.endswith(_UNTIL_GLUED) for one in before)


def _parts(tokens: Sequence[str]) -> list[_Part]:
    """Every "Nov 1", "1 Nov", "1. Nov" and each bare day number that a span may share a month with."""
    parts: list[_Part] = []
    at = 0
    while at < len(tokens):
        part = _month_first(tokens, at) or _day_first(tokens, at) or _bare_day(tokens, at)
        if part is None:
            at += 1
            continue
        parts.append(part)
        at = part.end
    return parts


def _month_first(tokens: Sequence[str], at: int) -> _Part | None:
    month = month_of(tokens[at])
    if month is None:
        return None
    following = at + 2 if at + 1 < len(tokens) and tokens[at + 1] == "." else at + 1
    day = day_of(tokens[following]) if following < len(tokens) else None
    if day is None:
        return None
    return _Part(at, following + 1, month, day)


def _day_first(tokens: Sequence[str], at: int) -> _Part | None:
    day = day_of(tokens[at])
    if day is None:
        return None
    following = at + 1
    while following < len(tokens) and tokens[following] in _ORDINALS:
        following += 1
    month = month_of(tokens[following]) if following < len(tokens) else None
    return None if month is None else _Part(at, following + 1, month, day)


def _bare_day(tokens: Sequence[str], at: int) -> _Part | None:
    if not tokens[at].isdigit():
        return None
    day = day_of(tokens[at])
    return None if day is None else _Part(at, at + 1, None, day)


def month_of(token: str) -> int | None:
    """The month that a word names, 1 to 12; a short name may have one letter misread."""
    if token in _NAMES:
        return _NAMES[token]
    if len(token) != 3 or not token.isalnum() or token in _NOT_MONTHS:
        return None
    near = {month for name, month in _SHORT.items() if sum(a != b for a, b in zip(name, token, strict=True)) == 1}
    return near.pop() if len(near) == 1 else None


def day_of(token: str) -> int | None:
    """The day of a month that a token names; letters that look like digits are, where a digit stands beside them."""
    if len(token) > 2 or not token.isascii() or not any(one.isdigit() for one in token):
        return None
    digits = token.translate(_DIGIT_OF)
    return int(digits) if digits.isdigit() and 1 <= int(digits) <= 31 else None
