"""``decide --scenarios``: a line out for each line in, in order; what cannot be read is told in its place."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import run_kiosk
from tests.scenario_world import CODE, SCREEN, WORD, coffee, earlier, question, tacos

PROGRAM = Path(run_kiosk.__file__)


@pytest.fixture(autouse=True)
def as_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_ENVIRONMENT", "as-is")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with promotions.yaml: the tacos and the coffee."""
    published = {"promotions": [tacos(), coffee()]}
    (tmp_path / "promotions.yaml").write_text(yaml.safe_dump(published, allow_unicode=True), encoding="utf-8")
    return tmp_path


class Said:
    """What the command said: exit code, answers, words."""

    def __init__(self, code: int, said: Any) -> None:
        self.code = code
        self.answers = [json.loads(line) for line in said.out.splitlines()]
        self.words: list[str] = said.err.splitlines()

    @property
    def reasons(self) -> list[str | None]:
        return [answer.get("reason") for answer in self.answers]


def asked(folder: Path, capsys: pytest.CaptureFixture[str], *lines: Any) -> Said:
    """The answers to ``lines``: objects, or what stands there instead."""
    written = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (folder / "questions.jsonl").write_bytes(b"\n".join(written))
    code = run_kiosk.main(["decide", "--scenarios", str(folder / "questions.jsonl")])
    return Said(code, capsys.readouterr())


def test_an_answer_has_verdict_reason_promotion_and_facts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = asked(folder, capsys, question(history=[earlier(store="pier-9")]))
    assert (said.code, said.words) == (0, [])
    assert said.answers == [
        {
            "verdict": "refuse",
            "reason": "used-elsewhere",
            "promotion": "tacos",
            "facts": {"used_at": "2026-11-06T17:00:00-05:00", "used_store": "pier-9"},
        }
    ]


def test_what_nobody_knows_has_no_promotion(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = asked(folder, capsys, question("NOBODY-KNOWS"))
    assert said.answers == [{"verdict": "refuse", "reason": "unknown-code", "promotion": None, "facts": {}}]


def test_answers_come_in_order_and_empty_lines_are_skipped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = asked(folder, capsys, b"\xef\xbb\xbf" + json.dumps(question(WORD)).encode(), b"", b"  \r",
                 question("MORNING"), question("?"), question(SCREEN, "screen"))  # fmt: skip
    assert [answer["promotion"] for answer in said.answers] == ["tacos", "coffee", None, "tacos"]
    assert said.code == 0


def test_promotions_may_be_json_and_each_line_may_name_another_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = folder / "winter"
    inner.mkdir()
    (inner / "paused.json").write_text(json.dumps({"promotions": [tacos(paused=True)]}), encoding="utf-8")
    there = question(promotions="winter/paused.json")
    assert asked(folder, capsys, question(), there, question()).reasons == ["ok", "paused", "ok"]


def test_an_organisation_brings_stores_with_their_zones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stores = [{"id": "bayside", "name": "Bayside", "time_zone": "America/New_York"}]
    (folder / "organisation.yaml").write_text(yaml.safe_dump({"name": "Harbor Grill", "stores": stores}))
    said = asked(folder, capsys, question(time_zone=None, organisation="organisation.yaml"), question(time_zone=None))
    assert said.reasons == ["ok", None]
    assert said.answers[1]["error"]["field"] == "time_zone"


def test_a_path_is_relative_to_the_file_and_not_to_where_one_stands(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert asked(folder, capsys, question()).reasons == ["ok"]


def test_standard_input_is_read_from_where_one_stands(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    lines = io.BytesIO(json.dumps(question()).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines, encoding="utf-8"))
    assert run_kiosk.main(["decide", "--scenarios", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "ok"


@pytest.mark.parametrize(
    ("line", "field", "what"),
    [
        (b"{", "", "The line is no JSON"),
        (b"\xff\xfe", "", "The line is not UTF-8"),
        (b"[" * 200_000, "", "The line is no JSON that anybody would write"),
        (b"5", "", "5 is no JSON object"),
        (question(at="at noon"), "at", "is no point in time"),
        (question(kind="badge"), "credential.kind", "is none of those known here"),
        (question(promotions="missing.yaml"), "promotions", 'Cannot read "missing.yaml": No such file'),
        (question(promotions="bad\0name"), "promotions", "Cannot read"),
        (question(organisation="missing.yaml"), "organisation", "Cannot read"),
        (question(online=False, risk="a lot"), "risk", "an amount is plain digits"),
    ],
)
def test_a_line_that_cannot_be_read_is_answered_in_its_place_and_told(
    folder: Path, capsys: pytest.CaptureFixture[str], line: Any, field: str, what: str
) -> None:
    said = asked(folder, capsys, question(), line, question())
    assert said.code == 1
    assert said.reasons == ["ok", None, "ok"]
    error = said.answers[1]["error"]
    assert (error["line"], error["field"]) == (2, field)
    assert what in error["what"]
    place = f"questions.jsonl line 2{', ' if field else ''}{field}: "
    assert len(said.words) == 1
    assert place in said.words[0]
    assert said.words[0].endswith(f"{error['what']} {error['cure']} [scenario-unreadable]")


def test_promotions_that_cannot_be_read_are_told_with_their_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.yaml").write_text("promotions:\n  - id: 5\n", encoding="utf-8")
    said = asked(folder, capsys, question(promotions="bad.yaml"), question(promotions="bad.yaml"))
    errors = [answer["error"] for answer in said.answers]
    assert [error["line"] for error in errors] == [1, 2]
    assert "bad.yaml: promotions line 2, column 9 (promotions[0].id): A text belongs here." in errors[1]["what"]
    assert "and 1 more" in errors[0]["what"]


def test_an_organisation_that_cannot_be_read_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "organisation.yaml").write_text("stores:\n  - id: Bayside\n", encoding="utf-8")
    said = asked(folder, capsys, question(organisation="organisation.yaml"))
    assert said.answers[0]["error"]["field"] == "organisation"
    assert "An id has a-z" in said.answers[0]["error"]["what"]


def test_what_publishing_would_refuse_is_noted_once_and_tried_all_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twins = {"promotions": [tacos(), coffee(words=["SHR1MP2O"])]}
    (folder / "promotions.yaml").write_text(yaml.safe_dump(twins), encoding="utf-8")
    said = asked(folder, capsys, question(), question())
    assert (said.code, said.reasons) == (0, ["ok", "ok"])
    assert len(said.words) == 1
    assert "promotions.yaml: publishing would refuse this: promotions line" in said.words[0]


def test_fields_that_are_not_read_are_noted_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [question(expect="ok", history=[earlier(WORD, note=n), earlier(WORD, note=n)]) for n in range(3)]
    said = asked(folder, capsys, *lines)
    assert said.code == 0
    assert [words.partition("jsonl ")[2] for words in said.words] == [
        'line 1: "expect" is no field of a scenario, and was not read.',
        'line 1: "history[].note" is no field of a scenario, and was not read.',
    ]


def test_a_file_that_is_not_there_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_kiosk.main(["decide", "--scenarios", str(folder / "none.jsonl")]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith("Check the name of the file. [file-unreadable]\n")


def test_no_lines_are_no_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(folder, capsys).answers == []


def test_help_tells_of_each_field_and_its_example_is_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from kiosk.commands.decide import _HANDBOOK
    from kiosk.scenarios.reading import _KNOWN, _KNOWN_OF_ITEM, KINDS

    for name in (*_KNOWN, *_KNOWN_OF_ITEM, *KINDS):
        assert name in _HANDBOOK
    asks, answers = _HANDBOOK.split("Its answer:")[0], _HANDBOOK.split("Its answer:")[1].split("\n\n")[0]
    published = {"promotions": [tacos(value=None, limits={"total": 100})]}
    (folder / "promotions.yaml").write_text(yaml.safe_dump(published), encoding="utf-8")
    example = json.loads(asks[asks.index("{") :])
    assert asked(folder, capsys, example).answers == [json.loads(answers)]


# --- the command as it is typed ------------------------------------------------------------------


def typed(folder: Path, lines: Sequence[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(PROGRAM), "decide", "--scenarios", str(path)],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip


def test_hundreds_of_questions_are_answered_each_by_itself(folder: Path) -> None:
    """A question for each hour of three weeks, at two stores, with and without the code used before."""
    hours = {
        "from": "2026-11-09",
        "until": "2026-11-22",
        "days": ["fri", "sat"],
        "hours": ["17:00-22:00", "23:00-01:00"],
    }
    published = {"promotions": [tacos(valid=hours, stores=["bayside", "pier-9"]), coffee()]}
    (folder / "promotions.yaml").write_text(yaml.safe_dump(published), encoding="utf-8")
    first = datetime.fromisoformat("2026-11-05T00:30:00-05:00")
    instants = [first + timedelta(hours=n) for n in range(21 * 24)]
    lines = [
        question(
            store=("bayside", "quay")[n % 2], at=at.isoformat(), history=[earlier(store="pier-9")] if n % 3 == 0 else []
        )
        for n, at in enumerate(instants)
    ]
    done = typed(folder, lines)
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["reason"] for answer in answers] == [expected(n, at) for n, at in enumerate(instants)]


def expected(n: int, at: datetime) -> str:
    """The reason by the rules of those promotions, reckoned by hand."""
    if n % 3 == 0:
        return "used-elsewhere"
    day, clock = at.date().isoformat(), at.hour + at.minute / 60
    yesterday = (at - timedelta(days=1)).date()
    if day >= "2026-11-22" and not (day == "2026-11-22" and clock < 1):
        return "over"
    if n % 2:
        return "wrong-store"
    tail = clock < 1 and yesterday.weekday() in (4, 5) and yesterday.isoformat() >= "2026-11-09"
    if day < "2026-11-09":
        return "not-yet"
    if tail or (at.weekday() in (4, 5) and (17 <= clock < 22 or clock >= 23)):
        return "ok"
    return "wrong-hour" if at.weekday() in (4, 5) else "wrong-day"


def test_the_exit_code_tells_of_lines_that_were_not_answered(folder: Path) -> None:
    done = typed(folder, [question(), question(at="now"), question(CODE)])
    assert done.returncode == 1
    assert [list(json.loads(line)) for line in done.stdout.splitlines()][1] == ["error"]
    assert "line 2, at" in done.stderr


def test_a_promotion_that_cannot_be_read_is_left_out_and_only_what_may_be_its_own_is_not_answered(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {**coffee(), "value": {"amount": "3.50"}, "words": ["KAFFEE1"]}
    (folder / "promotions.yaml").write_text(yaml.safe_dump({"promotions": [tacos(), broken]}), encoding="utf-8")
    said = asked(folder, capsys, question(), question("KAFFEE1"))
    assert said.code == 1
    assert said.reasons == ["ok", None]
    error = said.answers[1]["error"]
    assert error["field"] == "promotions"
    assert "The value names no currency" in error["what"]
    assert "The value names no currency" in " ".join(said.words)
