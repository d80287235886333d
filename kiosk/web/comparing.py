"""What the pages of a check-in screen show: the filmed picture cut to its marks, ours beside it, each mark in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from kiosk.core.catalogue import Catalogue
from kiosk.core.inert import shortened
from kiosk.core.promotion import Promotion
from kiosk.core.screen import Box, Mark, MarkState, ScreenReading, clock_minutes
from kiosk.core.verdict import Reason
from kiosk.display import FilmedScreen, Showing
from kiosk.vision.picture import PictureError, picture_size
from kiosk.web import times
from kiosk.web.language import gettext as _
from kiosk.web.printed import amount
from kiosk.web.screen_words import frames_agree, mark_words
from kiosk.web.ticket import Comparison, Evidence, Fact, MarkLine, Picture, strength_of

ROOM = 0.045
"""How much of a picture's height is left around the marks."""

OLDEST_CLOCK_MINUTES = 180
AHEAD_MINUTES = 3
MOST_NAME = 24
NARROW_MARK = 14
_HALF_DAY, _DAY = 720, 1440


def comparison(screen: FilmedScreen, promotion: Promotion | None, catalogue: Catalogue) -> Comparison:
    """Both pictures and the marks of ``promotion``, which the screen is for or nearly of."""
    view = cut(screen.size, screen.reading.marks)
    sample = None if promotion is None else catalogue.sample(promotion.id)
    return Comparison(
        filmed=Picture(view, screen.size, tuple(_frames(screen))),
        sample=None if sample is None else _sample(sample, view, screen.size),
        posted=() if promotion is None else posted(promotion),
        earlier=None if screen.earlier is None else _sample(screen.earlier, view, screen.size),
        marks=tuple(_line(mark) for mark in screen.reading.marks),
        touched=screen.touched,
    )


def cut(size: tuple[int, int], marks: Sequence[Mark]) -> tuple[int, int, int, int]:
    """The part (left, top, width, height) of a picture that holds its marks: all its width, a square at least."""
    width, height = size
    boxes = [mark.box for mark in marks if mark.box is not None]
    if not boxes:
        return 0, 0, width, height
    top = max(0.0, min(box[1] for box in boxes) - ROOM) * height
    bottom = min(1.0, max(box[3] for box in boxes) + ROOM) * height
    tall = min(height, max(bottom - top, width))
    top = min(max(0.0, (top + bottom - tall) / 2), height - tall)
    return 0, round(top), width, round(tall)


def _frames(screen: FilmedScreen) -> list[tuple[int, int, int, int]]:
    """Where to look: around the marks that were not read or differ, as far as their place is known."""
    return [
        _rectangle(mark.box, screen.size)
        for mark in screen.reading.marks
        if mark.state is not MarkState.READ and mark.box is not None
    ]


def _rectangle(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    (left, top, right, bottom), (width, height) = box, size
    room = width * 0.015
    return (
        round(left * width - room),
        round(top * height - room),
        round((right - left) * width + 2 * room),
        round((bottom - top) * height + 2 * room),
    )


def _sample(jpeg: bytes, view: tuple[int, int, int, int], filmed: tuple[int, int]) -> Picture | None:
    """Another picture, cut as the filmed one is where it has about its shape."""
    try:
        width, height = picture_size(jpeg)
    except PictureError:
        return None
    scale = width / filmed[0]
    if abs(height / scale / filmed[1] - 1) > 0.2:
        return Picture((0, 0, width, height), (width, height))
    _, top, _, tall = (round(part * scale) for part in view)
    tall = min(tall, height)
    return Picture((0, min(top, height - tall), width, tall), (width, height))


def posted(promotion: Promotion) -> tuple[Fact, ...]:
    """The words as posted, where there is no picture of them."""
    marks = promotion.screen
    lines = [
        Fact(_("Place"), promotion.venue or ""),
        Fact(_("Offer"), "" if marks is None else marks.offer or ""),
        Fact(_("Code word"), ", ".join(promotion.words)),
        Fact(_("Dates"), "" if marks is None else marks.dates_shown or ""),
        Fact(_("Says"), "" if marks is None else ", ".join(marks.claims)),
    ]
    return tuple(replace(line, text=shortened(line.text, 90)) for line in lines if line.text)


def _line(mark: Mark) -> MarkLine:
    """One mark. Its place and width are the same whether it was read or not: nothing moves when more is read."""
    before, strong, after = mark_words(mark)
    return MarkLine(mark.state.value, before, strong, after, len(mark.wanted) > NARROW_MARK)


# --- the stub ------------------------------------------------------------------------------------


def evidence(promotion: Promotion | None) -> Evidence | None:
    """The weakest of the five; with the most it may be worth, where the promotion caps it."""
    plain = strength_of("screen")
    cap = None if promotion is None else promotion.evidence.get("screen")
    if cap is None or promotion is None or plain is None:
        return plain
    currency = None if promotion.value is None else promotion.value.currency
    most = _("%(rank)s, %(most)s at most", rank=plain.rank, most=amount(cap, currency))
    return replace(plain, rank=most)


def name_on_it(reading: ScreenReading) -> Fact:
    """The name that was read."""
    if not reading.handle:
        return Fact(_("Name on it"), _("Not read"), large=True)
    return Fact(_("Name on it"), shortened(reading.handle, MOST_NAME), large=len(reading.handle) <= MOST_NAME // 2)


def clock_on_it(reading: ScreenReading, now: datetime, zone: tzinfo) -> Fact:
    """The clock that was read, and how long ago that was where it can be told."""
    if clock_minutes(reading.clock) is None:
        return Fact(_("Clock on it"), _("Not read"), large=True)
    return Fact(_("Clock on it"), reading.clock, large=True, note=clock_age(reading.clock, now, zone))


def clock_age(clock: str, now: datetime, zone: tzinfo) -> str:
    """As "4 min ago"; empty where it is no time of the last hours. A clock up to 12:59 may be of either half day."""
    shown = clock_minutes(clock)
    if shown is None:
        return ""
    local = now.astimezone(zone)
    at = local.hour * 60 + local.minute
    meant = (shown, shown + _HALF_DAY) if shown < _HALF_DAY + 60 else (shown,)
    ages = [(at - one + AHEAD_MINUTES) % _DAY - AHEAD_MINUTES for one in meant]
    age = min(ages)
    if age > OLDEST_CLOCK_MINUTES:
        return ""
    return _("now") if age < 1 else _("%(age)s ago", age=times.ago(age * 60))


def shown_before(showing: Showing, reading: ScreenReading) -> Fact:
    """Whether it was, as far as is known here; what that hangs on may not have been read."""
    not_checked = showing.verdict.facts.get("not_checked")
    if isinstance(not_checked, list) and Reason.SEEN_BEFORE.value in not_checked:
        unread = _("clock not read") if reading.handle else _("name not read")
        unread = unread if reading.handle or reading.clock else _("name and clock not read")
        return Fact(_("Shown before"), _("Cannot tell"), note=unread)
    return Fact(_("Shown before"), _("No, as known here"))


def foot(reading: ScreenReading) -> tuple[str, str]:
    """As ("4 of 5 marks read,", "two frames agree")."""
    read = sum(mark.state is MarkState.READ for mark in reading.marks)
    frames = frames_agree(reading.frames).rstrip(".")
    marks = _("%(read)d of %(all)d marks read,", read=read, all=len(reading.marks))
    return marks, frames[:1].lower() + frames[1:]
