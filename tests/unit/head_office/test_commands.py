"""``head-office`` and its commands: exit codes, and JSON as the last line of standard output."""

from __future__ import annotations

import socket
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.errors import CounterfoilError, SetupError
from sync.head_office.accounts import sign_in, token_of
from sync.head_office.commands import PORT
from sync.head_office.publish import current
from sync.head_office.sealing import kept_samples
from tests.head_office_shell import Shell
from tests.head_office_world import PROMOTIONS


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


@pytest.fixture
def published(shell: Shell) -> Shell:
    shell.run("publish", shell.place / "promotions.yaml", "--organisation", shell.place / "organisation.yaml")
    return shell


def test_init_makes_keys_for_the_owner_only_and_a_one_time_password(shell: Shell) -> None:
    password = shell.run("init")["one_time_password"]
    assert password in shell.said
    kept = {path.name: path.stat().st_mode & 0o777 for path in shell.data.iterdir()}
    assert set(kept) >= {"root.key", "publishing.key", "feed.key", "fleet.key", "session.key", "head-office.db"}
    assert set(kept.values()) == {0o600}
    office = shell.office()
    assert sign_in(office, "admin", password, "x").must_change
    office.close()


def test_a_second_init_changes_nothing(shell: Shell) -> None:
    shell.run("init")
    keys = {path.name: path.read_bytes() for path in shell.data.glob("*.key")}
    assert shell.run("init")["one_time_password"] is None
    assert {path.name: path.read_bytes() for path in shell.data.glob("*.key")} == keys


def test_no_key_lies_in_the_database(published: Shell) -> None:
    content = b"".join(path.read_bytes() for path in published.data.glob("head-office.db*"))
    for key in published.data.glob("*.key"):
        assert key.read_bytes() not in content


def test_publish_says_what_changed(shell: Shell) -> None:
    answer = shell.run("publish", shell.place / "promotions.yaml", "--organisation", shell.place / "organisation.yaml")
    assert (answer["published"], answer["version"]) == (True, 1)
    assert {"kind": "added", "what": "promotion", "id": "tacos", "words": ""} in answer["changes"]


def test_publish_names_file_line_column_and_cure(published: Shell) -> None:
    wrong = published.place / "promotions.yaml"
    wrong.write_text(PROMOTIONS.replace("title: Free pie", "titel: Free pie"))
    answer = published.run("publish", wrong, exits=1)
    assert f"{wrong}:12:5: There is no field 'titel' here. Did you mean title?" in published.said
    assert (answer["published"], answer["code"]) == (False, "publication-refused")
    assert [(one["line"], one["path"]) for one in answer["problems"]] == [
        (11, "promotions[1].title"),
        (12, "promotions[1].titel"),
    ]


def test_publish_can_only_check(published: Shell) -> None:
    answer = published.run("publish", published.place / "promotions.yaml", "--check")
    assert answer["published"] is False
    office = published.office()
    state = current(office)
    assert state is not None
    assert state.version == 1
    office.close()


def test_thirty_notes_are_told_one_a_line_with_their_places_before_the_outcome(published: Shell) -> None:
    file = published.place / "promotions.yaml"
    limits = "limits: {per_store_day: 9, per_clerk_day: 9, per_customer: 1}"
    file.write_text("promotions:\n" + "".join(
        f"  - {{id: pie-{n}, title: Pie, gives: Pie, valid: {{from: 2099-11-01, until: 2099-11-30}},\n"
        f"     credentials: [word], words: [LIMEPIE{n}],\n     {limits}}}\n" for n in range(10)
    ))  # fmt: skip
    answer = published.run("publish", file, "--check")
    notes = [note for note in answer["notes"] if note.startswith(f"{file}:")]
    assert len(notes) == 30
    assert notes[0] == (
        f"{file}:4:30: pie-0: per_store_day is best effort: each part of the network that is cut off may give 9 more."
    )  # fmt: skip
    said = published.said.splitlines()
    assert f"Worth knowing ({len(answer['notes'])}):" in said
    assert [f"  {note}" for note in answer["notes"]] == said[-1 - len(answer["notes"]) : -1]
    assert said[-1].startswith("No problem was found; nothing was published")


def test_codes_are_imported_from_a_file(published: Shell) -> None:
    (published.place / "codes.csv").write_text("X-1,bayside\nX-2\n")
    answer = published.run("publish", "--codes", f"tacos={published.place / 'codes.csv'}")
    assert answer["changes"] == [{"kind": "changed", "what": "codes", "id": "tacos", "words": "2 added"}]


def test_a_file_that_is_not_utf_8_is_a_problem_with_its_line(published: Shell) -> None:
    wrong = published.place / "promotions.yaml"
    wrong.write_bytes(b"promotions:\n  - id: caf\xe9\n")
    answer = published.run("publish", wrong, exits=1)
    assert [(one["line"], one["cure"]) for one in answer["problems"]] == [(2, "Save it as UTF-8.")]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("publish",), "nothing-named"),
        (("publish", "nowhere.yaml"), "file-unreadable"),
        (("publish", "--codes", "tacos"), "codes-form"),
        (("pull", "bayside"), "counter-form"),
        (("pull", "bayside/front"), "counter-not-enrolled"),
        (("counter", "code", "bayside", "roof"), "counter-unknown"),
        (("clerk", "add", "Ana", "--pin", "1234"), "pin-weak"),
        (("password", "nobody"), "account-unknown"),
        (("init", "--database", "mysql://x"), "store-url"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_code_and_a_cure(
    published: Shell, typed: tuple[str, ...], code: str
) -> None:
    arguments = published.arguments(*typed, "--data", published.data)
    with pytest.raises(CounterfoilError) as refused:
        arguments.run(arguments)
    assert refused.value.code == code
    assert refused.value.cure


def test_a_clerk_is_added_and_the_pin_shown_once(published: Shell) -> None:
    answer = published.run("clerk", "add", "Ana", "--store", "bayside", "--role", "shift-manager")
    assert (answer["id"], answer["stores"]) == ("ana", ["bayside"])
    assert answer["pin"] in published.said


def test_a_pin_that_was_given_is_not_repeated(published: Shell) -> None:
    assert published.run("clerk", "add", "Ana", "--pin", "2580")["pin"] is None
    assert "2580" not in published.said


def test_a_one_time_code_is_shown(published: Shell) -> None:
    answer = published.run("counter", "code", "bayside", "front")
    assert len(answer["code"]) == 19
    assert answer["code"] in published.said


def test_a_token_is_shown_once_and_opens_the_log(shell: Shell) -> None:
    token = shell.run("token", "add", "till")["token"]
    office = shell.office()
    assert token_of(office, f"Bearer {token}") is not None
    office.close()


def test_a_pull_with_no_address_known_pulls_nothing(published: Shell) -> None:
    assert published.run("pull") == {"pulled": []}


def test_the_schema_is_json_schema(shell: Shell) -> None:
    from jsonschema import Draft202012Validator

    answer = shell.run("schema")
    for schema in answer.values():
        Draft202012Validator.check_schema(schema)


def test_run_is_what_is_done_when_nothing_is_named(shell: Shell) -> None:
    bare, named = shell.arguments(), shell.arguments("run")
    assert bare.run is named.run
    assert bare.port == named.port == PORT
    assert bare.data == named.data == Path("head-office")


def test_options_may_stand_before_or_behind_the_command(shell: Shell) -> None:
    assert shell.arguments("--port", 9, "run").port == shell.arguments("run", "--port", 9).port == 9


def test_a_port_that_is_taken_is_told_before_anything_is_made(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        arguments = shell.arguments("run", "--data", shell.data, "--port", taken.getsockname()[1])
        with pytest.raises(SetupError) as refused:
            arguments.run(arguments)
    assert refused.value.code == "port-taken"
    assert not shell.data.exists()


SCREEN = """promotions:
  - id: shrimp
    title: Free shrimp
    gives: One shrimp, free
    valid: {from: 2026-11-01, until: 2026-11-30}
    credentials: [screen]
    screen: {offer: Free shrimp, sample: shrimp.png}
"""


def test_publish_takes_the_sample_picture_beside_the_file_and_names_one_that_is_missing(shell: Shell) -> None:
    (shell.place / "promotions.yaml").write_text(SCREEN, encoding="utf-8")
    typed = ("publish", shell.place / "promotions.yaml", "--organisation", shell.place / "organisation.yaml")
    (problem,) = shell.run(*typed, exits=1)["problems"]
    assert (problem["line"], problem["path"]) == (7, "promotions[0].screen.sample")
    (shell.place / "shrimp.png").write_bytes(cv2.imencode(".png", np.full((80, 40, 3), 200, np.uint8))[1].tobytes())
    shell.run(*typed)
    office = shell.office()
    assert list(kept_samples(office.store)) == ["shrimp"]
    office.close()
