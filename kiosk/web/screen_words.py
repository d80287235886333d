"""Words about check-in screens: to be compared, seen before, or another one than ours. As in :mod:`kiosk.web.words`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from kiosk.core.inert import shortened
from kiosk.core.screen import Mark, MarkState
from kiosk.core.verdict import FactValue
from kiosk.web import times
from kiosk.web.asked import Asked, Way, Words, both
from kiosk.web.language import gettext as _
from kiosk.web.language import marked, ngettext
from kiosk.web.ways import capital, in_words

MOST_FOUND = 48

_NAMES = {
    "venue": marked("Place"), "offer": marked("Offer"), "dates": marked("Dates"), "word": marked("Code word"),
    "claim": marked("Words"),
}  # fmt: skip
_WITHIN = {
    "venue": marked("place"), "offer": marked("offer"), "dates": marked("dates"), "word": marked("code word"),
    "claim": marked("words"),
}  # fmt: skip
_ONE_DIFFERS = {
    "venue": marked("the place differs"), "offer": marked("the offer differs"), "dates": marked("the dates differ"),
    "word": marked("the code word differs"), "claim": marked("the words differ"),
}  # fmt: skip
_HEADLINES = {
    "dates": marked("Other dates on it"), "venue": marked("Another place"), "word": marked("Another code word"),
    "offer": marked("Another offer"), "claim": marked("Not quite ours"),
}  # fmt: skip


def look_at_screen(asked: Asked) -> Words:
    """The clerk compares."""
    gives = "" if asked.promotion is None else asked.promotion.gives
    return Words(_("Compare first"), gives or _("The filmed screen and ours."), _thanks(asked))


def _thanks(asked: Asked) -> str:
    said = None if asked.promotion is None else asked.promotion.say
    return said or _("Thank you for showing it. Let me have a look.")


def seen_before(asked: Asked) -> Words:
    """The alarm: one phone and two guests, or a picture of a screen."""
    at = asked.at("used_at")
    return Words(
        _("Seen before"),
        _("This same screen was redeemed once.")
        if at is None
        else _("This same screen, %(when)s.", when=_since(at, asked)),
        _("Could you open the offer once more in the app? Then I can see it fresh."),
        (Way("phone", _("A fresh screen"), _(", opened once more in the app")),),
    )


def _since(at: datetime, asked: Asked) -> str:
    minutes = int((asked.now - at).total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes)
    return times.near(at, asked.zone, asked.now)


def another(asked: Asked) -> Words:
    """A known offer, but something on it is not ours."""
    title = _("One of our offers") if asked.like is None else asked.like.title
    kinds = [str(one.get("mark")) for one in asked.differs]
    first = next((kind for kind in ("dates", "venue", "word", "offer", "claim") if kind in kinds), "claim")
    return Words(
        _(_HEADLINES[first]),
        _("%(title)s. Nearly ours, but %(differs)s.", title=title, differs=_differ(kinds)),
        _("This looks like our offer, but it is not quite the one that is on here. Is there a newer one?"),
        (Way("phone", _("The newest post or check-in"), _(", opened in the app")),),
    )


def _differ(kinds: Sequence[str]) -> str:
    known = [kind for kind in dict.fromkeys(kinds) if kind in _NAMES]
    if not known:
        return _("something differs")
    if len(known) == 1:
        return _(_ONE_DIFFERS[known[0]])
    return _("the %(names)s differ", names=both([_(_WITHIN[kind]) for kind in known]))


def frames_agree(frames: int) -> str:
    """As "Two frames agree."."""
    if frames <= 1:
        return _("One frame so far.")
    return _("%(count)s frames agree.", count=capital(in_words(frames)))


def mark_words(mark: Mark) -> tuple[str, str, str]:
    """(what stands before, what matters, what stands after) in the line of one mark."""
    wanted = shortened(mark.wanted, MOST_FOUND)
    if mark.state is MarkState.READ:
        return ("" if mark.kind in ("venue", "offer", "claim") else f"{_(_NAMES[mark.kind])} "), wanted, ""
    if mark.state is MarkState.NOT_READ:
        return _("Not read: "), wanted, ""
    return differs_words({"mark": mark.kind, "wanted": mark.wanted, "found": mark.found})


def differs_words(fact: Mapping[str, FactValue]) -> tuple[str, str, str]:
    """As "Dates on it: **Oct 3 - Oct 10**. Ours: Nov 18 - Dec 2."."""
    kind, found = str(fact.get("mark")), str(fact.get("found") or "")
    ours = shortened(str(fact.get("wanted") or ""), MOST_FOUND)
    name = _(_NAMES.get(kind, _NAMES["claim"]))
    on_it = shortened(found, MOST_FOUND) if found.strip() else _("another")
    return _("%(name)s on it: ", name=name), on_it, _(". Ours: %(ours)s", ours=ours)
