"""What starts head office after a restore, until the real one is here."""

from __future__ import annotations

from sync.head_office.incarnations import FORGOTTEN, NUMBER
from sync.head_office.office import HeadOffice


def start(office: HeadOffice, position: dict[str, int]) -> None:
    """A database that is behind its position, or has none, is another incarnation with empty pools."""
    heads = {str(feed): head.n for feed, head in office.store.heads().items()}
    behind = not position or any(heads.get(feed, 0) < n for feed, n in position.items() if feed.startswith("head"))
    if behind:
        lives = [int(name.rpartition("@")[2]) for name in position if name.startswith("head-office")]
        number = max([int(office.store.setting(NUMBER) or 1), *lives]) + 1
        office.store.put_setting(NUMBER, str(number))
        office.store.put_setting(FORGOTTEN, "all")
