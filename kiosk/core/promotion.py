"""Promotions as head office publishes them: the interchange format, one schema for YAML and JSON.

Rules of this module:

- Unknown fields, wrong types and words where a number belongs are errors; nothing is guessed.
- Amounts are text with exact decimals, in the currency of ``value``; dates are ISO 8601; instants there are none.
- What cannot work is refused here, before it is published: :class:`PromotionFile` sees all at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from kiosk.core.credential import MAX_CHARACTERS, fold, fold_word, present
from kiosk.core.money import NO_CURRENCY, AmountError, to_minor
from kiosk.core.organisation import Amount, Currency, Fault, Kebab, Words, refusal
from kiosk.core.pretix import read_key
from kiosk.core.schedule import DAY_NAMES, HOURS_PATTERN, HoursError, Schedule, parse_hours
from kiosk.core.voucher import same_references

CredentialKind = Literal["screen", "voucher", "listed", "word", "rotating", "gs1", "foreign"]

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Count = Annotated[StrictInt, Field(ge=1, le=1_000_000_000)]


def _date_is_iso(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise refusal(Fault((), f"There is no day {value}.")) from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise refusal(Fault((), f"{value!r} is no date.", "Write it as 2026-11-30."))


def _hours_are_a_span(value: str) -> str:
    try:
        parse_hours(value)
    except HoursError as error:
        raise refusal(Fault((), f"{error}.")) from None
    return value


def _can_be_held_up(value: str) -> str:
    if present(value) is None:
        what = "is empty" if len(value) <= MAX_CHARACTERS else f"has {len(value)} characters"
        raise refusal(
            Fault((), f"The code {what}.", f"A code has 1 to {MAX_CHARACTERS} characters besides spaces and hyphens.")
        )
    return value


def _at_least_one(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise refusal(Fault((), "The list is empty.", "Name at least one."))
    return values


# not Field(min_length=1): that would call a list with one wrong item empty as well
_NotEmpty = AfterValidator(_at_least_one)
_AT_LEAST_ONE = Field(json_schema_extra={"minItems": 1})

IsoDate = Annotated[date, BeforeValidator(_date_is_iso)]
Hours = Annotated[str, StringConstraints(strict=True, pattern=HOURS_PATTERN), AfterValidator(_hours_are_a_span)]
Code = Annotated[str, StringConstraints(strict=True), AfterValidator(_can_be_held_up)]
StoreName = Annotated[
    str,
    StringConstraints(strict=True, max_length=129, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)?$"),
]
"""A store, a group, or one counter of a store ("bayside/front")."""

OfferCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{6}$")]


class _Published(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)


class Value(_Published):
    """What one redemption is worth: an amount, or a percentage of the basket with an optional cap."""

    amount: Amount | None = None
    percent: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    at_most: Amount | None = None
    currency: Currency | None = None

    @model_validator(mode="after")
    def _one_way_of_counting(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise refusal(Fault((), "A value is an amount or a percentage.", "Give one of the two."))
        if self.at_most is not None and self.percent is None:
            raise refusal(Fault(("at_most",), "Only a percentage can be capped.", "Remove at_most."))
        if self.currency is None and (self.amount or self.at_most):
            raise refusal(Fault((), "The value names no currency.", "Add currency: USD, or whichever it is."))
        if self.amount is not None and not self.amount.strip("0."):
            raise refusal(Fault(("amount",), "A value of nothing is none.", "Leave value out."))
        return self

    @property
    def amount_minor(self) -> int | None:
        """The amount in minor units of the currency; None for a percentage."""
        return None if self.amount is None or self.currency is None else to_minor(self.amount, self.currency)


class Valid(_Published):
    """When it runs: dates inclusive, hours start-inclusive and end-exclusive, all store-local."""

    from_: Annotated[IsoDate, Field(alias="from")]
    until: IsoDate
    days: tuple[Day, ...] = ()
    hours: tuple[Hours, ...] = ()
    except_: Annotated[tuple[IsoDate, ...], Field(alias="except")] = ()

    @field_validator("until")
    @classmethod
    def _until_is_not_before_from(cls, until: date, so_far: ValidationInfo) -> date:
        first = so_far.data.get("from_")
        if first is not None and until < first:
            raise refusal(Fault((), f"until {until} lies before from {first}.", "Swap them."))
        return until

    @model_validator(mode="after")
    def _some_day_is_left(self) -> Self:
        schedule = self.schedule()
        if next(schedule.days_from(self.from_), None) is None:
            raise refusal(Fault((), "With these days and exceptions it never runs.", "Check days and except."))
        return self

    def schedule(self) -> Schedule:
        """The same as the core reckons with it."""
        days = frozenset(DAY_NAMES.index(day) for day in self.days) if self.days else frozenset(range(7))
        spans = tuple(parse_hours(hours) for hours in self.hours)
        return Schedule(self.from_, self.until, days, spans, frozenset(self.except_))


class ScreenMarks(_Published):
    """What an authentic check-in or offer screen shows, as posted."""

    offer: Words | None = None
    claims: tuple[Words, ...] = ()
    dates_shown: Words | None = None
    sample: Words | None = None


class Rotating(_Published):
    """A rotating code: the name of a key that head office keeps, never the key."""

    key: Kebab


class Gs1(_Published):
    """GS1 coupons by their offer codes."""

    offer_codes: Annotated[tuple[OfferCode, ...], _NotEmpty, _AT_LEAST_ONE]


class Foreign(_Published):
    """Another system's signed codes."""

    kind: Literal["pretix_sig1"]
    key: Words
    items: tuple[StrictInt, ...] = ()

    @property
    def public_key(self) -> bytes | None:
        """The key's 32 bytes; None where it is none, which publishing refuses: nothing is signed with it."""
        return read_key(self.key)

    def takes(self, item: int) -> bool:
        """Whether tickets for pretix's product ``item`` are meant; none named: all are."""
        return not self.items or item in self.items


class Basket(_Published):
    """What the sale must come to."""

    min: Amount | None = None
    max: Amount | None = None


class Limits(_Published):
    """Caps; each may be reached exactly."""

    total: Count | None = None
    per_store: Count | None = None
    per_store_day: Count | None = None
    per_clerk_day: Count | None = None
    per_customer: Count | None = None
    per_code: Count | None = None
    budget: Amount | None = None


class Offline(_Published):
    """How credentials that can be used once are honoured while head office cannot be reached."""

    policy: Literal["online", "owner", "home-store", "floor"]
    floor: Amount | None = None
    risk: Amount | None = None


class Promotion(_Published):
    """One rule-based benefit that head office has published."""

    id: Kebab
    title: Words
    channel: Literal["check-in", "post", "story", "offer", "text", "email", "print", "other"] = "other"
    network: Words | None = None
    venue: Words | None = None
    venue_aliases: tuple[Words, ...] = ()
    stores: Annotated[tuple[StoreName, ...], _NotEmpty, _AT_LEAST_ONE] | None = None
    gives: Words
    steps: tuple[Words, ...] = ()
    say: Words | None = None
    terms: Words | None = None
    value: Value | None = None
    announce_from: IsoDate | None = None
    valid: Valid
    grace_days: Annotated[StrictInt, Field(ge=0, le=366)] = 0
    paused: StrictBool = False
    credentials: Annotated[tuple[CredentialKind, ...], _NotEmpty, _AT_LEAST_ONE]
    words: tuple[Annotated[Code, Field(max_length=64)], ...] = ()
    codes: tuple[Code, ...] = Field(default=(), repr=False)
    screen: ScreenMarks | None = None
    rotating: Rotating | None = None
    gs1: Gs1 | None = None
    foreign: Foreign | None = None
    evidence: dict[CredentialKind, Amount] = Field(default_factory=dict)
    basket: Basket | None = None
    limits: Limits = Limits()
    offline: Offline | None = None
    stacks_with: tuple[Kebab, ...] = ()
    stack_cap: Amount | None = None
    void_restores_use: StrictBool = True

    @field_validator("valid")
    @classmethod
    def _announced_before_it_runs(cls, valid: Valid, so_far: ValidationInfo) -> Valid:
        announced = so_far.data.get("announce_from")
        if announced is not None and announced > valid.from_:
            raise refusal(
                Fault(
                    ("from",),
                    f"It runs from {valid.from_} but is announced on {announced}.",
                    "Announce it on the first day at the latest.",
                )
            )
        return valid

    @model_validator(mode="after")
    def _each_kind_can_be_recognised(self) -> Self:
        needs: Mapping[str, tuple[str, object]] = {
            "word": ("words", self.words),
            "screen": ("screen", self.screen),
            "rotating": ("rotating", self.rotating),
            "gs1": ("gs1", self.gs1),
            "foreign": ("foreign", self.foreign),
        }
        for i, kind in enumerate(self.credentials):
            name, given = needs.get(kind, ("", True))
            if not given:
                raise refusal(
                    Fault(
                        ("credentials", i),
                        f"Nothing says how to recognise a credential of kind {kind}.",
                        f"Add {name}, or remove {kind} from credentials.",
                    )
                )
        return self

    @model_validator(mode="after")
    def _amounts_fit_the_currency(self) -> Self:
        currency = self.value.currency if self.value is not None else None
        for at, amount in self._amounts():
            try:
                to_minor(amount, currency or NO_CURRENCY)
            except AmountError as error:
                what = (
                    f"{error}" if currency else f"without a currency an amount has two decimals at most, not {amount!r}"
                )
                raise refusal(Fault(at, f"{what}.")) from None
        return self

    def _amounts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        for part in ("value", "basket", "limits", "offline"):
            for name in ("amount", "at_most", "min", "max", "budget", "floor", "risk"):
                amount = getattr(getattr(self, part), name, None)
                if amount is not None:
                    yield (part, name), amount
        for kind, amount in self.evidence.items():
            yield ("evidence", kind), amount
        if self.stack_cap is not None:
            yield ("stack_cap",), self.stack_cap


class PromotionFile(_Published):
    """The whole of a file of promotions; they are checked against each other too."""

    promotions: tuple[Promotion, ...]

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        faults = list(collisions(self.promotions))
        if faults:
            raise refusal(*faults)
        return self


class _Claims:
    """Which promotion each folded code and word was first seen in."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._codes_as_words: dict[str, str] = {}

    def code(self, owner: str, text: str) -> str | None:
        """Claim a listed code for ``owner``; the promotion that a text held up could mean instead, or None."""
        folded = fold(text)
        as_word = fold_word(folded)
        self._codes_as_words.setdefault(as_word, owner)
        first = self._codes.setdefault(folded, owner)
        return first if first != owner else self._words.get(as_word)

    def word(self, owner: str, text: str) -> str | None:
        """Claim a code word likewise."""
        as_word = fold_word(fold(text))
        first = self._words.setdefault(as_word, owner)
        return first if first != owner else self._codes_as_words.get(as_word)


def collisions(promotions: Iterable[Promotion]) -> Iterator[Fault]:
    """Where an id is used twice, or one text held up could mean two promotions, or both a word and a listed code."""
    promotions = tuple(promotions)
    for i, earlier in same_references(one.id for one in promotions):
        what = f"Vouchers could not tell {promotions[i].id!r} from {earlier!r}."
        yield Fault(("promotions", i, "id"), what, "Give one of the two another id.")
    ids: set[str] = set()
    claims = _Claims()
    for i, promotion in enumerate(promotions):
        if promotion.id in ids:
            yield Fault(("promotions", i, "id"), f"The id {promotion.id!r} is used twice.", "Give each its own.")
        ids.add(promotion.id)
        for k, code in enumerate(promotion.codes):
            if other := claims.code(promotion.id, code):
                yield Fault(("promotions", i, "codes", k), _same(code, other), "Change one of the two.")
        for k, word in enumerate(promotion.words):
            if other := claims.word(promotion.id, word):
                yield Fault(("promotions", i, "words", k), _same(word, other), "Change one of the two.")


def _same(text: str, other: str) -> str:
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    return f"{shown!r} is a code or word of {other!r} too (case, spaces, hyphens and look-alikes aside)."


def promotion_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a file of promotions."""
    return PromotionFile.model_json_schema()
