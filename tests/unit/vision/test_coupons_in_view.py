"""Coupons printed in the codes that GS1 allows for them, from the picture to the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from kiosk.core.verdict import Reason
from kiosk.vision.codes import Decoder
from kiosk.vision.picture import Image
from tests.core_world import catalogue, promotion
from tests.counter_world import Floor, open_floor

SERIAL = "(8112)001234561234560654321"
MANY_ALIKE = "(8110)012345612345611110123"


def printed(elements: str, symbology: str) -> Image:
    """A picture of a GS1 code: FNC1 first, and after each value that has no predefined length."""
    made = zxingcpp.create_barcode(elements, getattr(zxingcpp.BarcodeFormat, symbology), gs1=True)
    drawn = np.array(made.to_image(scale=4), np.uint8)
    drawn = np.asarray(cv2.copyMakeBorder(drawn, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255), np.uint8)
    return np.asarray(cv2.cvtColor(drawn, cv2.COLOR_GRAY2BGR), np.uint8)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = open_floor(tmp_path)
    made.counter.catalogue = catalogue(
        promotion(credentials=["gs1"], gs1={"offer_codes": ["123456"]}, codes=None, words=None)
    )
    yield made
    made.journal.close()


@pytest.mark.parametrize(
    ("symbology", "identifier"), [("Code128", "]C1"), ("DataBarExp", "]e0"), ("DataMatrix", "]d2"), ("QRCode", "]Q3")]
)
@pytest.mark.parametrize("elements", [SERIAL, MANY_ALIKE, f"(10)LOT7{SERIAL}(17)301231"])
def test_a_printed_coupon_is_filmed_and_honoured(floor: Floor, elements: str, symbology: str, identifier: str) -> None:
    sightings = Decoder().read(printed(elements, symbology))
    assert [one.identifier for one in sightings] == [identifier]
    floor.counter.in_view(sightings)
    showing = floor.counter.display.showing
    assert showing is not None
    assert (showing.verdict.reason, showing.credential_kind) == (Reason.OK, "gs1")


def test_a_printed_coupon_that_breaks_off_is_malformed(floor: Floor) -> None:
    floor.counter.in_view(Decoder().read(printed(SERIAL[:-4], "DataMatrix")))
    showing = floor.counter.display.showing
    assert showing is not None
    assert showing.verdict.reason is Reason.MALFORMED
    assert showing.verdict.facts == {"why": "truncated-serial-number"}


def test_a_coupon_that_was_filmed_is_the_same_when_it_is_typed(floor: Floor) -> None:
    floor.counter.in_view(Decoder().read(printed(SERIAL, "Code128")))
    showing = floor.counter.display.showing
    assert showing is not None
    floor.counter.redeem(showing.id, "ana")
    floor.counter.seen(showing.id)
    typed = floor.counter.look("(8112) 0 0 123456 123456 0 654321").showing
    assert typed is not None
    assert typed.verdict.reason is Reason.USED_HERE
