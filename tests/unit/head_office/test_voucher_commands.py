"""``head-office voucher`` as a person types it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from kiosk.core.voucher import parse
from kiosk.errors import CounterfoilError
from kiosk.vision.codes import Decoder
from kiosk.vision.picture import grey, read_picture
from tests.head_office_shell import Shell
from tests.head_office_world import PROMOTIONS


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    made = Shell(tmp_path, capsys)
    (tmp_path / "promotions.yaml").write_text(PROMOTIONS.replace("[listed]", "[listed, voucher]"), encoding="utf-8")
    made.run("publish", tmp_path / "promotions.yaml", "--organisation", tmp_path / "organisation.yaml")
    return made


def issued(shell: Shell, capsys: pytest.CaptureFixture[str], *typed: object) -> list[str]:
    """The lines on standard output."""
    arguments: argparse.Namespace = shell.arguments("voucher", "issue", *typed, "--data", shell.data)
    assert arguments.run(arguments) == 0
    return capsys.readouterr().out.splitlines()


def test_init_makes_the_first_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell(tmp_path, capsys)
    shell.run("init")
    (path,) = shell.data.glob("issuer-*.key")
    (key,) = shell.run("voucher", "keys")["keys"]
    assert path.name == f"issuer-{key['key']}.key"


def test_issue_writes_one_text_a_line_and_json_last(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    *texts, last = issued(shell, capsys, "tacos", "--count", 3)
    assert [parse(text).voucher.serial for text in texts] == [1, 2, 3]
    answer = json.loads(last)
    key = parse(texts[0]).voucher.key_id.hex()
    assert answer == {"promotion": "tacos", "key": key, "first": 1, "last": 3, "count": 3, "files": []}


def test_every_option_is_in_the_voucher(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    text, _ = issued(
        shell, capsys, "tacos", "--serial", 40, "--from", "2026-11-02T10:00Z", "--until", "2026-11-03T10:00Z",
        "--face", "3.00", "--store", "bayside", "--counter", "front",
    )  # fmt: skip
    voucher = parse(text).voucher
    assert (voucher.serial, voucher.face_minor) == (40, 300)
    assert (voucher.ends_at_ms or 0) - (voucher.starts_at_ms or 0) == 24 * 3_600_000
    assert voucher.store is not None
    assert voucher.counter is not None


def test_the_qr_codes_are_read_as_what_was_written(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shell.place / "codes"
    *texts, last = issued(shell, capsys, "tacos", "--count", 2, "--png", folder)
    pictures = [read_picture(folder / name) for name in json.loads(last)["files"]]
    seen = [[one.text for one in Decoder().read(grey(picture))] for picture in pictures]
    assert seen == [[text] for text in texts]


def test_a_folder_that_cannot_be_made_takes_no_serial(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = shell.arguments(
        "voucher", "issue", "tacos", "--png", shell.place / "promotions.yaml", "--data", shell.data
    )
    with pytest.raises(CounterfoilError) as refused:
        arguments.run(arguments)
    assert refused.value.code == "folder-not-writable"
    assert json.loads(issued(shell, capsys, "tacos")[-1])["first"] == 1


def test_revoke_and_rotate_are_sealed_and_said(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    key = json.loads(issued(shell, capsys, "tacos", "--count", 5)[-1])["key"]
    with_key = ["voucher", "revoke", "--key", key]
    revoked = shell.run(*with_key, "--from", 2, "--until", 3, "--promotion", "tacos")
    assert revoked == {"key": key, "first": 2, "last": 3, "promotion": "tacos"}
    assert "serials 2 to 3" in shell.said
    rotated = shell.run("voucher", "rotate-key", "--until", "2099-12-31")
    assert rotated["before"]["key"] == key
    assert rotated["before"]["trusted_until"] == "2100-01-01T00:00:00+00:00"
    assert "hold before 2100-01-01" in shell.said
    known = shell.run("voucher", "keys")
    assert [one["key"] for one in known["keys"]] == [key, rotated["key"]]
    assert [one["next_serial"] for one in known["keys"]] == [6, 1]
    assert known["revoked"] == [revoked]


def test_the_very_first_rotation_has_no_key_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Shell(tmp_path, capsys).run("voucher", "rotate-key")["before"] is None
