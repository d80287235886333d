"""The closed set of reasons: each has words for the clerk and for the customer, and no word has lost its reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kiosk.core.verdict import Reason
from kiosk.web import words
from kiosk.web.asked import Asked
from kiosk.web.words_for_customers import CUSTOMER

ASKED = Asked(facts={}, promotion=None, zone=UTC, now=datetime(2026, 11, 6, 18, tzinfo=UTC))


@pytest.mark.parametrize("reason", Reason)
def test_reason_has_words_for_clerk_and_customer(reason: Reason) -> None:
    clerk, customer = words.for_reason(reason, ASKED), words.for_customer(reason, ASKED)
    assert clerk.headline
    assert clerk.say
    assert customer.headline


def test_every_word_has_a_reason() -> None:
    assert set(words.CLERK) == set(CUSTOMER) == set(Reason)
