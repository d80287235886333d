"""Who belongs to the organisation: its stores with their counters, and its people. One YAML file, one schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from kiosk.core.money import AMOUNT_PATTERN, AmountError, to_minor
from kiosk.core.voucher import COUNTER_REFERENCE_BYTES, same_references

KEBAB_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Kebab = Annotated[str, StringConstraints(strict=True, pattern=KEBAB_PATTERN, max_length=64)]
Words = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=2000)]
Role = Literal["clerk", "shift-manager", "head-office"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a published file: ``at`` is its place below the model that found it, ``cure`` what to do."""

    at: tuple[str | int, ...]
    what: str
    cure: str = ""


def refusal(*faults: Fault) -> ValidationError:
    """The error for a validator to raise: one line for each fault, each at its own place."""
    lines = [
        InitErrorDetails(
            type=PydanticCustomError(
                "refused", "{what} {cure}" if fault.cure else "{what}", {"what": fault.what, "cure": fault.cure}
            ),
            loc=fault.at,
            input=None,
        )
        for fault in faults
    ]
    return ValidationError.from_exception_data("refused", lines)


def _amount_is_text(value: object) -> object:
    if isinstance(value, int | float):
        raise refusal(
            Fault((), f"The amount {value} is a bare number.", 'Write it in quotes, with its decimals: "12.00".')
        )
    return value


Amount = Annotated[str, BeforeValidator(_amount_is_text), StringConstraints(strict=True, pattern=AMOUNT_PATTERN)]
Currency = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise refusal(Fault((), f"{name!r} is no time zone.", 'Write one such as "America/New_York".')) from None
    return name


TimeZoneName = Annotated[StrictStr, AfterValidator(_known_zone)]


class _Published(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CounterPlace(_Published):
    """One counter of a store."""

    id: Kebab
    name: Words


class Store(_Published):
    """One store. ``time_zone`` is an IANA name; ``groups`` are names that promotions can use for several stores."""

    id: Kebab
    name: Words
    time_zone: TimeZoneName
    groups: tuple[Kebab, ...] = ()
    counters: tuple[CounterPlace, ...] = ()
    feedback_url: StrictStr | None = None
    notify: tuple[StrictStr, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The store's time zone."""
        return ZoneInfo(self.time_zone)


class Person(_Published):
    """Who works here. Absent ``stores`` (ids or groups): all of them. ``languages`` are BCP 47 tags."""

    id: Kebab
    name: Words
    role: Role = "clerk"
    stores: tuple[Kebab, ...] = ()
    languages: tuple[StrictStr, ...] = ()


class StaffMember(_Published):
    """A person as the bundle tells counters: who may sign in where, and the PIN's argon2 hash."""

    id: Kebab
    name: Words
    role: Role = "clerk"
    stores: tuple[Kebab, ...] = ()
    pin_hash: StrictStr


class Floor(_Published):
    """Up to which worth a credential that can be used once is honoured while head office cannot be asked."""

    amount: Amount
    currency: Currency

    @model_validator(mode="after")
    def _fits_its_currency(self) -> Self:
        try:
            floor_minor = self.amount_minor
        except AmountError as error:
            raise refusal(Fault(("amount",), f"{error}.")) from None
        if not floor_minor:
            raise refusal(Fault(("amount",), "A floor of nothing honours nothing.", "Leave floor out."))
        return self

    @property
    def amount_minor(self) -> int:
        """The amount in minor units of its currency."""
        return to_minor(self.amount, self.currency)


class Organisation(_Published):
    """The whole of ``organisation.yaml``.

    Absent ``floor``: a promotion that says nothing of its own is not honoured without head office.
    """

    name: Words
    stores: tuple[Store, ...] = ()
    people: tuple[Person, ...] = ()
    floor: Floor | None = None

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        faults = [*self._repeated_ids(), *self._unclear_stores(), *self._same_to_a_voucher()]
        if faults:
            raise refusal(*faults)
        return self

    def _repeated_ids(self) -> Iterator[Fault]:
        yield from _repeated(("stores",), self.stores)
        yield from _repeated(("people",), self.people)
        for i, store in enumerate(self.stores):
            yield from _repeated(("stores", i, "counters"), store.counters)

    def _unclear_stores(self) -> Iterator[Fault]:
        groups = {group for store in self.stores for group in store.groups}
        for i, store in enumerate(self.stores):
            if store.id in groups:
                yield Fault(("stores", i, "id"), f"{store.id!r} names a store and a group.", "Rename one of them.")
        known = groups | {store.id for store in self.stores}
        for i, person in enumerate(self.people):
            for k, name in enumerate(person.stores):
                if name not in known:
                    yield Fault(("people", i, "stores", k), f"There is no store and no group {name!r}.")

    def _same_to_a_voucher(self) -> Iterator[Fault]:
        cure = "Give one of the two another id."
        for i, other in same_references(store.id for store in self.stores):
            yield Fault(("stores", i, "id"), f"Vouchers could not tell {self.stores[i].id!r} from {other!r}.", cure)
        for i, store in enumerate(self.stores):
            ids = [place.id for place in store.counters]
            for k, other in same_references(ids, COUNTER_REFERENCE_BYTES):
                yield Fault(
                    ("stores", i, "counters", k, "id"), f"Vouchers could not tell {ids[k]!r} from {other!r}.", cure
                )

    def store(self, store_id: str) -> Store | None:
        """The store of that id."""
        return next((store for store in self.stores if store.id == store_id), None)

    def stores_named(self, names: Iterable[str] | None) -> tuple[Store, ...]:
        """The stores that ids, groups or single counters ("bayside/front") name, in this order; None names all."""
        if names is None:
            return self.stores
        wanted = {name.partition("/")[0] for name in names}
        return tuple(store for store in self.stores if store.id in wanted or not wanted.isdisjoint(store.groups))


def _repeated(where: tuple[str | int, ...], named: Sequence[CounterPlace | Store | Person]) -> Iterator[Fault]:
    seen: set[str] = set()
    for i, one in enumerate(named):
        if one.id in seen:
            yield Fault((*where, i, "id"), f"The id {one.id!r} is used twice.", "Give each its own.")
        seen.add(one.id)
