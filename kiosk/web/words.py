"""Words for each reason, in the active language: for the clerk, and for the customer. The fact first, plain and kind.

Rules of this module, and of the words_of_* beside it:

- A headline has at most 22 characters ("Starts Friday 17:00"), beside the stub 15 ("Yes. Redeem it."), in any language.
- A headline says the fact, never "invalid"; the reason's code belongs in the stub.
- ``say`` assumes good faith, and may be read aloud as it stands.
- ``would_work`` names only what would really pass, as far as the verdict's facts tell.
- A sentence is one message, so that another language may put its words in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.core.verdict import Outcome, Reason
from kiosk.web import screen_words, words_of_credentials, words_of_limits, words_of_the_line, words_of_time
from kiosk.web.asked import Asked, CustomerWords, Words
from kiosk.web.language import gettext as _
from kiosk.web.language import marked
from kiosk.web.words_for_customers import CUSTOMER

NARROW_HEADLINE = 15

_OUTCOMES = {
    Outcome.ACCEPT: marked("Accept"),
    Outcome.CHECK: marked("Check"),
    Outcome.ASK: marked("Ask"),
    Outcome.REFUSE: marked("Refuse"),
}


def for_outcome(outcome: Outcome) -> str:
    """The one word over the headline."""
    return _(_OUTCOMES[outcome])


def for_reason(reason: Reason, asked: Asked) -> Words:
    """What the clerk reads for ``reason``."""
    return CLERK[reason](asked)


def for_customer(reason: Reason, asked: Asked) -> CustomerWords:
    """What the customer reads for ``reason``."""
    headline, sub = CUSTOMER[reason](asked)
    return CustomerWords(headline, sub)


CLERK: Mapping[Reason, Callable[[Asked], Words]] = {
    Reason.OK: words_of_credentials.ok,
    Reason.LOOK_AT_SCREEN: screen_words.look_at_screen,
    Reason.MALFORMED: words_of_credentials.malformed,
    Reason.MISREAD_CODE: words_of_credentials.misread_code,
    Reason.UNKNOWN_CODE: words_of_credentials.unknown_code,
    Reason.UNKNOWN_ISSUER: words_of_credentials.unknown_issuer,
    Reason.UNKNOWN_PROMOTION: words_of_credentials.unknown_promotion,
    Reason.BAD_SIGNATURE: words_of_credentials.bad_signature,
    Reason.REVOKED: words_of_credentials.revoked,
    Reason.WRONG_CREDENTIAL: words_of_credentials.wrong_credential,
    Reason.USED_HERE: words_of_credentials.used_here,
    Reason.USED_ELSEWHERE: words_of_credentials.used_elsewhere,
    Reason.OLD_CODE: words_of_credentials.old_code,
    Reason.SEEN_BEFORE: screen_words.seen_before,
    Reason.OVER: words_of_time.over,
    Reason.PAUSED: words_of_time.paused,
    Reason.WRONG_STORE: words_of_time.wrong_store,
    Reason.WRONG_COUNTER: words_of_time.wrong_counter,
    Reason.NOT_YET: words_of_time.not_yet,
    Reason.BLACKOUT: words_of_time.blackout,
    Reason.WRONG_DAY: words_of_time.wrong_day,
    Reason.WRONG_HOUR: words_of_time.wrong_hour,
    Reason.LATE_WITHIN_GRACE: words_of_time.late_within_grace,
    Reason.LIMIT_TOTAL: words_of_limits.limit_total,
    Reason.LIMIT_STORE: words_of_limits.limit_store,
    Reason.LIMIT_STORE_DAY: words_of_limits.limit_store_day,
    Reason.LIMIT_CLERK_DAY: words_of_limits.limit_clerk_day,
    Reason.LIMIT_CUSTOMER: words_of_limits.limit_customer,
    Reason.BUDGET_SPENT: words_of_limits.budget_spent,
    Reason.BASKET_TOO_SMALL: words_of_limits.basket_too_small,
    Reason.BASKET_TOO_LARGE: words_of_limits.basket_too_large,
    Reason.DOES_NOT_STACK: words_of_limits.does_not_stack,
    Reason.VALUE_OVER_EVIDENCE: words_of_limits.value_over_evidence,
    Reason.COUNTER_FENCED: words_of_the_line.counter_fenced,
    Reason.NEEDS_HEAD_OFFICE: words_of_the_line.needs_head_office,
    Reason.NO_ALLOWANCE: words_of_the_line.no_allowance,
    Reason.OVER_FLOOR: words_of_the_line.over_floor,
    Reason.PROMOTIONS_STALE: words_of_the_line.promotions_stale,
    Reason.CLOCK_SUSPECT: words_of_the_line.clock_suspect,
}
