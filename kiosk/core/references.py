"""What the references in vouchers mean here: the ids of what is published.

A store or counter that is not published has an id that none can have: the voucher is good there, so nowhere here.
"""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.core.organisation import Store
from kiosk.core.voucher import Voucher, counter_reference, reference

UNKNOWN = "#"


class References:
    """The ids of promotions, stores and counters by the references that vouchers have to them."""

    def __init__(self, promotions: Iterable[str], stores: Iterable[Store]) -> None:
        stores = tuple(stores)
        self._promotions = {reference(one): one for one in promotions}
        self._stores = {reference(store.id): store.id for store in stores}
        self._counters = {
            (reference(store.id), counter_reference(place.id)): place.id for store in stores for place in store.counters
        }

    def promotion(self, voucher: Voucher) -> str | None:
        """The promotion's id; None where it is not published."""
        return self._promotions.get(voucher.promotion)

    def store(self, voucher: Voucher) -> str | None:
        """The id of the one store where it is good; None: anywhere."""
        named = voucher.store
        return None if named is None else self._stores.get(named, UNKNOWN + named.hex())

    def counter(self, voucher: Voucher) -> str | None:
        """The id of the one counter of its store where it is good; None: any."""
        if voucher.store is None or voucher.counter is None:
            return None
        return self._counters.get((voucher.store, voucher.counter), UNKNOWN + voucher.counter.hex())
