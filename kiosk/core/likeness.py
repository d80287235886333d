"""Words as a camera reads them, found in what was read though letters are wrong, missing or run together.

Rules of this module:

- Text is compared as *bare* characters: letters without case or accents, digits, per cent and currency signs.
  Spaces and punctuation are not compared, since readers drop and invent them; where they stood is remembered.
- A letter taken for one that looks like it costs little, any other mistake costs 1.
- Digits and signs are never forgiven: one read as another is another number, and a number goes on as long as its
  digits do, over the point or comma between them.
- The place found is the one of least cost (Sellers, J. Algorithms 1 (1980) 359).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

SIGNS = "%$€£¥"
LOOKS_LIKE = 0.35
LEAST_SHARED = 0.4
ANOTHER_NUMBER = 1.01
_ALIKE_GROUPS = ("o0qdc", "il1jt|!", "s5", "b8", "z2", "g9q", "ec", "ao", "uvy", "hn", "nr", "ft", "bh", "kx")
_ALIKE = {(a, b) for group in _ALIKE_GROUPS for a in group for b in group if a != b}
_DIGITS = frozenset("0123456789")
_NUMBER = _DIGITS | frozenset(SIGNS)
_ENDS_A_SENTENCE = frozenset('.:!?;·•|—–*"“”»«,')


def bare(text: str) -> str:
    """``text`` as it is compared."""
    if text.isascii():
        return "".join(one for one in text.lower() if one.isalnum() or one in SIGNS)
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in plain if one.isalnum() or one in SIGNS)


@dataclass(frozen=True, slots=True)
class Stream:
    r"""All that was read, as one row of bare characters.

    ``line_of`` names the line that each character stands in; ``before`` what stands before it: "" nothing, " " a
    space, "." the end of a sentence or clause, "," a point or comma within a number, "\n" the start of a line.
    ``capital`` says which are capitals; ``pairs`` where each two neighbours stand.
    """

    text: str
    line_of: tuple[int, ...]
    before: tuple[str, ...]
    capital: tuple[bool, ...]
    pairs: Mapping[str, Sequence[int]]


def stream_of(lines: Sequence[str]) -> Stream:
    """One stream of all ``lines``, in the order given."""
    text, line_of, before, capital = [], [], [], []
    for number, line in enumerate(lines):
        gap = "\n"
        for at, character in enumerate(line):
            kept = bare(character)
            if not kept:
                gap = _gap(gap, line, at)
                continue
            for one in kept:
                text.append(one)
                line_of.append(number)
                before.append(gap)
                capital.append(character.isupper())
                gap = ""
    joined = "".join(text)
    places: dict[str, list[int]] = {}
    for at in range(len(joined) - 1):
        places.setdefault(joined[at : at + 2], []).append(at)
    return Stream(joined, tuple(line_of), tuple(before), tuple(capital), places)


def _gap(gap: str, line: str, at: int) -> str:
    """What stands before the next character, after ``line[at]``, which is not compared."""
    character = line[at]
    if gap == "\n" or (not gap and character == "-"):  # a hyphen inside a word parts nothing
        return gap
    if not gap and character in ".," and line[at - 1 : at].isdigit() and line[at + 1 : at + 2].isdigit():
        return ","
    return "." if character in _ENDS_A_SENTENCE or gap == "." else " "


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


@dataclass(frozen=True, slots=True)
class Likeness:
    """Where a phrase was found in a stream: from ``start`` to before ``end``, at a ``cost`` of misread letters.

    ``words`` has the cost of each of its ``texts`` as a part of that word's length; ``other_number`` says that digits
    were read, but not those of the phrase; ``number_unread`` that one of its digits was not read for certain.
    """

    start: int
    end: int
    cost: float
    length: int
    words: tuple[float, ...]
    texts: tuple[str, ...]
    other_number: bool
    number_unread: bool

    @property
    def ratio(self) -> float:
        """1 for read without a mistake, 0 for not at all."""
        return max(0.0, 1 - self.cost / self.length)


def find(phrase: str, stream: Stream) -> Likeness | None:
    """The best place of ``phrase`` in ``stream``; None where it has nothing to compare, or too little is shared."""
    words, target, pairs = _prepared(phrase)
    if not target or not stream.text:
        return None
    first, last = _likeliest(target, pairs, stream)
    if first == last:
        return None
    text = stream.text[first:last]
    end, rows = _costs(target, text)
    start, paid, other_number = _walk_back(target, text, rows, end)
    shares, at = [], 0
    for word in words:
        shares.append(sum(paid[at : at + len(word)]) / len(word))
        at += len(word)
    unread = any(cost > LOOKS_LIKE for cost, wanted in zip(paid, target, strict=True) if wanted in _NUMBER)
    start, end, cost = start + first, end + first, rows[-1][end]
    other_number |= _goes_on(stream, start) or _goes_on(stream, end)
    return Likeness(start, end, cost, len(target), tuple(shares), words, other_number, unread)


def _likeliest(target: str, pairs: frozenset[str], stream: Stream) -> tuple[int, int]:
    """The stretch of ``stream`` that shares most pairs with ``target``, and some room; empty for too few of them."""
    if not pairs:
        return 0, len(stream.text)
    room = len(target) + len(target) // 2 + 8
    places = sorted((at, pair) for pair in pairs for at in stream.pairs.get(pair, ()))
    inside: dict[str, int] = {}
    best, best_at, tail = 0, 0, 0
    for at, pair in places:
        inside[pair] = inside.get(pair, 0) + 1
        while at - places[tail][0] > room:
            gone = places[tail][1]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            tail += 1
        if len(inside) > best:
            best, best_at = len(inside), places[tail][0]
    if best < LEAST_SHARED * len(pairs):
        return 0, 0
    margin = len(target) // 2 + 4
    first, last = max(0, best_at - margin), min(len(stream.text), best_at + room + margin)
    exact = stream.text.find(target)  # letters that repeat have few pairs, and may seem as likely elsewhere
    if exact >= 0 and stream.text.find(target, first, last) < 0:
        return exact, exact + len(target)
    return first, last


@lru_cache(maxsize=8192)
def _prepared(phrase: str) -> tuple[tuple[str, ...], str, frozenset[str]]:
    """(the words of ``phrase`` as they are compared, the same in one, its pairs of neighbours)."""
    words = tuple(one for one in map(bare, phrase.split()) if one)
    target = "".join(words)
    return words, target, _pairs(target)


def _goes_on(stream: Stream, at: int) -> bool:
    """Whether a number lies over the edge of a match at ``at``: 15 is not 5, and 1.99 is not 1, but 1.00 is."""
    if not 0 < at < len(stream.text) or stream.before[at] not in ("", ","):
        return False
    if stream.text[at - 1] not in _DIGITS or stream.text[at] not in _DIGITS:
        return False
    if stream.before[at] == ",":
        rest = stream.text[at : at + 3]
        return not (rest.startswith("00") and (len(rest) < 3 or rest[2] not in _DIGITS or stream.before[at + 2]))
    return True


def _costs(target: str, text: str) -> tuple[int, list[list[float]]]:
    """(where the cheapest match ends, the table of costs): a match may start anywhere for nothing."""
    rows, alphabet = [[0.0] * (len(text) + 1)], set(text)
    for i, wanted in enumerate(target):
        above = rows[i]
        left = above[0] + 1
        row = [left]
        cost_of = {got: _cost(wanted, got) for got in alphabet}
        diagonal = above[0]
        for up, got in zip(above[1:], text, strict=True):
            cost = diagonal + cost_of[got]
            if up + 1 < cost:  # noqa: PLR1730  # min() would double the time of it all
                cost = up + 1
            if left + 1 < cost:  # noqa: PLR1730
                cost = left + 1
            row.append(cost)
            left, diagonal = cost, up
        rows.append(row)
    last = rows[-1]
    return min(range(len(last)), key=last.__getitem__), rows


@lru_cache(maxsize=65536)
def _cost(wanted: str, got: str) -> float:
    if wanted == got:
        return 0.0
    if wanted in _NUMBER and got in _NUMBER:
        return ANOTHER_NUMBER
    return LOOKS_LIKE if (wanted, got) in _ALIKE else 1.0


def _walk_back(target: str, text: str, rows: list[list[float]], end: int) -> tuple[int, list[float], bool]:
    """(where the match starts, what each character of the target cost, whether a digit became another)."""
    paid = [0.0] * len(target)
    i, j, other_number = len(target), end, False
    while i > 0:
        here = rows[i][j]
        if j > 0 and here == rows[i - 1][j - 1] + _cost(target[i - 1], text[j - 1]):
            cost = _cost(target[i - 1], text[j - 1])
            other_number |= cost == ANOTHER_NUMBER
            paid[i - 1] += cost
            i, j = i - 1, j - 1
        elif here == rows[i - 1][j] + 1:
            paid[i - 1] += 1
            i -= 1
        else:  # more was read than there should be
            other_number |= text[j - 1] in _DIGITS and bool({target[i - 1], target[min(i, len(target) - 1)]} & _NUMBER)
            paid[i - 1] += 1
            j -= 1
    return j, paid, other_number
