"""The sample organisation and promotions of the demo, dated around the day they are made."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

_HERE = Path(__file__).parent
_DAY = re.compile(r"\{day([+-]\d+)\}")
_SHOWN_DAY = re.compile(r"\{shown([+-]\d+)\}")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

SCENE = (
    {"text": "TACO-7F3K-9QXM", "holder": "phone", "caption": "One shrimp tacos, free"},
    {"text": "LIMEPIE", "holder": "phone", "caption": "Free key lime pie"},
    {
        "text": "Free clam chowder", "holder": "screen", "caption": "You're checked in!", "venue": "Harbor Grill",
        "small": "{shown-6} - {shown+21}", "clock": "9:41", "customer": "@zed.z",
    },
    {"text": "RINGS4ME", "holder": "paper", "caption": "Free onion rings"},
    {"text": "TACO-2M8R-5JWD", "holder": "paper", "caption": "One shrimp tacos, free"},
    {"text": "LUNCH15", "holder": "phone", "caption": "15% off lunch"},
    {"text": "https://example.org/menu", "holder": "paper", "caption": "Our menu"},
)  # fmt: skip
"""What the demo's camera films, in order: accepts, a check-in to look at, and the commonest refusals."""


def promotions(today: date) -> str:
    """The sample promotions as YAML, their windows laid around ``today``."""
    return _dated(_read("promotions.yaml"), today)


def scene(today: date) -> list[dict[str, str]]:
    """What the demo's camera films, with the dates that the promotions of ``today`` have."""
    return [{name: _dated(words, today) for name, words in item.items()} for item in SCENE]


def _dated(text: str, today: date) -> str:
    text = _DAY.sub(lambda found: str(today + timedelta(days=int(found[1]))), text)
    return _SHOWN_DAY.sub(lambda found: _shown(today + timedelta(days=int(found[1]))), text)


def _shown(day: date) -> str:
    """``day`` as a check-in shows it, in English whatever this machine speaks: "Nov 21"."""
    return f"{_MONTHS[day.month - 1]} {day.day}"


def organisation(time_zone: str) -> str:
    """The sample organisation as YAML, with its stores in ``time_zone`` (an IANA name)."""
    return _read("organisation.yaml").replace("{time_zone}", time_zone)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
