"""What words are made of, and what they come to: a credential that was answered, and what clerk and customer read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from kiosk.core.promotion import Promotion
from kiosk.core.verdict import FactValue
from kiosk.web import times


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that would work: an icon's name, the words that matter, and the rest of the sentence."""

    icon: str
    strong: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What the clerk reads: the headline, the line under it, words to say aloud, and what would work."""

    headline: str
    sub: str
    say: str
    would_work: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerWords:
    """What the customer reads on a screen of their own."""

    headline: str
    sub: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One refused or accepted credential, with all that words can be made of.

    ``zone`` and ``store`` (its name) are of the store where it is asked; ``taking_part`` names all that take part.
    ``like`` is the promotion that a screen is nearly of.
    """

    facts: Mapping[str, FactValue]
    promotion: Promotion | None
    zone: tzinfo
    now: datetime
    store: str = ""
    taking_part: tuple[str, ...] = ()
    like: Promotion | None = None

    @property
    def title(self) -> str:
        return "This promotion" if self.promotion is None else self.promotion.title

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def at(self, name: str) -> datetime | None:
        """The instant that a fact names."""
        return times.parse(self.facts.get(name))

    def names(self, name: str) -> list[str]:
        """The names that a fact lists."""
        listed = self.facts.get(name)
        return [str(one) for one in listed] if isinstance(listed, list) else []

    @property
    def differs(self) -> list[Mapping[str, FactValue]]:
        """The marks that differ on a screen: each "mark", "wanted" and "found"."""
        listed = self.facts.get("differs")
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

    @property
    def next_ok(self) -> Mapping[str, FactValue]:
        found = self.facts.get("next_ok")
        return found if isinstance(found, dict) else {}


def either(names: Sequence[str]) -> str:
    """As "Bayside", "Bayside or Pier 9", "Bayside, Pier 9 or Quay"."""
    return _listed(names, "or")


def both(names: Sequence[str]) -> str:
    """As "Bayside", "Bayside and Pier 9"."""
    return _listed(names, "and")


def _listed(names: Sequence[str], word: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
