"""Several codes in view: what the camera's box says, what there is to tap, and where it lies in the picture.

The page sends back the id under which the counter offered a code, never its text; an id of another showing picks
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.attention import Choice
from kiosk.core.inert import shortened
from kiosk.counter import Counter
from kiosk.display import State
from kiosk.web.language import gettext as _
from kiosk.web.ways import capital, in_words

MOST_CAPTION = 24


@dataclass(frozen=True, slots=True)
class Offer:
    """A code to tap: its number as the clerk sees it, its id, and a few words on what it is."""

    number: int
    id: str
    caption: str


@dataclass(frozen=True, slots=True)
class Picking:
    """The offers, and what the camera's box says of them; no offers: nothing is to be picked."""

    words: str = ""
    offers: tuple[Offer, ...] = ()


def picking(counter: Counter) -> Picking:
    """What the clerk may pick now."""
    choices = counter.choices
    if not choices:
        return Picking()
    offers = tuple(Offer(n, one.id, _caption(counter, one.text)) for n, one in enumerate(choices, start=1))
    if len(offers) > 1:
        return Picking(_("%(count)s codes.\nTap the one to use.", count=count(offers)), offers)
    if counter.display.state is State.VERDICT:
        return Picking(_("One more code.\nTap it to use it instead."), offers)
    return Picking(_("One more code.\nTap it to use it."), offers)


def count(offers: Sequence[object]) -> str:
    """How many there are, as a word."""
    return capital(in_words(len(offers)))


def _caption(counter: Counter, text: str) -> str:
    """The promotion's title; of a code that no promotion knows (or may be told of yet), what it says."""
    promotion = counter.promotion_of(text)
    return shortened(text if promotion is None else promotion.title, MOST_CAPTION)


def choices_header(texts: Sequence[str], choices: Sequence[Choice]) -> str:
    """For each outline in its order the id under which its code is offered, or "-"."""
    ids = {one.text: one.id for one in choices}
    return " ".join(ids.get(text, "-") for text in texts)
