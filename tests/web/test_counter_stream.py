"""The one long connection: what it sends, when it is quiet, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.display import Board, Display, State
from kiosk.web.stream import HEARTBEAT_S, SLICE_S, Streams, event, follow
from tests.counter_pages import signed_in


class Line:
    """A display that changes when a test says so, and a clock that jumps a slice at each wait."""

    def __init__(self) -> None:
        self.board = Board()
        self.status = "<p>fine</p>"
        self.waits = 0

    def wait(self, after_version: int, timeout_s: float) -> Display:
        self.waits += 1
        return self.board.display

    def ticket(self, display: Display) -> tuple[str, str]:
        return f"boot.{display.version}", f"<main>{display.version}</main>"

    def follow(self, streams: Streams | None = None) -> Iterator[str]:
        return follow(Streams() if streams is None else streams, self.wait, self.ticket, lambda: self.status)


def test_a_stream_begins_with_ticket_and_status_as_they_stand() -> None:
    flow = Line().follow()
    assert next(flow).startswith("retry: ")
    first = next(flow)
    assert "event: ticket\nid: boot.1\ndata: <main>1</main>\n\n" in first
    assert "event: status\nid: boot.1\ndata: <p>fine</p>\n\n" in first


def test_a_change_of_display_sends_the_ticket_and_not_the_status_again() -> None:
    line = Line()
    flow = line.follow()
    next(flow), next(flow)
    line.board.show(State.IDLE)
    sent = next(flow)
    assert "event: ticket\nid: boot.2" in sent
    assert "event: status" not in sent


def test_a_change_of_status_sends_the_status_and_not_the_ticket_again() -> None:
    line = Line()
    flow = line.follow()
    next(flow), next(flow)
    line.status = "<p>offline</p>"
    sent = next(flow)
    assert "offline" in sent
    assert "event: ticket" not in sent


def test_a_quiet_stream_beats_every_ten_seconds() -> None:
    line = Line()
    flow = line.follow()
    next(flow), next(flow)
    before = line.waits
    assert next(flow).startswith(":")
    assert (line.waits - before) * SLICE_S == HEARTBEAT_S


def test_one_stream_too_many_ends_the_oldest() -> None:
    streams = Streams(most=2)
    flows = [Line().follow(streams) for _ in range(3)]
    for flow in flows:
        next(flow)
    assert list(flows[0]) == []
    assert next(flows[1])
    assert next(flows[2])
    assert len(streams) == 2


def test_a_reader_that_goes_leaves_its_place() -> None:
    streams = Streams()
    flow = Line().follow(streams)
    next(flow)
    assert len(streams) == 1
    flow.close()  # type: ignore[attr-defined]
    assert len(streams) == 0


def test_an_event_of_several_lines_is_one_event() -> None:
    assert event("ticket", "<a>\n<b>", "k.1") == "event: ticket\nid: k.1\ndata: <a>\ndata: <b>\n\n"


def test_the_stream_of_the_pages_carries_the_ticket_with_its_key() -> None:
    pages = signed_in()
    answer = pages.client.get("/events", buffered=False)
    assert answer.mimetype == "text/event-stream"
    flow = iter(answer.response)
    next(flow)
    first = next(flow)
    text = first.decode() if isinstance(first, bytes) else first
    answer.close()
    assert "event: ticket" in text
    assert 'id="ticket"' in text
    assert 'hx-swap-oob="outerHTML"' in text


def test_a_stream_that_was_left_open_tells_nothing_after_signing_out() -> None:
    pages = signed_in()
    answer = pages.client.get("/events", buffered=False)
    flow = iter(answer.response)
    next(flow), next(flow)
    pages.post("/sign-out")
    assert list(flow) == []
    answer.close()


def test_a_stream_ends_when_its_clerk_is_no_longer_on_the_list() -> None:
    pages = signed_in()
    answer = pages.client.get("/events", buffered=False)
    flow = iter(answer.response)
    next(flow), next(flow)
    pages.counter.clerks = list  # type: ignore[method-assign]
    pages.counter.board.poke()
    assert list(flow) == []
    answer.close()
