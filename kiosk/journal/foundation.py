"""The snapshot in the journal that stands for its pruned entries: whether it may be believed.

It is read like the one beside the journal (:mod:`kiosk.core.snapshot`), but nothing can take its place: what it says is
nowhere else. The chain of the entries that are left begins on the hashes that it names, which its signature covers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kiosk.core import snapshot
from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.core.fact import Opened, decode_fact
from kiosk.core.snapshot import Snapshot, SnapshotError
from kiosk.ports import Beginning


def read(
    octets: bytes, beginnings: Mapping[FeedId, Beginning], own: Iterable[FeedId], keys: Mapping[FeedId, bytes]
) -> Snapshot:
    """The foundation of a journal whose feeds begin so; raises :class:`SnapshotError`.

    ``own`` are the feeds that the journal itself has written, one for each life; ``keys`` those that are known for
    certain. An earlier life had the key that it named in its first entry.
    """
    named = {feed: _key(beginnings[feed]) for feed in own}
    found = snapshot.read(
        octets, {feed: key for feed, key in (named | dict(keys)).items() if key is not None}, older=True
    )
    pruned = {feed: begun.after for feed, begun in beginnings.items() if begun.after.n}
    if found.covered != pruned:
        # entries that no snapshot stands for were taken out, and the hash that the rest begins on was written anew
        raise SnapshotError("it stands for other entries than those that are gone")
    return found


def _key(begun: Beginning) -> bytes | None:
    try:
        fact = None if begun.opened is None else decode_fact(begun.opened)
    except MalformedEntryError:
        return None
    return fact.public_key if isinstance(fact, Opened) else None
