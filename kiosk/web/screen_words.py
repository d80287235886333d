"""Words about check-in screens: to be compared, seen before, or another one than ours. As in :mod:`kiosk.web.words`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kiosk.core.inert import shortened
from kiosk.core.screen import Mark, MarkState
from kiosk.core.verdict import FactValue
from kiosk.web import times
from kiosk.web.asked import Asked, Way, Words

MOST_FOUND = 48

_NAMES = {"venue": "Place", "offer": "Offer", "dates": "Dates", "word": "Code word", "claim": "Words"}
_HEADLINES = {"dates": "Other dates on it", "venue": "Another place", "word": "Another code word",
              "offer": "Another offer", "claim": "Not quite ours"}  # fmt: skip
_COUNTS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def look_at_screen(asked: Asked) -> Words:
    """The clerk compares."""
    gives = "" if asked.promotion is None else asked.promotion.gives
    return Words("Compare first", gives or "The filmed screen and ours.", _thanks(asked))


def _thanks(asked: Asked) -> str:
    said = None if asked.promotion is None else asked.promotion.say
    return said or "Thank you for showing it. Let me have a look."


def seen_before(asked: Asked) -> Words:
    """The alarm: one phone and two guests, or a picture of a screen."""
    at = asked.at("used_at")
    return Words(
        "Seen before",
        f"This same screen, {_since(asked)}." if at is not None else "This same screen was redeemed once.",
        "Could you open the offer once more in the app? Then I can see it fresh.",
        (Way("phone", "A fresh screen", ", opened once more in the app"),),
    )


def _since(asked: Asked) -> str:
    at = asked.at("used_at")
    if at is None:
        return "before"
    minutes = int((asked.now - at).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} {'minute' if minutes == 1 else 'minutes'} ago"
    return times.near(at, asked.zone, asked.now)


def another(asked: Asked) -> Words:
    """A known offer, but something on it is not ours."""
    title = "One of our offers" if asked.like is None else asked.like.title
    kinds = [str(one.get("mark")) for one in asked.differs]
    first = next((kind for kind in ("dates", "venue", "word", "offer", "claim") if kind in kinds), "claim")
    return Words(
        _HEADLINES[first],
        f"{title}. Nearly ours, but {_listed(kinds)}.",
        "This looks like our offer, but it is not quite the one that is on here. Is there a newer one?",
        (Way("phone", "The newest post or check-in", ", opened in the app"),),
    )


def _listed(kinds: Sequence[str]) -> str:
    names = [_NAMES.get(kind, "something").lower() for kind in dict.fromkeys(kinds)] or ["something"]
    verb = "differ" if len(names) > 1 or names[0] in ("dates", "words") else "differs"
    named = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return f"{named} {verb}" if names == ["something"] else f"the {named} {verb}"


def frames_agree(frames: int) -> str:
    """As "Two frames agree."."""
    if frames <= 1:
        return "One frame so far."
    return f"{_COUNTS[frames] if frames < len(_COUNTS) else frames} frames agree."


def mark_words(mark: Mark) -> tuple[str, str, str]:
    """(what stands before, what matters, what stands after) in the line of one mark."""
    wanted = shortened(mark.wanted, MOST_FOUND)
    if mark.state is MarkState.READ:
        return ("" if mark.kind in ("venue", "offer", "claim") else f"{_NAMES[mark.kind]} "), wanted, ""
    if mark.state is MarkState.NOT_READ:
        return "Not read: ", wanted, ""
    return differs_words({"mark": mark.kind, "wanted": mark.wanted, "found": mark.found})


def differs_words(fact: Mapping[str, FactValue]) -> tuple[str, str, str]:
    """As "Dates on it: **Oct 3 - Oct 10**. Ours: Nov 18 - Dec 2."."""
    kind, found = str(fact.get("mark")), str(fact.get("found") or "")
    ours = shortened(str(fact.get("wanted") or ""), MOST_FOUND)
    name = _NAMES.get(kind, "Words")
    if not found.strip():
        return f"{name} on it: ", "another", f". Ours: {ours}"
    return f"{name} on it: ", shortened(found, MOST_FOUND), f". Ours: {ours}"
