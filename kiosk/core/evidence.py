"""What one frame of a screen says of one promotion: for each of its marks whether it was read, how well, and where.

Rules of this module:

- An offer that stands inside somebody's sentence ("we got the free cookie with ...") is talk about the offer, and one
  that goes on may be a longer one ("free coffee cake"); the look says that it does not stand alone.
- Numbers, code words and dates agree exactly or not at all (look-alikes aside). What stands clearly in a mark's
  place and does not agree differs; what does not and was read badly is a doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import TypeAlias

from kiosk.core.credential import fold, fold_word
from kiosk.core.likeness import LOOKS_LIKE, Likeness, Stream, bare, find, stream_of
from kiosk.core.promotion import Promotion
from kiosk.core.screen import Box, MarkKind, MarkState
from kiosk.core.shown_dates import Span, spans

CLEAR = 0.88
"""A line read with this confidence says what stands there."""

READ_RATIO = 0.86
"""How much of a phrase must be read right for it to stand there; of each of its words at most ``WORD_SHARE`` wrong."""

WORD_SHARE = 0.34
NEARLY = 0.7  # from here on a phrase was read in part
ANOTHER_WORD = 0.55  # and from here on it may be another code word, or a promotion worth a closer look
MOST_CHARACTERS = 1500
WEEKDAYS = frozenset(
    bare(day)
    for days in (
        "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun",
        "lunes martes miércoles jueves viernes sábado domingo lundi mardi mercredi jeudi vendredi samedi dimanche",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag lunedì martedì mercoledì giovedì venerdì",
        "mondays tuesdays wednesdays thursdays fridays saturdays sundays",
        "sabato domenica segunda terça quarta quinta sexta",
    )
    for day in days.split()
)
DOUBTFUL = -1.0
"""The strength of a mark in whose place something else may stand, which was not read for certain."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read: ``confidence`` 0 to 1, ``box`` on the upright picture of the screen."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one frame, or several, say of one mark. ``strength`` is 1 for read, less for partly read."""

    state: MarkState
    strength: float = 0.0
    found: str = ""
    box: Box | None = None


ABSENT = Evidence(MarkState.NOT_READ)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One mark to look for: its words, other names for it, and for dates what they mean."""

    kind: MarkKind
    words: str
    also: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """One promotion's marks, ready to be looked for."""

    promotion: str
    wanted: tuple[Wanted, ...]

    @classmethod
    def of(cls, promotion: Promotion) -> Marked | None:
        """The marks of ``promotion``; None where no screen could be told by them."""
        marks = promotion.screen
        if marks is None or not (marks.offer or marks.claims):
            return None
        wanted = []
        if promotion.venue:
            wanted.append(Wanted("venue", promotion.venue, promotion.venue_aliases))
        if marks.offer:
            wanted.append(Wanted("offer", marks.offer))
        if promotion.words:
            wanted.append(Wanted("word", promotion.words[0], promotion.words[1:]))
        if marks.dates_shown:
            shown = spans(marks.dates_shown)
            wanted.append(Wanted("dates", marks.dates_shown, span=shown[0] if shown else None))
        wanted += [Wanted("claim", claim) for claim in marks.claims]
        return cls(promotion.id, tuple(wanted))


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one promotion: evidence for each of its marks, in their order.

    ``alone`` says that the offer stands by itself rather than in a sentence; ``frames`` in which the offer was read.
    """

    evidence: tuple[Evidence, ...]
    alone: bool = False
    clear: bool = False
    frames: int = 1


@dataclass(frozen=True, slots=True)
class Sight:
    """What was read in one frame: its lines in reading order, as one stream, the dates and known venues in it."""

    lines: Sequence[Line]
    stream: Stream
    spans: Sequence[tuple[Span, Line]]
    venues: frozenset[str] = frozenset()
    _found: dict[str, Likeness | None] = field(default_factory=dict, compare=False, repr=False)

    def find(self, phrase: str) -> Likeness | None:
        """The best place of ``phrase``, looked for once."""
        if phrase not in self._found:
            self._found[phrase] = find(phrase, self.stream)
        return self._found[phrase]

    def line_at(self, at: int) -> Line:
        return self.lines[self.stream.line_of[at]]

    def confidence(self, start: int, end: int) -> float:
        """Of the least certain line that characters ``start`` to ``end`` stand in."""
        return min((self.line_at(at).confidence for at in range(start, end)), default=0.0)

    def box(self, start: int, end: int) -> Box | None:
        """Around the lines that characters ``start`` to ``end`` stand in."""
        boxes = [self.lines[number].box for number in sorted(set(self.stream.line_of[start:end]))]
        if not boxes:
            return None
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)


def reading_order(lines: Sequence[Line]) -> list[Line]:
    """``lines`` from the top, and from the left where they stand side by side."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: one.box[1] + one.box[3]):
        middle = (line.box[1] + line.box[3]) / 2
        if rows and rows[-1][-1].box[1] <= middle <= rows[-1][-1].box[3] and _beside(line, rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda one: one.box[0])]


def _beside(line: Line, row: Sequence[Line]) -> bool:
    return all(line.box[0] >= one.box[2] - 0.02 or line.box[2] <= one.box[0] + 0.02 for one in row)


Seek: TypeAlias = Callable[[Wanted, Sight], Evidence]


def sight_of(lines: Sequence[Line], venues: Iterable[str] = ()) -> Sight:
    """``lines`` made ready for :func:`look`; ``venues`` are those of all promotions."""
    lines = _no_more_than_a_screen(reading_order(lines))
    stream = stream_of([line.text for line in lines])
    sight = Sight(lines, stream, _spans_of(lines))
    there = ((name, sight.find(name)) for name in venues)
    read = frozenset(name for name, place in there if place is not None and _is_read(place, stream))
    return replace(sight, venues=read)


def _no_more_than_a_screen(lines: list[Line]) -> list[Line]:
    """The lines up to ``MOST_CHARACTERS``: no phone shows more, and what is looked for costs as much as is read."""
    lengths = accumulate(len(line.text) for line in lines)
    return [line for line, length in zip(lines, lengths, strict=True) if length <= MOST_CHARACTERS]


def _spans_of(lines: Sequence[Line]) -> list[tuple[Span, Line]]:
    """Each span with its line; one that is broken over two lines stands in the first."""
    found = [(span, line) for line in lines for span in spans(line.text)]
    for line, following in pairwise(lines):
        if not spans(line.text) and not spans(following.text):
            together = min(line.confidence, following.confidence)
            found += [(one, replace(line, confidence=together)) for one in spans(f"{line.text} {following.text}")]
    return found


def look(marked: Marked, sight: Sight) -> Look | None:
    """What one frame shows of one promotion; None where it shows nothing of its offer, words or claims."""
    found = {at: _TELLING[want.kind](want, sight) for at, want in enumerate(marked.wanted) if want.kind in _TELLING}
    if max((one.strength for one in found.values()), default=0.0) < ANOTHER_WORD:
        return None
    found |= {at: _PLACING[want.kind](want, sight) for at, want in enumerate(marked.wanted) if want.kind in _PLACING}
    offer = next((want.words for want in marked.wanted if want.kind == "offer"), None)
    likeness = None if offer is None else sight.find(offer)
    alone = offer is None or (likeness is not None and _stands_alone(offer, likeness, sight))
    clear = likeness is not None and sight.confidence(likeness.start, likeness.end) >= CLEAR
    return Look(tuple(found[at] for at in range(len(marked.wanted))), alone, clear)


def _is_read(likeness: Likeness, stream: Stream) -> bool:
    """Whether a phrase stands there: each word, every number, whole words at both ends, weekdays to the letter."""
    if likeness.ratio < READ_RATIO or likeness.other_number or likeness.number_unread:
        return False
    if any(_is_within_a_word(stream, at) for at in (likeness.start, likeness.end)):
        return False
    costs = zip(likeness.texts, likeness.words, strict=True)
    return all(
        share <= WORD_SHARE and (text not in WEEKDAYS or share * len(text) <= LOOKS_LIKE) for text, share in costs
    )


def _is_within_a_word(stream: Stream, at: int) -> bool:
    if not 0 < at < len(stream.text) or stream.before[at]:
        return False
    return stream.text[at - 1].isalpha() and stream.text[at].isalpha()


def _of(likeness: Likeness | None, sight: Sight) -> Evidence:
    if likeness is None:
        return ABSENT
    box = sight.box(likeness.start, likeness.end)
    if _is_read(likeness, sight.stream):
        return Evidence(MarkState.READ, 1.0, box=box)
    return Evidence(MarkState.NOT_READ, min(likeness.ratio, 0.99), box=box if likeness.ratio >= NEARLY else None)


def _offer(want: Wanted, sight: Sight) -> Evidence:
    likeness = sight.find(want.words)
    evidence = _of(likeness, sight)
    if likeness is None or not likeness.other_number or likeness.ratio < NEARLY:
        return evidence
    if sight.confidence(likeness.start, likeness.end) < CLEAR:
        return replace(evidence, strength=0.0)
    found = sight.line_at(max(likeness.start, likeness.end - 1)).text
    return Evidence(MarkState.DIFFERS, likeness.ratio, found, evidence.box)


def _stands_alone(offer: str, likeness: Likeness, sight: Sight) -> bool:
    stream = sight.stream
    if stream.before[likeness.start] not in ("\n", "."):
        return False
    if offer[:1].isupper() and stream.text[likeness.start].isalpha() and not stream.capital[likeness.start]:
        return False
    if likeness.end < len(stream.text) and stream.before[likeness.end] not in ("\n", ".", ","):
        return False
    number = stream.line_of[likeness.start]
    starts_line = stream.before[likeness.start] == "\n"
    return not (starts_line and number and _runs_on(sight.lines[number - 1], sight.lines[number]))


def _runs_on(line: Line, following: Line) -> bool:
    """Whether a sentence goes on from ``line`` into ``following``: close below it, as far left, no stop between."""
    height = line.box[3] - line.box[1]
    close = following.box[1] - line.box[3] < 0.8 * height and abs(following.box[0] - line.box[0]) < 0.04
    last = line.text.rstrip()[-1:]
    word = line.text.split()[-1] if line.text.split() else ""
    return close and last.isalnum() and word.islower() and len(line.text.split()) > 2


def _venue(want: Wanted, sight: Sight) -> Evidence:
    """The venue, or another promotion's venue in its place."""
    evidence = _phrase(want, sight)
    if evidence.state is MarkState.READ or not sight.venues:
        return evidence
    return Evidence(MarkState.DIFFERS, 0.0, min(sight.venues))


def _phrase(want: Wanted, sight: Sight) -> Evidence:
    """A venue or a claim: the best of its names."""
    found = [_of(sight.find(name), sight) for name in (want.words, *want.also)]
    return max(found, key=lambda one: (one.state is MarkState.READ, one.strength))


def _dates(want: Wanted, sight: Sight) -> Evidence:
    if want.span is None:
        return _to_the_letter(want, sight)
    doubtful = ABSENT
    for span, line in sight.spans:
        if want.span.agrees(span):
            return Evidence(MarkState.READ, 1.0, box=line.box)
    for span, line in sight.spans:
        if want.span.supports(span):
            doubtful = Evidence(MarkState.NOT_READ, 0.6, box=line.box)
        elif line.confidence >= CLEAR:
            return Evidence(MarkState.DIFFERS, 0.0, line.text, line.box)
        elif not doubtful.strength:
            doubtful = Evidence(MarkState.NOT_READ, DOUBTFUL, line.text, line.box)
    return doubtful


def _to_the_letter(want: Wanted, sight: Sight) -> Evidence:
    """Dates that are a phrase: until Sunday is not until Monday."""
    evidence, likeness = _phrase(want, sight), sight.find(want.words)
    if likeness is None or likeness.ratio < NEARLY:
        return evidence
    costs = zip(likeness.texts, likeness.words, strict=True)
    if evidence.state is MarkState.READ and all(share * len(text) <= LOOKS_LIKE for text, share in costs):
        return evidence
    found = sight.line_at(likeness.start).text
    if sight.confidence(likeness.start, likeness.end) >= CLEAR:
        return Evidence(MarkState.DIFFERS, 0.0, found, evidence.box)
    return Evidence(MarkState.NOT_READ, DOUBTFUL, found, evidence.box)


def _word(want: Wanted, sight: Sight) -> Evidence:
    """A code word: exact after folding, or another word that is nearly it."""
    folded = fold_word(sight.stream.text)
    best = ABSENT
    for word in (want.words, *want.also):
        target = fold_word(bare(fold(word)))
        start = folded.find(target)
        while target and start >= 0:
            if _is_whole(sight.stream, start, start + len(target)):
                return Evidence(MarkState.READ, 1.0, box=sight.box(start, start + len(target)))
            start = folded.find(target, start + 1)
        best = max(best, _another_word(word, sight), key=lambda one: abs(one.strength))
    return best


def _is_whole(stream: Stream, start: int, end: int) -> bool:
    """Whether it is a word, or some that stand together: never one put together over a stop or the end of a line."""
    inside = set(stream.before[start + 1 : end])
    return inside <= {"", " "} and stream.before[start] != "" and (end == len(stream.text) or stream.before[end] != "")


def _another_word(word: str, sight: Sight) -> Evidence:
    """A word that is nearly ``word``: read clearly it is another one, else ``word`` was not read for certain."""
    best, likest = ABSENT, ANOTHER_WORD
    for start, end in _tokens(sight.stream):
        got = sight.stream.text[start:end]
        if abs(len(got) - len(bare(word))) > 2 or not any(sight.stream.capital[start:end]):
            continue
        likeness = find(word.replace("-", ""), stream_of([got]))
        if likeness is None or likeness.ratio < likest:
            continue
        likest, box = likeness.ratio, sight.box(start, end)
        if sight.confidence(start, end) >= CLEAR:
            best = Evidence(MarkState.DIFFERS, likest, got.upper(), box)
        else:
            best = Evidence(MarkState.NOT_READ, DOUBTFUL, got.upper(), box)
    return best


def _tokens(stream: Stream) -> Iterator[tuple[int, int]]:
    """(start, end) of each word of ``stream``."""
    starts = [at for at, before in enumerate(stream.before) if before]
    yield from zip(starts, (*starts[1:], len(stream.text)), strict=False)


_TELLING: Mapping[MarkKind, Seek] = {"offer": _offer, "word": _word, "claim": _phrase}
_PLACING: Mapping[MarkKind, Seek] = {"venue": _venue, "dates": _dates}
