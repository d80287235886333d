"""The bundle as it lies in the journal, and the code lists beside it, made into one catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.code_lists import CodeCache
from kiosk.config import Enrolment
from kiosk.core.bundle import catalogue_of, open_bundle
from kiosk.core.catalogue import Catalogue
from kiosk.errors import BundleError
from kiosk.ports import CachedBundle


@dataclass(frozen=True, slots=True)
class InForce:
    """The promotions in force, and what they lack; the times are the manifest's, Unix milliseconds."""

    catalogue: Catalogue
    fresh_until_ms: int
    hard_until_ms: int
    lacks: BundleError | None = None


class _Everything:
    def __contains__(self, _sha256: object) -> bool:
        return True


def open_cached(cached: CachedBundle, enrolment: Enrolment, floor: int, lists: CodeCache | None) -> InForce:
    """The catalogue, and what it lacks: a damaged list of codes must not stop what else a bundle holds.

    ``lists`` puts the bundle's lists in force; None: they are among its parts. Raises ``BundleError``; then what was in
    force before stays so.
    """
    if lists is None:
        opened = open_bundle(cached.envelope, cached.parts, enrolment.root_key, floor)
        return InForce(catalogue_of(opened, enrolment.fleet_key), opened.fresh_until_ms, opened.hard_until_ms)
    opened = open_bundle(cached.envelope, cached.parts, enrolment.root_key, floor, held=_Everything())
    catalogue = catalogue_of(opened, enrolment.fleet_key, lists)
    lists.use(opened.chunks)
    return InForce(catalogue, opened.fresh_until_ms, opened.hard_until_ms, None if lists.complete else _lists_missing())


def _lists_missing() -> BundleError:
    return BundleError(
        "lists-missing",
        "Some listed codes are missing here and would be called unknown",
        cure="They are fetched again by themselves when head office can be reached.",
    )
