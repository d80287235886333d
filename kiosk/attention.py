"""Which of the codes in view wants an answer: each showing of a code gets one verdict."""

from __future__ import annotations

from collections.abc import Sequence


class Attention:
    """Remembers what was answered while it stays in view; taken away and shown again it is new."""

    def __init__(self) -> None:
        self._answered: set[str] = set()

    def unanswered(self, in_view: Sequence[str]) -> list[str]:
        """The codes in view that have had no verdict yet, in the order given."""
        self._answered.intersection_update(in_view)
        return [text for text in in_view if text not in self._answered]

    def answered(self, text: str) -> None:
        """``text`` has its verdict for as long as it stays in view."""
        self._answered.add(text)
