"""Rotating keys at head office: kept in files, named by promotions, sealed for the counters."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest

from kiosk.core.bundle import catalogue_of
from kiosk.core.credential import present
from kiosk.core.rotating import RotatingKey, Turning
from kiosk.core.sealed_keys import PART, open_keys
from kiosk.errors import CounterfoilError
from sync.head_office.people import add_clerk
from sync.head_office.publish import publish
from sync.head_office.rotating_keys import add, checked_name, held, remove
from sync.head_office.sealing import renew
from tests.head_office_shell import Shell
from tests.head_office_world import an_office, opened
from tests.unit.core.test_wallet import BARCODE, SECRET_HEX


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


SECRET = b"12345678901234567890"
KEY = RotatingKey("tacos-2026", "TACOS-{totp_value_0}", 30_000, (Turning(SECRET, 8),))
OTHER = RotatingKey("tacos-2026", "{totp_value_0}", 30_000, (Turning(SECRET[::-1], 8),))
UNUSED = RotatingKey("unused", "{totp_value_0}", 30_000, (Turning(SECRET, 8),))
PROMOTIONS = """
promotions:
  - id: tacos
    title: Free shrimp tacos
    gives: One shrimp tacos appetizer, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [rotating]
    rotating: {key: tacos-2026}
"""


def code_of(error: pytest.ExceptionInfo[CounterfoilError]) -> str:
    return error.value.code


def test_a_key_is_kept_in_a_file_for_its_owner_and_shows_no_secret(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    assert not add(office, KEY)
    (path,) = (tmp_path / "rotating-keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_bytes()
    assert held(office) == {"tacos-2026": KEY}


def test_a_promotion_whose_key_is_not_kept_yet_is_published_and_noted_at_its_line(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    noted = [
        note for note in publish(office, promotions=PROMOTIONS).notes if "rotating key 'tacos-2026'" in note.message
    ]
    assert [(note.line, note.promotion) for note in noted] == [(8, "tacos")]
    add(office, KEY)
    assert not [note for note in publish(office, promotions=PROMOTIONS).notes if "rotating key" in note.message]


def test_only_keys_that_are_named_leave_head_office_and_sealed(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    add(office, KEY)
    add(office, UNUSED)
    assert PART not in opened(office).parts
    publish(office, promotions=PROMOTIONS)
    assert open_keys(opened(office).parts[PART], office.keys.fleet_key) == {"tacos-2026": KEY}
    assert not any(SECRET in part for part in opened(office).parts.values())


def test_a_counter_recognises_the_codes_of_a_key_from_its_bundle_and_without_the_fleet_key_none(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    add(office, KEY)
    publish(office, promotions=PROMOTIONS)
    now_ms = 1_111_111_109_000
    held_up = present("TACOS-07081804")  # RFC 6238, appendix B
    credential = catalogue_of(opened(office), office.keys.fleet_key).credential(held_up, now_ms)
    assert credential is not None
    assert (credential.kind, credential.promotion) == ("rotating", "tacos")
    assert catalogue_of(opened(office), b"").credential(held_up, now_ms) is None
    with pytest.raises(CounterfoilError) as caught:
        catalogue_of(opened(office), bytes(32))
    assert code_of(caught) == "bundle-sealed"


def test_other_changes_leave_the_sealed_part_as_it_is(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    add(office, KEY)
    publish(office, promotions=PROMOTIONS)
    part = opened(office).parts[PART]
    add_clerk(office, "Ana", ["bayside"])
    assert opened(office).parts[PART] == part
    latest = office.store.latest_bundle()
    assert latest is not None
    renew(office, office.store, latest)
    assert opened(office).parts[PART] == part


def test_a_key_in_force_is_replaced_only_on_purpose_and_at_once(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    add(office, KEY)
    publish(office, promotions=PROMOTIONS)
    with pytest.raises(CounterfoilError) as caught:
        add(office, OTHER)
    assert code_of(caught) == "rotating-key-exists"
    assert held(office) == {"tacos-2026": KEY}
    assert add(office, OTHER, replace=True)
    assert open_keys(opened(office).parts[PART], office.keys.fleet_key) == {"tacos-2026": OTHER}


def test_a_key_that_a_promotion_names_is_not_removed(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    add(office, KEY)
    publish(office, promotions=PROMOTIONS)
    with pytest.raises(CounterfoilError) as caught:
        remove(office, "tacos-2026")
    assert code_of(caught) == "rotating-key-in-use"
    publish(office, promotions="promotions: []")
    remove(office, "tacos-2026")
    assert held(office) == {}
    with pytest.raises(CounterfoilError) as caught:
        remove(office, "tacos-2026")
    assert code_of(caught) == "rotating-key-unknown"


def test_a_key_that_cannot_be_read_is_named_with_its_file(tmp_path: Path) -> None:
    office = an_office(tmp_path)
    add(office, KEY)
    path = tmp_path / "rotating-keys" / "tacos-2026.key"
    path.rename(path.with_name("renamed.key"))
    with pytest.raises(CounterfoilError) as caught:
        held(office)
    assert code_of(caught) == "rotating-key-unreadable"
    assert caught.value.where.endswith("renamed.key")


@pytest.mark.parametrize("name", ["", "Tacos", "../fleet", "a/b", "a" * 65, "tacos_2026"])
def test_a_name_that_no_promotion_could_write_is_refused(name: str) -> None:
    with pytest.raises(CounterfoilError) as caught:
        checked_name(name)
    assert code_of(caught) == "rotating-key-name"


# --- the commands --------------------------------------------------------------------------------


def test_a_wallet_file_is_added_listed_and_removed(shell: Shell) -> None:
    file = shell.place / "pass.json"
    file.write_text(json.dumps({"rotatingBarcode": BARCODE}), encoding="utf-8")
    assert shell.run("rotating-key", "add", "tickets", "--file", file) == {"name": "tickets", "in_force": False}
    (listed,) = shell.run("rotating-key", "list")["rotating_keys"]
    assert listed == {
        "name": "tickets", "pattern": BARCODE["valuePattern"], "period_ms": 3000, "algorithm": "sha1", "digits": [8],
        "promotions": [],
    }  # fmt: skip
    assert SECRET_HEX not in shell.said
    shell.run("rotating-key", "remove", "tickets")
    assert shell.run("rotating-key", "list") == {"rotating_keys": []}


def test_a_secret_is_taken_from_standard_input_and_turns_every_30_seconds(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET_HEX + "\n"))
    shell.run("rotating-key", "add", "tacos-2026", "--secret-hex", "-", "--digits", "8", "--pattern", KEY.pattern)
    assert held(shell.office()) == {"tacos-2026": KEY}


def test_a_key_that_could_not_work_is_refused_by_its_code(shell: Shell) -> None:
    with pytest.raises(CounterfoilError) as caught:
        shell.run("rotating-key", "add", "tacos-2026", "--secret-hex", "3132")
    assert code_of(caught) == "rotating-key-form"


def test_what_a_wallet_file_says_is_not_said_again(shell: Shell) -> None:
    file = shell.place / "pass.json"
    file.write_text(json.dumps(BARCODE), encoding="utf-8")
    with pytest.raises(CounterfoilError) as caught:
        shell.run("rotating-key", "add", "tickets", "--file", file, "--digits", "6")
    assert "--digits" in caught.value.what


def test_the_promotions_that_use_a_key_are_named(shell: Shell) -> None:
    shell.run("rotating-key", "add", "tacos-2026", "--secret-hex", SECRET_HEX)
    (shell.place / "promotions.yaml").write_text(PROMOTIONS, encoding="utf-8")
    shell.run("publish", shell.place / "promotions.yaml", "--organisation", shell.place / "organisation.yaml")
    (listed,) = shell.run("rotating-key", "list")["rotating_keys"]
    assert listed["promotions"] == ["tacos"]
    assert shell.run("rotating-key", "add", "tacos-2026", "--secret-hex", SECRET_HEX, "--replace")["in_force"]
