"""A signed voucher at a real counter: honoured once, and journalled with its face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import to_ms
from kiosk.core.catalogue import Catalogue
from kiosk.core.fact import Redemption
from kiosk.core.issuers import Issuer, Issuers
from kiosk.core.verdict import Outcome, Reason
from kiosk.core.voucher import Voucher, counter_reference, issue, key_id, reference
from kiosk.display import Display, State
from kiosk.web.views import Desk
from tests.core_world import FLEET_KEY, catalogue, promotion
from tests.counter_world import NOON, Floor, open_floor

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
TACO = Voucher(
    key_id(PUBLIC), reference("tacos"), 7, to_ms(NOON), to_ms(NOON) + 3_600_000, 350, reference("bayside"),
    counter_reference("counter-1"),
)  # fmt: skip


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = open_floor(tmp_path)
    known = catalogue(
        promotion(credentials=["voucher"], codes=None, words=None, value={"amount": "12.00", "currency": "USD"})
    )
    made.catalogue = Catalogue(
        7, known.published_at_ms, known.organisation, known.promotions, {}, FLEET_KEY,
        issuers=Issuers([Issuer(PUBLIC, 0)]),
    )  # fmt: skip
    made.counter.catalogue = made.catalogue
    yield made
    made.journal.close()


def answer(display: Display) -> tuple[Outcome, Reason]:
    assert display.showing is not None
    return display.showing.verdict.outcome, display.showing.verdict.reason


def redeem(floor: Floor, voucher: Voucher = TACO) -> Display:
    display = floor.counter.look(issue(voucher, KEY))
    assert display.showing is not None
    return floor.counter.redeem(display.showing.id, "ana")


def written(floor: Floor) -> list[Redemption]:
    return [fact for _, _, fact in floor.journal.replay() if isinstance(fact, Redemption)]


def test_a_voucher_is_redeemed_with_no_list_and_written_with_its_face(floor: Floor) -> None:
    assert redeem(floor).state is State.REDEEMED
    (fact,) = written(floor)
    assert (fact.credential_kind, fact.amount_minor, fact.currency) == ("voucher", 350, "USD")


def test_a_voucher_without_a_face_is_written_with_what_its_promotion_is_worth(floor: Floor) -> None:
    redeem(floor, replace(TACO, face_minor=None))
    assert written(floor)[0].amount_minor == 1200


def test_a_voucher_that_was_used_is_refused_after_a_restart_too(floor: Floor) -> None:
    display = redeem(floor)
    assert display.showing is not None
    floor.counter.next(display.showing.id)
    floor.restart()
    assert answer(floor.counter.look(issue(TACO, KEY).lower())) == (Outcome.REFUSE, Reason.USED_HERE)
    assert answer(floor.counter.look(issue(replace(TACO, serial=8), KEY))) == (Outcome.ACCEPT, Reason.OK)


def test_a_voucher_whose_window_closed_since_it_was_shown_is_not_redeemed(floor: Floor) -> None:
    display = floor.counter.look(issue(TACO, KEY))
    assert display.showing is not None
    floor.clock.move(3600)
    assert floor.counter.redeem(display.showing.id, "ana").state is State.VERDICT
    assert not written(floor)


def test_the_ticket_says_that_it_was_signed_and_is_new(floor: Floor) -> None:
    display = floor.counter.look(issue(TACO, KEY))
    ticket = Desk(floor.counter, boot="boot").ticket(display, floor.clock.now())
    assert ("This voucher", "Not used before") in [(fact.label, fact.text) for fact in ticket.facts]
    assert ticket.evidence is not None
    assert ticket.evidence.words == "Signed"
