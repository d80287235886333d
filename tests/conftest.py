"""What all tests share: where the checkout is, a Chromium, a free port; and that CI skips nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

from kiosk.setup import components

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
IN_CI = os.environ.get("CI") == "true"

settings.register_profile("counterfoil", deadline=None, print_blob=True)  # two shared cores: no test of a clock
settings.load_profile("counterfoil")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that skips itself has failed: whatever it wants must be there."""
    return _no_skip(item.nodeid, (yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself whole."""
    return _no_skip(collector.nodeid, (yield))


def _no_skip(nodeid: str, report: Report) -> Report:
    if IN_CI and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{nodeid} skipped itself, and in CI nothing may be skipped: {why}"
    return report


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of run_kiosk.py."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser that the tests drive, by its path."""
    found = components.chromium()
    if found is None:
        pytest.skip("no Chromium here: install one, or name it in COUNTERFOIL_CHROMIUM")
    return found


@pytest.fixture
def free_port() -> int:
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
