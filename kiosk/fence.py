"""That head office holds another history of this counter's feed: kept beside the journal, for it is so for good.

Rules of this module:

- What is told once counts until the counter is enrolled anew, which begins another feed: a counter that is started
  again without a line must not go on where it was stopped.
- A file that cannot be written, or not read, is no trouble of the redemption: head office says it again.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from kiosk.config import write_private
from kiosk.core.entry import FeedId
from kiosk.errors import SetupError


class Fence:
    """The fence around the feed ``own``. ``path`` None: it is kept in memory alone."""

    def __init__(self, own: FeedId, path: Path | None = None) -> None:
        self._own = str(own).encode()
        self._path = path
        self._kept = path is not None and self._is_written(path)
        self.is_up = self._kept

    def _is_written(self, path: Path) -> bool:
        with contextlib.suppress(OSError):
            return path.read_bytes() == self._own
        return False

    def put_up(self) -> None:
        """Nothing more that is written in the feed counts."""
        self.is_up = True
        if self._path is not None and not self._kept:
            with contextlib.suppress(SetupError):  # told again with the next exchange
                write_private(self._path, self._own)
                self._kept = True
