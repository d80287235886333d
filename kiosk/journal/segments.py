"""What another writer's entries must be before they are stored behind a feed's head."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.core.entry import Checkpoint, Entry, FeedId, Head, MalformedEntryError, chain
from kiosk.errors import ExchangeError

MAX_INTEGER = 2**63 - 1  # what a column holds


def check_segment(
    feed: FeedId, own: FeedId | None, head: Head, entries: Sequence[Entry], checkpoint: Checkpoint
) -> None:
    """Raise :class:`ExchangeError` unless ``entries`` continue ``feed`` at ``head`` and end at ``checkpoint``."""

    def refused(code: str, what: str) -> ExchangeError:
        return ExchangeError(code, what, where=f"feed {feed}", cure="Exchange again; if it recurs, call head office.")

    if feed == own:
        raise refused("segment-own-feed", "Another sent entries of the feed that only this counter writes")
    if not entries or any(entry.feed != feed for entry in entries):
        raise refused("segment-mixed", "A segment is one feed's entries, one at least, with that feed's checkpoint")
    if entries[0].n != head.n + 1:
        raise refused("segment-gap", f"The segment begins at entry {entries[0].n}; {head.n + 1} comes next")
    try:
        expected = chain(feed, head, [entry.body for entry in entries])
    except MalformedEntryError as error:
        raise refused("segment-chain", str(error)) from error
    if list(entries) != expected:
        raise refused("segment-chain", f"The segment does not continue the chain behind entry {head.n}")
    if (checkpoint.n, checkpoint.head) != (expected[-1].n, expected[-1].hash):
        raise refused("segment-checkpoint", f"The checkpoint is not of the segment's last entry, {expected[-1].n}")
    if not (0 <= checkpoint.key_epoch <= MAX_INTEGER and 0 <= checkpoint.at_ms <= MAX_INTEGER):
        raise refused("segment-checkpoint", "The checkpoint's key epoch or time is out of range")
