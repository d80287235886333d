"""A scenario put to ``decide``: the world that it speaks of, what is held up in it, and the answer.

Rules of this module:

- The world has the scenario's store, all stores of its history and all names that promotions give as stores, in the
  scenario's time zone; stores of an organisation keep their own. A name that is a group there is no store.
- What is held up is its text, as at a counter, whatever kind it is said to be. Two exceptions: a screen's text is what
  was read off it, and what is said to be a voucher, a coupon or a ticket, has the shape of none and is nothing else
  is malformed. A ticket is a voucher of somebody else's, so either name does.
- A screen off which no name and clock are read is known again by its text, as held up by the same holder: a line has no
  other way to say that it is the same screen.
- Offline, an allowance that is not given limits nothing, and a risk that is not given is the whole of the promotion's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from kiosk.core import pretix
from kiosk.core.catalogue import Catalogue, Credential
from kiosk.core.credential import Presented, digest, fold, present
from kiosk.core.decide import Place, Sale, Taken, customer_digest, decide
from kiosk.core.gs1 import read_coupon
from kiosk.core.issuers import NO_ISSUERS
from kiosk.core.marks import Marks
from kiosk.core.money import NO_CURRENCY
from kiosk.core.organisation import Organisation, Store
from kiosk.core.promotion import Promotion
from kiosk.core.screen import PresentedScreen
from kiosk.core.situation import Allowance, ClockInterval, Freshness, Situation
from kiosk.core.terms import Terms
from kiosk.core.verdict import FactValue, Verdict
from kiosk.core.voucher import is_voucher
from kiosk.scenarios.fields import Fields, to_ms
from kiosk.scenarios.keys import read_keys, written_keys
from kiosk.scenarios.reading import Scenario, Shown
from kiosk.scenarios.screen_text import read_as_screen
from kiosk.scenarios.standing import UNKNOWN_COUNTER, Recognised, holder_on, standing_of

FLEET_KEY = b"the fleet key of every scenario"
_SHAPED = frozenset({"voucher", "gs1", "foreign"})
_AGE = {Freshness.STALE: timedelta(hours=25), Freshness.EXPIRED: timedelta(days=31)}

HeldUp = Presented | PresentedScreen | None


class Trial:
    """The promotions of one file, and the organisation if there is one; answers any number of scenarios."""

    def __init__(
        self,
        promotions: Mapping[str, Promotion],
        organisation: Organisation | None = None,
        known: Catalogue | None = None,
    ) -> None:
        """``known``: what tells codes beside the promotions themselves, such as imported lists and keys."""
        self._promotions = promotions
        self._organisation = organisation or Organisation(name="Scenarios")
        self._known = Catalogue.empty(FLEET_KEY) if known is None else known
        self._marks = Marks(promotions.values())
        self._inline = self._digests({one.id: one.codes for one in promotions.values()})
        self._catalogue = lru_cache(maxsize=256)(self._made_catalogue)
        self._keys = lru_cache(maxsize=64)(read_keys)
        self._reading = lru_cache(maxsize=1024)(lambda text: read_as_screen(text, self._marks))

    def answer(self, scenario: Scenario) -> Verdict:
        """The verdict; raises :class:`ScenarioFault` where what is written does not fit its promotion."""
        catalogue = self.catalogue(scenario)
        held_up = self._held_up(scenario.credential, scenario.at, catalogue, scenario.holder)
        situation = self._situation(scenario, catalogue, held_up)

        def recognise(shown: Shown, at: datetime, holder: str | None) -> Recognised:
            if shown.kind is None and shown.text == scenario.credential.text:
                shown = scenario.credential
            of_one = scenario.holder is None or holder is None
            return self._recognised(shown, at, catalogue, scenario.holder if of_one else holder)

        known = standing_of(scenario.history, catalogue, recognise, situation)
        place = Place(scenario.store, scenario.counter or "")
        return _told(decide(held_up, catalogue, known, place, scenario.at, _sale(scenario, catalogue)))

    # --- the world -------------------------------------------------------------------------------

    def catalogue(self, scenario: Scenario) -> Catalogue:
        """What is published in the world of ``scenario``."""
        zone = scenario.zone
        if zone is None:
            here = self._organisation.store(scenario.store)
            if here is None:
                scenario.fields.fail("time_zone", "The field is missing.", 'Write for example "America/New_York".')
            zone = here.zone
        stores = frozenset({scenario.store, *(item.store for item in scenario.history)})
        listed = tuple(sorted(scenario.listed.items()))
        return self._catalogue(stores, zone.key, listed, _published_ms(scenario), written_keys(scenario.fields))

    def _made_catalogue(
        self,
        stores: frozenset[str],
        zone: str,
        listed: tuple[tuple[str, tuple[str, ...]], ...],
        published_at_ms: int,
        written: str,
    ) -> Catalogue:
        """A world; the same one for the same words."""
        house = self._organisation
        groups = {group for store in house.stores for group in store.groups}
        theirs = {name.partition("/")[0] for one in self._promotions.values() for name in one.stores or ()}
        missing = sorted((stores | theirs) - groups - {store.id for store in house.stores})
        made = [Store.model_construct(id=name, name=name, time_zone=zone) for name in missing]
        organisation = house.model_copy(update={"stores": (*house.stores, *made)})
        known, keys = self._known, self._keys(written)
        return replace(
            known,
            version=1,
            published_at_ms=published_at_ms,
            organisation=organisation,
            promotions=self._promotions,
            listed={**known.listed, **self._digests(dict(listed)), **self._inline},
            rotating={**known.rotating, **keys.rotating},
            issuers=known.issuers if keys.issuers is NO_ISSUERS else keys.issuers,
        )

    def _digests(self, codes: Mapping[str, Iterable[str]]) -> dict[bytes, str]:
        """Listed codes as the catalogue looks them up; what is malformed is nobody's."""
        listed = {}
        for promotion, texts in codes.items():
            for text in texts:
                presented = present(text)
                if presented is not None:
                    listed[digest(self._known.fleet_key, "listed", presented.folded)] = promotion
        return listed

    # --- what is held up -------------------------------------------------------------------------

    def _held_up(self, shown: Shown, at: datetime, catalogue: Catalogue, holder: str | None) -> HeldUp:
        presented = present(shown.text)
        if shown.kind == "screen" and presented is not None:
            showing = digest(catalogue.fleet_key, "showing", f"{presented.folded}\x00{fold(holder or '')}")
            return PresentedScreen(self._reading(shown.text), showing)
        if presented is None or shown.kind not in _SHAPED or _has_a_shape(presented.text, at):
            return presented
        found = catalogue.identify(presented, to_ms(at))
        return presented if isinstance(found, Credential) else None

    def _recognised(self, shown: Shown, at: datetime, catalogue: Catalogue, holder: str | None) -> Recognised:
        kinds = (None, "screen") if shown.kind is None else (shown.kind,)
        for kind in kinds:
            held_up = self._held_up(Shown(kind, shown.text), at, catalogue, holder)
            found = None if held_up is None else catalogue.identify(held_up, to_ms(at))
            if isinstance(found, Credential):
                named = holder_on(held_up, catalogue.fleet_key) if isinstance(held_up, PresentedScreen) else None
                return Recognised(found, named)
        return Recognised()

    # --- the counter -----------------------------------------------------------------------------

    def _situation(self, scenario: Scenario, catalogue: Catalogue, held_up: HeldUp) -> Situation:
        found = catalogue.credential(held_up, to_ms(scenario.at))
        promotion = "" if found is None else found.promotion
        terms = catalogue.terms(promotion)
        currency = NO_CURRENCY if terms is None else terms.currency
        allowance = _allowance(scenario.fields, currency, counts_money=_caps_money_alone(terms))
        if allowance.risk_minor is None and terms is not None:
            allowance = replace(allowance, risk_minor=terms.offline.risk_minor)
        return Situation(
            online=scenario.online,
            fenced=scenario.fenced,
            freshness=Freshness(scenario.freshness),
            clock=None if scenario.clock is None else ClockInterval(*scenario.clock),
            allowances={} if scenario.online else {promotion: allowance},
            held=_held(found, terms, allowance),
        )


def _held(found: Credential | None, terms: Terms | None, allowance: Allowance) -> frozenset[tuple[str, bytes]]:
    """The credential's own right: what an allowance of uses is about where an owner holds it and nothing is capped."""
    if found is None or terms is None or not allowance.uses or terms.offline.policy != "owner":
        return frozenset()
    limits = terms.promotion.limits
    is_capped = any(cap is not None for cap in (limits.total, limits.per_store, limits.budget))
    return frozenset() if is_capped else frozenset({(found.promotion, found.digest)})


def _has_a_shape(text: str, at: datetime) -> bool:
    return is_voucher(text) or pretix.split(text) is not None or read_coupon(text, at.date()) is not None


def _published_ms(scenario: Scenario) -> int:
    """When the promotions were published; a stale list of which it is not told, a little too long ago."""
    if scenario.published_at is not None:
        return to_ms(scenario.published_at)
    age = _AGE.get(Freshness(scenario.freshness))
    return 0 if age is None else to_ms(scenario.at - age)


def _caps_money_alone(terms: Terms | None) -> bool:
    """Whether a budget is all that is capped: what is left of that is money."""
    if terms is None or terms.budget_minor is None:
        return False
    return terms.promotion.limits.total is None and terms.promotion.limits.per_store is None


def _allowance(fields: Fields, currency: str, *, counts_money: bool) -> Allowance:
    """``allowance`` is uses as a whole number (minor units if it ``counts_money``), money as a text, or an object.

    The object names each. ``risk`` is money.
    """
    risk_minor, written = fields.money("risk", currency), fields.raw("allowance")
    if isinstance(written, str) or (counts_money and not isinstance(written, dict)):
        return Allowance(amount_minor=fields.money("allowance", currency), risk_minor=risk_minor)
    if not isinstance(written, dict):
        return Allowance(uses=fields.whole("allowance"), risk_minor=risk_minor)
    inner = Fields(written, "allowance")
    own_risk_minor = inner.money("risk", currency)
    return Allowance(
        uses=inner.whole("uses"),
        store_uses=inner.whole("store_uses"),
        amount_minor=inner.money("amount", currency),
        risk_minor=risk_minor if own_risk_minor is None else own_risk_minor,
    )


def _sale(scenario: Scenario, catalogue: Catalogue) -> Sale:
    return Sale(
        clerk=scenario.clerk,
        holder=None if scenario.holder is None else customer_digest(catalogue.fleet_key, scenario.holder),
        basket_minor=scenario.basket_minor,
        redeemed=tuple(Taken(*one) for one in scenario.in_sale),
    )


def _told(verdict: Verdict) -> Verdict:
    """The verdict without what the history does not tell: at which counter, by whom."""
    untold: Mapping[str, FactValue] = {"used_counter": UNKNOWN_COUNTER, "clerk": ""}
    facts = {name: value for name, value in verdict.facts.items() if (name, value) not in untold.items()}
    return replace(verdict, facts=facts)
