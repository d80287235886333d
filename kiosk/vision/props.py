"""What the filmed scene is made of: a counter top, phones and slips with a code, the hand that holds them.

A *prop* is a BGRA image with its colour already multiplied by its opacity, about 1.6 times as large as it is
filmed. All noise is seeded, so that a scene is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import qrcode
from numpy.typing import NDArray

from kiosk.vision.picture import FIT_HEIGHT_PX, FIT_WIDTH_PX, Image

Colour: TypeAlias = tuple[int, int, int]  # blue, green, red
Point: TypeAlias = tuple[int, int]

PROP_WIDTH_PX, PROP_HEIGHT_PX = 960, 1500
_BODY = (210, 60, 750, 1160)  # left, top, right, bottom of the phone in its prop
_SLIP = (190, 60, 770, 1120)

INK: Colour = (21, 26, 30)
INK_SOFT: Colour = (80, 93, 102)
CREAM: Colour = (214, 232, 243)
SHEET: Colour = (248, 253, 255)
PAPER: Colour = (228, 238, 243)
SKINS: tuple[Colour, ...] = ((128, 164, 214), (86, 121, 172), (54, 80, 122), (142, 181, 228))


@dataclass(frozen=True, slots=True)
class SceneItem:
    """One thing a customer holds up: ``text`` is in its code; the rest is printed for people.

    A ``screen`` is a phone with a check-in and no code: ``text`` is what it offers, ``small`` its dates.
    """

    text: str
    holder: str = "phone"
    caption: str = ""
    venue: str = "Harbor Grill"
    small: str = ""
    clock: str = "19:04"
    customer: str = ""


def draw_prop(item: SceneItem, seed: int) -> Image:
    """The phone or slip of ``item`` in a hand, BGRA; ``seed`` chooses the hand."""
    skin = SKINS[seed % len(SKINS)]
    canvas = np.zeros((PROP_HEIGHT_PX, PROP_WIDTH_PX, 3), np.uint8)
    cover = np.zeros((PROP_HEIGHT_PX, PROP_WIDTH_PX), np.uint8)
    if item.holder == "paper":
        _palm(canvas, cover, skin, reach=1010)
        _slip(canvas, cover, item)
        _thumb(canvas, cover, skin, ((700, 1300), (640, 1160), (590, 1060)))
    else:
        _palm(canvas, cover, skin, reach=760)
        _fingers(canvas, cover, skin)
        _phone(canvas, cover, item)
        _thumb(canvas, cover, skin, ((834, 1180), (822, 980), (748, 850)))
    return _with_shadow(canvas, cover)


def draw_check_in(item: SceneItem) -> Image:
    """The screen of a check-in alone, BGR, as a screenshot shows it."""
    canvas = np.zeros((PROP_HEIGHT_PX, PROP_WIDTH_PX, 3), np.uint8)
    _phone(canvas, np.zeros((PROP_HEIGHT_PX, PROP_WIDTH_PX), np.uint8), item)
    left, top, right, bottom = _BODY
    return canvas[top + 15 : bottom - 15, left + 15 : right - 15].copy()


# --- hands ----------------------------------------------------------------------------------------


def _palm(canvas: Image, cover: Image, skin: Colour, reach: int) -> None:
    """The palm behind what is held, and the arm down to the lower edge."""
    arm = [(430, 1520), (420, 1300), (400, reach + 120), (520, reach), (770, reach), (890, reach + 130)]
    _limb(canvas, cover, _dark(skin, 0.9), [*arm, (925, 1180), (880, 1310), (850, 1520)])
    sleeve = np.array([(330, 1500), (380, 1390), (880, 1370), (930, 1500)], np.int32)
    _paint(canvas, cover, _polygon(sleeve), (92, 70, 52))


def _fingers(canvas: Image, cover: Image, skin: Colour) -> None:
    """Four finger tips that come round the left edge."""
    for top, length in ((640, 64), (740, 78), (842, 74), (940, 56)):
        _capsule(canvas, cover, skin, ((_BODY[0] + 70, top + 26), (_BODY[0] - length + 34, top)), 40)


def _thumb(canvas: Image, cover: Image, skin: Colour, bones: Sequence[Point]) -> None:
    """The thumb over the edge, with its nail."""
    _capsule(canvas, cover, skin, bones, 54)
    (x1, y1), (x2, y2) = bones[-2:]
    length = max(1.0, float(np.hypot(x2 - x1, y2 - y1)))
    tip = (round(x2 + 14 * (x2 - x1) / length), round(y2 + 14 * (y2 - y1) / length))
    angle = float(np.degrees(np.arctan2(y2 - y1, x2 - x1)))
    nail = np.zeros(cover.shape, np.uint8)
    cv2.ellipse(nail, tip, (36, 26), angle, 0, 360, 255, -1, cv2.LINE_AA)
    _paint(canvas, cover, nail, _mix(skin, (216, 216, 246), 0.5))


def _capsule(canvas: Image, cover: Image, skin: Colour, bones: Sequence[Point], radius: int) -> None:
    """A finger along ``bones``: darker at its rim, lighter along its middle."""
    outline = np.zeros(cover.shape, np.uint8)
    cv2.polylines(outline, [np.array(bones, np.int32)], False, 255, radius * 2, cv2.LINE_AA)
    _paint(canvas, cover, outline, _dark(skin, 0.78))
    middle = np.zeros(cover.shape, np.uint8)
    cv2.polylines(middle, [np.array(bones, np.int32)], False, 255, round(radius * 1.2), cv2.LINE_AA)
    _paint(canvas, cover, np.minimum(_soft(middle, radius * 0.32), outline), skin)


def _limb(canvas: Image, cover: Image, skin: Colour, outline: Sequence[Point]) -> None:
    """A rounded ``outline``, darker at its rim."""
    mask = _soft(_polygon(np.array(outline, np.int32)), 26)
    mask = np.clip((mask.astype(np.float32) - 112) * 8, 0, 255).astype(np.uint8)
    _paint(canvas, cover, mask, _dark(skin, 0.76))
    inner = np.clip(_soft(mask, 34).astype(np.float32) * 2.2 - 300, 0, 255).astype(np.uint8)
    _paint(canvas, cover, np.minimum(inner, mask), skin)


# --- what is held ---------------------------------------------------------------------------------


def _phone(canvas: Image, cover: Image, item: SceneItem) -> None:
    left, top, right, bottom = _BODY
    _paint(canvas, cover, _rounded(left - 3, top - 3, right + 3, bottom + 3, 76), (112, 108, 104))
    _paint(canvas, cover, _rounded(left, top, right, bottom, 73), (26, 23, 22))
    _paint(canvas, cover, _rounded(left + 15, top + 15, right - 15, bottom - 15, 60), CREAM)
    middle = (left + right) // 2
    cv2.circle(canvas, (middle, top + 52), 13, (26, 23, 22), -1, cv2.LINE_AA)
    _write(canvas, item.clock, (left + 58, top + 62), 38 if item.holder == "screen" else 28, 640)
    _write(canvas, "5G", (right - 158, top + 62), 26, 600)
    _battery(canvas, right - 110, top + 40)
    if item.holder == "screen":
        _check_in(canvas, cover, item)
    else:
        _voucher(canvas, cover, item)
    _paint(canvas, cover, _rounded(middle - 86, bottom - 38, middle + 86, bottom - 30, 4), INK_SOFT)


def _check_in(canvas: Image, cover: Image, item: SceneItem) -> None:
    """A check-in as a phone shows it, its words above the fingers that hold it."""
    left, top, right, bottom = _BODY
    _paint(canvas, cover, _rounded(left + 30, top + 100, right - 30, bottom - 300, 30), SHEET)
    lines = ((item.caption, 170, 38), (item.venue, 256, 48), (item.customer, 332, 40), (item.text, 440, 42))
    for words, down, size in (*lines, (item.small, 520, 42)):
        _write(canvas, words, (left + 52, top + down), size, 700)


def _voucher(canvas: Image, cover: Image, item: SceneItem) -> None:
    left, top, right, _ = _BODY
    middle = (left + right) // 2
    _write(canvas, item.venue, (left + 46, top + 146), 42, 720)
    lines = _lines(item.caption, 420, 36)[:3]
    card_ends = top + 276 + 44 * max(0, len(lines) - 1) + 540
    _paint(canvas, cover, _rounded(left + 38, top + 180, right - 38, card_ends, 30), SHEET)
    _centred(canvas, "YOUR VOUCHER", middle, top + 226, 21, 640, INK_SOFT)
    foot = _caption(canvas, lines, middle, top + 276, 36)
    side = _code(canvas, item.text, middle, foot, 450)
    _centred(canvas, _shown(item.text), middle, foot + side + 36, 24, 560, INK_SOFT)
    _centred(canvas, item.small, middle, card_ends + 52, 23, 520, INK_SOFT)


def _slip(canvas: Image, cover: Image, item: SceneItem) -> None:
    left, top, right, bottom = _SLIP
    middle = (left + right) // 2
    teeth = [(x, top + (0 if i % 2 else 14)) for i, x in enumerate(range(left, right + 1, 20))]
    edge = [*teeth, (right, bottom), (left, bottom)]
    _paint(canvas, cover, _polygon(np.array(edge, np.int32)), PAPER)
    grain = np.random.default_rng(7).normal(0, 2.2, (bottom - top - 20, right - left, 1))
    area = canvas[top + 20 : bottom, left:right]
    area[:] = np.clip(area + cv2.GaussianBlur(grain, (0, 0), 1.5)[..., None] * 2, 0, 255).astype(np.uint8)
    _centred(canvas, item.venue, middle, top + 108, 46, 760, INK)
    cv2.line(canvas, (left + 50, top + 140), (right - 50, top + 140), INK_SOFT, 2, cv2.LINE_AA)
    foot = _caption(canvas, _lines(item.caption, 460, 38)[:3], middle, top + 204, 38)
    side = _code(canvas, item.text, middle, foot + 6, 430)
    _centred(canvas, _shown(item.text), middle, foot + side + 48, 27, 600, INK)
    _centred(canvas, item.small, middle, foot + side + 92, 22, 480, INK_SOFT)


def _code(canvas: Image, text: str, middle: int, top: int, side: int) -> int:
    """Draw the QR code of ``text`` with its quiet zone, at most ``side`` pixels a side; the side it took."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=2)
    code.add_data(text)
    modules = np.array(code.get_matrix(), bool)
    size = max(1, side // len(modules))
    black = np.kron(modules, np.ones((size, size), bool))
    left, length = middle - len(black) // 2, len(black)
    canvas[top : top + length, left : left + length] = np.where(black[..., None], INK, SHEET)
    return length


def _caption(canvas: Image, lines: Sequence[str], middle: int, top: int, size: int) -> int:
    """Write ``lines`` one below the other; where the next thing begins."""
    line_height = round(size * 1.22)
    for number, line in enumerate(lines):
        _centred(canvas, line, middle, top + number * line_height, size, 720, INK)
    return top + max(0, len(lines) - 1) * line_height + 20


def _lines(text: str, width: int, size: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, size, 720) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _battery(canvas: Image, left: int, top: int) -> None:
    cv2.rectangle(canvas, (left, top), (left + 46, top + 22), INK, 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (left + 5, top + 5), (left + 32, top + 17), INK, -1)
    cv2.rectangle(canvas, (left + 48, top + 7), (left + 51, top + 15), INK, -1)


def _shown(text: str) -> str:
    return text if len(text) <= 24 and text.isprintable() else f"{text[:20]}…"


# --- the counter top ------------------------------------------------------------------------------


def draw_counter(seed: int = 11) -> Image:
    """A wooden counter top under a lamp, BGR, a little larger than the frame."""
    chance = np.random.default_rng(seed)
    height, width = FIT_HEIGHT_PX + 16, FIT_WIDTH_PX + 16
    grain = np.zeros((height, width), np.float32)
    for across, along, strength in ((360, 3, 5.0), (200, 5, 5.0), (90, 8, 4.0), (6, 4, 9.0)):
        coarse = chance.normal(0, 1, (across, along)).astype(np.float32)
        grain += strength * np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    grain += chance.normal(0, 2.5, grain.shape).astype(np.float32)
    rows = np.arange(height)
    seams = np.minimum.reduce([np.abs(rows - at) for at in (-30, 214, 458, 700)])
    grain -= 34 * np.exp(-(seams[:, None] ** 2) / 6.0)
    wood = np.array((52, 70, 92), np.float32) + grain[..., None] * np.array((0.62, 0.8, 1.0), np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lamp = 1.18 - 0.5 * (((x - width * 0.44) / width) ** 2 + ((y - height * 0.3) / height) ** 2) ** 0.5
    return np.asarray(np.clip(wood * lamp[..., None], 0, 255), np.uint8)


# --- strokes --------------------------------------------------------------------------------------


def _paint(canvas: Image, cover: Image, mask: Image | NDArray[np.uint8], colour: Colour) -> None:
    """Lay ``colour`` over ``canvas`` where ``mask`` is, and remember that something is there."""
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return
    part = (slice(y, y + height), slice(x, x + width))
    share = mask[part].astype(np.float32)[..., None] / 255
    canvas[part] = np.round(canvas[part] * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)
    opacity = cover[part].astype(np.float32) / 255
    cover[part] = np.round(255 * (1 - (1 - opacity) * (1 - share[..., 0]))).astype(np.uint8)


def _soft(mask: Image, radius: float) -> Image:
    """``mask`` blurred by ``radius`` pixels, at a quarter of its size: nobody sees the difference."""
    small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), radius / 4)
    return np.asarray(cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _polygon(points: NDArray[np.int32]) -> Image:
    mask = np.zeros((PROP_HEIGHT_PX, PROP_WIDTH_PX), np.uint8)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_AA)
    return mask


def _rounded(left: int, top: int, right: int, bottom: int, radius: int) -> Image:
    x1, y1, x2, y2 = left + radius, top + radius, right - radius, bottom - radius
    centres = ((x2, y2, 0), (x1, y2, 90), (x1, y1, 180), (x2, y1, 270))
    points: list[Point] = []
    for x, y, start in centres:
        turn = np.radians(np.linspace(start, start + 90, 24))
        points += [(round(x + radius * float(np.cos(a))), round(y + radius * float(np.sin(a)))) for a in turn]
    return _polygon(np.array(points, np.int32))


_FACE = cv2.FontFace("sans")


def _write(canvas: Image, text: str, at: Point, size: int, weight: int, colour: Colour = INK) -> None:
    cv2.putText(canvas, text, at, colour, _FACE, size, weight)


def _width(text: str, size: int, weight: int) -> int:
    return int(cv2.getTextSize((4000, 400), text, (0, 200), _FACE, size, weight)[2])


def _centred(canvas: Image, text: str, middle: int, base: int, size: int, weight: int, colour: Colour) -> None:
    if text:
        _write(canvas, text, (middle - _width(text, size, weight) // 2, base), size, weight, colour)


def _with_shadow(canvas: Image, cover: Image) -> Image:
    """BGRA with the shadow that the thing throws on the counter: black, so it is opacity alone."""
    cast = np.zeros(cover.shape, np.uint8)
    cast[34:, 26:] = cover[:-34, :-26]
    shade = _soft(cast, 24).astype(np.float32) * (0.5 / 255)
    opacity = 255 - (255 - cover) * (1 - shade)
    return np.dstack([canvas, opacity.round().astype(np.uint8)])


def _dark(colour: Colour, share: float) -> Colour:
    return _mix((0, 0, 0), colour, share)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with ``share`` of ``other``."""
    a, b, c = (round(x * (1 - share) + y * share) for x, y in zip(one, other, strict=True))
    return a, b, c
