"""The lives of counters: which are over."""

from __future__ import annotations

from sync.head_office.records import Enrolment


def ended_at(life: Enrolment) -> int | None:
    """The last entry that counts of a life that was revoked; None: it was not."""
    return life.counts_to if life.revoked else None


def may_hold_rights(life: Enrolment) -> bool:
    """Whether a life may be granted anything: not one whose feed forked, nor one that is over."""
    return not life.fenced and not life.revoked
