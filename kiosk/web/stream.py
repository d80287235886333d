"""The one long connection of a browser: server-sent events with the ticket and the status line.

Rules of this module:

- The first two events of a stream are the ticket and the status line as they stand.
- A ticket is sent when the display has a new version, a status line when its words changed.
- Nothing sent for ``HEARTBEAT_S`` is followed by a comment, so that a broken line is noticed on both ends.
- ``MOST_STREAMS`` are open at once; one more ends the oldest, whose browser comes back by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator

from kiosk.display import Display

HEARTBEAT_S = 10.0
SLICE_S = 1.0
MOST_STREAMS = 12
RETRY_MS = 1500


class Streams:
    """The streams that are open, oldest first."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._open: list[object] = []

    def __len__(self) -> int:
        return len(self._open)

    def enter(self) -> object:
        """A place for one more stream; the oldest loses its own when there are too many."""
        place = object()
        with self._lock:
            self._open.append(place)
            del self._open[: -self._most]
        return place

    def end(self) -> None:
        """End them all: the program is about to."""
        with self._lock:
            self._open.clear()

    def holds(self, place: object) -> bool:
        """Whether the stream at ``place`` may go on."""
        return place in self._open

    def leave(self, place: object) -> None:
        """The stream at ``place`` has ended."""
        with self._lock:
            if place in self._open:
                self._open.remove(place)


def event(name: str, content: str, key: str) -> str:
    """One server-sent event; ``key`` comes back as Last-Event-ID."""
    lines = "".join(f"data: {line}\n" for line in content.splitlines() or [""])
    return f"event: {name}\nid: {key}\n{lines}\n"


def follow(
    streams: Streams,
    wait: Callable[[int, float], Display],
    ticket: Callable[[Display], tuple[str, str]],
    status: Callable[[], str],
    stays: Callable[[], bool] = lambda: True,
) -> Generator[str]:
    """The events of one stream, until its place is lost or the reader goes.

    ``wait(after_version, timeout_s)`` is the counter's; ``ticket`` gives (key, HTML), ``status`` HTML.
    Before each event ``stays()`` says whether who opened the stream may still hear of it.
    """
    place = streams.enter()
    version, key, said, quiet_s = -1, "", "", 0.0
    try:
        yield f"retry: {RETRY_MS}\n\n"
        while streams.holds(place):
            display = wait(version, SLICE_S)
            if not stays():
                return
            sent = ""
            if display.version != version:
                version = display.version
                key, html = ticket(display)
                sent = event("ticket", html, key)
            now_said = status()
            if now_said != said:
                said = now_said
                sent += event("status", said, key)
            quiet_s = 0.0 if sent else quiet_s + SLICE_S
            if quiet_s >= HEARTBEAT_S:
                sent, quiet_s = ": still here\n\n", 0.0
            if sent:
                yield sent
    finally:
        streams.leave(place)
