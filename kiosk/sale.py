"""The sale at the till: what was redeemed in it, what it comes to, and who the customer is.

Rules of this module:

- A sale ends when the clerk says "Next customer", or another code takes the place of one that was redeemed.
- What a customer gives to be known by is kept as a keyed hash only.
- A redemption that is taken back is no part of its sale any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from kiosk.core.credential import fold
from kiosk.core.decide import Sale, Taken, customer_digest
from kiosk.core.fact import Redemption
from kiosk.core.money import AmountError, to_minor
from kiosk.display import Display, State
from kiosk.errors import CounterfoilError

NOT_THAT_SALE = "Another customer's code came meanwhile. What was typed was not taken for it."


@dataclass(frozen=True, slots=True)
class OpenSale:
    """One customer at the till. ``id`` is 16 random bytes; ``redeemed`` by the number of the stub."""

    id: bytes
    basket_minor: int | None = None
    holder: bytes | None = field(default=None, repr=False)
    redeemed: tuple[tuple[int, Taken], ...] = ()


class Till:
    """The sale that is open at a counter, and who works there. Not locked here: the counter's lock is held."""

    def __init__(self, mint: Callable[[], bytes], fleet_key: bytes) -> None:
        """``mint`` gives 16 random bytes."""
        self._mint = mint
        self._fleet_key = fleet_key
        self.on_duty: str | None = None
        self.sale = OpenSale(mint())

    def asked(self) -> Sale:
        """As ``decide`` looks at it."""
        redeemed = tuple(taken for _, taken in self.sale.redeemed)
        return Sale(self.on_duty, self.sale.holder, self.sale.basket_minor, redeemed)

    def begin(self) -> None:
        """The next customer."""
        self.sale = OpenSale(self._mint())

    def turn_to(self, display: Display, text: str | None) -> None:
        """Another code, or a screen (None), takes the place of what is on display: the next customer's.

        Unless something was redeemed in the sale, and the place is empty or a verdict's: that sale goes on.
        """
        showing = display.showing
        again = showing is not None and text is not None and text == showing.text
        if again and display.state is State.VERDICT:
            return
        if display.state not in (State.VERDICT, State.IDLE) or not self.sale.redeemed:
            self.begin()

    def tell(self, basket_minor: int | None, customer: str) -> None:
        """What the sale comes to (None: not told), and by what the customer is known; empty: as told before."""
        who = customer_digest(self._fleet_key, customer) if fold(customer) else self.sale.holder
        self.sale = replace(self.sale, basket_minor=basket_minor, holder=who)

    def redeemed(self, n: int, fact: Redemption) -> None:
        """Stub ``n`` was written; one of another sale, or told again, changes nothing."""
        if fact.sale == self.sale.id and all(stub != n for stub, _ in self.sale.redeemed):
            taken = Taken(fact.promotion, fact.amount_minor)
            self.sale = replace(self.sale, redeemed=(*self.sale.redeemed, (n, taken)))

    def taken_back(self, n: int) -> None:
        """Stub ``n`` was voided."""
        self.sale = replace(self.sale, redeemed=tuple(one for one in self.sale.redeemed if one[0] != n))


def basket_minor(text: str, currency: str) -> int | None:
    """What was typed as the total of the sale, in minor units; None for nothing. A comma is a decimal point.

    Raises ``basket-unreadable``.
    """
    typed = text.strip().replace(",", ".").lstrip("$€£").strip()
    if not typed:
        return None
    try:
        return to_minor(typed, currency)
    except AmountError:
        raise CounterfoilError(
            "basket-unreadable", f"{text.strip()[:20]!r} is no amount", cure="Type it as 24.50."
        ) from None
