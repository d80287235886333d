"""Types head office's commands in a folder of its own, for tests."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from sync.head_office.commands import add_parser
from sync.head_office.office import HeadOffice
from tests.head_office_world import ORGANISATION, PROMOTIONS


class Shell:
    """Types commands in a folder; ``said`` is what the last one wrote to standard error."""

    def __init__(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.place = place
        self.said = ""
        self._capsys = capsys
        for name, text in {"promotions.yaml": PROMOTIONS, "organisation.yaml": ORGANISATION}.items():
            (place / name).write_text(text, encoding="utf-8")

    @property
    def data(self) -> Path:
        return self.place / "ho"

    def arguments(self, *typed: object) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        add_parser(parser.add_subparsers())
        return parser.parse_args(["head-office", *map(str, typed)])

    def run(self, *typed: object, exits: int = 0) -> dict[str, Any]:
        arguments = self.arguments(*typed, "--data", self.data)
        assert arguments.run(arguments) == exits
        out, self.said = self._capsys.readouterr()
        answer: dict[str, Any] = json.loads(out.splitlines()[-1])
        return answer

    def office(self) -> HeadOffice:
        return HeadOffice.open(self.data)
