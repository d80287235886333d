"""Rights in words: what each is for, how much, and by what a decision may overrun a cap."""

from __future__ import annotations

from kiosk.core.contradictions import money, worth_minor
from kiosk.core.promotion import Promotion
from kiosk.core.rights import Right, RightKind
from sync.head_office.names import Names
from sync.head_office.stranded import Why, is_money

WHY: dict[Why, str] = {
    "revoked": "device revoked",
    "fenced": "fenced: its journal was copied",
    "replaced": "another device took its place",
    "silent": "silent",
}


def right_words(right: Right, names: Names) -> str:
    """What a right is for."""
    if right.kind is RightKind.STORE:
        return f"Uses at {names.store(right.subject.decode('utf-8', 'replace'))}"
    if right.kind is RightKind.ONCE:
        return f"One credential ({right.subject[:4].hex()})"
    return {
        RightKind.TOTAL: "Uses in all",
        RightKind.BUDGET: "Budget",
        RightKind.RISK: "Risk of codes used twice",
    }[right.kind]


def amount_words(promotion: Promotion | None, right: Right, amount: int) -> str:
    """How much of a right: "7 uses", "84.00 USD"."""
    if not is_money(right):
        return f"{amount:,} {'use' if amount == 1 else 'uses'}"
    return money(promotion, amount) if promotion is not None else f"{amount:,} minor units"


def overrun_words(promotion: Promotion | None, right: Right, amount: int) -> str:
    """What freeing so much risks."""
    much = amount_words(promotion, right, amount)
    if right.kind is RightKind.RISK:
        return f"Codes used twice may cost at most {much} more than planned."
    if right.kind is RightKind.ONCE:
        return "That credential may be honoured once more than it may be."
    worth = None if promotion is None or is_money(right) else worth_minor(promotion)
    also = f" / {money(promotion, worth * amount)}" if promotion is not None and worth else ""
    return f"The limit may be exceeded by at most {much}{also}."
