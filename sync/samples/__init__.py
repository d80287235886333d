"""The sample organisation and promotions of the demo, dated around the day they are made."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

_HERE = Path(__file__).parent
_DAY = re.compile(r"\{day([+-]\d+)\}")

SCENE = (
    {"text": "TACO-7F3K-9QXM", "holder": "phone", "caption": "One shrimp tacos, free"},
    {"text": "LIMEPIE", "holder": "phone", "caption": "Free key lime pie"},
    {"text": "RINGS4ME", "holder": "paper", "caption": "Free onion rings"},
    {"text": "TACO-2M8R-5JWD", "holder": "paper", "caption": "One shrimp tacos, free"},
    {"text": "LUNCH15", "holder": "phone", "caption": "15% off lunch"},
    {"text": "https://example.org/menu", "holder": "paper", "caption": "Our menu"},
)
"""What the demo's camera films, in order: accepts, and the commonest refusals."""


def promotions(today: date) -> str:
    """The sample promotions as YAML, their windows laid around ``today``."""
    return _DAY.sub(lambda found: str(today + timedelta(days=int(found[1]))), _read("promotions.yaml"))


def organisation(time_zone: str) -> str:
    """The sample organisation as YAML, with its stores in ``time_zone`` (an IANA name)."""
    return _read("organisation.yaml").replace("{time_zone}", time_zone)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
