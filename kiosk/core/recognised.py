"""What something held up turned out to be: a credential of a promotion, or nothing that can be honoured, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from kiosk.core.verdict import FactValue, Reason


@dataclass(frozen=True, slots=True)
class Right:
    """What a credential itself says. Each may be None: it does not say.

    It holds from ``starts_at_ms`` until just before ``ends_at_ms`` (Unix milliseconds), or from ``starts_on`` to
    ``last_on``, which are days on the calendar of whichever store it is held up in, both included: paper names no
    time zone. It is worth ``face_minor`` in the currency of its promotion, and only at ``store`` (id), there only at
    ``counter`` (id). ``home`` is the store ("bayside") or the counter ("bayside/front") that may honour it while head
    office cannot be asked.
    """

    starts_at_ms: int | None = None
    ends_at_ms: int | None = None
    face_minor: int | None = None
    store: str | None = None
    counter: str | None = None
    home: str | None = None
    starts_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """What was held up and is known: its kind, whose it is, its 16-byte digest, its text.

    ``shared``: any number of customers hold the same one (a code word), so its uses are not counted. ``used_up``: head
    office has marked it as used.
    """

    kind: str
    promotion: str
    digest: bytes
    text: str
    right: Right | None = None
    shared: bool = False
    used_up: bool = False


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """What was held up and cannot be honoured for what it is; ``reason`` is of the first group of them, or old-code.

    ``promotion`` is an id where it is known and published; ``shown_at_ms`` is when an old rotating code was fresh.
    """

    reason: Reason
    promotion: str | None = None
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    shown_at_ms: int | None = None


UNKNOWN_CODE = Unrecognised(Reason.UNKNOWN_CODE)
MISREAD_CODE = Unrecognised(Reason.MISREAD_CODE)
