"""The README's tables of credentials and rules, made from the examples: each is asked, and what comes out is written.

``python -m tests.readme_table`` (in the environment, from the checkout's folder) writes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from kiosk.core.promotion import Promotion
from kiosk.core.verdict import Verdict
from kiosk.scenarios.reading import read_scenario
from kiosk.scenarios.trial import Trial
from kiosk.web.asked import Asked
from kiosk.web.words import for_reason
from tests.readme_examples import COFFEE, CREDENTIALS, ORGANISATION, PROMOTION, QUESTION, RULES, Example

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- tables: made by tests/readme_table.py -->\n", "<!-- end of tables -->\n"


def promotion_of(example: Example) -> Promotion:
    """The promotion as the example writes it."""
    written: dict[str, Any] = yaml.safe_load(example.written)
    return Promotion.model_validate({**PROMOTION, **written, **example.unwritten})


def answer(example: Example) -> tuple[Verdict, str]:
    """The verdict, and the headline that the clerk reads."""
    promotions = {one.id: one for one in (promotion_of(example), Promotion.model_validate(COFFEE))}
    scenario = read_scenario({**QUESTION, **example.question})
    verdict = Trial(promotions, ORGANISATION).answer(scenario)
    store = ORGANISATION.store(scenario.store)
    assert store is not None
    promotion = promotions.get(verdict.promotion or "")
    taking_part = [one.name for one in ORGANISATION.stores_named(None if promotion is None else promotion.stores)]
    like = promotions.get(str(verdict.facts.get("like")))
    asked = Asked(
        verdict.facts, promotion, store.zone, scenario.at, store.name, tuple(taking_part), like, verdict.outcome
    )
    return verdict, for_reason(verdict.reason, asked).headline


def table(first: str, examples: Iterable[Example]) -> str:
    """The examples as a Markdown table."""
    rows = [f"| {first} | in the promotion | held up | answer | the clerk reads |", "|---|---|---|---|---|"]
    for example in examples:
        verdict, headline = answer(example)
        written = "<br>".join(f"`{line}`" for line in example.written.splitlines())
        told = f"{verdict.outcome} `{verdict.reason}`"
        rows.append(f"| {example.name} | {written} | {example.held_up} | {told} | {headline} |")
    return "\n".join(rows) + "\n"


def tables() -> str:
    """What stands between the README's two marks."""
    return f"\n{table('credential', CREDENTIALS)}\n{table('rule', RULES)}\n"


def with_tables(readme: str) -> str:
    """The README with its tables made anew."""
    return re.sub(f"(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", lambda _: tables(), readme, flags=re.DOTALL)


def standing(readme: str) -> str:
    """The tables as they stand in a README."""
    return readme.partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
