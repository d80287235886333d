"""Which of the codes in view wants an answer: each showing of a code gets one verdict."""

from __future__ import annotations

from collections.abc import Sequence

FORGOTTEN_AFTER_S = 2.0
"""A code that was answered counts as taken away when it was unseen for this long.

Longer than what the camera calls "in view": a hand that shakes, or a slow machine, must not turn the stub of the
customer who stands there into "used today".
"""


class Attention:
    """Remembers what was answered while it stays in view; taken away and shown again it is new."""

    def __init__(self) -> None:
        self._last_seen_s: dict[str, float] = {}

    def unanswered(self, in_view: Sequence[str], now_s: float) -> list[str]:
        """The codes in view that have had no verdict yet, in the order given. ``now_s`` is monotonic."""
        for text in in_view:
            if text in self._last_seen_s and now_s - self._last_seen_s[text] <= FORGOTTEN_AFTER_S:
                self._last_seen_s[text] = now_s
        kept = {text: s for text, s in self._last_seen_s.items() if now_s - s <= FORGOTTEN_AFTER_S}
        self._last_seen_s = kept
        return [text for text in in_view if text not in kept]

    def answered(self, text: str, now_s: float) -> None:
        """``text`` has its verdict for as long as it stays in view."""
        self._last_seen_s[text] = now_s
