"""The bench of the journal measures what it says, on a small one."""

from __future__ import annotations

from pathlib import Path

from tests.bench.journal import measure


def test_the_bench_has_every_figure_of_its_bar(tmp_path: Path) -> None:
    figures = measure(["--entries", "400", "--pairs", "10", "--starts", "1", "--folder", str(tmp_path)])
    assert set(figures) == {
        "entries", "snapshot_s", "snapshot_mb", "renew_s", "compare_s", "verify_per_s", "verify_per_cpu_s",
        "signatures", "restart_s", "restored_ms", "redeem_ratio", "redeem_ms", "bare_ms", "pairs",
    }  # fmt: skip
    assert (figures["entries"], figures["pairs"]) == (400, 10)
    assert figures["signatures"] == 9  # a checkpoint behind every 64 of two feeds
    assert all(figure > 0 for figure in figures.values())
    assert list(tmp_path.iterdir()) == []
