"""What words are made of, and what they come to: a credential that was answered, and what clerk and customer read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from kiosk.core.money import AmountError, from_minor, to_minor
from kiosk.core.promotion import Promotion
from kiosk.core.verdict import FactValue, Outcome
from kiosk.web import times
from kiosk.web.language import gettext as _
from kiosk.web.printed import amount


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
    ``like`` is the promotion that a screen is nearly of. ``outcome`` is None where the reason alone says it.
    """

    facts: Mapping[str, FactValue]
    promotion: Promotion | None
    zone: tzinfo
    now: datetime
    store: str = ""
    taking_part: tuple[str, ...] = ()
    like: Promotion | None = None
    outcome: Outcome | None = None

    @property
    def title(self) -> str:
        return _("This promotion") if self.promotion is None else self.promotion.title

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

    def count(self, name: str) -> int | None:
        """The whole number that a fact states."""
        found = self.facts.get(name)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def money(self, name: str) -> str:
        """The amount that a fact states, as "$12.00"; empty where it states none."""
        found = self._money(name)
        return "" if found is None else amount(*found)

    def missing(self, has: str, wants: str) -> str:
        """What the amount ``has`` lacks of the amount ``wants``, as "$4.00"; empty where that cannot be told."""
        one, other = self._money(has), self._money(wants)
        if one is None or other is None or one[1] != other[1]:
            return ""
        try:
            lacking_minor = to_minor(other[0], other[1]) - to_minor(one[0], one[1])
        except AmountError:
            return ""
        return amount(from_minor(lacking_minor, one[1]), one[1]) if lacking_minor > 0 else ""

    def _money(self, name: str) -> tuple[str, str] | None:
        found = self.facts.get(name)
        if not isinstance(found, dict):
            return None
        text, currency = found.get("amount"), found.get("currency")
        return (text, currency) if isinstance(text, str) and isinstance(currency, str) else None

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
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s or %(last)s", first=", ".join(names[:-1]), last=names[-1])


def both(names: Sequence[str]) -> str:
    """As "Bayside", "Bayside and Pier 9"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])
