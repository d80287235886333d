"""What a counter's camera makes of a phone that somebody holds up: drawn screens, filmed frame by frame.

Screens are rendered from our own pages in a real browser; the camera is a model: perspective, a hand that moves a
little, focus that breathes, glare that wanders, fingers, dim light with its noise, JPEG. One seed, one clip.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from playwright.sync_api import Page, sync_playwright

from kiosk.vision.picture import Image

PHONE_CSS_PX = (390, 800)
STATUS = '<div class="bar"><b>{clock}</b><span>LTE &#9646;&#9646;&#9646; {battery}%</span></div>'
STYLES = {
    "badge": ("#f4f4f6", "#1b1b1f", "Georgia, 'DejaVu Serif', serif", "center"),
    "feed": ("#ffffff", "#111318", "'DejaVu Sans', Arial, sans-serif", "left"),
    "night": ("#101216", "#eef0f3", "'DejaVu Sans', Arial, sans-serif", "left"),
    "ticket": ("#fff8e8", "#2b2113", "'DejaVu Sans Condensed', 'DejaVu Sans', sans-serif", "left"),
    "poster": ("#0d5c63", "#ffffff", "'DejaVu Sans', Arial, sans-serif", "center"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The words on one screen. ``talk`` is a sentence about the offer, in place of the offer itself."""

    venue: str
    offer: str
    word: str = ""
    dates: str = ""
    claims: tuple[str, ...] = ()
    clock: str = "9:41"
    handle: str = "@zed.z"
    talk: str = ""


def page_of(shown: Shown, style: str, battery: int) -> str:
    """The HTML of a screen in one of ``STYLES``."""
    ground, ink, font, align = STYLES[style]
    said = {
        name: html.escape(str(getattr(shown, name))) for name in ("venue", "offer", "word", "dates", "handle", "talk")
    }
    claims = "".join(f"<p class=claim>{html.escape(one)}</p>" for one in shown.claims)
    offer = f"<p>{said['talk']}</p>" if shown.talk else f"<h2>{said['offer']}</h2>"
    word = f"<p class=word>{said['word']}</p>" if shown.word else ""
    dates = f"<p class=small>Valid {said['dates']}. One per guest.</p>" if shown.dates else ""
    return f"""<!doctype html><meta charset=utf-8><style>
      body {{ margin: 0; width: {PHONE_CSS_PX[0]}px; height: {PHONE_CSS_PX[1]}px; overflow: hidden;
              background: {ground}; color: {ink}; font: 17px/1.35 {font}; text-align: {align} }}
      .bar {{ display: flex; justify-content: space-between; padding: 12px 24px; font: 600 15px/1 sans-serif }}
      main {{ padding: 26px 24px }}
      h1 {{ font-size: 25px; margin: 0 0 4px }} h2 {{ font-size: 22px; margin: 22px 0 8px }}
      .small {{ font-size: 14px }} .word {{ font: 700 22px/1.4 'DejaVu Sans Mono', monospace; letter-spacing: .04em }}
      .picture {{ height: 150px; border-radius: 14px; margin: 18px 0;
                  background: linear-gradient(120deg, #e4572e, #f3a712) }}
      .claim {{ font-weight: 700; text-transform: uppercase; font-size: 14px; margin: 16px 0 0 }}
    </style>{STATUS.format(clock=shown.clock, battery=battery)}<main><h1>{said["venue"]}</h1>
    <p class=small>{said["handle"]} &middot; Today {shown.clock}</p><div class=picture></div>
    {claims}{offer}{word}{dates}<p class=small>Show this screen at the counter.</p></main>"""


@contextmanager
def browser(executable: str) -> Iterator[Page]:
    """A page of the size of a phone's screen."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        size: Any = {"width": PHONE_CSS_PX[0], "height": PHONE_CSS_PX[1]}
        yield chromium.new_page(viewport=size, device_scale_factor=2)
        chromium.close()


def render(page: Page, shown: Shown, style: str, battery: int) -> Image:
    """The screen as the phone draws it, at twice its CSS size."""
    page.set_content(page_of(shown, style, battery))
    decoded = cv2.imdecode(np.frombuffer(page.screenshot(type="png"), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


# --- the camera ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Take:
    """How one showing is filmed: frame pixels a CSS pixel, degrees of roll and tilt, and how much of each trouble."""

    px_per_css: float
    roll_deg: float
    tilt: float
    blur_px: float
    motion_px: float
    glare: float
    light: float
    finger: bool
    upside_down: bool


def take(chance: Generator) -> Take:
    """A showing as counters see them: mostly easy, now and then hard."""
    return Take(
        px_per_css=float(chance.uniform(0.62, 1.05)),
        roll_deg=float(chance.normal(0, 7)),
        tilt=float(chance.uniform(-0.12, 0.12)),
        blur_px=float(chance.choice([0, 0, 0.6, 1.2, 1.8])),
        motion_px=float(chance.choice([0, 0, 0, 4, 8])),
        glare=float(chance.choice([0, 0, 0.6, 1.0])),
        light=float(chance.choice([1.0, 1.0, 1.0, 0.35, 0.2])),
        finger=bool(chance.random() < 0.4),
        upside_down=bool(chance.random() < 0.1),
    )


def film(screen: Image, how: Take, frames: int, chance: Generator) -> list[Image]:
    """``frames`` of 1280 x 720 of a hand that holds ``screen`` up, a fifth of a second apart."""
    ground = _ground(chance)
    drift = np.cumsum(chance.normal(0, 3, (frames, 3)), axis=0)
    phase = chance.uniform(0, 6.3)
    return [
        _frame(screen, how, ground, drift[i], float(0.5 + 0.5 * np.sin(phase + 1.7 * i)), chance) for i in range(frames)
    ]


def _ground(chance: Generator) -> Image:
    coarse = chance.integers(20, 200, (9, 16, 3), dtype=np.uint8)
    wide = cv2.resize(coarse, (1280, 720), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        x, y, w, h = (int(v) for v in chance.integers([0, 0, 40, 40], [1240, 680, 300, 260]))
        cv2.rectangle(wide, (x, y), (x + w, y + h), [int(v) for v in chance.integers(0, 255, 3)], -1)
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), 4), np.uint8)


def _frame(screen: Image, how: Take, ground: Image, drift: Any, breath: float, chance: Generator) -> Image:
    body = cv2.copyMakeBorder(screen, 30, 30, 24, 24, cv2.BORDER_CONSTANT, value=(22, 22, 24))
    body_height, body_width = body.shape[:2]
    warp = _placed(body_width, body_height, how, drift)
    frame, size = ground.copy(), (1280, 720)
    small = cv2.warpPerspective(
        cv2.GaussianBlur(body, (0, 0), 0.9 / how.px_per_css), warp, size, flags=cv2.INTER_LINEAR
    )
    covered = cv2.warpPerspective(np.full(body.shape[:2], 255, np.uint8), warp, size)
    frame[covered > 127] = small[covered > 127]
    if how.finger:
        left, low = cv2.perspectiveTransform(np.array([[[10.0, body_height * 0.62]]]), warp)[0, 0]
        cv2.ellipse(frame, (int(left), int(low)), (62, 24), -25, 0, 360, (120, 150, 205), -1, cv2.LINE_AA)
    return _seen(frame, how, drift, breath, chance)


def _placed(width: int, height: int, how: Take, drift: Any) -> Any:
    scale = how.px_per_css / 2
    turn = np.deg2rad(how.roll_deg + 0.5 * drift[2] + (180 if how.upside_down else 0))
    square = np.array([[-width, -height], [width, -height], [width, height], [-width, height]], float) / 2
    square[:, 0] *= 1 + how.tilt * np.sign(square[:, 1])
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = square @ rotation * scale + (640 + drift[0], 370 + drift[1])
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.getPerspectiveTransform(flat, corners.astype(np.float32))


def _seen(frame: Image, how: Take, drift: Any, breath: float, chance: Generator) -> Image:
    light: Any = frame.astype(np.float32)
    if how.glare:
        spot = np.zeros((720, 1280), np.float32)
        at = (int(640 + 25 * drift[0]), int(330 + 25 * drift[1]))
        cv2.ellipse(spot, at, (150, 60), 30 + 10 * drift[2], 0, 360, 1.0, -1)
        light += how.glare * 230 * cv2.GaussianBlur(spot, (0, 0), 40)[..., None]
    if how.blur_px:
        light = cv2.GaussianBlur(light, (0, 0), 0.3 + how.blur_px * breath)
    if how.motion_px * breath >= 2:
        length = int(how.motion_px * breath)
        light = cv2.filter2D(light, -1, np.full((1, length), 1 / length, np.float32))
    noisy = light * how.light + chance.normal(0, 2.5 / how.light**0.5, light.shape)
    ok, encoded = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert ok
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


# --- what is shown ---------------------------------------------------------------------------------


def variants(promotion: Mapping[str, Any], others: Sequence[Mapping[str, Any]], chance: Generator) -> tuple[Shown, str]:
    """(what a phone shows, why it is no screen of ``promotion``: "" where it is one)."""
    marks = promotion["screen"]
    words = promotion.get("words") or [""]
    true = Shown(
        venue=str(promotion["venue"]),
        offer=str(marks["offer"]),
        word=str(words[0]),
        dates=str(marks.get("dates_shown", "")),
        claims=tuple(marks.get("claims", ())),
        clock=f"{chance.integers(1, 24)}:{chance.integers(0, 60):02d}",
        handle=f"@{chance.choice(['zed', 'ana', 'kim', 'lee'])}.{chance.choice(['z', 'b', 'fox', 'm'])}",
    )
    kind = str(chance.choice(["", "", "", "other_venue", "old_date", "near_code", "talk"]))
    return _as(kind, true, others, chance), kind if _applies(kind, true) else ""


def _applies(kind: str, true: Shown) -> bool:
    return bool({"old_date": true.dates, "near_code": true.word}.get(kind, kind))


def _as(kind: str, true: Shown, others: Sequence[Mapping[str, Any]], chance: Generator) -> Shown:
    fields = {name: getattr(true, name) for name in Shown.__slots__}
    if kind == "other_venue":
        venues = [
            str(one["venue"]) for one in others if one["venue"] != true.venue and one["screen"]["offer"] != true.offer
        ]
        fields["venue"] = str(chance.choice([*venues, "Gull & Anchor", "Corner House"]))
    elif kind == "old_date" and true.dates:
        fields["dates"] = str(chance.choice(["Aug 3 - Aug 9", "Sep 12 - Sep 20", "May 1 - May 31"]))
    elif kind == "near_code" and true.word:
        at = int(chance.integers(0, len(true.word)))
        fields["word"] = true.word[:at] + str(chance.choice(list("47KHW"))) + true.word[at + 1 :]
        if fields["word"] == true.word:
            fields["word"] = f"{true.word}7"
    elif kind == "talk":
        offer = true.offer[:1].lower() + true.offer[1:]
        fields |= {"talk": f"We got the {offer} and it was lovely.", "word": "", "dates": ""}
    return Shown(**fields)
