"""What each counter is known to hold of head office's feeds: where a stick for it begins.

Each contact tells, by the line or by a stick. It is kept as numbers beside the enrolments (a setting for each
counter); what is not known costs bytes and nothing else, since what is sent twice changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kiosk.core.entry import NO_ENTRIES, FeedId, Head
from kiosk.core.rights import is_head_office
from sync.head_office.store import HeadOfficeStore
from sync.offering import head_at

_SETTING = "heard/"


def note_heard(store: HeadOfficeStore, life: FeedId, vector: Mapping[FeedId, Head]) -> None:
    """Keep how far the counter's ``life`` says it holds head office's feeds, those that it asks for too."""
    told = {str(feed): head.n for feed, head in sorted(vector.items()) if is_head_office(feed)}
    kept = json.dumps({"life": str(life), "held": told})
    if store.setting(_SETTING + life.origin) != kept:
        store.put_setting(_SETTING + life.origin, kept)


def heard(store: HeadOfficeStore, life: FeedId) -> dict[FeedId, Head]:
    """What ``life`` said last that it holds, as heads of ours; nothing of an earlier life."""
    kept = json.loads(store.setting(_SETTING + life.origin) or "{}")
    if kept.get("life") != str(life):
        return {}
    feeds = ((FeedId.parse(name), n) for name, n in kept["held"].items())
    return {feed: head_at(store, feed, n) or NO_ENTRIES for feed, n in feeds}
