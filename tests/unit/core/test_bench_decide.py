from __future__ import annotations

import json

from tests.bench.decide import measure


def test_the_bench_measures_verdicts_of_many_reasons_and_vouchers_that_hold() -> None:
    figures = measure(["--rounds", "300", "--redemptions", "120", "--promotions", "30"])
    assert figures["decisions"] == sum(figures["reasons"].values()) == 300
    assert figures["vouchers"] == 30
    assert set(figures["reasons"]) >= {"ok", "unknown-code", "used-here", "wrong-store", "wrong-hour"}
    assert figures["reasons"]["ok"] > 150
    assert figures["decide_us_median"] > 0
    ratio = figures["voucher_us_median"] / figures["ed25519_us_median"]
    assert abs(figures["voucher_ratio"] - ratio) < 0.01
    json.dumps(figures)
