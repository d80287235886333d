"""What the ticket's template is given: every word and number of it, in any of its states."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.clerks import Clerk
from kiosk.display import Stub
from kiosk.web.asked import Way
from kiosk.web.language import gettext as _
from kiosk.web.language import marked
from kiosk.web.today import OnToday

_HANDED = ("accept", "redeemed", "undone")


@dataclass(frozen=True, slots=True)
class Evidence:
    """How strong a kind of credential is: 5 of 5 is strongest."""

    words: str
    icon: str
    strength: int
    rank: str


_EVIDENCE = {
    "voucher": Evidence(marked("Signed"), "shield", 5, marked("strongest of five")),
    "listed": Evidence(marked("Listed code"), "list", 4, marked("second of five")),
    "rotating": Evidence(marked("Rotating"), "refresh", 3, marked("third of five")),
    "word": Evidence(marked("Code word"), "word", 2, marked("fourth of five")),
    "screen": Evidence(marked("Your eyes"), "eye", 1, marked("weakest of five")),
}


def strength_of(kind: str | None) -> Evidence | None:
    """How strong a credential of ``kind`` is, in words; None where nothing is said of it."""
    found = _EVIDENCE.get(kind or "")
    return None if found is None else replace(found, words=_(found.words), rank=_(found.rank))


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled line of a stub. With ``of``, ``text`` is a number and a meter is drawn."""

    label: str
    text: str
    of: int | None = None
    mono: bool = False
    large: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to compare: the part that is shown (left, top, width, height), its size, frames around places."""

    view: tuple[int, int, int, int]
    size: tuple[int, int]
    frames: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MarkLine:
    """One mark in words. ``state`` is read, not-read or differs; ``wide`` wants a line of its own."""

    state: str
    before: str
    strong: str
    after: str
    wide: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The filmed screen, and ours beside it: a sample, or the words as posted. ``earlier`` is one seen before."""

    filmed: Picture
    sample: Picture | None
    posted: tuple[Fact, ...]
    earlier: Picture | None
    marks: tuple[MarkLine, ...]
    touched: bool


@dataclass(frozen=True, slots=True)
class Why:
    """Why a shift manager says yes: a code of ``kiosk.redeeming.APPROVED_WHY``, and its words."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """The ticket in any of its states: idle, accept, check, alarm, ask, refuse, redeemed, undone or given.

    ``key`` is "boot.version"; ``hint`` is what the camera's box says. ``wants_sale`` is what the sale is to be told of,
    ``in_sale`` how much was redeemed in it already. Absent parts are empty.
    """

    state: str
    key: str
    word: str
    headline: str
    sub: str
    hint: tuple[str, str]
    wide: bool = False
    showing: str = ""
    n: int = 0
    life: int = 0
    gives: str = ""
    small_print: str = ""
    steps: tuple[str, ...] = ()
    say: str = ""
    would_work: tuple[Way, ...] = ()
    evidence: Evidence | None = None
    facts: tuple[Fact, ...] = ()
    foot: tuple[str, ...] = ()
    note: str = ""
    rows: tuple[Fact, ...] = ()
    on_today: tuple[OnToday, ...] = ()
    last_stubs: tuple[Stub, ...] = ()
    honoured: int = 0
    seconds: int | None = None
    seen: bool = True
    compared: Comparison | None = None
    promotion: str = ""
    approvers: tuple[Clerk, ...] = ()
    whys: tuple[Why, ...] = ()
    wants_sale: str = ""
    in_sale: int = 0

    @property
    def part(self) -> str:
        """The template of its body."""
        if self.state in _HANDED:
            return "hand_over"
        return "other" if self.state == "refuse" and self.compared is not None else self.state

    @property
    def dense(self) -> bool:
        """Whether it says so much that its letters must be smaller to fit."""
        lengths = (len(self.gives), len(self.say), len(self.small_print), max(map(len, self.steps), default=0))
        too_long = any(length > most for length, most in zip(lengths, (66, 66, 92, 42), strict=True))
        return self.state in _HANDED and (bool(self.note) or len(self.steps) > 3 or too_long)
