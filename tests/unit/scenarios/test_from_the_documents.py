"""Questions whose answers were worked out from the issue and the design alone, before the code was read.

Each line of ``from_the_documents/questions.jsonl`` is a scenario with the answer that the documents want beside it
(``want``, ``want_promotion``, ``want_facts``). Left out is what the documents leave open. The tickets are pretix's own
(libpretixsync 8ebc5714, ``AsyncCheckProviderTest``, Apache-2.0).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import run_kiosk
from kiosk.core.verdict import Reason

HERE = Path(__file__).parent / "from_the_documents"
NEED_KEYS = {  # told by keys or by what a line has of its own: tested in test_keys and test_trial
    "old-code", "unknown-issuer", "unknown-promotion", "revoked", "wrong-counter", "promotions-stale", "clock-suspect",
    "counter-fenced",
}  # fmt: skip


def wanted() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


def test_each_question_is_answered_as_the_documents_want(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_ENVIRONMENT", "as-is")
    assert run_kiosk.main(["decide", "--scenarios", str(HERE / "questions.jsonl")]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wrong = []
    for n, (want, got) in enumerate(zip(wanted(), answers, strict=True), start=1):
        facts = {name: got["facts"].get(name) for name in want.get("want_facts", {})}
        told = (f"{got['verdict']} {got['reason']}", got["promotion"], facts)
        due = (want["want"], want.get("want_promotion", got["promotion"]), want.get("want_facts", {}))
        if told != due:
            wrong.append((n, want.get("why"), due, told))
    assert wrong == []


def test_the_questions_reach_every_reason_that_needs_no_keys() -> None:
    reached = {line["want"].split()[1] for line in wanted()}
    assert {str(reason.value) for reason in Reason} - reached <= NEED_KEYS
