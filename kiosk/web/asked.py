"""What words are made of, and what they come to: a credential that was answered, and what clerk and customer read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from kiosk.core.money import NO_CURRENCY, AmountError, from_minor, to_minor
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

    def is_some(self, name: str) -> bool:
        """Whether the amount that a fact states is more than nothing."""
        found = self._money(name)
        return found is not None and any(digit in "123456789" for digit in found[0])

    def missing(self, has: str, wants: str) -> str:
        """What the amount ``has`` lacks of the amount ``wants``, as "$4.00"; empty where that cannot be told."""
        one, other = self._money(has), self._money(wants)
        if one is None or other is None or one[1] != other[1]:
            return ""
        try:
            currency = one[1] or NO_CURRENCY
            lacking_minor = to_minor(other[0], currency) - to_minor(one[0], currency)
        except AmountError:
            return ""
        return amount(from_minor(lacking_minor, currency), one[1]) if lacking_minor > 0 else ""

    def _money(self, name: str) -> tuple[str, str | None] | None:
        found = self.facts.get(name)
        if not isinstance(found, dict) or not isinstance(found.get("amount"), str):
            return None
        currency = found.get("currency")
        return str(found["amount"]), None if currency is None else str(currency)

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
