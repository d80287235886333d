"""Which of the codes in view wants an answer, and which the clerk may pick.

Rules of this module:

- Each showing of a code gets one verdict: a code that was answered is *settled* until it is taken away, which is
  when it was unseen for ``FORGOTTEN_AFTER_S``.
- A code that a promotion knows goes before one that none does.
- One code of the first rank is answered at once, in the frame that shows it.
- Several of that rank are answered by nobody but the clerk: they are *offered* when they have been in view together
  for ``TOGETHER_S``, and stay offered until all but one were taken away. A thumb over one of them chooses nothing.
- A code that turns over while it is in view (a rotating one) is one code: it goes by the text that it was first seen
  as, until it is answered again, and then by the text that it shows.
- A code that comes into view beside one that was just answered, or that waits for the clerk, came with it: it is
  settled too, and offered, so that the verdict that stands is not torn from under the clerk's finger. Only a code of
  higher rank takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

FORGOTTEN_AFTER_S = 2.0
"""A code that was answered counts as taken away when it was unseen for this long.

Longer than what the camera calls "in view": a hand that shakes, or a slow machine, must not turn the stub of the
customer who stands there into "used today".
"""

TOGETHER_S = 0.3
"""Several codes wait this long, in view together, before the clerk is asked: one may only be on its way out."""

CAME_WITH_S = 1.0
"""A code that comes into view this soon after another was answered, and beside it, came with it."""

MOST_OFFERED = 9


class Seen(Protocol):
    """A code in view, as the vision part reports it."""

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A code in view that the clerk may pick. ``id`` is minted for this showing of it and says nothing of its text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the display is about: the text, whether another may take its place, and whether it is redeemed."""

    text: str = ""
    may_replace: bool = True
    redeemed: bool = False


class _Turning(NamedTuple):
    """A code in view that turns over: the text it goes by, the one it shows, and when it was last seen."""

    goes_by: str
    text: str
    last_seen_s: float


class Attention:
    """Remembers what was answered while it stays in view; taken away and shown again it is new."""

    def __init__(self, mint: Callable[[], bytes]) -> None:
        self._mint = mint
        self._last_seen_s: dict[str, float] = {}
        self._settled: set[str] = set()
        self._group: dict[str, str] = {}  # the codes that came together, with their ids
        self._answered: tuple[str, float] = ("", 0.0)
        self._several_since_s: float | None = None
        self._turning: dict[str, _Turning] = {}
        self.offered: tuple[Choice, ...] = ()

    def turn(
        self, in_view: Sequence[str], now_s: float, knows: Callable[[str], bool], shown: Shown | None = None
    ) -> str | None:
        """Told on each frame what is in view: the code to answer now, if any. ``now_s`` is monotonic."""
        shown = shown or Shown()
        self._remember(in_view, now_s)
        if shown.redeemed:
            self._group.pop(shown.text, None)
        fresh = [text for text in in_view if text not in self._settled]
        first = [text for text in fresh if knows(text)] or fresh
        if first and self._came_with(shown, in_view, now_s) and (knows(shown.text) or not knows(first[0])):
            self._set_aside(shown, fresh, first if knows(shown.text) == knows(first[0]) else [], now_s)
            first = []
        chosen = self._choose(first if shown.may_replace else [], now_s, knows)
        self.offered = self._offer(shown.text if chosen is None else chosen, knows)
        return chosen

    def steady(self, texts: Sequence[str], now_s: float, turning_of: Callable[[str], str | None]) -> list[str]:
        """``texts``, a code that turns over by the name it goes by.

        ``turning_of`` says what a text is a fresh code of; None: it is no code that turns over.
        """
        return list(dict.fromkeys(self._goes_by(text, turning_of(text), now_s) for text in texts))

    def _goes_by(self, text: str, of: str | None, now_s: float) -> str:
        if of is None:
            return text
        before = self._turning.get(of)
        is_new = before is None or now_s - before.last_seen_s > FORGOTTEN_AFTER_S
        goes_by = text if before is None or is_new else before.goes_by
        self._turning[of] = _Turning(goes_by, text, now_s)
        return goes_by

    def answered(self, text: str, now_s: float) -> str:
        """``text`` has its verdict for as long as it stays in view; returns what a code that turns over shows now."""
        for of, one in self._turning.items():
            if text == one.goes_by and now_s - one.last_seen_s <= FORGOTTEN_AFTER_S:
                self._turning[of] = _Turning(one.text, one.text, one.last_seen_s)
                self._group.pop(text, None)
                text = one.text
                break
        self._last_seen_s[text] = now_s
        self._settled.add(text)
        self._answered = (text, now_s)
        return text

    def text_of(self, choice_id: str, now_s: float) -> str | None:
        """The code that is offered under ``choice_id``, unless it was taken away."""
        text = next((one.text for one in self.offered if one.id == choice_id), None)
        return None if text is None or now_s - self._last_seen_s.get(text, 0.0) > FORGOTTEN_AFTER_S else text

    def _remember(self, in_view: Sequence[str], now_s: float) -> None:
        """What is remembered and seen again is remembered for longer; what was taken away is forgotten."""
        last_seen_s = {text: s for text, s in self._last_seen_s.items() if now_s - s <= FORGOTTEN_AFTER_S}
        self._last_seen_s = last_seen_s | {text: now_s for text in in_view if text in last_seen_s}
        self._settled.intersection_update(self._last_seen_s)
        self._group = {text: id_ for text, id_ in self._group.items() if text in self._last_seen_s}

    def _came_with(self, shown: Shown, in_view: Sequence[str], now_s: float) -> bool:
        """Whether a code that is new in view belongs to the showing on display."""
        text, at_s = self._answered
        soon = text == shown.text and now_s - at_s < CAME_WITH_S
        return shown.text in in_view and (soon or not shown.may_replace)

    def _set_aside(self, shown: Shown, fresh: Sequence[str], equals: Sequence[str], now_s: float) -> None:
        """Settle what came with the code on display; its equals are offered."""
        self._settled.update(fresh)
        self._last_seen_s.update(dict.fromkeys(fresh, now_s))
        self._gather([*([] if shown.redeemed or not equals else [shown.text]), *equals])

    def _choose(self, first: Sequence[str], now_s: float, knows: Callable[[str], bool]) -> str | None:
        """The one code of ``first``; None where there are several, which are then offered."""
        if not first:
            self._several_since_s = None
            return None
        held = [text for text in self._group if text not in self._settled and text not in first]
        if len(first) + sum(knows(text) >= knows(first[0]) for text in held) == 1:
            self._several_since_s = None
            return first[0]
        if self._several_since_s is None:
            self._several_since_s = now_s
        if now_s - self._several_since_s >= TOGETHER_S:
            self._gather(first)
            self._last_seen_s.update(dict.fromkeys(first, now_s))
        return None

    def _gather(self, texts: Sequence[str]) -> None:
        for text in texts:
            if text not in self._group and len(self._group) < MOST_OFFERED:
                self._group[text] = self._mint().hex()

    def _offer(self, shown_text: str, knows: Callable[[str], bool]) -> tuple[Choice, ...]:
        """Those that came together but the one on display, the lower rank left out."""
        texts = [text for text in self._group if text != shown_text]
        known = [text for text in texts if knows(text)]
        offered = known if known or (texts and knows(shown_text)) else texts
        return tuple(Choice(self._group[text], text) for text in offered)
