"""Where head office can reach a counter: the same exchange, asked for from the other side.

The answer goes to whoever holds head office's pinned key and to nobody else: a request that it did not sign
is refused before anything is read. Exempt this blueprint from CSRF protection: no cookie counts here.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from kiosk.errors import ExchangeError
from sync.counter_side import CounterSide
from sync.exchange import answer
from sync.post import refusal
from sync.wire import CONTENT_TYPE, EXCHANGE_PATH, MAX_MESSAGE_BYTES, too_large


def counter_endpoints(counter: CounterSide) -> Blueprint:
    """The blueprint with ``POST /sync/v1/exchange``."""
    blueprint = Blueprint("counter_sync", __name__)

    @blueprint.post(EXCHANGE_PATH)
    def exchange() -> Response:
        request.max_content_length = MAX_MESSAGE_BYTES  # an endless request is cut by the server
        try:
            if (request.content_length or 0) > MAX_MESSAGE_BYTES:
                raise too_large("A message", request.content_length or 0, MAX_MESSAGE_BYTES)
            counter.take_checkpoint()
            answered = answer(
                request.get_data(),
                us=counter.us,
                key_of=counter.trust.key_of,
                side_of=lambda _sender: counter.side,
                at_ms=counter.now_ms(),
            )
        except ExchangeError as error:
            body, status = refusal(error)
            return Response(body, status, content_type="application/json")
        return Response(answered, content_type=CONTENT_TYPE)

    return blueprint
