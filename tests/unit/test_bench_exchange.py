"""The bench of the exchange measures what it says, on a few redemptions."""

from __future__ import annotations

from tests.bench.exchange import measure


def test_the_bench_has_every_figure_of_its_bar() -> None:
    figures = measure(["--redemptions", "60"])
    assert figures["redemptions"] == figures["entries"] == 60
    assert figures["idle_round_trips"] == 1
    assert 0 < figures["idle_bytes"] < 1_000
    assert 40 < figures["bytes_per_entry"] < 200
    assert figures["upload_s"] > 0
