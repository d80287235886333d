"""What the line to head office says is wrong, in the reader's language, where a person has to act on it.

The line tells a sentence (:class:`kiosk.ports.LinkState`); one that is not known here is shown as it came.
"""

from __future__ import annotations

from kiosk.web.language import gettext as _
from kiosk.web.language import marked

TROUBLES = frozenset(
    {
        marked("Head office holds another history of this journal: it was restored or copied; enrol this counter anew"),
        marked("Head office tells another history than before; nothing of the second was applied"),
        marked("Head office has revoked this counter: nothing that it does counts any more"),
    }
)
NEAR = frozenset(
    {marked("A neighbour holds another history of this journal: it was restored or copied; enrol this counter anew")}
)
"""What a counter of the same store says."""


def trouble_words(trouble: str | None) -> str:
    """The sentence for a person; empty where there is none."""
    if trouble is None:
        return ""
    return _(trouble) if trouble in TROUBLES | NEAR else trouble
