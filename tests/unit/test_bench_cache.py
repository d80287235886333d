"""The bench of the cache of codes measures what it says, on a small list."""

from __future__ import annotations

from tests.bench.cache import measure


def test_the_bench_has_every_figure_of_its_bar() -> None:
    figures = measure(["70000"])
    assert list(figures) == [
        "codes", "bytes_per_code", "lookup_us_p99", "open_ms", "install_s", "install_mb", "delta_s",
    ]  # fmt: skip
    assert figures["codes"] == 70_000
    assert 11 < figures["bytes_per_code"] < 20
    assert all(figure > 0 for figure in figures.values())
