"""What pip's words mean for the person who waits."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from kiosk.setup import packages

LOCK = """\
alembic==1.20.1 \\
    --hash=sha256:83
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:08
Argon2_cffi==25.1.0 \\
    --hash=sha256:fd
"""


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk-full"),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: 'x'",
            "no-write-permission",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "package-altered"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] ...", "network-untrusted"),
        ("Retrying after connection broken by 'NewConnectionError('...\nERROR: No matching distribution", "no-network"),
        ("Temporary failure in name resolution", "no-network"),
        ("ERROR: No matching distribution found for apsw==3.54.1.0", "no-package"),
        ("ERROR: something new", "packages-failed"),
    ],
)
def test_failure_of_pip_is_told_by_its_cause(printed: str, code: str) -> None:
    error = packages.failure(printed, Path("requirements.lock"))
    assert error.code == code
    assert error.cure


def test_failure_shows_the_last_word_of_pip_as_evidence() -> None:
    error = packages.failure("ERROR: first\nsome words\nERROR: second\n", Path("requirements.lock"))
    assert error.where == "second"


def test_lock_names_its_packages_as_registries_compare_them(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    lock.write_text(LOCK)
    assert packages.locked(lock) == ["alembic", "colorama", "argon2-cffi"]


@pytest.mark.parametrize(
    ("free", "code"), [(packages.DISK_FULL - 1, "disk-full"), (packages.DISK_FULL, "packages-failed")]
)
def test_failure_without_a_word_on_a_full_disk_is_the_disks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, code: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert packages.failure("Error: Command failed", tmp_path / "requirements.lock").code == code
